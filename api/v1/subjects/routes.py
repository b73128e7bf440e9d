"""Subjects and their photos: kept by the analysts of the agency that looks for them."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from api import problems
from api.dependencies import (
    Allowed,
    ReadVersion,
    TheEnrolment,
    TheErasures,
    TheHistory,
    TheLookalikes,
    TheLooks,
    TheMerges,
    ThePhotos,
    TheSettings,
    TheSubjects,
    TheZone,
    Workers,
    etag,
    work_place,
)
from api.forms import NoFields, multipart_schema, read_form, validated
from api.pages import NumberedPage, Page, page_of
from api.photos import PHOTO_CONTENT
from api.problems import FieldProblem, RequestInvalid
from api.routing import Before, StrictRoute
from api.v1.approvals.schemas import WaitingOut
from api.v1.approvals.waiting import MAY_WAIT, WAITING
from api.v1.audit.schemas import AuditRecordOut, LooksQuery
from api.v1.common import ReasonIn
from api.v1.subjects.history import MeetingOut
from api.v1.subjects.schemas import (
    EnrolmentOut,
    ErasureIn,
    ErasureOut,
    ExtensionIn,
    MergeIn,
    MergeOut,
    PhotoReportOut,
    SimilarOut,
    SubjectForm,
    SubjectIn,
    SubjectOut,
    SubjectPatch,
    SubjectQuery,
    UnmergeOut,
)
from api.workers import Overloaded
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.screening.duplicates import Lookalike, Lookalikes
from casework.tables import Subject
from casework.watchlists.enrolment import Enrolled
from casework.watchlists.subjects import Subjects

router: Final = APIRouter(prefix="/v1/subjects", tags=["subjects"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_SUBJECT))]
LooksReader = Annotated[Actor, Depends(Allowed(Permission.READ_LOOKS))]
Editor = Annotated[Actor, Depends(Allowed(Permission.EDIT_SUBJECT))]
HistoryReader = Annotated[Actor, Depends(Allowed(Permission.READ_HISTORY))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)
_PHOTOS: Final[dict[str, Any]] = {
    "type": "array",
    "minItems": 1,
    "items": {"type": "string", "format": "binary"},
    "description": "One or more photos of the same person.",
}
"""Headers of a person's photo."""


@router.post(
    "",
    dependencies=[work_place(Allowed(Permission.EDIT_SUBJECT))],
    status_code=201,
    response_model=EnrolmentOut,
    summary="Enrol a subject",
    openapi_extra={"requestBody": multipart_schema(SubjectForm, photos=_PHOTOS)},
    responses={
        200: {
            "model": EnrolmentOut,
            "description": "The reference was enrolled before: photos were added to it.",
        },
        **problems.responses(
            *_COMMON,
            errors.NotFound,
            errors.InvalidPeriod,
            errors.ImpossibleBirth,
            errors.RequirementMissing,
            errors.EnrolmentRefused,
            Overloaded,
        ),
    },
)
async def enrol(
    request: Request,
    response: Response,
    subjects: TheSubjects,
    enrolment: TheEnrolment,
    lookalikes: TheLookalikes,
    settings: TheSettings,
    actor: Editor,
    pool: Workers,
) -> EnrolmentOut:
    """Enrol a person from photos; each photo is accepted or refused with its reason.

    A person whose every photo is refused is not created.
    """
    form = await read_form(request, "photos")
    files = form.photos("photos", settings.max_photos)
    body = validated(SubjectIn, _json(form.parse(SubjectForm).subject))
    person = body.new(settings.zone)

    def work() -> tuple[Enrolled, tuple[Lookalike, ...]]:
        enrolled = enrolment.enrol(actor, person, files)
        return enrolled, _similar(lookalikes, actor, enrolled)

    enrolled, similar = await pool.run(request, work)
    response.status_code = 201 if enrolled.created else 200
    response.headers["Location"] = f"/v1/subjects/{enrolled.subject_id}"
    return _enrolment(subjects, actor, enrolled, similar, response)


