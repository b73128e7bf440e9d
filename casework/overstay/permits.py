"""Permits of travellers on no list: held by the port's own reference, until they leave.

It is off until an installation names its legal basis, its purpose and its period. Then an arrival
(or a visa) with a reference and the permit's last day leaves one sealed row; an extension moves its
end, a departure of the same reference deletes it, and so does time, some days after the end. In
between, what is past its end is shown to the agency of the port's key. Nothing of it is about a
face: nobody is searched for, and nothing here knows of lists.

References are compared within the agency of the key that sent them. What was captured before the
traveller came counts for nothing, even if it comes in later. An end before the arrival is a
slip, and one beyond twenty years stands for none: neither is held.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from casework.areas.port_areas import port_within
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import NotFound
from casework.kernel.ids import HELD_PERMIT, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.key_ring import INSTALLATION
from casework.kernel.period import day_of, end_of
from casework.kernel.permissions import (
    Permission,
    extends_to,
    require,
    require_port,
    within_reach,
)
from casework.kernel.processing import Grounds, Processing
from casework.kernel.sealed_fields import open_fields, seal_fields
from casework.kernel.vocabulary import Direction, PermitState, PermitStep, Stage
from casework.screening.screening import Arrival
from casework.tables import HeldPermit

END: Final = "permit.end"
MOST_STEPS: Final = 50
"""Of one reference: those of before make way."""
LONGEST: Final = timedelta(days=20 * 366)
"""From the arrival on: what systems send of a permit without end, such as 9999-12-31, is later."""
_TABLE: Final = HeldPermit.__table__


@dataclass(frozen=True, slots=True)
class PermitFilter:
    """Which overstays to list; None sets no condition."""

    port: str | None = None
    area: str | None = None
    """Where the port of the last step lies."""


def last_day(row: HeldPermit, zone: tzinfo) -> date:
    """Return the permit's last day, in the installation's time zone: not in a reader's."""
    return day_of(row.ends_at, zone)


def state_of(row: HeldPermit, now: datetime) -> PermitState:
    """Return where a permit is."""
    if not row.in_country:
        return PermitState.VISA
    return PermitState.OVERSTAY if row.ends_at < now else PermitState.PERMITTED


def _over(now: datetime) -> ColumnElement[bool]:
    return and_(HeldPermit.in_country, HeldPermit.ends_at < now)


