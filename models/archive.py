"""Reading weights out of a zip, a tar or a folder that nobody vouches for yet.

Names only ever serve to recognise a file; they never become a path. Sizes that an archive states
are hints: a reader stops at its own limit, whatever the archive says.
"""

import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Protocol

from models.errors import ArchiveInvalid

__all__ = ["ArchiveFile", "Readable", "base_name", "candidates_in", "likely"]

# What zipfile and its decompressors raise on damaged, encrypted or exotic archives. RuntimeError
# is their word for "encrypted", and the parent of what they say of methods they do not know.
_UNREADABLE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


class Readable(Protocol):
    """Anything bytes can be read from, a piece at a time."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end."""
        ...


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """A file in a zip or a folder; `size` in bytes as stated, not yet as read.

    Opening and reading it raise ArchiveInvalid.
    """

    name: str
    size: int
    open: Callable[[], AbstractContextManager[Readable]]


class _Guarded:
    """A stream whose every failure to read is ArchiveInvalid."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name

    def read(self, size: int, /) -> bytes:
        try:
            return self._stream.read(size)
        except _UNREADABLE as error:
            raise ArchiveInvalid(f"{self._name!r} cannot be read: {error}") from error


def base_name(name: str) -> str:
    """Return the last part of a member's name, whichever way its slashes lean."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]


@contextmanager
def candidates_in(source: Path) -> Iterator[list[ArchiveFile]]:
    """List the files of a zip (a wheel is one), a tar, or a folder and its sub-folders.

    They can be opened until the block is left. Raises ArchiveInvalid when `source` is neither.
    """
    if source.is_dir():
        yield list(_in_folder(source))
        return
    if source.is_file() and tarfile.is_tarfile(source):
        with _tar_members(source) as members:
            yield members
        return
    try:
        archive = zipfile.ZipFile(source)
    except _UNREADABLE as error:
        raise ArchiveInvalid(
            f"{source} is neither a folder nor a readable zip or tar: {error}. Obtain it again, or "
            "unpack it and import the folder."
        ) from error
    with archive:
        yield [
            ArchiveFile(
                member.filename,
                member.file_size,
                partial(_opened, partial(archive.open, member), member.filename),
            )
            for member in archive.infolist()
            if not member.is_dir()
        ]


@contextmanager
def _tar_members(source: Path) -> Iterator[list[ArchiveFile]]:
    """List the regular files of a tar, as npm packs them; nothing is unpacked by name."""
    try:
        archive = tarfile.open(source)  # noqa: SIM115 - closed below; opening alone is guarded
        members = [member for member in archive.getmembers() if member.isfile()]
    except (*_UNREADABLE, tarfile.TarError) as error:
        raise ArchiveInvalid(
            f"{source} is not a readable tar: {error}. Obtain it again."
        ) from error
    with archive:
        yield [
            ArchiveFile(
                member.name,
                member.size,
                partial(_opened, partial(_tar_stream, archive, member), member.name),
            )
            for member in members
        ]


def _tar_stream(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(member)
    if stream is None:
        raise OSError("not a regular file")
    return stream


def likely(
    candidates: Iterable[ArchiveFile], names: Collection[str], size: int | None
) -> list[ArchiveFile]:
    """Those that may be a file: its namesakes first, then what has its size under another name.

    Where the size is not known, every .onnx file may be it.
    """
    namesakes, others = [], []
    for candidate in candidates:
        if base_name(candidate.name) in names:
            namesakes.append(candidate)
        elif candidate.size == size or (size is None and candidate.name.endswith(".onnx")):
            others.append(candidate)
    return namesakes + others


def _in_folder(folder: Path) -> Iterator[ArchiveFile]:
    for parent, _, names in os.walk(folder):  # symbolic links to folders are not followed
        for name in sorted(names):
            path = Path(parent, name)
            if path.is_file():  # and no pipe, on which opening would wait for ever
                opener = partial(_opened, partial(_open, path), str(path))
                yield ArchiveFile(str(path), path.stat().st_size, opener)


def _open(path: Path) -> IO[bytes]:
    return path.open("rb")


@contextmanager
def _opened(opener: Callable[[], IO[bytes]], name: str) -> Iterator[Readable]:
    try:
        stream = opener()
    except _UNREADABLE as error:
        raise ArchiveInvalid(f"{name!r} cannot be read: {error}") from error
    with stream:
        yield _Guarded(stream, name)
