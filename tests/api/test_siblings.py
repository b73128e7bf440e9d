"""One question, asked for two lists of an agency: no channel shows the first opinion on it.

The same scene is played once for each opinion, and whatever the second officer, a port system, an
auditor or a webhook is given afterwards must be the same. Every route that reads is walked, of the
interface and of the console, so that a new one is looked at from the day it is written.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from api import cookies
from api.app import create_app
from api.state import state_of
from api.v1.webhooks.schemas import render
from casework.accounts.api_keys import NewKey
from casework.accounts.sign_in import Credentials
from casework.kernel.vocabulary import AlertState, Disposal, Opinion, Role, Scope, SessionKind
from casework.webhooks.webhooks import NewWebhook, reader
from tests.api.conftest import settings_for, signed_in, wait_until_ready
from tests.contract import addresses
from tests.pdf import pages_of
from tests.services import OPERATOR, PASSWORD, Desk, FakeClock, open_service

EVERYTHING = (Role.OFFICER, Role.SUPERVISOR, Role.ANALYST, Role.AUDITOR)
REASONS = {"opinion": "inconclusive", "reasons": ["other"], "note": "as it is"}
ASKED = {"since": "2026-02-01", "until": "2026-04-01", "purpose": "a question of this person"}

# Ids and secrets are random, and so are times of work.
RANDOM = (
    (r"\b([a-z]{2,3})_[0-9A-Z]{26}\b", r"\1_"),
    (r"\b[0-9A-Z]{26}\b", ""),
    (r"\b[0-9a-f]{32,128}\b", ""),
    (r'"stages_ms":\{[^}]*\}', ""),
    (r"(?m)^(# .*|siaga_(?!watchlist).*)$", ""),
    (r'name="csrf" value="[^"]*"', ""),
)


@dataclass
class Scene:
    """An application with an alert of one face on two lists, and a first opinion on one."""

    client: TestClient
    desk: Desk
    ids: Mapping[str, str]
    boss: Mapping[str, str]
    port: Mapping[str, str]

    def given(self) -> dict[str, str]:
        """Everything that anybody but the first officer is given."""
        return {plain(name): plain(text) for name, text in self.channels()}

    @property
    def routes(self) -> dict[str, Any]:
        """The paths of the document."""
        document: dict[str, Any] = self.client.app.openapi()  # type: ignore[attr-defined]
        paths: dict[str, Any] = document["paths"]
        return paths

    def channels(self) -> Iterator[tuple[str, str]]:
        for route in self.routes:
            yield from self.read(route)
        for state in AlertState:
            found = self.client.get("/v1/alerts", params={"state": state}, headers=self.boss)
            yield (
                f"filter {state}",
                str([each["id"] == self.ids["alert_id"] for each in found.json()["items"]]),
            )
        yield from self.console()
        yield from self.told()
        yield from self.acts()

    def read(self, route: str) -> Iterator[tuple[str, str]]:
        """A route of the interface, as the second officer and as the port system."""
        methods = self.routes[route]
        if "get" not in methods or route.endswith("/stream"):
            return
        if set(re.findall(r"\{(\w+)\}", route)) - set(self.ids):
            return  # of something that this scene does not have
        takes = {each["name"] for each in methods["get"].get("parameters", ())}
        params = {name: value for name, value in ASKED.items() if name in takes}
        for name, headers in (("boss", self.boss), ("port", self.port)):
            for which in ("alert_id", "sibling_id"):
                address = route.format(**{**self.ids, "alert_id": self.ids[which]})
                answer = self.client.get(address, headers=headers, params=params)
                yield f"{name} {route} {which}", f"{answer.status_code} {answer.text}"

    def console(self) -> Iterator[tuple[str, str]]:
        """Every page that the second officer may open."""
        browser = TestClient(self.client.app, base_url="https://testserver")
        browser.portal = self.client.portal
        signed = self.desk.service.accounts.sessions.sign_in(
            Credentials("imi.boss", PASSWORD), SessionKind.CONSOLE
        )
        browser.cookies.set(cookies.name_of(cookies.SESSION, secure=True), signed.text)
        for path in console_pages():
            if set(re.findall(r"\{(\w+)", path)) - set(self.ids) or "events" in path:
                continue
            for name in ("alert_id", "sibling_id"):
                address = path.format(**{**self.ids, "alert_id": self.ids[name]})
                answer = browser.get(address, params={"days": "365"}, follow_redirects=False)
                yield f"page {path} {name}", f"{answer.status_code} {said_by(answer)}"
        browser.close()

    def told(self) -> Iterator[tuple[str, str]]:
        """The stream, and an agency's webhook."""
        feed = self.desk.service.exchange.feed
        webhooks = self.desk.service.exchange.webhooks
        new = NewWebhook("https://127.0.0.1:9/siaga", frozenset(), "", self.desk.agency())
        row, _ = webhooks.create(OPERATOR, new)
        for each in feed.after(reader(row), 0).events:
            yield (
                f"event {each.kind} {each.object_id == self.ids['alert_id']}",
                render(each, reader(row), practice=False).decode(),
            )

    def acts(self) -> Iterator[tuple[str, str]]:
        """What everything but the second opinion is answered."""
        bodies = [("acknowledge", None), ("decide", REASONS)]
        bodies += [("close", {"disposal": end, "note": "x"}) for end in Disposal]
        receiver = {
            "receiver_id": self.desk.agency("POL"),
            "note": "x",
            "due_at": "2027-01-01",
            "fields": [],
        }
        for act, body in [*bodies, ("refer", receiver)]:
            for which in ("alert_id", "sibling_id"):
                address = f"/v1/alerts/{self.ids[which]}/{act}"
                answer = self.client.post(address, json=body, headers=self.boss)
                assert answer.is_error, (act, body)
                yield f"{act} {body} {which}", answer.text


