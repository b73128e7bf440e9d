"""Signing in: passwords, locks, second factors, and what nobody learns from a refusal."""

import re
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import event, select, text

from casework.accounts.passwords import Passwords
from casework.accounts.totp import code_at
from casework.kernel.audit.reader import AuditFilter
from casework.kernel.errors import (
    NotAuthenticated,
    NotFound,
    SecondFactorNeeded,
    TooManyAttempts,
)
from casework.kernel.vocabulary import Role, SessionKind
from casework.tables import Officer, OfficerSession, SignInCount
from tests.services import OPERATOR, PASSWORD, QUICK


def set_up_factor(house, login):
    """Give an officer a second factor; returns its secret."""
    account, actor = house.records.accounts.account, house.enter(login).actor
    secret = account.offer_second_factor(actor, PASSWORD).secret
    account.confirm_second_factor(actor, code_at(secret, house.clock()))
    return secret


def refusal(house, login, password="wrong", code=None, **how):
    with pytest.raises((NotAuthenticated, TooManyAttempts)) as refused:
        house.enter(login, password, code, **how)
    return refused.value


def test_a_session_names_its_officer(house):
    officer_id = house.hire("sari", Role.OFFICER, Role.ANALYST)
    signed_in = house.enter(" SARI ")
    assert signed_in.actor.id == officer_id
    assert signed_in.actor.roles == {Role.OFFICER, Role.ANALYST}
    assert house.records.accounts.sessions.recognise(signed_in.text) == signed_in.actor


def test_of_a_session_only_a_hash_is_kept(house, tmp_path):
    house.hire("sari", Role.OFFICER)
    shown = house.enter("sari").text
    secret = shown.rpartition(".")[2]
    house.records.close()
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes(), file.name
        assert PASSWORD.encode() not in file.read_bytes(), file.name


@pytest.mark.parametrize(
    "shown", ["", "siaga", "siaga.ses_x.y", "x.ses_x.y", "siaga.ses_" + "x" * 999]
)
def test_what_is_no_session_is_not_recognised(house, shown):
    with pytest.raises(NotAuthenticated):
        house.records.accounts.sessions.recognise(shown)


def test_a_wrong_secret_is_not_recognised(house):
    house.hire("sari", Role.OFFICER)
    shown = house.enter("sari").text
    with pytest.raises(NotAuthenticated):
        house.records.accounts.sessions.recognise(shown[:-1] + ("A" if shown[-1] != "A" else "B"))


# Locks


def test_an_account_is_locked_after_failures_in_a_row_and_opens_by_itself(house):
    house.hire("sari", Role.OFFICER)
    for _ in range(4):
        assert type(refusal(house, "sari")) is NotAuthenticated
    locked = refusal(house, "sari")
    assert isinstance(locked, TooManyAttempts)
    assert locked.seconds == 15 * 60
    house.clock.advance(minutes=10)
    right = refusal(house, "sari", PASSWORD)
    assert isinstance(right, TooManyAttempts)
    assert right.seconds == 5 * 60
    house.clock.advance(minutes=5)
    house.enter("sari")


def test_a_login_of_nobody_is_counted_and_locked_as_a_known_one_is(house):
    """Neither what is asked of the database nor what stands in it afterwards tells them apart."""
    officer_id = house.hire("sari", Role.OFFICER)
    database = house.records.kernel.database
    with database.read() as session:
        before = session.get_one(Officer, officer_id).version
    refusal(house, "somebody", origin="10.0.0.1")
    said: dict[str, list[list[str]]] = {}
    answers: dict[str, list[tuple[type, str]]] = {}
    for login in ("sari", "nobody"):
        said[login], answers[login] = [], []
        for _ in range(6):
            with statements(database) as told:
                refused = refusal(house, login, origin="10.0.0.1")
            said[login].append(told)
            answers[login].append((type(refused), str(refused)))
    # The first also looks up how the trail names who was refused.
    assert said["sari"][1:] == said["nobody"][1:]
    assert answers["sari"] == answers["nobody"]
    with database.read() as session:
        counts = session.scalars(select(SignInCount)).all()
        assert session.get_one(Officer, officer_id).version == before
    locks = [(each.failures, each.locked_until) for each in counts if each.locked_until]
    assert locks == [(0, house.clock() + timedelta(minutes=15))] * 2


