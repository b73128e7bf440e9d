"""Stays: lodgings report their foreign guests, and get a receipt and nothing else.

The answer never depends on who the guest is: a report is stored and answered first, and looked at
afterwards (`api.background.stays`).
"""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from api import problems
from api.dependencies import (
    Allowed,
    Practice,
    TheMetrics,
    TheStayReports,
    TheStays,
    TheStayWorker,
    TheZone,
)
from api.forms import multipart_schema, read_form
from api.pages import Page, page_of
from api.routing import StrictRoute
from api.v1.encounters.routes import PHOTO_ERRORS, PHOTO_FIELD
from api.v1.stays.guests import take_guests
from api.v1.stays.schemas import (
    CheckOutIn,
    StayFields,
    StayFileOut,
    StayGuestOut,
    StayQuery,
    StayReceiptOut,
    StayRowOut,
    StayRowRefusedOut,
    StayStateOut,
    StaySummary,
)
from casework.kernel import errors, period
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import StaySource

router: Final = APIRouter(prefix="/v1/stays", tags=["stays"], route_class=StrictRoute)

Reporter = Annotated[Actor, Depends(Allowed(Permission.REPORT_STAY))]
Reader = Annotated[Actor, Depends(Allowed(Permission.READ_STAY))]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=180,
        description="Sent again with the same report, the same receipt is answered.",
    ),
]

_COMMON: Final = (
    errors.NotAuthenticated,
    errors.NotPermitted,
    errors.StaysOff,
    problems.RequestInvalid,
)
_REPORT: Final = (
    *_COMMON,
    errors.StayRefused,
    errors.AreaRefused,
    errors.InvalidPeriod,
    errors.IdempotencyClash,
    problems.BodyTooLarge,
)
_PHOTO: Final[dict[str, Any]] = {
    **PHOTO_FIELD,
    "description": "Of the guest, or of the page of the document that shows one. It is erased as "
    "soon as it was looked at, unless an alert was raised.",
}
_FILE: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "additionalProperties": False,
                "properties": {
                    "file": {
                        "type": "string",
                        "format": "binary",
                        "description": "CSV with a heading of the fields of `POST /v1/stays`, a "
                        "guest a row: at most 500.",
                    }
                },
            }
        }
    },
}


@router.post(
    "",
    status_code=201,
    response_model=StayReceiptOut,
    summary="Report a foreign guest",
    openapi_extra={"requestBody": multipart_schema(StayFields, ("photo",), photo=_PHOTO)},
    responses={
        200: {
            "model": StayReceiptOut,
            "description": "The receipt given before to the same Idempotency-Key.",
        },
        **problems.responses(*_REPORT, *PHOTO_ERRORS),
    },
)
async def report(
    request: Request,
    response: Response,
    reports: TheStayReports,
    actor: Reporter,
    worker: TheStayWorker,
    metrics: TheMetrics,
    zone: TheZone,
    practice: Practice,
    idempotency_key: IdempotencyKey = None,
) -> StayReceiptOut:
    """Take a report in. Back comes its receipt: never whether anybody was looked for.

    Your agency receives the report. Guests of Indonesian nationality are refused: nothing of them
    is kept.
    """
    form = await read_form(request, "photo")
    fields, file = form.parse(StayFields), form.at_most_one("photo")
    new = fields.new(zone, file.content if file is not None else None, idempotency_key)
    source = StaySource.KEY if actor.scopes is not None else StaySource.FORM
    receipt = await asyncio.to_thread(reports.report, actor, new, source)
    if receipt.replayed:
        response.status_code = 200
        response.headers["Idempotency-Replayed"] = "true"
    else:
        metrics.stay_reported(source)
    response.headers["Location"] = f"/v1/stays/{receipt.receipt}"
    worker.wake()
    return StayReceiptOut.of_row(receipt, practice=practice)


@router.post(
    "/file",
    response_model=StayFileOut,
    summary="Report many foreign guests",
    openapi_extra={"requestBody": _FILE},
    responses=problems.responses(
        *_COMMON, errors.StayRefused, errors.IdempotencyClash, problems.BodyTooLarge
    ),
)
async def report_file(
    request: Request,
    reports: TheStayReports,
    actor: Reporter,
    worker: TheStayWorker,
    metrics: TheMetrics,
    zone: TheZone,
    practice: Practice,
    idempotency_key: IdempotencyKey = None,
) -> StayFileOut:
    """Take the guests of a CSV file in; a row that cannot be taken stops no other."""
    content = (await read_form(request, "file")).only("file").content
    taken = await asyncio.to_thread(take_guests, reports, actor, content, zone, idempotency_key)
    for _, receipt in taken.receipts:
        if not receipt.replayed:
            metrics.stay_reported(StaySource.FILE)
    worker.wake()
    return StayFileOut(
        receipts=[StayRowOut(row=row, receipt=given.receipt) for row, given in taken.receipts],
        refused=[
            StayRowRefusedOut(row=each.row, field=each.field, message=str(each.message))
            for each in taken.refused
        ],
        practice=practice,
    )


@router.get(
    "",
    response_model=Page[StaySummary],
    summary="List stays",
    responses=problems.responses(*_COMMON),
)
def page(stays: TheStays, actor: Reader, query: Annotated[StayQuery, Query()]) -> Page[StaySummary]:
    """Return the stays that your agency receives, those reported last first.

    `state=overdue` are the guests who should have left, and of whom no check-out was reported.
    """
    rows, following = page_of(
        lambda most: stays.page(actor, query.before, most, query.chosen), query.limit
    )
    items = [StaySummary.of(row, stays.clock()) for row in rows]
    return Page[StaySummary](items=items, next=following)


@router.get(
    "/{receipt}",
    response_model=StayStateOut,
    summary="Read a receipt",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(receipt: str, reports: TheStayReports, stays: TheStays, actor: Reporter) -> StayStateOut:
    """Return what was reported under a receipt: a key sees its own alone."""
    return StayStateOut.of(reports.get(actor, receipt), stays.clock())


@router.get(
    "/{receipt}/guest",
    response_model=StayGuestOut,
    summary="Read who stays there",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def guest(receipt: str, stays: TheStays, actor: Reader) -> StayGuestOut:
    """Return a stay with what the guest's document says; each reading is recorded."""
    return StayGuestOut.opened(stays.get(actor, receipt), stays.clock())


@router.put(
    "/{receipt}/check-out",
    response_model=StayStateOut,
    summary="Report a check-out",
    responses=problems.responses(*_COMMON, errors.NotFound, errors.InvalidPeriod),
)
def check_out(
    receipt: str,
    body: CheckOutIn,
    reports: TheStayReports,
    stays: TheStays,
    actor: Reporter,
    zone: TheZone,
) -> StayStateOut:
    """Say when the guest left; sent again, the last counts. A day means to its end."""
    at = period.ending(body.checked_out, zone)
    return StayStateOut.of(reports.check_out(actor, receipt, at), stays.clock())
