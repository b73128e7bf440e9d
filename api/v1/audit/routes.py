"""The audit trail: read, checked and exported by auditors."""

from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from api import problems
from api.dependencies import Allowed, TheTrail, TheZone
from api.pages import NumberedPage, page_of
from api.routing import StrictRoute
from api.v1.audit.schemas import AuditQuery, AuditRecordOut, VerdictOut
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission

router: Final = APIRouter(prefix="/v1/audit", tags=["audit"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_AUDIT))]
Verifier = Annotated[Actor, Depends(Allowed(Permission.VERIFY_AUDIT))]

NDJSON: Final = "application/x-ndjson"

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted)


@router.get(
    "",
    response_model=NumberedPage[AuditRecordOut],
    summary="Read the audit trail",
    responses=problems.responses(*_COMMON, problems.RequestInvalid),
)
def page(
    trail: TheTrail,
    actor: Reader,
    query: Annotated[AuditQuery, Query()],
    zone: TheZone,
) -> NumberedPage[AuditRecordOut]:
    """Return acts of your agency and acts on what belongs to it, newest first."""
    rows, following = page_of(
        lambda most: trail.page(actor, query.before, most, query.chosen(zone)),
        query.limit,
        lambda row: row.seq,
    )
    items = [AuditRecordOut.model_validate(row) for row in rows]
    return NumberedPage[AuditRecordOut](items=items, next=following)


@router.get(
    "/verify",
    response_model=VerdictOut,
    summary="Check the whole audit trail",
    responses=problems.responses(*_COMMON),
)
def verify(trail: TheTrail, actor: Verifier) -> VerdictOut:
    """Look for the first record that is altered, missing or out of its place."""
    return VerdictOut.model_validate(trail.verify(actor))


@router.get(
    "/export",
    response_class=StreamingResponse,
    summary="Export the audit trail",
    responses={
        200: {
            "description": "A JSON object a line: `record`, the text that was hashed, and `hash`.",
            "content": {NDJSON: {"schema": {"type": "string"}}},
        },
        **problems.responses(*_COMMON),
    },
)
def export(trail: TheTrail, actor: Reader) -> StreamingResponse:
    """Return every record you may read, oldest first.

    Anyone can check an export of the whole trail, without a key: `siaga audit verify --export`.
    """
    lines = trail.export(actor)
    headers = {
        "Content-Disposition": 'attachment; filename="audit.ndjson"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_ended(lines), media_type=NDJSON, headers=headers)


def _ended(lines: Iterator[str]) -> Iterator[str]:
    return (f"{line}\n" for line in lines)
