"""Who a traveller's document says they are, beside the list, for pages and printed reports."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from api.console.i18n import Locale
from api.console.labels import born, country, of
from casework.kernel.vocabulary import Agreement, DocumentCheck, IdentityField
from casework.review.identities import ComparedField


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """One thing that a document and a list say, in the reader's language."""

    label: str
    document: str
    listed: str
    agreement: Agreement
    how: str
    """The agreement, in words."""


def identity_rows(compared: Iterable[ComparedField], speech: Locale) -> tuple[IdentityRow, ...]:
    """Return what a document and a list say, field by field."""
    return tuple(_row(each, speech) for each in compared)


def check_lines(check: Mapping[str, Any] | None, speech: Locale) -> tuple[str, ...]:
    """Return how a document's check digits came out, in sentences; none where all is well."""
    if check is None or (check["result"] == DocumentCheck.AGREES and not check["contradicts"]):
        return ()
    lines = []
    if check["result"] != DocumentCheck.AGREES:
        lines.append(speech(of(check["result"], "DocumentCheck")))
    if check["wrong"]:
        items = ", ".join(speech(of(each, "MrzItem")) for each in check["wrong"])
        lines.append(speech("Wrong check digits: %(items)s.", items=items))
    if check["contradicts"]:
        items = ", ".join(speech(of(each, "IdentityField")) for each in check["contradicts"])
        lines.append(
            speech("The chip and the machine-readable zone differ: %(items)s.", items=items)
        )
    return tuple(lines)


def _row(compared: ComparedField, speech: Locale) -> IdentityRow:
    field = compared.field
    return IdentityRow(
        speech(of(field)),
        _shown(field, compared.document, speech) if compared.document else "",
        "; ".join(_shown(field, each, speech) for each in compared.listed),
        compared.agreement,
        speech(of(compared.agreement)),
    )


def _shown(field: IdentityField, value: str, speech: Locale) -> str:
    if field is IdentityField.SEX:
        return speech(of(value, "Sex"))
    if field is IdentityField.BIRTH:
        return born(value, speech)
    return country(value, speech.language) if field is IdentityField.NATIONALITY else value
