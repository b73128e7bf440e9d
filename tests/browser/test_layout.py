"""Nothing is cut: on a phone, a tablet and a laptop, and at twice the size, in both languages."""

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from casework.kernel.vocabulary import Category, Role
from tests.browser.conftest import LAPTOP, LOCALES, TABLET, speech
from tests.browser.scene import lay
from tests.browser.screens import SCREENS, enter_as

PHONE: ViewportSize = {"width": 390, "height": 844}
TWICE: ViewportSize = {"width": 683, "height": 384}
"""What a laptop has left at 200 %."""

SIZES = {"phone": PHONE, "twice": TWICE, "tablet": TABLET, "laptop": LAPTOP}

MOST_USED = {
    "queue",
    "queue-empty",
    "alert-new",
    "alert-taken",
    "overview",
    "totals",
    "reports",
    "key-rotate",
}
LOOKED_AT = (MOST_USED, pytest.param({each.name for each in SCREENS}, marks=pytest.mark.more))
"""The screens of a shift and those that were wider than a phone, or every one."""

CUT = """() => {
  const faults = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) faults.push(`the page is wider by ${wide}`);
  const apart = ".unseen, .skip, .frame, textarea, select, svg";  // read otherwise, or scroll
  for (const each of document.body.querySelectorAll("*")) {
    if (!each.checkVisibility() || each.closest(apart) || !each.innerText?.trim()) continue;
    const { display, overflowX } = getComputedStyle(each);
    if (display === "inline" || ["auto", "scroll"].includes(overflowX)) continue;
    if (each.scrollWidth > each.clientWidth + 1) {
      faults.push(`${each.tagName}.${each.className} cuts "${each.innerText.slice(0, 40)}"`);
    }
  }
  return faults;
}"""


@pytest.fixture
def ids(site):
    return lay(site)


@pytest.mark.parametrize("names", LOOKED_AT, ids=["most used", "all"])
def test_no_cell_is_narrower_than_its_text(ids, window, names):
    faults = []
    desks: dict[tuple[str, str], Page] = {}
    for language, locale in LOCALES.items():
        for screen in SCREENS:
            if screen.name not in names:
                continue
            desk = language, screen.login
            if desk not in desks:
                desks[desk] = window(locale=locale)
                enter_as(desks[desk], screen.login)
            screen.show(desks[desk], ids)
            for name, size in SIZES.items():
                desks[desk].set_viewport_size(size)
                faults += [
                    f"{screen.name} {language} {name}: {fault}"
                    for fault in desks[desk].evaluate(CUT)
                ]
    assert faults == []


def test_what_is_cut_would_be_seen(window):
    page = window(viewport=PHONE)
    page.goto("/sign-in")
    assert page.evaluate(CUT) == []
    page.evaluate("document.querySelector('h1').style.cssText = 'width: 9px; overflow: hidden'")
    assert len(page.evaluate(CUT)) == 1


@pytest.mark.parametrize("language", LOCALES)
def test_on_a_phone_the_first_alert_is_in_view_and_the_rest_a_button_away(
    site, signed_in, language
):
    say = speech(language)
    desk = site.at_hand
    desk.enrol(1, desk.watchlist("Pencegahan dan Penangkalan", category=Category.TANGKAL))
    desk.screen(1, lane="Autogate 17")
    page = signed_in("siti", Role.OFFICER, language=language, viewport=PHONE)
    row = page.locator("#queue li").first
    expect(row.locator("img").first).to_be_visible()
    box = row.bounding_box()
    assert box is not None
    assert box["y"] < 200
    assert box["y"] + box["height"] < PHONE["height"]
    port = page.get_by_label(say("Port"), exact=True)
    expect(port).to_be_hidden()
    page.get_by_role("main").get_by_role("button", name=say("Filter")).click()
    port.fill("DPS")
    page.locator("#filter").get_by_role("button", name=say("Filter")).click()
    expect(page.locator("#empty")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("button", name=say("Filter"))).to_contain_text("1")
    page.get_by_role("button", name=say("Menu")).press("Enter")
    page.get_by_role("link", name=say("Search")).click()
    page.wait_for_url("**/search")
    page.get_by_role("button", name=say("Menu")).press("Enter")
    page.get_by_role("button", name=say("Sign out")).click()
    expect(page.get_by_text(say("You are signed out."))).to_be_visible()
