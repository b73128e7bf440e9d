"""Administration of API keys."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import messages
from api.console.page import OfficerRequest, RequirePermission
from api.forms import validated
from api.problems import RequestInvalid
from api.v1.keys.schemas import KeyIn
from casework.accounts.api_keys import NewKey
from casework.kernel.errors import NotFound, NotPermitted
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import Scope

router: Final = APIRouter(include_in_schema=False)

Keeper = Annotated[OfficerRequest, Depends(RequirePermission(Permission.MANAGE_KEY))]


@router.get("/administration/keys")
def show(visit: Keeper) -> Response:
    """List keys, and the form of a new one."""
    return _page(visit)


@router.post("/administration/keys")
def create(visit: Keeper) -> Response:
    """Make a key; its text is on the page that answers, and nowhere else."""
    try:
        posted = visit.posted
        values = {
            "name": posted.text("name"),
            "scopes": posted.texts("scopes"),
            # Typed into one line; nothing means all ports.
            "ports": posted.text("ports").upper().replace(",", " ").split() or None,
            "agency_id": posted.text("agency_id") or None,
        }
        body = validated(KeyIn, values)
        new = NewKey(
            body.name,
            frozenset(body.scopes),
            frozenset(body.ports) if body.ports else None,
            body.agency_id or visit.officer.agency_id,
        )
        record, text = visit.service.accounts.keys.create(visit.actor, new)
    except (RequestInvalid, NotFound, NotPermitted) as error:
        return _page(visit, status=422, fault=messages.translated_error(error, visit.speech))
    return _page(visit, shown=(record.name, text))


@router.post("/administration/keys/{key_id}/revoke")
def revoke(key_id: str, visit: Keeper) -> Response:
    """Take a key out of force at once."""
    visit.service.accounts.keys.revoke(visit.actor, key_id)
    return visit.go("/administration/keys", done="saved")


def _page(
    visit: OfficerRequest,
    *,
    status: int = 200,
    fault: str = "",
    shown: tuple[str, str] | None = None,
) -> Response:
    records, actor = visit.service, visit.actor
    return visit.page(
        "keys.html",
        status=status,
        fault=fault,
        shown=shown,
        keys=records.accounts.keys.all(actor),
        agencies={each.id: each for each in records.accounts.agencies.page(actor, None, None)},
        scopes=tuple(Scope),
        everywhere=visit.may(Permission.MANAGE_AGENCY),
    )
