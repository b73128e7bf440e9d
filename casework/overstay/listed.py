"""Overstays of people on lists: found by the system, shown to the list's owner.

Whom the owner shares the list with sees them as it sees the list's alerts. Each is
announced to the owner once, by an event.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import islice
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.orm import Session

from casework.areas import tree
from casework.areas.port_areas import area_of_port
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.outbox import Event
from casework.kernel.period import day_of
from casework.kernel.permissions import Permission, require, within_reach
from casework.kernel.vocabulary import EventKind, PermitKind, SubjectStatus
from casework.overstay import lines
from casework.overstay.rules import Exceeded
from casework.tables import (
    Alert,
    AnnouncedOverstay,
    EncounterPermit,
    Residence,
    Subject,
    Watchlist,
    WatchlistEntry,
)
from casework.watchlists import watchlists

BEGAN: Final = "overstay.began"
"""The act, in the words of the audit trail."""

_AT_ONCE: Final = 20
"""Overstays that one transaction announces: nobody else can write meanwhile, for some 50 ms."""
_IDS_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class OverstayFilter:
    """Which overstays to list; None sets no condition."""

    watchlist_id: str | None = None
    area: str | None = None
    """Where the person lives, or came in; with all that lies in it."""


@dataclass(frozen=True, slots=True)
class Overstay:
    """A person on a list who is here after the end of a permit, as far as is known."""

    subject: Subject
    watchlists: Mapping[str, str]
    """Names of the lists that the reader may know of, by id."""
    until: date
    """The last day that was permitted."""
    days: int
    undecided: bool
    """Whether it rests on an alert that nobody has decided, or may be over by one."""
    kind: PermitKind | None
    """Of the permit that was recorded last."""
    area: str | None
    port: str | None
    """Where the person came in last, as far as is known."""


@dataclass(frozen=True, slots=True)
class _Overstaying:
    subject_id: str
    owner_id: str
    exceeded: Exceeded
    kind: PermitKind | None
    area: str | None
    port: str | None


class Overstays:
    """Finds overstays of people on lists."""

    def __init__(self, kernel: Kernel, zone: tzinfo) -> None:
        """Take the installation's time zone: a permit ends when its last day there does."""
        self._database = kernel.database
        self._audit = kernel.audit
        self._outbox = kernel.outbox
        self._clock = kernel.clock
        self._zone = zone

    def page(
        self, actor: Actor, after: str | None, limit: int, filters: OverstayFilter
    ) -> list[Overstay]:
        """Return up to `limit` overstays, the longest first, those after a subject's.

        Raises:
            NotPermitted: the actor may see none.
        """
        require(actor, Permission.READ_OVERSTAY)
        now = self._clock()
        with self._database.read() as session:
            found = self._found(session, now, _seen_by(actor, filters))
            if filters.area is not None:
                area = filters.area
                found = [each for each in found if each.area and tree.contains(area, each.area)]
            some = list(islice(_after(found, after), limit))
            shown = self._opened(session, actor, some, now)
        detail = {"overstays": len(shown)}
        self._audit.note(
            AuditEntry(actor, "overstay.list", owner_id=actor.agency_id, detail=detail)
        )
        return shown

    def of_subject(self, session: Session, subject: Subject) -> Exceeded | None:
        """Return by which permit one subject overstays, within a transaction."""
        found = self._found(session, self._clock(), Subject.id == subject.id)
        return found[0].exceeded if found else None

    def announce(self) -> int:
        """Announce overstays that have begun to their owners; returns how many there are, of all.

        What rests on an alert that nobody has decided is not announced.
        """
        now = self._clock()
        with self._database.read() as session:
            found = self._found(session, now)
            announced = {
                row.subject_id: row.until for row in session.scalars(select(AnnouncedOverstay))
            }
        new = [
            each
            for each in found
            if not each.exceeded.undecided and announced.get(each.subject_id) != each.exceeded.until
        ]
        over = sorted(announced.keys() - {each.subject_id for each in found})
        for start in range(0, len(over), _IDS_AT_ONCE):
            some = AnnouncedOverstay.subject_id.in_(over[start : start + _IDS_AT_ONCE])
            with self._database.write() as session:
                session.execute(delete(AnnouncedOverstay).where(some))
        for start in range(0, len(new), _AT_ONCE):
            self._write(new[start : start + _AT_ONCE])
        return len(found)

    def _write(self, new: Sequence[_Overstaying]) -> None:
        with self._database.write() as session:
            for each in new:
                until = each.exceeded.until
                known = session.get(AnnouncedOverstay, each.subject_id)
                # Another process may have announced it, or the subject is gone.
                if session.get(Subject, each.subject_id) is None or (
                    known is not None and known.until == until
                ):
                    continue
                session.merge(AnnouncedOverstay(subject_id=each.subject_id, until=until))
                detail = {"until": until.isoformat()}
                entry = AuditEntry(
                    Actor.service(), BEGAN, each.subject_id, each.owner_id, detail=detail
                )
                self._audit.append(session, entry)
                event = Event(EventKind.OVERSTAY_BEGAN, each.subject_id, each.owner_id)
                self._outbox.append(session, event)

    def _found(
        self, session: Session, now: datetime, *conditions: ColumnElement[bool]
    ) -> list[_Overstaying]:
        """Return the overstays of subjects that conditions are true of, the longest first."""
        today = day_of(now, self._zone)
        query = select(Subject.id, Subject.agency_id).where(
            *conditions, _looked_for(now), or_(*_with_ended_permit(today))
        )
        owners = {row.id: row.agency_id for row in session.execute(query)}
        places = area_of_port(session) if owners else {}
        found = []
        for subject_id, line in lines.read(session, owners).items():
            exceeded = line.exceeded(today, self._zone)
            if exceeded is None:
                continue
            residence, port = line.residence(today), line.last_port()
            lives_in = residence.area if residence is not None else None
            found.append(
                _Overstaying(
                    subject_id,
                    owners[subject_id],
                    exceeded,
                    PermitKind(residence.kind) if residence is not None else None,
                    lives_in or places.get(port or ""),
                    port,
                )
            )
        return sorted(found, key=lambda each: (each.exceeded.until, each.subject_id))

    def _opened(
        self, session: Session, actor: Actor, found: Sequence[_Overstaying], now: datetime
    ) -> list[Overstay]:
        ids = [each.subject_id for each in found]
        rows = {row.id: row for row in session.scalars(select(Subject).where(Subject.id.in_(ids)))}
        names = _list_names(session, actor, ids)
        for row in rows.values():
            row.clear_fields()
        return [
            Overstay(
                rows[each.subject_id],
                names.get(each.subject_id, {}),
                each.exceeded.until,
                lines.days_over(each.exceeded.until, now, self._zone),
                each.exceeded.undecided,
                each.kind,
                each.area,
                each.port,
            )
            for each in found
        ]


