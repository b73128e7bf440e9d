"""The machine's own Chromium, driven by Playwright; nothing is downloaded."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

_NAMES: Final = ("chromium", "google-chrome")
_ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")

# What a browser says by itself of an answer like 401 or 409, which pages give on purpose.
_ORDINARY: Final = re.compile(r"Failed to load resource: (the server responded|net::ERR_)")


def installed() -> str | None:
    """Return where Chromium is, if it is anywhere."""
    found = (shutil.which(name) for name in _NAMES)
    return next((path for path in found if path), None)


@contextmanager
def launched() -> Iterator[Browser]:
    """Run it for as long as a block does."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=installed(), args=_ARGUMENTS, chromium_sandbox=False
        )
        try:
            yield browser
        finally:
            browser.close()


def overhear(page: Page, said: list[str]) -> None:
    """Keep what a page complains of: errors of scripts, and what its policy forbade."""

    def of_console(message: ConsoleMessage) -> None:
        forbidden = "Content Security Policy" in message.text
        if forbidden or (message.type == "error" and not _ORDINARY.match(message.text)):
            said.append(f"{page.url}: {message.text}")

    page.on("console", of_console)
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
