"""API keys: scopes, ends, rotation and use."""

from datetime import timedelta
from importlib import import_module

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import select, update

from casework.accounts.api_keys import KeyRules, Keys, NewKey
from casework.kernel.errors import (
    IllegalTransition,
    InvalidKey,
    KeyExpired,
    NotAuthenticated,
    NotPermitted,
)
from casework.kernel.permissions import GRANTS, KEY_GRANTS, Permission, PermissionScope, require
from casework.kernel.vocabulary import EventKind, Role, Scope
from casework.tables import ApiKey, AuditRecord, OutboxEvent
from casework.watchlists.subjects import NewSubject
from tests.services import OPERATOR, photo_file

pytestmark = pytest.mark.every_database

OF_PEOPLE = {
    Permission.READ_PERMIT,
    Permission.EDIT_WATCHLIST,
    Permission.RESET_BREAKER,
    Permission.ACKNOWLEDGE_ALERT,
    Permission.DECIDE_ALERT,
    Permission.CONFIRM_ALERT,
    Permission.WITHDRAW_OPINION,
    Permission.REFER_ALERT,
    Permission.CLOSE_ALERT,
    Permission.CORRECT_ALERT,
    Permission.EXPORT_EVIDENCE,
    Permission.KEEP_LOOKALIKE,
    Permission.REVOKE_LOOKALIKE,
    Permission.READ_DUTY,
    Permission.MANAGE_DUTY,
    Permission.RECORD_OBJECTION,
    Permission.ANSWER_OBJECTION,
    Permission.HANDLE_REFERRAL,
    Permission.READ_PRESET,
    Permission.EDIT_PRESET,
    Permission.HANDLE_TIP,
    Permission.READ_TIP_SOURCE,
    Permission.ERASE_TIP_SOURCE,
    Permission.CALIBRATE,
    Permission.EDIT_CODE,
    Permission.EDIT_AREA,
    Permission.OPEN_CASE,
    Permission.READ_CASE,
    Permission.WORK_ON_CASE,
    Permission.JOIN_CASE,
    Permission.MANAGE_CASE,
    Permission.READ_OFFICE,
    Permission.EDIT_OFFICE,
    Permission.READ_TEAM,
    Permission.EDIT_TEAM,
    Permission.MANAGE_AGENCY,
    Permission.MANAGE_OFFICER,
    Permission.MANAGE_KEY,
    Permission.MANAGE_WEBHOOK,
    Permission.READ_APPROVAL,
    Permission.DECIDE_APPROVAL,
    Permission.WITHDRAW_APPROVAL,
    Permission.ERASE_DUE,
    Permission.OWN_ACCOUNT,
    Permission.READ_AUDIT,
    Permission.READ_LOOKS,
    Permission.VERIFY_AUDIT,
    Permission.READ_TOTALS,
    Permission.READ_AGENCY,
    Permission.READ_STAY,
}
"""What no key may do: to decide, to change policies and authority, and to read about people."""

RULES = KeyRules(days=90, most_days=180, warn=timedelta(days=30))


@pytest.fixture
def keys(desk):
    return Keys(desk.service.kernel, RULES)


def made(desk, keys, *scopes, **fields):
    new = NewKey("k", frozenset(scopes or {Scope.ENROL}), agency_id=desk.agency(), **fields)
    return keys.create(OPERATOR, new)


def test_every_act_is_a_scope_s_or_no_key_s():
    granted = {act for acts in KEY_GRANTS.values() for act in acts}
    assert granted | OF_PEOPLE == set(Permission)
    assert not granted & OF_PEOPLE


@pytest.mark.parametrize("scope", Scope)
def test_a_key_reaches_no_further_than_some_role_does(scope):
    for act, reach in KEY_GRANTS[scope].items():
        assert reach is not PermissionScope.NOTHING
        assert reach <= max(GRANTS[act].values())


@pytest.mark.parametrize("scope", Scope)
def test_a_key_may_what_its_scopes_grant_and_is_told_what_else_it_takes(desk, keys, scope):
    _, shown = made(desk, keys, scope)
    actor = keys.recognise(shown)
    assert (Role.PORT in actor.roles) == (scope is Scope.SCREEN)
    for act in Permission:
        if act in KEY_GRANTS[scope]:
            require(actor, act)
            continue
        with pytest.raises(NotPermitted) as refused:
            require(actor, act)
        assert refused.value.message.code == (
            "act_of_people" if act in OF_PEOPLE else "scope_missing"
        )


def test_a_port_that_is_none_is_refused_as_the_service_refuses_it(desk, keys):
    with pytest.raises(InvalidKey, match="Jakarta is not a port") as refused:
        made(desk, keys, Scope.SCREEN, ports=frozenset({"CGK", "Jakarta"}))
    assert refused.value.field == "ports"


def test_a_key_ends_after_its_days_and_says_so_only_to_who_has_it(desk, keys):
    record, shown = made(desk, keys)
    assert record.expires_at == desk.clock() + timedelta(days=90)
    for days in (0, 181):
        with pytest.raises(InvalidKey, match="180 days at most"):
            made(desk, keys, days=days)
    desk.clock.advance(days=90, seconds=-1)
    keys.recognise(shown)
    desk.clock.advance(seconds=1)
    with pytest.raises(KeyExpired, match="rotate it"):
        keys.recognise(shown)
    with pytest.raises(NotAuthenticated, match="not known") as refused:
        keys.recognise(shown[:-1] + ("a" if shown[-1] != "a" else "b"))
    assert not isinstance(refused.value, KeyExpired)


