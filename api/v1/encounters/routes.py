"""Encounters: where a port submits a traveller's photo."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Request, Response

from api import problems
from api.dependencies import (
    Allowed,
    Practice,
    TheMetrics,
    ThePermits,
    TheScreening,
    Workers,
    work_place,
)
from api.forms import multipart_schema, read_form
from api.routing import StrictRoute, given
from api.server_timing import server_timing
from api.v1.encounters.arguments import screening_arguments
from api.v1.encounters.schemas import EncounterFields, EncounterOut
from api.workers import Overloaded
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.review import disposition
from casework.screening.capture_time import clock_of
from casework.screening.screening import Arrival
from detector import errors as photo
from detector.containers.base import ACCEPTED_FORMATS

router: Final = APIRouter(prefix="/v1/encounters", tags=["encounters"], route_class=StrictRoute)

Screener = Annotated[Actor, Depends(Allowed(Permission.SCREEN))]
Reader = Annotated[Actor, Depends(Allowed(Permission.READ_ENCOUNTER))]

PHOTO_FIELD: Final[dict[str, Any]] = {
    "type": "string",
    "format": "binary",
    "description": f"{ACCEPTED_FORMATS}; 1 to 3 megapixels are plenty.",
}
REFERENCE: Final = "reference"
_REFERENCE_FIELD: Final[dict[str, Any]] = {
    **PHOTO_FIELD,
    "description": "Another photo of the person the traveller says to be, such as the one of the "
    "passport's chip: compared with `photo`, never searched or kept without an alert.",
}
PHOTO_ERRORS: Final = (
    photo.EmptyPhoto,
    photo.UnsupportedFormat,
    photo.PhotoTooLarge,
    photo.TooManyPixels,
    photo.UnreadablePhoto,
)


@router.post(
    "",
    dependencies=[work_place(Allowed(Permission.SCREEN))],
    status_code=201,
    response_model=EncounterOut,
    summary="Screen a traveller's photo",
    openapi_extra={
        "requestBody": multipart_schema(
            EncounterFields, {REFERENCE}, photo=PHOTO_FIELD, reference=_REFERENCE_FIELD
        )
    },
    responses={
        200: {
            "model": EncounterOut,
            "description": "The answer given before to the same Idempotency-Key.",
        },
        **problems.responses(
            *PHOTO_ERRORS,
            errors.NotAuthenticated,
            errors.NotPermitted,
            errors.IdempotencyClash,
            errors.CaptureTimeRefused,
            errors.RecaptureRefused,
            problems.RequestInvalid,
            Overloaded,
        ),
    },
)
@given(screening_arguments)
async def screen(
    request: Request,
    screening: TheScreening,
    permits: ThePermits,
    actor: Screener,
    pool: Workers,
    metrics: TheMetrics,
    practice: Practice,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            description="Sent again with the same request, the same encounter is answered.",
        ),
    ] = None,
) -> Response:
    """Find the face, search every watchlist, record the encounter and any alerts, and answer.

    `clear`: nobody passes. `alert`: at least one subject does, by the face or by a document that is
    on a list; people decide. `unsearchable`: the photo shows no face that can be searched;
    `quality.reasons` says what to change at recapture, also beside an alert by document.

    `recapture_advised`: capture once more before anything opens, and send that with `recapture_of`.
    `person_required`: an officer sees the traveller. Open for `clear` with neither.

    A `reference` is compared with the photo, one to one (`verification`), and never searched; it
    changes nothing of the outcome, whatever it is. What a traveller's document says (`document_*`)
    stands beside the list's entry for those who review an alert; without an alert it is not kept.
    """
    form = await read_form(request, "photo", REFERENCE)
    (taken,) = form.photos("photo", most=1)
    reference = form.at_most_one(REFERENCE)
    fields = form.parse(EncounterFields)
    arrival = Arrival(
        photo=taken.content,
        port=fields.port,
        direction=fields.direction,
        stage=fields.stage,
        captured_at=fields.captured_at,
        traveller_ref=fields.traveller_ref,
        lane=fields.lane,
        idempotency_key=idempotency_key,
        reference=reference.content if reference is not None else None,
        presentation=fields.presentation,
        document=fields.document,
        permit_until=fields.permit_until,
        recapture_of=fields.recapture_of,
    )
    try:
        found = await pool.run(request, lambda: screening.examine(arrival, actor))
    except errors.CaptureTimeRefused:
        metrics.capture_time_refused()
        raise
    screened = await pool.record(
        lambda: screening.record(found, arrival, actor, permits.follow(arrival, actor))
    )
    headers = {
        "Server-Timing": server_timing(screened.stages),
        "Location": f"/v1/encounters/{screened.encounter.id}",
    }
    if screened.replayed:
        headers["Idempotency-Replayed"] = "true"
    else:
        metrics.screened(screened.encounter.outcome, screened.stages)
        metrics.raised(screened.encounter)
        metrics.gate(screened.encounter)
        metrics.spared(len(screened.spared))
        if fields.captured_at is not None:
            metrics.captured(clock_of(fields.captured_at, screened.encounter.received_at))
    # Written as JSON here: the framework would first check again what was just made.
    answer = EncounterOut.of(
        screened.encounter,
        disposition.at_first(screened.encounter.outcome),
        practice=practice,
    ).model_dump_json()
    status = 200 if screened.replayed else 201
    return Response(answer, status, headers, media_type="application/json")


@router.get(
    "/{encounter_id}",
    response_model=EncounterOut,
    summary="Read an encounter",
    responses=problems.responses(
        errors.NotAuthenticated, errors.NotPermitted, errors.NotFound, problems.RequestInvalid
    ),
)
def read(
    encounter_id: str, screening: TheScreening, actor: Reader, practice: Practice
) -> EncounterOut:
    """Return an encounter that this key submitted, with what becomes of the traveller by now.

    Ask again every second or two while `disposition.state` is `pending`, or have the event
    `encounter.disposition` sent to a webhook.
    """
    row = screening.get(encounter_id, actor)
    return EncounterOut.of(row, disposition.of_encounter(row), practice=practice)
