"""An officer's own search: a photo and a purpose in, candidates in their order out."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from api.console import messages
from api.console.page import OfficerRequest, RequirePermission
from api.dependencies import Workers, work_place
from api.problems import RequestInvalid
from api.v1.searches.schemas import SearchFields
from api.v1.subjects.routes import MEDIA_TYPES, PRIVATE
from casework.calibration.thresholds import RAREST
from casework.kernel.permissions import Permission
from casework.screening.matching import MOST_CANDIDATES
from casework.screening.searches import DEFAULT_CANDIDATES, LEAST_PURPOSE, SearchRequest, SearchView
from detector.errors import PhotoError

router: Final = APIRouter(include_in_schema=False)

Searcher = Annotated[OfficerRequest, Depends(RequirePermission(Permission.SEARCH))]
Rank = Annotated[int, Path(ge=1, le=MOST_CANDIDATES)]

_MOST_LISTS: Final = 200
_LIMITS: Final = tuple(sorted({5, DEFAULT_CANDIDATES, 20, MOST_CANDIDATES}))


@router.get("/search")
def ask(visit: Searcher) -> Response:
    """Show the form of a search."""
    return _form(visit)


@router.post("/search", dependencies=[work_place(RequirePermission(Permission.SEARCH))])
async def search(visit: Searcher, pool: Workers) -> Response:
    """Search for a face; the photo is not kept."""
    posted, service = visit.posted, visit.service
    photos = posted.files.get("photo", ())
    named = ("watchlist_ids",) if posted.texts("watchlist_ids") else ()
    try:
        fields = posted.parse(SearchFields, lists=named)
    except RequestInvalid as error:
        wrong = {each.field.split(".")[0] for each in error.errors}
        return await _again(visit, wrong | (set() if len(photos) == 1 else {"photo"}))
    if len(photos) != 1:
        return await _again(visit, {"photo"})
    lists = tuple(fields.watchlist_ids) if fields.watchlist_ids is not None else None
    question = SearchRequest(photos[0].content, fields.purpose, lists, fields.limit)

    def work() -> SearchView:
        return service.screening.searches.search(visit.actor, question)

    try:
        view = await pool.run(visit.request, work)
    except PhotoError as error:
        return await _again(visit, {"photo"}, messages.translated_error(error, visit.speech))
    return visit.go(f"/searches/{view.search.id}")


@router.get("/searches/{search_id}")
def show(search_id: str, visit: Searcher) -> Response:
    """Show whom a search of the officer's own found."""
    view = visit.service.screening.searches.get(visit.actor, search_id)
    return visit.page(
        "search.html",
        search=view.search,
        candidates=view.candidates,
        rarest=RAREST,
    )


@router.get("/searches/{search_id}/candidates/{rank}/photo")
def photo(search_id: str, rank: Rank, visit: Searcher) -> Response:
    """Return the photo that a candidate was found by, as it was enrolled."""
    content, kind = visit.service.screening.searches.photo(visit.actor, search_id, rank)
    return Response(content, media_type=MEDIA_TYPES[kind], headers=PRIVATE)


async def _again(visit: OfficerRequest, wrong: set[str], fault: str = "") -> Response:
    return await asyncio.to_thread(_form, visit, wrong, fault)


def _form(visit: OfficerRequest, wrong: set[str] | None = None, fault: str = "") -> Response:
    chosen = visit.posted.number("limit")
    values: dict[str, Any] = {
        "lists": visit.service.lists.watchlists.page(visit.actor, None, _MOST_LISTS),
        "limits": _LIMITS,
        "limit": chosen if chosen in _LIMITS else DEFAULT_CANDIDATES,
        "least": LEAST_PURPOSE,
        "wrong": wrong or set(),
        "fault": fault,
        "typed": visit.posted,
    }
    return visit.page("search_form.html", status=422 if wrong else 200, **values)
