"""The simulator's arithmetic, and the command against a service that answers as it is told."""

import asyncio
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from siaga_client import AsyncClient

from casework.kernel.vocabulary import Scope
from cli.simulate.summary import Summary, dashboard
from cli.simulate.traffic import LOST, Plan, Seen, Traffic, run
from tests.fakes import photo_of


def traffic_of(*seen, rate=10.0, seconds=2.0):
    traffic = Traffic(Plan([b""], ["CGK"], rate, seconds))
    traffic.seen, traffic.sent = list(seen), len(seen)
    return traffic


@given(st.floats(0.1, 50), st.floats(1, 60), st.integers(0, 9))
def test_as_many_arrive_as_the_rate_promises_in_order(rate, seconds, seed):
    moments = Plan([b""], ["CGK"], rate, seconds, seed).moments()
    assert len(moments) == round(rate * seconds)
    assert moments == sorted(moments)
    assert all(0 <= moment <= seconds for moment in moments)


def test_a_summary_counts_who_was_answered_in_time():
    seen = [Seen("CGK", "clear", 0.1)] * 16 + [
        Seen("CGK", "clear", 0.1, captured_twice=True),
        Seen("CGK", "clear", 0.1, captured_twice=True, to_officer=True),
        Seen("CGK", "alert", 0.6),
        Seen("CGK", LOST, 9.0),
    ]
    summary = Summary.of(traffic_of(*seen), 500)
    assert (summary.sent, summary.answered, summary.within_target) == (20, 19, 18)
    assert summary.given_up == 1
    assert summary.counts == (
        "Screened 19: clear 18, alert 1. Captured twice 2, 1 to an officer. "
        "Given up 1: no answer 1."
    )
    assert summary.held_per_second == 9.0
    assert summary.outcomes == {"clear": 18, "alert": 1, LOST: 1}
    assert (summary.p50_ms, summary.p95_ms, summary.p99_ms) == (100, 600, 600)
    assert not summary.kept
    assert "9 a second held, of 10" in summary.sentence
    assert Summary.of(traffic_of(Seen("CGK", "clear", 0.1)), 500).kept
    assert Summary.of(traffic_of(), 500).p50_ms is None


def test_the_dashboard_has_a_line_for_each_port():
    traffic = Traffic(Plan([b""], ["CGK", "IDBTM"], 1, 1))
    traffic.seen = [Seen("CGK", "clear", 0.1), Seen("IDBTM", "overloaded", 0.1)]
    table = dashboard(traffic, 500)
    assert table.row_count == 3
    assert list(table.columns[0].cells) == ["CGK", "IDBTM", "all"]
    assert list(table.columns[4].cells) == ["0", "1", "1"]


def test_travellers_of_several_ports_are_screened(served):
    served.desk.enrol(1)
    photos = [photo_of(1, brightness=0.9), photo_of(2), photo_of()]
    traffic = Traffic(Plan(photos, ["CGK", "IDBTM"], 30, 1))

    async def scene():
        async with AsyncClient(served.address, served.key(Scope.SCREEN)) as client:
            await run(client, traffic)

    asyncio.run(scene())
    assert traffic.outcomes() == {"alert": 10, "clear": 10, "unsearchable": 10}
    assert {each.port for each in traffic.seen} == {"CGK", "IDBTM"}
    assert all(each.alert_ids for each in traffic.seen if each.outcome == "alert")
    assert min(each.seconds for each in traffic.seen) > 0


def test_the_command_reports_and_its_status_says_whether_the_target_held(
    siaga,
    served,
    tmp_path: Path,
):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(photo_of(1))
    key = served.key(Scope.SCREEN)
    given = ("--address", served.address, "--rate", 5, "--seconds", 1, "--json")
    held = siaga("simulate", "photos", *given, "--target-ms", 20_000, SIAGA_KEY=key)
    assert held.returncode == 0, held.stderr
    assert json.loads(held.stdout)["kept"] is True
    missed = siaga("simulate", "photos", *given, "--target-ms", 1, SIAGA_KEY=key)
    assert missed.returncode == 1
    assert json.loads(missed.stdout)["within_target"] == 0
    (tmp_path / "nothing").mkdir()
    assert siaga("simulate", "nothing", *given, SIAGA_KEY=key).returncode == 2


def test_a_wrong_key_is_an_outcome_like_any_other(served):
    traffic = Traffic(Plan([photo_of(1)], ["CGK"], 3, 1))

    async def scene():
        async with AsyncClient(served.address, "siaga.key_x.y") as client:
            await run(client, traffic)

    asyncio.run(scene())
    assert set(traffic.outcomes()) == {"not_authenticated"}
