"""Enrolment: photos of a person in, a subject with templates out.

Two steps, so that a bulk job can spread the first over all cores and group the second: `examine`
looks at photos and needs no database, `store` writes any number of people in one transaction.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Final

from sqlalchemy.orm import Session

from casework.gallery.change_log import log_listing, templates_of_subject
from casework.gallery.templates import TemplateMaker
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditedAct, AuditEntry
from casework.kernel.errors import EnrolmentRefused, InvalidPeriod
from casework.kernel.ids import PHOTO, SUBJECT, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.messages import Message
from casework.kernel.period import check_period, has_lapsed
from casework.kernel.permissions import Permission
from casework.tables import EnrolledPhoto, Subject, Template
from casework.watchlists.references import References, by_reference
from casework.watchlists.requirements import EntryRequirements
from casework.watchlists.subjects import (
    NewSubject,
    check_birth,
    find,
    list_on,
    owner_of,
    require_kept,
)
from detector.containers.capture import Capture
from detector.embed import Embedding
from detector.errors import PhotoError
from detector.pipeline import Analysis, Pipeline
from detector.portrait import small
from detector.quality import Quality, Verdict

ACCEPTED: Final = "accepted"
LAPSED: Final = "lapsed"
BEING_ERASED: Final = "being_erased"
AMBIGUOUS: Final = "reference_ambiguous"


@dataclass(frozen=True)
class PhotoFile:
    """A photo as it comes in; the name is only for reports."""

    name: str
    content: bytes = field(repr=False)

    @cached_property
    def sha256(self) -> str:
        """Digest of the bytes, hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class PhotoReport:
    """What became of one photo."""

    name: str
    code: str
    """`accepted`, `already_enrolled`, `lapsed`, a photo error's code, or `unsearchable`."""
    messages: tuple[Message, ...]
    quality: Quality | None = None
    photo_id: str | None = None
    capture: Capture | None = None
    """What a record around the photo says of how it was taken."""

    @property
    def accepted(self) -> bool:
        """Whether a template is made of it."""
        return self.code == ACCEPTED

    @property
    def detail(self) -> str:
        """The messages in English, for a person."""
        return " ".join(map(str, self.messages))

    @property
    def sentence(self) -> Message:
        """Name and messages, for a person."""
        return Message("photo_reported", {"name": self.name, "detail": self.messages})


@dataclass(frozen=True, slots=True)
class Examined:
    """One photo after examination: a report, and what is stored if it was accepted."""

    file: PhotoFile
    report: PhotoReport
    analysis: Analysis | None
    face: bytes | None = field(default=None, repr=False)
    """Small, for lists; made here, where nobody waits for the database."""


@dataclass(frozen=True, slots=True)
class Application:
    """A person to enrol, or to add photos to, with the photos already examined."""

    person: NewSubject
    photos: tuple[Examined, ...]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The result of enrolling one person."""

    subject_id: str | None
    """None if every photo was refused: then the person was not created."""
    created: bool
    reports: tuple[PhotoReport, ...]
    owner_id: str | None = None
    """The agency whose subject it is; None as above."""
    faces: tuple[Embedding, ...] = field(default=(), repr=False)
    """Of the photos that were new."""
    alike: tuple[str, ...] = ()
    """Other subjects whose references look like this one's: a warning."""


