"""Watchlists: shown to those who see their alerts, kept by their agency's analysts."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import messages
from api.console.forms import FormData
from api.console.page import OfficerRequest, RequirePermission
from api.forms import validated
from api.problems import RequestInvalid
from api.v1.watchlists.schemas import WatchlistIn, WatchlistPatch
from casework.kernel.errors import AlreadyExists, NotFound, StaleVersion, StillInUse
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import Category, Direction, Stage
from casework.tables import Watchlist
from casework.watchlists.watchlists import NewWatchlist, agencies_of

router: Final = APIRouter(include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_WATCHLIST))]
Editor = Annotated[OfficerRequest, Depends(RequirePermission(Permission.EDIT_WATCHLIST))]

_MOST: Final = 500

# A target is typed as "one false alarm in N travellers"; nobody thinks in 0.001.
_DEFAULT_ONE_IN: Final = 1000
_ROUNDING: Final = 12


@router.get("/watchlists")
def page(visit: Reader) -> Response:
    """List the watchlists within reach."""
    rows = visit.service.lists.watchlists.page(visit.actor, None, _MOST)
    return visit.page("watchlists.html", watchlists=rows, agencies=_agencies(visit))


@router.get("/watchlists/new")
def blank(visit: Editor) -> Response:
    """Show the form of a new watchlist."""
    return _form(visit, None)


@router.post("/watchlists/new")
def create(visit: Editor) -> Response:
    """Make a watchlist."""
    try:
        body = validated(WatchlistIn, _said(visit.posted))
        fields = body.model_dump() | {"shared_with": tuple(body.shared_with)}
        row = visit.service.lists.watchlists.create(visit.actor, NewWatchlist(**fields))
    except (RequestInvalid, AlreadyExists, NotFound) as error:
        return _form(visit, None, fault=messages.translated_error(error, visit.speech))
    return visit.go(f"/watchlists/{row.id}", done="saved")


@router.get("/watchlists/{watchlist_id}")
def show(watchlist_id: str, visit: Reader) -> Response:
    """Show one watchlist's policy."""
    row = visit.service.lists.watchlists.get(visit.actor, watchlist_id)
    policy = visit.service.screening.matching.policies().get(watchlist_id)
    return visit.page(
        "watchlist.html",
        watchlist=row,
        policy=policy,
        shared=agencies_of(row),
        agencies=_agencies(visit),
        own=visit.may(Permission.EDIT_WATCHLIST) and row.agency_id == visit.officer.agency_id,
    )


@router.get("/watchlists/{watchlist_id}/edit")
def fill(watchlist_id: str, visit: Editor) -> Response:
    """Show the form with what is kept."""
    return _form(visit, visit.service.lists.watchlists.get(visit.actor, watchlist_id))


@router.post("/watchlists/{watchlist_id}/edit")
def edit(watchlist_id: str, visit: Editor) -> Response:
    """Change a watchlist; the change counts from the next traveller on."""
    records, actor = visit.service, visit.actor
    try:
        values = _said(visit.posted)
        changes = validated(WatchlistPatch, values).changes()
        records.lists.watchlists.edit(actor, watchlist_id, changes, visit.posted.number("version"))
    except (RequestInvalid, AlreadyExists, NotFound, StaleVersion) as error:
        row = records.lists.watchlists.get(actor, watchlist_id)
        return _form(visit, row, fault=messages.translated_error(error, visit.speech))
    return visit.go(f"/watchlists/{watchlist_id}", done="saved")


@router.post("/watchlists/{watchlist_id}/remove")
def remove(watchlist_id: str, visit: Editor) -> Response:
    """Remove a watchlist on which nobody stands."""
    try:
        visit.service.lists.watchlists.remove(visit.actor, watchlist_id)
    except StillInUse as error:
        row = visit.service.lists.watchlists.get(visit.actor, watchlist_id)
        return _form(visit, row, fault=messages.translated_error(error, visit.speech))
    return visit.go("/watchlists", done="removed")


def _said(posted: FormData) -> dict[str, Any]:
    """Return the form's fields as the interface for programs has them."""
    one_in = posted.number("one_in") or 0
    return {
        "name": posted.text("name"),
        "category": posted.text("category"),
        "direction": posted.text("direction"),
        "stages": posted.texts("stages") or None,
        "ports": posted.text("ports").upper().replace(",", " ").split() or None,
        "target_fpir": round(1 / one_in, _ROUNDING) if one_in else 0,
        "legal_basis": posted.text("legal_basis"),
        "instruction": {"id": posted.text("instruction_id"), "en": posted.text("instruction_en")},
        "requires_acknowledgement": posted.text("requires_acknowledgement") == "yes",
        "requires_second_officer": posted.text("requires_second_officer") == "yes",
        "acknowledge_within_s": posted.text("acknowledge_within_s"),
        "active": posted.text("active") == "yes",
        "shared_with": posted.texts("shared_with"),
    }


def _form(visit: OfficerRequest, row: Watchlist | None, *, fault: str = "") -> Response:
    """Show the form: with what was typed where it comes back, else with what is kept."""
    values: dict[str, Any] = {"one_in": _DEFAULT_ONE_IN, "active": True}
    values |= {"requires_acknowledgement": True, "acknowledge_within_s": 60}
    if row is not None:
        kept = {column.key: getattr(row, column.key) for column in row.__table__.columns}
        values = kept | {"shared_with": agencies_of(row), "one_in": round(1 / row.target_fpir)}
    if fault:
        values |= _said(visit.posted) | {"one_in": visit.posted.text("one_in")}
    return visit.page(
        "watchlist_form.html",
        status=422 if fault else 200,
        row=row,
        values=values,
        fault=fault,
        agencies=_agencies(visit),
        categories=tuple(Category),
        directions=tuple(Direction),
        stages=tuple(Stage),
    )


def _agencies(visit: OfficerRequest) -> dict[str, Any]:
    return {each.id: each for each in visit.service.accounts.agencies.page(visit.actor, None, None)}
