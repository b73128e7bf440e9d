"""A service that answers browsers over a socket, and can be stopped and started again."""

import asyncio
import threading
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.server import make_server
from api.state import state_of
from casework.accounts.api_keys import NewKey
from casework.accounts.officers import NewOfficer
from casework.accounts.sign_in import Credentials
from casework.kernel.actor import Actor
from casework.kernel.vocabulary import Role, Scope, SessionKind
from casework.service import Service
from cli.background import free_port
from config.settings import Settings
from detector.pipeline import Pipeline
from tests.api.conftest import settings_for
from tests.deadlines import patience, wait_until
from tests.fakes import photo_of
from tests.services import OPERATOR, PASSWORD, Desk, FakeClock, open_service

# What is measured is measured, not waited for.
WAIT_S = 30


@dataclass(slots=True)
class Installation:
    """Real HTTP, database, vault and gallery; time moves when told to.

    It sees drawn people, or with a `pipeline` real ones.
    """

    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    port: int = field(default_factory=free_port)
    app: FastAPI | None = None
    desk: Desk | None = None
    pipeline: Pipeline | None = None
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None
    _loop: asyncio.AbstractEventLoop | None = None

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def at_hand(self) -> Desk:
        """The service from inside, for setting a scene."""
        assert self.desk is not None
        return self.desk

    def start(self) -> None:
        """Begin to answer, at the same address and over the same data as before."""
        settings = settings_for(
            self.folder, cookie_secure=False, port=self.port, shutdown_grace_s=1
        )

        def opened(_: Settings) -> Service:
            return open_service(
                self.folder / "siaga.db",
                self.clock,
                private_targets=True,
                pipeline=self.pipeline,
            )

        self.app = create_app(settings, opened)
        self._server = make_server(self.app, settings)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        server, state = self._server, state_of(self.app)
        wait_until(lambda: server.started and state.service is not None, WAIT_S)
        # Lists and agencies that were made before a restart are still known by name.
        known = self.desk
        self.desk = Desk(state_of(self.app).opened, self.clock)
        if known is not None:
            self.desk.watchlists, self.desk.agencies = known.watchlists, known.agencies

    def stop(self) -> None:
        """Stop answering; open streams are cut."""
        assert self._server is not None
        assert self._thread is not None
        self._server.should_exit = True
        self._thread.join()

    async def _serve(self) -> None:
        assert self._server is not None
        self._loop = asyncio.get_running_loop()
        await self._server.serve()

    def import_now(self) -> None:
        """Let the service look for imports at once, as its own forms do."""
        assert self.app is not None
        assert self._loop is not None
        self._loop.call_soon_threadsafe(state_of(self.app).importing.wake)

    def officer(
        self, login: str, *roles: Role, name: str = "", agency: str = "IMI", language: str = "en"
    ) -> Actor:
        """Make an officer who has chosen the password; returns a session of theirs."""
        records = self.at_hand.service
        new = NewOfficer(
            self.at_hand.agency(agency), login, name or login, frozenset(roles), language
        )
        _, first = records.accounts.officers.create(OPERATOR, new)
        assert first is not None
        session = records.accounts.sessions.sign_in(Credentials(login, first), SessionKind.PROGRAM)
        records.accounts.account.change_password(session.actor, first, PASSWORD)
        again = records.accounts.sessions.sign_in(Credentials(login, PASSWORD), SessionKind.PROGRAM)
        return again.actor

    def gate(self) -> httpx2.Client:
        """Return a port system's connection."""
        new = NewKey("gate", frozenset({Scope.SCREEN}), agency_id=self.at_hand.agency())
        _, text = self.at_hand.service.accounts.keys.create(OPERATOR, new)
        bearer = {"Authorization": f"Bearer {text}"}
        return httpx2.Client(base_url=self.address, headers=bearer, timeout=patience(WAIT_S))


def arrive(gate: httpx2.Client, person: int, port: str = "CGK") -> str:
    """Submit a drawn person's photo as a port system does; returns the alert's id."""
    answer = gate.post(
        "/v1/encounters",
        data={"port": port, "direction": "entry", "stage": "arrival"},
        files={"photo": ("arrival.jpg", photo_of(person, brightness=0.9), "image/jpeg")},
    )
    assert answer.status_code == 201, answer.text
    alert_id: str = answer.json()["alerts"][0]["id"]
    return alert_id
