"""Everything that is committed is told, across a kill: a real service, a real receiver."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import httpx2
import pytest
from sqlalchemy import select

from casework.accounts.api_keys import NewKey
from casework.kernel.vocabulary import EventKind, Scope
from casework.records import Records
from casework.tables import Alert, OutboxEvent
from casework.watchlists.watchlists import NewWatchlist
from casework.webhooks.webhooks import NewWebhook
from cli.background import free_port, running
from config.settings import Settings
from tests.api.events import following
from tests.casework.webhooks.receivers import receiving
from tests.data import encoded, image_of
from tests.deadlines import patience, wait_until
from tests.services import OPERATOR, lay

RAISED = frozenset({EventKind.ALERT_RAISED})
BEFORE_KILL = 6
PHOTO = encoded(image_of("astronaut"), quality=90)


class Listener:
    """A program that follows the stream and comes back whenever it is cut off."""

    def __init__(self, address: str, headers: dict[str, str]) -> None:
        self.had: list[str] = []
        self._address, self._headers = address, headers
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self.ready = threading.Event()

    @contextmanager
    def listening(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            self._thread.join()

    def _listen(self) -> None:
        last = None
        while not self._stopping.is_set():
            try:
                with following(self._address, self._headers, last) as stream:
                    for event in stream:
                        last = event.id
                        self.ready.set()
                        if event.kind == "alert.raised":
                            self.had.append(event.id)
                        if self._stopping.is_set():
                            return
            except (httpx2.TransportError, AssertionError):
                time.sleep(0.05)  # it is being started again


@dataclass(slots=True)
class Port:
    """A port system that sends the same wanted traveller again and again."""

    address: str
    key: str
    told: int = 0
    """Alerts that were answered."""
    client: httpx2.Client = field(default_factory=httpx2.Client)

    def screen(self) -> None:
        answer = self.client.post(
            f"{self.address}/v1/encounters",
            headers={"Authorization": f"Bearer {self.key}"},
            data={"port": "CGK", "direction": "entry"},
            files={"photo": PHOTO},
            timeout=patience(20),
        )
        if answer.status_code == 201:
            self.told += len(answer.json()["alerts"])

    def screen_until_gone(self) -> None:
        with suppress(httpx2.TransportError):
            while True:
                self.screen()


def raised(records: Records) -> list[tuple[str, str, str]]:
    """What is in the outbox, in order: event, alert, watchlist."""
    query = (
        select(OutboxEvent.id, OutboxEvent.object_id, OutboxEvent.watchlist_id)
        .where(OutboxEvent.kind == EventKind.ALERT_RAISED.value)
        .order_by(OutboxEvent.seq)
    )
    with records.kernel.database.read() as session:
        return [(row.id, row.object_id, row.watchlist_id or "") for row in session.execute(query)]


def enrol(address: str, office: dict[str, str], lists: list[str]) -> None:
    made = httpx2.post(
        f"{address}/v1/subjects",
        headers=office,
        data={"subject": json.dumps({"name": "Astronaut", "watchlist_ids": lists})},
        files={"photos": PHOTO},
        timeout=patience(20),
    )
    assert made.status_code == 201, made.text


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    monkeypatch.setenv("SIAGA_WEBHOOK_PRIVATE_TARGETS", "true")
    monkeypatch.setenv("SIAGA_WEBHOOK_TIMEOUT_S", "1")
    return Settings(data_dir=tmp_path, port=free_port())


@pytest.fixture
def records(settings) -> Iterator[Records]:
    keys = lay(settings.data_dir)
    records = Records.open(settings.resolved_database_url, keys, private_targets=True)
    yield records
    records.close()


def test_stream_and_webhook_tell_every_alert_in_order_across_a_kill(settings, records):
    agency = records.accounts.agencies.begin(OPERATOR, "IMI", "Immigration").id
    _, key = records.accounts.keys.create(OPERATOR, NewKey("port", frozenset({Scope.SCREEN})))
    enrols = NewKey("office", frozenset({Scope.ENROL, Scope.READ_ALERTS}), agency_id=agency)
    office = {"Authorization": f"Bearer {records.accounts.keys.create(OPERATOR, enrols)[1]}"}
    lists = [records.lists.watchlists.create(OPERATOR, NewWatchlist(n, agency)).id for n in "ab"]
    address = f"http://127.0.0.1:{settings.port}"
    port, listener = Port(address, key), Listener(address, office)
    with port.client, receiving() as receiver, listener.listening():
        records.exchange.webhooks.create(
            OPERATOR, NewWebhook(receiver.url, RAISED, agency_id=agency)
        )
        receiver.refuses = lambda number: number % 5 == 3  # a receiver has its bad moments too
        with running(settings) as service:
            enrol(address, office, lists)
            assert listener.ready.wait(patience(10))
            while port.told < BEFORE_KILL:
                port.screen()
            threading.Timer(0.05, service.process.kill).start()
            port.screen_until_gone()
            service.process.wait()
        with running(settings):
            port.screen()
            events = raised(records)
            expected = {event_id for event_id, _, _ in events}
            wait_until(lambda: expected <= set(receiver.ids()) & set(listener.had), 20)
            ended = time.monotonic()
        # A stream that is open does not hold up the end.
        assert time.monotonic() - ended < patience(5)

    # Every alert that was answered is committed, and every one committed is in the outbox once.
    with records.kernel.database.read() as session:
        alerts = sorted(session.scalars(select(Alert.id)))
    assert sorted(alert_id for _, alert_id, _ in events) == alerts
    assert len(alerts) >= port.told > BEFORE_KILL
    for had in (dict.fromkeys(receiver.ids()), dict.fromkeys(listener.had)):
        assert set(had) == expected
        for each in lists:
            in_order = [event_id for event_id, _, of in events if of == each]
            assert [event_id for event_id in had if event_id in in_order] == in_order
    for message in receiver.messages:
        assert message.headers["webhook-id"] == message.json["id"]
