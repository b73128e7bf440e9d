"""Nationalities as lists have them: codes of any kind, names, several at once, states of before."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum, auto
from functools import cache
from typing import Any, Final

import pycountry
from babel import Locale

from casework.imports.demonyms import DEMONYMS
from casework.imports.raw_rows import KNOWN_IN_PART, Fault
from casework.kernel.messages import Message
from casework.kernel.nations import nation

UNSPECIFIED: Final = "XXX"  # of ICAO 9303, which has codes beyond ISO 3166's
_STATELESS: Final = "XXA"
_LANGUAGES: Final = ("en", "id", "fr", "es", "ar")
_USUAL: Final = {
    "uk": "GBR",
    "great britain": "GBR",
    "england": "GBR",
    "scotland": "GBR",
    "wales": "GBR",
    "northern ireland": "GBR",
    "america": "USA",
    "uae": "ARE",
    "turkey": "TUR",
    "czech republic": "CZE",
    "macedonia": "MKD",
    "swaziland": "SWZ",
    "holland": "NLD",
    "burma": "MMR",
    "ivory coast": "CIV",
    "cape verde": "CPV",
    "east timor": "TLS",
    "wni": "IDN",
    "ri": "IDN",
    "amerika": "USA",
    "kosovo": "RKS",
    "palestine": "PSE",
    "palestina": "PSE",
    "european union": "EUE",
    "uni eropa": "EUE",
    "united nations": "UNO",
    "drc": "COD",
    "dr congo": "COD",
    "dem rep congo": "COD",
    "congo democratic republic": "COD",
    "democratic republic of the congo": "COD",
    "democratic republic of congo": "COD",
    "republic of congo": "COG",
    "congo republic": "COG",
    **dict.fromkeys(("inggris", "inggeris", "inggris raya", "britain", "britania"), "GBR"),
    **dict.fromkeys(("britania raya", "skotlandia", "irlandia utara"), "GBR"),
    **dict.fromkeys(("a s", "amerika utara serikat", "united states"), "USA"),
    **dict.fromkeys(("cina", "rrc", "rrt", "prc", "mainland china"), "CHN"),
    **dict.fromkeys(("republik rakyat tiongkok", "republik rakyat cina"), "CHN"),
    "republik rakyat china": "CHN",
    "china taiwan": "TWN",
    **dict.fromkeys(("chinese taipei", "cina taipei", "china taipei"), "TWN"),
    **dict.fromkeys(("makau", "macau", "makao"), "MAC"),
    **dict.fromkeys(("korsel", "rok", "republik korea"), "KOR"),
    **dict.fromkeys(("korut", "dprk", "republik rakyat demokratik korea"), "PRK"),
    **dict.fromkeys(("uea", "emirat", "emirat arab", "emirates"), "ARE"),
    "persatuan emirat arab": "ARE",
    **dict.fromkeys(("muangthai", "siam"), "THA"),
    **dict.fromkeys(("timtim", "timor timur", "timor lorosae"), "TLS"),
    **dict.fromkeys(("kirgistan", "kirgizia"), "KGZ"),
    **dict.fromkeys(("hongaria", "hungaria"), "HUN"),
    **dict.fromkeys(("slowakia", "slovakia"), "SVK"),
    **dict.fromkeys(("slowenia", "slovenia"), "SVN"),
    **dict.fromkeys(("kroatia", "kroasia"), "HRV"),
    **dict.fromkeys(("luksemburg", "luxemburg"), "LUX"),
    **dict.fromkeys(("moldavia", "moldova"), "MDA"),
    **dict.fromkeys(("makedonia", "makedonia utara"), "MKD"),
    **dict.fromkeys(("belarusia", "belorusia"), "BLR"),
    **dict.fromkeys(("lithuania", "lituania"), "LTU"),
    **dict.fromkeys(("bosnia", "bosnia herzegovina"), "BIH"),
    **dict.fromkeys(("republik kongo", "congo rep", "kongo rep"), "COG"),
    **dict.fromkeys(("rdk", "rd kongo", "kongo rdk", "congo drc", "congo dem rep"), "COD"),
    "republik demokratik kongo": "COD",
    "perancis": "FRA",
    "birma": "MMR",
    "swis": "CHE",
    "afsel": "ZAF",
    "sri langka": "LKA",
    "kampuchea": "KHM",
    "kazakstan": "KAZ",
    "pantai gading": "CIV",
    "libanon": "LBN",
    "siprus": "CYP",
    "gambia": "GMB",
    "bahama": "BHS",
    "takhta suci": "VAT",
    "stateless": _STATELESS,
    "tanpa kewarganegaraan": _STATELESS,
}
"""Names that are usual beside the official ones; `WNI` is what Indonesian papers call a citizen."""
_AMBIGUOUS: Final = frozenset(
    (
        *("congo", "kongo", "congolese", "korea", "korean", "dominican", "virgin islands"),
        *("republic of china", "republik china", "republik cina", "republik tiongkok"),
        "as",  # Amerika Serikat, and ISO 3166's American Samoa
    )
)
"""Words that two states go by."""
_BEFORE: Final = re.compile(
    r"(?:warga negara(?: asing)?|wn[ai]?|orang|kebangsaan|citizen of|national of|republic of"
    r"|republik|kingdom of|kerajaan|federasi|negara|the) "
)
_INITIALS: Final = re.compile(r"(?:[a-z] ){1,}[a-z]")
_SHORTEST_RUN_TOGETHER: Final = 6
_ASIDE: Final = re.compile(r"\([^()]*\)")
_BEHIND: Final = re.compile(r"([^,()]+)(?:,([^,()]+)|\(([^()]+)\)\s*)")
_BETWEEN: Final = re.compile(r"[;/,&|+\n]|\s(?:and|dan|et|y)\s", re.IGNORECASE)
_OTHER_CODE: Final = re.compile(r"([A-Z]{2})(?:-[A-Z0-9]{1,3})?|\d{1,3}")
# ISO 3166-1 leaves the code to each list.
_KOSOVO: Final = {"XK": "RKS"}
_OTHER_CODES: Final = {
    "EU": "EUE",
    "UN": "UNO",
    "EL": "GRC",
    "XKX": "RKS",
    "ROM": "ROU",
    "INA": "IDN",
    "GER": "DEU",
    "NED": "NLD",
    "SUI": "CHE",
    "DEN": "DNK",
    "GRE": "GRC",
    "POR": "PRT",
    "CRO": "HRV",
    "BUL": "BGR",
    "LAT": "LVA",
    "SLO": "SVN",
    "RSA": "ZAF",
    "KSA": "SAU",
    "MAS": "MYS",
    "PHI": "PHL",
    "VIE": "VNM",
    "TPE": "TWN",
    "IRI": "IRN",
    "NGR": "NGA",
}
"""Reserved by ISO 3166-1, of before, of the European Union, or of the Olympic Games."""
_CODES: Final = re.compile(r"[A-Za-z]{2,3}(?:\s+[A-Za-z]{2,3})+")


@dataclass(frozen=True, slots=True)
class Nation:
    """What is understood of a nationality."""

    class Remark(StrEnum):
        """How it was understood, where it was not in its form."""

        WRITTEN_OTHERWISE = auto()
        ONE_OF_SEVERAL = auto()
        OF_BEFORE = auto()
        OF_TWO_STATES = auto()

    code: str | None
    """As `casework.kernel.nations.nation` returns it; None if nothing is understood."""
    remark: Remark | None = None


def nation_of(text: str) -> Nation:
    """Return what a list's word for a nationality or a state means."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if re.fullmatch("[A-Z]{3}|D", plain) and (code := _current(plain)) is not None:
        return Nation(code)
    if (one := _one(plain)) is not None:
        return one
    parts = plain.split() if _CODES.fullmatch(plain) else _BETWEEN.split(plain)
    found = [_one(part) for part in parts]
    known = [each for each in found if each is not None and each.code is not None]
    if not known:
        return next(filter(None, found), Nation(None))
    written = [part for part in parts if part.strip()]
    several = len({found.code for found in known}) > 1 or len(known) < len(written)
    return Nation(known[0].code, Nation.Remark.ONE_OF_SEVERAL if several else known[0].remark)


