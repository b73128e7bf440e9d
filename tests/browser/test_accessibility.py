"""Every screen, judged by axe-core, in both languages and themes."""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from benchmarks import chromium
from tests.browser.conftest import LAPTOP, LOCALES, TABLET
from tests.browser.scene import lay
from tests.browser.screens import SCREENS, Screen, enter_as, unshown

_AXE = Axe().axe_script
_EVERYTHING = {"resultTypes": ["violations"]}
_COLOURS = {"resultTypes": ["violations"], "runOnly": ["color-contrast", "link-in-text-block"]}
"""What another theme can change."""

SOME_OR_ALL = (3, pytest.param(1, marks=pytest.mark.more))
"""Each third screen, or every one."""


@pytest.fixture
def ids(site):
    return lay(site)


@pytest.fixture
def visits(ids, window) -> Callable[..., Iterator[tuple[Screen, Page]]]:
    """Go to screens, one after the other; every one of them unless told otherwise."""

    def go(language: str, every: int = 1, **how: object) -> Iterator[tuple[Screen, Page]]:
        desks: dict[str, Page] = {}
        for screen in SCREENS[::every]:
            if screen.login not in desks:
                desks[screen.login] = window(locale=LOCALES[language], color_scheme="light", **how)
                enter_as(desks[screen.login], screen.login)
            screen.show(desks[screen.login], ids)
            yield screen, desks[screen.login]

    return go


@pytest.mark.parametrize("every", SOME_OR_ALL)
def test_no_screen_has_a_serious_fault_or_one_in_the_dark(visits, every):
    faults = []
    for screen, page in visits("en", every):
        fits(screen, page)
        page.evaluate(_AXE)
        for theme, asked in (("light", _EVERYTHING), ("dark", _COLOURS)):
            page.emulate_media(color_scheme=theme)
            faults += [f"{screen.name}, {theme}: {fault}" for fault in serious(page, asked)]
        page.emulate_media(color_scheme="light")
    assert faults == []


@pytest.mark.parametrize("every", SOME_OR_ALL)
def test_every_screen_fits_in_indonesian_too(visits, every):
    for screen, page in visits("id", every):
        expect(page.locator("html")).to_have_attribute("lang", "id")
        fits(screen, page)


def fits(screen: Screen, page: Page):
    """The page is no wider than what it is read on."""
    for size in (TABLET, LAPTOP):
        page.set_viewport_size(size)
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, f"{screen.name} is wider than {size['width']}"


def serious(page: Page, options):
    """Return axe-core's serious and critical violations."""
    found = page.evaluate("options => axe.run(options)", options)["violations"]
    return [
        f"{each['id']}: {node['html'][:160]} {node['failureSummary']}"
        for each in found
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]


def test_there_is_no_screen_besides(site, ids):
    assert unshown(site.app, ids, SCREENS) == set()


def test_what_axe_finds_would_be_seen(window):
    page = window()
    page.goto("/sign-in")
    page.evaluate(_AXE)
    page.evaluate("document.querySelector('label[for=login]').remove()")
    assert any("label" in fault for fault in serious(page, _EVERYTHING))


def test_what_the_policy_forbids_would_be_heard(site, chrome):
    said: list[str] = []
    page = chrome.new_page(base_url=site.address)
    chromium.overhear(page, said)
    page.goto("/sign-in")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), { text: '1' }))"
    )
    page.context.close()
    assert any("Content Security Policy" in each for each in said)
