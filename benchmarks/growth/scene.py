"""An installation of many records, and the application over it, called in process."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from starlette.testclient import TestClient

from api.app import create_app
from api.cookies import SESSION, name_of
from api.logging import configure
from api.state import state_of
from benchmarks.growth.fill import DIM, fill
from benchmarks.load.mock import mock_pipeline
from casework.accounts.officers import NewOfficer
from casework.accounts.sign_in import Credentials
from casework.kernel.actor import Actor
from casework.kernel.data_key import FileKeys
from casework.kernel.vocabulary import Role, SessionKind
from casework.records import Records
from casework.service import Service
from config.settings import Settings
from models.manifest import load_pack

_PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - of an account of some minutes
_ROLES: Final = {
    "officer": (Role.OFFICER,),
    "supervisor": (Role.SUPERVISOR,),
    "auditor": (Role.AUDITOR,),
}
_WAIT_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Installation:
    """A filled database."""

    folder: Path
    url: str
    encounters: int
    fill_cpu_s: float
    fill_s: float

    def open(self) -> Records:
        """Open its records."""
        return Records.open(self.url, FileKeys(self.folder / "siaga.key"))


def prepare(folder: Path, url: str, encounters: int) -> Installation:
    """Fill an empty database; a filled one is used as it is."""
    made = Installation(folder, url, encounters, 0, 0)
    records = made.open()
    try:
        if records.accounts.agencies.page(Actor.operator(), None, 1):
            return made
        cpu, wall = time.process_time(), time.perf_counter()
        fill(records, encounters)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        _hire(records)
        _settle(records)
    finally:
        records.close()
    return replace(made, fill_cpu_s=cpu, fill_s=wall)


def _settle(records: Records) -> None:
    """Let a server know what its tables hold, as it does by itself within minutes."""
    database = records.kernel.database
    if database.local:
        return
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def _hire(records: Records) -> None:
    operator = Actor.operator()
    (agency,) = records.accounts.agencies.page(operator, None, 1)
    for login, roles in _ROLES.items():
        new = NewOfficer(agency.id, login, login.title(), frozenset(roles), "en")
        _, first = records.accounts.officers.create(operator, new)
        assert first is not None  # noqa: S101 - there is no identity provider
        session = records.accounts.sessions.sign_in(Credentials(login, first), SessionKind.PROGRAM)
        records.accounts.account.change_password(session.actor, first, _PASSWORD)


@contextmanager
def served(made: Installation) -> Iterator[dict[str, TestClient]]:
    """Run the application; gives a browser for each officer, by login."""
    settings = Settings(
        data_dir=made.folder,
        cookie_secure=False,
        second_factor_required=False,
        log_level="error",
        erase_every_s=0,
        monitor_every_s=0,
        calibrate_every_s=0,
    )

    def open_service(_settings: Settings) -> Service:
        service = Service.over(made.open(), load_pack("open"), mock_pipeline(DIM))
        service.start()
        return service

    configure(settings.log_level)
    app = create_app(settings, open_service)
    with TestClient(app, base_url="http://localhost") as client:
        state = state_of(app)
        deadline = time.monotonic() + _WAIT_SECONDS
        while state.service is None and state.failure is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert state.service is not None, state.failure  # noqa: S101 - or the report is nonsense
        yield {login: _browser(client, state.service, login) for login in _ROLES}


def _browser(client: TestClient, service: Service, login: str) -> TestClient:
    sign_in, credentials = service.accounts.sessions.sign_in, Credentials(login, _PASSWORD)
    browser = TestClient(client.app, base_url="http://localhost")
    browser.portal = client.portal
    text = sign_in(credentials, SessionKind.CONSOLE).text
    browser.cookies.set(name_of(SESSION, secure=False), text)
    program = sign_in(credentials, SessionKind.PROGRAM).text
    browser.headers["Authorization"] = f"Bearer {program}"
    return browser
