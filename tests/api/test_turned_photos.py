"""Photos that lie on their side or head, without EXIF: one service with the default networks."""

import json
from datetime import timedelta

import numpy as np
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.state import state_of
from casework.accounts.api_keys import NewKey
from casework.kernel.vocabulary import Role, Scope
from tests.api.conftest import settings_for, signed_in, wait_until_ready
from tests.api.console.conftest import Browser
from tests.data import decoded, encoded, image_of, turned_clockwise
from tests.services import OPERATOR, Desk, FakeClock, open_service

QUARTERS = (90, 180, 270)


def astronaut(degrees: int) -> bytes:
    """A person, 512 x 512, turned clockwise."""
    return encoded(turned_clockwise(image_of("astronaut"), degrees))


@pytest.fixture(scope="module")
def client(pipeline, tmp_path_factory):
    folder = tmp_path_factory.mktemp("turned")
    app = create_app(
        settings_for(folder),
        lambda _: open_service(folder / "siaga.db", FakeClock(), pipeline=pipeline),
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        wait_until_ready(client)
        yield client


@pytest.fixture(scope="module")
def desk(client):
    return Desk(state_of(client.app).opened, FakeClock())


@pytest.fixture(scope="module")
def officer(desk):
    """Header of somebody who enrols, searches and takes tips."""
    return signed_in(desk, Role.ANALYST, Role.OFFICER)


@pytest.fixture(scope="module")
def port(desk):
    new = NewKey("gate", frozenset({Scope.SCREEN}), None, desk.agency())
    return {"Authorization": f"Bearer {desk.service.accounts.keys.create(OPERATOR, new)[1]}"}


@pytest.fixture(scope="module")
def subject(client, desk, officer):
    """Enrolled by a photo on its head; the answer."""
    person = {"name": "Head over heels", "watchlist_ids": [desk.watchlist()]}
    answer = client.post(
        "/v1/subjects",
        headers=officer,
        data={"subject": json.dumps(person)},
        files=[("photos", ("turned.jpg", astronaut(180)))],
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["subject"]


def turn(quality):
    """Degrees clockwise that a photo was turned by; the reasons have to say so."""
    (degrees,) = (each["value"] for each in quality["measures"] if each["name"] == "PhotoTurn")
    assert ("turned" in [each["code"] for each in quality["reasons"]]) == (degrees != 0)
    return degrees


def looks_upright(content: bytes) -> bool:
    """Whether a picture of the astronaut is shown the right way up."""
    shown, upright = decoded(content).astype(float), image_of("astronaut").astype(float)
    return shown.shape == upright.shape and float(np.abs(shown - upright).mean()) < 8


def test_enrolment_says_by_how_much_a_photo_was_turned(client, officer, subject):
    (photo,) = client.get(f"/v1/subjects/{subject['id']}", headers=officer).json()["photos"]
    assert turn(photo["quality"]) == 180


@pytest.mark.parametrize("degrees", [0, *QUARTERS])
def test_a_traveller_is_found_by_a_photo_of_any_way_up(client, port, subject, degrees):
    answer = client.post(
        "/v1/encounters",
        headers=port,
        data={"port": "CGK", "direction": "entry"},
        files={"photo": ("x.jpg", astronaut(degrees))},
    ).json()
    assert answer["outcome"] == "alert", answer["quality"]
    assert turn(answer["quality"]) == -degrees % 360


@pytest.mark.parametrize("degrees", QUARTERS)
def test_photos_of_unlike_ways_up_are_compared(client, port, degrees):
    files = {"first": ("a.jpg", astronaut(0)), "second": ("b.jpg", astronaut(degrees))}
    answer = client.post("/v1/compare", headers=port, files=files).json()
    assert answer["score"] > 0.85
    assert turn(answer["second"]["quality"]) == -degrees % 360


@pytest.fixture(scope="module")
def search(client, officer, subject):
    """A search by a photo on its side; the answer."""
    answer = client.post(
        "/v1/searches",
        headers=officer,
        data={"purpose": "a photo without its orientation"},
        files={"photo": ("x.jpg", astronaut(90))},
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def tip(client, officer):
    """A tip with a photo on its side; its path."""
    parts = {"text": (None, "Seen at the harbour."), "photo": ("x.jpg", astronaut(270))}
    answer = client.post("/v1/tips", headers=officer, files=parts)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def test_a_search_by_a_turned_photo_finds_the_person(search, subject):
    assert turn(search["quality"]) == 270
    assert [each["subject_id"] for each in search["candidates"]] == [subject["id"]]


def test_a_tip_s_photo_is_turned_and_finds_the_person(client, officer, tip, subject):
    answer = client.get(tip, headers=officer).json()
    assert turn(answer["photo_quality"]) == 90
    sought = {"purpose": "a report from the public"}
    searched = client.post(f"{tip}/search", headers=officer, json=sought).json()
    found = client.get(f"/v1/searches/{searched['search_id']}", headers=officer).json()
    assert [each["subject_id"] for each in found["candidates"]] == [subject["id"]]


@pytest.fixture(scope="module")
def referral(client, desk, officer, tip):
    """The tip with its photo, handed to another agency; its path."""
    handover = {
        "receiver_id": desk.agency("POL"),
        "note": "Please look into it.",
        "due_at": (desk.clock() + timedelta(days=3)).isoformat(),
        "fields": ["photo"],
    }
    answer = client.post(f"{tip}/refer", headers=officer, json=handover)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"].removeprefix("/v1/")


def test_people_see_kept_photos_upright_and_programs_get_what_was_sent(
    client, officer, subject, search, tip, referral
):
    photo = client.get(f"/v1/subjects/{subject['id']}", headers=officer).json()["photos"][0]["id"]
    tip_id = tip.rsplit("/", 1)[-1]
    with TestClient(client.app, base_url="https://testserver") as people:
        people.portal = client.portal
        Browser(people).sign_in("imi.analyst.officer")
        for path, sent in (
            (f"subjects/{subject['id']}/photos/{photo}", astronaut(180)),
            (f"searches/{search['id']}/candidates/1/photo", astronaut(180)),
            (f"tips/{tip_id}/photo", astronaut(270)),
        ):
            assert client.get(f"/v1/{path}", headers=officer).content == sent
            assert looks_upright(people.get(f"/{path}").content), path
        # What was reported is handed on decoded alone.
        for answer in (
            client.get(f"/v1/{referral}/photos/photo", headers=officer),
            people.get(f"/{referral}/photos/photo"),
        ):
            assert looks_upright(answer.content)
