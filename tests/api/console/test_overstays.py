"""Overstays and timelines, in the console and over HTTP."""

from datetime import timedelta

from casework.accounts.api_keys import NewKey
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.vocabulary import Direction, Role, Scope, Stage
from casework.screening.screening import Arrival
from tests.api.conftest import problem
from tests.fakes import photo_of
from tests.services import OPERATOR, officer


def test_a_permit_is_recorded_shown_and_over_when_the_person_left(signed_in, desk, clock):
    subject_id = desk.enrol(1)
    clerk = signed_in("siti", Role.OFFICER)
    page = f"/subjects/{subject_id}/residences"
    clerk.open(page)
    clerk.send_here(kind="visit", valid_from="1-13-2026")
    assert clerk.page.status_code == 422
    assert "Write the date as 28-02-1980." in clerk.text
    clerk.send_here(kind="visit", valid_from="01-02-2026", valid_until="01-01-2026")
    assert "The permit would end before it begins" in clerk.text
    clerk.send_here(
        kind="limited",
        permit_number="2C11",
        valid_from="01-02-2026",
        valid_until="20-02-2026",
        sponsor="PT Contoh",
        address="Jalan Melati 1",
        area="31",
    )
    for shown in ("PT Contoh", "Limited stay permit", "DKI Jakarta"):
        assert shown in clerk.text
    assert "The permit ended on 20-02-2026, 9 days ago, and no departure is known." in clerk.text
    clerk.open("/overstays?area=31")
    for shown in ("Person 1", "20-02-2026", "DKI Jakarta", "wanted"):
        assert shown in clerk.text
    clerk.open("/overstays?area=51")
    assert "Nobody who is known overstays." in clerk.text
    (row,) = desk.service.lists.residences.of_subject(_reader(desk), subject_id)
    clerk.open(f"/residences/{row.id}")
    assert 'value="20-02-2026"' in clerk.page.text
    clerk.send_here(
        kind="limited",
        valid_from="01-02-2026",
        valid_until="20-02-2026",
        departed_on="28-02-2026",
    )
    assert "Departure, as recorded" in clerk.text
    clerk.open("/overstays")
    assert "Nobody who is known overstays." in clerk.text
    clerk.open(f"/residences/{row.id}/remove")
    clerk.send_here(reason="of somebody else")
    assert "Nothing is known of where this person was." in clerk.text


def test_programs_record_permits_and_read_overstays(client, desk, sign_in, clock):
    subject_id, headers = desk.enrol(1), sign_in(Role.ANALYST)
    address = f"/v1/subjects/{subject_id}/residences"
    body = {"kind": "permanent", "valid_from": "2026-01-01", "sponsor": "PT Contoh"}
    made = client.post(address, headers=headers, json=body)
    assert made.status_code == 201
    where = made.headers["Location"]
    assert client.get("/v1/overstays", headers=headers).json()["items"] == []
    ended = body | {"kind": "limited", "valid_until": "2026-02-20"}
    stale = client.put(where, headers=headers | {"If-Match": '"0"'}, json=ended)
    assert problem(stale, 412, "stale_version")
    tag = {"If-Match": made.headers["ETag"]}
    assert client.put(where, headers=headers | tag, json=ended).json()["sponsor"] == "PT Contoh"
    (over,) = client.get("/v1/overstays", headers=headers).json()["items"]
    assert (over["subject_id"], over["permit_until"], over["days"]) == (subject_id, "2026-02-20", 9)
    assert not over["undecided"]
    line = client.get(f"/v1/subjects/{subject_id}/timeline", headers=headers).json()
    assert line["overstay"] == {"permit_until": "2026-02-20", "days": 9, "undecided": False}
    kinds = [step["kind"] for step in line["steps"]]
    assert kinds == ["permit_begins", "permit_ends", "overstay"]
    query = {"purpose": "the person asks"}
    held = client.get(f"/v1/subjects/{subject_id}/held", headers=headers, params=query).json()
    assert [each["sponsor"] for each in held["residences"]] == ["PT Contoh"]
    assert client.post(f"{where}/remove", headers=headers, json={"reason": "wrong"}).is_success
    assert client.get(address, headers=headers).json() == []


def test_what_a_port_says_of_the_end_changes_nothing_of_its_answer(client, desk, port):
    desk.enrol(1)
    answers = []
    for person in (1, 2):
        for more in ({}, {"permit_until": "2026-02-20"}):
            data = {"port": "CGK", "direction": "entry", **more}
            answer = client.post(
                "/v1/encounters", headers=port, data=data, files={"photo": photo_of(person)}
            )
            assert answer.status_code == 201
            answers.append(set(answer.json()))
    assert answers == [answers[0]] * 4
    data = {"port": "CGK", "direction": "entry", "permit_until": "20-02-2026"}
    wrong = client.post("/v1/encounters", headers=port, data=data, files={"photo": photo_of(1)})
    assert problem(wrong, 422, "request_invalid")


