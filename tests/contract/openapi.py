"""The OpenAPI document, whole."""

import json
from typing import Any, Final

# What Python 3.13 calls statuses by RFC 9110 had older names before.
_FORMER_PHRASES: Final = {
    "Request Entity Too Large": "Content Too Large",
    "Request-URI Too Long": "URI Too Long",
    "Requested Range Not Satisfiable": "Range Not Satisfiable",
    "Unprocessable Entity": "Unprocessable Content",
}


def picture() -> dict[str, Any]:
    """Return the document."""
    from api.app import create_app
    from config.settings import Settings

    text = json.dumps(create_app(Settings()).openapi())
    for former, phrase in _FORMER_PHRASES.items():
        text = text.replace(former, phrase)
    document: dict[str, Any] = json.loads(text)
    return document
