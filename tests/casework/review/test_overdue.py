"""Nobody forgets an alert: who is called, once for each step, over processes and restarts."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from casework.kernel.audit.reader import AuditFilter
from casework.kernel.vocabulary import Escalation, EventKind, Role
from casework.review.duty import NewShift
from casework.review.overdue import OVERDUE, Overdue, is_called
from casework.tables import Alert, OutboxEvent
from tests.casework.review.people import people, raised
from tests.casework.review.test_duty import EVERY_DAY, JAKARTA, account
from tests.services import OPERATOR, officer, open_service


@pytest.fixture
def staff(desk):
    return people(desk)


def steps(service) -> list[tuple[str, str | None]]:
    """Return what was told, and to whom."""
    kind = EventKind.ALERT_OVERDUE
    with service.kernel.database.read() as session:
        query = select(OutboxEvent).where(OutboxEvent.kind == kind).order_by(OutboxEvent.seq)
        events = list(session.scalars(query))
    # Of the owner's alone: neither those whom the list is shared with nor the port.
    assert all(event.watchlist_id is event.key_id is None for event in events)
    return [(event.object_id, event.owner_id) for event in events]


def escalation(service, alert_id: str) -> str | None:
    with service.kernel.database.read() as session:
        found: str | None = session.get_one(Alert, alert_id).escalation
    return found


def test_each_step_is_told_once_with_its_record(desk):
    alert_id = raised(desk)
    overdue = desk.service.review.overdue
    assert overdue.escalate() == 0
    desk.clock.advance(seconds=61)
    assert [overdue.escalate(), overdue.escalate()] == [1, 0]
    assert escalation(desk.service, alert_id) == Escalation.SUPERVISOR
    desk.clock.advance(seconds=60)
    assert [overdue.escalate(), overdue.escalate()] == [1, 0]
    assert escalation(desk.service, alert_id) == Escalation.NEXT_PORT
    desk.clock.advance(days=1)
    assert overdue.escalate() == 0
    assert steps(desk.service) == [(alert_id, desk.agency())] * 2
    found = desk.service.oversight.trail.page(OPERATOR, None, 10, AuditFilter(action=OVERDUE))
    assert sorted(each.detail["step"] for each in found) == ["next_port", "supervisor"]


def test_what_was_taken_or_need_not_be_calls_nobody(desk, staff):
    taken = raised(desk)
    desk.service.review.decisions.acknowledge(staff.first, taken)
    raised(desk, 2, requires_acknowledgement=False)
    desk.clock.advance(days=1)
    assert desk.service.review.overdue.escalate() == 0


def test_an_officer_who_has_the_page_open_can_still_take_it(desk, staff):
    alert_id = raised(desk)
    version = desk.service.review.alerts.get(staff.first, alert_id).alert.version
    desk.clock.advance(seconds=61)
    desk.service.review.overdue.escalate()
    row = desk.service.review.decisions.acknowledge(staff.first, alert_id, version)
    assert row.escalation == Escalation.SUPERVISOR


def test_of_two_processes_one_takes_the_step(desk):
    alert_id = raised(desk)
    desk.clock.advance(seconds=61)
    one, other = desk.service.review.overdue, Overdue(desk.service.kernel)
    due, same = one._due(), other._due()
    assert due == same == [(alert_id, None)]
    assert (one._take(due), other._take(same)) == (1, 0)
    assert len(steps(desk.service)) == 1


def test_what_fell_due_while_nothing_ran_is_done_at_the_start(desk):
    alert_id = raised(desk)
    url = desk.service.kernel.database.url.render_as_string(hide_password=False)
    desk.clock.advance(hours=1)
    again = open_service(url, desk.clock)
    try:
        assert again.review.overdue.escalate() == 2
        assert again.review.overdue.escalate() == 0
        assert escalation(again, alert_id) == Escalation.NEXT_PORT
        assert len(steps(again)) == 2
    finally:
        again.close()


def test_the_duty_table_says_who_is_called(desk):
    agency = desk.agency()
    ids = {
        "officer": account(desk, "siti", Role.OFFICER),
        "chief": account(desk, "budi", Role.SUPERVISOR),
        "elsewhere": account(desk, "wati", Role.OFFICER),
        "third": account(desk, "rudi", Role.OFFICER),
    }
    manager = officer(agency, Role.ADMIN)
    duty = desk.service.review.duty

    def put(port, *who, **more):
        shift = NewShift(
            port, EVERY_DAY, "00:00", "00:00", tuple(ids[each] for each in who), **more
        )
        duty.create(manager, shift, JAKARTA)

    def called(step):
        shifts = duty.now(manager)
        actors = {
            name: officer(agency, Role.SUPERVISOR if name == "chief" else Role.OFFICER)
            for name in ids
        }
        found = {name: replace(actor, id=ids[name]) for name, actor in actors.items()}
        return {name for name, actor in found.items() if is_called(actor, step, "CGK", shifts)}

    supervisor, next_port = Escalation.SUPERVISOR, Escalation.NEXT_PORT
    # Without a table: everybody of the role, then everybody.
    assert called(supervisor) == {"chief"}
    assert called(next_port) == set(ids)
    put("CGK", "officer", next_port="DPS")
    assert called(supervisor) == {"chief"}  # nobody of the role is on duty: all of it are called
    put("DPS", "elsewhere")
    put("SUB", "third")
    assert called(next_port) == {"chief", "officer", "elsewhere"}
    put("CGK", "chief")
    assert called(supervisor) == {"chief"}


def test_the_count_is_of_who_is_called_and_of_the_own_agency(desk, staff):
    alert_id = raised(desk)
    overdue = desk.service.review.overdue
    other = officer(desk.agency("BEA"), Role.SUPERVISOR)
    assert [overdue.calling(each) for each in (staff.first, staff.chief, other)] == [0, 0, 0]
    desk.clock.advance(seconds=61)
    overdue.escalate()
    assert [overdue.calling(each) for each in (staff.first, staff.chief, other)] == [0, 1, 0]
    desk.clock.advance(seconds=60)
    overdue.escalate()
    assert [overdue.calling(each) for each in (staff.first, staff.chief, other)] == [1, 1, 0]
    desk.service.review.decisions.acknowledge(staff.first, alert_id)
    assert overdue.calling(staff.chief) == 0


def test_the_backlog_is_counted_by_list_and_port(desk):
    raised(desk)
    desk.clock.advance(seconds=61)
    desk.screen(1, port="DPS")
    (cgk, dps) = sorted(desk.service.review.overdue.backlog(), key=lambda each: each.port)
    assert (cgk.port, cgk.open, cgk.overdue) == ("CGK", 1, 1)
    assert (dps.port, dps.open, dps.overdue) == ("DPS", 1, 0)
