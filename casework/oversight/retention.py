"""Retention: what is no longer needed is erased on time, and it is recorded that it was.

Each kind of record has its own period; 0 keeps it for good. Rows go in batches, each with its
audit record in the same transaction, so a run can be stopped and begun again at any moment. The
audit trail itself is never shortened: it names ids, not people.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Row, Select, delete, func, inspect, or_, select
from sqlalchemy.orm import Session

from casework.access.actors import Actor
from casework.access.authority import Act, require
from casework.changes import log_removed, templates_of_subject
from casework.clock import Clock
from casework.database import Database
from casework.oversight.audit import Audit, Entry
from casework.tables import (
    Alert,
    Delivery,
    Encounter,
    IdempotencyRecord,
    ImportJob,
    OfficerSession,
    OutboxEvent,
    ProbeSearch,
    Referral,
    Subject,
    Table,
    Tip,
)
from casework.vocabulary import AlertState, DeliveryState, Outcome, TipState

_BATCH: Final = 500


class Kind(StrEnum):
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
    """With what they carry and what was said; from the closing."""
    TIPS = "tips"
    """With photo and source; from the enrolment or dismissal."""
    SESSIONS = "sessions"
    """From their end."""
    REPETITIONS = "repetitions"
    """Idempotency keys; from the first answer."""
    IMPORTS = "imports"
    """Their counts and what was wrong with rows; from the end."""
    EVENTS = "events"
    """What was told, by reference; streams cannot be resumed from further back."""
    DELIVERIES = "deliveries"
    """The delivery logs of webhooks; from queueing, and never while under way."""


DEFAULT_DAYS: Final[dict[Kind, int]] = {
    Kind.ENCOUNTERS: 30,
    Kind.ALERTS: 365,
    Kind.SUBJECTS: 365,
    Kind.SEARCHES: 365,
    Kind.REFERRALS: 365,
    Kind.TIPS: 365,
    Kind.SESSIONS: 30,
    Kind.REPETITIONS: 7,
    Kind.IMPORTS: 90,
    Kind.EVENTS: 30,
    Kind.DELIVERIES: 30,
}


@dataclass(frozen=True, slots=True)
class Erased:
    """What a run came to, or would."""

    kind: Kind
    before: datetime | None
    """Older than this was due; None where the kind is kept for good."""
    records: int


class Retention:
    """Erases what is due."""

    def __init__(
        self, database: Database, audit: Audit, days: dict[Kind, int], clock: Clock
    ) -> None:
        self._database = database
        self._audit = audit
        self._days = DEFAULT_DAYS | days
        self._clock = clock

    def due(self, actor: Actor) -> list[Erased]:
        """Count what a run would erase now; raises NotPermitted."""
        require(actor, Act.ERASE_DUE)
        with self._database.read() as session:
            return [
                Erased(kind, before, session.scalar(_counted(_DUE[kind](before))) or 0)
                if before is not None
                else Erased(kind, None, 0)
                for kind, before in self._limits()
            ]

    def run(self, actor: Actor) -> list[Erased]:
        """Erase everything that is due.

        On SQLite the write-ahead log is emptied afterwards, so that what was erased is in no file;
        `Database.compact` gives the space back too.

        Raises:
            NotPermitted: the actor may not.
        """
        require(actor, Act.ERASE_DUE)
        erased = []
        for kind, before in self._limits():
            records = self._erase_all(actor, kind, before) if before is not None else 0
            erased.append(Erased(kind, before, records))
        if any(each.records for each in erased):
            self._database.empty_log()
        return erased

    def _limits(self) -> list[tuple[Kind, datetime | None]]:
        now = self._clock()
        return [
            (kind, now - timedelta(days=days) if days else None)
            for kind, days in self._days.items()
        ]

    def _erase_all(self, actor: Actor, kind: Kind, before: datetime) -> int:
        total = 0
        while True:
            with self._database.write() as session:
                keys = session.execute(_DUE[kind](before).limit(_BATCH)).all()
                if not keys:
                    return total
                if kind is Kind.SUBJECTS:
                    self._erase_subjects(session, actor, [key[0] for key in keys])
                else:
                    _erase(session, _TABLES[kind], keys)
                detail = {"kind": kind.value, "records": len(keys), "before": before.isoformat()}
                self._audit.append(session, Entry(actor, Act.ERASE_DUE, detail=detail))
            total += len(keys)

    def _erase_subjects(self, session: Session, actor: Actor, ids: Sequence[str]) -> None:
        """Erase subjects as their owner would: the gallery follows, and the owner sees it."""
        for subject_id in ids:
            row = session.get_one(Subject, subject_id)
            log_removed(session, templates_of_subject(session, subject_id), self._clock)
            session.delete(row)
            session.flush()
            entry = Entry(
                actor, "subject.remove", subject_id, row.agency_id, detail={"why": "retention"}
            )
            self._audit.append(session, entry)


def _erase(session: Session, table: type[Table], keys: Sequence[Row[*tuple[str, ...]]]) -> None:
    columns = inspect(table).primary_key
    for key in keys:
        session.execute(
            delete(table).where(*(c == part for c, part in zip(columns, key, strict=True)))
        )


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


def _imports(before: datetime) -> Select[str]:
    return select(ImportJob.id).where(ImportJob.finished_at < before)


_DUE: Final[dict[Kind, Callable[[datetime], Select]]] = {  # type: ignore[type-arg]
    Kind.ENCOUNTERS: _encounters,
    Kind.ALERTS: _alerts,
    Kind.SUBJECTS: _subjects,
    Kind.SEARCHES: _searches,
    Kind.REFERRALS: _referrals,
    Kind.TIPS: _tips,
    Kind.SESSIONS: _sessions,
    Kind.REPETITIONS: _repetitions,
    Kind.IMPORTS: _imports,
    Kind.EVENTS: _events,
    Kind.DELIVERIES: _deliveries,
}
_TABLES: Final[dict[Kind, type[Table]]] = {
    Kind.ENCOUNTERS: Encounter,
    Kind.ALERTS: Encounter,
    Kind.SEARCHES: ProbeSearch,
    Kind.REFERRALS: Referral,
    Kind.TIPS: Tip,
    Kind.SESSIONS: OfficerSession,
    Kind.REPETITIONS: IdempotencyRecord,
    Kind.IMPORTS: ImportJob,
    Kind.EVENTS: OutboxEvent,
    Kind.DELIVERIES: Delivery,
}
