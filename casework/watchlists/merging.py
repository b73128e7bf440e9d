"""Merging duplicates: two subjects of an agency who are one person become one, and that is undone.

Who stays gets what only the other has: lists, photos with their templates, documents, names, what
is known of the person, the objections, the permits to stay, and the longer period, so that nobody
is looked for less than before. The other is erased with the time of grace of every erasure; until
then the merge can be taken back. What it added is then taken off again, except where somebody has
changed it since: that stays, and is named. What a merge added is kept with the subject that goes,
sealed, and is gone with it. Objections and permits are erased with the subject that they are of by
then.

Known look-alikes do not go over: they were told apart from the photos of the other alone. They
spare nobody for the one who stays, are erased with the other, and are back where that is taken
back.

Where the other is on a list that requires a second officer, a second person has to accept it, as
its erasure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from casework.approvals.approvals import ApprovalAct, Approvals, Approved, Proposal
from casework.gallery.change_log import (
    log_added,
    log_listing,
    log_policy,
    templates_of_subject,
)
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import IllegalTransition
from casework.kernel.ids import PHOTO, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.messages import Message
from casework.kernel.permissions import Permission
from casework.kernel.vault import RowName
from casework.tables import EnrolledPhoto, Subject, Template
from casework.watchlists import objections, residences, subjects
from casework.watchlists.erasure import Erasures, open_alerts
from casework.watchlists.requirements import EntryRequirements, lists_of
from casework.watchlists.subjects import EntryFields, Subjects, list_on

MERGE: Final = "subject.merge"
UNMERGE: Final = "subject.unmerge"

# What is taken over where the one who stays has nothing.
_FILLED: Final = ("sex", "birth_date", "birth_year", "nationality", "reason", "decision_number")
_PERIOD: Final = ("valid_from", "valid_until")


@dataclass(frozen=True, slots=True)
class MergePreview:
    """Two subjects, and what merging them means."""

    gone: Subject
    """Who is erased."""
    kept: Subject
    """Who stays."""
    photos: int
    """Photos of the first that the second does not have."""
    watchlist_ids: tuple[str, ...]
    """Lists of the first that the second is not on."""
    open_alerts: int
    """Alerts about the first that are not closed: they remain, without the person."""
    takes_two: bool
    """Whether a second person has to accept it."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The result of a merge."""

    kept: Subject
    gone_id: str
    erase_at: datetime | None
    """Until then it can be taken back; None where it cannot be."""


@dataclass(frozen=True, slots=True)
class Unmerged:
    """The result of taking a merge back."""

    restored: Subject
    kept_id: str
    stays: tuple[str, ...]
    """Fields of the one who stayed that somebody has changed since: they are as they are."""


