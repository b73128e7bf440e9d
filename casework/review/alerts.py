"""Reading alerts: the queue, one alert with all an officer needs to compare, and its two photos.

An agency sees the alerts of its own watchlists and of those that are shared with it. Where a list
requires a second officer, nobody but the first officer sees the first opinion before the second is
given: it would be no second opinion otherwise. Filters and counts go by what is shown, too, and
siblings are veiled together (`casework.review.siblings`).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func, literal_column, select
from sqlalchemy.orm import Session, selectinload

from casework.areas.port_areas import placed_within
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import NotFound
from casework.kernel.kernel import Kernel
from casework.kernel.officer_names import OfficerName, names_at
from casework.kernel.permissions import Permission, extends_to, require, within_reach
from casework.kernel.rules import one_of
from casework.kernel.stored_photo import StoredPhoto
from casework.kernel.vocabulary import AlertState, Direction, MatchedBy, Stage, SubjectStatus
from casework.review import findings, states
from casework.review.findings import MOST_READERS
from casework.review.identities import ComparedField, compare
from casework.review.siblings import WITH_ENCOUNTER, same_question
from casework.review.states import AlertPosition, ReviewPolicy
from casework.tables import (
    Agency,
    Alert,
    AlertEvent,
    Encounter,
    KnownLookalike,
    Subject,
    Watchlist,
)
from casework.watchlists import objections, subjects, watchlists
from casework.watchlists.objections import ObjectionMark

PORTRAIT_FORMAT: Final = "jpeg"
REPORT: Final = "alert.report"
"""The act of reading an alert as a report to print."""


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts to list; None sets no condition."""

    states: tuple[AlertState, ...] | None = None
    watchlist_id: str | None = None
    port: str | None = None
    category: str | None = None
    since: datetime | None = None
    mine: str | None = None
    """Only those that the officer with this id has taken."""
    owner_id: str | None = None
    """Only those of this agency's watchlists."""
    matched_by: tuple[MatchedBy, ...] | None = None
    case_number: str | None = None
    """As it is stored: see `casework.review.case_number.read`."""
    area: str | None = None
    """Only those raised at ports or in lodgings that lie in this area."""
    until: datetime | None = None
    """The first moment that is not meant any more."""
    direction: str | None = None
    stage: str | None = None
    nationality: str | None = None
    """Of the subject; one that is being erased has none any more."""
    further: tuple[ColumnElement[bool], ...] = ()
    """Conditions of a report's figure: see `casework.reports.drill_down`."""

    def conditions(self, reader: Actor) -> list[ColumnElement[bool]]:
        """Return the filter, by states as they are shown."""
        equal: tuple[tuple[SQLColumnExpression[Any], str | None], ...] = (
            (Alert.watchlist_id, self.watchlist_id),
            (Alert.port, self.port),
            (Alert.category, self.category),
            (Alert.acknowledged_by, self.mine),
            (Alert.owner_id, self.owner_id),
            (Alert.case_number, self.case_number),
        )
        travellers: tuple[tuple[SQLColumnExpression[Any], str | None], ...] = (
            (Encounter.direction, self.direction),
            (Encounter.stage, self.stage),
        )
        of_traveller = [column == value for column, value in travellers if value is not None]
        conditions = [*self.further]
        conditions += [column == value for column, value in equal if value is not None]
        if self.states is not None:
            conditions.append(_shown_in(reader, self.states))
        if self.since is not None:
            conditions.append(Alert.created_at >= self.since)
        if self.until is not None:
            conditions.append(Alert.created_at < self.until)
        if self.matched_by is not None:
            conditions.append(Alert.matched_by.in_(self.matched_by))
        if self.nationality is not None:
            known = select(Subject.id).where(
                Subject.nationality == self.nationality, Subject.erase_at.is_(None)
            )
            conditions.append(Alert.subject_id.in_(known))
        if self.area is not None:
            of_traveller.append(placed_within(Encounter.area, Encounter.port, self.area))
        if of_traveller:
            conditions.append(Alert.encounter.has(and_(*of_traveller)))
        return conditions


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an alert's review, as the reader may see it."""

    at: datetime
    officer_id: str
    by: OfficerName
    """The officer, as of that day."""
    agency_id: str | None
    action: str
    state_after: AlertState
    opinion: str | None
    reasons: tuple[str, ...]
    note: str | None
    disposal: str | None
    """The outcome, of a step that closes the alert or corrects that."""


