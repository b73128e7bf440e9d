"""What two agencies do with a referral: one hands over, the other accepts, asks, answers.

Each step is one transaction with its message and its audit record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from casework.accounts import agencies
from casework.codes.lists import choose_outcome
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import InvalidReferral, NotFound, NotPermitted
from casework.kernel.ids import REFERRAL, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.key_ring import INSTALLATION
from casework.kernel.outbox import Event
from casework.kernel.permissions import Permission, require, require_object
from casework.kernel.vocabulary import EventKind, ReferralKind, ReferralState
from casework.referrals import payload
from casework.referrals import states as referral_states
from casework.referrals.fields import OF_LIST, AlertField
from casework.referrals.payload import Payload
from casework.referrals.referrals import find, in_hand
from casework.referrals.states import Move, ReferralPosition, Side
from casework.review.decisions import Review
from casework.tables import Agency, Referral, ReferralMessage

SEND: Final = "send"
"""The first message's action; the others are those of `Move`."""


@dataclass(frozen=True, slots=True)
class Handover:
    """To whom something is handed over, why, and when an answer is due."""

    receiver_id: str
    note: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ReferralSource:
    """What a referral is made from."""

    kind: ReferralKind
    object_id: str
    sender_id: str
    subject_id: str | None = None


class ReferralSteps:
    """Sends referrals and takes them through their states."""

    def __init__(self, kernel: Kernel, review: Review) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._outbox = kernel.outbox
        self._review = review
        self._clock = kernel.clock

    def refer_alert(
        self,
        actor: Actor,
        alert_id: str,
        to: Handover,
        fields: Sequence[AlertField],
        version: int | None = None,
    ) -> Referral:
        """Hand an alert to another agency; the alert is referred in the same transaction.

        Raises:
            NotPermitted, NotFound, StaleVersion, IllegalTransition: the actor may not, or the
                alert is not to be referred as it stands; nothing was changed.
            InvalidReferral: it cannot go to that agency, until that time, or with these fields.
        """
        require(actor, Permission.HANDLE_REFERRAL)
        with self._database.write() as session:
            held = in_hand(session, alert_id)
            alert = self._review.refer(session, actor, alert_id, version, in_hand=held)
            sender_id = actor.agency_id or alert.owner_id
            # A list is shared so that its alerts are worked on, not so that it is handed on.
            if alert.owner_id not in (sender_id, to.receiver_id) and not OF_LIST.isdisjoint(fields):
                raise InvalidReferral(
                    "referral_fields_of_list",
                    field="fields",
                    fields=tuple(sorted(OF_LIST.intersection(fields))),
                )
            copies = payload.copied(
                session, self._vault, fields, payload.alert_source(session, alert)
            )
            source = ReferralSource(ReferralKind.ALERT, alert.id, sender_id, alert.subject_id)
            return self.hand_over(session, actor, source, to, copies)

    def hand_over(
        self, session: Session, actor: Actor, source: ReferralSource, to: Handover, copies: Payload
    ) -> Referral:
        """Make a referral within the transaction that marks what it is made from.

        Raises:
            NotPermitted, NotFound: the actor sends none, or not for that agency.
            InvalidReferral: it cannot go to that agency, or until that time.
        """
        require_object(
            actor,
            Permission.HANDLE_REFERRAL,
            source.sender_id,
            missing=NotFound("referral_sender_unknown"),
        )
        now = self._clock()
        if to.due_at <= now:
            raise InvalidReferral("referral_due_in_past", field="due_at")
        receiver = session.get(Agency, to.receiver_id)
        if receiver is None or not receiver.active:
            raise InvalidReferral(
                "referral_receiver_unknown", field="receiver_id", agency=to.receiver_id
            )
        if receiver.id == source.sender_id:
            raise InvalidReferral("referral_to_self", field="receiver_id")
        row = Referral(
            id=new_id(REFERRAL),
            kind=source.kind.value,
            object_id=source.object_id,
            subject_id=source.subject_id,
            sender=agencies.find(session, source.sender_id),
            receiver=receiver,
            state=ReferralState.SENT.value,
            due_at=to.due_at,
            created_at=now,
            updated_at=now,
        )
        self._vault.own_keys.make(row.id, INSTALLATION, session)
        payload.put(self._vault, row, copies)
        row.messages = [self._message(row, actor, source.sender_id, (SEND, to.note))]
        session.add(row)
        session.flush()
        detail = {
            "kind": row.kind,
            "of": row.object_id,
            "to": receiver.id,
            "fields": list(row.fields),
        }
        self._record(session, actor, row, SEND, detail)
        return row

    def accept(
        self, actor: Actor, referral_id: str, note: str | None = None, version: int | None = None
    ) -> None:
        """Take a referral in hand, as the receiver; for what is raised see `_take`."""
        self._take(actor, referral_id, version, Move.ACCEPT, note)

    def decline(
        self, actor: Actor, referral_id: str, note: str, version: int | None = None
    ) -> None:
        """Hand a referral back, as the receiver; for what is raised see `_take`."""
        self._take(actor, referral_id, version, Move.DECLINE, note)

    def ask(self, actor: Actor, referral_id: str, note: str, version: int | None = None) -> None:
        """Ask the sender something, as the receiver; for what is raised see `_take`."""
        self._take(actor, referral_id, version, Move.ASK, note)

    def answer(
        self,
        actor: Actor,
        referral_id: str,
        note: str,
        outcome: str | None = None,
        version: int | None = None,
    ) -> None:
        """Reply to a question, as the sender, or state the outcome, as the receiver.

        Raises:
            InvalidReferral: the receiver names no outcome, or the sender names one.
            CodeRefused: there is no such outcome to choose.
            NotPermitted, NotFound, StaleVersion, IllegalTransition: see `_take`.
        """
        self._take(actor, referral_id, version, None, note, outcome)

    def close(
        self, actor: Actor, referral_id: str, note: str | None = None, version: int | None = None
    ) -> None:
        """End a referral; for what is raised see `_take`."""
        self._take(actor, referral_id, version, Move.CLOSE, note)

    def _take(
        self,
        actor: Actor,
        referral_id: str,
        version: int | None,
        what: Move | None,
        text: str | None,
        outcome: str | None = None,
    ) -> None:
        """Do one step; None stands for an answer, which is the side's own.

        Raises:
            NotPermitted, NotFound: the actor handles none, or not this one.
            StaleVersion, IllegalTransition: it has changed, or does not allow this.
        """
        now = self._clock()
        with self._database.write() as session:
            row = find(session, actor, referral_id)
            rows.require_version(row, version)
            side, agency_id = _side(row, actor)
            if what is None:
                what = _answering(side, outcome)
            before = row.state
            at = ReferralPosition(ReferralState(row.state), row.accepted_at is not None)
            after = referral_states.move(at, side, what)
            row.state, row.updated_at = after.state.value, now
            if what is Move.ACCEPT:
                row.accepted_at = now
            if what is Move.ANSWER and outcome is not None:
                row.outcome = choose_outcome(session, outcome, "outcome").code
            if what is Move.CLOSE:
                row.closed_at = now
            written = (what.value, text)
            row.messages.append(self._message(row, actor, agency_id, written))
            session.flush()
            detail = {"from": before, "to": row.state}
            if outcome is not None:
                detail["outcome"] = outcome
            self._record(session, actor, row, what.value, detail)

    def _message(
        self,
        row: Referral,
        actor: Actor,
        agency_id: str,
        written: tuple[str, str | None],
    ) -> ReferralMessage:
        """Make a message of an action and what was written with it."""
        action, text = written
        name = rows.referral_messages(row.id)
        return ReferralMessage(
            referral_id=row.id,
            at=self._clock(),
            officer_id=actor.id,
            officer_name=actor.name,
            agency_id=agency_id,
            action=action,
            state_after=row.state,
            sealed_text=self._vault.seal(text.encode(), name) if text else None,
        )

    def _record(
        self, session: Session, actor: Actor, row: Referral, action: str, detail: dict[str, Any]
    ) -> None:
        """Write what goes with every step: the audit record, and the news for both agencies."""
        self._audit.append(
            session, AuditEntry(actor, f"referral.{action}", row.id, row.sender_id, detail=detail)
        )
        kind = EventKind.REFERRAL_SENT if action == SEND else EventKind.REFERRAL_CHANGED
        both = (row.sender_id, row.receiver_id)
        self._outbox.append(session, *(Event(kind, row.id, agency_id) for agency_id in both))


def _side(row: Referral, actor: Actor) -> tuple[Side, str]:
    """Return which side an actor is on, and its agency."""
    if actor.agency_id == row.sender_id:
        return Side.SENDER, row.sender_id
    if actor.agency_id == row.receiver_id:
        return Side.RECEIVER, row.receiver_id
    raise NotPermitted("referral_not_yours")


def _answering(side: Side, outcome: str | None) -> Move:
    if side is Side.SENDER:
        if outcome is not None:
            raise InvalidReferral("referral_outcome_of_sender", field="outcome")
        return Move.REPLY
    if outcome is None:
        raise InvalidReferral("referral_outcome_missing", field="outcome")
    return Move.ANSWER
