"""Subjects: the people on an agency's watchlists; searched, enrolled, changed, erased."""

import asyncio
import base64
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import JSONResponse, Response

from api.console import danger, labels, messages, subject_form
from api.console.danger import Question
from api.console.forms import Form
from api.console.i18n import msg
from api.console.page import OfficerRequest, RequirePermission
from api.console.screens import approvals, merge
from api.dependencies import Workers, work_place
from api.pages import page_of
from api.problems import RequestInvalid
from api.v1.subjects.schemas import SubjectIn
from casework.approvals.approvals import ActWaits
from casework.kernel.errors import CaseworkError, EnrolmentRefused, NotFound, StaleVersion
from casework.kernel.messages import Message
from casework.kernel.permissions import Permission
from casework.review.alerts import PORTRAIT_FORMAT
from casework.screening.duplicates import Lookalike
from casework.tables import Subject, Watchlist
from casework.watchlists.enrolment import Enrolled, PhotoReport
from casework.watchlists.subjects import SOON, SubjectFilter

router: Final = APIRouter(include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_SUBJECT))]
Editor = Annotated[OfficerRequest, Depends(RequirePermission(Permission.EDIT_SUBJECT))]
Chooser = Annotated[OfficerRequest, Depends(RequirePermission(Permission.COMPARE))]
Historian = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_HISTORY))]

PAGE_SIZE: Final = 50
_ERASE: Final = "danger_erase.html"
_MOST_LISTS: Final = 500
_HISTORY: Final = 50
_TAKES_TWO: Final = msg("A second person has to accept it; until then it goes on alerting.")
_LONGEST_WORDS: Final = 200


@router.get("/subjects")
def page(visit: Reader) -> Response:
    """List subjects, of one list or by words, or those who lapse soon."""
    query = visit.request.query_params
    words = query.get("q", "").strip()[:_LONGEST_WORDS]
    list_id, soon = query.get("list", "")[:50], query.get("soon") == "yes"
    now = visit.service.review.queue.now()
    lacking, endless = (query.get(name) == "yes" for name in ("lacking", "endless"))
    filters = SubjectFilter(
        list_id or None,
        words or None,
        now + SOON if soon else None,
        lacking=lacking,
        open_ended=endless,
    )
    after = query.get("after", "")[:100] or None
    rows, following = page_of(
        lambda most: visit.service.lists.subjects.page(visit.actor, after, most, filters), PAGE_SIZE
    )
    return visit.page(
        "subjects.html",
        subjects=rows,
        following=following,
        lacks=visit.service.lists.subjects.lacking(rows),
        chosen={
            "q": words,
            "list": list_id,
            "soon": "yes" if soon else "",
            "lacking": "yes" if lacking else "",
            "endless": "yes" if endless else "",
        },
        lists=own_lists(visit),
        now=now,
        soon=now + SOON,
        due=due_soon(visit),
    )


@router.get("/subjects/new")
def blank(visit: Editor) -> Response:
    """Show the form of a new subject."""
    return _form(visit, subject_form.blank(visit.request.query_params.get("list", "")))


@router.post("/subjects/new", dependencies=[work_place(RequirePermission(Permission.EDIT_SUBJECT))])
async def create(visit: Editor, pool: Workers) -> Response:
    """Enrol somebody; every photo is accepted or refused with its reason."""
    service, actor = visit.service, visit.actor
    files, form = visit.posted.files.get("photos", ()), subject_form.of(visit.posted)

    def work() -> tuple[Enrolled, tuple[Lookalike, ...]]:
        if not files:
            raise EnrolmentRefused([Message("photo_not_chosen")])
        body = form.parse()
        enrolled = service.enrolment.enrol(actor, body.new(visit.speech.zone), files)
        return enrolled, service.screening.lookalikes.of(actor, [enrolled])[0]

    try:
        enrolled, similar = await pool.run(visit.request, work)
    except (RequestInvalid, CaseworkError) as error:
        return await asyncio.to_thread(_form, visit, form.refused(error, visit.speech))
    subject_id = enrolled.subject_id or ""
    if similar or not all(report.accepted for report in enrolled.reports):
        return await asyncio.to_thread(shown, visit, subject_id, enrolled=enrolled, similar=similar)
    return visit.go(f"/subjects/{subject_id}", done="enrolled")


