"""Who is to be enrolled: people and their photos, read from a folder or a CSV file."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final

PHOTO_SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".jp2", ".j2k", ".jpx"}
)
REQUIRED_COLUMNS: Final = ("reference", "name", "photos")
OPTIONAL_COLUMNS: Final = ("nationality", "birth_date", "reason", "valid_from", "valid_until")


class RosterError(Exception):
    """The folder or file cannot be read as a list of people; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a roster."""

    reference: str
    name: str
    photos: tuple[Path, ...]
    nationality: str | None = None
    birth_date: date | None = None
    reason: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def read_roster(path: Path) -> list[Person]:
    """Return the people of a folder or a CSV file, in a stable order.

    A folder has one sub-folder per person, named after the person, or holds one photo per person.
    A CSV file has the columns reference, name and photos (paths relative to the file, separated by
    `;`), and may have nationality, birth_date, reason, valid_from and valid_until.

    Raises:
        RosterError: there is nobody in it, or a row cannot be read.
    """
    people = list(_from_csv(path) if path.is_file() else _from_folder(path))
    if not people:
        raise RosterError(
            f"{path} holds nobody: give a folder of photos, a folder with a sub-folder per person, "
            "or a CSV file"
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


def _from_csv(path: Path) -> Iterator[Person]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            columns = set(reader.fieldnames or ())
            missing = [name for name in REQUIRED_COLUMNS if name not in columns]
            unknown = sorted(columns - {*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS})
            if missing or unknown:
                wrong = f"lacks {missing[0]}" if missing else f"has an unknown column {unknown[0]}"
                raise RosterError(
                    f"{path} {wrong}: its columns are {', '.join(REQUIRED_COLUMNS)} and, if "
                    f"wanted, {', '.join(OPTIONAL_COLUMNS)}"
                )
            for row in reader:
                try:
                    yield _from_row(row, path.parent)
                except ValueError as error:
                    raise RosterError(f"{path}, line {reader.line_num}: {error}") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RosterError(f"{path} cannot be read as CSV: {error}") from error


def _from_row(row: dict[str, str | None], folder: Path) -> Person:
    fields = {name: (value or "").strip() for name, value in row.items()}
    photos = tuple(folder / part.strip() for part in fields["photos"].split(";") if part.strip())
    if not fields["reference"] or not fields["name"] or not photos:
        raise ValueError("reference, name and photos are required")
    nationality = fields.get("nationality") or None
    if nationality is not None and not (
        len(nationality) == 3 and nationality.isascii() and nationality.isupper()
    ):
        raise ValueError(f"nationality '{nationality}' is not ISO 3166-1 alpha-3, such as IDN")
    born = fields.get("birth_date")
    return Person(
        fields["reference"],
        fields["name"],
        photos,
        nationality,
        date.fromisoformat(born) if born else None,
        fields.get("reason", ""),
        _moment(fields.get("valid_from"), time.min),
        _moment(fields.get("valid_until"), time.max),
    )


def _moment(text: str | None, of_day: time) -> datetime | None:
    """Read a time with its zone, or a date, which means its begin or its end in UTC."""
    if not text:
        return None
    if len(text) == len("2026-01-31"):
        return datetime.combine(date.fromisoformat(text), of_day, UTC)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"'{text}' lacks a time zone: write 2026-01-31T12:00:00+07:00")
    return moment


def _is_photo(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in PHOTO_SUFFIXES


def _name_of(stem: str) -> str:
    return stem.replace("_", " ").strip() or stem
