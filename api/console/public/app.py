"""The application that serves the public form, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from fastapi import FastAPI, Request
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import Scope

from api import problems
from api.background.periodic import PeriodicTasks
from api.console.headers import SafeHeaders
from api.console.public import pages
from api.console.public.admission import Admission, Refused
from api.console.public.state import PublicState
from api.console.public.tokens import PURPOSE, FormTokens
from api.console.screens import static
from api.console.templating import build_environment
from api.cookies import PlainCookies
from api.dependencies import origin
from api.hosts import KnownHosts
from api.limits import STRANGERS_BODY, Cost, RouteLimits
from api.metrics import Metrics
from api.middleware import BodyLimits, HeldBodies, RequestContext
from api.pacing import Pacing
from casework.kernel.key_holders import SIGN_EVERY_S
from casework.kernel.processing import Processing
from casework.records import Records
from config.settings import MEBI, Settings

_FORM: Final = "/report"
_FIELDS: Final = 128 * 1024
"""Bytes of a report beside its photo."""
_BODY_SECONDS: Final = 120.0
_SMALL_SECONDS: Final = 15.0
_BODIES_HELD: Final = 8
"""As many of the largest bodies are in memory at most."""
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class _Limits:
    """How large a body may be: a report's has room for a photo, every other is small."""

    def __init__(self, settings: Settings) -> None:
        self.report = RouteLimits(
            Cost.WRITE, settings.public_max_photo_bytes + _FIELDS, _BODY_SECONDS
        )

    def of(self, route: BaseRoute | None) -> RouteLimits:
        """Return a route's limits."""
        if getattr(route, "path", None) == _FORM:
            return self.report
        return RouteLimits(Cost.READ, STRANGERS_BODY, _SMALL_SECONDS)


def create_public(settings: Settings, records: Records) -> FastAPI:
    """Build the application.

    Args:
        settings: everything an operator can set.
        records: the database; who opened it closes it.

    Raises:
        SetUpError: the settings name no agency, legal basis, purpose and period for it.
    """
    ground = settings.grounds.require(Processing.PUBLIC)
    limits = _Limits(settings)
    each = limits.report.body_bytes
    held = HeldBodies(_BODIES_HELD * each, 2 * each, MEBI)
    state = PublicState(
        settings,
        ground,
        records,
        build_environment(settings.display_time_zone, secure=settings.cookie_secure),
        Admission(settings.public_reports_per_hour, settings.public_reports_per_address),
        FormTokens(records.kernel.vault.derived(PURPOSE)),
        pages.problem_page,
    )
    app = FastAPI(
        lifespan=lambda _: _running(records),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(SafeHeaders, secure=settings.cookie_secure, headers=_HEADERS),
            Middleware(
                RequestContext, metrics=Metrics(settings.latency_target_ms), pacing=Pacing()
            ),
            Middleware(KnownHosts, settings=settings),
            Middleware(PlainCookies),
            Middleware(BodyLimits, limits=limits, held=held, identify=_stranger),
        ],
    )
    app.state.siaga = state
    problems.install(app)
    app.add_exception_handler(Refused, pages.refused)
    app.include_router(pages.router)
    app.include_router(static.router)
    return app


@asynccontextmanager
async def _running(records: Records) -> AsyncIterator[None]:
    """Say that this process is at work on the database, until it ends."""
    tasks, holders = PeriodicTasks(), records.kernel.vault.holders
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asyncio.to_thread, holders.leave)
        stack.push_async_callback(tasks.stop)
        tasks.every(SIGN_EVERY_S, "data keys", holders.sign)
        yield


async def _stranger(scope: Scope) -> str:
    """Return whose share of memory a request uses: its address's."""
    return f"public/{origin(Request(scope))}"
