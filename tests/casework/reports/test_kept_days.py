"""Whatever changes, a report is what the rows say: days that are over come from memory until then.

Each act is compared twice, as the process that has read those days before answers, and as one that
has just been started.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, text, update

from casework.kernel import kept_days
from casework.kernel.clock import utc_now
from casework.kernel.kept_days import KEPT, KeptDays, Memory, memory_of, split
from casework.kernel.vocabulary import Opinion, Role
from casework.reports.calendar import CalendarPeriod
from casework.reports.cuts import CutRequest
from casework.reports.dimensions import Dimension
from casework.reports.review import ReportRequest
from casework.review.decisions import Finding
from casework.tables import Agency, Alert, Encounter, Subject
from tests.services import BEGIN, officer

SOME = (
    *(Dimension.REGENCY, Dimension.WATCHLIST, Dimension.AGENCY, Dimension.NATIONALITY),
    *(Dimension.OUTCOME, Dimension.HOUR),
)
"""Those that hang on something of their own."""
LONG = timedelta(days=3)
DAY = timedelta(days=1)
DAYS = st.timedeltas(-10 * DAY, 20 * DAY).map(lambda each: BEGIN + each)


@given(one=DAYS, other=DAYS, now=DAYS, whole=st.booleans())
def test_a_period_falls_into_days_that_are_over_and_the_rest(one, other, now, whole):
    bounds = min(one, other), max(one, other)
    found = split(bounds, now, whole=whole)
    days = [
        (begin := datetime(each.year, each.month, each.day, tzinfo=UTC), begin + DAY)
        for each in found.days
    ]
    assert all(end <= now for _, end in days)
    if whole:
        assert all(bounds[0] <= begin and end <= bounds[1] for begin, end in days)
    # Without a gap and without an overlap, the ends of days that are only touched apart.
    parts = sorted([*days, *found.rest]) or [bounds]
    assert all(before[1] == after[0] for before, after in pairwise(parts))
    assert parts[0][0] <= bounds[0]
    assert parts[-1][1] >= bounds[1]
    if not days:
        assert found.rest == (bounds,)


def test_the_beginning_of_time_is_no_reason_to_count_its_days():
    since = datetime.min.replace(tzinfo=UTC)
    found = split((since, BEGIN), BEGIN, whole=False)
    assert len(found.days) == 1000
    assert found.days[-1] == date(2026, 2, 28)
    assert found.rest[0][0] == since


@pytest.mark.every_database
def test_every_table_that_reports_read_marks_days(desk):
    """A migration that replaces one of the tables on SQLite has to make its triggers again."""
    database = desk.service.kernel.database
    catalogue = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if database.local
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with database.read() as session:
        found = set(session.scalars(text(catalogue)))
    tables, events = ("alert", "encounter", "subject"), ("insert", "update", "delete")
    assert found >= {f"mark_{table}_days_{event}" for table in tables for event in events}


def screen(desk, at):
    desk.screen(1 + at % 2, port=("CGK", "IDBTM", "DPS")[at % 3])


def decide(desk, at):
    actor = officer(desk.agency(), Role.OFFICER)
    for alert in desk.screen(1).encounter.alerts:
        desk.service.review.decisions.acknowledge(actor, alert.id)
        desk.clock.advance(days=2)
        opinions = (Opinion.NOT_CANDIDATE, Opinion.POTENTIAL_CANDIDATE, Opinion.INCONCLUSIVE)
        desk.service.review.decisions.decide(actor, alert.id, Finding(opinions[at % 3]))


def some(column, at):
    """Half of the rows, as it happens."""
    return column.like(f"%{'02468ACEGJ'[at % 10]}") | column.like(f"%{'13579BDFHK'[at % 10]}")


STATEMENTS = (
    lambda at: update(Alert).where(some(Alert.id, at)).values(state="confirmed"),
    lambda at: update(Alert).where(some(Alert.id, at)).values(state="new"),
    lambda at: (
        update(Alert).where(some(Alert.id, at)).values(state="closed", disposal="mistaken_identity")
    ),
    lambda at: update(Alert).where(some(Alert.id, at)).values(watchlist_name=f"list {at}"),
    lambda at: update(Alert).where(some(Alert.id, at)).values(decided_at=BEGIN + at * DAY),
    lambda at: update(Encounter).where(some(Encounter.id, at)).values(port=f"P{at}"),
    lambda at: update(Encounter).where(some(Encounter.id, at)).values(area="31.71"),
    lambda at: update(Subject).values(nationality=("IDN", "MYS", None)[at % 3]),
    lambda at: update(Agency).where(Agency.code != "IMI").values(code=f"POL{at}"),
    lambda at: delete(Encounter).where(some(Encounter.id, at)),
)


def change(statement):
    def act(desk, at):
        with desk.service.kernel.database.write() as session:
            session.execute(STATEMENTS[statement](at))

    return act


ACTS = st.sampled_from([screen, screen, decide, *map(change, range(len(STATEMENTS)))])


def told(desk):
    """What reports say to two agencies and to everybody."""
    reports, found = desk.service.reports, []
    bounds = BEGIN - LONG + timedelta(hours=5), desk.clock() + timedelta(hours=1)
    cuts = ((), *((each,) for each in SOME), (Dimension.PORT, Dimension.OUTCOME))
    for agency in ("IMI", "POL0"):
        actor = officer(desk.agency(agency), Role.SUPERVISOR)
        question = ReportRequest(*bounds, zone="Asia/Jakarta")
        found += [each.lines for each in reports.counts.reviews(actor, question, cuts)]
        asked = CutRequest(Dimension.AREA, Dimension.CATEGORY)
        found.append(reports.cuts.own(actor, asked, bounds))
        found.append(reports.places.own(actor, CalendarPeriod(2026, 3, 1)))
    found.append(desk.service.calibration.monitoring.alarms(30))
    found.append(desk.service.calibration.monitoring.alarms(2))
    return found


@pytest.mark.every_database
def test_reports_are_those_of_the_rows_after_any_acts(desk):
    desk.enrol(1, nationality="IDN")
    desk.enrol(2, desk.watchlist("police", agency_id=desk.agency("POL0")))
    info = desk.service.kernel.database.info

    @given(acts=st.lists(st.tuples(ACTS, st.integers(0, 9), st.integers(0, 30)), max_size=3))
    @settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
    def check(acts):
        for act, at, hours in acts:
            act(desk, at)
            desk.clock.advance(hours=hours)
            warm = told(desk)
            kept, info[KEPT] = info[KEPT], Memory()
            assert told(desk) == warm
            info[KEPT] = kept

    check()


@pytest.mark.every_database
def test_days_that_are_over_are_read_once(desk):
    desk.enrol(1)
    for _ in range(4):
        desk.screen(1)
        desk.clock.advance(days=1)
    database, monitoring = desk.service.kernel.database, desk.service.calibration.monitoring
    first, statements = monitoring.alarms(), []
    event.listen(
        database.engine, "before_cursor_execute", lambda *about: statements.append(about[2])
    )
    assert monitoring.alarms() == first
    again = [each for each in statements if "FROM alert" in each]
    assert len(again) == 1  # of the running day
    desk.clock.advance(days=1)
    with database.read() as session:
        assert memory_of(session) is database.info[KEPT]


def test_days_are_read_again_once_the_clock_was_set(desk, monkeypatch):
    """A clock that went ahead had days end that had not: rows came in that nobody marked."""
    kept: KeptDays[int] = KeptDays()
    day, reads = date(2026, 3, 2), []

    def read(_session, bounds):
        reads.append(bounds)
        return {day: len(reads)}

    def ask():
        with desk.service.kernel.database.read() as session:
            return kept.read(session, [day], read, 0)

    def set_clock(ahead):
        monkeypatch.setattr(kept_days, "utc_now", lambda: utc_now() + ahead)

    set_clock(timedelta(hours=36))
    assert ask() == ask() == [1]
    set_clock(timedelta(0))
    assert ask() == ask() == [2]
    set_clock(timedelta(minutes=20))  # as clocks are corrected
    assert ask() == [2]
