"""Photos that a list does not name: they lie beside it, under the reference of their subject.

`NK-7/12` has `NK-7-12.jpg`, `NK-7-12-2.jpg` and so on, in the ZIP or folder, or in `photos/` there.
"""

import re
from collections.abc import Container
from dataclasses import replace
from typing import Final

from casework.imports.photo_names import caseless
from casework.imports.photos import Photos
from casework.imports.raw_rows import PHOTO_ELSEWHERE, RawRow

_NOT_IN_NAMES: Final = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


def stem_of(reference: str) -> str:
    """Return what photos of a subject are called, without number and suffix, capitals aside."""
    return caseless(_NOT_IN_NAMES.sub("-", reference))


def with_photos_beside(row: RawRow, photos: Photos, stems: Container[str] = ()) -> RawRow:
    """Return a row with the photos that lie beside the list under its reference.

    Args:
        row: names no photos.
        photos: where they are.
        stems: of all references in the list: `P-1.jpg` is of `P-1`, if there is such a subject, and
            then not the first of `P`.
    """
    if row.reference is None:
        return row
    stem = stem_of(row.reference)
    found = tuple(
        name
        for number, name in photos.beside(stem)
        if number is None or f"{stem}-{number}" not in stems
    )
    if not found:
        return row
    warnings = tuple(each for each in row.warnings if each.code != PHOTO_ELSEWHERE)
    return replace(row, photos=found, warnings=warnings)
