"""Teams of several agencies, and offices of each: where they are, and who keeps them."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console.area_choice import MORE, choice, chosen_in, in_lists, with_area
from api.console.forms import Form, FormData, as_typed
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.problems import RequestInvalid
from api.v1.offices.schemas import OfficeIn, OfficePatch
from api.v1.teams.schemas import TeamIn, TeamPatch
from casework.areas import tree
from casework.areas.known import called
from casework.areas.teams import members_of
from casework.kernel.errors import AlreadyExists, AreaRefused, StaleVersion
from casework.kernel.permissions import Permission, extends_to
from casework.tables import Agency, Office, Team

router: Final = APIRouter(prefix="/teams", include_in_schema=False)

TeamReader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_TEAM))]
TeamKeeper = Annotated[OfficerRequest, Depends(RequirePermission(Permission.EDIT_TEAM))]
OfficeReader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_OFFICE))]
OfficeKeeper = Annotated[OfficerRequest, Depends(RequirePermission(Permission.EDIT_OFFICE))]

_HOME: Final = "/teams"
_OFFICES: Final = "/teams/offices"
_SENTENCES: Final = {"name": msg("Write the name."), "area": msg("Choose an area.")}
_TEXTS: Final = frozenset({"name"})
_REFUSALS: Final = (RequestInvalid, AreaRefused, AlreadyExists, StaleVersion)


@router.get("")
def show(visit: TeamReader) -> Response:
    """List the teams that the officer's agency is in; a coordinator sees all."""
    rows = visit.service.areas.teams.page(visit.actor, None, None, _filter(visit))
    agencies = _agencies(visit)
    members = {
        row.id: [
            agencies[each].code for each in (row.agency_id, *members_of(row)) if each in agencies
        ]
        for row in rows
    }
    return _list(visit, "teams.html", rows, Permission.EDIT_TEAM, members=members)


@router.get("/new")
def blank(visit: TeamKeeper) -> Response:
    """Show the form of a new team."""
    return _team_form(visit, _form(TeamIn))


@router.post("/new")
def create(visit: TeamKeeper) -> Response:
    """Add a team that the officer's agency leads."""
    form = _form(TeamIn, visit.posted)
    if visit.posted.text(MORE):
        return _team_form(visit, form)
    try:
        visit.service.areas.teams.create(visit.actor, form.parse().new())
    except _REFUSALS as error:
        return _team_form(visit, form.refused(error, visit.speech))
    return visit.go(_HOME, done="saved")


@router.get("/offices")
def offices(visit: OfficeReader) -> Response:
    """List the offices of all agencies."""
    rows = visit.service.areas.offices.page(visit.actor, None, None, _filter(visit))
    return _list(visit, "offices.html", rows, Permission.EDIT_OFFICE, agencies=_agencies(visit))


@router.get("/offices/new")
def blank_office(visit: OfficeKeeper) -> Response:
    """Show the form of a new office."""
    return _office_form(visit, _form(OfficeIn))


@router.post("/offices/new")
def create_office(visit: OfficeKeeper) -> Response:
    """Add an office of the officer's agency."""
    form = _form(OfficeIn, visit.posted)
    if visit.posted.text(MORE):
        return _office_form(visit, form)
    try:
        visit.service.areas.offices.create(visit.actor, form.parse().new())
    except _REFUSALS as error:
        return _office_form(visit, form.refused(error, visit.speech))
    return visit.go(_OFFICES, done="saved")


@router.get("/offices/{office_id}/edit")
def fill_office(office_id: str, visit: OfficeKeeper) -> Response:
    """Show the form with what is kept of an office."""
    row = visit.service.areas.offices.get(visit.actor, office_id)
    return _office_form(visit, _form(OfficePatch, _stored(row)), row)


