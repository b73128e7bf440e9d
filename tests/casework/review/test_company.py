"""Several lists and recaptures are one row of the queue, made of what its reader may see."""

import pytest

from casework.kernel.vocabulary import AlertState, Disposal, Role
from casework.review.alerts import AlertFilter
from casework.review.queue import QueueOrder
from casework.screening.travel_document import TravelDocument
from tests.casework.review.people import NO, YES, share
from tests.services import officer

pytestmark = pytest.mark.every_database

OPEN = AlertFilter(states=tuple(each for each in AlertState if each is not AlertState.CLOSED))


def rows(desk, reader, filters=OPEN, order=QueueOrder.URGENCY):
    page = desk.service.review.queue.page(reader, filters, 1, 100, order)
    assert page.total == len(page.alerts)
    return [
        (alert.id, (company.lists, company.captures) if company else None)
        for alert in page.alerts
        for company in (page.company.get(alert.id),)
    ]


def seen(desk, reader, alert):
    return desk.service.review.alerts.get(reader, alert.id).alert


@pytest.fixture
def scene(desk):
    for name in ("one", "two"):
        desk.watchlist(name, requires_second_officer=False)
    desk.enrol(1, *desk.watchlists.values())
    desk.enrol(2, desk.watchlists["one"])
    return desk


def test_lists_and_recaptures_share_a_row_and_other_people_do_not(scene):
    chief = officer(scene.agency(), Role.OFFICER)
    first = scene.screen(1).encounter.alerts
    assert rows(scene, chief) == [(min(each.id for each in first), (2, 1))]
    scene.clock.advance(minutes=5)
    again = scene.screen(1).encounter.alerts
    (other,) = scene.screen(2).encounter.alerts
    assert [found[1] for found in rows(scene, chief)] == [(2, 2), None]
    queue = scene.service.review.queue
    for alert in (*first, *again):
        place = queue.place(chief, alert.id, OPEN, QueueOrder.URGENCY)
        assert (place.number, place.total, place.before, place.after) == (1, 2, None, other.id)
    beside = queue.recaptures(chief, seen(scene, chief, again[0]))
    assert {each.id for each in beside} == {each.id for each in first}
    # Another port, or much later: another row.
    scene.screen(1, port="DPS")
    scene.clock.advance(hours=1)
    scene.screen(1)
    assert [found[1] for found in rows(scene, chief)] == [(2, 2), None, (2, 1), (2, 1)]


def test_who_carries_a_document_shares_no_row_with_whose_it_is(desk):
    desk.enrol(1, documents=[{"kind": "passport", "number": "X1234567"}])
    chief, carried = officer(desk.agency(), Role.OFFICER), TravelDocument(number="X1234567")
    desk.screen(1)
    for _ in range(2):
        desk.screen(2, document=carried)
    assert sorted(str(found[1]) for found in rows(desk, chief)) == ["(1, 2)", "None"]


def test_each_keeps_its_own_end_and_closed_ones_are_no_company(scene):
    chief = officer(scene.agency(), Role.OFFICER)
    alerts = [*scene.screen(1).encounter.alerts, *scene.screen(1).encounter.alerts]
    decisions = scene.service.review.decisions
    decisions.acknowledge(chief, alerts[0].id)
    decisions.decide(chief, alerts[0].id, NO)
    # In other hands, and settled, they are another row than those that wait.
    assert [found[1] for found in rows(scene, chief)] == [(2, 1), (2, 1)]
    decisions.close(chief, alerts[0].id, Disposal.MISTAKEN_IDENTITY)
    assert [found[1] for found in rows(scene, chief)] == [(2, 1), None]
    decisions.close(chief, alerts[1].id, Disposal.MISTAKEN_IDENTITY)
    assert [found[1] for found in rows(scene, chief)] == [(2, 1)]
    everything = rows(scene, chief, AlertFilter())
    assert len(everything) == 3


def test_what_a_reader_may_not_see_does_not_count(scene):
    theirs = officer(scene.agency("BEA"), Role.OFFICER)
    alerts = scene.screen(1).encounter.alerts
    scene.screen(1)
    share(scene, scene.watchlists["one"], scene.agency("BEA"))
    ((shown, company),) = rows(scene, theirs)
    assert company == (1, 2)
    assert shown in {each.id for each in alerts}


def test_an_opinion_that_is_not_open_leaves_the_row(desk):
    for name in ("one", "two"):
        desk.watchlist(name, requires_second_officer=True)
    desk.enrol(1, *desk.watchlists.values())
    first, second = (officer(desk.agency(), Role.SUPERVISOR, name=name) for name in ("a", "b"))
    opened = desk.screen(1).encounter.alerts
    desk.screen(1)
    decisions = desk.service.review.decisions
    decisions.acknowledge(first, opened[0].id)
    decisions.decide(first, opened[0].id, YES)
    # Both lists of the encounter are veiled: a row of their own, for everybody but the first.
    assert sorted(str(found[1]) for found in rows(desk, second)) == ["(2, 1)", "(2, 1)"]
    assert [found[1] for found in rows(desk, first)] == [(2, 1), (2, 1)]
    assert desk.service.review.queue.recaptures(second, seen(desk, second, opened[0])) == ()
    page, fitting = desk.service.review.queue.described(second, [opened[0].id], OPEN)
    assert len(page.alerts) == 4
    assert len(fitting) == 2
