"""How an installation begins."""

import pytest

from casework.accounts.agencies import NewAgency
from casework.accounts.officers import NewOfficer
from casework.kernel.errors import IllegalTransition, NotFound, SetUpError
from casework.kernel.vocabulary import AgencyKind, Role
from tests.services import OPERATOR

pytestmark = pytest.mark.every_database


@pytest.fixture
def agencies(desk):
    return desk.service.accounts.agencies


def test_nothing_makes_an_agency_by_itself(agencies):
    for asked in (agencies.only, agencies.require_any):
        with pytest.raises(SetUpError, match="siaga init"):
            asked()
    assert agencies.page(OPERATOR, None, None) == []
    made = agencies.begin(OPERATOR, "IMI", "Immigration")
    assert (made.kind, made.founding_until is not None) == (AgencyKind.OPERATOR, True)
    assert agencies.only().id == made.id
    agencies.create(OPERATOR, NewAgency("POL", "Police"))
    with pytest.raises(NotFound, match="--agency"):
        agencies.only()


def test_an_agency_that_nobody_asked_for_becomes_the_one_that_begins(desk, agencies):
    local = agencies.create(OPERATOR, NewAgency("LOCAL", "This installation", AgencyKind.OPERATOR))
    desk.agencies["IMI"] = local.id
    listed = desk.watchlist("Tangkal")
    agencies.require_none()
    begun = agencies.begin(OPERATOR, "IMI", "Immigration")
    assert (begun.id, begun.code, begun.name) == (local.id, "IMI", "Immigration")
    assert desk.service.lists.watchlists.get(OPERATOR, listed).agency_id == begun.id
    assert desk.service.oversight.trail.verify(OPERATOR, None, None).whole


@pytest.mark.parametrize("what", ["somebody", "a second agency"])
def test_an_installation_begins_once(desk, agencies, what):
    first = agencies.begin(OPERATOR, "IMI", "Immigration")
    if what == "somebody":
        new = NewOfficer(first.id, "hadi", "Hadi", frozenset({Role.ADMIN}))
        desk.service.accounts.officers.create(OPERATOR, new)
    else:
        agencies.create(OPERATOR, NewAgency("POL", "Police"))
    for again in (agencies.require_none, lambda: agencies.begin(OPERATOR, "X", "X")):
        with pytest.raises(IllegalTransition, match="set up already"):
            again()
