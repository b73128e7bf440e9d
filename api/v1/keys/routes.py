"""API keys: made and revoked by administrators."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends

from api import problems
from api.dependencies import Allowed, TheKeys
from api.pages import Page, page_of
from api.routing import After, StrictRoute
from api.v1.common import ReasonIn
from api.v1.keys.schemas import KeyIn, KeyOut, KeyRotationIn, NewKeyOut
from casework.accounts.api_keys import NewKey
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission

router: Final = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=StrictRoute)

Manager = Annotated[Actor, Depends(Allowed(Permission.MANAGE_KEY))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)


@router.post(
    "",
    status_code=201,
    response_model=NewKeyOut,
    summary="Make a key",
    responses=problems.responses(*_COMMON, errors.NotFound, errors.InvalidKey),
)
def create(body: KeyIn, keys: TheKeys, actor: Manager) -> NewKeyOut:
    """Make a key; its text is shown once.

    A key that screens searches every agency's watchlists: the agency that runs the installation
    makes those.
    """
    ports = frozenset(body.ports) if body.ports is not None else None
    agency_id = body.agency_id or actor.agency_id
    new = NewKey(body.name, frozenset(body.scopes), ports, agency_id, body.days)
    record, text = keys.create(actor, new)
    return NewKeyOut.model_validate({**asdict(record), "key": text})


@router.get(
    "", response_model=Page[KeyOut], summary="List keys", responses=problems.responses(*_COMMON)
)
def page(keys: TheKeys, actor: Manager, query: After) -> Page[KeyOut]:
    """Return the keys you keep, in order of making, revoked ones included."""
    rows, following = page_of(lambda most: keys.page(actor, query.after, most), query.limit)
    items = [KeyOut.model_validate(row) for row in rows]
    return Page[KeyOut](items=items, next=following)


@router.post(
    "/{key_id}/rotate",
    response_model=NewKeyOut,
    summary="Replace a key's secret",
    responses=problems.responses(
        *_COMMON, errors.NotFound, errors.IllegalTransition, errors.InvalidKey
    ),
)
def rotate(key_id: str, body: KeyRotationIn, keys: TheKeys, actor: Manager) -> NewKeyOut:
    """Give a key a new secret, which is shown once; the present one stays in force for a while."""
    overlap = timedelta(seconds=body.overlap_s)
    record, text = keys.rotate(actor, key_id, overlap, body.days, reason=body.reason)
    return NewKeyOut.model_validate({**asdict(record), "key": text})


@router.post(
    "/{key_id}/revoke",
    response_model=KeyOut,
    summary="Revoke a key",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def revoke(key_id: str, body: ReasonIn, keys: TheKeys, actor: Manager) -> KeyOut:
    """Take a key out of force at once; its record stays.

    Within `undo_hours`, `/restore` takes it back.
    """
    return KeyOut.model_validate(keys.revoke(actor, key_id, reason=body.reason))


@router.post(
    "/{key_id}/restore",
    response_model=KeyOut,
    summary="Take a key's revocation back",
    responses=problems.responses(*_COMMON, errors.NotFound, errors.IllegalTransition),
)
def restore(key_id: str, keys: TheKeys, actor: Manager) -> KeyOut:
    """Put a key back into force that was revoked by mistake, within the time for that."""
    return KeyOut.model_validate(keys.restore(actor, key_id))