def first_nation(texts: Iterable[str]) -> Nation:
    """Return the first that is understood of several words; see `nation_of`."""
    found = dict.fromkeys(map(nation_of, texts))
    known = [each for each in found if each.code is not None]
    if not known:
        return Nation(None)
    several = len({each.code for each in known}) > 1 or len(known) < len(found)
    return replace(known[0], remark=Nation.Remark.ONE_OF_SEVERAL) if several else known[0]


def remarks(found: Nation) -> list[Fault]:
    """Return the warnings of a nationality in a list of others, which has codes of its own."""
    if found.remark is Nation.Remark.ONE_OF_SEVERAL:
        return [Fault("nationality", KNOWN_IN_PART, Message("row_several_values"))]
    if found.remark is Nation.Remark.OF_BEFORE:
        return [Fault("nationality", KNOWN_IN_PART, Message("nation_of_before"))]
    return []


def _one(text: str) -> Nation | None:
    word = text.replace("<", " ").strip()
    key, code = _key(word), word.upper()
    found = (_current(code) or _by_other_code(code)) if key not in _AMBIGUOUS else None
    if found is not None:
        return Nation(found, Nation.Remark.WRITTEN_OTHERWISE)
    aside = _key(_ASIDE.sub(" ", word))
    for each in dict.fromkeys((*_without_titles(key), *_other_way_round(word), aside)):
        if (known := _by_name(each)) is not None:
            return known
    # U.S.A.
    return _one(key.replace(" ", "")) if _INITIALS.fullmatch(key) else None


