"""Known look-alikes: travellers who are not stopped for one subject again."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request

from api import problems
from api.dependencies import Allowed, TheKnownLookalikes, Workers, work_place
from api.routing import StrictRoute
from api.v1.approvals.schemas import WaitingOut
from api.v1.approvals.waiting import MAY_WAIT, WAITING
from api.v1.common import ReasonIn
from api.v1.known_lookalikes.schemas import KnownLookalikeIn, KnownLookalikeOut
from api.workers import Overloaded
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission

router: Final = APIRouter(prefix="/v1", tags=["lookalikes"], route_class=StrictRoute)

Keeper = Annotated[Actor, Depends(Allowed(Permission.KEEP_LOOKALIKE))]
Reader = Annotated[Actor, Depends(Allowed(Permission.READ_SUBJECT))]
Revoker = Annotated[Actor, Depends(Allowed(Permission.REVOKE_LOOKALIKE))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)


@router.post(
    "/alerts/{alert_id}/known-lookalike",
    dependencies=[work_place(Allowed(Permission.KEEP_LOOKALIKE))],
    status_code=202,
    response_model=WaitingOut,
    summary="Ask that a traveller is known as a look-alike",
    responses=WAITING | problems.responses(*_COMMON, errors.NotFound, *MAY_WAIT, Overloaded),
)
async def propose(
    alert_id: str,
    request: Request,
    body: KnownLookalikeIn,
    known: TheKnownLookalikes,
    actor: Keeper,
    pool: Workers,
) -> None:
    """Ask that the traveller of an alert is no longer stopped for its subject.

    The alert has to be closed as `mistaken_identity`; a second supervisor has to accept it.
    """
    await pool.run(request, lambda: known.propose(actor, alert_id, body.days, body.reason))


@router.get(
    "/subjects/{subject_id}/known-lookalikes",
    response_model=list[KnownLookalikeOut],
    summary="List a subject's known look-alikes",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def of_subject(
    subject_id: str, known: TheKnownLookalikes, actor: Reader
) -> list[KnownLookalikeOut]:
    """Return those that were accepted, in order of asking, also those out of force."""
    return [KnownLookalikeOut.model_validate(row) for row in known.of_subject(actor, subject_id)]


@router.post(
    "/known-lookalikes/{lookalike_id}/revoke",
    response_model=KnownLookalikeOut,
    summary="Revoke a known look-alike",
    responses=problems.responses(*_COMMON, errors.NotFound, errors.IllegalTransition),
)
def revoke(
    lookalike_id: str, body: ReasonIn, known: TheKnownLookalikes, actor: Revoker
) -> KnownLookalikeOut:
    """End one at once: the traveller alerts again from the next screening on."""
    return KnownLookalikeOut.model_validate(known.revoke(actor, lookalike_id, body.reason))
