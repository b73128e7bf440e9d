"""An alert on its way through officers' hands, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from casework.codes.built_in import OUTCOMES
from casework.kernel.vocabulary import Disposal, Opinion, OpinionReason, Role
from tests.browser.conftest import LOCALES, sign_in, speech
from tests.browser.installation import arrive
from tests.browser.photos import faces_shown
from tests.services import PASSWORD


def button(page, text):
    """A button of the page, apart from the frame's."""
    return page.get_by_role("main").get_by_role("button", name=text)


def said(page: Page, text):
    """Wait until the page says something above its content."""
    expect(page.locator("[data-done] > p")).to_have_text(text)


def give_opinion(page: Page, say, note=""):
    faces_shown(page)
    page.get_by_role("radio", name=say("May be the person")).check()
    page.get_by_role("checkbox", name=say("Facial features agree")).check()
    page.get_by_label(say("Note"), exact=True).fill(note)
    button(page, say("Record my opinion")).click()


@pytest.mark.parametrize(("language", "scripts"), [("en", True), ("id", True), ("id", False)])
def test_an_alert_is_taken_compared_decided_confirmed_and_closed(
    language, scripts, site, gate, bans, window
):
    say = speech(language)
    arrive(gate, 1)
    first, second = (
        window(locale=LOCALES[language], java_script_enabled=scripts) for _ in range(2)
    )
    site.officer("siti", Role.OFFICER, language=language)
    site.officer("budi", Role.SUPERVISOR, language=language)

    sign_in(first, "siti", say)
    expect(first.locator("html")).to_have_attribute("lang", language)
    first.locator("#queue a").click()
    button(first, say("Take this alert")).click()
    said_or_read(first, scripts, say("You have taken the alert."))
    if scripts:
        compare(first, say)
    give_opinion(first, say, "Scar above the eye")
    said_or_read(first, scripts, say("Your opinion is recorded."))

    sign_in(second, "budi", say)
    second.locator("#queue a").click()
    expect(second.get_by_role("heading", name=say("Your second opinion"))).to_be_visible()
    expect(second.get_by_text("Scar above the eye")).to_have_count(0)
    give_opinion(second, say)
    said_or_read(second, scripts, say("Your second opinion is recorded."))
    expect(second.get_by_text("Scar above the eye")).to_be_visible()
    second.get_by_role("radio", name=OUTCOMES[Disposal.ENTRY_REFUSED].called(language)).check()
    button(second, say("Close the alert")).click()
    said_or_read(second, scripts, say("The alert is closed."))
    second.goto("/alerts")
    expect(second.get_by_text(say("No alert fits this filter."))).to_be_visible()


def test_an_alert_is_handed_to_another_agency_and_answered(site, gate, bans, window):
    alert = arrive(gate, 1)
    site.at_hand.agency("POL")
    site.officer("siti", Role.OFFICER)
    site.officer("budi", Role.SUPERVISOR)
    site.officer("agus", Role.SUPERVISOR, agency="POL")
    first, ours, theirs = window(), window(), window()
    for page, login in ((first, "siti"), (ours, "budi"), (theirs, "agus")):
        sign_in(page, login, speech("en"))
    first.goto(f"/alerts/{alert}")
    button(first, "Take this alert").click()
    give_opinion(first, speech("en"))
    said(first, "Your opinion is recorded.")
    ours.goto(f"/alerts/{alert}")
    give_opinion(ours, speech("en"))
    ours.get_by_role("link", name="Refer to another agency").click()
    ours.get_by_role("checkbox", name="Name Person 1").check()
    ours.get_by_label("Agency", exact=True).select_option(label="POL Agency POL")
    ours.get_by_label("Note to the other agency").fill("Who is this?")
    button(ours, "Send").click()
    said(ours, "The referral is sent.")

    theirs.goto("/referrals")
    theirs.get_by_role("table").get_by_role("link").first.click()
    expect(theirs.get_by_text("Who is this?")).to_be_visible()
    expect(theirs.get_by_text("Person 1")).to_be_visible()
    button(theirs, "Accept").click()
    theirs.get_by_label("What was the outcome?").select_option(label="Mistaken identity")
    theirs.locator("#answer-note").fill("Somebody else.")
    button(theirs, "Send the answer").click()
    ours.reload()
    expect(ours.get_by_text("Somebody else.")).to_be_visible()


def said_or_read(page, scripts, text):
    """The notice is there; with scripts, it is of this one showing."""
    said(page, text)
    if scripts:
        expect(page).not_to_have_url(re.compile("done="))


