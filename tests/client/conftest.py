"""A real HTTP server over drawn people, and what the client needs to talk to it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.app import create_app
from api.server import make_server
from api.state import state_of
from casework.accounts.api_keys import NewKey
from casework.accounts.officers import NewOfficer
from casework.accounts.sign_in import Credentials
from casework.kernel.vocabulary import Role, Scope, SessionKind
from tests.api.conftest import settings_for
from tests.deadlines import wait_until
from tests.services import OPERATOR, PASSWORD, Desk, FakeClock, open_service


@dataclass(slots=True)
class Served:
    """A service that answers over a socket."""

    address: str
    desk: Desk

    def key(self, *scopes: Scope) -> str:
        """Make an API key."""
        new = NewKey("test", frozenset(scopes), agency_id=self.desk.agency())
        return self.desk.service.accounts.keys.create(OPERATOR, new)[1]

    def officer(self, login: str, *roles: Role) -> tuple[str, str]:
        """Make an officer who has chosen a password; returns login and password."""
        records = self.desk.service
        new = NewOfficer(self.desk.agency(), login, "Somebody", frozenset(roles))
        _, first = records.accounts.officers.create(OPERATOR, new)
        assert first is not None
        session = records.accounts.sessions.sign_in(Credentials(login, first), SessionKind.PROGRAM)
        records.accounts.account.change_password(session.actor, first, PASSWORD)
        return login, PASSWORD


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    clock = FakeClock()
    settings = settings_for(tmp_path, port=0)
    app = create_app(settings, lambda _: open_service(tmp_path / "siaga.db", clock))
    server = make_server(app, settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started and state_of(app).service is not None, 30)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(f"http://127.0.0.1:{port}", Desk(state_of(app).opened, clock))
    finally:
        server.should_exit = True
        thread.join()
