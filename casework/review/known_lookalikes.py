"""Known look-alikes: a traveller who was wrongly matched is not stopped for the same subject again.

Decided by two supervisors, on an alert that was closed as mistaken identity, for a period, and for
that one subject. The template of the traveller's face is kept under a key of its own, which goes
with the period, with a revocation, or with the subject.

What it may never do is to silence anybody else, the subject above all. So a traveller is spared
only where one bar stands between both: as alike to the look-alike as that, and to the subject by
none of its photos. Who reaches it with both, or with neither, alerts as before; and two who reach
it with each other are refused from the start, because no face comparison keeps them apart. See
`bar_over` and docs/decisions/0034.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from casework.approvals.approvals import ApprovalAct, Approvals, Approved, Proposal
from casework.gallery.model_key import ModelKey
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.database import ERASED, announce
from casework.kernel.errors import IllegalTransition, NotFound, WrongDataKey
from casework.kernel.ids import KNOWN_LOOKALIKE, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.messages import Message
from casework.kernel.permissions import Permission
from casework.kernel.vault import RowName
from casework.kernel.vocabulary import AlertState, ApprovalState, Disposal, Role
from casework.review.alerts import accepted_lookalikes
from casework.review.alerts import find as find_alert
from casework.tables import (
    Alert,
    Approval,
    KnownLookalike,
    KnownLookalikeKey,
    Subject,
    Template,
)
from casework.watchlists import subjects
from detector.embed import Embedding
from detector.pipeline import Pipeline
from index.threshold import FalseMatchCurve

FMR: Final = 1e-6
"""One in a million: of so many strangers, one at most reaches the bar with a face."""
_RARER: Final = 10
"""Times as rarely as a list's threshold is its bar reached: else all who alert would be above."""
USUAL_DAYS: Final = 365
MOST_DAYS: Final = 730
MOST: Final = 5
"""Of one subject in force: each is a face that the subject must not come too near to."""

_STORED: Final = "<f4"


@dataclass(frozen=True, slots=True)
class FaceScore:
    """A subject who passed a list's threshold, with the best score of its photos."""

    subject_id: str
    score: float
    threshold: float
    """Of the list."""


