"""An officer's own account: first and later passwords, second factor, language and theme."""

from typing import Annotated, Any, Final

import segno
from fastapi import APIRouter, Depends
from markupsafe import Markup
from starlette.responses import Response

from api.console import messages
from api.console.page import OfficerRequest, RequirePermission
from api.console.urls import ACCOUNT
from api.dependencies import hashing_place
from casework.accounts.passwords import LEAST_LENGTH
from casework.accounts.totp import provisioning_uri
from casework.kernel.errors import IllegalTransition, NotConfirmed, StaleVersion, WeakPassword
from casework.kernel.permissions import Permission

router: Final = APIRouter(include_in_schema=False)

Someone = Annotated[OfficerRequest, Depends(RequirePermission(Permission.OWN_ACCOUNT))]


@router.get(ACCOUNT)
def show(visit: Someone) -> Response:
    """Show the account; of one that is not complete, what has to be set first."""
    return _page(visit)


@router.post(
    "/account/password", dependencies=[hashing_place(RequirePermission(Permission.OWN_ACCOUNT))]
)
def change_password(visit: Someone) -> Response:
    """Change the password."""
    posted = visit.posted
    new = posted.raw("new")
    if new != posted.raw("again"):
        fault = visit.speech("The two new passwords are not the same.")
        return _page(visit, 422, password_fault=fault)
    try:
        visit.service.accounts.account.change_password(visit.actor, posted.raw("present"), new)
    except (NotConfirmed, WeakPassword, StaleVersion) as error:
        return _page(visit, 422, password_fault=messages.translated_error(error, visit.speech))
    return visit.go(ACCOUNT, done="password_changed")


@router.post(
    "/account/second-factor",
    dependencies=[hashing_place(RequirePermission(Permission.OWN_ACCOUNT))],
)
def offer_second_factor(visit: Someone) -> Response:
    """Make a shared secret and show it, this once."""
    try:
        offer = visit.service.accounts.account.offer_second_factor(
            visit.actor, visit.posted.raw("present")
        )
    except (NotConfirmed, IllegalTransition, StaleVersion) as error:
        return _page(visit, 422, factor_fault=messages.translated_error(error, visit.speech))
    return _page(visit, secret=offer.secret)


@router.post("/account/second-factor/confirm")
def confirm_second_factor(visit: Someone) -> Response:
    """Put the shared secret into use, once a code shows that the app has it."""
    try:
        visit.service.accounts.account.confirm_second_factor(visit.actor, visit.posted.text("code"))
    except IllegalTransition as error:
        return _page(visit, 409, factor_fault=messages.translated_error(error, visit.speech))
    except NotConfirmed as error:
        # The browser still shows what was offered: it is drawn again from what it sends.
        secret, fault = visit.posted.text("secret"), messages.translated_error(error, visit.speech)
        return _page(visit, 422, secret=secret, factor_fault=fault)
    return visit.go(ACCOUNT, done="second_factor_set")


@router.get("/account/{form:path}")
async def back(form: str, visit: Someone) -> Response:
    """Show the account where an answer to one of its forms is asked for again."""
    del form
    return visit.go(ACCOUNT)


def _page(visit: OfficerRequest, status: int = 200, secret: str = "", **values: Any) -> Response:  # noqa: ANN401
    officer = visit.service.accounts.account.get(visit.actor)
    uri = provisioning_uri(secret, officer.login) if secret else ""
    known = {"password_fault": "", "factor_fault": "", **values}
    return visit.page(
        "account.html",
        status=status,
        officer=officer,
        agency=visit.service.accounts.agencies.get(visit.actor, officer.agency_id)
        if not visit.actor.incomplete
        else None,
        must_change=officer.must_change_password,
        must_have_factor=visit.actor.incomplete is not None and not officer.must_change_password,
        least=LEAST_LENGTH,
        secret=secret,
        uri=uri,
        code=_drawn(uri),
        **known,
    )


def _drawn(uri: str) -> Markup:
    """Draw a QR code as SVG, in ink on paper whatever the theme: readers expect that."""
    if not uri:
        return Markup()
    drawn = segno.make(uri, error="m").svg_inline(
        scale=5, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True
    )
    return Markup(drawn)  # noqa: S704 - squares that the library drew