def compare(page: Page, say):
    """Zoom, blink and grid: whatever is done is done to both photos."""
    faces_shown(page)
    photos = page.locator(".frame img")
    button(page, say("Closer")).click()
    page.get_by_label(say("Brightness")).fill("120")
    styles = {photo.get_attribute("style") for photo in photos.all()}
    (style,) = styles
    assert style is not None
    assert "scale(1.25)" in style
    assert "brightness(120%)" in style
    button(page, say("Blink")).click()
    enrolled = page.locator(".face.enrolled")
    expect(enrolled).to_have_css("visibility", "hidden")
    expect(enrolled).to_have_css("visibility", "visible")
    button(page, say("Grid")).click()
    expect(page.locator("#compare")).to_have_class(re.compile("grid-on"))
    button(page, say("Reset")).click()
    expect(page.locator("#compare")).to_have_attribute("data-mode", "beside")


def test_the_keyboard_is_enough(site, gate, bans, window):
    arrive(gate, 1)
    site.officer("siti", Role.OFFICER, Role.SUPERVISOR)
    site.officer("budi", Role.SUPERVISOR)
    page = window()
    keys = page.keyboard

    page.goto("/alerts")  # asks to sign in first
    expect(page.locator("#login")).to_be_focused()
    keys.type("siti")
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(page.locator("#live")).to_have_attribute("data-state", "on")
    tab_to(page, "#queue a")
    keys.press("Enter")
    expect(page.locator("#help-open")).to_be_visible()  # the page listens to keys from then on

    keys.press("t")
    said(page, "You have taken the alert.")
    expect(page.locator("#help-open")).to_be_visible()
    keys.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    for _ in range(3):
        keys.press("+")
    keys.press("b")
    expect(page.locator("#compare")).to_have_attribute("data-mode", "blink")
    keys.press("b")
    keys.press("g")
    keys.press("]")
    expect(page.locator("#brightness")).to_have_value("110")
    tab_to(page, ".frame")
    keys.press("ArrowRight")
    moved = page.locator(".probe img").get_attribute("style")
    assert moved is not None
    assert "scale(1.95" in moved
    keys.press("0")

    choose_by_keys(page)
    keys.press("n")
    keys.type("by keys alone: 123 t q ?")
    faces_shown(page)
    keys.press("Control+Enter")
    said(page, "Your opinion is recorded.")
    expect(page.get_by_text("by keys alone: 123 t q ?")).to_be_visible()
    expect(page.locator("#help-open")).to_be_visible()
    keys.press("q")
    expect(page.locator("#queue")).to_be_visible()


def choose_by_keys(page: Page):
    """Choose an opinion, which ticks its usual reason, and tick one more."""
    page.keyboard.press("1")
    expect(page.locator(f"[value={Opinion.POTENTIAL_CANDIDATE}]")).to_be_checked()
    usual = page.locator(f"[value={OpinionReason.FACIAL_FEATURES_AGREE}]")
    expect(usual).to_be_checked()
    page.keyboard.press("r")
    expect(usual).to_be_focused()
    marks = f"[value={OpinionReason.PERMANENT_MARKS_AGREE}]"
    tab_to(page, marks)
    page.keyboard.press("Space")
    expect(page.locator(marks)).to_be_checked()
    expect(usual).to_be_checked()


def tab_to(page: Page, selector):
    """Press Tab until something that fits is focused, which must show."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none"
            return
    pytest.fail(f"Tab does not lead to {selector}")


def test_a_conflict_is_explained_and_what_was_typed_stays(gate, bans, signed_in):
    alert = arrive(gate, 1)
    first, second = signed_in("siti", Role.OFFICER), signed_in("budi", Role.SUPERVISOR)
    first.goto(f"/alerts/{alert}")
    button(first, "Take this alert").click()
    said(first, "You have taken the alert.")
    note = first.get_by_label("Note", exact=True)
    note.fill("Half of a thought")
    second.goto(f"/alerts/{alert}")
    button(second, "Take over from siti").click()
    said(second, "You have taken the alert.")

    # The first is told, and nothing is taken out of their hands.
    expect(first.get_by_text("Another officer has changed this alert.")).to_be_visible()
    expect(note).to_have_value("Half of a thought")
    give_opinion(first, speech("en"), "Half of a thought, and the rest")
    explained = first.locator(".notice.bad[data-focus]")
    expect(explained).to_contain_text("The alert has changed since you read it")
    expect(explained).to_contain_text("budi IMI took the alert")
    expect(explained).to_be_focused()
    expect(first.get_by_text("Half of a thought, and the rest").first).to_be_visible()
