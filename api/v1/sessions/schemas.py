"""Signing in, and an officer's own account."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import MISSING, Field, StringConstraints

from api.v1.common import Answer, Patch, Strict
from api.v1.officers.schemas import Language, OfficerOut
from casework.accounts.passwords import MOST_LENGTH
from casework.kernel.actor import Actor
from casework.kernel.vocabulary import SessionKind

Password = Annotated[str, StringConstraints(min_length=1, max_length=MOST_LENGTH)]
Code = Annotated[
    str,
    StringConstraints(min_length=1, max_length=40),
    Field(description="What the authenticator app shows, or a recovery code.", examples=["287082"]),
]


class SessionIn(Strict):
    """What an officer signs in with."""

    login: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    password: Password
    code: Code | None = Field(
        default=None, description="Where the account has a second factor; each code counts once."
    )


class SessionOut(Answer):
    """A session."""

    token: str = Field(description="Send as `Authorization: Bearer ...`; it is shown once.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a kind of token, no token
    expires_at: datetime
    officer: OfficerOut
    incomplete: str | None = Field(
        description="What has to be set before anything else is allowed; null if nothing."
    )


class AccountOut(OfficerOut):
    """The officer's own account."""

    recovery_codes_left: int = Field(description="Recovery codes that were not used.")

    incomplete: str | None = Field(
        description="What has to be set before anything else is allowed; null if nothing."
    )


def incomplete_of(actor: Actor) -> str | None:
    """Return what has to be set before anything else is allowed, in a sentence."""
    return str(actor.incomplete) if actor.incomplete is not None else None


class AccountPatch(Patch):
    """Changes to one's own account; fields left out stay as they are."""

    language: Language | MISSING = MISSING


class PasswordIn(Strict):
    """A new password."""

    present: Password
    new: Password


class ConfirmationIn(Strict):
    """The password again, before something that locks others out."""

    password: Password


class SecondFactorOut(Answer):
    """A shared secret; it counts once a code made with it was sent."""

    secret: str = Field(description="Base 32, for typing into an authenticator app.")
    uri: str = Field(description="`otpauth:` address, for a QR code.")


class RecoveryCodesOut(Answer):
    """Codes that stand in for the second factor, each once."""

    recovery_codes: list[str] = Field(
        description="Shown this once: keep them on paper. They replace all former ones."
    )


class OwnSessionOut(Answer):
    """A session of yours."""

    id: str
    kind: SessionKind
    device: str | None = Field(description="What signed in, as it says itself.")
    network: str | None = Field(description="The network it signed in from.")
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    present: bool = Field(description="Whether it is the one you ask with.")


class OwnSessionsOut(Answer):
    """Your sessions that go on."""

    items: list[OwnSessionOut]


class CodeIn(Strict):
    """A code of the second factor."""

    code: Code
