"""A member of the public reports and asks again, in both languages, and an officer sorts it."""

import re
import threading
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, Page, expect

from api.console.public.app import create_public
from api.console.public.state import PublicState
from api.console.public.tokens import FormTokens
from api.server import make_server
from casework.kernel.vocabulary import Role
from cli.background import free_port
from tests.api.conftest import settings_for
from tests.api.console.public.conftest import PUBLIC
from tests.browser.conftest import LOCALES
from tests.browser.installation import WAIT_S
from tests.browser.scene import enter
from tests.browser.test_accessibility import serious
from tests.browser.test_layout import CUT, PHONE, TWICE
from tests.deadlines import wait_until
from tests.fakes import photo_of
from tests.services import OPERATOR

_AXE = Axe().axe_script
TEXT = "Seorang pria dengan tas merah tidur di gudang belakang pelabuhan."
REFERENCE = re.compile(r"^\w{4}-\w{4}$")


@pytest.fixture
def form(site) -> Iterator[str]:
    """The public form beside the service, on its data; returns its address."""
    desk = site.at_hand
    desk.agency("IMI")
    content = b"code,name\n73.71,Kota Contoh\n73.71.01,Kecamatan Satu\n"
    desk.service.areas.areas.take(OPERATOR, content)
    settings = settings_for(site.folder, cookie_secure=False, port=free_port(), **PUBLIC)
    app = create_public(settings, desk.service)
    state: PublicState = app.state.siaga
    ticks = iter(range(10**6, 10**7, 60))  # a minute passes whenever somebody looks
    state.tokens = FormTokens(bytes(32), lambda: next(ticks))
    server = make_server(app, settings)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, WAIT_S)
    yield f"http://127.0.0.1:{settings.port}"
    server.should_exit = True
    thread.join()


def faults(page: Page) -> list[str]:
    page.evaluate(_AXE)
    found: list[str] = serious(page, {"resultTypes": ["violations"]})
    return found


def reported(page: Page, address: str) -> str:
    """Report something as a member of the public does; returns the reference."""
    page.goto(f"{address}/report")
    assert faults(page) == []
    page.locator("#province").select_option("73")
    page.locator("main button.primary").click()
    page.locator("#text").fill(TEXT)
    page.locator("#area").select_option("73.71.01")
    page.locator("#name").fill("Ani Rahasia")
    photo: FilePayload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo_of(1)}
    page.locator("#photo").set_input_files(photo)
    assert faults(page) == []
    page.locator("main button.primary").click()
    shown = page.locator(".reference strong")
    expect(shown).to_have_text(REFERENCE)
    assert faults(page) == []
    return shown.inner_text()


@pytest.mark.parametrize(
    ("language", "received", "ended"),
    [("en", "was received", "has ended"), ("id", "telah diterima", "telah selesai")],
)
def test_from_a_report_to_its_end(site, window, form, language, received, ended):
    site.officer("siti", Role.OFFICER, name="Siti")
    public = window(locale=LOCALES[language], base_url=form)
    reference = reported(public, form)
    expect(public.locator("html")).to_have_attribute("lang", language)

    def asked() -> str:
        public.goto(f"{form}/report/status")
        public.locator("#reference").fill(reference.lower())
        public.locator("main button.primary").click()
        said: str = public.locator(".notice").inner_text()
        return said

    assert received in asked()
    officer = window()
    enter(officer, "siti")
    officer.goto(f"/tips?reference={reference}")
    officer.get_by_role("link", name=reference).click()
    expect(officer.locator(".said")).to_have_text(TEXT)
    officer.locator("#priority").select_option("high")
    officer.locator("#assigned_to").select_option(label="Siti")
    officer.get_by_role("button", name="Save").click()
    expect(officer.locator("#priority")).to_have_value("high")
    officer.locator("[name=reason]").fill("Looked at: nobody there.")
    officer.get_by_role("button", name="Dismiss the tip").click()
    expect(officer.locator("blockquote")).to_have_text("Looked at: nobody there.")
    assert ended in asked()
    assert "nobody there" not in public.content()
    assert public.context.cookies(form) == []


def test_no_page_of_the_form_is_cut(window, form):
    for locale in LOCALES.values():
        for size in (PHONE, TWICE):
            public = window(locale=locale, base_url=form, viewport=size)
            for path in ("/report", "/report?province=73", "/report/status", "/report/nothing"):
                public.goto(f"{form}{path}")
                assert public.evaluate(CUT) == [], (locale, size, path)
