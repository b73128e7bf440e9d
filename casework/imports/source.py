"""An import's file and its photos, put together: what can be read of them, again and again."""

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from casework.imports.formats import read_rows
from casework.imports.photos import BROKEN, NoPhotos, Photos, ZippedPhotos, open_zip
from casework.imports.raw_rows import RawRow
from casework.kernel.errors import ImportRefused

MEBI: Final = 1024 * 1024

_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
LIST_NAMES: Final = ("subjects.csv", "subjects.jsonl")
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

    file: BinaryIO | zipfile.ZipFile
    photos: Photos

    def rows(self) -> Iterator[RawRow]:
        """Read the rows from the first on; raises ImportRefused."""
        if not isinstance(self.file, zipfile.ZipFile):
            yield from read_rows(self.file)
            return
        try:
            with self.file.open(_list_of(self.file)) as member:
                yield from read_rows(cast("BinaryIO", member))
        except BROKEN as error:
            raise ImportRefused("zip_list_damaged", field="file") from error


@contextmanager
def opened(
    file: BinaryIO, photos: BinaryIO | None, limits: ImportLimits, beside: Photos | None = None
) -> Iterator[ImportSource]:
    """Open a list (CSV or JSON Lines) with its photos, or a ZIP that has both.

    Args:
        file: the list, or a ZIP with `subjects.csv` or `subjects.jsonl` and photos.
        photos: a ZIP with the photos of a list.
        limits: how much of it is too much.
        beside: where the photos of a list are without a ZIP.

    Raises:
        ImportRefused: a ZIP is none, not safe, or one too many.
    """
    most = limits.unpacked_bytes
    with ExitStack() as stack:
        file.seek(0)
        if file.read(4).startswith(_ZIP):
            if photos is not None:
                raise ImportRefused("zip_and_photos", field="photos")
            archive = stack.enter_context(open_zip(file, "file", most))
            _list_of(archive)
            yield ImportSource(archive, ZippedPhotos(archive))
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
        strict: whether a heading that is only understood is refused.

    Raises:
        ImportRefused: it cannot be read to its end, has too many rows, or none.
    """
    count = 0
    for row in source.rows():
        if strict and (heading := [each for each in row.warnings if each.row is not None]):
            message = heading[0].message
            raise ImportRefused(message.code, field="file", **message.params)
        count += 1
        if count > limits.rows:
            raise ImportRefused("list_too_long", field="file", rows=limits.rows)
    if count == 0:
        raise ImportRefused("list_empty", field="file")
    return count


def _list_of(archive: zipfile.ZipFile) -> str:
    found = [name for name in LIST_NAMES if name in archive.namelist()]
    if len(found) != 1:
        raise ImportRefused("zip_lacks_list", field="file", names=LIST_NAMES)
    return found[0]