class KnownLookalikes:
    """Keeps look-alikes, and says for whom a traveller is one."""

    def __init__(
        self,
        kernel: Kernel,
        approvals: Approvals,
        pipeline: Pipeline,
        model: ModelKey,
        curve: FalseMatchCurve,
    ) -> None:
        """Take what decides; `curve` is the pack's prior."""
        self._approvals = approvals
        approvals.register(
            Permission.KEEP_LOOKALIKE,
            ApprovalAct(_describe, self._keep_approved, (Role.SUPERVISOR,)),
        )
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._pipeline = pipeline
        self._model = str(model)
        self._curve = curve

    def propose(self, actor: Actor, alert_id: str, days: int, reason: str) -> None:
        """Ask that the traveller of an alert be no longer stopped for its subject.

        Args:
            actor: a supervisor of the agency that owns the list.
            alert_id: an alert that was closed as mistaken identity.
            days: how long, from now on; 1 to `MOST_DAYS`.
            reason: why it is somebody else; the second supervisor reads it.

        Raises:
            ActWaits: always, where nothing else is wrong: a second supervisor has to accept it.
            NotPermitted, NotFound: the actor may not, or there is no such alert.
            IllegalTransition: the alert did not end so, a photo is gone or too poor, the two are
                too alike, or the subject has `MOST` already.
            NoSecondPerson, ReasonMissing: see `Approvals.require`.
        """
        act = Permission.KEEP_LOOKALIKE
        with self._database.read() as session:
            alert = find_alert(session, actor, act, alert_id)
            _require_mistaken(alert)
            portrait = alert.encounter.sealed_portrait
            encounter_id = alert.encounter_id
        if portrait is None:
            raise IllegalTransition("probe_photo_erased")
        # Outside the transaction that writes: nobody waits for the network.
        content = self._vault.open(portrait, rows.encounter(encounter_id))
        embedding = self._pipeline.analyse(content).embedding
        if embedding is None:
            raise IllegalTransition("lookalike_unsearchable")
        with self._approvals.write() as session:
            alert = find_alert(session, actor, act, alert_id)
            subject = self._check(session, alert, embedding)
            now = self._clock()
            row = KnownLookalike(
                id=new_id(KNOWN_LOOKALIKE),
                agency_id=alert.owner_id,
                subject_id=subject.id,
                alert_id=alert.id,
                case_number=alert.case_number,
                model=self._model,
                score=_score_of(alert),
                asked_by=actor.id,
                asked_at=now,
                valid_until=now + timedelta(days=days),
                spared=0,
            )
            self._vault.own_keys.make(row.id, row.agency_id, session)
            vector = np.ascontiguousarray(embedding, _STORED).tobytes()
            name = rows.known_lookalike(row.id, row.model, row.subject_id, row.agency_id)
            row.sealed_vector = self._vault.seal(vector, name)
            session.add(row)
            session.flush()
            detail: dict[str, object] = {"subject": subject.id, "alert": alert.id, "days": days}
            entry = AuditEntry(actor, "lookalike.ask", row.id, row.agency_id, detail=detail)
            self._audit.append(session, entry)
            parameters = {
                "look_alike": row.id,
                "case_number": row.case_number,
                "until": row.valid_until.date().isoformat(),
            }
            proposal = Proposal(
                act,
                row.agency_id,
                alert.id,
                parameters,
                reason,
                cooling=timedelta(),
                founding=False,
            )
            self._approvals.require(session, actor, proposal)
            raise IllegalTransition("lookalike_by_two")

    def _keep_approved(self, session: Session, actor: Actor, approved: Approved) -> None:
        """Put a look-alike into force; everything is looked at again."""
        row = session.get(KnownLookalike, approved.parameters["look_alike"])
        if row is None or row.sealed_vector is None or row.model != self._model:
            raise IllegalTransition("lookalike_gone")
        alert = find_alert(session, actor, Permission.KEEP_LOOKALIKE, row.alert_id)
        self._check(session, alert, self._opened(row.sealed_vector, _name(row)))
        row.decided_at = self._clock()
        session.flush()
        detail = {"subject": row.subject_id, **approved.detail}
        entry = AuditEntry(actor, Permission.KEEP_LOOKALIKE, row.id, row.agency_id, detail=detail)
        self._audit.append(session, entry)

    def revoke(self, actor: Actor, lookalike_id: str, reason: str) -> KnownLookalike:
        """End one at once: the traveller alerts again from the next screening on.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is no such one.
            IllegalTransition: it is out of force already.
        """
        with self._database.write() as session:
            missing = NotFound("lookalike_not_found", look_alike=lookalike_id)
            row = rows.one_within(
                session, actor, Permission.REVOKE_LOOKALIKE, KnownLookalike, lookalike_id, missing
            )
            if row.sealed_vector is None:
                raise IllegalTransition("lookalike_ended")
            row.revoked_by, row.revoked_at = actor.id, self._clock()
            self._end(session, row)
            entry = AuditEntry(
                actor,
                Permission.REVOKE_LOOKALIKE,
                row.id,
                row.agency_id,
                purpose=reason,
                detail={"subject": row.subject_id},
            )
            self._audit.append(session, entry)
        return row

    def of_subject(self, actor: Actor, subject_id: str) -> list[KnownLookalike]:
        """Return a subject's look-alikes that were accepted; raises NotPermitted, NotFound."""
        with self._database.read() as session:
            subject = subjects.find(session, actor, Permission.READ_SUBJECT, subject_id)
            return accepted_lookalikes(session, subject.id)

    def in_force(self, at: datetime) -> int:
        """Count those in force, of all agencies."""
        with self._database.read() as session:
            return session.scalar(select(func.count()).where(*_in_force(at))) or 0

    def spare(
        self, embedding: Embedding, found: Sequence[FaceScore], at: datetime
    ) -> Mapping[str, str]:
        """Return the subjects whom a traveller is a known look-alike of, each with its id.

        Args:
            embedding: of the traveller, float32, shape (D,).
            found: the subjects who passed a list's threshold.
            at: when.
        """
        of_subject: dict[str, list[FaceScore]] = defaultdict(list)
        for each in found:
            of_subject[each.subject_id].append(each)
        bars = {
            subject_id: bar_over(self._curve, max(each.threshold for each in scores))
            for subject_id, scores in of_subject.items()
        }
        # Who reaches the bar with the subject is never spared.
        below = [
            subject_id
            for subject_id, scores in of_subject.items()
            if max(each.score for each in scores) < bars[subject_id]
        ]
        if not below:
            return {}
        query = select(
            KnownLookalike.id,
            KnownLookalike.subject_id,
            KnownLookalike.agency_id,
            KnownLookalike.model,
            KnownLookalike.sealed_vector,
        ).where(
            KnownLookalike.subject_id.in_(below),
            KnownLookalike.model == self._model,
            *_in_force(at),
        )
        with self._database.read_one() as connection:
            kept = connection.execute(query).all()
        spared = {}
        for row in kept:
            try:
                vector = self._opened(row.sealed_vector, _name(row))
            except WrongDataKey:
                continue  # it was ended meanwhile, or altered: the traveller alerts
            if float(vector @ embedding) >= bars[row.subject_id]:
                spared[row.subject_id] = row.id
        return spared

    def finish(self) -> int:
        """Erase the templates of those out of force, and what nobody accepted; returns how many."""
        now = self._clock()
        waiting = (
            select(Approval.id)
            .where(
                Approval.object_id == KnownLookalike.alert_id,
                Approval.kind == Permission.KEEP_LOOKALIKE.value,
                Approval.state.in_((ApprovalState.WAITING.value, ApprovalState.ACCEPTED.value)),
            )
            .exists()
        )
        refused = and_(KnownLookalike.decided_at.is_(None), ~waiting)
        over = and_(KnownLookalike.sealed_vector.is_not(None), KnownLookalike.valid_until < now)
        with self._database.read() as session:
            due = list(session.scalars(select(KnownLookalike.id).where(or_(refused, over))))
        return sum(map(self._finish, due))

    def _finish(self, lookalike_id: str) -> bool:
        with self._database.write() as session:
            row = session.get(KnownLookalike, lookalike_id)
            if row is None or (row.decided_at is not None and row.sealed_vector is None):
                return False  # another process was first
            if row.decided_at is None:
                session.delete(row)
                announce(session, ERASED)
            else:
                self._end(session, row)
            session.flush()
            entry = AuditEntry(
                Actor.service(),
                "lookalike.end",
                lookalike_id,
                row.agency_id,
                detail={"subject": row.subject_id},
            )
            self._audit.append(session, entry)
        return True

    def _end(self, session: Session, row: KnownLookalike) -> None:
        """Erase the template, and the key with it."""
        row.sealed_vector = None
        session.flush()
        session.execute(delete(KnownLookalikeKey).where(KnownLookalikeKey.owner == row.id))
        announce(session, ERASED)

    def _check(self, session: Session, alert: Alert, embedding: Embedding) -> Subject:
        """Return the subject of an alert, if its traveller can be kept apart from it by face."""
        _require_mistaken(alert)
        subject = subjects.kept(session, alert.subject_id)
        if subject is None:
            raise IllegalTransition("lookalike_subject_gone")
        bar = bar_over(self._curve, alert.threshold or 0.0)
        if max(_score_of(alert), self._likeness(session, subject, embedding)) >= bar:
            raise IllegalTransition("lookalike_too_alike")
        in_force = select(func.count()).where(
            KnownLookalike.subject_id == subject.id, *_in_force(self._clock())
        )
        if (session.scalar(in_force) or 0) >= MOST:
            raise IllegalTransition("lookalike_full", most=MOST)
        return subject

    def _likeness(self, session: Session, subject: Subject, embedding: Embedding) -> float:
        """Return how alike a face and a subject are, by the best of all its photos."""
        query = select(Template.photo_id, Template.sealed_vector).where(
            Template.subject_id == subject.id, Template.model == self._model
        )
        scores = [-1.0]
        for photo_id, sealed in session.execute(query):
            name = rows.template(photo_id, self._model, subject.id, subject.agency_id)
            scores.append(float(self._opened(sealed, name) @ embedding))
        return max(scores)

    def _opened(self, sealed: bytes, name: RowName) -> Embedding:
        return np.frombuffer(self._vault.open(sealed, name), _STORED).astype(np.float32)


