"""The whole assembly, in order."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from typing import Final

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware

from api import problems
from api.background.imports import ImportWorker
from api.background.periodic import PeriodicTasks
from api.background.webhooks import WebhookDelivery
from api.console import install as console
from api.console.headers import PageHeaders
from api.dependencies import plain_address
from api.hashing import PasswordHashLimiter
from api.logging import log
from api.metrics import Metrics
from api.middleware import BodyLimit, RequestContext
from api.openapi import document
from api.streams import Streams
from api.v1.routers import IMPORTS, METRICS, ROUTERS
from api.workers import WorkPool
from casework.kernel.actor import Actor
from casework.kernel.errors import SetUpError
from casework.oversight.retention import RUN_S
from casework.service import Service
from config import opening
from config.settings import MEBI, Settings
from detector.decode import quiet_native_logging
from detector.errors import DetectorError
from detector.threads import use_threads
from models.errors import ModelsError

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
    """Build the service's HTTP application.

    Args:
        settings: everything an operator can set.
        opened: makes the service; tests pass their own. It runs off the event loop while the
            application already answers `/healthz`, and what it opens is closed at shutdown.
        on_failure: called if the service cannot be opened; `/readyz` says why.
    """
    open_service = opened or opening.open_service
    metrics = Metrics(settings.latency_target_ms)
    largest_form = settings.max_photos * settings.max_photo_bytes + _FORM_OVERHEAD
    places = settings.workers + settings.max_waiting

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        quiet_native_logging()
        use_threads(1)
        app.state.pool = WorkPool(
            settings.workers, settings.max_waiting, settings.latency_target_ms
        )
        app.state.hashing = PasswordHashLimiter()
        metrics.serving(app.version, app.state.pool)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(app.state.pool.shutdown)
            starting = asyncio.create_task(_start(app, open_service, stack))
            if on_failure is not None:
                tell = on_failure
                starting.add_done_callback(lambda _: app.state.failure and tell())
            yield
            await starting

    app = FastAPI(
        title="Siaga",
        version=version("siaga"),
        description=_DESCRIPTION,
        lifespan=lifespan,
        # The framework's documentation pages load scripts from strangers' servers.
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(plain_address)],
        middleware=[
            Middleware(PageHeaders, secure=settings.cookie_secure),
            Middleware(RequestContext, metrics=metrics),
            Middleware(
                BodyLimit,
                max_bytes=largest_form,
                max_held_bytes=places * settings.max_photo_bytes + largest_form,
                larger={IMPORTS.prefix: settings.max_import_bytes},
            ),
        ],
    )
    app.state.settings = settings
    app.state.service = None
    app.state.failure = None
    app.state.metrics = metrics
    app.state.import_worker = None
    app.state.streams = Streams(settings.max_streams)
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    if settings.metrics:
        app.include_router(METRICS)
    console.install(app, settings)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    return app


async def _start(
    app: FastAPI,
    open_service: Callable[[Settings], Service],
    stack: AsyncExitStack,
) -> None:
    """Open the service beside the event loop; say why if it cannot be."""
    try:
        service = await asyncio.to_thread(open_service, app.state.settings)
    except (SetUpError, ModelsError, DetectorError) as error:
        app.state.failure = str(error)
        log.error("the service cannot start", reason=str(error))
        return
    except Exception as error:  # noqa: BLE001 - whatever it is, the service must say so and end
        app.state.failure = f"{type(error).__name__}: see the log"
        log.error("the service cannot start", exc_info=error)
        return
    stack.callback(service.records.close)
    # What was admitted is finished before the database is closed under it.
    stack.push_async_callback(app.state.pool.shutdown)
    app.state.service = service
    app.state.metrics.ready(app.version, service)
    app.state.metrics.streaming(app.state.streams)
    stack.push_async_callback(_keep_up(app.state.settings, service, app.state.metrics).stop)
    worker = ImportWorker(service, app.state.pool, app.state.settings.import_limits)
    worker.start()
    app.state.import_worker = worker
    stack.push_async_callback(worker.stop)
    stack.push_async_callback(
        WebhookDelivery(app.state.settings, service.records, app.state.metrics).stop
    )
    stack.callback(app.state.streams.close)
    log.info(
        "ready",
        pack=service.pack.name,
        templates=len(service.mirror.gallery),
        workers=app.state.settings.workers,
    )


def _keep_up(settings: Settings, service: Service, metrics: Metrics) -> PeriodicTasks:
    """Begin what comes round by itself; it ends before the database is closed."""
    upkeep = PeriodicTasks()

    def calibrate() -> None:
        made = service.calibrations.renew(Actor.service())
        if made is not None:
            log.info("calibrated", calibration=made.id, searches=made.searches)

    def monitor() -> None:
        metrics.monitored(service.monitoring.watch(settings.monitor_days))

    def erase() -> None:
        erased = service.records.retention.run(Actor.service(), RUN_S)
        if any(each.records for each in erased):
            log.info("erased", **{each.kind: each.records for each in erased})

    upkeep.every(settings.calibrate_every_s, "calibrate", calibrate)
    upkeep.every(settings.erase_every_s, "erase", erase)
    upkeep.every(settings.monitor_every_s, "monitor", monitor)
    return upkeep
