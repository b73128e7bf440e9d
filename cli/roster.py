"""Who is to be enrolled: people and their photos, read from a folder or a CSV file."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Final, TypeVar

from casework.clock import utc_now
from casework.errors import CaseworkError
from casework.nations import nation
from casework.subjects import check_birth, check_period
from casework.vocabulary import Sex, SubjectStatus

Word = TypeVar("Word", Sex, SubjectStatus)

PHOTO_SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".jp2", ".j2k", ".jpx"}
)
REQUIRED_COLUMNS: Final = ("reference", "name", "photos")
OPTIONAL_COLUMNS: Final = (
    "aliases",
    "sex",
    "birth_date",
    "birth_year",
    "nationality",
    "documents",
    "reason",
    "decision_number",
    "status",
    "valid_from",
    "valid_until",
)
# As long as the database keeps them.
_LONGEST: Final = 200
_LONGEST_REASON: Final = 4000


class RosterError(Exception):
    """The folder or file cannot be read as a list of people; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a roster."""

    reference: str
    name: str
    photos: tuple[Path, ...]
    aliases: tuple[str, ...] = ()
    sex: Sex | None = None
    birth_date: date | None = None
    birth_year: int | None = None
    nationality: str | None = None
    documents: tuple[dict[str, str | None], ...] = ()
    """Travel documents: `kind`, `number`, `country`."""
    reason: str = ""
    decision_number: str | None = None
    status: SubjectStatus = SubjectStatus.ACTIVE
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def read_roster(path: Path) -> list[Person]:
    """Return the people of a folder or a CSV file, in a stable order.

    A folder has one sub-folder per person, named after the person, or holds one photo per person.
    A CSV file has the columns reference, name and photos (paths relative to the file), and may have
    those of `OPTIONAL_COLUMNS`. Several photos, aliases or documents are separated by `;`; a
    document is written `kind:number` or `kind:number:country`.

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
    photos = tuple(folder / part for part in _several(fields["photos"]))
    if not fields["reference"] or not fields["name"] or not photos:
        raise ValueError("reference, name and photos are required")
    for name, text in fields.items():
        longest = _LONGEST_REASON if name == "reason" else _LONGEST
        if name in _LIMITED and len(text) > longest:
            raise ValueError(f"{name} is longer than {longest} characters")
    born, year = fields.get("birth_date"), fields.get("birth_year")
    person = Person(
        fields["reference"],
        fields["name"],
        photos,
        _several(fields.get("aliases", "")),
        _one_of(Sex, "sex", fields.get("sex")),
        date.fromisoformat(born) if born else None,
        int(year) if year else None,
        nation(fields["nationality"]) if fields.get("nationality") else None,
        tuple(_document(part) for part in _several(fields.get("documents", ""))),
        fields.get("reason", ""),
        fields.get("decision_number") or None,
        _one_of(SubjectStatus, "status", fields.get("status")) or SubjectStatus.ACTIVE,
        _moment(fields.get("valid_from"), time.min),
        _moment(fields.get("valid_until"), time.max),
    )
    try:
        check_birth(person.birth_date, person.birth_year, utc_now())
        check_period(person.valid_from, person.valid_until)
    except CaseworkError as error:
        raise ValueError(str(error)) from error
    return person


_LIMITED: Final = frozenset({"reference", "name", "reason", "decision_number"})


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _one_of(words: type[Word], column: str, text: str | None) -> Word | None:
    if not text:
        return None
    try:
        return words(text)
    except ValueError:
        raise ValueError(f"{column} '{text}' is none of {', '.join(words)}") from None


def _document(text: str) -> dict[str, str | None]:
    kind, _, rest = (part.strip() for part in text.partition(":"))
    number, _, country = (part.strip() for part in rest.partition(":"))
    if not kind or not number:
        raise ValueError(f"document '{text}' is not kind:number or kind:number:country")
    return {"kind": kind, "number": number, "country": nation(country) if country else None}


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
