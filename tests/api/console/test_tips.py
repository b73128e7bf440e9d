"""Tips, without JavaScript: recorded, searched, referred, enrolled, dismissed."""

import re

import pytest

from casework.areas.teams import NewTeam
from casework.kernel.vocabulary import Role
from tests.casework.stays.test_stays import LISTED, NEW, hotel, work
from tests.fakes import photo_of
from tests.services import OPERATOR, officer

TEXT = "Seen at the harbour, with a red bag."
SOURCE = "the fishmonger, 0812"
FIELDS = {
    "text": TEXT,
    "origin": "public",
    "place": "Pier 3",
    "happened_at": "2026-02-28T17:00",
    "source": SOURCE,
}
NEVER = "tip_01M7ZYY7HDJHTCS856SBCRH8M1"


def record(browser, photo=None, **fields):
    """Record a tip; returns its id."""
    browser.open("/tips/new")
    browser.send("/tips/new", files={"photo": photo} if photo else None, **(FIELDS | fields))
    assert browser.page.status_code == 200, browser.text
    found = re.fullmatch(r"/tips/(\w+)\?done=tip_recorded", browser.path)
    assert found is not None, browser.path
    return found[1]


def test_a_tip_is_recorded_listed_and_shown(signed_in):
    officer = signed_in("siti", Role.OFFICER)
    tip = record(officer, photo_of(1))
    for words in (TEXT, "Pier 3", "28-02-2026 17:00", "The public", "Name of siti"):
        assert words in officer.text, words
    assert SOURCE not in officer.page.text
    assert "known to your supervisors alone" in officer.text
    assert officer.client.get(f"/tips/{tip}/photo").headers["cache-control"] == "no-store"
    reference = re.search(r"Tip (\w{4}-\w{4})", officer.text)
    assert reference is not None
    officer.open("/tips")
    assert reference[1] in officer.text
    assert TEXT not in officer.text
    officer.open(f"/tips?state=settled&reference={reference[1].lower()}")
    assert reference[1] in officer.text
    officer.open("/tips?state=settled")
    assert reference[1] not in officer.text


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(signed_in):
    officer = signed_in("siti", Role.OFFICER)
    officer.open("/tips/new")
    answer = officer.send("/tips/new", **(FIELDS | {"text": " ", "happened_at": "yesterday"}))
    assert answer.status_code == 422
    for words in (
        "Say what was reported.",
        "Write date and time as 28-02-2026 15:30.",
        "Pier 3",
        SOURCE,
    ):
        assert words in answer.text, words
    answer = officer.send("/tips/new", **FIELDS, files={"photo": b"nothing of the kind"})
    assert answer.status_code == 422
    assert "send one of JPEG, PNG, WebP, BMP, TIFF" in officer.text
    assert TEXT in officer.text


def test_only_a_supervisor_reads_the_source(signed_in):
    officer, boss = signed_in("siti", Role.OFFICER), signed_in("budi", Role.SUPERVISOR)
    tip = record(officer)
    assert "/source" not in officer.page.text
    boss.open(f"/tips/{tip}")
    assert SOURCE not in boss.text
    boss.send(f"/tips/{tip}/source")
    assert SOURCE in boss.text
    token = officer.hidden("csrf")
    refused = officer.client.post(f"/tips/{tip}/source", data={"csrf": token})
    assert refused.status_code == 403
    assert SOURCE not in refused.text


def test_a_tips_photo_is_searched(signed_in, desk):
    desk.enrol(1)
    officer = signed_in("siti", Role.OFFICER)
    tip = record(officer, photo_of(1))
    assert officer.send(f"/tips/{tip}/search", purpose="why").status_code == 422
    assert "Say what the search is for, in at least 10 characters." in officer.text
    assert "Nothing was searched." in officer.text
    officer.send(f"/tips/{tip}/search", purpose="a report from the public")
    assert "Person 1" in officer.text
    assert f"/tips/{tip}/photo" in officer.page.text  # beside the candidates
    officer.open(f"/tips/{tip}")
    assert "Searched" in officer.text
    assert "Show its candidates" in officer.text


