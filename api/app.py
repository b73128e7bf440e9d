"""The whole assembly, in order."""

from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from typing import Final

from fastapi import APIRouter, Depends, FastAPI
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from api import openapi, problems, security_txt
from api.callers import identify
from api.console import install as console
from api.console.errors import answer as page_of_problem
from api.console.headers import SafeHeaders
from api.console.map.borders import Borders
from api.console.templating import build_environment
from api.cookies import PlainCookies
from api.dependencies import plain_address
from api.hosts import KnownHosts
from api.lifespan import running
from api.limits import Limits
from api.metrics import Metrics
from api.middleware import BodyLimits, HeldBodies, RequestContext
from api.openapi import operation_id
from api.pacing import Pacing
from api.photos import PhotoAnswers
from api.state import State, hold
from api.streams import Streams
from api.v1.approvals import waiting
from api.v1.routers import ROUTERS
from api.workers import PasswordHashLimiter, WorkPool
from casework.service import Service
from config import opening
from config.audit_check import AuditCheck
from config.settings import MEBI, Settings

# Bodies in memory: of all, of one caller, of all who are not known yet.
_MOST_HELD: Final = 320 * MEBI
_MOST_HELD_EACH: Final = 96 * MEBI
_MOST_OF_STRANGERS: Final = 16 * MEBI

_DESCRIPTION: Final = """
Siaga screens the photo taken when a traveller arrives against watchlists, on CPU, and answers
**clear**, **alert** or **unsearchable**. An alert is a reason for people to look, no decision.
"""


def _borders(settings: Settings) -> Borders | None:
    path = settings.borders_file
    return None if path is None else Borders.read(path, settings.borders_property)


def create_app(
    settings: Settings,
    opened: Callable[[Settings], Service] | None = None,
    on_failure: Callable[[], object] | None = None,
) -> FastAPI:
    """Build the service's HTTP application, which starts once.

    Args:
        settings: everything an operator can set.
        opened: makes the service; tests pass their own. It runs off the event loop while the
            application already answers `/healthz`, and what it opens is closed at shutdown.
        on_failure: called if the service cannot be opened; `/readyz` says why.

    Raises:
        SetUpError: borders_file cannot be drawn.
    """
    limits, held = Limits(settings), HeldBodies(_MOST_HELD, _MOST_HELD_EACH, _MOST_OF_STRANGERS)
    state = State(
        settings,
        Metrics(settings.latency_target_ms),
        Streams(settings.max_streams, settings.max_streams_per_agency, practice=settings.practice),
        WorkPool(settings.workers, settings.max_waiting, settings.latency_target_ms),
        PasswordHashLimiter(),
        limits,
        PhotoAnswers(settings.limits, settings.workers),
        build_environment(settings.display_time_zone, secure=settings.cookie_secure),
        _borders(settings),
        AuditCheck(settings),
        page_of_problem,
    )
    app = FastAPI(
        routes=_routes(),
        title="Siaga",
        version=version("siaga"),
        description=_DESCRIPTION,
        lifespan=lambda app: running(
            state, app.version, opened or opening.open_service, on_failure
        ),
        # The framework's documentation pages load scripts from strangers' servers.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # A client that is sent elsewhere would send its photo and its key twice.
        redirect_slashes=False,
        middleware=[
            Middleware(SafeHeaders, secure=settings.cookie_secure),
            Middleware(RequestContext, metrics=state.metrics, pacing=Pacing()),
            Middleware(KnownHosts, settings=settings),
            Middleware(PlainCookies),
            Middleware(
                BodyLimits, limits=limits, held=held, identify=lambda scope: identify(state, scope)
            ),
        ],
    )
    hold(app, state)
    problems.install(app)
    waiting.install(app)
    console.install(app)
    openapi.install(app)
    limits.add_all(app)
    return app


@cache
def _routes() -> list[BaseRoute]:
    """Return the routes of every application: what the framework makes of them takes 0.1 s."""
    parent = APIRouter(
        generate_unique_id_function=operation_id, dependencies=[Depends(plain_address)]
    )
    for router in (*ROUTERS, security_txt.router, *console.ROUTERS):
        parent.include_router(router)
    return parent.routes
