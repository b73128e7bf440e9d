"""Triage: priority, who works on a tip, what was reported before, and whom it is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.areas.teams import NewTeam
from casework.kernel.errors import (
    AreaRefused,
    IllegalTransition,
    NotFound,
    NotPermitted,
    StaleVersion,
)
from casework.kernel.vocabulary import Role, TipOrigin, TipPriority
from casework.reports.calendar import CalendarPeriod
from casework.reports.dimensions import UNKNOWN
from casework.reports.places import PlaceMeasure
from casework.tables import Tip
from casework.tips.reports import NewTip
from casework.tips.tips import ANY_TEAM, NOBODY, TipFilter
from casework.tips.triage import NEAR, DuplicateReason, alike, words_of
from tests.casework.referrals.scenes import Scene
from tests.casework.tips.test_tips import actions_on
from tests.fakes import photo_of
from tests.services import OPERATOR, officer

TEXT = "A man with a red bag sleeps in the warehouse behind the harbour."
WORDS = st.frozensets(st.text("abcdefg", min_size=3, max_size=4), max_size=12)


@pytest.fixture
def scene(desk):
    return Scene.of(desk)


@pytest.fixture
def exchange(desk):
    return desk.service.exchange


@pytest.fixture
def supervisor(desk):
    return officer(desk.agency("IMI"), Role.SUPERVISOR, name="supervisor")


@pytest.fixture
def record(desk, scene):
    """Record a tip; returns its id."""

    def record(text=TEXT, photo=None, area=None, source="a neighbour"):
        new = NewTip(text, TipOrigin.PUBLIC, area=area, source=source)
        return desk.service.tip_steps.record(scene.sender, new, photo).id

    return record


def staff(desk, agency, *roles):
    from casework.accounts.officers import NewOfficer  # noqa: PLC0415
    from tests.services import OPERATOR  # noqa: PLC0415

    new = NewOfficer(desk.agency(agency), f"{agency}.{roles[0]}".lower(), "Sari", frozenset(roles))
    return desk.service.accounts.officers.create(OPERATOR, new)[0].id


@pytest.mark.every_database
def test_a_tip_has_a_priority_and_somebody_who_works_on_it(desk, scene, exchange, record):
    tip, sari = record(), staff(desk, "IMI", Role.OFFICER)
    assert [each.id for each in exchange.triage.assignees(scene.sender)] == [sari]
    changes = {"priority": TipPriority.URGENT, "assigned_to": sari}
    row = exchange.triage.edit(scene.sender, tip, changes, 1)
    assert (row.priority, row.assigned_to, row.version) == ("urgent", sari, 2)
    with pytest.raises(StaleVersion):
        exchange.triage.edit(scene.sender, tip, {"priority": TipPriority.LOW}, 1)
    same = exchange.triage.edit(scene.sender, tip, changes)
    assert same.version == 2  # nothing changed, nothing recorded
    assert actions_on(desk, tip) == ["tip.record", "tip.triage"]
    other = record()

    def ids(**wanted):
        found = exchange.tips.page(scene.sender, None, 10, TipFilter(**wanted))
        return [row.id for row in found]

    assert ids(priorities=(TipPriority.URGENT,)) == [tip]
    assert ids(assigned_to=sari) == [tip]
    assert ids(assigned_to=NOBODY) == [other]


def test_only_who_may_work_on_the_agency_s_tips_is_given_one(desk, scene, exchange, record):
    tip = record()
    for wrong in (
        staff(desk, "IMI", Role.AUDITOR),
        staff(desk, "POL", Role.OFFICER),
        "off_x",
    ):
        with pytest.raises(NotFound):
            exchange.triage.edit(scene.sender, tip, {"assigned_to": wrong})
    desk.service.tip_steps.dismiss(scene.sender, tip, "nothing")
    with pytest.raises(IllegalTransition):
        exchange.triage.edit(scene.sender, tip, {"priority": TipPriority.LOW})


def team(desk, name, lead, *members):
    coordinator = officer(desk.agency(lead), Role.COORDINATOR)
    new = NewTeam(name, "31", tuple(desk.agency(code) for code in members))
    return desk.service.areas.teams.create(coordinator, new).id


@pytest.mark.every_database
def test_a_tip_is_given_to_a_team_of_the_agency_s_and_stays_the_agency_s_own(
    desk, scene, exchange, record
):
    led, joined = team(desk, "led", "IMI", "POL"), team(desk, "joined", "POL", "IMI")
    foreign, tip, other = team(desk, "foreign", "POL", "BEA"), record(), record()
    police = officer(desk.agency("POL"), Role.SUPERVISOR)

    def ids(**wanted):
        found = exchange.tips.page(scene.sender, None, 10, TipFilter(**wanted))
        return [row.id for row in found]

    for each in (led, joined):
        exchange.triage.edit(scene.sender, tip, {"team_id": each})
        assert ids(team_id=each) == ids(team_id=ANY_TEAM) == [tip]
        assert exchange.tips.page(police, None, 10, TipFilter(team_id=each)) == []
        with pytest.raises(NotFound):
            exchange.tips.get(police, tip)
    for wrong in (foreign, "team_x"):
        with pytest.raises(NotFound):
            exchange.triage.edit(scene.sender, other, {"team_id": wrong})
    assert exchange.tips.get(scene.sender, tip).team_name == "joined"
    assert actions_on(desk, tip)[:3] == ["tip.record", "tip.triage", "tip.triage"]
    # Who has left the team keeps what it was given before, until the tip is sorted again.
    boss = officer(desk.agency("POL"), Role.COORDINATOR)
    desk.service.areas.teams.edit(boss, joined, {"agency_ids": ()}, None)
    kept = {"priority": TipPriority.HIGH, "team_id": joined}
    assert exchange.triage.edit(scene.sender, tip, kept).team_id == joined
    desk.service.areas.teams.remove(boss, joined)
    assert ids(team_id=ANY_TEAM) == []
    assert exchange.tips.get(scene.sender, tip).team_name is None


@pytest.mark.every_database
def test_a_tip_s_area_is_put_right_and_lists_and_counts_follow(desk, scene, exchange, record):
    desk.service.areas.areas.put(OPERATOR, "31.71", "Kota Contoh")
    tip, boss = record(area="51"), officer(desk.agency("IMI"), Role.SUPERVISOR)

    def places():
        march = CalendarPeriod(2026, 3, 1)
        lines = desk.service.reports.places.own(boss, march).lines
        return {line.area: line.figures[PlaceMeasure.TIPS].value for line in lines}

    assert places() == {"51": 1}
    row = exchange.triage.edit(scene.sender, tip, {"area": "31.71"}, 1)
    assert (row.area, row.version) == ("31.71", 2)
    assert places() == {"31": 1}
    found = exchange.tips.page(scene.sender, None, 10, TipFilter(area="31"))
    assert [each.id for each in found] == [tip]
    with pytest.raises(AreaRefused):
        exchange.triage.edit(scene.sender, tip, {"area": "99"})
    assert exchange.triage.edit(scene.sender, tip, {"area": None}).area is None
    assert places() == {UNKNOWN: 1}
    assert actions_on(desk, tip) == ["tip.record", "tip.triage", "tip.triage"]


def test_another_agency_sorts_and_sees_nothing(desk, scene, exchange, record):
    tip, subject = record(), desk.enrol(1)
    triage = exchange.triage
    for attempt in (
        lambda: triage.edit(scene.stranger, tip, {"priority": TipPriority.LOW}),
        lambda: triage.link(scene.stranger, tip, subject),
        lambda: triage.unlink(scene.stranger, tip, subject),
        lambda: triage.duplicates(scene.stranger, tip),
        lambda: triage.subjects(scene.stranger, tip),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert triage.of_subject(scene.stranger, subject) == []


def test_a_subject_s_tips_are_listed_until_the_link_is_taken_back(desk, scene, exchange, record):
    tip, subject = record(), desk.enrol(1)
    exchange.triage.link(scene.sender, tip, subject)
    exchange.triage.link(scene.sender, tip, subject)
    assert [row.id for row in exchange.triage.of_subject(scene.sender, subject)] == [tip]
    assert [row.id for row in exchange.triage.subjects(scene.sender, tip)] == [subject]
    found = exchange.tips.page(scene.sender, None, 10, TipFilter(subject_id=subject))
    assert [row.id for row in found] == [tip]
    exchange.triage.unlink(scene.sender, tip, subject)
    assert exchange.triage.of_subject(scene.sender, subject) == []
    with pytest.raises(NotFound):
        exchange.triage.unlink(scene.sender, tip, subject)
    with pytest.raises(NotFound):
        exchange.triage.link(scene.sender, tip, "sub_x")
    assert actions_on(desk, tip) == ["tip.record", "tip.link", "tip.unlink"]


@pytest.mark.every_database
def test_the_same_photo_and_much_the_same_words_are_found_with_the_reason(
    desk, scene, exchange, record
):
    def found(tip):
        return {
            each.tip.id: set(each.reasons) for each in exchange.triage.duplicates(scene.sender, tip)
        }

    first = record(photo=photo_of(1), area="31")
    both = record(f"{TEXT} He is tall.", photo_of(1), area="31")
    photo = record("Something else altogether.", photo_of(1), area="73")
    words = record(TEXT.upper(), area="31")
    record(TEXT, area="73")
    record("Nothing to do with it, and far from here.", photo_of(2), area="31")
    one_of_two = {DuplicateReason.PHOTO, DuplicateReason.TEXT}
    assert found(first) == {
        both: one_of_two,
        photo: {DuplicateReason.PHOTO},
        words: {DuplicateReason.TEXT},
    }
    desk.clock.advance(days=NEAR.days + 1)
    later = record(TEXT, photo_of(1), area="31")
    assert found(later) == {each: {DuplicateReason.PHOTO} for each in (first, both, photo)}


@given(WORDS, WORDS)
def test_alike_is_mutual_and_takes_half_of_all_words(first, second):
    assert alike(first, second) == alike(second, first)
    if alike(first, second):
        assert 2 * len(first & second) >= len(first | second)
    assert alike(first, first) == (len(first) >= 4)


def test_words_are_those_that_say_something():
    assert words_of("Di gudang, GUDANG lama!") == {"gudang", "lama"}


def test_who_reported_is_erased_by_a_supervisor_and_the_report_stays(
    desk, scene, exchange, record, supervisor
):
    tip = record()
    with pytest.raises(NotPermitted):
        exchange.tips.erase_source(scene.sender, tip, "they asked")
    exchange.tips.erase_source(supervisor, tip, "they asked")
    with pytest.raises(NotFound):
        exchange.tips.source(supervisor, tip)
    with pytest.raises(NotFound):
        exchange.tips.erase_source(supervisor, tip, "they asked")
    assert exchange.tips.get(supervisor, tip).report.text == TEXT
    with desk.service.kernel.database.read() as session:
        row = session.get_one(Tip, tip)
        assert (row.has_source, row.sealed_source) == (False, None)
