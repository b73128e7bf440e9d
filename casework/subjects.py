"""Subjects: the people who stand on watchlists. Making one is `casework.enrolment`'s work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from casework import watchlists
from casework.changes import log_policy, log_removed, log_standing, templates_of_subject
from casework.clock import Clock
from casework.database import Database
from casework.errors import AlreadyExists, InvalidPeriod, NotFound, StaleVersion, StillInUse
from casework.tables import EnrolledPhoto, Membership, Subject, Template
from casework.vault import Vault


@dataclass(frozen=True, slots=True)
class NewSubject:
    """What a subject is made from, besides photos."""

    name: str
    watchlist_ids: tuple[str, ...]
    reference: str | None = None
    nationality: str | None = None
    birth_date: date | None = None
    reason: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class Subjects:
    """Reads, edits and removes subjects and their photos."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    def get(self, subject_id: str) -> Subject:
        """Return a subject with its photos; raises NotFound."""
        with self._database.read() as session:
            return find(session, subject_id)

    def page(self, after: str | None, limit: int, watchlist_id: str | None = None) -> list[Subject]:
        """Return up to `limit` subjects in order of making, those after id `after`."""
        query = select(Subject).options(selectinload(Subject.photos)).order_by(Subject.id)
        if after is not None:
            query = query.where(Subject.id > after)
        if watchlist_id is not None:
            query = query.where(Subject.memberships.any(Membership.watchlist_id == watchlist_id))
        with self._database.read() as session:
            return list(session.scalars(query.limit(limit)))

    def edit(self, subject_id: str, changes: Mapping[str, Any], version: int | None) -> Subject:
        """Change some fields of `NewSubject`; `watchlist_ids` replaces where the subject stands.

        Raises:
            NotFound, StaleVersion, AlreadyExists, InvalidPeriod: nothing was changed.
        """
        fields = dict(changes)
        lists: Sequence[str] | None = fields.pop("watchlist_ids", None)
        try:
            with self._database.write() as session:
                row = find(session, subject_id)
                if version is not None and row.version != version:
                    raise StaleVersion("The subject has changed since you read it: read it again.")
                for name, value in fields.items():
                    setattr(row, name, value)
                check_period(row.valid_from, row.valid_until)
                if lists is not None:
                    for watchlist_id in lists:
                        watchlists.find(session, watchlist_id)
                    stand_on(row, lists)
                    log_standing(session, templates_of_subject(session, subject_id), self._clock)
                row.updated_at = self._clock()
                log_policy(session, self._clock)
        except IntegrityError as error:
            raise AlreadyExists("Another subject already has that reference.") from error
        return row

    def remove(self, subject_id: str) -> None:
        """Erase a subject with its photos and templates; alerts already raised remain.

        Raises:
            NotFound: there is no such subject.
        """
        with self._database.write() as session:
            row = find(session, subject_id)
            log_removed(session, templates_of_subject(session, subject_id), self._clock)
            session.delete(row)

    def remove_photo(self, subject_id: str, photo_id: str) -> None:
        """Erase one photo and its templates.

        Raises:
            NotFound: there is no such photo.
            StillInUse: it is the subject's only photo.
        """
        with self._database.write() as session:
            row = find(session, subject_id)
            photo = _photo_of(session, subject_id, photo_id)
            if len(row.photos) == 1:
                raise StillInUse(
                    "This is the subject's only photo: add another first, or remove the subject."
                )
            gone = list(session.scalars(select(Template.id).where(Template.photo_id == photo_id)))
            log_removed(session, gone, self._clock)
            row.photos.remove(photo)
            row.updated_at = self._clock()

    def photo_content(self, subject_id: str, photo_id: str) -> tuple[bytes, str]:
        """Return an enrolled photo's bytes as they were submitted, and its format.

        Raises:
            NotFound: there is no such photo.
            WrongDataKey: it cannot be decrypted.
        """
        with self._database.read() as session:
            photo = _photo_of(session, subject_id, photo_id)
            return self._vault.open(photo.sealed_content, f"photo/{photo.id}"), photo.format


def find(session: Session, subject_id: str) -> Subject:
    """Return one subject with its photos, within a transaction; raises NotFound."""
    row = session.get(Subject, subject_id, options=[selectinload(Subject.photos)])
    if row is None:
        raise NotFound(f"There is no subject {subject_id}.")
    return row


def check_period(valid_from: datetime | None, valid_until: datetime | None) -> None:
    """Raise InvalidPeriod unless an entry ends after it begins."""
    if valid_from is not None and valid_until is not None and valid_until <= valid_from:
        raise InvalidPeriod("valid_until must be later than valid_from.")


def stand_on(subject: Subject, watchlist_ids: Sequence[str]) -> None:
    """Let a subject stand on exactly these watchlists."""
    standing = {membership.watchlist_id: membership for membership in subject.memberships}
    subject.memberships = [
        standing.get(watchlist_id) or Membership(watchlist_id=watchlist_id)
        for watchlist_id in dict.fromkeys(watchlist_ids)
    ]


def _photo_of(session: Session, subject_id: str, photo_id: str) -> EnrolledPhoto:
    photo = session.get(EnrolledPhoto, photo_id)
    if photo is None or photo.subject_id != subject_id:
        raise NotFound(f"Subject {subject_id} has no photo {photo_id}.")
    return photo
