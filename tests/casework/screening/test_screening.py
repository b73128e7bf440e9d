"""From a photo to an outcome, and what is on record afterwards."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from casework.kernel import rows
from casework.kernel.errors import IdempotencyClash, NotFound, NotPermitted
from casework.kernel.vocabulary import Category, Direction, Stage, SubjectStatus
from casework.screening import matching
from casework.tables import Alert, Encounter
from detector.errors import PhotoError
from tests.services import BEGIN, OPERATOR, Desk, open_service, photo_file, port_system

pytestmark = pytest.mark.every_database


def count(desk, table):
    with desk.service.kernel.database.read() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_an_enrolled_person_alerts_and_a_stranger_is_clear(desk):
    subject = desk.enrol(1)
    found = desk.screen(1).encounter
    assert found.outcome == "alert"
    (alert,) = found.alerts
    assert alert.subject_id == subject
    assert alert.score >= alert.threshold
    assert alert.rank == 1
    assert desk.screen(2).encounter.outcome == "clear"


def test_a_photo_without_a_face_is_unsearchable_and_recorded_with_its_reason(desk):
    desk.enrol(1)
    encounter = desk.screen().encounter
    assert encounter.outcome == "unsearchable"
    assert encounter.quality["reasons"][0]["code"] == "no_face"
    assert (
        desk.service.screening.encounters.get(encounter.id, port_system()).outcome == "unsearchable"
    )


def test_a_broken_photo_is_refused_and_nothing_is_recorded(desk):
    with pytest.raises(PhotoError):
        desk.screen(photo=b"\xff\xd8\xff not a photo")
    assert count(desk, Encounter) == 0


def test_several_people_in_view_are_reported_as_a_quality_reason(desk):
    desk.enrol(1)
    encounter = desk.screen(1, 2).encounter
    assert encounter.faces == 2
    assert "several_faces" in {reason["code"] for reason in encounter.quality["reasons"]}


@pytest.mark.parametrize(
    ("shift", "outcome"),
    [
        (timedelta(hours=-1), "clear"),
        (timedelta(0), "alert"),
        (timedelta(days=9), "alert"),
        (timedelta(days=10), "alert"),
        (timedelta(days=10, seconds=1), "clear"),
        (timedelta(days=400), "clear"),
    ],
)
def test_an_entry_alerts_only_while_it_is_in_force(desk, shift, outcome):
    desk.enrol(1, valid_from=BEGIN, valid_until=BEGIN + timedelta(days=10))
    desk.clock.now = BEGIN + shift
    assert desk.screen(1).encounter.outcome == outcome


def test_a_watchlist_looks_only_its_own_way_and_at_its_own_ports(desk):
    entry = desk.watchlist("entry", direction=Direction.ENTRY, category=Category.TANGKAL)
    batam = desk.watchlist("batam", direction=Direction.BOTH, ports=["IDBTM"])
    desk.enrol(1, entry, batam)

    def lists(**fields):
        return {alert.watchlist_name for alert in desk.screen(1, **fields).encounter.alerts}

    assert lists() == {"entry"}
    assert lists(direction=Direction.EXIT) == set()
    assert lists(port="IDBTM") == {"entry", "batam"}
    assert lists(port="IDBTM", direction=Direction.EXIT) == {"batam"}


def test_each_watchlist_applies_its_own_threshold(desk):
    strict = desk.watchlist("strict", threshold=0.9999)
    loose = desk.watchlist("loose", threshold=0.7)
    desk.enrol(1, strict, loose)
    assert [a.watchlist_name for a in desk.screen(1).encounter.alerts] == ["loose"]


def test_a_changed_threshold_counts_from_the_next_screening_on(desk):
    watchlist = desk.watchlist()
    desk.enrol(1)
    assert desk.screen(1).encounter.outcome == "alert"
    desk.service.lists.watchlists.edit(OPERATOR, watchlist, {"threshold": 0.9999}, None)
    assert desk.screen(1).encounter.outcome == "clear"
    desk.service.lists.watchlists.edit(OPERATOR, watchlist, {"threshold": None}, None)
    alert = desk.screen(1).encounter.alerts[0]
    assert alert.threshold_basis == "prior of open: FPIR 0.001 at 1 templates"


def test_the_threshold_rises_with_the_number_of_templates_on_the_list(desk):
    subject = desk.enrol(1)
    before = desk.screen(1).encounter.alerts[0].threshold
    for person in range(2, 12):
        desk.enrol(person)
    after = desk.screen(1).encounter.alerts[0]
    assert after.subject_id == subject
    assert after.threshold > before


def test_a_subject_with_several_photos_raises_one_alert_with_its_best_score(desk):
    subject = desk.enrol(1)
    desk.service.enrolment.add_photos(OPERATOR, subject, [photo_file(1, brightness=0.8)])
    (alert,) = desk.screen(1).encounter.alerts
    embedding = desk.service.pipeline.analyse(photo_file(1, brightness=0.9).content).embedding
    best = desk.service.gallery.replica.gallery.top(embedding, 1).hits[0].score
    assert alert.score == pytest.approx(best)


def test_alerts_are_ranked_by_score(desk):
    for brightness in (1.0, 0.8, 0.6):
        desk.enrol(2, brightness=brightness)
    alerts = desk.screen(2).encounter.alerts
    assert [alert.rank for alert in alerts] == [1, 2, 3]
    scores = [alert.score for alert in alerts]
    assert scores == sorted(scores, reverse=True)


def test_more_hits_than_one_statement_takes_are_looked_up_in_several(desk, monkeypatch):
    subjects = {desk.enrol(2, brightness=1 - number / 20) for number in range(5)}
    monkeypatch.setattr(matching, "_IDS_AT_ONCE", 2)
    alerts = desk.screen(2).encounter.alerts
    assert {alert.subject_id for alert in alerts} == subjects
    assert [alert.rank for alert in alerts] == [1, 2, 3, 4, 5]


def test_the_portrait_is_kept_with_an_alert_only_and_encrypted(desk):
    desk.enrol(1)
    alert, clear = desk.screen(1).encounter, desk.screen(2).encounter
    with desk.service.kernel.database.read() as session:
        kept = session.get_one(Encounter, alert.id).sealed_portrait
        assert session.get_one(Encounter, clear.id).sealed_portrait is None
    opened = desk.service.kernel.vault.open(kept, rows.encounter(alert.id))
    assert opened[:3] == b"\xff\xd8\xff"
    assert opened[:3] not in kept[:16]


def test_an_idempotency_key_is_answered_once_even_after_a_restart(desk, database):
    desk.enrol(1)
    first = desk.screen(1, idempotency_key="abc")
    again = desk.screen(1, idempotency_key="abc")
    assert not first.replayed
    assert again.replayed
    assert again.encounter.id == first.encounter.id
    desk.service.close()
    restarted = Desk(open_service(database, desk.clock), desk.clock)
    later = restarted.screen(1, idempotency_key="abc")
    assert later.replayed
    assert later.encounter.id == first.encounter.id
    assert [a.id for a in later.encounter.alerts] == [a.id for a in first.encounter.alerts]
    assert count(restarted, Encounter) == 1
    restarted.service.close()


def test_an_idempotency_key_for_another_request_is_refused(desk):
    desk.screen(1, idempotency_key="abc")
    for changed in ({"port": "SIN"}, {"traveller_ref": "x"}, {"direction": Direction.EXIT}):
        with pytest.raises(IdempotencyClash):
            desk.screen(1, idempotency_key="abc", **changed)
    with pytest.raises(IdempotencyClash):
        desk.screen(2, idempotency_key="abc")
    assert not desk.screen(2, idempotency_key="abc", key=port_system("key_other")).replayed


def test_the_same_key_sent_many_times_at_once_records_one_encounter(desk):
    desk.enrol(1)
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(desk.screen(1, idempotency_key="same")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer.encounter.id for answer in answers}) == 1
    assert len(answers) == 8
    assert sum(not answer.replayed for answer in answers) == 1
    assert count(desk, Encounter) == 1
    assert count(desk, Alert) == 1


def test_a_key_speaks_only_for_its_ports_and_reads_only_its_own_encounters(desk):
    batam = port_system("key_batam", frozenset({"IDBTM"}))
    with pytest.raises(NotPermitted):
        desk.screen(1, key=batam)
    encounter = desk.screen(1, key=batam, port="IDBTM").encounter
    assert desk.service.screening.encounters.get(encounter.id, batam).id == encounter.id
    with pytest.raises(NotFound):
        desk.service.screening.encounters.get(encounter.id, port_system("key_other"))


def test_stage_times_are_recorded(desk):
    screened = desk.screen(1)
    assert {"decode", "detect", "align", "assess", "embed", "search", "record"} <= set(
        screened.stages
    )
    assert set(screened.encounter.stages) == set(screened.stages) - {"record"}


def test_a_watchlist_looks_only_at_its_own_stages(desk):
    desk.enrol(1, desk.watchlist("departures", stages=["stay", "departure"]))
    found = {stage.value: desk.screen(1, stage=stage).encounter.outcome for stage in Stage}
    assert found == {"visa": "clear", "arrival": "clear", "stay": "alert", "departure": "alert"}


def test_who_is_suspended_or_on_an_inactive_list_never_alerts(desk):
    records = desk.service
    watchlist, subject = desk.watchlist(), desk.enrol(1)
    records.lists.subjects.edit(OPERATOR, subject, {"status": SubjectStatus.SUSPENDED}, None)
    assert desk.screen(1).encounter.outcome == "clear"
    records.lists.subjects.edit(OPERATOR, subject, {"status": SubjectStatus.ACTIVE}, None)
    assert desk.screen(1).encounter.outcome == "alert"
    records.lists.watchlists.edit(OPERATOR, watchlist, {"active": False}, None, "over")
    assert desk.screen(1).encounter.outcome == "clear"
    records.lists.watchlists.edit(OPERATOR, watchlist, {"active": True}, None)
    assert desk.screen(1).encounter.outcome == "alert"


def test_a_face_that_resembles_many_raises_the_best_of_each_list_alone(desk):
    low, other = desk.watchlist("low"), desk.watchlist("other")
    for number in range(matching.MOST_CANDIDATES + 3):
        desk.enrol(1, low, brightness=1 - number / 100)
    desk.enrol(1, other)
    alerts = desk.screen(1).encounter.alerts
    counted = Counter(alert.watchlist_name for alert in alerts)
    assert counted == {"low": matching.MOST_CANDIDATES, "other": 1}
    assert alerts[0].score == max(alert.score for alert in alerts)
