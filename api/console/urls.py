"""Addresses: which are pages for people, and which may be gone back to."""

from typing import Final
from urllib.parse import urlsplit

_FOR_PROGRAMS: Final = ("/v1/", "/healthz", "/readyz", "/openapi.json", "/.well-known/")

HOME: Final = "/"
SIGN_IN: Final = "/sign-in"
ACCOUNT: Final = "/account"


def is_page(path: str) -> bool:
    """Whether an address belongs to the console rather than to the interface for programs."""
    return not path.startswith(_FOR_PROGRAMS)


def safe_redirect(address: str | None, fallback: str = HOME) -> str:
    """Return an address of this console to go to; anything else gives the fallback.

    Browsers read `//host` and backslashes as other hosts, and drop control characters.
    """
    if not address or len(address) > 1000 or not address.startswith("/"):
        return fallback
    if address.startswith("//") or "\\" in address or not address.isprintable():
        return fallback
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not is_page(parts.path):
        return fallback
    return address


def referring_page(referer: str | None, host: str | None) -> str:
    """Return the page of the console that a request came from, by its `Referer`."""
    if not referer:
        return HOME
    parts = urlsplit(referer)
    if parts.netloc != host:
        return HOME
    return safe_redirect(parts.path + (f"?{parts.query}" if parts.query else ""))
