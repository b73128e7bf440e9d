"""The audit trail: read, checked and exported by auditors."""

from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from api import problems
from api.dependencies import Allowed, Limit, TheService
from api.pages import NumberedPage, page_of
from api.v1.audit.schemas import AuditRecordOut, VerdictOut
from api.v1.common import Time
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.audit.reader import AuditFilter
from casework.kernel.permissions import Permission

router: Final = APIRouter(prefix="/v1/audit", tags=["audit"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_AUDIT))]
Verifier = Annotated[Actor, Depends(Allowed(Permission.VERIFY_AUDIT))]
Words = Annotated[str | None, Query(max_length=200)]

NDJSON: Final = "application/x-ndjson"
_MOST_SEQ: Final = 2**63 - 1

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted)


@router.get(
    "",
    response_model=NumberedPage[AuditRecordOut],
    summary="Read the audit trail",
    responses=problems.responses(*_COMMON, problems.RequestInvalid),
)
def page(
    service: TheService,
    actor: Reader,
    actor_id: Words = None,
    action: Annotated[
        str | None,
        Query(max_length=60, description="An act, or its beginning up to a dot: `alert`."),
    ] = None,
    object_id: Words = None,
    outcome: Words = None,
    since: Time | None = None,
    until: Time | None = None,
    before: Annotated[
        int | None, Query(ge=1, le=_MOST_SEQ, description="The `next` of the page before.")
    ] = None,
    limit: Limit = 50,
) -> NumberedPage[AuditRecordOut]:
    """Return acts of your agency and acts on what belongs to it, newest first."""
    wanted = AuditFilter(actor_id, action, object_id, outcome, since, until)
    rows, following = page_of(
        lambda most: service.records.trail.page(actor, before, most, wanted),
        limit,
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
def verify(service: TheService, actor: Verifier) -> VerdictOut:
    """Look for the first record that is altered, missing or out of its place."""
    return VerdictOut.model_validate(service.records.trail.verify(actor))


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
def export(service: TheService, actor: Reader) -> StreamingResponse:
    """Return every record you may read, oldest first.

    Anyone can check an export of the whole trail, without a key: `siaga audit verify --export`.
    """
    lines = service.records.trail.export(actor)
    headers = {
        "Content-Disposition": 'attachment; filename="audit.ndjson"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_ended(lines), media_type=NDJSON, headers=headers)


def _ended(lines: Iterator[str]) -> Iterator[str]:
    return (f"{line}\n" for line in lines)
