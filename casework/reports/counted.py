"""Alerts as they are counted: of each one the value of every dimension, and how long it took."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cache, partial
from itertools import chain
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.orm import Session

from casework.areas import tree
from casework.areas.port_areas import area_of_port
from casework.kernel.lodgings import is_lodging
from casework.kernel.vocabulary import AlertState, AreaLevel
from casework.reports.dimensions import LODGINGS, NO, UNKNOWN, YES, AlertOutcome, Dimension
from casework.review.findings import AdjudicationResult, result_of, visible_state
from casework.tables import Agency, Alert, Encounter, Subject

_BATCH: Final = 5000
_FORMATS: Final = {Dimension.HOUR: "%H", Dimension.DAY: "%Y-%m-%d", Dimension.MONTH: "%Y-%m"}
_AREAS: Final = {Dimension.AREA: AreaLevel.PROVINCE, Dimension.REGENCY: AreaLevel.REGENCY}
_DERIVED: Final = frozenset({*_FORMATS, *_AREAS, Dimension.OUTCOME, Dimension.CLOSED})
_NOWHERE: Final = (UNKNOWN, UNKNOWN)
_DECIDED: Final = {
    AdjudicationResult.MATCH: AlertOutcome.CONFIRMED,
    AdjudicationResult.FALSE_ALARM: AlertOutcome.FALSE_ALARM,
}


@dataclass(frozen=True, slots=True)
class CountedAlerts:
    """Alerts, one at each place of every list."""

    values: dict[Dimension, list[str]]
    acknowledged_s: list[float | None] = field(default_factory=list)
    """Seconds from alert to acknowledgement."""
    decided_s: list[float | None] = field(default_factory=list)
    """Seconds from alert to the first opinion."""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.acknowledged_s)


def joined(parts: Sequence[CountedAlerts]) -> CountedAlerts:
    """Return the alerts of several, one after another."""
    return CountedAlerts(
        {
            each: list(chain.from_iterable(part.values[each] for part in parts))
            for each in Dimension
        },
        list(chain.from_iterable(part.acknowledged_s for part in parts)),
        list(chain.from_iterable(part.decided_s for part in parts)),
    )


def read_alerts(
    session: Session,
    condition: ColumnElement[bool],
    bounds: tuple[datetime, datetime],
    zone: tzinfo,
    now: datetime,
) -> CountedAlerts:
    """Read the alerts of a period.

    Args:
        session: within a transaction.
        condition: which ones.
        bounds: the first instant, and the first that is not meant any more.
        zone: whose hours, days and months.
        now: by when an alert's review time may be over.
    """
    since, until = bounds
    query = _ALERTS.where(condition, Alert.created_at >= since, Alert.created_at < until)
    rows = session.execute(query.order_by(Alert.id).execution_options(yield_per=_BATCH))
    placed = cache(places_of)
    places = {port: placed(area) for port, area in area_of_port(session).items()}
    at_hour = cache(partial(_local, zone))
    counted = CountedAlerts({each: [] for each in Dimension})
    for part in rows.partitions():
        _count(counted, part, places, placed, at_hour, now)
    return counted


def _count(
    counted: CountedAlerts,
    rows: Sequence[Row[Any]],
    places: Mapping[str, tuple[str, str]],
    placed: Callable[[str], tuple[str, str]],
    at_hour: Callable[[datetime], tuple[str, ...]],
    now: datetime,
) -> None:
    """Add some rows, column by column: a report may be of a hundred thousand."""
    columns = dict(zip(_NAMES, zip(*rows, strict=True), strict=True))
    for each in Dimension:
        if each not in _DERIVED:
            counted.values[each] += [value or UNKNOWN for value in columns[each.value]]
    regions = [
        placed(area) if area else places.get(port, _NOWHERE)
        for area, port in zip(columns["lies_in"], columns[Dimension.PORT.value], strict=True)
    ]
    counted.values[Dimension.AREA] += [province for province, _ in regions]
    counted.values[Dimension.REGENCY] += [regency for _, regency in regions]
    raised = columns["created_at"]
    times = [at_hour(_quarter_of(at)) for at in raised]
    for place, form in enumerate(_FORMATS):
        counted.values[form] += [each[place] for each in times]
    counted.values[Dimension.OUTCOME] += [outcome_of(row, now).value for row in rows]
    counted.values[Dimension.CLOSED] += [
        YES if state == AlertState.CLOSED.value else NO for state in columns["state"]
    ]
    for name, measured in (
        ("acknowledged_at", counted.acknowledged_s),
        ("decided_at", counted.decided_s),
    ):
        measured.extend(map(_seconds, raised, columns[name]))


def _quarter_of(at: datetime) -> datetime:
    """Return the quarter of an hour that a time is in: no zone's hour begins within one."""
    return at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)


