"""Watchlists and subjects in the console, as a browser without JavaScript sees them."""

import base64
import re

import pytest

from casework.calibration.breaker import Breaker
from casework.calibration.breaker_rules import BreakerRules
from casework.kernel.errors import NotFound
from casework.kernel.vocabulary import Role
from tests.fakes import photo_of
from tests.services import OPERATOR

LIST = {
    "name": "Tangkal",
    "category": "tangkal",
    "direction": "entry",
    "one_in": "5000",
    "instruction_id": "Tahan.",
    "instruction_en": "Hold.",
    "requires_second_officer": "yes",
    "acknowledge_within_s": "90",
    "active": "yes",
}


@pytest.fixture
def analyst(signed_in):
    return signed_in("lina", Role.ANALYST)


def made(browser, **fields):
    browser.open("/watchlists/new")
    browser.send_here(**{**LIST, **fields})
    found = re.search(r"/watchlists/(wl_\w+)", browser.path)
    assert found is not None, browser.text
    return found[1]


def marked(answer):
    """The fields that a page marks as wrong."""
    return set(re.findall(r'id="(\w+)-says" class="fault"', answer.text))


def enrolled(browser, list_id, person=1, **fields):
    browser.open("/subjects/new")
    return browser.send_here(
        name=f"Person {person}",
        watchlist_ids=[list_id],
        files=[("photos", ("a.jpg", photo_of(person), "image/jpeg"))],
        **fields,
    )


def test_a_watchlist_is_made_shown_changed_and_removed(analyst, desk):
    police = desk.agency("POL")
    list_id = made(analyst, ports="cgk, idbtm", shared_with=[police])
    row = desk.service.lists.watchlists.get(OPERATOR, list_id)
    assert (row.target_fpir, row.ports) == (1 / 5000, ["CGK", "IDBTM"])
    assert row.instruction == {"id": "Tahan.", "en": "Hold."}
    assert (row.requires_acknowledgement, row.requires_second_officer) == (False, True)
    assert "1 in 5,000 travellers" in analyst.text
    assert "POL" in analyst.text
    analyst.open(f"/watchlists/{list_id}/edit")
    analyst.send_here(**{**LIST, "name": "Tangkal 2", "one_in": "100"})
    assert "Tangkal 2" in analyst.text
    analyst.open(f"/watchlists/{list_id}/remove")
    analyst.send_here(reason="made twice")
    assert analyst.path.startswith("/watchlists?")
    assert analyst.open(f"/watchlists/{list_id}").status_code == 404


def test_a_person_on_a_failed_presentation_is_asked_for_by_a_form_and_given_up_by_two(
    analyst, signed_in, desk
):
    chief = signed_in("chief", Role.ADMIN)
    chief.open("/approvals/founded")
    chief.send_here(reason="all are here")
    list_id = made(analyst, requires_person_on_failed_pad="yes")
    watchlists = desk.service.lists.watchlists
    assert watchlists.get(OPERATOR, list_id).requires_person_on_failed_pad
    assert "An officer has to see the traveller" in analyst.text
    analyst.open(f"/watchlists/{list_id}/edit")
    assert re.search(r'name="requires_person_on_failed_pad"[^>]* checked', analyst.page.text)
    analyst.send_here(**LIST, reason="gates send no verdict")  # without the tick
    assert watchlists.get(OPERATOR, list_id).requires_person_on_failed_pad
    chief.open("/approvals")
    (asked,) = set(re.findall(r'href="(/approvals/apr_\w+)"', chief.page.text))
    chief.open(asked)
    assert "whose presentation attack detection failed need not be seen" in chief.text
    assert "gates send no verdict" in chief.text


def test_a_wrong_watchlist_comes_back_with_what_was_typed(analyst):
    analyst.open("/watchlists/new")
    answer = analyst.send_here(**{**LIST, "ports": "Jakarta", "one_in": "0"})
    assert answer.status_code == 422
    assert "Look at the fields that are marked" in analyst.text
    assert marked(answer) == {"ports", "one_in"}
    assert "Write a whole number from 2 on" in analyst.text
    for typed in ("Tangkal", "Jakarta", "0", "90"):
        assert f'value="{typed}"' in answer.text
    assert re.search(r'value="tangkal" selected', answer.text)


def test_a_changed_watchlist_keeps_what_its_form_does_not_show(analyst, desk):
    list_id = made(analyst)
    stored = {"target_fpir": 0.00030001, "threshold": 0.71}
    desk.service.lists.watchlists.edit(OPERATOR, list_id, stored, None)
    analyst.open(f"/watchlists/{list_id}/edit")
    assert 'value="3333"' in analyst.page.text
    analyst.send_here(**{**LIST, "name": "Tangkal 2", "one_in": "3333"})
    row = desk.service.lists.watchlists.get(OPERATOR, list_id)
    assert (row.name, row.target_fpir, row.threshold) == ("Tangkal 2", 0.00030001, 0.71)


def test_a_watchlist_that_others_changed_or_stand_on_comes_back_whole(analyst, desk):
    list_id = made(analyst)
    watchlists = desk.service.lists.watchlists
    analyst.open(f"/watchlists/{list_id}/edit")
    watchlists.edit(OPERATOR, list_id, {"legal_basis": "Law 6"}, None)
    answer = analyst.send_here(**{**LIST, "name": "Mine"})
    assert (answer.status_code, 'value="Mine"' in answer.text) == (422, True)
    assert watchlists.get(OPERATOR, list_id).name == "Tangkal"
    enrolled(analyst, list_id)
    analyst.open(f"/watchlists/{list_id}/remove")
    answer = analyst.send_here(reason="made twice")
    assert (answer.status_code, "1 subjects are on this" in analyst.text) == (422, True)
    assert "made twice" in analyst.text


