"""Codes of countries as other lists write them: two letters in any case, with parts after them."""

import re
from typing import Final

import pycountry

from casework.kernel.nations import nation

_PART: Final = re.compile(r"([A-Z]{2})-[A-Z0-9]{1,3}")
# ISO 3166-1 leaves the code to each list.
_KOSOVO: Final = {"XK": "RKS"}


def alpha_3(code: str) -> str | None:
    """Return the code that travel documents have, None for what is no state of today."""
    said = code.strip().upper()
    part = _PART.fullmatch(said)
    two = part[1] if part is not None else said
    known = pycountry.countries.get(alpha_2=two) if len(two) == 2 else None
    try:
        return nation(known.alpha_3 if known is not None else _KOSOVO.get(two, two))
    except ValueError:
        return None
