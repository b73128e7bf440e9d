"""Records of an ANSI/NIST-ITL file (traditional encoding), written; the detector reads them."""

from collections.abc import Sequence
from typing import Final

from detector.containers.nist import FIELD, FILE_SEPARATOR, ITEM, SUBFIELD

MARKS: Final = (b"1.001:", b"1.01:")
"""What a file begins with."""
BETWEEN_ENTRIES: Final = SUBFIELD.decode()
BETWEEN_ITEMS: Final = ITEM.decode()


def write_record(kind: int, fields: Sequence[tuple[int, bytes]]) -> bytes:
    """Return a tagged record with these fields, after its length."""
    rest = b"".join(
        FIELD + b"%d.%03d:" % (kind, number) + content for number, content in fields if content
    )
    head = b"%d.001:" % kind
    length = len(head) + len(rest) + len(FILE_SEPARATOR)
    # The length counts its own digits.
    digits = len(str(length + len(str(length))))
    return head + str(length + digits).encode() + rest + FILE_SEPARATOR
