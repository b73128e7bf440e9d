"""The traveller's document, as a gate read it: fields of the chip, or the machine-readable zone.

What it says is kept, sealed, only beside an alert; how its check digits came out holds nothing of
whose it is, and stands in the answer. Neither changes what the face is found to be.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from casework.kernel import mrz
from casework.kernel.vocabulary import Agreement, DocumentCheck, IdentityField, MrzItem, Sex
from casework.review.identities import compare


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """What a document says, and how far it can be believed."""

    says: Mapping[str, Any]
    """`name`, `birth`, `sex`, `nationality`, `number`, `country`, `kind`; `mrz` as it was sent, and
    `name_cut` where its name fills the field. What it does not say is left out."""
    result: DocumentCheck
    wrong: tuple[MrzItem, ...] = ()
    """Items whose check digits disagree."""
    contradicts: tuple[IdentityField, ...] = ()
    """What the fields and the zone say differently."""
    printed: Mapping[str, Any] = field(default_factory=dict)
    """`number` and `country` of the zone."""

    @property
    def lookups(self) -> tuple[Mapping[str, Any], ...]:
        """What it may be on a list as: by the fields, and by the zone where that says otherwise."""
        return (self.says, self.printed)

    @property
    def check(self) -> dict[str, Any]:
        """What an encounter keeps of it in any case."""
        return {
            "result": self.result.value,
            "wrong": [each.value for each in self.wrong],
            "contradicts": [each.value for each in self.contradicts],
        }


@dataclass(frozen=True, slots=True)
class TravelDocument:
    """What a gate sent of a document. Fields count before the zone: a chip does not misread."""

    name: str | None = field(default=None, repr=False)
    birth: str | None = field(default=None, repr=False)
    """A day, a month or a year; also as 19800228, or 800228."""
    sex: str | None = field(default=None, repr=False)
    nationality: str | None = field(default=None, repr=False)
    number: str | None = field(default=None, repr=False)
    country: str | None = field(default=None, repr=False)
    """Who issued it."""
    mrz: str | None = field(default=None, repr=False)
    """The machine-readable zone, its lines one below the other or all in one."""

    @property
    def parts(self) -> list[str | None]:
        """All of it, in an order that stays."""
        return [
            *(self.name, self.birth, self.sex, self.nationality),
            *(self.number, self.country, self.mrz),
        ]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was sent."""
        return not any(self.parts)

    def read(self, today: date) -> ReadDocument:
        """Return what it says, with its check digits checked."""
        fields = {
            "name": self.name,
            "birth": _birth(self.birth, today) if self.birth else None,
            "sex": _SEXES.get(self.sex[0].upper()) if self.sex else None,
            "nationality": mrz.nation_of(self.nationality) if self.nationality else None,
            "number": self.number,
            "country": mrz.nation_of(self.country) if self.country else None,
        }
        given = {name: value for name, value in fields.items() if value}
        if self.mrz is None:
            return ReadDocument(given, DocumentCheck.ABSENT)
        zone = mrz.read(self.mrz, today)
        if zone is None:
            return ReadDocument({**given, "mrz": self.mrz}, DocumentCheck.UNREADABLE)
        read = {
            **{name: value for name in fields if (value := getattr(zone, name))},
            "kind": zone.kind,
            "mrz": "\n".join(zone.lines),
        }
        if zone.name_cut and "name" not in given:
            read["name_cut"] = True
        return ReadDocument(
            {**read, **given},
            DocumentCheck.DISAGREES if zone.wrong else DocumentCheck.AGREES,
            zone.wrong,
            _contradictions(zone, given),
            {"number": zone.number, "country": zone.country},
        )


def _birth(text: str, today: date) -> str:
    """Return a day of birth as a list has it; what cannot be read as one stays as it was sent."""
    if _SHORT_DAY.fullmatch(text):
        return mrz.birth_of(text, today) or text
    whole = _DAY.fullmatch(text)
    return "-".join(whole.groups()) if whole else text


_SHORT_DAY: Final = re.compile(r"[0-9]{2}[0-9<]{4}")
_DAY: Final = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_SEXES: Final = {"M": Sex.MALE, "F": Sex.FEMALE, "X": Sex.UNSPECIFIED, "<": Sex.UNSPECIFIED}


@dataclass(frozen=True, slots=True)
class _Zone:
    """A zone as identities are compared."""

    name: str
    sex: str | None
    birth: str | None
    nationality: str | None
    documents: Sequence[Mapping[str, Any]]
    aliases: Sequence[str] = ()


def _contradictions(zone: mrz.Mrz, given: Mapping[str, Any]) -> tuple[IdentityField, ...]:
    printed = _Zone(
        zone.name,
        zone.sex,
        zone.birth,
        zone.nationality,
        [{"number": zone.number, "country": zone.country}] if zone.number else [],
    )
    compared = compare(given, printed)
    return tuple(each.field for each in compared if each.agreement is Agreement.DIFFERS)
