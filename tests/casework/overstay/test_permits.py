"""Permits of travellers on no list: held by reference, shown after the end, gone at departure."""

from dataclasses import replace
from datetime import UTC, date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from casework.kernel.actor import Actor, ActorKind
from casework.kernel.errors import NotFound, NotPermitted, OverstayOff
from casework.kernel.period import day_of
from casework.kernel.processing import Grounds
from casework.kernel.vocabulary import Direction, PermitState, Role, Scope, Stage
from casework.overstay.permits import PermitFilter, last_day
from casework.screening.screening import Arrival
from casework.tables import AuditRecord, EncounterPermit, HeldPermit, HeldPermitKey
from tests.fakes import photo_of
from tests.services import (
    ALL_ON,
    BEGIN,
    OPERATOR,
    OVERSTAY_GROUND,
    Desk,
    FakeClock,
    officer,
    open_service,
)

TODAY = date(2026, 3, 1)
ALL = PermitFilter()
REF = "T-0001"


def gate(desk, agency="IMI", ports=None):
    scopes = frozenset({Scope.SCREEN})
    return Actor(
        ActorKind.SYSTEM, "key_gate", "gate", desk.agency(agency), ports=ports, scopes=scopes
    )


@pytest.fixture
def reader(desk):
    return officer(desk.agency("IMI"), Role.OFFICER)


def sent(desk, stage, until=None, *, key=None, reference=REF, at=None, port="CGK"):
    """Have a port send a step, as an encounter of somebody on no list does."""
    leaves = stage is Stage.DEPARTURE
    arrival = Arrival(
        None,
        port,
        Direction.EXIT if leaves else Direction.ENTRY,
        stage,
        captured_at=at or desk.clock(),
        traveller_ref=reference,
        permit_until=until,
    )
    write = desk.service.permits.follow(arrival, key or gate(desk))
    with desk.service.kernel.database.write_core() as connection:
        write(connection)


def screened(desk, **fields):
    """Have somebody on no list go through a gate, photo and all, as the interface does."""
    arrival = Arrival(photo_of(3), "CGK", captured_at=desk.clock(), traveller_ref=REF, **fields)
    encounters, key = desk.service.screening.encounters, gate(desk)
    key = replace(key, roles=frozenset({Role.PORT}), scopes=None)
    follow = desk.service.permits.follow(arrival, key)
    return encounters.record(encounters.examine(arrival, key), arrival, key, follow)


def listed(desk, reader, filters=ALL):
    return desk.service.permits.page(reader, None, 50, filters)


def count(desk, table):
    with desk.service.kernel.database.read() as session:
        return session.scalar(select(func.count()).select_from(table))


@pytest.mark.every_database
def test_an_arrival_is_shown_after_its_end_and_gone_at_departure(desk, reader):
    comes = {"direction": Direction.ENTRY, "stage": Stage.ARRIVAL}
    assert screened(desk, permit_until=TODAY + timedelta(days=2), **comes).encounter.alerts == []
    assert count(desk, EncounterPermit) == 0
    assert listed(desk, reader) == []
    desk.clock.advance(days=3)
    (row,) = listed(desk, reader)
    found = desk.service.permits.get(reader, row.id)
    assert found.traveller_ref == REF
    assert [step["kind"] for step in found.steps] == ["arrival"]
    desk.service.permits.extend(gate(desk), REF, TODAY + timedelta(days=9), "CGK")
    assert listed(desk, reader) == []
    desk.clock.advance(days=9)
    (row,) = listed(desk, reader)
    found = desk.service.permits.find(reader, REF)
    assert [step["kind"] for step in found.steps] == ["arrival", "extension"]
    screened(desk, direction=Direction.EXIT, stage=Stage.DEPARTURE)
    assert (count(desk, HeldPermit), count(desk, HeldPermitKey)) == (0, 0)
    with pytest.raises(NotFound):
        desk.service.permits.find(reader, REF)