@dataclass(frozen=True, slots=True)
class SubjectCard:
    """What a reader of an alert is given of the subject; None of it lives on once it is erased."""

    name: str
    aliases: tuple[str, ...]
    sex: str | None
    birth: str | None
    """Date or year."""
    nationality: str | None
    documents: tuple[dict[str, Any], ...]
    reason: str
    decision_number: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    suspended: bool


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert with everything that a comparison by eye needs, except the photos."""

    alert: Alert
    """Its `encounter` is loaded."""
    state: AlertState
    """As the reader may see it."""
    owner_code: str
    legal_basis: str
    subject: SubjectCard | None
    identities: tuple[ComparedField, ...]
    """What the traveller's document says, beside the list; none where the gate sent nothing."""
    enrolment_quality: dict[str, Any] | None
    enrolled_at: datetime | None
    """When the photo was enrolled; None once it is erased."""
    steps: tuple[Step, ...]
    others: tuple[Alert, ...]
    """Other candidates of the same encounter that the reader may see, by rank."""
    siblings: tuple[Alert, ...]
    """Of those, the ones that are taken and decided with this one."""
    objections: tuple[ObjectionMark, ...]
    """Against the entry, oldest first; none once it is erased."""
    look_alikes: tuple[KnownLookalike, ...]
    """Travellers who are not stopped for the subject, for readers of the agency that owns it."""


