"""A shift by keyboard: from alert to alert, without losing the place, the order or a key."""

import re

import pytest
from playwright.sync_api import Page, expect

from casework.kernel.vocabulary import Role
from tests.browser.conftest import speech
from tests.browser.installation import arrive
from tests.browser.photos import faces_shown
from tests.browser.test_review import give_opinion, said


@pytest.fixture
def shift(site, gate, signed_in) -> tuple[Page, list[str]]:
    """An officer at the queue, with alerts in the order in which they were raised."""
    desk = site.at_hand
    watchlist = desk.watchlist("Overstayers", requires_acknowledgement=False)
    for person in range(1, 5):
        desk.enrol(person, watchlist)
    alerts = []
    for person in (1, 2, 3, 4):
        alerts.append(arrive(gate, person))
        site.clock.advance(seconds=5)
    page = signed_in("siti", Role.OFFICER)
    expect(page.locator("#queue li")).to_have_count(4)
    return page, alerts


def at(page: Page, alert: str):
    """Wait until the alert's page is open."""
    page.wait_for_url(re.compile(rf"/alerts/{alert}"))
    expect(page.locator("#help-open")).to_be_visible()
    faces_shown(page)


def test_alerts_are_gone_through_without_a_mouse(shift):
    page, (first, second, third, fourth) = shift
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(f"#{second} a")).to_be_focused()
    page.keyboard.press("Enter")
    at(page, second)
    expect(page.locator(".place")).to_contain_text("2 of 4")
    page.keyboard.press("j")
    at(page, third)
    page.keyboard.press("k")
    at(page, second)
    page.keyboard.press("q")
    expect(page.locator(f"#{second}")).to_have_class(re.compile("here"))
    page.keyboard.press("j")
    expect(page.locator(f"#{third} a")).to_be_focused()
    page.keyboard.press("Enter")
    at(page, third)

    # The next is the first that nobody has taken.
    page.keyboard.press("2")
    page.keyboard.press("Shift+Control+Enter")
    at(page, first)
    said(page, "Your opinion is recorded.")
    expect(page.locator("[data-done]")).to_be_focused()
    expect(page.locator(".place")).to_contain_text("1 of 4")
    page.keyboard.press("j")
    at(page, second)
    page.keyboard.press("j")
    at(page, fourth)


def test_an_opinion_is_two_keys_with_its_usual_reason_and_is_taken_back_by_one(shift):
    page, (first, *_) = shift
    page.goto(f"/alerts/{first}")
    at(page, first)
    page.keyboard.press("1")
    expect(page.get_by_role("checkbox", name="Facial features agree")).to_be_checked()
    page.keyboard.press("2")
    expect(page.get_by_role("checkbox", name="Facial features agree")).not_to_be_checked()
    expect(page.get_by_role("checkbox", name="Facial features differ")).to_be_checked()
    page.keyboard.press("Control+Enter")
    said(page, "Your opinion is recorded.")
    page.keyboard.press("u")
    said(page, "Your opinion is taken back. The alert is in your hands.")
    at(page, first)
    # What the officer ticks stays, whatever the opinion.
    page.get_by_role("checkbox", name="Scars, moles or marks differ").check()
    page.keyboard.press("2")
    expect(page.get_by_role("checkbox", name="Facial features differ")).not_to_be_checked()
    page.keyboard.press("Shift+Control+Enter")
    said(page, "Your opinion is recorded.")
    expect(page).not_to_have_url(re.compile(first))
    page.get_by_role("button", name="Undo").click()
    at(page, first)
    said(page, "Your opinion is taken back. The alert is in your hands.")


def test_nothing_is_recorded_before_both_faces_are_there(shift):
    page, (first, *_) = shift
    held = []
    page.route("**/enrolled", lambda route: held.append(route))  # noqa: PLW0108
    page.goto(f"/alerts/{first}", wait_until="domcontentloaded")
    expect(page.locator("#help-open")).to_be_visible()
    page.keyboard.press("2")
    unseen = page.get_by_text("See both faces first")
    page.keyboard.press("Control+Enter")
    expect(unseen).to_be_visible()
    page.get_by_role("button", name="Record my opinion").click()
    assert page.evaluate("document.querySelector('form.finding').dataset.sent") is None
    for each in held:
        each.continue_()
    expect(unseen).to_be_hidden()
    page.keyboard.press("Control+Enter")
    said(page, "Your opinion is recorded.")


def test_nothing_is_recorded_where_a_face_cannot_be_shown(shift):
    page, (first, *_) = shift
    page.route("**/enrolled", lambda route: route.fulfill(content_type="image/jpeg", body="none"))
    page.goto(f"/alerts/{first}")
    page.get_by_role("radio", name="Not the person").check()
    page.get_by_role("button", name="Record my opinion").click()
    expect(page.get_by_text("See both faces first")).to_be_visible()
    page.unroute("**/enrolled")
    page.reload()
    give_opinion(page, speech("en"))
    said(page, "Your opinion is recorded.")


def test_the_filter_and_order_go_along(shift):
    page, (_, second, third, fourth) = shift
    page.goto("/alerts?state=new&sort=latest")
    page.locator(f"#{third} a").click()
    at(page, third)
    expect(page).to_have_url(re.compile(r"state=new&sort=latest"))
    expect(page.locator(".place")).to_contain_text("2 of 4")
    expect(page.get_by_role("link", name="Previous")).to_have_attribute(
        "href", f"/alerts/{fourth}?state=new&sort=latest"
    )
    page.keyboard.press("2")
    page.keyboard.press("Control+Enter")
    said(page, "Your opinion is recorded.")
    expect(page).to_have_url(f"/alerts/{third}?state=new&sort=latest")
    expect(page.locator(".place")).to_have_count(0)  # it is new no more
    page.keyboard.press("q")
    expect(page).to_have_url(re.compile(r"/alerts\?state=new&sort=latest#"))
    expect(page.locator("#queue li")).to_have_count(3)
    expect(page.locator(f"#{second}")).to_be_visible()


def test_a_key_that_is_typed_while_the_page_loads_is_not_lost(shift):
    page, (first, *_) = shift
    held = []
    page.route("**/js/alert*.js", lambda route: held.append(route))  # noqa: PLW0108
    page.goto(f"/alerts/{first}", wait_until="commit")
    page.locator("#help-open").wait_for(state="attached")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    assert not page.get_by_role("radio", name="May be the person").is_checked()
    page.wait_for_function("document.readyState === 'interactive'")
    for each in held:
        each.continue_()
    expect(page.get_by_role("radio", name="May be the person")).to_be_checked()
    # But nothing is recorded by keys that were meant for the page before.
    page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'Enter', ctrlKey: true, repeat: true, bubbles: true}))"
    )
    assert page.evaluate("document.querySelector('form.finding').dataset.sent") is None
    page.goto("/account")
    page.keyboard.press("x")
    assert page.evaluate("keysTypedEarly().length") == 0


def test_single_keys_that_are_off_are_off_in_the_queue_too(shift):
    page, (first, *_) = shift
    page.evaluate("localStorage.setItem('siaga-keys', 'off')")
    page.keyboard.press("j")
    expect(page.locator("#queue .here")).to_have_count(0)
    page.locator(f"#{first} a").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#queue li").nth(1).locator("a")).to_be_focused()