@contextmanager
def statements(database):
    """Collect what the database is asked meanwhile, without what it is asked for."""
    told = []

    def note(connection, cursor, statement, *_):
        told.append(statement)

    engine = database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield told
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_success_begins_the_count_anew(house):
    house.hire("sari", Role.OFFICER)
    for _ in range(3):
        for _ in range(4):
            refusal(house, "sari")
        house.enter("sari")


def test_an_administrator_of_the_agency_ends_a_lock_and_nothing_else(house):
    officer_id = house.hire("sari", Role.OFFICER)
    admin = house.actor("admin", Role.ADMIN)
    others = house.actor("other", Role.ADMIN, Role.AUDITOR, agency="POL")
    for _ in range(5):
        refusal(house, "sari")
    unlock = house.records.accounts.officers.unlock
    with pytest.raises(NotFound):
        unlock(others, officer_id)
    assert isinstance(refusal(house, "sari", PASSWORD), TooManyAttempts)
    house.records.approvals.founding.end(admin, admin.agency_id, "complete")
    unlock(admin, officer_id)
    signed_in = house.enter("sari")
    assert not signed_in.officer.must_change_password
    auditor = house.actor("auditor", Role.AUDITOR)
    filters = AuditFilter(action="officer.unlock", outcome="done")
    (record,) = house.records.oversight.trail.page(auditor, None, 10, filters)
    assert (record.actor_id, record.object_id) == (admin.id, officer_id)


def test_a_lock_outlives_a_restart(house, open_house):
    house.hire("sari", Role.OFFICER)
    for _ in range(5):
        refusal(house, "sari")
    assert isinstance(refusal(open_house(clock=house.clock), "sari", PASSWORD), TooManyAttempts)


def test_guesses_at_the_same_time_are_counted_one_by_one(house):
    house.hire("sari", Role.OFFICER)
    refusals = []

    def guess():
        refusals.append(type(refusal(house, "sari")))

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refusals.count(NotAuthenticated) == 4
    assert refusals.count(TooManyAttempts) == 8


def test_an_address_is_locked_whatever_logins_it_tries(open_house):
    house = open_house(attempts_per_address=6)
    house.hire("sari", Role.OFFICER)
    for guess in range(5):
        assert type(refusal(house, f"nobody{guess}", origin="10.0.0.1")) is NotAuthenticated
    house.enter("sari", origin="10.0.0.1")
    refusal(house, "nobody6", origin="10.0.0.1")
    assert isinstance(refusal(house, "sari", PASSWORD, origin="10.0.0.1"), TooManyAttempts)
    house.enter("sari", origin="10.0.0.2")
    house.clock.advance(minutes=15)
    house.enter("sari", origin="10.0.0.1")


def test_a_locked_address_costs_no_hash(open_house):
    counted = Counted()
    house = open_house(passwords=counted, attempts_per_address=2)
    for _ in range(2):
        refusal(house, "nobody", origin="10.0.0.1")
    checks = counted.checks
    refusal(house, "nobody", origin="10.0.0.1")
    assert counted.checks == checks


# What a refusal does not tell


