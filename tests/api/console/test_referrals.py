"""Referrals between two agencies, without JavaScript."""

import re

import pytest

from casework.kernel.vocabulary import Role
from tests.fakes import photo_of
from tests.services import OPERATOR

SEEN = {"opinion": "potential_candidate", "reasons": ["facial_features_agree"]}
NEVER = "ref_01ARZ3NDEKTSV4RRFFQ69G5FAV"
DUE = "2026-03-03T10:00"


@pytest.fixture
def siti(signed_in):
    return signed_in("siti", Role.OFFICER)


@pytest.fixture
def pol(signed_in):
    return signed_in("pol", Role.OFFICER, agency="POL")


@pytest.fixture
def alert(desk, siti):
    """An alert that may be the person, by the word of an officer."""
    desk.enrol(1, nationality="SGP", reason="Fraud", documents=[{"kind": "p", "number": "X1"}])
    (raised,) = desk.screen(1).encounter.alerts
    siti.open(f"/alerts/{raised.id}")
    siti.send(f"/alerts/{raised.id}/take")
    siti.send(f"/alerts/{raised.id}/decide", **SEEN)
    return raised.id


def refer(browser, alert, desk, **fields):
    """Refer the alert to the police; returns the referral's address."""
    browser.open(f"/alerts/{alert}/refer")
    said = {
        "receiver_id": desk.agency("POL"),
        "note": "Please come to gate 4.",
        "due_at": DUE,
        "fields": ["name", "nationality", "probe_photo", "captured_at", "decision_number"],
    } | fields
    browser.send(f"/alerts/{alert}/refer", **said)
    return browser.path.split("?")[0]


@pytest.mark.parametrize("reference", [None, photo_of(1, brightness=0.8)])
def test_the_form_offers_the_photo_of_the_gate_where_one_is_kept(desk, siti, reference):
    desk.enrol(1)
    (raised,) = desk.screen(1, reference=reference).encounter.alerts
    siti.open(f"/alerts/{raised.id}")
    siti.send(f"/alerts/{raised.id}/take")
    siti.send(f"/alerts/{raised.id}/decide", **SEEN)
    page = siti.open(f"/alerts/{raised.id}/refer").text
    assert ('value="reference_photo"' in page) == (reference is not None)
    assert (f'src="/alerts/{raised.id}/reference"' in page) == (reference is not None)


def ticked(browser):
    """The fields that the form proposes or keeps."""
    return re.findall(r'name="fields" value="(\w+)" checked', browser.page.text)


def test_an_alert_is_referred_with_what_is_chosen_and_no_more(siti, pol, alert, desk):
    siti.open(f"/alerts/{alert}")
    assert f'href="/alerts/{alert}/refer"' in siti.page.text
    siti.open(f"/alerts/{alert}/refer")
    assert "Name Person 1" in siti.text
    assert ticked(siti) == ["case_number"]
    address = refer(siti, alert, desk)
    assert "The referral is sent." in siti.text
    assert f'href="/alerts/{alert}"' in siti.page.text

    pol.open("/referrals")
    assert "Agency IMI" in pol.text
    pol.open(address)
    for words in ("Person 1", "Singapore", "01-03-2026", "Please come to gate 4.", "not known"):
        assert words in pol.text, words
    for hidden in ("Fraud", "X1", alert, "wl_", "Score", "Photo on the list"):
        assert hidden not in pol.text, hidden
    assert pol.client.get(f"{address}/photos/probe_photo").headers["cache-control"] == "no-store"
    assert pol.client.get(f"{address}/photos/enrolled_photo").status_code == 404
    assert pol.open(f"/alerts/{alert}").status_code == 404


def test_the_two_agencies_talk_until_it_is_closed(siti, pol, alert, desk):
    address = refer(siti, alert, desk)
    step = f"{address}/step"
    assert "Take it back" in siti.text
    pol.open(address)
    assert pol.send(step, move="ask").status_code == 422
    assert "Write a note." in pol.text
    assert "Nothing was recorded. Look at the fields that are marked." in pol.text
    pol.send(step, move="ask", note="Which terminal?")
    siti.open(address)
    siti.send(step, move="reply", note="Terminal 3.")
    pol.open(address)
    assert "Terminal 3." in pol.text
    pol.send(step, move="accept")
    assert "It is recorded, and the other agency sees it." in pol.text
    assert pol.send(step, move="answer", note="Done.").status_code == 422
    assert "Choose one." in pol.text
    assert "Done.</textarea>" in pol.page.text
    pol.send(step, move="answer", note="Taken along.", outcome="handed_over")
    siti.open("/referrals?box=out")
    assert "Handed over to the authority" in siti.text
    siti.open(address)
    assert "Taken along." in siti.text
    siti.send(step, move="close")
    assert "The referral is closed." in siti.text
    siti.open("/referrals?box=out")
    assert "No referral fits this filter." in siti.text
    siti.open(f"{address}/step")
    assert siti.path == address


