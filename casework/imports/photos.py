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
from casework.kernel.messages import Message

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
    """A photo that a row names is not available; `code` and `message` say why."""

    def __init__(self, code: str, message: Message) -> None:
        super().__init__(str(message))
        self.code = code
        self.message = message


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
        raise _missing("row_photos_missing", name)


class ZippedPhotos:
    """The members of a checked ZIP."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        # Accents are encoded in two ways, and a Mac's ZIPs have the other one.
        self._members = {_spelt(info.filename): info for info in archive.infolist()}

    def size(self, name: str) -> int:
        """See `Photos`."""
        info = self._members.get(_spelt(name))
        return info.file_size if info is not None else 0

    def read(self, name: str, most: int) -> bytes:
        """See `Photos`."""
        info = self._members.get(_spelt(name))
        if info is None or info.is_dir():
            raise _missing("row_photo_not_in_zip", name)
        content = io.BytesIO()
        try:
            with self._archive.open(info) as member:
                while content.tell() <= most and (piece := member.read(1 << 20)):
                    content.write(piece)
        except BROKEN as error:
            message = Message("row_photo_damaged", {"name": name})
            raise PhotoUnavailable("photo_damaged", message) from error
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
                raise _missing("row_photo_not_in_folder", name)
            with path.open("rb") as file:
                return file.read(most + 1)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None)
            if why is None:
                raise _missing("row_photo_nameless", name) from error
            raise _missing("row_photo_unreadable", name, error=why) from error

    def _inside(self, name: str) -> Path:
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder):
            raise _missing("row_photo_outside", name)
        return path


def open_zip(file: BinaryIO, field: str, most_unpacked: int) -> zipfile.ZipFile:
    """Open a ZIP from outside after looking at every member's name and size.

    Args:
        file: the ZIP; read from several threads under a lock.
        field: what to call it in an error.
        most_unpacked: bytes that all members may have together.

    Raises:
        ImportRefused: it is not a ZIP, or not one that is safe to unpack.
    """
    try:
        archive = zipfile.ZipFile(_Bounded(file))
    except BROKEN as error:
        raise ImportRefused("zip_damaged", field=field) from error
    members = archive.infolist()
    if len(members) > _MOST_MEMBERS:
        raise ImportRefused("zip_too_many_members", field=field, members=_MOST_MEMBERS)
    if sum(info.file_size for info in members) > most_unpacked:
        raise ImportRefused("zip_unpacks_too_large", field=field, bytes=most_unpacked)
    seen: set[str] = set()
    for place, info in enumerate(members, 1):
        fault = _fault_of(info) or ("zip_name_twice" if _spelt(info.filename) in seen else None)
        if fault is not None:
            raise ImportRefused(fault, field=field, member=place)
        seen.add(_spelt(info.filename))
    return archive


def _fault_of(info: zipfile.ZipInfo) -> str | None:
    """Return the code of what is wrong with a member."""
    name = _spelt(info.orig_filename)
    if not name or any(unicodedata.category(letter) == "Cc" for letter in name):
        return "zip_name_impossible"
    if name.startswith("/") or ".." in PurePosixPath(name).parts:
        return "zip_name_leads_out"
    if stat.S_ISLNK(info.external_attr >> 16) or info.flag_bits & _ENCRYPTED:
        return "zip_member_opaque"
    if info.compress_type not in _METHODS:
        return "zip_method_uncommon"
    if info.file_size > max(_SMALL, _MOST_RATIO * info.compress_size):
        return "zip_bomb"
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


def _missing(code: str, name: str, **params: str) -> PhotoUnavailable:
    return PhotoUnavailable("photo_not_found", Message(code, {"name": name, **params}))
