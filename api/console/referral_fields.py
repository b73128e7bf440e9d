"""What a referral carries, as people read it: each field's name and value in their language."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from api.console import labels
from api.console.i18n import Locale
from casework.codes.lists import CodeLists
from casework.kernel.vocabulary import ReferralKind
from casework.referrals import payload
from casework.referrals.fields import (
    AlertField,
    AlertSource,
    FieldKind,
    PhotoField,
    ReferralField,
)
from casework.review.alerts import AlertView
from casework.tips.payload import TipField, TipSource
from casework.tips.tips import TipView

FIELDS: Final[Mapping[ReferralKind, type[ReferralField]]] = {
    ReferralKind.ALERT: AlertField,
    ReferralKind.TIP: TipField,
}
"""What a referral of each kind can carry."""


def shown(
    kind: ReferralKind, values: Mapping[str, Any], codes: CodeLists, speech: Locale
) -> list[tuple[str, str]]:
    """Return name and value of every field that is carried and no photo, in a fixed order.

    What is carried although nothing was known of it has an empty value.
    """
    speech = speech.at_port(values.get("port"))
    return [
        (speech(labels.of(each)), written(each, values[each.value], codes, speech))
        for each in FIELDS[kind]
        if each.value in values
    ]


def photos(kind: ReferralKind, names: Sequence[str], speech: Locale) -> list[tuple[str, str]]:
    """Return the name and what it is called of every photo that is carried."""
    return [(each.value, speech(labels.of(each))) for each in FIELDS[kind] if each.value in names]


def written(
    member: ReferralField,
    value: Any,  # noqa: ANN401 - as JSON
    codes: CodeLists,
    speech: Locale,
) -> str:
    """Return a carried value as text; empty where nothing is known, and for a photo."""
    if isinstance(member.field, PhotoField) or value is None or value in ("", [], ()):
        return ""
    kind = member.field.kind
    if isinstance(kind, FieldKind):
        return _WRITTEN[kind](value, speech, codes)
    return speech(labels.of(kind(value)))


def of_alert(view: AlertView) -> dict[str, Any]:
    """Return what could be carried of an alert now, except the photos."""
    source = AlertSource(view.alert, view.subject, view.legal_basis)
    return payload.preview(tuple(AlertField), source)


def of_tip(view: TipView) -> dict[str, Any]:
    """Return what could be carried of a tip, except the photo."""
    return payload.preview(tuple(TipField), TipSource(view.tip, view.report, view.area_name))


def _document(each: Mapping[str, Any]) -> str:
    parts = (each.get("kind"), each.get("number"), each.get("country"))
    return " ".join(str(part) for part in parts if part)


def _moment(value: str | datetime) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


_WRITTEN: Final[Mapping[FieldKind, Callable[[Any, Locale, CodeLists], str]]] = {
    FieldKind.TEXT: lambda text, *_: str(text),
    FieldKind.TEXTS: lambda texts, *_: ", ".join(texts),
    FieldKind.DOCUMENTS: lambda found, *_: ", ".join(_document(each) for each in found),
    FieldKind.COUNTRY: lambda code, speech, _: labels.country(code, speech.language),
    FieldKind.BIRTH: lambda born, speech, _: labels.born(born, speech),
    FieldKind.DAY: lambda at, speech, _: speech.day(_moment(at)),
    FieldKind.TIME: lambda at, speech, _: speech.when(_moment(at)),
    FieldKind.SCORE: lambda score, speech, _: speech.number(score, 3),
    FieldKind.ODDS: lambda count, speech, _: speech("1 in %(count)s", count=speech.number(count)),
    FieldKind.CATEGORY: lambda code, speech, codes: codes.category(code, speech.language),
}
