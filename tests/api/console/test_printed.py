import re
from datetime import timedelta

import pytest

from casework.evidence.check import check
from casework.kernel.audit.reader import AuditFilter
from casework.kernel.vocabulary import Category, Role, TipOrigin
from casework.referrals.fields import AlertField
from casework.referrals.steps import Handover
from casework.screening.travel_document import TravelDocument
from casework.tips.reports import NewTip
from tests.api.console.test_alert import SEEN, walk
from tests.fakes import photo_of
from tests.pdf import pages_of
from tests.services import OPERATOR, officer

NOTE = "The left ear has the same notch."


@pytest.fixture
def alert(desk):
    """An alert in Bali, of a list that asks for two officers."""
    desk.watchlist(
        "bans",
        category=Category.TANGKAL,
        requires_second_officer=True,
        legal_basis="Law 6 of 2011",
        instruction={"id": "Tahan di konter.", "en": "Keep at the counter."},
    )
    desk.enrol(1, desk.watchlists["bans"], reason="Fraud", decision_number="D-17")
    (raised,) = desk.screen(1, lane="A1", port="DPS").encounter.alerts
    return raised


def records(desk, action, object_id):
    trail = desk.service.oversight.trail
    return trail.page(OPERATOR, None, 10, AuditFilter(action=action, object_id=object_id))


def test_an_alert_is_one_page_and_complete_in_both_languages(desk, signed_in, alert):
    first = signed_in("siti", Role.OFFICER)
    walk(first, alert.id, ("take", {}), ("decide", {**SEEN, "note": NOTE}))
    second = signed_in("budi", Role.SUPERVISOR, language="id")
    walk(second, alert.id, ("confirm", SEEN), ("close", {"disposal": "entry_refused"}))
    words = (
        (first, (
            "Report of an alert", "Closed", "Photographed at DPS · A1", "16:00:00", "08:00:00 UTC",
            "not turned", "SHA-256 as kept", "Person 1", "Fraud", "D-17", "Law 6 of 2011",
            "would score this high by chance", "Not calibrated here", "gave the first opinion",
            "May be the person",
            "gave the second opinion", "Entry refused", "Keep at the counter.", "Page 1 of 1",
            "Printed by Name of siti, IMI", "Officer, place and date", "Facial features agree",
        )),
        (second, (
            "Laporan peringatan", "Difoto di DPS · A1", "16:00:00 WITA", "08:00:00 UTC",
            "tidak diputar", "Belum dikalibrasi di sini", "Tahan di konter.", "Halaman 1 dari 1",
            "Dicetak oleh Name of budi, IMI", "tempat dan tanggal",
        )),
    )  # fmt: skip
    for reader, expected in words:
        (page,) = pages_of(reader.client.get(f"/alerts/{alert.id}/report.pdf").content)
        reader.open(f"/alerts/{alert.id}/report")
        for text in (alert.case_number, "IMI", "Agency IMI", "Name of siti", NOTE, *expected):
            assert text in page, text
            if not re.match("Page|Halaman", text):
                assert text in reader.text, text
    assert len(records(desk, "alert.report", alert.id)) == 4


def test_nobody_prints_an_opinion_that_they_may_not_see(signed_in, alert):
    first = signed_in("siti", Role.OFFICER)
    walk(first, alert.id, ("take", {}), ("decide", {**SEEN, "note": NOTE}))
    second = signed_in("budi", Role.SUPERVISOR)
    for address in (f"/alerts/{alert.id}/report", f"/alerts/{alert.id}/report.pdf"):
        for reader, sees in ((first, True), (second, False)):
            answer = reader.client.get(address)
            pdf = address.endswith("pdf")
            said = "".join(pages_of(answer.content)) if pdf else answer.text
            for text in ("May be the person", NOTE, "Facial features agree"):
                assert (text in said) is sees, (address, text)
            assert ("Waits for a second opinion" in said) is not sees


def test_who_may_not_read_an_alert_prints_none(desk, signed_in, alert):
    stranger = signed_in("joko", Role.OFFICER, agency="POL")
    for suffix in ("", ".pdf"):
        assert stranger.client.get(f"/alerts/{alert.id}/report{suffix}").status_code == 404
    auditor = signed_in("ani", Role.AUDITOR)
    assert auditor.client.get(f"/alerts/{alert.id}/report.pdf").status_code == 403
    assert not records(desk, "alert.report", alert.id)


def test_erased_photos_and_long_notes_are_printed_all_the_same(desk, signed_in, alert):
    first = signed_in("siti", Role.OFFICER)
    long = "tidak-ada-spasi" * 200 + " #let *_ $ \\ ${name} محمد 中文"
    walk(first, alert.id, ("take", {}), ("decide", {**SEEN, "note": long}))
    analyst = officer(desk.agency(), Role.ANALYST)
    desk.service.lists.subjects.remove(analyst, alert.subject_id)
    pages = pages_of(first.client.get(f"/alerts/{alert.id}/report.pdf").content)
    # A line that ends at a hyphen is joined without it.
    said = re.sub(r"[\s-]", "", "".join(pages))
    assert "The photo was erased." in " ".join(pages)
    assert "The entry has been erased since." in " ".join(pages)
    assert said.count("tidakadaspasi") == 200
    assert "#let*_$\\${name}" in said


