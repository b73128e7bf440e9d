"""Who keeps whose account, and who may give which role."""

import pytest

from casework.accounts.api_keys import NewKey
from casework.accounts.officers import NewOfficer
from casework.approvals.approvals import ActWaits
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit.reader import AuditFilter
from casework.kernel.errors import (
    AlreadyExists,
    IllegalTransition,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    StaleVersion,
)
from casework.kernel.officer_names import OfficerName, names_at
from casework.kernel.vocabulary import AgencyKind, Role, Scope
from tests.services import OPERATOR, PASSWORD

NIP = "198704122010012003"
PEOPLE = frozenset(Role) - {Role.PORT, Role.COORDINATOR}


def new(agency_id, *roles, login="budi"):
    return NewOfficer(agency_id, login, "Budi", frozenset(roles))


@pytest.fixture
def admin(house):
    return house.actor("admin", Role.ADMIN)


@pytest.fixture
def runner(house):
    """An administrator of the agency that runs the installation."""
    house.hire("runner", Role.ADMIN, agency="OPS", kind=AgencyKind.OPERATOR)
    return house.enter("runner").actor


def test_an_administrator_keeps_the_officers_of_their_own_agency(house, admin):
    officers = house.records.accounts.officers
    row, first = officers.create(admin, new(admin.agency_id, *PEOPLE, login="BUDI"))
    assert row.login == "budi"
    assert house.enter("budi", first).actor.roles == PEOPLE
    assert {each.login for each in officers.page(admin, None, 10)} == {"admin", "budi"}
    row = officers.get(admin, row.id)  # signing in is a change, too
    changes = {"name": "Budi S.", "roles": [Role.OFFICER]}
    edited = officers.edit(admin, row.id, changes, row.version, "moved")
    assert (edited.name, edited.roles) == ("Budi S.", ["officer"])
    with pytest.raises(StaleVersion):
        officers.edit(admin, row.id, {"name": "x"}, 1)
    with pytest.raises(AlreadyExists):
        officers.create(admin, new(admin.agency_id, Role.OFFICER))


def test_another_agencys_officers_are_not_there(house, admin):
    other_id = house.hire("polisi", Role.OFFICER, agency="POLRI")
    officers = house.records.accounts.officers
    acts = [
        lambda officer_id: officers.get(admin, officer_id),
        lambda officer_id: officers.edit(admin, officer_id, {"active": False}, None, "left"),
        lambda officer_id: officers.reset(admin, officer_id),
    ]
    for act in acts:
        said = []
        for officer_id in (other_id, "off_none"):
            with pytest.raises(NotFound) as refused:
                act(officer_id)
            said.append(str(refused.value).replace(officer_id, "ID"))
        assert said[0] == said[1]
    with pytest.raises(NotFound):
        officers.by_login(admin, "polisi")
    assert [each.login for each in officers.page(admin, None, 10)] == ["admin"]
    with pytest.raises(NotFound):
        officers.create(admin, new(house.agency("POLRI"), Role.OFFICER))
    house.enter("polisi")


def test_roles_that_reach_further_are_given_by_those_who_reach_as_far(house, admin, runner):
    officers = house.records.accounts.officers
    for role in (Role.PORT, Role.COORDINATOR):
        with pytest.raises(NotPermitted):
            officers.create(admin, new(admin.agency_id, role))
    with pytest.raises(NotPermitted):
        officers.create(runner, new(admin.agency_id, Role.PORT))
    with pytest.raises(ActWaits):  # the agency has an administrator, who decides that
        officers.create(runner, new(admin.agency_id, Role.COORDINATOR), "for the totals")
    row, _ = officers.create(OPERATOR, new(admin.agency_id, Role.COORDINATOR))
    # It stays where it was given, and cannot be given again once it is gone.
    kept = officers.edit(admin, row.id, {"roles": [Role.COORDINATOR, Role.OFFICER]}, None)
    assert kept.roles == ["coordinator", "officer"]
    officers.edit(admin, row.id, {"roles": [Role.OFFICER]}, None, "no totals any more")
    with pytest.raises(NotPermitted):
        officers.edit(admin, row.id, {"roles": [Role.COORDINATOR]}, None)


def test_nobody_changes_their_own_roles_or_switches_themselves_off(house, admin, runner):
    officers = house.records.accounts.officers
    for actor in (admin, runner):
        for changes in ({"roles": [Role.ADMIN, Role.ANALYST]}, {"roles": [Role.OFFICER]}):
            with pytest.raises(NotPermitted):
                officers.edit(actor, actor.id, changes, None)
        with pytest.raises(NotPermitted):
            officers.edit(actor, actor.id, {"active": False}, None, "left")
        officers.edit(actor, actor.id, {"name": "New", "roles": [Role.ADMIN], "active": True}, None)


