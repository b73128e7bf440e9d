"""Who is on duty: an agency's shifts at each port, and the officers of each.

A shift begins at the same time on some days of every week; who is on duty at a moment follows from
that. An officer whose account is switched off is on no duty, whatever the table says.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import InvalidShift, NotFound
from casework.kernel.ids import DUTY_SHIFT, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.officer_names import OfficerName
from casework.kernel.permissions import (
    Permission,
    PermissionScope,
    require,
    require_object,
    scope_of,
    within_reach,
)
from casework.kernel.ports import zone_of
from casework.kernel.vocabulary import Role, Weekday
from casework.tables import Agency, DutyShift, Officer

TIME: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
"""How a time of day is written."""
MOST_OFFICERS: Final = 100

TAKERS: Final = frozenset({Role.OFFICER, Role.SUPERVISOR})
"""Who can be on duty: those who may take alerts."""

_DAYS: Final = tuple(Weekday)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewShift:
    """What a shift is made from."""

    port: str
    weekdays: tuple[str, ...]
    begins: str
    ends: str
    officer_ids: tuple[str, ...]
    first_day: date | None = None
    last_day: date | None = None
    next_port: str | None = None
    agency_id: str | None = None
    """None means the agency of the actor who makes it."""


@dataclass(frozen=True, slots=True)
class DutyOfficer:
    """Somebody who can be on duty."""

    id: str
    by: OfficerName
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class OnDuty:
    """A shift that is under way."""

    shift_id: str
    port: str
    until: datetime
    officers: tuple[DutyOfficer, ...]
    """Those whose account is in force, by name."""
    next_port: str | None


class DutyRoster:
    """Keeps an agency's shifts, and says who is on duty."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock

    def page(self, actor: Actor, after: str | None, limit: int | None) -> list[DutyShift]:
        """Return shifts in order of making: those after `after`, at most `limit` (None: all).

        Raises:
            NotPermitted: the actor may read none.
        """
        require(actor, Permission.READ_DUTY)
        within = within_reach(actor, Permission.READ_DUTY, DutyShift.agency_id)
        query = select(DutyShift).where(within).order_by(DutyShift.id).limit(limit)
        if after is not None:
            query = query.where(DutyShift.id > after)
        with self._database.read() as session:
            return list(session.scalars(query))

    def get(self, actor: Actor, shift_id: str) -> DutyShift:
        """Return one shift; raises NotPermitted, NotFound."""
        with self._database.read() as session:
            return _find(session, actor, Permission.READ_DUTY, shift_id)

    def create(self, actor: Actor, new: NewShift, zone: str) -> DutyShift:
        """Add a shift.

        Args:
            actor: who adds it.
            new: the shift.
            zone: whose clocks its times are of, for a port of which no other is known.

        Raises:
            NotPermitted, NotFound: the actor may not, or not for that agency.
            InvalidShift: an officer cannot be on duty, or it ends before its first day.
        """
        owner_id = new.agency_id or actor.agency_id
        missing = NotFound("agency_not_found", agency=owner_id)
        require_object(actor, Permission.MANAGE_DUTY, owner_id, missing=missing)
        if owner_id is None:
            raise missing
        now = self._clock()
        fields = asdict(new) | {"agency_id": owner_id, "zone": zone_of(new.port) or zone}
        fields |= {name: list(fields[name]) for name in ("weekdays", "officer_ids")}
        with self._database.write() as session:
            row = DutyShift(id=new_id(DUTY_SHIFT), created_at=now, updated_at=now, **fields)
            _check(session, row)
            session.add(row)
            session.flush()
            self._note(session, actor, row, "added")
        return row

    def edit(
        self,
        actor: Actor,
        shift_id: str,
        changes: Mapping[str, Any],
        version: int | None,
        zone: str,
    ) -> DutyShift:
        """Change fields of `NewShift`; they count from now on.

        Raises:
            NotPermitted, NotFound, StaleVersion, InvalidShift: nothing was changed.
        """
        with self._database.write() as session:
            row = _find(session, actor, Permission.MANAGE_DUTY, shift_id)
            rows.require_version(row, version)
            for name, value in changes.items():
                setattr(row, name, value)
            if "port" in changes:
                row.zone = zone_of(row.port) or zone
            _check(session, row)
            row.updated_at = self._clock()
            session.flush()
            self._note(session, actor, row, "changed")
        return row

    def remove(self, actor: Actor, shift_id: str) -> None:
        """Remove a shift; raises NotPermitted, NotFound."""
        with self._database.write() as session:
            row = _find(session, actor, Permission.MANAGE_DUTY, shift_id)
            session.delete(row)
            session.flush()
            self._note(session, actor, row, "removed")

    def now(self, actor: Actor, port: str | None = None) -> list[OnDuty]:
        """Return the shifts of the actor's agency that are under way, by port.

        Raises:
            NotPermitted: the actor may read none.
        """
        require(actor, Permission.READ_DUTY)
        if actor.agency_id is None:
            return []
        with self._database.read() as session:
            found = on_duty(session, actor.agency_id, self._clock())
        return [each for each in found if port is None or each.port == port]

    def offered(self, actor: Actor) -> bool:
        """Whether the actor may see who is on duty."""
        return scope_of(actor, Permission.READ_DUTY) is not PermissionScope.NOTHING

    def staff(self, actor: Actor) -> list[DutyOfficer]:
        """Return those of the actor's agency who can be on duty, by name; raises NotPermitted."""
        require(actor, Permission.READ_DUTY)
        if actor.agency_id is None:
            return []
        query = select(Officer).where(Officer.agency_id == actor.agency_id, Officer.active)
        with self._database.read() as session:
            found = [each for each in session.scalars(query) if _can_be_on_duty(each)]
            return _by_name(found, session.get_one(Agency, actor.agency_id).code)

    def _note(self, session: Session, actor: Actor, row: DutyShift, change: str) -> None:
        detail = {"change": change, "port": row.port, "officers": len(row.officer_ids)}
        entry = AuditEntry(actor, Permission.MANAGE_DUTY, row.id, row.agency_id, detail=detail)
        self._audit.append(session, entry)


