"""A database that an earlier version filled opens, and everything in it can be read."""

import hashlib
import json
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select

from casework.accounts.sign_in import Credentials
from casework.accounts.totp import code_at
from casework.areas.teams import members_of
from casework.imports.exports import ExportForm
from casework.kernel import rows
from casework.kernel.vocabulary import Role, SessionKind
from casework.review.case_number import case_number
from casework.tables import Alert
from casework.watchlists.subjects import SubjectFilter
from casework.webhooks.signature import secret_of
from tests.casework.imports.lists import work_off
from tests.contract import seed
from tests.contract.record import RECORDED
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

# What each sealed value is bound to, in SQL: said here once more, so that no rename changes it.
SEALED: Final = {
    "audit_actor.sealed_card": "'audit/actor/' || digest",
    "audit_text.sealed_text": "'audit/' || node || '/' || seq || '/' || name",
    "alert_event.sealed_note": "'note/' || alert_id",
    "approval.sealed_request": "'approval/' || id",
    "case_entry.sealed_carried": "'case/' || case_id || '/entry/' || id || '/carried'",
    "case_entry.sealed_content": "'case/' || case_id || '/entry/' || id || '/content'",
    "case_photo.sealed_content": "'case/' || (SELECT case_id FROM case_entry WHERE id = entry_id) "
    "|| '/entry/' || entry_id || '/photo/' || name",
    "encounter.sealed_face": "'encounter/' || id || '/face'",
    "encounter.sealed_portrait": "'encounter/' || id",
    "encounter.sealed_reference": "'encounter/' || id || '/reference'",
    "import_part.sealed_content": "'import/' || import_id || '/' || stream || '/' || number",
    "known_lookalike.sealed_vector": "'known-lookalike/' || id || '/' || model",
    "photo.sealed_content": "'photo/' || id",
    "photo.sealed_face": "'photo/' || id || '/face'",
    "officer.sealed_totp": "'totp/' || id",
    "reference_set.sealed_vectors": "'reference-set/' || model",
    "referral.sealed_carried": "'referral/' || id || '/carried'",
    "referral_message.sealed_text": "'referral/' || referral_id || '/messages'",
    "referral_photo.sealed_content": "'referral/' || referral_id || '/photo/' || name",
    "stay_photo.sealed_content": "'stay-photo/' || id",
    "template.sealed_vector": "'template/' || photo_id || '/' || model",
    "tip.sealed_dismissal": "'tip/' || id || '/dismissal'",
    "tip.sealed_photo": "'tip/' || id || '/photo'",
    "tip.sealed_report": "'tip/' || id || '/report'",
    "tip.sealed_source": "'tip/' || id || '/source'",
    "webhook.sealed_former_secret": "'webhook/' || id",
    "webhook.sealed_secret": "'webhook/' || id",
}

DUMPS: Final = sorted(RECORDED.glob("database-*.sql"))
assert DUMPS


