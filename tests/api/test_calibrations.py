"""Calibrations and the report on alarms, over HTTP."""

import asyncio
import re
import threading

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.background.periodic import PeriodicTasks
from api.state import state_of
from casework.accounts.api_keys import NewKey
from casework.kernel.vocabulary import Role, Scope
from tests.api.conftest import management, problem, settings_for, signed_in, wait_until_ready
from tests.api.test_metrics import figures, screen
from tests.casework.calibration.test_calibrations import note, strangers
from tests.deadlines import patience, wait_until
from tests.services import OPERATOR, Desk, open_service


def test_too_few_scores_are_a_conflict(client, desk, admin):
    refused = client.post("/v1/calibrations", headers=admin)
    assert "empty" in problem(refused, 409, "too_few_scores")["detail"]
    desk.enrol(1)
    refused = client.post("/v1/calibrations", headers=admin)
    assert "200 at least" in problem(refused, 409, "too_few_scores")["detail"]
    assert client.get("/v1/calibrations", headers=admin).json() == {"items": [], "next": None}


def test_one_is_made_listed_read_and_used(client, desk, admin, sign_in, port):
    desk.enrol(1)
    officer = sign_in(Role.OFFICER)
    note(desk, strangers(1000))
    made = client.post("/v1/calibrations", headers=admin)
    assert made.status_code == 201, made.text
    body = made.json()
    assert made.headers["location"] == f"/v1/calibrations/{body['id']}"
    assert (body["source"], body["in_force"], body["extrapolated"]) == ("encounters", True, False)
    assert (body["runtimes"], body["other_runtime"]) == (["onnxruntime"], False)
    assert [row["fpir"] for row in body["thresholds"]] == [0.1, 0.03, 0.01, 0.003, 0.001]
    scores = [row["score"] for row in body["thresholds"]]
    assert scores == sorted(scores)
    assert all(row["low"] <= row["score"] for row in body["thresholds"])
    assert all(row["fpir_low"] <= row["fpir_high"] for row in body["thresholds"])
    # A thousand searches show nothing of 1 in 1,000: there the pack's prior is stricter.
    for row in body["thresholds"][:-1]:
        assert row["score"] <= row["high"]
        assert row["fpir_low"] <= row["fpir"] <= row["fpir_high"]
    assert client.get(f"/v1/calibrations/{body['id']}", headers=admin).json() == body

    (told,) = screen(client, port, 1).json()["alerts"]
    alert = client.get(f"/v1/alerts/{told['id']}", headers=officer).json()
    assert alert["calibration_id"] == body["id"]
    assert alert["encounter"]["runtime"] == body["runtime"] == "onnxruntime"
    assert alert["one_in"] > 1000
    assert body["id"] in alert["threshold_basis"]

    second = client.post("/v1/calibrations", headers=admin).json()
    first_page = client.get("/v1/calibrations?limit=1", headers=admin).json()
    assert first_page["next"] == first_page["items"][0]["id"] == body["id"]
    assert not first_page["items"][0]["in_force"]
    rest = client.get(f"/v1/calibrations?after={body['id']}", headers=admin).json()
    assert [item["id"] for item in rest["items"]] == [second["id"]]
    problem(client.get("/v1/calibrations/cal_x", headers=admin), 404, "not_found")


def test_port_systems_may_not_read_or_make_them(client, port):
    problem(client.post("/v1/calibrations", headers=port), 403, "not_permitted")
    problem(client.get("/v1/calibrations", headers=port), 403, "not_permitted")
    problem(client.get("/v1/reports/alarms", headers=port), 403, "not_permitted")


def test_the_report_names_the_list_that_is_beyond_its_limit(client, desk, sign_in, port):
    loose = desk.watchlist("loose", target_fpir=0.01)
    office = sign_in(Role.SUPERVISOR)
    quiet = desk.watchlist("quiet")
    desk.enrol(1, loose)
    for _ in range(10):
        screen(client, port, 1)
    early = client.get("/v1/reports/alarms?days=7", headers=office).json()["watchlists"]
    assert not any(row["breach"] for row in early)  # nobody is late yet
    desk.clock.advance(minutes=20)
    report = client.get("/v1/reports/alarms?days=7", headers=office).json()
    rows = {row["watchlist_id"]: row for row in report["watchlists"]}
    assert rows[loose]["breach"]
    assert (rows[loose]["travellers"], rows[loose]["alarms"], rows[loose]["undecided"]) == (
        10,
        10,
        10,
    )
    assert rows[loose]["alarms_per_thousand"] == 1000
    assert rows[loose]["false_alarm_rate"] == 0
    assert rows[loose]["limit_per_thousand"] == 100 * rows[loose]["limit"]
    assert not rows[quiet]["breach"]
    refused = client.get("/v1/reports/alarms?days=0", headers=office)
    problem(refused, 422, "request_invalid")