def test_a_tip_without_photo_offers_no_search(signed_in):
    officer = signed_in(
        "siti",
        Role.OFFICER,
    )
    tip = record(officer)
    assert f"/tips/{tip}/search" not in officer.page.text
    assert "It came without a photo." in officer.text


def test_a_tip_is_dismissed_with_a_reason(signed_in):
    officer = signed_in("siti", Role.OFFICER)
    tip = record(officer)
    assert officer.send(f"/tips/{tip}/dismiss", reason=" ").status_code == 422
    assert "Say why." in officer.text
    assert "Nothing was recorded. Look at the fields that are marked." in officer.text
    officer.send(f"/tips/{tip}/dismiss", reason="A joke")
    assert "The tip is dismissed." in officer.text
    assert "A joke" in officer.text
    assert "Dismiss the tip" not in officer.text


def test_who_was_slower_is_told(signed_in):
    first, second = signed_in("siti", Role.OFFICER), signed_in("budi", Role.OFFICER)
    tip = record(first)
    second.open(f"/tips/{tip}")
    first.send(f"/tips/{tip}/dismiss", reason="A joke")
    assert second.send(f"/tips/{tip}/dismiss", reason="Mine").status_code == 409
    assert "The tip has changed since you read it" in second.text


def test_an_analyst_makes_a_subject_of_a_tip(signed_in, desk):
    desk.watchlist("wanted")
    desk.watchlist("theirs", agency_id=desk.agency("POL"), shared_with=(desk.agency(),))
    analyst = signed_in("ayu", Role.ANALYST)
    tip = record(analyst, photo_of(5))
    analyst.open(f"/tips/{tip}/enrol")
    assert "theirs" not in analyst.text
    assert analyst.send(f"/tips/{tip}/enrol", name="", nationality="X").status_code == 422
    for words in ("Write the name.", "Choose at least one list.", "Write three letters"):
        assert words in analyst.text, words
    fields = {"name": "Person 5", "watchlist_ids": [desk.watchlists["wanted"]]}
    analyst.send(f"/tips/{tip}/enrol", **fields, valid_until="2020-01-01")
    assert "or has ended." in analyst.text
    analyst.send(f"/tips/{tip}/enrol", **fields, nationality="SGP", valid_until="2027-01-01")
    assert "The subject is enrolled" in analyst.text
    (raised,) = desk.screen(5).encounter.alerts
    assert raised.watchlist_id == desk.watchlists["wanted"]


def test_a_photo_of_nobody_cannot_be_enrolled(signed_in, desk):
    desk.watchlist("wanted")
    analyst = signed_in("ayu", Role.ANALYST)
    tip = record(analyst, photo_of())
    analyst.open(f"/tips/{tip}/enrol")
    fields = {"name": "Nobody", "watchlist_ids": [desk.watchlists["wanted"]]}
    assert analyst.send(f"/tips/{tip}/enrol", **fields).status_code == 422
    assert "The photo of this tip cannot be searched with." in analyst.text
    assert "Nobody" in analyst.page.text


def test_an_officer_does_not_enrol(signed_in):
    officer = signed_in("siti", Role.OFFICER)
    tip = record(officer, photo_of(1))
    assert "Enrol as a subject" not in officer.text
    assert officer.open(f"/tips/{tip}/enrol").status_code == 403


@pytest.mark.parametrize("address", ["", "/photo", "/refer", "/enrol"])
def test_a_foreign_tip_is_as_if_it_were_not_there(signed_in, address):
    tip = record(signed_in("siti", Role.OFFICER), photo_of(1))
    roles = (Role.OFFICER, Role.SUPERVISOR, Role.ANALYST)
    stranger = signed_in("pol", *roles, agency="POL")
    foreign = stranger.open(f"/tips/{tip}{address}")
    never = stranger.open(f"/tips/{NEVER}{address}")
    assert foreign.status_code == never.status_code == 404
    stranger.open("/tips/new")
    token = stranger.hidden("csrf")
    for action in ("source", "search", "dismiss", "refer"):
        sent = {"csrf": token, "reason": "x", "purpose": "long enough a purpose"}
        assert stranger.client.post(f"/tips/{tip}/{action}", data=sent).status_code == 404


