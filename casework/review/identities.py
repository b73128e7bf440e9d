"""Who the document says a traveller is, beside who the list says the person is.

A face finds the wanted with another's passport; that the names differ is then no reason to let them
go, and that they agree is none to hold them. So the two stand side by side, and the difference is
marked, never judged.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from casework.kernel.subject_index import normal
from casework.kernel.vocabulary import Agreement, IdentityField
from casework.watchlists.subject_words import name_words

_BIRTH: Final = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")
_FROM_BEST: Final = (Agreement.AGREES, Agreement.PARTLY, Agreement.DIFFERS, Agreement.UNKNOWN)


class ListedIdentity(Protocol):
    """Who somebody is, as a list has it."""

    @property
    def name(self) -> str:
        """The name."""

    @property
    def aliases(self) -> Sequence[str]:
        """Other names."""

    @property
    def sex(self) -> str | None:
        """As `casework.kernel.vocabulary.Sex`."""

    @property
    def birth(self) -> str | None:
        """A day, a month or a year."""

    @property
    def nationality(self) -> str | None:
        """A code of `casework.kernel.nations`."""

    @property
    def documents(self) -> Sequence[Mapping[str, Any]]:
        """Travel documents: `number`, and `country` where it is known."""


@dataclass(frozen=True, slots=True)
class ComparedField:
    """What a document and a list say of one thing."""

    field: IdentityField
    document: str | None
    listed: tuple[str, ...]
    """All that the list says: a name with the aliases, every document."""
    agreement: Agreement


def compare(
    document: Mapping[str, Any], listed: ListedIdentity | None
) -> tuple[ComparedField, ...]:
    """Compare two identities, field by field; what neither of them says is left out.

    Args:
        document: as an encounter keeps it: see `casework.screening.travel_document`.
        listed: None where the entry was erased.
    """
    compared = (
        ComparedField(field, *(rule(document, listed) if listed else _alone(field, document)))
        for field, rule in _RULES.items()
    )
    return tuple(each for each in compared if each.document or each.listed)


def same_document(document: Mapping[str, Any], listed: Mapping[str, Any]) -> Agreement:
    """Compare two travel documents by number, and by who issued them where both are known."""
    if normal(document["number"]) != normal(listed["number"]):
        return Agreement.DIFFERS
    issuers = {each for each in (document.get("country"), listed.get("country")) if each}
    return Agreement.AGREES if len(issuers) < 2 else Agreement.PARTLY


_Found = tuple[str | None, tuple[str, ...], Agreement]


def _alone(field: IdentityField, document: Mapping[str, Any]) -> _Found:
    said = _document(document) if field is IdentityField.DOCUMENT else document.get(field)
    return said, (), Agreement.UNKNOWN


def _names(document: Mapping[str, Any], listed: ListedIdentity) -> _Found:
    said, names = document.get("name"), (listed.name, *listed.aliases)
    found = [
        _same_name(said or "", each, cut=bool(document.get("name_cut"))) for each in names if each
    ]
    return said, tuple(filter(None, names)), _best(found)


def _birth(document: Mapping[str, Any], listed: ListedIdentity) -> _Found:
    # A year alone agrees with a day of that year.
    said, born = document.get("birth"), listed.birth
    read = said if said and _BIRTH.fullmatch(said) else None
    agrees = read and born and (read.startswith(born) or born.startswith(read))
    return said, (born,) if born else (), _judged(read, born, agrees=bool(agrees))


def _sex(document: Mapping[str, Any], listed: ListedIdentity) -> _Found:
    said, sex = document.get("sex"), listed.sex
    return said, (sex,) if sex else (), _judged(said, sex, agrees=said == sex)


def _nationality(document: Mapping[str, Any], listed: ListedIdentity) -> _Found:
    said, nation = document.get("nationality"), listed.nationality
    return said, (nation,) if nation else (), _judged(said, nation, agrees=said == nation)


def _documents(document: Mapping[str, Any], listed: ListedIdentity) -> _Found:
    said, known = _document(document), [each for each in listed.documents if each.get("number")]
    found = [same_document(document, each) for each in known] if said else []
    return said, tuple(_written(each) for each in known), _best(found)


def _document(document: Mapping[str, Any]) -> str | None:
    return _written(document) if document.get("number") else None


def _written(document: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (document["number"], document.get("country"))))


def _judged(said: str | None, listed: str | None, *, agrees: bool) -> Agreement:
    if not said or not listed:
        return Agreement.UNKNOWN
    return Agreement.AGREES if agrees else Agreement.DIFFERS


def _best(found: Iterable[Agreement]) -> Agreement:
    return min(found, key=_FROM_BEST.index, default=Agreement.UNKNOWN)


def _same_name(said: str, listed: str, *, cut: bool) -> Agreement:
    """Compare two names word by word, in any order and every spelling.

    Args:
        said: by the document.
        listed: by the list.
        cut: whether the end of the document's name may be missing.
    """
    ours, theirs = name_words(said), name_words(listed)
    if not ours or not theirs:
        return Agreement.UNKNOWN
    left = list(theirs)
    missing = 0
    for at, word in enumerate(ours):
        last = cut and at == len(ours) - 1
        match = next((each for each in left if word & each or (last and _begins(each, word))), None)
        if match is None:
            missing += 1
        else:
            left.remove(match)
    if not left and not missing:
        return Agreement.AGREES
    if _closed_up(ours) & _closed_up(theirs):
        return Agreement.AGREES
    return Agreement.PARTLY if not left or not missing else Agreement.DIFFERS


def _begins(word: frozenset[str], part: frozenset[str]) -> bool:
    return any(each.startswith(tuple(part)) for each in word)


def _closed_up(words: Sequence[frozenset[str]]) -> set[str]:
    """Return a name without spaces: `ABDULRAHMAN` and `ABDUL RAHMAN` are one."""
    return {"".join(min(each) for each in words), "".join(max(each) for each in words)}


_RULES: Final[Mapping[IdentityField, Callable[[Mapping[str, Any], ListedIdentity], _Found]]] = {
    IdentityField.NAME: _names,
    IdentityField.BIRTH: _birth,
    IdentityField.SEX: _sex,
    IdentityField.NATIONALITY: _nationality,
    IdentityField.DOCUMENT: _documents,
}
