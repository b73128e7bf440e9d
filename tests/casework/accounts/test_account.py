"""What officers do to their own accounts."""

import pytest

from casework.accounts.officers import NewOfficer
from casework.accounts.totp import code_at
from casework.kernel.actor import ActorKind
from casework.kernel.errors import (
    AccountIncomplete,
    IllegalTransition,
    NotAuthenticated,
    NotConfirmed,
    NotFound,
    TooManyAttempts,
    WeakPassword,
)
from casework.kernel.permissions import Permission, require
from casework.kernel.vocabulary import Role, SessionKind
from tests.services import OPERATOR, PASSWORD, officer

NEW = "another long enough phrase"


def recognised(house, signed_in):
    try:
        return house.records.accounts.sessions.recognise(signed_in.text)
    except NotAuthenticated:
        return None


def test_the_first_password_must_be_changed_before_anything_else(house):
    new = NewOfficer(house.agency("IMI"), "sari", "Sari", frozenset({Role.ANALYST}))
    _, first = house.records.accounts.officers.create(OPERATOR, new)
    signed_in = house.enter("sari", first)
    actor = signed_in.actor
    for act in Permission:
        if act is not Permission.OWN_ACCOUNT:
            with pytest.raises(AccountIncomplete, match="new password"):
                require(actor, act)
    house.records.accounts.account.change_password(actor, first, NEW)
    require(house.records.accounts.sessions.recognise(signed_in.text), Permission.EDIT_WATCHLIST)


def test_a_required_second_factor_must_be_set_before_anything_else(open_house):
    house = open_house(second_factor_required=True)
    house.hire("sari", Role.ANALYST)
    signed_in = house.enter("sari")
    with pytest.raises(AccountIncomplete, match="second factor"):
        require(signed_in.actor, Permission.READ_WATCHLIST)
    offer = house.records.accounts.account.offer_second_factor(signed_in.actor, PASSWORD)
    with pytest.raises(AccountIncomplete):
        require(
            house.records.accounts.sessions.recognise(signed_in.text), Permission.READ_WATCHLIST
        )
    code = code_at(offer.secret, house.clock())
    house.records.accounts.account.confirm_second_factor(signed_in.actor, code)
    require(house.records.accounts.sessions.recognise(signed_in.text), Permission.READ_WATCHLIST)


def test_factors_of_those_without_a_password_are_their_providers(open_house):
    house = open_house(second_factor_required=True)
    roles = frozenset({Role.ANALYST})
    new = NewOfficer(house.agency("IMI"), "sari", "Sari", roles, "id", "https://idp", "42")
    row, first = house.records.accounts.officers.create(OPERATOR, new)
    assert first is None
    signed_in = house.records.accounts.sessions.begin_for(row.id, SessionKind.PROGRAM)
    require(signed_in.actor, Permission.READ_WATCHLIST)
    require(house.records.accounts.sessions.recognise(signed_in.text), Permission.READ_WATCHLIST)
    with pytest.raises(IllegalTransition):
        house.records.accounts.officers.reset(OPERATOR, row.id)
    with pytest.raises(NotAuthenticated):
        house.enter("sari", "")


def test_a_new_password_ends_every_other_session(house):
    house.hire("sari", Role.OFFICER)
    house.hire("budi", Role.OFFICER)
    mine, other, budis = house.enter("sari"), house.enter("sari"), house.enter("budi")
    house.records.accounts.account.change_password(mine.actor, PASSWORD, NEW)
    assert [recognised(house, each) is not None for each in (mine, other, budis)] == [
        True,
        False,
        True,
    ]
    with pytest.raises(NotAuthenticated):
        house.enter("sari", PASSWORD)
    house.enter("sari", NEW)


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("short", "at least"),
        ("x" * 257, "at most"),
        ("ababababababab", "repeat"),
        ("123456789012345", "number"),
        ("sari.wijaya is my name", "name or login"),
        ("my name is SOMEBODY!", "name or login"),
        ("ombak Siaga berjaga terus", "Siaga"),
        ("passwordpassword", "first that are guessed"),
        ("iloveyou1234", "first that are guessed"),
        ("qwertyuiop12", "first that are guessed"),
        ("P@ssw0rd2026!!", "first that are guessed"),
        ("rahasia123456", "first that are guessed"),
        (PASSWORD, "other than the present one"),
    ],
)
def test_a_weak_password_changes_nothing(house, new, why):
    actor = house.actor("sari.wijaya", Role.OFFICER)
    with pytest.raises(WeakPassword, match=why):
        house.records.accounts.account.change_password(actor, PASSWORD, new)
    house.enter("sari.wijaya", PASSWORD)