def bar_over(curve: FalseMatchCurve, threshold: float) -> float:
    """Return the score from which a face is taken for another's, where a list has a threshold.

    The larger a list, the higher is its threshold; who alerts there has passed it, so that a
    fixed bar below it could tell nobody apart.
    """
    return curve.score_at(min(FMR, curve.fmr_at(threshold) / _RARER))


def note_spared(connection: Connection, ids: Collection[str], at: datetime) -> None:
    """Count that a traveller was not stopped, within the transaction of the encounter."""
    if ids:
        connection.execute(
            update(KnownLookalike)
            .where(KnownLookalike.id.in_(ids))
            .values(spared=KnownLookalike.spared + 1, spared_at=at)
        )


def _in_force(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        KnownLookalike.decided_at.is_not(None),
        KnownLookalike.decided_at <= at,
        KnownLookalike.sealed_vector.is_not(None),
        KnownLookalike.valid_until >= at,
    )


def _require_mistaken(alert: Alert) -> None:
    if alert.state != AlertState.CLOSED or alert.disposal != Disposal.MISTAKEN_IDENTITY:
        raise IllegalTransition("lookalike_not_mistaken")


def _score_of(alert: Alert) -> float:
    """Return the score of an alert that a face raised; a document alone mistakes nobody's face."""
    if alert.score is None:
        raise IllegalTransition("lookalike_not_mistaken")
    return alert.score


def _name(row: Any) -> RowName:  # noqa: ANN401 - a row, or its columns
    return rows.known_lookalike(row.id, row.model, row.subject_id, row.agency_id)


def _describe(parameters: Mapping[str, Any]) -> Message:
    return Message(
        "approval_lookalike",
        {"case_number": parameters["case_number"], "until": parameters["until"]},
    )
