"""The load benchmark, with tiny counts: it starts the real process and tells the truth."""

import io
import json

import pytest
from rich.console import Console

from benchmarks.load import load
from benchmarks.load import report as load_report
from benchmarks.load.client import Answer
from benchmarks.load.service import Cpus
from benchmarks.report import Report
from tests.deadlines import patience


def test_a_tiny_run_measures_every_figure_of_the_mocked_scenes(tmp_path):
    cpus = Cpus.choose()
    run = load.measure_mocked(tmp_path / "data", 50, 32, cpus, seconds=0.2, enrolments=3)
    memory = load.measure_memory(tmp_path / "memory", 32, cpus, requests=40, points=4, warm_up=8)
    assert [loop.clients for loop in run.loops] == [1, 4]
    assert all(loop.per_second > 0 and loop.percentile(0.5) > 0 for loop in run.loops)
    assert all(loop.cpu_ms > 0 for loop in run.loops)
    assert run.enrolled_per_second > 0
    assert 0 < run.authentication_ms < patience(50)
    assert [requests for requests, _ in memory.points] == [0, 10, 20, 30, 40]

    report = Report("load", "a test", {})
    load_report.add_mocked(report, [run], 32)
    load_report.add_memory(report, memory)
    printed = io.StringIO()
    report.print(Console(file=printed, width=200))
    assert "CPU ms" in printed.getvalue()
    json.loads(report.write(tmp_path / "load.json").read_text())


# Half a minute of both processors; what admission promises is in tests/api/test_admission.py.
@pytest.mark.more
def test_overload_is_refused_quickly_and_what_is_admitted_is_in_time(tmp_path, pipeline, pack):
    del pack
    from benchmarks.packaged import people  # noqa: PLC0415 - reads pictures of other packages
    from benchmarks.speed.photos import compose_all  # noqa: PLC0415

    photos = [photo.data for photo in compose_all(people(pipeline)[:1])[:2]]
    real = load.measure_real(tmp_path / "real", pipeline, photos, Cpus.choose(), seconds=0.5)
    assert real.refused
    assert real.admitted
    assert all(answer.headers["retry-after"] == "1" for answer in real.refused)
    report = Report("load", "a test", {})
    load_report.add_real(report, real)
    assert any(note.startswith("SLO:") for note in report.notes)
    json.loads(report.write(tmp_path / "load.json").read_text())


def test_stage_times_are_read_from_the_header():
    answer = Answer(201, 9.0, {"server-timing": "decode;dur=4.10, record;dur=0.50"}, b"")
    assert load.stage_times(answer) == {"decode": 4.1, "record": 0.5}
