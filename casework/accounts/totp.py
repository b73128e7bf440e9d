"""The second factor: time-based one-time passwords (RFC 6238), as authenticator apps make them."""

from datetime import datetime
from typing import Final

import pyotp

ISSUER: Final = "Siaga"
_PERIOD_S: Final = 30
_DIGITS: Final = 6
# A clock may be one step off, as RFC 6238 recommends at most.
_STEPS: Final = (0, -1, 1)


def new_secret() -> str:
    """Return a fresh shared secret, in base 32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, login: str) -> str:
    """Return the `otpauth:` address that an authenticator app reads, usually from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def code_at(secret: str, at: datetime) -> str:
    """Return the code that is shown at a time."""
    return pyotp.TOTP(secret).at(at)


def accepted_step(secret: str, code: str, at: datetime, last_step: int) -> int | None:
    """Return the time step that a code belongs to, None if it is wrong or not newer than the last.

    A code that was used before is refused even within its half minute.
    """
    plain = code.replace(" ", "")
    if len(plain) != _DIGITS or not plain.isascii() or not plain.isdigit():
        return None
    now = int(at.timestamp()) // _PERIOD_S
    totp = pyotp.TOTP(secret)
    for offset in _STEPS:
        step = now + offset
        if step > last_step and pyotp.utils.strings_equal(plain, totp.generate_otp(step)):
            return step
    return None
