"""Administration of agencies, by the agency that runs the installation."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import danger
from api.console.danger import Question
from api.console.forms import Form, FormData
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.problems import RequestInvalid
from api.v1.agencies.schemas import AgencyIn, AgencyPatch
from casework.accounts.agencies import NewAgency
from casework.kernel.errors import AlreadyExists
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import AgencyKind

router: Final = APIRouter(include_in_schema=False)

_SENTENCES: Final = {
    "code": msg("Write 2 to 20 letters and digits, such as IMIGRASI."),
    "name": msg("Write the name."),
}

Keeper = Annotated[OfficerRequest, Depends(RequirePermission(Permission.MANAGE_AGENCY))]


@router.get("/administration/agencies")
def show(visit: Keeper) -> Response:
    """List agencies, and the form of a new one."""
    return _page(visit, Form(AgencyIn))


@router.post("/administration/agencies")
def create(visit: Keeper) -> Response:
    """Make an agency."""
    form = Form(AgencyIn, visit.posted, sentences=_SENTENCES)
    try:
        body = form.parse()
        visit.service.accounts.agencies.create(visit.actor, NewAgency(**body.model_dump()))
    except (RequestInvalid, AlreadyExists) as error:
        return _page(visit, form.refused(error, visit.speech))
    return visit.go("/administration/agencies", done="saved")


@router.post("/administration/agencies/{agency_id}")
def edit(agency_id: str, visit: Keeper) -> Response:
    """Rename an agency."""
    changes = Form(AgencyPatch, visit.posted, _changed).parse().changes()
    version = visit.posted.number("version")
    visit.service.accounts.agencies.edit(visit.actor, agency_id, changes, version)
    return visit.go("/administration/agencies", done="saved")


@router.get("/administration/agencies/{agency_id}/off")
def ask_off(agency_id: str, visit: Keeper) -> Response:
    """Ask before an agency is switched off."""
    return danger.ask(visit, _switching_off(visit, agency_id))


@router.post("/administration/agencies/{agency_id}/off")
def switch_off(agency_id: str, visit: Keeper) -> Response:
    """Switch an agency off: its keys and officers are out at once."""

    def off(reason: str) -> Response:
        version = visit.posted.number("version")
        agencies = visit.service.accounts.agencies
        agencies.edit(visit.actor, agency_id, {"active": False}, version, reason)
        return visit.go("/administration/agencies", done="saved")

    return danger.answered(visit, lambda: _switching_off(visit, agency_id), off)


@router.post("/administration/agencies/{agency_id}/on")
def switch_on(agency_id: str, visit: Keeper) -> Response:
    """Switch an agency on again."""
    version = visit.posted.number("version")
    visit.service.accounts.agencies.edit(visit.actor, agency_id, {"active": True}, version)
    return visit.go("/administration/agencies", done="saved")


def _switching_off(visit: OfficerRequest, agency_id: str) -> Question:
    """Return what switching an agency off is asked about."""
    speech = visit.speech
    found = visit.service.accounts.agencies.consequences(visit.actor, agency_id)
    says = (
        speech("Officers who are signed out at once and cannot sign in: %(n)s.", n=found.officers),
        speech("Keys that are refused from now on: %(n)s.", n=found.keys),
        speech("Nothing is erased, and it can be switched on again."),
    )
    return Question(
        speech("Switch this agency off?"),
        f"{found.agency.name} ({found.agency.code})",
        says,
        speech("Switch off"),
        "/administration/agencies",
        found.agency.version,
    )


def _changed(typed: FormData, model: type[AgencyPatch]) -> dict[str, object]:
    """Return what a row of the list changes; a name that was emptied stays as it was."""
    del model
    return {"name": typed.text("name")} if typed.text("name") else {}


def _page(visit: OfficerRequest, form: Form[AgencyIn]) -> Response:
    return visit.page(
        "agencies.html",
        status=form.status,
        form=form,
        agencies=visit.service.accounts.agencies.page(visit.actor, None, None),
        kinds=tuple(AgencyKind),
    )
