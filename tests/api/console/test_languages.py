"""Who reads Indonesian meets no English sentence of the domain, whatever goes wrong."""

import io
import json
import zipfile
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from api.console.messages import by_code
from api.state import state_of
from casework.kernel.vocabulary import Category, EventKind, Role
from casework.tables import AuditRecord, Delivery, ImportFault, ImportJob, Webhook
from tests.api.console.conftest import HERE
from tests.deadlines import wait_until
from tests.fakes import photo_of
from tests.messages import english_in
from tests.services import OPERATOR, PASSWORD

# A row for each fault that a row can have; every line that is no object is one, too.
ROWS = [
    {"reference": "R-1", "name": "Person 1", "photos": ["1.jpg"]},
    {"reference": "R-1", "name": "Twice", "photos": ["1.jpg"]},
    {"reference": "R-2", "name": "No photo"},
    {"reference": "R-3", "name": "Unnamed photo", "photos": ["none.jpg"]},
    {"reference": "R-4", "name": "No face", "photos": ["empty.jpg"]},
    {"reference": "R-5", "name": "No picture", "photos": ["text.jpg"]},
    {"reference": "R-6", "name": "Too many", "photos": [f"{n}.jpg" for n in range(11)]},
    {"reference": "R-7", "name": "Lists", "photos": "1.jpg"},
    {"reference": "R-8", "name": "Null\0"},
    {"name": "No reference", "photos": ["1.jpg"]},
    {"reference": "R-9", "photos": ["1.jpg"]},
    {"reference": "R-10", "name": "x" * 300, "photos": ["1.jpg"]},
    {"reference": "R-11", "name": "", "photos": ["1.jpg"]},
    {"reference": "R-12", "name": "Unknown field", "weight": 3},
    {"reference": "R-13", "name": "List of its own", "watchlist_ids": ["wl_1"]},
    {"reference": "R-14", "name": 7, "aliases": "one", "documents": [{"kind": "passport"}]},
    {"reference": "R-15", "name": "Choice", "sex": "often", "status": "gone"},
    {"reference": "R-16", "name": "Dates", "birth_date": "yesterday", "birth_year": "soon"},
    {"reference": "R-17", "name": "Years", "birth_year": 1.5, "nationality": "Indonesia"},
    {"reference": "R-18", "name": "Nobody", "nationality": "QQQ", "birth_year": 3000},
    {"reference": "R-19", "name": "Times", "valid_from": "soon", "valid_until": "2027-01-01T00:00"},
    {"reference": "R-20", "name": "Many", "aliases": [str(n) for n in range(200)]},
    {"reference": "R-21", "name": "Too old", "birth_year": 1500, "photos": ["1.jpg"]},
    {"reference": "R-22", "name": "Unborn", "birth_date": "2099-01-01", "photos": ["1.jpg"]},
    {
        "reference": "R-23",
        "name": "Two years",
        "birth_date": "1990-01-01",
        "birth_year": 1991,
        "photos": ["1.jpg"],
    },
    {
        "reference": "R-24",
        "name": "Ends first",
        "valid_from": "2027-02-01",
        "valid_until": "2027-01-01",
        "photos": ["1.jpg"],
    },
    {"reference": "R-0", "name": "Known", "birth_year": 1991},
    {"reference": "R-25", "name": "Lapsed", "valid_until": "2020-01-01", "photos": ["1.jpg"]},
]


