"""What a referral carries, as people read it: each field's name and value in their language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from api.console import labels
from api.console.i18n import Locale
from casework.kernel.vocabulary import ReferralKind
from casework.referrals.payload import AlertField, TipField
from casework.review.alerts import AlertView
from casework.tips.tips import TipView

_FIELDS: Final[Mapping[ReferralKind, type[AlertField] | type[TipField]]] = {
    ReferralKind.ALERT: AlertField,
    ReferralKind.TIP: TipField,
}
_WORDS_OF: Final = {
    "sex": "Sex",
    "category": "Category",
    "direction": "Direction",
    "stage": "Stage",
    "origin": "TipOrigin",
}


def shown(kind: ReferralKind, values: Mapping[str, Any], speech: Locale) -> list[tuple[str, str]]:
    """Return name and value of every field that is carried and no photo, in a fixed order.

    What is carried although nothing was known of it has an empty value.
    """
    return [
        (speech(labels.of(each)), written(each, values[each.value], speech))
        for each in _FIELDS[kind]
        if each.value in values
    ]


def photos(kind: ReferralKind, names: Sequence[str], speech: Locale) -> list[tuple[str, str]]:
    """Return the name and what it is called of every photo that is carried."""
    return [(each.value, speech(labels.of(each))) for each in _FIELDS[kind] if each.value in names]


def written(field: str, value: Any, speech: Locale) -> str:  # noqa: ANN401 - as JSON has it
    """Return a carried value as text; empty where nothing is known."""
    if value is None or value in ("", [], ()):
        return ""
    if field in _WORDS_OF:
        return speech(labels.of(value, _WORDS_OF[field]))
    return _TELLING[field](value, speech) if field in _TELLING else str(value)


def of_alert(view: AlertView) -> dict[str, Any]:
    """Return what could be carried of an alert now, but for the photos."""
    alert = view.alert
    met = alert.encounter
    person = asdict(view.wanted) if view.wanted is not None else {}
    listed: dict[str, Any] = {
        each.value: person[each.value] for each in AlertField if each.value in person
    }
    return {
        **listed,
        AlertField.WATCHLIST.value: alert.watchlist_name,
        AlertField.CATEGORY.value: alert.category,
        AlertField.LEGAL_BASIS.value: view.legal_basis,
        AlertField.SCORE.value: alert.score,
        AlertField.ONE_IN.value: alert.one_in,
        AlertField.PORT.value: met.port,
        AlertField.DIRECTION.value: met.direction,
        AlertField.STAGE.value: met.stage,
        AlertField.CAPTURED_AT.value: met.captured_at,
        AlertField.TRAVELLER_REF.value: met.traveller_ref,
    }


def of_tip(view: TipView) -> dict[str, Any]:
    """Return what could be carried of a tip, but for the photo."""
    tip = view.tip
    return {
        TipField.REFERENCE.value: tip.reference,
        TipField.ORIGIN.value: tip.origin,
        TipField.TEXT.value: view.report.text,
        TipField.PLACE.value: view.report.place,
        TipField.HAPPENED_AT.value: tip.happened_at,
    }


def _document(each: Mapping[str, Any]) -> str:
    parts = (each.get("kind"), each.get("number"), each.get("country"))
    return " ".join(str(part) for part in parts if part)


def _moment(value: str | datetime) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


_TELLING: Final[Mapping[str, Callable[[Any, Locale], str]]] = {
    "nationality": lambda code, speech: labels.country(code, speech.language),
    "documents": lambda found, _: ", ".join(_document(each) for each in found),
    "aliases": lambda names, _: ", ".join(names),
    "score": lambda score, speech: speech.number(score, 3),
    "one_in": lambda count, speech: speech("1 in %(count)s", count=speech.number(count)),
    "captured_at": lambda at, speech: speech.when(_moment(at)),
    "happened_at": lambda at, speech: speech.when(_moment(at)),
    "valid_until": lambda at, speech: speech.day(_moment(at)),
}
