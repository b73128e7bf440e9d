"""A tip's area, from the province to the district, in a real browser."""

import pytest
from playwright.sync_api import expect

from casework.kernel.vocabulary import Role
from tests.browser.conftest import LOCALES, speech
from tests.services import OPERATOR

FILE = b"code,name\n31.71,Kota Contoh\n31.71.01,Contoh Barat\n31.72,Kota Lain\n"


@pytest.mark.parametrize(("language", "scripts"), [("en", True), ("id", False)])
def test_a_district_is_chosen_with_scripts_and_without(language, scripts, site, signed_in):
    say = speech(language)
    site.at_hand.service.areas.areas.take(OPERATOR, FILE)
    how = {"locale": LOCALES["en"], "java_script_enabled": scripts}
    page = signed_in("siti", Role.OFFICER, language=language, **how)
    page.goto("/tips/new")
    page.get_by_label(say("What was reported")).fill("Seen at the harbour.")
    area = page.locator("#area")
    area.select_option("31.71")
    more = page.get_by_role("button", name=say("Show its districts"))
    if scripts:
        expect(more).to_be_hidden()
        expect(page.locator("#district option")).to_have_count(2)
        area.select_option("31.72")
        expect(page.locator("#district")).to_be_hidden()
        area.select_option("31.71")
    else:
        more.click()
        expect(page.get_by_label(say("What was reported"))).to_have_value("Seen at the harbour.")
    page.locator("#district").select_option("31.71.01")
    page.get_by_role("button", name=say("Record the tip")).click()
    expect(page.get_by_text("Contoh Barat, Kota Contoh, DKI Jakarta")).to_be_visible()
