"""The file of a bundle: a ZIP that there is only one way to write. Pure.

Members are stored, not compressed, in the manifest's order, with one time and one mode, so that the
bytes of the whole file follow from the members' names and contents: what differs from that was
altered, whichever byte it is.
"""

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Final
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from casework.kernel.messages import Message

_TIME: Final = (1980, 1, 1, 0, 0, 0)
_VERSION: Final = 20
_UNIX: Final = 3
_MODE: Final = 0o100600 << 16
# What `zipfile` raises of a file that is not a ZIP, or that was altered.
_UNREADABLE: Final = (
    BadZipFile,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a file holds."""

    members: Mapping[str, bytes]
    faults: tuple[Message, ...]
    """What cannot be read, or is there twice."""


def packed(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Return the file that holds these members, with ASCII names, in this order."""
    file = BytesIO()
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for name, content in members:
            info = ZipInfo(name, _TIME)
            info.create_system = _UNIX
            info.create_version = info.extract_version = _VERSION
            info.external_attr = _MODE
            archive.writestr(info, content)
    return file.getvalue()


def unpacked(content: bytes) -> Unpacked | None:
    """Return what can be read of a file, None where it is not a ZIP.

    Nothing is decompressed: a member that is compressed was not written here, and is a fault.
    """
    members: dict[str, bytes] = {}
    faults = []
    # Members may be made to lie within each other: together they are no more than the file.
    left = len(content)
    try:
        with ZipFile(BytesIO(content)) as archive:
            for info in archive.infolist():
                if info.filename in members:
                    faults.append(Message("evidence_member_twice", {"name": info.filename}))
                    continue
                read = _read(archive, info, left)
                if read is None:
                    faults.append(Message("evidence_member_unreadable", {"name": info.filename}))
                members[info.filename] = read or b""
                left -= len(members[info.filename])
    except _UNREADABLE:
        return None
    return Unpacked(members, tuple(faults))


def _read(archive: ZipFile, info: ZipInfo, most: int) -> bytes | None:
    if info.compress_type != ZIP_STORED or not info.file_size == info.compress_size <= most:
        return None
    try:
        return archive.read(info)
    except _UNREADABLE:
        return None
