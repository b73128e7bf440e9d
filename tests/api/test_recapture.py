"""A gate that captures again: what it is told, once and twice."""

import pytest
from sqlalchemy import text

from casework.kernel.vocabulary import Role, Scope
from casework.tables import AuditRecord
from casework.tables.encounters import GATE_ACTED
from tests.api.conftest import problem
from tests.api.test_encounters import submit
from tests.api.test_metrics import figures
from tests.fakes import photo_of

CLEAR, NOBODY = photo_of(1, usable=True), photo_of()
BLURRED = photo_of(1)


def told(body):
    """What a gate acts on."""
    codes = [each["code"] for each in body["recapture_reasons"]]
    return body["outcome"], body["recapture_advised"], body["person_reasons"], codes


def test_a_poor_photo_that_finds_nobody_is_taken_again_and_then_a_person_looks(client, desk, port):
    desk.enrol(7)
    first = submit(client, port, BLURRED).json()
    outcome, advised, persons, codes = told(first)
    assert (outcome, advised, persons) == ("clear", True, [])
    assert "blurred" in codes
    assert all(each in first["quality"]["reasons"] for each in first["recapture_reasons"])
    assert (first["person_required"], first["recapture_of"]) == (False, None)
    second = submit(client, port, BLURRED, recapture_of=first["id"])
    body = second.json()
    assert told(body)[:3] == ("clear", False, ["second_capture"])
    assert (body["person_required"], body["recapture_of"]) == (True, first["id"])
    assert body["recapture_reasons"] == first["recapture_reasons"]
    assert client.get(second.headers["location"], headers=port).json() == body
    third = submit(client, port, BLURRED, recapture_of=body["id"]).json()
    assert told(third)[:3] == ("clear", False, ["second_capture"])


def test_a_second_capture_that_shows_enough_opens(client, desk, port):
    desk.enrol(7)
    first = submit(client, port, BLURRED).json()
    second = submit(client, port, CLEAR, recapture_of=first["id"]).json()
    assert told(second) == ("clear", False, [], [])
    assert second["person_required"] is False


def test_a_photo_without_a_face_is_taken_again_and_then_a_person_looks(client, desk, port):
    first = submit(client, port, NOBODY).json()
    assert told(first) == ("unsearchable", True, [], ["no_face"])
    second = submit(client, port, NOBODY, recapture_of=first["id"]).json()
    assert told(second) == ("unsearchable", False, ["second_capture"], ["no_face"])


@pytest.mark.parametrize("photo", [CLEAR, BLURRED])
def test_an_alert_is_never_captured_again(client, desk, port, photo):
    desk.enrol(1)
    first = submit(client, port, photo).json()
    assert told(first) == ("alert", False, [], [])
    second = submit(client, port, photo, recapture_of=first["id"]).json()
    assert told(second) == ("alert", False, [], [])


def test_a_second_capture_may_find_whom_the_first_did_not(client, desk, port, sign_in):
    desk.enrol(1)
    first = submit(client, port, NOBODY).json()
    second = submit(client, port, CLEAR, recapture_of=first["id"]).json()
    assert told(second) == ("alert", False, [], [])
    shown = client.get(f"/v1/alerts/{second['alerts'][0]['id']}", headers=sign_in(Role.OFFICER))
    assert shown.json()["encounter"]["recapture_of"] == first["id"]


def test_an_attack_goes_to_a_person_at_once(client, desk, port):
    desk.watchlist(requires_person_on_failed_pad=True)
    desk.enrol(7)
    body = submit(client, port, BLURRED, pad_result="fail").json()
    assert told(body) == ("clear", False, ["failed_pad"], [])
    assert body["person_required"] is True


def test_two_people_as_near_are_captured_again_one_at_a_time(client, desk, port):
    """One of them is searched: a gate that opens may let the other through."""
    desk.enrol(7)
    body = submit(client, port, photo_of(1, 2, usable=True)).json()
    assert [each["code"] for each in body["quality"]["reasons"]] == ["several_faces"]
    assert told(body) == ("clear", True, [], ["several_faces"])
    again = submit(client, port, photo_of(1, 2, usable=True), recapture_of=body["id"]).json()
    assert told(again) == ("clear", False, ["second_capture"], ["several_faces"])


