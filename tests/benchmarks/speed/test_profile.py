"""The profile names what takes the time."""

import time

from benchmarks.machine import facts
from benchmarks.report import Report
from benchmarks.speed import profile


def slow():
    time.sleep(0.002)


def test_the_dearest_function_comes_first():
    costs = profile.measure([b"a", b"b"], lambda photo: (slow(), photo))
    assert "sleep" in costs[0].name
    assert costs[0].share > 0.9
    assert sum(cost.share for cost in costs) > 0.99
    report = Report("profile", "test", facts())
    profile.add_to(report, costs, 2)
    assert report.grids[0].rows[0][1] == "1.0"
