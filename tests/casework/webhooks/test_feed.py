"""The outbox and what each reader may see of it."""

import threading
from contextlib import suppress

import pytest
from sqlalchemy import select

from api.v1.webhooks.schemas import render
from casework.kernel.errors import NotPermitted
from casework.kernel.outbox import Event
from casework.kernel.vocabulary import AlertState, EventKind, Opinion, Role
from casework.review.decisions import Finding
from casework.tables import OutboxEvent
from casework.webhooks.feed import START
from tests.services import officer, open_service, port_system


def events(desk):
    with desk.service.kernel.database.read() as session:
        return list(session.scalars(select(OutboxEvent).order_by(OutboxEvent.seq)))


def seen(desk, actor, seq=0):
    return desk.service.exchange.feed.after(actor, seq).events


def test_an_alert_is_in_the_outbox_and_a_clear_encounter_is_not(desk):
    desk.enrol(1)
    alert = desk.screen(1).encounter.alerts[0]
    desk.screen(2)
    (event,) = events(desk)
    assert (event.kind, event.object_id) == ("alert.raised", alert.id)
    assert (event.owner_id, event.watchlist_id) == (desk.agency(), desk.watchlist())
    assert event.key_id == port_system().id


def test_each_step_of_a_review_is_told(desk):
    desk.enrol(1)
    alert = desk.screen(1).encounter.alerts[0]
    actor = officer(desk.agency(), Role.OFFICER)
    desk.service.review.decisions.acknowledge(actor, alert.id)
    raised, changed = seen(desk, actor)
    assert [raised.kind, changed.kind] == [EventKind.ALERT_RAISED, EventKind.ALERT_CHANGED]
    assert raised.id != changed.id
    # Both show the alert as it stands now.
    assert raised.alert.version == changed.alert.version == 2


def test_what_was_undone_is_not_told(desk):
    records = desk.service
    rung = []
    with records.kernel.outbox.listening(lambda: rung.append(1)):
        with suppress(ZeroDivisionError), records.kernel.database.write() as session:
            records.kernel.outbox.append(session, Event(EventKind.ALERT_RAISED, "alr_none"))
            raise ZeroDivisionError
        assert events(desk) == []
        assert rung == []
        desk.enrol(1)
        desk.screen(1)
        assert rung == [1]
    desk.screen(1, idempotency_key="other")
    assert rung == [1]


@pytest.mark.parametrize(
    ("agency", "roles", "expected"),
    [
        ("IMI", [Role.OFFICER], 2),
        ("IMI", [Role.ANALYST], 2),
        ("POL", [Role.OFFICER], 1),  # one of the two lists is shared with it
        ("POL", [Role.ANALYST], 0),  # analysts see their own agency's alone
        ("BEA", [Role.OFFICER, Role.SUPERVISOR], 0),
    ],
)
def test_a_reader_hears_of_what_it_may_see_and_of_nothing_else(desk, agency, roles, expected):
    shared = desk.watchlist("shared", shared_with=(desk.agency("POL"),))
    desk.enrol(1, shared)
    desk.enrol(2, desk.watchlist("own"))
    desk.screen(1)
    desk.screen(2)
    assert len(seen(desk, officer(desk.agency(agency), *roles))) == expected


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN, Role.COORDINATOR, Role.PORT])
def test_who_may_see_no_alert_may_not_listen(desk, role):
    with pytest.raises(NotPermitted):
        desk.service.exchange.feed.open(officer(desk.agency(), role), None)
    with pytest.raises(NotPermitted):
        seen(desk, officer(desk.agency(), role))


def test_what_one_agency_is_handed_another_does_not_hear_of(desk):
    records = desk.service
    with records.kernel.database.write() as session:
        handed = Event(EventKind.REFERRAL_SENT, "ref_1", desk.agency("POL"))
        records.kernel.outbox.append(session, handed)
    (told,) = seen(desk, officer(desk.agency("POL"), Role.OFFICER))
    assert (told.object_id, told.alert) == ("ref_1", None)
    assert seen(desk, officer(desk.agency("IMI"), Role.OFFICER)) == ()
    # An analyst reads the agency's alerts, but has nothing to do with referrals.
    assert seen(desk, officer(desk.agency("POL"), Role.ANALYST)) == ()


