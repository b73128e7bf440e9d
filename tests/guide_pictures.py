"""The pictures of the guide, taken of drawn people: no photo of anybody is in them.

    python -m tests.guide_pictures      (make guide)

Which screens they show is said by the guide's pages themselves, by the name of the picture.
"""

import io
import re
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize

from api.console import guide
from api.console.guide import PAGES
from api.console.i18n import LANGUAGES
from api.logging import configure
from benchmarks import chromium
from tests.browser.conftest import LOCALES
from tests.browser.installation import Installation
from tests.browser.scene import lay
from tests.browser.screens import SCREENS, enter_as
from tests.screenshots import PHOTOS

FOLDER: Final = Path(str(files(guide)))
_SIZE: Final[ViewportSize] = {"width": 1120, "height": 720}
_COLOURS: Final = 64


def main() -> int:
    """Take them all; returns how many there are."""
    if chromium.installed() is None:
        sys.exit("Pictures are taken with Chromium, which is not here: apt-get install chromium")
    configure("error")
    with tempfile.TemporaryDirectory(prefix="siaga-guide-") as data:
        site = Installation(Path(data))
        site.start()
        try:
            ids = lay(site)
            with chromium.launched() as browser:
                return sum(_in(browser, site, ids, language) for language in LANGUAGES)
        finally:
            site.stop()


def wanted(language: str) -> set[str]:
    """Return the names of the screens that a language's pages show."""
    text = "".join((FOLDER / language / f"{page}.md").read_text("utf-8") for page in PAGES)
    return set(re.findall(r"\]\(([\w-]+)\.png\)", text))


def _in(browser: Browser, site: Installation, ids: dict[str, str], language: str) -> int:
    desks: dict[str, Page] = {}
    names = wanted(language)
    for screen in SCREENS:
        if screen.name not in names:
            continue
        if screen.login not in desks:
            context = browser.new_context(
                base_url=site.address,
                locale=LOCALES[language],
                viewport=_SIZE,
                color_scheme="light",
            )
            desks[screen.login] = context.new_page()
            enter_as(desks[screen.login], screen.login)
        page = desks[screen.login]
        screen.show(page, ids)
        page.evaluate(PHOTOS)
        taken = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        # Few colours: a picture of a page needs no more, and is a third as large.
        taken.quantize(_COLOURS).save(FOLDER / language / f"{screen.name}.png", optimize=True)
        names.discard(screen.name)
    for page in desks.values():
        page.context.close()
    if names:
        sys.exit(f"No screen of tests.browser.screens is called {', '.join(sorted(names))}")
    return len(wanted(language))


if __name__ == "__main__":
    sys.stdout.write(f"{main()} pictures in {FOLDER.name}\n")
