"""Erasing subjects and photos: suspended at once, gone after a time of grace, undone until then.

What is suspended alerts nobody and is shown to no other agency, as if it were gone; its owner still
sees it and can take it back. A periodic task erases what is due (`finish`).

A subject on a list that requires a second officer, or a photo of it, is erased when a second
person has accepted it (`casework.approvals`), and so is any subject that is to be gone at once, as
the law may require. That needs no cooling time: the first can be taken back, the second must not
wait.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from casework.approvals.approvals import ApprovalAct, Approvals, Approved, Proposal
from casework.gallery.change_log import log_listing, templates_of_photo, templates_of_subject
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import IllegalTransition, StillInUse
from casework.kernel.kernel import Kernel
from casework.kernel.messages import Message
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import AlertState, ReferralState
from casework.tables import Alert, EnrolledPhoto, Referral, Subject, Watchlist, WatchlistEntry
from casework.watchlists import subjects
from casework.watchlists.subjects import Subjects

GRACE: Final = timedelta(hours=24)
"""Where the settings say nothing else."""

ERASE: Final = "subject.erase"
ERASE_PHOTO: Final = "photo.erase"

_ENDED: Final = frozenset({ReferralState.DECLINED, ReferralState.CLOSED})


@dataclass(frozen=True, slots=True)
class ErasureConsequences:
    """What erasing a subject means, before it is done."""

    name: str
    watchlists: tuple[str, ...]
    """Names of the lists it is on: it alerts on none of them any more."""
    photos: int
    open_alerts: int
    """Alerts about it that are not closed: they remain, without the person."""
    open_referrals: int
    erase_at: datetime | None
    """When it is gone, if it is being erased already."""
    two_officers: bool
    """Whether a second person has to accept it."""


class Erasures:
    """Erases subjects and photos, and takes that back in time."""

    def __init__(
        self, kernel: Kernel, lists: Subjects, approvals: Approvals, grace: timedelta = GRACE
    ) -> None:
        self._approvals = approvals
        approvals.register(ERASE, ApprovalAct(_describe, self._erase_approved))
        photo_act = ApprovalAct(_describe_photo, self._erase_photo_approved)
        approvals.register(ERASE_PHOTO, photo_act)
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._subjects = lists
        self.grace = grace
        """How long what is erased can be taken back; nothing means never."""

    def consequences(self, actor: Actor, subject_id: str) -> ErasureConsequences:
        """Return what erasing a subject means.

        Raises:
            NotPermitted, NotFound: the actor may erase none, or not this one.
        """
        with self._database.read() as session:
            row = subjects.find(session, actor, Permission.EDIT_SUBJECT, subject_id)
            lists = session.scalars(
                select(Watchlist.name)
                .join(WatchlistEntry, WatchlistEntry.watchlist_id == Watchlist.id)
                .where(WatchlistEntry.subject_id == subject_id)
                .order_by(Watchlist.name)
            )
            found = ErasureConsequences(
                row.name,
                tuple(lists),
                len(row.photos),
                open_alerts(session, subject_id),
                _count_referrals(session, subject_id),
                row.erase_at,
                self._takes_two(session, actor, row),
            )
        self._audit.note(AuditEntry(actor, Permission.READ_SUBJECT, row.id, row.agency_id))
        return found

    def erase(
        self, actor: Actor, subject_id: str, reason: str, *, immediately: bool = False
    ) -> datetime | None:
        """Suspend a subject at once, and have it erased after the time of grace.

        Args:
            actor: who erases it.
            subject_id: the subject.
            reason: why.
            immediately: erase it without the time of grace, also where that has begun; takes a
                second person.

        Returns:
            When it is gone; None where it is gone already.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is no such subject.
            IllegalTransition: it is being erased already.
            ActWaits, NoSecondPerson: see `Approvals.require`.
        """
        with self._approvals.write() as session:
            row = subjects.find(session, actor, Permission.EDIT_SUBJECT, subject_id)
            if not immediately:
                subjects.require_kept(row)
            cleared: Mapping[str, Any] = {}
            if immediately or subjects.two_officer_lists(session, subject_id):
                parameters = {"subject": row.id, "reason": reason, "immediately": immediately}
                proposal = Proposal(
                    ERASE, row.agency_id, row.id, parameters, reason, cooling=timedelta()
                )
                cleared = self._approvals.require(session, actor, proposal)
            return self._erase(session, actor, row, reason, cleared, immediately=immediately)

    def _erase_approved(self, session: Session, actor: Actor, approved: Approved) -> None:
        asked = approved.parameters
        row = subjects.find(session, actor, Permission.EDIT_SUBJECT, asked["subject"])
        if not asked["immediately"]:
            subjects.require_kept(row)
        reason, immediately = asked["reason"], asked["immediately"]
        self._erase(session, actor, row, reason, approved.detail, immediately=immediately)

    def _erase(
        self,
        session: Session,
        actor: Actor,
        row: Subject,
        reason: str,
        cleared: Mapping[str, Any],
        *,
        immediately: bool,
    ) -> datetime | None:
        if immediately or not self.grace:
            self._subjects.delete(session, actor, row, reason, cleared)
            return None
        row.erase_at = self._clock() + self.grace
        row.updated_at = self._clock()
        session.flush()
        log_listing(session, templates_of_subject(session, row.id), self._clock)
        self._note(session, actor, ERASE, row.id, row.agency_id, reason, cleared)
        return row.erase_at

    def begin(
        self,
        session: Session,
        actor: Actor,
        row: Subject,
        reason: str,
        cleared: Mapping[str, Any],
    ) -> datetime | None:
        """Suspend a subject within a transaction; whether the actor may is the caller's to know.

        Returns:
            When it is gone; None where it is gone already.
        """
        return self._erase(session, actor, row, reason, cleared, immediately=False)

    def restore(self, actor: Actor, subject_id: str) -> Subject:
        """Take the erasure of a subject back: it alerts again from the next screening on.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is no such subject (any more).
            IllegalTransition: it is not being erased, or is merged: take the merge back instead.
        """
        with self._database.write() as session:
            row = subjects.find(session, actor, Permission.EDIT_SUBJECT, subject_id)
            if row.erase_at is None:
                raise IllegalTransition("subject_not_being_erased")
            if row.merged is not None:
                raise IllegalTransition("subject_merged", into=row.merged["into"])
            self.take_back(session, actor, row)
        return row

    def take_back(self, session: Session, actor: Actor, row: Subject) -> None:
        """Let a subject alert again within a transaction."""
        row.erase_at = None
        row.updated_at = self._clock()
        session.flush()
        log_listing(session, templates_of_subject(session, row.id), self._clock)
        self._note(session, actor, "subject.restore", row.id, row.agency_id)

    def erase_photo(
        self, actor: Actor, subject_id: str, photo_id: str, reason: str
    ) -> datetime | None:
        """Suspend a photo at once, and have it erased after the time of grace.

        Returns:
            When it is gone; None where it is gone already, because there is no such time.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is no such photo.
            StillInUse: it is the subject's only photo.
            IllegalTransition: it, or its subject, is being erased already.
            ActWaits, NoSecondPerson: see `Approvals.require`.
        """
        with self._approvals.write() as session:
            row, photo = _kept_photo(session, actor, subject_id, photo_id)
            cleared: Mapping[str, Any] = {}
            if subjects.two_officer_lists(session, subject_id):
                parameters = {"subject": row.id, "photo": photo.id, "reason": reason}
                proposal = Proposal(
                    ERASE_PHOTO, row.agency_id, photo.id, parameters, reason, cooling=timedelta()
                )
                cleared = self._approvals.require(session, actor, proposal)
            return self._erase_photo(session, actor, row, photo, reason, cleared)

    def _erase_photo_approved(self, session: Session, actor: Actor, approved: Approved) -> None:
        asked = approved.parameters
        row, photo = _kept_photo(session, actor, asked["subject"], asked["photo"])
        self._erase_photo(session, actor, row, photo, asked["reason"], approved.detail)

    def _erase_photo(
        self,
        session: Session,
        actor: Actor,
        row: Subject,
        photo: EnrolledPhoto,
        reason: str,
        cleared: Mapping[str, Any],
    ) -> datetime | None:
        if not self.grace:
            self._subjects.delete_photo(session, actor, row, photo, reason, cleared)
            return None
        photo.erase_at = self._clock() + self.grace
        row.updated_at = self._clock()
        session.flush()
        log_listing(session, templates_of_photo(session, photo.id), self._clock)
        self._note(session, actor, ERASE_PHOTO, photo.id, row.agency_id, reason, cleared)
        return photo.erase_at

    def restore_photo(self, actor: Actor, subject_id: str, photo_id: str) -> Subject:
        """Take the erasure of a photo back.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is no such photo (any more).
            IllegalTransition: it is not being erased.
        """
        with self._database.write() as session:
            row = subjects.find(session, actor, Permission.EDIT_SUBJECT, subject_id)
            photo = subjects.photo_of(session, subject_id, photo_id)
            if photo.erase_at is None:
                raise IllegalTransition("photo_not_being_erased")
            photo.erase_at = None
            row.updated_at = self._clock()
            session.flush()
            log_listing(session, templates_of_photo(session, photo.id), self._clock)
            self._note(session, actor, "photo.restore", photo_id, row.agency_id)
        return row

    def finish(self) -> int:
        """Erase what is due; returns how many subjects and photos that were.

        Of several processes each erases what it finds: one is first, the other finds nothing.
        """
        now = self._clock()
        with self._database.read() as session:
            due = list(session.scalars(select(Subject.id).where(Subject.erase_at <= now)))
            photos = list(
                session.scalars(select(EnrolledPhoto.id).where(EnrolledPhoto.erase_at <= now))
            )
        return sum(map(self._finish, due)) + sum(map(self._finish_photo, photos))

    def _finish(self, subject_id: str) -> bool:
        with self._database.write() as session:
            row = session.get(Subject, subject_id)
            if row is None or not _is_due(row.erase_at, self._clock):
                return False
            self._subjects.delete(session, Actor.service(), row)
        return True

    def _finish_photo(self, photo_id: str) -> bool:
        with self._database.write() as session:
            photo = session.get(EnrolledPhoto, photo_id)
            if photo is None or not _is_due(photo.erase_at, self._clock):
                return False
            self._subjects.delete_photo(session, Actor.service(), photo.subject, photo)
        return True

    def takes_two(self, actor: Actor, subject_id: str) -> bool:
        """Whether erasing this subject, or a photo of it, waits for a second person."""
        with self._database.read() as session:
            row = subjects.find(session, actor, Permission.EDIT_SUBJECT, subject_id)
            return self._takes_two(session, actor, row)

    def _takes_two(self, session: Session, actor: Actor, row: Subject) -> bool:
        if not subjects.two_officer_lists(session, row.id):
            return False
        return self._approvals.alone(session, actor, row.agency_id) is None

    def _note(
        self,
        session: Session,
        actor: Actor,
        action: str,
        object_id: str,
        owner_id: str,
        reason: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        self._audit.append(
            session,
            AuditEntry(actor, action, object_id, owner_id, purpose=reason, detail=detail or None),
        )


def _describe(parameters: Mapping[str, Any]) -> Message:
    code = "approval_erase_at_once" if parameters["immediately"] else "approval_erase"
    return Message(code, {"subject": parameters["subject"]})


def _describe_photo(parameters: Mapping[str, Any]) -> Message:
    return Message("approval_erase_photo", {"subject": parameters["subject"]})


def _kept_photo(
    session: Session, actor: Actor, subject_id: str, photo_id: str
) -> tuple[Subject, EnrolledPhoto]:
    """Return a subject and its photo, if that can be erased now."""
    row = subjects.find(session, actor, Permission.EDIT_SUBJECT, subject_id)
    subjects.require_kept(row)
    photo = subjects.photo_of(session, subject_id, photo_id)
    if photo.erase_at is not None:
        raise IllegalTransition("photo_being_erased")
    if sum(each.erase_at is None for each in row.photos) == 1:
        raise StillInUse("subject_last_photo")
    return row, photo


def _is_due(at: datetime | None, clock: Callable[[], datetime]) -> bool:
    return at is not None and at <= clock()


def open_alerts(session: Session, subject_id: str) -> int:
    """Count the alerts about a subject that are not closed."""
    found = session.scalar(
        select(func.count())
        .select_from(Alert)
        .where(Alert.subject_id == subject_id, Alert.state != AlertState.CLOSED)
    )
    return found or 0


def _count_referrals(session: Session, subject_id: str) -> int:
    found = session.scalar(
        select(func.count())
        .select_from(Referral)
        .where(Referral.subject_id == subject_id, Referral.state.not_in(_ENDED))
    )
    return found or 0