class Permits:
    """Holds the permits of travellers by reference."""

    def __init__(self, kernel: Kernel, grounds: Grounds, zone: tzinfo) -> None:
        """Take the installation's time zone: a permit ends when its last day there does."""
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self.clock = kernel.clock
        self._grounds = grounds
        self.zone = zone

    def follow(self, arrival: Arrival, caller: Actor) -> Callable[[Connection], None]:
        """Return what an encounter changes of permits, to be written with it; nothing while off."""
        reference = arrival.traveller_ref
        if reference is None or not self._grounds.is_on(Processing.OVERSTAY):
            return _nothing
        at, digest = arrival.captured_at or self.clock(), self._digest(reference, caller.agency_id)
        if arrival.direction is Direction.EXIT or arrival.stage is Stage.DEPARTURE:
            return lambda connection: self._end(connection, digest, at)
        if arrival.stage not in (Stage.VISA, Stage.ARRIVAL):
            return _nothing
        step = PermitStep(arrival.stage.value)
        until = arrival.permit_until
        if until is None or not self._follows(until, at):
            # Who arrives must have been abroad: what was held of the time before is over.
            return (
                (lambda connection: self._end(connection, digest, at))
                if step is PermitStep.ARRIVAL
                else _nothing
            )
        new = _Sent(step, arrival.port, at, until)
        return lambda connection: self._come(connection, caller, reference, digest, new)

    def extend(self, actor: Actor, reference: str, until: date, port: str) -> None:
        """Move the end of a permit that is held; of a reference that is not, nothing is kept.

        Raises:
            OverstayOff: the installation has named no legal basis.
            NotPermitted: the actor may not, or not for this port.
        """
        now = self._check(actor, port)
        digest = self._digest(reference, actor.agency_id)
        step = _Sent(PermitStep.EXTENSION, port, now, until)
        with self._database.write_core() as connection:
            self._move_end(connection, reference, digest, step)
            self._note(connection, actor, Permission.REPORT_PERMIT, port)

    def depart(self, actor: Actor, reference: str, port: str) -> None:
        """Delete what is held for a reference: its traveller has left.

        Raises:
            OverstayOff, NotPermitted: see `extend`.
        """
        now = self._check(actor, port)
        with self._database.write_core() as connection:
            self._end(connection, self._digest(reference, actor.agency_id), now)
            self._note(connection, actor, END, port)

    def page(
        self, actor: Actor, after: str | None, limit: int, filters: PermitFilter
    ) -> list[HeldPermit]:
        """Return up to `limit` permits that are past their end, the longest first.

        Raises:
            OverstayOff, NotPermitted: see `get`.
        """
        require(actor, Permission.READ_PERMIT)
        self._grounds.require(Processing.OVERSTAY)
        query = select(HeldPermit).where(
            _over(self.clock()), within_reach(actor, Permission.READ_PERMIT, HeldPermit.agency_id)
        )
        if filters.port is not None:
            query = query.where(HeldPermit.port == filters.port)
        if filters.area is not None:
            query = query.where(port_within(HeldPermit.port, filters.area))
        with self._database.read() as session:
            if after is not None and (last := session.get(HeldPermit, after)) is not None:
                later = and_(HeldPermit.ends_at == last.ends_at, HeldPermit.id > last.id)
                query = query.where(or_(HeldPermit.ends_at > last.ends_at, later))
            query = query.order_by(HeldPermit.ends_at, HeldPermit.id).limit(limit)
            found = list(session.scalars(query))
        detail = {"permits": len(found)}
        self._audit.note(AuditEntry(actor, "permit.list", owner_id=actor.agency_id, detail=detail))
        return found

    def get(self, actor: Actor, permit_id: str) -> HeldPermit:
        """Return a permit with its reference and steps; the reading is recorded.

        Raises:
            OverstayOff: the installation has named no legal basis.
            NotPermitted, NotFound: the actor may read none, or not this one.
        """
        require(actor, Permission.READ_PERMIT)
        self._grounds.require(Processing.OVERSTAY)
        with self._database.read() as session:
            return self._read(actor, session.get(HeldPermit, permit_id))

    def find(self, actor: Actor, reference: str) -> HeldPermit:
        """Return the permit of a reference; raises what `get` does."""
        require(actor, Permission.READ_PERMIT)
        self._grounds.require(Processing.OVERSTAY)
        scopes = {actor.agency_id, None} if actor.runs_installation else {actor.agency_id}
        digests = [self._digest(reference, each) for each in scopes]
        query = select(HeldPermit).where(HeldPermit.reference_digest.in_(digests))
        with self._database.read() as session:
            return self._read(actor, session.scalars(query.order_by(HeldPermit.id)).first())

    def overstays(self) -> int:
        """Count the permits of all agencies that are past their end."""
        with self._database.read() as session:
            return session.scalar(select(func.count()).where(_over(self.clock()))) or 0

    def _read(self, actor: Actor, row: HeldPermit | None) -> HeldPermit:
        """Open a permit while the transaction can read its key."""
        if row is None or not extends_to(actor, Permission.READ_PERMIT, row.agency_id):
            raise NotFound("permit_not_found")
        row.clear_fields()
        self._audit.note(AuditEntry(actor, Permission.READ_PERMIT, row.id, row.agency_id))
        return row

    def _check(self, actor: Actor, port: str) -> datetime:
        require(actor, Permission.REPORT_PERMIT)
        self._grounds.require(Processing.OVERSTAY)
        require_port(actor, port)
        return self.clock()

    def _note(self, connection: Connection, actor: Actor, act: str, port: str) -> None:
        # Neither the reference nor whether it was held: the trail is kept for longer.
        entry = AuditEntry(actor, act, owner_id=actor.agency_id, detail={"port": port})
        self._audit.append(connection, entry)

    def _digest(self, reference: str, agency_id: str | None) -> str:
        return self._vault.digest("held_permit.traveller_ref", agency_id or INSTALLATION, reference)

    def _end(self, connection: Connection, digest: str, at: datetime) -> None:
        connection.execute(
            delete(HeldPermit).where(
                HeldPermit.reference_digest == digest, HeldPermit.came_at <= at
            )
        )

    def _come(
        self, connection: Connection, caller: Actor, reference: str, digest: str, new: "_Sent"
    ) -> None:
        """Hold the permit of who comes, or has a visa to."""
        held = connection.execute(select(_TABLE).where(_TABLE.c.reference_digest == digest)).first()
        visa = new.kind is PermitStep.VISA
        # A visa for the next journey says nothing of the one that is under way.
        if held is not None and (held.came_at > new.at or (visa and held.in_country)):
            return
        steps = []
        if held is not None:
            if not held.in_country:
                steps = self._steps(connection, held)
            connection.execute(delete(HeldPermit).where(HeldPermit.id == held.id))
        row = HeldPermit(
            id=new_id(HELD_PERMIT),
            agency_id=caller.agency_id,
            traveller_ref=reference,
            reference_digest=digest,
            steps=[*steps, new.record][-MOST_STEPS:],
            in_country=not visa,
            port=new.port,
            came_at=new.at,
            ends_at=end_of(new.until, self.zone),
        )
        self._vault.own_keys.make(row.id, INSTALLATION)
        seal_fields(self._vault, row)
        connection.execute(insert(HeldPermit).values(_values(row)))
        self._vault.own_keys.store(connection, row.id)

    def _move_end(self, connection: Connection, reference: str, digest: str, new: "_Sent") -> None:
        """Move the end of a permit that is held; of who has left there is none.

        A permit that has no end any more is over with; an end before the arrival changes nothing.
        """
        held = connection.execute(select(_TABLE).where(_TABLE.c.reference_digest == digest)).first()
        if held is None:
            return
        if not self._follows(new.until, held.came_at):
            if day_of(held.came_at, self.zone) < new.until:
                connection.execute(delete(HeldPermit).where(HeldPermit.id == held.id))
            return
        steps = [*self._steps(connection, held), new.record][-MOST_STEPS:]
        row = HeldPermit(id=held.id, traveller_ref=reference, steps=steps)
        seal_fields(self._vault, row)
        connection.execute(
            update(HeldPermit)
            .where(HeldPermit.id == held.id)
            .values(
                sealed_fields=row.sealed_fields,
                port=new.port,
                ends_at=end_of(new.until, self.zone),
            )
        )

    def _follows(self, until: date, came_at: datetime) -> bool:
        """Whether a last day can be one of a permit that somebody came with."""
        return timedelta() <= until - day_of(came_at, self.zone) <= LONGEST

    def _steps(self, connection: Connection, held: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a row
        own = self._vault.own_keys.read_by(connection, held.id)
        name = rows.held_permit(held.id)
        fields = open_fields(self._vault, name, held.sealed_fields, own)
        steps: list[dict[str, Any]] = fields.get("steps", [])
        return steps


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a port sends for a reference."""

    kind: PermitStep
    port: str
    at: datetime
    until: date

    @property
    def record(self) -> dict[str, Any]:
        """The step as it is kept."""
        return {
            "kind": self.kind.value,
            "port": self.port,
            "at": self.at.isoformat(),
            "until": self.until.isoformat(),
        }


def _values(row: HeldPermit) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in _TABLE.columns}


def _nothing(_: Connection) -> None:
    """Write nothing."""
