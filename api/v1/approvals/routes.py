"""Acts that wait for a second person: who asks, who accepts, and when they take effect."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query

from api import problems
from api.dependencies import Allowed, TheApprovals
from api.pages import Page, page_of
from api.routing import StrictRoute
from api.v1.approvals.schemas import ApprovalOut, ApprovalQuery, RefusalIn
from casework.kernel import errors
from casework.kernel.actor import Actor
from casework.kernel.permissions import Permission

router: Final = APIRouter(prefix="/v1/approvals", tags=["approvals"], route_class=StrictRoute)

Reader = Annotated[Actor, Depends(Allowed(Permission.READ_APPROVAL))]
Decider = Annotated[Actor, Depends(Allowed(Permission.DECIDE_APPROVAL))]
Asker = Annotated[Actor, Depends(Allowed(Permission.WITHDRAW_APPROVAL))]

_COMMON: Final = (errors.NotAuthenticated, errors.NotPermitted, problems.RequestInvalid)
_STEP: Final = (*_COMMON, errors.NotFound, errors.IllegalTransition)
_DECISION: Final = problems.responses(*_STEP, errors.NotSecondPerson)


@router.get(
    "",
    response_model=Page[ApprovalOut],
    summary="List acts that take a second person",
    responses=problems.responses(*_COMMON),
)
def page(
    approvals: TheApprovals, actor: Reader, query: Annotated[ApprovalQuery, Query()]
) -> Page[ApprovalOut]:
    """Return the requests of your agency, and your own, newest first."""
    views, following = page_of(
        lambda most: approvals.page(actor, query.before, most, query.states),
        query.limit,
        lambda view: view.row.id,
    )
    return Page[ApprovalOut](items=[ApprovalOut.of(view) for view in views], next=following)


@router.get(
    "/{approval_id}",
    response_model=ApprovalOut,
    summary="Read what waits for a second person",
    responses=problems.responses(*_COMMON, errors.NotFound),
)
def read(approval_id: str, approvals: TheApprovals, actor: Reader) -> ApprovalOut:
    """Return one request, and what you can do with it."""
    return ApprovalOut.of(approvals.get(actor, approval_id))


@router.post(
    "/{approval_id}/accept",
    response_model=ApprovalOut,
    summary="Accept as the second person",
    responses=_DECISION,
)
def accept(approval_id: str, approvals: TheApprovals, actor: Decider) -> ApprovalOut:
    """Accept: it takes effect by itself once the cooling time is over."""
    return ApprovalOut.of(approvals.accept(actor, approval_id))


@router.post(
    "/{approval_id}/refuse",
    response_model=ApprovalOut,
    summary="Refuse what was asked for",
    responses=_DECISION,
)
def refuse(
    approval_id: str, body: RefusalIn, approvals: TheApprovals, actor: Decider
) -> ApprovalOut:
    """Refuse, also what was accepted already and has not taken effect."""
    return ApprovalOut.of(approvals.refuse(actor, approval_id, body.reason or None))


@router.post(
    "/{approval_id}/withdraw",
    response_model=ApprovalOut,
    summary="Withdraw your own request",
    responses=problems.responses(*_STEP),
)
def withdraw(approval_id: str, approvals: TheApprovals, actor: Asker) -> ApprovalOut:
    """Take back what you asked for, before it has taken effect."""
    return ApprovalOut.of(approvals.withdraw(actor, approval_id))
