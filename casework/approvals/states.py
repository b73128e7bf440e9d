"""The life of an act that waits for a second person. Pure rules, no records.

    waiting -> accepted -> in_effect
            -> refused | withdrawn | lapsed

What is accepted takes effect once the cooling time is over, and not before. Until then it can still
be refused or withdrawn. It lapses where nobody accepts it in time, or where it no longer fits when
its time has come. What is not listed here is not allowed.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from casework.kernel.errors import IllegalTransition
from casework.kernel.vocabulary import ApprovalState

_S = ApprovalState

OPEN: Final = frozenset({_S.WAITING, _S.ACCEPTED})
SETTLED: Final = frozenset(ApprovalState) - OPEN


class ApprovalStep(StrEnum):
    """What is done with a request."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    TAKE_EFFECT = "take_effect"
    LAPSE = "lapse"


@dataclass(frozen=True, slots=True)
class ApprovalPosition:
    """Where a request stands."""

    state: ApprovalState
    effective_from: datetime
    """Not before: the cooling time ends then."""
    lapses_at: datetime
    """From then on nobody accepts it any more."""


# Step -> the states that it may be taken in, and the state it leads to.
_RULES: Final = {
    ApprovalStep.ACCEPT: (frozenset({_S.WAITING}), _S.ACCEPTED),
    ApprovalStep.REFUSE: (OPEN, _S.REFUSED),
    ApprovalStep.WITHDRAW: (OPEN, _S.WITHDRAWN),
    ApprovalStep.TAKE_EFFECT: (frozenset({_S.ACCEPTED}), _S.IN_EFFECT),
    ApprovalStep.LAPSE: (OPEN, _S.LAPSED),
}


def advance(at: ApprovalPosition, step: ApprovalStep, now: datetime) -> ApprovalState:
    """Return the state after a step.

    Raises:
        IllegalTransition: the step is not possible in this state, or at this time.
    """
    allowed, state = _RULES[step]
    too_late = step is ApprovalStep.ACCEPT and now >= at.lapses_at
    too_early = step is ApprovalStep.TAKE_EFFECT and now < at.effective_from
    if at.state not in allowed or too_late or too_early:
        raise IllegalTransition("approval_not_possible", step=step, state=at.state)
    return state


def open_steps(at: ApprovalPosition, now: datetime) -> frozenset[ApprovalStep]:
    """Return the steps that are possible now."""
    return frozenset(step for step in ApprovalStep if _possible(at, step, now))


def _possible(at: ApprovalPosition, step: ApprovalStep, now: datetime) -> bool:
    try:
        advance(at, step, now)
    except IllegalTransition:
        return False
    return True