@router.post("/photos/check", dependencies=[work_place(RequirePermission(Permission.COMPARE))])
async def check(visit: Chooser, pool: Workers) -> Response:
    """Say how good a photo is that is being chosen, and show its face; nothing is kept of it."""
    files = visit.posted.files.get("photos", ())
    if len(files) != 1:
        return JSONResponse({"said": visit.speech("Choose a photo.")}, 422)
    service = visit.service

    def work() -> tuple[PhotoReport, bytes | None]:
        examined = service.enrolment.examine(files[0])
        face = service.screening.comparison.once(files[0].content, examined.analysis)
        return examined.report, face

    report, face = await pool.run(visit.request, work)
    verdict = "unsearchable"
    if report.quality is not None:
        verdict = report.quality.verdict.value
    reasons = report.quality.reasons if report.quality is not None else ()
    advice = " ".join(visit.speech(labels.explained(reason.value)) for reason in reasons)
    return JSONResponse(
        {
            "verdict": verdict,
            "word": visit.speech(labels.of(verdict, "Verdict")),
            "said": advice or ("" if report.accepted else visit.speech("It cannot be read.")),
            "face": base64.b64encode(face).decode() if face is not None else None,
        }
    )


@router.get("/subjects/{subject_id}")
def show(subject_id: str, visit: Reader) -> Response:
    """Show one subject."""
    return shown(visit, subject_id)


@router.get("/subjects/{subject_id}/edit")
def fill(subject_id: str, visit: Editor) -> Response:
    """Show the form with what is kept."""
    row = visit.service.lists.subjects.get(visit.actor, subject_id)
    return _form(visit, subject_form.filled(row, visit.speech), row)


@router.post("/subjects/{subject_id}/edit")
def edit(subject_id: str, visit: Editor) -> Response:
    """Change a subject; the change counts from the next traveller on."""
    subjects, actor = visit.service.lists.subjects, visit.actor
    form, row = subject_form.of(visit.posted), subjects.get(actor, subject_id)
    try:
        changes = subject_form.changes(form.parse(), row, visit.speech.zone)
        why = visit.posted.text("change_reason") or None
        subjects.edit(actor, subject_id, changes, visit.posted.number("version"), why)
    except ActWaits as act:
        return approvals.waits(visit, act)
    except (RequestInvalid, CaseworkError) as error:
        row = subjects.get(actor, subject_id)
        form = form.refused(error, visit.speech)
        if isinstance(error, StaleVersion):
            stored = subject_form.filled(row, visit.speech).typed
            form = form.beside(stored, visit.speech, subject_form.SAID)
        return _form(visit, form, row)
    return visit.go(f"/subjects/{subject_id}", done="saved")


@router.post(
    "/subjects/{subject_id}/photos",
    dependencies=[work_place(RequirePermission(Permission.EDIT_SUBJECT))],
)
async def add_photos(subject_id: str, visit: Editor, pool: Workers) -> Response:
    """Add photos to a subject."""
    service, actor = visit.service, visit.actor
    files = visit.posted.files.get("photos", ())

    def work() -> tuple[Enrolled, tuple[Lookalike, ...]]:
        enrolled = service.enrolment.add_photos(actor, subject_id, files)
        return enrolled, service.screening.lookalikes.of(actor, [enrolled])[0]

    try:
        enrolled, similar = await pool.run(visit.request, work)
    except EnrolmentRefused as error:
        fault = messages.translated_error(error, visit.speech)
        return await asyncio.to_thread(shown, visit, subject_id, fault=fault)
    return await asyncio.to_thread(shown, visit, subject_id, enrolled=enrolled, similar=similar)


@router.get("/subjects/{subject_id}/photos/{photo_id}/erase")
def ask_erase_photo(subject_id: str, photo_id: str, visit: Editor) -> Response:
    """Ask before a photo is erased."""
    return danger.ask(visit, _photo_erasure(visit, subject_id, photo_id))