def loaded(dump: str, path: Path) -> seed.Known:
    """Make a database of a dump; returns what its first line says."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(dump)
    known: seed.Known = json.loads(dump.partition("\n")[0].removeprefix("-- "))
    assert known["data_key"] == DATA_KEY.hex()
    return known


def columns(path: Path) -> set[str]:
    query = (
        "SELECT t.name || '.' || c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c "
        "WHERE t.type = 'table' AND c.name LIKE 'sealed%' AND c.name != 'sealed_fields'"
    )
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute(query)}


def test_what_is_seeded_now_is_read_in_the_same_way(tmp_path):
    """Else a recorded database could only grow old."""
    with seed.filled() as (path, known):
        assert columns(path) == set(SEALED), "a new kind of sealed value: add it here and to seed"
        dump = seed.dumped(path, known)
    _everything_can_be_read(dump, tmp_path / "siaga.db")


@pytest.mark.parametrize("dump", DUMPS, ids=lambda path: path.stem)
def test_an_old_database_opens_and_everything_in_it_can_be_read(dump, tmp_path):
    _everything_can_be_read(dump.read_text(encoding="utf-8"), tmp_path / "siaga.db")


def _everything_can_be_read(dump: str, path: Path) -> None:
    known = loaded(dump, path)
    key = bytes.fromhex(known["data_key"])
    assert _sealed(path, key) == columns(path), "a kind of sealed value has no example"
    clock = FakeClock()
    clock.advance(hours=1)
    desk = Desk(open_service(path, clock, private_targets=True), clock)
    try:
        verdict = desk.service.kernel.audit.verify()
        assert verdict.whole, verdict.fault
        for part in (
            _people,
            _lists,
            _review,
            _exchange,
            _tips,
            _teams,
            _stays,
            _permits,
            _cases,
            _oversight,
            _work_goes_on,
        ):
            part(desk, known)
        assert desk.service.kernel.audit.verify().whole
    finally:
        desk.service.close()
    assert _sealed(path, key, only={2, 3})
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM unsealed").fetchone() == (0,)
        first = "SELECT COUNT(*) FROM stored_key WHERE purpose = 'first format'"
        assert connection.execute(first).fetchone() == (0,)
    assert _clear(path) == []


def _clear(path: Path) -> list[str]:
    """Return what can be read in a database's files that was sealed by an upgrade."""
    files = b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    # Longer than what chance writes into sealed bytes.
    names = ["Ségolène", "O'Hara", "Alias", "An Officer", "a reason", "Person 7"]
    texts = [
        seed.NOTE,
        seed.TEXT,
        seed.DISMISSAL,
        seed.TITLE,
        seed.MESSAGE,
        hashlib.sha256(seed.photo(1)).hexdigest(),
    ]
    return [each for each in [*names, *texts] if each.encode() in files]


def _sealed(path: Path, key: bytes, only: Collection[int] = (1, 2, 3)) -> set[str]:
    """Return the columns of sealed values.

    Those of the first format are opened by the name that their row has always had; how the others
    open, their use cases show.
    """
    cipher, opened = AESGCM(key), set()
    with closing(sqlite3.connect(path)) as connection:
        for place in columns(path):
            table, column = place.split(".")
            query = f"SELECT {column}, {SEALED[place]} FROM {table} WHERE {column} IS NOT NULL"
            for sealed, name in connection.execute(query):
                assert sealed[0] in only
                if sealed[0] == 1:
                    cipher.decrypt(sealed[1:13], sealed[13:], name.encode())
                opened.add(place)
    return opened


def _people(desk: Desk, known: seed.Known) -> None:
    records = desk.service
    code = code_at(known["totp"], desk.clock())
    signed_in = records.accounts.sessions.sign_in(
        Credentials(seed.LOGIN, PASSWORD, code), SessionKind.CONSOLE
    )
    assert signed_in.officer.id == known["officer"]
    assert records.accounts.sessions.recognise(signed_in.text).id == known["officer"]
    assert signed_in.officer.roles == ["admin", "officer"]
    assert {each.id for each in records.accounts.agencies.page(OPERATOR, None, None)} == {
        known["agency"],
        known["other"],
    }
    accounts = records.accounts.officers.page(OPERATOR, None, None)
    assert known["officer"] in {each.id for each in accounts}
    key = records.accounts.keys.recognise(known["key_text"])
    assert (key.ports, key.roles) == (frozenset({"CGK"}), frozenset({Role.PORT}))


