"""A fresh service for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import Desk, FakeClock, open_service


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "siaga.db"


@pytest.fixture
def desk(database: Path) -> Iterator[Desk]:
    clock = FakeClock()
    service = open_service(database, clock)
    yield Desk(service, clock)
    service.records.close()
