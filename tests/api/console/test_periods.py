"""One day is one day, whichever way it comes in."""

import json
from datetime import UTC, datetime

import pytest

from casework.kernel.vocabulary import Role
from tests.api.console.test_tips import record
from tests.deadlines import wait_until
from tests.fakes import photo_of
from tests.services import OPERATOR, PASSWORD

FROM, UNTIL = "2026-12-31", "2027-01-05"
BEGIN = datetime(2026, 12, 30, 17, tzinfo=UTC)
END = datetime(2027, 1, 5, 16, 59, 59, 999_999, tzinfo=UTC)
"""Of these days in Jakarta."""


@pytest.fixture
def analyst(signed_in):
    return signed_in("lina", Role.ANALYST)


@pytest.fixture
def stored(desk):
    """Read when somebody's entry begins and ends."""

    def read(reference):
        found = desk.service.lists.subjects.page(OPERATOR, None, 50)
        (row,) = [each for each in found if each.reference == reference]
        return row.valid_from, row.valid_until

    return read


def by_form(analyst, client, office, list_id, days):
    analyst.open("/subjects/new")
    photo = ("photos", ("a.jpg", photo_of(1), "image/jpeg"))
    fields = {"name": "By form", "reference": "R", "watchlist_ids": [list_id]}
    analyst.send_here(files=[photo], **fields, **days)


def by_tip(analyst, client, office, list_id, days):
    tip = record(analyst, photo_of(1))
    analyst.open(f"/tips/{tip}/enrol")
    fields = {"name": "By tip", "reference": "R", "watchlist_ids": [list_id]}
    analyst.send(f"/tips/{tip}/enrol", **fields, **days)


def by_interface(analyst, client, office, list_id, days):
    subject = {"name": "By interface", "reference": "R", "watchlist_ids": [list_id], **days}
    data, files = {"subject": json.dumps(subject)}, {"photos": photo_of(1)}
    assert client.post("/v1/subjects", headers=office, data=data, files=files).status_code == 201


def by_change(analyst, client, office, list_id, days):
    by_interface(analyst, client, office, list_id, {})
    (row,) = client.get("/v1/subjects", headers=office).json()["items"]
    answer = client.patch(f"/v1/subjects/{row['id']}", headers=office, json=days)
    assert answer.status_code == 200


def by_tip_over_the_interface(analyst, client, office, list_id, days):
    tip = record(analyst, photo_of(1))
    subject = {"name": "By tip", "reference": "R", "watchlist_ids": [list_id], **days}
    credentials = {"login": "lina", "password": PASSWORD}
    token = client.post("/v1/sessions", json=credentials).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.post(f"/v1/tips/{tip}/enrol", headers=headers, json=subject)
    assert answer.status_code == 200, answer.text


def imported(client, office, list_id, name, content):
    by_interface(None, client, office, list_id, {})
    answer = client.post(
        "/v1/imports",
        headers=office,
        params={"watchlist_id": list_id},
        files={"file": (name, content)},
    )
    assert answer.status_code == 202, answer.text

    def done():
        return client.get(answer.headers["Location"], headers=office).json()["state"] == "done"

    wait_until(done, 10)


def by_csv(analyst, client, office, list_id, days):
    content = f"reference,name,valid_from,valid_until\nR,By list,{FROM},{UNTIL}\n"
    assert days == {"valid_from": FROM, "valid_until": UNTIL}
    imported(client, office, list_id, "list.csv", content)


def by_json_lines(analyst, client, office, list_id, days):
    content = json.dumps({"reference": "R", "name": "By list", **days})
    imported(client, office, list_id, "list.jsonl", content)


