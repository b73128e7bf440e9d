"""Headers of every answer: keep nothing, guess nothing; of a page: load our own files only."""

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.console.urls import is_page

_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # The camera is for probe searches; nothing else of the machine is.
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
}
_OF_ALL: Final = {"X-Content-Type-Options": "nosniff"}
_YEAR_OF_TLS: Final = "max-age=31536000"


class SafeHeaders:
    """Adds the headers to every answer, and those of pages to what a browser may show."""

    def __init__(self, app: ASGIApp, *, secure: bool, headers: Mapping[str, str] = HEADERS) -> None:
        """Take what pages are answered with.

        Args:
            app: what is called.
            secure: whether the service is reached over encrypted connections alone.
            headers: of pages.
        """
        self.app = app
        of_all = _OF_ALL | ({"Strict-Transport-Security": _YEAR_OF_TLS} if secure else {})
        self.headers = {True: {**headers, **of_all}, False: of_all}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers[is_page(scope["path"])].items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)
