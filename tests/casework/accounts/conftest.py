"""Two agencies and their officers, over a database alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from casework.accounts.agencies import NewAgency
from casework.accounts.lockout import SignInRules
from casework.accounts.officers import NewOfficer
from casework.accounts.passwords import Passwords
from casework.accounts.sessions import SignedIn
from casework.accounts.sign_in import Credentials
from casework.kernel.actor import Actor
from casework.kernel.vocabulary import AgencyKind, Role, SessionKind
from casework.records import Records
from tests.services import DATA_KEYS, OPERATOR, PASSWORD, QUICK, FakeClock, laid


@dataclass(slots=True)
class House:
    """Short words for what these tests do all the time."""

    records: Records
    clock: FakeClock

    def agency(self, code: str, kind: AgencyKind = AgencyKind.MEMBER) -> str:
        """The id of the agency with a code, made at first."""
        for row in self.records.accounts.agencies.page(OPERATOR, None, None):
            if row.code == code:
                return row.id
        return self.records.accounts.agencies.create(OPERATOR, NewAgency(code, code, kind)).id

    def hire(
        self, login: str, *roles: Role, agency: str = "IMI", kind: AgencyKind = AgencyKind.MEMBER
    ) -> str:
        """Make an officer who has chosen PASSWORD; returns the id."""
        new = NewOfficer(self.agency(agency, kind), login, "Somebody", frozenset(roles))
        row, first = self.records.accounts.officers.create(OPERATOR, new)
        assert first is not None
        actor = self.enter(login, first).actor
        self.records.accounts.account.change_password(actor, first, PASSWORD)
        self.records.accounts.sessions.end(actor)
        return row.id

    def enter(
        self,
        login: str,
        password: str = PASSWORD,
        code: str | None = None,
        kind: SessionKind = SessionKind.PROGRAM,
        origin: str | None = None,
    ) -> SignedIn:
        """Sign in."""
        sessions = self.records.accounts.sessions
        return sessions.sign_in(Credentials(login, password, code), kind, origin=origin)

    def actor(self, login: str, *roles: Role, agency: str = "IMI") -> Actor:
        """Hire and sign in."""
        self.hire(login, *roles, agency=agency)
        return self.enter(login).actor


OpenHouse = Callable[..., House]


@pytest.fixture
def open_house(tmp_path) -> Iterator[OpenHouse]:
    """Open a database; again for another process on the same one."""
    opened = []

    def make(passwords: Passwords = QUICK, clock: FakeClock | None = None, **rules) -> House:
        clock = clock or FakeClock()
        url = laid(tmp_path / "siaga.db")
        records = Records.open(
            url, DATA_KEYS, clock, rules=SignInRules(**rules), passwords=passwords
        )
        opened.append(records)
        return House(records, clock)

    yield make
    for records in opened:
        records.close()


@pytest.fixture
def house(open_house: OpenHouse) -> House:
    return open_house()
