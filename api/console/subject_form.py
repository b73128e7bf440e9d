"""The form of a subject: the same for a new one, a changed one, and one made from a tip."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, tzinfo
from typing import Any, Final

from api.console.forms import WRITE_DAY, Form, FormData, typed_day
from api.console.i18n import Locale, msg
from api.v1.subjects.schemas import SubjectIn
from casework.kernel.period import day_of
from casework.kernel.vocabulary import Sex, SubjectStatus
from casework.tables import Subject

_TEXTS: Final = (
    "name",
    "reference",
    "sex",
    "birth_date",
    "birth_year",
    "nationality",
    "decision_number",
    "valid_from",
    "valid_until",
)
_DAYS: Final = ("valid_from", "valid_until")
SAID: Final = frozenset(_TEXTS) - {"sex"} | {"aliases", "reason"}
"""Fields that say the same to people as they hold."""
_DOCUMENT: Final = ("kind", "number", "country")
_USUAL_KIND: Final = "passport"
_LEAST_ROWS: Final = 2

_SENTENCES: Final = {
    "name": msg("Write the name."),
    "watchlist_ids": msg("Choose at least one list."),
    "birth_date": WRITE_DAY,
    "birth_year": msg("Write a year."),
    "nationality": msg("Write three letters, such as IDN."),
    "documents": msg("Write the country in three letters, such as IDN."),
    "valid_from": WRITE_DAY,
    "valid_until": WRITE_DAY,
}


def blank(watchlist_id: str = "") -> Form[SubjectIn]:
    """Return the form of a new subject, on a list if one was chosen before."""
    return of(FormData({"watchlist_ids": (watchlist_id,)}))


def of(posted: FormData) -> Form[SubjectIn]:
    """Return the form with what was typed."""
    return Form(SubjectIn, posted, _read, _SENTENCES)


def filled(row: Subject, speech: Locale) -> Form[SubjectIn]:
    """Return the form with what is stored of a subject; of times, the days that they lie in."""
    stored: dict[str, Any] = {name: getattr(row, name) for name in (*_TEXTS, "reason", "status")}
    stored |= {
        name: day_of(stored[name], speech.zone) for name in _DAYS if stored[name] is not None
    }
    values: dict[str, tuple[str, ...]]
    values = {
        name: (speech.day(value) if isinstance(value, date) else str(value),)
        for name, value in stored.items()
        if value is not None
    }
    values["watchlist_ids"] = tuple(each.watchlist_id for each in row.memberships)
    values["aliases"] = ("\n".join(row.aliases),)
    for part in _DOCUMENT:
        values[f"document_{part}"] = tuple(each.get(part) or "" for each in row.documents)
    return of(FormData(values))


def choices(form: Form[SubjectIn], lists: Iterable[object]) -> dict[str, Any]:
    """Return what the form's template needs."""
    rows = [form.typed.values.get(f"document_{part}", ()) for part in _DOCUMENT]
    documents = [each for each in zip(*rows, strict=False) if any(each)]
    empty = [("", "", "")] * max(_LEAST_ROWS - len(documents), 1)
    return {
        "form": form,
        "lists": lists,
        "documents": documents + empty,
        "sexes": tuple(Sex),
        "statuses": tuple(SubjectStatus),
    }


def changes(body: SubjectIn, row: Subject, zone: tzinfo) -> dict[str, Any]:
    """Return what the form changes of a subject.

    The form shows days alone: a time that lies in the day which it still shows is left as it is.
    """
    fields = asdict(body.new(zone))
    for name in _DAYS:
        at = getattr(row, name)
        if at is not None and getattr(body, name) == day_of(at, zone):
            del fields[name]
    return fields


def _read(typed: FormData, model: type[SubjectIn]) -> dict[str, object]:
    """Return the fields as the interface for programs has them."""
    del model
    found: dict[str, object] = {name: typed.text(name) for name in _TEXTS if typed.text(name)}
    found |= {name: typed_day(typed.text(name)) for name in ("birth_date", *_DAYS) if name in found}
    if typed.text("nationality"):
        found["nationality"] = typed.text("nationality").upper()
    return found | {
        "watchlist_ids": typed.texts("watchlist_ids"),
        "aliases": [each.strip() for each in typed.raw("aliases").splitlines() if each.strip()],
        "documents": _documents(typed),
        "reason": typed.text("reason"),
        "status": typed.text("status") or SubjectStatus.ACTIVE,
    }


def _documents(typed: FormData) -> list[dict[str, str | None]]:
    """Return the documents of the form's rows; one without a number is an empty row."""
    rows = (typed.values.get(f"document_{part}", ()) for part in _DOCUMENT)
    return [
        {"kind": kind or _USUAL_KIND, "number": number, "country": country.upper() or None}
        for kind, number, country in zip(*rows, strict=False)
        if number
    ]