@router.post("/subjects/{subject_id}/photos/{photo_id}/erase")
def erase_photo(subject_id: str, photo_id: str, visit: Editor) -> Response:
    """Erase one photo; the last one goes only with its subject."""

    def erase(reason: str) -> Response:
        erasures = visit.service.lists.erasures
        until = erasures.erase_photo(visit.actor, subject_id, photo_id, reason)
        return visit.go(f"/subjects/{subject_id}", done="erasing" if until else "removed")

    return danger.answered(visit, lambda: _photo_erasure(visit, subject_id, photo_id), erase)


@router.post("/subjects/{subject_id}/photos/{photo_id}/restore")
def restore_photo(subject_id: str, photo_id: str, visit: Editor) -> Response:
    """Take the erasure of a photo back."""
    visit.service.lists.erasures.restore_photo(visit.actor, subject_id, photo_id)
    return visit.go(f"/subjects/{subject_id}", done="restored")


@router.get("/subjects/{subject_id}/photos/{photo_id}")
def photo(subject_id: str, photo_id: str, visit: Reader) -> Response:
    """Return an enrolled photo, upright."""
    stored = visit.service.lists.subjects.photo_content(visit.actor, subject_id, photo_id)
    return visit.state.photos.response(*stored)


@router.get("/subjects/{subject_id}/face")
def face(subject_id: str, visit: Reader) -> Response:
    """Return the face of a subject's first photo, framed for comparing."""
    row = visit.service.lists.subjects.get(visit.actor, subject_id)
    first = next((each for each in row.photos if each.erase_at is None), None)
    if first is None:
        raise NotFound("subject_photo_not_found", subject=subject_id, photo="")
    stored = visit.service.lists.subjects.photo_content(visit.actor, subject_id, first.id)
    content = visit.service.screening.comparison.framed(stored.content)
    return visit.state.photos.response(content, PORTRAIT_FORMAT)


@router.get("/subjects/{subject_id}/history")
def history(subject_id: str, visit: Historian) -> Response:
    """Show where the subject was met."""
    records, actor = visit.service, visit.actor
    return visit.page(
        "subject_history.html",
        subject=records.lists.subjects.get(actor, subject_id),
        meetings=records.review.history.page(actor, subject_id, None, _HISTORY),
    )


@router.get("/subjects/{subject_id}/erase")
def ask_erase(subject_id: str, visit: Editor) -> Response:
    """Ask before a subject is erased."""
    return danger.ask(visit, _erasure(visit, subject_id), template=_ERASE)


@router.post("/subjects/{subject_id}/erase")
def erase(subject_id: str, visit: Editor) -> Response:
    """Erase a subject with photos and templates."""
    immediately = visit.posted.text("immediately") == "yes"

    def erase(reason: str) -> Response:
        erasures = visit.service.lists.erasures
        try:
            until = erasures.erase(visit.actor, subject_id, reason, immediately=immediately)
        except ActWaits as act:
            return approvals.waits(visit, act)
        if until is None:
            return visit.go("/subjects", done="removed")
        return visit.go(f"/subjects/{subject_id}", done="erasing")

    return danger.answered(visit, lambda: _erasure(visit, subject_id), erase, _ERASE)


@router.post("/subjects/{subject_id}/restore")
def restore(subject_id: str, visit: Editor) -> Response:
    """Take the erasure of a subject back."""
    visit.service.lists.erasures.restore(visit.actor, subject_id)
    return visit.go(f"/subjects/{subject_id}", done="restored")


