"""API keys of systems."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.v1.common import Answer, Port, Strict, Text
from casework.kernel.vocabulary import Scope


class KeyIn(Strict):
    """A new key."""

    name: Text = Field(description="Whose key it is, for people.")
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    ports: list[Port] | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Ports it may speak for; unset means all.",
    )
    agency_id: Text | None = Field(default=None, description="Unset means the caller's own agency.")


class KeyOut(Answer):
    """A key, without its secret."""

    id: str
    name: str
    agency_id: str | None
    scopes: list[Scope]
    ports: list[str] | None
    created_at: datetime
    revoked_at: datetime | None


class NewKeyOut(KeyOut):
    """A new key."""

    key: str = Field(description="Send as `Authorization: Bearer ...`; it is shown once.")
