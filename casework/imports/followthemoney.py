"""FollowTheMoney entities, as OpenSanctions and others publish them: people as rows.

Three exports are read: `entities.ftm.json`, one entity a line, in which passports and sanctions are
entities of their own that name their holder; `targets.nested.json`, in which they stand within the
person; and the table `targets.simple.csv`. A person's reference is the entity's id.

Companies, vessels and whatever else is no person are left out and counted. Of a property that the
source gives several values for, the most precise counts, and a warning says so.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

from casework.imports.nation_names import Nation, first_nation, remarks
from casework.imports.raw_rows import (
    KNOWN_IN_PART,
    PARTS_LEFT_OUT,
    Fault,
    RawRow,
    malformed,
    read_row,
)
from casework.kernel.errors import ImportRefused
from casework.kernel.messages import Message

TABLE: Final = ("id", "schema", "name", "aliases", "birth_date", "countries", "identifiers")
"""Columns by which the table is known."""

_PERSON: Final = "Person"
_DOCUMENTS: Final = {"Passport": "passport", "Identification": "id"}
_SANCTION: Final = "Sanction"
# Said of a person by other entities: no subjects that anybody would miss.
_OF_OTHERS: Final = frozenset({*_DOCUMENTS, _SANCTION, "Address"})

_NAMES: Final = ("name", "alias", "weakAlias", "previousName")
_SEXES: Final = {"male": "M", "female": "F", "other": "X"}
_LONGEST_SANCTION: Final = 4000
_MOST_VALUES: Final = 1000
# What other entities state about people is held at once: so many bytes, and so many more of each.
_HELD_BYTES: Final = 192 << 20
_EACH_BYTES: Final = 300

_Said: TypeAlias = tuple[str, str, str]
"""`passport` or `id`, a number and its country; or `sanction`, its text and its decision."""


def is_table(line: str) -> bool:
    """Return whether a table's first line is that of `targets.simple.csv`."""
    return set(TABLE) <= {cell.strip().strip('"') for cell in line.split(",")}


