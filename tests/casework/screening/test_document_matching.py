"""A document that is itself on a list alerts, with or without a face."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from casework.kernel.vocabulary import Direction, Disposal, MatchedBy, Role, SubjectStatus
from casework.reports.review import ReportRequest
from casework.review import disposition
from casework.screening.travel_document import TravelDocument
from casework.tables import ChanceScore, Subject
from tests.casework.review.people import NO, YES
from tests.services import officer

CARRIED = TravelDocument(number="X1234567", country="IDN")
LISTED = [{"kind": "passport", "number": "X 123-4567", "country": "IDN"}]


def raised(desk, *people, document=CARRIED, **fields):
    return desk.screen(*people, document=document, **fields).encounter.alerts


def scores(desk):
    with desk.service.kernel.database.read() as session:
        return session.scalar(select(func.count()).select_from(ChanceScore))


@pytest.mark.every_database
def test_a_listed_document_alerts_without_a_face_and_says_so(desk):
    subject = desk.enrol(1, documents=LISTED)
    (alert,) = raised(desk, 2)
    assert (alert.matched_by, alert.subject_id) == (MatchedBy.DOCUMENT, subject)
    assert (alert.score, alert.threshold, alert.one_in, alert.calibration_id) == (None,) * 4
    assert alert.photo_id
    assert alert.instruction["en"].startswith("This document is on a list")
    assert "Curian atau pinjaman?" in alert.instruction["id"]
    assert scores(desk) == 0


def test_face_and_document_are_one_alert_with_its_score(desk):
    desk.enrol(1, documents=LISTED)
    (alert,) = raised(desk, 1)
    assert alert.matched_by == MatchedBy.BOTH
    assert alert.score >= alert.threshold
    assert "Stolen" not in alert.instruction["en"]


def test_another_person_by_face_comes_first(desk):
    face, document = desk.enrol(2), desk.enrol(1, documents=LISTED)
    alerts = raised(desk, 2)
    assert [(each.subject_id, each.rank) for each in alerts] == [(face, 1), (document, 2)]


def test_a_photo_without_a_face_alerts_too_and_says_why_it_was_not_searched(desk):
    desk.enrol(1, documents=LISTED)
    encounter = desk.screen(document=CARRIED).encounter
    assert encounter.outcome == "alert"
    assert encounter.quality["verdict"] == "unsearchable"
    assert encounter.quality["reasons"][0]["code"] == "no_face"
    assert encounter.sealed_portrait is None
    assert encounter.document["number"] == "X1234567"


@pytest.mark.parametrize(
    "carried",
    [
        TravelDocument(number="x1234567"),
        TravelDocument(number="X1234567", country="IDN", nationality="MYS"),
        TravelDocument(mrz="P<IDNA<<B\nX1234567<7IDN8002284M3001019<<<<<<<<<<<<<<<2"),
    ],
)
def test_a_number_is_the_same_however_it_is_written_or_read(desk, carried):
    desk.enrol(1, documents=LISTED)
    assert len(raised(desk, 2, document=carried)) == 1


@pytest.mark.parametrize(
    "fields", [{"number": "Y7654321"}, {"number": "X1234567", "country": "MYS"}]
)
def test_what_the_zone_says_is_looked_up_too_where_the_fields_say_otherwise(desk, fields):
    zone = "P<IDNA<<B\nX1234567<7IDN8002284M3001019<<<<<<<<<<<<<<<2"
    desk.enrol(1, documents=LISTED)
    assert len(raised(desk, 2, document=TravelDocument(mrz=zone, **fields))) == 1


def test_an_entry_that_was_altered_stops_nobodys_screening(desk):
    desk.enrol(1, documents=LISTED)
    desk.enrol(2)
    with desk.service.kernel.database.write_core() as connection:
        connection.execute(update(Subject).values(sealed_fields=b"\x02altered"))
    assert [each.matched_by for each in raised(desk, 2)] == [MatchedBy.FACE, MatchedBy.DOCUMENT]


@pytest.mark.parametrize(
    ("listed", "carried"),
    [
        (LISTED, TravelDocument(number="X1234567", country="MYS")),
        (LISTED, TravelDocument(number="X1234568", country="IDN")),
        (LISTED, TravelDocument(name="Person 1")),
        ([{"kind": "passport", "number": "N/A"}], TravelDocument(number="N/A")),
        ([{"kind": "passport", "number": "00000"}], TravelDocument(number="00000")),
    ],
)
def test_another_document_does_not_alert(desk, listed, carried):
    desk.enrol(1, documents=listed)
    assert raised(desk, 2, document=carried) == []


def test_the_lists_rules_are_those_of_faces(desk):
    exits = desk.watchlist("exits", direction=Direction.EXIT, ports=["CGK"])
    desk.enrol(1, exits, documents=LISTED)
    assert raised(desk, 2) == []
    assert len(raised(desk, 2, direction=Direction.EXIT)) == 1
    assert raised(desk, 2, direction=Direction.EXIT, port="DPS") == []


@pytest.mark.parametrize(
    "entry",
    [
        {"status": SubjectStatus.SUSPENDED},
        {"valid_from": 1},
    ],
)
def test_an_entry_that_is_not_in_force_does_not_alert(desk, entry):
    at = {
        name: desk.clock() + timedelta(days=value) if isinstance(value, int) else value
        for name, value in entry.items()
    }
    desk.enrol(1, documents=LISTED, **at)
    assert raised(desk, 2) == []


def test_an_entry_that_has_ended_does_not_alert(desk):
    desk.enrol(1, documents=LISTED, valid_until=desk.clock() + timedelta(days=1))
    assert len(raised(desk, 2)) == 1
    desk.clock.advance(days=2)
    assert raised(desk, 2) == []


def test_each_agencys_lists_are_searched_and_none_learns_of_the_other(desk):
    mine, theirs = desk.watchlist("mine"), desk.watchlist("theirs", agency_id=desk.agency("BEA"))
    desk.enrol(1, mine, documents=LISTED)
    desk.enrol(3, theirs, documents=LISTED)
    assert {each.watchlist_id for each in raised(desk, 2)} == {mine, theirs}


def test_nothing_of_it_is_an_alarm_of_a_face_or_a_score_of_chance(desk):
    desk.enrol(1, documents=LISTED)
    raised(desk, 2)
    desk.screen(document=CARRIED)
    desk.screen(3)
    (counted,) = desk.service.calibration.monitoring.alarms().watchlists
    assert (counted.travellers, counted.alarms) == (2, 0)
    raised(desk, 1)
    (counted,) = desk.service.calibration.monitoring.alarms().watchlists
    assert (counted.travellers, counted.alarms) == (3, 1)
    assert scores(desk) == 1


def test_somebody_else_with_the_document_is_not_released_but_can_be_refused(desk):
    desk.watchlist(requires_second_officer=False)
    desk.enrol(1, documents=LISTED)
    (alert,) = raised(desk, 2)
    who, decisions = officer(desk.agency(), Role.OFFICER), desk.service.review.decisions
    decisions.acknowledge(who, alert.id)
    found = decisions.decide(who, alert.id, NO)
    assert disposition.of_alerts([found]) == "pending"
    closed = decisions.close(who, alert.id, Disposal.ENTRY_REFUSED)
    assert disposition.of_alerts([closed]) == "held"


def test_a_face_that_was_somebody_elses_is_a_false_alarm_whatever_their_document_led_to(desk):
    desk.watchlist(requires_second_officer=False)
    desk.enrol(1, documents=LISTED)
    (alert,) = raised(desk, 1)
    who, decisions = officer(desk.agency(), Role.OFFICER), desk.service.review.decisions
    decisions.acknowledge(who, alert.id)
    decisions.decide(who, alert.id, NO)
    decisions.close(who, alert.id, Disposal.ENTRY_REFUSED)
    (counted,) = desk.service.calibration.monitoring.alarms().watchlists
    assert (counted.matches, counted.false_alarms) == (0, 1)
    chief, now = officer(desk.agency(), Role.SUPERVISOR), desk.clock()
    question = ReportRequest(now - timedelta(days=1), now + timedelta(days=1))
    (line,) = desk.service.reports.counts.review(chief, question).lines
    assert (line.confirmed.value, line.false_alarms.value) == (0, 1)
    decisions.correct(chief, alert.id, "the faces are alike")
    decisions.decide(chief, alert.id, YES)
    decisions.close(chief, alert.id, Disposal.ENTRY_REFUSED)
    (counted,) = desk.service.calibration.monitoring.alarms().watchlists
    assert (counted.matches, counted.false_alarms) == (1, 0)
