"""Webhooks over HTTP."""

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from casework.accounts.api_keys import NewKey
from casework.kernel.vocabulary import EventKind, Role, Scope
from tests.api.conftest import management, problem, settings_for, wait_until_ready
from tests.casework.webhooks.receivers import receiving
from tests.deadlines import wait_until
from tests.services import OPERATOR, open_service

URL = "https://127.0.0.1/siaga"


@pytest.fixture
def client(tmp_path, clock):
    """The application with webhooks that may lead to this machine."""
    settings = settings_for(tmp_path, webhook_private_targets=True)
    app = create_app(
        settings, lambda s: open_service(tmp_path / "siaga.db", clock, private_targets=True)
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        wait_until_ready(client)
        yield client


@pytest.fixture
def manager(sign_in):
    """Header of IMI's administrator."""
    return sign_in(Role.ADMIN)


@pytest.fixture
def made(client, manager):
    """A webhook as it was answered when it was made."""
    answer = client.post("/v1/webhooks", headers=manager, json={"url": URL})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_webhook_is_made_read_changed_and_removed(client, manager, made, desk):
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made["agency_id"] == desk.agency()
    assert made["events"] == sorted(EventKind)
    one = f"/v1/webhooks/{made['id']}"
    read = client.get(one, headers=manager)
    assert read.json() == made
    assert client.get("/v1/webhooks", headers=manager).json() == {"items": [made], "next": None}
    changed = client.patch(
        one,
        headers={**manager, "If-Match": read.headers["etag"]},
        json={"events": ["alert.raised"], "description": "their system"},
    )
    assert changed.json()["events"] == ["alert.raised"]
    stale = client.patch(
        one,
        headers={**manager, "If-Match": read.headers["etag"]},
        json={"active": False, "reason": "moved"},
    )
    problem(stale, 412, "stale_version")
    rotated = client.post(f"{one}/rotate", headers=manager, json={"overlap_s": 60}).json()
    assert rotated["secret"] != secret
    assert rotated["former_until"] == "2026-03-01T08:01:00Z"
    gone = client.post(f"{one}/remove", headers=manager, json={"reason": "moved"})
    assert gone.status_code == 204
    problem(client.get(one, headers=manager), 404, "not_found")


def test_another_agency_s_webhook_is_not_there(client, made, sign_in):
    stranger = sign_in(Role.ADMIN, agency="POL")
    one = f"/v1/webhooks/{made['id']}"
    missing = problem(client.get("/v1/webhooks/whk_none", headers=stranger), 404, "not_found")
    for answer in (
        client.get(one, headers=stranger),
        client.patch(one, headers=stranger, json={"active": False, "reason": "moved"}),
        client.post(f"{one}/remove", headers=stranger, json={"reason": "moved"}),
        client.post(f"{one}/rotate", headers=stranger, json={}),
        client.post(f"{one}/ping", headers=stranger),
        client.post(f"{one}/replay", headers=stranger, json={}),
        client.get(f"{one}/deliveries", headers=stranger),
    ):
        body = problem(answer, 404, "not_found")
        assert body["detail"] == missing["detail"].replace("whk_none", made["id"])
    assert client.get("/v1/webhooks", headers=stranger).json()["items"] == []


@pytest.mark.parametrize("role", [Role.OFFICER, Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR])
def test_only_administrators_keep_webhooks(client, sign_in, role):
    problem(client.get("/v1/webhooks", headers=sign_in(role)), 403, "not_permitted")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "request_invalid"),
        ({"url": URL, "events": []}, "request_invalid"),
        ({"url": URL, "events": ["alert.everything"]}, "request_invalid"),
        ({"url": URL, "secret": "mine"}, "request_invalid"),
        ({"url": "ftp://127.0.0.1/"}, "target_refused"),
        ({"url": "https://user@127.0.0.1/"}, "target_refused"),
    ],
)
def test_a_body_that_does_not_fit_is_refused(client, manager, body, code):
    problem(client.post("/v1/webhooks", headers=manager, json=body), 422, code)


def test_the_installation_s_administrator_registers_a_port_system(client, admin, port, desk):
    ours = NewKey("gate", frozenset({Scope.SCREEN}), None, desk.agency("OPS"))
    key_id = desk.service.accounts.keys.create(OPERATOR, ours)[0].id
    (theirs,) = (each.id for each in desk.service.accounts.keys.all(OPERATOR) if each.id != key_id)
    foreign = {"url": URL, "key_id": theirs, "events": ["alert.changed"]}
    problem(client.post("/v1/webhooks", headers=admin, json=foreign), 404, "not_found")
    body = {"url": URL, "key_id": key_id, "events": ["alert.changed"]}
    made = client.post("/v1/webhooks", headers=admin, json=body).json()
    assert (made["key_id"], made["events"]) == (key_id, ["alert.changed"])
    problem(
        client.post("/v1/webhooks", headers=admin, json=body | {"key_id": "x"}), 404, "not_found"
    )


def _until_ended(client, url, headers, count=1):
    """Read the delivery log until so many deliveries have ended."""

    def log():
        return client.get(url, headers=headers).json()["items"]

    wait_until(lambda: sum(item["state"] != "pending" for item in log()) >= count, 10)
    return log()


def test_a_ping_arrives_and_is_in_the_log(client, manager, desk):
    with receiving() as receiver:
        body = {"url": receiver.url}
        made = client.post("/v1/webhooks", headers=manager, json=body).json()
        one = f"/v1/webhooks/{made['id']}"
        queued = client.post(f"{one}/ping", headers=manager)
        assert queued.status_code == 202
        log = _until_ended(client, f"{one}/deliveries", manager)
        assert [message.json["kind"] for message in receiver.messages] == ["ping"]
    (entry,) = log
    assert entry["id"] == queued.json()["id"]
    assert (entry["state"], entry["status_code"], entry["due_at"]) == ("delivered", 200, None)


def test_an_alert_arrives_and_arrives_again_when_asked_for(client, manager, desk):
    desk.enrol(1)
    with receiving() as receiver:
        made = client.post("/v1/webhooks", headers=manager, json={"url": receiver.url}).json()
        one = f"/v1/webhooks/{made['id']}"
        alert = desk.screen(1).encounter.alerts[0]
        (entry,) = _until_ended(client, f"{one}/deliveries", manager)
        body = {"delivery_ids": [entry["id"]]}
        again = client.post(f"{one}/replay", headers=manager, json=body)
        assert (again.status_code, again.json()) == (202, {"queued": 1})
        _until_ended(client, f"{one}/deliveries", manager, count=2)
        assert [message.json["object_id"] for message in receiver.messages] == [alert.id] * 2
        assert len(set(receiver.ids())) == 1
        missing = client.post(f"{one}/replay", headers=manager, json={"delivery_ids": ["dlv_x"]})
        problem(missing, 404, "not_found")
    figures = management(client).get("/metrics").text
    assert 'siaga_webhook_attempts_total{state="delivered"} 2.0' in figures
    assert "siaga_webhook_pending" in figures