def zipped(*files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    return content.getvalue()


def imported(browser, list_id, *files):
    browser.open(f"/watchlists/{list_id}/import")
    sent = [(field, (name, content, "application/octet-stream")) for field, name, content in files]
    return browser.send_here(files=sent, dry_run="yes")


def finished(browser):
    def through():
        browser.open(browser.path)
        return 'http-equiv="refresh" content="2"' not in browser.page.text

    wait_until(through, 30)


@pytest.fixture
def reader(signed_in):
    """Sign in an officer who reads Indonesian."""

    def make(login, *roles, **how):
        return signed_in(login, *roles, language="id", **how)

    return make


def is_indonesian(browser, status):
    assert browser.page.status_code == status, browser.text
    assert 'lang="id"' in browser.page.text
    assert english_in(browser.text) == set()
    assert 'lang="en"' not in browser.page.text.replace('lang="en">English', "")


def test_a_row_s_faults_are_indonesian(reader, desk):
    analyst, list_id = reader("lina", Role.ANALYST), desk.watchlist()
    desk.enrol(9, reference="R-0", birth_date=date(1990, 1, 1))
    lines = [*map(json.dumps, ROWS), "no object", "[1]"]
    photos = [(f"{n}.jpg", photo_of(n)) for n in range(1, 3)]
    content = zipped(
        ("subjects.jsonl", "\n".join(lines)),
        *photos,
        ("empty.jpg", photo_of()),
        ("text.jpg", b"no picture"),
    )
    imported(analyst, list_id, ("file", "a.zip", content))
    finished(analyst)
    is_indonesian(analyst, 200)
    job_id = analyst.page.url.path.rpartition("/")[2]
    faults = list(desk.service.exchange.imports.all_faults(OPERATOR, job_id))
    codes = {fault.code for fault in faults}
    assert codes >= {
        "row_malformed",
        "field_invalid",
        "field_missing",
        "field_unknown",
        "duplicate_reference",
        "too_many_photos",
        "no_photo",
        "photo_not_found",
        "unsearchable",
        "photo_format_unsupported",
        "impossible_birth",
        "invalid_period",
    }, codes
    for fault in faults:
        assert fault.sentence is not None
        assert fault.message not in analyst.text
    # What pydantic says has no English in our tables.
    for word in ("should", "Input", "valid ", "must"):
        assert word not in analyst.text, word

    # Records of earlier versions keep the English sentence alone.
    with desk.service.kernel.database.write() as session:
        for row in session.scalars(select(ImportFault)):
            row.sentence = None
        for job in session.scalars(select(ImportJob)):
            job.failure = "It fails."
    analyst.open(analyst.path)
    is_indonesian(analyst, 200)
    assert faults[0].message not in analyst.text
    assert "It fails." not in analyst.text


def test_a_file_that_is_refused_is_refused_in_indonesian(reader, desk):
    analyst, list_id = reader("lina", Role.ANALYST), desk.watchlist()
    lists = zipped(("subjects.csv", "reference,name\n1,A\n"))
    for files in (
        [("file", "a.csv", b"nothing")],
        [("file", "a.csv", b"reference\n1\n")],
        [("file", "a.csv", b"reference,name,weight\n1,A,2\n")],
        [("file", "a.csv", b"reference,name,name\n1,A,B\n")],
        [("file", "a.csv", b"reference,name,\xff\n1,A,2\n")],
        [("file", "a.csv", b"reference,name\n")],
        [("file", "a.json", b"[{}]")],
        [("file", "a.zip", zipped(("a.txt", "")))],
        [("file", "a.zip", b"PK\x03\x04 damaged")],
        [("file", "a.zip", zipped(("../subjects.csv", "")))],
        [("file", "a.zip", lists), ("photos", "b.zip", lists)],
    ):
        imported(analyst, list_id, *files)
        is_indonesian(analyst, 422)
        assert by_code("import_refused", _indonesian(analyst)) not in analyst.text, files


def post(browser, address, **fields):
    """Send what no form of the page offers any more, as an old page would."""
    data = {"csrf": browser.hidden("csrf"), **fields}
    browser.page = browser.client.post(address, data=data, headers={"Origin": HERE})


def _indonesian(browser):
    return state_of(browser.client.app).console.speeches["id"]


def test_an_alert_s_conflicts_and_its_threshold_are_indonesian(reader, desk):
    desk.watchlist("bans", category=Category.TANGKAL, requires_second_officer=True)
    desk.enrol(1, desk.watchlists["bans"])
    (alert,) = desk.screen(1).encounter.alerts
    first, second = reader("siti", Role.OFFICER), reader("budi", Role.OFFICER)
    address = f"/alerts/{alert.id}"
    for browser in (first, second):
        browser.open(address)
        is_indonesian(browser, 200)
    assert alert.threshold_basis not in first.text
    assert "Menurut pengukuran open saat diterbitkan" in first.text
    first.send(f"{address}/take")
    is_indonesian(first, 200)
    second.send(f"{address}/take")
    is_indonesian(second, 409)
    assert "Peringatan ini berubah sejak Anda membacanya" in second.text
    opinion = {"opinion": "potential_candidate", "reasons": ["facial_features_agree"]}
    first.send(f"{address}/decide", **opinion)
    for act, fields in (("take", {}), ("decide", opinion), ("close", {"disposal": "cleared"})):
        post(first, f"{address}/{act}", **fields)
        is_indonesian(first, 409)
    first.open("/alerts/alr_none")
    is_indonesian(first, 404)


def test_an_account_s_refusals_are_indonesian(reader, browser):
    officer = reader("siti", Role.OFFICER)
    for new in ("short", "1" * 20, "123456789012345", "siti siti siti", PASSWORD):
        officer.open("/account")
        officer.send("/account/password", present=PASSWORD, new=new, again=new)
        is_indonesian(officer, 422)
    officer.open("/account")
    officer.send("/account/password", present="wrong", new="another pass phrase")
    is_indonesian(officer, 422)
    visitor = browser()
    visitor.client.headers["Accept-Language"] = "id"
    for status in (401, 401, 401, 401, 429):
        visitor.sign_in("nobody", "another pass phrase")
        is_indonesian(visitor, status)


def test_what_subjects_and_lists_refuse_is_indonesian(reader, desk):
    analyst, list_id = reader("lina", Role.ANALYST), desk.watchlist()
    desk.enrol(1, reference="R-1")
    nobody = ("photos", ("a.jpg", photo_of(), "image/jpeg"))
    no_photo = ("photos", ("a.jpg", b"no picture", "image/jpeg"))
    person = ("photos", ("a.jpg", photo_of(2), "image/jpeg"))
    fields = {"name": "Person 2", "watchlist_ids": [list_id]}
    for files, more in (
        ([], {}),
        ([nobody], {}),
        ([no_photo], {}),
        ([nobody, no_photo], {}),
        ([person], {"birth_year": "1500"}),
        ([person], {"birth_date": "2090-01-01"}),
        ([person], {"birth_date": "1990-01-01", "birth_year": "1991"}),
        ([person], {"valid_from": "2027-02-01", "valid_until": "2027-01-01"}),
        ([person], {"valid_until": "2020-01-01"}),
        ([person], {"nationality": "Indonesia"}),
    ):
        analyst.open("/subjects/new")
        analyst.send_here(files=files, **fields, **more)
        is_indonesian(analyst, 422)
    (subject,) = desk.service.lists.subjects.page(OPERATOR, None, 5)
    analyst.open(f"/subjects/{subject.id}")
    erase = f"/subjects/{subject.id}/photos/{subject.photos[0].id}/erase"
    analyst.open(erase)
    is_indonesian(analyst, 200)
    for reason in ("", "salah entri"):
        post(analyst, erase, reason=reason)
        is_indonesian(analyst, 422)
    analyst.open(f"/subjects/{subject.id}/edit")
    desk.service.lists.subjects.edit(OPERATOR, subject.id, {"name": "Other"}, None)
    analyst.send_here(name="Mine", watchlist_ids=[list_id])
    is_indonesian(analyst, 409)
    analyst.open(f"/watchlists/{list_id}/remove")
    analyst.send_here(reason="salah entri")
    assert analyst.page.status_code in {409, 422}
    is_indonesian(analyst, analyst.page.status_code)


def test_a_tip_s_refusals_are_indonesian(reader, desk):
    first, second = reader("siti", Role.ANALYST), reader("budi", Role.ANALYST)
    first.open("/tips/new")
    first.send("/tips/new", text="Dilihat di pasar", origin="public")
    address = first.page.url.path
    second.open(address)
    first.send(f"{address}/dismiss", reason="x")
    second.send(f"{address}/dismiss", reason="y")
    is_indonesian(second, 409)
    second.open("/tips/tip_none")
    is_indonesian(second, 404)


def test_a_broken_trail_and_a_webhook_s_failures_are_indonesian(reader, desk):
    administrator = reader("rini", Role.ADMIN)
    for url in (
        "ftp://x",
        "https://user@x.test/",
        "https://[x/",
        "https://127.0.0.1/",
        "https://é",
    ):
        administrator.open("/administration/webhooks")
        administrator.send("/administration/webhooks", url=url, events=["alert.raised"])
        is_indonesian(administrator, 422)
    database = desk.service.kernel.database
    failed = {
        "error": "No answer within 5 seconds.",
        "error_sentence": {"code": "delivery_timed_out", "params": {"seconds": "5"}},
    }
    with database.write() as session:
        now = desk.clock()
        session.add(_webhook(desk, now))
        session.flush()
        for number, values in enumerate((failed, failed | {"error_sentence": None})):
            session.add(_delivery(number, now, values))
    administrator.open("/administration/webhooks/wh_1")
    is_indonesian(administrator, 200)
    assert "Tidak ada jawaban dalam 5 detik." in administrator.text
    assert "Tidak terkirim." in administrator.text
    assert "gagal 9 kali" in administrator.text

    auditor = reader("ayu", Role.AUDITOR)
    with database.write() as session:
        session.execute(update(AuditRecord).where(AuditRecord.seq == 1).values(action="x"))
    auditor.open("/audit")
    auditor.send("/audit/verify")
    if auditor.page.status_code == 200:
        assert "catatan 1 tidak seperti saat ditulis" in auditor.text
    is_indonesian(auditor, auditor.page.status_code)


def _webhook(desk, now):
    return Webhook(
        id="wh_1",
        agency_id=desk.agency(),
        url="https://x.test/",
        description="",
        events=[EventKind.ALERT_RAISED.value],
        sealed_secret=b"",
        active=False,
        disabled_reason="Delivery dlv_1 failed 9 times.",
        disabled_sentence={
            "code": "webhook_disabled",
            "params": {"delivery": "dlv_1", "attempts": 9},
        },
        cursor=0,
        failures=9,
        created_at=now,
        updated_at=now,
    )


def _delivery(number, now, values):
    return Delivery(
        id=f"dlv_{number}",
        webhook_id="wh_1",
        event_id="evt_1",
        kind=EventKind.ALERT_RAISED.value,
        object_id="alr_1",
        at=now,
        lane="a",
        state="dead",
        attempts=9,
        due_at=now + timedelta(hours=1),
        attempted_at=now,
        created_at=now,
        **values,
    )