def test_a_subject_is_enrolled_found_changed_and_erased(analyst, desk):
    list_id = made(analyst)
    enrolled(
        analyst,
        list_id,
        reference="R-7",
        aliases="Si A\nSi B",
        nationality="idn",
        document_kind=["", ""],
        document_number=["X123", ""],
        document_country=["idn", ""],
        valid_until="2026-03-10",
    )
    found = re.search(r"/subjects/(sub_\w+)", analyst.path)
    assert found is not None, analyst.text
    subject = desk.service.lists.subjects.get(OPERATOR, found[1])
    assert subject.aliases == ["Si A", "Si B"]
    assert subject.documents == [{"kind": "passport", "number": "X123", "country": "IDN"}]
    assert subject.valid_until.isoformat() == "2026-03-10T16:59:59.999999+00:00"  # a day in Jakarta
    assert "Lapsing soon" in analyst.text
    assert "Person 1" in analyst.open("/subjects?q=x123").text
    assert "Person 1" in analyst.open("/subjects?soon=yes").text
    assert "Person 1" not in analyst.open("/subjects?q=nobody").text
    desk.screen(1)
    analyst.open(f"/subjects/{subject.id}/history")
    assert "CGK" in analyst.text
    analyst.open(f"/subjects/{subject.id}/edit")
    analyst.send_here(name="Other name", watchlist_ids=[list_id], status="suspended")
    assert "Suspended" in analyst.text
    assert desk.screen(1).encounter.outcome == "clear"
    analyst.open(f"/subjects/{subject.id}/erase")
    analyst.send_here(reason="entered twice")
    assert "Being erased" in analyst.text
    desk.clock.advance(hours=24)
    assert desk.service.lists.erasures.finish() == 1
    with pytest.raises(NotFound):
        desk.service.lists.subjects.get(OPERATOR, subject.id)


def test_a_face_that_stands_on_a_list_already_is_named(analyst):
    list_id = made(analyst)
    enrolled(analyst, list_id)
    enrolled(analyst, list_id, person=1, reference="again")
    assert "resembles somebody" in analyst.text


def test_photos_that_cannot_be_used_are_refused_with_a_reason(analyst):
    list_id = made(analyst)
    analyst.open("/subjects/new")
    answer = analyst.send_here(
        name="Nobody",
        watchlist_ids=[list_id],
        files=[("photos", ("a.jpg", photo_of(), "image/jpeg"))],
    )
    assert answer.status_code == 422
    assert 'value="Nobody"' in answer.text


def test_the_verdict_on_a_photo_is_told_before_it_is_sent(analyst):
    analyst.open("/subjects/new")
    token = analyst.hidden("csrf")
    headers = {"X-CSRF-Token": token, "Origin": "https://testserver"}

    def verdict(photo):
        files = {"photos": ("a.jpg", photo, "image/jpeg")}
        return analyst.client.post("/photos/check", files=files, headers=headers).json()

    assert verdict(photo_of(1))["verdict"] in ("usable", "marginal")
    nobody = verdict(photo_of())
    assert (nobody["verdict"], bool(nobody["said"])) == ("unsearchable", True)
    for seen in (verdict(photo_of(1)), nobody):  # with a face or without, it is shown
        assert base64.b64decode(seen["face"]).startswith(b"\xff\xd8")
    unread = verdict(b"no photo")
    assert (unread["verdict"], unread["face"]) == ("unsearchable", None)


def test_other_agencies_see_nothing_of_it(analyst, signed_in, desk):
    list_id = made(analyst)
    enrolled(analyst, list_id)
    (subject,) = desk.service.lists.subjects.page(OPERATOR, None, 5)
    other = signed_in("stranger", Role.ANALYST, agency="POL")
    for address in (
        f"/watchlists/{list_id}",
        f"/watchlists/{list_id}/edit",
        f"/subjects/{subject.id}",
        f"/subjects/{subject.id}/edit",
        f"/subjects/{subject.id}/history",
        f"/subjects/{subject.id}/photos/{subject.photos[0].id}",
    ):
        assert other.open(address).status_code == 404, address
    assert "Person 1" not in other.open("/subjects").text
    assert other.open(f"/subjects?list={list_id}").status_code == 200


def test_a_document_that_was_stored_without_its_country_is_shown(analyst, desk):
    subject = desk.enrol(1, documents=[{"kind": "passport", "number": "X1"}])
    for page in (f"/subjects/{subject}", f"/subjects/{subject}/edit", "/subjects"):
        assert "X1" in analyst.open(page).text, page


def test_every_page_says_that_a_breaker_has_tripped_until_a_supervisor_resets_it(signed_in, desk):
    boss, outsider = (
        signed_in("budi", Role.SUPERVISOR),
        signed_in("rudi", Role.SUPERVISOR, agency="POL"),
    )
    list_id = desk.watchlist("Tangkal")
    desk.enrol(1, list_id)
    for _ in range(3):
        desk.screen(1)
    assert Breaker(
        desk.service.kernel, desk.service.approvals.requests, BreakerRules(travellers=3)
    ).watch()
    says = "The watchlist Tangkal alarms on too many travellers."
    for browser, sees in ((boss, True), (outsider, False)):
        browser.open("/alerts")
        assert (says in browser.text) is sees
    assert "Breaker tripped" in str(boss.open("/watchlists").text)
    action = f"/watchlists/{list_id}/breaker/reset"
    boss.open(f"/watchlists/{list_id}")
    assert marked(boss.send(action, reason="short")) == {"reason"}
    boss.send(action, reason="A photo on the list showed a poster.")
    assert says not in boss.text
    assert "breaker/reset" not in boss.page.text
