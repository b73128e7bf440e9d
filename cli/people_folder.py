"""Who is to be enrolled: people and their photos, found in a folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from detector.containers.base import PHOTO_SUFFIXES


class RosterError(Exception):
    """The folder cannot be read as a list of people; the message says why."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a roster."""

    reference: str
    name: str
    photos: tuple[Path, ...]


def read_roster(path: Path) -> list[Person]:
    """Return the people of a folder, in a stable order.

    The folder has one sub-folder per person, named after the person, or holds one photo per person.

    Raises:
        RosterError: there is nobody in it, or two people have one name.
    """
    if not path.is_dir():
        raise RosterError(f"{path} is a file: `siaga import {path}` takes CSV and JSON Lines")
    people = list(_from_folder(path))
    if not people:
        raise RosterError(
            f"{path} holds nobody: give a folder of photos, or one with a sub-folder per person"
        )
    seen: set[str] = set()
    for person in people:
        if person.reference in seen:
            raise RosterError(f"the reference '{person.reference}' stands twice in {path}")
        seen.add(person.reference)
    return people


def _from_folder(folder: Path) -> Iterator[Person]:
    for entry in sorted(folder.iterdir()):
        if entry.is_dir():
            photos = tuple(sorted(each for each in entry.iterdir() if _is_photo(each)))
            if photos:
                yield Person(entry.name, _name_of(entry.name), photos)
        elif _is_photo(entry):
            yield Person(entry.stem, _name_of(entry.stem), (entry,))


def _is_photo(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in PHOTO_SUFFIXES


def _name_of(stem: str) -> str:
    return stem.replace("_", " ").strip() or stem
