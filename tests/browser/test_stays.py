"""A lodging's guest: reported by an officer on its behalf, late, and checked out."""

import re

import pytest
from playwright.sync_api import expect

from casework.kernel.vocabulary import Role
from tests.browser.conftest import speech
from tests.browser.screens import GUESTS


@pytest.mark.parametrize("language", ["en", "id"])
def test_a_guest_is_reported_and_checked_out(site, signed_in, language):
    page = signed_in("siti", Role.OFFICER, language=language)
    say = speech(language)
    page.get_by_role("link", name=say("Stays"), exact=True).click()
    page.get_by_role("link", name=say("Report a guest"), exact=True).click()
    page.locator("#lodging").fill("htl-0042")
    page.locator("#lodging_name").fill("Hotel Melati")
    page.locator("#checked_in").fill("20-02-2026 15:00")
    page.locator("#expected_out").fill("25-02-2026")
    page.locator("#document_name").fill("SUKARNO, AHMAD")
    page.locator("#document_nationality").fill("idn")
    page.locator("#document_number").fill("x1234567")
    page.get_by_role("button", name=say("Report the guest")).click()
    # An Indonesian guest is refused in words, beside the field; what was typed stays.
    expect(page.locator("#document_nationality-says")).to_have_text(
        say("Only foreign guests are reported: this one is Indonesian, and nothing was kept.")
    )
    page.locator("#document_name").fill("DOE, JOHN")
    page.locator("#document_nationality").fill("aus")
    page.get_by_role("button", name=say("Report the guest")).click()
    page.wait_for_url(re.compile(r"/stays/\w{5}-\w{5}"))
    expect(page.locator("[data-done]")).to_contain_text(
        say("The guest is reported. The receipt stands below.")
    )
    receipt = page.url.partition("/stays/")[2].partition("?")[0]
    expect(page.locator("main h1")).to_contain_text(receipt)
    expect(page.locator("main .tag")).to_have_text(say("Check-out overdue"))

    page.goto("/stays?state=overdue&lodging=HTL-0042")
    page.get_by_role("link", name=receipt).click()
    page.locator("#checked_out").fill("26-02-2026 11:00")
    page.get_by_role("button", name=say("Record"), exact=True).click()
    expect(page.locator("main .tag")).to_have_text(say("Checked out"))
    page.goto("/stays?state=overdue")
    expect(page.locator(".empty")).to_have_text(say("No stay fits this filter."))


def test_a_file_says_of_each_row_what_became_of_it(signed_in):
    page = signed_in("lina", Role.ANALYST)
    page.goto("/stays/file")
    page.locator("input[type=file]").set_input_files(GUESTS)
    page.get_by_role("button", name="Report the guests").click()
    expect(page.locator(".notice.good")).to_contain_text("1 guest is reported.")
    expect(page.get_by_role("table", name="Refused rows")).to_contain_text("Indonesian")
    page.get_by_role("table", name="Receipts").get_by_role("link").click()
    expect(page.locator("main")).to_contain_text("ROE RICHARD")


def test_who_may_not_report_is_not_offered_to(signed_in):
    page = signed_in("budi", Role.SUPERVISOR)
    page.goto("/stays")
    expect(page.get_by_role("link", name="Report a guest")).to_have_count(0)
    page.goto("/processing")
    expect(page.locator("main")).to_contain_text("UU 6/2011, article 72")
