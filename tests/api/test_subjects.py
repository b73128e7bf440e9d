"""Subjects over HTTP: what is refused, what is found, who resembles whom."""

import json

import pytest

from casework.kernel.vocabulary import Role
from tests.api.conftest import problem
from tests.fakes import photo_of


@pytest.fixture
def watchlist(desk):
    return desk.watchlist("own")


def enrol(client, headers, watchlist, person=1, brightness=1.0, **fields):
    subject = {"name": "Somebody", "watchlist_ids": [watchlist], **fields}
    return client.post(
        "/v1/subjects",
        headers=headers,
        data={"subject": json.dumps(subject)},
        files={"photos": photo_of(person, brightness=brightness)},
    )


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"birth_date": "2999-01-01"}, "impossible_birth", "birth_date"),
        ({"birth_date": "1801-01-01"}, "impossible_birth", "birth_date"),
        ({"birth_year": 2099}, "impossible_birth", "birth_year"),
        ({"birth_date": "1980-02-29", "birth_year": 1981}, "impossible_birth", "birth_year"),
        ({"valid_until": "2026-01-01T00:00:00Z"}, "invalid_period", "valid_until"),
        (
            {"valid_from": "2027-01-02T00:00:00Z", "valid_until": "2027-01-01T00:00:00Z"},
            "invalid_period",
            "valid_until",
        ),
        ({"birth_date": 0}, "request_invalid", "birth_date"),
        ({"birth_date": "1980-02-29T00:00:00"}, "request_invalid", "birth_date"),
        ({"valid_until": 4102444800}, "request_invalid", "valid_until"),
        ({"valid_until": "0001-01-01T00:00:00+14:00"}, "request_invalid", "valid_until"),
        ({"nationality": "XYZ"}, "request_invalid", "nationality"),
        ({"nationality": "id"}, "request_invalid", "nationality"),
        ({"status": "dead"}, "request_invalid", "status"),
        ({"name": "a\0b"}, "request_invalid", "name"),
        ({"aliases": ["x" * 501]}, "request_invalid", "aliases.0"),
        ({"documents": [{"kind": "passport"}]}, "request_invalid", "documents.0.number"),
        (
            {"documents": [{"kind": "passport", "number": "1", "country": "ZZZ"}]},
            "request_invalid",
            "documents.0.country",
        ),
        ({"documents": [{"kind": "p", "number": "1", "x": 1}]}, "request_invalid", "documents.0.x"),
    ],
)
def test_what_cannot_be_is_refused_by_field(client, office, watchlist, fields, code, field):
    body = problem(enrol(client, office, watchlist, **fields), 422, code)
    assert [error["field"] for error in body["errors"]] == [field]
    assert client.get("/v1/subjects", headers=office).json()["items"] == []


@pytest.mark.parametrize("code", ["IDN", "XXA", "XXB", "XXX", "UNO", "GBN"])
def test_nationalities_of_travel_documents_are_kept(client, office, watchlist, code):
    made = enrol(client, office, watchlist, nationality=code)
    assert made.json()["subject"]["nationality"] == code


def test_a_patch_must_fit_what_is_known(client, office, watchlist):
    made = enrol(client, office, watchlist, birth_date="1980-02-29").json()["subject"]
    url = f"/v1/subjects/{made['id']}"
    body = problem(
        client.patch(url, headers=office, json={"birth_year": 1981}), 422, "impossible_birth"
    )
    assert [error["field"] for error in body["errors"]] == ["birth_year"]
    both = {"birth_date": None, "birth_year": 1981}
    assert client.patch(url, headers=office, json=both).json()["birth_year"] == 1981


def test_subjects_are_found_by_list_words_and_end(client, office, watchlist, desk):
    other = desk.watchlist("other")
    document = {"kind": "passport", "number": "X-991", "country": "IDN"}
    ends = "2026-06-01T00:00:00Z"
    enrol(client, office, watchlist, 1, name="Siti 100%", aliases=["Nyai"], valid_until=ends)
    enrol(client, office, other, 2, name="Budi", reference="REF-7", documents=[document])

    def found(**asked):
        page = client.get("/v1/subjects", headers=office, params=asked)
        assert page.status_code == 200, page.text
        return [item["name"] for item in page.json()["items"]]

    assert found() == ["Siti 100%", "Budi"]
    assert found(watchlist_id=other) == found(q="ref-7") == found(q="x-991") == ["Budi"]
    assert found(q="siti") == found(q="0%") == found(q="nyai") == ["Siti 100%"]
    assert found(q="_") == found(q="%%") == []
    assert found(lapses_before="2026-06-02T00:00:00Z") == ["Siti 100%"]
    assert found(lapses_before="2026-05-31T00:00:00Z") == []
    assert found(watchlist_id="wl_none") == []
    problem(client.get("/v1/subjects?name=x", headers=office), 422, "request_invalid")
    problem(client.get("/v1/subjects?q=", headers=office), 422, "request_invalid")


def test_a_face_that_stands_on_a_list_already_is_told_never_refused(
    client, desk, sign_in, watchlist
):
    analyst = sign_in(Role.ANALYST)
    desk.enrol(1, desk.watchlist("hidden", agency_id=desk.agency("BNN")))
    first = enrol(client, analyst, watchlist).json()
    assert first["similar"] == []
    again = enrol(client, analyst, watchlist, brightness=0.8)
    assert again.status_code == 201
    assert again.json()["similar"] == [
        {
            "watchlist": "own",
            "owner_code": "IMI",
            "subject_id": first["subject"]["id"],
            "name": "Somebody",
        }
    ]
    shared = desk.watchlist("shared", agency_id=desk.agency("POL"), shared_with=(desk.agency(),))
    desk.enrol(2, shared)
    two = enrol(client, analyst, watchlist, 2).json()
    told = {"watchlist": "shared", "owner_code": "POL", "subject_id": None, "name": None}
    assert two["similar"] == [told]
    url = f"/v1/subjects/{two['subject']['id']}/photos"
    more = client.post(url, headers=analyst, files={"photos": photo_of(2, brightness=0.8)})
    assert more.json()["similar"] == [told]
