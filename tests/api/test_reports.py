"""Reports over HTTP: JSON, CSV, who may, and what is held about a person."""

import csv
import io
from datetime import timedelta

import pytest

from casework.kernel.vocabulary import Role
from casework.tables import Subject
from tests.api.conftest import problem
from tests.fakes import photo_of


@pytest.fixture
def alerts(desk):
    desk.watchlist("=1+1", threshold=0.7)
    subject = desk.enrol(1, desk.watchlist("=1+1"), nationality="IDN")
    for port in ("CGK", "CGK", "IDBTM"):
        desk.screen(1, port=port)
    return subject


def test_an_agencys_own_figures_as_json_and_csv(client, desk, alerts, sign_in):
    boss = sign_in(Role.SUPERVISOR)
    url = "/v1/reports/review?by=port&by=watchlist&until=2026-03-02T00:00:00Z"
    body = client.get(url, headers=boss).json()
    assert body["by"] == ["port", "watchlist"]
    assert [(line["group"], line["alerts"]["value"]) for line in body["lines"]] == [
        ({"port": "CGK", "watchlist": "=1+1"}, 2),
        ({"port": "IDBTM", "watchlist": "=1+1"}, 1),
    ]
    answer = client.get(f"{url}&format=csv", headers=boss)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0][:3] == ["port", "watchlist", "alerts"]
    assert rows[1][:3] == ["CGK", "'=1+1", "2"]  # no formula for a spreadsheet


@pytest.mark.parametrize(
    ("query", "field"),
    [("by=colour", "by.0"), ("zone=Mars/Base", "zone"), ("since=yesterday", "since")],
)
def test_a_wrong_question_is_refused_by_field(client, sign_in, query, field):
    answer = client.get(f"/v1/reports/review?{query}", headers=sign_in(Role.SUPERVISOR))
    assert [e["field"] for e in problem(answer, 422, "request_invalid")["errors"]] == [field]


def test_totals_are_for_coordinators(client, desk, alerts, sign_in):
    desk.clock.advance(days=31)
    coordinator = sign_in(Role.COORDINATOR, agency="COORD")
    url = "/v1/reports/totals?by=port&period=2026-03"
    body = client.get(url, headers=coordinator).json()
    assert body["until"] == "2026-04-01T00:00:00Z"
    assert [line["alerts"] for line in body["lines"]] == 2 * [
        {"kind": "fewer_than_5", "value": None}
    ]
    # The same month, as its days bound it.
    days = "/v1/reports/totals?by=port&since=2026-03-01&until=2026-03-31&format=csv"
    rows = list(csv.DictReader(client.get(days, headers=coordinator).text.splitlines()))
    assert [row["alerts"] for row in rows] == 2 * ["fewer_than_5"]
    problem(client.get(url, headers=sign_in(Role.SUPERVISOR)), 403, "not_permitted")
    by_list = client.get("/v1/reports/totals?by=watchlist", headers=coordinator)
    problem(by_list, 403, "not_permitted")
    problem(client.get("/v1/reports/review", headers=coordinator), 403, "not_permitted")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("period=2026-03", "2026-02"),
        ("period=March", "2026-Q4"),
        ("since=2026-02-01&until=2026-02-27", "whole months"),
        ("since=2026-02-01", "whole months"),
        ("since=2026-01-31T17:00:00Z&until=2026-02-28T17:00:00Z", "time zone"),
    ],
)
def test_totals_of_other_periods_are_refused_with_what_to_do(client, sign_in, query, says):
    coordinator = sign_in(Role.COORDINATOR, agency="COORD")
    refused = client.get(f"/v1/reports/totals?{query}", headers=coordinator)
    assert says in problem(refused, 422, "invalid_period")["detail"]


