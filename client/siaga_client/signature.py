"""Checking that a webhook comes from the service, unchanged and just now.

The service signs by the Standard Webhooks scheme (standardwebhooks.com): `webhook-signature` holds
one or more `v1,<base64>`, each an HMAC-SHA-256 over `webhook-id`, a full stop, `webhook-timestamp`,
a full stop and the body's bytes. There are two while a secret is being replaced.
"""

import base64
import binascii
import hmac
import time
from collections.abc import Mapping
from typing import Final

from siaga_client.errors import SiagaError

TOLERANCE_S: Final = 300


class SignatureInvalid(SiagaError):
    """The message is not the service's, was changed, or is a repetition of an old one."""


def verify(headers: Mapping[str, str], body: bytes, secret: str, now: float | None = None) -> None:
    """Raise SignatureInvalid unless the headers sign `body` by `secret`, not long ago.

    Args:
        headers: the request's, by name in any case.
        body: the request's bytes as they came, before any parsing.
        secret: as it was shown when the webhook was made: `whsec_` and base64.
        now: seconds since 1970; None asks the clock.

    Raises:
        SignatureInvalid: a header is missing, or the message is not genuine or not fresh.
        ValueError: the secret is not one.
    """
    key = _key(secret)
    named = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, at, signatures = (
            named[f"webhook-{part}"] for part in ("id", "timestamp", "signature")
        )
    except KeyError as missing:
        raise SignatureInvalid(f"the header {missing.args[0]} is missing") from None
    if not (at.isascii() and at.isdigit() and len(at) < 20):
        raise SignatureInvalid("webhook-timestamp is no time")
    if abs((time.time() if now is None else now) - int(at)) > TOLERANCE_S:
        raise SignatureInvalid("the message is old, or a clock is wrong")
    content = f"{message_id}.{at}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.digest(key, content, "sha256"))
    if not any(hmac.compare_digest(each.encode(), expected) for each in signatures.split(" ")):
        raise SignatureInvalid("the signature is not of this message and secret")


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError("a webhook's secret is whsec_ and base64")
    return key
