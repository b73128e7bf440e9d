"""Works on imports beside the requests: one at a time, one photo at a time, requests first."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import tzinfo
from functools import partial

from api.background.queue_worker import LOOK_EVERY_S, QueueWorker
from api.logging import log
from api.v1.imports.rows import check_row
from api.workers import WorkPool
from casework.imports.queue import ClaimedImport, ImportTaken
from casework.imports.run import ImportBatch
from casework.imports.source import ImportLimits, ImportSource
from casework.kernel.errors import CaseworkError
from casework.kernel.vocabulary import ImportState
from casework.service import Service


class ImportWorker(QueueWorker[ClaimedImport]):
    """Works on the imports of one process. Belongs to one event loop."""

    failed = "import failed"

    def __init__(
        self, service: Service, pool: WorkPool, limits: ImportLimits, zone: tzinfo
    ) -> None:
        super().__init__()
        self._service = service
        self._pool = pool
        self._limits = limits
        self._check = partial(check_row, zone=zone)

    def _claim(self, *, take_over: bool) -> ClaimedImport | None:
        return self._service.import_runner.queue.claim(take_over=take_over)

    def _tidy(self, *, idle: bool) -> None:
        del idle  # uploads that nobody finished are looked for after each import, too
        self._service.exchange.imports.tidy()

    async def _work_on(self, claim: ClaimedImport) -> None:
        queue = self._service.import_runner.queue
        uploads = self._service.exchange.imports.uploads
        try:
            with uploads.source(claim.job.id, self._limits) as source:
                await self._finish(claim, source)
        except ImportTaken:
            log.info("import left to another process", id=claim.job.id)
        except CaseworkError as error:
            with suppress(ImportTaken):
                await asyncio.to_thread(queue.fail, claim, error.message)
            log.warning("import ended early", id=claim.job.id, why=type(error).__name__)
        if self._stopping.is_set():
            await asyncio.to_thread(queue.release, claim)

    async def _finish(self, claim: ClaimedImport, source: ImportSource) -> None:
        runner = self._service.import_runner
        batches = runner.batches(claim, source, self._check, self._limits)
        while (batch := await asyncio.to_thread(_next, batches)) is not None:
            if not await self._examine(claim, batch):
                return
            job = await asyncio.to_thread(runner.store, claim, batch)
            if job.state == ImportState.DONE.value:
                log.info("imported", id=job.id, rows=job.done, refused=job.refused)

    async def _examine(self, claim: ClaimedImport, batch: ImportBatch) -> bool:
        """Examine a batch's photos; returns False if stopped before the last."""
        loop = asyncio.get_running_loop()
        renewed = loop.time()
        for task in batch.tasks:
            task.done = await self._pool.low_priority(task.work)
            if loop.time() - renewed > LOOK_EVERY_S:
                await asyncio.to_thread(self._service.import_runner.queue.renew, claim)
                renewed = loop.time()
            if self._stopping.is_set():
                return False
        return True


def _next(batches: Iterator[ImportBatch]) -> ImportBatch | None:
    return next(batches, None)
