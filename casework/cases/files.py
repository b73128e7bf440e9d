"""Files of a case: photos and PDF documents, known by their first bytes and not by their names."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from casework.kernel.errors import InvalidCase

MAX_FILE_MB: Final = 10
_MAX_BYTES: Final = MAX_FILE_MB * 1024 * 1024
_LONGEST_NAME: Final = 100
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f"\\/:*?<>|\u200b-\u200f\u2028-\u202e\u2066-\u2069]')


class FileFormat(StrEnum):
    """What a file of a case may be."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    PDF = "pdf"

    @property
    def media_type(self) -> str:
        """As HTTP has it."""
        return "application/pdf" if self is FileFormat.PDF else f"image/{self.value}"


_BEGINNINGS: Final[Mapping[FileFormat, re.Pattern[bytes]]] = {
    FileFormat.JPEG: re.compile(rb"\xff\xd8\xff"),
    FileFormat.PNG: re.compile(rb"\x89PNG\r\n\x1a\n"),
    FileFormat.WEBP: re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    FileFormat.PDF: re.compile(rb"%PDF-\d\.\d"),
}


def format_of(content: bytes) -> FileFormat:
    """Return what a file is.

    Raises:
        InvalidCase: it is empty, too large, or neither a photo nor a PDF.
    """
    if not content:
        raise InvalidCase("case_file_empty", field="file")
    if len(content) > _MAX_BYTES:
        raise InvalidCase("case_file_too_large", field="file", most=MAX_FILE_MB)
    found = next((kind for kind, begin in _BEGINNINGS.items() if begin.match(content)), None)
    if found is None:
        raise InvalidCase("case_file_unknown", field="file")
    return found


def safe_name(name: str, kind: FileFormat) -> str:
    """Return a name under which a file can be saved anywhere: no folders, nothing invisible."""
    plain = _UNSAFE.sub("", re.split(r"[/\\]", name)[-1]).strip(" .")
    stem = plain.rpartition(".")[0] or plain or "file"
    return f"{stem[:_LONGEST_NAME]}.{'jpg' if kind is FileFormat.JPEG else kind.value}"
