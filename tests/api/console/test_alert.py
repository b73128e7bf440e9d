import re

import pytest

from casework.kernel.vocabulary import Category, PadResult, Role
from casework.screening.screening import Presentation
from casework.screening.travel_document import TravelDocument
from casework.tables import Alert, Encounter
from detector.portrait import FRAME_SIDE
from tests.data import decoded
from tests.fakes import photo_of

SEEN = {"opinion": "potential_candidate", "reasons": ["facial_features_agree"]}


@pytest.fixture
def alert(desk):
    """An alert of a list that asks for two officers."""
    desk.watchlist(
        "bans",
        category=Category.TANGKAL,
        requires_second_officer=True,
        legal_basis="Law 6 of 2011",
        instruction={"id": "Tahan di konter.", "en": "Keep at the counter."},
    )
    desk.enrol(1, desk.watchlists["bans"], reason="Fraud", decision_number="D-17")
    (raised,) = desk.screen(1, lane="A1").encounter.alerts
    return raised.id


def walk(browser, alert, *steps):
    """Open an alert and send its forms one after the other."""
    browser.open(f"/alerts/{alert}")
    for action, fields in steps:
        browser.send(f"/alerts/{alert}/{action}", **fields)


def test_an_alert_shows_all_that_a_comparison_needs(signed_in, alert):
    officer = signed_in("siti", Role.OFFICER)
    officer.open(f"/alerts/{alert}")
    for words in (
        "Person 1",
        "Fraud",
        "D-17",
        "Law 6 of 2011",
        "Keep at the counter.",
        "CGK · A1",
        "Entry ban (tangkal)",
        "by chance",
        "The alert was raised.",
        "Quality of the traveller's photo",
        "Take this alert",
    ):
        assert words in officer.text, words
    assert 'role="img" aria-labelledby="scale-title scale-text"' in officer.page.text


def test_what_the_gate_sent_stands_beside(desk, signed_in):
    desk.watchlist("masks", requires_person_on_failed_pad=True)
    desk.enrol(1, desk.watchlists["masks"])
    (raised,) = desk.screen(
        1,
        reference=photo_of(1, brightness=0.8),
        presentation=Presentation(PadResult.FAIL, 0.1, "Gate 7", "level 2"),
    ).encounter.alerts
    officer = signed_in("siti", Role.OFFICER)
    page = officer.open(f"/alerts/{raised.id}").text
    assert f'src="/alerts/{raised.id}/reference"' in page
    for words in ("Same person", "Attack found", "Gate 7 · level 2", "A list asks for it"):
        assert words in page, words
    assert "Both faces" not in page
    assert officer.client.get(f"/alerts/{raised.id}/reference").content.startswith(b"\xff\xd8")


def test_the_document_stands_beside_the_list_on_the_page_and_on_paper(desk, signed_in):
    desk.enrol(1, nationality="IDN", sex="F")
    sent = TravelDocument("OTHER, SOMEBODY", sex="F", nationality="MYS", number="K1", mrz="misread")
    (raised,) = desk.screen(1, document=sent).encounter.alerts
    officer = signed_in("siti", Role.OFFICER)
    page = officer.open(f"/alerts/{raised.id}").text
    report = officer.open(f"/alerts/{raised.id}/report").text
    for words in ("OTHER, SOMEBODY", "Malaysia", "K1", "Differs", "could not be read"):
        assert words in page, words
        assert words in report, words
    assert 'class="pair differs"' in page


@pytest.mark.parametrize(
    ("sent", "says"), [("19800000", "1980-00-00"), ("19800228", "28-02-1980"), ("1980", "1980")]
)
def test_an_alert_opens_whatever_day_of_birth_the_chip_says(desk, signed_in, sent, says):
    desk.enrol(1)
    document = TravelDocument("SOMEBODY", birth=sent)
    (raised,) = desk.screen(1, document=document).encounter.alerts
    officer = signed_in("siti", Role.SUPERVISOR, Role.OFFICER)
    walk(officer, raised.id, ("take", {}))
    for page in ("", "/report", "/refer"):
        assert officer.open(f"/alerts/{raised.id}{page}").status_code == 200
        assert says in officer.text, page


