"""The names of rows that sealed values are bound to: under another name none opens."""

import ast

from tests.contract.source import Follower, argument, modules


def picture() -> list[str]:
    """Return the names that rows are given; what varies reads `{}`.

    They are made in one module: `tests.casework.kernel.test_rows` keeps that.
    """
    from casework.kernel import rows
    from casework.kernel.vault import RowName

    found: set[str] = set()
    for module in modules():
        if module.runtime is rows:
            for call in module.calls():
                if getattr(call.func, "id", "") == RowName.__name__:
                    name = argument(call, 0, "name")
                    assert name is not None, module.where(call)
                    found |= Follower(patterns=True).texts(module, name, call)
    return sorted(found)


def is_of_a_vault(call: ast.Call) -> bool:
    """Whether it is `vault.open(...)` of anything called a vault, or `seal(...)` of anything."""
    if isinstance(call.func, ast.Name):
        return call.func.id == "seal"
    if not isinstance(call.func, ast.Attribute):
        return False
    owner = call.func.value
    name = getattr(owner, "attr", getattr(owner, "id", ""))
    return call.func.attr == "seal" or (call.func.attr == "open" and name.lstrip("_") == "vault")
