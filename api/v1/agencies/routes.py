"""Agencies: read by all officers, kept by the agency that runs the installation."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from api import problems
from api.dependencies import Allowed, ReadVersion, TheAgencies, TheFounding, etag
from api.pages import Page, page_of
from api.routing import After, StrictRoute
from api.v1.agencies.schemas import AgencyIn, AgencyOut, AgencyPatch
from api.v1.common import ReasonIn
from casework.accounts.agencies import NewAgency
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.tables import Agency

router: Final = APIRouter(prefix="/v1/agencies", tags=["agencies"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_AGENCY))]
Keeper = Annotated[Actor, Depends(Allowed(Permission.MANAGE_OFFICER))]
Manager = Annotated[Actor, Depends(Allowed(Permission.MANAGE_AGENCY))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)


@router.post(
    "",
    status_code=201,
    response_model=AgencyOut,
    summary="Make an agency",
    responses=problems.responses(*_COMMON, errors.AlreadyExists),
)
def create(body: AgencyIn, response: Response, agencies: TheAgencies, actor: Manager) -> AgencyOut:
    """Make an agency; none is ever removed, because records refer to it."""
    row = agencies.create(actor, NewAgency(**body.model_dump()))
    response.headers["Location"] = f"/v1/agencies/{row.id}"
    return _answer(row, response)


@router.get(
    "",
    response_model=Page[AgencyOut],
    summary="List agencies",
    responses=problems.responses(*_COMMON),
)
def page(agencies: TheAgencies, actor: Reader, query: After) -> Page[AgencyOut]:
    """Return agencies in order of making."""
    rows, following = page_of(lambda most: agencies.page(actor, query.after, most), query.limit)
    items = [AgencyOut.of(row) for row in rows]
    return Page[AgencyOut](items=items, next=following)


@router.get(
    "/{agency_id}",
    response_model=AgencyOut,
    summary="Read an agency",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(agency_id: str, response: Response, agencies: TheAgencies, actor: Reader) -> AgencyOut:
    """Return one agency, with its version as ETag."""
    return _answer(agencies.get(actor, agency_id), response)


@router.patch(
    "/{agency_id}",
    response_model=AgencyOut,
    summary="Change an agency",
    responses=problems.responses(
        *_COMMON,
        errors.NotFound,
        errors.IllegalTransition,
        errors.ReasonMissing,
        errors.StaleVersion,
    ),
)
def edit(
    agency_id: str,
    body: AgencyPatch,
    response: Response,
    agencies: TheAgencies,
    actor: Manager,
    version: ReadVersion,
) -> AgencyOut:
    """Change the fields that are sent; an agency that is switched off is out at once."""
    changes = body.changes()
    return _answer(agencies.edit(actor, agency_id, changes, version, body.why), response)


@router.post(
    "/{agency_id}/founded",
    response_model=AgencyOut,
    summary="End your agency's founding period",
    responses=problems.responses(*_COMMON, errors.NotFound, errors.IllegalTransition),
)
def end_founding(
    agency_id: str, body: ReasonIn, response: Response, founding: TheFounding, actor: Keeper
) -> AgencyOut:
    """From now on, for good, what weakens the agency's control takes a second person."""
    return _answer(founding.end(actor, agency_id, body.reason), response)


def _answer(row: Agency, response: Response) -> AgencyOut:
    response.headers["ETag"] = etag(row.version)
    return AgencyOut.of(row)
