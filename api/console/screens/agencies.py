"""Administration of agencies, by the agency that runs the installation."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import messages
from api.console.page import OfficerRequest, RequirePermission
from api.problems import RequestInvalid
from api.v1.agencies.schemas import AgencyIn
from casework.accounts.agencies import NewAgency
from casework.kernel.errors import AlreadyExists
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import AgencyKind

router: Final = APIRouter(include_in_schema=False)

Keeper = Annotated[OfficerRequest, Depends(RequirePermission(Permission.MANAGE_AGENCY))]


@router.get("/administration/agencies")
def show(visit: Keeper) -> Response:
    """List agencies, and the form of a new one."""
    return _page(visit)


@router.post("/administration/agencies")
def create(visit: Keeper) -> Response:
    """Make an agency."""
    try:
        body = visit.posted.parse(AgencyIn)
        visit.service.accounts.agencies.create(visit.actor, NewAgency(**body.model_dump()))
    except (RequestInvalid, AlreadyExists) as error:
        return _page(visit, status=422, fault=messages.translated_error(error, visit.speech))
    return visit.go("/administration/agencies", done="saved")


@router.post("/administration/agencies/{agency_id}")
def edit(agency_id: str, visit: Keeper) -> Response:
    """Rename an agency, or put it in or out of force."""
    changes: dict[str, object] = {"active": visit.posted.text("active") == "yes"}
    if name := visit.posted.text("name"):
        changes["name"] = name[:200]
    version = visit.posted.number("version")
    visit.service.accounts.agencies.edit(visit.actor, agency_id, changes, version)
    return visit.go("/administration/agencies", done="saved")


def _page(visit: OfficerRequest, *, status: int = 200, fault: str = "") -> Response:
    return visit.page(
        "agencies.html",
        status=status,
        fault=fault,
        agencies=visit.service.accounts.agencies.page(visit.actor, None, None),
        kinds=tuple(AgencyKind),
    )
