import re

import pyotp
import pytest

from api.console.urls import referring_page, safe_redirect
from casework.accounts.officers import NewOfficer
from casework.kernel.vocabulary import Role
from tests.services import OPERATOR, PASSWORD


def test_a_stranger_is_brought_to_the_sign_in_page_and_from_there_to_where_they_went(
    browser, staff
):
    staff("siti", Role.OFFICER)
    visitor = browser()
    visitor.open("/alerts?state=all")
    assert visitor.path == "/sign-in?next=%2Falerts%3Fstate%3Dall"
    visitor.send("/sign-in", login="siti", password=PASSWORD)
    assert visitor.path == "/alerts?state=all"
    assert "Name of siti" in visitor.text


def test_the_session_is_a_cookie_out_of_reach_of_scripts_and_other_sites(browser, staff):
    staff("siti", Role.OFFICER)
    visitor = browser()
    visitor.open("/sign-in")
    visitor.client.follow_redirects = False
    answer = visitor.send("/sign-in", login="siti", password=PASSWORD)
    assert answer.status_code == 303
    (cookie,) = [
        c for c in answer.headers.get_list("set-cookie") if c.startswith("__Host-siaga_session")
    ]
    for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert word in cookie
    assert "siti" not in cookie


def test_what_is_wrong_is_not_told_and_no_session_begins(browser, staff):
    staff("siti", Role.OFFICER)
    for login, password in (("siti", "another pass phrase"), ("nobody", PASSWORD)):
        visitor = browser()
        answer = visitor.sign_in(login, password)
        assert answer.status_code == 401
        assert "Login, password or code is wrong" in visitor.text
        assert "__Host-siaga_session" not in visitor.client.cookies
        assert password not in answer.text
        assert f'value="{login}"' in answer.text


def test_too_many_attempts_are_said_in_a_sentence(browser, staff):
    staff("siti", Role.OFFICER)
    visitor = browser()
    for _ in range(5):
        answer = visitor.sign_in("siti", "another pass phrase")
    assert answer.status_code == 429
    assert "Too many failed sign-ins" in visitor.text


def test_a_first_password_is_changed_before_anything_else(browser, desk):
    new = NewOfficer(desk.agency(), "baru", "Orang Baru", frozenset({Role.OFFICER}), "en")
    _, first = desk.service.accounts.officers.create(OPERATOR, new)
    visitor = browser()
    visitor.sign_in("baru", first)
    assert visitor.path == "/account"
    visitor.open("/alerts")
    assert visitor.path == "/account"
    assert "Choose a new password first" in visitor.text

    answer = visitor.send("/account/password", present=first, new="short", again="short")
    assert answer.status_code == 422
    assert "at least 12 characters" in visitor.text
    answer = visitor.send("/account/password", present=first, new=PASSWORD, again="other")
    assert answer.status_code == 422
    assert 'id="again-says" class="fault">The two new passwords are not the same.' in answer.text
    assert not [word for word in (first, PASSWORD, "other") if f'value="{word}"' in answer.text]
    visitor.send("/account/password", present=first, new=PASSWORD, again=PASSWORD)
    assert visitor.path.startswith("/account?done=")
    assert visitor.open("/alerts").status_code == 200
    assert visitor.path == "/alerts"


