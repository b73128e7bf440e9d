"""Exports: a watchlist in the form that imports take.

Subjects are read some at a time while they are sent out, so a slow reader holds nothing up. What is
about to leave is in the audit trail, with its counts, before the first byte does.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from casework.imports.csv_cells import cell_of, csv_line
from casework.imports.raw_rows import COLUMNS
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission
from casework.kernel.vault import Vault
from casework.tables import EnrolledPhoto, Subject, WatchlistEntry
from casework.watchlists import watchlists
from detector.containers.base import PhotoFormat

_AT_ONCE: Final = 200


class ExportForm(StrEnum):
    """How the subjects are written."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class Export:
    """A watchlist on its way out."""

    subjects: int
    photos: int
    content: Iterator[bytes]


class Exports:
    """Writes watchlists out."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._audit = kernel.audit

    def export(self, actor: Actor, watchlist_id: str, form: ExportForm, *, photos: bool) -> Export:
        """Return a list's subjects, and with `photos` a ZIP of them and of every enrolled photo.

        Raises:
            NotPermitted, NotFound: the actor may export nothing, or not this list.
        """
        with self._database.read() as session:
            row = watchlists.find(session, actor, Permission.EXPORT_WATCHLIST, watchlist_id)
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
        counts = (subjects or 0, (pictures or 0) if photos else 0)
        detail = {"subjects": counts[0], "photos": counts[1], "format": form.value}
        self._audit.note(
            AuditEntry(
                actor, Permission.EXPORT_WATCHLIST, watchlist_id, row.agency_id, detail=detail
            )
        )
        listed = self._listed(watchlist_id, form, photos=photos)
        return Export(*counts, self._zipped(watchlist_id, form, listed) if photos else listed)

    def _listed(self, watchlist_id: str, form: ExportForm, *, photos: bool) -> Iterator[bytes]:
        line = _LINES[form]
        if form is ExportForm.CSV:
            yield csv_line(COLUMNS).encode()
        for some in self._subjects(watchlist_id):
            yield "".join(line(_row(each, photos=photos)) for each in some).encode()

    def _zipped(
        self, watchlist_id: str, form: ExportForm, listed: Iterator[bytes]
    ) -> Iterator[bytes]:
        out = _Outlet()
        with zipfile.ZipFile(out, "w") as archive:
            with archive.open(_info(f"subjects.{form.value}"), "w", force_zip64=True) as member:
                for piece in listed:
                    member.write(piece)
                    yield out.take()
            for some in self._subjects(watchlist_id):
                for photo in (photo for each in some for photo in _photos(each)):
                    content = self._content(photo.id)
                    # It may have been erased since its subject was read.
                    if content is not None:
                        archive.writestr(_info(_name(photo)), content)
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


def _row(subject: Subject, *, photos: bool) -> dict[str, Any]:
    """Return a subject by the names of `COLUMNS`."""
    fields: dict[str, Any] = {name: getattr(subject, name) for name in COLUMNS if name != "photos"}
    # Without a reference of the owner's, the id is what an import knows the subject by.
    fields["reference"] = subject.reference or subject.id
    for name in ("birth_date", "valid_from", "valid_until"):
        fields[name] = fields[name].isoformat() if fields[name] is not None else None
    fields["photos"] = [_name(photo) for photo in _photos(subject)] if photos else []
    return fields


def _csv(fields: dict[str, Any]) -> str:
    return csv_line([cell_of(name, fields[name]) for name in COLUMNS])


def _json(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False) + "\n"


_LINES: Final[dict[ExportForm, Callable[[dict[str, Any]], str]]] = {
    ExportForm.CSV: _csv,
    ExportForm.JSONL: _json,
}


def _photos(subject: Subject) -> list[EnrolledPhoto]:
    """Return the photos that are not being erased."""
    return [photo for photo in subject.photos if photo.erase_at is None]


def _name(photo: EnrolledPhoto) -> str:
    return f"photos/{photo.id}{PhotoFormat(photo.format).suffixes[0]}"


def _info(name: str) -> zipfile.ZipInfo:
    """Return a member without a time or an owner; photos do not shrink, so nothing is deflated."""
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o600 << 16
    return info


class _Outlet(io.RawIOBase):
    """Holds what a ZIP's writer has written until it is sent on; it cannot go back."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:  # noqa: ANN401 - any buffer
        self._waiting += content
        return len(content)

    def take(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken
