"""Watchlists: made, read, edited and removed by keys with the scope `enrol`."""

from typing import Final

from fastapi import APIRouter, Response

from api import problems
from api.needs import After, Enroller, Limit, ReadVersion, TheService, etag
from api.schemas.watchlists import WatchlistIn, WatchlistOut, WatchlistPage, WatchlistPatch
from casework import errors
from casework.tables import Watchlist
from casework.watchlists import NewWatchlist

router: Final = APIRouter(prefix="/v1/watchlists", tags=["watchlists"])

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)


@router.post(
    "",
    status_code=201,
    response_model=WatchlistOut,
    summary="Make a watchlist",
    responses=problems.responses(*_COMMON, errors.AlreadyExists),
)
def create(
    body: WatchlistIn, response: Response, service: TheService, caller: Enroller
) -> WatchlistOut:
    """Make an empty watchlist with its policy."""
    del caller
    row = service.records.watchlists.create(NewWatchlist(**body.model_dump()))
    response.headers["Location"] = f"/v1/watchlists/{row.id}"
    return _answer(row, response)


@router.get(
    "",
    response_model=WatchlistPage,
    summary="List watchlists",
    responses=problems.responses(*_COMMON),
)
def page(
    service: TheService, caller: Enroller, after: After = None, limit: Limit = 50
) -> WatchlistPage:
    """Return watchlists in order of making."""
    del caller
    rows = service.records.watchlists.page(after, limit + 1)
    items = [WatchlistOut.of(row) for row in rows[:limit]]
    return WatchlistPage(items=items, next=items[-1].id if len(rows) > limit else None)


@router.get(
    "/{watchlist_id}",
    response_model=WatchlistOut,
    summary="Read a watchlist",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(
    watchlist_id: str, response: Response, service: TheService, caller: Enroller
) -> WatchlistOut:
    """Return one watchlist, with its version as ETag."""
    del caller
    return _answer(service.records.watchlists.get(watchlist_id), response)


@router.patch(
    "/{watchlist_id}",
    response_model=WatchlistOut,
    summary="Change a watchlist",
    responses=problems.responses(
        *_COMMON, errors.NotFound, errors.AlreadyExists, errors.StaleVersion
    ),
)
def edit(
    watchlist_id: str,
    body: WatchlistPatch,
    response: Response,
    service: TheService,
    caller: Enroller,
    version: ReadVersion,
) -> WatchlistOut:
    """Change the fields that are sent; they count from the next screening on."""
    del caller
    changes = body.model_dump(exclude_unset=True)
    return _answer(service.records.watchlists.edit(watchlist_id, changes, version), response)


@router.delete(
    "/{watchlist_id}",
    status_code=204,
    summary="Remove an empty watchlist",
    responses=problems.responses(*_COMMON, errors.NotFound, errors.StillInUse),
)
def remove(watchlist_id: str, service: TheService, caller: Enroller) -> None:
    """Remove a watchlist on which nobody stands."""
    del caller
    service.records.watchlists.remove(watchlist_id)


def _answer(row: Watchlist, response: Response) -> WatchlistOut:
    response.headers["ETag"] = etag(row.version)
    return WatchlistOut.of(row)
