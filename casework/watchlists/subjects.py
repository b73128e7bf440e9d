"""Subjects: the people on an agency's watchlists.

Making one is `casework.watchlists.enrolment`'s work. What is shown of a subject is audited before
it is given out.

On a list that requires a second officer nobody stops looking for a subject alone: a change by which
it leaves such a list, or alerts no more or for a shorter time, takes a second person
(`casework.approvals`) as its erasure does. It can be taken back, so that there is no cooling time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from casework.approvals.approvals import ApprovalAct, Approvals, Approved, Proposal
from casework.gallery.change_log import log_listing, log_policy, log_removed, templates_of_subject
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.database import ERASED, announce
from casework.kernel.errors import (
    AlreadyExists,
    IllegalTransition,
    ImpossibleBirth,
    InvalidPeriod,
    NotFound,
    StaleVersion,
    StillInUse,
)
from casework.kernel.kernel import Kernel
from casework.kernel.messages import Message
from casework.kernel.period import check_period
from casework.kernel.permissions import Permission, require, within_reach
from casework.kernel.stored_photo import StoredPhoto
from casework.kernel.subject_index import document_digest, look_digest
from casework.kernel.text import look
from casework.kernel.vocabulary import Requirement, SubjectStatus
from casework.tables import (
    Agency,
    EnrolledPhoto,
    Subject,
    SubjectDocument,
    Template,
    Watchlist,
    WatchlistEntry,
)
from casework.watchlists import watchlists
from casework.watchlists.requirements import EntryRequirements, lists_of
from casework.watchlists.subject_words import SubjectWords

EARLIEST_BIRTH: Final = 1880
"""Year; nobody has lived to 150."""

LONGEST_NAME: Final = 500
MOST_ALIASES: Final = 200
"""Entries of the United Nations and of OFAC have above a hundred, merged lists more."""
MOST_DOCUMENTS: Final = 50
LONGEST_REASON: Final = 4000

LESSEN: Final = "subject.lessen"

_LESS: Final[Mapping[str, str]] = {
    "watchlist_ids": "lessens_lists",
    "status": "lessens_status",
    "valid_until": "lessens_period",
}
"""What each way of alerting less says of itself."""

_EASTERNMOST: Final = timedelta(hours=14)
"""Ahead of UTC, in the zone where a day begins first."""

DECIDING: Final = frozenset({"watchlist_ids", "status", "valid_from", "valid_until"})
"""Fields that decide whether, where and when a subject alerts."""

SOON: Final = timedelta(days=30)
"""Entries that end within it stand in their analysts' box."""

_AT_A_TIME: Final = 500  # subjects that are opened

_REQUIRED: Final = frozenset({"watchlist_ids", "decision_number", "valid_until"})
"""Fields on which it depends whether an entry has what its lists require."""

_NEVER: Final = datetime.max.replace(tzinfo=UTC)

REPORT: Final = "subject.report"
"""The act of reading a subject as a report to print."""