def on_duty(session: Session, agency_id: str, at: datetime) -> list[OnDuty]:
    """Return an agency's shifts that are under way at a time, by port."""
    # A day more on both sides: the port's calendar is ahead of UTC's, or behind.
    day = at.date()
    shifts = session.scalars(
        select(DutyShift)
        .where(
            DutyShift.agency_id == agency_id,
            or_(DutyShift.first_day.is_(None), DutyShift.first_day <= day + _DAY),
            or_(DutyShift.last_day.is_(None), DutyShift.last_day >= day - 2 * _DAY),
        )
        .order_by(DutyShift.port, DutyShift.id)
    )
    under_way = [(shift, end) for shift in shifts if (end := ends_at(shift, at)) is not None]
    ids = {each for shift, _ in under_way for each in shift.officer_ids}
    query = select(Officer).where(Officer.id.in_(ids), Officer.active)
    officers = {each.id: each for each in session.scalars(query) if _can_be_on_duty(each)}
    code = session.get_one(Agency, agency_id).code if officers else ""
    return [
        OnDuty(
            shift.id,
            shift.port,
            end,
            tuple(
                _by_name((officers[each] for each in shift.officer_ids if each in officers), code)
            ),
            shift.next_port,
        )
        for shift, end in under_way
    ]


def ends_at(shift: DutyShift, at: datetime) -> datetime | None:
    """Return when a shift that is under way at a time ends; None where none is."""
    zone = ZoneInfo(shift.zone)
    today = at.astimezone(zone).date()
    for day in (today, today - _DAY):
        if not _begins_on(shift, day):
            continue
        begin = datetime.combine(day, time.fromisoformat(shift.begins), zone)
        following = _DAY if shift.ends <= shift.begins else timedelta()
        end = datetime.combine(day + following, time.fromisoformat(shift.ends), zone)
        if begin <= at < end:
            return end
    return None


def _begins_on(shift: DutyShift, day: date) -> bool:
    return (
        _DAYS[day.weekday()].value in shift.weekdays
        and (shift.first_day is None or shift.first_day <= day)
        and (shift.last_day is None or day <= shift.last_day)
    )


def _find(session: Session, actor: Actor, act: Permission, shift_id: str) -> DutyShift:
    missing = NotFound("duty_shift_not_found", shift=shift_id)
    return rows.one_within(session, actor, act, DutyShift, shift_id, missing)


def _check(session: Session, row: DutyShift) -> None:
    """Raise InvalidShift unless a shift can be: of people who take alerts, of days in order."""
    for name in ("begins", "ends"):
        if re.fullmatch(TIME, getattr(row, name)) is None:
            raise InvalidShift("duty_time", field=name)
    if row.first_day is not None and row.last_day is not None and row.last_day < row.first_day:
        raise InvalidShift("duty_days_reversed", field="last_day")
    if row.next_port == row.port:
        raise InvalidShift("duty_next_port", field="next_port")
    query = select(Officer).where(
        Officer.id.in_(row.officer_ids), Officer.agency_id == row.agency_id, Officer.active
    )
    known = {each.id for each in session.scalars(query) if _can_be_on_duty(each)}
    for each in row.officer_ids:
        if each not in known:
            raise InvalidShift("duty_officer", field="officer_ids", officer=each)


def _can_be_on_duty(row: Officer) -> bool:
    return not TAKERS.isdisjoint(row.roles)


def _by_name(officers: Iterable[Officer], agency_code: str) -> list[DutyOfficer]:
    found: Sequence[DutyOfficer] = [
        DutyOfficer(
            each.id,
            OfficerName(each.name, each.service_number, agency_code),
            frozenset(map(Role, each.roles)),
        )
        for each in officers
    ]
    return sorted(found, key=lambda each: (each.by.name.casefold(), each.id))