def test_a_second_factor_is_set_up_and_asked_for(signed_in, browser, clock):
    officer = signed_in("siti", Role.OFFICER)
    officer.open("/account")
    answer = officer.send("/account/second-factor", present="not the password")
    assert (answer.status_code, "wrong" in officer.text) == (422, True)
    officer.send("/account/second-factor", present=PASSWORD)
    assert "<svg" in officer.page.text
    assert "otpauth://totp/" in officer.text
    secret = officer.hidden("secret")
    totp = pyotp.TOTP(secret)

    answer = officer.send("/account/second-factor/confirm", code="000000")
    assert answer.status_code == 422
    assert secret in officer.page.text  # the same secret is still shown
    officer.send("/account/second-factor/confirm", code=totp.at(clock()))
    assert "Your recovery codes. They are shown this once" in officer.text
    codes = re.findall(r'<code class="key">([a-z2-9-]{19})</code>', officer.page.text)
    assert len(codes) == 10
    officer.open("/account")
    assert "Your second factor is set up" in officer.text
    assert not any(code in officer.page.text for code in codes)

    clock.advance(minutes=1)
    visitor = browser()
    answer = visitor.sign_in("siti")
    assert "code that your authenticator app shows" in visitor.text
    assert PASSWORD not in answer.text
    answer = visitor.send("/sign-in", code="000000")
    assert answer.status_code == 401
    assert "The code is wrong" in visitor.text
    assert 'value="000000"' not in answer.text
    visitor.send("/sign-in", code=totp.at(clock()))
    assert visitor.path == "/alerts"

    other = browser()
    other.sign_in("siti")
    other.send("/sign-in", code=codes[0])
    assert other.path == "/alerts"
    other.open("/account")
    assert "Recovery codes that are left: 9" in other.text
    other.send("/account/recovery-codes", present="wrong")
    assert "wrong" in other.text
    other.send("/account/recovery-codes", present=PASSWORD)
    assert len(re.findall(r'<code class="key">', other.page.text)) == 10
    other.open("/account")
    other.send("/account/sessions/end-others")
    assert visitor.open("/account").url.path == "/sign-in"


def test_the_wait_for_a_code_has_an_end_and_is_of_one_browser(signed_in, browser, clock):
    officer = signed_in("siti", Role.OFFICER)
    officer.open("/account")
    officer.send("/account/second-factor", present=PASSWORD)
    totp = pyotp.TOTP(officer.hidden("secret"))
    officer.send("/account/second-factor/confirm", code=totp.at(clock()))

    visitor, thief = browser(), browser()
    visitor.sign_in("siti")
    held = visitor.hidden("held")
    clock.advance(minutes=1)
    thief.open("/sign-in")
    answer = thief.send("/sign-in", held=held, code=totp.at(clock()))
    assert answer.status_code == 401
    clock.advance(minutes=6)
    answer = visitor.send("/sign-in", code=totp.at(clock()))
    assert answer.status_code == 401
    assert "__Host-siaga_session" not in visitor.client.cookies


def test_signing_out_ends_the_session_itself(signed_in):
    officer = signed_in("siti", Role.OFFICER)
    text = officer.client.cookies["__Host-siaga_session"]
    officer.open("/account")
    officer.send("/sign-out")
    assert "You are signed out" in officer.text
    officer.client.cookies.set("__Host-siaga_session", text)
    officer.open("/alerts")
    assert officer.path.startswith("/sign-in")


def test_a_session_that_ended_brings_a_form_back_to_its_page(signed_in, clock):
    officer = signed_in("siti", Role.OFFICER)
    officer.open("/account")
    clock.advance(hours=1)
    officer.send("/account/password", present=PASSWORD, new="x", again="x")
    assert officer.path == "/sign-in?next=%2Faccount"


def test_watching_keeps_no_session_alive_and_using_does(signed_in, clock):
    officer = signed_in("siti", Role.OFFICER)
    for _ in range(4):
        clock.advance(minutes=20)
        assert officer.client.get("/alerts").url.path == "/alerts"
    json = {"Accept": "application/json"}
    for _ in range(2):
        clock.advance(minutes=14)
        assert officer.client.get("/session", headers=json).status_code == 204
    clock.advance(minutes=3)
    assert officer.client.get("/session", headers=json).status_code == 401


def test_a_programs_token_is_no_session_of_the_console(browser, sign_in):
    header = sign_in(Role.OFFICER)
    visitor = browser()
    visitor.client.cookies.set(
        "__Host-siaga_session", header["Authorization"].removeprefix("Bearer ")
    )
    visitor.open("/alerts")
    assert visitor.path.startswith("/sign-in")


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/v1/alerts",
        "alerts",
        "",
    ],
)
def test_nobody_is_sent_anywhere_but_to_a_page_of_ours(address):
    assert safe_redirect(address) == "/"
    assert referring_page(f"https://testserver{address}", "testserver") in {"/", address} - {"//"}
    assert referring_page(f"https://evil.example{address}", "testserver") == "/"


def test_a_way_out_is_not_taken_after_signing_in(browser, staff):
    staff("siti", Role.OFFICER)
    visitor = browser()
    visitor.open("/sign-in?next=//evil.example/")
    visitor.send("/sign-in", login="siti", password=PASSWORD)
    assert visitor.page.url.host == "testserver"
    assert visitor.path == "/alerts"
