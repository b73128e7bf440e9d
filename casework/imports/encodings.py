"""What a list's text is encoded in: UTF-8, UTF-16, or what Excel's plain CSV is in the west.

Text that is not UTF-8 could be in any old code page, and each reads as letters in every other. So
Windows-1252 is taken only where the whole file reads well in it, as names of western Europe do;
anything else stays a fault of its own rows.
"""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

UTF_8: Final = "utf-8-sig"
WINDOWS_1252: Final = "cp1252"

_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""What spreadsheets begin a "Unicode text" with."""
_UNMARKED: Final = {"x0x0": "utf-16-le", "0x0x": "utf-16-be"}
"""By which of the first bytes are zero."""
_PIECE: Final = 1 << 18
_LONGEST_END: Final = 1 << 16
# Letters of western Europe. Left out are those of Iceland, and others whose bytes are more often a
# letter of Turkish, Czech or Polish, or of a Macintosh.
_SMALL: Final = rb"\x9c\xdf-\xef\xf1-\xf6\xf8-\xfc"
_CAPITAL: Final = rb"\x8c\xc0-\xcf\xd1-\xd6\xd8-\xdc"
_LETTER: Final = _SMALL + _CAPITAL
# Marks of quotation, dashes, a space that does not break, degrees and ordinals.
_SIGN: Final = rb"\x80\x85\x91-\x97\xa0\xa7\xa9-\xab\xad\xae\xb0\xb4\xb7\xba\xbb"
_IN_A_WORD: Final = rb"\x91\x92\xad\xb4\xb7"
_READS_ILL: Final = re.compile(
    b"|".join(
        (
            rb"[^\0-\x7f" + _LETTER + _SIGN + rb"]",
            # Scripts other than Latin, in which letter follows letter.
            rb"[%b]{3}" % _LETTER,
            rb"(?<![A-Za-z%b])[%b]{2}(?![A-Za-z%b])" % (_LETTER, _LETTER, _LETTER),
            # Other code pages of the west, and the text that is UTF-8 in part.
            rb"[a-z%b][%b]" % (_SMALL, _CAPITAL),
            rb"[A-Za-z](?![%b])[%b][A-Za-z]" % (_IN_A_WORD, _SIGN),
            rb"[\x80\x85\x91\x93-\x97\xa7\xa9\xaa\xae\xb0\xba][%b]|[%b][\x80\x91\xa7\xa9\xae\xb0]"
            % (_LETTER, _LETTER),
            rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}",
        )
    )
)


def encoding_of(file: BinaryIO, head: bytes) -> str:
    """Return what a text is encoded in; each begins with a letter or sign of ASCII.

    Args:
        file: read to its end where nothing else tells; where it stands afterwards is anywhere.
        head: its first bytes.
    """
    if head.startswith(_UTF_16):
        return "utf-16"
    unmarked = _UNMARKED.get("".join("0" if byte == 0 else "x" for byte in head[:4]))
    if unmarked is not None:
        return unmarked
    marked = head.startswith(codecs.BOM_UTF8)
    return UTF_8 if marked or _is_utf8(file) or not _reads_well(file) else WINDOWS_1252


def _is_utf8(file: BinaryIO) -> bool:
    try:
        for piece in _pieces(file):
            piece.decode()
    except UnicodeDecodeError:
        return False
    return True


def _reads_well(file: BinaryIO) -> bool:
    return not any(map(_READS_ILL.search, _pieces(file)))


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file in pieces of whole lines; one line too long for that is cut anywhere."""
    file.seek(0)
    while piece := file.read(_PIECE):
        yield piece + file.readline(_LONGEST_END)