class Enrolment:
    """Enrols subjects with one pipeline into one database."""

    def __init__(self, kernel: Kernel, pipeline: Pipeline, templates: TemplateMaker) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._pipeline = pipeline
        self._templates = templates
        self._audit = kernel.audit
        self._clock = kernel.clock

    def examine(self, file: PhotoFile) -> Examined:
        """Look at one photo; never raises for what the photo holds."""
        try:
            analysis = self._pipeline.analyse(file.content)
        except PhotoError as error:
            return Examined(file, PhotoReport(file.name, error.code, (photo_message(error),)), None)
        quality, capture = analysis.quality, analysis.photo.header.capture
        if quality.verdict is Verdict.UNSEARCHABLE:
            report = PhotoReport(
                file.name, "unsearchable", _advice(quality), quality, None, capture
            )
            return Examined(file, report, None)
        messages = _advice(quality) or (Message("photo_good"),)
        report = PhotoReport(file.name, ACCEPTED, messages, quality, None, capture)
        return Examined(file, report, analysis, small(analysis))

    def enrol(self, actor: Actor, person: NewSubject, files: Sequence[PhotoFile]) -> Enrolled:
        """Enrol one person, or add photos to the subject that has the same reference.

        Raises:
            EnrolmentRefused: no photo can be enrolled; nothing was written.
            NotFound, InvalidPeriod, ImpossibleBirth: a watchlist does not exist, the entry would
                end before it begins or has ended, or the dates of birth cannot be; nothing was
                written.
            RequirementMissing: the entry lacks what a list requires; nothing was written.
        """
        examined = tuple(self.examine(file) for file in files)
        (enrolled,) = self.store(actor, [Application(person, examined)])
        require_subject(enrolled)
        return enrolled

    def add_photos(self, actor: Actor, subject_id: str, files: Sequence[PhotoFile]) -> Enrolled:
        """Add photos to a subject.

        Raises:
            NotFound: there is no such subject.
            IllegalTransition: it is being erased.
            EnrolmentRefused: no photo can be enrolled; nothing was written.
        """
        examined = [self.examine(file) for file in files]
        with self._database.write() as session:
            row = find(session, actor, Permission.EDIT_SUBJECT, subject_id)
            require_kept(row)
            work = _Written()
            reports = self._add(row, examined, work)
            row.updated_at = self._clock()
            work.acts.append(_act(actor, row, reports, created=False))
            self._log(session, work)
        if not any(report.photo_id for report in reports):
            raise EnrolmentRefused(report.sentence for report in reports)
        faces = _new_faces(examined, reports)
        return Enrolled(
            subject_id, created=False, reports=reports, owner_id=row.agency_id, faces=faces
        )

    def store(self, actor: Actor, applications: Iterable[Application]) -> list[Enrolled]:
        """Write people and their accepted photos in one transaction.

        A person without an accepted photo, or whose entry has lapsed, is not created. A reference
        that is already enrolled gets the photos it does not have yet, and is put on the given
        watchlists besides its own.

        Raises:
            NotFound, InvalidPeriod, ImpossibleBirth: a watchlist does not exist, an entry would end
                before it begins, or dates of birth cannot be; nothing was written.
            RequirementMissing: an entry lacks what a list requires; nothing was written.
        """
        with self._database.write() as session:
            return self.store_within(session, actor, applications)

    def store_within(
        self, session: Session, actor: Actor, applications: Iterable[Application]
    ) -> list[Enrolled]:
        """Like `store`, as a part of a larger transaction."""
        everyone = list(applications)
        lists = {each.person.watchlist_ids for each in everyone}
        owner = {ids: owner_of(session, actor, ids) for ids in lists}
        owners = [owner[each.person.watchlist_ids] for each in everyone]
        known = by_reference(session, owners, [each.person.reference for each in everyone])
        required = EntryRequirements(session)
        work = _Written()
        results = [
            self._store_one(session, actor, owner_id, each, known, required, work)
            for owner_id, each in zip(owners, everyone, strict=True)
        ]
        self._log(session, work)
        return results

    def known_photos(self, owner_id: str, references: Sequence[str]) -> dict[str, frozenset[str]]:
        """Return, for each reference that an agency has enrolled, the digests of its photos."""
        with self._database.read() as session:
            known = by_reference(session, [owner_id], references)
            return {
                reference: frozenset(photo.sha256 for photo in subject.photos)
                for reference in references
                if (subject := known.of(owner_id, reference)) is not None
            }

    def _store_one(
        self,
        session: Session,
        actor: Actor,
        owner_id: str,
        application: Application,
        known: References,
        required: EntryRequirements,
        work: "_Written",
    ) -> Enrolled:
        """Put one person into the session; `known` and `work` grow by what is new."""
        person = application.person
        check_period(person.valid_from, person.valid_until)
        check_birth(person.birth_date, person.birth_year, self._clock())
        row = known.of(owner_id, person.reference)
        if row is None and known.alike(owner_id, person.reference):
            return Enrolled(None, created=False, reports=_ambiguous(application.photos))
        if row is not None and row.erase_at is not None:
            return Enrolled(None, created=False, reports=_being_erased(application.photos))
        if row is not None:
            reports = self._add(row, application.photos, work)
            standing = [membership.watchlist_id for membership in row.memberships]
            joins = set(person.watchlist_ids) - set(standing)
            if joins:
                required.require(sorted(joins), row, required.lacking(standing, row))
                list_on(row, [*standing, *person.watchlist_ids])
                log_listing(session, templates_of_subject(session, row.id), self._clock)
            if joins or any(report.accepted for report in reports):
                row.updated_at = self._clock()
                work.acts.append(_act(actor, row, reports, created=False))
            return Enrolled(
                row.id,
                created=False,
                reports=reports,
                owner_id=owner_id,
                faces=_new_faces(application.photos, reports),
                alike=known.others(row, person.reference),
            )
        if has_lapsed(person.valid_until, self._clock()):
            return Enrolled(None, created=False, reports=_lapsed(application.photos))
        if not any(photo.report.accepted for photo in application.photos):
            return Enrolled(None, created=False, reports=_reports(application.photos))
        required.require(person.watchlist_ids, person)
        now = self._clock()
        fields = asdict(person)
        del fields["watchlist_ids"]
        row = Subject(
            id=new_id(SUBJECT), agency_id=owner_id, created_at=now, updated_at=now, **fields
        )
        self._vault.own_keys.make(row.id, owner_id, session)
        list_on(row, person.watchlist_ids)
        session.add(row)
        known.add(row)
        reports = self._add(row, application.photos, work)
        work.acts.append(_act(actor, row, reports, created=True))
        faces = _new_faces(application.photos, reports)
        return Enrolled(row.id, created=True, reports=reports, owner_id=owner_id, faces=faces)

    def _log(self, session: Session, work: "_Written") -> None:
        """Account for what was written: all rows of a kind at once."""
        self._templates.log(session, work.templates)
        self._audit.append_all(session, work.acts)

    def _add(
        self, subject: Subject, photos: Sequence[Examined], work: "_Written"
    ) -> tuple[PhotoReport, ...]:
        """Give the subject the accepted photos that it does not have yet."""
        known = {photo.sha256: photo for photo in subject.photos}
        reports = []
        for examined in photos:
            analysis, report, digest = examined.analysis, examined.report, examined.file.sha256
            if digest in known and known[digest].erase_at is not None:
                sentence = (Message("photo_being_erased"),)
                reports.append(PhotoReport(report.name, BEING_ERASED, sentence))
                continue
            if digest in known:
                messages = (Message("photo_already_enrolled"),)
                reports.append(
                    PhotoReport(report.name, "already_enrolled", messages, None, known[digest].id)
                )
                continue
            if analysis is None or analysis.embedding is None:
                reports.append(report)
                continue
            photo = EnrolledPhoto(
                id=new_id(PHOTO),
                subject_id=subject.id,
                sha256=digest,
                format=analysis.photo.format,
                width=analysis.photo.width,
                height=analysis.photo.height,
                quality=analysis.quality_record(),
                created_at=self._clock(),
            )
            name = rows.photo(photo.id, subject.id, subject.agency_id)
            photo.sealed_content = self._vault.seal(examined.file.content, name)
            if examined.face is not None:
                name = rows.photo_face(photo.id, subject.id, subject.agency_id)
                photo.sealed_face = self._vault.seal(examined.face, name)
            template = self._templates.make(photo, analysis.embedding, subject.agency_id)
            photo.templates.append(template)
            work.templates.append(template)
            subject.photos.append(photo)
            known[digest] = photo
            reports.append(replace(report, photo_id=photo.id))
        return tuple(reports)


