"""The life of an alert: which act leads from which state to which. Pure rules, no records.

    new -> acknowledged -> potential_candidate | not_candidate | inconclusive     (first opinion)
                        -> confirmed | rejected | inconclusive                    (second officer)
                        -> referred -> closed
    an opinion -> acknowledged                                                    (taken back)
    closed -> closed (another outcome) | acknowledged (another review)                (correction)

Where a list requires no acknowledgement, an opinion may be given on a new alert. Where it requires
no second officer, an alert may be closed on the first opinion. To confirm takes two who hold the
traveller to be the person on the list; the second officer alone can reject. An inconclusive alert
waits for another review, by any officer who takes it. What is not listed here is not allowed.

While an alert is *veiled*, nobody but the first officer may learn the first opinion. Each act is
therefore refused or allowed in the same words whatever that opinion was. Siblings
(`casework.review.siblings`) are neither handed over nor closed while one of them is veiled.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from casework.codes.coded import CodedOutcome
from casework.kernel.errors import IllegalTransition
from casework.kernel.messages import Labelled, Message
from casework.kernel.rules import all_of, missing, one_of
from casework.kernel.vocabulary import AlertState, ComparisonResult, Direction, Opinion, Stage

_S = AlertState

UNDO: Final = timedelta(seconds=10)
"""How long an officer can take back an opinion, as long as nobody has built on it."""
FIRST_OPINIONS: Final = frozenset({_S.POTENTIAL_CANDIDATE, _S.NOT_CANDIDATE, _S.INCONCLUSIVE})
OPEN: Final = frozenset(AlertState) - {_S.CLOSED, _S.UNDER_REVIEW}

_REFERABLE: Final = frozenset(
    {_S.ACKNOWLEDGED, _S.POTENTIAL_CANDIDATE, _S.INCONCLUSIVE, _S.CONFIRMED}
)
_SETTLED: Final = frozenset({_S.CONFIRMED, _S.REJECTED, _S.REFERRED})


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """What an alert's watchlist required when the alert was raised."""

    requires_acknowledgement: bool
    requires_second_officer: bool


@dataclass(frozen=True, slots=True)
class AlertPosition:
    """Where an alert stands, and who brought it there."""

    state: AlertState
    acknowledged_by: str | None = None
    decided_by: str | None = None
    confirmed_by: str | None = None
    """Who gave the second opinion on the present first one; None before there is one."""
    beside_veiled: bool = False
    """Whether a sibling waits for its second opinion, as far as who acts may know."""
    direction: Direction = Direction.ENTRY
    """Which way the traveller goes; how it can end depends on it, and on the next."""
    stage: Stage = Stage.ARRIVAL
    by_document: bool = False
    """Whether the traveller carries a document that is on the list."""


def veil(requires_second_officer: Any, state: Any, confirmed_by: Any) -> Any:  # noqa: ANN401
    """Return whether there is a first opinion that the second officer must not know of yet.

    Of one alert's values, or of the columns (`casework.kernel.rules`).
    """
    return all_of(requires_second_officer, one_of(state, FIRST_OPINIONS), missing(confirmed_by))


def veiled(at: AlertPosition, rules: ReviewPolicy) -> bool:
    """Whether there is a first opinion that the second officer must not know of yet."""
    return bool(veil(rules.requires_second_officer, at.state, at.confirmed_by))


def acknowledge(
    at: AlertPosition, officer_id: str, rules: ReviewPolicy, *, may_take_over: bool
) -> AlertState:
    """Return the state after an officer takes an alert.

    Raises:
        IllegalTransition: it is taken, or further on.
    """
    if at.state is _S.NEW:
        return _S.ACKNOWLEDGED
    if at.state is _S.INCONCLUSIVE and not veiled(at, rules):
        return _S.ACKNOWLEDGED
    if at.state is _S.ACKNOWLEDGED and at.acknowledged_by == officer_id:
        raise IllegalTransition("alert_yours")
    if at.state is _S.ACKNOWLEDGED and may_take_over:
        return _S.ACKNOWLEDGED
    if at.state is _S.ACKNOWLEDGED:
        raise IllegalTransition("alert_taken")
    raise _illegal("alert_not_to_acknowledge", at.state)


def decide(at: AlertPosition, officer_id: str, opinion: Opinion, rules: ReviewPolicy) -> AlertState:
    """Return the state after the first opinion.

    Raises:
        IllegalTransition: it is not time for one, or another officer has the alert in hand.
    """
    if at.state is _S.NEW and rules.requires_acknowledgement:
        raise IllegalTransition("alert_to_acknowledge")
    if at.state not in (_S.NEW, _S.ACKNOWLEDGED, _S.INCONCLUSIVE):
        raise _illegal("alert_not_to_decide", at.state)
    if veiled(at, rules):
        # Nor by the first officer: a second step would tell that the first was inconclusive.
        raise _illegal("alert_not_to_decide", at.state)
    if at.acknowledged_by not in (None, officer_id):
        raise IllegalTransition("alert_taken")
    return AlertState(opinion.value)