def test_what_a_document_found_is_not_called_erased_or_found_by_the_face(desk, signed_in):
    desk.watchlist()
    desk.enrol(1, documents=[{"kind": "passport", "number": "X1234567"}])
    (raised,) = desk.screen(document=TravelDocument(number="X1234567")).encounter.alerts
    reader = signed_in("siti", Role.OFFICER)
    page = reader.open(f"/alerts/{raised.id}/report").text
    for text in ("No face was found in the traveller&#39;s photo.", "found by the document."):
        assert text in page, text
    for text in ("erased", "cut out of the photo", "by which the person was found", "/probe"):
        assert text not in page, text


def test_an_opinion_that_was_taken_back_is_signed_by_nobody(signed_in, alert):
    first = signed_in("siti", Role.OFFICER)
    walk(first, alert.id, ("take", {}), ("decide", SEEN))
    signed = re.compile(r"Name of siti, IMI<br>\s*<span[^>]*>Officer, place and date")
    assert signed.search(first.open(f"/alerts/{alert.id}/report").text)
    first.open(f"/alerts/{alert.id}?done=decided&undo={alert.id}")
    first.send(f"/alerts/{alert.id}/withdraw")
    page = first.open(f"/alerts/{alert.id}/report").text
    assert "took the opinion back" in page
    assert not signed.search(page)


def test_the_other_reports(desk, signed_in, alert):
    worker = signed_in("siti", Role.OFFICER, Role.SUPERVISOR, Role.ANALYST)
    actor = officer(desk.agency(), Role.OFFICER)
    new = NewTip("Seen at the harbour.", TipOrigin.PUBLIC, source="A neighbour")
    tip = desk.service.tip_steps.record(actor, new, photo_of(2))
    sent = referred(desk, signed_in, alert)
    for address, action, words in (
        (
            f"/subjects/{alert.subject_id}",
            "subject.report",
            ("Person 1", "Fraud", "bans", "Photo 1"),
        ),
        (f"/tips/{tip.id}", "tip.report", ("Seen at the harbour.", "it is not printed")),
        (f"/referrals/{sent}", "referral.report", ("Look at this.", "POL Agency POL", "Person 1")),
    ):
        assert f'href="{address}/report"' in worker.open(address).text
        (page,) = pages_of(worker.client.get(f"{address}/report.pdf").content)
        worker.open(f"{address}/report")
        for text in words:
            assert text in page, text
            assert text in worker.text, text
        assert "A neighbour" not in page
        assert len(records(desk, action, address.rsplit("/", 1)[1])) == 2


def referred(desk, signed_in, alert):
    """Refer the alert to POL; returns the referral's id."""
    first, second = signed_in("rudi", Role.OFFICER), signed_in("budi", Role.SUPERVISOR)
    walk(first, alert.id, ("take", {}), ("decide", SEEN))
    walk(second, alert.id, ("confirm", SEEN))
    to = Handover(desk.agency("POL"), "Look at this.", desk.clock() + timedelta(days=1))
    fields = (AlertField.NAME, AlertField.PROBE_PHOTO)
    actor = officer(desk.agency(), Role.OFFICER)
    return desk.service.exchange.referral_steps.refer_alert(actor, alert.id, to, fields).id


def test_the_same_report_is_the_same_bytes(signed_in, alert):
    reader = signed_in("siti", Role.OFFICER)
    one, two = (reader.client.get(f"/alerts/{alert.id}/report.pdf").content for _ in range(2))
    assert one == two


def test_a_supervisor_makes_an_evidence_bundle_for_a_purpose(desk, signed_in, alert):
    first, second = signed_in("siti", Role.OFFICER), signed_in("budi", Role.SUPERVISOR)
    walk(first, alert.id, ("take", {}), ("decide", SEEN))
    address = f"/alerts/{alert.id}/evidence"
    assert address not in first.open(f"/alerts/{alert.id}").text
    assert f'href="{address}"' in second.open(f"/alerts/{alert.id}").text
    second.open(address)
    assert "Nobody signs here" in second.text
    assert second.send_here(purpose="x").status_code == 422
    assert "Say what the bundle is for" in second.text
    assert second.send_here(purpose="Hearing 114/2026").status_code == 409
    assert "make the bundle after the second one" in second.text
    walk(second, alert.id, ("confirm", SEEN))
    second.open(address)
    made = second.send_here(purpose="Hearing 114/2026")
    assert made.headers["content-type"] == "application/zip"
    assert check(made.content).whole
    (act,) = records(desk, "alert.evidence", alert.id)
    assert act.purpose == "Hearing 114/2026"
