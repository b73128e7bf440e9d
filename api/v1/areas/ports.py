"""Where ports lie: read by everybody, kept by who runs the installation."""

from typing import Final

from fastapi import APIRouter, Response

from api import problems
from api.dependencies import ReadVersion, ThePlacedPorts, etag
from api.pages import Page, page_of
from api.routing import After, StrictRoute
from api.v1.areas.routes import COMMON, Keeper, Reader
from api.v1.areas.schemas import PortAreaIn, PortAreaOut
from api.v1.common import Port
from casework.areas.ports import PlacedPort
from casework.kernel import errors

router: Final = APIRouter(prefix="/v1/port-areas", tags=["areas"], route_class=StrictRoute)


@router.get(
    "",
    response_model=Page[PortAreaOut],
    summary="List where ports lie",
    responses=problems.responses(*COMMON),
)
def ports(placed: ThePlacedPorts, actor: Reader, query: After) -> Page[PortAreaOut]:
    """Return every port whose area is built in or was set here, in order of code."""
    rows, following = page_of(
        lambda most: placed.page(actor, query.after, most), query.limit, lambda each: each.port
    )
    return Page[PortAreaOut](items=[PortAreaOut.of(row) for row in rows], next=following)


@router.get(
    "/{port}",
    response_model=PortAreaOut,
    summary="Read where a port lies",
    responses=problems.responses(*COMMON, errors.NotFound),
)
def port(port: Port, response: Response, placed: ThePlacedPorts, actor: Reader) -> PortAreaOut:
    """Return where one port lies, with its version as ETag."""
    return _answer(placed.get(actor, port), response)


@router.put(
    "/{port}",
    response_model=PortAreaOut,
    summary="Say where a port lies",
    responses=problems.responses(*COMMON, errors.NotFound, errors.AreaRefused, errors.StaleVersion),
)
def place(
    port: Port,
    body: PortAreaIn,
    response: Response,
    placed: ThePlacedPorts,
    actor: Keeper,
    version: ReadVersion,
) -> PortAreaOut:
    """Say where a port lies; all that is filtered or counted by area follows from now on."""
    return _answer(placed.put(actor, port, body.area, version), response)


def _answer(port: PlacedPort, response: Response) -> PortAreaOut:
    response.headers["ETag"] = etag(port.version)
    return PortAreaOut.of(port)