def test_a_threshold_that_strangers_reach_is_refused_with_the_least_allowed(client, office):
    refused = client.post("/v1/watchlists", json={"name": "x", "threshold": -1}, headers=office)
    body = problem(refused, 422, "threshold_too_low")
    (least,) = map(float, re.findall(r"at least ([\d.]+)\.", body["detail"]))
    made = client.post("/v1/watchlists", json={"name": "x", "threshold": least}, headers=office)
    assert (made.status_code, made.json()["threshold_in_force"]) == (201, least)
    assert made.json()["threshold_basis"] == "set by hand"
    path = f"/v1/watchlists/{made.json()['id']}"
    editor = {**office, "If-Match": "*"}
    problem(client.patch(path, json={"threshold": 0.1}, headers=editor), 422, "threshold_too_low")
    problem(client.patch(path, json={"target_fpir": 0.02}, headers=editor), 422, "request_invalid")
    client.patch(path, json={"active": False, "reason": "over"}, headers=editor)
    assert client.get(path, headers=office).json()["threshold_in_force"] is None


def test_a_breaker_trips_by_itself_is_shown_and_is_reset_with_a_reason(tmp_path, clock):
    settings = settings_for(tmp_path, breaker_every_s=1, breaker_travellers=3)
    app = create_app(
        settings,
        lambda s: open_service(tmp_path / "siaga.db", clock, breaker=s.breaker_rules),
    )
    with TestClient(app) as client:
        wait_until_ready(client)
        desk = Desk(state_of(app).opened, clock)
        watchlist = desk.watchlist()
        desk.enrol(1)
        for _ in range(3):
            desk.screen(1)
        name = f'siaga_watchlist_breaker{{watchlist="{watchlist}"}}'
        wait_until(lambda: figures(client).get(name) == 1, 20)
        boss = signed_in(desk, Role.SUPERVISOR)
        path = f"/v1/watchlists/{watchlist}"
        assert client.get(path, headers=boss).json()["breaker_tripped_at"] is not None
        reset = client.post(f"{path}/breaker/reset", json={"reason": "too short"}, headers=boss)
        problem(reset, 422, "request_invalid")
        body = {"reason": "One photo was of a poster."}
        clock.advance(seconds=1)
        answer = client.post(f"{path}/breaker/reset", json=body, headers=boss)
        assert answer.json()["breaker_tripped_at"] is None
        again = client.post(f"{path}/breaker/reset", json=body, headers=boss)
        problem(again, 409, "illegal_transition")
        wait_until(lambda: figures(client).get(name) == 0, 20)


def test_figures_are_counted_again_by_themselves_and_hold_no_names(tmp_path, clock):
    settings = settings_for(tmp_path, monitor_every_s=1, calibrate_every_s=1)
    app = create_app(settings, lambda _: open_service(tmp_path / "siaga.db", clock))
    with TestClient(app) as client:
        wait_until_ready(client)
        desk = Desk(state_of(app).opened, clock)
        _, text = desk.service.accounts.keys.create(
            OPERATOR, NewKey("port", frozenset({Scope.SCREEN}))
        )
        loose = desk.watchlist("SECRET LIST", target_fpir=0.01)
        empty = desk.watchlist("nobody passes", ports=["IDBTM"])
        desk.enrol(1, loose)
        note(desk, strangers(1000))
        screen(client, {"Authorization": f"Bearer {text}"}, 1)
        name = f'siaga_watchlist_breach{{watchlist="{loose}"}}'
        wait_until(
            lambda: (
                name in figures(client)
                and desk.service.calibration.calibrations.current() is not None
            ),
            20,
        )
        clock.advance(hours=1)  # nobody has looked at it in time
        by_chance = f'siaga_watchlist_false_alarms_per_thousand{{watchlist="{loose}"}}'
        wait_until(lambda: figures(client)[by_chance] == 1000, 20)
        found = figures(client)
        assert found[f'siaga_watchlist_alarms_per_thousand{{watchlist="{loose}"}}'] == 1000
        assert found[f'siaga_watchlist_alarm_limit_per_thousand{{watchlist="{loose}"}}'] == 1000
        assert found[name] == 0  # one alarm may be chance
        assert not any(empty in each for each in found)
        assert "SECRET LIST" not in management(client).get("/metrics").text
        made = desk.service.calibration.calibrations.current()
        assert made is not None
        assert made.made_by == "service"

        clock.advance(days=40)
        state_of(app).metrics.monitored(desk.service.calibration.monitoring.alarms())
        assert not any(loose in each for each in figures(client))


def test_upkeep_goes_on_after_a_failure_and_ends_when_told():
    async def scene():
        upkeep, rounds, again = PeriodicTasks(), [], threading.Event()

        def work():
            rounds.append(1)
            if len(rounds) == 1:
                raise ZeroDivisionError
            again.set()

        upkeep.every(1, "test", work)
        upkeep.every(0, "never", lambda: pytest.fail("0 means never"))
        assert await asyncio.to_thread(again.wait, patience(10))
        await asyncio.wait_for(upkeep.stop(), patience(5))
        assert len(rounds) == 2

    asyncio.run(scene())
