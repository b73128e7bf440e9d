"""A data set: a folder with one sub-folder per identity, each holding that person's photos.

A list of clashes names folders that hold the same person under two names. The two then count as one
identity, and the report says so: left apart, each would be the other's false alarm.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from detector.containers.base import PHOTO_SUFFIXES


@dataclass(frozen=True, slots=True)
class DataSet:
    """Photos in a fixed order, and whose each one is."""

    root: Path
    photos: tuple[Path, ...]
    owners: tuple[int, ...]
    """Position of each photo's identity in `names`."""
    names: tuple[str, ...]
    merged: tuple[tuple[str, str], ...] = ()
    """Pairs of folders that were taken for one identity."""

    def label(self, photo: int) -> str:
        """Name a photo by its path below the data set, which says nothing about this machine."""
        return self.photos[photo].relative_to(self.root).as_posix()


class DataSetInvalid(Exception):
    """The folder is not a data set, or the list of clashes does not fit it."""


def read_clashes(path: Path) -> tuple[tuple[str, str], ...]:
    """Read pairs of folder names, one pair a line; `#` starts a comment.

    Raises:
        DataSetInvalid: a line does not hold two names.
    """
    pairs: list[tuple[str, str]] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        words = line.partition("#")[0].split()
        if len(words) == 2:
            pairs.append((words[0], words[1]))
        elif words:
            raise DataSetInvalid(f"{path.name}, line {number}: two folder names are required")
    return tuple(pairs)


def read_data_set(root: Path, clashes: Iterable[tuple[str, str]] = ()) -> DataSet:
    """List a data set in alphabetical order; of a clashing pair the second becomes the first.

    Pairs of which a folder is absent are left out: a part of a set has only a part of its clashes.

    Raises:
        DataSetInvalid: there is no such folder, or no sub-folder with photos in it.
    """
    if not root.is_dir():
        raise DataSetInvalid(f"{root} is not a folder: name one that has a sub-folder per person")
    photos: list[Path] = []
    owners: list[int] = []
    numbers: dict[str, int] = {}
    folders = sorted(each.name for each in root.iterdir() if each.is_dir())
    merged = tuple(pair for pair in clashes if set(pair) <= set(folders))
    first_name = {second: first for first, second in merged}
    for folder in folders:
        found = sorted(f for f in (root / folder).iterdir() if f.suffix.lower() in PHOTO_SUFFIXES)
        if found:
            number = numbers.setdefault(first_name.get(folder, folder), len(numbers))
            photos += found
            owners += [number] * len(found)
    if not photos:
        raise DataSetInvalid(f"{root} has no sub-folder with photos: one per person is needed")
    return DataSet(root, tuple(photos), tuple(owners), tuple(numbers), merged)
