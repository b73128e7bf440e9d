"""`/.well-known/security.txt`: who takes reports of weaknesses (RFC 9116)."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from api.dependencies import TheSettings

router: Final = APIRouter(include_in_schema=False)

_PATH: Final = "/.well-known/security.txt"
_VALID_FOR: Final = timedelta(days=180)


@router.get(_PATH)
async def security_txt(settings: TheSettings) -> PlainTextResponse:
    """Name the contact that the settings have; without one there is no such file."""
    if settings.security_contact is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    expires = (datetime.now(UTC) + _VALID_FOR).replace(microsecond=0)
    lines = [
        f"Contact: {settings.security_contact}",
        f"Expires: {expires.isoformat().replace('+00:00', 'Z')}",
        "Preferred-Languages: id, en",
    ]
    if settings.public_url is not None:
        lines.append(f"Canonical: {settings.public_url.rstrip('/')}{_PATH}")
    return PlainTextResponse("\n".join(lines) + "\n")
