"""Searches that wait go together, and each gets its own answer."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from index import memory
from index.memory import MemoryGallery
from index.shared import SharedPasses
from tests.deadlines import patience
from tests.index.vectors import clustered


class Passes:
    """Answers numbers by their squares, when it is let to."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, ...]] = []
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)

    def __call__(self, numbers):
        self.taken.append(tuple(sorted(numbers)))
        self.begun.release()
        assert self.go_on.acquire(timeout=patience(10))
        if 13 in numbers:
            raise ValueError("thirteen")
        return [number**2 for number in numbers]


def test_who_comes_while_all_are_busy_goes_along_with_the_next_pass():
    passes = Passes()
    shared = SharedPasses(passes, at_once=2)
    with ThreadPoolExecutor(8) as threads:
        first = [threads.submit(shared.ask, number) for number in (1, 2)]
        for _ in first:
            assert passes.begun.acquire(timeout=patience(10))
        later = []
        for number in (3, 4, 5):
            later.append(threads.submit(shared.ask, number))
            while len(shared._waiting) < len(later):
                assert not later[-1].done()
        passes.go_on.release(3)
        assert [each.result(patience(10)) for each in first + later] == [1, 4, 9, 16, 25]
    assert sorted(passes.taken[:2]) == [(1,), (2,)]
    assert passes.taken[2:] == [(3, 4, 5)]


def test_a_pass_that_fails_fails_for_all_in_it_and_for_nobody_else():
    passes = Passes()
    shared = SharedPasses(passes, at_once=1)
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(shared.ask, 1)
        assert passes.begun.acquire(timeout=patience(10))
        together = [threads.submit(shared.ask, number) for number in (12, 13)]
        while len(shared._waiting) < 2:
            assert not first.done()
        passes.go_on.release(2)
        assert first.result(patience(10)) == 1
        for each in together:
            with pytest.raises(ValueError, match="thirteen"):
                each.result(patience(10))
        passes.go_on.release()
        assert threads.submit(shared.ask, 6).result(patience(10)) == 36


def test_searches_of_many_threads_are_answered_as_alone(monkeypatch):
    vectors, probes = clustered(1, 3000, 16), clustered(2, 60, 16)
    gallery = MemoryGallery(16)
    gallery.add(range(len(vectors)), vectors)
    thresholds = np.linspace(0.2, 0.95, len(probes)).tolist()
    alone = [gallery.search(*each) for each in zip(probes, thresholds, strict=True)]
    assert any(result.hits for result in alone)
    monkeypatch.setattr(memory, "SHARED_FROM_ROWS", 1)
    with ThreadPoolExecutor(12) as threads:
        for _ in range(3):
            assert list(threads.map(gallery.search, probes, thresholds)) == alone
