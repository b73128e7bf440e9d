"""An agency with two administrators, a supervisor and an auditor, beyond its founding period."""

from collections.abc import Iterator

import pytest

from casework.kernel.actor import Actor
from casework.kernel.vocabulary import AgencyKind, Role
from casework.records import Records
from tests.casework.accounts.conftest import House
from tests.services import DATA_KEYS, QUICK, FakeClock, laid

WHY = "the night shift has nobody"


@pytest.fixture
def house(tmp_path) -> Iterator[House]:
    clock = FakeClock()
    with Records.open(laid(tmp_path / "siaga.db"), DATA_KEYS, clock, None, QUICK) as opened:
        yield House(opened, clock)


@pytest.fixture
def asker(house: House) -> Actor:
    return house.actor("asker", Role.ADMIN)


@pytest.fixture
def second(house: House, asker: Actor) -> Actor:
    """The second administrator, whose first sign-in ended the founding period."""
    return house.actor("second", Role.ADMIN)


@pytest.fixture
def runner(house: House) -> Actor:
    """The administrator of the agency that runs the installation."""
    house.agency("OPS", AgencyKind.OPERATOR)
    return house.actor("runner", Role.ADMIN, agency="OPS")