def test_an_alert_by_document_alone_can_be_worked_on(desk, signed_in):
    desk.watchlist(requires_second_officer=False)
    desk.enrol(1, documents=[{"kind": "passport", "number": "X1234567"}])
    carried = TravelDocument(number="X1234567")
    (raised,) = desk.screen(document=carried).encounter.alerts
    officer = signed_in("siti", Role.OFFICER)
    assert "Document" in officer.open("/alerts").text
    page = officer.open(f"/alerts/{raised.id}").text
    for words in ("No face was found", "document is on this list", "Stolen or lent?", "X1234567"):
        assert words in page, words
    assert "Threshold" not in page
    report = officer.open(f"/alerts/{raised.id}/report").text
    assert "Found by" in report
    walk(
        officer,
        raised.id,
        ("take", {}),
        ("decide", {"opinion": "not_candidate", "reasons": ["documents_agree"]}),
        ("close", {"disposal": "entry_refused"}),
    )
    assert "The alert is closed" in officer.text
    (both,) = desk.screen(1, document=carried).encounter.alerts
    assert "Face and document" in officer.open("/alerts").text
    assert "document is on this list" in officer.open(f"/alerts/{both.id}").text


def test_the_two_photos_are_framed_alike_and_never_kept(signed_in, alert):
    officer = signed_in("siti", Role.OFFICER)
    officer.open(f"/alerts/{alert}")
    for name in ("probe", "enrolled"):
        assert f'src="/alerts/{alert}/{name}"' in officer.page.text
        answer = officer.client.get(f"/alerts/{alert}/{name}")
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["cache-control"] == "no-store"
        assert decoded(answer.content).shape == (FRAME_SIDE, FRAME_SIDE, 3)
        whole = officer.client.get(f"/alerts/{alert}/{name}/whole")
        assert whole.status_code == 200
        assert whole.headers["cache-control"] == "no-store"


def test_an_alert_walks_from_new_to_closed(signed_in, alert):
    first, second = signed_in("siti", Role.OFFICER), signed_in("budi", Role.SUPERVISOR)
    walk(first, alert, ("take", {}))
    assert "You have taken the alert." in first.text
    assert first.path == f"/alerts/{alert}?done=taken"
    first.send(f"/alerts/{alert}/decide", **SEEN, note="Scar above the eye")
    assert "Your opinion is recorded." in first.text
    assert "Scar above the eye" in first.text
    assert "waits for the second opinion" in first.text

    second.open(f"/alerts/{alert}")
    assert "Your second opinion" in second.text
    for hidden in ("Scar above the eye", "Facial features agree Scar"):
        assert hidden not in second.text
    assert "tag state-potential_candidate" not in second.page.text
    second.send(f"/alerts/{alert}/confirm", **SEEN)
    assert "Scar above the eye" in second.text
    assert "Confirmed" in second.text
    second.send(f"/alerts/{alert}/close", disposal="entry_refused", note="Sent back")
    assert "The alert is closed: Entry refused." in second.text
    assert "Sent back" in second.text


def test_what_is_missing_is_said_and_the_rest_is_kept(signed_in, alert):
    officer = signed_in("siti", Role.OFFICER)
    walk(officer, alert, ("take", {}))
    answer = officer.send(f"/alerts/{alert}/decide", opinion="inconclusive", note="Half typed")
    assert answer.status_code == 422
    assert "Choose at least one reason." in officer.text
    assert "Half typed</textarea>" in answer.text
    assert re.search(r'value="inconclusive"[^>]* checked', answer.text)
    # The officer completes it, and nothing was lost.
    officer.send(f"/alerts/{alert}/decide", opinion="inconclusive", reasons=["poor_probe"])
    assert "Your opinion is recorded." in officer.text


