"""Deliveries: in order, once at a time, again after failures, and given up in the end."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from api.v1.webhooks.schemas import render
from casework.accounts.api_keys import NewKey
from casework.kernel import rows
from casework.kernel.errors import NotFound
from casework.kernel.messages import Message
from casework.kernel.vocabulary import DeliveryState, EventKind, Role, Scope
from casework.tables import AuditRecord, Delivery, Webhook
from casework.webhooks.attempts import DeliveryQueue, DeliveryRules, Result, pause
from casework.webhooks.delivery_log import Deliveries, ReplaySelection
from casework.webhooks.fan_out import FanOut
from casework.webhooks.sender import Sender
from casework.webhooks.signature import secret_of
from casework.webhooks.webhooks import NewWebhook, Webhooks
from casework.webhooks.worker import Worker
from tests.casework.review.people import NO
from tests.casework.webhooks.receivers import Receiver, genuine, receiving
from tests.deadlines import patience
from tests.services import OPERATOR, Desk, officer, port_system

ALL = frozenset(EventKind)
RULES = DeliveryRules(timeout_s=round(patience(2)), attempts=3, max_age=timedelta(hours=2))
FAILED = Result(DeliveryState.PENDING, 500, 1.0, Message("delivery_answered", {"status": "500"}))
DONE = Result(DeliveryState.DELIVERED, 200, 1.0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


class Post:
    """Webhooks of one service, with private targets allowed."""

    def __init__(self, desk: Desk) -> None:
        records = desk.service
        self.desk, self.records = desk, records
        self.webhooks = Webhooks(records.kernel, private=True)
        self.deliveries = Deliveries(records.kernel)
        self.queues = FanOut(records.kernel)
        self.dispatch = DeliveryQueue(records.kernel, RULES)

    def register(self, url: str = "http://127.0.0.1:9/", **how: object) -> tuple[str, str]:
        """Make a webhook of IMI's; returns its id and secret."""
        if "key_id" not in how:
            how.setdefault("agency_id", self.desk.agency())
        row, secret = self.webhooks.create(OPERATOR, NewWebhook(url, ALL, **how))  # type: ignore[arg-type]
        return row.id, secret

    def webhook(self, webhook_id: str) -> Webhook:
        return self.webhooks.get(OPERATOR, webhook_id)

    def log(self, webhook_id: str) -> list[Delivery]:
        """The deliveries, the earliest first."""
        return self.deliveries.page(OPERATOR, webhook_id, None, 200)[::-1]

    def send(self, *, private: bool = True, until: int | None = None) -> None:
        """Run a worker until nothing more is due, or so many deliveries are under way or made."""

        async def work() -> None:
            every = frozenset(range(1, 65_536))
            sender = Sender(
                self.records.kernel,
                partial(render, practice=False),
                RULES.timeout_s,
                private=private,
                ports=every,
            )
            stopping = asyncio.Event()
            attempted: list[DeliveryState] = []
            async with sender:
                worker = Worker(
                    self.records.kernel, self.queues, self.dispatch, sender, attempted.append, _fail
                )
                running = asyncio.create_task(worker.run(stopping))
                deadline = time.monotonic() + patience(10)
                while time.monotonic() < deadline:
                    await asyncio.sleep(0.02)
                    if until is not None and len(attempted) >= until:
                        break
                    if until is None and not self._waits():
                        break
                stopping.set()
                await running

        asyncio.run(work())

    def _waits(self) -> bool:
        due = select(Delivery.seq).where(
            Delivery.state == DeliveryState.PENDING.value, Delivery.due_at <= self.desk.clock()
        )
        with self.records.kernel.database.read() as session:
            return session.scalar(due.limit(1)) is not None


def _fail(error: Exception) -> None:
    raise error


@pytest.fixture
def post(desk) -> Post:
    return Post(desk)


def alert_of(desk, person=1):
    return desk.screen(person).encounter.alerts[0].id


# What is sent


