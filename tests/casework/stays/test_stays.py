"""Stays: reported, answered with a receipt, screened afterwards, seen by their agency alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from casework.kernel.actor import Actor, ActorKind
from casework.kernel.errors import (
    AreaRefused,
    IdempotencyClash,
    InvalidPeriod,
    NotFound,
    NotPermitted,
    StayRefused,
    StaysOff,
)
from casework.kernel.processing import Grounds
from casework.kernel.vocabulary import (
    Direction,
    MatchedBy,
    Role,
    Scope,
    Stage,
    StaySource,
    StayState,
)
from casework.oversight.retention import RecordKind
from casework.screening.travel_document import TravelDocument
from casework.stays.reports import NewStay
from casework.stays.screening import StayTaken
from casework.stays.stays import StayFilter, state_of
from casework.tables import (
    Alert,
    AuditRecord,
    Encounter,
    Stay,
    StayKey,
    StayPhoto,
    StayPhotoKey,
)
from detector.errors import UnsupportedFormat
from tests.fakes import photo_of
from tests.services import BEGIN, OPERATOR, Desk, FakeClock, officer, open_service

LODGING = "HTL-0042"
GUEST = TravelDocument(
    name="DOE, JOHN", birth="1980-02-28", nationality="AUS", number="N1234567", country="AUS"
)
NEW = NewStay(LODGING, "Hotel Melati", GUEST, BEGIN, area="31", address="Jalan Melati 1")
LISTED = {"documents": ({"kind": "passport", "number": "N1234567", "country": "AUS"},)}


@pytest.fixture
def key(desk):
    """A hotel's key, of the immigration office IMI."""
    return hotel(desk)


def hotel(desk: Desk, key_id: str = "key_hotel", agency: str = "IMI") -> Actor:
    scopes, ports = frozenset({Scope.STAYS}), frozenset({LODGING})
    return Actor(ActorKind.SYSTEM, key_id, "hotel", desk.agency(agency), ports=ports, scopes=scopes)


@pytest.fixture
def reader(desk):
    return officer(desk.agency("IMI"), Role.OFFICER)


@pytest.fixture
def reports(desk):
    return desk.service.stays.reports


@pytest.fixture
def stays(desk):
    return desk.service.stays.stays


def work(desk: Desk) -> int:
    """Screen whoever waits, as the service does beside its requests."""
    screening, done = desk.service.stays.screening, 0
    while (claim := screening.claim()) is not None:
        screening.screen(claim)
        done += 1
    return done


def count(desk: Desk, table: type) -> int:
    with desk.service.kernel.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def alerts(desk: Desk) -> list[Alert]:
    with desk.service.kernel.database.read() as session:
        found = list(session.scalars(select(Alert).order_by(Alert.id)))
        for each in found:
            assert each.encounter is not None  # read while there is a session
        return found


def kept_photos(desk: Desk) -> tuple[bytes | None, ...]:
    with desk.service.kernel.database.read() as session:
        return tuple(
            session.execute(select(Encounter.sealed_portrait, Encounter.sealed_face)).one()
        )


# Reporting


@pytest.mark.every_database
def test_a_report_gets_a_receipt_and_is_found_by_it(reports, stays, key, reader):
    receipt = reports.report(key, NEW)
    assert not receipt.replayed
    seen = stays.get(reader, receipt.receipt.lower())
    assert (seen.lodging_name, seen.area, seen.guest["name"]) == (
        "Hotel Melati",
        "31",
        "DOE, JOHN",
    )
    assert reports.get(key, receipt.receipt).id == seen.id
    assert [row.receipt for row in stays.page(reader, None, 10, StayFilter())] == [receipt.receipt]


def test_nothing_of_the_guest_lies_open(desk, reports, key):
    photo = photo_of(1)
    reports.report(key, replace(NEW, photo=photo))
    with desk.service.kernel.database.read() as session:
        rows = [session.scalars(select(table)).one() for table in (Stay, StayPhoto)]
        columns = [getattr(row, column.key) for row in rows for column in row.__table__.columns]
    for secret in ("DOE", "N1234567", "Melati", "AUS"):
        assert secret not in repr(columns)
    assert photo not in columns


