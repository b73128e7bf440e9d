"""Whether the service runs."""

from typing import Literal

from api.v1.common import Answer, PracticeMark


class Health(Answer):
    """Whether the service runs."""

    status: Literal["ok", "starting", "failed"]
    practice: PracticeMark


class HealthDetails(Health):
    """Whether the service runs, what it has loaded, or why it is not ready."""

    detail: str | None = None
    templates: int | None = None
    gallery_version: int | None = None
    pack: str | None = None
    runtime: str | None = None