def test_a_table_of_the_own_agency_as_json_and_csv(client, desk, alerts, sign_in):
    desk.clock.advance(days=31)
    boss = sign_in(Role.SUPERVISOR)
    url = "/v1/reports/cuts?rows=area&columns=port&period=2026-03"
    body = client.get(url, headers=boss).json()
    assert body["columns"] == ["CGK", "IDBTM"]
    assert [(row["value"], row["name"]) for row in body["rows"]] == [
        ("21", "Kepulauan Riau"),
        ("36", "Banten"),
    ]
    two = {"kind": "number", "value": 2}
    assert body["rows"][1]["cells"][0] == body["rows"][1]["total"] == two
    assert (body["exact"], body["total"]["value"], body["change"]["value"]) == (True, 3, 3)
    assert [each["month"] for each in body["trend"]][-2:] == ["2026-02", "2026-03"]
    free = client.get("/v1/reports/cuts?since=2026-03-01&until=2026-03-02", headers=boss).json()
    assert (free["period"], free["total"]["value"]) == (None, 3)
    rows = client.get(f"{url}&format=csv", headers=boss).text.splitlines()
    assert rows[0] == "\ufeffarea,CGK,IDBTM,total,change"
    assert rows[-1] == "total,2,1,3,3"
    refused = client.get("/v1/reports/cuts?rows=port&area_within=36", headers=boss)
    problem(refused, 422, "area_refused")
    problem(client.get("/v1/reports/totals/cuts", headers=boss), 403, "not_permitted")


def test_a_table_of_all_agencies_is_for_coordinators(client, desk, alerts, sign_in):
    desk.clock.advance(days=31)
    coordinator = sign_in(Role.COORDINATOR, agency="COORD")
    url = "/v1/reports/totals/cuts?rows=agency&columns=outcome"
    body = client.get(url, headers=coordinator).json()
    assert (body["exact"], body["total"]["kind"]) == (False, "fewer_than_5")
    assert client.get(f"{url}&format=csv", headers=coordinator).text.count("fewer_than_5") == 4
    for by in ("rows=watchlist", "rows=day", "rows=port&columns=nationality"):
        refused = client.get(f"/v1/reports/totals/cuts?{by}", headers=coordinator)
        problem(refused, 403, "not_permitted")
    running = client.get(f"{url}&period=2026-04", headers=coordinator)
    problem(running, 422, "invalid_period")
    problem(client.get("/v1/reports/cuts", headers=coordinator), 403, "not_permitted")


def test_what_is_held_is_told_to_the_owner_and_audited(client, desk, alerts, sign_in):
    url = f"/v1/subjects/{alerts}/held"
    analyst = sign_in(Role.ANALYST)
    problem(client.get(url, headers=analyst), 422, "request_invalid")
    body = client.get(url, params={"purpose": "request of the person"}, headers=analyst).json()
    assert body["subject"]["id"] == alerts
    # What stands sealed is told too; what guards it is not.
    with desk.service.kernel.database.read() as session:
        row = session.get_one(Subject, alerts)
        assert body["subject"]["name"] == row.name != ""
        assert body["photos"][0]["sha256"] == row.photos[0].sha256
    assert not body["subject"].keys() & {"state_salt", "sealed_fields", "reference_digest"}
    assert body["subject"].keys() >= Subject.fields_of_class.keys()
    assert [len(body[kind]) for kind in ("watchlists", "photos", "templates", "alerts")] == [
        1,
        1,
        1,
        3,
    ]
    assert body["audit_records"] > 0
    other = sign_in(Role.ANALYST, agency="POL")
    refused = client.get(url, params={"purpose": "curious"}, headers=other)
    problem(refused, 404, "not_found")


def test_lanes_are_counted_and_shown(client, desk, sign_in):
    late = desk.clock() - timedelta(minutes=7)
    desk.screen(1, lane="7", captured_at=late)
    desk.screen(1, lane="8")
    boss = sign_in(Role.SUPERVISOR)
    body = client.get("/v1/reports/lanes", headers=boss).json()
    assert [(line["lane"], line["behind"]) for line in body["lanes"]] == [("7", 1), ("8", 0)]
    assert body["lanes"][0]["greatest_offset_s"] == -420
    problem(client.get("/v1/reports/lanes?days=32", headers=boss), 422, "request_invalid")
    problem(client.get("/v1/reports/lanes", headers=sign_in(Role.OFFICER)), 403, "not_permitted")