def test_only_the_keys_own_agency_reads_it_and_references_are_its_own(desk, reader):
    sent(desk, Stage.ARRIVAL, TODAY)
    sent(desk, Stage.ARRIVAL, TODAY, key=gate(desk, "POL"))
    assert count(desk, HeldPermit) == 2
    desk.clock.advance(days=2)
    (own,) = listed(desk, reader)
    police = officer(desk.agency("POL"), Role.ANALYST)
    (theirs,) = listed(desk, police)
    assert own.id != theirs.id
    stranger = officer(desk.agency("BNN"), Role.OFFICER, Role.SUPERVISOR, Role.ANALYST)
    assert listed(desk, stranger) == []
    for other in (police, stranger):
        with pytest.raises(NotFound):
            desk.service.permits.get(other, own.id)
    with pytest.raises(NotFound):
        desk.service.permits.find(stranger, REF)
    for role in (Role.AUDITOR, Role.COORDINATOR, Role.ADMIN):
        with pytest.raises(NotPermitted):
            listed(desk, officer(desk.agency("IMI"), role))
    with pytest.raises(NotPermitted):
        listed(desk, gate(desk))
    desk.service.permits.depart(gate(desk, "POL"), REF, "CGK")
    assert [each.id for each in listed(desk, reader)] == [own.id]


