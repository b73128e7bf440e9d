"""What the columns of a list are called in each language; a list may use either, or both."""

import re
from collections.abc import Mapping
from typing import Final

from casework.imports.raw_rows import COLUMNS

HEADINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {name: name for name in COLUMNS},
    "id": {
        "reference": "referensi",
        "name": "nama",
        "aliases": "nama_lain",
        "sex": "jenis_kelamin",
        "birth_date": "tanggal_lahir",
        "birth_year": "tahun_lahir",
        "nationality": "kewarganegaraan",
        "documents": "dokumen",
        "reason": "alasan",
        "decision_number": "nomor_keputusan",
        "status": "status",
        "valid_from": "berlaku_dari",
        "valid_until": "berlaku_sampai",
        "photos": "foto",
    },
}
"""By language, each column's."""

_BETWEEN_WORDS: Final = re.compile(r"[\s_-]+")
_COLUMNS: Final = {
    heading: column for headings in HEADINGS.values() for column, heading in headings.items()
}


def column_of(cell: str) -> str | None:
    """Return the column that a heading's cell names.

    One that is not known is returned as it is written, None where there is nothing.
    """
    written = _BETWEEN_WORDS.sub("_", cell.strip()).casefold()
    return _COLUMNS.get(written, written) or None


def is_usual(cell: str) -> bool:
    """Whether a heading's cell is written as the headings are."""
    return cell in _COLUMNS
