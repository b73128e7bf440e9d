"""Administration of webhooks, and what became of their deliveries."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import danger
from api.console.danger import Question
from api.console.forms import Form, FormData
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.problems import RequestInvalid
from api.v1.webhooks.schemas import WebhookIn
from casework.kernel.errors import NotFound, TargetRefused
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import EventKind
from casework.webhooks.webhooks import OVERLAP, NewWebhook

router: Final = APIRouter(include_in_schema=False)

_SENTENCES: Final = {
    "url": msg("Write the address."),
    "events": msg("Choose at least one event."),
}

Keeper = Annotated[OfficerRequest, Depends(RequirePermission(Permission.MANAGE_WEBHOOK))]

_LIST: Final = "/administration/webhooks"
_MOST: Final = 200
_DELIVERIES: Final = 50


@router.get("/administration/webhooks")
def show(visit: Keeper) -> Response:
    """List webhooks, and the form of a new one."""
    return _page(visit)


@router.post("/administration/webhooks")
def create(visit: Keeper) -> Response:
    """Register a webhook; its secret is on the page that answers, and nowhere else."""
    form = Form(WebhookIn, visit.posted, sentences=_SENTENCES)
    try:
        body = form.parse()
        new = NewWebhook(
            body.url, body.events, body.description, body.agency_id or visit.officer.agency_id
        )
        row, secret = visit.service.exchange.webhooks.create(visit.actor, new)
    except (RequestInvalid, TargetRefused, NotFound) as error:
        return _page(visit, form.refused(error, visit.speech))
    return _page(visit, once=(row.url, secret))


@router.get("/administration/webhooks/{webhook_id}")
def deliveries(webhook_id: str, visit: Keeper) -> Response:
    """Show the last deliveries of one webhook."""
    records, actor = visit.service, visit.actor
    return visit.page(
        "webhook.html",
        webhook=records.exchange.webhooks.get(actor, webhook_id),
        deliveries=records.exchange.deliveries.page(actor, webhook_id, None, _DELIVERIES),
    )


@router.post("/administration/webhooks/{webhook_id}/test")
def test(webhook_id: str, visit: Keeper) -> Response:
    """Send a test message."""
    visit.service.exchange.deliveries.ping(visit.actor, webhook_id)
    return visit.go(f"{_LIST}/{webhook_id}", done="sent")


@router.get("/administration/webhooks/{webhook_id}/rotate")
def ask_rotate(webhook_id: str, visit: Keeper) -> Response:
    """Ask before a webhook's secret is replaced."""
    return danger.ask(visit, _rotation(visit, webhook_id))


@router.post("/administration/webhooks/{webhook_id}/rotate")
def rotate(webhook_id: str, visit: Keeper) -> Response:
    """Give a new secret; it is on the page that answers, and nowhere else."""

    def rotate(reason: str) -> Response:
        row, secret = visit.service.exchange.webhooks.rotate(
            visit.actor, webhook_id, reason=reason, version=visit.posted.number("version")
        )
        return _page(visit, once=(row.url, secret))

    return danger.answered(visit, lambda: _rotation(visit, webhook_id), rotate)


@router.get("/administration/webhooks/{webhook_id}/off")
def ask_off(webhook_id: str, visit: Keeper) -> Response:
    """Ask before a webhook is switched off."""
    return danger.ask(visit, _switching_off(visit, webhook_id))


@router.post("/administration/webhooks/{webhook_id}/off")
def switch_off(webhook_id: str, visit: Keeper) -> Response:
    """Switch a webhook off: nothing is sent there any more."""

    def off(reason: str) -> Response:
        version = visit.posted.number("version")
        webhooks = visit.service.exchange.webhooks
        webhooks.edit(visit.actor, webhook_id, {"active": False}, version, reason)
        return visit.go(_LIST, done="saved")

    return danger.answered(visit, lambda: _switching_off(visit, webhook_id), off)