class Counted(Passwords):
    """Counts how often a password was really checked."""

    def __init__(self):
        super().__init__(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.checks = 0

    def check(self, password, kept):
        self.checks += 1
        return super().check(password, kept)


def test_an_unknown_login_is_answered_as_a_known_one_is(open_house):
    counted = Counted()
    house = open_house(passwords=counted)
    house.hire("sari", Role.OFFICER)
    for _ in range(7):
        before = counted.checks
        known = refusal(house, "sari")
        each = counted.checks - before
        unknown = refusal(house, "nobody")
        assert counted.checks - before == 2 * each == 2
        assert type(known) is type(unknown)
        assert str(known) == str(unknown)
    house.clock.advance(minutes=15)
    assert str(refusal(house, "sari")) == str(refusal(house, "nobody"))


def test_checking_for_nobody_hashes_all_the_same():
    class Recording(PasswordHasher):
        verified = 0

        def verify(self, hash, password):  # noqa: A002 - the library's name
            Recording.verified += 1
            return super().verify(hash, password)

    passwords = Passwords(Recording(time_cost=1, memory_cost=8, parallelism=1))
    assert not passwords.check("x", None)
    assert Recording.verified == 1


def test_what_is_checked_for_nobody_costs_what_a_real_hash_costs():
    hasher = PasswordHasher(time_cost=2, memory_cost=16, parallelism=2)
    passwords = Passwords(hasher)
    assert extract_parameters(passwords._nobodys) == extract_parameters(hasher.hash("x"))
    # A hash that cannot be read is refused without being computed: another error.
    with pytest.raises(VerifyMismatchError):
        hasher.verify(passwords._nobodys, "x")


def test_the_trail_has_refusals_but_never_what_was_typed(house):
    house.hire("sari", Role.OFFICER)
    refusal(house, "my-secret-typed-as-login", "wrong-password")
    refusal(house, "sari", "wrong-password")
    with house.records.kernel.database.read() as session:
        rows = session.execute(text("SELECT * FROM audit ORDER BY seq DESC LIMIT 2")).all()
    assert [row.outcome for row in rows] == ["refused", "refused"]
    assert not re.search("secret|wrong-password", str(rows))


# Switched off


def test_a_disabled_officer_is_out_at_once(house):
    officer_id = house.hire("sari", Role.OFFICER)
    shown = house.enter("sari").text
    officers = house.records.accounts.officers
    officers.edit(OPERATOR, officer_id, {"active": False}, None, "left")
    with pytest.raises(NotAuthenticated):
        house.records.accounts.sessions.recognise(shown)
    assert str(refusal(house, "sari", PASSWORD)) == str(refusal(house, "nobody"))
    officers.edit(OPERATOR, officer_id, {"active": True}, None)
    with pytest.raises(NotAuthenticated):
        house.records.accounts.sessions.recognise(shown)  # it has ended for good


def test_a_disabled_agency_is_out_at_once(house):
    house.hire("sari", Role.OFFICER)
    shown = house.enter("sari").text
    agencies = house.records.accounts.agencies
    agencies.edit(OPERATOR, house.agency("IMI"), {"active": False}, None, "over")
    for _ in range(2):
        with pytest.raises(NotAuthenticated):
            house.records.accounts.sessions.recognise(shown)
        refusal(house, "sari", "wrong")
        agencies.edit(OPERATOR, house.agency("IMI"), {"active": True}, None)
    house.enter("sari")


def test_a_password_that_is_reset_during_sign_in_lets_nobody_in(open_house):
    class Slow(Counted):
        then = staticmethod(lambda: None)

        def check(self, password, kept):
            right = super().check(password, kept)
            self.then()
            return right

    slow = Slow()
    house = open_house(passwords=slow)
    officer_id = house.hire("sari", Role.OFFICER)
    slow.then = lambda: house.records.accounts.officers.reset(OPERATOR, officer_id)
    refusal(house, "sari", PASSWORD)


def test_a_hash_made_with_weaker_parameters_is_made_anew(house, open_house):
    officer_id = house.hire("sari", Role.OFFICER)
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    other = open_house(passwords=stronger, clock=house.clock)
    other.enter("sari")
    with other.records.kernel.database.read() as session:
        kept = session.get_one(Officer, officer_id).password_hash
    assert "m=16,t=2" in kept
    house.enter("sari")
    assert QUICK.check(PASSWORD, kept)


# Ends


def test_a_programs_session_ends_in_time_however_busy(house):
    house.hire("sari", Role.OFFICER)
    signed_in = house.enter("sari")
    assert signed_in.expires_at == house.clock() + timedelta(minutes=30)
    for _ in range(29):
        house.clock.advance(minutes=1)
        house.records.accounts.sessions.recognise(signed_in.text)
    house.clock.advance(minutes=1)
    with pytest.raises(NotAuthenticated):
        house.records.accounts.sessions.recognise(signed_in.text)


def test_a_consoles_session_ends_when_idle_and_at_the_end_of_the_shift(house):
    house.hire("sari", Role.OFFICER)
    sessions = house.records.accounts.sessions
    idle = house.enter("sari", kind=SessionKind.CONSOLE).text
    busy = house.enter("sari", kind=SessionKind.CONSOLE).text
    house.clock.advance(minutes=29)
    sessions.recognise(busy)
    house.clock.advance(minutes=1)
    with pytest.raises(NotAuthenticated):
        sessions.recognise(idle)
    sessions.recognise(busy)
    for _ in range(23):
        house.clock.advance(minutes=29)
        sessions.recognise(busy)
    house.clock.advance(minutes=29)
    with pytest.raises(NotAuthenticated):
        sessions.recognise(busy)


def test_a_session_that_was_ended_is_out_and_the_others_are_not(house):
    house.hire("sari", Role.OFFICER)
    first, second = house.enter("sari"), house.enter("sari")
    house.records.accounts.sessions.end(first.actor)
    with pytest.raises(NotAuthenticated):
        house.records.accounts.sessions.recognise(first.text)
    house.records.accounts.sessions.recognise(second.text)
    with house.records.kernel.database.read() as session:
        ended = session.scalars(
            select(OfficerSession.id).where(OfficerSession.ended_at.is_not(None))
        )
        assert first.actor.session_id in set(ended)


# Second factor


def test_a_second_factor_is_asked_for_and_each_code_counts_once(house):
    house.hire("sari", Role.OFFICER)
    secret = set_up_factor(house, "sari")
    assert isinstance(refusal(house, "sari", PASSWORD), SecondFactorNeeded)
    code = code_at(secret, house.clock())
    assert type(refusal(house, "sari", PASSWORD, code)) is NotAuthenticated  # it confirmed before
    house.clock.advance(seconds=30)
    code = code_at(secret, house.clock())
    house.enter("sari", code=f"{code[:3]} {code[3:]}")
    assert type(refusal(house, "sari", PASSWORD, code)) is NotAuthenticated
    house.clock.advance(seconds=90)
    refusal(house, "sari", PASSWORD, code)


@pytest.mark.parametrize(("steps", "accepted"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(house, steps, accepted):
    house.hire("sari", Role.OFFICER)
    secret = set_up_factor(house, "sari")
    house.clock.advance(minutes=5)
    code = code_at(secret, house.clock() + timedelta(seconds=30 * steps))
    if accepted:
        house.enter("sari", code=code)
    else:
        refusal(house, "sari", PASSWORD, code)


def test_an_older_code_is_refused_after_a_newer_one(house):
    house.hire("sari", Role.OFFICER)
    secret = set_up_factor(house, "sari")
    house.clock.advance(minutes=5)
    older = code_at(secret, house.clock() - timedelta(seconds=30))
    house.enter("sari", code=code_at(secret, house.clock()))
    refusal(house, "sari", PASSWORD, older)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "000000"])
def test_wrong_codes_are_refused_and_counted(house, code):
    house.hire("sari", Role.OFFICER)
    set_up_factor(house, "sari")
    for _ in range(5):
        last = refusal(house, "sari", PASSWORD, code)
    assert isinstance(last, SecondFactorNeeded if code == "" else TooManyAttempts)


def test_a_right_code_does_not_help_a_wrong_password(house):
    house.hire("sari", Role.OFFICER)
    secret = set_up_factor(house, "sari")
    house.clock.advance(minutes=1)
    code = code_at(secret, house.clock())
    assert type(refusal(house, "sari", "wrong", code)) is NotAuthenticated
    house.enter("sari", code=code)  # and is not used up by it
