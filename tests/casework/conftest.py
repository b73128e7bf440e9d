"""A fresh service for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgresql import PostgreSql
from tests.services import Desk, FakeClock, open_service


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `every_database` on each, except what is about SQLite itself."""
    marker = metafunc.definition.get_closest_marker
    if marker("every_database") and not marker("on_sqlite") and "database" in metafunc.fixturenames:
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """A SQLite file, or the URL of a database on a server."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield tmp_path / "siaga.db"
        return
    server: PostgreSql = request.getfixturevalue("postgresql")
    with server.migrated() as url:
        yield url


@pytest.fixture
def desk(database: Path | str) -> Iterator[Desk]:
    clock = FakeClock()
    service = open_service(database, clock)
    yield Desk(service, clock)
    service.close()
