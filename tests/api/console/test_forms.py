"""A request that changes something is taken from our own pages alone."""

import pytest

from api.console.forms import (
    TOKEN_FIELD,
    TOKEN_HEADER,
    FormData,
    csrf_token,
    typed_clock,
    typed_day,
    typed_moment,
)
from casework.kernel.vocabulary import Role

LANGUAGE = {"language": "id", "next": "/account"}


@pytest.fixture
def officer(signed_in):
    opened = signed_in("siti", Role.OFFICER)
    opened.client.follow_redirects = False
    return opened


def own(officer, **other):
    return {TOKEN_FIELD: csrf_token(officer.client.cookies["__Host-siaga_session"]), **other}


def test_a_form_of_ours_is_taken(officer):
    answer = officer.client.post("/preferences", data=own(officer, **LANGUAGE))
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")


def test_a_module_of_ours_may_send_the_token_in_a_header(officer):
    header = {TOKEN_HEADER: csrf_token(officer.client.cookies["__Host-siaga_session"])}
    assert officer.client.post("/preferences", data=LANGUAGE, headers=header).status_code == 303


@pytest.mark.parametrize(
    "forged",
    ["", "0" * 64, csrf_token("another session"), csrf_token("")],
    ids=["none", "0", "other", "no"],
)
def test_without_the_sessions_token_nothing_is_done(officer, forged):
    answer = officer.client.post("/preferences", data=LANGUAGE | {TOKEN_FIELD: forged})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-request-id"] in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_another_site_is_refused_even_with_the_token(officer, headers):
    answer = officer.client.post("/preferences", data=own(officer, **LANGUAGE), headers=headers)
    assert answer.status_code == 403


def test_signing_in_takes_a_form_of_ours_too(browser):
    visitor = browser()
    answer = visitor.client.post("/sign-in", data={"login": "siti", "password": "x"})
    assert answer.status_code == 403


def test_a_body_that_is_no_form_is_refused(officer):
    answer = officer.client.post("/preferences", json={"csrf": "x"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), (" 7 ", 7), ("", None), ("-1", None), ("1.5", None), ("9" * 5000, None)],
)
def test_a_whole_number_is_read_and_nothing_else(text, number):
    assert FormData({"version": (text,)}).number("version") == number


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("28-02-1980", "1980-02-28"),
        ("1-2-1980", "1980-02-01"),
        ("28/02/1980", "1980-02-28"),
        ("28.2.1980", "1980-02-28"),
        ("28021980", "1980-02-28"),
        ("1980-02-28", "1980-02-28"),
        ("31-02-1980", "1980-02-31"),
        ("28-02-80", "28-02-80"),
        ("", ""),
        ("soon", "soon"),
    ],
)
def test_a_day_is_typed_as_people_write_it(typed, read):
    assert typed_day(typed) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("28-02-2026 15:30", "2026-02-28T15:30"),
        ("28022026 15.30", "2026-02-28T15:30"),
        ("2026-02-28T15:30", "2026-02-28T15:30"),
        ("28-02-2026", "2026-02-28"),
        ("soon", "soon"),
    ],
)
def test_a_moment_is_typed_as_people_write_it(typed, read):
    assert typed_moment(typed) == read


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("07:00", "07:00"),
        ("7.30", "07:30"),
        ("0730", "07:30"),
        ("730", "07:30"),
        ("7", "7"),
        ("noon", "noon"),
    ],
)
def test_a_time_of_day_is_typed_as_people_write_it(typed, read):
    assert typed_clock(typed) == read