@pytest.mark.parametrize(
    "document",
    [
        replace(GUEST, nationality="IDN"),
        TravelDocument(
            mrz="P<IDNSUKARNO<<AHMAD<<<<<<<<<<<<<<<<<<<<<<<<<\n"
            "X1234567<7IDN8002284M3001019<<<<<<<<<<<<<<<2"
        ),
        # The zone says so, whatever was typed beside it.
        replace(
            GUEST,
            mrz="P<IDNSUKARNO<<AHMAD<<<<<<<<<<<<<<<<<<<<<<<<<\n"
            "X1234567<7IDN8002284M3001019<<<<<<<<<<<<<<<2",
        ),
    ],
)
def test_an_indonesian_guest_is_refused_and_nothing_kept(desk, reports, key, document):
    before = count(desk, AuditRecord)
    with pytest.raises(StayRefused, match="Indonesian"):
        reports.report(key, replace(NEW, document=document, photo=photo_of(1)))
    assert (count(desk, Stay), count(desk, StayPhoto), count(desk, StayKey)) == (0, 0, 0)
    assert count(desk, AuditRecord) == before


@pytest.mark.parametrize("name", ["nationality", "name", "number"])
def test_a_guest_without_a_document_is_refused_by_its_field(reports, key, name):
    with pytest.raises(StayRefused) as refused:
        reports.report(key, replace(NEW, document=replace(GUEST, **{name: None})))
    assert refused.value.field == f"document_{name}"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"checked_in_at": BEGIN + timedelta(days=2)}, "checked_in"),
        ({"expected_out_at": BEGIN - timedelta(hours=1)}, "expected_out"),
        ({"checked_out_at": BEGIN - timedelta(hours=1)}, "checked_out"),
        ({"checked_out_at": BEGIN + timedelta(days=2)}, "checked_out"),
        ({"checked_in_at": BEGIN - timedelta(days=91)}, "checked_in"),
    ],
)
def test_impossible_days_are_refused(reports, key, changes, field):
    with pytest.raises(InvalidPeriod) as refused:
        reports.report(key, replace(NEW, **changes))
    assert refused.value.field == field


def test_an_area_that_nobody_knows_is_refused(reports, key):
    with pytest.raises(AreaRefused):
        reports.report(key, replace(NEW, area="31.99"))


def test_what_is_no_photo_is_refused(desk, reports, key):
    with pytest.raises(UnsupportedFormat):
        reports.report(key, replace(NEW, photo=b"no photo at all"))
    assert count(desk, Stay) == 0


def test_a_repeated_report_gets_the_same_receipt(desk, reports, key):
    new = replace(NEW, idempotency_key="1", photo=photo_of(1))
    first, again = reports.report(key, new), reports.report(key, new)
    assert (again.receipt, again.reported_at, again.replayed) == (
        first.receipt,
        first.reported_at,
        True,
    )
    work(desk)
    assert reports.report(key, new).receipt == first.receipt
    assert count(desk, Stay) == 1
    with pytest.raises(IdempotencyClash):
        reports.report(key, replace(new, lodging_name="Another"))
    another = replace(new, idempotency_key="2")
    both = reports.report_all(key, [new, another], StaySource.FILE)
    assert [each.replayed for each in both] == [True, False]
    assert reports.report(hotel(desk, "key_other"), new).receipt != first.receipt


def test_a_file_is_stored_whole_or_not_at_all(desk, reports, key):
    second = replace(NEW, document=replace(GUEST, nationality="IDN"))
    with pytest.raises(StayRefused):
        reports.report_all(key, [NEW, second], StaySource.FILE)
    assert count(desk, Stay) == 0


# Who may


def test_a_key_reports_for_its_own_lodgings_and_sees_its_own_receipts(desk, reports, stays, key):
    with pytest.raises(NotPermitted):
        reports.report(key, replace(NEW, lodging="HTL-0043"))
    receipt = reports.report(key, NEW).receipt
    for other in (hotel(desk, "key_other"), hotel(desk, agency="POL", key_id="key_pol")):
        with pytest.raises(NotFound):
            reports.get(other, receipt)
        with pytest.raises(NotFound):
            reports.check_out(other, receipt, BEGIN)
    with pytest.raises(NotPermitted):
        stays.page(key, None, 10, StayFilter())
    with pytest.raises(NotPermitted):
        stays.get(key, receipt)


def test_another_agency_sees_no_stay(desk, reports, stays, key):
    receipt = reports.report(key, NEW).receipt
    other = officer(desk.agency("POL"), Role.OFFICER, Role.SUPERVISOR, Role.ANALYST)
    assert stays.page(other, None, 10, StayFilter()) == []
    with pytest.raises(NotFound):
        stays.get(other, receipt)
    with pytest.raises(NotFound):
        reports.check_out(other, receipt, BEGIN)


