"""What waits for an analyst: entries that lapse soon, and objections without an answer."""

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console.forms import WRITE_DAY, Form, FormData, with_days
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.problems import RequestInvalid
from api.v1.objections.schemas import ObjectionAnswerIn, ObjectionIn
from api.v1.subjects.schemas import ExtensionIn
from casework.kernel.errors import IllegalTransition, InvalidPeriod, StaleVersion
from casework.kernel.period import day_of
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import ObjectionOutcome
from casework.watchlists.objections import ANSWER_WITHIN

router: Final = APIRouter(include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_SUBJECT))]
Editor = Annotated[OfficerRequest, Depends(RequirePermission(Permission.EDIT_SUBJECT))]
Recorder = Annotated[OfficerRequest, Depends(RequirePermission(Permission.RECORD_OBJECTION))]
Answerer = Annotated[OfficerRequest, Depends(RequirePermission(Permission.ANSWER_OBJECTION))]

_MOST: Final = 200
_SENTENCES: Final = {
    "objector": msg("Write who objects."),
    "grounds": msg("Write what the person says."),
    "received_on": WRITE_DAY,
    "due_on": WRITE_DAY,
    "valid_until": WRITE_DAY,
    "outcome": msg("Choose how it was answered."),
    "answer": msg("Write what the person was answered."),
}


@router.get("/subjects/due")
def due(visit: Reader) -> Response:
    """Show what waits: entries that lapse within 30 days, and objections."""
    return _due(visit)


@router.post("/subjects/{subject_id}/extend")
def extend(subject_id: str, visit: Editor) -> Response:
    """Have an entry end later."""
    form = Form(ExtensionIn, visit.posted, with_days("valid_until"), sentences=_SENTENCES)
    try:
        body = form.parse()
        visit.service.lists.subjects.extend(
            visit.actor,
            subject_id,
            body.ends(visit.speech.zone),
            body.decision_number,
            visit.posted.number("version"),
        )
    except (RequestInvalid, InvalidPeriod, StaleVersion, IllegalTransition) as error:
        return _due(visit, subject_id, form.refused(error, visit.speech))
    return visit.go("/subjects/due", done="saved")


@router.get("/subjects/{subject_id}/objections")
def show(subject_id: str, visit: Reader) -> Response:
    """Show the objections against one entry."""
    return _shown(visit, subject_id)


@router.post("/subjects/{subject_id}/objections")
def record(subject_id: str, visit: Recorder) -> Response:
    """Record an objection."""
    form = Form(ObjectionIn, visit.posted, with_days("received_on", "due_on"), sentences=_SENTENCES)
    try:
        new = form.parse().new()
        visit.service.lists.objections.record(visit.actor, subject_id, new, visit.speech.zone)
    except (RequestInvalid, InvalidPeriod, IllegalTransition) as error:
        return _shown(visit, subject_id, form.refused(error, visit.speech))
    return visit.go(f"/subjects/{subject_id}/objections", done="saved")


@router.post("/objections/{objection_id}/answer")
def answer(objection_id: str, visit: Answerer) -> Response:
    """Record what the person was answered."""
    objections = visit.service.lists.objections
    form = Form(ObjectionAnswerIn, visit.posted, sentences=_SENTENCES)
    subject_id = objections.get(visit.actor, objection_id).row.subject_id
    try:
        body = form.parse()
        version = visit.posted.number("version")
        objections.answer(visit.actor, objection_id, body.outcome, body.answer, version)
    except (RequestInvalid, IllegalTransition, StaleVersion) as error:
        refused = form.refused(error, visit.speech)
        return _shown(visit, subject_id, answering=(objection_id, refused))
    return visit.go(f"/subjects/{subject_id}/objections", done="saved")


def _due(
    visit: OfficerRequest, subject_id: str = "", form: Form[ExtensionIn] | None = None
) -> Response:
    subjects, objections = visit.service.lists.subjects, visit.service.lists.objections
    form = form or Form(ExtensionIn)
    return visit.page(
        "due.html",
        status=form.status,
        lapsing=subjects.lapsing(visit.actor, _MOST),
        objections=objections.page(visit.actor, None, _MOST, unanswered=True),
        extends=visit.may(Permission.EDIT_SUBJECT),
        extending=subject_id,
        form=form,
        today=_today(visit),
    )


def _shown(
    visit: OfficerRequest,
    subject_id: str,
    form: Form[ObjectionIn] | None = None,
    answering: tuple[str, Form[ObjectionAnswerIn]] | None = None,
) -> Response:
    today = _today(visit)
    days = {"received_on": today, "due_on": today + ANSWER_WITHIN}
    form = form or Form(
        ObjectionIn, FormData({name: (visit.speech.day(day),) for name, day in days.items()})
    )
    answer_to, answer_form = answering or ("", Form(ObjectionAnswerIn))
    return visit.page(
        "objections.html",
        status=max(form.status, answer_form.status),
        subject=visit.service.lists.subjects.get(visit.actor, subject_id),
        objections=visit.service.lists.objections.of_subject(visit.actor, subject_id),
        recording=form,
        answering=answer_to,
        answer=answer_form,
        outcomes=tuple(ObjectionOutcome),
        today=today,
        records=visit.may(Permission.RECORD_OBJECTION),
        answers=visit.may(Permission.ANSWER_OBJECTION),
    )


def _today(visit: OfficerRequest) -> date:
    return day_of(visit.service.review.queue.now(), visit.speech.zone)
