"""Objections of persons against their entries: recorded, and answered by a day."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response

from api import problems
from api.dependencies import Allowed, ReadVersion, TheObjections, TheZone, etag
from api.pages import Page, page_of
from api.routing import StrictRoute
from api.v1.objections.schemas import (
    ObjectionAnswerIn,
    ObjectionIn,
    ObjectionOut,
    ObjectionQuery,
)
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission
from casework.watchlists.objections import ObjectionView

router: Final = APIRouter(prefix="/v1", tags=["objections"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_SUBJECT))]
Recorder = Annotated[Actor, Depends(Allowed(Permission.RECORD_OBJECTION))]
Answerer = Annotated[Actor, Depends(Allowed(Permission.ANSWER_OBJECTION))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)


@router.post(
    "/subjects/{subject_id}/objections",
    status_code=201,
    response_model=ObjectionOut,
    summary="Record an objection",
    responses=problems.responses(
        *_COMMON, errors.NotFound, errors.IllegalTransition, errors.InvalidPeriod
    ),
)
def record(
    subject_id: str,
    body: ObjectionIn,
    response: Response,
    objections: TheObjections,
    actor: Recorder,
    zone: TheZone,
) -> ObjectionOut:
    """Record that a person objects to their entry; it shows on the subject and its alerts."""
    view = objections.record(actor, subject_id, body.new(), zone)
    response.headers["Location"] = f"/v1/objections/{view.row.id}"
    return _answer(view, response)


@router.get(
    "/subjects/{subject_id}/objections",
    response_model=list[ObjectionOut],
    summary="List a subject's objections",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def of_subject(subject_id: str, objections: TheObjections, actor: Reader) -> list[ObjectionOut]:
    """Return the objections against one subject's entry, in order of recording."""
    return [ObjectionOut.of(view) for view in objections.of_subject(actor, subject_id)]


@router.get(
    "/objections",
    response_model=Page[ObjectionOut],
    summary="List objections",
    responses=problems.responses(*_COMMON),
)
def page(
    objections: TheObjections, actor: Reader, query: Annotated[ObjectionQuery, Query()]
) -> Page[ObjectionOut]:
    """Return the objections against your agency's entries, in order of recording."""
    views, following = page_of(
        lambda most: objections.page(actor, query.after, most, unanswered=query.unanswered),
        query.limit,
        lambda view: view.row.id,
    )
    return Page[ObjectionOut](items=[ObjectionOut.of(view) for view in views], next=following)


@router.get(
    "/objections/{objection_id}",
    response_model=ObjectionOut,
    summary="Read an objection",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(
    objection_id: str, response: Response, objections: TheObjections, actor: Reader
) -> ObjectionOut:
    """Return one objection, with its version as ETag."""
    return _answer(objections.get(actor, objection_id), response)


@router.post(
    "/objections/{objection_id}/answer",
    response_model=ObjectionOut,
    summary="Answer an objection",
    responses=problems.responses(
        *_COMMON, errors.NotFound, errors.IllegalTransition, errors.StaleVersion
    ),
)
def answer(
    objection_id: str,
    body: ObjectionAnswerIn,
    response: Response,
    objections: TheObjections,
    actor: Answerer,
    version: ReadVersion,
) -> ObjectionOut:
    """Record what the person was answered. The entry itself is changed, or not, by its own acts."""
    return _answer(
        objections.answer(actor, objection_id, body.outcome, body.answer, version), response
    )


def _answer(view: ObjectionView, response: Response) -> ObjectionOut:
    response.headers["ETag"] = etag(view.row.version)
    return ObjectionOut.of(view)
