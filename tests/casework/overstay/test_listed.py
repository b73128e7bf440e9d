"""Overstays of people on lists: found, announced once, shown to whom they are for."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from casework.kernel.errors import (
    AreaRefused,
    IllegalTransition,
    InvalidPeriod,
    NotFound,
    NotPermitted,
    StaleVersion,
)
from casework.kernel.vocabulary import (
    Direction,
    EventKind,
    PermitKind,
    Role,
    Stage,
    SubjectStatus,
    TimelineKind,
)
from casework.overstay.listed import OverstayFilter
from casework.tables import AnnouncedOverstay, EncounterPermit, OutboxEvent, Residence
from casework.watchlists.residences import NewResidence
from tests.casework.review.people import NO, YES
from tests.casework.stays.test_stays import LISTED, NEW, hotel
from tests.services import OPERATOR, officer

TODAY = date(2026, 3, 1)
"""Of the tests' clock, in UTC, where the installation is."""
ALL = OverstayFilter()
ENDED = NewResidence(
    PermitKind.VISIT,
    TODAY - timedelta(days=40),
    TODAY - timedelta(days=10),
    permit_number="2C11",
    sponsor="PT Contoh",
    address="Jalan Melati 1",
    area="31",
)


@pytest.fixture
def reader(desk):
    return officer(desk.agency("IMI"), Role.SUPERVISOR, Role.OFFICER)


def record(desk, subject_id, new=ENDED, actor=OPERATOR):
    zone = desk.clock.now.tzinfo
    return desk.service.lists.residences.record(actor, subject_id, new, zone)


def found(desk, reader, filters=ALL, after=None, limit=50):
    return desk.service.lists.overstays.page(reader, after, limit, filters)


def events(desk):
    with desk.service.kernel.database.read() as session:
        kind = EventKind.OVERSTAY_BEGAN
        return list(session.scalars(select(OutboxEvent).where(OutboxEvent.kind == kind)))


def decide(desk, reader, alert_id, finding):
    desk.service.review.decisions.acknowledge(reader, alert_id)
    desk.service.review.decisions.decide(reader, alert_id, finding)


@pytest.mark.every_database
def test_an_ended_permit_without_a_departure_is_an_overstay(desk, reader):
    subject = desk.enrol(1)
    row = record(desk, subject)
    (over,) = found(desk, reader)
    assert (over.subject.id, over.until, over.days) == (subject, ENDED.valid_until, 10)
    assert (over.undecided, over.kind, over.area) == (False, PermitKind.VISIT, "31")
    assert list(over.watchlists.values()) == ["wanted"]
    desk.service.lists.residences.replace(
        reader,
        row.id,
        NewResidence(PermitKind.VISIT, ENDED.valid_from, ENDED.valid_until, departed_on=TODAY),
        desk.clock.now.tzinfo,
    )
    assert found(desk, reader) == []


def test_a_port_says_until_when_and_a_departure_ends_it(desk, reader):
    desk.enrol(1)
    arrival = desk.screen(1, permit_until=TODAY + timedelta(days=2)).encounter
    (alert,) = arrival.alerts
    desk.screen(2, permit_until=TODAY)
    with desk.service.kernel.database.read() as session:
        # Of who is on no list nothing is kept.
        assert [each.encounter_id for each in session.scalars(select(EncounterPermit))] == [
            arrival.id
        ]
    assert found(desk, reader) == []
    desk.clock.advance(days=3)
    (over,) = found(desk, reader)
    assert (over.undecided, over.port, over.kind) == (True, "CGK", None)
    assert over.area == "36"
    decide(desk, reader, alert.id, YES)
    (over,) = found(desk, reader)
    assert not over.undecided
    gone = desk.screen(1, direction=Direction.EXIT, stage=Stage.DEPARTURE).encounter.alerts[0]
    (over,) = found(desk, reader)
    assert over.undecided
    decide(desk, reader, gone.id, YES)
    assert found(desk, reader) == []


def test_somebody_else_neither_overstays_nor_leaves(desk, reader):
    subject = desk.enrol(1)
    (alert,) = desk.screen(1, permit_until=TODAY).encounter.alerts
    desk.clock.advance(days=3)
    decide(desk, reader, alert.id, NO)
    assert found(desk, reader) == []
    record(desk, subject)
    (gone,) = desk.screen(1, direction=Direction.EXIT, stage=Stage.DEPARTURE).encounter.alerts
    decide(desk, reader, gone.id, NO)
    (over,) = found(desk, reader)
    assert not over.undecided
    assert [step.kind for step in timeline(desk, reader, subject).steps] == [
        TimelineKind.PERMIT_BEGINS,
        TimelineKind.PERMIT_ENDS,
        TimelineKind.OVERSTAY,
    ]


