"""The whole assembly, in order."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Final

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware

from api import problems
from api.console import install as console
from api.console.errors import answer as page_of_problem
from api.console.headers import PageHeaders
from api.console.templating import build_environment
from api.dependencies import plain_address
from api.lifespan import running
from api.metrics import Metrics
from api.middleware import BodyLimit, RequestContext
from api.openapi import document, operation_id
from api.state import State, hold
from api.streams import Streams
from api.v1.routers import IMPORTS, METRICS, ROUTERS
from api.workers import PasswordHashLimiter, WorkPool
from casework.service import Service
from config import opening
from config.settings import MEBI, Settings

# Fields, part headers and boundaries that come beside the photos.
_FORM_OVERHEAD: Final = MEBI

_DESCRIPTION: Final = """
Siaga screens the photo taken when a traveller arrives against watchlists, on CPU, and answers
**clear**, **alert** or **unsearchable**. An alert is a reason for people to look, no decision.
"""


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
    """
    state = State(
        settings,
        Metrics(settings.latency_target_ms),
        Streams(settings.max_streams),
        WorkPool(settings.workers, settings.max_waiting, settings.latency_target_ms),
        PasswordHashLimiter(),
        build_environment(settings.display_time_zone, secure=settings.cookie_secure),
        page_of_problem,
    )
    largest_form = settings.max_photos * settings.max_photo_bytes + _FORM_OVERHEAD
    app = FastAPI(
        title="Siaga",
        version=version("siaga"),
        description=_DESCRIPTION,
        lifespan=lambda app: running(
            state, app.version, opened or opening.open_service, on_failure
        ),
        # The framework's documentation pages load scripts from strangers' servers.
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=operation_id,
        dependencies=[Depends(plain_address)],
        middleware=[
            Middleware(PageHeaders, secure=settings.cookie_secure),
            Middleware(RequestContext, metrics=state.metrics),
            Middleware(
                BodyLimit,
                max_bytes=largest_form,
                max_held_bytes=state.workers.places * settings.max_photo_bytes + largest_form,
                larger={IMPORTS.prefix: settings.max_import_bytes},
            ),
        ],
    )
    hold(app, state)
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    if settings.metrics:
        app.include_router(METRICS)
    console.install(app)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    return app
