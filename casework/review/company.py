"""Alerts that are one row of the queue: a person on several lists, or captured again.

A counter that captures a traveller again raises the alert again, and a person on three lists raises
three. Each keeps its own review; a row shows the most urgent of those that stand alike, in the same
state and the same hands, with their number. It is made only of open alerts that the reader may see
with nothing hidden: where a first opinion is not open yet, only the lists of one encounter share a
row, and they say nothing of the opinion.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, select, tuple_
from sqlalchemy.orm import Session

from casework.kernel.actor import Actor
from casework.kernel.vocabulary import MatchedBy
from casework.review import findings
from casework.review.alerts import is_open, visible
from casework.tables import Alert

RECAPTURED_WITHIN: Final = timedelta(minutes=15)
"""From one capture to the next, at the same port: a queue at a counter is not much longer."""

_MOST: Final = 5_000
"""Alerts that are looked through: far more than officers of a port can have open."""


@dataclass(frozen=True, slots=True)
class Company:
    """What stands in one row of the queue with the alert that it shows."""

    alerts: tuple[str, ...]
    """All of them by id, the one that is shown first."""
    lists: int
    captures: int


@dataclass(frozen=True, slots=True)
class Companies:
    """Which alerts share a row."""

    rows: Mapping[str, Company] = field(default_factory=dict)
    """By the alert that the row shows; of one alert alone there is none."""

    @property
    def folded(self) -> list[str]:
        """The ids of those that stand in the row of another."""
        return [each for company in self.rows.values() for each in company.alerts[1:]]

    def shown_by(self, alert_id: str) -> str:
        """Return the alert whose row one stands in: mostly its own."""
        return next((row for row, each in self.rows.items() if alert_id in each.alerts), alert_id)


def companies(
    session: Session,
    actor: Actor,
    conditions: Sequence[ColumnElement[bool]],
    order: Sequence[ColumnElement[Any]],
    subject_ids: Collection[str] | None = None,
) -> Companies:
    """Return which open alerts share a row, for a reader.

    Args:
        session: the transaction.
        actor: who reads.
        conditions: the reader's filter.
        order: what the queue is sorted by; the first of a row's alerts is shown.
        subject_ids: about whom; None for everybody.
    """
    opened = (visible(actor), is_open())
    # Alerts that share a row are of the same person at the same port.
    several = select(Alert.subject_id, Alert.port).where(*opened)
    if subject_ids is not None:
        several = several.where(Alert.subject_id.in_(subject_ids))
    several = several.group_by(Alert.subject_id, Alert.port).having(func.count() > 1)
    query = (
        select(
            Alert.id,
            Alert.subject_id,
            Alert.encounter_id,
            Alert.watchlist_id,
            Alert.created_at,
            Alert.port,
            Alert.acknowledged_by,
            Alert.matched_by,
            findings.shown_to(Alert, actor).label("state"),
            findings.hidden_from(Alert, actor).label("hidden"),
        )
        .where(*opened, *conditions, tuple_(Alert.subject_id, Alert.port).in_(several))
        .order_by(*order)
        .limit(_MOST)
    )
    found = session.execute(query).all()
    bursts = _bursts(found)
    together: dict[tuple[str, str, str | None], list[Any]] = defaultdict(list)
    for each in found:
        key = f"{each.encounter_id} {each.subject_id}" if each.hidden else bursts[each.id]
        together[key, each.state, each.acknowledged_by].append(each)
    return Companies(
        {
            members[0].id: Company(
                tuple(each.id for each in members),
                len({each.watchlist_id for each in members}),
                len({each.encounter_id for each in members}),
            )
            for members in together.values()
            if len(members) > 1
        }
    )


def captured_with(alert: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a row with these three
    """Return the condition for the alerts that may share a row with one.

    Args:
        alert: its `subject_id`, `port` and `created_at`.
    """
    begin, end = alert.created_at - RECAPTURED_WITHIN, alert.created_at + RECAPTURED_WITHIN
    return and_(
        Alert.subject_id == alert.subject_id,
        Alert.port == alert.port,
        Alert.created_at.between(begin, end),
    )


def _bursts(found: Sequence[Any]) -> dict[str, str]:
    """Return for each alert the first of those that a port raised of a person in one go."""
    # Who carries somebody's document is mostly another traveller than who has their face.
    by_face = {
        (each.encounter_id, each.subject_id)
        for each in found
        if each.matched_by != MatchedBy.DOCUMENT
    }
    bursts: dict[str, str] = {}
    last: dict[tuple[str, str, bool], tuple[str, datetime]] = {}
    for each in sorted(found, key=lambda alert: (alert.created_at, alert.id)):
        if each.hidden:
            continue
        face = (each.encounter_id, each.subject_id) in by_face
        place = (each.subject_id, each.port, face)
        first, at = last.get(place, (each.id, each.created_at))
        if each.created_at - at > RECAPTURED_WITHIN:
            first = each.id
        last[place] = (first, each.created_at)
        bursts[each.id] = first
    return bursts