def _other_way_round(word: str) -> Iterator[str]:
    """Yield a name with what stands behind it before it: `Sudan (South)` is not the Sudan."""
    if (behind := _BEHIND.fullmatch(word)) is not None:
        yield _key(f"{behind[2] or behind[3]} {behind[1]}")


def _without_titles(key: str) -> Iterator[str]:
    """Yield a name, and what is left of it after each word that may stand before it."""
    yield key
    while (title := _BEFORE.match(key)) is not None:
        key = key[title.end() :]
        yield key


def _by_name(key: str) -> Nation | None:
    if key in _AMBIGUOUS:
        return Nation(None, Nation.Remark.OF_TWO_STATES)
    if (found := _names().get(key)) is not None:
        return Nation(found, Nation.Remark.WRITTEN_OTHERWISE)
    if (found := _run_together().get(key.replace(" ", ""))) is not None:
        return Nation(found, Nation.Remark.WRITTEN_OTHERWISE)
    before = _of_before(key)
    return Nation(before, Nation.Remark.OF_BEFORE) if before is not None else None


def _current(code: str) -> str | None:
    try:
        return nation(code)
    except ValueError:
        return None


def _by_other_code(code: str) -> str | None:
    """Return the state that ISO 3166 gives these two letters, with a part's, or three digits."""
    if not code.isascii() or (two := _OTHER_CODE.fullmatch(code)) is None:
        return None
    if code.isdigit():
        found = pycountry.countries.get(numeric=code.zfill(3))
    else:
        found = pycountry.countries.get(alpha_2=two[1])
    return str(found.alpha_3) if found is not None else _KOSOVO.get(two[1])


def _of_before(key: str) -> str | None:
    """Return the one state that has followed a former one, `UNSPECIFIED` where several have.

    ISO 3166-3 gives each former state four letters: its own two, and its successor's, or `HH` and
    the like where there is no single one.
    """
    former = _former().get(key)
    if former is None:
        return None
    successor = pycountry.countries.get(alpha_2=former[2:])
    return str(successor.alpha_3) if successor is not None else UNSPECIFIED


@cache
def _former() -> dict[str, str]:
    found = {}
    for each in pycountry.historic_countries:
        words: list[Any] = [each.alpha_3, each.alpha_4, getattr(each, "alpha_2", None), each.name]
        for word in filter(None, words):
            found[_key(word)] = str(each.alpha_4)
            found[_key(word.partition(",")[0])] = str(each.alpha_4)
    german = dict.fromkeys(("east germany", "gdr", "west germany", "frg"), "DDDE")
    german |= dict.fromkeys(("jerman timur", "jerman barat"), "DDDE")
    return (
        found
        | german
        | {"rhodesia": "RHZW", "soviet union": "SUHH", "soviet": "SUHH", "ussr": "SUHH"}
        | {"uni soviet": "SUHH", "cekoslovakia": "CSHH", "ceko slowakia": "CSHH"}
    )


@cache
def _names() -> dict[str, str]:
    found: dict[str, str] = {}
    for language in _LANGUAGES:
        territories = Locale(language).territories
        for country in pycountry.countries:
            if (name := territories.get(country.alpha_2)) is not None:
                found.setdefault(_key(name), country.alpha_3)
    for country in pycountry.countries:
        for kind in ("name", "official_name", "common_name"):
            if (name := getattr(country, kind, None)) is not None:
                # "Korea, Republic of" is written both ways round.
                first, _, rest = name.partition(", ")
                found.setdefault(_key(name), country.alpha_3)
                found.setdefault(_key(f"{rest} {first}"), country.alpha_3)
    codes = {code.casefold(): state for code, state in _OTHER_CODES.items()}
    return found | DEMONYMS | _USUAL | codes


@cache
def _run_together() -> dict[str, str]:
    """Return the names without their spaces, as `Hongkong` and `Srilanka` are written."""
    found: dict[str, str] = {}
    for name, code in _names().items():
        short = name.replace(" ", "")
        if len(short) >= _SHORTEST_RUN_TOGETHER and name not in _AMBIGUOUS:
            found.setdefault(short, code)
    return found


def _key(name: str) -> str:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    return " ".join(re.findall(r"\w+", letters))
