"""An officer's own search: a photo and a purpose in, candidates in their order out."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from api.console import messages
from api.console.forms import Form, FormData, as_typed
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.dependencies import Workers, work_place
from api.problems import RequestInvalid
from api.v1.searches.schemas import SearchFields
from casework.calibration.thresholds import RAREST
from casework.kernel.permissions import Permission
from casework.review.alerts import PORTRAIT_FORMAT
from casework.screening.matching import MOST_CANDIDATES
from casework.screening.searches import DEFAULT_CANDIDATES, LEAST_PURPOSE, SearchRequest, SearchView
from detector.errors import PhotoError

router: Final = APIRouter(include_in_schema=False)

Searcher = Annotated[OfficerRequest, Depends(RequirePermission(Permission.SEARCH))]
Rank = Annotated[int, Path(ge=1, le=MOST_CANDIDATES)]

_MOST_LISTS: Final = 200
_LIMITS: Final = tuple(sorted({5, DEFAULT_CANDIDATES, 20, MOST_CANDIDATES}))

NOTHING_SEARCHED: Final = msg("Nothing was searched. Look at the fields that are marked.")
_SENTENCES: Final = {
    "purpose": msg("Say what the search is for, in at least %(count)s characters and at most 500."),
}


@router.get("/search")
def ask(visit: Searcher) -> Response:
    """Show the form of a search."""
    return _page(visit, _form(FormData({"limit": (str(DEFAULT_CANDIDATES),)})))


@router.post("/search", dependencies=[work_place(RequirePermission(Permission.SEARCH))])
async def search(visit: Searcher, pool: Workers) -> Response:
    """Search for a face; the photo is not kept."""
    photos, service = visit.posted.files.get("photo", ()), visit.service
    form = _form(visit.posted)
    if len(photos) != 1:
        form = form.with_errors({"photo": visit.speech("Choose one photo.")}, visit.speech)
    try:
        fields = form.parse()
    except RequestInvalid as error:
        return await asyncio.to_thread(_page, visit, form.refused(error, visit.speech))
    if form.errors:
        return await asyncio.to_thread(_page, visit, form)
    lists = tuple(fields.watchlist_ids) if fields.watchlist_ids is not None else None
    question = SearchRequest(photos[0].content, fields.purpose, lists, fields.limit)

    def work() -> SearchView:
        return service.screening.searches.search(visit.actor, question)

    try:
        view = await pool.run(visit.request, work)
    except PhotoError as error:
        sentence = messages.translated_error(error, visit.speech)
        refused = form.with_errors({"photo": sentence}, visit.speech)
        return await asyncio.to_thread(_page, visit, refused)
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
        calibrated=visit.service.calibration.calibrations.current() is not None,
    )


@router.get("/searches/{search_id}/candidates/{rank}/photo")
def photo(search_id: str, rank: Rank, visit: Searcher) -> Response:
    """Return the photo that a candidate was found by, upright."""
    stored = visit.service.screening.searches.photo(visit.actor, search_id, rank)
    return visit.state.photos.response(*stored)


@router.get("/searches/{search_id}/candidates/{rank}/framed")
def framed(search_id: str, rank: Rank, visit: Searcher) -> Response:
    """Return the face that a candidate was found by, framed for comparing."""
    stored = visit.service.screening.searches.photo(visit.actor, search_id, rank)
    content = visit.service.screening.comparison.framed(stored.content)
    return visit.state.photos.response(content, PORTRAIT_FORMAT)


def _form(typed: FormData) -> Form[SearchFields]:
    gaps = {"count": LEAST_PURPOSE}
    return Form(SearchFields, typed, _read, _SENTENCES, gaps=gaps, refusal=NOTHING_SEARCHED)


def _read(typed: FormData, model: type[SearchFields]) -> dict[str, object]:
    """Return the fields; where no list is chosen, all are searched."""
    found = as_typed(typed, model)
    return found if found["watchlist_ids"] else found | {"watchlist_ids": None}


def _page(visit: OfficerRequest, form: Form[SearchFields]) -> Response:
    lists = visit.service.lists.watchlists.page(visit.actor, None, _MOST_LISTS)
    return visit.page(
        "search_form.html", status=form.status, form=form, lists=lists, limits=_LIMITS
    )
