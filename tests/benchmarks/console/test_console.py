"""The benchmark of the open queue, with tiny counts: the real service, networks and browser."""

import json

import pytest

from benchmarks import chromium
from benchmarks.console import queue, scene
from benchmarks.console import report as console_report
from benchmarks.report import Report

pytestmark = [
    pytest.mark.more,
    pytest.mark.skipif(chromium.installed() is None, reason="no Chromium on this machine"),
]


def test_a_tiny_run_sees_the_faces_of_every_alert(tmp_path, pack):
    del pack
    made = scene.prepare(tmp_path / "data", open_alerts=2, subjects=2)
    measured = queue.measure(made, rate=4, seconds=1)
    assert (len(measured.closed.answered), len(measured.live.answered)) == (4, 4)
    assert len(measured.seen_ms) == 4
    assert all(
        seen > each.ms for seen, each in zip(measured.seen_ms, measured.live.sent, strict=True)
    )
    assert measured.live.service_ms > 0
    assert measured.live.browser_ms > 0
    assert measured.complaints == ()
    report = Report("console", "a test", {})
    console_report.add_to(report, measured, 4, 2)
    json.loads(report.write(tmp_path / "console.json").read_text())
