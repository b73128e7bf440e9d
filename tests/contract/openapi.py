"""The OpenAPI document, whole."""

from typing import Any


def picture() -> dict[str, Any]:
    """Return the document."""
    from api.app import create_app
    from config.settings import Settings

    return create_app(Settings()).openapi()
