"""Signatures of webhooks: HMAC-SHA-256 over the time and the body, so that neither can be changed.

    Siaga-Signature: t=1772352000,v1=5257a869...,v1=8c3b1e0f...

There are two signatures while a secret is being replaced: a receiver accepts either.
"""

import hmac
import secrets
from collections.abc import Iterable
from typing import Final

HEADER: Final = "Siaga-Signature"
TOLERANCE_S: Final = 300
"""How old a signed message may be before a receiver should take it for a repetition."""

_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32


def new_secret() -> str:
    """Return a new secret: 256 random bits as text."""
    return _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def sign(body: bytes, keys: Iterable[str], at: int) -> str:
    """Return the header's value.

    Args:
        body: exactly the bytes that are sent.
        keys: the secrets in force, the newest first.
        at: seconds since 1970.
    """
    return ",".join([f"t={at}", *(f"v1={_digest(body, key, at)}" for key in keys)])


def verify(header: str, body: bytes, key: str, now: int) -> bool:
    """Whether a header is a signature of this body, by this secret, not long ago."""
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit()):
        return False
    at = int(times[0][:20])
    if abs(now - at) > TOLERANCE_S:
        return False
    expected = _digest(body, key, at).encode()
    found = [
        hmac.compare_digest(value.encode(), expected) for name, _, value in parts if name == "v1"
    ]
    return any(found)


def _digest(body: bytes, key: str, at: int) -> str:
    return hmac.digest(key.encode(), f"{at}.".encode() + body, "sha256").hex()
