"""Watchlists and subjects over HTTP."""

import json

import pytest

from casework.kernel.vocabulary import Role, Scope
from tests.api.conftest import problem
from tests.fakes import photo_of

WHY = {"reason": "entered by mistake"}


@pytest.fixture
def watchlist(client, office):
    body = {"name": "wanted", "category": "wanted", "direction": "entry", "ports": ["CGK"]}
    response = client.post("/v1/watchlists", headers=office, json=body)
    assert response.status_code == 201
    return response.json()


def enrol(client, headers, watchlist_id, *photos, **fields):
    subject = {"name": "Somebody", "watchlist_ids": [watchlist_id], **fields}
    return client.post(
        "/v1/subjects",
        headers=headers,
        data={"subject": json.dumps(subject)},
        files=[("photos", (f"{n}.jpg", photo)) for n, photo in enumerate(photos)],
    )


def screened(client, headers, person):
    return client.post(
        "/v1/encounters",
        headers=headers,
        data={"port": "CGK", "direction": "entry"},
        files={"photo": photo_of(person, brightness=0.9)},
    ).json()


def test_the_life_of_a_watchlist(client, office, watchlist):
    url = f"/v1/watchlists/{watchlist['id']}"
    read = client.get(url, headers=office)
    assert read.json() == watchlist
    assert read.headers["etag"] == '"1"'
    change = {
        "instruction": {"id": "Panggil.", "en": "Call."},
        "target_fpir": 0.0001,
        "ports": None,
    }
    edited = client.patch(url, headers={**office, "If-Match": '"1"'}, json=change)
    assert edited.status_code == 200
    follows = {
        name: edited.json()[name]
        for name in ("updated_at", "threshold_in_force", "threshold_basis")
    }
    assert edited.json() == {**watchlist, **change, **follows, "version": 2}
    assert follows["threshold_in_force"] > watchlist["threshold_in_force"]
    stale = client.patch(url, headers={**office, "If-Match": '"1"'}, json={"name": "x"})
    problem(stale, 412, "stale_version")
    assert client.get("/v1/watchlists", headers=office).json()["items"] == [edited.json()]
    assert client.post(f"{url}/remove", headers=office, json=WHY).status_code == 204
    problem(client.get(url, headers=office), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x", "category": "Mata-mata"}, "category"),
        ({"name": "x", "direction": "up"}, "direction"),
        ({"name": "x", "target_fpir": 0}, "target_fpir"),
        ({"name": "x", "target_fpir": 1}, "target_fpir"),
        ({"name": "x", "threshold": 1.5}, "threshold"),
        ({"name": "x", "ports": []}, "ports"),
        ({"name": "x", "ports": ["Jakarta"]}, "ports.0"),
        ({"name": "x", "colour": "red"}, "colour"),
    ],
)
def test_a_wrong_watchlist_is_refused_by_field(client, office, body, field):
    response = client.post("/v1/watchlists", headers=office, json=body)
    assert [e["field"] for e in problem(response, 422, "request_invalid")["errors"]] == [field]


def test_a_name_is_taken_once(client, office, watchlist):
    response = client.post("/v1/watchlists", headers=office, json={"name": "wanted"})
    problem(response, 409, "already_exists")


def test_a_patch_cannot_clear_what_is_required(client, office, watchlist):
    url = f"/v1/watchlists/{watchlist['id']}"
    problem(
        client.patch(url, headers={**office, "If-Match": "*"}, json={"name": None}),
        422,
        "request_invalid",
    )
    problem(client.patch(url, headers={**office, "If-Match": "x"}, json={}), 422, "request_invalid")


def test_the_life_of_a_subject(client, desk, clock, sign_in, office, port, watchlist):
    photo = photo_of(1)
    response = enrol(
        client,
        office,
        watchlist["id"],
        photo,
        photo_of(),
        reference="P-1",
        nationality="IDN",
        birth_date="1980-02-29",
        valid_until="2030-01-01T00:00:00+07:00",
    )
    assert response.status_code == 201
    body = response.json()
    assert [report["code"] for report in body["photos"]] == ["accepted", "unsearchable"]
    subject = body["subject"]
    assert subject["valid_until"] == "2029-12-31T17:00:00Z"
    url = f"/v1/subjects/{subject['id']}"
    assert client.get(url, headers=office).json() == subject
    alert = screened(client, port, 1)["alerts"][0]["id"]
    seen = client.get(f"/v1/alerts/{alert}", headers=office).json()
    assert seen["subject"]["name"] == subject["name"]

    more = client.post(
        f"{url}/photos", headers=office, files={"photos": photo_of(1, brightness=0.8)}
    )
    assert more.status_code == 201
    first, second = more.json()["subject"]["photos"]
    image = client.get(f"{url}/photos/{first['id']}", headers=office)
    assert image.content == photo
    assert image.headers["content-type"] == "image/jpeg"
    assert image.headers["cache-control"] == "no-store"
    gone = client.post(f"{url}/photos/{first['id']}/erase", headers=office, json=WHY)
    assert gone.status_code == 202
    last = client.post(f"{url}/photos/{second['id']}/erase", headers=office, json=WHY)
    problem(last, 409, "still_in_use")

    lapsed = client.patch(url, headers=office, json={"valid_until": "2026-01-01T00:00:00Z"})
    assert lapsed.status_code == 200
    assert screened(client, port, 1)["outcome"] == "clear"
    restored = client.patch(url, headers=office, json={"valid_until": None})
    assert restored.json()["valid_until"] is None
    assert screened(client, port, 1)["outcome"] == "alert"

    assert client.post(f"{url}/erase", headers=office, json=WHY).status_code == 202
    assert screened(client, port, 1)["outcome"] == "clear"
    clock.advance(hours=24)
    assert desk.service.lists.erasures.finish() == 1
    problem(client.get(url, headers=sign_in(Role.ANALYST)), 404, "not_found")
    assert screened(client, port, 1)["outcome"] == "clear"


