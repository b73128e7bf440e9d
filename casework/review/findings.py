"""Adjudication: the result of an alert's review, a match, a false alarm, or still open.

The only place that derives results from states. Calibration asks which alerts count as chance,
monitoring asks how many were found to be false. Where a list requires a second officer, one opinion
alone decides nothing, and must not show in any count either: the second officer may be reading it.
"""

from enum import StrEnum
from typing import Any, Final, cast

from sqlalchemy import ColumnElement

from casework.kernel.rules import all_of, differs, first_of, one_of
from casework.kernel.vocabulary import AlertState, Disposal
from casework.review import states
from casework.tables import Alert


class AdjudicationResult(StrEnum):
    """The result of an alert's review."""

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


# Of several alerts of one traveller, the gravest decides.
SEVERITY: Final = (
    AdjudicationResult.FALSE_ALARM,
    AdjudicationResult.OPEN,
    AdjudicationResult.MATCH,
)


def place(state: Any, disposal: Any) -> Any:  # noqa: ANN401 - values or columns
    """Return the result of an alert's review, as its place in `SEVERITY`.

    Args:
        state: the alert's state, as `visible_state` gives it; or an expression of it.
        disposal: how a closed alert ended; or its column.
    """
    return first_of(
        (disposal == Disposal.MISTAKEN_IDENTITY.value, 0),
        (one_of(state, _FALSE_ALARM), 0),
        (one_of(state, _MATCH), 2),
        otherwise=1,
    )


def result_of(state: str, disposal: str | None = None) -> AdjudicationResult:
    """Return the result of an alert's review; see `place`."""
    return SEVERITY[place(state, disposal)]


def severity() -> ColumnElement[int]:
    """Return, for statements over alerts, the place of each one's finding in `SEVERITY`."""
    return cast("ColumnElement[int]", place(visible_state(), Alert.disposal))


def counts_as_chance(state: str, disposal: str | None = None) -> bool:
    """Whether an alert may be counted among those that chance raised.

    One that nobody has decided is: it is the cautious reading for the traveller. Scores that chance
    cannot explain are set aside later (`index.outliers`).
    """
    return result_of(state, disposal) is not AdjudicationResult.MATCH


def visible_state() -> ColumnElement[str]:
    """Return, for statements over alerts, the state that anybody may see."""
    return cast("ColumnElement[str]", shown_to(Alert, None))


def shown_to(alert: Alert | type[Alert], reader_id: str | None) -> Any:  # noqa: ANN401
    """Return the state in which an alert is shown to a reader; None stands for anybody."""
    return first_of(
        (hidden_from(alert, reader_id), AlertState.UNDER_REVIEW.value), otherwise=alert.state
    )


def hidden_from(alert: Alert | type[Alert], reader_id: str | None) -> Any:  # noqa: ANN401
    """Return whether the first opinion is hidden from a reader; None stands for anybody.

    Nobody but the first officer sees it before the second opinion is given.
    """
    veil = states.veil(alert.requires_second_officer, alert.state, alert.confirmed_by)
    return veil if reader_id is None else all_of(veil, differs(alert.decided_by, reader_id))
