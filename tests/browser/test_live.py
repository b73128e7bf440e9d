"""The queue, live: new alerts, restarts, ended sessions, many rows."""

import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from casework.kernel.vocabulary import Role
from tests.browser.installation import arrive
from tests.browser.photos import faces_shown, shown
from tests.browser.test_accessibility import serious
from tests.deadlines import patience

# Watches from inside when rows come, and whether anything was moved by it.
WATCH = """() => {
  const queue = document.getElementById("queue");
  window.came = {};
  window.shifts = [];
  new MutationObserver((changes) => {
    for (const change of changes) for (const row of change.addedNodes) {
      requestAnimationFrame(() => {
        if (row.checkVisibility?.()) window.came[row.dataset.id] = Date.now();
      });
    }
  }).observe(queue, { childList: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const outside = entry.sources.filter((each) => each.node && !queue.contains(each.node));
      window.shifts.push({ value: entry.value, outside: outside.length });
    }
  }).observe({ type: "layout-shift" });
}"""


def live(page: Page):
    """Wait until the queue says that it is up to date."""
    expect(page.locator("#live")).to_have_attribute("data-state", "on")


def test_an_alert_is_visible_within_a_second(gate, bans, signed_in, record_property):
    page = signed_in("siti", Role.OFFICER)
    live(page)
    page.evaluate(WATCH)
    spent = []
    # Again at one port, they would share a row.
    for port in ("CGK", "DPS", "SUB", "KNO", "IDBTM", "UPG", "BPN"):
        sent = time.time()
        alert = arrive(gate, 1, port)
        page.wait_for_function("id => window.came[id]", arg=alert, polling=20)
        spent.append(page.evaluate("id => window.came[id]", alert) - 1000 * sent)
    expect(page.get_by_role("listitem").filter(has_text="Tangkal")).to_have_count(7)
    assert page.title().startswith("(7)")
    middle, most = round(statistics.median(spent)), round(max(spent))
    record_property(
        "an alert is visible after the port's request", f"{middle} ms, at most {most} ms"
    )
    assert most < patience(1) * 1000


def test_the_queue_comes_back_by_itself_after_a_restart(site, gate, bans, signed_in):
    page = signed_in("siti", Role.OFFICER)
    arrive(gate, 1)
    live(page)
    expect(page.locator("#queue li")).to_have_count(1)
    site.stop()
    expect(page.locator("#live .text")).to_have_text("Not live: reconnecting")
    site.start()
    live(page)
    alert = arrive(gate, 1, "DPS")
    expect(page.locator(f"#queue [data-id={alert}]")).to_be_visible()
    expect(page.locator("#queue li")).to_have_count(2)
    arrive(gate, 1, "DPS")
    expect(page.locator(f"#queue [data-id={alert}]")).to_contain_text("captured 2 times")
    expect(page.locator("#queue li")).to_have_count(2)


def test_what_was_raised_while_the_network_was_away_appears(gate, bans, signed_in):
    page = signed_in("siti", Role.OFFICER)
    live(page)
    page.context.set_offline(offline=True)
    alert = arrive(gate, 1)
    page.context.set_offline(offline=False)
    expect(page.locator(f"#queue [data-id={alert}]")).to_be_visible()
    live(page)


def test_a_session_that_ends_takes_no_note_with_it(site, gate, bans, signed_in):
    page = signed_in("siti", Role.OFFICER)
    alert = arrive(gate, 1)
    page.goto(f"/alerts/{alert}")
    page.get_by_role("button", name="Take this alert").click()
    page.get_by_label("Note", exact=True).fill("A long and careful note")
    page.get_by_role("radio", name="Cannot tell").check()
    page.get_by_role("checkbox", name="Traveller's photo too poor").check()
    faces_shown(page)
    site.clock.advance(hours=1)
    page.get_by_role("button", name="Record my opinion").click()
    expect(page.locator("#login")).to_be_visible()
    resume(page, f"/alerts/{alert}")
    expect(page.get_by_label("Note", exact=True)).to_have_value("A long and careful note")
    expect(page.get_by_role("radio", name="Cannot tell")).to_be_checked()
    faces_shown(page)
    page.get_by_role("button", name="Record my opinion").click()
    expect(page.get_by_text("Your opinion is recorded.")).to_be_visible()
    expect(page.get_by_text("A long and careful note")).to_be_visible()


def resume(page: Page, address: str):
    """Sign in again where the service asks for it, and be back at the page."""
    page.get_by_label("Login").fill("siti")
    page.get_by_label("Password").fill("a long enough pass phrase")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{address}")


def test_an_open_queue_says_that_the_session_has_ended(site, bans, signed_in):
    page = signed_in("siti", Role.OFFICER)
    live(page)
    site.clock.advance(hours=1)
    expect(page.locator("#live")).to_contain_text("Your session has ended")
    expect(page.locator("#live").get_by_role("link", name="Sign in")).to_be_visible()


