"""Checking that a webhook comes from the service, unchanged and just now.

The header `Siaga-Signature` reads `t=<seconds since 1970>,v1=<hex>[,v1=<hex>]`: each `v1` is an
HMAC-SHA-256 over `t`, a dot and the body's bytes. There are two while a secret is being replaced.
"""

import hashlib
import hmac
import time
from typing import Final

from siaga_client.errors import SiagaError

TOLERANCE_S: Final = 300


class SignatureInvalid(SiagaError):
    """The message is not the service's, was changed, or is a repetition of an old one."""


def verify(header: str, body: bytes, secret: str, now: float | None = None) -> None:
    """Raise SignatureInvalid unless `header` signs `body` by `secret`, not long ago.

    Args:
        header: the value of `Siaga-Signature`.
        body: the request's bytes as they came, before any parsing.
        secret: as it was shown when the webhook was made.
        now: seconds since 1970; None asks the clock.
    """
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) < 20):
        raise SignatureInvalid("the header names no time")
    if abs((time.time() if now is None else now) - int(times[0])) > TOLERANCE_S:
        raise SignatureInvalid("the message is old, or a clock is wrong")
    expected = hmac.new(secret.encode(), f"{times[0]}.".encode() + body, hashlib.sha256).hexdigest()
    found = [value for name, _, value in parts if name == "v1"]
    if not any(hmac.compare_digest(value.encode(), expected.encode()) for value in found):
        raise SignatureInvalid("the signature is not of this body and secret")
