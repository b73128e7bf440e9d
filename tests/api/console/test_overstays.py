"""Overstays and timelines, in the console and over HTTP."""

from datetime import timedelta

from casework.kernel.vocabulary import Direction, Role, Stage
from tests.api.conftest import problem
from tests.fakes import photo_of
from tests.services import officer


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
