"""Offices of agencies and teams of several: who keeps them, and who sees them."""

import pytest

from casework.areas.offices import NewOffice
from casework.areas.teams import NewTeam, members_of
from casework.kernel.errors import (
    AlreadyExists,
    AreaRefused,
    NotFound,
    NotPermitted,
    StaleVersion,
)
from casework.kernel.vocabulary import Role
from tests.services import OPERATOR, officer

pytestmark = pytest.mark.every_database

PEOPLE = tuple(role for role in Role if role is not Role.PORT)


@pytest.fixture
def offices(desk):
    return desk.service.areas.offices


@pytest.fixture
def teams(desk):
    return desk.service.areas.teams


@pytest.fixture
def head(desk):
    """A coordinator of the agency that leads."""
    desk.service.areas.areas.put(OPERATOR, "31.71", "Kota Contoh")
    return officer(desk.agency("IMI"), Role.COORDINATOR, name="head")


def test_an_agency_s_administrators_keep_its_offices_and_all_people_read_them(desk, offices):
    admin = officer(desk.agency("IMI"), Role.ADMIN, name="admin")
    row = offices.create(admin, NewOffice("Kanim Contoh", "31"))
    for role in PEOPLE:
        reader = officer(desk.agency("POL"), role)
        assert [each.name for each in offices.page(reader, None, None)] == ["Kanim Contoh"]
    assert offices.page(admin, None, None, "32") == []
    other = officer(desk.agency("POL"), *PEOPLE)
    with pytest.raises(NotFound):
        offices.edit(other, row.id, {"name": "x"}, None)
    for role in set(PEOPLE) - {Role.ADMIN}:
        with pytest.raises(NotPermitted):
            offices.create(officer(desk.agency("IMI"), role), NewOffice("x", "31"))
    changed = offices.edit(admin, row.id, {"area": "32"}, row.version)
    assert (changed.name, changed.area) == ("Kanim Contoh", "32")
    with pytest.raises(StaleVersion):
        offices.edit(admin, row.id, {"area": "31"}, 1)
    with pytest.raises(AreaRefused):
        offices.edit(admin, row.id, {"area": "32.99"}, None)
    with pytest.raises(AlreadyExists):
        offices.create(admin, NewOffice("Kanim Contoh", "33"))
    offices.remove(admin, row.id)
    with pytest.raises(NotFound):
        offices.get(admin, row.id)
    assert desk.service.kernel.audit.verify().whole


def test_a_team_is_seen_by_who_takes_part_and_by_coordinators_alone(desk, teams, head):
    member, stranger = desk.agency("POL"), desk.agency("BEA")
    row = teams.create(head, NewTeam("Tim Contoh", "31.71", (member, desk.agency("IMI"))))
    assert members_of(row) == (member,)
    for role in PEOPLE:
        for agency, sees in ((desk.agency("IMI"), True), (member, True), (stranger, False)):
            reader = officer(agency, role)
            seen = sees or role is Role.COORDINATOR
            assert bool(teams.page(reader, None, None)) is seen
            if not seen:
                with pytest.raises(NotFound):
                    teams.get(reader, row.id)
            else:
                assert teams.get(reader, row.id).name == "Tim Contoh"
    assert [each.id for each in teams.page(head, None, None, "31")] == [row.id]
    assert teams.page(head, None, None, "31.72") == []
    named = desk.service.oversight.audited.named
    assert named(head, [row.id])[row.id].name == "Tim Contoh"
    assert named(officer(stranger, Role.AUDITOR), [row.id]) == {}
    changed = teams.edit(head, row.id, {"agency_ids": [stranger]}, row.version)
    assert members_of(changed) == (stranger,)
    assert teams.page(officer(member, Role.OFFICER), None, None) == []
    assert desk.service.kernel.audit.verify().whole


def test_a_team_is_kept_by_coordinators_of_the_agency_that_leads_it(desk, teams, head):
    member = desk.agency("POL")
    row = teams.create(head, NewTeam("Tim Contoh", "31.71", (member,)))
    with pytest.raises(NotFound):
        teams.edit(officer(member, Role.COORDINATOR), row.id, {"name": "x"}, None)
    for role in set(PEOPLE) - {Role.COORDINATOR}:
        with pytest.raises(NotPermitted):
            teams.remove(officer(desk.agency("IMI"), role), row.id)
    for wrong, error in (
        (NewTeam("Other", "31.71", ("agy_none",)), NotFound),
        (NewTeam("Other", "31.79"), AreaRefused),
        (NewTeam("Tim Contoh", "31.71"), AlreadyExists),
    ):
        with pytest.raises(error):
            teams.create(head, wrong)
    teams.create(head, NewTeam("Tim Contoh", "31"))
    teams.remove(head, row.id)
    with pytest.raises(NotFound):
        teams.get(head, row.id)
    assert desk.service.kernel.audit.verify().whole
