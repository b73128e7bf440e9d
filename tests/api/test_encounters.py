"""POST /v1/encounters, as a port system meets it."""

import re

import pytest

from casework.kernel.vocabulary import Role, Scope
from tests.api.conftest import problem
from tests.casework.review.people import NO
from tests.fakes import photo_of
from tests.services import officer


def submit(client, headers, photo=None, **fields):
    fields = {"port": "CGK", "direction": "entry", **fields}
    return client.post(
        "/v1/encounters",
        headers=headers,
        data={name: value for name, value in fields.items() if value is not None},
        files={"photo": ("x.jpg", photo_of(1, brightness=0.9) if photo is None else photo)},
    )


def test_a_port_is_told_what_to_do_and_never_about_whom(client, desk, port):
    told = {"id": "Panggil petugas jaga.", "en": "Call the duty officer."}
    watchlist = desk.watchlist("wanted", instruction=told)
    subject = desk.enrol(1)
    response = submit(client, port, traveller_ref="T-1", lane="7", stage="visa")
    assert response.status_code == 201
    body = response.json()
    assert body["outcome"] == "alert"
    (alert,) = body["alerts"]
    assert set(alert) == {
        "id",
        "category",
        "matched_by",
        "priority",
        "instruction",
        "requires_acknowledgement",
    }
    assert (alert["category"], alert["instruction"]) == ("other", told)
    assert (body["traveller_ref"], body["lane"], body["stage"]) == ("T-1", "7", "visa")
    assert not any(word in response.text for word in ("Person 1", subject, watchlist, "threshold"))
    again = client.get(response.headers["location"], headers=port)
    assert again.json() == body


def test_a_port_learns_the_end_and_its_first_answer_stays_what_it_was(client, desk, port):
    desk.watchlist(requires_second_officer=False)
    desk.enrol(1)
    headers = {**port, "Idempotency-Key": "k-1"}
    fields = {"captured_at": "2026-03-01T08:00:00Z"}
    first = submit(client, headers, **fields).json()
    assert first["disposition"]["state"] == "pending"
    chief = officer(desk.agency(), Role.OFFICER, Role.SUPERVISOR)
    alert = first["alerts"][0]["id"]
    desk.service.review.decisions.acknowledge(chief, alert)
    desk.service.review.decisions.decide(chief, alert, NO)
    desk.clock.advance(seconds=10)
    desk.service.review.decisions.tell_releases()
    now = client.get(f"/v1/encounters/{first['id']}", headers=port).json()
    assert now["disposition"]["state"] == "released"
    assert set(now["disposition"]) == {"state", "instruction"}
    assert now["disposition"]["instruction"]["id"] == "Pelintas boleh melanjutkan perjalanan."
    assert {**now, "disposition": None} == {**first, "disposition": None}
    assert submit(client, headers, **fields).json() == first
    assert submit(client, port, photo_of(2)).json()["disposition"] is None


def test_stages_are_in_server_timing(client, desk, port):
    timing = submit(client, port).headers["server-timing"]
    stages = dict(re.findall(r"(\w+);dur=([\d.]+)", timing))
    assert {"decode", "detect", "align", "assess", "embed", "search", "record"} <= set(stages)
    assert all(float(spent) >= 0 for spent in stages.values())


def test_clear_and_unsearchable(client, desk, port):
    desk.enrol(1)
    assert submit(client, port, photo_of(2)).json()["outcome"] == "clear"
    body = submit(client, port, photo_of()).json()
    assert body["outcome"] == "unsearchable"
    assert body["quality"]["reasons"][0]["advice"].startswith("No face was found")


def test_an_idempotency_key_repeats_the_answer(client, desk, port):
    headers = {**port, "Idempotency-Key": "k-1"}
    fields = {"captured_at": "2026-03-01T08:00:00Z"}
    first, again = submit(client, headers, **fields), submit(client, headers, **fields)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["idempotency-replayed"] == "true"
    assert first.json() == again.json()
    problem(submit(client, headers, photo_of(3), **fields), 422, "idempotency_clash")


def test_an_idempotency_key_works_without_a_capture_time(client, desk, port, clock):
    """The time of receipt fills in for it, and must not make the repetition another request."""
    headers = {**port, "Idempotency-Key": "k-1"}
    first = submit(client, headers)
    clock.advance(seconds=5)
    assert submit(client, headers).json() == first.json()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"port": "Jakarta"}, "port"),
        ({"port": None}, "port"),
        ({"direction": "both"}, "direction"),
        ({"direction": None}, "direction"),
        ({"stage": "lunch"}, "stage"),
        ({"captured_at": "yesterday"}, "captured_at"),
        ({"captured_at": "2026-03-01T08:00:00"}, "captured_at"),
        ({"captured_at": "2026-02-30T08:00:00Z"}, "captured_at"),
        ({"traveller_ref": ""}, "traveller_ref"),
        ({"lane": "x" * 201}, "lane"),
        ({"lain": "7"}, "lain"),
    ],
)
def test_a_wrong_field_is_named(client, desk, port, fields, field):
    body = problem(submit(client, port, **fields), 422, "request_invalid")
    assert [error["field"] for error in body["errors"]] == [field]


