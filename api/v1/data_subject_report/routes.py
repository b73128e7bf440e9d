"""What is held about a subject, for the person's own request or the owner's check."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query

from api import problems
from api.dependencies import Allowed, TheDataSubjectReports
from api.routing import StrictRoute
from api.v1.data_subject_report.schemas import HeldOut, HeldQuery
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission

router: Final = APIRouter(prefix="/v1/subjects", tags=["subjects"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_SUBJECT))]


@router.get(
    "/{subject_id}/held",
    response_model=HeldOut,
    summary="Report what is held about a subject",
    responses=problems.responses(
        errors.NotAuthenticated, errors.NotPermitted, errors.NotFound, problems.RequestInvalid
    ),
)
def held(
    subject_id: str,
    held_records: TheDataSubjectReports,
    actor: Reader,
    query: Annotated[HeldQuery, Query()],
) -> dict[str, Any]:
    """Return every record about a subject but the photos' content, which is read one by one."""
    return held_records.report_on(actor, subject_id, query.purpose)
