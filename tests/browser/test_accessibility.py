"""Every screen, judged by axe-core, in both languages and themes."""

from collections.abc import Callable, Iterator
from functools import cache

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from casework.vocabulary import Role
from tests.browser import chromium
from tests.browser.scene import lay
from tests.browser.screens import SCREENS, enter_as, unshown

_EVERYTHING = {"resultTypes": ["violations"]}
_COLOURS = {"resultTypes": ["violations"], "runOnly": ["color-contrast", "link-in-text-block"]}
"""What another theme can change."""


@pytest.fixture
def ids(site):
    return lay(site)


@pytest.mark.parametrize("language", ["en", "id"])
def test_no_screen_has_a_serious_fault(language, site, ids, window):
    desks: dict[str, Page] = {}
    faults = []
    for screen in SCREENS:
        if screen.login not in desks:
            locale = {"en": "en-GB", "id": "id-ID"}[language]
            desks[screen.login] = window(locale=locale, color_scheme="light")
            enter_as(desks[screen.login], screen.login)
        page = desks[screen.login]
        screen.show(page, ids)
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), screen.name
        for theme, options in (("light", _EVERYTHING), ("dark", _COLOURS)):
            page.emulate_media(color_scheme=theme)
            faults += [f"{screen.name}, {theme}: {fault}" for fault in serious(page, options)]
    assert faults == []


def serious(page: Page, options):
    """Return axe-core's serious and critical violations."""
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{each['id']}: {node['html'][:120]} {node['failureSummary']}"
        for each in found
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]


def test_there_is_no_screen_besides(site, ids):
    assert unshown(site.app, ids, SCREENS) == set()


def test_what_axe_finds_would_be_seen(window):
    page = window()
    page.goto("/sign-in")
    page.evaluate("document.querySelector('label[for=login]').remove()")
    assert any("label" in fault for fault in serious(page, _EVERYTHING))


def test_what_the_policy_forbids_would_be_heard(site, chrome):
    said: list[str] = []
    page = chrome.new_page(base_url=site.address)
    chromium.overhear(page, said)
    page.goto("/sign-in")
    page.evaluate("document.body.append(document.createElement('script').appendChild(new Text('1')).parentNode)")
    page.context.close()
    assert any("Content Security Policy" in each for each in said)
