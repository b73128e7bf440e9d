"""What reports and monitoring read of alerts, as columns of numbers, by day: see `kept_days`.

One alert stands at each place of every column. Words are numbers, the same in every day of
a process: what is read of several days is put together by laying columns end to end.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sqlalchemy import and_, case, select
from sqlalchemy.orm import Session

from casework.kernel.kept_days import Bounds, KeptDays, memory_of, split
from casework.kernel.vocabulary import AlertState, MatchedBy, Outcome
from casework.review.findings import SEVERITY, result_of, visible_state
from casework.tables import Alert, Encounter, Subject

if TYPE_CHECKING:
    import numpy as np

    Ints: TypeAlias = np.ndarray[tuple[int], np.dtype[np.signedinteger[Any]]]
    Floats: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]

_BATCH: Final = 5000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
DAY_US: Final = timedelta(days=1) // _MICROSECOND


class Words:
    """Numbers of words, and of pairs of words: the same while a process runs."""

    def __init__(self) -> None:
        self.names: list[Any] = []
        self._numbers: dict[Any, int] = {}
        self._lock = threading.Lock()

    def numbers(self, words: Iterable[Any]) -> list[int]:
        """Return the number of each word."""
        known = self._numbers
        return [known[word] if word in known else self._add(word) for word in words]

    def _add(self, word: Any) -> int:  # noqa: ANN401 - whatever a column holds
        with self._lock:
            if word not in self._numbers:
                self.names.append(word)
                self._numbers[word] = len(self.names) - 1
            return self._numbers[word]


@dataclass(frozen=True, slots=True)
class AlertColumns:
    """Alerts, one at each place of every column."""

    raised_us: "Ints"
    """Microseconds since 1970."""
    due_us: "Ints"
    watchlist: "Ints"
    """The list's name; a number of `Words`, as the next ones are."""
    category: "Ints"
    matched_by: "Ints"
    owner: "Ints"
    """The agency's id."""
    watchlist_id: "Ints"
    place: "Ints"
    """Port, and the area of a lodging."""
    direction: "Ints"
    stage: "Ints"
    nationality: "Ints"
    encounter: "Ints"
    """A number that it has alone."""
    severity: "Ints"
    """The finding's place in `SEVERITY`."""
    inconclusive: "Ints"
    """1 of those that people looked at, and could not tell."""
    closed: "Ints"
    unsearched: "Ints"
    """1 of those by a document beside a photo that could not be searched."""
    acknowledged_s: "Floats"
    """Seconds from alert to acknowledgement; no number without one."""
    decided_s: "Floats"

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.raised_us)

    def at(self, chosen: Any) -> "AlertColumns":  # noqa: ANN401 - what arrays are indexed by
        """Return those at some places."""
        return AlertColumns(*(getattr(self, each.name)[chosen] for each in fields(self)))


@dataclass(slots=True)
class _AlertDays:
    days: KeptDays[AlertColumns]
    words: Words


def read_columns(session: Session, bounds: Bounds, now: datetime) -> tuple[AlertColumns, Words]:
    """Read the alerts of a period, in no particular order.

    Args:
        session: of a transaction that only reads.
        bounds: the first instant, and the first that is not meant any more.
        now: the present: days that are over may be taken from memory.
    """
    kept = memory_of(session).part("alerts", lambda: _AlertDays(KeptDays(), Words()))
    found = split(bounds, now, whole=False)

    def read(session: Session, run: Bounds) -> Mapping[date, AlertColumns]:
        return _by_day(_read(session, run, kept.words))

    days = kept.days.read(session, found.days, read, _columns((), kept.words))
    rest = [_read(session, each, kept.words) for each in found.rest]
    together = _joined([*days, *rest], kept.words)
    since, until = (microseconds(each) for each in bounds)
    inside = (together.raised_us >= since) & (together.raised_us < until)
    return (together if inside.all() else together.at(inside)), kept.words


