"""Which hosts the service answers to: a page of another name must not reach it in a browser."""

from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api import problems
from config.settings import LOOPBACK_NAMES, Settings

_UNKNOWN: Final = problems.ProblemKind(421, "host_unknown")


class KnownHosts:
    """Refuses requests whose `Host` the settings do not name; this machine's own names count."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._known = settings.known_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "http" and self._known is not None:
            host = Headers(scope=scope).get("host", "")
            if not self._is_known(host):
                detail = (
                    "The service does not answer to this host: name it in the setting "
                    "allowed_hosts, or have the proxy pass the right one on."
                )
                answer = problems.document(Request(scope), _UNKNOWN, detail)
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _is_known(self, host: str) -> bool:
        name = host.lower()
        if not name.endswith("]"):  # an IPv6 address without a port
            name = name.rpartition(":")[0] or name
        known = self._known or frozenset()
        if name in LOOPBACK_NAMES or name in known:
            return True
        return any(each.startswith("*.") and name.endswith(each[1:]) for each in known)
