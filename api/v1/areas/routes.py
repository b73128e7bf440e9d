"""The areas: read by everybody, kept by who runs the installation."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from api import problems
from api.dependencies import Allowed, ReadVersion, TheAreas, etag
from api.pages import Page, page_of
from api.problems import FieldProblem, RequestInvalid
from api.routing import StrictRoute
from api.uploads import receive_files
from api.v1.areas.schemas import AreaIn, AreaOut, AreaQuery, AreasTakenOut, AreasTakenQuery
from api.v1.common import AreaCode
from casework.areas.known import Area
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission

router: Final = APIRouter(prefix="/v1/areas", tags=["areas"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_AREA))]
Keeper = Annotated[Actor, Depends(Allowed(Permission.EDIT_AREA))]

COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)
FILE: Final = "file"
_FORM: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": [FILE],
                "additionalProperties": False,
                "properties": {
                    FILE: {
                        "type": "string",
                        "format": "binary",
                        "description": "CSV in UTF-8, with the columns `code` and `name`.",
                    }
                },
            }
        }
    },
}


@router.get(
    "", response_model=Page[AreaOut], summary="List areas", responses=problems.responses(*COMMON)
)
def page(areas: TheAreas, actor: Reader, query: Annotated[AreaQuery, Query()]) -> Page[AreaOut]:
    """Return areas in order of code: the country, its provinces, and what was imported."""
    rows, following = page_of(
        lambda most: areas.page(actor, query.after, most, query.chosen()),
        query.limit,
        lambda area: area.code,
    )
    return Page[AreaOut](items=[AreaOut.of(row) for row in rows], next=following)


@router.post(
    "",
    response_model=AreasTakenOut,
    summary="Import areas",
    openapi_extra={"requestBody": _FORM},
    responses=problems.responses(*COMMON, errors.AreasRefused, problems.BodyTooLarge),
)
async def take(
    request: Request, areas: TheAreas, actor: Keeper, query: Annotated[AreasTakenQuery, Query()]
) -> AreasTakenOut:
    """Take the areas of a CSV file in, all of them or none; areas that it lacks stay."""
    content = bytearray()
    seen = await receive_files(request, (FILE,), lambda _name, chunk: content.extend(chunk))
    if FILE not in seen:
        message = "A file with the areas is required."
        raise RequestInvalid(message, [FieldProblem(field=FILE, message=message)])
    taken = await asyncio.to_thread(areas.take, actor, bytes(content), dry_run=query.dry_run)
    return AreasTakenOut.of(taken)


@router.get(
    "/{code}",
    response_model=AreaOut,
    summary="Read an area",
    responses=problems.responses(*COMMON, errors.NotFound),
)
def read(code: AreaCode, response: Response, areas: TheAreas, actor: Reader) -> AreaOut:
    """Return one area, with its version as ETag."""
    return _answer(areas.get(actor, code), response)


@router.put(
    "/{code}",
    response_model=AreaOut,
    summary="Add or rename an area",
    responses=problems.responses(*COMMON, errors.NotFound, errors.AreaRefused, errors.StaleVersion),
)
def put(
    code: AreaCode,
    body: AreaIn,
    response: Response,
    areas: TheAreas,
    actor: Keeper,
    version: ReadVersion,
) -> AreaOut:
    """Add an area below one that is there, or give an area another name; its code stays."""
    return _answer(areas.put(actor, code, body.name, version), response)


def _answer(area: Area, response: Response) -> AreaOut:
    response.headers["ETag"] = etag(area.version)
    return AreaOut.of(area)
