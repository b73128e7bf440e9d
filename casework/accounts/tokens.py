"""Secrets that programs and browsers show: 256 random bits behind the id of the row they name."""

import hashlib
from typing import Final

PREFIX: Final = "siaga"
SECRET_BYTES: Final = 32
_LONGEST_ID: Final = 100


def digest(secret: str) -> str:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def split(text: str) -> tuple[str, str]:
    """Return the row and the secret that a text names; both empty if it has another form."""
    prefix, _, rest = text.partition(".")
    row_id, _, secret = rest.partition(".")
    if prefix != PREFIX or not secret or len(row_id) > _LONGEST_ID:
        return "", ""
    return row_id, secret
