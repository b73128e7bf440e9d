"""An officer's own account: first and later passwords, second factor, language and theme."""

from contextlib import suppress
from typing import Annotated, Final

import segno
from fastapi import APIRouter, Depends
from markupsafe import Markup
from pydantic import BaseModel, ValidationInfo, field_validator
from starlette.responses import Response

from api.console.forms import Form, FormData
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.console.urls import ACCOUNT
from api.dependencies import hashing_place
from api.problems import RequestInvalid
from casework.accounts.passwords import LEAST_LENGTH
from casework.accounts.totp import provisioning_uri
from casework.kernel.errors import (
    IllegalTransition,
    NotConfirmed,
    NotFound,
    StaleVersion,
    WeakPassword,
)
from casework.kernel.permissions import Permission

router: Final = APIRouter(include_in_schema=False)

Someone = Annotated[OfficerRequest, Depends(RequirePermission(Permission.OWN_ACCOUNT))]

_REFUSED: Final = 422
_SENTENCES: Final = {"again": msg("The two new passwords are not the same.")}


class PasswordForm(BaseModel):
    """A new password, typed twice."""

    present: str
    new: str
    again: str

    @field_validator("again")
    @classmethod
    def _the_same(cls, value: str, info: ValidationInfo) -> str:
        if value != info.data["new"]:
            raise ValueError("the two new passwords are not the same")
        return value


class FactorForm(BaseModel):
    """The present password, or a code with the secret that was offered."""

    present: str = ""
    code: str = ""
    secret: str = ""


@router.get(ACCOUNT)
def show(visit: Someone) -> Response:
    """Show the account; of one that is not complete, what has to be set first."""
    return _page(visit)


@router.post(
    "/account/password", dependencies=[hashing_place(RequirePermission(Permission.OWN_ACCOUNT))]
)
def change_password(visit: Someone) -> Response:
    """Change the password."""
    form = Form(PasswordForm, visit.posted, _as_it_is, _SENTENCES)
    try:
        body = form.parse()
        visit.service.accounts.account.change_password(visit.actor, body.present, body.new)
    except (RequestInvalid, NotConfirmed, WeakPassword, StaleVersion) as error:
        return _page(visit, password=form.refused(error, visit.speech, status=_REFUSED))
    return visit.go(ACCOUNT, done="password_changed")


@router.post(
    "/account/second-factor",
    dependencies=[hashing_place(RequirePermission(Permission.OWN_ACCOUNT))],
)
def offer_second_factor(visit: Someone) -> Response:
    """Make a shared secret and show it, this once."""
    form = Form(FactorForm, visit.posted, _as_it_is)
    present = form.parse().present
    try:
        offer = visit.service.accounts.account.offer_second_factor(visit.actor, present)
    except (NotConfirmed, IllegalTransition, StaleVersion) as error:
        return _page(visit, factor=form.refused(error, visit.speech, status=_REFUSED))
    return _page(visit, secret=offer.secret)


@router.post("/account/second-factor/confirm")
def confirm_second_factor(visit: Someone) -> Response:
    """Put the shared secret into use, once a code shows that the app has it."""
    form = Form(FactorForm, visit.posted)
    body = form.parse()
    try:
        codes = visit.service.accounts.account.confirm_second_factor(visit.actor, body.code)
    except IllegalTransition as error:
        return _page(visit, factor=form.refused(error, visit.speech))
    except NotConfirmed as error:
        # The browser still shows what was offered: it is drawn again from what it sends.
        return _page(visit, factor=form.refused(error, visit.speech), secret=body.secret)
    return _page(visit, codes=codes)


@router.post(
    "/account/recovery-codes",
    dependencies=[hashing_place(RequirePermission(Permission.OWN_ACCOUNT))],
)
def renew_recovery_codes(visit: Someone) -> Response:
    """Replace the recovery codes and show them, this once."""
    form = Form(FactorForm, visit.posted, _as_it_is)
    present = form.parse().present
    try:
        codes = visit.service.accounts.account.renew_recovery_codes(visit.actor, present)
    except (NotConfirmed, IllegalTransition, StaleVersion) as error:
        return _page(visit, factor=form.refused(error, visit.speech, status=_REFUSED))
    return _page(visit, codes=codes)


@router.post("/account/sessions/end-others")
def end_other_sessions(visit: Someone) -> Response:
    """End every session of the officer's but this one."""
    visit.service.accounts.sessions.end_others(visit.actor)
    return visit.go(ACCOUNT, done="sessions_ended")


@router.post("/account/sessions/{session_id}/end")
def end_session(session_id: str, visit: Someone) -> Response:
    """End one session of the officer's."""
    with suppress(NotFound):  # it ended by itself meanwhile
        visit.service.accounts.sessions.end_own(visit.actor, session_id)
    return visit.go(ACCOUNT, done="sessions_ended")


@router.get("/account/{form:path}")
async def back(form: str, visit: Someone) -> Response:
    """Show the account where an answer to one of its forms is asked for again."""
    del form
    return visit.go(ACCOUNT)


def _as_it_is(typed: FormData, model: type[BaseModel]) -> dict[str, object]:
    """Return the fields exactly as typed: a password's spaces count."""
    return {name: typed.raw(name) for name in model.model_fields}


def _page(
    visit: OfficerRequest,
    *,
    password: Form[PasswordForm] | None = None,
    factor: Form[FactorForm] | None = None,
    secret: str = "",
    codes: tuple[str, ...] = (),
) -> Response:
    password, factor = password or Form(PasswordForm), factor or Form(FactorForm)
    officer = visit.service.accounts.account.get(visit.actor)
    uri = provisioning_uri(secret, officer.login) if secret else ""
    return visit.page(
        "account.html",
        status=password.status if password.message else factor.status,
        password=password,
        factor=factor,
        officer=officer,
        agency=visit.service.accounts.agencies.get(visit.actor, officer.agency_id)
        if not visit.actor.incomplete
        else None,
        must_change=officer.must_change_password,
        must_have_factor=visit.actor.incomplete is not None
        and not officer.must_change_password
        and not officer.totp_confirmed,
        least=LEAST_LENGTH,
        secret=secret,
        uri=uri,
        codes=codes,
        codes_left=visit.service.accounts.account.recovery_codes_left(visit.actor),
        sessions=visit.service.accounts.sessions.own(visit.actor),
        code=_drawn(uri),
    )


def _drawn(uri: str) -> Markup:
    """Draw a QR code as SVG, in ink on paper whatever the theme: readers expect that."""
    if not uri:
        return Markup()
    drawn = segno.make(uri, error="m").svg_inline(
        scale=5, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True
    )
    return Markup(drawn)  # noqa: S704 - squares that the library drew