def test_a_delivery_is_signed_and_holds_what_the_agency_s_officers_may_see(desk, post, receiver):
    desk.enrol(1, reason="secret reason")
    webhook_id, secret = post.register(receiver.url)
    alert_id = alert_of(desk)
    post.queues.fill()
    post.send()
    (message,) = receiver.messages
    at = int(desk.clock().timestamp())
    assert genuine(message.headers, message.body, secret, at)
    (row,) = post.log(webhook_id)
    assert message.headers["webhook-id"] == row.event_id == message.json["id"]
    assert message.headers["Siaga-Delivery"] == row.id
    assert message.json["kind"] == "alert.raised"
    assert message.json["alert"]["id"] == message.json["object_id"] == alert_id
    assert message.json["alert"]["watchlist"]["id"] == desk.watchlist()
    assert b"Person 1" not in message.body
    assert b"secret reason" not in message.body
    assert (row.state, row.status_code, row.attempts) == ("delivered", 200, 1)
    assert row.latency_ms > 0


def test_both_signatures_are_sent_while_a_secret_is_replaced(desk, post, receiver):
    desk.enrol(1)
    webhook_id, old = post.register(receiver.url)
    _, new = post.webhooks.rotate(OPERATOR, webhook_id, timedelta(minutes=5))
    for later in (timedelta(), timedelta(minutes=6)):
        desk.clock.now += later
        alert_of(desk)
        post.queues.fill()
        post.send()
    during, after = receiver.messages
    at = int(desk.clock().timestamp())
    for key in (old, new):
        assert genuine(during.headers, during.body, key, at - 360)
    assert genuine(after.headers, after.body, new, at)
    assert not genuine(after.headers, after.body, old, at)


def test_a_secret_of_the_older_form_goes_on_signing_as_the_bytes_of_its_text(desk, post, receiver):
    """And while it is replaced, beside the new one."""
    desk.enrol(1)
    webhook_id, _ = post.register(receiver.url)
    text = b"whsec_aVh3_0xk2mEJ9yCwKfR7v-6Qp4sTzLuNbGdHiO1Mj5A"
    with post.records.kernel.database.write() as session:
        row = session.get_one(Webhook, webhook_id)
        row.sealed_secret = post.records.kernel.vault.seal(text, rows.webhook_secret(webhook_id))
    alert_of(desk)
    post.queues.fill()
    post.send()
    _, new = post.webhooks.rotate(OPERATOR, webhook_id)
    alert_of(desk)
    post.queues.fill()
    post.send()
    before, during = receiver.messages
    at = int(desk.clock().timestamp())
    assert genuine(before.headers, before.body, secret_of(text), at)
    assert genuine(during.headers, during.body, secret_of(text), at)
    assert genuine(during.headers, during.body, new, at)


def test_a_message_that_is_sent_again_has_the_same_id_and_a_new_time(desk, post, receiver):
    desk.enrol(1)
    _, secret = post.register(receiver.url)
    receiver.status = 500
    alert_of(desk)
    post.queues.fill()
    post.send(until=1)
    desk.clock.advance(seconds=60)
    receiver.status = 200
    post.send()
    first, again = receiver.messages
    at = int(desk.clock().timestamp())
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert int(again.headers["webhook-timestamp"]) == at
    assert genuine(again.headers, again.body, secret, at)


def test_a_port_system_hears_of_its_own_encounters_without_an_identity(desk, post, receiver):
    keys = desk.service.accounts.keys
    mine, _ = keys.create(OPERATOR, NewKey("mine", frozenset({Scope.SCREEN})))
    post.register(receiver.url, key_id=mine.id)
    desk.enrol(1)
    desk.screen(1, key=port_system("key_other"))
    encounter = desk.screen(1, key=port_system(mine.id), traveller_ref="ref-1").encounter
    alert = encounter.alerts[0]
    desk.service.review.decisions.acknowledge(officer(desk.agency(), Role.OFFICER), alert.id)
    post.queues.fill()
    post.send()
    raised, changed = receiver.messages
    assert set(raised.json) == {"id", "practice", "kind", "at", "alert"}
    assert changed.json["kind"] == "alert.changed"
    assert changed.json["alert"] == {
        "id": alert.id,
        "encounter_id": encounter.id,
        "outcome": "alert",
        "state": "acknowledged",
    }