def test_a_list_that_is_no_longer_shared_is_no_longer_told(desk):
    shared = desk.watchlist("shared", shared_with=(desk.agency("POL"),))
    desk.enrol(1, shared)
    desk.screen(1)
    reader = officer(desk.agency("POL"), Role.OFFICER)
    assert len(seen(desk, reader)) == 1
    analyst = officer(desk.agency(), Role.ANALYST)
    desk.service.lists.watchlists.edit(analyst, shared, {"shared_with": []}, None)
    assert seen(desk, reader) == ()


def test_the_first_opinion_is_veiled_in_what_is_told(desk):

    desk.enrol(1, desk.watchlist("two", requires_second_officer=True))
    alert = desk.screen(1).encounter.alerts[0]
    first = officer(desk.agency(), Role.OFFICER, name="first")
    second = officer(desk.agency(), Role.SUPERVISOR, name="second")
    review = desk.service.review.decisions
    review.acknowledge(first, alert.id)
    review.decide(first, alert.id, Finding(Opinion.POTENTIAL_CANDIDATE))
    *_, told = seen(desk, second)
    assert told.alert.state == AlertState.POTENTIAL_CANDIDATE
    for reader in (second, port_system()):
        assert b"potential" not in render(told, reader, practice=False)
        assert b'"under_review"' in render(told, reader, practice=False)


def test_a_reader_goes_on_where_it_left_off(desk):
    desk.enrol(1)
    reader = officer(desk.agency(), Role.OFFICER)
    feed = desk.service.exchange.feed
    start = feed.open(reader, None)
    assert (start.event_id, start.seq, start.resumed) == (START, 0, False)
    for _ in range(3):
        desk.screen(1)
    first = feed.after(reader, start.seq, limit=2)
    assert len(first.events) == 2
    assert first.more
    assert len(feed.after(reader, first.reached).events) == 1
    point = feed.open(reader, first.events[-1].id)
    assert point.resumed
    rest = feed.after(reader, point.seq)
    assert len(rest.events) == 1
    assert not rest.more
    assert feed.after(reader, rest.reached).events == ()
    # Who had nothing yet, comes back for everything.
    assert len(feed.after(reader, feed.open(reader, START).seq).events) == 3
    # Who comes without a place, or with one nobody knows, begins now and is told so.
    for asked in (None, "evt_unknown"):
        now = feed.open(reader, asked)
        assert (now.event_id, now.resumed) == (rest.events[-1].id, False)
        assert feed.after(reader, now.seq).events == ()


def test_the_place_given_to_a_reader_says_nothing_of_others_events(desk):
    desk.enrol(1)
    desk.screen(1)
    stranger = officer(desk.agency("BEA"), Role.OFFICER)
    point = desk.service.exchange.feed.open(stranger, None)
    assert (point.event_id, point.seq) == (START, 0)


@pytest.mark.every_database
def test_a_reader_who_follows_while_many_write_misses_nothing(desk):
    """Numbers appear in order: whoever has read up to one has had all before it."""
    desk.enrol(1)
    records = desk.service
    reader = officer(desk.agency(), Role.OFFICER)
    had: list[str] = []
    done = threading.Event()

    def follow():
        seq = 0
        while True:
            last = done.is_set()
            stretch = records.exchange.feed.after(reader, seq)
            had.extend(told.id for told in stretch.events)
            seq = stretch.reached
            if last:
                return

    writers = [
        threading.Thread(target=lambda: [desk.screen(1) for _ in range(8)]) for _ in range(4)
    ]
    follower = threading.Thread(target=follow)
    for thread in (follower, *writers):
        thread.start()
    for writer in writers:
        writer.join()
    done.set()
    follower.join()
    assert had == [event.id for event in events(desk)]
    assert len(had) == 32


def test_what_was_told_is_still_there_after_a_restart(desk, database):
    desk.enrol(1)
    desk.screen(1)
    (event,) = events(desk)
    reader = officer(desk.agency(), Role.OFFICER)
    again = open_service(database, desk.clock)
    (told,) = again.exchange.feed.after(reader, 0).events
    assert told.id == event.id
    again.close()
