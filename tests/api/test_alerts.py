"""The story of an alert over HTTP, by officers of two agencies."""

import json

import pytest

from casework.kernel.vocabulary import Role
from tests.api.conftest import problem
from tests.fakes import photo_of

YES = {"opinion": "potential_candidate", "reasons": ["facial_features_agree"], "note": "the ear"}


@pytest.fixture
def first(sign_in):
    return sign_in(Role.OFFICER, login="first")


@pytest.fixture
def supervisor(sign_in):
    return sign_in(Role.SUPERVISOR, login="supervisor")


@pytest.fixture
def guest(sign_in):
    return sign_in(Role.OFFICER, Role.SUPERVISOR, agency="POL", login="guest")


@pytest.fixture
def stranger(sign_in):
    return sign_in(Role.OFFICER, Role.SUPERVISOR, Role.ANALYST, agency="BNN", login="stranger")


@pytest.fixture
def watchlist(client, sign_in, desk):
    analyst = sign_in(Role.ANALYST, login="analyst")
    body = {
        "name": "DPO",
        "category": "wanted",
        "requires_second_officer": True,
        "legal_basis": "Decree 7",
        "instruction": {"id": "Hubungi piket.", "en": "Call the duty officer."},
        "shared_with": [desk.agency("POL")],
    }
    answer = client.post("/v1/watchlists", headers=analyst, json=body)
    assert answer.status_code == 201
    made = answer.json()
    subject = {
        "name": "Somebody",
        "watchlist_ids": [made["id"]],
        "aliases": ["Si Anu"],
        "documents": [{"kind": "passport", "number": "X1", "country": "D"}],
    }
    enrolled = client.post(
        "/v1/subjects",
        headers=analyst,
        data={"subject": json.dumps(subject)},
        files={"photos": photo_of(1)},
    )
    assert enrolled.status_code == 201
    return {**made, "subject": enrolled.json()["subject"], "analyst": analyst}


def arrive(client, port, person=1):
    answer = client.post(
        "/v1/encounters",
        headers=port,
        data={"port": "CGK", "direction": "entry"},
        files={"photo": photo_of(person, brightness=0.9)},
    ).json()
    return answer["alerts"]


@pytest.fixture
def alert(client, port, watchlist):
    (raised,) = arrive(client, port)
    assert set(raised) == {
        *("id", "category", "priority", "matched_by", "instruction", "requires_acknowledgement")
    }
    return f"/v1/alerts/{raised['id']}"


def test_from_the_port_to_the_end(client, alert, first, supervisor, guest, stranger, watchlist):
    """Taken, decided, confirmed by another, closed: each sees what they may at that moment."""
    read = client.get(alert, headers=first)
    seen = read.json()
    assert (seen["state"], seen["subject"]["name"], seen["owner_code"]) == (
        "new",
        "Somebody",
        "IMI",
    )
    assert seen["subject"]["documents"] == [{"kind": "passport", "number": "X1", "country": "DEU"}]
    assert seen["legal_basis"] == "Decree 7"
    for photo in ("probe", "enrolled"):
        image = client.get(f"{alert}/{photo}", headers=first)
        assert image.headers["content-type"] == "image/jpeg"
        assert image.headers["cache-control"] == "no-store"
    tag = {"If-Match": read.headers["etag"]}
    taken = client.post(f"{alert}/acknowledge", headers={**first, **tag})
    assert taken.json()["state"] == "acknowledged"
    late = client.post(f"{alert}/acknowledge", headers={**guest, **tag})
    problem(late, 412, "stale_version")

    decided = client.post(f"{alert}/decide", headers=first, json=YES)
    assert (decided.json()["state"], decided.json()["steps"][1]["note"]) == (
        "potential_candidate",
        "the ear",
    )
    for other in (supervisor, guest, watchlist["analyst"]):
        shown = client.get(alert, headers=other)
        assert shown.json()["state"] == "under_review"
        assert "potential" not in shown.text
        assert "the ear" not in shown.text
        asked = {"state": "potential_candidate"}
        assert client.get("/v1/alerts", headers=other, params=asked).json()["items"] == []
        several = {"state": ["under_review", "closed"]}
        (item,) = client.get("/v1/alerts", headers=other, params=several).json()["items"]
        assert item["state"] == "under_review"
    early = client.post(f"{alert}/close", headers=supervisor, json={"disposal": "handed_over"})
    assert "second officer" in problem(early, 409, "illegal_transition")["detail"]
    problem(client.post(f"{alert}/confirm", headers=first, json=YES), 403, "not_permitted")

    confirmed = client.post(f"{alert}/confirm", headers=guest, json=YES).json()
    assert confirmed["state"] == "confirmed"
    assert [step["opinion"] for step in confirmed["steps"]] == [None, *[YES["opinion"]] * 2]
    closed = client.post(f"{alert}/close", headers=supervisor, json={"disposal": "handed_over"})
    assert (closed.json()["state"], closed.json()["disposal"]) == ("closed", "handed_over")
    again = client.post(f"{alert}/acknowledge", headers=first)
    problem(again, 409, "illegal_transition")


