"""The guide: how to work with the console, in the reader's language."""

from functools import cache
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from api.console.guide import PAGES, Guide
from api.console.i18n import LANGUAGES
from api.console.page import OfficerRequest, RequirePermission
from casework.kernel.errors import NotFound
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import Role

router: Final = APIRouter(include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.OWN_ACCOUNT))]

_FOR: Final = {
    Role.SUPERVISOR: "supervisor",
    Role.OFFICER: "officer",
    Role.ANALYST: "analyst",
    Role.COORDINATOR: "coordinator",
    Role.ADMIN: "administrator",
}
"""The page of a role; of several the first counts."""

_HOUR: Final = "private, max-age=3600"

_of: Final = cache(Guide.load)
"""Read once a language, when somebody asks."""


@router.get("/help")
def index(visit: Reader) -> Response:
    """Lead to the pages, the reader's own first."""
    own = next((page for role, page in _FOR.items() if role in visit.actor.roles), None)
    pages = _of(visit.speech.language).pages
    return visit.page("guide_index.html", pages=pages, own=own)


@router.get("/help/{name}")
def page(name: str, visit: Reader) -> Response:
    """Show one page."""
    guide = _of(visit.speech.language)
    if name not in guide.pages:
        raise NotFound("guide_page_not_found", page=name)
    place = PAGES.index(name)
    return visit.page(
        "guide.html",
        page=guide.pages[name],
        pages=guide.pages,
        after=guide.pages[PAGES[place + 1]] if place + 1 < len(PAGES) else None,
    )


@router.get("/help/pictures/{language}/{name}")
def picture(language: str, name: str, _visit: Reader) -> Response:
    """Return a picture of the guide."""
    content = _of(language).pictures.get(name) if language in LANGUAGES else None
    if content is None:
        raise NotFound("guide_page_not_found", page=name)
    return Response(content, media_type="image/png", headers={"Cache-Control": _HOUR})