def test_an_answer_to_a_form_that_is_asked_for_again_shows_the_tip(signed_in):
    officer = signed_in("siti", Role.OFFICER)
    tip = record(officer)
    for action in ("source", "search", "dismiss"):
        officer.open(f"/tips/{tip}/{action}")
        assert officer.path == f"/tips/{tip}"


def test_an_auditor_has_no_business_here(signed_in):
    assert signed_in("aud", Role.AUDITOR).open("/tips").status_code == 403


def test_a_tip_speaks_indonesian(signed_in):
    officer = signed_in("siti", Role.OFFICER, language="id")
    record(officer, photo_of(1))
    for words in ("Yang dilaporkan", "Masyarakat", "Limpahkan ke instansi lain", "Mutu foto"):
        assert words in officer.text, words


def test_a_tip_s_subject_is_entered_like_any_other(signed_in, desk):
    desk.watchlist("wanted")
    analyst = signed_in("ayu", Role.ANALYST)
    tip = record(analyst, photo_of(5))
    analyst.open(f"/tips/{tip}/enrol")
    fields = {
        "name": "Person 5",
        "watchlist_ids": [desk.watchlists["wanted"]],
        "aliases": "Si A\nSi B",
        "nationality": "idn",
        "document_kind": ["", ""],
        "document_number": ["X123", ""],
        "status": "suspended",
    }
    refused = analyst.send(f"/tips/{tip}/enrol", **fields, document_country=["Indonesia", ""])
    assert refused.status_code == 422
    assert "Write the country in three letters" in analyst.text
    assert 'value="X123"' in refused.text
    assert "Si A\nSi B</textarea>" in refused.text
    analyst.send(f"/tips/{tip}/enrol", **fields, document_country=["idn", ""])
    (subject,) = desk.service.lists.subjects.page(OPERATOR, None, 5)
    assert (subject.aliases, subject.nationality) == (["Si A", "Si B"], "IDN")
    assert subject.documents == [{"kind": "passport", "number": "X123", "country": "IDN"}]
    assert subject.status == "suspended"


def test_a_tip_whose_face_is_known_is_enrolled_with_a_warning(signed_in, desk):
    desk.enrol(5)
    analyst = signed_in("ayu", Role.ANALYST)
    tip = record(analyst, photo_of(5))
    analyst.open(f"/tips/{tip}/enrol")
    fields = {"name": "Again", "watchlist_ids": [desk.watchlist()]}
    assert analyst.send(f"/tips/{tip}/enrol", **fields).status_code == 200
    assert "resembles somebody" in analyst.text
    assert "Person 5" in analyst.text


def test_a_tip_is_sorted_and_found_by_it(signed_in, desk):
    sari = signed_in("siti", Role.OFFICER)
    tip = record(sari, photo_of(1))
    options = re.search(r'<option value="(off_\w+)">Name of siti', sari.page.text)
    assert options is not None
    sari.send(f"/tips/{tip}/triage", priority="urgent", assigned_to=options[1])
    assert "Urgent" in sari.text
    for query, there in (
        ("priority=urgent&who=me", True),
        ("priority=low", False),
        ("who=nobody", False),
        ("priority=%3Cx%3E&who=x", True),
    ):
        sari.open(f"/tips?{query}")
        assert (f"/tips/{tip}" in sari.page.text) is there, query
    sari.open(f"/tips/{tip}")
    refused = sari.send(f"/tips/{tip}/triage", priority="soon", assigned_to="")
    assert refused.status_code == 422
    sari.open(f"/tips/{tip}")
    assert sari.send(f"/tips/{tip}/triage", priority="low", assigned_to="off_x").status_code == 422


