"""The rules of signing in."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from casework.kernel.vocabulary import SessionKind

FIRST_PASSWORD: Final = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class SignInRules:
    """What an operator can set about signing in."""

    program_lifetime: timedelta = timedelta(minutes=30)
    console_idle: timedelta = timedelta(minutes=30)
    console_lifetime: timedelta = timedelta(hours=12)
    attempts: int = 5
    """Failures in a row after which a login is locked, whether it is anybody's or not."""
    lock: timedelta = timedelta(minutes=15)
    attempts_per_address: int = 30
    """Failures from one network address, within the time of a lock, after which it is locked."""
    second_factor_required: bool = False
    first_password: timedelta = FIRST_PASSWORD
    """How long a password that somebody else gave opens an account."""
    passwords: bool = True
    """Whether officers can sign in with passwords; else only through an identity provider."""
    places: tuple[str, ...] = ()
    """Where the installation is, in words that no password may contain."""

    def lifetime(self, kind: SessionKind) -> timedelta:
        """How long a session lasts at most."""
        return self.program_lifetime if kind is SessionKind.PROGRAM else self.console_lifetime
