"""Overstays: people on lists who are here after the end of a permit."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console.page import OfficerRequest, RequirePermission
from api.pages import page_of
from casework.kernel.permissions import Permission, extends_to
from casework.overstay.listed import OverstayFilter

router: Final = APIRouter(prefix="/overstays", include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_OVERSTAY))]

PAGE_SIZE: Final = 50
_LONGEST: Final = 100
_MOST_LISTS: Final = 500


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
    )