def test_a_lapsed_or_suspended_entry_follows_nobody(desk, reader):
    subject = desk.enrol(1, valid_until=desk.clock() + timedelta(days=5))
    record(desk, subject)
    subjects = desk.service.lists.subjects
    subjects.edit(OPERATOR, subject, {"status": SubjectStatus.SUSPENDED}, None)
    assert found(desk, reader) == []
    subjects.edit(OPERATOR, subject, {"status": SubjectStatus.ACTIVE}, None)
    assert len(found(desk, reader)) == 1
    desk.clock.advance(days=6)
    assert found(desk, reader) == []


def test_the_owner_and_whom_the_list_is_shared_with_see_it_and_nobody_else(desk, reader):
    shared = desk.watchlist("shared", shared_with=(desk.agency("POL"),))
    subject = desk.enrol(1, shared, desk.watchlist("own"))
    record(desk, subject)
    other = desk.enrol(2, desk.watchlist("own"))
    record(desk, other)
    police = officer(desk.agency("POL"), Role.OFFICER)
    (over,) = found(desk, police)
    assert over.subject.id == subject
    # Nor do they learn on which other lists the person is.
    assert list(over.watchlists.values()) == ["shared"]
    assert found(desk, police, OverstayFilter(desk.watchlists["own"])) == []
    assert found(desk, officer(desk.agency("BNN"), Role.OFFICER, Role.SUPERVISOR)) == []
    assert {each.subject.id for each in found(desk, reader)} == {subject, other}
    for act in (timeline, lambda *args: desk.service.lists.residences.of_subject(police, subject)):
        with pytest.raises(NotFound):
            act(desk, police, subject)
    with pytest.raises(NotPermitted):
        found(desk, officer(desk.agency("IMI"), Role.AUDITOR, Role.COORDINATOR))


def test_pages_and_areas(desk, reader):
    people = [desk.enrol(person) for person in (1, 2, 3)]
    assert ENDED.valid_until is not None
    for days, subject in enumerate(people):
        until = ENDED.valid_until - timedelta(days=days)
        area = "31" if days else "51"
        record(desk, subject, NewResidence(PermitKind.OTHER, until, until, area=area))
    assert [each.subject.id for each in found(desk, reader)] == people[::-1]
    assert [each.subject.id for each in found(desk, reader, after=people[2], limit=1)] == [
        people[1]
    ]
    in_jakarta = found(desk, reader, OverstayFilter(area="31"))
    assert [each.subject.id for each in in_jakarta] == [people[2], people[1]]
    assert len(found(desk, reader, OverstayFilter(area="ID"))) == 3


def test_a_permit_that_is_yet_to_begin_says_nothing_of_where_somebody_lives(desk, reader):
    subject = desk.enrol(1)
    record(desk, subject)
    record(desk, subject, NewResidence(PermitKind.LIMITED, TODAY + timedelta(days=9), area="51"))
    (over,) = found(desk, reader, OverstayFilter(area="31"))
    assert (over.kind, over.area) == (PermitKind.VISIT, "31")


@pytest.mark.every_database
def test_each_overstay_is_announced_once_to_the_owner(desk, reader):
    subject = desk.enrol(1)
    row = record(desk, subject)
    announce = desk.service.lists.overstays.announce
    assert [announce(), announce()] == [1, 1]
    (event,) = events(desk)
    assert (event.object_id, event.owner_id) == (subject, desk.agency())
    assert event.watchlist_id is event.key_id is None
    later = NewResidence(PermitKind.VISIT, ENDED.valid_from, TODAY)
    desk.service.lists.residences.replace(reader, row.id, later, desk.clock.now.tzinfo)
    assert announce() == 0
    desk.clock.advance(days=1)
    assert [announce(), announce()] == [1, 1]
    assert len(events(desk)) == 2


def test_as_many_as_begin_are_announced_and_as_many_as_end_forgotten(desk, reader):
    subjects = [desk.enrol(person) for person in range(1, 23)]
    rows = [record(desk, each) for each in subjects]
    announce = desk.service.lists.overstays.announce
    assert [announce(), announce()] == [22, 22]
    assert {each.object_id for each in events(desk)} == {*subjects}
    left = replace(ENDED, departed_on=TODAY)
    for row in rows[1:]:
        desk.service.lists.residences.replace(reader, row.id, left, desk.clock.now.tzinfo)
    assert announce() == 1
    with desk.service.kernel.database.read() as session:
        assert [*session.scalars(select(AnnouncedOverstay.subject_id))] == subjects[:1]


def test_what_is_undecided_is_counted_and_not_announced(desk):
    desk.enrol(1)
    desk.screen(1, permit_until=TODAY)
    desk.clock.advance(days=2)
    assert desk.service.lists.overstays.announce() == 1
    assert events(desk) == []


