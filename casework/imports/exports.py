"""Exports: a watchlist in the form that imports take.

Subjects are read some at a time while they are sent out, so a slow reader holds nothing up. What is
about to leave is in the audit trail, with its counts, before the first byte does.
"""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from casework.imports.list_writers import People, csv_of, json_lines_of, workbook_of
from casework.imports.nist.subject_files import PhotoRecord, file_of
from casework.imports.outlet import Outlet, member_info
from casework.imports.raw_rows import COLUMNS
from casework.imports.workbook.writer import MOST_ROWS
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import IllegalTransition
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission
from casework.kernel.vault import Vault
from casework.tables import Agency, EnrolledPhoto, Subject, WatchlistEntry
from casework.watchlists import watchlists
from detector.containers.base import PhotoFormat
from detector.errors import PhotoError
from detector.limits import Limits

_AT_ONCE: Final = 200

ZIP_TYPE: Final = "application/zip"


class ExportForm(StrEnum):
    """How the subjects are written."""

    media_type: str

    CSV = "csv", "text/csv; charset=utf-8"
    JSONL = "jsonl", "application/x-ndjson"
    XLSX = "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    NIST = "nist", ZIP_TYPE
    """A ZIP with an ANSI/NIST-ITL file of each subject, always with its photos."""

    def __new__(cls, name: str, media_type: str = "") -> Self:
        """Make a member: text that is its name, by which alone it is looked up."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.media_type = media_type
        return member


@dataclass(frozen=True, slots=True)
class Export:
    """A watchlist on its way out."""

    subjects: int
    photos: int
    content: Iterator[bytes]
    file_name: str
    media_type: str


class Exports:
    """Writes watchlists out."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit
        self._clock = kernel.clock

    def export(self, actor: Actor, watchlist_id: str, form: ExportForm, *, photos: bool) -> Export:
        """Return a list's subjects, and with `photos` a ZIP of them and of every enrolled photo.

        ANSI/NIST-ITL files have them anyway.

        Raises:
            NotPermitted, NotFound: the actor may export nothing, or not this list.
            IllegalTransition: it has more subjects than this form can hold.
        """
        with self._database.read() as session:
            row = watchlists.find(session, actor, Permission.EXPORT_WATCHLIST, watchlist_id)
            agency = session.get_one(Agency, row.agency_id).code
            subjects = session.scalar(
                select(func.count())
                .select_from(WatchlistEntry)
                .join(Subject, Subject.id == WatchlistEntry.subject_id)
                .where(WatchlistEntry.watchlist_id == watchlist_id, Subject.erase_at.is_(None))
            )
            pictures = session.scalar(
                select(func.count())
                .select_from(EnrolledPhoto)
                .join(WatchlistEntry, WatchlistEntry.subject_id == EnrolledPhoto.subject_id)
                .join(Subject, Subject.id == EnrolledPhoto.subject_id)
                .where(
                    WatchlistEntry.watchlist_id == watchlist_id,
                    Subject.erase_at.is_(None),
                    EnrolledPhoto.erase_at.is_(None),
                )
            )
        photos = photos or form is ExportForm.NIST
        counts = (subjects or 0, (pictures or 0) if photos else 0)
        if form is ExportForm.XLSX and counts[0] > MOST_ROWS:
            raise IllegalTransition("export_too_long", subjects=MOST_ROWS)
        detail = {"subjects": counts[0], "photos": counts[1], "format": form.value}
        self._audit.note(
            AuditEntry(
                actor, Permission.EXPORT_WATCHLIST, watchlist_id, row.agency_id, detail=detail
            )
        )
        if form is ExportForm.NIST:
            files = self._nist_files(watchlist_id, agency)
            return Export(*counts, files, f"{watchlist_id}.zip", ZIP_TYPE)
        listed = self._listed(watchlist_id, form, photos=photos)
        if photos:
            zipped = self._zipped(watchlist_id, form, listed)
            return Export(*counts, zipped, f"{watchlist_id}.zip", ZIP_TYPE)
        return Export(*counts, listed, f"{watchlist_id}.{form.value}", form.media_type)

    def _listed(self, watchlist_id: str, form: ExportForm, *, photos: bool) -> Iterator[bytes]:
        people = (
            _row(each, photos=photos) for some in self._subjects(watchlist_id) for each in some
        )
        return _WRITERS[form](people)

    def _zipped(
        self, watchlist_id: str, form: ExportForm, listed: Iterator[bytes]
    ) -> Iterator[bytes]:
        out = Outlet()
        with zipfile.ZipFile(out, "w") as archive:
            with archive.open(
                member_info(f"subjects.{form.value}"), "w", force_zip64=True
            ) as member:
                for piece in listed:
                    member.write(piece)
                    yield out.take()
            for some in self._subjects(watchlist_id):
                for photo in (photo for each in some for photo in _photos(each)):
                    content = self._content(photo.id)
                    # It may have been erased since its subject was read.
                    if content is not None:
                        archive.writestr(member_info(_name(photo)), content)
                        yield out.take()
        yield out.take()

    def _nist_files(self, watchlist_id: str, agency: str) -> Iterator[bytes]:
        out = Outlet()
        with zipfile.ZipFile(out, "w") as archive:
            for each in (each for some in self._subjects(watchlist_id) for each in some):
                photos: list[PhotoRecord] = []
                for photo in _photos(each):
                    content = self._content(photo.id)
                    if content is None:
                        continue
                    try:
                        photos.append(_photo_record(content, photo.created_at))
                    except PhotoError:
                        # It was enrolled by a decoder that knew more: it goes along as it is.
                        archive.writestr(member_info(_name(photo)), content)
                fields = _row(each, photos=False)
                file = file_of(fields, photos, agency, self._clock())
                archive.writestr(member_info(f"{each.id}.an2"), file)
                yield out.take()
        yield out.take()

    def _subjects(self, watchlist_id: str) -> Iterator[list[Subject]]:
        """Yield the subjects of a list, some at a time, each time with a new query."""
        after = ""
        while True:
            query = (
                select(Subject)
                .options(selectinload(Subject.photos))
                .join(WatchlistEntry, WatchlistEntry.subject_id == Subject.id)
                .where(
                    WatchlistEntry.watchlist_id == watchlist_id,
                    Subject.id > after,
                    Subject.erase_at.is_(None),
                )
                .order_by(Subject.id)
                .limit(_AT_ONCE)
            )
            with self._database.read() as session:
                found = list(session.scalars(query))
            if not found:
                return
            yield found
            after = found[-1].id

    def _content(self, photo_id: str) -> bytes | None:
        with self._database.read() as session:
            return _opened(session, self._vault, photo_id)


