"""Who is on duty: the agency's shifts."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console.forms import WRITE_DAY, Form, FormData, typed_clock, with_days
from api.console.i18n import Locale, msg
from api.console.page import OfficerRequest, RequirePermission
from api.problems import RequestInvalid
from api.v1.duty.schemas import ShiftIn
from casework.kernel.errors import InvalidShift, StaleVersion
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import Weekday
from casework.tables import DutyShift

router: Final = APIRouter(include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_DUTY))]
Manager = Annotated[OfficerRequest, Depends(RequirePermission(Permission.MANAGE_DUTY))]

_SENTENCES: Final = {
    "port": msg("A code such as CGK or IDBTM."),
    "next_port": msg("A code such as CGK or IDBTM."),
    "weekdays": msg("Tick at least one day."),
    "begins": msg("Hours and minutes, such as 07:00."),
    "ends": msg("Hours and minutes, such as 07:00."),
    "first_day": WRITE_DAY,
    "last_day": WRITE_DAY,
    "officer_ids": msg("Tick at least one officer."),
}
_WORDS: Final = frozenset({"port", "next_port", "begins", "ends", "first_day", "last_day"})


@router.get("/duty")
def show(visit: Reader) -> Response:
    """List the shifts, and who is on duty now."""
    duty = visit.service.review.duty
    return visit.page(
        "duty.html",
        shifts=sorted(duty.page(visit.actor, None, None), key=lambda row: (row.port, row.begins)),
        under_way={each.shift_id: each for each in duty.now(visit.actor)},
        staff={each.id: each for each in duty.staff(visit.actor)},
        keeps=visit.may(Permission.MANAGE_DUTY),
    )


@router.get("/duty/new")
def blank(visit: Manager) -> Response:
    """Show the form of a new shift."""
    days = tuple(day.value for day in Weekday)
    return _form(visit, _read_from(FormData({"weekdays": days})))


@router.post("/duty/new")
def create(visit: Manager) -> Response:
    """Add a shift."""
    form = _read_from(visit.posted)
    try:
        new = form.parse().new()
        visit.service.review.duty.create(visit.actor, new, str(visit.speech.zone))
    except (RequestInvalid, InvalidShift) as error:
        return _form(visit, form.refused(error, visit.speech))
    return visit.go("/duty", done="saved")


@router.get("/duty/{shift_id}/edit")
def fill(shift_id: str, visit: Manager) -> Response:
    """Show the form with what is kept."""
    row = visit.service.review.duty.get(visit.actor, shift_id)
    return _form(visit, _read_from(_typed(row, visit.speech)), row)


@router.post("/duty/{shift_id}/edit")
def edit(shift_id: str, visit: Manager) -> Response:
    """Change a shift; what it says counts from now on."""
    duty, form = visit.service.review.duty, _read_from(visit.posted)
    try:
        changes = form.parse().model_dump()
        version = visit.posted.number("version")
        duty.edit(visit.actor, shift_id, changes, version, str(visit.speech.zone))
    except (RequestInvalid, InvalidShift, StaleVersion) as error:
        row = duty.get(visit.actor, shift_id)
        form = form.refused(error, visit.speech)
        if isinstance(error, StaleVersion):
            form = form.beside(_typed(row, visit.speech), visit.speech, _WORDS)
        return _form(visit, form, row)
    return visit.go("/duty", done="saved")


@router.post("/duty/{shift_id}/remove")
def remove(shift_id: str, visit: Manager) -> Response:
    """Remove a shift."""
    visit.service.review.duty.remove(visit.actor, shift_id)
    return visit.go("/duty", done="removed")


def _read_from(typed: FormData) -> Form[ShiftIn]:
    return Form(ShiftIn, typed, _read, _SENTENCES)


def _read(typed: FormData, model: type[ShiftIn]) -> dict[str, object]:
    """Return the fields as the interface for programs has them."""
    ports = {name: typed.text(name).upper() or None for name in ("port", "next_port")}
    times = {name: typed_clock(typed.text(name)) for name in ("begins", "ends")}
    return with_days("first_day", "last_day")(typed, model) | ports | times


def _typed(row: DutyShift, speech: Locale) -> FormData:
    """Return what stands in the form of a shift."""
    return FormData(
        {
            "port": (row.port,),
            "weekdays": tuple(row.weekdays),
            "begins": (row.begins,),
            "ends": (row.ends,),
            "first_day": (speech.day(row.first_day) if row.first_day else "",),
            "last_day": (speech.day(row.last_day) if row.last_day else "",),
            "officer_ids": tuple(row.officer_ids),
            "next_port": (row.next_port or "",),
        }
    )


def _form(visit: OfficerRequest, form: Form[ShiftIn], row: DutyShift | None = None) -> Response:
    return visit.page(
        "duty_form.html",
        status=form.status,
        form=form,
        row=row,
        weekdays=tuple(Weekday),
        staff={each.id: each for each in visit.service.review.duty.staff(visit.actor)},
    )