def is_entity(value: object) -> bool:
    """Return whether a JSON value is an entity."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("schema"), str)
        and isinstance(value.get("properties"), dict)
    )


class Entities:
    """The people of a file with an entity a line, which is read twice."""

    def __init__(self) -> None:
        self._elsewhere: dict[str, list[_Said]] = {}
        self._left_out: Counter[str] = Counter()
        self._held = 0

    def look_over(self, lines: Iterable[tuple[int, str]]) -> None:
        """Collect what other entities state about people, and count who is none.

        Raises:
            ImportRefused: that is too much to hold.
        """
        for _, line in lines:
            entity = _entity(line)
            if entity is None:
                continue
            schema = entity["schema"]
            if schema in _DOCUMENTS or schema == _SANCTION:
                self._collect(schema, entity["properties"])
            elif schema != _PERSON and schema not in _OF_OTHERS:
                self._left_out[schema[:40]] += 1

    def rows(self, lines: Iterable[tuple[int, str]]) -> Iterator[RawRow]:
        """Yield a row of each person, and of each line that is no entity."""
        first = _left_out_of(self._left_out)
        for number, line in lines:
            entity = _entity(line)
            if entity is None:
                yield malformed(number, Message("row_not_object"), first)
            elif entity["schema"] == _PERSON:
                yield self._person(number, entity, first)
            else:
                continue
            first = ()

    def _collect(self, schema: str, said: Mapping[str, Any]) -> None:
        found = _said_by(schema, said)
        for holder in _texts(said, "entity" if schema == _SANCTION else "holder"):
            self._elsewhere.setdefault(holder, []).extend(found)
            self._held += _EACH_BYTES * (1 + len(found))
            self._held += sum(len(part) for each in found for part in each)
            if self._held > _HELD_BYTES:
                raise ImportRefused("entities_too_many", field="file")

    def _person(self, number: int, entity: dict[str, Any], first: Sequence[Fault]) -> RawRow:
        properties = entity["properties"]
        said = [
            part
            for each in _nested(properties)
            for part in _said_by(each["schema"], each["properties"])
        ]
        # Entities that were joined to this one may still be named by what they were called.
        for identifier in (entity.get("id"), *_texts(entity, "referents")):
            said += self._elsewhere.get(identifier, ()) if isinstance(identifier, str) else ()
        said += [("passport", each, "") for each in _texts(properties, "passportNumber")]
        said += [("id", each, "") for each in _texts(properties, "idNumber")]
        names = [text for name in _NAMES for text in _texts(properties, name)]
        caption = entity.get("caption")
        name = caption if isinstance(caption, str) and caption in names else _name_of(properties)
        fields: dict[str, Any] = {"reference": entity.get("id"), "name": name}
        if aliases := [each for each in dict.fromkeys(names) if each != name]:
            fields["aliases"] = aliases
        warnings = [*first]
        warnings += _set_birth(fields, _texts(properties, "birthDate"))
        warnings += _set_sex(fields, _texts(properties, "gender"))
        own = _texts(properties, "nationality") + _texts(properties, "citizenship")
        warnings += _set_nationality(fields, own, _texts(properties, "country"))
        if documents := _documents(said):
            fields["documents"] = documents
        decisions = {decision for kind, _, decision in said if kind == "sanction" and decision}
        if len(decisions) == 1:
            fields["decision_number"] = decisions.pop()
        reasons = [
            *dict.fromkeys(text for kind, text, _ in said if kind == "sanction"),
            _labelled("topics", _texts(properties, "topics")),
            _labelled("position", _texts(properties, "position")),
            _labelled("deceased", _texts(properties, "deathDate")),
            _labelled("source", _texts(properties, "sourceUrl")),
        ]
        if reason := "\n".join(filter(None, reasons)):
            fields["reason"] = reason
        return replace(read_row(number, fields, warnings=warnings), names_photos=False)


def read_table(lines: Iterable[str]) -> Iterator[RawRow]:
    """Yield a row of each person in `targets.simple.csv`.

    Raises:
        ImportRefused: it has no people.
    """
    reader = csv.reader(lines)
    columns = [cell.strip() for cell in next(reader, [])]
    counts: Counter[str] = Counter()
    waiting: RawRow | None = None
    for number, cells in enumerate(_cells(reader), 2):
        if cells is None or len(cells) != len(columns):
            counted = {"cells": len(cells or ()), "columns": len(columns)}
            following = malformed(number, Message("row_cells", counted))
        else:
            said = dict(zip(columns, cells, strict=True))
            if said["schema"] != _PERSON:
                counts[said["schema"][:40]] += 1
                continue
            following = _table_row(number, said)
        if waiting is not None:
            yield waiting
        waiting = following
    if waiting is None:
        raise ImportRefused("entities_no_people", field="file")
    # Who was left out is known at the end only: the last row states it.
    yield replace(waiting, warnings=(*waiting.warnings, *_left_out_of(counts, waiting.number)))


def _cells(reader: Iterator[list[str]]) -> Iterator[list[str] | None]:
    """Yield the cells of each row, None for what is none."""
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            yield None
            continue
        if cells is None:
            return
        if cells:
            yield cells


def _table_row(number: int, said: Mapping[str, str]) -> RawRow:
    fields: dict[str, Any] = {"reference": said["id"].strip(), "name": said["name"].strip()}
    if aliases := [each for each in _cell(said, "aliases") if each != fields["name"]]:
        fields["aliases"] = aliases
    warnings = _set_birth(fields, _cell(said, "birth_date"))
    warnings += _set_nationality(fields, [], _cell(said, "countries"))
    if documents := _documents(("id", each, "") for each in _cell(said, "identifiers")):
        fields["documents"] = documents
    reasons = [*_cell(said, "sanctions"), _labelled("list", _cell(said, "dataset"))]
    if reason := "\n".join(filter(None, reasons)):
        fields["reason"] = reason
    return replace(read_row(number, fields, warnings=warnings), names_photos=False)


def _left_out_of(counts: Mapping[str, int], number: int = 1) -> tuple[Fault, ...]:
    """Return the warning that says how many entities are no people."""
    if not counts:
        return ()
    most = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    kinds = tuple(f"{count} {name}" for name, count in most[:5])
    said = {"entities": sum(counts.values()), "kinds": kinds}
    return (Fault(None, PARTS_LEFT_OUT, Message("row_entities_left_out", said), number),)


def _entity(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if is_entity(value) else None


def _texts(properties: Mapping[str, Any], name: str) -> list[str]:
    """Return a property's values that are texts."""
    values = properties.get(name)
    found = values[:_MOST_VALUES] if isinstance(values, list) else [values]
    return [each.strip() for each in found if isinstance(each, str) and each.strip()]


