"""A browser without JavaScript, as far as the console can tell."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from casework.accounts.officers import NewOfficer
from casework.accounts.sign_in import Credentials
from casework.kernel.vocabulary import Role, SessionKind
from tests.services import OPERATOR, PASSWORD, Desk

HERE = "https://testserver"


@dataclass(slots=True)
class Browser:
    """Asks for pages, and sends their forms back as a browser would."""

    client: TestClient
    page: httpx2.Response | None = field(default=None)

    @property
    def text(self) -> str:
        """What the page says, without tags."""
        assert self.page is not None
        plain = re.sub(r"<(script|style).*?</\1>", " ", self.page.text, flags=re.DOTALL)
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", plain)))

    @property
    def path(self) -> str:
        """Where the browser is."""
        assert self.page is not None
        return self.page.url.raw_path.decode()

    def open(self, address: str, **headers: str) -> httpx2.Response:
        """Go to a page."""
        self.page = self.client.get(address, headers=headers)
        return self.page

    def send(
        self, action: str, *, files: dict[str, bytes] | None = None, **fields: Any
    ) -> httpx2.Response:
        """Send the form of the page that goes to `action`, with these fields besides its hidden."""
        assert self.page is not None
        form = re.search(
            rf'<form[^>]*action="{re.escape(action)}".*?</form>', self.page.text, re.DOTALL
        )
        assert form is not None, f"no form goes to {action}"
        data: dict[str, Any] = {}
        for tag in re.findall(r'<input type="hidden"[^>]*>', form[0]):
            name, value = (re.search(rf'{a}="([^"]*)"', tag) for a in ("name", "value"))
            assert name is not None
            data[name[1]] = unescape(value[1]) if value is not None else ""
        origin = {"Origin": HERE, "Sec-Fetch-Site": "same-origin", "Referer": str(self.page.url)}
        self.page = self.client.post(action, data=data | fields, files=files, headers=origin)
        return self.page

    def send_here(self, files: Any = None, **fields: Any) -> httpx2.Response:
        """Send the page's own form: the one without an address, with these fields and files."""
        assert self.page is not None
        address = self.page.url.path
        data = {"csrf": self.hidden("csrf")} | fields
        if 'name="version"' in self.page.text:
            data["version"] = self.hidden("version")
        origin = {"Origin": HERE, "Sec-Fetch-Site": "same-origin", "Referer": str(self.page.url)}
        self.page = self.client.post(address, data=data, files=files, headers=origin)
        return self.page

    def hidden(self, name: str) -> str:
        """Return the value of a hidden field of the page."""
        assert self.page is not None
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page.text)
        assert found is not None, f"the page has no field {name}"
        return unescape(found[1])

    def sign_in(self, login: str, password: str = PASSWORD) -> httpx2.Response:
        """Sign in through the page."""
        self.open("/sign-in")
        return self.send("/sign-in", login=login, password=password)


@pytest.fixture
def browser(client: TestClient) -> Iterator[Callable[[], Browser]]:
    """Open one more browser, with cookies of its own; it reads English."""
    opened = []

    def make() -> Browser:
        other = TestClient(client.app, base_url=HERE, raise_server_exceptions=False)
        other.portal = client.portal
        other.headers.update({"Accept": "text/html,*/*;q=0.8", "Accept-Language": "en"})
        opened.append(other)
        return Browser(other)

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def staff(desk: Desk) -> Callable[..., str]:
    """Make an officer who reads English and has chosen a password; returns the id."""

    def make(login: str, *roles: Role, agency: str = "IMI", language: str = "en") -> str:
        records = desk.service
        new = NewOfficer(desk.agency(agency), login, f"Name of {login}", frozenset(roles), language)
        row, first = records.accounts.officers.create(OPERATOR, new)
        assert first is not None
        session = records.accounts.sessions.sign_in(Credentials(login, first), SessionKind.PROGRAM)
        records.accounts.account.change_password(session.actor, first, PASSWORD)
        return row.id

    return make


@pytest.fixture
def signed_in(browser: Callable[[], Browser], staff: Callable[..., str]) -> Callable[..., Browser]:
    """Make an officer and open a browser that is signed in."""

    def make(login: str, *roles: Role, **how: str) -> Browser:
        staff(login, *roles, **how)
        opened = browser()
        assert opened.sign_in(login).status_code == 200
        return opened

    return make
