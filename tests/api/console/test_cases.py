"""Joint cases in the console, without JavaScript: two agencies work on one to its end."""

import re

import pytest

from casework.areas.teams import NewTeam
from casework.kernel.vocabulary import Role
from tests.fakes import photo_of
from tests.services import officer

BOTH = (Role.OFFICER, Role.SUPERVISOR)
NEW = {"title": "Villa", "purpose": "to look into it", "legal_basis": "art. 69", "area": "31"}
PDF = b"%PDF-1.7"


@pytest.fixture
def imi(signed_in):
    return signed_in("siti", *BOTH)


@pytest.fixture
def pol(signed_in):
    return signed_in("budi", *BOTH, agency="POL")


@pytest.fixture
def case(imi, pol, desk):
    """A case of IMI's that POL takes part in; its address."""
    imi.open("/cases/new")
    imi.send("/cases/new", **NEW)
    found = re.fullmatch(r"(/cases/\w+)\?done=case_opened", imi.path)
    assert found is not None, imi.text
    address = found[1]
    imi.send(f"{address}/invite", agency_id=desk.agency("POL"))
    pol.open("/cases")
    assert "Villa" in pol.text
    assert "Invited" in pol.text
    pol.open(address)
    assert "to look into it" in pol.text
    pol.send(f"{address}/join")
    assert "Comments and files" in pol.text
    return address


def test_two_agencies_work_on_a_case_to_its_end(imi, pol, case, desk):
    police = desk.agency("POL")
    imi.open(case)
    imi.send(f"{case}/comment", text="Hush, immigration only.", to=[])
    imi.send(f"{case}/comment", text="Be there at six.", to=[police])
    imi.send(f"{case}/task", text="Watch the gate.", assignee_id=police, due_at="01-03-2026 15:10")
    imi.send(f"{case}/files", files={"file": PDF}, note="the plan", to=[police])
    for words in ("Hush", "for your agency alone", "Be there at six.", "the plan", "→ POL"):
        assert words in imi.text, words
    pol.open(case)
    for words in ("Be there at six.", "Watch the gate.", "the plan"):
        assert words in pol.text, words
    assert "Hush" not in pol.text
    link = re.search(rf'href="({case}/entries/\w+/file)"', pol.page.text)
    assert link is not None
    answer = pol.client.get(link[1])
    assert answer.content == PDF
    assert answer.headers["content-disposition"].startswith("attachment; ")
    desk.clock.advance(minutes=15)
    pol.open(case)
    assert "Overdue" in pol.text
    pol.send(f"{case}/take")
    assert "Name of budi does it." in pol.text
    refused = pol.send(f"{case}/done", result=" ")
    assert refused.status_code == 422
    assert "Say what was done." in pol.text
    pol.send(f"{case}/done", result="Nobody came out.")
    assert "Nobody came out." in pol.text
    imi.open(case)
    imi.send(f"{case}/edit", **(NEW | {"title": "Villa by the sea"}))
    assert "Villa by the sea" in imi.text
    assert "changed what it is about" in imi.text
    imi.send(f"{case}/start")
    refused = imi.send(f"{case}/close", summary="Two were met.")
    assert refused.status_code == 422
    assert "Say how the joint case ended." in imi.text
    ends = {"outcomes": ["overstay", "deported"], "persons-overstay": "2", "persons-deported": "1"}
    imi.send(f"{case}/close", summary="Two were met.", **ends)
    for words in ("Two were met.", "Overstay: 2", "Deported: 1", "closed it"):
        assert words in imi.text, words
    assert 'name="text"' not in imi.page.text
    pol.open("/cases?state=closed&area=31")
    assert "Villa" in pol.text
    pol.open("/cases")
    assert "Villa" not in pol.text


