"""Reading referrals: what one agency handed to another, and what the two said about it.

Both agencies see a referral; nobody else does. The receiver sees what it carries
(`casework.referrals.payload`), not what it was made from.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, selectinload

from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import NotFound
from casework.kernel.kernel import Kernel
from casework.kernel.officer_names import OfficerAct, OfficerName, names_at
from casework.kernel.permissions import Permission, PermissionScope, require, scope_of, within_reach
from casework.kernel.stored_photo import StoredPhoto
from casework.kernel.vocabulary import ReferralState
from casework.referrals import payload
from casework.referrals.states import AWAITED, YOUR_TURN, Side
from casework.tables import Referral, ReferralMessage, ReferralPhoto

REPORT: Final = "referral.report"
"""The act of reading a referral as a report to print."""


class Box(StrEnum):
    """Which way a referral went, as its reader sees it."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class ReferralFilter:
    """Which referrals to list; None sets no condition."""

    box: Box = Box.IN
    states: tuple[ReferralState, ...] | None = None
    overdue: bool | None = None
    about: str | None = None
    """The alert or tip they were made from: for the sender alone."""

    def conditions(self, actor: Actor, now: datetime) -> list[ColumnElement[bool]]:
        """Return the filter for a query."""
        conditions = [_sent_by(actor) if self.box is Box.OUT else _received_by(actor)]
        if self.states is not None:
            conditions.append(Referral.state.in_([state.value for state in self.states]))
        if self.overdue is not None:
            late = (Referral.due_at < now) & Referral.state.in_([each.value for each in AWAITED])
            conditions.append(late if self.overdue else ~late)
        if self.about is not None:
            conditions += [Referral.object_id == self.about, _sent_by(actor)]
        return conditions


@dataclass(frozen=True, slots=True)
class OpenedMessage:
    """One step of a referral, opened."""

    at: datetime
    officer_id: str
    by: OfficerName
    """The officer, as of that day."""
    agency_id: str
    action: str
    state_after: ReferralState
    text: str | None


@dataclass(frozen=True, slots=True)
class ReferralView:
    """A referral as one of its agencies sees it."""

    referral: Referral
    overdue: bool
    object_id: str | None
    """The alert or tip; None for the receiver."""
    values: dict[str, Any]
    photos: tuple[str, ...]
    messages: tuple[OpenedMessage, ...]


@dataclass(frozen=True, slots=True)
class ReferralsWaiting:
    """How many referrals wait for the reader's agency to take them up."""

    received: int
    """That nobody has accepted yet."""
    sent: int
    """That were answered or declined, or about which something is asked."""

    @property
    def all(self) -> int:
        """Of both ways."""
        return self.received + self.sent


@dataclass(frozen=True, slots=True)
class ReferralNews:
    """What other agencies have just done with referrals."""

    arrived: tuple[str, ...]
    """Ids of those that they sent."""
    moved: tuple[str, ...]
    """Ids of those with which they did something else."""