def test_a_port_system_hears_what_becomes_of_its_traveller(desk, post, receiver):
    keys = desk.service.accounts.keys
    mine, _ = keys.create(OPERATOR, NewKey("mine", frozenset({Scope.SCREEN})))
    post.register(receiver.url, key_id=mine.id)
    post.register(receiver.url)
    desk.watchlist(requires_second_officer=False)
    desk.enrol(1)
    desk.screen(1, key=port_system("key_other"))
    encounter = desk.screen(1, key=port_system(mine.id)).encounter
    chief = officer(desk.agency(), Role.OFFICER, Role.SUPERVISOR)
    for alert in (encounter.alerts[0].id, alert_of(desk)):
        desk.service.review.decisions.acknowledge(chief, alert)
        desk.service.review.decisions.decide(chief, alert, NO)
    # As long as the opinion can be taken back, the port hears nothing.
    desk.clock.advance(seconds=10)
    desk.service.review.decisions.tell_releases()
    post.queues.fill()
    post.send()
    (message,) = [each for each in receiver.messages if "encounter_id" in each.json]
    assert set(message.json) == {"id", "practice", "kind", "at", "encounter_id", "disposition"}
    assert (message.json["kind"], message.json["encounter_id"]) == (
        "encounter.disposition",
        encounter.id,
    )
    assert message.json["disposition"]["state"] == "released"
    assert message.json["disposition"]["instruction"]["en"] == "The traveller may go on."


def test_a_list_that_is_shared_no_more_is_told_no_more_even_if_it_waits(desk, post, receiver):
    shared = desk.watchlist("shared", shared_with=(desk.agency("POL"),))
    webhook_id, _ = post.register(receiver.url, agency_id=desk.agency("POL"))
    desk.enrol(1, shared)
    alert_of(desk)
    post.queues.fill()
    analyst = officer(desk.agency(), Role.ANALYST)
    desk.service.lists.watchlists.edit(analyst, shared, {"shared_with": []}, None)
    alert_of(desk)
    post.queues.fill()
    post.send()
    assert receiver.messages == []
    assert [row.state for row in post.log(webhook_id)] == ["gone"]


# Where it is sent


def test_a_name_that_leads_inside_later_is_refused_at_delivery(desk, post, receiver):
    desk.enrol(1)
    webhook_id, _ = post.register(receiver.url.replace("http://127.0.0.1", "https://localhost"))
    alert_of(desk)
    post.queues.fill()
    post.send(private=False)
    (row,) = post.log(webhook_id)
    assert "private address" in row.error
    assert (row.state, row.status_code) == ("pending", None)
    assert receiver.messages == []


def test_a_redirect_is_not_followed(desk, post, receiver):
    desk.enrol(1)
    receiver.status, receiver.location = 302, "/elsewhere"
    webhook_id, _ = post.register(receiver.url)
    alert_of(desk)
    post.queues.fill()
    post.send()
    assert [message.path for message in receiver.messages] == ["/siaga"]
    (row,) = post.log(webhook_id)
    assert (row.state, row.status_code, row.error) == ("pending", 302, "The receiver answered 302.")