class Merges:
    """Merges subjects, and takes that back in time."""

    def __init__(
        self, kernel: Kernel, lists: Subjects, erasures: Erasures, approvals: Approvals
    ) -> None:
        approvals.register(MERGE, ApprovalAct(_describe, self._merge_approved))
        self._approvals = approvals
        self._subjects = lists
        self._erasures = erasures
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._clock = kernel.clock

    def preview(self, actor: Actor, gone_id: str, kept_id: str) -> MergePreview:
        """Return what merging means.

        Raises:
            NotPermitted, NotFound, IllegalTransition: they cannot be merged.
        """
        with self._database.read() as session:
            gone, kept = self._both(session, actor, gone_id, kept_id)
            two = bool(subjects.two_officer_lists(session, gone.id))
            alone = self._approvals.alone(session, actor, gone.agency_id) is not None
            joins = set(lists_of(gone.memberships)) - set(lists_of(kept.memberships))
            found = MergePreview(
                gone,
                kept,
                len(_new_photos(gone, kept)),
                tuple(sorted(joins)),
                open_alerts(session, gone.id),
                two and not alone,
            )
        for each in (gone, kept):
            self._audit.note(AuditEntry(actor, Permission.READ_SUBJECT, each.id, each.agency_id))
        return found

    def merge(self, actor: Actor, gone_id: str, kept_id: str, reason: str) -> Merged:
        """Merge a subject into another who is the same person.

        Args:
            actor: who merges them.
            gone_id: the subject that goes.
            kept_id: the subject who stays.
            reason: why they are one person.

        Raises:
            NotPermitted, NotFound: the actor may not, or not with these.
            IllegalTransition: they are one already, of two agencies, being erased, one of them
                is suspended, or who stays has a photo of the other that is being erased.
            RequirementMissing: who stays would lack what a list of the other requires.
            ActWaits, NoSecondPerson: see `Approvals.require`.
        """
        with self._approvals.write() as session:
            gone, kept = self._both(session, actor, gone_id, kept_id)
            cleared: Mapping[str, Any] = {}
            if subjects.two_officer_lists(session, gone.id):
                parameters = {"gone": gone.id, "kept": kept.id, "reason": reason}
                proposal = Proposal(
                    MERGE, gone.agency_id, gone.id, parameters, reason, cooling=timedelta()
                )
                cleared = self._approvals.require(session, actor, proposal)
            return self._merge(session, actor, gone, kept, reason, cleared)

    def _merge_approved(self, session: Session, actor: Actor, approved: Approved) -> None:
        asked = approved.parameters
        gone, kept = self._both(session, actor, asked["gone"], asked["kept"])
        self._merge(session, actor, gone, kept, asked["reason"], approved.detail)

    def _both(
        self, session: Session, actor: Actor, gone_id: str, kept_id: str
    ) -> tuple[Subject, Subject]:
        gone, kept = (
            subjects.find(session, actor, Permission.EDIT_SUBJECT, each)
            for each in (gone_id, kept_id)
        )
        if gone.id == kept.id:
            raise IllegalTransition("merge_itself")
        if gone.agency_id != kept.agency_id:
            raise IllegalTransition("merge_two_agencies")
        for each in (gone, kept):
            subjects.require_kept(each)
        if gone.status != kept.status:
            raise IllegalTransition("merge_suspended")
        going = {each.sha256 for each in kept.photos if each.erase_at is not None}
        if any(each.sha256 in going for each in gone.photos if each.erase_at is None):
            raise IllegalTransition("merge_photo_being_erased")
        return gone, kept

    def _merge(
        self,
        session: Session,
        actor: Actor,
        gone: Subject,
        kept: Subject,
        reason: str,
        cleared: Mapping[str, Any],
    ) -> Merged:
        changes = _changes(gone, kept)
        standing = lists_of(kept.memberships)
        joins = [each for each in lists_of(gone.memberships) if each not in standing]
        required, after = EntryRequirements(session), {**_entry(kept), **changes}
        entry = EntryFields(after["decision_number"], after["valid_until"])
        required.require([*standing, *joins], entry, required.lacking(standing, kept))
        filled = {name: [getattr(kept, name), value] for name, value in changes.items()}
        for name, value in changes.items():
            setattr(kept, name, value)
        names = [each for each in dict.fromkeys((gone.name, *gone.aliases)) if _unknown(each, kept)]
        documents = [each for each in gone.documents if each not in kept.documents]
        kept.aliases = [*kept.aliases, *names]
        kept.documents = [*kept.documents, *documents]
        kept.merged_from = [*kept.merged_from, gone.id]
        list_on(kept, [*standing, *joins])
        photos = [self._copied(each, gone, kept) for each in _new_photos(gone, kept)]
        gone.merged = {
            "into": kept.id,
            "filled": {name: [_plain(each) for each in pair] for name, pair in filled.items()},
            "aliases": names,
            "documents": documents,
            "watchlist_ids": joins,
            "photos": [photo.id for photo in photos],
            "objections": objections.move(session, None, gone.id, kept.id),
            "residences": residences.move(session, None, gone.id, kept.id),
        }
        kept.updated_at = self._clock()
        session.flush()
        log_added(session, sorted(t.id for photo in photos for t in photo.templates), self._clock)
        log_listing(session, templates_of_subject(session, kept.id), self._clock)
        log_policy(session, self._clock)
        detail = {
            "into": kept.id,
            "photos": len(photos),
            "watchlists": joins,
            "objections": len(gone.merged["objections"]),
            "residences": len(gone.merged["residences"]),
            **cleared,
        }
        self._audit.append(
            session,
            AuditEntry(actor, MERGE, gone.id, gone.agency_id, purpose=reason, detail=detail),
        )
        until = self._erasures.begin(session, actor, gone, reason, cleared)
        return Merged(kept, gone.id, until)

    def _copied(self, photo: EnrolledPhoto, gone: Subject, kept: Subject) -> EnrolledPhoto:
        """Give the one who stays a photo of the other, with its templates: each sealed for it."""
        agency = kept.agency_id

        def sealed(content: bytes, before: RowName, after: RowName) -> bytes:
            return self._vault.seal(self._vault.open(content, before), after)

        copy = EnrolledPhoto(
            id=new_id(PHOTO),
            subject_id=kept.id,
            sha256=photo.sha256,
            format=photo.format,
            width=photo.width,
            height=photo.height,
            quality=photo.quality,
            created_at=photo.created_at,
        )
        copy.sealed_content = sealed(
            photo.sealed_content,
            rows.photo(photo.id, gone.id, agency),
            rows.photo(copy.id, kept.id, agency),
        )
        if photo.sealed_face is not None:
            copy.sealed_face = sealed(
                photo.sealed_face,
                rows.photo_face(photo.id, gone.id, agency),
                rows.photo_face(copy.id, kept.id, agency),
            )
        copy.templates = [
            Template(
                photo_id=copy.id,
                subject_id=kept.id,
                model=each.model,
                sealed_vector=sealed(
                    each.sealed_vector,
                    rows.template(photo.id, each.model, gone.id, agency),
                    rows.template(copy.id, each.model, kept.id, agency),
                ),
                created_at=self._clock(),
            )
            for each in photo.templates
        ]
        kept.photos.append(copy)
        return copy

    def undo(self, actor: Actor, gone_id: str) -> Unmerged:
        """Take a merge back: the subject that went alerts again, and what it gave is taken off.

        Raises:
            NotPermitted, NotFound: the actor may not, or it is gone for good.
            IllegalTransition: it was not merged, or a later merge has to be taken back first.
        """
        with self._database.write() as session:
            gone = subjects.find(session, actor, Permission.EDIT_SUBJECT, gone_id)
            if gone.merged is None or gone.erase_at is None:
                raise IllegalTransition("merge_none")
            given, stays = gone.merged, list[str]()
            kept = session.get(Subject, given["into"])
            if kept is not None and (later := _merged_later(session, gone, kept)) is not None:
                raise IllegalTransition("merge_later", subject=later)
            gone.merged = None
            if kept is not None:
                stays = self._take_off(session, actor, kept, gone.id, given)
            detail = {"from": given["into"], "stays": stays}
            entry = AuditEntry(actor, UNMERGE, gone.id, gone.agency_id, detail=detail)
            self._audit.append(session, entry)
            self._erasures.take_back(session, actor, gone)
        return Unmerged(gone, given["into"], tuple(stays))

    def _take_off(
        self, session: Session, actor: Actor, kept: Subject, gone_id: str, given: Mapping[str, Any]
    ) -> list[str]:
        """Take off what a merge gave; return the fields that somebody has changed since."""
        stays = []
        for name, (before, after) in given["filled"].items():
            if _plain(getattr(kept, name)) == after:
                setattr(kept, name, _typed(name, before))
            else:
                stays.append(name)
        for name in ("aliases", "documents"):
            setattr(kept, name, [each for each in getattr(kept, name) if each not in given[name]])
        kept.merged_from = [each for each in kept.merged_from if each != gone_id]
        standing = lists_of(kept.memberships)
        left = [each for each in standing if each not in given["watchlist_ids"]]
        if left:
            list_on(kept, left)
        else:
            stays.append("watchlist_ids")
        copies = [each for each in kept.photos if each.id in given["photos"]]
        own = [each for each in kept.photos if each not in copies and each.erase_at is None]
        if copies and not own:
            stays.append("photos")
            copies = []
        kept.updated_at = self._clock()
        session.flush()
        objections.move(session, given.get("objections", ()), kept.id, gone_id)
        residences.move(session, given.get("residences", ()), kept.id, gone_id)
        for each in copies:
            self._subjects.delete_photo(session, actor, kept, each, detail={"unmerged": gone_id})
        log_listing(session, templates_of_subject(session, kept.id), self._clock)
        log_policy(session, self._clock)
        return stays