@pytest.mark.parametrize(
    ("step", "fields", "says"),
    [
        ("decide", SEEN | {"reasons": ["other"]}, "Say in the note what the other reason is."),
        ("decide", {"reasons": ["poor_probe"]}, "Choose one."),
        ("close", {"disposal": "other"}, "Say in the note how it ended."),
        ("close", {}, "Choose one."),
    ],
)
def test_every_field_that_is_wrong_says_so(signed_in, desk, alert, step, fields, says):
    first, second = signed_in("siti", Role.OFFICER), signed_in("budi", Role.SUPERVISOR)
    walk(first, alert, ("take", {}))
    if step == "close":
        walk(first, alert, ("decide", SEEN))
        walk(second, alert, ("confirm", SEEN))
    officer = second if step == "close" else first
    assert officer.send(f"/alerts/{alert}/{step}", **fields).status_code == 422
    assert "Nothing was recorded. Look at the fields that are marked." in officer.text
    assert says in officer.text


def test_a_conflict_says_what_changed_and_by_whom_and_keeps_the_note(signed_in, alert):
    first, second = signed_in("siti", Role.OFFICER), signed_in("budi", Role.SUPERVISOR)
    walk(first, alert, ("take", {}))
    walk(second, alert, ("take", {}))
    answer = first.send(f"/alerts/{alert}/decide", **SEEN, note="My careful note")
    assert answer.status_code == 409
    assert "The alert has changed since you read it" in first.text
    assert re.search(
        r"Since you opened the page: [\d:]+ Name of budi IMI took the alert", first.text
    )
    assert "My careful note" in first.text
    assert "Nothing of yours was recorded" in first.text
    first.open(f"/alerts/{alert}")
    assert "My careful note" not in first.text
    assert "Name of budi, IMI has taken this alert" in first.text


def test_a_conflict_does_not_tell_the_first_opinion(signed_in, alert):
    first, second = signed_in("siti", Role.OFFICER), signed_in("budi", Role.SUPERVISOR)
    walk(first, alert, ("take", {}))
    second.open(f"/alerts/{alert}")
    walk(first, alert, ("decide", SEEN | {"note": "Secret thought"}))
    answer = second.send(f"/alerts/{alert}/take")  # of the page that was read before
    assert answer.status_code == 409
    assert "Name of siti IMI gave the first opinion" in second.text
    assert "Secret thought" not in second.text
    assert "tag state-potential_candidate" not in answer.text


def test_only_what_fits_what_was_found_is_offered(signed_in, alert):
    first, second = signed_in("siti", Role.OFFICER), signed_in("budi", Role.SUPERVISOR)
    other = {"opinion": "not_candidate", "reasons": ["facial_features_differ"]}
    walk(first, alert, ("take", {}), ("decide", other))
    walk(second, alert, ("confirm", other))
    offered = re.findall(r'name="disposal" value="(\w+)"', second.page.text)
    assert set(offered) == {"mistaken_identity", "cleared", "not_found", "other"}


def test_an_inconclusive_first_opinion_is_not_told_by_what_is_offered(signed_in, desk):
    desk.watchlist("quick", requires_second_officer=True, requires_acknowledgement=False)
    desk.enrol(2, desk.watchlists["quick"])
    (raised,) = desk.screen(2).encounter.alerts
    walk(
        signed_in("siti", Role.OFFICER),
        raised.id,
        ("decide", {"opinion": "inconclusive", "reasons": ["poor_probe"]}),
    )
    third = signed_in("tono", Role.OFFICER)
    third.open(f"/alerts/{raised.id}")
    assert "waits for the second opinion" in third.text
    assert 'name="opinion"' not in third.page.text


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/probe",
        "/enrolled",
        "/probe/whole",
        "/enrolled/whole",
        "/faces/probe",
        "/faces/enrolled",
    ],
)
def test_a_foreign_alert_is_as_if_it_were_not_there(signed_in, alert, address):
    other = signed_in("pol", Role.OFFICER, agency="POL")
    foreign = other.open(f"/alerts/{alert}{address}")
    never = other.open(f"/alerts/alr_01ARZ3NDEKTSV4RRFFQ69G5FAV{address}")
    assert foreign.status_code == never.status_code == 404
    plain = [re.sub(r"[0-9A-Z]{26}", "", answer.text) for answer in (foreign, never)]
    tokens = [re.sub(r"[0-9a-f]{64}", "", text) for text in plain]
    assert tokens[0] == tokens[1]


