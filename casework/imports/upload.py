"""An uploaded file, kept sealed in the database until its import is done.

It is cut into pieces, each sealed and committed by itself: neither the memory nor the writers of
the database are taken up for long, and every process on the database can go on with an import.
"""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, cast

from sqlalchemy import delete, func, select

from casework.imports.source import ImportLimits, ImportSource, opened
from casework.kernel import rows
from casework.kernel.kernel import Kernel
from casework.tables import ImportPart

PIECE: Final = 1 << 20
FILE: Final = "file"
PHOTOS: Final = "photos"


class Uploads:
    """Writes, reads and erases the pieces of uploaded files."""

    def __init__(self, kernel: Kernel) -> None:
        self._database = kernel.database
        self._vault = kernel.vault

    def add(self, import_id: str, stream: str, number: int, content: bytes) -> None:
        """Keep one piece: `PIECE` bytes, or fewer at the end of a stream."""
        sealed = self._vault.seal(content, rows.import_piece(import_id, stream, number))
        with self._database.write() as session:
            session.add(
                ImportPart(import_id=import_id, stream=stream, number=number, sealed_content=sealed)
            )

    @contextmanager
    def source(self, import_id: str, limits: ImportLimits) -> Iterator[ImportSource]:
        """Open an upload for reading; raises ImportRefused."""
        file = self._stream(import_id, FILE)
        photos = self._stream(import_id, PHOTOS)
        # An upload without its list reads as an empty one.
        empty = cast("BinaryIO", io.BytesIO())
        with opened(file if file is not None else empty, photos, limits) as source:
            yield source

    def erase(self, import_id: str) -> None:
        """Erase every piece, one at a time: others write in between."""
        query = select(ImportPart.stream, ImportPart.number).where(
            ImportPart.import_id == import_id
        )
        with self._database.read() as session:
            pieces = session.execute(query).all()
        for stream, number in pieces:
            with self._database.write_core() as connection:
                connection.execute(
                    delete(ImportPart).where(
                        ImportPart.import_id == import_id,
                        ImportPart.stream == stream,
                        ImportPart.number == number,
                    )
                )

    def _stream(self, import_id: str, stream: str) -> BinaryIO | None:
        query = select(func.max(ImportPart.number)).where(
            ImportPart.import_id == import_id, ImportPart.stream == stream
        )
        with self._database.read() as session:
            last = session.scalar(query)
        if last is None:
            return None
        sealed = _SealedFile(self, import_id, stream, last)
        return cast("BinaryIO", io.BufferedReader(sealed, 1 << 16))

    def piece(self, import_id: str, stream: str, number: int) -> bytes:
        """Return one piece; raises WrongDataKey."""
        query = select(ImportPart.sealed_content).where(
            ImportPart.import_id == import_id,
            ImportPart.stream == stream,
            ImportPart.number == number,
        )
        with self._database.read() as session:
            sealed = session.scalars(query).one()
        return self._vault.open(sealed, rows.import_piece(import_id, stream, number))


class _SealedFile(io.RawIOBase):
    """Reads the pieces of one stream as a file; the last one read is at hand."""

    def __init__(self, uploads: Uploads, import_id: str, stream: str, last: int) -> None:
        super().__init__()
        self._uploads = uploads
        self._name = (import_id, stream)
        self._length = last * PIECE + len(uploads.piece(import_id, stream, last))
        self._position = 0
        self._at_hand: tuple[int, bytes] = (-1, b"")
        self._turn = threading.Lock()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        if begin + offset < 0:
            raise OSError("before the beginning")
        self._position = begin + offset
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        with self._turn:
            number, start = divmod(self._position, PIECE)
            if self._position >= self._length:
                return 0
            if self._at_hand[0] != number:
                self._at_hand = (number, self._uploads.piece(*self._name, number))
            content = self._at_hand[1][start : start + len(buffer)]
            buffer[: len(content)] = content
            self._position += len(content)
            return len(content)
