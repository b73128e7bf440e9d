"""The same glass wherever two faces meet, and photos seen before they are sent."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from casework.kernel.vocabulary import Role
from tests.browser.conftest import speech
from tests.browser.photos import faces_shown
from tests.fakes import photo_of
from tests.services import OPERATOR

SAY = speech("en")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "person.jpg"
    path.write_bytes(photo_of(1))
    return path


def glass(page: Page) -> None:
    """Both faces are there, and the tools and keys go for both."""
    box = page.locator("#compare")
    expect(box).to_be_visible()
    faces_shown(page)
    for image in box.locator("img").all():
        expect(image).to_have_js_property("naturalWidth", 720)  # framed alike
    tools = page.get_by_role("toolbar", name=SAY("Image tools"))
    tools.get_by_role("button", name=SAY("Closer")).click()
    styles = {image.get_attribute("style") for image in box.locator("img").all()}
    assert len(styles) == 1
    page.keyboard.press("b")
    expect(box).to_have_attribute("data-mode", "blink")
    page.keyboard.press("0")
    expect(box).to_have_attribute("data-mode", "beside")


def test_two_photos_that_are_compared(site, signed_in, photo):
    page = signed_in("siti", Role.OFFICER)
    page.goto("/compare")
    for field in ("First photo", "Second photo"):
        page.get_by_label(SAY(field)).set_input_files(photo)
    page.get_by_role("button", name=SAY("Compare"), exact=True).click()
    expect(page.get_by_role("region", name=SAY("Result"))).to_be_visible()
    glass(page)


def test_a_search_and_each_of_its_candidates(site, signed_in, photo):
    site.at_hand.enrol(1)
    page = signed_in("siti", Role.OFFICER)
    page.goto("/search")
    page.get_by_label(SAY("Photo"), exact=True).set_input_files(photo)
    page.get_by_label(SAY("Purpose")).fill("A question of this person.")
    page.get_by_role("main").get_by_role("button", name=SAY("Search"), exact=True).click()
    page.get_by_role("button", name=SAY("Compare with candidate %(rank)s", rank="1")).click()
    glass(page)
    page.reload()  # the photo was not kept: there is nothing to compare with
    expect(page.get_by_role("img", name="Candidate 1")).to_be_visible()
    expect(
        page.get_by_role("button", name=SAY("Compare with candidate %(rank)s", rank="1"))
    ).to_be_hidden()


def test_a_tip_and_whom_its_photo_resembles(site, signed_in, photo):
    site.at_hand.enrol(1)
    page = signed_in("siti", Role.OFFICER)
    page.goto("/tips/new")
    page.get_by_label(SAY("What was reported")).fill("Seen at pier 3")
    page.locator("#photo").set_input_files(photo)
    expect(page.get_by_role("img", name=SAY("The photo chosen"))).to_be_visible()
    page.get_by_role("button", name=SAY("Record the tip")).click()
    page.get_by_label(SAY("Purpose")).fill("A question of this person.")
    page.get_by_role("main").get_by_role("button", name=SAY("Search"), exact=True).click()
    page.get_by_role("button", name=SAY("Compare with candidate %(rank)s", rank="1")).click()
    glass(page)


def test_photos_are_seen_before_they_are_enrolled_and_beside_the_one_that_is(
    site, signed_in, photo, tmp_path
):
    page = signed_in("lina", Role.ANALYST)
    subject_id = site.at_hand.enrol(1)
    page.goto(f"/subjects/{subject_id}")
    other = tmp_path / "other.jpg"
    other.write_bytes(photo_of(1, side=300))
    page.locator("#photos").set_input_files([photo, other])
    expect(page.locator("#photo-verdicts img")).to_have_count(2)
    glass(page)


def test_a_warning_that_somebody_is_listed_already_shows_both(site, signed_in, photo):
    page = signed_in("lina", Role.ANALYST)
    desk = site.at_hand
    desk.enrol(1, reference="A-1")
    page.goto("/subjects/new")
    page.locator("#photos").set_input_files(photo)
    expect(page.locator("#photo-verdicts img")).to_be_visible()
    page.get_by_label(SAY("Name"), exact=True).fill("Person again")
    page.locator("[name=watchlist_ids]").first.check()
    page.get_by_role("button", name=SAY("Enrol"), exact=True).click()
    page.get_by_role("button", name=SAY("Compare with %(name)s", name="Person 1")).click()
    glass(page)
    assert len(desk.service.lists.subjects.page(OPERATOR, None, 5)) == 2