def test_a_stay_is_reported_to_an_agency(reports):
    with pytest.raises(NotPermitted):
        reports.report(OPERATOR, NEW)


# Screening


@pytest.mark.every_database
@pytest.mark.parametrize(
    ("photo", "matched_by"),
    [(None, MatchedBy.DOCUMENT), (photo_of(3, brightness=0.9), MatchedBy.BOTH)],
)
def test_a_listed_guest_is_an_alert_of_the_list_s_owner(desk, reports, key, photo, matched_by):
    listed = desk.watchlist(agency_id=desk.agency("POL"))
    subject = desk.enrol(3, listed, **LISTED)
    receipt = reports.report(key, replace(NEW, photo=photo))
    assert alerts(desk) == []  # the receipt comes first
    assert work(desk) == 1
    (alert,) = alerts(desk)
    assert (alert.owner_id, alert.matched_by) == (desk.agency("POL"), matched_by)
    meeting = alert.encounter
    assert (meeting.port, meeting.lane, meeting.stage) == (LODGING, "Hotel Melati", Stage.STAY)
    assert meeting.captured_at == receipt.reported_at
    held = desk.service.oversight.data_subject_reports.report_on(OPERATOR, subject, "asked")
    assert [each["receipt"] for each in held["stays"]] == [receipt.receipt]
    assert count(desk, StayPhoto) == 0


def test_a_face_alone_is_found_too(desk, reports, key):
    desk.enrol(3)
    reports.report(key, replace(NEW, photo=photo_of(3, brightness=0.9)))
    work(desk)
    (alert,) = alerts(desk)
    assert alert.matched_by == MatchedBy.FACE
    assert None not in kept_photos(desk)


def test_of_a_guest_on_no_list_no_photo_is_left(desk, reports, key, stays, reader):
    desk.enrol(3)
    receipt = reports.report(key, replace(NEW, photo=photo_of(4))).receipt
    assert count(desk, StayPhotoKey) == 1
    work(desk)
    assert (alerts(desk), count(desk, StayPhoto), count(desk, StayPhotoKey)) == ([], 0, 0)
    with desk.service.kernel.database.read() as session:
        encounter = session.scalars(select(Encounter)).one()
    assert {*kept_photos(desk), encounter.sealed_fields} == {None}
    assert (encounter.lane, encounter.document) == (None, None)
    row = stays.get(reader, receipt)
    assert (row.encounter_id, row.sent, row.guest["number"]) == (None, [], "N1234567")


def test_a_guest_without_a_photo_and_on_no_list_leaves_no_encounter(desk, reports, key):
    reports.report(key, NEW)
    assert work(desk) == 1
    assert count(desk, Encounter) == 0
    assert work(desk) == 0


def test_a_photo_that_cannot_be_read_leaves_the_document_to_be_found(desk, reports, key):
    desk.enrol(3, **LISTED)
    reports.report(key, replace(NEW, photo=photo_of(4)[:-400]))
    work(desk)
    (alert,) = alerts(desk)
    assert alert.matched_by == MatchedBy.DOCUMENT


@pytest.mark.parametrize(
    ("policy", "found"),
    [
        ({}, True),
        ({"stages": (Stage.STAY,)}, True),
        ({"stages": (Stage.ARRIVAL,)}, False),
        ({"ports": ("CGK",)}, False),
        ({"ports": ("CGK",), "stages": (Stage.STAY,)}, True),
        ({"direction": Direction.EXIT}, True),
    ],
)
def test_lists_that_look_at_stays_are_searched_and_no_others(desk, reports, key, policy, found):
    desk.enrol(3, desk.watchlist("one", **policy), **LISTED)
    reports.report(key, NEW)
    work(desk)
    assert len(alerts(desk)) == found


def test_a_report_that_was_not_screened_outlives_the_process(database, reports, key, desk):
    desk.enrol(3, **LISTED)
    reports.report(key, NEW)
    assert desk.service.stays.screening.claim() is not None  # and dies
    assert desk.service.stays.screening.claim() is None
    desk.clock.advance(seconds=61)
    assert work(desk) == 1
    assert len(alerts(desk)) == 1


def test_who_lost_a_claim_writes_nothing(desk, reports, key):
    desk.enrol(3, **LISTED)
    reports.report(key, NEW)
    screening = desk.service.stays.screening
    slow = screening.claim()
    quick = screening.claim(take_over=True)
    screening.screen(quick)
    with pytest.raises(StayTaken):
        screening.screen(slow)
    assert len(alerts(desk)) == 1


