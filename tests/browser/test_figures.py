"""The monthly meeting: a coordinator's map and report, a supervisor's report and tips."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from casework.areas.teams import NewTeam
from casework.kernel.vocabulary import Role, TipOrigin
from casework.tips.reports import NewTip
from tests.browser.conftest import sign_in, speech
from tests.services import OPERATOR

AREAS = b"code,name\n51.71,Kota Contoh\n51.71.01,Kecamatan Satu\n"
MONTH = "2026-03"


@pytest.fixture
def month(site):
    """A month that is over, with ten alerts in Bali."""
    desk = site.at_hand
    desk.service.areas.areas.take(OPERATOR, AREAS)
    desk.service.areas.ports.put(OPERATOR, "DPS", "51.71")
    desk.enrol(1)
    for _ in range(10):
        desk.screen(1, port="DPS")
    site.clock.now += timedelta(days=31)
    return desk


def saved(page: Page, label: str) -> bytes:
    """Download by the link of this name; returns the file."""
    with page.expect_download() as download:
        page.get_by_role("link", name=label, exact=True).click()
    return Path(download.value.path()).read_bytes()


@pytest.mark.parametrize("language", ["en", "id"])
def test_a_coordinator_goes_from_the_map_to_the_monthly_report(month, signed_in, language):
    page, say = signed_in("kris", Role.COORDINATOR, language=language), speech(language)
    page.goto(f"/totals/map?period={MONTH}")
    tile = page.locator("a.tile", has_text="Bali")
    expect(tile).to_contain_text("10")
    row = page.get_by_role("region", name=say("By province")).get_by_role("row", name="Bali")
    expect(row).to_contain_text("DPS")
    assert b"Bali" in saved(page, "CSV")
    tile.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bali")
    inside = page.get_by_role("region", name=say("By regency and city"))
    expect(inside.get_by_role("row", name="Kota Contoh")).to_contain_text("10")
    expect(page.get_by_role("link", name=say("Open the alerts"))).to_have_count(0)

    tabs = page.get_by_role("navigation", name=say("Figures"))
    tabs.get_by_role("link", name=say("Table")).click()
    expect(page.get_by_role("main").get_by_role("table").first).to_be_visible()
    tabs.get_by_role("link", name=say("Monthly report")).click()
    page.get_by_label(say("Period")).select_option(MONTH)
    page.get_by_role("button", name=say("Show"), exact=True).click()
    page.wait_for_url(re.compile(f"period={MONTH}"))
    assert saved(page, "PDF").startswith(b"%PDF-")
    assert saved(page, "XLSX").startswith(b"PK")


@pytest.mark.parametrize("language", ["en", "id"])
def test_a_supervisor_reports_and_gives_a_tip_to_a_team(month, site, window, language):
    say, page = speech(language), window()
    actor = site.officer("budi", Role.SUPERVISOR, language=language)
    kris = site.officer("kris", Role.COORDINATOR)
    month.service.areas.teams.create(kris, NewTeam("Tim PORA", "51.71", (month.agency(),)))
    new = NewTip("A villa full of workers.", TipOrigin.PUBLIC, area="51.71")
    tip = month.service.tip_steps.record(actor, new)

    sign_in(page, "budi", speech("en"))
    page.goto(f"/reports/monthly?period={MONTH}")
    expect(page.get_by_role("main")).to_contain_text("DPS")
    assert saved(page, "PDF").startswith(b"%PDF-")
    assert saved(page, "XLSX").startswith(b"PK")

    page.goto(f"/tips/{tip.id}")
    page.get_by_label(say("Priority")).select_option("urgent")
    page.get_by_label(say("Team")).select_option(label="Tim PORA")
    page.get_by_role("button", name=say("Save"), exact=True).click()
    expect(page.locator("#team_id option:checked")).to_have_text("Tim PORA")
    expect(page.locator("#priority")).to_have_value("urgent")
    page.goto("/tips?team_id=any")
    expect(page.get_by_role("main").get_by_role("link", name=tip.reference)).to_have_count(1)
