"""An officer's own search of the lists within reach. A purpose is required and audited."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request, Response

from api import problems
from api.dependencies import Allowed, ThePhotos, TheSearches, Workers, work_place
from api.forms import MultipartForm, multipart_schema, read_parts, validated
from api.photos import PHOTO_CONTENT
from api.routing import StrictRoute
from api.server_timing import server_timing
from api.v1.encounters.routes import PHOTO_ERRORS, PHOTO_FIELD
from api.v1.searches.schemas import SearchFields, SearchOut
from api.workers import Overloaded
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.screening.matching import MOST_CANDIDATES
from casework.screening.searches import SearchRequest, SearchView
from detector.timing import Stopwatch

router: Final = APIRouter(prefix="/v1/searches", tags=["searches"], route_class=StrictRoute)

Searcher = Annotated[Actor, Depends(Allowed(Permission.SEARCH))]
Rank = Annotated[int, Path(ge=1, le=MOST_CANDIDATES)]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)


@router.post(
    "",
    dependencies=[work_place(Allowed(Permission.SEARCH))],
    status_code=201,
    response_model=SearchOut,
    summary="Search for a face",
    openapi_extra={"requestBody": multipart_schema(SearchFields, photo=PHOTO_FIELD)},
    responses=problems.responses(*_COMMON, *PHOTO_ERRORS, errors.NotFound, Overloaded),
)
async def search(
    request: Request,
    response: Response,
    searches: TheSearches,
    actor: Searcher,
    pool: Workers,
) -> SearchOut:
    """Show whom a face resembles, deeper than alerts go; the photo is not kept."""
    texts, files = await read_parts(request, "photo")
    (taken,) = MultipartForm({}, files).photos("photo", most=1)
    fields = validated(SearchFields, _fields(texts))
    question = SearchRequest(
        taken.content,
        fields.purpose,
        tuple(fields.watchlist_ids) if fields.watchlist_ids is not None else None,
        fields.limit,
    )
    watch = Stopwatch()

    def work() -> SearchView:
        return searches.search(actor, question, watch)

    view = await pool.run(request, work)
    response.headers["Server-Timing"] = server_timing(watch.stages)
    response.headers["Location"] = f"/v1/searches/{view.search.id}"
    return SearchOut.of(view)


@router.get(
    "/{search_id}",
    response_model=SearchOut,
    summary="Read a search",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(search_id: str, searches: TheSearches, actor: Searcher) -> SearchOut:
    """Return a search that you made; who is not within your reach any more is left out."""
    return SearchOut.of(searches.get(actor, search_id))


@router.get(
    "/{search_id}/candidates/{rank}/photo",
    summary="Read a candidate's photo",
    response_class=Response,
    responses={
        200: {"content": PHOTO_CONTENT},
        **problems.responses(*_COMMON, errors.NotFound),
    },
)
def photo(
    search_id: str, rank: Rank, searches: TheSearches, actor: Searcher, photos: ThePhotos
) -> Response:
    """Return the photo that a candidate was found by.

    In a format that browsers show: as it was sent, or as a JPEG of it.
    """
    stored = searches.photo(actor, search_id, rank)
    return photos.response(stored.content, stored.format)


def _fields(texts: list[tuple[str, str]]) -> dict[str, Any]:
    """Gather text fields; only `watchlist_ids` may be given several times."""
    gathered: dict[str, Any] = {}
    for name, text in texts:
        if name == "watchlist_ids":
            gathered.setdefault(name, []).append(text)
        elif name in gathered:
            raise problems.RequestInvalid(
                f"The request is not valid: {name}: The field is given twice.",
                [problems.FieldProblem(field=name, message="The field is given twice.")],
            )
        else:
            gathered[name] = text
    return gathered
