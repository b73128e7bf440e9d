"""Browsers before a real server; skipped where there is no Chromium."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from api.console.i18n import Locale, load
from benchmarks import chromium
from casework.kernel.vocabulary import Category, Role
from tests.browser.installation import WAIT_S, Installation
from tests.deadlines import patience
from tests.services import PASSWORD

LAPTOP: Final[ViewportSize] = {"width": 1366, "height": 768}
TABLET: Final[ViewportSize] = {"width": 1024, "height": 768}
LOCALES: Final = {"en": "en-GB", "id": "id-ID"}
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser where there is none."""
    if chromium.installed() is not None:
        return
    skip = pytest.mark.skip(reason="no Chromium on this machine (apt-get install chromium)")
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(skip)


# Playwright keeps an event loop in this thread: other packages' tests must not meet it.
@pytest.fixture(scope="package")
def chrome() -> Iterator[Browser]:
    expect.set_options(timeout=patience(WAIT_S) * 1000)
    with chromium.launched() as browser:
        yield browser


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Installation]:
    site = Installation(tmp_path)
    site.start()
    yield site
    site.stop()


@pytest.fixture
def gate(site: Installation) -> Iterator[httpx2.Client]:
    with site.gate() as gate:
        yield gate


@pytest.fixture
def bans(site: Installation) -> str:
    """A list that asks for two officers, with drawn person 1 on it."""
    desk = site.at_hand
    list_id = desk.watchlist(
        "Tangkal",
        category=Category.TANGKAL,
        requires_second_officer=True,
        instruction={"id": "Tahan di konter.", "en": "Keep at the counter."},
    )
    desk.enrol(1, list_id)
    return list_id


@pytest.fixture
def window(chrome: Browser, site: Installation) -> Iterator[Callable[..., Page]]:
    """Open a window with cookies of its own. No page may complain of anything."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_window(**how: object) -> Page:
        how = {"viewport": LAPTOP, "locale": "en-GB", "base_url": site.address, **how}
        context = chrome.new_context(**how)  # type: ignore[arg-type]
        context.set_default_timeout(patience(WAIT_S) * 1000)
        contexts.append(context)
        page = context.new_page()
        chromium.overhear(page, said)
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture
def signed_in(window: Callable[..., Page], site: Installation) -> Callable[..., Page]:
    """Make an officer and open a window in which they are signed in."""

    def make(login: str, *roles: Role, language: str = "en", **how: object) -> Page:
        site.officer(login, *roles, language=language)
        page = window(**how)
        sign_in(page, login, speech("en"))
        return page

    return make


def speech(language: str) -> Locale:
    """What the console says in a language."""
    return load("Asia/Jakarta")[language]


def sign_in(page: Page, login: str, say: Locale) -> None:
    """Sign in through the page, in the language that the browser asks for."""
    page.goto("/sign-in")
    page.get_by_label(say("Login")).fill(login)
    page.get_by_label(say("Password")).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name=say("Sign in")).click()
    page.wait_for_url(lambda address: "/sign-in" not in address)
