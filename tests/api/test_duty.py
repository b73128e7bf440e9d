"""Shifts over HTTP, and alerts that nobody takes: event, answer and metric."""

from casework.accounts.officers import NewOfficer
from casework.kernel.vocabulary import Role
from tests.api.conftest import problem
from tests.services import OPERATOR


def officer_of(desk, login: str) -> str:
    new = NewOfficer(desk.agency(), login, login.title(), frozenset({Role.OFFICER}))
    officer_id: str = desk.service.accounts.officers.create(OPERATOR, new)[0].id
    return officer_id


def shift(*officer_ids: str, **more):
    times = {"weekdays": ["sun", "sat"], "begins": "07:00", "ends": "19:00"}
    return {"port": "CGK", "officer_ids": list(officer_ids), **times, **more}


def test_a_shift_is_kept_and_says_who_is_on_duty(client, desk, sign_in):
    chief, plain = sign_in(Role.SUPERVISOR), sign_in(Role.OFFICER)
    siti = officer_of(desk, "siti")
    made = client.post("/v1/duty/shifts", headers=chief, json=shift(siti, next_port="DPS"))
    assert made.status_code == 201
    body = made.json()
    assert (body["weekdays"], body["zone"]) == (["sat", "sun"], "Asia/Jakarta")
    address = made.headers["location"]
    assert client.get(address, headers=plain).json() == body
    (now,) = client.get("/v1/duty/now", headers=plain).json()["shifts"]
    assert [each["name"] for each in now["officers"]] == ["Siti"]
    assert (now["port"], now["next_port"]) == ("CGK", "DPS")
    assert client.get("/v1/duty/now?port=DPS", headers=plain).json() == {"shifts": []}
    refused = client.post("/v1/duty/shifts", headers=chief, json=shift("off_nobody"))
    answer = problem(refused, 422, "invalid_shift")
    assert [each["field"] for each in answer["errors"]] == ["officer_ids"]
    for field, value in (("weekdays", []), ("begins", "25:00"), ("port", "x"), ("officer_ids", [])):
        wrong = client.post("/v1/duty/shifts", headers=chief, json=shift(siti) | {field: value})
        problem(wrong, 422, "request_invalid")
    problem(client.post("/v1/duty/shifts", headers=plain, json=shift(siti)), 403, "not_permitted")
    stale = {**chief, "If-Match": '"9"'}
    problem(client.patch(address, headers=stale, json={"port": "SUB"}), 412, "stale_version")
    assert client.post(f"{address}/remove", headers=chief).status_code == 204
    problem(client.get(address, headers=plain), 404, "not_found")


def test_an_alert_says_who_was_called_and_the_metrics_count_it(client, desk, clock, sign_in):
    listed = desk.watchlist()
    desk.enrol(1, listed)
    (alert,) = desk.screen(1).encounter.alerts
    reader = sign_in(Role.OFFICER)
    assert client.get(f"/v1/alerts/{alert.id}", headers=reader).json()["escalation"] is None
    clock.advance(seconds=61)
    overdue = desk.service.review.overdue
    overdue.escalate()
    assert client.get(f"/v1/alerts/{alert.id}", headers=reader).json()["escalation"] == "supervisor"
    metrics = client.app.state.siaga.metrics
    metrics.backlog(overdue.backlog())
    labels = f'{{port="CGK",watchlist="{listed}"}}'
    assert f"siaga_alerts_overdue{labels} 1.0" in metrics.text().decode()
    metrics.backlog([])
    assert labels not in metrics.text().decode()