@pytest.mark.parametrize(
    "way",
    [
        by_form,
        by_tip,
        by_interface,
        by_change,
        by_tip_over_the_interface,
        by_csv,
        by_json_lines,
    ],
)
def test_the_same_days_are_the_same_instants(way, analyst, client, office, desk, stored):
    way(analyst, client, office, desk.watchlist(), {"valid_from": FROM, "valid_until": UNTIL})
    assert stored("R") == (BEGIN, END)
    for at, outcome in (
        (datetime(2026, 12, 30, 16, 59, 59, tzinfo=UTC), "clear"),
        (BEGIN, "alert"),
        (END, "alert"),
        (datetime(2027, 1, 5, 17, tzinfo=UTC), "clear"),
    ):
        desk.clock.now = at
        assert desk.screen(1, captured_at=at).encounter.outcome == outcome, at


@pytest.mark.parametrize("way", [by_form, by_tip, by_interface])
def test_an_entry_of_one_day_is_taken(way, analyst, client, office, desk, stored):
    way(analyst, client, office, desk.watchlist(), {"valid_from": UNTIL, "valid_until": UNTIL})
    begin = datetime(2027, 1, 4, 17, tzinfo=UTC)
    assert stored("R") == (begin, END)


def test_a_form_that_shows_days_leaves_times_alone(analyst, desk, stored):
    noon = datetime(2027, 1, 5, 5, tzinfo=UTC)
    times = {"valid_from": datetime(2026, 1, 1, 3, tzinfo=UTC), "valid_until": noon}
    list_id, subject_id = desk.watchlist(), desk.enrol(1, reference="R", **times)
    same = {"name": "Other", "reference": "R", "watchlist_ids": [list_id]}
    analyst.open(f"/subjects/{subject_id}/edit")
    assert analyst.page.text.count('value="01-01-2026"') == 1
    assert analyst.page.text.count('value="05-01-2027"') == 1
    analyst.send_here(**same, valid_from="01-01-2026", valid_until="5/1/2027")
    assert stored("R") == tuple(times.values())
    analyst.open(f"/subjects/{subject_id}/edit")
    analyst.send_here(**same, valid_from="", valid_until="2027-01-06")
    assert stored("R") == (None, datetime(2027, 1, 6, 16, 59, 59, 999_999, tzinfo=UTC))


def test_a_referral_that_is_due_on_a_day_is_due_at_its_end(analyst, client, office, desk, sign_in):
    officer = sign_in(Role.OFFICER, agency="IMI")
    receiver = desk.agency("POL")
    tip = record(analyst)
    body = {"receiver_id": receiver, "note": "Yours?", "due_at": UNTIL, "fields": ["text"]}
    answer = client.post(f"/v1/tips/{tip}/refer", headers=officer, json=body)
    assert answer.json()["due_at"] == "2027-01-05T16:59:59.999999Z", answer.text


def test_a_day_of_the_audit_trail_is_one_of_the_place(client, desk, sign_in):
    desk.clock.now = datetime(2026, 3, 1, 17, 30, tzinfo=UTC)  # the second of March in Jakarta
    auditor = sign_in(Role.AUDITOR, agency="IMI")
    desk.enrol(1)

    def seen(**query):
        answer = client.get("/v1/audit", headers=auditor, params={"action": "subject", **query})
        return len(answer.json()["items"])

    assert seen(since="2026-03-02", until="2026-03-02") == 1
    assert seen(since="2026-03-03") == seen(until="2026-03-01") == 0


def test_a_day_of_a_report_is_one_of_its_zone(client, desk, sign_in):
    desk.clock.now = datetime(2026, 3, 1, 17, 30, tzinfo=UTC)
    supervisor = sign_in(Role.SUPERVISOR, agency="IMI")
    desk.enrol(1)
    desk.screen(1)

    def alerts(day, zone):
        query = {"since": day, "until": day, "zone": zone}
        answer = client.get("/v1/reports/review", headers=supervisor, params=query)
        return sum(line["alerts"]["value"] for line in answer.json()["lines"])

    assert alerts("2026-03-02", "Asia/Jakarta") == alerts("2026-03-01", "UTC") == 1
    assert alerts("2026-03-01", "Asia/Jakarta") == alerts("2026-03-02", "UTC") == 0