def microseconds(at: datetime) -> int:
    """Return microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def _read(session: Session, bounds: Bounds, words: Words) -> AlertColumns:
    since, until = bounds
    query = _ALERTS.where(Alert.created_at >= since, Alert.created_at < until)
    rows = session.execute(query.execution_options(yield_per=_BATCH))
    return _joined([_columns(part, words) for part in rows.partitions()], words)


def _joined(parts: Sequence[AlertColumns], words: Words) -> AlertColumns:
    import numpy as np  # noqa: PLC0415 - most commands make no report

    parts = [each for each in parts if len(each)]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return _columns((), words)
    return AlertColumns(
        *(
            np.concatenate([getattr(part, each.name) for part in parts])
            for each in fields(AlertColumns)
        )
    )


def _by_day(columns: AlertColumns) -> dict[date, AlertColumns]:
    import numpy as np  # noqa: PLC0415 - as above

    days = columns.raised_us // DAY_US
    return {
        (_EPOCH + timedelta(days=day)).date(): columns.at(days == day)
        for day in np.unique(days).tolist()
    }


_result_of = cache(result_of)
"""Of few states and outcomes, asked for by every alert."""


def _columns(rows: Sequence[Any], words: Words) -> AlertColumns:
    import numpy as np  # noqa: PLC0415 - as above

    columns = zip(*rows, strict=True) if rows else [()] * len(_NAMES)
    by_name: dict[str, Any] = dict(zip(_NAMES, columns, strict=True))

    def ints(values: Iterable[int]) -> "Ints":
        return np.array(list(values), np.int64)

    def coded(values: Iterable[Any]) -> "Ints":
        return np.array(words.numbers(values), np.int32)

    def small(values: Iterable[int]) -> "Ints":
        return np.array(list(values), np.int8)

    def took(name: str) -> "Floats":
        pairs = zip(by_name["created_at"], by_name[name], strict=True)
        return np.array([_seconds(begin, end) for begin, end in pairs], np.float64)

    asked = zip(by_name["state"], by_name["disposal"], by_name["found"], strict=True)
    return AlertColumns(
        ints(map(microseconds, by_name["created_at"])),
        ints(map(microseconds, by_name["due_at"])),
        coded(by_name["watchlist"]),
        coded(by_name["category"]),
        coded(by_name["matched_by"]),
        coded(by_name["owner_id"]),
        coded(by_name["watchlist_id"]),
        coded(zip(by_name["port"], by_name["area"], strict=True)),
        coded(by_name["direction"]),
        coded(by_name["stage"]),
        coded(by_name["nationality"]),
        ints(map(hash, by_name["encounter_id"])),
        small(SEVERITY.index(_result_of(*each)) for each in asked),
        small(state == AlertState.INCONCLUSIVE.value for state in by_name["state"]),
        small(state == AlertState.CLOSED.value for state in by_name["state"]),
        small(by_name["unsearched"]),
        took("acknowledged_at"),
        took("decided_at"),
    )


def _seconds(begin: datetime, end: datetime | None) -> float | None:
    return (end - begin).total_seconds() if end is not None else None


_ALERTS: Final = (
    select(
        Alert.created_at,
        Alert.acknowledged_at,
        Alert.decided_at,
        Alert.due_at,
        visible_state().label("state"),
        Alert.disposal,
        Alert.found,
        Alert.watchlist_name.label("watchlist"),
        Alert.category,
        Alert.matched_by,
        Alert.owner_id,
        Alert.watchlist_id,
        Alert.encounter_id,
        Encounter.port,
        Encounter.area,
        Encounter.direction,
        Encounter.stage,
        Subject.nationality,
        case(
            (
                and_(
                    Alert.matched_by == MatchedBy.DOCUMENT.value,
                    Encounter.quality["verdict"].as_string() == Outcome.UNSEARCHABLE.value,
                ),
                1,
            ),
            else_=0,
        ).label("unsearched"),
    )
    .join(Encounter, Encounter.id == Alert.encounter_id)
    .outerjoin(Subject, Subject.id == Alert.subject_id)
)
_NAMES: Final = tuple(column.name for column in _ALERTS.selected_columns)
