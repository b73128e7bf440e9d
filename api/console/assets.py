"""Style sheets and modules, served under addresses that change with their content.

One digest over the whole folder is part of every address, so that modules can import each other by
relative path and browsers may keep everything for ever: what changes is another address.
"""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, Self

KINDS: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
"""Media types by the ends of names."""
_DIGEST_LETTERS: Final = 16


@dataclass(frozen=True, slots=True)
class Assets:
    """Every file of the folder, in memory: there are few, and they are small."""

    contents: dict[str, bytes]
    digest: str

    @classmethod
    def load(cls) -> Self:
        """Read the folder."""
        contents = dict(sorted(_under(files("api.console") / "static")))
        digest = hashlib.sha256()
        for name, content in contents.items():
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
        return cls(contents, digest.hexdigest()[:_DIGEST_LETTERS])

    def address(self, name: str) -> str:
        """Return the address of one file; raises KeyError if there is none."""
        if name not in self.contents:
            raise KeyError(name)
        return f"/static/{self.digest}/{name}"


def _under(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _under(entry, f"{prefix}{entry.name}/")
        elif entry.name.rsplit(".", 1)[-1] in KINDS:
            found.append((f"{prefix}{entry.name}", entry.read_bytes()))
    return found