def _lists(desk: Desk, known: seed.Known) -> None:
    records = desk.service
    row = records.lists.watchlists.get(OPERATOR, known["watchlist"])
    assert (row.name, row.requires_second_officer) == ("wanted", True)
    assert row.instruction["en"] == 'Call the "duty" officer.'
    subject = records.lists.subjects.get(OPERATOR, known["subject"])
    assert (subject.name, subject.aliases) == ("Ségolène O'Hara", ["Alias"])
    assert subject.documents == [{"kind": "passport", "number": "X1", "country": "IDN"}]
    found = records.lists.subjects.page(OPERATOR, None, 10, SubjectFilter(words="ségolène"))
    assert [each.id for each in found] == [subject.id]
    if "objection" in known:  # of 0043 and later
        objection = records.lists.objections.get(OPERATOR, known["objection"]).row
        assert objection.grounds == seed.GROUNDS
        if "residence" in known:  # of 0053 and later
            residence = records.lists.residences.get(OPERATOR, known["residence"])
            assert residence.sponsor == seed.SPONSOR
        assert records.review.duty.get(OPERATOR, known["shift"]).weekdays == ["mon"]
        chief = officer(known["agency"], Role.SUPERVISOR)
        assert records.exchange.referral_presets.get(chief, known["preset"]).note == seed.USUAL
    for photo in subject.photos:
        content, kind, _ = records.lists.subjects.photo_content(OPERATOR, subject.id, photo.id)
        assert (content, kind) == (seed.photo(1), "jpeg")
    export = records.exchange.exports.export(OPERATOR, row.id, ExportForm.JSONL, photos=True)
    assert b"".join(export.content).startswith(b"PK")
    for name in ("import", "waiting_import"):
        assert records.exchange.imports.get(OPERATOR, known[name]).watchlist_id == row.id
    assert [each.row for each in records.exchange.imports.all_faults(OPERATOR, known["import"])]


def _review(desk: Desk, known: seed.Known) -> None:
    records = desk.service
    reader = officer(known["agency"], Role.SUPERVISOR, Role.ANALYST, Role.OFFICER, name="first")
    view = records.review.alerts.get(reader, known["alert"])
    assert (view.alert.state, view.alert.disposal) == ("closed", "handed_over")
    assert [step.note for step in view.steps][1:3] == [seed.NOTE, seed.NOTE]
    assert records.review.alerts.probe(reader, known["alert"])
    assert records.review.alerts.enrolled(reader, known["alert"]) == (seed.photo(1), "jpeg", 0)
    if "reference_alert" in known:  # since there are references
        assert records.review.alerts.reference(reader, known["reference_alert"])
    kept = desk.service.screening.encounters.get(known["encounter"], port_system(known["key"]))
    assert [alert.id for alert in kept.alerts] == [known["alert"]]
    met = records.review.history.page(reader, known["subject"], None, 10)
    assert known["alert"] in [alert.id for meeting in met for alert in meeting.alerts]
    found = desk.service.screening.searches.get(reader, known["search"])
    assert found.search.purpose == seed.PURPOSE
    assert [each.subject_id for each, _ in found.candidates] == [known["subject"]]
    current = desk.service.calibration.calibrations.current()
    assert current is not None
    assert current.id == known["calibration"]
    assert desk.service.calibration.calibrations.get(OPERATOR, known["calibration"])
    reference = desk.service.calibration.calibrations.kept_reference()
    if reference is not None:
        erased = desk.service.calibration.calibrations.erase_reference(OPERATOR)
        assert erased == reference.photos


def _exchange(desk: Desk, known: seed.Known) -> None:
    records = desk.service
    receiver = officer(known["other"], Role.OFFICER, name="receiver")
    view = records.exchange.referrals.get(receiver, known["referral"])
    assert view.values["name"] == "Ségolène O'Hara"
    assert [each.text for each in view.messages] == [seed.MESSAGE, "We are on our way."]
    assert records.exchange.referrals.photo(receiver, known["referral"], "probe_photo")[1] == "jpeg"
    assert records.exchange.referrals.photo(receiver, known["tip_referral"], "photo")[
        0
    ] == seed.photo(1)
    hook = records.exchange.webhooks.get(OPERATOR, known["webhook"])
    key = records.kernel.vault.open(hook.sealed_secret, rows.webhook_secret(hook.id))
    # Before the Standard Webhooks scheme, receivers were shown the key itself.
    assert known["webhook_secret"] in {secret_of(key), key.decode(errors="replace")}
    assert records.exchange.deliveries.page(OPERATOR, hook.id, None, 10)
    kinds = {told.kind.value for told in records.exchange.feed.after(receiver, 0).events}
    assert {"referral.sent", "referral.changed"} <= kinds


