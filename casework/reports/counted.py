"""Alerts as they are counted: of each one the value of every dimension, and how long it took."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.areas import tree
from casework.areas.port_areas import area_of_port
from casework.kernel.lodgings import is_lodging
from casework.kernel.vocabulary import AreaLevel
from casework.reports.dimensions import LODGINGS, NO, UNKNOWN, YES, AlertOutcome, Dimension
from casework.review.alert_days import DAY_US, AlertColumns, Words, microseconds, read_columns
from casework.review.findings import SEVERITY, AdjudicationResult
from casework.tables import Agency

if TYPE_CHECKING:
    from casework.review.alert_days import Floats, Ints

_FORMATS: Final = {Dimension.HOUR: "%H", Dimension.DAY: "%Y-%m-%d", Dimension.MONTH: "%Y-%m"}
_WORDS: Final = (
    Dimension.WATCHLIST,
    Dimension.CATEGORY,
    Dimension.MATCHED_BY,
    Dimension.DIRECTION,
    Dimension.STAGE,
    Dimension.NATIONALITY,
)
"""Dimensions that stand in a column of words."""
_NOWHERE: Final = (UNKNOWN, UNKNOWN)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTERS: Final = 96
_QUARTER: Final = timedelta(minutes=15)
_QUARTER_US: Final = DAY_US // _QUARTERS
_DAYS_KEPT: Final = 4000
_OUTCOMES: Final = tuple(AlertOutcome)
_DECIDED: Final = {
    AdjudicationResult.MATCH: AlertOutcome.CONFIRMED,
    AdjudicationResult.FALSE_ALARM: AlertOutcome.FALSE_ALARM,
}


class Column(NamedTuple):
    """One dimension of some alerts."""

    names: Sequence[str]
    """The values that occur, in order."""
    codes: "Ints"
    """Of each alert, the place of its value among them."""


_Source: TypeAlias = Sequence[str] | Callable[[], Column]


class CountedAlerts:
    """Alerts, one at each place of every column."""

    def __init__(
        self,
        values: Mapping[Dimension, _Source],
        acknowledged_s: "Sequence[float | None] | Floats" = (),
        decided_s: "Sequence[float | None] | Floats" = (),
    ) -> None:
        """Hold them.

        Args:
            values: of each dimension every alert's value, or what makes its column when it is
                asked for.
            acknowledged_s: seconds from alert to acknowledgement.
            decided_s: seconds from alert to the first opinion.
        """
        import numpy as np  # noqa: PLC0415 - most commands make no report

        self.acknowledged_s: Floats = np.array(acknowledged_s, np.float64)
        """No number of those that nobody acknowledged."""
        self.decided_s: Floats = np.array(decided_s, np.float64)
        self._sources = dict(values)
        self._columns: dict[Dimension, Column] = {}
        self._lock = threading.RLock()

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.acknowledged_s)

    @property
    def values(self) -> dict[Dimension, list[str]]:
        """Every alert's value of every dimension, as a word."""
        columns = {each: self.column(each) for each in self._sources}
        return {
            each: [column.names[code] for code in column.codes.tolist()]
            for each, column in columns.items()
        }

    def column(self, dimension: Dimension) -> Column:
        """Return a dimension's column."""
        with self._lock:
            if dimension not in self._columns:
                source = self._sources[dimension]
                self._columns[dimension] = source() if callable(source) else column_of(source)
            return self._columns[dimension]

    def cells(self, by: Sequence[Dimension]) -> "tuple[list[tuple[str, ...]], Ints]":
        """Return the combinations of values that occur, and of each alert the place of its own."""
        import numpy as np  # noqa: PLC0415 - as above

        columns = [self.column(each) for each in by]
        codes = np.zeros(len(self), np.int64)
        for each in columns:
            codes = codes * max(1, len(each.names)) + each.codes
        used, places = _distinct(codes)
        sizes = [max(1, len(each.names)) for each in columns]
        keys = []
        for code in used:
            key: list[str] = []
            for size, each in zip(reversed(sizes), reversed(columns), strict=True):
                code, at = divmod(code, size)  # noqa: PLW2901 - digit by digit
                key.insert(0, each.names[at])
            keys.append(tuple(key))
        return keys, places

    def counted(self, by: Sequence[Dimension]) -> dict[tuple[str, ...], int]:
        """Return how many alerts each combination of values has that occurs."""
        import numpy as np  # noqa: PLC0415 - as above

        keys, places = self.cells(by)
        return dict(zip(keys, np.bincount(places, minlength=len(keys)).tolist(), strict=True))

    def renamed(self, dimension: Dimension, column: Callable[[], Column]) -> "CountedAlerts":
        """Return the same alerts with another column for a dimension."""
        sources: dict[Dimension, _Source] = {
            each: partial(self.column, each) for each in self._sources
        }
        return CountedAlerts(sources | {dimension: column}, self.acknowledged_s, self.decided_s)


