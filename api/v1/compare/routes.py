"""Comparing two photos, without any watchlist. The audit trail keeps that, and neither photo."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api import problems
from api.dependencies import Allowed, TheAudit, TheFalseMatchCurve, ThePipeline, Workers, work_place
from api.forms import multipart_schema, read_form
from api.routing import StrictRoute
from api.server_timing import server_timing
from api.v1.common import QualityOut
from api.v1.compare.schemas import CompareOut, FaceOut
from api.v1.encounters.routes import PHOTO_ERRORS, PHOTO_FIELD
from api.workers import Overloaded
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.permissions import Permission
from detector.pipeline import Analysis
from detector.timing import Stopwatch
from index.threshold import MATCH_FMR, FalseMatchCurve

router: Final = APIRouter(prefix="/v1/compare", tags=["compare"], route_class=StrictRoute)


Comparer = Annotated[Actor, Depends(Allowed(Permission.COMPARE))]


class CompareForm(BaseModel):
    """What may stand beside the photos."""

    model_config = ConfigDict(extra="forbid")

    max_fmr: Annotated[
        float,
        Field(
            gt=0,
            lt=1,
            description="`match` holds where at most this share of pairs of different people is "
            "as alike.",
        ),
    ] = MATCH_FMR


@router.post(
    "",
    dependencies=[work_place(Allowed(Permission.COMPARE))],
    response_model=CompareOut,
    summary="Compare the faces of two photos",
    openapi_extra={
        "requestBody": multipart_schema(CompareForm, first=PHOTO_FIELD, second=PHOTO_FIELD)
    },
    responses=problems.responses(
        *PHOTO_ERRORS,
        errors.NotAuthenticated,
        errors.NotPermitted,
        problems.RequestInvalid,
        Overloaded,
    ),
)
async def compare(
    request: Request,
    response: Response,
    audit: TheAudit,
    pipeline: ThePipeline,
    curve: TheFalseMatchCurve,
    actor: Comparer,
    pool: Workers,
) -> CompareOut:
    """Tell how alike two faces are, and how often two different people are that alike."""
    form = await read_form(request, "first", "second")
    max_fmr = form.parse(CompareForm).max_fmr
    first, second = (form.only(name).content for name in ("first", "second"))
    watch = Stopwatch()

    def work() -> tuple[Analysis, Analysis]:
        return pipeline.analyse(first, watch), pipeline.analyse(second, watch)

    one, other = await pool.run(request, work)
    response.headers["Server-Timing"] = server_timing(watch.stages)
    entry = AuditEntry(actor, Permission.COMPARE)
    await asyncio.to_thread(audit.note, entry)
    return compared(curve, one, other, max_fmr)


def compared(
    curve: FalseMatchCurve, one: Analysis, other: Analysis, max_fmr: float = MATCH_FMR
) -> CompareOut:
    """Return how alike the faces of two photos are, and whether that is rarer than `max_fmr`."""
    score = rate = match = None
    if one.embedding is not None and other.embedding is not None:
        score = float(one.embedding @ other.embedding)
        rate = curve.fmr_at(score)
        match = rate <= max_fmr
    return CompareOut(
        score=score,
        false_match_rate=rate,
        match=match,
        first=_face(one),
        second=_face(other),
    )


def _face(analysis: Analysis) -> FaceOut:
    box = analysis.subject.box if analysis.subject is not None else None
    return FaceOut(
        faces=len(analysis.faces),
        quality=QualityOut.model_validate(analysis.quality_record()),
        box=[round(v, 1) for v in (box.left, box.top, box.width, box.height)] if box else None,
    )