def test_a_tip_is_given_with_the_fields_that_are_ticked(imi, pol, case, desk):
    imi.open("/tips/new")
    imi.send("/tips/new", files={"photo": photo_of(1)}, text="Seen there.", place="Pier 3")
    tip = re.fullmatch(r"/tips/(\w+)\?done=tip_recorded", imi.path)
    assert tip is not None
    add = f"/cases/add/tip/{tip[1]}"
    imi.open(f"/tips/{tip[1]}")
    assert f'href="{add}"' in imi.page.text
    imi.open(add)
    assert f'href="{add}?case={case.removeprefix("/cases/")}"' in imi.page.text
    imi.open(f"{add}?case={case.removeprefix('/cases/')}")
    assert "Who reported it" not in imi.text
    for words in ("Seen there.", "Pier 3", "not known"):  # what stands in it now
        assert words in imi.text, words
    assert f'src="/tips/{tip[1]}/photo"' in imi.page.text
    refused = imi.send(add, to=[desk.agency("POL")])
    assert refused.status_code == 422
    assert "Choose what the others are to see of it." in imi.text
    imi.send(add, fields=["text", "photo"], note="look", to=[desk.agency("POL")])
    assert imi.path == f"{case}?done=case_given"
    pol.open(case)
    for words in ("Seen there.", "look", "What was reported"):
        assert words in pol.text, words
    assert "Pier 3" not in pol.text
    assert tip[1] not in pol.page.text
    photo = re.search(rf'src="({case}/entries/\w+/photos/photo)"', pol.page.text)
    assert photo is not None
    answer = pol.client.get(photo[1])
    assert (answer.headers["content-type"], answer.status_code) == ("image/jpeg", 200)
    assert answer.content != photo_of(1)  # decoded, whatever was reported
    imi.send(f"{case}/withdraw")
    pol.open(case)
    assert "Seen there." not in pol.text
    assert "nothing of it is kept" in pol.text
    assert pol.client.get(photo[1]).status_code == 404


def test_a_case_names_its_team(imi, pol, desk):
    coordinator = officer(desk.agency("IMI"), Role.COORDINATOR)
    team = desk.service.areas.teams.create(coordinator, NewTeam("Tim Contoh", "31")).id
    imi.open("/cases/new")
    assert "Tim Contoh" in imi.text
    imi.send("/cases/new", **NEW, team_id=team)
    assert "Tim Contoh" in imi.text
    imi.open(f"/cases?team={team}")
    assert "Villa" in imi.text
    pol.open("/cases/new")
    assert "Tim Contoh" not in pol.text


def test_every_kind_has_its_way_into_a_case(imi, case, desk):
    subject = desk.enrol(1)
    imi.open(f"/subjects/{subject}")
    add = f"/cases/add/subject/{subject}"
    assert f'href="{add}"' in imi.page.text
    imi.open(f"{add}?case={case.removeprefix('/cases/')}")
    imi.send(add, fields=["name"])
    assert "Person 1" in imi.text
    assert imi.open(f"/cases/add/subject/sub_none?case={case[7:]}").status_code == 404
    assert imi.open("/cases/add/nothing/x").status_code == 422


def test_an_agency_that_is_out_finds_nothing(imi, pol, case, desk, signed_in):
    stranger = signed_in("tono", *BOTH, agency="BEA")
    for address in (case, f"{case}/entries/cen_none/file", f"{case}/comment"):
        assert stranger.open(address).status_code in (303, 404)
    pol.open(case)
    pol.send(f"{case}/comment", text="From the police.", to=[])
    pol.send(f"{case}/leave")
    assert pol.path == "/cases?done=case_left"
    assert pol.open(case).status_code == 404
    imi.open(case)
    assert "From the police." not in imi.text


def test_in_indonesian(signed_in):
    officer = signed_in("siti", *BOTH, language="id")
    officer.open("/cases/new")
    officer.send("/cases/new", **NEW)
    for words in ("Operasi gabungan", "Mulai operasi", "Yang ikut serta", "Direncanakan"):
        assert words in officer.text, words
