"""Where a photo's time goes: named stages, in milliseconds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Adds up wall-clock time by stage; one per photo, not shared between threads."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = {}
        """Milliseconds by stage, in the order in which the stages first ran."""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of the block as part of stage `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = (time.perf_counter() - start) * 1000
            self.stages[name] = self.stages.get(name, 0.0) + spent