def test_the_same_reference_again_answers_200_with_the_same_subject(client, office, watchlist):
    first = enrol(client, office, watchlist["id"], photo_of(1), reference="P-1")
    again = enrol(client, office, watchlist["id"], photo_of(1), reference="P-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["subject"] == first.json()["subject"]
    assert again.json()["photos"][0]["code"] == "already_enrolled"


def test_a_person_without_a_usable_photo_is_refused_with_the_reasons(client, office, watchlist):
    body = problem(
        enrol(client, office, watchlist["id"], photo_of(), b"x"), 422, "enrolment_refused"
    )
    assert "No face was found" in body["detail"]
    assert client.get("/v1/subjects", headers=office).json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("subject", "field"),
    [
        ("not json", "subject"),
        ('"text"', "body"),
        ('{"watchlist_ids": ["wl_x"]}', "name"),
        ('{"name": "x", "watchlist_ids": []}', "watchlist_ids"),
        ('{"name": "x", "watchlist_ids": ["a"], "nationality": "Indonesia"}', "nationality"),
        ('{"name": "x", "watchlist_ids": ["a"], "birth_date": "1980-02-30"}', "birth_date"),
        ('{"name": "x", "watchlist_ids": ["a"], "valid_from": "2026-02-30"}', "valid_from"),
        ('{"name": "x", "watchlist_ids": ["a"], "sex": "W"}', "sex"),
        ("[" * 100_000, "subject"),
    ],
)
def test_a_wrong_subject_is_refused_by_field(client, office, subject, field):
    response = client.post(
        "/v1/subjects",
        headers=office,
        data={"subject": subject[:60_000]},
        files={"photos": photo_of(1)},
    )
    assert [e["field"] for e in problem(response, 422, "request_invalid")["errors"]] == [field]


def test_foreign_ids_and_reversed_periods_create_nothing(client, office, watchlist):
    problem(enrol(client, office, "wl_none", photo_of(1)), 404, "not_found")
    reversed_period = {"valid_from": "2026-02-01T00:00:00Z", "valid_until": "2026-01-01T00:00:00Z"}
    response = enrol(client, office, watchlist["id"], photo_of(1), **reversed_period)
    problem(response, 422, "invalid_period")
    problem(client.get("/v1/subjects/sub_x/photos/pho_x", headers=office), 404, "not_found")
    assert client.get("/v1/subjects", headers=office).json()["items"] == []


def test_pages_of_subjects(client, office, watchlist):
    made = [
        enrol(client, office, watchlist["id"], photo_of(n)).json()["subject"]["id"]
        for n in range(5)
    ]
    seen, after = [], None
    while True:
        query = {"limit": 2, "watchlist_id": watchlist["id"], **({"after": after} if after else {})}
        page = client.get("/v1/subjects", headers=office, params=query).json()
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == sorted(made)
    problem(client.get("/v1/subjects?limit=0", headers=office), 422, "request_invalid")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/watchlists"),
        ("GET", "/v1/watchlists"),
        ("GET", "/v1/watchlists/x"),
        ("PATCH", "/v1/watchlists/x"),
        ("POST", "/v1/watchlists/x/remove"),
        ("POST", "/v1/subjects"),
        ("GET", "/v1/subjects"),
        ("GET", "/v1/subjects/x"),
        ("PATCH", "/v1/subjects/x"),
        ("POST", "/v1/subjects/x/erase"),
        ("POST", "/v1/subjects/x/photos"),
        ("GET", "/v1/subjects/x/photos/y"),
        ("POST", "/v1/subjects/x/photos/y/erase"),
    ],
)
def test_managing_lists_takes_the_scope_enrol(client, key, method, path):
    problem(client.request(method, path, json={"name": "x"}), 401, "not_authenticated")
    wrong = client.request(method, path, headers=key(Scope.SCREEN), json={"name": "x"})
    problem(wrong, 403, "not_permitted")


def test_a_nul_character_is_refused_wherever_it_stands(client, office):
    """No name has one, and PostgreSQL could not store it."""
    for path in ("/v1/watchlists/wl_%00", "/v1/watchlists?after=%00"):
        problem(client.get(path, headers=office), 422, "request_invalid")
    for body in ({"name": "a\0b"}, {"name": "x", "ports": ["CG\0"]}):
        said = problem(
            client.post("/v1/watchlists", json=body, headers=office), 422, "request_invalid"
        )
        assert "NUL" in said["errors"][0]["message"]
