"""Tips over HTTP."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from casework.kernel.vocabulary import Role, Scope, TipState
from tests.api.conftest import problem
from tests.casework.stays.test_stays import LISTED, NEW, hotel, work
from tests.fakes import photo_of
from tests.services import OPERATOR

SOURCE = "the fishmonger, 0812"
FIELDS = {
    "text": "Seen at the harbour.",
    "place": "Pier 3",
    "happened_at": "2026-02-28T17:00:00+07:00",
    "source": SOURCE,
}
PURPOSE = {"purpose": "a report from the public"}
NEVER = "tip_01M7ZYY7HDJHTCS856SBCRH8M1"


@pytest.fixture
def imi(sign_in):
    return sign_in(Role.OFFICER, agency="IMI")


@pytest.fixture
def analyst(sign_in):
    return sign_in(Role.ANALYST, agency="IMI")


@pytest.fixture
def supervisor(sign_in):
    return sign_in(Role.SUPERVISOR, agency="IMI")


@pytest.fixture
def stranger(sign_in):
    """Somebody of another agency, with every role that handles tips."""
    return sign_in(Role.OFFICER, Role.SUPERVISOR, Role.ANALYST, agency="POL")


@pytest.fixture
def record(client, imi):
    """Record a tip; returns its path."""

    def make(photo=None, **changes):
        # Fields sent as parts: a form without a file is still multipart.
        parts: dict[str, tuple[str | None, object]]
        parts = {name: (None, text) for name, text in (FIELDS | changes).items()}
        if photo is not None:
            parts["photo"] = ("x.jpg", photo)
        response = client.post("/v1/tips", files=parts, headers=imi)
        assert response.status_code == 201, response.text
        return response.headers["Location"]

    return make


def test_a_tip_is_answered_as_it_was_reported(client, imi, record, desk):
    path = record(photo_of(1))
    response = client.get(path, headers=imi)
    read = response.json()
    assert response.headers["ETag"] == '"1"'
    quality = read.pop("photo_quality")
    assert quality["verdict"] in ("usable", "marginal")
    assert read == {
        "id": path.rsplit("/", 1)[1],
        "reference": read["reference"],
        "state": "new",
        "origin": "public",
        "priority": "normal",
        "assigned_to": None,
        "happened_at": "2026-02-28T10:00:00Z",
        "has_photo": True,
        "has_source": True,
        "created_at": "2026-03-01T08:00:00Z",
        "updated_at": "2026-03-01T08:00:00Z",
        "version": 1,
        "text": "Seen at the harbour.",
        "place": "Pier 3",
        "area": None,
        "area_name": None,
        "team_id": None,
        "team_name": None,
        "recorded_by": read["recorded_by"],
        "recorded_by_name": "Somebody",
        "recorded_by_service_number": None,
        "search_id": None,
        "searched_at": None,
        "subject_id": None,
        "dismissal": None,
    }


def test_a_tip_needs_no_photo(client, imi, record):
    path = record()
    assert not client.get(path, headers=imi).json()["has_photo"]
    problem(client.get(f"{path}/photo", headers=imi), 404, "not_found")
    response = client.post(f"{path}/search", json=PURPOSE, headers=imi)
    problem(response, 409, "illegal_transition")


def test_the_photo_is_answered_as_it_came(client, imi, record):
    response = client.get(f"{record(photo_of(1))}/photo", headers=imi)
    assert response.content == photo_of(1)
    assert response.headers["cache-control"] == "no-store"


def test_the_source_is_for_supervisors(client, imi, analyst, supervisor, stranger, record):
    path = record()
    response = client.get(f"{path}/source", headers=supervisor)
    assert response.json() == {"source": SOURCE}
    assert response.headers["cache-control"] == "no-store"
    for who in (imi, analyst):
        problem(client.get(f"{path}/source", headers=who), 403, "not_permitted")
    problem(client.get(f"{path}/source", headers=stranger), 404, "not_found")
    for answer in (client.get(path, headers=supervisor), client.get("/v1/tips", headers=imi)):
        assert SOURCE not in answer.text


def test_the_list_tells_nothing_of_what_tips_say(client, imi, record):
    first, second = record(), record()
    body = client.get("/v1/tips", params={"limit": 1}, headers=imi).json()
    assert [item["id"] for item in body["items"]] == [second.rsplit("/", 1)[1]]
    assert {"text", "place"}.isdisjoint(body["items"][0])
    rest = client.get("/v1/tips", params={"before": body["next"]}, headers=imi).json()
    assert [item["id"] for item in rest["items"]] == [first.rsplit("/", 1)[1]]
    reference = rest["items"][0]["reference"]
    found = client.get("/v1/tips", params={"reference": reference}, headers=imi).json()
    assert found["items"] == rest["items"]
    none = client.get("/v1/tips", params={"state": "dismissed"}, headers=imi).json()
    assert none["items"] == []


def test_from_a_tip_to_a_subject(client, desk, imi, analyst, record):
    path = record(photo_of(1))
    found = client.post(f"{path}/search", json=PURPOSE, headers=imi).json()
    assert found["state"] == TipState.SEARCHED
    assert found["search_id"]
    subject = {"name": "Somebody", "watchlist_ids": [desk.watchlist()]}
    problem(client.post(f"{path}/enrol", json=subject, headers=imi), 403, "not_permitted")
    enrolled = client.post(f"{path}/enrol", json=subject, headers=analyst).json()
    assert enrolled["state"] == TipState.ENROLLED
    (alert,) = desk.screen(1).encounter.alerts
    assert alert.subject_id == enrolled["subject_id"]
    problem(client.post(f"{path}/enrol", json=subject, headers=analyst), 409, "illegal_transition")


def test_a_photo_without_a_face_enrols_nobody(client, desk, analyst, record):
    subject = {"name": "Somebody", "watchlist_ids": [desk.watchlist()]}
    response = client.post(f"{record(photo_of())}/enrol", json=subject, headers=analyst)
    problem(response, 422, "enrolment_refused")


def test_a_dismissal(client, imi, record):
    path = record()
    body = client.post(f"{path}/dismiss", json={"reason": "a joker"}, headers=imi).json()
    assert (body["state"], body["dismissal"]) == ("dismissed", "a joker")
    again = client.post(f"{path}/dismiss", json={"reason": "a joker"}, headers=imi)
    problem(again, 409, "illegal_transition")


def test_another_agency_cannot_tell_it_from_one_that_never_was(client, desk, stranger, record):
    path = record(photo_of(1))
    real_id = path.rsplit("/", 1)[1]
    due = {"receiver_id": desk.agency("BEA"), "note": "x", "due_at": "2026-03-09T00:00:00Z"}
    subject = {"name": "x", "watchlist_ids": [desk.watchlist("x", agency_id=desk.agency("POL"))]}
    requests = [
        ("GET", "", None),
        ("GET", "/photo", None),
        ("GET", "/source", None),
        ("POST", "/search", PURPOSE),
        ("POST", "/refer", due | {"fields": []}),
        ("POST", "/enrol", subject),
        ("POST", "/dismiss", {"reason": "x"}),
    ]
    for method, suffix, body in requests:
        said = {"json": body} if body is not None else {}
        answers = []
        for tip_id in (real_id, NEVER):
            response = client.request(
                method, f"/v1/tips/{tip_id}{suffix}", headers=stranger, **said
            )
            answers.append(problem(response, 404, "not_found")["detail"].replace(tip_id, ""))
        assert answers[0] == answers[1]
    assert client.get("/v1/tips", headers=stranger).json() == {"items": [], "next": None}


def test_an_outdated_version_is_refused(client, imi, record):
    path = record(photo_of(1))
    tag = client.get(path, headers=imi).headers["ETag"]
    client.post(f"{path}/search", json=PURPOSE, headers=imi)
    outdated = imi | {"If-Match": tag}
    response = client.post(f"{path}/dismiss", json={"reason": "x"}, headers=outdated)
    problem(response, 412, "stale_version")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": None}, "text"),
        ({"text": ""}, "text"),
        ({"origin": "a bird"}, "origin"),
        ({"happened_at": "yesterday"}, "happened_at"),
        ({"happened_at": "2026-02-30T00:00:00Z"}, "happened_at"),
        ({"place": "x" * 201}, "place"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_input_names_the_field(client, imi, changes, field):
    data = {name: text for name, text in (FIELDS | changes).items() if text is not None}
    files = {"photo": ("x.jpg", photo_of(1))}
    response = client.post("/v1/tips", data=data, files=files, headers=imi)
    found = problem(response, 422, "request_invalid")
    assert [each["field"] for each in found["errors"]] == [field]
    assert client.get("/v1/tips", headers=imi).json()["items"] == []


@pytest.mark.parametrize(
    ("photos", "status", "code"),
    [
        ([("photo", b"no photo")], 415, "photo_format_unsupported"),
        ([("photo", b"")], 422, "photo_empty"),
        ([("photo", photo_of(1)), ("photo", photo_of(2))], 422, "request_invalid"),
        ([("picture", photo_of(1))], 422, "request_invalid"),
    ],
)
def test_bad_photos_are_refused(client, imi, photos, status, code):
    files = [(name, ("x.jpg", content)) for name, content in photos]
    response = client.post("/v1/tips", data=FIELDS, files=files, headers=imi)
    problem(response, status, code)


def test_a_purpose_is_required(client, imi, record):
    path = record(photo_of(1))
    for body in ({}, {"purpose": "x"}):
        response = client.post(f"{path}/search", json=body, headers=imi)
        found = problem(response, 422, "request_invalid")
        assert [each["field"] for each in found["errors"]] == ["purpose"]


def test_a_face_that_is_known_is_told_of_when_a_tip_is_enrolled(client, analyst, record, desk):
    watchlist, theirs = (
        desk.watchlist("wanted"),
        desk.watchlist("theirs", agency_id=desk.agency("POL")),
    )
    known = desk.enrol(1, watchlist)
    desk.enrol(1, theirs)
    body = {"name": "Somebody", "watchlist_ids": [watchlist]}
    answer = client.post(f"{record(photo_of(1))}/enrol", headers=analyst, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["similar"] == [
        {"watchlist": "wanted", "owner_code": "IMI", "subject_id": known, "name": "Person 1"}
    ]
    answer = client.post(f"{record(photo_of(2))}/enrol", headers=analyst, json=body)
    assert answer.json()["similar"] == []


def test_a_key_records_reads_its_receipt_and_nothing_else(client, desk, key):
    employer = key(Scope.TIPS)
    files = {"text": (None, "Seen."), "photo": ("x.jpg", photo_of(1))}
    made = client.post("/v1/tips", files=files, headers=employer)
    assert made.status_code == 201, made.text
    assert (made.json()["has_photo"], made.json()["photo_quality"]) == (True, None)
    path = made.headers["Location"]
    receipt = client.get(f"{path}/receipt", headers=employer).json()
    assert receipt == {
        "id": made.json()["id"],
        "reference": made.json()["reference"],
        "state": "received",
        "received_at": "2026-03-01T08:00:00Z",
    }
    for refused in (path, f"{path}/photo", f"{path}/source", "/v1/tips"):
        problem(client.get(refused, headers=employer), 403, "not_permitted")
    answer = client.post(f"{path}/search", json=PURPOSE, headers=employer)
    problem(answer, 403, "not_permitted")
    problem(client.get(f"{path}/receipt", headers=key(Scope.TIPS)), 404, "not_found")


def test_what_a_key_sent_as_a_photo_is_shown_decoded_alone(client, sign_in, key, desk):
    employer, reader = key(Scope.TIPS), sign_in(Role.OFFICER, agency="IMI")
    police = sign_in(Role.OFFICER, agency="POL")
    picture = cv2.imdecode(np.frombuffer(photo_of(1), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    damaged = bytearray(cv2.imencode(".png", picture)[1].tobytes())
    damaged[len(damaged) // 3 : len(damaged) // 3 + 200] = b"\xff" * 200
    for content, status in ((photo_of(1), 200), (bytes(damaged), 422)):
        files = {"text": (None, "Seen."), "photo": ("x.jpg", content)}
        path = client.post("/v1/tips", files=files, headers=employer).headers["Location"]
        shown = client.get(f"{path}/photo", headers=reader)
        assert shown.status_code == status
        assert shown.content != content
        to = {
            "receiver_id": desk.agency("POL"),
            "note": "Please look.",
            "due_at": "2026-03-04",
            "fields": ["photo"],
        }
        sent = client.post(f"{path}/refer", json=to, headers=reader)
        assert sent.status_code == 201, sent.text
        handed = client.get(f"{sent.headers['Location']}/photos/photo", headers=police)
        assert handed.status_code == status
        assert handed.content != content


def test_a_tip_is_sorted_linked_and_compared(client, desk, imi, supervisor, record):
    path, again = record(photo_of(1)), record(photo_of(1))
    sorting = {"priority": "urgent", "assigned_to": None}
    shown = {**imi, "If-Match": '"1"'}
    answer = client.post(f"{path}/triage", json=sorting, headers=shown)
    assert (answer.json()["priority"], answer.headers["ETag"]) == ("urgent", '"2"')
    problem(client.post(f"{path}/triage", json=sorting, headers=shown), 412, "stale_version")
    moved = client.post(f"{path}/triage", json=sorting | {"area": "31"}, headers=imi).json()
    assert (moved["area"], moved["area_name"]) == ("31", "DKI Jakarta")
    kept = client.post(f"{path}/triage", json=sorting, headers=imi).json()
    assert (kept["area"], kept["version"]) == ("31", moved["version"])  # what is absent stays
    wrong = client.post(f"{path}/triage", json=sorting | {"area": "99"}, headers=imi)
    problem(wrong, 422, "area_refused")
    wrong = client.post(f"{path}/triage", json=sorting | {"team_id": "team_x"}, headers=imi)
    problem(wrong, 404, "not_found")
    found = client.get("/v1/tips", params={"priority": "urgent"}, headers=imi).json()["items"]
    assert [each["id"] for each in found] == [answer.json()["id"]]
    (duplicate,) = client.get(f"{path}/duplicates", headers=imi).json()["items"]
    assert duplicate["tip"]["id"] == again.rsplit("/", 1)[1]
    assert duplicate["reasons"] == ["photo"]  # three words are too few
    subject = desk.enrol(1)
    assert client.put(f"{path}/subjects/{subject}", headers=imi).status_code == 204
    assert client.get(f"{path}/subjects", headers=imi).json() == {"items": [subject]}
    assert client.delete(f"{path}/subjects/{subject}", headers=imi).status_code == 204
    problem(client.delete(f"{path}/subjects/{subject}", headers=imi), 404, "not_found")
    erased = client.post(f"{path}/source/erase", json={"reason": "asked"}, headers=supervisor)
    assert erased.status_code == 204
    problem(client.get(f"{path}/source", headers=supervisor), 404, "not_found")


def test_a_tip_near_a_listed_guest_is_found_from_both_ends(client, imi, stranger, record, desk):
    for code in ("31.71", "31.71.01"):
        desk.service.areas.areas.put(OPERATOR, code, f"Area {code}")
    desk.enrol(3, desk.watchlist(), **LISTED)
    desk.service.stays.reports.report(hotel(desk), replace(NEW, area="31.71.01"))
    work(desk)
    tip = record(text="Strangers at the Hotel Melati.", area="31.71", happened_at="2026-03-01")
    (near,) = client.get(f"{tip}/nearby", headers=imi).json()["items"]
    assert near["reasons"] == ["lodging", "area"]
    assert near["alert"]["encounter"]["lane"] == "Hotel Melati"
    path = f"/v1/alerts/{near['alert']['id']}/tips"
    (back,) = client.get(path, headers=imi).json()["items"]
    assert (back["tip"]["id"], back["reasons"]) == (tip.rsplit("/", 1)[1], near["reasons"])
    for address in (f"{tip}/nearby", path):
        problem(client.get(address, headers=stranger), 404, "not_found")
