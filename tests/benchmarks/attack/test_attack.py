"""The attackers attack, and the report says what was seen."""

import io
import json
import subprocess
import sys

import pytest
from rich.console import Console

from benchmarks.attack import report as attack_report
from benchmarks.attack.attack import HERE, Scene, large_photo
from benchmarks.attack.attackers import ATTACKS
from benchmarks.report import Report
from detector.decode import Limits, is_large, open_photo
from tests.api.test_connections import Server
from tests.deadlines import patience


@pytest.mark.parametrize("name", sorted(set(ATTACKS) - {"large bodies", "stalled bodies"}))
def test_each_attack_ends_by_itself_and_says_how_it_was_answered(name, tmp_path):
    photo = tmp_path / "photo"
    photo.write_bytes(b"no photo")
    with Server(header_seconds=0.5) as server:
        given = ("-m", "benchmarks.attack.attackers", name, str(server.port), "1", "key", photo)
        done = subprocess.run(
            [sys.executable, *given],
            cwd=HERE,
            capture_output=True,
            check=True,
            timeout=patience(30),
        )
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert (sum(outcome.values()) > 0) == (name != "none")
    if name == "endless header":
        assert outcome == {"431": 1}


def test_a_large_photo_costs_much_and_is_sent_at_once():
    photo = large_photo()
    assert len(photo) < 1_000_000
    assert is_large(photo)
    assert open_photo(photo, Limits()).width * open_photo(photo, Limits()).height > 20_000_000


def test_the_report_shows_each_attack_and_judges_it():
    slow = Scene("greedy key", [100.0] * 9 + [900.0], {"201": 9, "503": 1}, [5.0, 80.0], 0.5)
    slow.rss_before, slow.rss_peak, slow.rss_after = 300, 500, 310
    slow.outcome = {"201": 40, "503": 7}
    large = Scene("large bodies", [100.0], {"201": 1}, [5.0], 0.1, 300, 400, 300)
    large.probe_cpu_ms = [2.0, 61.0]
    report = Report("attack", "python -m benchmarks attack", {})
    attack_report.add_to(report, "Attacks", [slow, large])
    attack_report.judge(report, [slow, large])
    passed = {target.name: target.passed for target in report.targets}
    assert not passed["greedy key: port's p99, ms"]
    assert passed["greedy key: memory at its peak, MiB more"]
    assert not passed["large bodies: memory at its peak, MiB more"]
    assert not passed["large bodies: loop's processor time before /healthz, ms"]
    assert passed["large bodies: memory afterwards, MiB more"]
    text = io.StringIO()
    report.print(Console(file=text, width=200))
    assert "40 x 201, 7 x 503" in text.getvalue()
    assert "90%" in text.getvalue()
