"""Pictures of every screen of the console, in both themes and languages, on laptop, tablet, phone.

    python -m tests.screenshots [FOLDER]      (make screenshots)

They show drawn people: no photo of anybody lies in this repository.
"""

import sys
import tempfile
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, Page

from api.logging import configure
from benchmarks import chromium
from tests.browser.conftest import LAPTOP, LOCALES, TABLET
from tests.browser.installation import Installation
from tests.browser.scene import lay
from tests.browser.screens import SCREENS, enter_as
from tests.browser.test_layout import PHONE

FOLDER: Final = Path("out/screenshots")
_SIZES: Final = {"laptop": LAPTOP, "tablet": TABLET, "phone": PHONE}
# Photos further down wait to be scrolled to: a picture of the whole page would be without them.
PHOTOS: Final = """() => {
  const shown = [...document.images].filter((each) => each.checkVisibility());
  for (const each of shown) each.loading = "eager";
  return Promise.all(shown.map((each) => each.decode().catch(() => null)));
}"""
_THEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


def main(folder: Path) -> int:
    """Take them all; returns how many there are."""
    if chromium.installed() is None:
        sys.exit("Screenshots are taken with Chromium, which is not here: apt-get install chromium")
    configure("error")
    with tempfile.TemporaryDirectory(prefix="siaga-screenshots-") as data:
        site = Installation(Path(data))
        site.start()
        try:
            ids = lay(site)
            with chromium.launched() as browser:
                return sum(_in(browser, site, ids, language, folder) for language in LOCALES)
        finally:
            site.stop()


def _in(
    browser: Browser, site: Installation, ids: dict[str, str], language: str, folder: Path
) -> int:
    """Take those of one language: each screen is gone to once, and then looked at each way."""
    desks: dict[str, Page] = {}
    taken = 0
    for screen in SCREENS:
        if screen.login not in desks:
            context = browser.new_context(base_url=site.address, locale=LOCALES[language])
            desks[screen.login] = context.new_page()
            enter_as(desks[screen.login], screen.login)
        page = desks[screen.login]
        screen.show(page, ids)
        for size, pixels in _SIZES.items():
            page.set_viewport_size(pixels)
            page.evaluate(PHOTOS)
            for theme in _THEMES:
                page.emulate_media(color_scheme=theme)
                path = folder / language / f"{size}-{theme}" / f"{screen.name}.png"
                # Of a dialog, what is behind it does not matter.
                page.screenshot(path=path, full_page=page.locator("dialog[open]").count() == 0)
                taken += 1
    for page in desks.values():
        page.context.close()
    return taken


if __name__ == "__main__":
    into = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    count = main(into)
    sys.stdout.write(f"{count} screenshots in {into}\n")
