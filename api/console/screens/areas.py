"""The tree of areas: what lies where; kept by who runs the installation."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict
from starlette.responses import HTMLResponse, Response

from api.console import messages
from api.console.area_choice import MORE, choice, chosen_in, districts_of, with_area
from api.console.forms import Form, FormData, as_typed
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.problems import RequestInvalid
from api.v1.common import AreaCode, Port, ShortText
from casework.areas import tree
from casework.areas.areas import AreasTaken
from casework.areas.known import AreaFilter, called
from casework.areas.provinces import COUNTRY
from casework.kernel.errors import AreaRefused, AreasRefused, NotFound
from casework.kernel.permissions import Permission

router: Final = APIRouter(prefix="/teams/areas", include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_AREA))]
Keeper = Annotated[OfficerRequest, Depends(RequirePermission(Permission.EDIT_AREA))]

_HOME: Final = "/teams/areas"
_SHOWN: Final = 20
"""Faults of a file."""
_SENTENCES: Final = {
    "code": msg("Write a code such as 31.71 or 31.71.01."),
    "name": msg("Write the name."),
    "port": msg("Write a code such as CGK or IDBTM."),
}


class NamedAreaForm(BaseModel):
    """What the form of one area sends."""

    code: AreaCode
    name: ShortText


class PlacedPortForm(BaseModel):
    """What the form of a port sends; without an area it lies in none."""

    model_config = ConfigDict(extra="ignore")

    port: Port
    area: AreaCode | None = None


@router.get("")
def show(visit: Reader) -> Response:
    """Show an area: what it lies in, what lies in it, and who is there."""
    return _page(visit, Form(NamedAreaForm))


@router.get("/districts")
def districts(visit: Reader) -> Response:
    """Return the choice of the districts of a regency, for a form that is open."""
    found = districts_of(visit, visit.request.query_params.get("in", ""))
    return HTMLResponse(visit.render("area_districts.html", districts=found))


@router.post("")
def name(visit: Keeper) -> Response:
    """Add an area, or give one another name."""
    form = Form(NamedAreaForm, visit.posted, sentences=_SENTENCES)
    try:
        new = form.parse()
        visit.service.areas.areas.put(visit.actor, new.code, new.name)
    except (RequestInvalid, AreaRefused, NotFound) as error:
        return _page(visit, form.refused(error, visit.speech, status=422))
    return visit.go(f"{_HOME}?in={new.code}", done="saved")


@router.post("/import")
def take(visit: Keeper) -> Response:
    """Take the areas of a file in, or say what it would make."""
    file = next(iter(visit.posted.files.get("file", ())), None)
    form = Form(NamedAreaForm, refusal=msg("Choose a file."))
    if file is None:
        missing = {"file": visit.speech("Choose a file.")}
        return _page(visit, form.with_errors(missing, visit.speech))
    tried = visit.posted.text("dry_run") == "yes"
    try:
        taken = visit.service.areas.areas.take(visit.actor, file.content, dry_run=tried)
    except AreasRefused as refused:
        faults = [
            (line, messages.translated(fault, visit.speech))
            for line, fault in refused.faults[:_SHOWN]
        ]
        return _page(visit, form.refused(refused, visit.speech), faults=faults)
    return _page(visit, form, taken=taken, tried=tried)


@router.post("/ports")
def place(visit: Keeper) -> Response:
    """Say where a port lies."""
    form = Form(PlacedPortForm, visit.posted, _port_read, _SENTENCES)
    if visit.posted.text(MORE):
        return _page(visit, form)
    try:
        new = form.parse()
        visit.service.areas.ports.put(visit.actor, new.port, new.area)
    except (RequestInvalid, AreaRefused) as error:
        return _page(visit, form.refused(error, visit.speech))
    return visit.go(f"{_HOME}?in={new.area or COUNTRY}", done="saved")


def _port_read(data: FormData, model: Any) -> dict[str, object]:  # noqa: ANN401 - the form's
    found = with_area(as_typed)(data, model)
    return found | {"port": data.text("port").upper()}


@router.get("/import")
@router.get("/ports")
async def back(visit: Reader) -> Response:
    """Show the areas where an answer to a form is asked for again."""
    return visit.go(_HOME)


def _page(
    visit: OfficerRequest,
    form: Form[Any],
    *,
    faults: list[tuple[int, str]] | None = None,
    taken: AreasTaken | None = None,
    tried: bool = False,
) -> Response:
    areas, actor = visit.service.areas.areas, visit.actor
    asked = visit.request.query_params.get("in", COUNTRY)
    area = areas.get(actor, asked if tree.well_formed(asked) else COUNTRY)
    ports = [
        each
        for each in visit.service.areas.ports.page(actor, None, None)
        if each.area is not None
        and tree.contains(area.code, each.area)
        and (each.version or area.code != COUNTRY)  # of the whole country, what was set here
    ]
    names = areas.names([area.code, *(each.area for each in ports)])
    return visit.page(
        "areas.html",
        status=form.status,
        form=form,
        area=area,
        path=[(code, names.get(code, code)) for code in tree.lineage(area.code)],
        below=areas.page(actor, None, None, AreaFilter(parent=area.code)),
        ports=ports,
        places={each.area: called(names, each.area) for each in ports if each.area},
        teams=_teams(visit, area.code),
        offices=_offices(visit, area.code),
        choice=choice(visit, chosen_in(form.typed) if form.model is PlacedPortForm else None),
        faults=faults or (),
        taken=taken,
        tried=tried,
    )


def _teams(visit: OfficerRequest, area: str) -> list[str]:
    if not visit.may(Permission.READ_TEAM):
        return []
    found = visit.service.areas.teams.page(visit.actor, None, None, area)
    return [each.name for each in found if each.area == area]


def _offices(visit: OfficerRequest, area: str) -> list[str]:
    if not visit.may(Permission.READ_OFFICE):
        return []
    found = visit.service.areas.offices.page(visit.actor, None, None, area)
    return [each.name for each in found if each.area == area]