def _tips(desk: Desk, known: seed.Known) -> None:
    tips = desk.service.exchange.tips
    reader = officer(known["agency"], Role.SUPERVISOR, name="second")
    view = tips.get(reader, known["tip"])
    assert (view.report.text, view.report.place) == (seed.TEXT, seed.PLACE)
    assert tips.photo(reader, known["tip"]) == (seed.photo(1), "jpeg", 0)
    assert tips.source(reader, known["tip"]) == seed.SOURCE
    assert tips.get(reader, known["dismissed"]).dismissal == seed.DISMISSAL


def _teams(desk: Desk, known: seed.Known) -> None:
    if "team" not in known:  # of before 0056
        return
    records, reader = desk.service, officer(known["other"], Role.SUPERVISOR, name="receiver")
    team = records.areas.teams.get(reader, known["team"])
    assert (team.name, team.area, known["other"] in members_of(team)) == ("A Team", seed.AREA, True)
    assert records.areas.offices.get(reader, known["office"]).area == seed.AREA
    own = officer(known["agency"], Role.SUPERVISOR, name="second")
    view = records.exchange.tips.get(own, known["tip"])
    assert (view.tip.priority, view.team_name) == ("high", "A Team")
    assert view.area_name == f"{seed.PLACE}, DKI Jakarta"
    assert [each.id for each in records.exchange.triage.subjects(own, known["tip"])] == [
        known["subject"]
    ]
    case = records.cases.reading.get(reader, known["case"])
    assert (case.case.area, case.team is not None) == (seed.AREA, True)


def _permits(desk: Desk, known: seed.Known) -> None:
    if "permit" in known:  # of 0054 and later
        found = desk.service.permits.get(OPERATOR, known["permit"])
        assert found.traveller_ref == seed.REFERENCE


def _stays(desk: Desk, known: seed.Known) -> None:
    if "stay" not in known:  # of 0048 and later
        return
    reader, stays = officer(known["agency"], Role.OFFICER, name="first"), desk.service.stays
    for receipt in (known["stay"], known["waiting_stay"]):
        row = stays.stays.get(reader, receipt)
        assert (row.guest["name"], row.lodging_name) == (seed.GUEST, seed.PLACE)
    waiting = stays.screening.claim()
    assert waiting is not None
    assert (waiting.stay.receipt, waiting.photo) == (known["waiting_stay"], seed.photo(1))
    stays.screening.screen(waiting)


def _cases(desk: Desk, known: seed.Known) -> None:
    if "case" not in known:  # of before 0050
        return
    cases = desk.service.cases.reading
    reader = officer(known["other"], Role.OFFICER, name="receiver")
    view = cases.get(reader, known["case"])
    assert (view.case.title, view.case.summary) == (seed.TITLE, "Two were met.")
    item = cases.entry(reader, known["case"], known["case_item"])
    assert dict(item.values) == {"text": seed.TEXT}
    photo = cases.photo(reader, known["case"], known["case_item"], "photo")
    assert photo.content == seed.photo(1)
    assert cases.file(reader, known["case"], known["case_file"]).name == "plan.pdf"


def _oversight(desk: Desk, known: seed.Known) -> None:
    records = desk.service
    held: dict[str, Any] = records.oversight.data_subject_reports.report_on(
        OPERATOR, known["subject"], seed.PURPOSE
    )
    assert held
    lines = list(records.oversight.trail.export(OPERATOR))
    assert any("subject.enrol" in line for line in lines)
    assert records.oversight.retention.due(OPERATOR)


def _work_goes_on(desk: Desk, known: seed.Known) -> None:
    """A person of an old list still raises an alert, and an import that waited is worked off."""
    key = port_system(known["key"])
    again = desk.screen(1, key=key, photo=seed.photo(1, brightness=0.85))
    assert [alert.subject_id for alert in again.encounter.alerts] == [known["subject"]]
    with desk.service.kernel.database.read() as session:
        query = select(Alert.case_number).order_by(Alert.created_at, Alert.id)
        numbers = list(session.scalars(query))
    assert numbers == [case_number("IMI", count) for count in range(1, len(numbers) + 1)]
    assert len(numbers) > 1
    job = work_off(desk)
    assert job is not None
    assert (job.id, job.state) == (known["waiting_import"], "done")
