"""An officer's own search, and comparing two photos, without JavaScript."""

import re

import pytest

from api.state import state_of
from api.workers import Overloaded
from casework.kernel.vocabulary import Role
from tests.fakes import photo_of

PURPOSE = "Counter 7, missing documents, case 114"


@pytest.fixture
def lists(desk):
    """A list of our own and one that is shared with us, with the same person on both."""
    desk.watchlist("bans")
    police = desk.agency("POL")
    desk.watchlist("dpo", agency_id=police, shared_with=(desk.agency(),))
    desk.enrol(1, desk.watchlists["bans"], nationality="SGP", birth_year=1980)
    desk.enrol(2, desk.watchlists["dpo"])
    return desk.watchlists


def ask(browser, person, **fields):
    browser.open("/search")
    fields = {"purpose": PURPOSE, "limit": "10"} | fields
    return browser.send("/search", files={"photo": photo_of(person, brightness=0.9)}, **fields)


def test_a_search_shows_candidates_in_rank_order(signed_in, lists):
    officer = signed_in("siti", Role.OFFICER)
    assert ask(officer, 1).status_code == 200
    assert re.fullmatch(r"/searches/\w+", officer.path)
    for words in (
        "1 candidate",
        "1. Person 1",
        "by chance",
        "Would have raised an alert",
        "bans",
        "IMI",
        "Singapore",
        PURPOSE,
        "Quality of the photo",
    ):
        assert words in officer.text, words
    photo = officer.client.get(f"{officer.path}/candidates/1/photo")
    assert photo.status_code == 200
    assert photo.headers["cache-control"] == "no-store"
    assert officer.client.get(f"{officer.path}/candidates/2/photo").status_code == 404
    assert "data-chosen" in officer.page.text


def test_only_the_lists_that_are_chosen_are_searched(signed_in, lists):
    officer = signed_in("siti", Role.OFFICER)
    ask(officer, 1, watchlist_ids=[lists["dpo"]])
    assert "Person 1" not in officer.text
    assert "Nobody on these lists resembles this face." in officer.text
    ask(officer, 2, watchlist_ids=[lists["dpo"]])
    assert "Person 2" in officer.text
    assert "Open the subject" not in officer.text  # another agency's


def test_a_search_without_purpose_or_photo_is_not_made(signed_in, lists):
    officer = signed_in("siti", Role.OFFICER)
    assert ask(officer, 1, purpose="short").status_code == 422
    assert "Say what the search is for" in officer.text
    assert "short</textarea>" in officer.page.text
    officer.send("/search", purpose=PURPOSE)
    assert officer.page.status_code == 422
    assert "Choose one photo." in officer.text
    officer.send("/search", purpose=PURPOSE, files={"photo": b"no photo at all"})
    assert officer.page.status_code == 422
    assert "send one of JPEG, PNG, WebP, BMP, TIFF" in officer.text
    assert PURPOSE in officer.page.text


def test_a_photo_of_nobody_says_why(signed_in, lists):
    officer = signed_in("siti", Role.OFFICER)
    officer.open("/search")
    officer.send("/search", purpose=PURPOSE, files={"photo": photo_of()})
    assert "This photo cannot be searched with." in officer.text
    assert "No face was found: the face has to look into the camera" in officer.text


def test_a_foreign_search_or_list_is_as_if_it_were_not_there(signed_in, lists):
    mine = signed_in("siti", Role.OFFICER)
    ask(mine, 1)
    colleague = signed_in("budi", Role.SUPERVISOR)
    never = "/searches/sea_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    for address in (mine.path, f"{mine.path}/candidates/1/photo", never):
        assert colleague.open(address).status_code == 404
    police = signed_in("pol", Role.OFFICER, agency="POL")
    assert ask(police, 1, watchlist_ids=[lists["bans"]]).status_code == 404


def test_a_busy_service_says_so(signed_in, client, lists, monkeypatch):
    officer = signed_in("siti", Role.OFFICER)

    def full(*_):
        raise Overloaded

    monkeypatch.setattr(state_of(client.app).workers, "acquire", full)
    assert ask(officer, 1).status_code == 503
    assert "The service is busy. Try again in a moment." in officer.text


@pytest.mark.parametrize("address", ["/search", "/compare"])
def test_an_auditor_has_no_business_here(signed_in, address):
    assert signed_in("aud", Role.AUDITOR).open(address).status_code == 403


@pytest.mark.parametrize("address", ["/search", "/compare", "/tips", "/tips/new", "/referrals"])
def test_pages_speak_indonesian(signed_in, address):
    officer = signed_in("siti", Role.OFFICER, language="id")
    answer = officer.open(address)
    assert answer.status_code == 200
    assert 'lang="id"' in answer.text
    assert "Peringatan" in officer.text
    assert "Photo" not in officer.text
