"""Alerts as they are counted: of each one the value of every dimension, and how long it took."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cache
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
    counted = CountedAlerts({each: [] for each in Dimension})
    since, until = bounds
    query = _ALERTS.where(condition, Alert.created_at >= since, Alert.created_at < until)
    plain = [(each.value, counted.values[each]) for each in Dimension if each not in _DERIVED]
    provinces, regencies = (counted.values[each] for each in _AREAS)
    placed = cache(places_of)
    places = {port: placed(area) for port, area in area_of_port(session).items()}
    times = [(form, counted.values[each]) for each, form in _FORMATS.items()]
    for row in session.execute(query.order_by(Alert.id).execution_options(yield_per=_BATCH)):
        for name, values in plain:
            values.append(getattr(row, name) or UNKNOWN)
        province, regency = placed(row.lies_in) if row.lies_in else places.get(row.port, _NOWHERE)
        provinces.append(province)
        regencies.append(regency)
        local = row.created_at.astimezone(zone)
        for form, values in times:
            values.append(local.strftime(form))
        counted.values[Dimension.OUTCOME].append(outcome_of(row, now).value)
        closed = row.state == AlertState.CLOSED
        counted.values[Dimension.CLOSED].append(YES if closed else NO)
        counted.acknowledged_s.append(_seconds(row.created_at, row.acknowledged_at))
        counted.decided_s.append(_seconds(row.created_at, row.decided_at))
    return counted


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


def outcome_of(row: Row[Any], now: datetime) -> AlertOutcome:
    """Return what became of an alert, of which the row has state, disposal, found and due_at."""
    decided = _DECIDED.get(result_of(row.state, row.disposal, row.found))
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
