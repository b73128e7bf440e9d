"""An officer's own search over HTTP."""

import pytest

from casework.kernel.vocabulary import Role
from tests.api.conftest import problem
from tests.fakes import photo_of

PURPOSE = "case 2026/114, missing documents"


@pytest.fixture
def officer(sign_in):
    return sign_in(Role.OFFICER)


def search(client, headers, *seen, photo=None, **fields):
    data = {"purpose": PURPOSE, **fields}
    photo = photo or photo_of(*seen, brightness=0.9)
    return client.post("/v1/searches", headers=headers, data=data, files={"photo": photo})


def test_a_search_and_its_candidates_photos(client, desk, officer, sign_in):
    own, two = desk.watchlist("own"), desk.watchlist("two")
    hidden = desk.watchlist("hidden", agency_id=desk.agency("BNN"))
    subject = desk.enrol(1, own, two)
    desk.enrol(1, hidden)
    answer = search(client, officer, 1)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert {c["watchlist"]["name"] for c in body["candidates"]} == {"own", "two"}
    assert body["watchlist_ids"] == sorted([own, two])
    best = body["candidates"][0]
    assert (best["rank"], best["passes"], best["subject_id"]) == (1, True, subject)
    assert (best["subject"]["name"], best["owner_code"]) == ("Person 1", "IMI")
    assert {"decode", "embed", "search", "record"} <= {
        part.partition(";")[0] for part in answer.headers["server-timing"].split(", ")
    }
    url = answer.headers["location"]
    assert client.get(url, headers=officer).json() == body
    image = client.get(f"{url}/candidates/1/photo", headers=officer)
    assert image.content == photo_of(1)
    assert image.headers["cache-control"] == "no-store"
    problem(client.get(f"{url}/candidates/3/photo", headers=officer), 404, "not_found")
    problem(client.get(f"{url}/candidates/0/photo", headers=officer), 422, "request_invalid")
    other = sign_in(Role.SUPERVISOR)
    problem(client.get(url, headers=other), 404, "not_found")
    one = search(client, officer, 1, watchlist_ids=[two], limit="1").json()
    assert [c["watchlist"]["name"] for c in one["candidates"]] == ["two"]
    assert len(search(client, officer, 1, watchlist_ids=[own, two]).json()["candidates"]) == 2
    problem(search(client, officer, 1, watchlist_ids=[own, hidden]), 404, "not_found")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"purpose": ""}, "purpose"),
        ({"purpose": "   why     "}, "purpose"),
        ({"purpose": [PURPOSE, PURPOSE]}, "purpose"),
        ({"limit": "0"}, "limit"),
        ({"limit": "21"}, "limit"),
        ({"reason": "x"}, "reason"),
        ({"watchlist_ids": [""]}, "watchlist_ids.0"),
    ],
)
def test_a_wrong_search_is_named(client, officer, fields, field):
    errors = problem(search(client, officer, 1, **fields), 422, "request_invalid")["errors"]
    assert [error["field"] for error in errors] == [field]


def test_what_is_no_photo_or_too_large_is_refused(client, officer):
    problem(search(client, officer, photo=b"%PDF-1.7"), 415, "photo_format_unsupported")
    problem(search(client, officer, photo=photo_of(1) + b"0" * 300_000), 413, "photo_too_large")
    missing = client.post("/v1/searches", headers=officer, data={"purpose": PURPOSE}, files={})
    problem(missing, 422, "request_invalid")


def test_who_may_not_search(client, port, sign_in):
    problem(search(client, port, 1), 403, "not_permitted")
    problem(search(client, sign_in(Role.AUDITOR), 1), 403, "not_permitted")
    problem(search(client, {}, 1), 401, "not_authenticated")
