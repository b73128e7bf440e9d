"""A tip near a hotel where a listed person stays: found from both ends, for who reads both."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.kernel.errors import NotFound, NotPermitted
from casework.kernel.vocabulary import (
    Direction,
    Disposal,
    Opinion,
    OpinionReason,
    Role,
    Stage,
    TipOrigin,
)
from casework.review.decisions import Finding
from casework.screening.screening import Arrival
from casework.tips.nearby import NearbyReason, names
from casework.tips.reports import NewTip
from casework.tips.tips import TipFilter
from casework.tips.triage import words_of
from tests.casework.stays.test_stays import LISTED, NEW, alerts, hotel, work
from tests.casework.tips.test_tips import actions_on
from tests.fakes import photo_of
from tests.services import BEGIN, OPERATOR, officer, port_system

AREA, LODGING, SUBJECT = NearbyReason.AREA, NearbyReason.LODGING, NearbyReason.SUBJECT
NIGHTS = timedelta(days=3)
STAY = replace(NEW, area="31.71.01", expected_out_at=BEGIN + NIGHTS)
SEEN = "A stranger comes and goes at night."


class Street:
    """A hotel with a listed guest, and people who report things."""

    def __init__(self, desk):
        self.desk, self.near = desk, desk.service.exchange.nearby
        for code in ("31.71", "31.71.01", "31.71.02", "31.72"):
            desk.service.areas.areas.put(OPERATOR, code, f"Area {code}")
        self.officer = officer(desk.agency("IMI"), Role.OFFICER, name="sari")
        self.police = officer(desk.agency("POL"), Role.OFFICER, name="budi")

    def guest(self, owner="IMI", stay=STAY, **policy):
        """Raise the alert of a listed guest; returns its id."""
        policy.setdefault("requires_acknowledgement", False)
        listed = self.desk.watchlist(owner, agency_id=self.desk.agency(owner), **policy)
        self.subject = self.desk.enrol(3, listed, **LISTED)
        self.desk.service.stays.reports.report(hotel(self.desk), stay)
        work(self.desk)
        return alerts(self.desk)[-1].id

    def tip(self, text=SEEN, area=None, by=None, **more):
        """Record a tip; returns its id."""
        new = NewTip(text, TipOrigin.PUBLIC, area=area, **more)
        return self.desk.service.tip_steps.record(by or self.officer, new).id

    def alerts_near(self, tip, reader=None):
        """The alerts near a tip with their reasons."""
        found = self.near.alerts(reader or self.officer, tip)
        return {each.alert.id: each.reasons for each in found}

    def tips_near(self, alert, reader=None):
        """The tips near an alert with their reasons."""
        found = self.near.tips(reader or self.officer, alert)
        return {each.tip.id: each.reasons for each in found}

    def marked(self, reader=None):
        """Which tips the list marks."""
        reader = reader or self.officer
        rows = self.desk.service.exchange.tips.page(reader, None, 50, TipFilter())
        return self.near.marked(reader, rows)


@pytest.fixture
def street(desk):
    return Street(desk)


@pytest.mark.every_database
def test_a_tip_and_a_listed_guest_are_found_from_both_ends_with_the_reasons(desk, street):
    alert = street.guest()
    here = street.tip(area="31.71.01")
    around = street.tip(area="31")
    named = street.tip("At the hotel MELATI, every night.")
    place = street.tip(place="Hotel Melati, Jalan Melati", area="31.71")
    both = street.tip(area="31.71")
    desk.service.exchange.triage.link(street.officer, both, street.subject)
    for other in ("31.71.02", "31.72", "51", "ID", None):
        street.tip(area=other)
    expected = {
        here: (AREA,),
        around: (AREA,),
        named: (LODGING,),
        place: (LODGING, AREA),
        both: (SUBJECT, AREA),
    }
    found = street.tips_near(alert)
    assert found == expected
    assert {*list(found)[:2]} == {place, both}  # the most reasons first
    assert {tip: street.alerts_near(tip)[alert] for tip in expected} == expected
    assert street.marked() == {*expected} - {named}  # the list opens no report
    assert actions_on(desk, here)[-1] == "tip.nearby"
    assert actions_on(desk, alert)[-1] == "alert.nearby"


def test_near_in_time_is_two_weeks_about_the_stay(desk, street):
    alert = street.guest()
    desk.clock.advance(days=30)
    for days, found in ((-15, False), (-14, True), (1, True), (17, True), (18, False)):
        tip = street.tip(area="31.71.01", happened_at=BEGIN + timedelta(days=days))
        near = [bool(street.alerts_near(tip)), tip in street.tips_near(alert)]
        assert [*near, tip in street.marked()] == [found] * 3


def test_who_has_not_said_when_they_leave_is_there_still(desk, street):
    alert = street.guest(stay=replace(STAY, expected_out_at=None))
    desk.clock.advance(days=60)
    tip = street.tip(area="31.71.01")
    assert street.alerts_near(tip) == {alert: (AREA,)}
    assert street.tips_near(alert) == {tip: (AREA,)}


def test_what_came_without_a_day_counts_from_when_it_came(desk, street):
    street.guest()
    desk.clock.advance(days=18)
    assert street.alerts_near(street.tip(area="31.71.01")) == {}


def test_somebody_else_is_no_listed_guest(desk, street):
    alert, tip = street.guest(), street.tip(area="31.71.01")
    review = desk.service.review.decisions
    finding = Finding(Opinion.NOT_CANDIDATE, (OpinionReason.DOCUMENTS_DIFFER,))
    review.decide(street.officer, alert, finding)
    assert street.alerts_near(tip)
    review.close(street.officer, alert, Disposal.MISTAKEN_IDENTITY)
    assert street.alerts_near(tip) == street.tips_near(alert) == {}
    assert street.marked() == frozenset()


def test_a_guest_screened_at_a_port_lies_where_the_port_lies_and_others_are_no_guests(desk, street):
    desk.enrol(3, desk.watchlist(requires_acknowledgement=False))
    tip = street.tip(area="36")

    def screened(stage):
        arrival = Arrival(photo_of(3), "CGK", Direction.ENTRY, stage)
        (alert,) = desk.service.screening.encounters.screen(arrival, port_system()).encounter.alerts
        return alert.id

    assert street.tips_near(screened(Stage.ARRIVAL)) == {}
    alert = screened(Stage.STAY)
    assert street.tips_near(alert) == {tip: (AREA,)}
    assert street.alerts_near(tip) == {alert: (AREA,)}


# Who learns of it


def test_nobody_learns_of_an_alert_or_a_tip_that_they_could_not_see(desk, street):
    alert = street.guest("POL")  # of the police's list, unshared
    own, theirs = street.tip(area="31.71.01"), street.tip(area="31.71.01", by=street.police)
    assert street.alerts_near(own) == {}
    assert street.marked() == frozenset()
    with pytest.raises(NotFound):
        street.near.tips(street.officer, alert)
    with pytest.raises(NotFound):
        street.near.alerts(street.officer, theirs)
    assert street.tips_near(alert, street.police) == {theirs: (AREA,)}
    assert street.alerts_near(theirs, street.police) == {alert: (AREA,)}
    assert street.marked(street.police) == {theirs}


def test_a_list_that_is_shared_is_seen_beside_the_own_tips_alone(desk, street):
    alert = street.guest("POL", shared_with=(desk.agency("IMI"),))
    own, theirs = street.tip(area="31.71.01"), street.tip(area="31.71.01", by=street.police)
    assert street.alerts_near(own) == {alert: (AREA,)}
    assert street.tips_near(alert) == {own: (AREA,)}
    assert street.tips_near(alert, street.police) == {theirs: (AREA,)}


def test_it_takes_both_acts(desk, street):
    alert, tip = street.guest(), street.tip(area="31.71.01")
    for role in Role:
        reader = officer(desk.agency("IMI"), role)
        if role in (Role.OFFICER, Role.SUPERVISOR, Role.ANALYST):
            assert street.alerts_near(tip, reader) == {alert: (AREA,)}
            assert street.tips_near(alert, reader) == {tip: (AREA,)}
            continue
        with pytest.raises(NotPermitted):
            street.near.alerts(reader, tip)
        with pytest.raises(NotPermitted):
            street.near.tips(reader, alert)


@given(st.frozensets(st.text("abc", min_size=3, max_size=3)), st.lists(st.text("abc ", max_size=9)))
def test_a_report_names_a_lodging_by_all_words_of_its_name(words, name):
    lodging = " ".join(name)
    if names(words, lodging):
        assert 2 <= len(words_of(lodging)) <= len(words)
    assert names(words | words_of(lodging), lodging) == (len(words_of(lodging)) > 1)
    assert not names(words, None)
