"""Offices: each agency's administrators keep its own, everybody who signed in reads all."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response

from api import problems
from api.dependencies import Allowed, ReadVersion, TheOffices, etag
from api.pages import Page, page_of
from api.routing import StrictRoute
from api.v1.offices.schemas import ByAreaQuery, OfficeIn, OfficeOut, OfficePatch
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.tables import Office

router: Final = APIRouter(prefix="/v1/offices", tags=["offices"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_OFFICE))]
Editor = Annotated[Actor, Depends(Allowed(Permission.EDIT_OFFICE))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)
_MADE: Final = (*_COMMON, errors.NotFound, errors.AlreadyExists, errors.AreaRefused)


@router.post(
    "",
    status_code=201,
    response_model=OfficeOut,
    summary="Add an office",
    responses=problems.responses(*_MADE),
)
def create(body: OfficeIn, response: Response, offices: TheOffices, actor: Editor) -> OfficeOut:
    """Add an office of your agency."""
    row = offices.create(actor, body.new())
    response.headers["Location"] = f"/v1/offices/{row.id}"
    return _answer(row, response)


@router.get(
    "",
    response_model=Page[OfficeOut],
    summary="List offices",
    responses=problems.responses(*_COMMON),
)
def page(
    offices: TheOffices, actor: Reader, query: Annotated[ByAreaQuery, Query()]
) -> Page[OfficeOut]:
    """Return the offices of all agencies in order of making."""
    rows, following = page_of(
        lambda most: offices.page(actor, query.after, most, query.area), query.limit
    )
    return Page[OfficeOut](items=[OfficeOut.of(row) for row in rows], next=following)


@router.get(
    "/{office_id}",
    response_model=OfficeOut,
    summary="Read an office",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(office_id: str, response: Response, offices: TheOffices, actor: Reader) -> OfficeOut:
    """Return one office, with its version as ETag."""
    return _answer(offices.get(actor, office_id), response)


@router.patch(
    "/{office_id}",
    response_model=OfficeOut,
    summary="Change an office",
    responses=problems.responses(*_MADE, errors.StaleVersion),
)
def edit(
    office_id: str,
    body: OfficePatch,
    response: Response,
    offices: TheOffices,
    actor: Editor,
    version: ReadVersion,
) -> OfficeOut:
    """Change an office of your agency."""
    return _answer(offices.edit(actor, office_id, body.changes(), version), response)


@router.post(
    "/{office_id}/remove",
    status_code=204,
    summary="Remove an office",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def remove(office_id: str, offices: TheOffices, actor: Editor) -> None:
    """Remove an office of your agency."""
    offices.remove(actor, office_id)


def _answer(row: Office, response: Response) -> OfficeOut:
    response.headers["ETag"] = etag(row.version)
    return OfficeOut.of(row)
