"""The authority matrix as docs/access.md promises it: written from the code, read by tests."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from casework.kernel.permissions import GRANTS, OPERATOR_GRANTS, Permission, PermissionScope
from casework.kernel.vocabulary import Role

PAGE: Final = Path(__file__).parents[1] / "docs" / "access.md"
ROLES: Final = tuple(Role)

_HEADING: Final = "| act | " + " | ".join(ROLES) + " | for all agencies |"
_WORDS: Final = {
    PermissionScope.NOTHING: "",
    PermissionScope.OWN: "own",
    PermissionScope.SHARED: "shared",
    PermissionScope.ALL: "all",
}


def written() -> list[str]:
    """Return the table's lines as the code grants."""
    lines = [_HEADING, "|" + "---|" * (len(ROLES) + 2)]
    for act in Permission:
        cells = [_WORDS[GRANTS[act].get(role, PermissionScope.NOTHING)] for role in ROLES]
        lines.append(f"| `{act}` | {' | '.join(cells)} | {OPERATOR_GRANTS.get(act, '')} |")
    return lines


def documented() -> list[str]:
    """Return the table's lines as the page has them."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    begin = lines.index(_HEADING) if _HEADING in lines else len(lines)
    table = []
    for line in lines[begin:]:
        if not line.startswith("|"):
            break
        table.append(line)
    return table


def promised() -> Mapping[tuple[Permission, Role, bool], PermissionScope]:
    """Return the reach that the page promises: by act, role, and whether at the operator's."""
    words = {word: reach for reach, word in _WORDS.items()}
    found: dict[tuple[Permission, Role, bool], PermissionScope] = {}
    for line in documented()[2:]:
        name, *cells = (cell.strip() for cell in re.split(r"\|", line)[1:-1])
        *reaches, for_all = cells
        act = Permission(name.strip("`"))
        for role, word in zip(ROLES, reaches, strict=True):
            found[act, role, False] = words[word]
            found[act, role, True] = PermissionScope.ALL if for_all == role else words[word]
    return found
