"""What every answer says to browsers and proxies, and whom the service answers at all."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from api.app import create_app
from api.problems import TooManyStreams
from api.state import state_of
from api.streams import Streams
from casework.kernel.actor import Actor, ActorKind
from config.settings import Settings
from tests.api.conftest import management, problem, settings_for


@pytest.mark.parametrize("path", ["/v1/alerts", "/v1/nothing", "/healthz", "/openapi.json"])
def test_what_programs_are_answered_is_kept_nowhere_and_guessed_at_by_nobody(client, path):
    headers = client.get(path).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert "content-security-policy" not in headers


def test_without_tls_nothing_is_said_of_it(tmp_path):
    plain = TestClient(create_app(settings_for(tmp_path, cookie_secure=False)))
    answer = plain.get("/healthz")
    assert "strict-transport-security" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_address_with_a_slash_too_many_is_not_there_rather_than_elsewhere(client, office):
    problem(client.get("/v1/watchlists/", headers=office), 404, "not_found")
    assert client.get("/sign-in/", follow_redirects=False).status_code == 404


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost", True),
        ("LOCALHOST:8000", True),
        ("127.0.0.1:8000", True),
        ("[::1]:8000", True),
        ("[::1]", True),
        ("siaga.example", True),
        ("a.ports.example:443", True),
        ("ports.example", False),
        ("evil.example", False),
        ("siaga.example.evil.example", False),
        ("evil.example:127.0.0.1", False),
    ],
)
def test_only_known_hosts_are_answered(tmp_path, host, known):
    settings = settings_for(tmp_path, allowed_hosts="siaga.example, *.ports.example")
    client = TestClient(create_app(settings), base_url="http://localhost")
    answer = client.get("/healthz", headers={"Host": host})
    if known:
        assert answer.status_code == 200
    else:
        problem(answer, 421, "host_unknown")


def test_which_hosts_are_known_follows_from_where_the_service_is_reached(tmp_path):
    def of(**values):
        return Settings(data_dir=tmp_path, allowed_hosts="", **values).known_hosts

    assert of() == frozenset()
    assert of(host="0.0.0.0") is None
    assert of(host="0.0.0.0", public_url="https://Siaga.example") == {"siaga.example"}
    assert of(public_url="https://siaga.example:8443/x") == {"siaga.example"}


def test_whom_to_tell_of_a_weakness(tmp_path):
    settings = settings_for(
        tmp_path, security_contact="mailto:keamanan@siaga.example", public_url="https://testserver"
    )
    text = TestClient(create_app(settings)).get("/.well-known/security.txt").text
    assert "Contact: mailto:keamanan@siaga.example\n" in text
    assert "Canonical: https://testserver/.well-known/security.txt\n" in text
    expires = re.search(r"^Expires: (.*)$", text, re.MULTILINE)
    assert expires is not None
    until = datetime.fromisoformat(expires[1]) - datetime.now(UTC)
    assert timedelta(days=30) < until < timedelta(days=365)
    none = TestClient(create_app(settings_for(tmp_path)))
    assert none.get("/.well-known/security.txt").status_code == 404
    with pytest.raises(ValidationError, match="mailto"):
        settings_for(tmp_path, security_contact="security@siaga.example")


def test_streams_of_an_agency_are_bounded_beside_those_of_each_reader():
    streams = Streams(10, 4)

    def reader(name: str, agency: str) -> Actor:
        return Actor(ActorKind.OFFICER, name, name, agency)

    def held(*readers: Actor) -> int:
        places = [streams.place(each) for each in readers]
        taken = 0
        try:
            for place in places:
                place.__enter__()
                taken += 1
        except TooManyStreams:
            pass
        for place in places[:taken]:
            place.__exit__(None, None, None)
        return taken

    assert held(*(reader(f"o{n}", "IMI") for n in range(8))) == 4
    assert held(*(reader(f"o{n}", f"A{n}") for n in range(12))) == 10
    assert held(*(reader("one", "IMI") for _ in range(8))) == 4
    assert streams.open == 0
    assert not streams._by_agency


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://testserver", 401),
        ("http://testserver", 403),
        ("https://testserver:8443", 403),
        ("null", 403),
    ],
)
def test_a_form_comes_from_this_origin_scheme_and_all(client, origin, status):
    browser = TestClient(client.app, base_url="https://testserver")
    browser.portal = client.portal
    browser.headers.update({"Accept": "text/html", "Accept-Language": "en"})
    page = browser.get("/sign-in").text
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token is not None
    typed = {"csrf": token[1], "login": "x", "password": "y", "next": "/", "held": "", "code": ""}
    answer = browser.post("/sign-in", data=typed, headers={"Origin": origin})
    assert answer.status_code == status
    assert all("__Host-" in cookie for cookie in browser.cookies)
    assert state_of(client.app).settings.cookie_secure


def test_a_quoted_cookie_takes_the_management_port_no_time_either(client):
    cookie = 'a="' + "\\" * 60_000 + '"'
    port, began = management(client), time.process_time()
    assert port.get("/healthz", headers={"Cookie": cookie}).is_success
    assert time.process_time() - began < 1.0