def test_a_capture_time_in_another_century_names_both_times(client, desk, port):
    answer = client.post(
        "/v1/encounters",
        headers=port,
        data={"port": "CGK", "direction": "entry", "captured_at": "2099-01-01T00:00:00+07:00"},
        files={"photo": ("x.jpg", photo_of(1))},
    )
    body = problem(answer, 422, "capture_time_refused")
    assert [each["field"] for each in body["errors"]] == ["captured_at"]
    assert "2098-12-31T17:00:00Z" in body["detail"]
    assert "2026-03-01T08:00:00Z" in body["detail"]


@pytest.mark.parametrize(
    ("path", "role", "other"),
    [
        ("/v1/reports/monthly", Role.SUPERVISOR, Role.COORDINATOR),
        ("/v1/reports/totals/monthly", Role.COORDINATOR, Role.SUPERVISOR),
    ],
)
def test_the_monthly_report_in_each_form(client, desk, alerts, sign_in, path, role, other):
    desk.clock.advance(days=31)
    reader, url = sign_in(role), f"{path}?month=2026-03"
    body = client.get(url, headers=reader).json()
    assert (body["month"], body["exact"]) == ("2026-03", role is Role.SUPERVISOR)
    assert body["performance"]["screened"] == 3
    assert len(body["trend"]) == 12
    for form, begins in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        answer = client.get(f"{url}&format={form}&language=en", headers=reader)
        assert answer.content.startswith(begins)
        assert f"2026-03.{form}" in answer.headers["content-disposition"]
    problem(client.get(url, headers=sign_in(other)), 403, "not_permitted")
    problem(client.get(f"{path}?month=2026-13", headers=reader), 422, "request_invalid")


@pytest.mark.parametrize(
    ("path", "role", "other"),
    [
        ("/v1/reports/map", Role.SUPERVISOR, Role.COORDINATOR),
        ("/v1/reports/totals/map", Role.COORDINATOR, Role.SUPERVISOR),
    ],
)
def test_the_map_in_each_form(client, desk, alerts, sign_in, path, role, other):
    desk.clock.advance(days=31)
    reader, url = sign_in(role), f"{path}?period=2026-03"
    body = client.get(url, headers=reader).json()
    own = role is Role.SUPERVISOR
    assert (body["period"], body["exact"], body["months"]) == ("2026-03", own, [])
    assert ("stays" in body["measures"]) is own
    by_area = {line["area"]: line for line in body["lines"]}
    assert set(by_area) == {"21", "36"}
    assert (by_area["36"]["name"], by_area["36"]["ports"]) == ("Banten", ["CGK"])
    assert by_area["36"]["figures"]["alerts"]["value"] == (2 if own else None)
    assert by_area["36"]["changes"]["alerts"]["kind"] == ("number" if own else "not_told")
    inside = client.get(f"{url}&area_within=36", headers=reader).json()
    assert len(inside["lines"][0]["months"]["alerts"]) == len(inside["months"]) == 6
    rows = list(csv.DictReader(client.get(f"{url}&format=csv", headers=reader).text.splitlines()))
    assert [row["alerts"] for row in rows] == (["1", "2"] if own else 2 * ["fewer_than_5"])
    for form, begins in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        answer = client.get(f"{url}&format={form}&measure=stays&language=en", headers=reader)
        assert answer.content.startswith(begins)
        assert f"siaga-map-2026-03.{form}" in answer.headers["content-disposition"]
    problem(client.get(url, headers=sign_in(other)), 403, "not_permitted")
    problem(client.get(f"{path}?area_within=x", headers=reader), 422, "area_refused")
    if not own:
        problem(client.get(f"{path}?period=2026-04", headers=reader), 422, "invalid_period")


def test_performance_of_a_month(client, desk, alerts, sign_in):
    desk.clock.advance(days=31)
    boss = sign_in(Role.SUPERVISOR)
    body = client.get("/v1/reports/performance", headers=boss).json()
    assert (body["month"], body["screened"], body["unsearchable_share"]) == ("2026-03", 3, 0)
    assert [(each["name"], each["travellers"]) for each in body["watchlists"]] == [("=1+1", 3)]
    coordinator = sign_in(Role.COORDINATOR)
    problem(client.get("/v1/reports/performance", headers=coordinator), 403, "not_permitted")