def confirm(at: AlertPosition, officer_id: str, opinion: Opinion) -> AlertState:
    """Return the state after the second officer's opinion.

    Raises:
        IllegalTransition: there is no first opinion yet, it is the same officer's, or the alert
            waits for another look.
    """
    if at.state not in FIRST_OPINIONS:
        raise _illegal("alert_not_to_confirm", at.state)
    if at.confirmed_by is not None:
        raise IllegalTransition("alert_disagreed")
    if at.decided_by == officer_id:
        raise IllegalTransition("alert_same_officer")
    if opinion is Opinion.NOT_CANDIDATE:
        return _S.REJECTED
    agreed = at.state is _S.POTENTIAL_CANDIDATE and opinion is Opinion.POTENTIAL_CANDIDATE
    return _S.CONFIRMED if agreed else _S.INCONCLUSIVE


def withdraw(given_by: str, ago: timedelta, officer_id: str) -> AlertState:
    """Return the state after an officer takes an opinion back that was given by mistake.

    The alert is then in that officer's hands, and reviewed again from the first opinion on: who
    gave the second has seen the first by now.

    Args:
        given_by: who gave the opinion, which is the last step of the review.
        ago: how long ago.
        officer_id: who takes it back.

    Raises:
        IllegalTransition: it is somebody else's, or it is too late.
    """
    if given_by != officer_id:
        raise IllegalTransition("alert_nothing_to_withdraw")
    if ago > UNDO:
        raise IllegalTransition("alert_too_late_to_withdraw", seconds=int(UNDO.total_seconds()))
    return _S.ACKNOWLEDGED


def refer(at: AlertPosition, rules: ReviewPolicy, *, in_hand: bool = True) -> AlertState:
    """Return the state after an alert is handed to another agency.

    Args:
        at: where the alert stands.
        rules: what its list asks for.
        in_hand: whether an agency that it was referred to before still has it in hand; if not, it
            may be referred to another.

    Raises:
        IllegalTransition: nobody has looked at it yet, a second officer has still to look, or it is
            in another agency's hands.
    """
    if veiled(at, rules) or at.beside_veiled:
        raise IllegalTransition("alert_second_first")
    if at.state is _S.REFERRED and not in_hand:
        return _S.REFERRED
    if at.state not in _REFERABLE:
        raise _illegal("alert_not_to_refer", at.state)
    return _S.REFERRED


def close(at: AlertPosition, outcome: CodedOutcome, rules: ReviewPolicy) -> AlertState:
    """Return the state after an alert is closed.

    Raises:
        IllegalTransition: an opinion is missing, or the end does not fit what was found.
    """
    if veiled(at, rules) or at.beside_veiled:
        raise IllegalTransition("alert_second_first")
    if at.state not in _SETTLED | FIRST_OPINIONS:
        raise _illegal("alert_not_to_close", at.state)
    disposal = Labelled(outcome.code, outcome.label)
    found = compared(at.state)
    # Who carries a listed document is answerable for that, also where the person is another.
    if found in _REFUSED_AFTER and found not in outcome.after and not at.by_document:
        raise IllegalTransition(_REFUSED_AFTER[found], disposal=disposal)
    if not outcome.fits(at.direction, at.stage):
        raise IllegalTransition(
            "alert_cannot_end_there", disposal=disposal, direction=at.direction, stage=at.stage
        )
    return _S.CLOSED


def compared(state: AlertState) -> ComparisonResult:
    """Return the result of the comparison of an alert that is closed in a state."""
    if state in (_S.REJECTED, _S.NOT_CANDIDATE):
        return ComparisonResult.OTHER_PERSON
    return ComparisonResult.UNDECIDED if state is _S.INCONCLUSIVE else ComparisonResult.SAME_PERSON


_REFUSED_AFTER: Final = {
    ComparisonResult.OTHER_PERSON: "alert_ends_otherwise",
    ComparisonResult.UNDECIDED: "alert_undecided",
}


def correct(
    at: AlertPosition, outcome: CodedOutcome | None, closed_from: AlertState, rules: ReviewPolicy
) -> AlertState:
    """Return the state after a supervisor corrects how an alert was closed.

    Args:
        at: where the alert stands.
        outcome: the right outcome, which has to fit what was found; None where what was found is
            wrong itself: the alert is then reviewed again, by two officers where its list says so.
        closed_from: the state that it was closed in.
        rules: what its list asks for.

    Raises:
        IllegalTransition: it is not closed, or the outcome does not fit what was found.
    """
    if at.state is not _S.CLOSED:
        raise _illegal("alert_not_to_correct", at.state)
    if outcome is None:
        return _S.ACKNOWLEDGED
    return close(replace(at, state=closed_from), outcome, rules)


def _illegal(code: str, state: AlertState) -> IllegalTransition:
    # The first opinion itself stays hidden: the reader may be the one to give the second.
    shown = Message("alert_under_review") if state in FIRST_OPINIONS else state
    return IllegalTransition(code, state=shown)
