"""A page that says why something cannot be shown keeps the reader's menu, name and language."""

import pytest

from casework.kernel.vocabulary import Role

_MENU = '<nav aria-label="Main menu">'


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/nowhere", 404),
        ("/alerts/alr_none", 404),
        ("/subjects/sub_none/edit", 403),
        ("/administration/officers", 403),
        ("/sign-out", 405),
    ],
)
def test_who_is_signed_in_keeps_the_menu(signed_in, address, status):
    officer = signed_in("siti", Role.OFFICER)
    page = officer.open(address)
    assert page.status_code == status
    assert _MENU in page.text
    assert "Name of siti" in officer.text
    assert 'href="/alerts"' in page.text


def test_the_page_leads_back_to_where_the_reader_came_from(signed_in):
    officer = signed_in("siti", Role.OFFICER)
    page = officer.open("/nowhere", Referer="https://testserver/alerts?port=CGK")
    assert '<a class="button" href="/alerts?port=CGK">Back</a>' in page.text
    page = officer.open("/nowhere", Referer="https://elsewhere.example/alerts")
    assert ">Back<" not in page.text


def test_the_officers_language_is_kept(signed_in):
    officer = signed_in("sari", Role.OFFICER, language="id")
    assert '<html lang="id"' in officer.open("/nowhere").text


def test_nobody_else_is_shown_a_menu(browser, signed_in):
    stranger = browser()
    page = stranger.open("/nowhere")
    assert page.status_code == 404
    assert _MENU not in page.text
    officer = signed_in("siti", Role.OFFICER)
    officer.open("/alerts")
    officer.send("/sign-out")
    assert _MENU not in officer.open("/nowhere").text
