"""Made the recorded databases: `python -m tests.contract.seed`, once for each kind of database.

The database is filled through the use cases, as people and systems would fill it, so that every
table has rows and every kind of value is sealed. People, photos and networks are drawn
(`tests.fakes`). What a reader has to know besides is the file's first line: secrets that were
shown once, and ids.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from casework.accounts.api_keys import NewKey
from casework.accounts.officers import NewOfficer
from casework.accounts.sign_in import Credentials
from casework.accounts.totp import code_at
from casework.approvals.approvals import ActWaits
from casework.areas.offices import NewOffice
from casework.areas.teams import NewTeam
from casework.cases.entries import NewFile, NewItem, NewTask
from casework.cases.states import Ending
from casework.cases.steps import NewCase
from casework.kernel import rows
from casework.kernel.audit.log import AuditEntry
from casework.kernel.vocabulary import (
    CaseItemKind,
    CaseOutcome,
    Direction,
    Disposal,
    EventKind,
    Opinion,
    OpinionReason,
    PadResult,
    PermitKind,
    ReferralKind,
    Role,
    Scope,
    SessionKind,
    Sex,
    Stage,
    TipOrigin,
    TipPriority,
    Weekday,
)
from casework.referrals.fields import AlertField
from casework.referrals.presets import NewPreset
from casework.referrals.steps import Handover
from casework.review.decisions import Finding
from casework.review.duty import NewShift
from casework.screening.screening import Arrival, Presentation
from casework.screening.searches import SearchRequest
from casework.screening.travel_document import TravelDocument
from casework.stays.reports import NewStay
from casework.tables import Alert, KnownLookalike
from casework.tips.payload import TipField
from casework.tips.reports import NewTip
from casework.watchlists.enrolment import PhotoFile
from casework.watchlists.objections import NewObjection
from casework.watchlists.residences import NewResidence
from casework.watchlists.subjects import NewSubject
from casework.webhooks.webhooks import NewWebhook
from tests.casework.imports.lists import csv_of, person, upload, work_off
from tests.contract.record import RECORDED
from tests.fakes import photo_of
from tests.services import (
    DATA_KEY,
    OPERATOR,
    PASSWORD,
    Desk,
    FakeClock,
    officer,
    open_service,
    port_system,
)

PURPOSE: Final = "an old database"
NOTE: Final = "the left ear"
GROUNDS: Final = "it is somebody else"
SPONSOR: Final = "PT Contoh"
REFERENCE: Final = "T-0001"
USUAL: Final = "As we agreed in writing."
GUEST, LODGING = "DOE, JOHN", "HTL-0042"
TEXT, PLACE, SOURCE = "Seen at the harbour.", "Pier 3", "the fishmonger, 0812"
AREA: Final = "31.71"
TITLE: Final = "The house by the sea"
DISMISSAL: Final = "It was somebody else."
MESSAGE: Final = "Please meet this traveller."
LOGIN: Final = "old.officer"
PHOTO_SIDE: Final = 64  # pixels: as small as enrolment accepts

Known = dict[str, str]


def photo(number: int, *, brightness: float = 1.0) -> bytes:
    """Return a small photo of a drawn person."""
    return photo_of(number, side=PHOTO_SIDE, brightness=brightness, quality=60)


def fill(desk: Desk) -> Known:
    """Let everything happen once; returns what a reader has to know."""
    known: Known = {"data_key": DATA_KEY.hex()}
    parts = (_people, _lists, _review, _exchange, _areas, _tips, _stays, _permits, _cases, _imports)
    for part in parts:
        part(desk, known)
    return known


def _people(desk: Desk, known: Known) -> None:
    records, agency = desk.service, desk.agency("IMI")
    known["agency"], known["other"] = agency, desk.agency("POL")
    new = NewOfficer(agency, LOGIN, "An Officer", frozenset({Role.OFFICER, Role.ADMIN}))
    row, first = records.accounts.officers.create(OPERATOR, new)
    assert first is not None
    session = records.accounts.sessions.sign_in(Credentials(LOGIN, first), SessionKind.PROGRAM)
    records.accounts.account.change_password(session.actor, first, PASSWORD)
    offer = records.accounts.account.offer_second_factor(session.actor, PASSWORD)
    records.accounts.account.confirm_second_factor(
        session.actor, code_at(offer.secret, desk.clock())
    )
    _asks(desk, agency)
    key = NewKey("gate", frozenset({Scope.SCREEN}), frozenset({"CGK"}), agency)
    made, text = records.accounts.keys.create(OPERATOR, key)
    known |= {"officer": row.id, "totp": offer.secret, "key": made.id, "key_text": text}


def _asks(desk: Desk, agency: str) -> None:
    """Let an administrator ask for what takes a second person."""
    records = desk.service
    records.approvals.founding.end(OPERATOR, agency, "complete")
    login = "old.administrator"
    new = NewOfficer(agency, login, "An Administrator", frozenset({Role.ADMIN}))
    _, first = records.accounts.officers.create(OPERATOR, new)
    assert first is not None
    actor = records.accounts.sessions.sign_in(Credentials(login, first), SessionKind.PROGRAM).actor
    records.accounts.account.change_password(actor, first, PASSWORD)
    asks = records.accounts.sessions.sign_in(Credentials(login, PASSWORD), SessionKind.PROGRAM)
    another = NewOfficer(agency, "old.supervisor", "Somebody", frozenset({Role.SUPERVISOR}))
    with suppress(ActWaits):
        records.accounts.officers.create(asks.actor, another, "The night shift has none.")


def _lists(desk: Desk, known: Known) -> None:
    watchlist = desk.watchlist(
        "wanted",
        requires_second_officer=True,
        shared_with=(known["other"],),
        instruction={"id": "Hubungi piket.", "en": 'Call the "duty" officer.'},
    )
    new = NewSubject(
        name="Ségolène O'Hara",
        watchlist_ids=(watchlist,),
        aliases=["Alias"],
        sex=Sex.FEMALE,
        birth_year=1980,
        nationality="IDN",
        reason="a reason",
        documents=[{"kind": "passport", "number": "X1", "country": "IDN"}],
        reference="S-1",
        valid_until=desk.clock() + timedelta(days=3650),
    )
    enrolled = desk.service.enrolment.enrol(OPERATOR, new, [PhotoFile("1.jpg", photo(1))])
    assert enrolled.subject_id is not None
    objection = desk.service.lists.objections.record(
        OPERATOR, enrolled.subject_id, NewObjection("Who speaks for her", GROUNDS), UTC
    )
    known |= {
        "watchlist": watchlist,
        "subject": enrolled.subject_id,
        "objection": objection.row.id,
        "residence": _residence(desk, enrolled.subject_id),
    }


def _residence(desk: Desk, subject_id: str) -> str:
    new = NewResidence(PermitKind.LIMITED, date(2026, 1, 1), date(2027, 1, 1), sponsor=SPONSOR)
    return desk.service.lists.residences.record(OPERATOR, subject_id, new, UTC).id


def _review(desk: Desk, known: Known) -> None:
    records, agency = desk.service, known["agency"]
    key = port_system(known["key"])
    desk.screen(2, key=key, photo=photo(2))
    again = {"photo": photo(1, brightness=0.9), "idempotency_key": "one"}
    screened = desk.screen(1, key=key, **again)
    (alert,) = screened.encounter.alerts
    first = officer(agency, Role.OFFICER, name="first")
    second = officer(agency, Role.SUPERVISOR, name="second")
    finding = Finding(Opinion.POTENTIAL_CANDIDATE, (OpinionReason.FACIAL_FEATURES_AGREE,), NOTE)
    records.review.decisions.acknowledge(first, alert.id)
    records.review.decisions.decide(first, alert.id, finding)
    records.review.decisions.confirm(second, alert.id, finding)
    records.review.decisions.close(
        second, alert.id, Disposal.HANDED_OVER, "handed over at the gate"
    )
    found = desk.service.screening.searches.search(first, SearchRequest(photo(1), PURPOSE))
    known |= {"encounter": screened.encounter.id, "alert": alert.id, "search": found.search.id}
    _look_alike(desk, alert)
    shift = NewShift("CGK", (Weekday.MONDAY,), "07:00", "19:00", (), agency_id=agency)
    known["shift"] = records.review.duty.create(OPERATOR, shift, "Asia/Jakarta").id
    scores = [0.3 + 0.3 * number / 1000 for number in range(1000)]
    strangers = np.eye(2, desk.service.pipeline.embedder.dim, dtype=np.float32)
    calibrations = desk.service.calibration.calibrations
    known["calibration"] = calibrations.make_from_reference(OPERATOR, scores).id
    calibrations.keep_reference(OPERATOR, strangers)


def _look_alike(desk: Desk, alert: Alert) -> None:
    """Somebody who was taken for the subject of an alert."""
    kernel, now = desk.service.kernel, desk.clock()
    row = KnownLookalike(
        id="lka_seeded",
        agency_id=alert.owner_id,
        subject_id=alert.subject_id,
        alert_id=alert.id,
        case_number=alert.case_number,
        model="a model",
        score=0.5,
        asked_by="off_seeded",
        asked_at=now,
        decided_at=now,
        valid_until=now + timedelta(days=365),
        spared=0,
    )
    name = rows.known_lookalike(row.id, row.model, row.subject_id, row.agency_id)
    with kernel.database.write() as session:
        kernel.vault.own_keys.make(row.id, row.agency_id, session)
        row.sealed_vector = kernel.vault.seal(bytes(4), name)
        session.add(row)


def _exchange(desk: Desk, known: Known) -> None:
    records, agency = desk.service, known["agency"]
    kinds = frozenset(EventKind)
    hook, _ = records.exchange.webhooks.create(
        OPERATOR, NewWebhook("https://127.0.0.1:9/siaga", kinds, agency_id=agency)
    )
    hook, secret = records.exchange.webhooks.rotate(OPERATOR, hook.id, timedelta(days=36500))
    records.exchange.deliveries.ping(OPERATOR, hook.id)
    (alert,) = desk.screen(
        1,
        key=port_system(known["key"]),
        photo=photo(1, brightness=0.8),
        reference=photo(1),
        presentation=Presentation(PadResult.FAIL, 0.1, "Gate 7", "level 2"),
        document=TravelDocument("OTHER, SOMEBODY", number="K7654321", country="MYS"),
    ).encounter.alerts
    sender = officer(agency, Role.OFFICER, name="first")
    records.review.decisions.acknowledge(sender, alert.id)
    fields = (AlertField.NAME, AlertField.DOCUMENTS, AlertField.PROBE_PHOTO)
    to = Handover(known["other"], MESSAGE, desk.clock() + timedelta(days=3650))
    referral = records.exchange.referral_steps.refer_alert(sender, alert.id, to, fields)
    chief = officer(agency, Role.SUPERVISOR, name="chief")
    preset = NewPreset(ReferralKind.ALERT, "Usual", known["other"], fields, USUAL, 7)
    known["preset"] = records.exchange.referral_presets.create(chief, preset).id
    receiver = officer(known["other"], Role.OFFICER, name="receiver")
    records.exchange.referral_steps.accept(receiver, referral.id, "We are on our way.")
    known["reference_alert"] = alert.id
    known |= {"webhook": hook.id, "webhook_secret": secret, "referral": referral.id}


def _areas(desk: Desk, known: Known) -> None:
    """Name a city, say where a port lies, and make an office and a team there."""
    areas = desk.service.areas
    areas.areas.put(OPERATOR, AREA, PLACE)
    areas.ports.put(OPERATOR, "HLP", AREA)
    admin = officer(known["agency"], Role.ADMIN, Role.COORDINATOR, name="administrator")
    known["office"] = areas.offices.create(admin, NewOffice("An Office", AREA)).id
    known["team"] = areas.teams.create(admin, NewTeam("A Team", AREA, (known["other"],))).id


def _tips(desk: Desk, known: Known) -> None:
    work, who = desk.service.tip_steps, officer(known["agency"], Role.OFFICER, name="first")
    new = NewTip(TEXT, TipOrigin.PUBLIC, PLACE, source=SOURCE)
    tip = work.record(who, new, photo(1))
    sorting = {"priority": TipPriority.HIGH, "team_id": known["team"], "area": AREA}
    triage = desk.service.exchange.triage
    triage.edit(who, tip.id, sorting)
    triage.link(who, tip.id, known["subject"])
    work.search(who, tip.id, PURPOSE)
    to = Handover(known["other"], MESSAGE, desk.clock() + timedelta(days=3650))
    referral = work.refer(who, tip.id, to, (TipField.TEXT, TipField.PHOTO))
    dismissed = work.record(who, new)
    work.dismiss(who, dismissed.id, DISMISSAL)
    known |= {"tip": tip.id, "tip_referral": referral.id, "dismissed": dismissed.id}


def _permits(desk: Desk, known: Known) -> None:
    key = port_system(known["key"])
    arrival = Arrival(
        None,
        "CGK",
        Direction.ENTRY,
        Stage.ARRIVAL,
        traveller_ref=REFERENCE,
        permit_until=desk.clock().date(),
    )
    with desk.service.kernel.database.write_core() as connection:
        desk.service.permits.follow(arrival, key)(connection)
    known["permit"] = desk.service.permits.find(OPERATOR, REFERENCE).id


def _stays(desk: Desk, known: Known) -> None:
    """Report a guest, who waits to be looked up, and one who was."""
    stays, who = desk.service.stays, officer(known["agency"], Role.OFFICER, name="first")
    guest = TravelDocument(name=GUEST, nationality="AUS", number="N7654321", country="AUS")
    new = NewStay(LODGING, PLACE, guest, desk.clock(), address=PLACE)
    known["stay"] = stays.reports.report(who, new).receipt
    claim = stays.screening.claim()
    assert claim is not None
    stays.screening.screen(claim)
    known["waiting_stay"] = stays.reports.report(who, replace(new, photo=photo(1))).receipt


def _cases(desk: Desk, known: Known) -> None:
    cases = desk.service.cases
    chief = officer(known["agency"], Role.OFFICER, Role.SUPERVISOR, name="chief")
    police = officer(known["other"], Role.OFFICER, Role.SUPERVISOR, name="receiver")
    case = cases.steps.open(chief, NewCase(TITLE, PURPOSE, "a law", AREA, known["team"]))
    cases.steps.invite(chief, case.id, known["other"])
    cases.steps.join(police, case.id)
    item = NewItem(CaseItemKind.TIP, known["tip"], [TipField.TEXT, TipField.PHOTO])
    given = cases.entries.give(chief, case.id, item)
    task = cases.entries.assign(chief, case.id, NewTask("Look.", known["other"]))
    cases.entries.done(police, case.id, task.id, "Seen.")
    file = cases.entries.attach(chief, case.id, NewFile(b"%PDF-1.7", "plan.pdf"))
    cases.steps.start(chief, case.id)
    cases.steps.close(chief, case.id, [Ending(CaseOutcome.OVERSTAY, 2)], "Two were met.")
    known |= {"case": case.id, "case_item": given.id, "case_file": file.id}


def _imports(desk: Desk, known: Known) -> None:
    rows = csv_of(person(7, nationality="IDN"), person(8, nationality="nowhere"))
    done = upload(desk, rows, watchlist=known["watchlist"])
    work_off(desk)
    waiting = upload(desk, csv_of(person(9)), watchlist=known["watchlist"])
    known |= {"import": done.id, "waiting_import": waiting.id}
    desk.service.kernel.audit.note(AuditEntry(OPERATOR, "test", detail={"é": 'a "quoted" text'}))


@contextmanager
def filled() -> Iterator[tuple[Path, Known]]:
    """Give the file of a database in which everything happened once, for a while."""
    with TemporaryDirectory() as folder:
        path, clock = Path(folder) / "siaga.db", FakeClock()
        service = open_service(path, clock, private_targets=True)
        try:
            known = fill(Desk(service, clock))
        finally:
            service.close()
        yield path, known


def dumped(path: Path, known: Known) -> str:
    """Return a database as SQL, with what a reader has to know in the first line."""
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join([f"-- {json.dumps(known, sort_keys=True)}", *connection.iterdump(), ""])


def main() -> None:
    """Record a database with today's schema, beside those of before."""
    with filled() as (path, known):
        text = dumped(path, known)
        with closing(sqlite3.connect(path)) as connection:
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    (RECORDED / f"database-{revision}.sql").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
