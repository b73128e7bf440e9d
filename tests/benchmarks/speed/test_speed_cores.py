"""Throughput on one core and on two: every photo is analysed, on the cores it should be."""

import os
import threading

import pytest

from benchmarks.speed import cores as speed_cores
from benchmarks.speed.cores import Scaling

two_cores = pytest.mark.skipif(
    len(os.sched_getaffinity(0)) < speed_cores.CORES, reason="this process may use one core only"
)


@two_cores
def test_all_photos_are_analysed_and_every_thread_stays_on_its_core():
    seen = []

    def analyse(photo):
        seen.append((photo, threading.get_ident(), frozenset(os.sched_getaffinity(0))))

    before = os.sched_getaffinity(0)
    scaling = speed_cores.measure([b"a", b"b"], analyse, rounds=2)
    assert scaling is not None
    assert len(scaling.one) == len(scaling.many) == 2
    assert len(seen) == 3 * (2 + 2 * 2)
    assert {len(cores) for *_, cores in seen} == {1}
    assert len({cores for *_, cores in seen}) == speed_cores.CORES
    assert os.sched_getaffinity(0) == before


@two_cores
def test_a_photo_that_fails_ends_the_measurement():
    def analyse(photo):
        raise ValueError(photo)

    with pytest.raises(ValueError, match="a"):
        speed_cores.measure([b"a"], analyse, rounds=1)


def test_where_one_core_may_be_used_nothing_is_measured(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert speed_cores.measure([b"a"], len) is None


def test_the_ratio_is_of_medians():
    assert Scaling([10, 10, 40], [18, 19, 20]).ratio == 1.9
