"""Codes of states and nationalities, as travel documents carry them.

ISO 3166-1 alpha-3, and the codes that ICAO Doc 9303-3 (section 5) adds for documents that
are not a state's: British nationalities, organisations, stateless persons and refugees. Germany's
documents say `D`; it is kept as `DEU`. A code that no state uses any more (`YUG`) is not accepted:
the person has another nationality today, or `XXX`.
"""

from functools import cache
from typing import Final

import pycountry

# Beyond ISO 3166-1. Kosovo's documents say RKS, which ICAO lists and ISO does not.
OF_TRAVEL_DOCUMENTS: Final = frozenset(
    {
        *("GBD", "GBN", "GBO", "GBP", "GBS"),  # British nationalities other than citizen
        *("EUE", "RKS", "UNO", "UNA", "UNK"),  # European Union, Kosovo, United Nations
        *("XBA", "XCC", "XCE", "XCO", "XDC", "XEC", "XES", "XIM", "XMP", "XOM", "XPO"),
        *("XXA", "XXB", "XXC", "XXX"),  # stateless, refugees (1951, other), unspecified
    }
)
_WRITTEN_OTHERWISE: Final = {"D": "DEU"}


def nation(code: str) -> str:
    """Return the code of a nationality or issuing state as it is kept.

    Raises:
        ValueError: there is no such code.
    """
    kept = _WRITTEN_OTHERWISE.get(code, code)
    if kept not in _known():
        raise ValueError(
            f"'{code}' is not a nationality: ISO 3166-1 alpha-3, such as IDN, or a code of travel "
            "documents, such as XXA (stateless) or XXX (unknown)"
        )
    return kept


@cache
def _known() -> frozenset[str]:
    return OF_TRAVEL_DOCUMENTS | {country.alpha_3 for country in pycountry.countries}