def test_a_declined_alert_can_be_referred_again(siti, pol, alert, desk):
    address = refer(siti, alert, desk)
    siti.open(f"/alerts/{alert}/refer")
    assert 'name="receiver_id"' not in siti.page.text
    pol.open(address)
    pol.send(f"{address}/step", move="decline", note="Not ours.")
    siti.open(f"/alerts/{alert}")
    assert "Referrals of this alert" in siti.text
    assert refer(siti, alert, desk) != address


def test_who_was_slower_keeps_the_note(siti, pol, alert, desk, signed_in):
    address = refer(siti, alert, desk)
    colleague = signed_in("pol2", Role.OFFICER, agency="POL")
    for browser in (pol, colleague):
        browser.open(address)
    pol.send(f"{address}/step", move="accept")
    answer = colleague.send(f"{address}/step", move="decline", note="My careful note")
    assert answer.status_code == 409
    assert "The referral has changed since you read it" in colleague.text
    assert "My careful note</textarea>" in answer.text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"receiver_id": ""}, "Choose an agency."),
        ({"note": " "}, "Say what the other agency should do."),
        ({"due_at": "2026-02-01T10:00"}, "Choose a time that is still to come."),
        ({"due_at": "soon"}, "Choose a time that is still to come."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_chosen_is_kept(siti, alert, desk, wrong, said):
    refer(siti, alert, desk, **wrong)
    assert siti.page.status_code == 422
    assert said in siti.text
    assert re.search(r'value="nationality" checked', siti.page.text)


def test_an_overdue_referral_is_marked(siti, pol, alert, desk):
    refer(siti, alert, desk)
    pol.open("/referrals?overdue=yes")
    assert "No referral fits this filter." in pol.text
    desk.clock.advance(days=3)
    pol.sign_in("pol")
    pol.open("/referrals?overdue=yes")
    assert '<span class="tag bad">Overdue</span>' in pol.page.text


def test_of_a_shared_list_only_the_traveller_is_handed_on(signed_in, desk, pol):
    desk.watchlist("dpo", agency_id=desk.agency("POL"), shared_with=(desk.agency(),))
    desk.agency("KPK")
    desk.enrol(4, desk.watchlists["dpo"])
    (raised,) = desk.screen(4).encounter.alerts
    officer = signed_in("tono", Role.OFFICER)
    officer.open(f"/alerts/{raised.id}")
    officer.send(f"/alerts/{raised.id}/take")
    officer.send(f"/alerts/{raised.id}/decide", **SEEN)
    officer.open(f"/alerts/{raised.id}/refer")
    assert "Only to POL, which owns the list." in officer.text
    assert ticked(officer) == []
    refer(officer, raised.id, desk, receiver_id=desk.agency("KPK"))
    assert officer.page.status_code == 422
    assert "belongs to the list of another agency" in officer.text
    refer(officer, raised.id, desk)
    assert "The referral is sent." in officer.text


def test_what_nobody_looked_at_is_not_referred(siti, desk):
    desk.enrol(7)
    (raised,) = desk.screen(7).encounter.alerts
    siti.open(f"/alerts/{raised.id}")
    assert f"/alerts/{raised.id}/refer" not in siti.page.text
    siti.open(f"/alerts/{raised.id}/refer")
    assert "It cannot be referred as it stands now" in siti.text


def test_a_tip_is_referred_without_its_source(siti, pol, desk):
    siti.open("/tips/new")
    siti.send("/tips/new", text="Seen at the pier.", origin="public", source="the fishmonger")
    tip = siti.path.split("?")[0]
    siti.open(f"{tip}/refer")
    assert 'value="photo"' not in siti.page.text
    fields = {"receiver_id": desk.agency("POL"), "note": "For you.", "due_at": DUE}
    siti.send(f"{tip}/refer", **fields, fields=["text", "origin"])
    address = siti.path.split("?")[0]
    pol.open(address)
    assert "Seen at the pier." in pol.text
    assert "The public" in pol.text
    assert "fishmonger" not in pol.page.text
    siti.open(tip)
    assert "Another agency has it in hand" in siti.text
    assert "Referrals of this tip" in siti.text


def test_a_foreign_referral_is_as_if_it_were_not_there(siti, alert, desk, signed_in):
    address = refer(siti, alert, desk)
    third = signed_in("kpk", Role.OFFICER, Role.SUPERVISOR, agency="KPK")
    for place in ("", "/photos/probe_photo"):
        foreign = third.open(address + place)
        never = third.open(f"/referrals/{NEVER}{place}")
        assert foreign.status_code == never.status_code == 404
    third.open("/referrals?state=all")
    assert "No referral fits this filter." in third.text
    sent = {"csrf": _token(third), "move": "accept", "version": "1"}
    assert third.client.post(f"{address}/step", data=sent).status_code == 404
    assert third.open(f"/alerts/{alert}/refer").status_code == 404


def _token(browser):
    browser.open("/account")
    return browser.hidden("csrf")


def test_an_analyst_has_no_business_here(signed_in):
    analyst = signed_in("ayu", Role.ANALYST)
    assert analyst.open("/referrals").status_code == 403


def test_a_referral_speaks_indonesian(siti, alert, desk, signed_in):
    address = refer(siti, alert, desk)
    polisi = signed_in("agus", Role.OFFICER, agency="POL", language="id")
    polisi.open(address)
    for words in (
        "Yang disertakan",
        "Kewarganegaraan",
        "Terima",
        "Tanya pengirim",
        "tidak diketahui",
    ):
        assert words in polisi.text, words
    assert "What" not in polisi.text


@pytest.fixture
def preset(signed_in, desk):
    """What the agency's supervisor wrote down; returns its id."""
    budi = signed_in("budi", Role.SUPERVISOR)
    budi.open("/referrals/presets/new")
    budi.send_here(
        kind="alert",
        name="Pro justitia",
        receiver_id=desk.agency("POL"),
        fields=["name", "probe_photo", "reference_photo", "watchlist"],
        note="For your investigation.",
        days="5",
    )
    assert "Saved." in budi.text
    assert "Pro justitia" in budi.text
    (row,) = desk.service.exchange.referral_presets.page(OPERATOR, None, None)
    return row.id


def test_a_preset_fills_in_the_form_and_sends_nothing(siti, alert, desk, preset):
    siti.open(f"/alerts/{alert}/refer")
    assert "Pro justitia (POL)" in siti.text
    page = siti.open(f"/alerts/{alert}/refer?preset={preset}").text
    assert "Filled in as for Pro justitia. Nothing is sent yet" in siti.text
    # The gate kept no reference: what is not there is not ticked.
    assert set(ticked(siti)) == {"name", "watchlist", "probe_photo"}
    assert f'value="{desk.agency("POL")}" selected' in page
    assert "For your investigation.</textarea>" in page
    assert 'value="06-03-2026 15:' in page
    siti.open("/referrals?box=out&state=all")
    assert "No referral fits this filter." in siti.text
    siti.open(f"/alerts/{alert}/refer?preset=pre_none")
    assert ticked(siti) == ["case_number"]


def test_presets_are_changed_and_removed_by_those_who_keep_them(siti, signed_in, preset):
    siti.open("/referrals/presets")
    assert "Pro justitia" in siti.text
    assert f"/referrals/presets/{preset}/edit" not in siti.page.text
    assert siti.open(f"/referrals/presets/{preset}/edit").status_code == 403
    admin = signed_in("ani", Role.ADMIN)
    admin.open(f"/referrals/presets/{preset}/edit")
    admin.send_here(name="Pro justitia", receiver_id="agc_none", note="x", days="5")
    assert admin.page.status_code == 422
    admin.open(f"/referrals/presets/{preset}/edit")
    admin.send_here(name="", receiver_id="x", note="", days="0")
    assert admin.page.status_code == 422
    admin.open("/referrals/presets")
    admin.send(f"/referrals/presets/{preset}/remove")
    assert "No preset is written down yet." in admin.text


def test_nobody_could_know_who_it_is_about_is_asked_before_it_is_sent(siti, pol, alert, desk):
    address = refer(siti, alert, desk, fields=["case_number", "port", "document_name"])
    assert siti.page.status_code == 422
    assert "Neither a photo nor a name goes along" in siti.text
    assert "Send it all the same" in siti.text
    assert "Please come to gate 4." in siti.page.text
    pol.open("/referrals")
    assert "No referral fits this filter." in pol.text
    siti.send(
        f"/alerts/{alert}/refer",
        receiver_id=desk.agency("POL"),
        note="Please come to gate 4.",
        due_at=DUE,
        fields=["case_number"],
        nobody="yes",
    )
    assert "The referral is sent." in siti.text
    assert address != siti.path


def test_every_page_counts_what_waits(siti, pol, alert, desk):
    pol.open("/alerts")
    assert re.search(r'data-referrals="all" hidden>0<', pol.page.text)
    refer(siti, alert, desk)
    pol.open("/alerts")
    assert re.search(r'data-referrals="all">1<', pol.page.text)
    pol.open("/referrals")
    assert re.search(r'data-referrals="received">1<', pol.page.text)
    siti.open("/alerts")
    assert re.search(r'data-referrals="all" hidden>0<', siti.page.text)
