"""The form of a watchlist: the same for a new one and a changed one."""

from typing import Any, Final

from api.console.forms import Form, FormData, ports_in
from api.console.i18n import msg
from api.v1.watchlists.schemas import WatchlistIn, WatchlistPatch
from casework.kernel.vocabulary import Category, Direction
from casework.tables import Watchlist
from casework.watchlists.watchlists import DEFAULT_ACKNOWLEDGE_WITHIN_S, agencies_of

_TEXTS: Final = ("name", "category", "direction", "legal_basis", "acknowledge_within_s")
_TICKS: Final = (
    "requires_acknowledgement",
    "requires_second_officer",
    "requires_person_on_failed_pad",
)
_LANGUAGES: Final = ("id", "en")
SAID: Final = frozenset(
    {"name", "ports", "one_in", "legal_basis", "acknowledge_within_s"}
    | {f"instruction_{language}" for language in _LANGUAGES}
)
"""Fields that say the same to people as they hold."""

# A target is typed as "one false alarm in N travellers"; nobody thinks in 0.001.
_DEFAULT_ONE_IN: Final = 1000
_ROUNDING: Final = 12

_NAMES: Final = {
    "target_fpir": "one_in",
    "instruction.id": "instruction_id",
    "instruction.en": "instruction_en",
}
_SENTENCES: Final = {
    "name": msg("Write the name."),
    "ports": msg("Codes such as CGK IDBTM; nothing means all."),
    "one_in": msg("Write a whole number from 2 on, such as 1000."),
}


def blank() -> Form[WatchlistIn]:
    """Return the form of a new watchlist, with what is usual."""
    values = {
        "category": Category.OTHER.value,
        "direction": Direction.BOTH.value,
        "one_in": str(_DEFAULT_ONE_IN),
        "acknowledge_within_s": str(DEFAULT_ACKNOWLEDGE_WITHIN_S),
        "requires_acknowledgement": "yes",
        "active": "yes",
    }
    return of_new(FormData({name: (value,) for name, value in values.items()}))


def of_new(posted: FormData) -> Form[WatchlistIn]:
    """Return the form of a new watchlist with what was typed."""

    def read(typed: FormData, model: type[WatchlistIn]) -> dict[str, object]:
        return _read(typed, model) | {"active": typed.text("active") == "yes"}

    return Form(WatchlistIn, posted, read, _SENTENCES, _NAMES)


def of_changed(posted: FormData, row: Watchlist) -> Form[WatchlistPatch]:
    """Return the form of a watchlist that exists with what was typed.

    Whether it is in force is not on it: switching a list off asks first, on a page of its own.

    The form shows a target rounded to one in so many: where it still shows that, the target is not
    among the changes.
    """

    def read(typed: FormData, model: type[WatchlistPatch]) -> dict[str, object]:
        found = _read(typed, model)
        if typed.number("one_in") == _one_in(row):
            del found["target_fpir"]
        return found | ({"reason": typed.text("reason")} if typed.text("reason") else {})

    return Form(WatchlistPatch, posted, read, _SENTENCES, _NAMES)


def filled(row: Watchlist) -> Form[WatchlistPatch]:
    """Return the form with what is stored of a watchlist."""
    values: dict[str, tuple[str, ...]] = {name: (str(getattr(row, name)),) for name in _TEXTS}
    values |= {name: ("yes",) for name in _TICKS if getattr(row, name)}
    values |= {
        f"instruction_{language}": (row.instruction.get(language, ""),) for language in _LANGUAGES
    }
    values["one_in"] = (str(_one_in(row)),)
    values["priority"] = (str(row.priority or ""),)
    values["stages"] = tuple(row.stages or ())
    values["ports"] = (" ".join(row.ports or ()),)
    values["shared_with"] = tuple(agencies_of(row))
    return of_changed(FormData(values), row)


def _one_in(row: Watchlist) -> int:
    return round(1 / row.target_fpir)


def _read(typed: FormData, model: type[Any]) -> dict[str, object]:
    """Return the fields as the interface for programs has them."""
    del model
    one_in = typed.number("one_in") or 0
    found: dict[str, object] = {name: typed.text(name) for name in _TEXTS}
    found |= {name: typed.text(name) == "yes" for name in _TICKS}
    return found | {
        "priority": typed.number("priority"),
        "stages": typed.texts("stages") or None,
        "ports": ports_in(typed.text("ports")) or None,
        "target_fpir": round(1 / one_in, _ROUNDING) if one_in else 0,
        "instruction": {each: typed.text(f"instruction_{each}") for each in _LANGUAGES},
        "shared_with": typed.texts("shared_with"),
    }
