"""Where and when a subject was met: visa, arrival, stay, departure, newest first.

Only encounters that raised an alert for the subject are known: no other photo is kept, and nobody
knows whose it was.
"""

from dataclasses import dataclass

from sqlalchemy import select

from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, within_reach
from casework.review.siblings import WITH_ENCOUNTER
from casework.tables import Alert, Encounter
from casework.watchlists import subjects


@dataclass(frozen=True, slots=True)
class Meeting:
    """One encounter, and the alerts that it raised for the subject."""

    encounter: Encounter
    alerts: tuple[Alert, ...]
    """One for each list that the subject was on, by rank."""


class History:
    """Reads the encounters of subjects."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._audit = kernel.audit

    def page(self, actor: Actor, subject_id: str, before: str | None, limit: int) -> list[Meeting]:
        """Return up to `limit` encounters, newest first, those before the encounter `before`.

        Raises:
            NotPermitted, NotFound: the actor may read none, or not this subject's.
        """
        with self._database.read() as session:
            subject = subjects.find(session, actor, Permission.READ_HISTORY, subject_id)
            of_subject = (
                Alert.subject_id == subject_id,
                within_reach(actor, Permission.READ_HISTORY, Alert.owner_id),
            )
            query = (
                select(Encounter)
                .where(Encounter.id.in_(select(Alert.encounter_id).where(*of_subject)))
                .order_by(Encounter.id.desc())
                .limit(limit)
            )
            if before is not None:
                query = query.where(Encounter.id < before)
            encounters = list(session.scalars(query))
            ids = [each.id for each in encounters]
            raised = (
                select(Alert)
                .options(WITH_ENCOUNTER)
                .where(*of_subject, Alert.encounter_id.in_(ids))
            )
            alerts = list(session.scalars(raised.order_by(Alert.rank)))
        detail = {"encounters": len(encounters)}
        self._audit.note(
            AuditEntry(actor, Permission.READ_HISTORY, subject.id, subject.agency_id, detail=detail)
        )
        return [
            Meeting(each, tuple(alert for alert in alerts if alert.encounter_id == each.id))
            for each in encounters
        ]
