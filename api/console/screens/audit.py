"""The audit trail, for auditors: filtered, checked, exported."""

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from api.console.page import OfficerRequest, RequirePermission
from api.pages import page_of
from api.v1.audit.routes import NDJSON
from casework.kernel import period
from casework.kernel.audit.chain import Verdict
from casework.kernel.audit.log import DONE, REFUSED
from casework.kernel.audit.reader import AuditFilter
from casework.kernel.permissions import Permission

router: Final = APIRouter(include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_AUDIT))]
Verifier = Annotated[OfficerRequest, Depends(RequirePermission(Permission.VERIFY_AUDIT))]

PAGE_SIZE: Final = 100
_LONGEST: Final = 200


@router.get("/audit")
def show(visit: Reader) -> Response:
    """Show a page of the trail, newest first."""
    return _page(visit)


@router.post("/audit/verify")
def verify(visit: Verifier) -> Response:
    """Check the whole chain and say what was found."""
    return _page(visit, visit.service.oversight.trail.verify(visit.actor))


@router.get("/audit/export")
def export(visit: Reader) -> Response:
    """Send every record that the officer may read, as it was hashed."""
    lines = visit.service.oversight.trail.export(visit.actor)
    headers = {"Content-Disposition": 'attachment; filename="siaga-audit.ndjson"'}
    return StreamingResponse((line + "\n" for line in lines), media_type=NDJSON, headers=headers)


def _page(visit: OfficerRequest, verdict: Verdict | None = None) -> Response:
    query = visit.request.query_params
    chosen = {
        name: query.get(name, "").strip()[:_LONGEST]
        for name in ("actor", "action", "object", "outcome", "since", "until")
    }
    filters = AuditFilter(
        chosen["actor"] or None,
        chosen["action"] or None,
        chosen["object"] or None,
        chosen["outcome"] if chosen["outcome"] in (DONE, REFUSED) else None,
        period.beginning(_day(chosen["since"]), visit.speech.zone),
        period.limit(_day(chosen["until"]), visit.speech.zone),
    )
    before = query.get("before", "")
    number = int(before) if before.isascii() and before.isdecimal() and len(before) < 19 else None
    rows, following = page_of(
        lambda most: visit.service.oversight.trail.page(visit.actor, number, most, filters),
        PAGE_SIZE,
        lambda row: row.seq,
    )
    return visit.page("audit.html", chosen=chosen, rows=rows, following=following, verdict=verdict)


def _day(text: str) -> date | None:
    """Return the day that was chosen, None for none."""
    try:
        return period.written_day(text)
    except ValueError:
        return None
