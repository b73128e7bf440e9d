"""The stream of alerts, over a real connection."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from api.app import create_app
from api.server import make_server
from api.state import state_of
from api.streams import Streams
from casework.kernel.vocabulary import Opinion, Role, Scope
from casework.review.decisions import Finding
from cli.background import free_port
from tests.api.conftest import settings_for
from tests.api.events import following
from tests.deadlines import patience, wait_until
from tests.services import Desk, FakeClock, officer, open_service


@pytest.fixture
def served(tmp_path: Path, clock: FakeClock) -> Iterator[tuple[str, Desk, Streams]]:
    """The application behind a real web server; its address, and the same service from inside."""
    port = free_port()
    settings = settings_for(tmp_path, max_streams=6, port=port, shutdown_grace_s=10)
    app = create_app(settings, lambda s: open_service(tmp_path / "siaga.db", clock))
    server = make_server(app, settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: state_of(app).service is not None, 30)
        yield address, Desk(state_of(app).opened, clock), state_of(app).streams
    finally:
        state_of(app).streams.close()
        server.should_exit = True
        thread.join()


@pytest.fixture
def address(served: tuple[str, Desk, Streams]) -> str:
    return served[0]


@pytest.fixture
def desk(served: tuple[str, Desk, Streams]) -> Desk:
    return served[1]


@pytest.fixture
def reader(sign_in) -> dict[str, str]:
    """Header of an officer of IMI."""
    header: dict[str, str] = sign_in(Role.OFFICER)
    return header


def test_an_alert_is_told_within_a_second(address, desk, reader):
    desk.enrol(1)
    with following(address, reader) as stream:
        first = next(stream)
        assert (first.kind, first.data) == ("ready", {"resumed": False})
        for _ in range(3):
            began = time.monotonic()
            alert = desk.screen(1).encounter.alerts[0]
            told = next(stream)
            assert time.monotonic() - began < patience(1)
            assert (told.kind, told.data["alert"]["id"]) == ("alert.raised", alert.id)
            assert told.id == told.data["id"]


def test_what_another_process_writes_is_told_within_a_second(address, desk, reader, tmp_path):
    desk.enrol(1)
    other = open_service(tmp_path / "siaga.db", desk.clock)
    with following(address, reader) as stream:
        next(stream)
        began = time.monotonic()
        Desk(other, desk.clock, desk.watchlists, desk.agencies).screen(1)
        assert next(stream).kind == "alert.raised"
        assert time.monotonic() - began < patience(1.2)
    other.close()


def test_a_stream_goes_on_where_it_was_left(address, desk, reader):
    desk.enrol(1)
    with following(address, reader) as stream:
        start = next(stream).id
    desk.screen(1)
    desk.screen(1)
    with following(address, reader, start) as stream:
        assert next(stream).data == {"resumed": True}
        first, second = next(stream), next(stream)
    with following(address, reader, first.id) as stream:
        next(stream)
        assert next(stream) == second
    with following(address, reader, "evt_unknown") as stream:
        ready = next(stream)
        assert (ready.data, ready.id) == ({"resumed": False}, second.id)


def test_nothing_of_others_is_told_and_the_first_opinion_is_veiled(address, desk, sign_in):
    own = desk.watchlist("two", requires_second_officer=True)
    desk.enrol(1, own)
    desk.enrol(2, desk.watchlist("police", agency_id=desk.agency("POL")))
    supervisor = sign_in(Role.SUPERVISOR)
    with following(address, supervisor) as stream:
        next(stream)
        desk.screen(2)
        alert = desk.screen(1).encounter.alerts[0]
        first = officer(desk.agency(), Role.OFFICER, name="first")
        review = desk.service.review.decisions
        review.acknowledge(first, alert.id)
        review.decide(first, alert.id, Finding(Opinion.NOT_CANDIDATE))
        told = [next(stream) for _ in range(3)]
        assert {event.data["object_id"] for event in told} == {alert.id}
        assert told[-1].data["alert"]["state"] == "under_review"
        assert "not_candidate" not in str(told)


def test_the_stream_ends_with_the_session_before_anything_more_is_told(address, desk, reader):
    desk.enrol(1)
    records = desk.service
    with following(address, reader) as stream:
        next(stream)
        actor = records.accounts.sessions.recognise(reader["Authorization"].removeprefix("Bearer "))
        records.accounts.sessions.end(actor)
        desk.screen(1)
        assert list(stream) == []
    assert httpx2.get(f"{address}/v1/alerts/stream", headers=reader).status_code == 401


def test_the_stream_ends_when_the_session_runs_out(address, desk, reader, monkeypatch):
    monkeypatch.setattr("api.streams._LOOK_AGAIN_S", 0.2)
    with following(address, reader) as stream:
        next(stream)
        desk.clock.advance(hours=1)
        assert list(stream) == []


def test_streams_are_bounded_for_each_reader_and_for_all(address, desk, reader, sign_in, served):
    other = sign_in(Role.OFFICER, agency="POL")
    url = f"{address}/v1/alerts/stream"
    with ExitStack() as opened:
        streams = [opened.enter_context(following(address, reader)) for _ in range(5)]
        for stream in streams:
            next(stream)
        refused = httpx2.get(url, headers=reader)
        assert (refused.status_code, refused.json()["code"]) == (503, "too_many_streams")
        assert refused.headers["retry-after"] == "30"
        with following(address, other) as stream:
            next(stream)
            third = sign_in(Role.OFFICER, agency="BEA")
            assert httpx2.get(url, headers=third).json()["code"] == "too_many_streams"

    def closed() -> bool:
        desk.service.kernel.outbox.ring()
        return bool(served[2].open == 0)

    wait_until(closed, 5)
    with following(address, reader) as stream:
        assert next(stream).kind == "ready"


def test_who_may_see_no_alert_is_refused(address, desk, sign_in, key):
    url = f"{address}/v1/alerts/stream"
    assert httpx2.get(url).status_code == 401
    for header in (sign_in(Role.ADMIN), key(Scope.SCREEN), key(Scope.ENROL)):
        assert httpx2.get(url, headers=header).status_code == 403
    # A program whose key reads an agency's alerts may follow them.
    with following(address, key(Scope.READ_ALERTS)) as stream:
        assert next(stream).kind == "ready"
