"""What people's review of an alert says of it: a match, a false alarm, or nothing yet.

The one place that reads states so. Calibration asks which alerts count as chance, monitoring asks
how many were found to be false. Where a list requires a second officer, one opinion alone decides
nothing, and must not show in any count either: the second officer may be reading it.
"""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case

from casework.kernel.vocabulary import AlertState, Disposal
from casework.review.states import FIRST_OPINIONS
from casework.tables import Alert


class AdjudicationResult(StrEnum):
    """How an alert reads."""

    MATCH = "match"
    """People hold it to be the subject, or sent it on as such."""
    OPEN = "open"
    """Nobody has decided."""
    FALSE_ALARM = "false_alarm"
    """People found that it is somebody else."""


_MATCH: Final = frozenset(
    {
        AlertState.POTENTIAL_CANDIDATE,
        AlertState.CONFIRMED,
        AlertState.REFERRED,
        AlertState.CLOSED,
    }
)
_FALSE_ALARM: Final = frozenset({AlertState.NOT_CANDIDATE, AlertState.REJECTED})


def result_of(state: str, disposal: str | None = None) -> AdjudicationResult:
    """Return how an alert reads.

    Args:
        state: the alert's state, as `visible_state` gives it.
        disposal: how a closed alert ended.
    """
    if state in _FALSE_ALARM or disposal == Disposal.MISTAKEN_IDENTITY:
        return AdjudicationResult.FALSE_ALARM
    return AdjudicationResult.MATCH if state in _MATCH else AdjudicationResult.OPEN


def counts_as_chance(state: str, disposal: str | None = None) -> bool:
    """Whether an alert may be counted among those that chance raised.

    One that nobody has decided is: it is the cautious reading for the traveller. Scores that chance
    cannot explain are set aside later (`index.outliers`).
    """
    return result_of(state, disposal) is not AdjudicationResult.MATCH


def veiled() -> ColumnElement[bool]:
    """Return what `casework.review.states.veiled` says, for statements over alerts."""
    return and_(
        Alert.requires_second_officer,
        Alert.state.in_([state.value for state in FIRST_OPINIONS]),
        Alert.confirmed_by.is_(None),
    )


def visible_state() -> ColumnElement[str]:
    """Return, for statements over alerts, the state that may be told to anybody."""
    return case((veiled(), AlertState.UNDER_REVIEW.value), else_=Alert.state)


# Of several alerts of one traveller, the gravest decides.
SEVERITY: Final = (
    AdjudicationResult.FALSE_ALARM,
    AdjudicationResult.OPEN,
    AdjudicationResult.MATCH,
)


def severity() -> ColumnElement[Any]:
    """Return, for statements over alerts, the place of each one's finding in `SEVERITY`."""
    return case(
        (veiled(), 1),
        (Alert.disposal == Disposal.MISTAKEN_IDENTITY.value, 0),
        (Alert.state.in_([state.value for state in _MATCH]), 2),
        (Alert.state.in_([state.value for state in _FALSE_ALARM]), 0),
        else_=1,
    )