def test_five_hundred_open_alerts_stay_smooth(site, gate, signed_in, record_property):
    desk = site.at_hand
    # A person each: the lists of one would share a row, as do captures at one port.
    for n in range(50):
        desk.enrol(1, desk.watchlist(f"List {n}"))
    for port in ("CGK", "DPS", "SUB", "KNO", "IDBTM", "UPG", "BPN", "PDG", "PLM", "SRG"):
        desk.screen(1, port=port)
    page = signed_in("siti", Role.OFFICER)
    expect(page.locator(".counts")).to_contain_text("500 open")
    live(page)

    # As urgent as the others and younger than them: they belong on the last page.
    arrive(gate, 1, "DJB")
    expect(page.locator("[data-count=waiting]")).to_have_text("550")
    expect(page.locator("#queue li")).to_have_count(50)

    # Nobody is at the list: fifty rows more come in at the top, and nothing else moves.
    page.goto("/alerts?sort=latest")
    live(page)
    page.evaluate(WATCH)
    meter = page.context.new_cdp_session(page)
    meter.send("Performance.enable")
    before = scripting(meter)
    alert = arrive(gate, 1, "MES")
    expect(page.locator(f"#queue [data-id={alert}]")).to_be_visible()
    expect(page.locator("#queue li")).to_have_count(100)
    each = (scripting(meter) - before) * 1000 / 50
    record_property("scripting of a new row at 500 open alerts", f"{each:.1f} ms")
    assert each < patience(100)
    assert [shift for shift in page.evaluate("window.shifts") if shift["outside"]] == []

    # An officer is about to choose one: nothing moves at all, and it is said what waits.
    page.locator("#queue li").nth(3).hover()
    page.evaluate("window.shifts = []")
    arrive(gate, 1, "BTJ")
    news = page.locator("#news")
    expect(news).to_have_text("50 new alerts: show them")
    expect(page.locator("#queue li")).to_have_count(100)
    assert sum(shift["value"] for shift in page.evaluate("window.shifts")) == 0
    news.click()
    expect(page.locator("#queue li")).to_have_count(150)
    expect(news).to_be_hidden()


def test_a_row_that_leaves_does_not_move_the_others_under_the_hand(site, gate, bans, signed_in):
    budi = site.officer("budi", Role.OFFICER)
    decisions = site.at_hand.service.review.decisions
    page = signed_in("siti", Role.OFFICER)
    first, second, third = (arrive(gate, 1, port) for port in ("CGK", "DPS", "SUB"))
    page.goto("/alerts?state=new")
    live(page)
    row = page.locator(f"#{third}")
    row.hover()
    place = row.bounding_box()
    decisions.acknowledge(budi, first, 1)
    expect(page.locator(f"#{first}")).to_have_class(re.compile("gone"))
    assert row.bounding_box() == place
    page.mouse.move(0, 0)
    expect(page.locator("#queue li")).to_have_count(2)

    # Where there is a next page, an empty one is none.
    page.evaluate("document.getElementById('queue').dataset.more = 'yes'")
    decisions.acknowledge(budi, second, 1)
    expect(page.locator("#queue li")).to_have_count(1)
    with page.expect_navigation():
        decisions.acknowledge(budi, third, 1)
    expect(page.locator("#empty")).to_be_visible()


@pytest.mark.more
def test_twenty_arrivals_a_second_take_neither_focus_nor_place(site, gate, signed_in):
    desk = site.at_hand
    for n in range(50):
        desk.enrol(1, desk.watchlist(f"List {n}"))
    desk.enrol(2, desk.watchlist("Tangkal"))
    for port in ("CGK", "DPS", "SUB", "KNO", "IDBTM", "UPG", "BPN", "PDG", "PLM", "SRG"):
        desk.screen(1, port=port)
    page = signed_in("siti", Role.OFFICER)
    page.goto("/alerts?sort=latest")
    expect(page.locator(".counts")).to_contain_text("500 open")
    live(page)
    for _ in range(30):
        page.keyboard.press("j")
    focused = page.locator("#queue li:focus-within")
    chosen, place = focused.get_attribute("id"), focused.bounding_box()

    def arrivals():
        for n in range(100):
            began = time.monotonic()
            arrive(gate, 2, f"Q{chr(65 + n // 26)}{chr(65 + n % 26)}")
            time.sleep(max(0, began + 0.05 - time.monotonic()))

    with ThreadPoolExecutor(1) as beside:
        sent = beside.submit(arrivals)
        while not sent.done():
            page.wait_for_timeout(200)
        sent.result()
    expect(page.locator("#news")).to_have_text("100 new alerts: show them")
    assert focused.get_attribute("id") == chosen
    assert focused.bounding_box() == place
    page.evaluate(Axe().axe_script)
    assert serious(page, {"resultTypes": ["violations"]}) == []
    page.keyboard.press("j")
    expect(page.locator(f"#{chosen} + li a")).to_be_focused()
    page.locator("#news").click()
    expect(page.locator("#queue li")).to_have_count(150)
    for face in page.locator("#queue li:first-child img").all():
        shown(face)
    live(page)


def scripting(meter) -> float:
    """Seconds that the page's scripts have run for."""
    metrics = meter.send("Performance.getMetrics")["metrics"]
    spent: float = next(each["value"] for each in metrics if each["name"] == "ScriptDuration")
    return spent
