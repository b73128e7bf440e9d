"""Storing rows: a reference that is new makes a subject, a known one changes and adds to it.

Fields that the file does not have stay as they are; photos are only ever added.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from casework.approvals.approvals import Approvals
from casework.gallery.change_log import log_listing, log_policy, templates_of_subject
from casework.imports.raw_rows import (
    IMPOSSIBLE_BIRTH,
    INVALID_PERIOD,
    LACKS,
    REFERENCE_ALIKE,
    WRITTEN_OTHERWISE,
    Fault,
    RawRow,
)
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditedAct, AuditEntry
from casework.kernel.errors import ImpossibleBirth, InvalidPeriod
from casework.kernel.kernel import Kernel
from casework.kernel.messages import Message
from casework.kernel.period import check_period, has_lapsed
from casework.kernel.permissions import Permission
from casework.tables import ImportJob, Subject
from casework.watchlists.enrolment import (
    AMBIGUOUS,
    BEING_ERASED,
    Application,
    Enrolled,
    Enrolment,
    Examined,
)
from casework.watchlists.references import References, by_reference
from casework.watchlists.requirements import EntryRequirements, lists_of
from casework.watchlists.subjects import DECIDING, EntryFields, NewSubject, check_birth, lessened

_KNOWN_PHOTO: Final = "already_enrolled"


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row whose fields are sound."""

    person: NewSubject
    given: frozenset[str]
    """The fields that the row says something about."""
    warnings: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row to be stored, with its photos examined."""

    row: RawRow
    checked: CheckedRow
    photos: list[Examined]


@dataclass(slots=True)
class BatchOutcome:
    """The result of storing some rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    open_ended: int = 0
    """Of the created ones, those without an end of validity."""
    photos_added: int = 0
    photos_refused: int = 0
    faults: list[tuple[RawRow, Fault, bool]] = field(default_factory=list)
    """With whether nothing of the row was stored."""
    enrolled: list[tuple[RawRow, Enrolled]] = field(default_factory=list)

    def refuse(self, row: RawRow, fault: Fault) -> None:
        """Count a row of which nothing is stored."""
        self.refused += 1
        self.faults.append((row, fault, True))


class ImportStore:
    """Writes checked rows within a transaction."""

    def __init__(self, kernel: Kernel, enrolment: Enrolment, approvals: Approvals) -> None:
        self._approvals = approvals
        self._enrolment = enrolment
        self._audit = kernel.audit
        self._clock = kernel.clock

    def store(
        self, session: Session, actor: Actor, job: ImportJob, rows: Sequence[StoredRow]
    ) -> BatchOutcome:
        """Write some rows; raises NotFound if the watchlist is gone."""
        outcome = BatchOutcome()
        references = [each.row.reference for each in rows]
        known = by_reference(session, [job.agency_id], references)
        required = EntryRequirements(session)
        sound: list[tuple[StoredRow, bool]] = []
        edits: list[AuditedAct] = []
        decided: list[str] = []
        for each in rows:
            subject = known.of(job.agency_id, each.row.reference)
            alike = known.alike(job.agency_id, each.row.reference)
            try:
                changes, told = _changes(subject, each.checked, self._clock())
            except (InvalidPeriod, ImpossibleBirth) as error:
                code = INVALID_PERIOD if isinstance(error, InvalidPeriod) else IMPOSSIBLE_BIRTH
                outcome.refuse(each.row, Fault(error.field, code, error.message))
                continue
            fault = _unfit(subject, alike, each)
            if fault is None:
                fault = _lacking(required, job.watchlist_id, subject, each.checked.person, changes)
            if fault is not None:
                outcome.refuse(each.row, fault)
                continue
            if subject is not None and changes:
                cleared = self._cleared(session, actor, subject, changes)
                if cleared is None:
                    fault = Fault(None, "takes_two", Message("row_takes_two"))
                    outcome.refuse(each.row, fault)
                    continue
                edits.append(self._edit(actor, subject, changes, cleared))
                if not DECIDING.isdisjoint(changes):
                    decided.append(subject.id)
            joins = subject is not None and all(
                membership.watchlist_id != job.watchlist_id for membership in subject.memberships
            )
            told += _remarks(each.row, subject, known)
            outcome.faults += [(each.row, remark, False) for remark in told]
            sound.append((each, bool(changes) or joins))
        if edits:
            self._audit.append_all(session, edits)
            log_listing(session, templates_of_subject(session, *decided), self._clock)
            log_policy(session, self._clock)
        stored = self._enrolment.store_within(
            session,
            actor,
            [Application(each.checked.person, tuple(each.photos)) for each, _ in sound],
        )
        for (each, changed), enrolled in zip(sound, stored, strict=True):
            _tally(outcome, each, enrolled, changed=changed)
            outcome.enrolled.append((each.row, enrolled))
        return outcome

    def _cleared(
        self, session: Session, actor: Actor, subject: Subject, changes: dict[str, Any]
    ) -> Mapping[str, Any] | None:
        """Return what the record of a change adds, None where it takes a second person."""
        if not lessened(session, subject, changes, self._clock()):
            return {}
        return self._approvals.alone(session, actor, subject.agency_id)

    def _edit(
        self,
        actor: Actor,
        subject: Subject,
        changes: dict[str, Any],
        cleared: Mapping[str, Any],
    ) -> AuditedAct:
        for name, value in changes.items():
            setattr(subject, name, value)
        subject.updated_at = self._clock()
        detail = {"fields": sorted(changes), **cleared}
        entry = AuditEntry(
            actor, Permission.EDIT_SUBJECT, subject.id, subject.agency_id, detail=detail
        )
        return AuditedAct(entry, (subject,))