def shown(
    visit: OfficerRequest,
    subject_id: str,
    *,
    fault: str = "",
    enrolled: Enrolled | None = None,
    similar: tuple[Lookalike, ...] = (),
) -> Response:
    """Show a subject, with what became of photos that were just sent."""
    row = visit.service.lists.subjects.get(visit.actor, subject_id)
    lists = {each.id: each for each in own_lists(visit)}
    return visit.page(
        "subject.html",
        status=422 if fault else 200,
        subject=row,
        lists=[
            lists[membership.watchlist_id]
            for membership in row.memberships
            if membership.watchlist_id in lists
        ],
        lacks=visit.service.lists.subjects.lacking([row])[row.id],
        left=merge.left_of(visit),
        now=visit.service.review.queue.now(),
        soon=visit.service.review.queue.now() + SOON,
        objections=visit.service.lists.objections.of_subject(visit.actor, subject_id),
        residences=(permits := visit.service.lists.residences.of_subject(visit.actor, subject_id)),
        areas=visit.service.areas.areas.names(each.area for each in permits),
        timeline=visit.service.lists.timelines.of_subject(visit.actor, subject_id),
        tips=visit.service.exchange.triage.of_subject(visit.actor, subject_id),
        look_alikes=visit.service.screening.known.of_subject(visit.actor, subject_id),
        fault=fault,
        enrolled=enrolled,
        similar=similar,
    )


def _erasure(visit: OfficerRequest, subject_id: str) -> Question:
    """Return what erasing a subject is asked about."""
    speech = visit.speech
    found = visit.service.lists.erasures.consequences(visit.actor, subject_id)
    says = [
        speech("It alerts nobody any more, on: %(lists)s.", lists=", ".join(found.watchlists)),
        speech("Photos that go, with their templates: %(n)s.", n=found.photos),
    ]
    if found.open_alerts:
        text = msg("Open alerts about this subject: %(n)s. They stay, without the person.")
        says.append(speech(text, n=found.open_alerts))
    if found.open_referrals:
        text = msg("Open referrals about this subject: %(n)s. They keep the copy that was sent.")
        says.append(speech(text, n=found.open_referrals))
    if found.two_officers:
        says.append(speech(_TAKES_TWO))
    return Question(
        speech("Erase this subject?"),
        found.name,
        (*says, _grace(visit)),
        speech("Erase"),
        f"/subjects/{subject_id}",
    )


def _photo_erasure(visit: OfficerRequest, subject_id: str, photo_id: str) -> Question:
    """Return what erasing a photo is asked about."""
    speech = visit.speech
    row = visit.service.lists.subjects.get(visit.actor, subject_id)
    number = next((n for n, each in enumerate(row.photos, 1) if each.id == photo_id), None)
    if number is None:
        raise NotFound("subject_photo_not_found", subject=subject_id, photo=photo_id)
    left = sum(each.erase_at is None and each.id != photo_id for each in row.photos)
    says = [
        speech("Nobody is found by it any more."),
        speech("Photos that the subject is still found by: %(n)s.", n=left),
    ]
    if visit.service.lists.erasures.takes_two(visit.actor, subject_id):
        says.append(speech(_TAKES_TWO))
    return Question(
        speech("Erase this photo?"),
        speech("Photo %(n)s of %(name)s", n=number, name=row.name),
        (*says, _grace(visit)),
        speech("Erase"),
        f"/subjects/{subject_id}",
    )


def _grace(visit: OfficerRequest) -> str:
    hours = visit.service.lists.erasures.grace // timedelta(hours=1)
    if not hours:
        return visit.speech("It is gone at once and for good.")
    text = msg("For %(hours)s hours it can be taken back; then it is gone for good.")
    return visit.speech(text, hours=hours)


def _form(visit: OfficerRequest, form: Form[SubjectIn], row: Subject | None = None) -> Response:
    return visit.page(
        "subject_form.html",
        status=form.status,
        row=row,
        **subject_form.choices(form, own_lists(visit)),
    )


def due_soon(visit: OfficerRequest) -> int:
    """Count what waits for the analysts: entries that lapse soon, objections without an answer."""
    lists = visit.service.lists
    return lists.subjects.count_lapsing(visit.actor) + lists.objections.waiting(visit.actor)


def own_lists(visit: OfficerRequest) -> list[Watchlist]:
    """Return the lists of the officer's own agency."""
    own = visit.officer.agency_id
    found = visit.service.lists.watchlists.page(visit.actor, None, _MOST_LISTS)
    return [each for each in found if each.agency_id == own]
