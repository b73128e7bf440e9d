"""Adjudication: the result of an alert's review, a match, a false alarm, or still open.

The only place that derives results from states. Calibration asks which alerts count as chance,
monitoring asks how many were found to be false. Where a list requires a second officer, one opinion
alone decides nothing, and must not show in any count either: the second officer may be reading it.
Nor may it show on a sibling: the same question, asked for another list of the agency.
"""

from enum import StrEnum
from functools import cache, lru_cache
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, literal_column, select, tuple_
from sqlalchemy.orm import aliased

from casework.kernel.actor import Actor
from casework.kernel.rules import all_of, any_of, differs, first_of, one_of
from casework.kernel.vocabulary import AlertState, ComparisonResult, Disposal
from casework.review import states
from casework.review.siblings import same_question, siblings_of
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

MOST_READERS: Final = 256
"""Readers whose conditions are kept as they were put together: of a page, the same several times.
"""

OPINIONS: Final = states.FIRST_OPINIONS | {AlertState.CONFIRMED, AlertState.REJECTED}
"""States that say what an officer found."""


# Of several alerts of one traveller, the gravest decides.
SEVERITY: Final = (
    AdjudicationResult.FALSE_ALARM,
    AdjudicationResult.OPEN,
    AdjudicationResult.MATCH,
)


def place(state: Any, disposal: Any, found: Any = None) -> Any:  # noqa: ANN401 - values or columns
    """Return the result of an alert's review, as its place in `SEVERITY`.

    Args:
        state: the alert's state, as `visible_state` gives it; or an expression of it.
        disposal: how a closed alert ended; or its column.
        found: the result of its comparison; or its column. Who carries a listed document may be
            refused as somebody else than the person on the list.
    """
    return first_of(
        (disposal == Disposal.MISTAKEN_IDENTITY.value, 0),
        (found == ComparisonResult.OTHER_PERSON.value, 0),
        (one_of(state, _FALSE_ALARM), 0),
        (one_of(state, _MATCH), 2),
        otherwise=1,
    )


def result_of(
    state: str, disposal: str | None = None, found: str | None = None
) -> AdjudicationResult:
    """Return the result of an alert's review; see `place`."""
    return SEVERITY[place(state, disposal, found)]


def severity() -> ColumnElement[int]:
    """Return, for statements over alerts, the place of each one's finding in `SEVERITY`."""
    return cast("ColumnElement[int]", place(visible_state(), Alert.disposal, Alert.found))


def counts_as_chance(state: str, disposal: str | None = None) -> bool:
    """Whether an alert may be counted among those that chance raised.

    One that nobody has decided is: it is the cautious reading for the traveller. Scores that chance
    cannot explain are set aside later (`index.outliers`).
    """
    return result_of(state, disposal) is not AdjudicationResult.MATCH


def visible_state() -> ColumnElement[str]:
    """Return, for statements over alerts, the state that anybody may see."""
    return cast("ColumnElement[str]", shown_to(Alert, None))


def shown_to(alert: Alert | type[Alert], reader: Actor | None) -> Any:  # noqa: ANN401
    """Return the state in which an alert is shown to a reader; None stands for anybody.

    Of one alert, whose `encounter` is loaded, or of the table.
    """
    if alert is Alert:
        return _shown_to(reader)
    return first_of(
        (hidden_from(alert, reader), AlertState.UNDER_REVIEW.value), otherwise=alert.state
    )


@lru_cache(MOST_READERS)
def _shown_to(reader: Actor | None) -> Any:  # noqa: ANN401 - an expression
    return first_of(
        (hidden_from(Alert, reader), AlertState.UNDER_REVIEW.value), otherwise=Alert.state
    )


def hidden_from(alert: Alert | type[Alert], reader: Actor | None) -> Any:  # noqa: ANN401
    """Return whether opinions on an alert are hidden from a reader; None stands for anybody.

    Nobody but the first officer sees the first opinion before the second is given. While a sibling
    waits for its second opinion, no opinion on the alert is shown either; a reader of an agency
    that the list is shared with does not learn from it that there is a sibling.
    """
    veiled = _veil(alert)
    if reader is None or reader.agency_id is None:
        veiled = any_of(veiled, beside_veiled(alert))
    else:
        owns = alert.owner_id == reader.agency_id
        veiled = any_of(veiled, all_of(owns, beside_veiled(alert)))
    hidden = all_of(one_of(alert.state, OPINIONS), veiled)
    return hidden if reader is None else all_of(hidden, differs(alert.decided_by, reader.id))


def beside_veiled(alert: Alert | type[Alert]) -> Any:  # noqa: ANN401
    """Return whether a sibling of an alert waits for its second opinion."""
    if isinstance(alert, Alert):
        return any(_veil(each) for each in siblings_of(alert))
    return _beside_veiled()


def closed_beside_veiled() -> ColumnElement[bool]:
    """Return `beside_veiled` for statements over closed alerts: of many, at the least cost."""
    other = aliased(Alert)
    waiting = select(other.encounter_id, other.subject_id, other.owner_id).where(
        other.state != literal_column(f"'{AlertState.CLOSED.value}'"), _veil(other)
    )
    return tuple_(Alert.encounter_id, Alert.subject_id, Alert.owner_id).in_(waiting)


# Queues ask for it several times a row: to put it together takes longer than to run it.
@cache
def _beside_veiled() -> ColumnElement[bool]:
    other = aliased(Alert)
    return (
        select(other.id)
        .where(same_question(other, Alert), other.id != Alert.id, _veil(other))
        .correlate(Alert)
        .exists()
    )


def _veil(alert: Any) -> Any:  # noqa: ANN401
    return states.veil(alert.requires_second_officer, alert.state, alert.confirmed_by)
