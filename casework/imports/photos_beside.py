"""Photos that a list does not name: they lie beside it, under the reference of their subject.

`NK-7/12` has `NK-7-12.jpg`, `NK-7-12-2.jpg` and so on, in the ZIP or folder, or in `photos/` there.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from casework.imports.photos import Photos
from casework.imports.raw_rows import PHOTO_ELSEWHERE, RawRow
from detector.containers.base import PHOTO_SUFFIXES

_NOT_IN_NAMES: Final = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
_FOLDERS: Final = ("photos/", "")
_MOST: Final = 9
_SUFFIXES: Final = sorted(PHOTO_SUFFIXES)


def with_photos_beside(row: RawRow, photos: Photos) -> RawRow:
    """Return a row with the photos that lie beside the list under its reference."""
    if row.reference is None:
        return row
    stem = _NOT_IN_NAMES.sub("-", row.reference)
    found = [*_of(stem, photos)]
    for place in range(1, _MOST + 1):
        more = [*_of(f"{stem}-{place}", photos)]
        # Some count from 1, some call the first by the reference alone.
        if not more and place > 1:
            break
        found += more
    if not found:
        return row
    warnings = tuple(each for each in row.warnings if each.code != PHOTO_ELSEWHERE)
    return replace(row, photos=tuple(found), warnings=warnings)


def _of(stem: str, photos: Photos) -> Iterator[str]:
    """Yield the names in the first folder that has any: a ZIP's only folder may be left out."""
    for folder in _FOLDERS:
        names = [f"{folder}{stem}{suffix}" for suffix in _SUFFIXES]
        if found := [name for name in names if photos.size(name)]:
            yield from found
            return
