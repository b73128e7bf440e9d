"""An import's file and its photos, put together: what can be read of them, again and again."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import BinaryIO, Final, cast

from casework.imports.formats import ZIP_MARKS, is_spreadsheet, read_rows
from casework.imports.nist.files import NistFiles, is_nist, nist_file, nist_files
from casework.imports.photos import (
    BROKEN,
    NoPhotos,
    Photos,
    ZippedPhotos,
    files_of,
    open_zip,
)
from casework.imports.photos_beside import stem_of, with_photos_beside
from casework.imports.raw_rows import NOT_UTF8, WRITTEN_OTHERWISE, Fault, RawRow
from casework.kernel.errors import ImportRefused
from casework.kernel.messages import Message

FOREIGN_NAMES: Final = (
    "entities.ftm.json",
    "targets.nested.json",
    "targets.simple.csv",
    "notices.json",
)
"""What others call theirs."""
_HEAD: Final = 16
# A workbook is read here and there, so one in a ZIP is unpacked whole, in memory.
_WORKBOOK_BYTES: Final = 64 << 20

MEBI: Final = 1024 * 1024

LIST_NAMES: Final = ("subjects.csv", "subjects.jsonl", "subjects.xlsx", *FOREIGN_NAMES)
"""What the file is called where it lies in one ZIP with the photos, as exports are."""


@dataclass(frozen=True, slots=True)
class ImportLimits:
    """What an operator can set about imports."""

    upload_bytes: int = 512 * MEBI
    rows: int = 100_000
    photos_per_row: int = 10
    photo_bytes: int = 20 * MEBI

    @property
    def unpacked_bytes(self) -> int:
        """Bytes that a ZIP's members may have together."""
        return 4 * self.upload_bytes


@dataclass(frozen=True, slots=True)
class ImportSource:
    """One import's rows and photos. Rows are read by one thread at a time, photos by several."""

    file: BinaryIO | zipfile.ZipFile | NistFiles
    photos: Photos

    def rows(self) -> Iterator[RawRow]:
        """Read the rows from the first on, with their photos; raises ImportRefused."""
        # Known before the first row: a photo may be of a subject further down.
        stems = {
            stem_of(row.reference)
            for row in self.raw_rows()
            if row.reference is not None and not row.names_photos
        }
        for row in self.raw_rows():
            if row.names_photos:
                yield _taken_apart(row, self.photos)
            else:
                yield with_photos_beside(row, self.photos, stems)

    def raw_rows(self) -> Iterator[RawRow]:
        """Read the rows alone; raises ImportRefused."""
        if isinstance(self.file, NistFiles):
            yield from self.file.rows()
        elif not isinstance(self.file, zipfile.ZipFile):
            yield from read_rows(self.file)
        else:
            try:
                with _opened_list(self.file) as member:
                    yield from read_rows(member)
            except BROKEN as error:
                raise ImportRefused("zip_list_damaged", field="file") from error


@contextmanager
def opened(
    file: BinaryIO, photos: BinaryIO | None, limits: ImportLimits, beside: Photos | None = None
) -> Iterator[ImportSource]:
    """Open a list in any of its forms with its photos, or a ZIP that has both.

    Args:
        file: the list, a ZIP with it and photos, or ANSI/NIST-ITL files, alone or in a ZIP.
        photos: a ZIP with the photos of a list.
        limits: how much of it is too much.
        beside: where the photos of a list are without a ZIP.

    Raises:
        ImportRefused: a ZIP is none, not safe, or one too many.
    """
    most = limits.unpacked_bytes
    with ExitStack() as stack:
        file.seek(0)
        head = file.read(_HEAD)
        archive = None
        if head.startswith(ZIP_MARKS):
            archive = stack.enter_context(open_zip(file, "file", most))
        if is_nist(head):
            nist = nist_file(file)
            yield ImportSource(nist, nist)
        elif archive is not None and not is_spreadsheet(archive):
            if photos is not None:
                raise ImportRefused("zip_and_photos", field="photos")
            yield _zipped(archive)
        elif photos is None:
            yield ImportSource(file, beside or NoPhotos())
        else:
            archive = stack.enter_context(open_zip(photos, "photos", most))
            yield ImportSource(file, ZippedPhotos(archive))


def counted(source: ImportSource, limits: ImportLimits, *, strict: bool = False) -> int:
    """Read the whole list once; returns its number of rows.

    Args:
        source: the list.
        limits: how much of it is too much.
        strict: whether a heading that is only understood is refused, and bytes that are no text.

    Raises:
        ImportRefused: it cannot be read to its end, has too many rows, or none.
    """
    count = 0
    for row in source.raw_rows():
        if strict and (heading := [each for each in row.warnings if each.row is not None]):
            raise ImportRefused("heading_refused", field="file", remark=heading[0].message)
        if strict and any(each.code == NOT_UTF8 for each in (*row.faults, *row.warnings)):
            raise ImportRefused("list_not_utf8", field="file", row=row.number)
        count += 1
        if count > limits.rows:
            raise ImportRefused("list_too_long", field="file", rows=limits.rows)
    if count == 0:
        raise ImportRefused("list_empty", field="file")
    return count


def _zipped(archive: zipfile.ZipFile) -> ImportSource:
    """Return the source that is all in one ZIP; raises ImportRefused."""
    if not _lists_in(archive):
        nist = nist_files(archive)
        if nist is not None:
            return ImportSource(nist, nist)
    _, folder = _list_of(archive)
    return ImportSource(archive, ZippedPhotos(archive, folder))


@contextmanager
def _opened_list(archive: zipfile.ZipFile) -> Iterator[BinaryIO]:
    with archive.open(_list_of(archive)[0]) as member:
        if member.read(4).startswith(ZIP_MARKS):
            member.seek(0)
            content = member.read(_WORKBOOK_BYTES + 1)
            if len(content) > _WORKBOOK_BYTES:
                raise ImportRefused("workbook_too_large", field="file")
            yield io.BytesIO(content)
        else:
            yield cast("BinaryIO", member)


def _lists_in(archive: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, str]]:
    """Return the lists in a ZIP, each with the folder it lies in."""
    return [
        (info, name.rpartition("/")[0])
        for info, name in files_of(archive)
        if PurePosixPath(name).name.casefold() in LIST_NAMES
    ]


def _list_of(archive: zipfile.ZipFile) -> tuple[zipfile.ZipInfo, str]:
    """Return the list in a ZIP, and the folder it lies in: the only one there is."""
    found = _lists_in(archive)
    if len(found) != 1:
        # Of several, none is chosen: the others' people would be left out in silence.
        raise ImportRefused("zip_lacks_list", field="file", names=LIST_NAMES)
    ((info, folder),) = found
    return info, f"{folder}/" if folder else ""


def _taken_apart(row: RawRow, photos: Photos) -> RawRow:
    """Return a row with photos that commas separate, where that is what is meant."""
    names: list[str] = []
    for name in row.photos:
        parts = [part.strip() for part in name.split(",") if part.strip()]
        several = len(parts) > 1 and not photos.size(name) and any(map(photos.size, parts))
        names += parts if several else [name]
    if len(names) == len(row.photos):
        return row
    warning = Fault("photos", WRITTEN_OTHERWISE, Message("row_photos_by_comma"))
    return replace(row, photos=tuple(names), warnings=(*row.warnings, warning))
