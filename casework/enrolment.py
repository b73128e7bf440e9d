"""Enrolment: photos of a person in, a subject with templates out.

Two steps, so that a bulk job can spread the first over all cores and group the second: `examine`
looks at photos and needs no database, `store` writes any number of people in one transaction.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from casework import watchlists
from casework.changes import log_added, log_standing, templates_of_subject
from casework.clock import Clock
from casework.database import Database
from casework.errors import EnrolmentRefused
from casework.ids import PHOTO, SUBJECT, new_id
from casework.model import ModelKey
from casework.quality import quality_record
from casework.subjects import NewSubject, check_period, find, stand_on
from casework.tables import EnrolledPhoto, Subject, Template
from casework.vault import Vault
from detector.embed import Embedding
from detector.errors import PhotoError
from detector.pipeline import Analysis, Pipeline
from detector.quality import Quality, Verdict

ACCEPTED: Final = "accepted"


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
    """`accepted`, `already_enrolled`, a photo error's code, or `unsearchable`."""
    detail: str
    quality: Quality | None = None
    photo_id: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether a template is made of it."""
        return self.code == ACCEPTED

    @property
    def sentence(self) -> str:
        """Name and detail, for a person."""
        return f"{self.name}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Examined:
    """One photo after examination: a report, and what is stored if it was accepted."""

    file: PhotoFile
    report: PhotoReport
    analysis: Analysis | None


@dataclass(frozen=True, slots=True)
class Application:
    """A person to enrol, or to add photos to, with the photos already examined."""

    person: NewSubject
    photos: tuple[Examined, ...]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What enrolling one person came to."""

    subject_id: str | None
    """None if every photo was refused: then the person was not created."""
    created: bool
    reports: tuple[PhotoReport, ...]


