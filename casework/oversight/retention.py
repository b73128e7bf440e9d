"""Retention: what is no longer needed is erased on time, and it is recorded that it was.

Each kind of record has its own period; 0 keeps it for good. Rows go in batches, each with its
audit record in the same transaction, so a run can be stopped and begun again at any moment. A batch
is as large as can be erased in the moment for which nobody else may write; what is due is looked
for outside it, and waiting writers, screenings above all, have a turn before the next. The
audit trail itself is never shortened: what people typed for it, and their names, can go.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    delete,
    func,
    inspect,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from casework.gallery.change_log import log_removed, templates_of_subject
from casework.kernel.actor import Actor
from casework.kernel.audit.chain import ERASE_TEXTS
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require
from casework.kernel.vocabulary import AlertState, DeliveryState, Outcome, TipState
from casework.tables import (
    Alert,
    Approval,
    AuditActor,
    AuditRecord,
    AuditText,
    Case,
    Delivery,
    Encounter,
    HeldPermit,
    IdempotencyRecord,
    ImportJob,
    OfficerSession,
    OutboxEvent,
    ProbeSearch,
    Referral,
    Stay,
    Subject,
    Table,
    Tip,
)

RUN_S: Final = 30.0
"""Seconds of one of the service's runs: one that is stopped lets it finish, and must not wait long.
What is left is the next run's."""

_HOLD_S: Final = 0.03
"""Seconds that nobody else can write: within the latency objective of a screening that waits."""
_PAUSE_S: Final = 0.05
"""Seconds between batches: a writer of SQLite that found it locked looks again every 25 ms within
the first 100, every 50 or 100 ms later (its `sqliteDefaultBusyCallback`)."""
_MOST: Final = 500
"""Records of a batch, however fast they go: its keys are parameters of one statement."""


class RecordKind(StrEnum):
    """What is erased, each by its own period."""

    ENCOUNTERS = "encounters"
    """Without an alert; counted from receipt."""
    ALERTS = "alerts"
    """With their encounter, the traveller's portrait and the review; from the closing."""
    SUBJECTS = "subjects"
    """With photos and templates; from the end of validity."""
    SEARCHES = "searches"
    """Officers' own; from the search."""
    REFERRALS = "referrals"
    """With what they carry and their messages; from the closing."""
    TIPS = "tips"
    """With photo and source; from the enrolment or dismissal."""
    CASES = "cases"
    """With all that was put into them; from the closing."""
    STAYS = "stays"
    """With who the guest is; from the check-out, the one reported or expected, or the check-in."""
    OVERSTAY = "overstay"
    """Permits held for travellers on no list; from the permit's end."""
    REPORTERS = "reporters"
    """Who reported a tip, not the tip; from the enrolment or dismissal."""
    SESSIONS = "sessions"
    """From their end."""
    REPETITIONS = "repetitions"
    """Idempotency keys; from the first answer."""
    IMPORTS = "imports"
    """Their counts and what was wrong with rows; from the end."""
    APPROVALS = "approvals"
    """Requests for a second person that are settled; from then on. What waits is never erased."""
    EVENTS = "events"
    """Events, by reference; streams cannot be resumed from further back."""
    DELIVERIES = "deliveries"
    """The delivery logs of webhooks; from queueing, and never while under way."""
    AUDIT_TEXTS = "audit_texts"
    """What people typed for records of the audit trail, not the records; from the record."""
    AUDIT_NAMES = "audit_names"
    """What the audit trail knows of actors, except their ids; from their last record."""


DEFAULT_DAYS: Final[dict[RecordKind, int]] = {
    RecordKind.ENCOUNTERS: 30,
    RecordKind.ALERTS: 365,
    RecordKind.SUBJECTS: 365,
    RecordKind.SEARCHES: 365,
    RecordKind.REFERRALS: 365,
    RecordKind.TIPS: 365,
    RecordKind.CASES: 365,
    RecordKind.STAYS: 30,
    RecordKind.OVERSTAY: 30,
    RecordKind.REPORTERS: 0,
    RecordKind.SESSIONS: 30,
    RecordKind.REPETITIONS: 7,
    RecordKind.IMPORTS: 90,
    RecordKind.APPROVALS: 365,
    RecordKind.EVENTS: 30,
    RecordKind.DELIVERIES: 30,
    RecordKind.AUDIT_TEXTS: 0,
    RecordKind.AUDIT_NAMES: 0,
}