def test_another_agency_finds_nothing_whatever_it_asks(client, alert, stranger, watchlist, port):
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/probe", None),
        ("GET", "/enrolled", None),
        ("POST", "/acknowledge", None),
        ("POST", "/decide", YES),
        ("POST", "/confirm", YES),
        ("POST", "/close", {"disposal": "cleared"}),
    ):
        real = problem(
            client.request(method, alert + path, headers=stranger, json=body), 404, "not_found"
        )
        none = client.request(method, f"/v1/alerts/alr_x{path}", headers=stranger, json=body)
        invented = problem(none, 404, "not_found")
        id_ = alert.removeprefix("/v1/alerts/")
        assert real["detail"].replace(id_, "alr_x") == invented["detail"]
    asked = {"watchlist_id": watchlist["id"]}
    assert client.get("/v1/alerts", headers=stranger, params=asked).json() == {
        "items": [],
        "next": None,
    }
    subject = watchlist["subject"]["id"]
    problem(client.get(f"/v1/subjects/{subject}/encounters", headers=stranger), 404, "not_found")
    # A port system works no alert at all.
    problem(client.get(alert, headers=port), 403, "not_permitted")


def test_the_queue_s_filters_and_pages(client, first, port, watchlist):
    ids = [arrive(client, port)[0]["id"] for _ in range(3)]
    client.post(f"/v1/alerts/{ids[0]}/acknowledge", headers=first)

    def listed(**asked):
        answer = client.get("/v1/alerts", headers=first, params=asked)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    assert listed() == ids[::-1]
    assert listed(state="new") == ids[:0:-1]
    assert listed(mine=True) == ids[:1]
    assert listed(category="wanted", port="CGK", watchlist_id=watchlist["id"]) == ids[::-1]
    assert listed(category="cegah") == listed(port="DPS") == listed(port="HTL-0042") == []
    assert listed(since="2026-03-01T08:00:01Z") == []
    page = client.get("/v1/alerts?limit=2", headers=first).json()
    assert page["next"] == ids[1]
    assert listed(before=page["next"]) == ids[:1]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("stat=new", "stat"),
        ("state=taken", "state.0"),
        ("category=Mata%20mata", "category"),
        ("port=Jakarta", "port"),
        ("since=2026", "since"),
        ("since=2026-03-01T08:00:00", "since"),
        ("since=9999-12-31T23:59:59-14:00", "since"),
        ("limit=0", "limit"),
    ],
)
def test_a_wrong_filter_is_named(client, first, query, field):
    body = problem(client.get(f"/v1/alerts?{query}", headers=first), 422, "request_invalid")
    assert [error["field"] for error in body["errors"]] == [field]