def _remarks(row: RawRow, subject: Subject | None, known: References) -> Iterator[Fault]:
    """Yield the warnings of how a row calls a known subject."""
    if subject is None:
        return
    if subject.reference is not None and subject.reference != row.reference:
        yield Fault("reference", WRITTEN_OTHERWISE, Message("reference_written_otherwise"))
    if others := known.others(subject, row.reference):
        message = Message("reference_alike", {"subjects": others})
        yield Fault("reference", REFERENCE_ALIKE, message)


def _unfit(subject: Subject | None, alike: Sequence[Subject], each: StoredRow) -> Fault | None:
    """Return why a row with sound fields is refused all the same."""
    if subject is None and alike:
        return Fault("reference", AMBIGUOUS, Message("reference_ambiguous"))
    if subject is None:
        return None if each.photos else Fault("photos", "no_photo", Message("row_lacks_photo"))
    if subject.erase_at is not None:
        return Fault(None, BEING_ERASED, Message("subject_being_erased"))
    return None


def _lacking(
    required: EntryRequirements,
    watchlist_id: str,
    subject: Subject | None,
    person: NewSubject,
    changes: Mapping[str, Any],
) -> Fault | None:
    """Return why a row is refused that lacks what the list requires; what did before is not."""
    entry: Subject | NewSubject = subject if subject is not None else person
    after = EntryFields(
        changes.get("decision_number", entry.decision_number),
        changes.get("valid_until", entry.valid_until),
    )
    standing = lists_of(subject.memberships) if subject is not None else []
    before = required.lacking(standing, subject) if subject is not None else []
    error = required.missing([*standing, watchlist_id], after, before)
    return Fault(error.field, LACKS, error.message) if error is not None else None


def _changes(
    subject: Subject | None, checked: CheckedRow, now: datetime
) -> tuple[dict[str, Any], list[Fault]]:
    """Return what a row changes of a known subject, and warnings of that.

    Raises:
        InvalidPeriod, ImpossibleBirth: the row is refused.
    """
    person = checked.person
    # A subject is found by its reference, or by its id where it has none: neither changes.
    given = {name: getattr(person, name) for name in checked.given - {"reference"}}
    before: Subject | NewSubject = subject if subject is not None else person
    warnings = _with_one_birth(given, before)

    def after(name: str) -> Any:  # noqa: ANN401 - any field
        return given.get(name, getattr(before, name))

    check_period(after("valid_from"), after("valid_until"))
    check_birth(after("birth_date"), after("birth_year"), now)
    if subject is None:
        if has_lapsed(person.valid_until, now):
            raise InvalidPeriod("period_lapsed", field="valid_until")
        return {}, warnings
    changes = {name: value for name, value in given.items() if getattr(subject, name) != value}
    return changes, warnings


def _with_one_birth(given: dict[str, Any], before: Subject | NewSubject) -> list[Fault]:
    """Leave out a year of birth that is not that of the date, whichever of them was kept before."""
    day = given.get("birth_date", before.birth_date)
    year = given.get("birth_year", before.birth_year)
    if day is None or year is None or day.year == year:
        return []
    given["birth_year"] = None
    return [Fault("birth_year", IMPOSSIBLE_BIRTH, Message("birth_year_left_out"))]


def _tally(outcome: BatchOutcome, stored: StoredRow, enrolled: Enrolled, *, changed: bool) -> None:
    added = sum(report.accepted for report in enrolled.reports)
    refused = [
        report for report in enrolled.reports if not report.accepted and report.code != _KNOWN_PHOTO
    ]
    outcome.photos_added += added
    outcome.photos_refused += len(refused)
    lost = enrolled.subject_id is None
    outcome.faults += [
        (stored.row, Fault("photos", report.code, report.sentence), lost) for report in refused
    ]
    if lost:
        outcome.refused += 1
    elif enrolled.created:
        outcome.created += 1
        outcome.open_ended += stored.checked.person.valid_until is None
    elif changed or added:
        outcome.updated += 1
    else:
        outcome.unchanged += 1
