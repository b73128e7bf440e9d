"""Webhooks: kept by an agency's administrators."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response

from api import problems
from api.dependencies import (
    Allowed,
    ReadVersion,
    TheDeliveries,
    TheOutbox,
    TheWebhooks,
    TheZone,
    etag,
)
from api.pages import Page, page_of
from api.routing import After, StrictRoute
from api.v1.common import ReasonIn
from api.v1.webhooks.schemas import (
    DeliveryOut,
    DeliveryQuery,
    ReplayIn,
    ReplayOut,
    RotationIn,
    WebhookIn,
    WebhookMade,
    WebhookOut,
    WebhookPatch,
)
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.tables import Webhook
from casework.webhooks.webhooks import NewWebhook

router: Final = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=StrictRoute)

Manager = Annotated[Actor, Depends(Allowed(Permission.MANAGE_WEBHOOK))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)


@router.post(
    "",
    status_code=201,
    response_model=WebhookMade,
    summary="Register a webhook",
    responses=problems.responses(*_COMMON, errors.NotFound, errors.TargetRefused),
)
def create(
    body: WebhookIn, response: Response, webhooks: TheWebhooks, actor: Manager
) -> WebhookMade:
    """Register an address; the answer holds the secret, which is not shown again."""
    agency_id = body.agency_id
    if agency_id is None and body.key_id is None:
        agency_id = actor.agency_id
    new = NewWebhook(body.url, body.events, body.description, agency_id, body.key_id)
    row, secret = webhooks.create(actor, new)
    response.headers["Location"] = f"/v1/webhooks/{row.id}"
    response.headers["ETag"] = etag(row.version)
    return WebhookMade.of(row, secret)


@router.get(
    "",
    response_model=Page[WebhookOut],
    summary="List webhooks",
    responses=problems.responses(*_COMMON),
)
def page(webhooks: TheWebhooks, actor: Manager, query: After) -> Page[WebhookOut]:
    """Return the webhooks that you manage, in order of making."""
    rows, following = page_of(lambda most: webhooks.page(actor, query.after, most), query.limit)
    items = [WebhookOut.model_validate(row) for row in rows]
    return Page[WebhookOut](items=items, next=following)


@router.get(
    "/{webhook_id}",
    response_model=WebhookOut,
    summary="Read a webhook",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(webhook_id: str, response: Response, webhooks: TheWebhooks, actor: Manager) -> WebhookOut:
    """Return one webhook, with its version as ETag."""
    return _answer(webhooks.get(actor, webhook_id), response)


@router.patch(
    "/{webhook_id}",
    response_model=WebhookOut,
    summary="Change a webhook",
    responses=problems.responses(
        *_COMMON,
        errors.NotFound,
        errors.StaleVersion,
        errors.TargetRefused,
        errors.ReasonMissing,
    ),
)
def edit(
    webhook_id: str,
    body: WebhookPatch,
    response: Response,
    outbox: TheOutbox,
    webhooks: TheWebhooks,
    actor: Manager,
    version: ReadVersion,
) -> WebhookOut:
    """Change the fields that are sent; `active` switches it off, and on again after failures."""
    changes = body.changes()
    row = webhooks.edit(actor, webhook_id, changes, version, body.why)
    outbox.ring()
    return _answer(row, response)


@router.post(
    "/{webhook_id}/remove",
    status_code=204,
    summary="Remove a webhook",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def remove(webhook_id: str, body: ReasonIn, webhooks: TheWebhooks, actor: Manager) -> None:
    """Remove a webhook with its deliveries, for good."""
    webhooks.remove(actor, webhook_id, reason=body.reason)


@router.post(
    "/{webhook_id}/rotate",
    response_model=WebhookMade,
    summary="Replace the secret",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def rotate(
    webhook_id: str, body: RotationIn, response: Response, webhooks: TheWebhooks, actor: Manager
) -> WebhookMade:
    """Make a new secret; the former one signs too for a while, so that nothing is refused."""
    row, secret = webhooks.rotate(actor, webhook_id, body.overlap, reason=body.reason)
    response.headers["ETag"] = etag(row.version)
    return WebhookMade.of(row, secret)


@router.post(
    "/{webhook_id}/ping",
    status_code=202,
    response_model=DeliveryOut,
    summary="Try a webhook",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def ping(webhook_id: str, deliveries: TheDeliveries, actor: Manager) -> DeliveryOut:
    """Send an empty test message, once; its delivery shows the result."""
    return DeliveryOut.of(deliveries.ping(actor, webhook_id))


@router.get(
    "/{webhook_id}/deliveries",
    response_model=Page[DeliveryOut],
    summary="Read the delivery log",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def deliveries(
    webhook_id: str,
    deliveries: TheDeliveries,
    actor: Manager,
    query: Annotated[DeliveryQuery, Query()],
) -> Page[DeliveryOut]:
    """Return deliveries made and still to be made, the latest first."""
    rows, following = page_of(
        lambda most: deliveries.page(actor, webhook_id, query.before, most, query.state),
        query.limit,
    )
    items = [DeliveryOut.of(row) for row in rows]
    return Page[DeliveryOut](items=items, next=following)


@router.post(
    "/{webhook_id}/replay",
    status_code=202,
    response_model=ReplayOut,
    summary="Tell again",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def replay(
    webhook_id: str, body: ReplayIn, deliveries: TheDeliveries, actor: Manager, zone: TheZone
) -> ReplayOut:
    """Queue deliveries of the log once more, in their old order."""
    return ReplayOut(queued=deliveries.replay(actor, webhook_id, body.again(zone)))


def _answer(row: Webhook, response: Response) -> WebhookOut:
    response.headers["ETag"] = etag(row.version)
    return WebhookOut.model_validate(row)
