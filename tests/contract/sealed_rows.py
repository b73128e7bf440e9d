"""The names of rows that sealed values are bound to: under another name none opens."""

import ast

from tests.contract.source import Follower, argument, modules


def picture() -> list[str]:
    """Return the names given to the vault anywhere in the program; what varies reads `{}`.

    Raises:
        Unfollowable: a value is sealed for a row whose name cannot be told beforehand.
    """
    from casework.kernel.vault import Vault

    found: set[str] = set()
    for module in modules():
        for call in module.calls():
            if module.runtime.__name__ != Vault.__module__ and is_of_a_vault(call):
                row = argument(call, 1, "row")
                assert row is not None, module.where(call)
                found |= Follower(patterns=True).texts(module, row, call)
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