def timeline(desk, actor, subject_id):
    return desk.service.lists.timelines.of_subject(actor, subject_id)


def test_a_timeline_is_in_order_of_time(desk, reader):
    subject = desk.enrol(1)
    for stage in (Stage.VISA, Stage.ARRIVAL, Stage.STAY):
        desk.screen(1, stage=stage, permit_until=TODAY if stage is Stage.ARRIVAL else None)
        desk.clock.advance(days=1)
    record(desk, subject, NewResidence(PermitKind.LIMITED, TODAY, TODAY + timedelta(days=1)))
    line = timeline(desk, reader, subject)
    assert [step.kind for step in line.steps] == [
        TimelineKind.PERMIT_BEGINS,
        TimelineKind.VISA,
        TimelineKind.ARRIVAL,
        TimelineKind.PERMIT_ENDS,
        TimelineKind.OVERSTAY,
        TimelineKind.STAY,
    ]
    assert (line.overstay.until, line.days) == (TODAY + timedelta(days=1), 2)


def test_a_check_out_shows_to_who_receives_the_stay(desk):
    listed = desk.enrol(1, desk.watchlist("theirs", agency_id=desk.agency("POL")), **LISTED)
    own = desk.enrol(2, **LISTED)
    key = hotel(desk)
    out = replace(NEW, checked_out_at=desk.clock())
    desk.service.stays.reports.report(key, out)
    desk.service.stays.screening.screen(desk.service.stays.screening.claim())
    for agency, subject, kinds in (
        ("IMI", own, {TimelineKind.STAY, TimelineKind.CHECK_OUT}),
        ("POL", listed, {TimelineKind.STAY}),
    ):
        line = timeline(desk, officer(desk.agency(agency), Role.OFFICER), subject)
        assert {step.kind for step in line.steps} == kinds


def test_days_that_cannot_be_are_refused(desk):
    subject = desk.enrol(1)
    for new in (
        NewResidence(PermitKind.VISIT, TODAY, TODAY - timedelta(days=1)),
        NewResidence(PermitKind.VISIT, TODAY, departed_on=TODAY - timedelta(days=1)),
        NewResidence(PermitKind.VISIT, TODAY, departed_on=TODAY + timedelta(days=1)),
    ):
        with pytest.raises(InvalidPeriod):
            record(desk, subject, new)
    with pytest.raises(AreaRefused):
        record(desk, subject, NewResidence(PermitKind.VISIT, TODAY, area="99.99"))


def test_a_permit_is_replaced_by_who_has_read_it_and_removed_for_a_reason(desk, reader):
    subject, residences = desk.enrol(1), desk.service.lists.residences
    row = record(desk, subject)
    zone = desk.clock.now.tzinfo
    residences.replace(reader, row.id, ENDED, zone, row.version)
    with pytest.raises(StaleVersion):
        residences.replace(reader, row.id, NewResidence(PermitKind.OTHER, TODAY), zone, 0)
    (held,) = residences.of_subject(reader, subject)
    assert (held.sponsor, held.permit_number) == ("PT Contoh", "2C11")
    residences.remove(reader, row.id, "of somebody else")
    assert residences.of_subject(reader, subject) == []
    assert desk.service.lists.erasures.erase(OPERATOR, subject, "for the test") is not None
    with pytest.raises(IllegalTransition):
        record(desk, subject)


def test_permits_go_along_with_a_merge_and_back(desk, reader):
    gone, kept = desk.enrol(1), desk.enrol(2)
    row = record(desk, gone)
    merges, residences = desk.service.lists.merges, desk.service.lists.residences
    merges.merge(OPERATOR, gone, kept, "one person")
    (held,) = residences.of_subject(reader, kept)
    assert (held.id, held.sponsor) == (row.id, "PT Contoh")
    assert [each.subject.id for each in found(desk, reader)] == [kept]
    merges.undo(OPERATOR, gone)
    assert residences.of_subject(reader, kept) == []
    assert [each.subject.id for each in found(desk, reader)] == [gone]


@pytest.mark.every_database
def test_what_a_permit_says_stands_sealed_and_goes_with_the_subject(desk):
    subject = desk.enrol(1)
    row = record(desk, subject)
    with desk.service.kernel.database.read() as session:
        held = session.get_one(Residence, row.id)
        assert b"Contoh" not in held.sealed_fields
        assert held.address == "Jalan Melati 1"
    held = desk.service.oversight.data_subject_reports.report_on(OPERATOR, subject, "request")
    assert [each["sponsor"] for each in held["residences"]] == ["PT Contoh"]
    desk.service.lists.subjects.remove(OPERATOR, subject)
    with desk.service.kernel.database.read() as session:
        assert session.get(Residence, row.id) is None
