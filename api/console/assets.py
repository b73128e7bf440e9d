"""Style sheets and modules: served as they lie in the source, under addresses that follow content.

One digest over the whole folder stands in every address, so that modules can import each other by
relative path and browsers may keep everything for ever: what changes is another address.
"""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, Self

from fastapi import APIRouter, Request, Response

from casework.kernel.errors import NotFound

_KINDS: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_DIGEST_LETTERS: Final = 16
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_NOT_KEPT: Final = "no-cache"

router: Final = APIRouter(include_in_schema=False)


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


@router.get("/static/{digest}/{name:path}")
async def static(digest: str, name: str, request: Request) -> Response:
    """Return a file; of a page that an older release made, the file's present content."""
    assets: Assets = request.app.state.console.assets
    content = assets.contents.get(name)
    if content is None:
        raise NotFound("asset_not_found", name=name)
    kept = _FOR_EVER if digest == assets.digest else _NOT_KEPT
    kind = _KINDS[name.rsplit(".", 1)[-1]]
    return Response(content, headers={"Content-Type": kind, "Cache-Control": kept})


@router.get("/favicon.ico")
async def icon(request: Request) -> Response:
    """Return the icon where browsers look for it unasked."""
    assets: Assets = request.app.state.console.assets
    return Response(assets.contents["icon.svg"], media_type=_KINDS["svg"])


def _under(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _under(entry, f"{prefix}{entry.name}/")
        elif entry.name.rsplit(".", 1)[-1] in _KINDS:
            found.append((f"{prefix}{entry.name}", entry.read_bytes()))
    return found
