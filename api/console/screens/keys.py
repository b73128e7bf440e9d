"""Administration of API keys."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import danger
from api.console.danger import Question
from api.console.forms import Form, FormData, as_typed, ports_in
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.problems import RequestInvalid
from api.v1.keys.schemas import KeyIn
from casework.accounts.api_keys import OVERLAP, NewKey
from casework.kernel.errors import InvalidKey, NotFound, NotPermitted
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import Scope

router: Final = APIRouter(include_in_schema=False)

_SENTENCES: Final = {
    "name": msg("Write the name."),
    "scopes": msg("Choose at least one thing that the key may do."),
    "ports": msg("Codes such as CGK IDBTM, of lodgings HTL-0042; nothing means all."),
}

Keeper = Annotated[OfficerRequest, Depends(RequirePermission(Permission.MANAGE_KEY))]


@router.get("/administration/keys")
def show(visit: Keeper) -> Response:
    """List keys, and the form of a new one."""
    return _page(visit)


@router.post("/administration/keys")
def create(visit: Keeper) -> Response:
    """Make a key; its text is on the page that answers, and nowhere else."""
    form = Form(KeyIn, visit.posted, _read, _SENTENCES)
    try:
        body = form.parse()
        new = NewKey(
            body.name,
            frozenset(body.scopes),
            frozenset(body.ports) if body.ports else None,
            body.agency_id or visit.officer.agency_id,
            body.days,
        )
        record, text = visit.service.accounts.keys.create(visit.actor, new)
    except (RequestInvalid, NotFound, NotPermitted, InvalidKey) as error:
        return _page(visit, form.refused(error, visit.speech))
    return _page(visit, once=(record.name, text))


@router.get("/administration/keys/{key_id}/rotate")
def ask_rotate(key_id: str, visit: Keeper) -> Response:
    """Ask before a key's secret is replaced."""
    return danger.ask(visit, _rotation(visit, key_id))


@router.post("/administration/keys/{key_id}/rotate")
def rotate(key_id: str, visit: Keeper) -> Response:
    """Give a key a new secret; the present one stays in force for a day."""

    def rotate(reason: str) -> Response:
        record, text = visit.service.accounts.keys.rotate(
            visit.actor, key_id, reason=reason, version=visit.posted.text("version")
        )
        return _page(visit, once=(record.name, text))

    return danger.answered(visit, lambda: _rotation(visit, key_id), rotate)


@router.get("/administration/keys/{key_id}/revoke")
def ask_revoke(key_id: str, visit: Keeper) -> Response:
    """Ask before a key is revoked."""
    return danger.ask(visit, _revocation(visit, key_id))


@router.post("/administration/keys/{key_id}/revoke")
def revoke(key_id: str, visit: Keeper) -> Response:
    """Take a key out of force at once."""

    def revoke(reason: str) -> Response:
        visit.service.accounts.keys.revoke(visit.actor, key_id, reason=reason)
        return visit.go("/administration/keys", done="saved")

    return danger.answered(visit, lambda: _revocation(visit, key_id), revoke)


@router.post("/administration/keys/{key_id}/restore")
def restore(key_id: str, visit: Keeper) -> Response:
    """Take a revocation back."""
    visit.service.accounts.keys.restore(visit.actor, key_id)
    return visit.go("/administration/keys", done="restored")


def _rotation(visit: OfficerRequest, key_id: str) -> Question:
    """Return what a new secret of a key is asked about."""
    speech, keys = visit.speech, visit.service.accounts.keys
    record = keys.get(visit.actor, key_id)
    hours = OVERLAP // timedelta(hours=1)
    says = [
        speech("The new secret is shown once: give it to the program that uses the key."),
        speech(
            "The present secret works for %(hours)s hours more, then it is refused.", hours=hours
        ),
    ]
    if (until := keys.former_works(record)) is not None:
        says.append(
            speech(
                "The secret before it would work until %(when)s, and is refused at once.",
                when=speech.when(until),
            )
        )
    return Question(
        speech("Give this key a new secret?"),
        f"{record.name} ({record.id})",
        tuple(says),
        speech("New secret"),
        "/administration/keys",
        record.version,
    )


def _revocation(visit: OfficerRequest, key_id: str) -> Question:
    """Return what revoking a key is asked about."""
    speech, keys = visit.speech, visit.service.accounts.keys
    record = keys.get(visit.actor, key_id)
    says = [speech("Whatever shows this key is refused from now on.")]
    if Scope.SCREEN in record.scopes:
        ports = " ".join(record.ports) if record.ports is not None else speech("All")
        says.append(speech("It screens travellers, at: %(ports)s.", ports=ports))
    hours = keys.undo // timedelta(hours=1)
    if hours:
        text = msg("For %(hours)s hours the revocation can be taken back.")
        says.append(speech(text, hours=hours))
    return Question(
        speech("Revoke this key?"),
        f"{record.name} ({record.id})",
        tuple(says),
        speech("Revoke"),
        "/administration/keys",
    )


def _read(typed: FormData, model: type[KeyIn]) -> dict[str, object]:
    """Return the fields as the interface for programs has them; no port means all."""
    return as_typed(typed, model) | {"ports": ports_in(typed.text("ports")) or None}


def _page(
    visit: OfficerRequest,
    form: Form[KeyIn] | None = None,
    once: tuple[str, str] | None = None,
) -> Response:
    """Show the list and the form of a new one, with a secret that is shown this once."""
    records, actor = visit.service, visit.actor
    form = form or Form(KeyIn, FormData({"agency_id": (visit.officer.agency_id,)}))
    return visit.page(
        "keys.html",
        status=form.status,
        form=form,
        once=once,
        keys=records.accounts.keys.all(actor),
        restorable=records.accounts.keys.restorable,
        agencies={each.id: each for each in records.accounts.agencies.page(actor, None, None)},
        scopes=tuple(Scope),
        days=records.accounts.keys.rules,
        expires_soon=records.accounts.keys.expires_soon,
        now=records.review.queue.now(),
        everywhere=visit.may(Permission.MANAGE_AGENCY),
    )