def _opened(session: Session, vault: Vault, photo_id: str) -> bytes | None:
    photo = session.get(EnrolledPhoto, photo_id, options=[joinedload(EnrolledPhoto.subject)])
    if photo is None:
        return None
    name = rows.photo(photo_id, photo.subject_id, photo.subject.agency_id)
    own = vault.own_keys.read_by(session, photo.subject_id)  # it may be erased meanwhile
    return vault.open(photo.sealed_content, name, own)


def _photo_record(content: bytes, taken: datetime) -> PhotoRecord:
    # Commands about records alone do without OpenCV.
    from detector.interchange import plain_photo  # noqa: PLC0415

    plain = plain_photo(content, _ANY_SIZE)
    compression = _COMPRESSIONS[plain.format]
    return PhotoRecord(plain.content, compression, plain.width, plain.height, taken.date())


def _row(subject: Subject, *, photos: bool) -> dict[str, Any]:
    """Return a subject by the names of `COLUMNS`."""
    fields: dict[str, Any] = {name: getattr(subject, name) for name in COLUMNS if name != "photos"}
    # Without a reference of the owner's, the id is what an import knows the subject by.
    fields["reference"] = subject.reference or subject.id
    for name in ("birth_date", "valid_from", "valid_until"):
        fields[name] = fields[name].isoformat() if fields[name] is not None else None
    fields["photos"] = [_name(photo) for photo in _photos(subject)] if photos else []
    return fields


_WRITERS: Final[dict[ExportForm, Callable[[People], Iterator[bytes]]]] = {
    ExportForm.CSV: csv_of,
    ExportForm.JSONL: json_lines_of,
    ExportForm.XLSX: workbook_of,
}
# Photos that were enrolled have been small enough.
_ANY_SIZE: Final = Limits(max_bytes=1 << 30, max_pixels=1 << 30)
_COMPRESSIONS: Final = {
    PhotoFormat.JPEG: "JPEGB",
    PhotoFormat.PNG: "PNG",
    PhotoFormat.JPEG_2000: "JP2",
}


def _photos(subject: Subject) -> list[EnrolledPhoto]:
    """Return the photos that are not being erased."""
    return [photo for photo in subject.photos if photo.erase_at is None]


def _name(photo: EnrolledPhoto) -> str:
    return f"photos/{photo.id}{PhotoFormat(photo.format).suffixes[0]}"
