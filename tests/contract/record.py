"""Records the picture: `make record`, for a change that is meant.

The recorded files are compared by `test_contract`; read their diff before it is committed.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.contract import (
    addresses,
    audit_acts,
    catalogues,
    commands,
    events,
    metrics,
    openapi,
    permissions,
    problems,
    schema,
    sealed_rows,
    settings,
    vocabularies,
    wheel,
)

RECORDED: Final = Path(__file__).parent / "recorded"

FACETS: Final[Mapping[str, Callable[[], Any]]] = {
    "addresses.txt": addresses.picture,
    "audit_acts.txt": audit_acts.picture,
    "catalogues.json": catalogues.picture,
    "commands.txt": commands.picture,
    "events.txt": events.picture,
    "metrics.txt": metrics.picture,
    "openapi.json": openapi.picture,
    "permissions.txt": permissions.picture,
    "problems.txt": problems.picture,
    "schema.txt": schema.picture,
    "sealed_rows.txt": sealed_rows.picture,
    "settings.json": settings.picture,
    "vocabularies.txt": vocabularies.picture,
    "wheel.txt": wheel.picture,
}
"""Facets by the file that they are recorded in."""


def text_of(name: str) -> str:
    """Return a facet as it is now, as its file has it: an entry a line, so that diffs read well."""
    picture = FACETS[name]()
    if name.endswith(".json"):
        return json.dumps(picture, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    return picture if isinstance(picture, str) else "".join(f"{line}\n" for line in picture)


def main() -> None:
    """Write every facet as it is now."""
    for name in FACETS:
        path, text = RECORDED / name, text_of(name)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"recorded: {path.relative_to(Path.cwd())}")  # noqa: T201


if __name__ == "__main__":
    main()