def test_a_wrong_choice_is_told_the_words_that_are_sent(client, desk, port):
    (error,) = problem(submit(client, port, direction="both"), 422, "request_invalid")["errors"]
    assert error["message"] == "Input should be 'entry' or 'exit'"


def test_a_photo_is_required_once_and_under_its_name(client, desk, port):
    fields = {"port": "CGK", "direction": "entry"}
    none = client.post("/v1/encounters", headers=port, data=fields, files={"x": ("x", b"")})
    assert problem(none, 422, "request_invalid")["errors"][0]["field"] == "x"
    photo = ("x.jpg", photo_of(1))
    two = client.post(
        "/v1/encounters", headers=port, data=fields, files=[("photo", photo), ("photo", photo)]
    )
    problem(two, 422, "request_invalid")
    as_json = client.post("/v1/encounters", headers=port, json=fields)
    problem(as_json, 422, "request_invalid")
    form = client.post("/v1/encounters", headers=port, data=fields)
    problem(form, 422, "request_invalid")


@pytest.mark.parametrize(
    ("photo", "status", "code"),
    [
        (b"", 422, "photo_empty"),
        (b"hello", 415, "photo_format_unsupported"),
        (b"\xff\xd8\xff\xe0", 422, "photo_unreadable"),
        (photo_of(1)[:2000], 422, "photo_unreadable"),
        (b"\xff\xd8" + b"x" * 300_001, 413, "photo_too_large"),
    ],
)
def test_what_is_no_photo_is_a_problem_and_not_recorded(client, desk, port, photo, status, code):
    body = problem(submit(client, port, photo), status, code)
    assert len(body["detail"]) > 20


def test_a_body_beyond_all_limits_is_refused_before_it_is_read(client, desk, port):
    problem(submit(client, port, b"\xff" * 5_000_000), 413, "body_too_large")


def test_keys(client, desk, key):
    problem(submit(client, {}), 401, "not_authenticated")
    wrong = submit(client, {"Authorization": "Bearer siaga.key_x.y"})
    assert problem(wrong, 401, "not_authenticated")
    assert wrong.headers["www-authenticate"] == "Bearer"
    problem(submit(client, key(Scope.ENROL)), 403, "not_permitted")
    batam = key(Scope.SCREEN, ports=["IDBTM"])
    problem(submit(client, batam), 403, "not_permitted")
    encounter = submit(client, batam, port="IDBTM")
    assert encounter.status_code == 201
    other = client.get(encounter.headers["location"], headers=key(Scope.SCREEN))
    problem(other, 404, "not_found")


def test_a_caller_s_request_id_is_kept_if_it_is_plain(client, desk, port):
    assert submit(client, {**port, "X-Request-ID": "gate-7"}).headers["x-request-id"] == "gate-7"
    strange = submit(client, {**port, "X-Request-ID": "a b\tc"}).headers["x-request-id"]
    assert strange != "a b\tc"


def test_comparing_two_photos(client, desk, port):
    def compare(first, second, **fields):
        files = {"first": first, "second": second}
        return client.post("/v1/compare", headers=port, files=files, data=fields)

    same = compare(photo_of(1), photo_of(1, brightness=0.9)).json()
    different = compare(photo_of(1), photo_of(2)).json()
    assert same["score"] > 0.8
    assert different["score"] < 0.6
    assert same["false_match_rate"] < different["false_match_rate"]
    assert same["match"] is True
    assert different["match"] is (different["false_match_rate"] <= 1e-3)
    rate = different["false_match_rate"]
    for factor, match in ((1.01, True), (0.99, False)):
        again = compare(photo_of(1), photo_of(2), max_fmr=str(rate * factor)).json()
        assert again["match"] is match
    for wrong in ("0", "1", "-0.1", "nan", "one", ""):
        problem(compare(photo_of(1), photo_of(2), max_fmr=wrong), 422, "request_invalid")
    nobody = compare(photo_of(1), photo_of()).json()
    assert nobody["score"] is nobody["match"] is None
    assert nobody["second"]["quality"]["verdict"] == "unsearchable"
    problem(compare(photo_of(1), b"x"), 415, "photo_format_unsupported")
    lone = client.post("/v1/compare", headers=port, files={"first": photo_of(1)})
    problem(lone, 422, "request_invalid")