def test_only_the_own_captures_of_this_port_and_time_are_repeated(client, desk, port, key, clock):
    first = submit(client, port, NOBODY).json()["id"]
    other = key(Scope.SCREEN)
    for headers, fields in (
        (other, {"recapture_of": first}),
        (port, {"recapture_of": first, "port": "DPS"}),
        (port, {"recapture_of": "enc_01M7ZYY7HDJHTCS856SBCRH8M1"}),
        (port, {"recapture_of": "no id"}),
    ):
        refused = problem(submit(client, headers, CLEAR, **fields), 422, "recapture_refused")
        assert "leave it out with a first photo" in refused["detail"]
        assert [each["field"] for each in refused["errors"]] == ["recapture_of"]
    clock.advance(minutes=10)
    assert submit(client, port, CLEAR, recapture_of=first).status_code == 201
    clock.advance(seconds=1)
    late = problem(submit(client, port, CLEAR, recapture_of=first), 422, "recapture_refused")
    assert "10 minutes" in late["detail"]


def test_an_empty_field_is_a_first_capture(client, desk, port):
    assert submit(client, port, NOBODY, recapture_of=" ").json()["recapture_advised"] is True


def test_an_answer_is_repeated_however_late(client, desk, port, clock):
    first = submit(client, port, NOBODY).json()["id"]
    headers = {**port, "Idempotency-Key": "k-1"}
    at = clock().isoformat()
    second = submit(client, headers, NOBODY, recapture_of=first, captured_at=at)
    clock.advance(hours=1)
    again = submit(client, headers, NOBODY, recapture_of=first, captured_at=at)
    assert (second.status_code, again.status_code) == (201, 200)
    assert again.json() == second.json()
    without = submit(client, headers, NOBODY, captured_at=at)
    problem(without, 422, "idempotency_clash")


def test_what_gates_are_told_is_counted(client, desk, port):
    before = figures(client)
    first = submit(client, port, BLURRED).json()["id"]
    submit(client, port, BLURRED, recapture_of=first)
    submit(client, port, CLEAR)
    found = figures(client)

    def grown(name):
        return found[name] - before[name]

    assert grown("siaga_recaptures_advised_total") == 1
    assert grown("siaga_second_captures_total") == 1
    assert grown('siaga_person_required_total{reason="second_capture"}') == 1
    assert grown('siaga_person_required_total{reason="failed_pad"}') == 0


def test_the_trail_has_it(client, desk, port):
    first = submit(client, port, BLURRED).json()["id"]
    second = submit(client, port, BLURRED, recapture_of=first).json()["id"]
    with desk.service.kernel.database.read() as session:
        rows = session.query(AuditRecord).where(AuditRecord.action == "encounter.screen").all()
    details = {row.object_id: row.detail for row in rows}
    assert details[first]["recapture"] == "advised"
    assert (details[second]["recapture"], details[second]["recapture_of"]) == ("person", first)


def test_reports_count_what_gates_did_by_port_and_lane(client, desk, port, sign_in, clock):
    desk.watchlist(requires_person_on_failed_pad=True)
    first = submit(client, port, BLURRED, lane="1").json()["id"]
    submit(client, port, BLURRED, lane="1", recapture_of=first)
    submit(client, port, CLEAR, lane="1", recapture_of=first)
    submit(client, port, CLEAR, lane="2", pad_result="fail")
    submit(client, port, CLEAR, port="DPS")
    chief = sign_in(Role.SUPERVISOR)

    def acted(row):
        return row["recaptures_advised"], row["second_captures"], row["persons_required"]

    lanes = client.get("/v1/reports/lanes", headers=chief).json()["lanes"]
    assert {(each["port"], each["lane"]): acted(each) for each in lanes} == {
        ("CGK", "1"): (1, 2, 1),
        ("CGK", "2"): (0, 0, 1),
        ("DPS", None): (0, 0, 0),
    }
    month = f"{clock():%Y-%m}"
    found = client.get(f"/v1/reports/performance?month={month}", headers=chief).json()
    assert {each["port"]: acted(each) for each in found["ports"]} == {
        "CGK": (1, 2, 2),
        "DPS": (0, 0, 0),
    }
    assert acted(found) == (1, 2, 2)
    assert (found["screened"], found["unsearchable"]) == (5, 0)
    monthly = client.get(f"/v1/reports/monthly?month={month}", headers=chief).json()
    assert acted(monthly["performance"]) == (1, 2, 2)


def test_counting_them_reads_the_index_of_few_rows(client, desk):
    with desk.service.kernel.database.read() as session:
        query = (
            "EXPLAIN QUERY PLAN SELECT port, count(*) FROM encounter WHERE received_at >= '2026' "
            f"AND ({GATE_ACTED}) GROUP BY port"
        )
        plan = " ".join(row[3] for row in session.execute(text(query)))
    assert "COVERING INDEX ix_encounter_gate_acted" in plan
