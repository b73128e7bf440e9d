"""What a person sees of photos that were taken on their side or head: real networks."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from casework.kernel.vocabulary import Role
from casework.watchlists.enrolment import PhotoFile
from casework.watchlists.subjects import NewSubject
from tests.browser.conftest import speech
from tests.browser.installation import Installation
from tests.browser.photos import shown
from tests.data import decoded, encoded, image_of, turned_clockwise
from tests.services import OPERATOR


@pytest.fixture
def site(pipeline, tmp_path):
    site = Installation(tmp_path, pipeline=pipeline)
    site.start()
    yield site
    site.stop()


def shows_upright(photo: Locator) -> bool:
    """Whether the astronaut on the screen is nearest to the astronaut upright."""
    seen, upright = (
        cv2.resize(each, (48, 48), interpolation=cv2.INTER_AREA).astype(float)
        for each in (decoded(photo.screenshot()), image_of("astronaut"))
    )
    off = [float(np.abs(seen - np.rot90(upright, quarter)).mean()) for quarter in range(4)]
    return off.index(min(off)) == 0 and off[0] < 20


def test_a_search_shows_what_was_searched_and_who_was_found_upright(
    site: Installation, signed_in, tmp_path: Path
):
    desk = site.at_hand
    content = encoded(turned_clockwise(image_of("astronaut"), 180))
    desk.service.enrolment.enrol(
        OPERATOR,
        NewSubject(name="Head over heels", watchlist_ids=(desk.watchlist(),)),
        [PhotoFile("turned.jpg", content)],
    )
    lying = tmp_path / "lying.jpg"
    lying.write_bytes(encoded(turned_clockwise(image_of("astronaut"), 90)))
    page, say = signed_in("lina", Role.ANALYST), speech("en")
    page.goto("/search")
    page.get_by_label(say("Photo"), exact=True).set_input_files(lying)
    page.get_by_label(say("Purpose")).fill("A photo without its orientation.")
    page.get_by_role("main").get_by_role("button", name=say("Search"), exact=True).click()
    asked = page.get_by_role("img", name=say("The photo searched"))
    found = page.get_by_role("img", name=say("Candidate %(rank)s, as enrolled", rank="1"))
    for photo in (asked, found):
        expect(photo).to_be_visible()
        shown(photo)
        assert shows_upright(photo)