class Referrals:
    """Shows referrals to the two agencies they are between."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._clock = kernel.clock

    def page(
        self, actor: Actor, before: str | None, limit: int, filters: ReferralFilter
    ) -> list[tuple[Referral, bool]]:
        """Return up to `limit` referrals, newest first, each with whether it is overdue.

        Raises:
            NotPermitted: the actor may see none.
        """
        require(actor, Permission.HANDLE_REFERRAL)
        now = self._clock()
        query = select(Referral).where(*filters.conditions(actor, now))
        if before is not None:
            query = query.where(Referral.id < before)
        with self._database.read() as session:
            found = list(session.scalars(query.order_by(Referral.id.desc()).limit(limit)))
        detail = {"box": filters.box.value, "referrals": len(found)}
        self._audit.note(
            AuditEntry(actor, "referral.list", owner_id=actor.agency_id, detail=detail)
        )
        return [(row, _overdue(row, now)) for row in found]

    def get(
        self, actor: Actor, referral_id: str, recorded_as: str = "referral.read"
    ) -> ReferralView:
        """Return a referral with what it carries and its messages; recorded as this act.

        Raises:
            NotPermitted, NotFound: the actor may see none, or not this one.
        """
        with self._database.read() as session:
            row = find(session, actor, referral_id)
            names = names_at(session, ((each.officer_id, each.at) for each in row.messages))
            view = ReferralView(
                row,
                _overdue(row, self._clock()),
                None if row.receiver_id == actor.agency_id else row.object_id,
                payload.values_of(self._vault, row),
                tuple(photo.name for photo in row.photos),
                tuple(self._opened(row, message, names) for message in row.messages),
            )
        self._audit.note(AuditEntry(actor, recorded_as, row.id, row.sender_id))
        return view

    def waiting(self, actor: Actor) -> ReferralsWaiting | None:
        """Return what waits for the actor's agency; None for who handles no referrals."""
        if not handles(actor):
            return None
        ways = ((Side.RECEIVER, _received_by(actor)), (Side.SENDER, _sent_by(actor)))
        with self._database.read() as session:
            received, sent = (
                session.scalar(
                    select(func.count()).where(
                        way, Referral.state.in_([each.value for each in YOUR_TURN[side]])
                    )
                )
                or 0
                for side, way in ways
            )
        return ReferralsWaiting(received, sent)

    def news(self, actor: Actor, referral_ids: Collection[str]) -> ReferralNews:
        """Return which of these another agency moved last: what the actor's own did is no news."""
        if not handles(actor):
            return ReferralNews((), ())
        query = (
            select(Referral)
            .options(selectinload(Referral.messages))
            .where(Referral.id.in_(referral_ids), or_(_sent_by(actor), _received_by(actor)))
            .order_by(Referral.id)
        )
        with self._database.read() as session:
            found = [
                row
                for row in session.scalars(query)
                if row.messages[-1].agency_id != actor.agency_id
            ]
        return ReferralNews(
            tuple(row.id for row in found if len(row.messages) == 1),
            tuple(row.id for row in found if len(row.messages) > 1),
        )

    def photo(self, actor: Actor, referral_id: str, name: str) -> StoredPhoto:
        """Return a photo that a referral carries.

        Raises:
            NotPermitted, NotFound: the actor may see none, or not this one, or it carries none.
        """
        with self._database.read() as session:
            row = find(session, actor, referral_id)
            missing = NotFound("referral_lacks_photo", referral=row.id, name=name)
            photo = rows.one(session, ReferralPhoto, (row.id, name), missing)
            carried = payload.photo_of(self._vault, photo)
        detail = {"photo": name}
        self._audit.note(AuditEntry(actor, "referral.photo", row.id, row.sender_id, detail=detail))
        return carried

    def _opened(
        self,
        row: Referral,
        message: ReferralMessage,
        names: Mapping[OfficerAct, OfficerName],
    ) -> OpenedMessage:
        text = None
        if message.sealed_text is not None:
            text = self._vault.open(message.sealed_text, rows.referral_messages(row.id)).decode()
        return OpenedMessage(
            message.at,
            message.officer_id,
            names.get((message.officer_id, message.at)) or OfficerName(message.officer_name),
            message.agency_id,
            message.action,
            ReferralState(message.state_after),
            text,
        )


def handles(actor: Actor) -> bool:
    """Whether the actor is of an agency and handles its referrals."""
    reach = scope_of(actor, Permission.HANDLE_REFERRAL)
    return actor.agency_id is not None and reach is not PermissionScope.NOTHING


def find(session: Session, actor: Actor, referral_id: str) -> Referral:
    """Return one referral of the actor's agency, with its messages, within a transaction.

    Raises:
        NotPermitted, NotFound: the actor handles none, or not this one.
    """
    require(actor, Permission.HANDLE_REFERRAL)
    row = session.scalar(
        select(Referral)
        .options(selectinload(Referral.messages), selectinload(Referral.photos))
        .where(Referral.id == referral_id, or_(_sent_by(actor), _received_by(actor)))
    )
    if row is None:
        raise NotFound("referral_not_found", referral=referral_id)
    return row


def in_hand(session: Session, object_id: str) -> bool:
    """Whether another agency has an alert or a tip in hand: its answer is still to come."""
    awaited = [state.value for state in AWAITED]
    query = select(Referral.id).where(Referral.object_id == object_id, Referral.state.in_(awaited))
    return session.scalar(query.limit(1)) is not None


def _sent_by(actor: Actor) -> ColumnElement[bool]:
    return within_reach(actor, Permission.HANDLE_REFERRAL, Referral.sender_id)


def _received_by(actor: Actor) -> ColumnElement[bool]:
    return within_reach(actor, Permission.HANDLE_REFERRAL, Referral.receiver_id)


def _overdue(row: Referral, now: datetime) -> bool:
    return row.due_at < now and ReferralState(row.state) in AWAITED
