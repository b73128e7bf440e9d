"""Codes of lodgings, where foreign guests stay.

A lodging's code has a hyphen, so that none is ever taken for a port's: a key names either.
"""

import re
from typing import Final

PATTERN: Final = r"^[A-Z0-9]{1,12}(-[A-Z0-9]{1,12}){1,3}$"
_CODE: Final = re.compile(PATTERN)


def is_lodging(place: str) -> bool:
    """Whether a text is the code of a lodging, not of a port."""
    return _CODE.fullmatch(place) is not None