class Enrolment:
    """Enrols subjects with one pipeline into one database."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        pipeline: Pipeline,
        model: ModelKey,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._pipeline = pipeline
        self._model = model
        self._clock = clock

    def examine(self, file: PhotoFile) -> Examined:
        """Look at one photo; never raises for what the photo holds."""
        try:
            analysis = self._pipeline.analyse(file.content)
        except PhotoError as error:
            return Examined(file, PhotoReport(file.name, error.code, str(error)), None)
        quality = analysis.quality
        if quality.verdict is Verdict.UNSEARCHABLE:
            advice = " ".join(reason.advice for reason in quality.reasons)
            report = PhotoReport(file.name, "unsearchable", advice, quality)
            return Examined(file, report, None)
        detail = " ".join(reason.advice for reason in quality.reasons) or "Good."
        report = PhotoReport(file.name, ACCEPTED, detail, quality)
        return Examined(file, report, analysis)

    def enrol(self, person: NewSubject, files: Sequence[PhotoFile]) -> Enrolled:
        """Enrol one person, or add photos to the subject that has the same reference.

        Raises:
            EnrolmentRefused: no photo can be enrolled; nothing was written.
            NotFound, InvalidPeriod: a watchlist does not exist, or the entry would end before it
                begins; nothing was written.
        """
        (enrolled,) = self.store([Application(person, tuple(self.examine(f) for f in files))])
        if enrolled.subject_id is None:
            raise EnrolmentRefused(report.sentence for report in enrolled.reports)
        return enrolled

    def add_photos(self, subject_id: str, files: Sequence[PhotoFile]) -> Enrolled:
        """Add photos to a subject.

        Raises:
            NotFound: there is no such subject.
            EnrolmentRefused: no photo can be enrolled; nothing was written.
        """
        examined = [self.examine(file) for file in files]
        with self._database.write() as session:
            row = find(session, subject_id)
            made: list[Template] = []
            reports = self._add(row, examined, made)
            row.updated_at = self._clock()
            self._log(session, made)
        if not any(report.photo_id for report in reports):
            raise EnrolmentRefused(report.sentence for report in reports)
        return Enrolled(subject_id, created=False, reports=reports)

    def store(self, applications: Iterable[Application]) -> list[Enrolled]:
        """Write people and their accepted photos in one transaction.

        A person without an accepted photo is not created. A reference that is already enrolled
        gets the photos it does not have yet, and stands on the given watchlists besides its own.

        Raises:
            NotFound, InvalidPeriod: a watchlist does not exist, or the entry would end before it
                begins; nothing was written.
        """
        everyone = list(applications)
        with self._database.write() as session:
            known = _by_reference(session, [each.person.reference for each in everyone])
            made: list[Template] = []
            results = [self._store_one(session, each, known, made) for each in everyone]
            self._log(session, made)
            return results

    def known_photos(self, references: Sequence[str]) -> dict[str, frozenset[str]]:
        """Return, for each reference that is enrolled, the digests of its photos."""
        query = (
            select(Subject)
            .options(selectinload(Subject.photos))
            .where(Subject.reference.in_(references))
        )
        with self._database.read() as session:
            return {
                subject.reference: frozenset(photo.sha256 for photo in subject.photos)
                for subject in session.scalars(query)
                if subject.reference is not None
            }

    def without_template(self) -> int:
        """Count enrolled photos that have no template of this model."""
        with self._database.read() as session:
            return len(self._untemplated(session))

    def re_embed(self, batch: int = 64) -> Iterable[tuple[int, int]]:
        """Make templates of this model for photos that lack one; yields (done, total).

        A photo that this model's detector cannot search keeps no template and counts as done; the
        other models' templates stay, so that the old pack can be returned to.
        """
        with self._database.read() as session:
            waiting = self._untemplated(session)
        for start in range(0, len(waiting), batch):
            made = []
            for photo_id in waiting[start : start + batch]:
                with self._database.read() as session:
                    sealed = session.get_one(EnrolledPhoto, photo_id).sealed_content
                content = self._vault.open(sealed, f"photo/{photo_id}")
                embedding = self._pipeline.analyse(content).embedding
                if embedding is not None:
                    made.append((photo_id, embedding))
            with self._database.write() as session:
                found = [(session.get(EnrolledPhoto, each), vector) for each, vector in made]
                templates = [
                    self._template(photo, vector)
                    for photo, vector in found
                    if photo is not None  # not removed meanwhile
                ]
                session.add_all(templates)
                self._log(session, templates)
            yield min(start + batch, len(waiting)), len(waiting)

    def _untemplated(self, session: Session) -> list[str]:
        ours = select(Template.photo_id).where(Template.model == str(self._model))
        query = select(EnrolledPhoto.id).where(EnrolledPhoto.id.not_in(ours))
        return list(session.scalars(query.order_by(EnrolledPhoto.id)))

    def _store_one(
        self,
        session: Session,
        application: Application,
        known: dict[str, Subject],
        made: list[Template],
    ) -> Enrolled:
        """Put one person into the session; `known` and `made` grow by what is new."""
        person = application.person
        check_period(person.valid_from, person.valid_until)
        for watchlist_id in person.watchlist_ids:
            watchlists.find(session, watchlist_id)
        row = known.get(person.reference) if person.reference is not None else None
        if row is not None:
            reports = self._add(row, application.photos, made)
            standing = [membership.watchlist_id for membership in row.memberships]
            joins = bool(set(person.watchlist_ids) - set(standing))
            if joins:
                stand_on(row, [*standing, *person.watchlist_ids])
                log_standing(session, templates_of_subject(session, row.id), self._clock)
            if joins or any(report.accepted for report in reports):
                row.updated_at = self._clock()
            return Enrolled(row.id, created=False, reports=reports)
        if not any(photo.report.accepted for photo in application.photos):
            return Enrolled(None, created=False, reports=_reports(application.photos))
        now = self._clock()
        row = Subject(
            id=new_id(SUBJECT),
            reference=person.reference,
            name=person.name,
            nationality=person.nationality,
            birth_date=person.birth_date,
            reason=person.reason,
            valid_from=person.valid_from,
            valid_until=person.valid_until,
            created_at=now,
            updated_at=now,
        )
        stand_on(row, person.watchlist_ids)
        session.add(row)
        if person.reference is not None:
            known[person.reference] = row
        return Enrolled(row.id, created=True, reports=self._add(row, application.photos, made))

    def _add(
        self, subject: Subject, photos: Sequence[Examined], made: list[Template]
    ) -> tuple[PhotoReport, ...]:
        """Give the subject the accepted photos that it does not have yet."""
        known = {photo.sha256: photo.id for photo in subject.photos}
        reports = []
        for examined in photos:
            analysis, report, digest = examined.analysis, examined.report, examined.file.sha256
            if digest in known:
                detail = "This photo is already enrolled."
                reports.append(
                    PhotoReport(report.name, "already_enrolled", detail, None, known[digest])
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
                quality=quality_record(analysis.quality),
                created_at=self._clock(),
            )
            photo.sealed_content = self._vault.seal(examined.file.content, f"photo/{photo.id}")
            made.append(self._template(photo, analysis.embedding))
            photo.templates.append(made[-1])
            subject.photos.append(photo)
            known[digest] = photo.id
            reports.append(
                PhotoReport(report.name, report.code, report.detail, report.quality, photo.id)
            )
        return tuple(reports)

    def _template(self, photo: EnrolledPhoto, embedding: Embedding) -> Template:
        return Template(
            photo_id=photo.id,
            subject_id=photo.subject_id,
            model=str(self._model),
            sealed_vector=self._vault.seal(
                np.ascontiguousarray(embedding, "<f4").tobytes(),
                template_row(photo.id, str(self._model)),
            ),
            created_at=self._clock(),
        )

    def _log(self, session: Session, made: Sequence[Template]) -> None:
        """Write what the session holds, all rows of a kind at once, and log the new templates."""
        session.flush()
        log_added(session, sorted(template.id for template in made), self._clock)


def _reports(photos: Iterable[Examined]) -> tuple[PhotoReport, ...]:
    return tuple(photo.report for photo in photos)


def _by_reference(session: Session, references: Sequence[str | None]) -> dict[str, Subject]:
    """Return the subjects that have these references, with their photos."""
    query = (
        select(Subject)
        .options(selectinload(Subject.photos))
        .where(Subject.reference.in_([each for each in references if each is not None]))
    )
    return {row.reference: row for row in session.scalars(query) if row.reference is not None}


def template_row(photo_id: str, model: str) -> str:
    """Return the name that a template's vector is sealed under."""
    return f"template/{photo_id}/{model}"
