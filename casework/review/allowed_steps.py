"""Which steps of an alert's review are open to an officer now: what to offer them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from casework.codes.coded import CodedOutcome
from casework.kernel.actor import Actor
from casework.kernel.errors import IllegalTransition
from casework.kernel.permissions import Permission, PermissionScope, scope_of
from casework.kernel.vocabulary import AlertState, Opinion
from casework.review import states
from casework.review.alerts import hides_opinion, policy, position
from casework.tables import Alert


@dataclass(frozen=True, slots=True)
class AllowedSteps:
    """Steps that would be accepted from this officer, as the alert stands."""

    take: bool
    take_over: bool
    decide: bool
    confirm: bool
    refer: bool
    disposals: tuple[CodedOutcome, ...]
    """How it could be closed; none if it cannot be."""
    correct: bool
    """Whether how it was closed could be corrected."""

    @property
    def anything(self) -> bool:
        """Whether there is something to do."""
        return any((self.take, self.take_over, self.decide, self.confirm, self.disposals))


def allowed_steps(
    alert: Alert, actor: Actor, outcomes: Iterable[CodedOutcome] = ()
) -> AllowedSteps:
    """Return what an officer who sees the alert can do with it; the review's own rules decide.

    Args:
        alert: the alert.
        actor: the officer.
        outcomes: those that may be chosen.
    """
    at, rules = position(alert, actor), policy(alert)
    opinion = Opinion.INCONCLUSIVE
    may_take_over = _may(actor, Permission.CONFIRM_ALERT)
    take = _may(actor, Permission.ACKNOWLEDGE_ALERT) and _allowed(
        lambda: states.acknowledge(at, actor.id, rules, may_take_over=may_take_over)
    )
    decide = _may(actor, Permission.DECIDE_ALERT) and _allowed(
        lambda: states.decide(at, actor.id, opinion, rules)
    )
    confirm = may_take_over and _allowed(lambda: states.confirm(at, actor.id, opinion))
    refer = _may(actor, Permission.REFER_ALERT) and _allowed(lambda: states.refer(at, rules))
    disposals: tuple[CodedOutcome, ...] = ()
    if _may(actor, Permission.CLOSE_ALERT):
        disposals = tuple(
            end
            for end in outcomes
            if _allowed(lambda end=end: states.close(at, end, rules))  # type: ignore[misc]
        )
    hidden = hides_opinion(alert, actor)
    return AllowedSteps(
        take=take and at.state in (AlertState.NEW, AlertState.INCONCLUSIVE),
        take_over=take and at.state is AlertState.ACKNOWLEDGED,
        # To offer these would tell what the first opinion was.
        decide=decide and not hidden,
        refer=refer and not hidden,
        confirm=confirm and alert.requires_second_officer,
        disposals=disposals,
        correct=_may(actor, Permission.CORRECT_ALERT) and at.state is AlertState.CLOSED,
    )


def _may(actor: Actor, act: Permission) -> bool:
    return scope_of(actor, act) is not PermissionScope.NOTHING


def _allowed(step: Callable[[], object]) -> bool:
    try:
        step()
    except IllegalTransition:
        return False
    return True