def _merged_later(session: Session, gone: Subject, kept: Subject) -> str | None:
    """Return whose merge came after this one and can still be taken back, None if nobody's.

    What two gave is noted with the first alone, and what was passed on with who passed it on. Taken
    off now, the second would be looked for less, or a third would keep a stranger's face.
    """
    if kept.merged is not None:
        return kept.id
    later = kept.merged_from[kept.merged_from.index(gone.id) + 1 :]
    return next((each for each in reversed(later) if session.get(Subject, each) is not None), None)


def _changes(gone: Subject, kept: Subject) -> dict[str, Any]:
    """Return the fields of the one who stays that a merge fills, or makes last longer."""
    changes = {
        name: getattr(gone, name)
        for name in _FILLED
        if not getattr(kept, name) and getattr(gone, name)
    }
    if kept.birth_date or kept.birth_year:
        changes = {n: v for n, v in changes.items() if n not in ("birth_date", "birth_year")}
    if kept.valid_from is not None and (
        gone.valid_from is None or gone.valid_from < kept.valid_from
    ):
        changes["valid_from"] = gone.valid_from
    if kept.valid_until is not None and (
        gone.valid_until is None or gone.valid_until > kept.valid_until
    ):
        changes["valid_until"] = gone.valid_until
    return changes


def _entry(row: Subject) -> dict[str, Any]:
    return {"decision_number": row.decision_number, "valid_until": row.valid_until}


def _unknown(name: str, kept: Subject) -> bool:
    return name != kept.name and name not in kept.aliases


def _new_photos(gone: Subject, kept: Subject) -> list[EnrolledPhoto]:
    known = {each.sha256 for each in kept.photos if each.erase_at is None}
    return [each for each in gone.photos if each.erase_at is None and each.sha256 not in known]


def _plain(value: Any) -> Any:  # noqa: ANN401 - a field
    return value.isoformat() if isinstance(value, date) else value


def _typed(name: str, value: Any) -> Any:  # noqa: ANN401 - a field
    """Return a field's value from what `_plain` made of it."""
    if value is None:
        return None
    if name in _PERIOD:
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if name == "birth_date" else value


def _describe(parameters: Mapping[str, Any]) -> Message:
    named = {"subject": parameters["gone"], "into": parameters["kept"]}
    return Message("approval_merge", named)
