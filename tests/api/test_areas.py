"""Areas over HTTP: read by everybody, kept by who runs the installation; filters by area."""

import pytest

from casework.kernel.vocabulary import Role
from tests.api.conftest import problem
from tests.fakes import photo_of

FILE = b"code;name\n31.71;Kota Contoh\n31.71.01;Contoh Barat\n36.71;Kota Lain\n"


@pytest.fixture
def imported(client, admin):
    answer = client.post("/v1/areas", headers=admin, files={"file": ("a.csv", FILE)})
    assert answer.json() == {"added": 3, "renamed": 0, "unchanged": 0, "left_out": 0}, answer.text


def codes(answer) -> list[str]:
    return [each["code"] for each in answer.json()["items"]]


def test_everybody_reads_the_provinces(client, port, sign_in):
    for reader in (port, sign_in(Role.OFFICER)):
        first = client.get("/v1/areas", params={"limit": 2}, headers=reader)
        assert codes(first) == ["11", "12"]
        rest = client.get("/v1/areas", params={"after": "96", "limit": 2}, headers=reader).json()
        assert rest == {
            "items": [
                {
                    "code": "ID",
                    "name": "Indonesia",
                    "level": "country",
                    "parent": None,
                    "built_in": True,
                    "version": 0,
                }
            ],
            "next": None,
        }


def test_a_file_is_tried_taken_and_refused_by_line(client, admin, sign_in):
    dry = client.post(
        "/v1/areas", params={"dry_run": True}, headers=admin, files={"file": ("a", FILE)}
    )
    assert dry.json()["added"] == 3
    assert codes(client.get("/v1/areas", params={"parent": "31"}, headers=admin)) == []
    wrong = FILE + b"36.7;Kota\n99.01;Nirwana\n"
    answer = client.post("/v1/areas", headers=admin, files={"file": ("a.csv", wrong)})
    assert [each["field"] for each in problem(answer, 422, "areas_refused")["errors"]] == ["line 5"]
    none = client.post("/v1/areas", headers=admin, files={"other": ("a.csv", FILE)})
    problem(none, 422, "request_invalid")
    reader = sign_in(Role.OFFICER)
    refused = client.post("/v1/areas", headers=reader, files={"file": ("a.csv", FILE)})
    problem(refused, 403, "not_permitted")


def test_areas_are_found_by_parent_level_and_name(client, port, imported):
    def found(**query):
        return codes(client.get("/v1/areas", params=query, headers=port))

    assert found(parent="31") == ["31.71"]
    assert found(level="regency") == ["31.71", "36.71"]
    assert found(q="contoh", level="district") == ["31.71.01"]
    problem(
        client.get("/v1/areas", params={"parent": "31.7"}, headers=port), 422, "request_invalid"
    )


def test_one_area_is_added_renamed_and_guarded_by_its_version(client, admin, imported):
    answer = client.put("/v1/areas/31.72", headers=admin, json={"name": "Kota Baru"})
    tag = {"If-Match": answer.headers["etag"]}
    changed = client.put("/v1/areas/31.72", headers=admin | tag, json={"name": "Kota Lama"})
    assert client.get("/v1/areas/31.72", headers=admin).json() == changed.json()
    late = client.put("/v1/areas/31.72", headers=admin | tag, json={"name": "Kota Antah"})
    problem(late, 412, "stale_version")
    lost = client.put("/v1/areas/32.01.01", headers=admin, json={"name": "Entah"})
    problem(lost, 404, "not_found")
    problem(client.get("/v1/areas/32.01.01", headers=admin), 404, "not_found")


def test_a_port_is_moved_and_its_alerts_with_it(client, desk, admin, sign_in, port, imported):
    assert client.get("/v1/port-areas/CGK", headers=port).json() == {
        "port": "CGK",
        "area": "36",
        "version": 0,
    }
    reader = sign_in(Role.OFFICER)
    desk.enrol(1)
    desk.service.gallery.replica.catch_up()
    sent = {"data": {"port": "CGK", "direction": "entry"}, "files": {"photo": photo_of(1)}}
    assert client.post("/v1/encounters", headers=port, **sent).json()["alerts"]

    def alerts(area: str) -> int:
        answer = client.get("/v1/alerts", params={"area": area}, headers=reader)
        return len(answer.json()["items"])

    assert [alerts(each) for each in ("ID", "36", "36.71", "31")] == [1, 1, 0, 0]
    moved = client.put("/v1/port-areas/CGK", headers=admin, json={"area": "31.71"})
    assert moved.json()["area"] == "31.71"
    assert [alerts(each) for each in ("ID", "36", "31.71", "31")] == [1, 0, 1, 1]
    problem(
        client.put("/v1/port-areas/CGK", headers=admin, json={"area": "31.79"}),
        422,
        "area_refused",
    )
    client.put("/v1/port-areas/CGK", headers=admin, json={"area": None})
    assert alerts("ID") == 0
    listed = client.get("/v1/port-areas", params={"limit": 200}, headers=port).json()["items"]
    assert {each["port"]: each["area"] for each in listed}["CGK"] is None


def test_a_tip_has_an_area_by_which_tips_are_found(client, sign_in, imported):
    officer = sign_in(Role.OFFICER)

    def record(**fields):
        files = {name: (None, value) for name, value in {"text": "Seen.", **fields}.items()}
        return client.post("/v1/tips", headers=officer, files=files)

    tip = record(area="31.71.01").json()
    assert (tip["area"], tip["area_name"]) == ("31.71.01", "Contoh Barat, Kota Contoh, DKI Jakarta")
    nowhere = record().json()
    assert (nowhere["area"], nowhere["area_name"]) == (None, None)
    refused = problem(record(area="31.79"), 422, "area_refused")
    assert refused["errors"][0]["field"] == "area"
    for area, expected in (("ID", 1), ("31", 1), ("31.71", 1), ("36", 0)):
        page = client.get("/v1/tips", params={"area": area}, headers=officer).json()
        assert len(page["items"]) == expected
