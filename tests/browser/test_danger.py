"""A dangerous act asks first, in a real browser: by keyboard, with scripts and without."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from casework.kernel.vocabulary import Role
from tests.browser.conftest import LOCALES, sign_in, speech
from tests.services import OPERATOR


@pytest.mark.parametrize(("language", "scripts"), [("en", True), ("id", True), ("id", False)])
def test_a_subject_is_erased_only_by_who_means_it(language, scripts, site, window):
    say = speech(language)
    subjects = site.at_hand.service.lists.subjects
    subject = subjects.get(OPERATOR, site.at_hand.enrol(1))
    site.officer("lina", Role.ANALYST, language=language)
    page = window(locale=LOCALES[language], java_script_enabled=scripts)
    sign_in(page, "lina", say)
    page.goto(f"/subjects/{subject.id}")
    page.get_by_role("link", name=say("Erase this subject…")).click()
    expect(page.get_by_role("heading", name=say("Erase this subject?"))).to_be_visible()
    expect(page.get_by_text(subject.name)).to_be_visible()
    back = page.get_by_role("link", name=say("No, go back"))
    expect(back).to_be_focused()
    if scripts:  # Esc means no, wherever the focus is
        page.get_by_label(say("Why?")).fill("half a reason")
        page.keyboard.press("Escape")
    else:
        page.keyboard.press("Enter")
    page.wait_for_url(f"**/subjects/{subject.id}")
    assert subjects.get(OPERATOR, subject.id).erase_at is None

    page.goto(f"/subjects/{subject.id}/erase")
    page.get_by_label(say("Why?")).fill("entered by mistake")
    page.keyboard.press("Tab")  # to what makes it immediate
    page.keyboard.press("Tab")  # to the way back
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text(say("Being erased"), exact=True)).to_be_visible()
    assert subjects.get(OPERATOR, subject.id).erase_at is not None
    page.get_by_role("button", name=say("Keep the subject")).click()
    expect(page.get_by_text(say("Being erased"), exact=True)).to_have_count(0)
    assert subjects.get(OPERATOR, subject.id).erase_at is None


def test_what_is_done_before_the_page_listens_counts(site, signed_in):
    subject_id = site.at_hand.enrol(1)
    page = signed_in("lina", Role.ANALYST)
    page.goto(f"/subjects/{subject_id}")
    held: list[Route] = []
    page.route("**/js/danger*.js", lambda route: held.append(route))  # noqa: PLW0108

    def before_it_listens(act: Callable[[], None]) -> None:
        page.goto(f"/subjects/{subject_id}/erase", wait_until="commit")
        page.get_by_role("link", name="No, go back").wait_for()
        act()
        page.wait_for_function("document.readyState === 'interactive'")
        held.pop().continue_()

    before_it_listens(lambda: page.get_by_label("Why?").fill("half a"))
    page.wait_for_load_state()
    page.keyboard.type(" reason")
    expect(page.get_by_label("Why?")).to_have_value("half a reason")
    before_it_listens(lambda: page.keyboard.press("Escape"))
    page.wait_for_url(f"**/subjects/{subject_id}")
