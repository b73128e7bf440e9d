"""What a practice installation answers can never be taken for something real."""

import json
import zipfile
from io import BytesIO

import pytest

from api.v1.webhooks.schemas import render
from casework.kernel.vocabulary import Role
from tests.api.conftest import management
from tests.evidence import decided
from tests.fakes import photo_of
from tests.pdf import pages_of
from tests.services import officer

both = pytest.mark.parametrize("practice", [True, False], ids=["practice", "real"])


@pytest.fixture
def practice():
    return True


def sent(client, port):
    arrival = {"port": "CGK", "direction": "entry"}
    photo = {"photo": ("1.jpg", photo_of(1, brightness=0.9))}
    return client.post("/v1/encounters", headers=port, data=arrival, files=photo)


@both
def test_every_answer_to_a_port_says_so(client, desk, port, practice):
    desk.enrol(1)
    answer = sent(client, port)
    assert (answer.json()["outcome"], answer.json()["practice"]) == ("alert", practice)
    again = client.get(answer.headers["location"], headers=port)
    assert again.json()["practice"] is practice


def test_an_alert_has_a_number_of_practice(client, desk, sign_in):
    desk.enrol(1)
    (alert,) = desk.screen(1).encounter.alerts
    read = client.get(f"/v1/alerts/{alert.id}", headers=sign_in(Role.OFFICER)).json()
    assert read["case_number"].startswith("LATIHAN-IMI-")
    found = client.get(
        "/v1/alerts",
        headers=sign_in(Role.SUPERVISOR),
        params={"case_number": read["case_number"].lower()},
    )
    assert [each["id"] for each in found.json()["items"]] == [alert.id]


@both
def test_health_and_figures_say_so(client, practice):
    assert client.get("/healthz").json()["practice"] is practice
    assert client.get("/readyz").json()["practice"] is practice
    inside = management(client)
    assert inside.get("/readyz").json()["practice"] is practice
    assert f'practice="{str(practice).lower()}"' in inside.get("/metrics").text


def test_every_event_says_so(desk):
    desk.enrol(1)
    desk.screen(1)
    feed = desk.service.exchange.feed
    reader = officer(desk.agency(), Role.SUPERVISOR)
    events = feed.after(reader, 0).events
    assert events
    for event in events:
        body = json.loads(render(event, reader, practice=desk.service.kernel.practice))
        assert body["practice"] is True


def test_evidence_of_practice_is_none(client, desk, sign_in):
    alert_id = decided(desk)
    answer = client.get(
        f"/v1/alerts/{alert_id}/evidence",
        headers=sign_in(Role.SUPERVISOR),
        params={"purpose": "An exercise"},
    )
    assert "LATIHAN-" in answer.headers["content-disposition"]
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        about = json.loads(archive.read("manifest.json"))["about"]
        readme = archive.read("README.txt").decode()
        pages = [
            page for each in ("id", "en") for page in pages_of(archive.read(f"report.{each}.pdf"))
        ]
    assert about["practice"] is True
    assert readme.startswith("*** LATIHAN ***")
    assert all("LATIHAN" in page for page in pages)
