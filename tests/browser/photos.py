"""Photos on a page, as tests wait for them."""

from playwright.sync_api import Locator, Page, expect


def shown(photo: Locator) -> None:
    """Wait until a photo is there: a script may still be asking which one to show."""
    expect(photo).not_to_have_js_property("naturalWidth", 0)
    photo.evaluate("image => image.decode()")


def faces_shown(page: Page) -> None:
    """Wait until both faces are there; no opinion is recorded by keys before."""
    faces = page.locator("#compare img")
    expect(faces).to_have_count(2)
    for face in faces.all():
        shown(face)
