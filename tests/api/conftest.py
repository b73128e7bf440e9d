"""The HTTP application over drawn people, called in process."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.management import create_management
from api.state import state_of
from casework.accounts.api_keys import NewKey
from casework.accounts.officers import NewOfficer
from casework.accounts.sign_in import Credentials
from casework.kernel.vocabulary import AgencyKind, Role, Scope, SessionKind
from config.settings import Settings
from tests.deadlines import wait_until
from tests.services import OPERATOR, PASSWORD, Desk, FakeClock, lay, open_service

BY_THE_HOUR = ("calibrate_every_s", "erase_every_s", "monitor_every_s")


def settings_for(folder: Path, **values: object) -> Settings:
    """Settings of a service whose data lies in `folder`; what runs by the hour is left out.

    The tests' key is put where the settings say it is, for processes that the service starts.
    """
    if folder.is_dir() and not any((folder / name).exists() for name in ("siaga.db", "siaga.key")):
        lay(folder)
    given: dict[str, Any] = dict.fromkeys(BY_THE_HOUR, 0) | values
    return Settings(data_dir=folder, workers=2, max_photo_bytes=300_000, **given)


def wait_until_ready(client: TestClient) -> None:
    """The service opens beside the event loop: ask once it is there."""
    state = state_of(client.app)  # type: ignore[arg-type]
    wait_until(lambda: state.service is not None or state.failure is not None, 30, every=0.005)
    wait_until(lambda: client.get("/readyz").status_code == 200, 30, every=0.01)


def management(client: TestClient) -> TestClient:
    """The management port of the same application."""
    return TestClient(create_management(state_of(client.app)), base_url="http://localhost")  # type: ignore[arg-type]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def practice() -> bool:
    """Whether it is a practice installation: a module of tests says so for itself."""
    return False


@pytest.fixture
def client(tmp_path: Path, clock: FakeClock, practice: bool) -> Iterator[TestClient]:
    app = create_app(
        settings_for(tmp_path, practice=practice),
        lambda s: open_service(tmp_path / "siaga.db", clock, limits=s.limits, practice=s.practice),
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        wait_until_ready(client)
        yield client


@pytest.fixture
def desk(client: TestClient, clock: FakeClock) -> Desk:
    """The same service from inside, for setting a scene."""
    return Desk(state_of(client.app).opened, clock)  # type: ignore[arg-type]


@pytest.fixture
def key(desk: Desk) -> Callable[..., dict[str, str]]:
    """Make a key; returns the header that shows it."""

    def make(*scopes: Scope, ports: list[str] | None = None) -> dict[str, str]:
        new = NewKey("test", frozenset(scopes), frozenset(ports) if ports else None, desk.agency())
        _, text = desk.service.accounts.keys.create(OPERATOR, new)
        return {"Authorization": f"Bearer {text}"}

    return make


@pytest.fixture
def port(key: Callable[..., dict[str, str]]) -> dict[str, str]:
    """Header of a port system's key."""
    return key(Scope.SCREEN)


@pytest.fixture
def office(desk: Desk) -> dict[str, str]:
    """Header of an analyst's session."""
    return signed_in(desk, Role.ANALYST, login="imi.office")


def signed_in(
    desk: Desk,
    *roles: Role,
    agency: str = "IMI",
    kind: AgencyKind = AgencyKind.MEMBER,
    login: str | None = None,
) -> dict[str, str]:
    """Make an officer who has chosen a password; returns the header of a session."""
    records = desk.service
    login = login or f"{agency}.{'.'.join(roles)}".lower()
    new = NewOfficer(desk.agency(agency, kind), login, "Somebody", frozenset(roles))
    _, first = records.accounts.officers.create(OPERATOR, new)
    assert first is not None
    session = records.accounts.sessions.sign_in(Credentials(login, first), SessionKind.PROGRAM)
    records.accounts.account.change_password(session.actor, first, PASSWORD)
    return {"Authorization": f"Bearer {session.text}"}


@pytest.fixture
def sign_in(desk: Desk) -> Callable[..., dict[str, str]]:
    """Sign somebody in: see `signed_in`."""
    return partial(signed_in, desk)


@pytest.fixture
def admin(sign_in: Callable[..., dict[str, str]]) -> dict[str, str]:
    """Header of an administrator of the agency that runs the installation."""
    return sign_in(Role.ADMIN, agency="OPS", kind=AgencyKind.OPERATOR)


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Check that a response is this problem document; returns it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["detail"]
    assert body["request_id"] == response.headers["x-request-id"]
    return body