def test_a_foreign_alert_cannot_be_decided(signed_in, alert):
    other = signed_in("pol", Role.OFFICER, agency="POL")
    mine = signed_in("siti", Role.OFFICER)
    mine.open(f"/alerts/{alert}")
    other.page = mine.page
    other.page = other.client.get("/account")
    token = other.hidden("csrf")
    for action in ("take", "decide", "confirm", "close"):
        answer = other.client.post(f"/alerts/{alert}/{action}", data={"csrf": token} | SEEN)
        assert answer.status_code in {403, 404, 422}
    mine.open(f"/alerts/{alert}")
    assert "Take this alert" in mine.text


def test_an_answer_to_a_form_that_is_asked_for_again_shows_the_alert(signed_in, alert):
    officer = signed_in("siti", Role.OFFICER)
    officer.open(f"/alerts/{alert}/decide")
    assert officer.path == f"/alerts/{alert}"


def test_an_analyst_reads_and_is_offered_nothing(signed_in, alert):
    analyst = signed_in("ayu", Role.ANALYST)
    analyst.open(f"/alerts/{alert}")
    assert "Take this alert" not in analyst.text
    assert "There is nothing for you to do here now." in analyst.text


def test_other_candidates_stand_in_their_order(signed_in, desk):
    desk.watchlist("one")
    desk.watchlist("two")
    desk.enrol(1, desk.watchlists["one"], desk.watchlists["two"])
    alerts = desk.screen(1).encounter.alerts
    officer = signed_in("siti", Role.OFFICER)
    officer.open(f"/alerts/{alerts[0].id}")
    assert "Other candidates of this encounter" in officer.text
    assert f'href="/alerts/{alerts[1].id}"' in officer.page.text


def test_an_erased_photo_leaves_a_page_that_works(signed_in, desk, alert):
    officer = signed_in("siti", Role.OFFICER)
    with desk.service.kernel.database.write() as session:
        session.get_one(
            Encounter, session.get_one(Alert, alert).encounter_id
        ).sealed_portrait = None
    assert officer.open(f"/alerts/{alert}").status_code == 200
    assert officer.client.get(f"/alerts/{alert}/probe").status_code == 404


def test_a_supervisor_corrects_an_outcome_and_the_page_shows_both(signed_in, desk):
    desk.enrol(1, desk.watchlist("plain", requires_acknowledgement=False))
    (alert,) = desk.screen(1).encounter.alerts
    boss, page = signed_in("boss", Role.OFFICER, Role.SUPERVISOR), f"/alerts/{alert.id}"
    boss.open(page)
    boss.send(f"{page}/decide", opinion="potential_candidate", reasons=["facial_features_agree"])
    boss.send(f"{page}/close", disposal="observed")
    assert f'href="{page}/correct"' in boss.page.text
    boss.open(f"{page}/correct")
    assert boss.send_here(reason=" ", disposal="handed_over").status_code == 422
    assert "Say what was wrong" in boss.text
    boss.send_here(reason="he was handed to the police", disposal="handed_over")
    assert boss.path == f"{page}?done=corrected"
    assert "corrected how the alert was closed" in boss.text
    assert "he was handed to the police" in boss.text
    clerk = signed_in("siti", Role.OFFICER)
    clerk.open(page)
    assert "/correct" not in clerk.page.text
    assert clerk.open(f"{page}/correct").status_code == 403