def test_after_a_rotation_both_secrets_count_for_a_while_and_are_told_apart(desk, keys):
    record, old = made(desk, keys)
    again, new = keys.rotate(OPERATOR, record.id, timedelta(hours=2), days=10)
    assert again.expires_at == desk.clock() + timedelta(days=10)
    assert keys.recognise(old).id == keys.recognise(new).id == record.id
    assert [keys.recognise(each).name for each in (old, new)] == ["k (former secret)", "k"]
    desk.clock.advance(hours=2)
    keys.recognise(new)
    with pytest.raises(KeyExpired):
        keys.recognise(old)
    _, third = keys.rotate(OPERATOR, record.id, timedelta())
    keys.recognise(third)
    for former in (old, new):
        with pytest.raises(NotAuthenticated):
            keys.recognise(former)
    keys.revoke(OPERATOR, record.id)
    with pytest.raises(IllegalTransition, match="revoked"):
        keys.rotate(OPERATOR, record.id)


def test_a_rotation_does_not_revive_what_had_expired(desk, keys):
    record, old = made(desk, keys)
    desk.clock.advance(days=91)
    _, new = keys.rotate(OPERATOR, record.id)
    keys.recognise(new)
    with pytest.raises(KeyExpired):
        keys.recognise(old)


def test_the_last_use_is_written_now_and_then_and_not_by_a_request(desk, keys):
    record, shown = made(desk, keys)
    first = desk.clock()
    for _ in range(3):
        keys.recognise(shown)
    assert keys.get(OPERATOR, record.id).used_at is None
    keys.write_use()
    assert keys.get(OPERATOR, record.id).used_at == first
    desk.clock.advance(minutes=1)
    keys.recognise(shown)
    keys.write_use()
    assert keys.get(OPERATOR, record.id).used_at == first
    desk.clock.advance(minutes=5)
    keys.recognise(shown)
    keys.write_use()
    assert keys.get(OPERATOR, record.id).used_at == desk.clock()


def test_a_warning_is_given_once_and_again_after_a_rotation(desk, keys):
    record, _ = made(desk, keys)
    made(desk, keys, days=180)
    assert keys.warn().expiring == 0
    desk.clock.advance(days=61)
    assert [keys.warn().expiring for _ in range(2)] == [1, 1]
    assert keys.expires_soon(keys.get(OPERATOR, record.id))
    with desk.service.kernel.database.read() as session:
        records = session.scalars(
            select(AuditRecord.object_id).where(AuditRecord.action == "key.expiring")
        )
        events = session.scalars(
            select(OutboxEvent.object_id).where(OutboxEvent.kind == EventKind.KEY_EXPIRING)
        )
        assert list(records) == list(events) == [record.id]
    keys.rotate(OPERATOR, record.id, days=20)
    assert keys.warn().expiring == 1


def test_keys_of_an_earlier_version_keep_what_they_could_but_policies_and_never_end(desk, keys):
    record, shown = made(desk, keys)
    screens, _ = made(desk, keys, Scope.SCREEN)
    migration = import_module("casework.migrations.versions.0020_keys")
    with (
        desk.service.kernel.database.write_core() as connection,
        Operations.context(MigrationContext.configure(connection)),
    ):
        connection.execute(update(ApiKey).values(expires_at=None))
        migration.divide()
    found = {each.id: each for each in keys.all(OPERATOR)}
    assert found[screens.id].scopes == (Scope.SCREEN,)
    assert set(found[record.id].scopes) == {
        Scope.ENROL,
        Scope.EXPORT,
        Scope.SEARCH,
        Scope.READ_ALERTS,
        Scope.TIPS,
    }
    assert found[record.id].expires_at is None
    assert keys.warn().endless == 2
    actor = keys.recognise(shown)
    assert actor.scopes is not None
    former = {act for act, roles in GRANTS.items() if Role.ANALYST in roles}
    taken = former - {act for scope in actor.scopes for act in KEY_GRANTS[scope]}
    assert taken == {
        Permission.EDIT_WATCHLIST,
        Permission.READ_PERMIT,
        Permission.READ_AGENCY,
        Permission.OWN_ACCOUNT,
        Permission.REPORT_STAY,
        Permission.READ_STAY,
        Permission.READ_APPROVAL,
        Permission.WITHDRAW_APPROVAL,
        # Who reports learns nothing.
        Permission.HANDLE_TIP,
        # What came later, and is of people.
        Permission.RECORD_OBJECTION,
        Permission.REVOKE_LOOKALIKE,
        Permission.READ_OFFICE,
        Permission.READ_TEAM,
    }


def test_a_key_that_enrols_puts_subjects_on_lists_and_imports_them(desk, keys):
    _, shown = made(desk, keys)
    actor = keys.recognise(shown)
    watchlist = desk.watchlist()
    new = NewSubject(name="Somebody", watchlist_ids=(watchlist,))
    enrolled = desk.service.enrolment.enrol(actor, new, [photo_file(1)])
    assert enrolled.subject_id is not None
    for refused in ({"requires_second_officer": True}, {"threshold": 0.9}):
        with pytest.raises(NotPermitted, match="for an officer who signs in"):
            desk.service.lists.watchlists.edit(actor, watchlist, refused, None)
