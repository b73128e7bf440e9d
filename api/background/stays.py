"""Screens the guests that lodgings reported, beside the requests: one at a time, requests first."""

from api.background.queue_worker import QueueWorker
from api.logging import log
from api.metrics import Metrics
from api.workers import WorkPool
from casework.service import Service
from casework.stays.screening import ClaimedStay, StayTaken


class StayWorker(QueueWorker[ClaimedStay]):
    """Works on the reports of one process. Belongs to one event loop."""

    failed = "screening of a guest failed"

    def __init__(self, service: Service, pool: WorkPool, metrics: Metrics) -> None:
        super().__init__()
        self._service = service
        self._pool = pool
        self._metrics = metrics
        self._erased = False

    def _claim(self, *, take_over: bool) -> ClaimedStay | None:
        return self._service.stays.screening.claim(take_over=take_over)

    async def _work_on(self, claim: ClaimedStay) -> None:
        self._erased = True
        try:
            encounter = await self._pool.low_priority(
                lambda: self._service.stays.screening.screen(claim)
            )
        except StayTaken:
            log.info("guest left to another process", id=claim.stay.id)
            return
        if encounter is not None:
            self._metrics.raised(encounter)

    def _tidy(self, *, idle: bool) -> None:
        """Once for all that waited: what was erased is in no file then."""
        if idle and self._erased:
            self._service.kernel.database.empty_log()
            self._service.kernel.vault.own_keys.forget()
            self._erased = False
