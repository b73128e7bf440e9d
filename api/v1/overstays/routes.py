"""Overstays of people on lists, and the timelines of persons."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query

from api import problems
from api.dependencies import Allowed, TheOverstays, TheTimelines
from api.pages import Page, page_of
from api.routing import StrictRoute
from api.v1.overstays.schemas import OverstayOut, OverstayQuery, TimelineOut
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission

router: Final = APIRouter(prefix="/v1", tags=["overstays"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_OVERSTAY))]
Historian = Annotated[Actor, Depends(Allowed(Permission.READ_HISTORY))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)


@router.get(
    "/overstays",
    response_model=Page[OverstayOut],
    summary="List overstays",
    responses=problems.responses(*_COMMON),
)
def page(
    overstays: TheOverstays, actor: Reader, query: Annotated[OverstayQuery, Query()]
) -> Page[OverstayOut]:
    """Return the people on your lists who are here after the end of a permit, the longest first.

    Of lists that are shared with your agency, too. A permit's end is known from what the list's
    owner recorded, or from a port that sent `permit_until` with an alert.
    """
    found, following = page_of(
        lambda most: overstays.page(actor, query.after, most, query.chosen),
        query.limit,
        lambda each: each.subject.id,
    )
    return Page[OverstayOut](items=[OverstayOut.of(each) for each in found], next=following)


@router.get(
    "/subjects/{subject_id}/timeline",
    response_model=TimelineOut,
    summary="Read a subject's timeline",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def timeline(subject_id: str, timelines: TheTimelines, actor: Historian) -> TimelineOut:
    """Return visa, arrival, stay, departure and permits of a subject in order of time.

    What people found to be somebody else is no part of it. Each reading is recorded.
    """
    return TimelineOut.of(timelines.of_subject(actor, subject_id))
