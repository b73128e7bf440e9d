"""The crash campaign's checks see what a crash could do, and its report says so."""

import io

import pytest
from rich.console import Console
from sqlalchemy import text

from benchmarks.crash import checks
from benchmarks.crash import report as crash_report
from benchmarks.crash.clients import Ledger, Step
from benchmarks.crash.crash import Round
from benchmarks.report import Report
from casework.kernel.vocabulary import Direction, Disposal, Opinion, Recapture, Role, Stage
from casework.review.decisions import Finding
from casework.screening.screening import Arrival
from tests.fakes import photo_of
from tests.services import Desk, FakeClock, officer, open_service, port_system


@pytest.fixture
def desk(tmp_path):
    """A service where one alert has been closed, one taken, and one left alone."""
    clock = FakeClock()
    desk = Desk(open_service(tmp_path / "siaga.db", clock), clock)
    desk.enrol(1)
    alerts = [screen(desk, f"key-{number}") for number in range(3)]
    one, other = (officer(desk.agency(), Role.OFFICER, Role.SUPERVISOR, name=n) for n in "ab")
    review = desk.service.review.decisions
    review.acknowledge(one, alerts[0])
    review.decide(one, alerts[0], Finding(Opinion.POTENTIAL_CANDIDATE))
    review.confirm(other, alerts[0], Finding(Opinion.POTENTIAL_CANDIDATE))
    review.close(one, alerts[0], Disposal.HANDED_OVER)
    review.acknowledge(one, alerts[1])
    yield desk
    desk.service.close()


def screen(desk, key):
    arrival = Arrival(
        photo_of(1, brightness=0.9), "CGK", Direction.ENTRY, Stage.ARRIVAL, idempotency_key=key
    )
    (alert,) = desk.service.screening.encounters.screen(arrival, port_system()).encounter.alerts
    return alert.id


def found(desk):
    records = desk.service
    return checks.of_chain(records) + checks.of_database(records)


def alter(desk, statement):
    with desk.service.kernel.database.write_core() as connection:
        connection.execute(text(statement))


def test_a_sound_database_passes(desk):
    assert found(desk) == []


def test_what_a_gate_was_advised_is_held_against_the_trail(desk):
    arrival = Arrival(photo_of(), "CGK", Direction.ENTRY, Stage.ARRIVAL, idempotency_key="nobody")
    screened = desk.service.screening.encounters.screen(arrival, port_system())
    assert screened.encounter.recapture == Recapture.ADVISED
    assert found(desk) == []
    alter(desk, "UPDATE encounter SET recapture = NULL WHERE outcome = 'unsearchable'")
    assert "and the trail says" in "\n".join(found(desk))


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("DELETE FROM alert_event WHERE action = 'alert.confirm'", "not those of the trail"),
        ("DELETE FROM alert_event WHERE action = 'alert.close'", "not those of the trail"),
        ("UPDATE alert SET state = 'new', version = 1 WHERE state = 'closed'", "version 1, after"),
        ("UPDATE alert SET version = version + 1 WHERE state = 'new'", "version 2, after"),
        ("DELETE FROM alert WHERE state = 'new'", "has 0 alerts, and the trail says"),
        ("DELETE FROM encounter WHERE rowid = 3", "which is not there"),
        ("DELETE FROM idempotency WHERE rowid = 1", "lacks its idempotency key"),
        ("DELETE FROM audit WHERE action = 'encounter.screen' AND seq > 5", "trail says []"),
        ("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)", "audit trail is broken"),
        ("UPDATE audit SET detail = '{}' WHERE action = 'agency.create'", "audit trail is broken"),
    ],
)
def test_half_a_change_is_seen(desk, statement, sentence):
    alter(desk, statement)
    assert sentence in "\n".join(found(desk))


def test_a_lost_step_is_seen(desk):
    answer = {"version": 9}
    ledger = Ledger(steps=[Step("alr_gone", "decide", "", "req-1", answer)])
    wrong = checks.of_ledger(desk.service, ledger)
    assert [sentence.split(":")[0] for sentence in wrong] == [
        "acknowledged and not in the trail",
        "acknowledged and lost",
    ]


def test_a_retry_recorded_twice_is_seen(desk):
    assert checks.of_retries(desk.service, 3) == []
    assert checks.of_retries(desk.service, 2)


def test_the_report_fails_for_a_single_wrong_thing():
    report = Report("crash", "a test", {})
    good = Round(1, 0.5, 40, 20, 180, 3, 1.2, 300, ())
    bad = Round(2, 0.7, 40, 20, 180, 3, 1.2, 600, ("encounter enc_1 is lost",))
    crash_report.add_to(report, [good, bad])
    (target,) = report.targets
    assert not target.passed
    printed = io.StringIO()
    report.print(Console(file=printed, width=200))
    assert "encounter enc_1 is lost" in printed.getvalue()
