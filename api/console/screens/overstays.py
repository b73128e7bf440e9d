"""Overstays: people on lists, and where it is switched on on none, after the end of a permit."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.pages import page_of
from casework.kernel.errors import NotFound
from casework.kernel.period import day_of
from casework.kernel.permissions import Permission, extends_to
from casework.kernel.processing import Processing
from casework.kernel.text import canonical
from casework.overstay.listed import OverstayFilter
from casework.overstay.permits import PermitFilter, last_day, state_of

router: Final = APIRouter(prefix="/overstays", include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_OVERSTAY))]
PermitReader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_PERMIT))]

PAGE_SIZE: Final = 50
_LONGEST: Final = 100
_LONGEST_REFERENCE: Final = 200
_MOST_LISTS: Final = 500
_NOT_HELD: Final = msg("No permit is held for this reference.")


@router.get("")
def page(visit: Reader) -> Response:
    """List overstays, the longest first."""
    query, service = visit.request.query_params, visit.service
    chosen = {name: query.get(name, "").strip()[:_LONGEST] for name in ("list", "area")}
    filters = OverstayFilter(chosen["list"] or None, chosen["area"] or None)
    after = query.get("after", "")[:_LONGEST] or None
    found, following = page_of(
        lambda most: service.lists.overstays.page(visit.actor, after, most, filters),
        PAGE_SIZE,
        lambda each: each.subject.id,
    )
    own = {
        each.subject.id
        for each in found
        if extends_to(visit.actor, Permission.READ_SUBJECT, each.subject.agency_id)
    }
    return visit.page(
        "overstays.html",
        overstays=found,
        own=own,
        lists=service.lists.watchlists.page(visit.actor, None, _MOST_LISTS),
        areas=service.areas.areas.names(each.area for each in found),
        chosen=chosen,
        following=following,
        others=_others(visit),
    )


@router.get("/others")
def others(visit: PermitReader) -> Response:
    """List overstays of travellers on no list, the longest first: not who they are."""
    return _page_of_others(visit)


@router.post("/others")
def find(visit: PermitReader) -> Response:
    """Show the permit of a reference."""
    reference = canonical(visit.posted.text("traveller_ref"))[:_LONGEST_REFERENCE]
    try:
        row = visit.service.permits.find(visit.actor, reference)
    except NotFound:
        return _page_of_others(visit, reference, visit.speech(_NOT_HELD))
    return visit.go(f"/overstays/others/{row.id}")


@router.get("/others/{permit_id}")
def permit(permit_id: str, visit: PermitReader) -> Response:
    """Show a permit with the reference and its line."""
    permits = visit.service.permits
    row = permits.get(visit.actor, permit_id)
    return visit.page(
        "overstay_other.html",
        permit=row,
        state=state_of(row, permits.clock()),
        until=last_day(row, permits.zone),
        steps=[step | {"at": datetime.fromisoformat(step["at"])} for step in row.steps],
        keep_days=visit.service.grounds.require(Processing.OVERSTAY).keep_days,
    )


def _page_of_others(visit: OfficerRequest, reference: str = "", fault: str = "") -> Response:
    query, permits = visit.request.query_params, visit.service.permits
    chosen = {name: query.get(name, "").strip()[:_LONGEST] for name in ("port", "area")}
    filters = PermitFilter(chosen["port"].upper() or None, chosen["area"] or None)
    after = query.get("after", "")[:_LONGEST] or None
    rows, following = page_of(
        lambda most: permits.page(visit.actor, after, most, filters), PAGE_SIZE
    )
    return visit.page(
        "overstay_others.html",
        status=404 if fault else 200,
        permits=[(row, last_day(row, permits.zone)) for row in rows],
        today=day_of(permits.clock(), permits.zone),
        chosen=chosen,
        following=following,
        others=_others(visit),
        reference=reference,
        fault=fault,
    )


def _others(visit: OfficerRequest) -> bool:
    """Whether people on no list are shown to this reader."""
    on = visit.service.grounds.is_on(Processing.OVERSTAY)
    return on and visit.may(Permission.READ_PERMIT)
