"""Tips near a listed guest, and listed guests near a tip: in place and in time. A hint, no more.

Only to who may read both: the alert by its list, the tip as one of their agency's. So nobody
learns of an alert or a tip that they would not see anyway.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from casework.areas import tree
from casework.areas.port_areas import area_of_port
from casework.areas.provinces import COUNTRY
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require, within_reach
from casework.kernel.vocabulary import ComparisonResult, Stage
from casework.review import alerts
from casework.review.siblings import WITH_ENCOUNTER
from casework.tables import Alert, Encounter, Stay, Tip, TipSubject
from casework.tips.tips import find, report_of
from casework.tips.triage import NEAR, words_of

LEAST_NAME: Final = 2
"""Words of a lodging's name from which a report that has them all is taken to mean it."""
_MOST_COMPARED: Final = 200
_MOST_SHOWN: Final = 10


class NearbyReason(StrEnum):
    """Why a tip and a listed guest may belong together, where they are within two weeks."""

    SUBJECT = "subject"
    """The tip is about the person on the list."""
    LODGING = "lodging"
    """The tip names the lodging."""
    AREA = "area"
    """They are in the same area, or one in the other; the whole country is none."""


@dataclass(frozen=True, slots=True)
class NearbyAlert:
    """An alert of a listed guest near a tip."""

    alert: Alert
    """Its `encounter` is loaded: the lodging is its `lane`."""
    reasons: tuple[NearbyReason, ...]


@dataclass(frozen=True, slots=True)
class NearbyTip:
    """A tip near a listed guest."""

    tip: Tip
    reasons: tuple[NearbyReason, ...]


@dataclass(frozen=True, slots=True)
class _Guest:
    """Whom an alert is about, where and when they stayed."""

    alert: Alert
    area: str | None
    since: datetime
    until: datetime | None
    """None: nobody said when they leave."""

    def there(self, at: datetime) -> bool:
        """Whether a moment is near the stay."""
        return self.since - NEAR <= at and (self.until is None or at <= self.until + NEAR)


class Nearby:
    """Finds what is near each other, for readers of both."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit

    def alerts(self, actor: Actor, tip_id: str) -> list[NearbyAlert]:
        """Return alerts of listed guests near a tip, the most reasons first.

        Raises:
            NotPermitted, NotFound: the actor reads no alerts, no tips, or not this one.
        """
        require(actor, Permission.READ_ALERT)
        with self._database.read() as session:
            row = find(session, actor, Permission.HANDLE_TIP, tip_id)
            words, about = self._words(row), _subjects(session, [row])
            at = moment_of(row)
            found = []
            for guest in _guests(session, actor, at, at):
                reasons = _reasons(row, about, guest, words)
                if reasons:
                    found.append(NearbyAlert(guest.alert, reasons))
        self._audit.note(AuditEntry(actor, "tip.nearby", row.id, row.agency_id))
        return sorted(found, key=lambda each: -len(each.reasons))[:_MOST_SHOWN]

    def tips(self, actor: Actor, alert_id: str) -> list[NearbyTip]:
        """Return the agency's tips near the listed guest of an alert, the most reasons first.

        None to those who work on no tips.

        Raises:
            NotPermitted, NotFound: the actor reads no alerts, or not this one.
        """
        with self._database.read() as session:
            alert = alerts.find(session, actor, Permission.READ_ALERT, alert_id)
            guest = _guest(session, alert)
            found = []
            if guest is not None:
                rows = session.scalars(_tips_near(actor, guest)).all()
                about = _subjects(session, rows)
                for row in rows:
                    reasons = _reasons(row, about, guest, self._words(row))
                    if reasons:
                        found.append(NearbyTip(row, reasons))
        self._audit.note(AuditEntry(actor, "alert.nearby", alert.id, alert.owner_id))
        return sorted(found, key=lambda each: -len(each.reasons))[:_MOST_SHOWN]

    def marked(self, actor: Actor, tips: Sequence[Tip]) -> frozenset[str]:
        """Return which of an actor's tips are near a listed guest, by id, without opening any."""
        if not tips:
            return frozenset()
        require(actor, Permission.READ_ALERT)
        times = [moment_of(each) for each in tips]
        with self._database.read() as session:
            guests = _guests(session, actor, min(times), max(times))
            about = _subjects(session, tips)
            return frozenset(
                row.id for row in tips if any(_reasons(row, about, each) for each in guests)
            )

    def _words(self, row: Tip) -> frozenset[str]:
        report = report_of(self._vault, row)
        return words_of(f"{report.text} {report.place or ''}")


def moment_of(row: Tip) -> datetime:
    """Return when what a tip says happened; when it came, if nobody said."""
    return row.happened_at or row.created_at