def test_an_alert_is_found_by_its_case_number(client, first, stranger, port, watchlist):
    arrive(client, port)
    arrive(client, port)
    items = client.get("/v1/alerts", headers=first).json()["items"]
    assert [each["case_number"] for each in items] == ["IMI-00002-N", "IMI-00001-M"]
    for text in ("IMI-00001-M", "imi 00001 m"):
        found = client.get("/v1/alerts", headers=first, params={"case_number": text}).json()
        assert found["items"] == items[1:]
    theirs = {"case_number": "IMI-00001-M"}
    assert client.get("/v1/alerts", headers=stranger, params=theirs).json()["items"] == []


@pytest.mark.parametrize("number", ["IMI-00001-N", "IMI-00010-M", "42", "x" * 61])
def test_a_number_that_was_misheard_is_refused(client, first, number):
    refused = client.get("/v1/alerts", headers=first, params={"case_number": number})
    problem(refused, 422, "request_invalid")
    assert refused.json()["errors"][0]["field"] == "case_number"


@pytest.mark.parametrize(
    ("step", "body", "field"),
    [
        ("decide", {"reasons": ["other"], "note": "x"}, "opinion"),
        ("decide", {**YES, "opinion": "sure"}, "opinion"),
        ("decide", {**YES, "reasons": []}, "reasons"),
        ("decide", {**YES, "reasons": ["nose"]}, "reasons.0"),
        ("decide", {**YES, "reasons": ["poor_probe", "poor_probe"]}, "reasons"),
        ("decide", {**YES, "reasons": ["other"], "note": " "}, "note"),
        ("decide", {**YES, "note": "x" * 4001}, "note"),
        ("decide", {**YES, "note": "a\0b"}, "note"),
        ("decide", {**YES, "mood": "fine"}, "mood"),
        ("close", {"disposal": "Shot"}, "disposal"),
        ("close", {"disposal": "other"}, "note"),
    ],
)
def test_a_wrong_step_is_named_and_changes_nothing(client, alert, first, step, body, field):
    client.post(f"{alert}/acknowledge", headers=first)
    before = client.get(alert, headers=first).json()
    answer = client.post(f"{alert}/{step}", headers=first, json=body)
    errors = problem(answer, 422, "request_invalid")["errors"]
    assert [error["field"] for error in errors] == [field]
    assert client.get(alert, headers=first).json() == before


def test_an_outcome_that_no_list_has_is_named(client, alert, first):
    client.post(f"{alert}/acknowledge", headers=first)
    answer = client.post(f"{alert}/close", headers=first, json={"disposal": "shot"})
    errors = problem(answer, 422, "code_refused")["errors"]
    assert [error["field"] for error in errors] == ["disposal"]


def test_a_subject_s_encounters(client, alert, first, guest, supervisor, port, watchlist):
    client.post(f"{alert}/acknowledge", headers=first)
    client.post(f"{alert}/decide", headers=first, json=YES)
    (newer,) = arrive(client, port)
    url = f"/v1/subjects/{watchlist['subject']['id']}/encounters"
    page = client.get(url, headers=supervisor).json()
    states = [[a["state"] for a in each["alerts"]] for each in page["items"]]
    assert states == [["new"], ["under_review"]]
    assert page["items"][0]["alerts"][0]["id"] == newer["id"]
    assert page["items"][0]["encounter"]["port"] == "CGK"
    own = client.get(url, headers=first, params={"limit": 1}).json()
    later = client.get(url, headers=first, params={"before": own["next"]}).json()
    assert later["items"][0]["alerts"][0]["state"] == "potential_candidate"
    assert later["next"] is None
    problem(client.get(url, headers=guest), 404, "not_found")
    problem(client.get(url, headers=port), 403, "not_permitted")


def test_an_unshared_list_s_alerts_are_gone_at_once(client, alert, guest, watchlist):
    assert client.get(alert, headers=guest).status_code == 200
    url = f"/v1/watchlists/{watchlist['id']}"
    edited = client.patch(
        url, headers=watchlist["analyst"] | {"If-Match": "*"}, json={"shared_with": []}
    )
    assert edited.status_code == 200
    problem(client.get(alert, headers=guest), 404, "not_found")
    problem(client.post(f"{alert}/acknowledge", headers=guest), 404, "not_found")
