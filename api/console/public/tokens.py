"""What a form for the public carries instead of a session: when its page was made, and a number.

Nothing is kept of it and no cookie is needed: the service's own key proves that it made the page.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

PURPOSE: Final = "siaga public form"
"""Of the key that forms are proved with."""
LEAST_S: Final = 3
"""Seconds in which nobody reads a page and fills its form in."""
MOST_S: Final = 12 * 3600
_NONCE_BYTES: Final = 12
_LONGEST: Final = 200


class Age(Enum):
    """How a form's page was when it came back."""

    RIGHT = auto()
    FRESH = auto()
    """Nobody fills a form in so quickly."""
    UNKNOWN = auto()
    """Too old, or not of one of our pages."""


class FormTokens:
    """Makes and reads them."""

    def __init__(self, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._clock = clock

    def make(self) -> str:
        """Return the token of a new page."""
        text = f"{int(self._clock())}.{secrets.token_hex(_NONCE_BYTES)}"
        return f"{text}.{self._proof(text)}"

    def age(self, token: str) -> Age:
        """Return how the page of a token is now."""
        text, _, proof = token[:_LONGEST].rpartition(".")
        if not hmac.compare_digest(self._proof(text).encode(), proof.encode()):
            return Age.UNKNOWN
        age = self._clock() - int(text.partition(".")[0])
        if age > MOST_S:
            return Age.UNKNOWN
        return Age.RIGHT if age >= LEAST_S else Age.FRESH

    def _proof(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
