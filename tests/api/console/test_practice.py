"""Every page of a practice installation says what it is, in the reader's language."""

import re

import pytest

from casework.kernel.vocabulary import Role
from tests.pdf import pages_of

BANNERS = {
    "en": "LATIHAN Practice installation: nothing here is real.",
    "id": "LATIHAN Instalasi latihan: tidak ada yang nyata di sini.",
}


@pytest.fixture
def practice():
    return True


def marked(browser):
    page = browser.page.text
    return (
        any(each in browser.text for each in BANNERS.values()),
        "data-practice" in page,
        re.search(r"<title>LATIHAN · ", page) is not None,
    )


@pytest.mark.parametrize("practice", [True, False], ids=["practice", "real"])
def test_every_kind_of_page_is_marked(browser, staff, desk, practice):
    desk.enrol(1)
    (alert,) = desk.screen(1).encounter.alerts
    staff("siti", Role.OFFICER, Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR)
    one = browser()
    seen = []
    for address in ("/sign-in", "/alerts/none"):
        one.open(address)
        seen.append(marked(one))
    one.sign_in("siti")
    for address in (
        "/",
        f"/alerts/{alert.id}",
        f"/alerts/{alert.id}/report",
        f"/subjects/{alert.subject_id}/report",
        "/alerts/none",
        "/watchlists",
        "/overview",
        "/audit",
        "/officers",
    ):
        one.open(address)
        seen.append(marked(one))
    assert seen == [(practice,) * 3] * len(seen)


def test_both_languages_and_the_paper(browser, staff, desk):
    desk.enrol(1)
    (alert,) = desk.screen(1).encounter.alerts
    papers = {
        "en": "LATIHAN: Practice installation: nothing on this paper is real.",
        "id": "LATIHAN: Instalasi latihan: tidak ada isi lembar ini yang nyata.",
    }
    for language, banner in BANNERS.items():
        staff(f"siti.{language}", Role.OFFICER, language=language)
        one = browser()
        one.sign_in(f"siti.{language}")
        one.open(f"/alerts/{alert.id}/report")
        assert banner in one.text
        assert 'class="watermark"' in one.page.text
        (page,) = pages_of(one.client.get(f"/alerts/{alert.id}/report.pdf").content)
        assert papers[language] in page
        # In the head of the page, across it, and in the case number.
        assert page.count("LATIHAN") >= 3
