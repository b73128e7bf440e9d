"""How much more two cores do than one: photos a second of one process, one thread on each core."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import threadpoolctl

from detector.threads import use_threads

ROUNDS: Final = 7
CORES: Final = 2
"""Compared with one; more would need a machine that has them."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """Photos a second, round by round, on one core and on `CORES`."""

    one: list[float]
    many: list[float]

    @property
    def ratio(self) -> float:
        """Ratio of the medians."""
        return float(np.median(self.many) / np.median(self.one))


def measure(
    photos: Sequence[bytes], analyse: Callable[[bytes], object], rounds: int = ROUNDS
) -> Scaling | None:
    """Analyse all photos on one core, and as many for each core on `CORES`, in turns.

    Returns None where this process may not use that many cores. The first round is warm-up.
    """
    cores = sorted(os.sched_getaffinity(0))[-CORES:]
    if len(cores) < CORES:
        return None
    use_threads(1)
    one, many = [], []
    with threadpoolctl.threadpool_limits(1):
        for turn in range(-1, rounds):
            # Which core works alone changes from turn to turn: one may be busier than the other.
            alone = _rate(photos, analyse, [cores[turn % CORES]])
            together = _rate(photos, analyse, cores)
            if turn >= 0:
                one.append(alone)
                many.append(together)
    return Scaling(one, many)


def _rate(
    photos: Sequence[bytes], analyse: Callable[[bytes], object], cores: Sequence[int]
) -> float:
    """Give a thread on each core the next photo until each was had once a core; photos a second."""
    # One queue, as in the service: a core that is busy with something else takes fewer.
    waiting = iter([*photos] * len(cores))
    taking = threading.Lock()
    begin = threading.Barrier(len(cores) + 1)
    failures: list[BaseException] = []

    def work(core: int) -> None:
        os.sched_setaffinity(0, {core})  # of this thread only
        begin.wait()
        try:
            while True:
                with taking:
                    photo = next(waiting, None)
                if photo is None:
                    return
                analyse(photo)
        except Exception as failure:  # noqa: BLE001 - raised again by the thread that measures
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(core,)) for core in cores]
    for thread in threads:
        thread.start()
    begin.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - start
    if failures:
        raise failures[0]
    return len(photos) * len(cores) / spent
