"""Acts that take a second person: what waits, and who accepts, refuses or withdraws it."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.console import danger
from api.console.danger import Question
from api.console.page import OfficerRequest, RequirePermission
from casework.approvals.approvals import ActWaits, ApprovalView
from casework.approvals.states import OPEN, SETTLED
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import ApprovalState

router: Final = APIRouter(include_in_schema=False)

Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_APPROVAL))]
Decider = Annotated[OfficerRequest, Depends(RequirePermission(Permission.DECIDE_APPROVAL))]
Asker = Annotated[OfficerRequest, Depends(RequirePermission(Permission.WITHDRAW_APPROVAL))]
Keeper = Annotated[OfficerRequest, Depends(RequirePermission(Permission.MANAGE_OFFICER))]

_LIST: Final = "/approvals"
_MOST: Final = 100


@router.get("/approvals")
def page(visit: Reader) -> Response:
    """List what waits, and what was settled last."""
    requests = visit.service.approvals.requests
    return visit.page(
        "approvals.html",
        waiting=requests.page(visit.actor, None, _MOST, OPEN),
        settled=requests.page(visit.actor, None, _MOST, SETTLED),
    )


@router.get("/approvals/founded")
def ask_end_founding(visit: Keeper) -> Response:
    """Ask before the founding period is ended."""
    return danger.ask(visit, _ending(visit))


@router.post("/approvals/founded")
def end_founding(visit: Keeper) -> Response:
    """End the agency's founding period by choice."""

    def end(reason: str) -> Response:
        visit.service.approvals.founding.end(visit.actor, visit.officer.agency_id, reason)
        return visit.go(_LIST, done="founded")

    return danger.answered(visit, lambda: _ending(visit), end)


def _ending(visit: OfficerRequest) -> Question:
    """Return what ending the founding period is asked about."""
    speech, agency_id = visit.speech, visit.officer.agency_id
    others = visit.service.approvals.founding.others(visit.actor, agency_id)
    says = [
        speech("From now on new officers, roles and weaker rules take a second person and wait."),
        speech("The period does not come back."),
        speech("People who could be the second person beside you: %(n)s.", n=others),
    ]
    if not others:
        says.append(
            speech("So such acts are refused, until the owner of the machine makes an account.")
        )
    agency = visit.service.accounts.agencies.get(visit.actor, agency_id)
    return Question(
        speech("End the founding period?"),
        f"{agency.name} ({agency.code})",
        tuple(says),
        speech("End the founding period"),
        _LIST,
    )


@router.get("/approvals/{approval_id}")
def show(approval_id: str, visit: Reader) -> Response:
    """Show one request."""
    return _page(visit, visit.service.approvals.requests.get(visit.actor, approval_id))


@router.post("/approvals/{approval_id}/accept")
def accept(approval_id: str, visit: Decider) -> Response:
    """Accept as the second person."""
    accepted = visit.service.approvals.requests.accept(visit.actor, approval_id)
    waiting = accepted.row.state == ApprovalState.ACCEPTED
    return visit.go(f"{_LIST}/{approval_id}", done="accepted" if waiting else "accepted_now")


@router.post("/approvals/{approval_id}/refuse")
def refuse(approval_id: str, visit: Decider) -> Response:
    """Refuse, with a reason if there is one."""
    reason = visit.posted.text("reason") or None
    visit.service.approvals.requests.refuse(visit.actor, approval_id, reason)
    return visit.go(f"{_LIST}/{approval_id}", done="refused")


@router.post("/approvals/{approval_id}/withdraw")
def withdraw(approval_id: str, visit: Asker) -> Response:
    """Take back one's own request."""
    visit.service.approvals.requests.withdraw(visit.actor, approval_id)
    return visit.go(f"{_LIST}/{approval_id}", done="withdrawn")


def waits(visit: OfficerRequest, act: ActWaits, login: str = "") -> Response:
    """Answer a form whose act waits: with the request, and a password that is shown this once.

    Args:
        visit: who sent the form.
        act: what waits.
        login: whose first password it is.
    """
    return _page(visit, act.view, once=(login, act.secret), just_asked=True)


def _page(
    visit: OfficerRequest,
    view: ApprovalView,
    once: tuple[str, str | None] | None = None,
    *,
    just_asked: bool = False,
) -> Response:
    at_once = view.row.effective_from <= visit.service.review.queue.now()
    return visit.page("approval.html", view=view, once=once, just_asked=just_asked, at_once=at_once)
