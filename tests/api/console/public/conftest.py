"""The public form's application, over records that an ordinary service works on, too."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.console.public.app import create_public
from api.console.public.state import PublicState
from api.console.public.tokens import LEAST_S, FormTokens
from tests.api.conftest import settings_for
from tests.services import Desk

BASIS, PURPOSE = "UU 6/2011, Pasal 68", "Pengawasan orang asing"
PUBLIC: dict[str, object] = {
    "public_agency": "IMI",
    "public_legal_basis": BASIS,
    "public_purpose": PURPOSE,
    "keep_reporters_days": 90,
}
ADDRESS = "http://localhost"


class Ticks:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def settings() -> dict[str, object]:
    """More settings of the form: a module of tests names its own."""
    return {}


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def public(
    tmp_path: Path, desk: Desk, ticks: Ticks, settings: dict[str, object]
) -> Iterator[TestClient]:
    """A member of the public, whose browser asks for English."""
    desk.agency("IMI")
    app = create_public(settings_for(tmp_path, **PUBLIC, **settings), desk.service)
    state: PublicState = app.state.siaga
    state.tokens = FormTokens(bytes(32), ticks)
    with TestClient(app, base_url=ADDRESS, raise_server_exceptions=False) as client:
        client.headers.update({"Accept": "text/html", "Accept-Language": "en"})
        yield client


@pytest.fixture
def token(ticks: Ticks) -> Callable[[], str]:
    """Make the token of a page that somebody has read."""

    def make() -> str:
        made = FormTokens(bytes(32), ticks).make()
        ticks.now += LEAST_S + 1
        return made

    return make


def reference_in(text: str) -> str:
    """Return the reference that a receipt shows."""
    found = re.search(r'class="reference"><strong>(\w{4}-\w{4})<', text)
    assert found is not None, text
    return found[1]