def names(words: frozenset[str], lodging: str | None) -> bool:
    """Whether a report that has these words names a lodging."""
    name = words_of(lodging or "")
    return len(name) >= LEAST_NAME and name <= words


def _reasons(
    row: Tip,
    about: frozenset[tuple[str, str]],
    guest: _Guest,
    words: frozenset[str] = frozenset(),
) -> tuple[NearbyReason, ...]:
    if not guest.there(moment_of(row)):
        return ()
    applies = {
        NearbyReason.SUBJECT: (row.id, guest.alert.subject_id) in about,
        NearbyReason.LODGING: names(words, guest.alert.encounter.lane),
        NearbyReason.AREA: _in_one(row.area, guest.area),
    }
    return tuple(reason for reason, holds in applies.items() if holds)


def _in_one(first: str | None, second: str | None) -> bool:
    """Whether one area lies in the other; the country, and what names none, is no hint."""
    if first in (None, COUNTRY) or second in (None, COUNTRY):
        return False
    return tree.contains(first, second) or tree.contains(second, first)


def _subjects(session: Session, tips: Iterable[Tip]) -> frozenset[tuple[str, str]]:
    """Return whom tips are about: pairs of a tip's id and a subject's."""
    rows = {row.id: row.subject_id for row in tips}
    linked = select(TipSubject).where(TipSubject.tip_id.in_([*rows]))
    pairs = [(each.tip_id, each.subject_id) for each in session.scalars(linked)]
    enrolled = [(tip, subject) for tip, subject in rows.items() if subject is not None]
    return frozenset(pairs + enrolled)


_BEGIN: Final = func.coalesce(Stay.checked_in_at, Encounter.captured_at)
_END: Final = func.coalesce(Stay.checked_out_at, Stay.expected_out_at)


def _guests(session: Session, actor: Actor, since: datetime, until: datetime) -> list[_Guest]:
    """Return the listed guests whose alerts an actor may see, near a time; newest first."""
    there = or_(and_(Stay.id.is_not(None), _END.is_(None)), since - NEAR <= _END)
    passed_by = and_(Stay.id.is_(None), Encounter.captured_at >= since - NEAR)
    query = _stays().where(
        alerts.visible(actor), until + NEAR >= _BEGIN, or_(there, passed_by), _is_the_person()
    )
    found = session.execute(query.order_by(Alert.id.desc()).limit(_MOST_COMPARED))
    return _placed(session, [(row[0], row[1]) for row in found])


def _guest(session: Session, alert: Alert) -> _Guest | None:
    """Return the guest of an alert; None of one that was raised elsewhere, or by mistake."""
    row = session.execute(_stays().where(Alert.id == alert.id, _is_the_person())).one_or_none()
    return _placed(session, [(row[0], row[1])])[0] if row is not None else None


def _stays() -> Select[Alert, Stay]:
    return (
        select(Alert, Stay)
        .join(Alert.encounter)
        .outerjoin(Stay, Stay.encounter_id == Encounter.id)
        .options(WITH_ENCOUNTER)
        .where(Encounter.stage == Stage.STAY.value)
    )


def _is_the_person() -> ColumnElement[bool]:
    """Leave out what ended as somebody else."""
    return or_(Alert.found.is_(None), Alert.found != ComparisonResult.OTHER_PERSON.value)


def _placed(session: Session, found: Sequence[tuple[Alert, Stay | None]]) -> list[_Guest]:
    ports = area_of_port(session) if any(stay is None for _, stay in found) else {}
    return [
        _Guest(alert, stay.area, stay.checked_in_at, stay.checked_out_at or stay.expected_out_at)
        if stay is not None
        else _Guest(
            alert,
            ports.get(alert.encounter.port),
            alert.encounter.captured_at,
            alert.encounter.captured_at,
        )
        for alert, stay in found
    ]


def _tips_near(actor: Actor, guest: _Guest) -> Select[Tip]:
    """Select the actor's tips near a stay: those with its person or area first, then the newest."""
    at = func.coalesce(Tip.happened_at, Tip.created_at)
    linked = select(TipSubject.tip_id).where(TipSubject.subject_id == guest.alert.subject_id)
    likely = or_(Tip.id.in_(linked), Tip.subject_id == guest.alert.subject_id)
    if guest.area is not None:
        around = [each for each in tree.lineage(guest.area) if each != COUNTRY]
        likely = or_(likely, tree.within(Tip.area, guest.area), Tip.area.in_(around))
    query = select(Tip).where(
        within_reach(actor, Permission.HANDLE_TIP, Tip.agency_id), at >= guest.since - NEAR
    )
    if guest.until is not None:
        query = query.where(at <= guest.until + NEAR)
    first = case((likely, 0), else_=1)
    return query.order_by(first, Tip.id.desc()).limit(_MOST_COMPARED)
