"""Objections and lapsing entries in the console and over HTTP, and what is printed."""

from datetime import timedelta

from casework.kernel.vocabulary import Role
from tests.api.conftest import problem
from tests.services import officer


def test_an_objection_goes_from_the_desk_to_its_answer(signed_in, desk):
    subject_id = desk.enrol(1)
    (alert,) = desk.screen(1).encounter.alerts
    clerk, chief = signed_in("siti", Role.OFFICER), signed_in("budi", Role.SUPERVISOR)
    page = f"/subjects/{subject_id}/objections"
    clerk.open(page)
    assert "Nobody has objected to this entry." in clerk.text
    clerk.send(page, objector="Person 1", received_on="01-03-2026", due_on="15-03-2026")
    assert clerk.page.status_code == 422
    assert "Write what the person says." in clerk.text
    clerk.send(page, objector="Person 1", grounds="It is not me.", due_on="15/3/2026")
    assert "It is not me." in clerk.text
    assert "Record the answer" not in clerk.text
    clerk.open(f"/subjects/{subject_id}")
    assert "An objection of 01-03-2026 waits for its answer, by 15-03-2026." in clerk.text
    clerk.open(f"/alerts/{alert.id}")
    assert "The person has objected to the entry on 01-03-2026." in clerk.text
    assert "It is not me." not in clerk.text
    clerk.open(f"/alerts/{alert.id}/report")
    assert "of 01-03-2026, to be answered by 15-03-2026" in clerk.text
    chief.open("/subjects/due")
    assert "Objections without an answer (1)" in chief.text
    chief.open(page)
    reader = officer(desk.agency(), Role.SUPERVISOR)
    (row,) = desk.service.lists.objections.of_subject(reader, subject_id)
    action = f"/objections/{row.row.id}/answer"
    chief.send(action, outcome="rejected")
    assert "Write what the person was answered." in chief.text
    chief.send(action, outcome="rejected", answer="The marks agree.")
    assert "Objection rejected" in chief.text
    assert "Name of budi, IMI" in chief.text
    chief.open(f"/subjects/{subject_id}/report")
    assert "The marks agree." in chief.text
    clerk.open(f"/alerts/{alert.id}")
    assert "The person objected on 01-03-2026: Objection rejected." in clerk.text


def test_an_analyst_is_told_of_entries_that_lapse_and_extends_one(signed_in, desk, clock):
    subject_id = desk.enrol(1, valid_until=clock() + timedelta(days=9))
    analyst, plain = signed_in("lina", Role.ANALYST), signed_in("siti", Role.OFFICER)
    plain.open("/alerts")
    assert "due soon" not in plain.text
    analyst.open("/alerts")
    assert "1 due soon" in analyst.text
    analyst.open("/subjects/due")
    action = f"/subjects/{subject_id}/extend"
    analyst.send(action, valid_until="02-03-2026")
    assert analyst.page.status_code == 422
    assert "The new end must be later than the present one." in analyst.text
    analyst.send(action, valid_until="01-09-2026", decision_number="D-2")
    assert "No entry lapses within 30 days." in analyst.text
    analyst.open(f"/subjects/{subject_id}")
    assert "01-09-2026" in analyst.text


def test_programs_record_answer_and_extend(client, desk, sign_in, clock):
    subject_id = desk.enrol(1, valid_until=clock() + timedelta(days=9))
    (alert,) = desk.screen(1).encounter.alerts
    headers = sign_in(Role.SUPERVISOR, Role.ANALYST)
    address = f"/v1/subjects/{subject_id}"
    body = {"objector": "Person 1", "grounds": "It is not me."}
    problem(
        client.post(f"{address}/objections", headers=headers, json=body | {"grounds": ""}),
        422,
        "request_invalid",
    )
    made = client.post(f"{address}/objections", headers=headers, json=body).json()
    assert client.get("/v1/objections?unanswered=true", headers=headers).json()["items"] == [made]
    (mark,) = client.get(f"/v1/alerts/{alert.id}", headers=headers).json()["objections"]
    assert mark == {
        "received_on": "2026-03-01",
        "due_on": "2026-03-15",
        "outcome": None,
        "answered_at": None,
    }
    answer = {"outcome": "upheld", "answer": "You are right."}
    path = f"/v1/objections/{made['id']}/answer"
    assert client.post(path, headers=headers, json=answer).json()["answer"] == "You are right."
    problem(client.post(path, headers=headers, json=answer), 409, "illegal_transition")
    held = client.get(f"{address}/held?purpose=asked+by+them", headers=headers).json()
    assert [each["grounds"] for each in held["objections"]] == ["It is not me."]
    window = {"lapses_after": "2026-03-01", "lapses_before": "2026-03-31"}
    found = client.get("/v1/subjects", headers=headers, params=window).json()["items"]
    assert [each["id"] for each in found] == [subject_id]
    extended = client.post(f"{address}/extend", headers=headers, json={"valid_until": "2026-09-01"})
    assert extended.json()["valid_until"].startswith("2026-09-01T16:59:59")
    assert client.get("/v1/subjects", headers=headers, params=window).json()["items"] == []