def test_a_key_speaks_for_its_ports_alone(desk):
    key = gate(desk, ports=frozenset({"DPS"}))
    for act in (
        lambda: desk.service.permits.extend(key, REF, TODAY, "CGK"),
        lambda: desk.service.permits.depart(key, REF, "CGK"),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_neither_trail_nor_row_names_the_reference(desk, reader):
    sent(desk, Stage.ARRIVAL, TODAY)
    desk.service.permits.extend(gate(desk), REF, TODAY, "CGK")
    desk.service.permits.find(reader, REF)
    desk.service.permits.depart(gate(desk), "T-0002", "CGK")
    with desk.service.kernel.database.read() as session:
        (row,) = session.scalars(select(HeldPermit))
        assert REF.encode() not in row.sealed_fields
        assert REF not in row.reference_digest
        records = list(session.scalars(select(AuditRecord)))
    assert {"permit.report", "permit.read", "permit.end"} <= {each.action for each in records}
    assert not any("T-000" in str(each.detail) for each in records)


def test_filters_by_port_and_area(desk, reader):
    sent(desk, Stage.ARRIVAL, TODAY)
    sent(desk, Stage.ARRIVAL, TODAY, reference="T-2", port="DPS")
    desk.clock.advance(days=2)
    assert [each.port for each in listed(desk, reader, PermitFilter("DPS"))] == ["DPS"]
    assert [each.port for each in listed(desk, reader, PermitFilter(area="51"))] == ["DPS"]
    assert len(listed(desk, reader, PermitFilter(area="ID"))) == 2
    first, second = listed(desk, reader)
    assert desk.service.permits.page(reader, first.id, 1, ALL)[0].id == second.id


@pytest.mark.parametrize(
    "until", [date.min, TODAY - timedelta(days=1), TODAY + timedelta(days=7400), date.max]
)
def test_an_end_before_the_arrival_or_beyond_all_permits_is_none(desk, reader, until):
    sent(desk, Stage.ARRIVAL, TODAY)
    sent(desk, Stage.ARRIVAL, until)
    sent(desk, Stage.VISA, until, reference="T-2")
    # Who arrives was abroad: what was held of the time before is over all the same.
    assert (count(desk, HeldPermit), count(desk, HeldPermitKey)) == (0, 0)


def test_an_extension_to_before_the_arrival_is_a_slip_and_one_without_end_is_the_last(desk, reader):
    sent(desk, Stage.ARRIVAL, TODAY)
    desk.service.permits.extend(gate(desk), REF, date.min, "CGK")
    assert last_day(desk.service.permits.find(reader, REF), UTC) == TODAY
    desk.service.permits.extend(gate(desk), REF, date.max, "CGK")
    assert (count(desk, HeldPermit), count(desk, HeldPermitKey)) == (0, 0)


def test_what_comes_in_late_changes_nothing(desk, reader):
    before = desk.clock() - timedelta(hours=5)
    sent(desk, Stage.ARRIVAL, TODAY)
    sent(desk, Stage.DEPARTURE, at=before)
    sent(desk, Stage.ARRIVAL, TODAY + timedelta(days=90), at=before)
    desk.clock.advance(days=2)
    assert len(listed(desk, reader)) == 1
    # Who has left has no permit to extend.
    sent(desk, Stage.DEPARTURE)
    desk.service.permits.extend(gate(desk), REF, TODAY, "CGK")
    assert count(desk, HeldPermit) == 0


def test_off_nothing_is_held_and_every_act_says_so(tmp_path):
    clock = FakeClock()
    service = open_service(tmp_path / "siaga.db", clock, grounds=Grounds())
    desk = Desk(service, clock)
    reader = officer(desk.agency("IMI"), Role.OFFICER)
    sent(desk, Stage.ARRIVAL, TODAY)
    assert count(desk, HeldPermit) == 0
    for act in (
        lambda: service.permits.extend(gate(desk), REF, TODAY, "CGK"),
        lambda: service.permits.depart(gate(desk), REF, "CGK"),
        lambda: listed(desk, reader),
        lambda: service.permits.find(reader, REF),
        lambda: service.permits.get(reader, "prm_x"),
    ):
        with pytest.raises(OverstayOff):
            act()
    service.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One service for all drawn stories: each begins with nothing held."""
    clock = FakeClock()
    folder = tmp_path_factory.mktemp("permits")
    service = open_service(folder / "siaga.db", clock, grounds=ALL_ON)
    desk = Desk(service, clock)
    service.oversight.retention._days = {
        kind: OVERSTAY_GROUND.keep_days if kind == "overstay" else 0
        for kind in service.oversight.retention._days
    }
    yield desk
    service.close()


ends = st.integers(-3, 20)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("visa"), ends),
        st.tuples(st.just("arrive"), st.none() | ends),
        st.tuples(st.just("extend"), ends),
        st.tuples(st.just("depart"), st.none()),
        st.tuples(st.just("wait"), st.integers(1, 25)),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_any_story(shared, story):
    desk, permits = shared, shared.service.permits
    reader = officer(desk.agency("IMI"), Role.OFFICER)
    desk.clock.now = BEGIN
    with desk.service.kernel.database.write() as session:
        session.execute(delete(HeldPermit))
    here, until, came = False, None, BEGIN.date()  # what ought to be held
    for act, value in story:
        desk.clock.advance(minutes=1)
        today = day_of(desk.clock(), permits.zone)
        end = today + timedelta(days=value) if value is not None else None
        match act:
            case "visa":
                sent(desk, Stage.VISA, end)
                if not here and value >= 0:
                    until, came = end, today
            case "arrive":
                sent(desk, Stage.ARRIVAL, end)
                # An end before the arrival is a slip, as good as none.
                here = value is not None and value >= 0
                until, came = end if here else None, today
            case "extend":
                permits.extend(gate(desk), REF, end, "CGK")
                assert end is not None
                until = end if until is not None and end >= came else until
            case "depart":
                sent(desk, Stage.DEPARTURE)
                here, until = False, None
            case "wait":
                desk.clock.advance(days=value)
        today = day_of(desk.clock(), permits.zone)
        if until is not None and (today - until).days > OVERSTAY_GROUND.keep_days:
            desk.service.oversight.retention.run(OPERATOR)
            here, until = False, None
        over = here and until is not None and until < today
        assert len(listed(desk, reader)) == over
        assert count(desk, HeldPermit) == (until is not None)
        if until is not None:
            found = permits.find(reader, REF)
            assert day_of(found.ends_at, permits.zone) == until
            assert (found.in_country, permits.overstays()) == (here, over)


def test_a_visa_shows_in_the_line_and_is_no_overstay(desk, reader):
    sent(desk, Stage.VISA, TODAY)
    desk.clock.advance(days=2)
    assert listed(desk, reader) == []
    sent(desk, Stage.ARRIVAL, TODAY + timedelta(days=30))
    found = desk.service.permits.find(reader, REF)
    assert [step["kind"] for step in found.steps] == ["visa", "arrival"]
    assert PermitState.VISA.value == found.steps[0]["kind"]