class Alerts:
    """Shows alerts to those who may see them."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit

    def page(
        self, actor: Actor, before: str | None, limit: int, filters: AlertFilter
    ) -> list[Alert]:
        """Return up to `limit` alerts, newest first, those before id `before`.

        Raises:
            NotPermitted: the actor may see none.
        """
        require(actor, Permission.READ_ALERT)
        query = (
            select(Alert)
            .join(Alert.encounter)
            .options(WITH_ENCOUNTER)
            .where(visible(actor), *filters.conditions(actor))
            .order_by(Alert.id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(Alert.id < before)
        with self._database.read() as session:
            found = list(session.scalars(query))
        detail = {"alerts": len(found)}
        self._audit.note(AuditEntry(actor, "alert.list", owner_id=actor.agency_id, detail=detail))
        return found

    def counts(self, actor: Actor) -> dict[AlertState, int]:
        """Count the alerts that an actor may see, by state as shown; raises NotPermitted."""
        require(actor, Permission.READ_ALERT)
        shown = select(findings.shown_to(Alert, actor).label("state")).where(visible(actor))
        state = shown.subquery().c.state
        query = select(state, func.count()).group_by(state)
        with self._database.read() as session:
            return {AlertState(state): count for state, count in session.execute(query)}

    def get(
        self, actor: Actor, alert_id: str, recorded_as: str = Permission.READ_ALERT
    ) -> AlertView:
        """Return one alert; the reading is recorded as this act.

        Raises:
            NotPermitted, NotFound: the actor may see none, or not this one.
        """
        with self._database.read() as session:
            alert = find(session, actor, Permission.READ_ALERT, alert_id)
            view = self._view(session, actor, alert)
        self._audit.note(AuditEntry(actor, recorded_as, alert.id, alert.owner_id))
        return view

    def probe(self, actor: Actor, alert_id: str) -> bytes:
        """Return the traveller's face as JPEG.

        Raises:
            NotPermitted, NotFound: the actor may see none, or not this one, or it was erased.
        """
        with self._shown(actor, alert_id, "alert.probe") as meeting:
            if meeting.sealed_portrait is None:
                raise NotFound("probe_photo_erased")
            return self._vault.open(meeting.sealed_portrait, rows.encounter(meeting.id))

    def reference(self, actor: Actor, alert_id: str) -> bytes:
        """Return the face of the reference that came with the traveller's photo, as JPEG.

        Raises:
            NotPermitted, NotFound: the actor may see none, or not this one, or there is none.
        """
        with self._shown(actor, alert_id, "alert.reference") as meeting:
            if meeting.sealed_reference is None:
                raise NotFound("reference_photo_missing")
            return self._vault.open(meeting.sealed_reference, rows.encounter_reference(meeting.id))

    @contextmanager
    def _shown(self, actor: Actor, alert_id: str, act: str) -> Iterator[Encounter]:
        """Give an alert's encounter to read from; what was read is noted under `act`."""
        with self._database.read() as session:
            alert = find(session, actor, Permission.READ_ALERT, alert_id)
            yield alert.encounter
        self._audit.note(AuditEntry(actor, act, alert.id, alert.owner_id))

    def enrolled(self, actor: Actor, alert_id: str) -> StoredPhoto:
        """Return the photo that the subject was found by.

        Raises:
            NotPermitted, NotFound: the actor may see none, or not this one, or it was erased.
        """
        with self._database.read() as session:
            alert = find(session, actor, Permission.READ_ALERT, alert_id)
            photo = subjects.kept_photo(session, alert.photo_id)
            if photo is None:
                raise NotFound("enrolled_photo_erased")
            name = rows.photo(photo.id, photo.subject_id, photo.subject.agency_id)
            content = self._vault.open(photo.sealed_content, name)
        self._audit.note(AuditEntry(actor, "alert.photo", alert.id, alert.owner_id))
        return StoredPhoto.of(content, photo.format, photo.quality)

    def _view(self, session: Session, actor: Actor, alert: Alert) -> AlertView:
        subject = subjects.kept(session, alert.subject_id)
        photo = subjects.kept_photo(session, alert.photo_id)
        owner = session.get(Agency, alert.owner_id)
        row = session.get(Watchlist, alert.watchlist_id)
        events = list(
            session.scalars(
                select(AlertEvent).where(AlertEvent.alert_id == alert.id).order_by(AlertEvent.id)
            )
        )
        others = tuple(
            session.scalars(
                select(Alert)
                .options(WITH_ENCOUNTER)
                .where(
                    Alert.encounter_id == alert.encounter_id, Alert.id != alert.id, visible(actor)
                )
                .order_by(Alert.rank)
            )
        )
        card = subject_card(subject) if subject is not None else None
        document = alert.encounter.document
        return AlertView(
            alert,
            shown_state(alert, actor),
            owner.code if owner is not None else "",
            row.legal_basis if row is not None else "",
            card,
            compare(document, card) if document is not None else (),
            photo.quality if photo is not None else None,
            photo.created_at if photo is not None else None,
            tuple(self._steps(session, alert, actor, events)),
            others,
            tuple(each for each in others if same_question(each, alert)),
            objections.marks(session, subject.id) if subject is not None else (),
            _look_alikes(session, actor, alert) if subject is not None else (),
        )

    def _steps(
        self, session: Session, alert: Alert, actor: Actor, events: Sequence[AlertEvent]
    ) -> list[Step]:
        names = names_at(session, ((event.officer_id, event.at) for event in events))
        hidden = hides_opinion(alert, actor)
        # Opinions of a round that has ended are open: both officers have given theirs. Where a
        # sibling is the one that is veiled, this alert's round has ended and says what hers may. A
        # first one that was taken back was never opened: the next second officer may read it here.
        rounds = (n for n, event in enumerate(events) if event.action == _SECOND)
        ended = (
            max(rounds, default=-1) if states.veiled(position(alert, actor), policy(alert)) else -1
        )
        steps = []
        for n, event in enumerate(events):
            of_others = event.opinion is not None and event.officer_id != actor.id
            following = events[n + 1] if n + 1 < len(events) else None
            mask = of_others and (
                (hidden and n > ended) or (event.action == _FIRST and _takes_back(following))
            )
            note = None
            if event.sealed_note is not None and not mask:
                name = rows.note(alert.id, alert.owner_id)
                note = self._vault.open(event.sealed_note, name).decode()
            steps.append(
                Step(
                    event.at,
                    event.officer_id,
                    names.get((event.officer_id, event.at)) or OfficerName(event.officer_name),
                    event.agency_id,
                    event.action,
                    AlertState.UNDER_REVIEW if mask else AlertState(event.state_after),
                    None if mask else event.opinion,
                    () if mask else tuple(event.reasons or ()),
                    note,
                    event.disposal,
                )
            )
        return steps


def _look_alikes(session: Session, actor: Actor, alert: Alert) -> tuple[KnownLookalike, ...]:
    if not extends_to(actor, Permission.READ_SUBJECT, alert.owner_id):
        return ()
    return tuple(accepted_lookalikes(session, alert.subject_id))