def test_what_is_held_of_a_reference_tells_the_port_nothing(client, desk, port, sign_in, clock):
    desk.enrol(1)
    key = desk.service.accounts.keys
    agency = desk.agency()
    new = NewKey("gate", frozenset({Scope.SCREEN}), None, agency)
    gate = {"Authorization": f"Bearer {key.create(OPERATOR, new)[1]}"}
    data = {"port": "CGK", "direction": "entry", "permit_until": "2026-03-05"}
    answers = []
    for person, reference in ((1, "T-1"), (2, "T-2")):
        answer = client.post(
            "/v1/encounters",
            headers=gate,
            data=data | {"traveller_ref": reference},
            files={"photo": photo_of(person)},
        )
        answers.append(set(answer.json()))
    assert answers[0] == answers[1]
    clock.advance(days=10)
    officers = sign_in(Role.OFFICER)
    held = client.get("/v1/permits", headers=officers).json()["items"]
    assert [(each["days"], each["state"]) for each in held] == [(6, "overstay")] * 2
    assert not any("traveller_ref" in each for each in held)
    ref = {"traveller_ref": "T-2"}
    found = client.post("/v1/permits/find", headers=officers, json=ref).json()
    assert (found["traveller_ref"], found["permit_until"]) == ("T-2", "2026-03-05")
    assert [step["kind"] for step in found["steps"]] == ["arrival"]
    told = set()
    for reference in ("T-1", "T-2", "T-3"):
        end = {"traveller_ref": reference, "permit_until": "2026-04-01", "port": "CGK"}
        gone = {"traveller_ref": reference, "port": "CGK"}
        for answer in (
            client.put("/v1/permits", headers=gate, json=end),
            client.post("/v1/permits/departure", headers=gate, json=gone),
        ):
            told.add((answer.status_code, answer.content))
    assert told == {(204, b"")}
    assert client.get("/v1/permits", headers=officers).json()["items"] == []
    missing = client.post("/v1/permits/find", headers=officers, json=ref)
    assert problem(missing, 404, "not_found")
    assert problem(client.get("/v1/permits", headers=gate), 403, "not_permitted")


def test_a_reference_is_looked_up_at_the_desk(signed_in, desk, clock):
    agency = desk.agency()
    key = Actor(ActorKind.SYSTEM, "key_gate", "gate", agency, frozenset({Role.PORT}))
    until = clock().date()
    arrival = Arrival(
        None,
        "CGK",
        Direction.ENTRY,
        Stage.ARRIVAL,
        captured_at=clock(),
        traveller_ref="T-\u00dc1",
        permit_until=until,
    )
    with desk.service.kernel.database.write_core() as connection:
        desk.service.permits.follow(arrival, key)(connection)
    clock.advance(days=3)
    clerk = signed_in("siti", Role.OFFICER)
    clerk.open("/overstays")
    assert "People on no list" in clerk.text
    clerk.open("/overstays/others")
    assert "01-03-2026" in clerk.text
    assert "Days since" in clerk.text
    assert "T-\u00dc1" not in clerk.text
    clerk.send_here(traveller_ref="T-9")
    assert "No permit is held for this reference." in clerk.text
    # Typed or pasted otherwise, it is the same: as what ports send is kept.
    clerk.send_here(traveller_ref="T-U\u03081\u200b")
    assert "T-\u00dc1" in clerk.text
    assert "until 01-03-2026" in clerk.text
    assert "14 days after the end" in clerk.text


def test_a_timeline_names_the_alerts_and_what_became_of_them(signed_in, desk, clock):
    subject_id = desk.enrol(1)
    clock.advance(days=1)
    (alert,) = desk.screen(1, permit_until=clock().date() + timedelta(days=3)).encounter.alerts
    clock.advance(days=5)
    (gone,) = desk.screen(1, stage=Stage.DEPARTURE, direction=Direction.EXIT).encounter.alerts
    clerk = signed_in("siti", Role.OFFICER)
    clerk.open(f"/subjects/{subject_id}")
    assert clerk.text.index(alert.case_number) < clerk.text.index(gone.case_number)
    assert "An alert that nobody has decided can change that." in clerk.text
    clerk.open("/overstays")
    assert "not decided" in clerk.text


def _reader(desk):
    return officer(desk.agency(), Role.OFFICER)
