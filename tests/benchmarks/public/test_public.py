"""The flood of the public form, and what the report says of screening beside it."""

import io
import json

import pytest
from rich.console import Console

from benchmarks.load.client import Answer
from benchmarks.public.beside import Beside, Turn
from benchmarks.public.flood import RECEIPT, Flood
from benchmarks.public.report import add_to
from benchmarks.report import Report

PAGE = b'<input type="hidden" name="token" value="12.ab&amp;.cd">'


def test_a_form_s_token_is_sent_once_and_only_when_it_is_old_enough():
    flood = Flood(b"a photo", age_s=0)
    assert flood.next().startswith(b"GET /report?province=31 ")
    flood.take(Answer(200, 1.0, {}, PAGE))
    flood.sent = 0
    sent = [flood.next() for _ in range(7)]
    assert [b"12.ab&.cd" in each for each in sent].count(True) == 1
    assert len({each.partition(b"X-Forwarded-For: ")[2][:15] for each in sent}) == 7
    assert max(map(len, sent)) > 7 << 20


def test_a_young_token_waits():
    flood = Flood(b"a photo")
    flood.take(Answer(200, 1.0, {}, PAGE))
    assert not any(b"12.ab" in flood.next() for _ in range(7))


def test_what_took_a_report_is_counted_beside_its_status():
    flood = Flood(b"a photo")
    flood.take(Answer(200, 1.0, {}, b'<p class="reference">'))
    flood.take(Answer(503, 1.0, {}, b""))
    assert flood.outcome == {"200": 1, "503": 1, RECEIPT: 1}


@pytest.mark.parametrize(("slowed", "kept"), [(1.1, True), (1.6, False)])
def test_the_report_compares_each_turn_with_the_one_before_it(slowed, kept):
    run = Beside("no bound", flood_seconds=10.0, outcome={"200": 40, "503": 60, RECEIPT: 7})
    for usual in (40.0, 80.0, 50.0):
        run.alone.append(Turn((usual,), 0, 30.0))
        run.flooded.append(Turn((usual * slowed,), 1, 33.0))
    report = Report("public", "python -m benchmarks public", {})
    add_to(report, [run])
    passed = {target.name: target.passed for target in report.targets}
    assert passed["no bound: screening flooded / alone, medians"] is kept
    assert passed["no bound: p99 flooded, ms"]
    assert not passed["no bound: photos that were not screened"]
    assert run.cpu_ratio == pytest.approx(1.1)
    text = io.StringIO()
    report.print(Console(file=text, width=200))
    assert "40 x 200, 60 x 503, 7 x receipts" in text.getvalue()
    json.dumps(report.figures)
