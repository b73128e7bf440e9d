"""Nobody forgets an alert: one that nobody has taken by its deadline calls others, step by step.

First the supervisors of its port, then, when the same time has passed again, those on duty at the
next port too. Each step is written with the alert, its record in the audit trail and its event in
one transaction: of several processes one takes it, and what was missed while nothing ran is done
at the start. Who is called follows from the duty table (`casework.review.duty`) as it is at that
moment; where that says nobody, everybody of the role is.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, case, func, or_, select, update

from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.outbox import Event
from casework.kernel.permissions import Permission, PermissionScope, scope_of
from casework.kernel.vocabulary import AlertState, Escalation, EventKind, Role
from casework.review.alerts import is_open
from casework.review.duty import DutyOfficer, OnDuty, on_duty
from casework.tables import Alert

OVERDUE: Final = "alert.overdue"
"""The act, in the words of the audit trail."""

_STEPS: Final = tuple(Escalation)
_AT_ONCE: Final = 20
"""Alerts of one transaction: nobody else can write meanwhile."""
_WAITING: Final = and_(Alert.state == AlertState.NEW.value, Alert.requires_acknowledgement)
_LATE: Final = select(Alert.id, Alert.escalation, Alert.due_at, Alert.acknowledge_within_s).where(
    _WAITING
)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many alerts of one list are open at one port."""

    watchlist_id: str
    port: str
    open: int
    overdue: int
    """Of those, how many have to be taken and are beyond their deadline."""


class Overdue:
    """Calls others for alerts that nobody has taken in time."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._outbox = kernel.outbox
        self._clock = kernel.clock

    def escalate(self) -> int:
        """Take every step that is due; returns how many this process took."""
        taken = 0
        while due := self._due():
            for start in range(0, len(due), _AT_ONCE):
                taken += self._take(due[start : start + _AT_ONCE])
        return taken

    def backlog(self) -> list[Backlog]:
        """Count the open alerts of all agencies, by list and port."""
        late = and_(_WAITING, Alert.due_at <= self._clock())
        # Counted here: a database would rather read all alerts in the order of their lists.
        query = select(Alert.watchlist_id, Alert.port, case((late, 1), else_=0)).where(is_open())
        with self._database.read() as session:
            found = Counter((row[0], row[1], bool(row[2])) for row in session.execute(query))
        return [
            Backlog(
                watchlist_id,
                port,
                found[watchlist_id, port, False] + found[watchlist_id, port, True],
                found[watchlist_id, port, True],
            )
            for watchlist_id, port in sorted({each[:2] for each in found})
        ]

    def calling(self, actor: Actor) -> int:
        """Count the alerts that nobody has taken and that the actor is called for."""
        if not _may_take(actor) or actor.agency_id is None:
            return 0
        query = (
            select(Alert.escalation, Alert.port, func.count().label("waiting"))
            .where(
                is_open(),
                # Not by the index of states: that of what is open has all that is asked for.
                Alert.state + "" == AlertState.NEW.value,
                Alert.requires_acknowledgement,
                Alert.escalation.is_not(None),
                Alert.owner_id == actor.agency_id,
            )
            .group_by(Alert.escalation, Alert.port)
        )
        with self._database.read() as session:
            found = session.execute(query).all()
            if not found:
                return 0
            shifts = on_duty(session, actor.agency_id, self._clock())
        return sum(
            row.waiting
            for row in found
            if is_called(actor, Escalation(row.escalation), row.port, shifts)
        )

    def _due(self) -> list[tuple[str, Escalation | None]]:
        """Return the alerts of which a step is due, with the last one that was taken."""
        now = self._clock()
        last = _STEPS[-1].value
        query = _LATE.where(
            or_(Alert.escalation.is_(None), Alert.escalation != last), Alert.due_at <= now
        )
        with self._database.read() as session:
            found = session.execute(query.order_by(Alert.id)).all()
        due: list[tuple[str, Escalation | None]] = []
        for row in found:
            before = Escalation(row.escalation) if row.escalation is not None else None
            if falls_due(row.due_at, row.acknowledge_within_s, before) <= now:
                due.append((row.id, before))
        return due

    def _take(self, due: Sequence[tuple[str, Escalation | None]]) -> int:
        """Take one step for each of these alerts, unless it was taken, or another process was."""
        taken = 0
        with self._database.write() as session:
            for alert_id, before in due:
                step = _following(before)
                same = Alert.escalation.is_(None) if before is None else Alert.escalation == before
                # No new version: an officer who has the page open has read nothing else.
                found = session.execute(
                    update(Alert)
                    .where(Alert.id == alert_id, _WAITING, same)
                    .values(escalation=step.value)
                    .returning(Alert.owner_id)
                    .execution_options(synchronize_session=False)
                ).first()
                if found is None:
                    continue
                taken += 1
                detail = {"step": step.value}
                entry = AuditEntry(
                    Actor.service(), OVERDUE, alert_id, found.owner_id, detail=detail
                )
                self._audit.append(session, entry)
                # The owner's alone: whom it shows the alert to need not hear that it was slow.
                event = Event(EventKind.ALERT_OVERDUE, alert_id, found.owner_id)
                self._outbox.append(session, event)
        return taken


def falls_due(due_at: datetime, within_s: int, before: Escalation | None) -> datetime:
    """Return when the step after `before` is taken: one more target of the list for each."""
    return due_at + timedelta(seconds=within_s * _STEPS.index(_following(before)))


def is_called(actor: Actor, step: Escalation, port: str, shifts: Sequence[OnDuty]) -> bool:
    """Whether an officer of the list's agency is called for an alert.

    Args:
        actor: who may take alerts.
        step: how far it was escalated.
        port: where the traveller is.
        shifts: the agency's that are under way.
    """
    here = [each for each in shifts if each.port == port]
    supervisors = _among(here, supervisors=True)
    called = actor.id in supervisors if supervisors else Role.SUPERVISOR in actor.roles
    if called or step is Escalation.SUPERVISOR:
        return called
    following = {each.next_port for each in here if each.next_port is not None}
    others = [each for each in shifts if each.port in following] or [
        each for each in shifts if each.port != port
    ]
    people = _among([*here, *others])
    return actor.id in people if people else True


def _among(shifts: Iterable[OnDuty], *, supervisors: bool = False) -> Collection[str]:
    people: Iterable[DutyOfficer] = (each for shift in shifts for each in shift.officers)
    return {each.id for each in people if not supervisors or Role.SUPERVISOR in each.roles}


def _following(step: Escalation | None) -> Escalation:
    return _STEPS[0] if step is None else _STEPS[_STEPS.index(step) + 1]


def _may_take(actor: Actor) -> bool:
    return scope_of(actor, Permission.ACKNOWLEDGE_ALERT) is not PermissionScope.NOTHING