@router.post("/administration/webhooks/{webhook_id}/on")
def switch_on(webhook_id: str, visit: Keeper) -> Response:
    """Switch a webhook on again; what waited is tried at once."""
    version = visit.posted.number("version")
    visit.service.exchange.webhooks.edit(visit.actor, webhook_id, {"active": True}, version)
    visit.service.kernel.outbox.ring()
    return visit.go(_LIST, done="saved")


@router.get("/administration/webhooks/{webhook_id}/remove")
def ask_remove(webhook_id: str, visit: Keeper) -> Response:
    """Ask before a webhook is removed."""
    return danger.ask(visit, _removal(visit, webhook_id))


@router.post("/administration/webhooks/{webhook_id}/remove")
def remove(webhook_id: str, visit: Keeper) -> Response:
    """Remove a webhook with its deliveries."""

    def remove(reason: str) -> Response:
        visit.service.exchange.webhooks.remove(visit.actor, webhook_id, reason=reason)
        return visit.go(_LIST, done="removed")

    return danger.answered(visit, lambda: _removal(visit, webhook_id), remove)


def _rotation(visit: OfficerRequest, webhook_id: str) -> Question:
    """Return what a new secret of a webhook is asked about."""
    speech = visit.speech
    row = visit.service.exchange.webhooks.get(visit.actor, webhook_id)
    hours = OVERLAP // timedelta(hours=1)
    says = (
        speech("The new secret is shown once: give it to the receiver."),
        speech(
            "For %(hours)s hours more, messages are signed with the present secret too.",
            hours=hours,
        ),
    )
    return Question(
        speech("Give this webhook a new secret?"),
        row.url,
        says,
        speech("New secret"),
        _LIST,
        row.version,
    )


def _switching_off(visit: OfficerRequest, webhook_id: str) -> Question:
    """Return what switching a webhook off is asked about."""
    speech, webhooks = visit.speech, visit.service.exchange.webhooks
    row = webhooks.get(visit.actor, webhook_id)
    waiting = webhooks.waiting(visit.actor, webhook_id)
    events = ", ".join(sorted(row.events))
    says = (
        speech("Nothing is sent there until it is on again: %(events)s.", events=events),
        speech("Messages still to be delivered: %(n)s. They wait, and may get too old.", n=waiting),
    )
    return Question(
        speech("Switch this webhook off?"), row.url, says, speech("Switch off"), _LIST, row.version
    )


def _removal(visit: OfficerRequest, webhook_id: str) -> Question:
    """Return what removing a webhook is asked about."""
    speech = visit.speech
    row = visit.service.exchange.webhooks.get(visit.actor, webhook_id)
    events = ", ".join(sorted(row.events))
    says = (
        speech("Nothing is sent there any more: %(events)s.", events=events),
        speech("What is still to be delivered, and the log, are gone at once and for good."),
    )
    return Question(speech("Remove this webhook?"), row.url, says, speech("Remove"), _LIST)


def _blank(visit: OfficerRequest) -> Form[WebhookIn]:
    """Return the form of a new webhook, for one's own agency and every event."""
    events = tuple(kind.value for kind in EventKind)
    return Form(WebhookIn, FormData({"agency_id": (visit.officer.agency_id,), "events": events}))


def _page(
    visit: OfficerRequest,
    form: Form[WebhookIn] | None = None,
    once: tuple[str, str] | None = None,
) -> Response:
    """Show the list and the form of a new one, with a secret that is shown this once."""
    records, actor = visit.service, visit.actor
    form = form or _blank(visit)
    return visit.page(
        "webhooks.html",
        status=form.status,
        form=form,
        once=once,
        webhooks=records.exchange.webhooks.page(actor, None, _MOST),
        agencies={each.id: each for each in records.accounts.agencies.page(actor, None, None)},
        kinds=tuple(EventKind),
        everywhere=visit.may(Permission.MANAGE_AGENCY),
    )
