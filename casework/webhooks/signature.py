"""Signatures of webhooks, by the Standard Webhooks scheme (standardwebhooks.com), symmetric `v1`.

    webhook-id: evt_01M80CX5PAG2JZZGK1R3B4XTXN
    webhook-timestamp: 1772352000
    webhook-signature: v1,g0hM9SsE+OTP... v1,K5oZfzN95Z9U...

HMAC-SHA-256 over the id, the time and the body, so that none of them can be changed. There are two
signatures while a secret is being replaced: a receiver accepts either.
"""

import base64
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

ID: Final = "webhook-id"
TIMESTAMP: Final = "webhook-timestamp"
SIGNATURE: Final = "webhook-signature"

_PREFIX: Final = "whsec_"
_KEY_BYTES: Final = 32


def new_key() -> bytes:
    """Return a new key: 256 random bits."""
    return secrets.token_bytes(_KEY_BYTES)


def secret_of(key: bytes) -> str:
    """Return a key as receivers are shown it: `whsec_` and its base64."""
    return _PREFIX + base64.b64encode(key).decode()


def signed(message_id: str, body: bytes, keys: Iterable[bytes], at: int) -> dict[str, str]:
    """Return the headers that sign a message.

    Args:
        message_id: the same whenever the same message is sent again; without a full stop.
        body: exactly the bytes that are sent.
        keys: those in force, the newest first.
        at: seconds since 1970.
    """
    content = f"{message_id}.{at}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys]
    return {
        ID: message_id,
        TIMESTAMP: str(at),
        SIGNATURE: " ".join(f"v1,{each}" for each in signatures),
    }
