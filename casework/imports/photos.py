"""Photos that an import's rows name: members of a ZIP, or files of a folder.

A ZIP from outside is checked before anything of it is unpacked, and members are unpacked one at a
time, in memory, up to the largest photo: neither a bomb nor a name that leads elsewhere gets far.
"""

import io
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final, Protocol

from casework.imports.litter import is_litter
from casework.imports.photo_names import PhotoNames, spelt
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
_UTF_8: Final = 0x800
_UNICODE_PATH: Final = 0x7075
"""Info-ZIP's extra field with a name in UTF-8: its version, the CRC of the plain name, the name."""
_EXTRA: Final = struct.Struct("<HH")
_PATH_HEAD: Final = struct.Struct("<BL")

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

    def beside(self, stem: str) -> Sequence[tuple[str | None, str]]:
        """Return the photos that nobody names; see `PhotoNames.beside`."""


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

    def beside(self, stem: str) -> Sequence[tuple[str | None, str]]:
        """See `Photos`."""
        del stem
        return ()


class ZippedPhotos:
    """The members of a checked ZIP."""

    def __init__(self, archive: zipfile.ZipFile, folder: str = "") -> None:
        """Take in the members.

        Args:
            archive: as `open_zip` returned it.
            folder: where the list lies in it, such as `export/`: names are looked for there first.
        """
        self._archive = archive
        members = list(files_of(archive))
        top = _top_folder(name for _, name in members)
        self._names = PhotoNames(
            ((name, info) for info, _ in members for name in names_of(info)), folder, top
        )

    def size(self, name: str) -> int:
        """See `Photos`."""
        info = self._names.find(name)
        return info.file_size if info is not None else 0

    def read(self, name: str, most: int) -> bytes:
        """See `Photos`."""
        info = self._names.find(name)
        if info is None:
            raise _not_there("row_photo_not_in_zip", "row_photo_not_in_zip_near", name, self._names)
        content = io.BytesIO()
        try:
            with self._archive.open(info) as member:
                while content.tell() <= most and (piece := member.read(1 << 20)):
                    content.write(piece)
        except BROKEN as error:
            message = Message("row_photo_damaged", {"name": name})
            raise PhotoUnavailable("photo_damaged", message) from error
        return content.getvalue()[: most + 1]

    def beside(self, stem: str) -> Sequence[tuple[str | None, str]]:
        """See `Photos`."""
        return self._names.beside(stem)


class PhotoFolder:
    """The files under a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def size(self, name: str) -> int:
        """See `Photos`."""
        try:
            path = self._found(name)
            return path.stat().st_size if path is not None else 0
        except (OSError, ValueError, PhotoUnavailable):
            return 0

    def read(self, name: str, most: int) -> bytes:
        """See `Photos`."""
        try:
            path = self._found(name)
            if path is None and self._inside(name).exists():
                raise _missing("row_photo_no_file", name)
            if path is None:
                raise _not_there(
                    "row_photo_not_in_folder", "row_photo_not_in_folder_near", name, self._names
                )
            with path.open("rb") as file:
                return file.read(most + 1)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None)
            if why is None:
                raise _missing("row_photo_nameless", name) from error
            raise _missing("row_photo_unreadable", name, error=why) from error

    def beside(self, stem: str) -> Sequence[tuple[str | None, str]]:
        """See `Photos`."""
        return self._names.beside(stem)

    def _found(self, name: str) -> Path | None:
        """Return the file that a list calls so; raises PhotoUnavailable for one from outside."""
        path = self._inside(name)
        if path.is_file():
            return path
        stored = self._names.find(name)
        path = self._inside(stored) if stored is not None else path
        return path if path.is_file() else None

    @cached_property
    def _names(self) -> PhotoNames[str]:
        """The folder's files, listed when a name is not simply there."""
        return PhotoNames((_of_disk(name), name) for name in self._listed())

    def _listed(self) -> Iterator[str]:
        count = 0
        for folder, _, files in os.walk(self._folder):
            for file in files:
                name = os.path.relpath(os.path.join(folder, file), self._folder)  # noqa: PTH118
                if not is_litter(name):
                    yield name
                    count += 1
                    if count == _MOST_MEMBERS:
                        return

    def _inside(self, name: str) -> Path:
        # Not Path.resolve: a link that leads back to itself is an error to it.
        path = Path(os.path.realpath(self._folder / name))
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
    seen: set[str | bytes] = set()
    for place, info in enumerate(members, 1):
        name = next(names_of(info))
        shown = _shown(name)
        if is_litter(shown):
            continue
        fault = _fault_of(info, shown) or ("zip_name_twice" if name in seen else None)
        if fault is not None:
            raise ImportRefused(fault, field=field, member=place)
        seen.add(name)
    return archive


def files_of(archive: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, str]]:
    """Yield the files of a ZIP that are no litter, each with its name as it can be shown."""
    for info in archive.infolist():
        name = _shown(next(names_of(info)))
        if not name.endswith("/") and not is_litter(name):
            yield info, name


def _top_folder(names: Iterator[str]) -> str:
    """Return the folder that all these names lie in, such as `export/`; empty if there is none."""
    tops = {name.partition("/")[0] + "/" if "/" in name else "" for name in names}
    return tops.pop() if len(tops) == 1 else ""


def names_of(info: zipfile.ZipInfo) -> Iterator[str | bytes]:
    """Yield what a member of a ZIP is called, surest first; as bytes where no one says in what.

    The format's own code page is that of the first PC; programs write UTF-8 without saying so, the
    code page of their own place, or the name in UTF-8 in another field.
    """
    if info.flag_bits & _UTF_8:
        yield spelt(info.orig_filename)
        return
    raw = info.orig_filename.encode("cp437")
    named = _unicode_path(info.extra, raw)
    if named is not None and raw.isascii():
        # The plain name is what the code page allowed to write.
        yield named
    try:
        yield spelt(raw.decode())
    except UnicodeDecodeError:
        yield raw if named is None else named


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """Return the name in Info-ZIP's field, unless it belongs to another plain name."""
    at = 0
    while at + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        content = extra[at + _EXTRA.size : at + _EXTRA.size + length]
        at += _EXTRA.size + length
        if kind == _UNICODE_PATH and len(content) > _PATH_HEAD.size:
            version, crc = _PATH_HEAD.unpack_from(content)
            if version == 1 and crc == zlib.crc32(raw):
                try:
                    return spelt(content[_PATH_HEAD.size :].decode())
                except UnicodeDecodeError:
                    return None
    return None


def _shown(name: str | bytes) -> str:
    return spelt(name.decode("cp437")) if isinstance(name, bytes) else name


def _of_disk(name: str) -> str | bytes:
    """Return a file's name on this machine, as bytes where it is not UTF-8."""
    raw = os.fsencode(name)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _fault_of(info: zipfile.ZipInfo, name: str) -> str | None:
    """Return the code of what is wrong with a member."""
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


def _not_there(code: str, code_near: str, name: str, names: PhotoNames[Any]) -> PhotoUnavailable:
    """Return why a photo is not available: what may be meant, where that is known."""
    if near := names.near(name):
        return _missing(code_near, name, near=near)
    return _missing("row_photos_run_together" if "," in name else code, name)


def _missing(code: str, name: str, **params: object) -> PhotoUnavailable:
    return PhotoUnavailable("photo_not_found", Message(code, {"name": name, **params}))
