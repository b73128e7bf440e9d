"""A joint case on its way through the hands of two agencies, in a real browser."""

import pytest
from playwright.sync_api import Page, expect

from api.console.i18n import Locale
from casework.kernel.vocabulary import Role, TipOrigin
from casework.tips.reports import NewTip
from tests.browser.conftest import LOCALES, sign_in, speech


def main_of(page: Page):
    """The page's content, apart from the frame."""
    return page.get_by_role("main")


def given_with_a_task(lead: Page, police: Page, say: Locale, alert: str, agency: str) -> None:
    """Give an alert to the case and its agency a task: the others see both, and no more."""
    lead.goto(f"/alerts/{alert}")
    main_of(lead).get_by_role("link", name=say("Give to a joint case")).click()
    main_of(lead).get_by_role("link", name="Villa").click()
    lead.locator("[name=fields][value=name]").check()
    main_of(lead).get_by_role("button", name=say("Give"), exact=True).click()
    expect(main_of(lead)).to_contain_text("Person 1")
    lead.locator("summary", has_text=say("Task")).click()
    lead.locator("#assignee_id").select_option(agency)
    lead.locator("#task-text").fill("Watch the gate.")
    main_of(lead).get_by_role("button", name=say("Give the task")).click()
    police.reload()
    expect(main_of(police)).to_contain_text("Person 1")
    expect(main_of(police)).to_contain_text("Watch the gate.")
    expect(main_of(police).locator(f"[href*={alert}]")).to_have_count(0)


@pytest.mark.parametrize(("language", "scripts"), [("en", True), ("id", False)])
def test_two_agencies_work_on_a_joint_case(language, scripts, site, window):
    say = speech(language)
    lead, police = (window(locale=LOCALES[language], java_script_enabled=scripts) for _ in range(2))
    desk = site.at_hand
    siti = site.officer("siti", Role.SUPERVISOR, language=language)
    desk.agency("POL")
    site.officer("agus", Role.SUPERVISOR, agency="POL", language=language)
    tip = desk.service.tip_steps.record(siti, NewTip("Seen at the villa.", TipOrigin.PUBLIC))
    desk.enrol(1)
    alert = desk.screen(1).encounter.alerts[0].id
    desk.service.review.decisions.acknowledge(siti, alert)

    sign_in(lead, "siti", say)
    lead.goto("/cases")
    main_of(lead).get_by_role("link", name=say("Open a joint case")).click()
    lead.get_by_label(say("Title")).fill("Villa")
    lead.get_by_label(say("Purpose")).fill("To look into it.")
    lead.get_by_label(say("Legal basis")).fill("art. 69")
    main_of(lead).get_by_role("button", name=say("Open the joint case")).click()
    lead.locator("#agency_id").select_option(desk.agency("POL"))
    main_of(lead).get_by_role("button", name=say("Invite")).click()

    sign_in(police, "agus", say)
    police.goto("/cases")
    main_of(police).get_by_role("link", name="OPS-IMI-00001").click()
    expect(main_of(police)).to_contain_text("To look into it.")
    main_of(police).get_by_role("button", name=say("Join"), exact=True).click()
    expect(main_of(police).get_by_role("heading", name=say("Items"))).to_be_visible()

    lead.goto(f"/tips/{tip.id}")
    main_of(lead).get_by_role("link", name=say("Give to a joint case")).click()
    main_of(lead).get_by_role("link", name="Villa").click()
    lead.get_by_label(say("What was reported")).check()
    main_of(lead).get_by_role("button", name=say("Give"), exact=True).click()
    expect(main_of(lead)).to_contain_text("Seen at the villa.")

    police.reload()
    expect(main_of(police)).to_contain_text("Seen at the villa.")
    expect(main_of(police).locator(f"[href*={tip.id}]")).to_have_count(0)
    police.locator("#comment-text").fill("We come along.")
    main_of(police).get_by_role("button", name=say("Write"), exact=True).click()
    expect(main_of(police)).to_contain_text("We come along.")

    given_with_a_task(lead, police, say, alert, desk.agency("POL"))
    lead.reload()
    expect(main_of(lead)).to_contain_text("We come along.")
    main_of(lead).get_by_role("button", name=say("Start"), exact=True).click()
    lead.locator("summary", has_text=say("Close the joint case")).click()
    lead.get_by_label(say("Overstay"), exact=True).check()
    lead.get_by_label(say("People: %(outcome)s", outcome=say("Overstay"))).fill("2")
    lead.locator("#summary").fill("Two were met.")
    main_of(lead).get_by_role("button", name=say("Close the joint case")).click()
    expect(main_of(lead)).to_contain_text("Two were met.")
    police.reload()
    expect(main_of(police)).to_contain_text("Two were met.")
    expect(police.locator("#comment-text")).to_have_count(0)
