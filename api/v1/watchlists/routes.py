"""Watchlists: kept by an agency's analysts, read by those who see their alerts."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from api import problems
from api.dependencies import (
    Allowed,
    RequiredVersion,
    TheBreaker,
    TheCodes,
    TheMatching,
    TheWatchlists,
    etag,
)
from api.pages import Page, page_of
from api.routing import After, StrictRoute
from api.v1.approvals.waiting import MAY_WAIT, WAITING
from api.v1.common import ReasonIn
from api.v1.watchlists.schemas import BreakerResetIn, WatchlistIn, WatchlistOut, WatchlistPatch
from casework.codes.codes import CodeReader
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.screening.matching import Matching
from casework.tables import Watchlist

router: Final = APIRouter(prefix="/v1/watchlists", tags=["watchlists"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_WATCHLIST))]
Editor = Annotated[Actor, Depends(Allowed(Permission.EDIT_WATCHLIST))]
Resetter = Annotated[Actor, Depends(Allowed(Permission.RESET_BREAKER))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)


@router.post(
    "",
    status_code=201,
    response_model=WatchlistOut,
    summary="Make a watchlist",
    responses=WAITING
    | problems.responses(
        *_COMMON,
        errors.NotFound,
        errors.AlreadyExists,
        errors.ThresholdTooLow,
        errors.CodeRefused,
        errors.RequirementMissing,
        *MAY_WAIT,
    ),
)
def create(
    body: WatchlistIn,
    response: Response,
    watchlists: TheWatchlists,
    matching: TheMatching,
    codes: TheCodes,
    actor: Editor,
) -> WatchlistOut:
    """Make an empty watchlist with its policy.

    One whose threshold is set by hand waits for a second person, and for the cooling time.
    """
    row = watchlists.create(actor, body.new(), body.reason)
    response.headers["Location"] = f"/v1/watchlists/{row.id}"
    return _answer(row, response, matching, codes)


@router.get(
    "",
    response_model=Page[WatchlistOut],
    summary="List watchlists",
    responses=problems.responses(*_COMMON),
)
def page(
    watchlists: TheWatchlists,
    matching: TheMatching,
    codes: TheCodes,
    actor: Reader,
    query: After,
) -> Page[WatchlistOut]:
    """Return watchlists in order of making."""
    rows, following = page_of(lambda most: watchlists.page(actor, query.after, most), query.limit)
    policies = matching.policies()
    categories = codes.now().categories
    items = [WatchlistOut.of(row, policies.get(row.id), categories) for row in rows]
    return Page[WatchlistOut](items=items, next=following)


@router.get(
    "/{watchlist_id}",
    response_model=WatchlistOut,
    summary="Read a watchlist",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(
    watchlist_id: str,
    response: Response,
    watchlists: TheWatchlists,
    matching: TheMatching,
    codes: TheCodes,
    actor: Reader,
) -> WatchlistOut:
    """Return one watchlist, with its version as ETag."""
    return _answer(watchlists.get(actor, watchlist_id), response, matching, codes)


@router.patch(
    "/{watchlist_id}",
    response_model=WatchlistOut,
    summary="Change a watchlist",
    responses=WAITING
    | problems.responses(
        *_COMMON,
        errors.NotFound,
        errors.AlreadyExists,
        errors.StaleVersion,
        problems.VersionRequired,
        errors.ThresholdTooLow,
        errors.CodeRefused,
        errors.RequirementMissing,
        *MAY_WAIT,
    ),
)
def edit(
    watchlist_id: str,
    body: WatchlistPatch,
    response: Response,
    watchlists: TheWatchlists,
    matching: TheMatching,
    codes: TheCodes,
    actor: Editor,
    version: RequiredVersion,
) -> WatchlistOut:
    """Change the fields that are sent; they count from the next screening on.

    `If-Match` takes the ETag that was read: a policy is edited by who has seen it. 428 without.
    What weakens the policy waits for a second person, with all that is sent beside it.
    """
    row = watchlists.edit(actor, watchlist_id, body.changes(), version, body.why)
    return _answer(row, response, matching, codes)


@router.post(
    "/{watchlist_id}/remove",
    status_code=204,
    summary="Remove an empty watchlist",
    responses=problems.responses(*_COMMON, errors.NotFound, errors.StillInUse),
)
def remove(watchlist_id: str, body: ReasonIn, watchlists: TheWatchlists, actor: Editor) -> None:
    """Remove a watchlist on which nobody stands, for good."""
    watchlists.remove(actor, watchlist_id, reason=body.reason)


@router.post(
    "/{watchlist_id}/breaker/reset",
    response_model=WatchlistOut,
    summary="Reset a watchlist's breaker",
    responses=WAITING | problems.responses(*_COMMON, errors.NotFound, *MAY_WAIT),
)
def reset_breaker(
    watchlist_id: str,
    body: BreakerResetIn,
    response: Response,
    breaker: TheBreaker,
    matching: TheMatching,
    codes: TheCodes,
    actor: Resetter,
) -> WatchlistOut:
    """Let the list's own threshold count again; its alarms are counted from then on.

    One that was set by hand takes a second person, as setting it did: the reset waits.
    """
    return _answer(breaker.reset(actor, watchlist_id, body.reason), response, matching, codes)


def _answer(
    row: Watchlist, response: Response, matching: Matching, codes: CodeReader
) -> WatchlistOut:
    response.headers["ETag"] = etag(row.version)
    return WatchlistOut.of(row, matching.policies().get(row.id), codes.now().categories)
