"""Photos that an import's rows name: members of a ZIP, or files of a folder.

A ZIP from outside is checked before anything of it is unpacked, and members are unpacked one at a
time, in memory, up to the largest photo: neither a bomb nor a name that leads elsewhere gets far.
"""

import io
import stat
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, Protocol

from casework.kernel.errors import ImportRefused

_MOST_MEMBERS: Final = 100_000
# The directory of so many members; it is read in one go, so this bounds the memory it takes.
_MOST_AT_ONCE: Final = 16 << 20
# Photos hardly shrink; a table of people shrinks by ten or twenty. Small members may do as they
# like: blank pictures shrink by hundreds.
_MOST_RATIO: Final = 100
_SMALL: Final = 4 << 20
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED: Final = 0x1

BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    OSError,
)
"""What reading a ZIP that somebody tampered with can raise."""


class PhotoUnavailable(Exception):
    """A photo that a row names cannot be had; `code` and the message say why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Photos(Protocol):
    """Where an import's photos are. Read from several threads."""

    def size(self, name: str) -> int:
        """Return a photo's size in bytes, 0 if there is none."""

    def read(self, name: str, most: int) -> bytes:
        """Return a photo's bytes, cut off after `most` + 1; raises PhotoUnavailable."""


class NoPhotos:
    """There are none."""

    def size(self, name: str) -> int:
        """See `Photos`."""
        del name
        return 0

    def read(self, name: str, most: int) -> bytes:
        """See `Photos`."""
        del most
        raise _missing(name, "the upload has no photos")


class ZippedPhotos:
    """The members of a checked ZIP."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        # Accents are spelt in two ways, and a Mac's ZIPs have the other one.
        self._members = {_spelt(info.filename): info for info in archive.infolist()}

    def size(self, name: str) -> int:
        """See `Photos`."""
        info = self._members.get(_spelt(name))
        return info.file_size if info is not None else 0

    def read(self, name: str, most: int) -> bytes:
        """See `Photos`."""
        info = self._members.get(_spelt(name))
        if info is None or info.is_dir():
            raise _missing(name, "the ZIP has no such file")
        content = io.BytesIO()
        try:
            with self._archive.open(info) as member:
                while content.tell() <= most and (piece := member.read(1 << 20)):
                    content.write(piece)
        except BROKEN as error:
            raise PhotoUnavailable("photo_damaged", f"{name} is damaged in the ZIP.") from error
        return content.getvalue()[: most + 1]


class PhotoFolder:
    """The files under a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def size(self, name: str) -> int:
        """See `Photos`."""
        try:
            return self._inside(name).stat().st_size
        except (OSError, ValueError, PhotoUnavailable):
            return 0

    def read(self, name: str, most: int) -> bytes:
        """See `Photos`."""
        try:
            path = self._inside(name)
            if not path.is_file():
                raise _missing(name, "there is no such file")
            with path.open("rb") as file:
                return file.read(most + 1)
        except (OSError, ValueError) as error:
            raise _missing(
                name, getattr(error, "strerror", None) or "it has no such name"
            ) from error

    def _inside(self, name: str) -> Path:
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder):
            raise _missing(name, "the name leads out of the folder")
        return path


def open_zip(file: BinaryIO, field: str, most_unpacked: int) -> zipfile.ZipFile:
    """Open a ZIP from outside after looking at every member's name and size.

    Args:
        file: the ZIP; read from several threads under a lock.
        field: what to call it in an error.
        most_unpacked: bytes that all members may have together.

    Raises:
        ImportRefused: it is no ZIP, or not one that is safe to unpack.
    """
    try:
        archive = zipfile.ZipFile(_Bounded(file))
    except BROKEN as error:
        raise ImportRefused(field, "This is not a ZIP file, or it is damaged.") from error
    members = archive.infolist()
    if len(members) > _MOST_MEMBERS:
        raise ImportRefused(field, f"The ZIP has more than {_MOST_MEMBERS} members.")
    if sum(info.file_size for info in members) > most_unpacked:
        raise ImportRefused(field, f"The ZIP unpacks to more than {most_unpacked} bytes.")
    seen: set[str] = set()
    for place, info in enumerate(members, 1):
        fault = _fault_of(info) or ("has another's name" if _spelt(info.filename) in seen else None)
        if fault is not None:
            raise ImportRefused(field, f"Member {place} of the ZIP {fault}.")
        seen.add(_spelt(info.filename))
    return archive


def _fault_of(info: zipfile.ZipInfo) -> str | None:
    name = _spelt(info.orig_filename)
    if not name or any(unicodedata.category(letter) == "Cc" for letter in name):
        return "has a name that no file has"
    if name.startswith("/") or ".." in PurePosixPath(name).parts:
        return "has a name that leads out of the ZIP"
    if stat.S_ISLNK(info.external_attr >> 16) or info.flag_bits & _ENCRYPTED:
        return "is a link, or encrypted"
    if info.compress_type not in _METHODS:
        return "is compressed in an uncommon way: use deflate"
    if info.file_size > max(_SMALL, _MOST_RATIO * info.compress_size):
        return "unpacks to far more than it is"
    return None


class _Bounded:
    """A file that never reads much at once, whatever length a ZIP's directory claims to have."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable
        self.close = file.close

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size if 0 <= size <= _MOST_AT_ONCE else _MOST_AT_ONCE + 1)
        if len(content) > _MOST_AT_ONCE:
            raise zipfile.BadZipFile("a piece is too large")
        return content


def _spelt(name: str) -> str:
    return unicodedata.normalize("NFC", name).replace("\\", "/").removeprefix("./")


def _missing(name: str, why: str) -> PhotoUnavailable:
    return PhotoUnavailable("photo_not_found", f"{name} cannot be read: {why}.")