@dataclass(frozen=True, slots=True)
class Erased:
    """What a run erased, or would erase."""

    kind: RecordKind
    before: datetime | None
    """Older than this was due; None where the kind is kept for good."""
    records: int


class Retention:
    """Erases what is due."""

    def __init__(
        self,
        kernel: Kernel,
        days: dict[RecordKind, int],
        ticks: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._own_keys = kernel.vault.own_keys
        self._days = DEFAULT_DAYS | days
        self._clock = kernel.clock
        self._ticks = ticks
        self._pause = pause
        self._sizes = dict.fromkeys(RecordKind, 1)
        """Records of the next batch; found by trying, from one upwards."""
        self._reached: dict[RecordKind, datetime] = {}
        """Up to when a run has erased what was due: older records that stay are not read again."""

    def due(self, actor: Actor) -> list[Erased]:
        """Count what a run would erase now; raises NotPermitted."""
        require(actor, Permission.ERASE_DUE)
        with self._database.read() as session:
            return [
                Erased(kind, before, session.scalar(_counted(_DUE[kind](before))) or 0)
                if before is not None
                else Erased(kind, None, 0)
                for kind, before in self._limits()
            ]

    def run(self, actor: Actor, budget_s: float | None = None) -> list[Erased]:
        """Erase what is due: everything, or as much as there is time for.

        The kinds take turns, so that none waits for the end of another. On SQLite the write-ahead
        log is emptied afterwards, so that what was erased is in no file; `Database.compact` gives
        the space back too.

        Args:
            actor: who erases.
            budget_s: seconds after which no more is begun; None means that all goes.

        Raises:
            NotPermitted: the actor may not.
        """
        require(actor, Permission.ERASE_DUE)
        begun = self._ticks()
        self._reached.clear()
        limits = self._limits()
        erased = dict.fromkeys(RecordKind, 0)
        left = [(kind, before) for kind, before in limits if before is not None]
        while left:
            for kind, before in tuple(left):
                if budget_s is not None and self._ticks() - begun >= budget_s:
                    left.clear()
                    break
                keys = self._due_keys(kind, before)
                if keys:
                    erased[kind] += self._erase_batch(actor, kind, before, keys)
                    self._pause(_PAUSE_S)
                else:
                    left.remove((kind, before))
        if any(erased.values()) or self._database.log_left:
            self._database.empty_log()
            self._own_keys.forget()
        return [Erased(kind, before, erased[kind]) for kind, before in limits]

    def _limits(self) -> list[tuple[RecordKind, datetime | None]]:
        now = self._clock()
        return [
            (kind, now - timedelta(days=days) if days else None)
            for kind, days in self._days.items()
        ]

    def _due_keys(self, kind: RecordKind, before: datetime) -> Sequence[Row[*tuple[Any, ...]]]:
        """Return keys of a batch; it may take a while, and nobody waits for it."""
        query, ordered = _DUE[kind](before).limit(self._sizes[kind]), _IN_ORDER.get(kind)
        if ordered is None:
            with self._database.read() as session:
                return session.execute(query).all()
        query = query.add_columns(ordered).order_by(ordered)
        if kind in self._reached:
            query = query.where(ordered >= self._reached[kind])
        with self._database.read() as session:
            found = session.execute(query).all()
        if found:
            self._reached[kind] = found[-1][-1]
        return found

    def _erase_batch(
        self,
        actor: Actor,
        kind: RecordKind,
        before: datetime,
        found: Sequence[Row[*tuple[Any, ...]]],
    ) -> int:
        """Erase those records that are still due, and size the next batch by how long it took."""
        table = _TABLES[kind]
        with self._database.write() as session:
            session.connection()  # waits for its turn to write
            begun = self._ticks()
            keys = session.execute(_DUE[kind](before).where(_among(table, found))).all()
            if kind is RecordKind.SUBJECTS:
                self._erase_subjects(session, actor, [key[0] for key in keys])
            elif kind is RecordKind.REPORTERS:
                session.execute(
                    update(Tip)
                    .where(_among(Tip, keys))
                    .values(sealed_source=None, has_source=False, version=Tip.version + 1),
                    execution_options={"synchronize_session": False},
                )
            elif keys:
                session.execute(
                    delete(table).where(_among(table, keys)),
                    execution_options={"synchronize_session": False},
                )
            if keys and kind in (RecordKind.AUDIT_TEXTS, RecordKind.AUDIT_NAMES):
                self._audit.forget_cards()
                last = select(func.max(AuditRecord.seq)).where(AuditRecord.at < before)
                detail: dict[str, object] = {"to": session.scalar(last), "records": len(keys)}
                self._audit.append(session, AuditEntry(actor, ERASE_TEXTS, detail=detail))
            elif keys:
                detail = {"kind": kind.value, "records": len(keys), "before": before.isoformat()}
                self._audit.append(session, AuditEntry(actor, Permission.ERASE_DUE, detail=detail))
        # With the commit: until then nobody else can write.
        self._sizes[kind] = _next_size(self._sizes[kind], len(found), self._ticks() - begun)
        return len(keys)

    def _erase_subjects(self, session: Session, actor: Actor, ids: Sequence[str]) -> None:
        """Erase subjects as their owner would: the gallery follows, and the owner sees it."""
        for subject_id in ids:
            row = session.get_one(Subject, subject_id)
            log_removed(session, templates_of_subject(session, subject_id), self._clock)
            session.delete(row)
            self._audit.erase_texts(session, actor, subject_id, row.agency_id)
            entry = AuditEntry(
                actor, "subject.remove", subject_id, row.agency_id, detail={"why": "retention"}
            )
            self._audit.append(session, entry)


def _next_size(size: int, records: int, held_s: float) -> int:
    """Return how many records the next batch may have after one that held others up so long."""
    fitting = int(records * _HOLD_S / held_s) if held_s > 0 else _MOST
    if held_s > _HOLD_S:
        return max(1, fitting)
    # Step by step: the first ones may have been small. The last of a run say little.
    return min(max(size, min(2 * size, fitting)), _MOST)


def _among(table: type[Table], keys: Sequence[Row[*tuple[Any, ...]]]) -> ColumnElement[bool]:
    """Return the condition that a record has one of these keys."""
    columns = inspect(table).primary_key
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return tuple_(*columns).in_([tuple(key) for key in keys])


def _counted(due: Select) -> Select[int]:  # type: ignore[type-arg]
    return select(func.count()).select_from(due.subquery())


def _encounters(before: datetime) -> Select[str]:
    return select(Encounter.id).where(
        Encounter.received_at < before, Encounter.outcome != Outcome.ALERT.value
    )


def _alerts(before: datetime) -> Select[str]:
    """Select encounters whose every alert has been closed for long enough."""
    kept = (
        select(Alert.id)
        .where(
            Alert.encounter_id == Encounter.id,
            or_(Alert.state != AlertState.CLOSED.value, Alert.closed_at >= before),
        )
        .exists()
    )
    return select(Encounter.id).where(
        Encounter.received_at < before, Encounter.outcome == Outcome.ALERT.value, ~kept
    )


def _subjects(before: datetime) -> Select[str]:
    return select(Subject.id).where(Subject.valid_until < before)


def _searches(before: datetime) -> Select[str]:
    return select(ProbeSearch.id).where(ProbeSearch.made_at < before)


def _referrals(before: datetime) -> Select[str]:
    return select(Referral.id).where(Referral.closed_at < before)


def _tips(before: datetime) -> Select[str]:
    settled = (TipState.ENROLLED.value, TipState.DISMISSED.value)
    return select(Tip.id).where(Tip.updated_at < before, Tip.state.in_(settled))


def _cases(before: datetime) -> Select[str]:
    return select(Case.id).where(Case.closed_at < before)


def _stays(before: datetime) -> Select[str]:
    """Select stays that are over for long enough; who was not reported to leave is no exception."""
    end = func.coalesce(Stay.checked_out_at, Stay.expected_out_at, Stay.checked_in_at)
    return select(Stay.id).where(end < before, Stay.reported_at < before)


def _overstay(before: datetime) -> Select[str]:
    return select(HeldPermit.id).where(HeldPermit.ends_at < before)


def _reporters(before: datetime) -> Select[str]:
    return _tips(before).where(Tip.has_source)


def _sessions(before: datetime) -> Select[str]:
    return select(OfficerSession.id).where(
        or_(OfficerSession.ended_at < before, OfficerSession.expires_at < before)
    )


def _repetitions(before: datetime) -> Select[str, str]:
    return select(IdempotencyRecord.api_key_id, IdempotencyRecord.key).where(
        IdempotencyRecord.created_at < before
    )


def _events(before: datetime) -> Select[int]:
    return select(OutboxEvent.seq).where(OutboxEvent.at < before)


def _deliveries(before: datetime) -> Select[int]:
    return select(Delivery.seq).where(
        Delivery.created_at < before, Delivery.state != DeliveryState.PENDING.value
    )


def _audit_texts(before: datetime) -> Select[str, int, str]:
    records = select(AuditRecord.node, AuditRecord.seq).where(AuditRecord.at < before)
    return select(AuditText.node, AuditText.seq, AuditText.name).where(
        tuple_(AuditText.node, AuditText.seq).in_(records)
    )


def _audit_names(before: datetime) -> Select[str]:
    used = select(AuditRecord.actor_card).where(AuditRecord.at >= before)
    return select(AuditActor.digest).where(AuditActor.digest.not_in(used))


def _imports(before: datetime) -> Select[str]:
    return select(ImportJob.id).where(ImportJob.finished_at < before)


def _approvals(before: datetime) -> Select[str]:
    return select(Approval.id).where(Approval.settled_at < before)


_DUE: Final[dict[RecordKind, Callable[[datetime], Select]]] = {  # type: ignore[type-arg]
    RecordKind.ENCOUNTERS: _encounters,
    RecordKind.ALERTS: _alerts,
    RecordKind.SUBJECTS: _subjects,
    RecordKind.SEARCHES: _searches,
    RecordKind.REFERRALS: _referrals,
    RecordKind.TIPS: _tips,
    RecordKind.CASES: _cases,
    RecordKind.STAYS: _stays,
    RecordKind.OVERSTAY: _overstay,
    RecordKind.REPORTERS: _reporters,
    RecordKind.SESSIONS: _sessions,
    RecordKind.REPETITIONS: _repetitions,
    RecordKind.IMPORTS: _imports,
    RecordKind.APPROVALS: _approvals,
    RecordKind.EVENTS: _events,
    RecordKind.DELIVERIES: _deliveries,
    RecordKind.AUDIT_TEXTS: _audit_texts,
    RecordKind.AUDIT_NAMES: _audit_names,
}
_IN_ORDER: Final[dict[RecordKind, InstrumentedAttribute[datetime]]] = {
    RecordKind.ENCOUNTERS: Encounter.received_at,
    RecordKind.ALERTS: Encounter.received_at,
}
"""By what kinds are erased in order, of which many records stay that are as old."""
_TABLES: Final[dict[RecordKind, type[Table]]] = {
    RecordKind.ENCOUNTERS: Encounter,
    RecordKind.ALERTS: Encounter,
    RecordKind.SUBJECTS: Subject,
    RecordKind.SEARCHES: ProbeSearch,
    RecordKind.REFERRALS: Referral,
    RecordKind.TIPS: Tip,
    RecordKind.CASES: Case,
    RecordKind.STAYS: Stay,
    RecordKind.OVERSTAY: HeldPermit,
    RecordKind.REPORTERS: Tip,
    RecordKind.SESSIONS: OfficerSession,
    RecordKind.REPETITIONS: IdempotencyRecord,
    RecordKind.IMPORTS: ImportJob,
    RecordKind.APPROVALS: Approval,
    RecordKind.EVENTS: OutboxEvent,
    RecordKind.DELIVERIES: Delivery,
    RecordKind.AUDIT_TEXTS: AuditText,
    RecordKind.AUDIT_NAMES: AuditActor,
}
