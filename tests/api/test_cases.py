"""Joint cases over HTTP, as two agencies work on one."""

import pytest

from casework.kernel.vocabulary import Role
from tests.api.conftest import problem
from tests.fakes import photo_of

NEW = {"title": "Villa", "purpose": "to look into it", "legal_basis": "art. 69", "area": "31"}
PDF = b"%PDF-1.7\n<script>alert(1)</script>"


@pytest.fixture
def imi(sign_in):
    return sign_in(Role.OFFICER, Role.SUPERVISOR, agency="IMI")


@pytest.fixture
def pol(sign_in):
    return sign_in(Role.OFFICER, Role.SUPERVISOR, agency="POL")


@pytest.fixture
def case(client, imi, pol, desk):
    """A case of IMI's that POL takes part in; its path."""
    made = client.post("/v1/cases", headers=imi, json=NEW)
    assert made.status_code == 201, made.text
    path = made.headers["Location"]
    invited = client.post(f"{path}/members", headers=imi, json={"agency_id": desk.agency("POL")})
    assert invited.status_code == 200, invited.text
    assert client.get(path, headers=pol).json()["takes_part"] == "invited"
    assert client.post(f"{path}/join", headers=pol).status_code == 200
    return path


def post(client, path, headers, body):
    answer = client.post(path, headers=headers, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def test_two_agencies_work_on_a_case_to_its_end(client, imi, pol, case, desk):
    police = desk.agency("POL")
    tip = client.post(
        "/v1/tips",
        headers=imi,
        files={"text": (None, "Seen."), "photo": ("x.jpg", photo_of(1))},
    ).json()["id"]
    item = {"kind": "tip", "object_id": tip, "fields": ["text", "photo"], "to": [police]}
    given = post(client, f"{case}/items", imi, item)
    assert (given["about"], given["readers"][0]["code"]) == (tip, "POL")
    task = post(client, f"{case}/tasks", imi, {"text": "Look.", "assignee_id": police})
    post(client, f"{case}/entries/{task['id']}/take", pol, None)
    done = post(client, f"{case}/entries/{task['id']}/done", pol, {"result": "Nobody there."})
    assert done["task"]["result"] == "Nobody there."
    post(client, f"{case}/comments", pol, {"text": "We come along."})
    seen = client.get(f"{case}/entries", headers=pol).json()["items"]
    assert [each["kind"] for each in seen] == ["comment", "task", "item"]
    assert (seen[-1]["carried"], seen[-1]["about"]) == ({"text": "Seen."}, None)
    picture = client.get(f"{case}/entries/{given['id']}/photos/photo", headers=pol)
    assert picture.headers["content-type"] == "image/jpeg"  # decoded, whatever was reported
    assert picture.content not in (b"", photo_of(1))
    tag = client.get(case, headers=imi).headers["etag"]
    started = client.post(f"{case}/start", headers={**imi, "If-Match": tag})
    assert started.json()["state"] == "running"
    problem(client.post(f"{case}/start", headers={**imi, "If-Match": tag}), 412, "stale_version")
    refused = client.post(f"{case}/close", headers=imi, json={"outcomes": [], "summary": "x"})
    assert problem(refused, 422, "invalid_case")["errors"][0]["field"] == "outcomes"
    ends = [{"code": "overstay", "persons": 2}, {"code": "deported", "persons": 1}]
    closed = post(client, f"{case}/close", imi, {"outcomes": ends, "summary": "Two were met."})
    assert (closed["state"], closed["summary"]) == ("closed", "Two were met.")
    assert [each["action"] for each in closed["steps"]][:2] == ["close", "start"]
    late = client.post(f"{case}/comments", headers=pol, json={"text": "Late."})
    problem(late, 409, "illegal_transition")
    listed = client.get("/v1/cases?state=closed&area=31", headers=pol).json()["items"]
    assert [each["title"] for each in listed] == ["Villa"]
    assert client.get("/v1/cases?state=planned", headers=pol).json()["items"] == []


def test_a_file_is_saved_and_never_shown(client, imi, pol, case, desk):
    parts = {"file": ("../plan\u202e.html", PDF), "note": (None, "the plan")}
    made = client.post(f"{case}/files", headers=imi, files=parts)
    assert made.status_code == 201, made.text
    entry = made.json()
    assert entry["file"] == {"name": "plan.pdf", "format": "pdf", "size": len(PDF)}
    answer = client.get(f"{case}/entries/{entry['id']}/file", headers=pol)
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''plan.pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox"
    mine = {"file": ("x.pdf", PDF), "to": (None, "")}
    secret = client.post(f"{case}/files", headers=imi, files=mine).json()["id"]
    problem(client.get(f"{case}/entries/{secret}/file", headers=pol), 404, "not_found")
    other = {"file": ("x.pdf", PDF), "to": (None, f"{desk.agency('POL')},agy_none")}
    problem(client.post(f"{case}/files", headers=imi, files=other), 422, "invalid_case")
    page = {"file": ("x.pdf", b"<html>")}
    problem(client.post(f"{case}/files", headers=imi, files=page), 422, "invalid_case")


def test_what_is_withdrawn_and_who_is_removed(client, imi, pol, case, desk):
    said = post(client, f"{case}/comments", pol, {"text": "Hush."})
    assert client.get(f"{case}/entries", headers=imi).json()["items"][0]["text"] == "Hush."
    problem(client.post(f"{case}/entries/{said['id']}/withdraw", headers=imi), 403, "not_permitted")
    gone = post(client, f"{case}/entries/{said['id']}/withdraw", pol, None)
    assert (gone["text"], gone["withdrawn_at"] is None) == (None, False)
    removed = f"{case}/members/{desk.agency('POL')}/remove"
    assert client.post(removed, headers=imi).status_code == 200
    for path in (case, f"{case}/entries"):
        problem(client.get(path, headers=pol), 404, "not_found")
    assert client.get("/v1/cases", headers=pol).json()["items"] == []


def test_how_cases_ended_is_counted(client, imi, pol, case, desk, sign_in):
    assert client.post(f"{case}/start", headers=imi).status_code == 200
    ends = [{"code": "overstay", "persons": 7}, {"code": "deported", "persons": 2}]
    post(client, f"{case}/close", imi, {"outcomes": ends, "summary": "Met."})
    own = client.get("/v1/reports/cases?month=2026-03", headers=pol).json()
    lines = {each["outcome"]: each["persons"]["value"] for each in own["outcomes"]}
    assert (own["closed"]["value"], lines["overstay"], lines["deported"]) == (1, 7, 2)
    stranger = sign_in(Role.SUPERVISOR, agency="BEA")
    other = client.get("/v1/reports/cases?month=2026-03", headers=stranger).json()
    assert {each["cases"]["value"] for each in other["outcomes"]} == {0}
    coordinator = sign_in(Role.COORDINATOR, agency="BEA")
    early = client.get("/v1/reports/totals/cases?month=2026-03", headers=coordinator)
    problem(early, 422, "invalid_period")
    desk.clock.advance(days=31)
    coordinator = sign_in(Role.COORDINATOR, agency="KEJ")
    told = client.get("/v1/reports/totals/cases", headers=coordinator).json()
    lines = {each["outcome"]: each["persons"] for each in told["outcomes"]}
    assert told["month"] == "2026-03"
    assert told["closed"] == {"kind": "fewer_than_5", "value": None}
    assert lines["overstay"] == {"kind": "number", "value": 5}
    assert lines["deported"] == {"kind": "fewer_than_5", "value": None}
    year = client.get("/v1/reports/totals/cases?month=2026", headers=coordinator)
    problem(year, 422, "request_invalid")
