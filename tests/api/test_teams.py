"""Offices and teams over HTTP."""

import pytest

from casework.kernel.vocabulary import Role
from tests.api.conftest import problem


@pytest.mark.parametrize(
    ("path", "role", "other_role"),
    [("/v1/offices", Role.ADMIN, Role.COORDINATOR), ("/v1/teams", Role.COORDINATOR, Role.ADMIN)],
)
def test_one_is_added_read_changed_and_removed(client, sign_in, path, role, other_role):
    keeper, other = sign_in(role, agency="IMI"), sign_in(other_role, agency="IMI")
    made = client.post(path, headers=keeper, json={"name": "Contoh", "area": "31"})
    assert made.status_code == 201, made.text
    url = made.headers["location"]
    read = client.get(url, headers=other)
    assert (read.json(), read.headers["etag"]) == (made.json(), '"1"')
    tag = {"If-Match": '"1"'}
    changed = client.patch(url, headers=keeper | tag, json={"area": "32"})
    assert (changed.json()["area"], changed.json()["name"]) == ("32", "Contoh")
    late = client.patch(url, headers=keeper | tag, json={"area": "33"})
    problem(late, 412, "stale_version")
    for area, expected in (("32", 1), ("31", 0), ("ID", 1)):
        page = client.get(path, params={"area": area}, headers=other).json()
        assert len(page["items"]) == expected
    refused = client.patch(url, headers=keeper, json={"area": "31.79"})
    assert problem(refused, 422, "area_refused")["errors"][0]["field"] == "area"
    twice = client.post(path, headers=keeper, json={"name": "Contoh", "area": "32"})
    problem(twice, 409, "already_exists")
    problem(client.post(f"{url}/remove", headers=other), 403, "not_permitted")
    assert client.post(f"{url}/remove", headers=keeper).status_code == 204
    problem(client.get(url, headers=other), 404, "not_found")


def test_members_of_a_team_are_named(client, sign_in, desk):
    keeper, police = sign_in(Role.COORDINATOR, agency="IMI"), desk.agency("POL")
    body = {"name": "Contoh", "area": "31", "agency_ids": [police, desk.agency("IMI")]}
    made = client.post("/v1/teams", headers=keeper, json=body).json()
    assert (made["agency_id"], made["agency_ids"]) == (desk.agency("IMI"), [police])
    member = sign_in(Role.OFFICER, agency="POL")
    assert client.get("/v1/teams", headers=member).json()["items"] == [made]
    assert (
        client.get("/v1/teams", headers=sign_in(Role.OFFICER, agency="BEA")).json()["items"] == []
    )
