"""Style sheets, modules and the icon."""

from typing import Final

from fastapi import APIRouter, Response

from api.console.assets import KINDS
from api.dependencies import TheState
from casework.kernel.errors import NotFound

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_NOT_KEPT: Final = "no-cache"

router: Final = APIRouter(include_in_schema=False)


@router.get("/static/{digest}/{name:path}")
async def static(digest: str, name: str, state: TheState) -> Response:
    """Return a file; of a page that an older release made, the file's present content."""
    assets = state.console.assets
    content = assets.contents.get(name)
    if content is None:
        raise NotFound("asset_not_found", name=name)
    kept = _FOR_EVER if digest == assets.digest else _NOT_KEPT
    kind = KINDS[name.rsplit(".", 1)[-1]]
    return Response(content, headers={"Content-Type": kind, "Cache-Control": kept})


@router.get("/favicon.ico")
async def icon(state: TheState) -> Response:
    """Return the icon where browsers look for it unasked."""
    assets = state.console.assets
    return Response(assets.contents["icon.svg"], media_type=KINDS["svg"])