def test_a_photo_that_ends_the_process_is_left_out_in_the_end(desk, reports, key):
    reports.report(key, replace(NEW, photo=photo_of(3)))
    screening = desk.service.stays.screening
    assert [screening.claim(take_over=True).photo is None for _ in range(4)] == [
        *(False, False, False),
        True,
    ]


def test_where_lanes_are_told_to_all_no_lodging_is(desk, reports, key):
    desk.enrol(3)
    reports.report(key, replace(NEW, photo=photo_of(3, brightness=0.9)))
    work(desk)
    desk.screen(7)
    assert [each.port for each in desk.service.reports.lanes.count().lanes] == ["CGK"]


# Check-out, and what is late


def test_a_check_out_is_recorded_and_can_be_put_right(desk, reports, key, stays, reader):
    receipt = reports.report(key, replace(NEW, expected_out_at=BEGIN + timedelta(days=2))).receipt

    def listed(state: StayState) -> int:
        return len(stays.page(reader, None, 10, StayFilter(state)))

    assert [listed(state) for state in StayState] == [1, 0, 0]
    desk.clock.advance(days=3)
    assert [listed(state) for state in StayState] == [0, 1, 0]
    assert stays.figures().overdue == 1
    for hours in (70, 71):
        row = reports.check_out(key, receipt, BEGIN + timedelta(hours=hours))
        assert state_of(row, desk.clock()) is StayState.LEFT
    assert stays.get(reader, receipt).checked_out_at == BEGIN + timedelta(hours=71)
    assert [listed(state) for state in StayState] == [0, 0, 1]
    with pytest.raises(InvalidPeriod):
        reports.check_out(key, receipt, BEGIN - timedelta(hours=1))
    with pytest.raises(InvalidPeriod):
        reports.check_out(key, receipt, desk.clock() + timedelta(days=2))


@pytest.mark.parametrize(
    ("area", "found"),
    [("ID", 1), ("31", 1), ("31.71", 1), ("31.71.01", 1), ("31.72", 0), ("32", 0)],
)
def test_stays_are_found_by_the_area_that_they_lie_in(
    desk, reports, key, stays, reader, area, found
):
    for code in ("31.71", "31.71.01"):
        desk.service.areas.areas.put(OPERATOR, code, f"Area {code}")
    reports.report(key, replace(NEW, area="31.71.01"))
    assert len(stays.page(reader, None, 10, StayFilter(area=area))) == found


# Off, and erased


def test_off_until_somebody_says_by_what_right(tmp_path):
    clock = FakeClock()
    service = open_service(tmp_path / "off.db", clock, grounds=Grounds())
    with service:
        desk = Desk(service, clock)
        who, people = hotel(desk), officer(desk.agency("IMI"), Role.OFFICER)
        for act in (
            lambda: service.stays.reports.report(who, NEW),
            lambda: service.stays.reports.get(who, "AAAAA-AAAAA"),
            lambda: service.stays.reports.check_out(who, "AAAAA-AAAAA", BEGIN),
            lambda: service.stays.stays.page(people, None, 10, StayFilter()),
            lambda: service.stays.stays.get(people, "AAAAA-AAAAA"),
        ):
            with pytest.raises(StaysOff) as refused:
                act()
            assert refused.value.message.code == "stays_off"


def test_switched_off_what_waits_is_not_looked_at(database, desk, reports, key):
    desk.enrol(3, **LISTED)
    reports.report(key, replace(NEW, photo=photo_of(3)))
    off = Desk(open_service(database, desk.clock, grounds=Grounds()), desk.clock)
    with off.service:
        assert work(off) == 1
    assert (alerts(desk), count(desk, StayPhoto)) == ([], 0)


@pytest.mark.parametrize(
    ("changes", "last"),
    [
        ({}, 0),
        ({"expected_out_at": BEGIN + timedelta(days=5)}, 5),
        (
            {
                "expected_out_at": BEGIN + timedelta(days=5),
                "checked_out_at": BEGIN + timedelta(hours=24),
            },
            1,
        ),
    ],
)
def test_stays_are_erased_by_their_own_period(desk, reports, key, changes, last):
    reports.report(key, replace(NEW, **changes))
    retention = desk.service.oversight.retention
    desk.clock.advance(days=30 + last)

    def due() -> int:
        return sum(e.records for e in retention.due(OPERATOR) if e.kind is RecordKind.STAYS)

    assert due() == 0
    desk.clock.advance(seconds=1)
    assert due() == 1
    retention.run(OPERATOR)
    assert (count(desk, Stay), count(desk, StayKey)) == (0, 0)