@router.post("/offices/{office_id}/edit")
def edit_office(office_id: str, visit: OfficeKeeper) -> Response:
    """Change an office."""
    kept, form = visit.service.areas.offices, _form(OfficePatch, visit.posted)
    row = kept.get(visit.actor, office_id)
    if visit.posted.text(MORE):
        return _office_form(visit, form, row)
    try:
        changes = form.parse().changes()
        kept.edit(visit.actor, office_id, changes, visit.posted.number("version"))
    except _REFUSALS as error:
        refused = form.refused(error, visit.speech)
        if isinstance(error, StaleVersion):
            refused = refused.beside(_stored(row), visit.speech, _TEXTS)
        return _office_form(visit, refused, row)
    return visit.go(_OFFICES, done="saved")


@router.post("/offices/{office_id}/remove")
def remove_office(office_id: str, visit: OfficeKeeper) -> Response:
    """Remove an office."""
    visit.service.areas.offices.remove(visit.actor, office_id)
    return visit.go(_OFFICES, done="removed")


@router.get("/{team_id}/edit")
def fill(team_id: str, visit: TeamKeeper) -> Response:
    """Show the form with what is kept of a team."""
    row = visit.service.areas.teams.get(visit.actor, team_id)
    return _team_form(visit, _form(TeamPatch, _stored(row)), row)


@router.post("/{team_id}/edit")
def edit(team_id: str, visit: TeamKeeper) -> Response:
    """Change a team."""
    kept, form = visit.service.areas.teams, _form(TeamPatch, visit.posted)
    row = kept.get(visit.actor, team_id)
    if visit.posted.text(MORE):
        return _team_form(visit, form, row)
    try:
        changes = form.parse().changes()
        kept.edit(visit.actor, team_id, changes, visit.posted.number("version"))
    except _REFUSALS as error:
        refused = form.refused(error, visit.speech)
        if isinstance(error, StaleVersion):
            refused = refused.beside(_stored(row), visit.speech, _TEXTS)
        return _team_form(visit, refused, row)
    return visit.go(_HOME, done="saved")


@router.post("/{team_id}/remove")
def remove(team_id: str, visit: TeamKeeper) -> Response:
    """Remove a team."""
    visit.service.areas.teams.remove(visit.actor, team_id)
    return visit.go(_HOME, done="removed")


def _filter(visit: OfficerRequest) -> str | None:
    code = visit.request.query_params.get("area", "")
    return code if tree.well_formed(code) else None


def _agencies(visit: OfficerRequest) -> Mapping[str, Agency]:
    found = visit.service.accounts.agencies.page(visit.actor, None, None)
    return {each.id: each for each in found}


def _list(
    visit: OfficerRequest,
    template: str,
    rows: list[Team] | list[Office],
    act: Permission,
    **values: Any,  # noqa: ANN401 - a template's own
) -> Response:
    names = visit.service.areas.areas.names(row.area for row in rows)
    return visit.page(
        template,
        rows=rows,
        places={row.area: called(names, row.area) for row in rows},
        keeps={row.id for row in rows if extends_to(visit.actor, act, row.agency_id)},
        choice=choice(visit, _filter(visit)),
        **values,
    )


def _form(model: type[Any], data: FormData | None = None) -> Form[Any]:
    return Form(model, data or FormData(), with_area(as_typed), _SENTENCES)


def _stored(row: Team | Office) -> FormData:
    values = {"name": (row.name,), **in_lists(row.area)}
    if isinstance(row, Team):
        values["agency_ids"] = members_of(row)
    return FormData(values)


def _team_form(visit: OfficerRequest, form: Form[Any], row: Team | None = None) -> Response:
    members = members_of(row) if row is not None else ()
    return visit.page(
        "team_form.html",
        status=form.status,
        form=form,
        row=row,
        choice=choice(visit, chosen_in(form.typed)),
        agencies=[
            each
            for each in _agencies(visit).values()
            if each.id != visit.actor.agency_id and (each.active or each.id in members)
        ],
    )


def _office_form(visit: OfficerRequest, form: Form[Any], row: Office | None = None) -> Response:
    return visit.page(
        "office_form.html",
        status=form.status,
        form=form,
        row=row,
        choice=choice(visit, chosen_in(form.typed)),
    )
