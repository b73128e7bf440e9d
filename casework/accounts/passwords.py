"""Passwords: Argon2id hashes (RFC 9106), what makes one acceptable, and first ones."""

import secrets
from base64 import b64encode
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Final

from casework.kernel.errors import WeakPassword
from casework.kernel.priority import take_least_priority

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST_LENGTH: Final = 12
MOST_LENGTH: Final = 256
_LEAST_DIFFERENT: Final = 5
# What zxcvbn calls very unguessable: safe where somebody has the hashes (Wheeler 2016).
_LEAST_GUESSES_LOG10: Final = 10
# It takes no more; what follows only makes a password harder to guess.
_LOOKED_AT: Final = 72

PRODUCT: Final = "siaga"

# As much work as the second choice of RFC 9106 (3 passes over 64 MiB), in less memory: what a
# stranger may make the service use stays under 64 MB.
_PASSES: Final = 4
_MEMORY_KIB: Final = 46 * 1024

# First passwords are read out or typed from paper: no letters that look alike, five at a time.
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS: Final = 4
_GROUP: Final = 5


class Passwords:
    """Hashes and checks passwords; a check costs the same whether there is an account or not."""

    def __init__(self, hasher: "PasswordHasher | None" = None) -> None:
        self._given = hasher

    def hash(self, password: str) -> str:
        """Return the hash to keep."""
        return self._lane.submit(self._hasher.hash, password).result()

    def check(self, password: str, kept: str | None) -> bool:
        """Whether a password is the one that was hashed; None matches nothing, just as slowly."""
        from argon2.exceptions import (  # noqa: PLC0415 - see `_hasher`
            InvalidHashError,
            VerifyMismatchError,
        )

        try:
            self._lane.submit(self._hasher.verify, kept or self._nobodys, password).result()
        except (VerifyMismatchError, InvalidHashError):
            return False
        return kept is not None

    def outdated(self, kept: str) -> bool:
        """Whether a hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(kept)

    @cached_property
    def _lane(self) -> ThreadPoolExecutor:
        """One at a time, behind all other work of the machine: each takes 46 MiB."""
        return ThreadPoolExecutor(1, "siaga-passwords", initializer=take_least_priority)

    @cached_property
    def _hasher(self) -> "PasswordHasher":
        from argon2 import PasswordHasher  # noqa: PLC0415 - few commands hash a password

        return self._given or PasswordHasher(time_cost=_PASSES, memory_cost=_MEMORY_KIB)

    @cached_property
    def _nobodys(self) -> str:
        """A hash of the same cost that no password has: hashing one takes a tenth of a second.

        Made up of random bytes, so that the first check of an unknown login takes no longer than
        any other.
        """
        salt, digest = (
            b64encode(secrets.token_bytes(size)).decode().rstrip("=")
            for size in (self._hasher.salt_len, self._hasher.hash_len)
        )
        cost = f"m={self._hasher.memory_cost},t={self._hasher.time_cost}"
        return f"$argon2id$v=19${cost},p={self._hasher.parallelism}${salt}${digest}"


def require_strong(password: str, *known: str, context: Collection[str] = ()) -> None:
    """Raise WeakPassword unless a password may be used.

    Length is what counts (NIST SP 800-63B asks for no mixture of kinds); the rest keeps out what
    is guessed first: common passwords and names, keyboard rows, dates, and what is made of them.

    Args:
        password: the new password.
        known: what no password may contain: login, names, the agency's code, the place.
        context: what is guessed early here, though a phrase may contain it: the agency's name.
    """
    if len(password) < LEAST_LENGTH:
        raise WeakPassword("password_too_short", least=LEAST_LENGTH)
    if len(password) > MOST_LENGTH:
        raise WeakPassword("password_too_long", most=MOST_LENGTH)
    if len(set(password)) < _LEAST_DIFFERENT:
        raise WeakPassword("password_repetitive")
    if password.isdecimal():
        raise WeakPassword("password_numeric")
    lowered = password.casefold()
    if any(len(word) > 3 and word.casefold() in lowered for word in known):
        raise WeakPassword("password_personal")
    from zxcvbn import zxcvbn  # noqa: PLC0415 - few requests choose a password

    words = [word.casefold() for word in (*known, *context)]
    if zxcvbn(password[:_LOOKED_AT], user_inputs=words)["guesses_log10"] < _LEAST_GUESSES_LOG10:
        raise WeakPassword("password_common")


def first_password() -> str:
    """Return a random password (98 bits) that can be read out to its owner."""
    letters = [secrets.choice(ALPHABET) for _ in range(_GROUPS * _GROUP)]
    return "-".join(
        "".join(letters[start : start + _GROUP]) for start in range(0, len(letters), _GROUP)
    )
