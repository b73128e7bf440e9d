"""Who is to be enrolled: people and their photos, found in a folder.

Whether a file is a photo is judged by its content, never by its name, and nobody is left out in
silence: a person whose folder is empty is a person without photos, and whatever cannot be taken is
named with the reason.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from casework.imports.litter import is_litter
from casework.kernel.text import canonical, look
from detector.errors import EmptyPhoto, PhotoError, UnsupportedFormat
from detector.header import read_header

_HEAD: Final = 1 << 16
"""Bytes that say whether a file that lies beside people's folders can be a photo."""


class RosterError(Exception):
    """The folder cannot be read as a list of people; the message says why."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a roster."""

    reference: str
    name: str
    photos: tuple[Path, ...]
    """None where the folder has none."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that is not taken."""

    reference: str
    """Of the person whose it is."""
    file: str | None
    """Within the person's folder; None for the folder."""
    code: str
    detail: str
    whole: bool = False
    """Whether the person is not enrolled for it."""


@dataclass(slots=True)
class Roster:
    """What a folder holds, in a stable order."""

    people: list[Person] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    """References whose folder or file has a name that is not UTF-8."""


def read_roster(path: Path) -> Roster:
    """Return the people of a folder.

    The folder has one sub-folder per person, named after the person, or holds one photo per person.
    A person's folder is read with the folders in it. Of two names that look the same, the first
    counts, and the other is reported.

    Raises:
        RosterError: there is nobody in it, or it holds another folder of people.
    """
    if not path.is_dir():
        raise RosterError(f"{path} is a file: `siaga import {path}` takes CSV and JSON Lines")
    roster = Roster()
    entries = [each for each in sorted(path.iterdir()) if not is_litter(each.name)]
    if len(entries) == 1 and _holds_people(entries[0]):
        raise RosterError(
            f"{path} holds one folder, which holds folders of people: enrol {shown(entries[0])}"
        )
    taken: set[str] = set()
    for entry in entries:
        _take(entry, roster, taken)
    # A file beside a photo of the same name, such as notes, leaves nobody out.
    roster.left_out = [
        replace(each, whole=True) if look(each.reference) not in taken else each
        for each in roster.left_out
    ]
    if not roster.people and not roster.left_out:
        raise RosterError(
            f"{path} holds nobody: give a folder of photos, or one with a sub-folder per person"
        )
    return roster


def _take(entry: Path, roster: Roster, taken: set[str]) -> None:
    """Add the person of one entry, or why there is none; `taken` has the looks of references."""
    is_folder = entry.is_dir()
    name = shown(entry.name if is_folder else entry.stem)
    reference = canonical(name)
    if not is_folder and (why := _no_photo(entry)) is not None:
        roster.left_out.append(LeftOut(reference, shown(entry.name), *why))
        return
    if look(reference) in taken:
        detail = f"{shown(entry.name)}: another folder or file has this name, and counts"
        roster.left_out.append(LeftOut(reference, None, "duplicate_reference", detail, whole=True))
        return
    taken.add(look(reference))
    if name.encode() != os.fsencode(entry.name if is_folder else entry.stem):
        roster.renamed.append(reference)
    photos = tuple(_photos(entry, reference, roster)) if is_folder else (entry,)
    roster.people.append(Person(reference, _name_of(reference), photos))


def _no_photo(file: Path) -> tuple[str, str] | None:
    """Return the code of why a file is no photo, and the reason; None for what may be one."""
    if not file.is_file():
        return _NO_FILE
    try:
        with file.open("rb") as content:
            read_header(content.read(_HEAD))
    except OSError as error:
        return "file_unreadable", f"the file cannot be read: {error.strerror}"
    except (EmptyPhoto, UnsupportedFormat) as error:
        return error.code, str(error)
    except PhotoError:
        return None  # cut off here, perhaps: examining it will tell
    return None


_NO_FILE: Final = (
    "file_unreadable",
    "this is no file: a link that leads nowhere, a pipe, a socket or a device",
)


def _photos(person: Path, reference: str, roster: Roster) -> Iterator[Path]:
    """Yield the files below a person's folder that may be photos: all but litter."""
    visited: set[tuple[int, int]] = set()

    def left_out(path: Path | str, code: str, detail: str) -> None:
        file = shown(os.path.relpath(path, person))
        roster.left_out.append(LeftOut(reference, file, code, detail))

    def unreadable(error: OSError) -> None:
        detail = f"the folder cannot be read: {error.strerror}"
        left_out(error.filename, "file_unreadable", detail)

    for at, folders, files in os.walk(person, onerror=unreadable, followlinks=True):
        status = os.stat(at)  # noqa: PTH116
        if (status.st_dev, status.st_ino) in visited:
            folders.clear()  # a link back to where it lies
            continue
        visited.add((status.st_dev, status.st_ino))
        folders[:] = sorted(each for each in folders if not is_litter(each))
        for name in sorted(files):
            path = Path(at, name)
            if is_litter(name):
                continue
            if path.is_file():
                yield path
            else:
                left_out(path, *_NO_FILE)


def _holds_people(entry: Path) -> bool:
    """Whether a folder holds nothing but folders, several with files: no person's, it seems."""
    if not entry.is_dir():
        return False
    inside = [each for each in entry.iterdir() if not is_litter(each.name)]
    return len(inside) > 1 and all(
        each.is_dir() and any(not is_litter(file.name) for file in each.iterdir())
        for each in inside
    )


def shown(path: Path | str) -> str:
    """Return a name as it can be written; a byte that is not UTF-8 stands as its number."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _name_of(stem: str) -> str:
    return stem.replace("_", " ").strip() or stem
