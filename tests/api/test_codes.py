"""Code lists over HTTP: who may, what is refused, and codes that programs meet elsewhere."""

import json

from casework.kernel.vocabulary import Role
from tests.api.conftest import problem
from tests.fakes import photo_of

CATEGORY = {
    "code": "x-kejaksaan",
    "label": {"id": "Permintaan kejaksaan", "en": "Request of the prosecutors"},
    "instruction": {"id": "Hubungi jaksa piket.", "en": "Call the prosecutor on duty."},
    "priority": 1,
}
OUTCOME = {
    "code": "x-karantina",
    "label": {"id": "Karantina", "en": "Quarantine"},
    "disposition": "held",
    "stages": ["arrival"],
}


def test_an_own_category_goes_from_the_code_list_to_the_port(client, desk, admin, sign_in, port):
    made = client.post("/v1/categories", headers=admin, json=CATEGORY)
    assert made.status_code == 201, made.text
    assert client.get(made.headers["location"], headers=port).json() == made.json()
    analyst = sign_in(Role.ANALYST, Role.OFFICER)
    body = {"name": "Jaksa", "category": "x-kejaksaan"}
    row = client.post("/v1/watchlists", headers=analyst, json=body).json()
    assert row["instruction"] == CATEGORY["instruction"]
    desk.enrol(1, row["id"])
    desk.service.gallery.replica.catch_up()
    sent = {"data": {"port": "CGK", "direction": "entry"}, "files": {"photo": photo_of(1)}}
    (alert,) = client.post("/v1/encounters", headers=port, **sent).json()["alerts"]
    assert (alert["category"], alert["priority"]) == ("x-kejaksaan", 1)
    for category, found in (("x-kejaksaan", 1), ("tangkal", 0), ("x-nobody-has-it", 0)):
        page = client.get(f"/v1/alerts?category={category}", headers=analyst)
        assert len(page.json()["items"]) == found
    used = client.post("/v1/categories/x-kejaksaan/remove", headers=admin, json={"reason": "x"})
    problem(used, 409, "still_in_use")


def test_an_own_outcome_is_what_the_port_hears(client, desk, admin, sign_in, port):
    assert client.post("/v1/outcomes", headers=admin, json=OUTCOME).status_code == 201
    desk.enrol(1, desk.watchlist(requires_acknowledgement=False))
    desk.service.gallery.replica.catch_up()
    sent = {"data": {"port": "CGK", "direction": "entry"}, "files": {"photo": photo_of(1)}}
    met = client.post("/v1/encounters", headers=port, **sent).json()
    officer = sign_in(Role.OFFICER)
    address = f"/v1/alerts/{met['alerts'][0]['id']}"
    finding = {"opinion": "potential_candidate", "reasons": ["facial_features_agree"]}
    client.post(f"{address}/decide", headers=officer, json=finding)
    wrong = client.post(f"{address}/close", headers=officer, json={"disposal": "x-nothing"})
    assert problem(wrong, 422, "code_refused")["errors"][0]["field"] == "disposal"
    closed = client.post(f"{address}/close", headers=officer, json={"disposal": "x-karantina"})
    assert closed.json()["disposal"] == "x-karantina"
    read = client.get(f"/v1/encounters/{met['id']}", headers=port).json()
    assert read["disposition"]["state"] == "held"


def test_what_cannot_be_a_code_is_refused_and_says_why(client, admin):
    for code in ("kejaksaan", "x-", "x-Jaksa", "x-jaksa agung", "x-" + "a" * 29, "x-é"):
        refused = client.post("/v1/categories", headers=admin, json={**CATEGORY, "code": code})
        problem(refused, 422, "request_invalid")

    def change(code: str, version: str | None, **fields: object):
        headers = admin if version is None else {**admin, "If-Match": version}
        return client.patch(f"/v1/categories/{code}", headers=headers, json=fields)

    problem(change("cegah", '"0"', active=False), 422, "reason_missing")
    assert change("cegah", '"0"').json()["version"] == 1
    problem(change("cegah", '"0"'), 412, "stale_version")
    problem(change("cegah", None), 428, "version_required")
    problem(change("other", "*", active=False, reason="x"), 422, "code_refused")
    for path in ("/v1/categories/x-none", "/v1/outcomes/tangkal"):
        problem(client.get(path, headers=admin), 404, "not_found")


def test_a_list_of_no_category_that_there_is_is_refused(client, sign_in):
    analyst = sign_in(Role.ANALYST)
    body = {"name": "none", "category": "x-none"}
    refused = client.post("/v1/watchlists", headers=analyst, json=body)
    assert problem(refused, 422, "code_refused")["errors"][0]["field"] == "category"


def test_what_a_category_requires_is_the_same_for_lists_entries_and_tips(
    client, desk, admin, sign_in
):
    analyst = sign_in(Role.ANALYST, Role.OFFICER)
    short = desk.enrol(1, desk.watchlist("before", category="tangkal"))
    tag = {**admin, "If-Match": "*"}
    body = {"requires": ["legal_basis", "decision_number", "valid_until"]}
    answer = client.patch("/v1/categories/tangkal", headers=tag, json=body)
    assert answer.json()["requires"] == body["requires"]
    new = {"name": "tangkal", "category": "tangkal"}
    refused = client.post("/v1/watchlists", headers=analyst, json=new)
    assert problem(refused, 422, "requirement_missing")["errors"][0]["field"] == "legal_basis"
    new["legal_basis"] = "UU 6/2011"
    made = client.post("/v1/watchlists", headers=analyst, json=new).json()
    rows = client.get("/v1/watchlists", headers=analyst).json()["items"]
    assert [row["lacks"] for row in rows] == [["legal_basis"], []]
    subject = {"name": "Somebody", "watchlist_ids": [made["id"]]}
    sent = {"data": {"subject": json.dumps(subject)}, "files": {"photos": photo_of(2)}}
    refused = client.post("/v1/subjects", headers=analyst, **sent)
    assert problem(refused, 422, "requirement_missing")["errors"][0]["field"] == "decision_number"
    report = {"text": (None, "Seen at the harbour."), "photo": ("1.jpg", photo_of(2))}
    tip = client.post("/v1/tips", headers=analyst, files=report).json()["id"]
    subject["decision_number"] = "KEP-1/2026"
    refused = client.post(f"/v1/tips/{tip}/enrol", headers=analyst, json=subject)
    assert problem(refused, 422, "requirement_missing")["errors"][0]["field"] == "valid_until"
    sound = {**subject, "valid_until": "2027-01-01"}
    assert client.post(f"/v1/tips/{tip}/enrol", headers=analyst, json=sound).is_success
    (listed,) = client.get("/v1/subjects?lacking=true", headers=analyst).json()["items"]
    assert (listed["id"], listed["lacks"]) == (short, ["decision_number", "valid_until"])
    (endless,) = client.get("/v1/subjects?open_ended=true", headers=analyst).json()["items"]
    assert endless["id"] == short
    renamed = client.patch(f"/v1/subjects/{short}", headers=analyst, json={"name": "Renamed"})
    assert renamed.is_success