def test_guessing_the_password_in_an_open_session_locks_the_account_and_ends_it(house):
    house.hire("sari", Role.OFFICER)
    stolen, own = house.enter("sari"), house.enter("sari")
    account = house.records.accounts.account
    for guess in range(4):
        with pytest.raises(NotConfirmed):
            account.change_password(stolen.actor, f"guess {guess}", NEW)
    with pytest.raises(TooManyAttempts):
        account.offer_second_factor(stolen.actor, "guess 5")
    assert recognised(house, stolen) is None
    assert recognised(house, own) is None
    with pytest.raises(TooManyAttempts):
        account.change_password(stolen.actor, PASSWORD, NEW)
    with pytest.raises(TooManyAttempts):
        house.enter("sari")
    house.clock.advance(minutes=15)
    house.enter("sari")


def test_guesses_at_the_door_and_inside_count_together(house):
    actor = house.actor("sari", Role.OFFICER)
    for _ in range(4):
        with pytest.raises(NotConfirmed):
            house.records.accounts.account.change_password(actor, "guess", NEW)
    with pytest.raises(TooManyAttempts):
        house.enter("sari", "guess")


def test_a_second_factor_takes_the_password_and_replaces_none_that_is_in_use(house):
    house.hire("sari", Role.OFFICER)
    mine, other = house.enter("sari"), house.enter("sari")
    account = house.records.accounts.account
    with pytest.raises(IllegalTransition):
        account.confirm_second_factor(mine.actor, "123456")
    with pytest.raises(NotConfirmed):
        account.offer_second_factor(mine.actor, "wrong")
    first = account.offer_second_factor(mine.actor, PASSWORD)
    second = account.offer_second_factor(mine.actor, PASSWORD)
    assert f"secret={second.secret}" in second.uri
    with pytest.raises(NotConfirmed):
        account.confirm_second_factor(mine.actor, code_at(first.secret, house.clock()))
    house.enter("sari")  # what was only offered is not asked for
    account.confirm_second_factor(mine.actor, code_at(second.secret, house.clock()))
    assert recognised(house, other) is None
    assert recognised(house, mine) is not None
    with pytest.raises(IllegalTransition):
        account.offer_second_factor(mine.actor, PASSWORD)
    with pytest.raises(IllegalTransition):
        account.confirm_second_factor(mine.actor, code_at(second.secret, house.clock()))


def test_a_reset_takes_a_lost_telephones_factor_away(house):
    officer_id = house.hire("sari", Role.OFFICER)
    signed_in = house.enter("sari")
    account = house.records.accounts.account
    offer = account.offer_second_factor(signed_in.actor, PASSWORD)
    account.confirm_second_factor(signed_in.actor, code_at(offer.secret, house.clock()))
    kept = house.records.accounts.officers.reset(OPERATOR, officer_id)
    with pytest.raises(NotAuthenticated):
        house.enter("sari", kept)
    password = house.records.accounts.officers.reset(OPERATOR, officer_id, second_factor=True)
    assert recognised(house, signed_in) is None
    assert house.enter("sari", password).actor.incomplete is not None


def test_a_shared_secret_is_not_in_the_database(house, tmp_path):
    actor = house.actor("sari", Role.OFFICER)
    secret = house.records.accounts.account.offer_second_factor(actor, PASSWORD).secret
    house.records.close()
    assert all(secret.encode() not in file.read_bytes() for file in tmp_path.iterdir())


def test_language(house):
    actor = house.actor("sari", Role.OFFICER)
    assert house.records.accounts.account.speak(actor, "en").language == "en"
    assert house.records.accounts.account.get(actor).language == "en"


def test_a_system_has_no_account(house):
    actor = officer(house.agency("IMI"), Role.ANALYST)
    system = type(actor)(ActorKind.SYSTEM, "key_x", "x", actor.agency_id, actor.roles)
    with pytest.raises(NotFound):
        house.records.accounts.account.get(system)
    with pytest.raises(NotFound):
        house.records.accounts.sessions.end(system)