_FEW: Final = 1 << 20
"""Numbers up to here are counted in a table, which takes no sorting."""


def _distinct(codes: "Ints") -> "tuple[list[int], Ints]":
    """Return the numbers that occur, in order, and of each place the place of its number."""
    import numpy as np  # noqa: PLC0415 - as above

    if not len(codes):
        return [], codes
    least = int(codes.min())
    if int(codes.max()) - least >= _FEW:
        used, places = np.unique(codes, return_inverse=True)
        return used.tolist(), places.reshape(-1)
    shifted = codes - least
    used = np.flatnonzero(np.bincount(shifted))
    place = np.zeros(int(used[-1]) + 1, np.int64)
    place[used] = np.arange(len(used))
    return (used + least).tolist(), place[shifted]


def column_of(words: Sequence[str]) -> Column:
    """Return words as a column."""
    import numpy as np  # noqa: PLC0415 - as above

    names = sorted(set(words))
    place = {name: at for at, name in enumerate(names)}
    return Column(names, np.array([place[word] for word in words], np.int64))


def _named(codes: "Ints", name: Callable[[int], str]) -> Column:
    """Return a column from numbers that have names, several perhaps the same."""
    used, places = _distinct(codes)
    names, of_used = column_of([name(each) for each in used])
    return Column(names, of_used[places])


def joined(parts: Sequence[CountedAlerts]) -> CountedAlerts:
    """Return the alerts of several, one after another."""
    import numpy as np  # noqa: PLC0415 - as above

    def together(dimension: Dimension) -> Column:
        columns = [each.column(dimension) for each in parts]
        names = sorted(set().union(*(each.names for each in columns)))
        place = {name: at for at, name in enumerate(names)}
        moved = [
            np.array([place[name] for name in each.names], np.int64)[each.codes] for each in columns
        ]
        return Column(names, np.concatenate(moved))

    return CountedAlerts(
        {each: partial(together, each) for each in Dimension},
        np.concatenate([each.acknowledged_s for each in parts]),
        np.concatenate([each.decided_s for each in parts]),
    )


def read_alerts(
    session: Session,
    owned: Callable[[str], bool],
    bounds: tuple[datetime, datetime],
    zone: tzinfo,
    now: datetime,
) -> CountedAlerts:
    """Read the alerts of a period.

    Args:
        session: within a transaction that only reads.
        owned: by agency, whether its alerts are meant.
        bounds: the first instant, and the first that is not meant any more.
        zone: whose hours, days and months.
        now: by when an alert's review time may be over.
    """
    import numpy as np  # noqa: PLC0415 - as above

    columns, words = read_columns(session, bounds, now)
    owners, _ = _distinct(columns.owner)
    kept = [each for each in owners if owned(words.names[each])]
    if len(kept) < len(owners):
        columns = columns.at(np.isin(columns.owner, kept))
    return _counted(session, columns, words, zone, now)


