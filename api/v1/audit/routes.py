"""The audit trail: read, checked and exported by auditors."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import StreamingResponse

from api import problems
from api.dependencies import Allowed, TheAuditCheck, TheTrail, TheZone
from api.pages import NumberedPage, page_of
from api.routing import StrictRoute
from api.v1.audit.schemas import (
    MOST_SEQ,
    AuditQuery,
    AuditRecordOut,
    ProofQuery,
    VerdictOut,
    VerifyQuery,
)
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
    summary="Check the audit trail",
    responses=problems.responses(
        *_COMMON,
        problems.RequestInvalid,
        errors.AuditCheckUnderWay,
        errors.AuditCheckUnfinished,
    ),
)
def verify(
    trail: TheTrail,
    actor: Verifier,
    check: TheAuditCheck,
    query: Annotated[VerifyQuery, Query()],
) -> VerdictOut:
    """Look for a record or a protected row that is altered, missing or added without an act.

    A process of the least priority does it, one check at a time, while the service goes on. The
    answer says from where on it looked: `after`.
    """
    return VerdictOut.of(trail.verify(actor, check=check.whole if query.everything else check.tail))


@router.get(
    "/{seq}/proof",
    response_model=dict[str, Any],
    summary="Prove one record",
    responses=problems.responses(*_COMMON, errors.NotFound, problems.RequestInvalid),
)
def prove(
    trail: TheTrail,
    actor: Reader,
    seq: Annotated[int, Path(ge=1, le=MOST_SEQ)],
    query: Annotated[ProofQuery, Query()],
) -> Mapping[str, Any]:
    """Return a file that proves one record, and shows no other: `siaga audit verify --proof`.

    A signed checkpoint must cover the record already.
    """
    return trail.prove(actor, seq, query.show).content


@router.get(
    "/export",
    response_class=StreamingResponse,
    summary="Export the audit trail",
    responses={
        200: {
            "description": (
                "A JSON object a line: `record`, the fields that were hashed, their `salt` and "
                "`hash`; in `shown`, by name, what stands beside it, each with its salt."
            ),
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
    headers = {"Content-Disposition": 'attachment; filename="audit.ndjson"'}
    return StreamingResponse(_ended(lines), media_type=NDJSON, headers=headers)


def _ended(lines: Iterator[str]) -> Iterator[str]:
    return (f"{line}\n" for line in lines)
