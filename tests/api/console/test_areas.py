"""Areas, teams and offices in the console, and forms that choose an area, without JavaScript."""

import re

import pytest

from casework.kernel.vocabulary import AgencyKind, Role
from tests.api.console.conftest import HERE
from tests.services import OPERATOR

FILE = b"code,name\n31.71,Kota Contoh\n31.71.01,Contoh Barat\n31.72,Kota Lain\n"
DISTRICTS = '<option value="31.71.01"'


@pytest.fixture
def imported(desk):
    desk.service.areas.areas.take(OPERATOR, FILE)


@pytest.fixture
def keeper(desk, signed_in):
    desk.agency("OPS", AgencyKind.OPERATOR)
    return signed_in("keeper", Role.ADMIN, agency="OPS")


@pytest.fixture
def head(signed_in):
    return signed_in("head", Role.COORDINATOR)


def test_the_tree_is_read_by_everybody_and_kept_by_who_runs_the_installation(keeper, signed_in):
    keeper.open("/teams/areas")
    upload = {"file": ("areas.csv", FILE)}
    keeper.send("/teams/areas/import", files=upload, dry_run="yes")
    assert "Nothing was imported yet. The file would bring: new 3," in keeper.text
    keeper.open("/teams/areas")
    wrong = {"file": ("areas.csv", FILE + b"36.7,Kota\n99.01,Nirwana\n")}
    answer = keeper.send("/teams/areas/import", files=wrong)
    assert answer.status_code == 422
    assert "Line 5: 36.7 is no code of an area" in keeper.text
    keeper.open("/teams/areas")
    keeper.send("/teams/areas/import", files=upload)
    assert "Imported. New 3," in keeper.text
    keeper.open("/teams/areas")
    keeper.send("/teams/areas", code="31.72", name="Kota Baru")
    assert keeper.path == "/teams/areas?in=31.72&done=saved"
    keeper.open("/teams/areas")
    assert keeper.send("/teams/areas", code="31.7", name="Kota").status_code == 422
    assert "Write a code such as 31.71 or 31.71.01." in keeper.text
    reader = signed_in("siti", Role.OFFICER)
    reader.open("/teams/areas?in=31")
    assert "Kota Baru" in reader.text
    assert "/teams/areas/import" not in reader.page.text
    typed = {"csrf": reader.hidden("csrf"), "code": "31.73", "name": "Kota"}
    origin = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
    assert reader.client.post("/teams/areas", data=typed, headers=origin).status_code == 403


def test_a_port_is_placed_with_the_district_chosen_in_two_steps(keeper, imported):
    keeper.open("/teams/areas")
    assert DISTRICTS not in keeper.page.text
    keeper.send("/teams/areas/ports", port="cgk", area="31.71", show="districts")
    assert DISTRICTS in keeper.page.text
    keeper.send("/teams/areas/ports", port="cgk", area="31.71", district="31.71.01")
    assert keeper.path == "/teams/areas?in=31.71.01&done=saved"
    assert re.search(r"CGK Contoh Barat, Kota Contoh, DKI Jakarta", keeper.text)


def test_a_team_is_made_changed_and_seen_by_its_members(head, desk, signed_in, imported):
    police = desk.agency("POL")
    head.open("/teams/new")
    head.send_here(name="Tim Contoh", area="31.71", agency_ids=[police], show="districts")
    assert DISTRICTS in head.page.text
    assert f'value="{police}" checked' in head.page.text
    head.send_here(name="Tim Contoh", area="31.71", district="31.71.01", agency_ids=[police])
    assert head.path == "/teams?done=saved"
    assert "Contoh Barat, Kota Contoh, DKI Jakarta IMI, POL" in head.text
    member = signed_in("agus", Role.OFFICER, agency="POL")
    member.open("/teams")
    assert "Tim Contoh" in member.text
    assert "/edit" not in member.page.text
    stranger = signed_in("bea", Role.OFFICER, agency="BEA")
    stranger.open("/teams")
    assert "Tim Contoh" not in stranger.text
    (row,) = desk.service.areas.teams.page(OPERATOR, None, None)
    assert member.open(f"/teams/{row.id}/edit").status_code == 403
    head.open(f"/teams/{row.id}/edit")
    assert f"{DISTRICTS} selected" in head.page.text
    # A district of another regency than the one chosen now does not count.
    head.send_here(name="Tim Lain", area="31.72", district="31.71.01")
    assert "Tim Lain Kota Lain, DKI Jakarta IMI" in head.text
    head.open(f"/teams/{row.id}/edit")
    desk.service.areas.teams.edit(OPERATOR, row.id, {"name": "Tim Baru"}, None)
    assert head.send_here(name="Tim Lama", area="31.72").status_code == 409
    assert "Stored now: Tim Baru." in head.text
    head.open("/teams?area=31.71")
    assert "There is no team here" in head.text
    head.open("/teams")
    head.send(f"/teams/{row.id}/remove")
    assert head.path == "/teams?done=removed"


def test_an_office_is_kept_by_its_own_administrators(signed_in, desk, imported):
    admin = signed_in("hadi", Role.ADMIN)
    admin.open("/teams/offices/new")
    assert admin.send_here(name="", area="31").status_code == 422
    admin.send_here(name="Kantor Contoh", area="31.71")
    assert "Kantor Contoh IMI Kota Contoh, DKI Jakarta" in admin.text
    (row,) = desk.service.areas.offices.page(OPERATOR, None, None)
    other = signed_in("otto", Role.ADMIN, agency="POL")
    other.open("/teams/offices")
    assert "Kantor Contoh" in other.text
    assert f"/teams/offices/{row.id}/edit" not in other.page.text
    other.open(f"/teams/offices/{row.id}/edit")
    assert other.send_here(name="Ours", area="31").status_code == 404
    admin.open(f"/teams/offices/{row.id}/edit")
    admin.send_here(name="Kantor Contoh", area="32")
    assert "Kantor Contoh IMI Jawa Barat" in admin.text
    admin.send(f"/teams/offices/{row.id}/remove")
    assert admin.path == "/teams/offices?done=removed"


def test_a_tip_is_recorded_with_its_district_and_found_by_its_area(signed_in, imported):
    officer = signed_in("siti", Role.OFFICER)
    officer.open("/tips/new")
    fields = {"text": "Seen at the harbour.", "origin": "public", "area": "31.71"}
    officer.send("/tips/new", **fields, show="districts")
    assert "Seen at the harbour." in officer.page.text
    officer.send("/tips/new", **fields, district="31.71.01")
    assert "Contoh Barat, Kota Contoh, DKI Jakarta" in officer.text
    for area, found in (("ID", True), ("31", True), ("31.71.01", True), ("31.72", False)):
        officer.open(f"/tips?area={area}")
        assert ("Contoh Barat" in officer.text.partition("Recorded")[2]) is found
    officer.open("/teams/areas/districts?in=31.71")
    assert DISTRICTS in officer.page.text
    officer.open("/teams/areas/districts?in=31")
    assert "31.7" not in officer.page.text


def test_the_queue_is_filtered_by_where_ports_lie(signed_in, desk):
    desk.enrol(1)
    case = desk.screen(1, port="DPS").encounter.alerts[0].case_number
    officer = signed_in("siti", Role.OFFICER)
    for area, found in (("51", True), ("ID", True), ("31", False), ("nowhere", True)):
        officer.open(f"/alerts?area={area}")
        assert (case in officer.text) is found, area
    assert '<option value="51">Bali</option>' in officer.page.text
