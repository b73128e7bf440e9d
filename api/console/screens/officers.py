"""Administration of officers' accounts."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import danger
from api.console.danger import Question
from api.console.forms import Form, FormData
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.console.screens import approvals
from api.dependencies import hashing_place
from api.problems import RequestInvalid
from api.v1.officers.schemas import OfficerIn, OfficerPatch
from casework.accounts.officers import NewOfficer
from casework.approvals.approvals import ActWaits
from casework.kernel.errors import (
    AlreadyExists,
    IllegalTransition,
    NoSecondPerson,
    NotFound,
    NotPermitted,
    ReasonMissing,
)
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import Role

router: Final = APIRouter(include_in_schema=False)

SERVICE_NUMBER: Final = msg("Write up to 30 letters and digits, or leave it empty.")
_SENTENCES: Final = {
    "login": msg("Write 2 to 100 letters and digits, such as imigrasi.sari."),
    "name": msg("Write the name."),
    "service_number": SERVICE_NUMBER,
    "roles": msg("Choose at least one role."),
}

Keeper = Annotated[OfficerRequest, Depends(RequirePermission(Permission.MANAGE_OFFICER))]

_ROLES: Final = tuple(role for role in Role if role is not Role.PORT)
_LIST: Final = "/administration/officers"
_RESET: Final = "danger_reset.html"


@router.get("/administration/officers")
def show(visit: Keeper) -> Response:
    """List accounts, and the form of a new one."""
    return _page(visit)


@router.post(
    "/administration/officers",
    dependencies=[hashing_place(RequirePermission(Permission.MANAGE_OFFICER))],
)
def create(visit: Keeper) -> Response:
    """Make an account; its first password is on the page that answers, and nowhere else."""
    form = Form(OfficerIn, visit.posted, sentences=_SENTENCES)
    try:
        body = form.parse()
        new = NewOfficer(
            body.agency_id or visit.officer.agency_id,
            body.login,
            body.name,
            frozenset(body.roles),
            body.language,
            service_number=body.service_number,
        )
        row, password = visit.service.accounts.officers.create(visit.actor, new, body.reason)
    except (
        RequestInvalid,
        AlreadyExists,
        NotFound,
        NotPermitted,
        NoSecondPerson,
        ReasonMissing,
        IllegalTransition,
    ) as error:
        return _page(visit, form.refused(error, visit.speech))
    except ActWaits as act:
        return approvals.waits(visit, act, body.login)
    return _page(visit, once=(row.login, password))


@router.post("/administration/officers/{officer_id}")
def edit(officer_id: str, visit: Keeper) -> Response:
    """Change name, service number or roles."""
    body = Form(OfficerPatch, visit.posted, _changed).parse()
    return _edited(visit, officer_id, body.changes(), body.why)


@router.get("/administration/officers/{officer_id}/off")
def ask_off(officer_id: str, visit: Keeper) -> Response:
    """Ask before an account is switched off."""
    return danger.ask(visit, _switching_off(visit, officer_id))


@router.post("/administration/officers/{officer_id}/off")
def switch_off(officer_id: str, visit: Keeper) -> Response:
    """Switch an account off: its officer is out at once, on every device."""

    def off(reason: str) -> Response:
        return _edited(visit, officer_id, {"active": False}, reason)

    return danger.answered(visit, lambda: _switching_off(visit, officer_id), off)


@router.post("/administration/officers/{officer_id}/on")
def switch_on(officer_id: str, visit: Keeper) -> Response:
    """Switch an account on again; where it decides, a second person has to accept it."""
    return _edited(visit, officer_id, {"active": True}, visit.posted.text("reason") or None)


@router.post("/administration/officers/{officer_id}/unlock")
def unlock(officer_id: str, visit: Keeper) -> Response:
    """End the lock of an account."""
    visit.service.accounts.officers.unlock(visit.actor, officer_id)
    return visit.go(_LIST, done="unlocked")


@router.get("/administration/officers/{officer_id}/reset")
def ask_reset(officer_id: str, visit: Keeper) -> Response:
    """Ask before an account is reset."""
    return danger.ask(visit, _resetting(visit, officer_id), template=_RESET)


@router.post(
    "/administration/officers/{officer_id}/reset",
    dependencies=[hashing_place(RequirePermission(Permission.MANAGE_OFFICER))],
)
def reset(officer_id: str, visit: Keeper) -> Response:
    """Give a new first password; it is on the page that answers, and nowhere else."""
    factor = visit.posted.text("second_factor") == "yes"
    officers = visit.service.accounts.officers
    row = officers.get(visit.actor, officer_id)

    def reset(reason: str) -> Response:
        try:
            password = officers.reset(visit.actor, officer_id, second_factor=factor, reason=reason)
        except ActWaits as act:
            return approvals.waits(visit, act, row.login)
        return _page(visit, once=(row.login, password))

    return danger.answered(visit, lambda: _resetting(visit, officer_id), reset, _RESET)


def _edited(
    visit: OfficerRequest, officer_id: str, changes: dict[str, Any], reason: str | None
) -> Response:
    """Change an account, and answer."""
    version = visit.posted.number("version")
    try:
        visit.service.accounts.officers.edit(visit.actor, officer_id, changes, version, reason)
    except ActWaits as act:
        return approvals.waits(visit, act)
    return visit.go(_LIST, done="saved")


def _switching_off(visit: OfficerRequest, officer_id: str) -> Question:
    """Return what switching an account off is asked about."""
    speech = visit.speech
    found = visit.service.accounts.officers.consequences(visit.actor, officer_id)
    row = found.officer
    says = [
        speech("Sign-ins that end at once: %(n)s.", n=found.sessions),
        speech("Alerts that the officer has taken and not closed: %(n)s.", n=found.taken_alerts),
        speech("Open requests that the officer made, which lapse: %(n)s.", n=found.open_requests),
        speech("A second person may have to accept that it is switched on again.")
        if found.takes_two
        else speech("Nothing is erased, and it can be switched on again."),
    ]
    return Question(
        speech("Switch this account off?"),
        f"{row.name} ({row.login})",
        tuple(says),
        speech("Switch off"),
        _LIST,
        row.version,
    )


def _resetting(visit: OfficerRequest, officer_id: str) -> Question:
    """Return what a new first password is asked about."""
    speech = visit.speech
    row = visit.service.accounts.officers.get(visit.actor, officer_id)
    says = (
        speech("The password until now is refused, and every session of the account ends."),
        speech("The new first password is shown once: hand it over in person."),
        speech("A second person may have to accept it first."),
    )
    return Question(
        speech("Give a new first password?"),
        f"{row.name} ({row.login})",
        says,
        speech("New first password"),
        _LIST,
    )


def _changed(typed: FormData, model: type[OfficerPatch]) -> dict[str, object]:
    """Return what a row of the list changes; without any role ticked, they stay as they were."""
    del model
    found: dict[str, object] = {}
    if typed.texts("roles"):
        found["roles"] = typed.texts("roles")
    if typed.text("name"):
        found["name"] = typed.text("name")
    if "service_number" in typed.values:
        found["service_number"] = typed.text("service_number") or None
    return found | ({"reason": typed.text("reason")} if typed.text("reason") else {})


def _page(
    visit: OfficerRequest,
    form: Form[OfficerIn] | None = None,
    once: tuple[str, str | None] | None = None,
) -> Response:
    """Show the list and the form of a new one, with a secret that is shown this once."""
    records, actor = visit.service, visit.actor
    form = form or Form(OfficerIn, FormData({"agency_id": (visit.officer.agency_id,)}))
    notice = visit.approval_notice
    agencies = {each.id: each for each in records.accounts.agencies.page(actor, None, None)}
    everywhere = visit.may(Permission.MANAGE_AGENCY)
    officers = records.accounts.officers.page(actor, None, None)
    return visit.page(
        "officers.html",
        status=form.status,
        form=form,
        once=once,
        officers=officers,
        locks=records.accounts.officers.locks(officers),
        agencies=agencies,
        roles=_ROLES,
        # An agency's own administrator gives no role that reads what is others'.
        new_roles=[role for role in _ROLES if everywhere or role is not Role.COORDINATOR],
        everywhere=everywhere,
        founding=notice is not None and notice.founding,
    )
