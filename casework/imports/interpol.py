"""INTERPOL notices, as its public web service answers them: a notice, or a page of notices.

A notice names its pictures by addresses. Nothing is ever fetched from there: the photos come with
the list, each named by its notice's number.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from casework.imports.nation_names import first_nation, remarks
from casework.imports.raw_rows import KNOWN_IN_PART, PHOTO_ELSEWHERE, Fault, RawRow, read_row
from casework.kernel.messages import Message

_ID: Final = re.compile(r"([0-9]{4})[-/]([0-9]{1,8})")
_COLOURS: Final = ("red", "yellow", "un", "blue", "green", "black")


def is_notice(value: object) -> bool:
    """Return whether a JSON value is a notice, or a page of them."""
    return isinstance(value, dict) and ("entity_id" in value or _embedded(value) is not None)


def notices_of(value: Mapping[str, Any]) -> list[Any]:
    """Return the notices of a page, or the notice itself."""
    found = _embedded(value)
    return [value] if found is None else found


def read_notices(notices: Sequence[Any], number: int) -> Iterator[RawRow]:
    """Yield a row of each notice; the first has this number."""
    for place, notice in enumerate(notices, number):
        if not is_notice(notice) or _embedded(notice) is not None:
            yield RawRow(
                place, None, faults=(Fault(None, "row_malformed", Message("row_no_notice")),)
            )
        else:
            yield _row(place, notice)


def _embedded(value: Mapping[str, Any]) -> list[Any] | None:
    embedded = value.get("_embedded")
    found = embedded.get("notices") if isinstance(embedded, dict) else None
    return found if isinstance(found, list) else None


def _row(number: int, notice: Mapping[str, Any]) -> RawRow:
    names = [_text(notice, "forename"), _text(notice, "name")]
    fields: dict[str, Any] = {
        "reference": _reference(notice),
        "name": " ".join(name for name in names if name),
    }
    if (birth := _text(notice, "date_of_birth")) is not None:
        fields["birth_date"] = birth.replace("/", "-")
    if (sex := _text(notice, "sex_id")) is not None:
        fields["sex"] = sex
    warnings = _set_nationality(fields, notice.get("nationalities"))
    fields["reason"] = _reason(notice)
    if _has_picture(notice):
        warnings.append(Fault("photos", PHOTO_ELSEWHERE, Message("row_photo_elsewhere")))
    return replace(read_row(number, fields, warnings=warnings), names_photos=False)


def _reference(notice: Mapping[str, Any]) -> Any:  # noqa: ANN401 - checked with the other fields later
    """Return a notice's number, which stands as `2009/34534` and in addresses as `2009-34534`."""
    said = notice.get("entity_id")
    found = _ID.fullmatch(said.strip()) if isinstance(said, str) else None
    return f"{found[1]}/{found[2]}" if found is not None else said


def _set_nationality(fields: dict[str, Any], said: object) -> list[Fault]:
    values = said if isinstance(said, list) else [said]
    given = [each for each in values if isinstance(each, str) and each.strip()]
    found = first_nation(given)
    if found.code is not None:
        fields["nationality"] = found.code
        return remarks(found)
    if given:
        return [Fault("nationality", KNOWN_IN_PART, Message("row_nationality_open"))]
    return []


def _reason(notice: Mapping[str, Any]) -> str:
    colour = next((each for each in _COLOURS if f"/{each}/" in _address(notice, "self")), None)
    lines = [f"INTERPOL {colour} notice" if colour else "INTERPOL notice"]
    warrants = notice.get("arrest_warrants")
    for each in warrants if isinstance(warrants, list) else ():
        if isinstance(each, dict) and (charge := _text(each, "charge")) is not None:
            issuer = _text(each, "issuing_country_id")
            lines.append(f"{issuer}: {charge}" if issuer else charge)
    if (reference := _text(notice, "un_reference")) is not None:
        lines.append(f"UN {reference}")
    return "\n".join(dict.fromkeys(lines))


def _has_picture(notice: Mapping[str, Any]) -> bool:
    embedded = notice.get("_embedded")
    images = embedded.get("images") if isinstance(embedded, dict) else None
    return bool(images) or bool(_address(notice, "thumbnail") or _address(notice, "images"))


def _address(notice: Mapping[str, Any], name: str) -> str:
    links = notice.get("_links")
    link = links.get(name) if isinstance(links, dict) else None
    address = link.get("href") if isinstance(link, dict) else None
    return address if isinstance(address, str) else ""


def _text(values: Mapping[str, Any], name: str) -> str | None:
    value = values.get(name)
    return value.strip() if isinstance(value, str) and value.strip() else None
