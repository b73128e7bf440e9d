"""API keys of systems."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from api.v1.common import Answer, Place, Reason, Strict, Text
from casework.accounts.api_keys import OVERLAP
from casework.kernel.vocabulary import Scope

Days = Annotated[int, Field(ge=1, le=3650)]


class KeyIn(Strict):
    """A new key."""

    name: Text = Field(description="Whose key it is, for people.")
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    ports: list[Place] | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Ports it may speak for, or lodgings with the scope `stays`; unset means all.",
    )
    agency_id: Text | None = Field(default=None, description="Unset means the caller's own agency.")
    days: Days | None = Field(
        default=None, description="How long it lasts; unset means `key_days` of the settings."
    )


class KeyOut(Answer):
    """A key, without its secret."""

    id: str
    name: str
    agency_id: str | None
    scopes: list[Scope]
    ports: list[str] | None
    created_at: datetime
    expires_at: datetime | None = Field(
        description="Null of keys that earlier versions made, until they are rotated."
    )
    used_at: datetime | None = Field(
        description="When it was used last, to within some minutes; null: never since this is kept."
    )
    former_until: datetime | None = Field(
        description="Until when the secret before the last rotation is in force too."
    )
    revoked_at: datetime | None


class KeyRotationIn(Strict):
    """How a key's secret is replaced."""

    overlap_s: Annotated[
        int,
        Field(
            ge=0,
            le=30 * 86_400,
            description="Seconds for which the present secret stays in force; 0 ends it at once.",
        ),
    ] = int(OVERLAP.total_seconds())
    days: Days | None = Field(
        default=None, description="How long the key lasts from now on; unset: `key_days`."
    )
    reason: Reason | None = None


class NewKeyOut(KeyOut):
    """A new key."""

    key: str = Field(description="Send as `Authorization: Bearer ...`; it is shown once.")
