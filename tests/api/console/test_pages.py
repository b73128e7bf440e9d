"""What holds for every page: headers, languages, errors, and that each says who may have it."""

import re

import pytest
from fastapi.routing import APIRoute

from api.console.labels import LABELS
from api.console.page import RequirePermission
from api.console.screens import (
    account,
    alert,
    compare,
    photos,
    preferences,
    queue,
    referral_new,
    referrals,
    search,
    sign_in,
    tips,
)
from casework.kernel.vocabulary import Role

SCREENS = (
    account,
    alert,
    compare,
    photos,
    preferences,
    queue,
    referral_new,
    referrals,
    search,
    sign_in,
    tips,
)
PUBLIC = {("/sign-in", "GET"), ("/sign-in", "POST"), ("/preferences", "POST")}


def test_every_route_says_what_it_takes_to_have_it():
    for module in SCREENS:
        for route in module.router.routes:
            assert isinstance(route, APIRoute)
            assert not route.include_in_schema
            acts = [each.call for each in route.dependant.dependencies]
            if any(isinstance(call, RequirePermission) for call in acts):
                continue
            for method in route.methods or ():
                assert (route.path, method) in PUBLIC, f"{method} {route.path} is open to anybody"


def test_the_console_is_not_in_the_document_for_programs(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert all(
        path.startswith(("/v1/", "/healthz", "/readyz", "/openapi.json", "/.well-known/"))
        for path in paths
    )


@pytest.mark.parametrize(
    "address", ["/sign-in", "/alerts", "/alerts/alr_x", "/nowhere", "/account"]
)
def test_pages_are_never_kept_and_load_nothing_from_elsewhere(signed_in, address):
    answer = signed_in("siti", Role.OFFICER).open(address)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", answer.text)
    for link in re.findall(r'(?:src|href|action)="([^"]+)"', answer.text):
        assert link.startswith(("/", "#", "?")), link
        assert not link.startswith("//")


def test_the_interface_for_programs_has_no_headers_of_pages(client):
    assert "content-security-policy" not in client.get("/healthz").headers


def test_static_files_are_kept_for_ever_under_a_name_that_follows_their_content(browser):
    visitor = browser()
    page = visitor.open("/sign-in").text
    (style,) = re.findall(r'href="(/static/\w+/css/console\.css)"', page)
    answer = visitor.client.get(style)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    older = re.sub(r"/static/\w+/", "/static/0123456789abcdef/", style)
    assert visitor.client.get(older).headers["cache-control"] == "no-cache"
    assert visitor.client.get("/static/x/../../settings.py").status_code == 404
    assert visitor.client.get("/static/x/css/none.css").status_code == 404


def test_an_error_is_a_sentence_with_the_requests_id_in_the_readers_language(browser):
    visitor = browser()
    answer = visitor.open("/nowhere", **{"Accept-Language": "id"})
    assert answer.status_code == 404
    assert "Tidak ada apa-apa di sini" in visitor.text
    assert answer.headers["x-request-id"] in visitor.text
    assert 'lang="id"' in answer.text


def test_programs_still_get_problem_documents_for_unknown_addresses(client):
    answer = client.get("/nowhere")
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_unforeseen_tells_nothing_of_the_inside(browser, desk, staff):
    staff("siti", Role.OFFICER)
    visitor = browser()
    visitor.sign_in("siti")
    desk.service.review.queue._database = None
    answer = visitor.open("/alerts")
    assert answer.status_code == 500
    assert "Something went wrong on our side" in visitor.text
    assert "Traceback" not in answer.text


def test_a_language_is_switched_on_the_page_and_remembered(signed_in, browser):
    officer = signed_in("siti", Role.OFFICER)
    officer.open("/alerts?state=all")
    assert "Sign out" in officer.text
    officer.send("/preferences", language="id")
    assert officer.path == "/alerts?state=all"
    assert "Keluar" in officer.text
    assert 'lang="id"' in officer.page.text
    elsewhere = browser()  # another machine, whose browser asks for English
    elsewhere.sign_in("siti")
    assert "Keluar" in elsewhere.text


def test_a_language_is_remembered_before_signing_in_too(browser):
    visitor = browser()
    visitor.open("/sign-in?next=/alerts")
    visitor.send("/preferences", language="id")
    assert visitor.path == "/sign-in?next=/alerts"
    assert "Kata sandi" in visitor.text


def test_a_theme_is_remembered(signed_in):
    officer = signed_in("siti", Role.OFFICER)
    assert 'data-theme="auto"' in officer.page.text
    officer.send("/preferences", theme="dark")
    assert 'data-theme="dark"' in officer.page.text
    officer.send("/preferences", theme="pink")
    assert 'data-theme="dark"' in officer.page.text


def test_who_may_do_nothing_on_a_screen_is_told_so(signed_in):
    auditor = signed_in("aud", Role.AUDITOR)
    answer = auditor.open("/alerts")
    assert answer.status_code == 403
    assert "Your roles do not allow this" in auditor.text


def test_every_word_of_a_vocabulary_that_is_shown_has_a_name():
    shown = {kind for kind, _ in LABELS}
    for vocabulary in shown:
        assert {value for kind, value in LABELS if kind is vocabulary} == set(vocabulary)