def _after(found: Sequence[_Overstaying], subject_id: str | None) -> Iterable[_Overstaying]:
    """Return what follows a subject's overstay; all where that is over meanwhile."""
    places = {each.subject_id: place for place, each in enumerate(found)}
    return found[places.get(subject_id or "", -1) + 1 :]


def _looked_for(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a subject's entry is in force: a lapsed one follows nobody."""
    on_a_list = (
        select(WatchlistEntry.subject_id)
        .join(Watchlist, Watchlist.id == WatchlistEntry.watchlist_id)
        .where(WatchlistEntry.subject_id == Subject.id, Watchlist.active)
        .exists()
    )
    return and_(
        Subject.erase_at.is_(None),
        Subject.status == SubjectStatus.ACTIVE.value,
        or_(Subject.valid_from.is_(None), Subject.valid_from <= now),
        or_(Subject.valid_until.is_(None), Subject.valid_until >= now),
        on_a_list,
    )


def _with_ended_permit(today: date) -> tuple[ColumnElement[bool], ...]:
    ended = select(Residence.subject_id).where(Residence.valid_until < today)
    said = (
        select(Alert.subject_id)
        .join(EncounterPermit, EncounterPermit.encounter_id == Alert.encounter_id)
        .where(EncounterPermit.until < today)
    )
    return Subject.id.in_(ended), Subject.id.in_(said)


def _seen_by(actor: Actor, filters: OverstayFilter) -> ColumnElement[bool]:
    shared = _on_list(watchlists.shared_to(actor, Watchlist.id))
    seen = within_reach(actor, Permission.READ_OVERSTAY, Subject.agency_id, shared)
    if filters.watchlist_id is None:
        return seen
    on_it = _on_list(Watchlist.id == filters.watchlist_id, _list_seen_by(actor))
    return and_(seen, on_it)


def _on_list(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        select(WatchlistEntry.subject_id)
        .join(Watchlist, Watchlist.id == WatchlistEntry.watchlist_id)
        .where(WatchlistEntry.subject_id == Subject.id, Watchlist.active, *conditions)
        .exists()
    )


def _list_seen_by(actor: Actor) -> ColumnElement[bool]:
    return within_reach(
        actor,
        Permission.READ_OVERSTAY,
        Watchlist.agency_id,
        watchlists.shared_to(actor, Watchlist.id),
    )


def _list_names(
    session: Session, actor: Actor, subject_ids: Sequence[str]
) -> dict[str, dict[str, str]]:
    query = (
        select(WatchlistEntry.subject_id, Watchlist.id, Watchlist.name)
        .join(Watchlist, Watchlist.id == WatchlistEntry.watchlist_id)
        .where(WatchlistEntry.subject_id.in_(subject_ids), Watchlist.active, _list_seen_by(actor))
        .order_by(Watchlist.name)
    )
    names: dict[str, dict[str, str]] = {}
    for row in session.execute(query):
        names.setdefault(row.subject_id, {})[row.id] = row.name
    return names
