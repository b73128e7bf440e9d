"""The service's start beside the event loop, and its end in the opposite order."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final

from api.background.imports import ImportWorker
from api.background.periodic import PeriodicTasks
from api.background.stays import StayWorker
from api.background.webhooks import WebhookDelivery
from api.logging import log
from api.metrics import Metrics
from api.state import State
from casework.calibration.priors import PriorSource
from casework.kernel.actor import Actor
from casework.kernel.errors import SetUpError
from casework.kernel.key_holders import SIGN_EVERY_S
from casework.oversight.retention import RUN_S
from casework.service import Service
from config.checkpoints import sink_of
from config.settings import Settings
from detector.decode import quiet_native_logging
from detector.errors import DetectorError
from detector.memory import map_large_blocks, return_free_memory, share_arenas
from detector.threads import use_threads
from models.errors import ModelsError

_SETTLE_EVERY_S: Final = 30
"""Seconds between looks at which accepted requests take effect now."""
_CHECKPOINT_S: Final = 30
"""Seconds between two looks at whether a checkpoint is due."""

_RELEASE_EVERY_S: Final = 1
"""Seconds between two looks for releases that ports may hear of."""
_ESCALATE_EVERY_S: Final = 5
"""Seconds between two looks for alerts that nobody has taken in time."""
_STAYS_S: Final = 60
_OVERSTAYS_S: Final = 300
_KEY_USE_S: Final = 60
_KEYS_S: Final = 3600


_RETURN_EVERY_S: Final = 10


@asynccontextmanager
async def running(
    state: State,
    version: str,
    open_service: Callable[[Settings], Service],
    on_failure: Callable[[], object] | None,
) -> AsyncIterator[None]:
    """Open the service while the application already answers; at the end, close what was opened.

    Args:
        state: what the application holds; the service is put into it.
        version: of the program, for its metrics.
        open_service: makes the service, off the event loop.
        on_failure: called if the service cannot be opened.
    """
    quiet_native_logging()
    use_threads(1)
    map_large_blocks()
    share_arenas()
    state.metrics.serving(version, state.workers, practice=state.settings.practice)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(state.workers.shutdown)
        starting = asyncio.create_task(_start(state, version, open_service, stack))
        if on_failure is not None:
            report = on_failure
            starting.add_done_callback(lambda _: state.failure and report())
        yield
        await starting


async def _start(
    state: State,
    version: str,
    open_service: Callable[[Settings], Service],
    stack: AsyncExitStack,
) -> None:
    """Open the service; say why if it cannot be."""
    try:
        service = await asyncio.to_thread(open_service, state.settings)
    except (SetUpError, ModelsError, DetectorError) as error:
        state.failure = str(error)
        log.error("the service cannot start", reason=str(error))
        return
    except Exception as error:  # noqa: BLE001 - whatever it is, the service must say so and end
        state.failure = f"{type(error).__name__}: see the log"
        log.error("the service cannot start", exc_info=error)
        return
    stack.callback(service.close)
    stack.callback(state.audit_check.stop)
    if service.calibration.prior.source is PriorSource.GENERIC:
        log.warning(
            "nothing is known of how high strangers score with this pack: thresholds follow from "
            "others; run `siaga calibrate FOLDER`",
            pack=service.pack.name,
        )
    # What was admitted is finished before the database is closed under it.
    stack.push_async_callback(state.workers.shutdown)
    state.service = service
    state.metrics.ready(version, service)
    state.metrics.streaming(state.streams)
    stack.callback(service.accounts.keys.write_use)
    stack.callback(service.kernel.vault.holders.leave)
    stack.push_async_callback(_periodic(state.settings, service, state.metrics).stop)
    worker = ImportWorker(service, state.workers, state.settings.import_limits, state.settings.zone)
    worker.start()
    state.import_worker = worker
    stack.push_async_callback(worker.stop)
    guests = StayWorker(service, state.workers, state.metrics)
    guests.start()
    state.stay_worker = guests
    stack.push_async_callback(guests.stop)
    stack.push_async_callback(WebhookDelivery(state.settings, service, state.metrics).stop)
    stack.callback(state.streams.close)
    for policy in service.screening.matching.policies().values():
        if policy.raised:
            log.warning(
                "a threshold set by hand is raised: strangers would reach it too often",
                watchlist=policy.watchlist_id,
                set_by_hand=policy.set_by_hand,
                in_force=round(policy.threshold, 4),
            )
    log.info(
        "ready",
        pack=service.pack.name,
        runtime=service.pipeline.runtime.value,
        templates=len(service.gallery.replica.gallery),
        workers=state.settings.workers,
        practice=service.kernel.practice,
    )


_FINISH_EVERY_S: Final = 60
"""Seconds between two looks for subjects and photos whose time of grace is over."""


def _periodic(settings: Settings, service: Service, metrics: Metrics) -> PeriodicTasks:
    """Start the periodic work; it ends before the database is closed."""
    tasks = PeriodicTasks()

    def calibrate() -> None:
        made = service.calibration.calibrations.renew(Actor.service())
        if made is not None:
            log.info("calibrated", calibration=made.id, searches=made.searches)

    def finish() -> None:
        gone = service.lists.erasures.finish() + service.screening.known.finish()
        if gone:
            log.info("erasures finished", erased=gone)

    def monitor() -> None:
        metrics.monitored(service.calibration.monitoring.watch(settings.monitor_days))
        metrics.lanes(service.reports.lanes.count())

    def look_after_keys() -> None:
        metrics.keys(service.accounts.keys.warn())

    def erase() -> None:
        erased = service.oversight.retention.run(Actor.service(), RUN_S)
        if any(each.records for each in erased):
            log.info("erased", **{each.kind: each.records for each in erased})

    tasks.every(_SETTLE_EVERY_S, "approvals", partial(_settle, service, metrics))
    tasks.every(_ESCALATE_EVERY_S, "overdue alerts", partial(_escalate, service, metrics))
    tasks.every(_RETURN_EVERY_S, "return memory", return_free_memory)
    _checkpoint(tasks, settings, service, metrics)
    tasks.every(settings.calibrate_every_s, "calibrate", calibrate)
    tasks.every(settings.erase_every_s, "erase", erase)
    tasks.every(_FINISH_EVERY_S, "finish erasures", finish)
    tasks.every(settings.monitor_every_s, "monitor", monitor)
    tasks.every(settings.breaker_every_s, "breaker", partial(_trip, service, metrics))
    tasks.every(_RELEASE_EVERY_S, "releases", service.review.decisions.tell_releases)
    tasks.every(_STAYS_S, "stays", lambda: metrics.stays(service.stays.stays.figures()))
    tasks.every(_OVERSTAYS_S, "overstays", partial(_announce, service, metrics))
    tasks.every(_KEY_USE_S, "key use", service.accounts.keys.write_use)
    tasks.every(_KEYS_S, "keys", look_after_keys)
    tasks.every(SIGN_EVERY_S, "data keys", service.kernel.vault.holders.sign)
    return tasks


def _settle(service: Service, metrics: Metrics) -> None:
    """Put into effect what was accepted and is due."""
    service.approvals.requests.settle()
    metrics.approvals_waiting(service.approvals.requests.open_by_kind())


def _announce(service: Service, metrics: Metrics) -> None:
    """Announce overstays that have begun."""
    metrics.overstays(service.lists.overstays.announce(), service.permits.overstays())


def _escalate(service: Service, metrics: Metrics) -> None:
    """Call others for alerts that nobody has taken in time."""
    service.review.overdue.escalate()
    metrics.backlog(service.review.overdue.backlog())


def _checkpoint(
    tasks: PeriodicTasks, settings: Settings, service: Service, metrics: Metrics
) -> None:
    """Make checkpoints of the audit trail, hand them out, and raise an alarm where that fails."""
    if settings.checkpoint_key_file is None:
        log.warning("nobody signs checkpoints of the audit trail: see checkpoint_key_file")
        return
    sink = sink_of(settings)

    def tend() -> None:
        condition = service.oversight.checkpoints.tend(sink)
        metrics.checkpointed(condition)
        if condition.problem is not None:
            log.error("no checkpoint", reason=str(condition.problem))
        elif condition.alarm:
            log.error("the last checkpoint is too old")

    tasks.every(min(settings.checkpoint_every_s, _CHECKPOINT_S), "checkpoint", tend)


def _trip(service: Service, metrics: Metrics) -> None:
    for each in service.calibration.breaker.watch():
        log.warning(
            "a watchlist alarms on too many travellers: its breaker has tripped",
            watchlist=each.watchlist_id,
            travellers=each.travellers,
            alarms=each.not_matches,
        )
    metrics.breakers(service.screening.matching.policies().values())