def console_pages() -> list[str]:
    """The addresses that show something and are no route of the interface."""
    routes = (line.split() for line in addresses.picture())
    return [path for path, method in routes if method == "GET" and not path.startswith("/v1")]


def said_by(answer: httpx2.Response) -> str:
    """Return what an answer says; of a PDF the words, as how it is packed follows its ids."""
    if answer.headers.get("content-type") == "application/pdf":
        return " ".join(pages_of(answer.content))
    return answer.text


def difference(one: str, other: str) -> str:
    """Return where two texts begin to differ."""
    place = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    return f"{one[max(0, place - 80) : place + 40]!r} {other[max(0, place - 20) : place + 40]!r}"


def plain(text: str) -> str:
    for pattern, into in RANDOM:
        text = re.sub(pattern, into, text)
    return text


def played(folder: Path, opinion: Opinion) -> tuple[dict[str, str], str]:
    """Play the scene; returns what others are given, and what the first officer is."""
    clock = FakeClock()
    folder.mkdir()
    app = create_app(
        settings_for(folder),
        lambda _: open_service(folder / "siaga.db", clock, private_targets=True),
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        wait_until_ready(client)
        desk = Desk(state_of(app).opened, clock)
        quick = desk.watchlist("quick", requires_acknowledgement=False)
        strict = desk.watchlist("strict", requires_second_officer=True)
        subject = desk.enrol(1, quick, strict)
        first = signed_in(desk, Role.OFFICER, login="imi.first")
        boss = signed_in(desk, *EVERYTHING, login="imi.boss")
        new = NewKey("port", frozenset({Scope.SCREEN}), None, desk.agency())
        record, text = desk.service.accounts.keys.create(OPERATOR, new)
        del record
        port = {"Authorization": f"Bearer {text}"}
        key = desk.service.accounts.keys.recognise(text)
        encounter = desk.screen(1, key=key).encounter
        by_list = {each.watchlist_id: each.id for each in encounter.alerts}
        # The sibling on the list without rules is the one that is decided.
        client.post(f"/v1/alerts/{by_list[quick]}/acknowledge", headers=first)
        body = {"opinion": opinion, "reasons": ["poor_probe"], "note": "the left ear"}
        decided = client.post(f"/v1/alerts/{by_list[quick]}/decide", json=body, headers=first)
        assert decided.status_code == 200, decided.text
        ids = {
            "alert_id": by_list[quick],
            "sibling_id": by_list[strict],
            "subject_id": subject,
            "watchlist_id": quick,
            "encounter_id": encounter.id,
            "agency_id": desk.agency(),
        }
        scene = Scene(client, desk, ids, boss, port)
        own = client.get(f"/v1/alerts/{by_list[strict]}", headers=first).json()["state"]
        return scene.given(), own


TWO_OR_ALL = (
    (Opinion.POTENTIAL_CANDIDATE, Opinion.NOT_CANDIDATE),
    pytest.param(tuple(Opinion), marks=pytest.mark.more),
)
"""Opinions that nobody may tell from one another; each is a scene of ten seconds."""


@pytest.mark.parametrize("opinions", TWO_OR_ALL, ids=["two", "all"])
def test_no_channel_shows_the_first_opinion_on_a_sibling(opinions, tmp_path):
    seen = {}
    for opinion in opinions:
        given, own = played(tmp_path / opinion, opinion)
        assert own == opinion  # one act decides both, and who gave it sees it
        seen[opinion] = given
    first, *others = seen.values()
    assert len(first) > 100
    for other in others:
        assert other.keys() == first.keys()
        differing = [name for name in first if first[name] != other[name]]
        assert not differing, "\n".join(difference(first[n], other[n]) for n in differing)
    assert first["boss /v1/alerts/{alert_id} alert_id"].count('"under_review"') >= 2
    assert first["page /alerts/{alert_id} sibling_id"].startswith("200")
    assert first["boss /v1/audit alert_id"].startswith("200")