def accepted_lookalikes(session: Session, subject_id: str) -> list[KnownLookalike]:
    """Return a subject's known look-alikes that were accepted, also those out of force."""
    query = (
        select(KnownLookalike)
        .where(KnownLookalike.subject_id == subject_id, KnownLookalike.decided_at.is_not(None))
        .order_by(KnownLookalike.id)
    )
    return list(session.scalars(query))


def find(session: Session, actor: Actor, act: Permission, alert_id: str) -> Alert:
    """Return one alert, with its encounter, that an act extends to, within a transaction.

    Raises:
        NotPermitted, NotFound: the actor may do this to none, or not to this one.
    """
    require(actor, act)
    row = session.scalar(
        select(Alert)
        .options(WITH_ENCOUNTER, selectinload(Alert.events))
        .where(Alert.id == alert_id, visible(actor, act))
    )
    if row is None:
        raise NotFound("alert_not_found", alert=alert_id)
    return row


# Nearly every statement of a page begins with it: to put it together takes longer than to run it.
@lru_cache(MOST_READERS)
def visible(actor: Actor, act: Permission = Permission.READ_ALERT) -> ColumnElement[bool]:
    """Return the condition for the alerts that an act of the actor's extends to."""
    return within_reach(actor, act, Alert.owner_id, watchlists.shared_to(actor, Alert.watchlist_id))


def is_open() -> ColumnElement[bool]:
    """Return the condition for the alerts that are not closed, as their index is found by."""
    return Alert.state != literal_column(f"'{AlertState.CLOSED.value}'")


def position(alert: Alert, actor: Actor) -> AlertPosition:
    """Return where an alert is in its review, for somebody who acts on it."""
    knows = actor.agency_id in (None, alert.owner_id)
    return AlertPosition(
        AlertState(alert.state),
        alert.acknowledged_by,
        alert.decided_by,
        alert.confirmed_by,
        beside_veiled=knows and bool(findings.beside_veiled(alert)),
        direction=Direction(alert.encounter.direction),
        stage=Stage(alert.encounter.stage),
        by_document=alert.matched_by != MatchedBy.FACE,
    )


def policy(alert: Alert) -> ReviewPolicy:
    """Return what an alert's watchlist, or a sibling's, required when it was raised."""
    return ReviewPolicy(alert.requires_acknowledgement, alert.requires_second_officer)


def fresh_opinion(alert: Alert) -> AlertEvent | None:
    """Return the opinion that an alert's last step is; None where another step is the last."""
    last = alert.events[-1] if alert.events else None
    return last if last is not None and last.action in OPINIONS else None


def hides_opinion(alert: Alert, actor: Actor) -> bool:
    """Whether the first opinion is hidden from a reader."""
    return bool(findings.hidden_from(alert, actor))


def shown_state(alert: Alert, actor: Actor) -> AlertState:
    """Return an alert's state as a reader may see it."""
    return AlertState(findings.shown_to(alert, actor))


def subject_card(subject: Subject) -> SubjectCard:
    """Return what is shown of a subject."""
    birth = str(subject.birth_date or subject.birth_year or "") or None
    return SubjectCard(
        subject.name,
        tuple(subject.aliases),
        subject.sex,
        birth,
        subject.nationality,
        tuple(subject.documents),
        subject.reason,
        subject.decision_number,
        subject.valid_from,
        subject.valid_until,
        subject.status == SubjectStatus.SUSPENDED,
    )


def _takes_back(step: AlertEvent | None) -> bool:
    return step is not None and step.action == Permission.WITHDRAW_OPINION


def _shown_in(reader: Actor, chosen: Sequence[AlertState]) -> ColumnElement[bool]:
    """Return the condition that an alert is shown in one of these states."""
    # By the column first, which has an index.
    stored = {state.value for state in chosen} - {AlertState.UNDER_REVIEW.value}
    if AlertState.UNDER_REVIEW in chosen:
        stored |= _OPINION_STATES
    found: ColumnElement[bool] = Alert.state.in_(sorted(stored))
    if AlertState.CLOSED not in chosen:
        found = and_(found, is_open())
    if _OPINION_STATES.isdisjoint(stored):
        return found
    return and_(found, one_of(findings.shown_to(Alert, reader), chosen))


_OPINION_STATES: Final = frozenset(state.value for state in findings.OPINIONS)
_FIRST: Final = Permission.DECIDE_ALERT.value
_SECOND: Final = Permission.CONFIRM_ALERT.value
OPINIONS: Final = frozenset({_FIRST, _SECOND})
"""Steps that are opinions."""
