"""Stays: foreign guests of lodgings, as they are reported to the reader's agency."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import messages
from api.console.forms import Form, FormData, typed_day, with_times
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.dependencies import TheMetrics, TheStayWorker
from api.pages import page_of
from api.problems import RequestInvalid
from api.v1.stays.guests import GuestsTaken, take_guests
from api.v1.stays.schemas import CheckOutIn, StayFields
from casework.kernel import lodgings, period
from casework.kernel.errors import CaseworkError, InvalidPeriod, StayRefused
from casework.kernel.permissions import Permission
from casework.kernel.processing import Processing
from casework.kernel.vocabulary import StaySource, StayState
from casework.stays.csv_file import COLUMNS
from casework.stays.reports import MOST_ROWS
from casework.stays.stays import StayFilter, state_of
from detector.errors import PhotoError

router: Final = APIRouter(prefix="/stays", include_in_schema=False)

Reporter = Annotated[OfficerRequest, Depends(RequirePermission(Permission.REPORT_STAY))]
Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_STAY))]

PAGE_SIZE: Final = 50
_LONGEST: Final = 100
_TIMES: Final = ("checked_in", "expected_out", "checked_out")
_CAPITALS: Final = ("lodging", "document_nationality", "document_number", "document_country")
_WRITE_TIME: Final = msg("Write date and time as 28-02-2026 15:30, or the date alone.")
_SENTENCES: Final = {
    "lodging": msg("Write the lodging's code, such as HTL-0042."),
    "lodging_name": msg("Write what the lodging is called."),
    "area": msg("Write the area's code, such as 31.71.01."),
    **dict.fromkeys(_TIMES, _WRITE_TIME),
}
_NOT_REPORTED: Final = msg(
    "Nothing was recorded. Look at the fields that are marked; a photo has to be chosen again."
)
_CHOOSE_FILE: Final = msg("Choose a file.")


@router.get("")
def page(visit: Reader) -> Response:
    """List stays, those reported last first."""
    query, stays = visit.request.query_params, visit.service.stays.stays
    chosen = {
        name: query.get(name, "").strip()[:_LONGEST]
        for name in ("state", "lodging", "area", "receipt")
    }
    state = chosen["state"] if chosen["state"] in list(StayState) else ""
    filters = StayFilter(
        StayState(state) if state else None,
        chosen["lodging"] or None,
        chosen["area"] or None,
        chosen["receipt"] or None,
    )
    before = query.get("before", "")[:_LONGEST] or None
    rows, following = page_of(
        lambda most: stays.page(visit.actor, before, most, filters), PAGE_SIZE
    )
    now = stays.clock()
    return visit.page(
        "stays.html",
        stays=[(row, state_of(row, now)) for row in rows],
        areas=visit.service.areas.areas.names(row.area for row in rows),
        states=tuple(StayState),
        chosen=chosen,
        following=following,
    )


@router.get("/new")
def blank(visit: Reporter) -> Response:
    """Show the form of a guest."""
    visit.service.stays.reports.check(visit.actor)
    return _new(visit, _form(visit))


@router.post("/new")
async def report(visit: Reporter, worker: TheStayWorker, metrics: TheMetrics) -> Response:
    """Report a guest; what is shown is the receipt, and never whether anybody was looked for."""
    photos, reports = visit.posted.files.get("photo", ()), visit.service.stays.reports
    form = _form(visit)
    try:
        new = form.parse().new(visit.speech.zone, photos[0].content if photos else None)
        receipt = await asyncio.to_thread(reports.report, visit.actor, new, StaySource.FORM)
    except PhotoError as error:
        sentence = messages.translated_error(error, visit.speech)
        return _new(visit, form.with_errors({"photo": sentence}, visit.speech))
    except (RequestInvalid, CaseworkError) as error:
        return _new(visit, form.refused(error, visit.speech))
    metrics.stay_reported(StaySource.FORM)
    worker.wake()
    return visit.go(f"/stays/{receipt.receipt}", done="stay_reported")


@router.get("/file")
def choose(visit: Reporter) -> Response:
    """Show the form of a file of guests."""
    visit.service.stays.reports.check(visit.actor)
    return _file(visit)


@router.post("/file")
async def report_file(visit: Reporter, worker: TheStayWorker, metrics: TheMetrics) -> Response:
    """Report the guests of a file; the answer is a receipt a row, or why there is none."""
    files, reports = visit.posted.files.get("file", ()), visit.service.stays.reports
    if not files:
        return _file(visit, fault=visit.speech(_CHOOSE_FILE))
    content, zone = files[0].content, visit.speech.zone
    try:
        taken = await asyncio.to_thread(take_guests, reports, visit.actor, content, zone)
    except StayRefused as error:
        return _file(visit, fault=messages.translated_error(error, visit.speech))
    for _ in taken.receipts:
        metrics.stay_reported(StaySource.FILE)
    worker.wake()
    return _file(visit, taken)


@router.get("/{receipt}")
def show(receipt: str, visit: Reader) -> Response:
    """Show one stay, with who the guest is."""
    return _page(visit, receipt, Form(CheckOutIn))


@router.post("/{receipt}/check-out")
def check_out(receipt: str, visit: Reporter) -> Response:
    """Record when the guest left."""
    read = with_times(visit.speech.zone, "checked_out")
    form = Form(CheckOutIn, visit.posted, read, {"checked_out": _WRITE_TIME})
    try:
        at = period.ending(form.parse().checked_out, visit.speech.zone)
        visit.service.stays.reports.check_out(visit.actor, receipt, at)
    except (RequestInvalid, InvalidPeriod) as error:
        return _page(visit, receipt, form.refused(error, visit.speech))
    return visit.go(f"/stays/{receipt}", done="checked_out")


@router.get("/{receipt}/check-out")
async def back(receipt: str, visit: Reader) -> Response:
    """Show the stay where an answer to its form is asked for again."""
    return visit.go(f"/stays/{receipt}")


def _form(visit: OfficerRequest) -> Form[StayFields]:
    times = with_times(visit.speech.zone, *_TIMES)

    def read(data: FormData, model: type[StayFields]) -> dict[str, object]:
        found = times(data, model)
        found |= {name: data.text(name).upper() for name in _CAPITALS if name in found}
        if "document_birth" in found:
            found["document_birth"] = typed_day(data.text("document_birth"))
        return found

    return Form(StayFields, visit.posted, read, _SENTENCES, refusal=_NOT_REPORTED)


def _new(visit: OfficerRequest, form: Form[StayFields]) -> Response:
    return visit.page(
        "stay_new.html", status=form.status, form=form, pattern=lodgings.PATTERN.strip("^$")
    )


def _file(visit: OfficerRequest, taken: GuestsTaken | None = None, fault: str = "") -> Response:
    refused = [
        (each.row, each.field, messages.translated(each.message, visit.speech))
        for each in (taken.refused if taken is not None else ())
    ]
    return visit.page(
        "stay_file.html",
        status=422 if fault else 200,
        taken=taken,
        refused=refused,
        fault=fault,
        columns=COLUMNS,
        most=MOST_ROWS,
    )


def _page(visit: OfficerRequest, receipt: str, form: Form[CheckOutIn]) -> Response:
    stays = visit.service.stays.stays
    row = stays.get(visit.actor, receipt)
    return visit.page(
        "stay.html",
        status=form.status,
        stay=row,
        state=state_of(row, stays.clock()),
        areas=visit.service.areas.areas.names([row.area]),
        keep_days=visit.service.grounds.require(Processing.STAYS).keep_days,
        form=form,
    )
