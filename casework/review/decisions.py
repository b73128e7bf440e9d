"""Deciding on alerts: each step is one transaction with its event and its audit record.

Two officers never both take one alert: a step reads the alert and writes it in one transaction, and
a caller who names the version it read is refused where somebody was quicker.

Siblings are taken, decided and confirmed with the alert that is named, in the same transaction,
wherever the actor may act on them and their state allows it: an officer answers a question once.
An opinion can be taken back for a few seconds; until then no port lets anybody go on for it.
Each is handed over and closed by itself.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from casework.codes.coded import CodedOutcome
from casework.codes.lists import choose_outcome
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import IllegalTransition
from casework.kernel.kernel import Kernel
from casework.kernel.outbox import Event
from casework.kernel.permissions import Permission, PermissionScope, scope_of
from casework.kernel.vocabulary import (
    AlertState,
    Disposition,
    EventKind,
    Opinion,
    OpinionReason,
)
from casework.review import disposition, states
from casework.review.alerts import find, fresh_opinion, policy, position, visible
from casework.review.siblings import siblings_of
from casework.tables import Alert, AlertEvent, Encounter, PendingRelease


@dataclass(frozen=True, slots=True)
class Finding:
    """What an officer found by comparing two faces."""

    opinion: Opinion
    reasons: tuple[OpinionReason, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    """What one step changes, and what is kept of it."""

    act: Permission
    state: AlertState
    finding: Finding | None = None
    note: str | None = None
    disposal: str | None = None
    former: str | None = None
    """The outcome that is corrected."""
    was_veiled: bool = False
    """Whether the opinion that is taken back was one that the second officer must not know of."""
    purpose: str | None = None


class Review:
    """The acts that move an alert."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._outbox = kernel.outbox
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._clock = kernel.clock

    def acknowledge(self, actor: Actor, alert_id: str, version: int | None = None) -> Alert:
        """Take an alert; a supervisor may take over one that another officer took.

        Raises:
            NotPermitted, NotFound, StaleVersion, IllegalTransition: nothing was changed.
        """

        def step(alert: Alert) -> _Step:
            may_take_over = scope_of(actor, Permission.CONFIRM_ALERT) is not PermissionScope.NOTHING
            state = states.acknowledge(
                position(alert, actor), actor.id, policy(alert), may_take_over=may_take_over
            )
            alert.acknowledged_by, alert.acknowledged_at = actor.id, self._clock()
            return _Step(Permission.ACKNOWLEDGE_ALERT, state)

        return self._answer(actor, Permission.ACKNOWLEDGE_ALERT, alert_id, version, step)

    def decide(
        self, actor: Actor, alert_id: str, finding: Finding, version: int | None = None
    ) -> Alert:
        """Give the first opinion.

        Raises:
            NotPermitted, NotFound, StaleVersion, IllegalTransition: nothing was changed.
        """

        def step(alert: Alert) -> _Step:
            state = states.decide(position(alert, actor), actor.id, finding.opinion, policy(alert))
            alert.decided_by, alert.decided_at = actor.id, self._clock()
            alert.confirmed_by = None
            if alert.acknowledged_by is None:
                alert.acknowledged_by, alert.acknowledged_at = actor.id, alert.decided_at
            return _Step(Permission.DECIDE_ALERT, state, finding)

        return self._answer(actor, Permission.DECIDE_ALERT, alert_id, version, step)

    def confirm(
        self, actor: Actor, alert_id: str, finding: Finding, version: int | None = None
    ) -> Alert:
        """Give the second opinion, as another officer than the first.

        Raises:
            NotPermitted, NotFound, StaleVersion, IllegalTransition: nothing was changed.
        """

        def step(alert: Alert) -> _Step:
            state = states.confirm(position(alert, actor), actor.id, finding.opinion)
            alert.confirmed_by = actor.id
            return _Step(Permission.CONFIRM_ALERT, state, finding)

        return self._answer(actor, Permission.CONFIRM_ALERT, alert_id, version, step)

    def close(
        self,
        actor: Actor,
        alert_id: str,
        disposal: str,
        note: str | None = None,
        version: int | None = None,
    ) -> Alert:
        """End an alert.

        Args:
            actor: who ends it.
            alert_id: the alert.
            disposal: the code of an outcome.
            note: more about it.
            version: the version the caller read, None for whatever is there.

        Raises:
            NotPermitted, NotFound, StaleVersion, IllegalTransition: nothing was changed.
            CodeRefused: there is no such outcome to choose.
        """
        with (
            self._database.write() as session,
            self._acting(session, actor, Permission.CLOSE_ALERT, alert_id, version) as alert,
        ):
            outcome = choose_outcome(session, disposal, "disposal")
            state = states.close(position(alert, actor), outcome, policy(alert))
            _end(alert, outcome, AlertState(alert.state))
            alert.closed_at = self._clock()
            step = _Step(Permission.CLOSE_ALERT, state, note=note, disposal=outcome.code)
            self._record(session, actor, alert, step)
        return alert

    def correct(
        self,
        actor: Actor,
        alert_id: str,
        reason: str,
        disposal: str | None = None,
        version: int | None = None,
    ) -> Alert:
        """Correct how an alert was closed; what was there stays in its history.

        Args:
            actor: a supervisor.
            alert_id: the alert.
            reason: what was wrong.
            disposal: the code of the right outcome; None has the alert reviewed again.
            version: the version the caller read, None for whatever is there.

        Raises:
            NotPermitted, NotFound, StaleVersion, IllegalTransition: nothing was changed.
            CodeRefused: there is no such outcome to choose.
        """
        act = Permission.CORRECT_ALERT
        with (
            self._database.write() as session,
            self._acting(session, actor, act, alert_id, version) as alert,
        ):
            found = closed_from(session, alert.id)
            outcome = choose_outcome(session, disposal, "disposal") if disposal else None
            state = states.correct(position(alert, actor), outcome, found, policy(alert))
            former = alert.disposal
            _end(alert, outcome, found)
            if outcome is None:
                alert.closed_at = None
                alert.acknowledged_by, alert.acknowledged_at = actor.id, self._clock()
                alert.decided_by, alert.decided_at, alert.confirmed_by = None, None, None
            taken = _Step(act, state, note=reason, disposal=disposal, former=former, purpose=reason)
            self._record(session, actor, alert, taken)
        return alert

    def withdraw(self, actor: Actor, alert_id: str, version: int | None = None) -> Alert:
        """Take an opinion back within seconds; it stays in the history, and counts no more.

        Raises:
            NotPermitted, NotFound, StaleVersion, IllegalTransition: nothing was changed.
        """
        act = Permission.WITHDRAW_OPINION

        def step(alert: Alert) -> _Step:
            given = fresh_opinion(alert)
            if given is None:
                raise IllegalTransition("alert_nothing_to_withdraw")
            state = states.withdraw(given.officer_id, self._clock() - given.at, actor.id)
            was_veiled = states.veiled(position(alert, actor), policy(alert))
            if alert.acknowledged_by != actor.id:
                alert.acknowledged_by, alert.acknowledged_at = actor.id, self._clock()
            alert.decided_by, alert.decided_at, alert.confirmed_by = None, None, None
            return _Step(act, state, was_veiled=was_veiled)

        return self._answer(actor, act, alert_id, version, step)

    def tell_releases(self) -> None:
        """Tell ports of the travellers for whom the opinion can no longer be taken back."""
        due = PendingRelease.until <= self._clock()
        with self._database.read_one() as connection:
            if not connection.scalar(select(exists().where(due))):
                return
        with self._database.write() as session:
            waiting = session.scalars(select(Encounter).join(Encounter.pending_release).where(due))
            for each in waiting.unique():
                each.pending_release = None
                self._tell_port(session, each)

    def refer(
        self,
        session: Session,
        actor: Actor,
        alert_id: str,
        version: int | None,
        *,
        in_hand: bool = True,
    ) -> Alert:
        """Mark an alert as handed to another agency, within the referral's transaction.

        Args:
            session: the transaction.
            actor: who hands it over.
            alert_id: the alert.
            version: the version the caller read, None for whatever is there.
            in_hand: whether an agency that it was referred to before still has it in hand.

        Raises:
            NotPermitted, NotFound, StaleVersion, IllegalTransition: nothing was changed.
        """
        act = Permission.REFER_ALERT
        with self._acting(session, actor, act, alert_id, version) as alert:
            state = states.refer(position(alert, actor), policy(alert), in_hand=in_hand)
            self._record(session, actor, alert, _Step(act, state))
        return alert

    def _answer(
        self,
        actor: Actor,
        act: Permission,
        alert_id: str,
        version: int | None,
        step: Callable[[Alert], _Step],
    ) -> Alert:
        """Take a step with an alert and with its siblings."""
        with (
            self._database.write() as session,
            self._acting(session, actor, act, alert_id, version) as alert,
        ):
            self._record(session, actor, alert, step(alert))
            for each in siblings_of(alert):
                # Those on a list that is not shared with the actor are the owner's to answer.
                if not _within_reach(session, actor, act, each):
                    continue
                try:
                    taken = step(each)
                except IllegalTransition:
                    continue  # further on, or in another officer's hands
                self._record(session, actor, each, taken)
        return alert

    @contextmanager
    def _acting(
        self, session: Session, actor: Actor, act: Permission, alert_id: str, version: int | None
    ) -> Iterator[Alert]:
        """Give an alert to act on; the port learns what it changes for the traveller.

        Raises:
            NotPermitted, NotFound, StaleVersion: nothing was changed.
        """
        alert = find(session, actor, act, alert_id)
        rows.require_version(alert, version)
        encounter = alert.encounter
        before = disposition.of_encounter(encounter)
        yield alert
        encounter.pending_release = self._pending_release(encounter)
        if disposition.of_encounter(encounter) is not before:
            self._tell_port(session, encounter)

    def _pending_release(self, encounter: Encounter) -> PendingRelease | None:
        """Return what keeps a release from the port, while an opinion can be taken back."""
        if disposition.of_alerts(encounter.alerts) is not Disposition.RELEASED:
            return None
        given = [found for each in encounter.alerts if (found := fresh_opinion(each)) is not None]
        until = max((each.at + states.UNDO for each in given), default=None)
        if until is None or until <= self._clock():
            return None
        row = encounter.pending_release or PendingRelease()
        row.until = until
        return row

    def _tell_port(self, session: Session, encounter: Encounter) -> None:
        kind = EventKind.ENCOUNTER_DISPOSITION
        self._outbox.append(session, Event(kind, encounter.id, key_id=encounter.api_key_id))

    def _record(self, session: Session, actor: Actor, alert: Alert, step: _Step) -> None:
        """Write a step: the alert, the event, the audit record.

        The audit trail learns a veiled first opinion with the second one, not before: somebody who
        may read the trail may be the one to give it.
        """
        self._vault.own_keys.ensure(session, [alert.id])
        before = alert.state
        note = step.finding.note if step.finding is not None else step.note
        reasons = step.finding.reasons if step.finding is not None else ()
        alert.state = step.state.value
        # A step is a new version, also one that leaves everything as it was: a second look that is
        # as inconclusive as the first.
        flag_modified(alert, "state")
        alert.events.append(
            AlertEvent(
                alert_id=alert.id,
                at=self._clock(),
                officer_id=actor.id,
                officer_name=actor.name,
                agency_id=actor.agency_id,
                action=step.act.value,
                state_before=before,
                state_after=alert.state,
                opinion=step.finding.opinion.value if step.finding is not None else None,
                reasons=[reason.value for reason in reasons] or None,
                sealed_note=self._vault.seal(note.encode(), rows.note(alert.id, alert.owner_id))
                if note
                else None,
                disposal=step.disposal,
            )
        )
        session.flush()
        detail: dict[str, object] = {"from": before, "to": alert.state}
        if states.veiled(position(alert, actor), policy(alert)):
            detail["to"] = AlertState.UNDER_REVIEW.value
        elif step.was_veiled:
            detail["from"] = AlertState.UNDER_REVIEW.value
        elif step.finding is not None:
            detail["opinion"] = step.finding.opinion.value
        if step.disposal is not None:
            detail["disposal"] = step.disposal
        if step.former is not None:
            detail["former"] = step.former
        entry = AuditEntry(
            actor, step.act, alert.id, alert.owner_id, purpose=step.purpose, detail=detail
        )
        self._audit.append(session, entry)
        self._outbox.append(session, _changed(alert))


def _end(alert: Alert, outcome: CodedOutcome | None, closed_in: AlertState) -> None:
    """Note how an alert ended, with what that means for the traveller; None takes it back."""
    alert.found = states.compared(closed_in).value if outcome is not None else None
    alert.disposal = outcome.code if outcome is not None else None
    alert.released = outcome.disposition is Disposition.RELEASED if outcome is not None else None


def closed_from(session: Session, alert_id: str) -> AlertState:
    """Return the state that an alert was last closed in: what was found then."""
    last = session.scalar(
        select(AlertEvent.state_before)
        .where(AlertEvent.alert_id == alert_id, AlertEvent.action == Permission.CLOSE_ALERT)
        .order_by(AlertEvent.id.desc())
        .limit(1)
    )
    return AlertState(last) if last is not None else AlertState.NEW


def _within_reach(session: Session, actor: Actor, act: Permission, alert: Alert) -> bool:
    found = select(Alert.id).where(Alert.id == alert.id, visible(actor, act))
    return session.scalar(found) is not None


def _changed(alert: Alert) -> Event:
    return Event(
        EventKind.ALERT_CHANGED,
        alert.id,
        alert.owner_id,
        alert.watchlist_id,
        key_id=alert.encounter.api_key_id,
    )