def test_a_tip_is_moved_to_another_area_and_given_to_a_team(signed_in, desk):
    siti = signed_in("siti", Role.OFFICER)
    for code in ("31.71", "31.71.01"):
        desk.service.areas.areas.put(OPERATOR, code, f"Area {code}")
    coordinator = officer(desk.agency("IMI"), Role.COORDINATOR)
    team = desk.service.areas.teams.create(coordinator, NewTeam("Tim Contoh", "31")).id
    tip = record(siti, area="51")
    asked = siti.send(
        f"/tips/{tip}/triage", priority="high", area="31.71", team_id=team, show="districts"
    )
    assert "Area 31.71.01" in asked.text
    assert siti.client.get("/tips?priority=high").text.count(tip) == 0  # nothing is saved yet
    siti.send(
        f"/tips/{tip}/triage", priority="high", area="31.71", district="31.71.01", team_id=team
    )
    assert "Area 31.71.01, Area 31.71, DKI Jakarta" in siti.text
    assert "Tim Contoh" in siti.text
    for query, there in (
        (f"team={team}", True),
        ("team=any&area=31.71", True),
        ("area=51", False),
        ("team=team_x", True),
    ):
        siti.open(f"/tips?{query}")
        assert (f"/tips/{tip}" in siti.page.text) is there, query
    siti.open(f"/tips/{tip}")
    refused = siti.send(f"/tips/{tip}/triage", priority="high", area="99.99", team_id=team)
    assert refused.status_code == 422


def test_a_tip_is_linked_with_a_subject_whose_page_lists_it(signed_in, desk):
    subject = desk.enrol(1)
    siti = signed_in("siti", Role.OFFICER)
    tip = record(siti)
    siti.send(
        f"/tips/{tip}/subjects", subject=f"https://siaga.example/subjects/{subject}?done=saved"
    )
    assert "Person 1" in siti.text
    siti.open(f"/subjects/{subject}")
    assert "Tips about this person" in siti.text
    assert f"/tips/{tip}" in siti.page.text
    siti.open(f"/tips/{tip}")
    siti.send(f"/tips/{tip}/subjects/{subject}/remove")
    assert "None yet." in siti.text
    assert siti.send(f"/tips/{tip}/subjects", subject="sub_x").status_code == 422
    assert 'id="subject-says" class="fault"' in siti.page.text


def test_who_reported_is_erased_after_a_question(signed_in):
    officer, boss = signed_in("siti", Role.OFFICER), signed_in("budi", Role.SUPERVISOR)
    tip = record(officer)
    assert "source/erase" not in officer.page.text
    boss.open(f"/tips/{tip}/source/erase")
    assert "Erase who reported it?" in boss.text
    assert boss.send_here(reason=" ").status_code == 422
    boss.send_here(reason="They asked.")
    boss.open(f"/tips/{tip}")
    assert "Show who reported it" not in boss.text


def test_what_was_reported_twice_is_shown_with_the_reason(signed_in):
    officer = signed_in("siti", Role.OFFICER)
    first, again = record(officer, photo_of(1)), record(officer, photo_of(1))
    assert f"/tips/{first}" in officer.page.text
    assert "the same photo; much the same words, place and time" in officer.text
    officer.open(f"/tips/{first}")
    assert f"/tips/{again}" in officer.page.text


def test_a_listed_guest_near_a_tip_is_shown_on_both_pages_and_marked_in_the_list(signed_in, desk):
    siti = signed_in("siti", Role.OFFICER)
    listed = desk.watchlist(agency_id=desk.agency("IMI"))
    desk.enrol(3, listed, **LISTED)
    desk.service.stays.reports.report(hotel(desk), NEW)
    work(desk)
    tip = record(siti, area="31", happened_at="2026-03-01T10:00")
    siti.open("/tips")
    assert "listed guest nearby" in siti.text
    siti.open(f"/tips/{tip}")
    assert "Listed guests near it" in siti.text
    assert "the same area, within two weeks" in siti.text
    assert "Person 3" not in siti.text
    found = re.search(r'href="/alerts/(\w+)"', siti.page.text)
    assert found is not None
    siti.open(f"/alerts/{found[1]}")
    assert "Tips near this guest" in siti.text
    assert f"/tips/{tip}" in siti.page.text
    budi = signed_in("budi", Role.OFFICER, agency="POL")
    other = record(budi, area="31", happened_at="2026-03-01T10:00")
    budi.open(f"/tips/{other}")
    assert "Listed guests near it" not in budi.text
    budi.open("/tips")
    assert "listed guest nearby" not in budi.text