def test_a_proxy_of_the_environment_is_not_asked(desk, post, receiver, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    desk.enrol(1)
    post.register(receiver.url)
    alert_of(desk)
    post.queues.fill()
    post.send()
    assert len(receiver.messages) == 1


def test_a_receiver_that_does_not_answer_is_left_after_a_while(desk, post, receiver):
    receiver.gate = threading.Event()
    desk.enrol(1)
    webhook_id, _ = post.register(receiver.url)
    alert_of(desk)
    post.queues.fill()
    began = time.monotonic()
    post.send(until=1)
    assert time.monotonic() - began < RULES.timeout_s + patience(2)
    receiver.gate.set()
    (row,) = post.log(webhook_id)
    assert f"{RULES.timeout_s:g} seconds" in row.error


# In which order, and how often


def test_nothing_overtakes_within_a_list_and_lists_do_not_wait_for_each_other(desk, post):
    desk.enrol(1, desk.watchlist("first"))
    desk.enrol(2, desk.watchlist("second"))
    post.register()
    mine = [alert_of(desk, 1), alert_of(desk, 1)]
    other = alert_of(desk, 2)
    post.queues.fill()
    claims = post.dispatch.claim(10)
    assert [claim.delivery.object_id for claim in claims] == [mine[0], other]
    post.dispatch.finish(claims[0], FAILED)
    post.dispatch.finish(claims[1], DONE)
    assert post.dispatch.claim(10) == []
    desk.clock.advance(seconds=2)
    (again,) = post.dispatch.claim(10)
    assert again.delivery.object_id == mine[0]
    post.dispatch.finish(again, DONE)
    (last,) = post.dispatch.claim(10)
    assert last.delivery.object_id == mine[1]


@pytest.mark.every_database
def test_several_processes_make_each_delivery_once(desk):
    posts = [Post(desk) for _ in range(4)]
    for person in (1, 2, 3):
        desk.enrol(person, desk.watchlist(f"list {person}"))
    webhook_id, _ = posts[0].register()
    for person in [1, 2, 3] * 5:
        alert_of(desk, person)
    made: list[tuple[str, int]] = []

    def work(post: Post) -> None:
        idle = 0
        while idle < 5:
            post.queues.fill()
            claims = post.dispatch.claim(3)
            idle = 0 if claims else idle + 1
            for claim in claims:
                made.append((claim.delivery.lane, claim.delivery.seq))
                post.dispatch.finish(claim, DONE)

    with ThreadPoolExecutor() as threads:
        for working in [threads.submit(work, post) for post in posts]:
            working.result()
    assert len(made) == len(set(made)) == 15
    for lane in {lane for lane, _ in made}:
        numbers = [number for of, number in made if of == lane]
        assert numbers == sorted(numbers)
    assert {row.state for row in posts[0].log(webhook_id)} == {"delivered"}


def test_what_a_dead_process_had_claimed_is_taken_up_and_its_late_result_is_not(desk, post):
    desk.enrol(1)
    webhook_id, _ = post.register()
    alert_of(desk)
    post.queues.fill()
    (lost,) = post.dispatch.claim(10)
    assert Post(desk).dispatch.claim(10) == []
    assert 0 < post.dispatch.pause() <= RULES.timeout_s + 5
    desk.clock.advance(seconds=RULES.timeout_s + 6)
    (taken,) = Post(desk).dispatch.claim(10)
    post.dispatch.finish(lost, DONE)
    (row,) = post.log(webhook_id)
    assert row.state == "pending"
    post.dispatch.finish(taken, DONE)
    (row,) = post.log(webhook_id)
    assert (row.state, row.attempts) == ("delivered", 1)


def test_what_happened_before_a_webhook_was_made_is_not_told(desk, post):
    desk.enrol(1)
    alert_of(desk)
    post.register()
    assert post.queues.fill() == 0
    alert_of(desk)
    assert post.queues.fill() == 1
    assert post.queues.fill() == 0


def test_only_the_chosen_kinds_are_told(desk, post):
    desk.enrol(1)
    raised = NewWebhook(
        "http://127.0.0.1:9/", frozenset({EventKind.ALERT_RAISED}), "", desk.agency()
    )
    row, _ = post.webhooks.create(OPERATOR, raised)
    alert_id = alert_of(desk)
    desk.service.review.decisions.acknowledge(officer(desk.agency(), Role.OFFICER), alert_id)
    assert post.queues.fill() == 1
    assert [each.kind for each in post.log(row.id)] == ["alert.raised"]


# Failures


def test_pauses_double_and_are_never_the_same_for_all():
    seconds = [pause(attempt).total_seconds() for attempt in range(1, 60)]
    assert 0.5 <= seconds[0] <= 1
    assert 4 <= seconds[3] <= 8
    assert all(450 <= each <= 900 for each in seconds[12:])
    assert len(set(seconds)) == len(seconds)


def test_a_delivery_that_fails_too_often_switches_its_webhook_off_and_says_so(desk, post):
    desk.enrol(1)
    webhook_id, _ = post.register()
    first, second = alert_of(desk), alert_of(desk)
    post.queues.fill()
    for attempt in range(1, 4):
        (claim,) = post.dispatch.claim(10)
        assert claim.delivery.object_id == first
        post.dispatch.finish(claim, FAILED)
        assert post.webhook(webhook_id).failures == attempt
        desk.clock.advance(minutes=1)
    row = post.webhook(webhook_id)
    assert not row.active
    assert "failed 3 times" in row.disabled_reason
    assert post.dispatch.figures().disabled == 1
    assert post.dispatch.claim(10) == []
    with desk.service.kernel.database.read() as session:
        record = session.scalars(
            select(AuditRecord).where(AuditRecord.action == "webhook.disable")
        ).one()
    assert (record.object_id, record.owner_id, record.actor_kind) == (
        webhook_id,
        desk.agency(),
        "service",
    )
    # Switched on again, the rest goes out; what was given up does not, unless it is asked for.
    row = post.webhooks.edit(OPERATOR, webhook_id, {"active": True}, None)
    assert (row.failures, row.disabled_reason) == (0, None)
    (claim,) = post.dispatch.claim(10)
    assert claim.delivery.object_id == second
    post.dispatch.finish(claim, DONE)
    assert [each.state for each in post.log(webhook_id)] == ["dead", "delivered"]
    assert (
        post.deliveries.replay(OPERATOR, webhook_id, ReplaySelection(states=(DeliveryState.DEAD,)))
        == 1
    )
    (claim,) = post.dispatch.claim(10)
    assert claim.delivery.object_id == first
    assert claim.delivery.replay_of == post.log(webhook_id)[0].id


def test_what_waited_too_long_is_no_longer_told(desk, post):
    desk.enrol(1)
    webhook_id, _ = post.register()
    post.webhooks.edit(OPERATOR, webhook_id, {"active": False}, None, "moved")
    alert_of(desk)
    desk.clock.advance(hours=3)
    late = alert_of(desk)
    assert post.queues.fill() == 0
    post.webhooks.edit(OPERATOR, webhook_id, {"active": True}, None)
    assert post.queues.fill() == 2
    (claim,) = post.dispatch.claim(10)
    assert claim.delivery.object_id == late
    assert [row.state for row in post.log(webhook_id)] == ["expired", "pending"]


def test_a_receiver_out_of_force_is_told_nothing(desk, post):
    keys = desk.service.accounts.keys
    port, _ = keys.create(OPERATOR, NewKey("port", frozenset({Scope.SCREEN})))
    post.register(key_id=port.id)
    desk.enrol(1)
    desk.screen(1, key=port_system(port.id))
    assert post.queues.fill() == 1
    keys.revoke(OPERATOR, port.id)
    assert post.dispatch.claim(10) == []
    desk.screen(1, key=port_system(port.id))
    assert post.queues.fill() == 0


# The log, and telling again


def test_deliveries_are_made_again_in_their_order(desk, post, receiver):
    desk.enrol(1)
    webhook_id, _ = post.register(receiver.url)
    for _ in range(3):
        alert_of(desk)
        desk.clock.advance(minutes=1)
    post.queues.fill()
    post.send()
    first = receiver.ids()
    log = post.log(webhook_id)
    again = ReplaySelection(since=log[1].at)
    assert post.deliveries.replay(OPERATOR, webhook_id, again) == 2
    post.send()
    assert receiver.ids() == first + first[1:]
    assert post.deliveries.replay(OPERATOR, webhook_id, ReplaySelection(ids=(log[0].id,))) == 1
    post.send()
    assert receiver.ids()[-1] == first[0]
    # What is in the log twice is still told once more, not twice.
    assert post.deliveries.replay(OPERATOR, webhook_id, ReplaySelection()) == 3
    for ids in (("dlv_none",), (log[0].id, "dlv_none")):
        with pytest.raises(NotFound):
            post.deliveries.replay(OPERATOR, webhook_id, ReplaySelection(ids=ids))


def test_the_log_is_read_in_pages(desk, post):
    desk.enrol(1)
    webhook_id, _ = post.register()
    for _ in range(5):
        alert_of(desk)
    post.queues.fill()
    pages, before = [], None
    while rows := post.deliveries.page(OPERATOR, webhook_id, before, 2):
        pages.append([row.seq for row in rows])
        before = rows[-1].id
    assert pages == [[5, 4], [3, 2], [1]]
    assert post.deliveries.page(OPERATOR, webhook_id, None, 9, DeliveryState.DEAD) == []


def test_a_ping_is_tried_once_and_never_switches_a_webhook_off(desk, post, receiver):
    webhook_id, secret = post.register(receiver.url)
    post.deliveries.ping(OPERATOR, webhook_id)
    post.send()
    (message,) = receiver.messages
    assert message.json["kind"] == "ping"
    at = int(desk.clock().timestamp())
    assert genuine(message.headers, message.body, secret, at)
    receiver.status = 500
    post.deliveries.ping(OPERATOR, webhook_id)
    post.send()
    assert [row.state for row in post.log(webhook_id)] == ["delivered", "dead"]
    row = post.webhook(webhook_id)
    assert row.active
    assert row.failures == 0


def test_figures_count_what_waits(desk, post):
    desk.enrol(1)
    post.register()
    alert_of(desk)
    desk.clock.advance(seconds=90)
    post.queues.fill()
    figures = post.dispatch.figures()
    assert (figures.pending, figures.oldest_s, figures.disabled) == (1, 90, 0)
