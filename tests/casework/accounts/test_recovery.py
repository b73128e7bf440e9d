"""Recovery codes, the end of first passwords, and an officer's own sessions."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from casework.accounts.officers import NewOfficer
from casework.accounts.sessions import network_of
from casework.accounts.totp import code_at
from casework.kernel.errors import (
    FirstPasswordExpired,
    IllegalTransition,
    NotAuthenticated,
    NotConfirmed,
    NotFound,
)
from casework.kernel.vocabulary import Role, SessionKind
from casework.tables import AuditRecord, RecoveryCode
from tests.services import OPERATOR, PASSWORD


def enrolled(house, login="sari"):
    """Hire somebody with a second factor; returns a session and the recovery codes."""
    house.hire(login, Role.OFFICER)
    actor = house.enter(login).actor
    account = house.records.accounts.account
    offer = account.offer_second_factor(actor, PASSWORD)
    codes = account.confirm_second_factor(actor, code_at(offer.secret, house.clock()))
    house.clock.advance(minutes=1)
    return actor, codes


def trail(house, action):
    with house.records.kernel.database.read() as session:
        query = select(AuditRecord.detail).where(AuditRecord.action == action)
        return list(session.scalars(query))


def test_ten_codes_come_with_the_second_factor_and_each_counts_once(house):
    actor, codes = enrolled(house)
    assert len(set(codes)) == 10
    assert house.records.accounts.account.recovery_codes_left(actor) == 10
    with house.records.kernel.database.read() as session:
        kept = [row.code_sha256 for row in session.scalars(select(RecoveryCode))]
    assert not any(code.replace("-", "") in text for code in codes for text in kept)
    house.enter("sari", code=codes[0].upper().replace("-", " "))
    with pytest.raises(NotAuthenticated):
        house.enter("sari", code=codes[0])
    house.enter("sari", code=codes[1])
    assert trail(house, "account.recovery_code") == [{"left": 9}, {"left": 8}]
    assert house.records.accounts.account.recovery_codes_left(actor) == 8


def test_a_code_takes_the_password_and_its_own_account_and_guesses_count(house):
    _, codes = enrolled(house)
    enrolled(house, "budi")
    for login, password in (("sari", "wrong"), ("budi", PASSWORD)):
        with pytest.raises(NotAuthenticated):
            house.enter(login, password, codes[0])
    house.enter("sari", code=codes[0])
    for _ in range(4):
        with pytest.raises(NotAuthenticated):
            house.enter("sari", code="aaaa-aaaa-aaaa-aaaa")
    with pytest.raises(Exception, match="Too many failed"):
        house.enter("sari", code="aaaa-aaaa-aaaa-aaaa")


def test_new_codes_take_the_password_and_replace_the_former_ones(house):
    actor, codes = enrolled(house)
    account = house.records.accounts.account
    with pytest.raises(NotConfirmed):
        account.renew_recovery_codes(actor, "wrong")
    fresh = account.renew_recovery_codes(actor, PASSWORD)
    with pytest.raises(NotAuthenticated):
        house.enter("sari", code=codes[0])
    house.enter("sari", code=fresh[0])
    house.hire("budi", Role.OFFICER)
    with pytest.raises(IllegalTransition, match="second factor first"):
        account.renew_recovery_codes(house.enter("budi").actor, PASSWORD)


def test_who_takes_the_factor_away_takes_its_codes_too(house):
    actor, codes = enrolled(house)
    officers = house.records.accounts.officers
    first = officers.reset(OPERATOR, actor.id, second_factor=True, reason="lost telephone")
    house.enter("sari", first)
    with house.records.kernel.database.read() as session:
        assert session.scalars(select(RecoveryCode)).first() is None
    del codes


def test_a_first_password_lasts_its_time_and_then_takes_a_reset(open_house):
    house = open_house(first_password=timedelta(hours=2))
    new = NewOfficer(house.agency("IMI"), "sari", "Sari", frozenset({Role.OFFICER}))
    row, first = house.records.accounts.officers.create(OPERATOR, new)
    house.enter("sari", first)
    house.clock.advance(hours=2)
    with pytest.raises(FirstPasswordExpired, match="ask your administrator"):
        house.enter("sari", first)
    with pytest.raises(NotAuthenticated, match="wrong") as refused:
        house.enter("sari", "not this one")
    assert not isinstance(refused.value, FirstPasswordExpired)
    again = house.records.accounts.officers.reset(OPERATOR, row.id, reason="it was too late")
    actor = house.enter("sari", again).actor
    house.records.accounts.account.change_password(actor, again, PASSWORD)
    house.clock.advance(days=30)
    house.enter("sari")


def test_an_officer_sees_and_ends_their_own_sessions_alone(house):
    house.hire("sari", Role.OFFICER)
    sessions = house.records.accounts.sessions
    mine = house.enter("sari", origin="203.0.113.77")
    other = house.enter("sari", kind=SessionKind.CONSOLE)
    budi = house.actor("budi", Role.OFFICER)
    found = {each.id: each for each in sessions.own(mine.actor)}
    assert set(found) == {mine.actor.session_id, other.actor.session_id}
    present = found[mine.actor.session_id]
    assert (present.present, present.network) == (True, "203.0.113.0/24")
    for who in (budi, mine.actor):
        with pytest.raises(NotFound):
            sessions.end_own(who, budi.session_id if who is mine.actor else other.actor.session_id)
    sessions.end_own(mine.actor, other.actor.session_id)
    with pytest.raises(NotAuthenticated):
        sessions.recognise(other.text)
    house.enter("sari")
    sessions.end_others(mine.actor)
    assert [each.id for each in sessions.own(mine.actor)] == [mine.actor.session_id]
    house.clock.advance(days=1)
    assert sessions.own(mine.actor) == ()


@pytest.mark.parametrize(
    ("origin", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::/64", "2001:db8:1:2::/64"),
        ("testclient", None),
        (None, None),
    ],
)
def test_of_an_address_the_network_is_kept(origin, network):
    assert network_of(origin) == network
