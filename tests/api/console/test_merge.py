"""Duplicates are merged from the page of one of them, and that is taken back."""

import pytest

from casework.kernel.vocabulary import Role, Scope
from tests.api.conftest import problem
from tests.api.conftest import signed_in as session
from tests.services import OPERATOR

WHY = "the same passport"


@pytest.fixture
def pair(desk):
    one, other = desk.watchlist("one"), desk.watchlist("other")
    return desk.enrol(1, one, reference="S-1"), desk.enrol(2, other, reference="S-2")


def test_a_duplicate_is_merged_by_its_reference_and_that_is_taken_back(signed_in, desk, pair):
    kept, twin = pair
    analyst = signed_in("lina", Role.ANALYST)
    analyst.open(f"/subjects/{twin}")
    assert f"/subjects/{twin}/merge" in analyst.page.text
    analyst.open(f"/subjects/{twin}/merge?into=s-1")
    assert analyst.page.status_code == 422
    desk.screen(2)
    analyst.open(f"/subjects/{twin}/merge?into=S-1")
    assert "Person 2 → Person 1" in analyst.text
    assert "Open alerts about this subject: 1." in analyst.text
    assert analyst.page.text.count("<img") == 2
    analyst.send_here(into=kept)
    assert "Say why" in analyst.text
    analyst.send_here(into=kept, reason=WHY)
    assert analyst.path == f"/subjects/{kept}?done=merged"
    assert f'href="/subjects/{twin}"' in analyst.page.text
    analyst.open(f"/subjects/{twin}")
    assert "It is merged into another entry" in analyst.text
    desk.service.lists.subjects.edit(OPERATOR, kept, {"aliases": ["Person 2", "Mamat"]}, None)
    analyst.send(f"/subjects/{twin}/unmerge")
    assert analyst.path == f"/subjects/{twin}?done=unmerged"
    assert desk.service.lists.subjects.get(OPERATOR, kept).aliases == ["Mamat"]


def test_what_stays_is_said(signed_in, desk, pair):
    kept, twin = pair
    desk.service.lists.subjects.edit(OPERATOR, twin, {"nationality": "IDN"}, None)
    desk.service.lists.merges.merge(OPERATOR, twin, kept, WHY)
    desk.service.lists.subjects.edit(OPERATOR, kept, {"nationality": "MYS"}, None)
    analyst = signed_in("lina", Role.ANALYST)
    analyst.open(f"/subjects/{twin}")
    analyst.send(f"/subjects/{twin}/unmerge")
    assert "left as it is with the other entry: Nationality" in analyst.text


def test_who_is_not_there_or_the_same_is_said_beside_the_field(signed_in, pair):
    _, twin = pair
    analyst = signed_in("lina", Role.ANALYST)
    for into in ("nobody", twin):
        assert analyst.open(f"/subjects/{twin}/merge?into={into}").status_code == 422
        assert 'name="into"' in analyst.page.text


def test_a_key_that_may_change_subjects_merges_them_and_hears_so(client, pair, key):
    kept, twin = pair
    headers, body = key(Scope.ENROL), {"into": kept, "reason": WHY}
    merged = client.post(f"/v1/subjects/{twin}/merge", headers=headers, json=body)
    assert (merged.status_code, merged.json()["subject"]["id"]) == (200, kept)
    back = client.post(f"/v1/subjects/{twin}/unmerge", headers=headers)
    assert (back.status_code, back.json()["subject"]["id"]) == (200, twin)


def test_over_http_it_is_the_same(client, desk, pair):
    kept, twin = pair
    analyst = session(desk, Role.ANALYST)
    body = {"into": kept, "reason": WHY}
    merged = client.post(f"/v1/subjects/{twin}/merge", headers=analyst, json=body)
    assert merged.status_code == 200, merged.text
    assert merged.json()["subject"]["id"] == kept
    row = client.get(f"/v1/subjects/{twin}", headers=analyst).json()
    assert (row["merged_into"], row["erase_at"]) == (kept, merged.json()["erase_at"])
    again = client.post(f"/v1/subjects/{twin}/merge", headers=analyst, json=body)
    problem(again, 409, "illegal_transition")
    problem(client.post(f"/v1/subjects/{twin}/restore", headers=analyst), 409, "illegal_transition")
    back = client.post(f"/v1/subjects/{twin}/unmerge", headers=analyst).json()
    assert (back["subject"]["merged_into"], back["merged_into"], back["stays"]) == (None, kept, [])
