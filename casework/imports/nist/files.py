"""ANSI/NIST-ITL files as a list: one file a subject, alone or several in a ZIP, with its photos."""

import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from casework.imports.nist.records import MARKS
from casework.imports.nist.subject_files import SubjectFile, read_file
from casework.imports.photos import BROKEN, PhotoUnavailable, files_of
from casework.imports.raw_rows import RawRow, malformed, read_row
from casework.kernel.errors import ImportRefused
from casework.kernel.messages import Message
from detector.errors import PhotoError, UnreadablePhoto

# With the fingerprints of ten fingers at 1,000 points an inch.
_LONGEST_FILE: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class NistFile:
    """One file: its name, how large it is, and what reads so many bytes of it."""

    name: str
    size: int
    read: Callable[[int], bytes]


class NistFiles:
    """The subjects of files, and their photos, named `FILE#1`, `FILE#2` ..."""

    def __init__(self, files: list[NistFile]) -> None:
        self._files = {each.name: each for each in files}
        self._lock = threading.Lock()
        self._last: tuple[str, SubjectFile] | None = None

    def rows(self) -> Iterator[RawRow]:
        """Yield a row of each file, or what is wrong with it."""
        for number, file in enumerate(self._files.values(), 1):
            try:
                said = _read(file)
            except PhotoError:
                yield malformed(number, Message("row_nist_damaged", {"name": file.name}))
                continue
            names = [f"{file.name}#{place}" for place in range(1, len(said.photos) + 1)]
            yield read_row(number, said.fields, names, warnings=said.warnings)

    def size(self, name: str) -> int:
        """See `Photos`."""
        file = self._files.get(name.rpartition("#")[0])
        return file.size if file is not None else 0

    def read(self, name: str, most: int) -> bytes:
        """See `Photos`."""
        file_name, _, place = name.rpartition("#")
        try:
            return self._read_once(self._files[file_name]).photos[int(place) - 1][: most + 1]
        except (KeyError, IndexError, ValueError, PhotoError) as error:
            message = Message("row_photo_damaged", {"name": name})
            raise PhotoUnavailable("photo_damaged", message) from error

    def _read_once(self, file: NistFile) -> SubjectFile:
        """Like `_read`, keeping the last file: its photos are asked for one after the other."""
        with self._lock:
            if self._last is None or self._last[0] != file.name:
                self._last = file.name, _read(file)
            return self._last[1]

    def beside(self, stem: str) -> Sequence[tuple[str | None, str]]:
        """See `Photos`: a file holds its photos."""
        del stem
        return ()


def is_nist(head: bytes) -> bool:
    """Return whether a file that begins so is an ANSI/NIST-ITL file."""
    return head.startswith(MARKS)


def nist_file(file: BinaryIO) -> NistFiles:
    """Return the subject of one file."""
    turn = threading.Lock()

    def read(most: int) -> bytes:
        with turn:
            file.seek(0)
            return file.read(most)

    return NistFiles([NistFile("file", _LONGEST_FILE, read)])


def nist_files(archive: zipfile.ZipFile) -> NistFiles | None:
    """Return the subjects of a ZIP's files, None where none is such a file.

    Args:
        archive: checked as any ZIP from outside.
    """
    files = [
        NistFile(name, info.file_size, _reader(archive, info)) for info, name in files_of(archive)
    ]
    try:
        any_is = any(is_nist(each.read(len(MARKS[0]))) for each in files)
    except BROKEN as error:
        raise ImportRefused("zip_list_damaged", field="file") from error
    return NistFiles(files) if any_is else None


def _reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        with archive.open(info) as member:
            return member.read(most)

    return read


def _read(file: NistFile) -> SubjectFile:
    """Read a file; raises PhotoError where it cannot be read, or is too large."""
    try:
        content = file.read(_LONGEST_FILE + 1)
    except BROKEN as error:
        raise UnreadablePhoto("the file is damaged in the ZIP") from error
    if len(content) > _LONGEST_FILE:
        raise UnreadablePhoto("the file is too large")
    return read_file(content)
