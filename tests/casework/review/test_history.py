"""Where a subject was met."""

import pytest

from casework.kernel.errors import NotFound
from casework.kernel.vocabulary import Direction, Stage
from tests.casework.review.people import YES, people


def test_the_whole_journey_newest_first_and_page_by_page(desk):
    them, history = people(desk), desk.service.review.history
    one, two = desk.watchlist("one"), desk.watchlist("two")
    subject = desk.enrol(1, one, two)
    for stage in Stage:
        direction = Direction.EXIT if stage is Stage.DEPARTURE else Direction.ENTRY
        desk.clock.advance(days=1)
        desk.screen(1, stage=stage, direction=direction)
        desk.screen(2, stage=stage)
    met = history.page(them.first, subject, None, 10)
    assert [each.encounter.stage for each in met] == ["departure", "stay", "arrival", "visa"]
    assert [{a.watchlist_name for a in each.alerts} for each in met] == [{"one", "two"}] * 4
    first = history.page(them.first, subject, None, 3)
    rest = history.page(them.first, subject, first[-1].encounter.id, 3)
    assert [each.encounter.id for each in first + rest] == [each.encounter.id for each in met]


def test_alerts_of_other_agencies_in_the_same_encounter_are_not_told(desk):
    them = people(desk)
    own = desk.watchlist("own")
    foreign = desk.watchlist("foreign", agency_id=desk.agency("POL"), shared_with=())
    subject, other = desk.enrol(1, own), desk.enrol(1, foreign)
    desk.screen(1)
    (met,) = desk.service.review.history.page(them.first, subject, None, 10)
    assert [alert.watchlist_name for alert in met.alerts] == ["own"]
    for who, whose in ((them.first, other), (them.guest, subject), (them.first, "sub_none")):
        with pytest.raises(NotFound, match=f"There is no subject {whose}"):
            desk.service.review.history.page(who, whose, None, 10)


def test_who_sees_a_list_s_alerts_does_not_read_its_subjects_histories(desk):
    them = people(desk)
    subject = desk.enrol(1, desk.watchlist("shared", shared_with=(desk.agency("POL"),)))
    (alert,) = desk.screen(1).encounter.alerts
    desk.service.review.decisions.acknowledge(them.guest, alert.id)
    desk.service.review.decisions.decide(them.guest, alert.id, YES)
    with pytest.raises(NotFound):
        desk.service.review.history.page(them.guest, subject, None, 10)
