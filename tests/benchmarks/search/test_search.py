"""The search benchmark on small galleries."""

from benchmarks.machine import facts
from benchmarks.report import Report
from benchmarks.search import report as search_report
from benchmarks.search import search
from index.engine import ENGINES


def test_a_small_gallery_is_measured_and_reported():
    run = search.measure(3000, repeats=1)
    assert run.identical
    assert all(timing.middle > 0 for timing in run.timings.values())
    report = Report("search", "test", facts())
    search_report.add_to(report, run)
    assert len(report.grids[0].rows) == 1 + len(ENGINES)
    assert report.targets == []  # promises are about a million templates


def test_an_index_that_probes_everything_misses_nothing():
    few, everything = search.approximate(4000, lists=16, probed=(1, 16))
    assert everything.missed == 0
    assert few.missed > 0.1
