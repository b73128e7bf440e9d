"""Permits by which subjects stay: recorded, put right, extended, erased."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import danger
from api.console.danger import Question
from api.console.forms import WRITE_DAY, Form, FormData, with_days
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.problems import RequestInvalid
from api.v1.residences.schemas import ResidenceIn
from casework.kernel.errors import (
    AreaRefused,
    IllegalTransition,
    InvalidPeriod,
    StaleVersion,
)
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import PermitKind
from casework.tables import Residence

router: Final = APIRouter(include_in_schema=False)

Recorder = Annotated[OfficerRequest, Depends(RequirePermission(Permission.RECORD_RESIDENCE))]

_DAYS: Final = ("valid_from", "valid_until", "departed_on")
_TEXTS: Final = ("kind", "permit_number", "sponsor", "employer", "address", "area")
_SENTENCES: Final = {
    **dict.fromkeys(_DAYS, WRITE_DAY),
    "kind": msg("Choose what permit it is."),
    "area": msg("Write the area's code, such as 31.71.01."),
}
_REFUSED: Final = (RequestInvalid, AreaRefused, IllegalTransition, InvalidPeriod, StaleVersion)


@router.get("/subjects/{subject_id}/residences")
def blank(subject_id: str, visit: Recorder) -> Response:
    """Show the form of a new permit."""
    return _form(visit, subject_id, Form(ResidenceIn))


@router.post("/subjects/{subject_id}/residences")
def record(subject_id: str, visit: Recorder) -> Response:
    """Record a permit of a subject."""
    form = _typed(visit)
    try:
        new = form.parse().new()
        visit.service.lists.residences.record(visit.actor, subject_id, new, visit.speech.zone)
    except _REFUSED as error:
        return _form(visit, subject_id, form.refused(error, visit.speech))
    return visit.go(f"/subjects/{subject_id}", done="saved")


@router.get("/residences/{residence_id}")
def fill(residence_id: str, visit: Recorder) -> Response:
    """Show a permit in its form."""
    row = visit.service.lists.residences.get(visit.actor, residence_id)
    values = {name: (str(getattr(row, name) or ""),) for name in _TEXTS}
    days = {
        name: (visit.speech.day(day) if (day := getattr(row, name)) is not None else "",)
        for name in _DAYS
    }
    return _form(visit, row.subject_id, Form(ResidenceIn, FormData(values | days)), row)


@router.post("/residences/{residence_id}")
def replace(residence_id: str, visit: Recorder) -> Response:
    """Put a permit right, extend it, or say when the person left."""
    form, residences = _typed(visit), visit.service.lists.residences
    version = visit.posted.number("version")
    try:
        row = residences.replace(
            visit.actor, residence_id, form.parse().new(), visit.speech.zone, version
        )
    except _REFUSED as error:
        row = residences.get(visit.actor, residence_id)
        return _form(visit, row.subject_id, form.refused(error, visit.speech), row)
    return visit.go(f"/subjects/{row.subject_id}", done="saved")


@router.get("/residences/{residence_id}/remove")
def ask_remove(residence_id: str, visit: Recorder) -> Response:
    """Ask before a permit is erased."""
    return danger.ask(visit, _question(visit, residence_id)[0])


@router.post("/residences/{residence_id}/remove")
def remove(residence_id: str, visit: Recorder) -> Response:
    """Erase a permit that was recorded by mistake."""
    question, subject_id = _question(visit, residence_id)

    def erase(reason: str) -> Response:
        visit.service.lists.residences.remove(visit.actor, residence_id, reason)
        return visit.go(f"/subjects/{subject_id}", done="removed")

    return danger.answered(visit, lambda: question, erase)


def _typed(visit: OfficerRequest) -> Form[ResidenceIn]:
    return Form(ResidenceIn, visit.posted, with_days(*_DAYS), sentences=_SENTENCES)


def _form(
    visit: OfficerRequest,
    subject_id: str,
    form: Form[ResidenceIn],
    row: Residence | None = None,
) -> Response:
    return visit.page(
        "residence.html",
        status=form.status,
        subject=visit.service.lists.subjects.get(visit.actor, subject_id),
        residence=row,
        form=form,
        kinds=tuple(PermitKind),
    )


def _question(visit: OfficerRequest, residence_id: str) -> tuple[Question, str]:
    """Return what erasing a permit is asked about, and whose it is."""
    speech = visit.speech
    row = visit.service.lists.residences.get(visit.actor, residence_id)
    subject = visit.service.lists.subjects.get(visit.actor, row.subject_id)
    says = (
        speech("It is gone at once and for good."),
        speech(
            "Where it alone said until when the person may stay, there is no overstay any more."
        ),
    )
    question = Question(
        speech("Erase this permit?"),
        subject.name,
        says,
        speech("Erase"),
        f"/residences/{residence_id}",
    )
    return question, row.subject_id
