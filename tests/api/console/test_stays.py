"""The screens of stays, and the page that says by what right."""

import pytest

from casework.kernel.vocabulary import Role
from casework.screening.travel_document import TravelDocument
from casework.stays.reports import NewStay
from tests.services import BEGIN, STAYS_GROUND, officer

GUEST = TravelDocument(name="DOE, JOHN", nationality="AUS", number="N1234567")


@pytest.fixture
def receipt(desk):
    """A stay of a guest of whom only what is needed is known."""
    reporter = officer(desk.agency("IMI"), Role.OFFICER)
    new = NewStay("HTL-0042", "Hotel Melati", GUEST, BEGIN)
    return desk.service.stays.reports.report(reporter, new).receipt


@pytest.mark.parametrize("role", [Role.OFFICER, Role.SUPERVISOR, Role.ANALYST])
def test_each_role_has_its_screens(signed_in, receipt, role):
    opened = signed_in("siti", role).client
    for address in ("/stays", f"/stays/{receipt}", "/processing"):
        answer = opened.get(address)
        assert answer.status_code == 200, (address, answer.text[:300])
    assert "Hotel Melati" in opened.get("/stays").text
    may = role is not Role.SUPERVISOR
    for address in ("/stays/new", "/stays/file"):
        assert opened.get(address).status_code == (200 if may else 403)
        assert (address in opened.get("/stays").text) == may


def test_the_page_states_basis_purpose_and_period(signed_in):
    ground = STAYS_GROUND
    page = signed_in("budi", Role.SUPERVISOR).client.get("/processing").text
    assert ground.legal_basis in page
    assert ground.purpose in page
    assert f"{ground.keep_days} days" in page or f"{ground.keep_days} hari" in page