def _local(zone: tzinfo, at: datetime) -> tuple[str, ...]:
    """Return hour, day and month of a time in a zone, as alerts are counted by them."""
    local = at.astimezone(zone)
    return tuple(local.strftime(form) for form in _FORMATS.values())


def read_alerts_of_all(
    session: Session,
    condition: ColumnElement[bool],
    bounds: tuple[datetime, datetime],
    zone: tzinfo,
    now: datetime,
) -> CountedAlerts:
    """Read alerts as `read_alerts` does, for other agencies: no lodging by itself.

    Few people stay in one, and whom it reported to must not be known from its name: those of a
    regency or a city are counted together, as one port.
    """
    counted = read_alerts(session, condition, bounds, zone, now)
    ports, regencies = counted.values[Dimension.PORT], counted.values[Dimension.REGENCY]
    counted.values[Dimension.PORT] = [
        f"{LODGINGS}{regency}" if is_lodging(port) else port
        for port, regency in zip(ports, regencies, strict=True)
    ]
    return counted


def places_of(area: str) -> tuple[str, str]:
    """Return the province and the regency that an area is or lies in, as alerts are counted."""
    province = tree.at_level(area, AreaLevel.PROVINCE)
    regency = tree.at_level(area, AreaLevel.REGENCY)
    return province or UNKNOWN, regency or province or UNKNOWN


_result_of = cache(result_of)
"""Of few states and outcomes, asked for by every alert."""


def outcome_of(row: Row[Any], now: datetime) -> AlertOutcome:
    """Return what became of an alert, of which the row has state, disposal, found and due_at."""
    decided = _DECIDED.get(_result_of(row.state, row.disposal, row.found))
    if decided is not None:
        return decided
    if row.state == AlertState.INCONCLUSIVE:
        return AlertOutcome.OTHER
    return AlertOutcome.OVERDUE if row.due_at <= now else AlertOutcome.WAITING


def _seconds(begin: datetime, end: datetime | None) -> float | None:
    return (end - begin).total_seconds() if end is not None else None


def quantiles(seconds: Sequence[float]) -> tuple[float | None, float | None]:
    """Return what half, and nine of ten, lie within; None of nothing."""
    if not seconds:
        return None, None
    import numpy as np  # noqa: PLC0415 - most commands make no report

    median, p90 = np.quantile(seconds, [0.5, 0.9])
    return round(float(median), 1), round(float(p90), 1)


_ALERTS: Final[Select] = (  # type: ignore[type-arg]
    select(
        Alert.created_at,
        Alert.acknowledged_at,
        Alert.decided_at,
        Alert.due_at,
        visible_state().label("state"),
        Alert.disposal,
        Alert.found,
        Alert.watchlist_name.label(Dimension.WATCHLIST.value),
        Alert.category.label(Dimension.CATEGORY.value),
        Alert.matched_by.label(Dimension.MATCHED_BY.value),
        Agency.code.label(Dimension.AGENCY.value),
        Encounter.port.label(Dimension.PORT.value),
        Encounter.area.label("lies_in"),
        Encounter.direction.label(Dimension.DIRECTION.value),
        Encounter.stage.label(Dimension.STAGE.value),
        Subject.nationality.label(Dimension.NATIONALITY.value),
    )
    .join(Encounter, Encounter.id == Alert.encounter_id)
    .outerjoin(Agency, Agency.id == Alert.owner_id)
    .outerjoin(Subject, Subject.id == Alert.subject_id)
)
_NAMES: Final = tuple(column.name for column in _ALERTS.selected_columns)