@dataclass(slots=True)
class _Written:
    """What a transaction adds, to be accounted for at its end."""

    templates: list[Template] = field(default_factory=list)
    acts: list[AuditedAct] = field(default_factory=list)


def _act(
    actor: Actor, row: Subject, reports: Sequence[PhotoReport], *, created: bool
) -> AuditedAct:
    """Return the act of enrolling somebody, or of adding photos."""
    action = "subject.enrol" if created else "subject.add_photos"
    new = {report.photo_id for report in reports if report.accepted}
    photos = [photo for photo in row.photos if photo.id in new]
    templates = [template for photo in photos for template in photo.templates]
    entry = AuditEntry(actor, action, row.id, row.agency_id, detail={"photos": len(photos)})
    return AuditedAct(entry, (row, *row.memberships, *photos, *templates))


def _reports(photos: Iterable[Examined]) -> tuple[PhotoReport, ...]:
    return tuple(photo.report for photo in photos)


def require_subject(enrolled: Enrolled) -> str:
    """Return the subject's id.

    Raises:
        InvalidPeriod, EnrolmentRefused: the person was not created, as the entry has lapsed or no
            photo can be enrolled.
    """
    if any(report.code == LAPSED for report in enrolled.reports):
        raise InvalidPeriod("period_lapsed", field="valid_until")
    if enrolled.subject_id is None:
        raise EnrolmentRefused(report.sentence for report in enrolled.reports)
    return enrolled.subject_id


def photo_message(error: PhotoError) -> Message:
    """Return what a refused photo's error says, as every language can say it."""
    return Message(error.code, text=str(error))


def _advice(quality: Quality) -> tuple[Message, ...]:
    return tuple(Message(f"advice_{reason}", text=reason.advice) for reason in quality.reasons)


def _lapsed(photos: Iterable[Examined]) -> tuple[PhotoReport, ...]:
    lapsed = (Message("period_lapsed"),)
    return tuple(PhotoReport(photo.file.name, LAPSED, lapsed) for photo in photos)


def _being_erased(photos: Iterable[Examined]) -> tuple[PhotoReport, ...]:
    sentence = (Message("subject_being_erased"),)
    return tuple(PhotoReport(photo.file.name, BEING_ERASED, sentence) for photo in photos)


def _ambiguous(photos: Iterable[Examined]) -> tuple[PhotoReport, ...]:
    sentence = (Message("reference_ambiguous"),)
    return tuple(PhotoReport(photo.file.name, AMBIGUOUS, sentence) for photo in photos)


def _new_faces(photos: Sequence[Examined], reports: Sequence[PhotoReport]) -> tuple[Embedding, ...]:
    """Return the faces of the photos that were added."""
    return tuple(
        photo.analysis.embedding
        for photo, report in zip(photos, reports, strict=True)
        if report.accepted and photo.analysis is not None and photo.analysis.embedding is not None
    )