@pytest.mark.parametrize("role", sorted(PEOPLE - {Role.ADMIN}))
def test_none_but_administrators_keep_officers(house, role):
    actor = house.actor("sari", role)
    officers = house.records.accounts.officers
    for act in (
        lambda: officers.create(actor, new(actor.agency_id, Role.OFFICER)),
        lambda: officers.page(actor, None, 10),
        lambda: officers.get(actor, actor.id),
        lambda: officers.edit(actor, actor.id, {"roles": [Role.ADMIN]}, None),
        lambda: officers.reset(actor, actor.id),
        lambda: officers.by_login(actor, "sari"),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_roles_count_from_the_next_request_on(house, admin):
    officer_id = house.hire("sari", Role.OFFICER)
    shown = house.enter("sari").text
    edit = house.records.accounts.officers.edit
    edit(admin, officer_id, {"roles": [Role.AUDITOR]}, None, "moved")
    assert house.records.accounts.sessions.recognise(shown).roles == {Role.AUDITOR}


def test_nobody_switches_off_their_own_agency(house, runner):
    agencies = house.records.accounts.agencies
    with pytest.raises(IllegalTransition):
        agencies.edit(runner, runner.agency_id, {"active": False}, None)
    agencies.edit(runner, runner.agency_id, {"name": "Operator", "active": True}, None)
    other = house.agency("POLRI")
    assert agencies.edit(runner, other, {"active": False}, None, "over").active is False


def test_reading_accounts_is_in_the_trail(house, admin):
    house.records.accounts.officers.get(admin, admin.id)
    house.records.accounts.officers.page(admin, None, 10)
    auditor = house.actor("auditor", Role.AUDITOR)
    found = house.records.oversight.trail.page(auditor, None, 50, AuditFilter(actor_id=admin.id))
    assert {"officer.read", "officer.list"} <= {row.action for row in found}


# Keys


def test_keys_belong_to_their_agency(house, admin, runner):
    keys = house.records.accounts.keys
    enrol = frozenset({Scope.ENROL})
    own, _ = keys.create(admin, NewKey("ours", enrol, None, admin.agency_id))
    theirs, text = keys.create(OPERATOR, NewKey("theirs", enrol, None, house.agency("POLRI")))
    assert [key.id for key in keys.page(admin, None, 10)] == [own.id]
    assert keys.page(runner, None, 10) == []
    said = []
    for key_id in (theirs.id, "key_none"):
        with pytest.raises(NotFound) as refused:
            keys.revoke(admin, key_id)
        said.append(str(refused.value).replace(key_id, "ID"))
    assert said[0] == said[1]
    assert keys.recognise(text).agency_id == house.agency("POLRI")
    with pytest.raises(NotFound):
        keys.create(admin, NewKey("x", enrol, None, house.agency("POLRI")))
    with pytest.raises(NotFound):
        keys.create(admin, NewKey("x", enrol, None, None))


def test_who_screens_searches_everybodys_lists_so_only_the_operator_gives_that(
    house, admin, runner
):
    keys = house.records.accounts.keys
    ports = frozenset({"CGK"})
    with pytest.raises(NotPermitted):
        keys.create(admin, NewKey("gate", frozenset({Scope.SCREEN}), ports, admin.agency_id))
    _, text = keys.create(runner, NewKey("gate", frozenset({Scope.SCREEN}), ports))
    assert keys.recognise(text).ports == {"CGK"}
    with pytest.raises(NotPermitted):
        keys.create(runner, NewKey("x", frozenset({Scope.ENROL}), None, None))


def test_a_key_is_out_with_its_agency(house, runner):
    new_key = NewKey("ours", frozenset({Scope.ENROL}), None, house.agency("IMI"))
    _, text = house.records.accounts.keys.create(OPERATOR, new_key)
    house.records.accounts.agencies.edit(
        runner, house.agency("IMI"), {"active": False}, None, "over"
    )
    with pytest.raises(NotAuthenticated):
        house.records.accounts.keys.recognise(text)


def test_an_actor_of_no_agency_owns_nothing(house):
    house.hire("polisi", Role.OFFICER, agency="POLRI")
    nobody = Actor(ActorKind.OFFICER, "x", "x", None, frozenset({Role.ADMIN, Role.AUDITOR}))
    assert house.records.accounts.officers.page(nobody, None, 10) == []
    assert house.records.accounts.keys.page(nobody, None, 10) == []
    assert house.records.oversight.trail.page(nobody, None, 10, AuditFilter()) == []
    assert house.enter("polisi", PASSWORD)


def test_what_officers_did_goes_on_to_show_what_they_were_called(house):
    officer_id = house.hire("sari", Role.OFFICER)
    officers, clock = house.records.accounts.officers, house.clock
    admin = house.actor("admin", Role.ADMIN)
    before = clock()
    clock.advance(days=1)
    officers.edit(admin, officer_id, {"name": "Sari Dewi", "service_number": NIP}, None)
    acts = [(officer_id, before), (officer_id, clock()), ("off_nobody", before)]
    with house.records.kernel.database.read() as session:
        found = names_at(session, acts)
    assert found == {
        acts[0]: OfficerName("Somebody", NIP, "IMI"),
        acts[1]: OfficerName("Sari Dewi", NIP, "IMI"),
    }
    assert house.enter("sari").actor.name == "Sari Dewi"
    assert house.enter("sari").actor.service_number == NIP
    assert house.records.oversight.trail.verify(house.actor("auditor", Role.AUDITOR)).whole