@dataclass(frozen=True, slots=True)
class NewSubject:
    """What a subject is made from, besides photos."""

    name: str
    watchlist_ids: tuple[str, ...]
    reference: str | None = None
    aliases: list[str] = field(default_factory=list)
    sex: str | None = None
    birth_date: date | None = None
    birth_year: int | None = None
    nationality: str | None = None
    documents: list[dict[str, Any]] = field(default_factory=list)
    """Travel documents: `kind`, `number`, `country`."""
    reason: str = ""
    decision_number: str | None = None
    status: SubjectStatus = SubjectStatus.ACTIVE
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class EntryFields:
    """What of a subject its lists can require."""

    decision_number: str | None
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class SubjectFilter:
    """Which subjects to list; None sets no condition."""

    watchlist_id: str | None = None
    words: str | None = None
    """Part of a name, an alias, a reference or a document's number."""
    lapses_before: datetime | None = None
    lapses_after: datetime | None = None
    reference: str | None = None
    """Whole; those that look the same are the same."""
    document: str | None = None
    """A document's number; capitals, spaces and hyphens make no difference."""
    lacking: bool = False
    """Only entries that lack what the category of one of their lists requires."""
    open_ended: bool = False
    """Only entries without an end."""

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter for a query, except for what is found by words or by digests."""
        conditions: list[ColumnElement[bool]] = []
        if self.watchlist_id is not None:
            on_list = WatchlistEntry.watchlist_id == self.watchlist_id
            conditions.append(Subject.memberships.any(on_list))
        if self.lapses_before is not None:
            conditions.append(Subject.valid_until < self.lapses_before)
        if self.lapses_after is not None:
            conditions.append(Subject.valid_until >= self.lapses_after)
        if self.open_ended:
            conditions.append(Subject.valid_until.is_(None))
        return conditions


class Subjects:
    """Reads, edits and removes subjects and their photos."""

    def __init__(self, kernel: Kernel, approvals: Approvals) -> None:
        self._approvals = approvals
        approvals.register(LESSEN, ApprovalAct(_describe, self._edit_approved))
        self._database = kernel.database
        self._vault = kernel.vault
        self._words = SubjectWords(kernel.vault)
        self._audit = kernel.audit
        self._clock = kernel.clock

    def get(
        self, actor: Actor, subject_id: str, recorded_as: str = Permission.READ_SUBJECT
    ) -> Subject:
        """Return a subject with its photos; the reading is recorded as this act.

        Raises:
            NotPermitted, NotFound: the actor may read none, or not this one.
        """
        with self._database.read() as session:
            row = find(session, actor, Permission.READ_SUBJECT, subject_id)
        self._audit.note(AuditEntry(actor, recorded_as, row.id, row.agency_id))
        return row

    def page(
        self, actor: Actor, after: str | None, limit: int, filters: SubjectFilter | None = None
    ) -> list[Subject]:
        """Return up to `limit` subjects in order of making, those after id `after`.

        Raises:
            NotPermitted: the actor may read none.
        """
        require(actor, Permission.READ_SUBJECT)
        filters = filters or SubjectFilter()
        query = (
            select(Subject)
            .options(selectinload(Subject.photos))
            .where(
                within_reach(actor, Permission.READ_SUBJECT, Subject.agency_id), *filters.conditions
            )
            .order_by(Subject.id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(Subject.id > after)
        with self._database.read() as session:
            query = query.where(*self._exactly(session, actor, filters))
            if filters.lacking:
                ids = self._lacking(session, query, filters.words, limit)
                query = query.where(Subject.id.in_(ids))
            elif filters.words is not None:
                ids = self._words.find(session, query.limit(None), filters.words, limit)
                query = query.where(Subject.id.in_(ids))
            found = list(session.scalars(query))
        detail = {"watchlist": filters.watchlist_id, "subjects": len(found)}
        self._audit.note(AuditEntry(actor, "subject.list", detail=detail, owner_id=actor.agency_id))
        return found

    def lacking(self, rows: Sequence[Subject]) -> dict[str, list[Requirement]]:
        """Return, of subjects that somebody has read, what each lacks that its lists require."""
        with self._database.read() as session:
            required = EntryRequirements(session)
            return {row.id: required.lacking(lists_of(row.memberships), row) for row in rows}

    def _lacking(
        self, session: Session, among: Select[Subject], words: str | None, limit: int
    ) -> list[str]:
        """Return the ids of up to `limit` subjects that fall short, and have these words if any.

        Those who fall short may be all: no statement can name so many.
        """
        short = _falling_short(session, among)
        if words is None:
            return list(islice(short, limit))
        found = list[str]()
        while len(found) < limit and (some := list(islice(short, _AT_A_TIME))):
            of_them = among.limit(None).where(Subject.id.in_(some))
            found += self._words.find(session, of_them, words, limit - len(found))
        return found

    def lapsing(self, actor: Actor, limit: int) -> list[Subject]:
        """Return those whose entry ends within `SOON`, the soonest first; raises NotPermitted."""
        require(actor, Permission.READ_SUBJECT)
        query = (
            select(Subject).where(*self._lapsing(actor)).order_by(Subject.valid_until, Subject.id)
        )
        with self._database.read() as session:
            found = list(session.scalars(query.limit(limit)))
        detail = {"subjects": len(found)}
        self._audit.note(AuditEntry(actor, "subject.list", detail=detail, owner_id=actor.agency_id))
        return found

    def count_lapsing(self, actor: Actor) -> int:
        """Count the entries that end within `SOON`; raises NotPermitted."""
        require(actor, Permission.READ_SUBJECT)
        query = select(func.count()).select_from(Subject).where(*self._lapsing(actor))
        with self._database.read() as session:
            return session.scalar(query) or 0

    def _lapsing(self, actor: Actor) -> list[ColumnElement[bool]]:
        now = self._clock()
        within = within_reach(actor, Permission.READ_SUBJECT, Subject.agency_id)
        ends = SubjectFilter(lapses_before=now + SOON, lapses_after=now)
        return [within, Subject.erase_at.is_(None), *ends.conditions]

    def extend(
        self,
        actor: Actor,
        subject_id: str,
        valid_until: datetime,
        decision_number: str | None,
        version: int | None,
    ) -> Subject:
        """Have an entry end later, by the decision that says so.

        Args:
            actor: who extends it.
            subject_id: whose entry.
            valid_until: its new end.
            decision_number: of the decision; None keeps the one that is stored.
            version: the version the caller read, or None for whatever is there.

        Raises:
            InvalidPeriod: that is no later than it ends now.
            NotPermitted, NotFound, StaleVersion, IllegalTransition: see `edit`.
        """
        with self._database.read() as session:
            row = find(session, actor, Permission.EDIT_SUBJECT, subject_id)
        if row.valid_until is None or valid_until <= row.valid_until:
            raise InvalidPeriod("extension_not_later", field="valid_until")
        changes: dict[str, Any] = {"valid_until": valid_until}
        if decision_number is not None:
            changes["decision_number"] = decision_number
        return self.edit(actor, subject_id, changes, version or row.version)

    def _exactly(
        self, session: Session, actor: Actor, filters: SubjectFilter
    ) -> list[ColumnElement[bool]]:
        """Return the conditions for what is found by digests, each within one agency."""
        conditions: list[ColumnElement[bool]] = []
        if filters.reference is None and filters.document is None:
            return conditions
        within = within_reach(actor, Permission.READ_SUBJECT, Agency.id)
        agencies = session.scalars(select(Agency.id).where(within)).all()
        if filters.reference is not None:
            looks = [look_digest(self._vault, each, filters.reference) for each in agencies]
            conditions.append(Subject.look_digest.in_(looks))
        if filters.document is not None:
            digests = [document_digest(self._vault, each, filters.document) for each in agencies]
            has_it = SubjectDocument.digest.in_(digests)
            conditions.append(Subject.document_digests.any(has_it))
        return conditions

    def edit(
        self,
        actor: Actor,
        subject_id: str,
        changes: Mapping[str, Any],
        version: int | None,
        reason: str | None = None,
    ) -> Subject:
        """Change some fields of `NewSubject`; `watchlist_ids` replaces where the subject stands.

        Args:
            actor: who changes them.
            subject_id: the subject.
            changes: fields of `NewSubject` with their new values.
            version: the version the caller read, or None to overwrite whatever is there.
            reason: why; required where the subject would alert less on a list that requires a
                second officer, so that the change waits as a whole.

        Raises:
            NotPermitted, NotFound, StaleVersion, AlreadyExists, InvalidPeriod, ImpossibleBirth,
            IllegalTransition (it is being erased), RequirementMissing: nothing was changed.
            ActWaits, NoSecondPerson, ReasonMissing: see `Approvals.require`.
        """
        try:
            with self._approvals.write() as session:
                row = find(session, actor, Permission.EDIT_SUBJECT, subject_id)
                require_kept(row)
                rows.require_version(row, version)
                self._check(session, actor, row, changes)
                cleared: Mapping[str, Any] = {}
                if less := lessened(session, row, changes, self._clock()):
                    parameters = {
                        "subject": row.id,
                        "changes": _plain(changes),
                        "before": _before(row, changes),
                        "less": less,
                    }
                    proposal = Proposal(
                        LESSEN, row.agency_id, row.id, parameters, reason, cooling=timedelta()
                    )
                    cleared = self._approvals.require(session, actor, proposal)
                self._change(session, actor, row, changes, cleared)
        except IntegrityError as error:
            raise AlreadyExists("subject_reference_taken") from error
        return row

    def _edit_approved(self, session: Session, actor: Actor, approved: Approved) -> None:
        row = find(session, actor, Permission.EDIT_SUBJECT, approved.object_id or "")
        require_kept(row)
        changes = _typed(approved.parameters["changes"])
        if _before(row, changes) != approved.parameters["before"]:
            raise StaleVersion("approval_outdated")
        self._check(session, actor, row, changes)
        self._change(session, actor, row, changes, approved.detail)

    def _check(
        self, session: Session, actor: Actor, row: Subject, changes: Mapping[str, Any]
    ) -> None:
        def after(name: str) -> Any:  # noqa: ANN401 - any field
            return changes.get(name, getattr(row, name))

        check_period(after("valid_from"), after("valid_until"))
        check_birth(after("birth_date"), after("birth_year"), self._clock())
        if changes.get("reference") is not None:
            self._check_reference(session, row, changes["reference"])
        if "watchlist_ids" in changes:
            owner_of(session, actor, changes["watchlist_ids"], row.agency_id)
        if not _REQUIRED.isdisjoint(changes):
            standing, required = lists_of(row.memberships), EntryRequirements(session)
            entry = EntryFields(after("decision_number"), after("valid_until"))
            lists = changes.get("watchlist_ids", standing)
            required.require(lists, entry, required.lacking(standing, row))

    def _check_reference(self, session: Session, row: Subject, reference: str) -> None:
        """Raise AlreadyExists where another subject's reference looks the same.

        Two of before that look the same may stay so.
        """
        if row.reference is not None and look(reference) == look(row.reference):
            return
        digest = look_digest(self._vault, row.agency_id, reference)
        if session.scalar(select(Subject.id).where(Subject.look_digest == digest).limit(1)):
            raise AlreadyExists("subject_reference_taken")

    def _change(
        self,
        session: Session,
        actor: Actor,
        row: Subject,
        changes: Mapping[str, Any],
        cleared: Mapping[str, Any],
    ) -> None:
        for name, value in changes.items():
            if name != "watchlist_ids":
                setattr(row, name, value)
        if "watchlist_ids" in changes:
            list_on(row, changes["watchlist_ids"])
        row.updated_at = self._clock()
        session.flush()
        if not DECIDING.isdisjoint(changes):
            log_listing(session, templates_of_subject(session, row.id), self._clock)
        log_policy(session, self._clock)
        detail = {"fields": sorted(changes), **cleared}
        entry = AuditEntry(actor, Permission.EDIT_SUBJECT, row.id, row.agency_id, detail=detail)
        self._audit.append(session, entry)

    def remove(self, actor: Actor, subject_id: str, *, reason: str | None = None) -> None:
        """Erase a subject at once, with its photos and templates; alerts already raised remain.

        People erase with a time of grace: see `casework.watchlists.erasure`.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is no such subject.
        """
        with self._database.write() as session:
            row = find(session, actor, Permission.EDIT_SUBJECT, subject_id)
            self.delete(session, actor, row, reason)

    def delete(
        self,
        session: Session,
        actor: Actor,
        row: Subject,
        reason: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Erase a subject within a transaction; whether the actor may is the caller's to know."""
        log_removed(session, templates_of_subject(session, row.id), self._clock)
        session.delete(row)
        self._audit.erase_texts(session, actor, row.id, row.agency_id, but=("subject.erase",))
        announce(session, ERASED)
        entry = AuditEntry(
            actor,
            "subject.remove",
            row.id,
            row.agency_id,
            purpose=reason,
            detail=detail or None,
        )
        self._audit.append(session, entry)

    def remove_photo(
        self, actor: Actor, subject_id: str, photo_id: str, *, reason: str | None = None
    ) -> None:
        """Erase one photo at once, and its templates.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is no such photo.
            StillInUse: it is the subject's only photo.
        """
        with self._database.write() as session:
            row = find(session, actor, Permission.EDIT_SUBJECT, subject_id)
            photo = photo_of(session, subject_id, photo_id)
            if len(row.photos) == 1:
                raise StillInUse("subject_last_photo")
            self.delete_photo(session, actor, row, photo, reason)

    def delete_photo(
        self,
        session: Session,
        actor: Actor,
        row: Subject,
        photo: EnrolledPhoto,
        reason: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Erase a subject's photo within a transaction, as `delete`."""
        gone = list(session.scalars(select(Template.id).where(Template.photo_id == photo.id)))
        log_removed(session, gone, self._clock)
        row.photos.remove(photo)
        announce(session, ERASED)
        row.updated_at = self._clock()
        session.flush()
        entry = AuditEntry(
            actor,
            "photo.remove",
            photo.id,
            row.agency_id,
            purpose=reason,
            detail=detail or None,
        )
        self._audit.append(session, entry)

    def photo_content(self, actor: Actor, subject_id: str, photo_id: str) -> StoredPhoto:
        """Return an enrolled photo's bytes as they were submitted.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is no such photo.
            WrongDataKey: it cannot be decrypted.
        """
        with self._database.read() as session:
            row = find(session, actor, Permission.READ_SUBJECT, subject_id)
            photo = photo_of(session, subject_id, photo_id)
            name = rows.photo(photo.id, row.id, row.agency_id)
            content = self._vault.open(photo.sealed_content, name)
        self._audit.note(AuditEntry(actor, "photo.read", photo_id, row.agency_id))
        return StoredPhoto.of(content, photo.format, photo.quality)


def find(session: Session, actor: Actor, act: Permission, subject_id: str) -> Subject:
    """Return one subject with its photos that an act extends to, within a transaction.

    Raises:
        NotPermitted, NotFound: the actor may do this to none, or not to this one.
    """
    missing = NotFound("subject_not_found", subject=subject_id)
    photos = selectinload(Subject.photos)
    return rows.one_within(session, actor, act, Subject, subject_id, missing, options=[photos])


def _falling_short(session: Session, among: Select[Subject]) -> Iterator[str]:
    """Yield the ids of subjects that lack what their lists require, in order of making.

    The number of a decision stands sealed, so that subjects are opened one by one.
    """
    required = EntryRequirements(session)
    asking = WatchlistEntry.watchlist_id.in_(required.lists_requiring())
    ids = among.limit(None).with_only_columns(Subject.id)
    rows = (
        select(Subject)
        .where(Subject.id.in_(ids.order_by(None)), Subject.memberships.any(asking))
        .order_by(Subject.id)
    )
    for row in session.scalars(rows.execution_options(yield_per=_AT_A_TIME)):
        if required.lacking(lists_of(row.memberships), row):
            yield row.id


def owner_of(
    session: Session, actor: Actor, watchlist_ids: Iterable[str], owner_id: str | None = None
) -> str:
    """Return the one agency whose watchlists these are.

    Raises:
        NotFound: one does not exist, is beyond the actor's reach, or belongs to another agency
            than the rest: a subject is one agency's.
    """
    for watchlist_id in watchlist_ids:
        row = watchlists.find(session, actor, Permission.EDIT_SUBJECT, watchlist_id)
        if owner_id is not None and row.agency_id != owner_id:
            raise NotFound("watchlist_not_of_owner", watchlist=watchlist_id)
        owner_id = row.agency_id
    assert owner_id is not None  # noqa: S101 - a subject is on at least one watchlist
    return owner_id


def check_birth(birth_date: date | None, birth_year: int | None, now: datetime) -> None:
    """Raise ImpossibleBirth unless somebody alive can be born then; a year must fit the date."""
    year = birth_date.year if birth_date is not None else birth_year
    field_name = "birth_date" if birth_date is not None else "birth_year"
    if year is not None and year < EARLIEST_BIRTH:
        raise ImpossibleBirth("birth_too_early", field=field_name, year=str(EARLIEST_BIRTH))
    # Somewhere it is tomorrow already.
    today = (now + _EASTERNMOST).date()
    if (birth_date is not None and birth_date > today) or (year is not None and year > today.year):
        raise ImpossibleBirth("birth_in_future", field=field_name)
    if birth_date is not None and birth_year is not None and birth_year != birth_date.year:
        raise ImpossibleBirth("birth_year_differs", field="birth_year")


def list_on(subject: Subject, watchlist_ids: Sequence[str]) -> None:
    """Put a subject on exactly these watchlists."""
    standing = {membership.watchlist_id: membership for membership in subject.memberships}
    subject.memberships = [
        standing.get(watchlist_id) or WatchlistEntry(watchlist_id=watchlist_id)
        for watchlist_id in dict.fromkeys(watchlist_ids)
    ]


def two_officer_lists(session: Session, subject_id: str) -> frozenset[str]:
    """Return the ids of the lists with a subject whose alerts take two officers."""
    lists = (
        select(Watchlist.id)
        .join(WatchlistEntry, WatchlistEntry.watchlist_id == Watchlist.id)
        .where(WatchlistEntry.subject_id == subject_id, Watchlist.requires_second_officer)
    )
    return frozenset(session.scalars(lists))


def lessened(
    session: Session, row: Subject, changes: Mapping[str, Any], now: datetime
) -> list[str]:
    """Return the fields by which changes let a subject alert less where that takes two officers.

    It leaves such a list, is suspended, or is in force for a shorter time than it would have been
    from now on. Leaving counts for one that alerts nobody now, too: it could be put in force again
    on a laxer list.
    """
    if DECIDING.isdisjoint(changes):
        return []
    strict = two_officer_lists(session, row.id)
    if not strict:
        return []
    found = []
    if "watchlist_ids" in changes and strict - set(changes["watchlist_ids"]):
        found.append("watchlist_ids")
    status = changes.get("status", row.status)
    if row.status == SubjectStatus.ACTIVE and status != SubjectStatus.ACTIVE:
        found.append("status")
    begins, ends = _ahead(row.valid_from, row.valid_until, now)
    begins_then, ends_then = _ahead(
        changes.get("valid_from", row.valid_from), changes.get("valid_until", row.valid_until), now
    )
    if begins < ends and (begins_then > begins or ends_then < ends):
        found.append("valid_until")
    return found


def _ahead(
    valid_from: datetime | None, valid_until: datetime | None, now: datetime
) -> tuple[datetime, datetime]:
    """Return from when until when an entry is in force from now on."""
    return max(valid_from or now, now), valid_until or _NEVER


def _plain(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a subject's fields as JSON has them."""
    return {
        name: value.isoformat()
        if isinstance(value, date)
        else list(value)
        if name == "watchlist_ids"
        else value
        for name, value in changes.items()
    }


def _typed(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return a subject's fields from what `_plain` made of them."""
    read = {
        "birth_date": date.fromisoformat,
        "valid_from": datetime.fromisoformat,
        "valid_until": datetime.fromisoformat,
    }
    return {
        name: read[name](value) if name in read and value is not None else value
        for name, value in plain.items()
    }


def _before(row: Subject, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the fields of some changes hold now, as JSON has them."""
    return _plain(
        {
            name: sorted(each.watchlist_id for each in row.memberships)
            if name == "watchlist_ids"
            else getattr(row, name)
            for name in changes
        }
    )


def _describe(parameters: Mapping[str, Any]) -> Message:
    less = tuple(Message(_LESS[name]) for name in parameters["less"])
    return Message("approval_subject_lessen", {"subject": parameters["subject"], "less": less})


def require_kept(row: Subject) -> None:
    """Raise IllegalTransition if a subject is being erased: nothing of it changes any more."""
    if row.erase_at is not None:
        raise IllegalTransition("subject_being_erased")


def kept(session: Session, subject_id: str) -> Subject | None:
    """Return a subject that is neither erased nor being erased, for what others see of it."""
    row = session.get(Subject, subject_id)
    return row if row is not None and row.erase_at is None else None


def kept_photo(session: Session, photo_id: str | None) -> EnrolledPhoto | None:
    """Return a photo that is neither erased nor being erased, nor is its subject."""
    photo = session.get(EnrolledPhoto, photo_id) if photo_id is not None else None
    if photo is None or photo.erase_at is not None or photo.subject.erase_at is not None:
        return None
    return photo


def photo_of(session: Session, subject_id: str, photo_id: str) -> EnrolledPhoto:
    """Return one photo of a subject within a transaction; raises NotFound."""
    missing = NotFound("subject_photo_not_found", subject=subject_id, photo=photo_id)
    return rows.one(
        session, EnrolledPhoto, photo_id, missing, where=lambda row: row.subject_id == subject_id
    )
