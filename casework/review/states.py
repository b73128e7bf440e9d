"""The life of an alert: which act leads from which state to which. Pure rules, no records.

    new -> acknowledged -> potential_candidate | not_candidate | inconclusive     (first opinion)
                        -> confirmed | rejected                                   (second officer)
                        -> referred -> closed

Where a list requires no acknowledgement, an opinion may be given on a new alert. Where it requires
no second officer, an alert may be closed on the first opinion. An inconclusive alert waits for
another look. Whatever is not said here is not allowed.
"""

from dataclasses import dataclass
from typing import Final

from casework.errors import IllegalTransition
from casework.vocabulary import AlertState, Disposal, Opinion

_S = AlertState

FIRST_OPINIONS: Final = frozenset({_S.POTENTIAL_CANDIDATE, _S.NOT_CANDIDATE, _S.INCONCLUSIVE})
OPEN: Final = frozenset(AlertState) - {_S.CLOSED, _S.UNDER_REVIEW}

_REFERABLE: Final = frozenset(
    {_S.ACKNOWLEDGED, _S.POTENTIAL_CANDIDATE, _S.INCONCLUSIVE, _S.CONFIRMED}
)
_SETTLED: Final = frozenset({_S.CONFIRMED, _S.REJECTED, _S.REFERRED})
_SECOND: Final = {
    Opinion.POTENTIAL_CANDIDATE: _S.CONFIRMED,
    Opinion.NOT_CANDIDATE: _S.REJECTED,
    Opinion.INCONCLUSIVE: _S.INCONCLUSIVE,
}

# What can be done with somebody who is not the person on the list.
_OF_NO_CANDIDATE: Final = frozenset(
    {Disposal.MISTAKEN_IDENTITY, Disposal.CLEARED, Disposal.NOT_FOUND, Disposal.OTHER}
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What an alert's watchlist asked for when the alert was raised."""

    requires_acknowledgement: bool
    requires_second_officer: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an alert stands, and who brought it there."""

    state: AlertState
    acknowledged_by: str | None = None
    decided_by: str | None = None


def acknowledge(at: Standing, officer_id: str, *, may_take_over: bool) -> AlertState:
    """Return the state after an officer takes an alert.

    Raises:
        IllegalTransition: it is taken, or further on.
    """
    if at.state is _S.NEW:
        return _S.ACKNOWLEDGED
    if at.state is _S.ACKNOWLEDGED and at.acknowledged_by == officer_id:
        raise IllegalTransition("You have already taken this alert.")
    if at.state is _S.ACKNOWLEDGED and may_take_over:
        return _S.ACKNOWLEDGED
    if at.state is _S.ACKNOWLEDGED:
        raise IllegalTransition("Another officer has taken this alert; a supervisor can take over.")
    raise _illegal("acknowledged", at.state)


def decide(at: Standing, officer_id: str, opinion: Opinion, rules: Rules) -> AlertState:
    """Return the state after the first opinion.

    Raises:
        IllegalTransition: it is not time for one, or another officer has the alert in hand.
    """
    if at.state is _S.NEW and rules.requires_acknowledgement:
        raise IllegalTransition("Acknowledge the alert first: its list requires that.")
    if at.state not in (_S.NEW, _S.ACKNOWLEDGED, _S.INCONCLUSIVE):
        raise _illegal("decided", at.state)
    if at.acknowledged_by not in (None, officer_id):
        raise IllegalTransition("Another officer has taken this alert; a supervisor can take over.")
    return AlertState(opinion.value)


def confirm(at: Standing, officer_id: str, opinion: Opinion) -> AlertState:
    """Return the state after the second officer's opinion.

    Raises:
        IllegalTransition: there is no first opinion yet, or it is the same officer's.
    """
    if at.state not in FIRST_OPINIONS:
        raise _illegal("confirmed", at.state)
    if at.decided_by == officer_id:
        raise IllegalTransition("The second opinion takes another officer than the first.")
    return _SECOND[opinion]


def refer(at: Standing) -> AlertState:
    """Return the state after an alert is handed to another agency; raises IllegalTransition."""
    if at.state not in _REFERABLE:
        raise _illegal("referred", at.state)
    return _S.REFERRED


def close(at: Standing, disposal: Disposal, rules: Rules) -> AlertState:
    """Return the state after an alert is closed.

    Raises:
        IllegalTransition: an opinion is missing, or the end does not fit what was found.
    """
    if at.state in FIRST_OPINIONS and rules.requires_second_officer:
        raise IllegalTransition("A second officer has to look first: the alert's list requires it.")
    if at.state not in _SETTLED | FIRST_OPINIONS:
        raise _illegal("closed", at.state)
    if at.state in (_S.REJECTED, _S.NOT_CANDIDATE) and disposal not in _OF_NO_CANDIDATE:
        raise IllegalTransition(
            f"The traveller is not the person on the list, so the alert cannot end as {disposal}."
        )
    return _S.CLOSED


def _illegal(done: str, state: AlertState) -> IllegalTransition:
    # The first opinion itself is not told: who asks may be the one to give the second.
    told = "under review" if state in FIRST_OPINIONS else state.value
    return IllegalTransition(f"An alert that is {told} cannot be {done}.")