def _counted(
    session: Session, columns: AlertColumns, words: Words, zone: tzinfo, now: datetime
) -> CountedAlerts:
    """Return what was read as it is counted: a column is made when it is asked for."""
    codes = {row.id: row.code for row in session.execute(_AGENCIES)}
    of_ports, placed = area_of_port(session), cache(places_of)

    def region(level: int, place: int) -> str:
        port, lies_in = words.names[place]
        area = lies_in or of_ports.get(port)
        return (placed(area) if area else _NOWHERE)[level]

    def port(place: int) -> str:
        return words.names[place][0] or UNKNOWN

    sources: dict[Dimension, _Source] = {
        each: partial(_named, getattr(columns, each.value), lambda at: words.names[at] or UNKNOWN)
        for each in _WORDS
    }
    sources |= {
        Dimension.AREA: partial(_named, columns.place, partial(region, 0)),
        Dimension.REGENCY: partial(_named, columns.place, partial(region, 1)),
        Dimension.PORT: partial(_named, columns.place, port),
        Dimension.AGENCY: partial(
            _named, columns.owner, lambda at: codes.get(words.names[at]) or UNKNOWN
        ),
        Dimension.CLOSED: partial(_named, columns.closed, lambda closed: YES if closed else NO),
        Dimension.OUTCOME: partial(_outcomes, columns, now),
    }
    sources |= {each: partial(_times, columns, zone, each) for each in _FORMATS}
    return CountedAlerts(sources, columns.acknowledged_s, columns.decided_s)


def _outcomes(columns: AlertColumns, now: datetime) -> Column:
    """Return what became of each alert."""
    import numpy as np  # noqa: PLC0415 - as above

    late = columns.due_us <= microseconds(now)
    overdue, waiting = map(_OUTCOMES.index, (AlertOutcome.OVERDUE, AlertOutcome.WAITING))
    codes = np.where(late, overdue, waiting)
    codes[columns.inconclusive == 1] = _OUTCOMES.index(AlertOutcome.OTHER)
    for found, outcome in _DECIDED.items():
        codes[columns.severity == SEVERITY.index(found)] = _OUTCOMES.index(outcome)
    return _named(codes, lambda each: _OUTCOMES[each].value)


def _times(columns: AlertColumns, zone: tzinfo, dimension: Dimension) -> Column:
    """Return the hour, day or month of each alert in a zone.

    By quarters of an hour: no zone's hour begins within one.
    """
    form = tuple(_FORMATS).index(dimension)

    def name(quarter: int) -> str:
        day, at = divmod(quarter, _QUARTERS)
        return _local_day(zone, day)[at][form]

    return _named(columns.raised_us // _QUARTER_US, name)


@lru_cache(_DAYS_KEPT)
def _local_day(zone: tzinfo, day: int) -> tuple[tuple[str, ...], ...]:
    """Return hour, day and month in a zone of each quarter of a day since 1970, as counted."""
    begin = _EPOCH + timedelta(days=day)
    times = ((begin + each * _QUARTER).astimezone(zone) for each in range(_QUARTERS))
    return tuple(tuple(at.strftime(form) for form in _FORMATS.values()) for at in times)


def read_alerts_of_all(
    session: Session, bounds: tuple[datetime, datetime], zone: tzinfo, now: datetime
) -> CountedAlerts:
    """Read all alerts as `read_alerts` does, for other agencies: no lodging by itself.

    Few people stay in one, and whom it reported to must not be known from its name: those of a
    regency or a city are counted together, as one port.
    """
    counted = read_alerts(session, lambda _: True, bounds, zone, now)

    def ports() -> Column:
        keys, places = counted.cells((Dimension.PORT, Dimension.REGENCY))
        names = [f"{LODGINGS}{regency}" if is_lodging(port) else port for port, regency in keys]
        return _named(places, names.__getitem__)

    return counted.renamed(Dimension.PORT, ports)


def places_of(area: str) -> tuple[str, str]:
    """Return the province and the regency that an area is or lies in, as alerts are counted."""
    province = tree.at_level(area, AreaLevel.PROVINCE)
    regency = tree.at_level(area, AreaLevel.REGENCY)
    return province or UNKNOWN, regency or province or UNKNOWN


def quantiles(seconds: "Floats") -> tuple[float | None, float | None]:
    """Return what half, and nine of ten, lie within; None of nothing."""
    if not len(seconds):
        return None, None
    import numpy as np  # noqa: PLC0415 - most commands make no report

    median, p90 = np.quantile(seconds, [0.5, 0.9])
    return round(float(median), 1), round(float(p90), 1)


_AGENCIES: Final = select(Agency.id, Agency.code)
