"""A dangerous act asks first, in a real browser: by keyboard, with scripts and without."""

import pytest
from playwright.sync_api import expect

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