def _nested(properties: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the entities that stand within a person and say something of them alone."""
    for values in properties.values():
        for each in values[:_MOST_VALUES] if isinstance(values, list) else ():
            if is_entity(each) and (each["schema"] in _DOCUMENTS or each["schema"] == _SANCTION):
                yield each


def _said_by(schema: str, said: Mapping[str, Any]) -> list[_Said]:
    """Return what a passport, another document or a sanction says of its holder."""
    if schema == _SANCTION:
        parts = [
            "; ".join(_texts(said, name)) for name in ("authority", "program", "reason", "summary")
        ]
        source = _labelled("source", _texts(said, "sourceUrl"))
        text = " ".join(filter(None, (": ".join(filter(None, parts)), source)))
        decisions = _texts(said, "authorityId")
        return [("sanction", text[:_LONGEST_SANCTION], decisions[0] if decisions else "")]
    country = first_nation(_texts(said, "country")).code or ""
    numbers = _texts(said, "number") or _texts(said, "passportNumber")
    return [(_DOCUMENTS[schema], each, country) for each in numbers]


def _documents(said: Iterable[_Said]) -> list[dict[str, str]]:
    """Return each number once: of several the one that knows its country, or is a passport."""
    best: dict[str, _Said] = {}
    for each in said:
        kind, number, country = each
        if kind == "sanction":
            continue
        key = "".join(filter(str.isalnum, number)).upper()
        known = best.get(key)
        if known is None or (bool(country), kind == "passport") > (
            bool(known[2]),
            known[0] == "passport",
        ):
            best[key] = each
    return [
        {"kind": kind, "number": number} | ({"country": country} if country else {})
        for kind, number, country in best.values()
    ]


def _name_of(properties: Mapping[str, Any]) -> str | None:
    names = _texts(properties, "name")
    if names:
        return names[0]
    parts = [*_texts(properties, "firstName")[:1], *_texts(properties, "lastName")[:1]]
    return " ".join(parts) or next(iter(_texts(properties, "alias")), None)


def _set_birth(fields: dict[str, Any], dates: Sequence[str]) -> list[Fault]:
    """Set the most precise date of birth; a warning where another contradicts it."""
    if not dates:
        return []
    date = max(dates, key=lambda each: min(len(each), 10))
    fields["birth_date"] = date
    return [] if all(date.startswith(each) for each in dates) else [_first_counts("birth_date")]


def _set_sex(fields: dict[str, Any], genders: Sequence[str]) -> list[Fault]:
    found = list(dict.fromkeys(_SEXES.get(each.lower(), each) for each in genders))
    if found:
        fields["sex"] = found[0]
    return [_first_counts("sex")] if len(found) > 1 else []


def _set_nationality(
    fields: dict[str, Any], own: Sequence[str], countries: Sequence[str]
) -> list[Fault]:
    """Set the nationality; where none is given, the only country that a person is connected to."""
    found = first_nation(own)
    if found.code is not None:
        fields["nationality"] = found.code
        return remarks(found)
    near = first_nation(countries)
    if near.code is not None and near.remark is not Nation.Remark.ONE_OF_SEVERAL:
        fields["nationality"] = near.code
        return [Fault("nationality", KNOWN_IN_PART, Message("row_country_as_nationality"))]
    if own or countries:
        return [Fault("nationality", KNOWN_IN_PART, Message("row_nationality_open"))]
    return []


def _first_counts(name: str) -> Fault:
    return Fault(name, KNOWN_IN_PART, Message("row_several_values"))


def _labelled(label: str, values: Sequence[str]) -> str:
    return f"{label}: {', '.join(dict.fromkeys(values))}" if values else ""


def _cell(said: Mapping[str, str], column: str) -> list[str]:
    """Return the values of a cell, which is a line of CSV by itself, with semicolons."""
    try:
        values = next(csv.reader(io.StringIO(said.get(column, "")), delimiter=";", strict=True), [])
    except csv.Error:
        values = said.get(column, "").split(";")
    return [each.strip() for each in values if each.strip()]