@router.get(
    "",
    response_model=Page[SubjectOut],
    summary="List subjects",
    responses=problems.responses(*_COMMON),
)
def page(
    subjects: TheSubjects,
    actor: Reader,
    query: Annotated[SubjectQuery, Query()],
    zone: TheZone,
) -> Page[SubjectOut]:
    """Return subjects in order of making, of all watchlists or of one."""
    rows, following = page_of(
        lambda most: subjects.page(actor, query.after, most, query.chosen(zone)),
        query.limit,
    )
    lacks = subjects.lacking(rows)
    items = [SubjectOut.of(row, lacks[row.id]) for row in rows]
    return Page[SubjectOut](items=items, next=following)


@router.get(
    "/{subject_id}",
    response_model=SubjectOut,
    summary="Read a subject",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(subject_id: str, response: Response, subjects: TheSubjects, actor: Reader) -> SubjectOut:
    """Return one subject, with its version as ETag."""
    return _answer(subjects.get(actor, subject_id), response, subjects)


@router.patch(
    "/{subject_id}",
    response_model=SubjectOut,
    summary="Change a subject",
    responses=WAITING
    | problems.responses(
        *_COMMON,
        errors.NotFound,
        errors.AlreadyExists,
        errors.StaleVersion,
        errors.InvalidPeriod,
        errors.ImpossibleBirth,
        *MAY_WAIT,
    ),
)
def edit(
    subject_id: str,
    body: SubjectPatch,
    response: Response,
    subjects: TheSubjects,
    actor: Editor,
    version: ReadVersion,
    zone: TheZone,
) -> SubjectOut:
    """Change the fields that are sent; they count from the next screening on.

    What lets a subject alert less on a list that requires a second officer waits for a second
    person, with all that is sent beside it: leaving the list, a suspension, a shorter validity.
    """
    changes = body.changes_in(zone)
    return _answer(subjects.edit(actor, subject_id, changes, version, body.why), response, subjects)


_ERASES: Final[dict[int | str, dict[str, Any]]] = {
    202: {
        "description": "It is being erased; or it waits for a second person, and goes on alerting "
        "until that person has accepted it.",
    }
}


@router.post(
    "/{subject_id}/erase",
    status_code=202,
    response_model=ErasureOut | WaitingOut,
    summary="Erase a subject",
    responses=_ERASES | problems.responses(*_COMMON, errors.NotFound, *MAY_WAIT),
)
def erase(subject_id: str, body: ErasureIn, erasures: TheErasures, actor: Editor) -> ErasureOut:
    """Erase a subject with its photos and templates; alerts already raised remain.

    It alerts nobody from the next screening on, and is gone after `undo_hours`; until then
    `/restore` takes it back. On a list that requires a second officer, or `immediately`, a second
    person has to accept it first.
    """
    at = erasures.erase(actor, subject_id, body.reason, immediately=body.immediately)
    return ErasureOut(erase_at=at)


@router.post(
    "/{subject_id}/merge",
    response_model=MergeOut,
    summary="Merge a subject into another",
    responses=WAITING
    | problems.responses(
        *_COMMON,
        errors.NotFound,
        errors.IllegalTransition,
        errors.RequirementMissing,
        *MAY_WAIT,
    ),
)
def merge(
    subject_id: str,
    body: MergeIn,
    response: Response,
    merges: TheMerges,
    subjects: TheSubjects,
    actor: Editor,
) -> MergeOut:
    """Make one of two subjects of an agency who are the same person.

    `into` stays, with what only this one has: lists, photos, documents, names, what is known of the
    person, and the longer period. This one is erased with the time of grace of every erasure. Where
    it is on a list that requires a second officer, that waits for a second person.
    """
    done = merges.merge(actor, subject_id, body.into, body.reason)
    response.headers["Location"] = f"/v1/subjects/{done.kept.id}"
    return MergeOut(subject=_answer(done.kept, response, subjects), erase_at=done.erase_at)


@router.post(
    "/{subject_id}/unmerge",
    response_model=UnmergeOut,
    summary="Take a merge back",
    responses=problems.responses(*_COMMON, errors.NotFound, errors.IllegalTransition),
)
def unmerge(
    subject_id: str, response: Response, merges: TheMerges, subjects: TheSubjects, actor: Editor
) -> UnmergeOut:
    """Let a merged subject alert again, and take off the other what it got of this one."""
    done = merges.undo(actor, subject_id)
    return UnmergeOut(
        subject=_answer(done.restored, response, subjects),
        merged_into=done.kept_id,
        stays=list(done.stays),
    )


@router.post(
    "/{subject_id}/restore",
    response_model=SubjectOut,
    summary="Take the erasure of a subject back",
    responses=problems.responses(*_COMMON, errors.NotFound, errors.IllegalTransition),
)
def restore(
    subject_id: str, response: Response, erasures: TheErasures, subjects: TheSubjects, actor: Editor
) -> SubjectOut:
    """Keep a subject that is being erased; it alerts again from the next screening on."""
    return _answer(erasures.restore(actor, subject_id), response, subjects)


@router.post(
    "/{subject_id}/extend",
    response_model=SubjectOut,
    summary="Extend an entry",
    responses=problems.responses(
        *_COMMON,
        errors.NotFound,
        errors.IllegalTransition,
        errors.StaleVersion,
        errors.InvalidPeriod,
    ),
)
def extend(
    subject_id: str,
    body: ExtensionIn,
    response: Response,
    subjects: TheSubjects,
    actor: Editor,
    version: ReadVersion,
    zone: TheZone,
) -> SubjectOut:
    """Have an entry that has an end count longer; a day counts to its end."""
    row = subjects.extend(actor, subject_id, body.ends(zone), body.decision_number, version)
    return _answer(subjects.get(actor, row.id), response, subjects)


@router.get(
    "/{subject_id}/encounters",
    response_model=Page[MeetingOut],
    summary="Read a subject's encounters",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def encounters(
    subject_id: str,
    history: TheHistory,
    actor: HistoryReader,
    query: Before,
) -> Page[MeetingOut]:
    """Return where the subject was met, at every stage, newest first, with the outcome."""
    rows, following = page_of(
        lambda most: history.page(actor, subject_id, query.before, most),
        query.limit,
        lambda row: row.encounter.id,
    )
    items = [MeetingOut.of(row, actor) for row in rows]
    return Page[MeetingOut](items=items, next=following)


@router.get(
    "/{subject_id}/looks",
    response_model=NumberedPage[AuditRecordOut],
    summary="Read who looked at a person",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def looked(
    subject_id: str,
    looks: TheLooks,
    actor: LooksReader,
    query: Annotated[LooksQuery, Query()],
) -> NumberedPage[AuditRecordOut]:
    """Return the acts of anybody on a subject, its photos, alerts, referrals and tips.

    Searches that showed it are among them; newest first. For the owner's auditors and supervisors.
    """
    rows, following = page_of(
        lambda most: looks.page(actor, subject_id, query.before, most),
        query.limit,
        lambda row: row.seq,
    )
    items = [AuditRecordOut.model_validate(row) for row in rows]
    return NumberedPage[AuditRecordOut](items=items, next=following)


@router.post(
    "/{subject_id}/photos",
    dependencies=[work_place(Allowed(Permission.EDIT_SUBJECT))],
    status_code=201,
    response_model=EnrolmentOut,
    summary="Add photos",
    openapi_extra={"requestBody": multipart_schema(NoFields, photos=_PHOTOS)},
    responses=problems.responses(
        *_COMMON,
        errors.NotFound,
        errors.IllegalTransition,
        errors.EnrolmentRefused,
        Overloaded,
    ),
)
async def add_photos(
    subject_id: str,
    request: Request,
    response: Response,
    subjects: TheSubjects,
    enrolment: TheEnrolment,
    lookalikes: TheLookalikes,
    settings: TheSettings,
    actor: Editor,
    pool: Workers,
) -> EnrolmentOut:
    """Add photos to a subject; each is accepted or refused with its reason."""
    form = await read_form(request, "photos")
    form.parse(NoFields)
    files = form.photos("photos", settings.max_photos)

    def work() -> tuple[Enrolled, tuple[Lookalike, ...]]:
        enrolled = enrolment.add_photos(actor, subject_id, files)
        return enrolled, _similar(lookalikes, actor, enrolled)

    enrolled, similar = await pool.run(request, work)
    return _enrolment(subjects, actor, enrolled, similar, response)


@router.get(
    "/{subject_id}/photos/{photo_id}",
    summary="Read an enrolled photo",
    response_class=Response,
    responses={
        200: {"content": PHOTO_CONTENT},
        **problems.responses(*_COMMON, errors.NotFound),
    },
)
def photo(
    subject_id: str, photo_id: str, subjects: TheSubjects, actor: Reader, photos: ThePhotos
) -> Response:
    """Return an enrolled photo.

    In a format that browsers show: as it was sent, or as a JPEG of it.
    """
    stored = subjects.photo_content(actor, subject_id, photo_id)
    return photos.response(stored.content, stored.format)


@router.post(
    "/{subject_id}/photos/{photo_id}/erase",
    status_code=202,
    response_model=ErasureOut | WaitingOut,
    summary="Erase a photo",
    responses=_ERASES
    | problems.responses(
        *_COMMON, errors.NotFound, errors.StillInUse, errors.IllegalTransition, *MAY_WAIT
    ),
)
def erase_photo(
    subject_id: str, photo_id: str, body: ReasonIn, erasures: TheErasures, actor: Editor
) -> ErasureOut:
    """Erase one photo and its templates, as a subject; the last one goes only with its subject.

    Of a subject on a list that requires a second officer, a second person has to accept it first.
    """
    return ErasureOut(erase_at=erasures.erase_photo(actor, subject_id, photo_id, body.reason))


@router.post(
    "/{subject_id}/photos/{photo_id}/restore",
    response_model=SubjectOut,
    summary="Take the erasure of a photo back",
    responses=problems.responses(*_COMMON, errors.NotFound, errors.IllegalTransition),
)
def restore_photo(
    subject_id: str,
    photo_id: str,
    response: Response,
    erasures: TheErasures,
    subjects: TheSubjects,
    actor: Editor,
) -> SubjectOut:
    """Keep a photo that is being erased."""
    return _answer(erasures.restore_photo(actor, subject_id, photo_id), response, subjects)


def _similar(lookalikes: Lookalikes, actor: Actor, enrolled: Enrolled) -> tuple[Lookalike, ...]:
    """Return whom the new photos resemble."""
    (similar,) = lookalikes.of(actor, [enrolled])
    return similar


def _enrolment(
    subjects: Subjects,
    actor: Actor,
    enrolled: Enrolled,
    similar: Sequence[Lookalike],
    response: Response,
) -> EnrolmentOut:
    assert enrolled.subject_id is not None  # noqa: S101 - a refusal has been raised before
    return EnrolmentOut(
        subject=_answer(subjects.get(actor, enrolled.subject_id), response, subjects),
        created=enrolled.created,
        photos=[PhotoReportOut.of(report) for report in enrolled.reports],
        similar=[SimilarOut.model_validate(each) for each in similar],
    )


def _answer(row: Subject, response: Response, subjects: Subjects) -> SubjectOut:
    response.headers["ETag"] = etag(row.version)
    return SubjectOut.of(row, subjects.lacking([row])[row.id])


def _json(text: str) -> Any:  # noqa: ANN401 - checked by `validated` right after
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestInvalid(
            "The field `subject` must be a JSON object.",
            [FieldProblem(field="subject", message="not JSON")],
        ) from error
