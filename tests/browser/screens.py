"""Every screen of the console, each with who sees it and how it is come to."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI
from playwright.sync_api import FilePayload, Page
from starlette.routing import Match

from tests.browser.photos import faces_shown
from tests.browser.scene import enter
from tests.fakes import photo_of
from tests.services import PASSWORD

_PHOTO: Final[FilePayload] = {
    "name": "a.jpg",
    "mimeType": "image/jpeg",
    "buffer": photo_of(1),
}


GUESTS: Final[FilePayload] = {
    "name": "guests.csv",
    "mimeType": "text/csv",
    "buffer": b"lodging,lodging_name,document_name,document_nationality,"
    b"document_number,checked_in\n"
    b"HTL-0042,Hotel Melati,ROE RICHARD,AUS,N7654321,2026-03-01\n"
    b"HTL-0042,Hotel Melati,SUKARNO AHMAD,IDN,X1234567,2026-03-01\n",
}


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen."""

    name: str
    login: str
    """Who sees it; nobody, if empty."""
    address: str
    """With names of the scene's ids in braces."""
    act: Callable[[Page], object] | None = None
    """What is done there to come to the screen."""
    status: int = 200
    """Of the answer to the address."""

    def show(self, page: Page, ids: Mapping[str, str]) -> None:
        """Go there."""
        answer = page.goto(self.address.format_map(ids))
        assert answer is not None
        assert answer.status == self.status, f"{self.name}: {answer.status}"
        if self.act is not None:
            self.act(page)
        page.wait_for_load_state("load")


def _compare(page: Page) -> None:
    for field in page.locator("main input[type=file]").all():
        field.set_input_files(_PHOTO)
    page.locator("main form button.primary:visible").click()
    faces_shown(page)


def _send_guests(page: Page) -> None:
    """Send a file of two guests, of whom one is refused."""
    page.locator("input[type=file]").set_input_files(GUESTS)
    page.locator("main form button.primary").click()
    page.locator(".notice.good[data-focus]").wait_for()


def _half_an_opinion(page: Page) -> None:
    """Send a form that lacks its reasons."""
    page.locator("[name=opinion]").first.check()
    for usual in page.locator("[name=reasons]:checked").all():
        usual.uncheck()
    page.locator("#note").fill("Half typed")
    page.locator("form.finding button.primary").click()
    page.locator(".notice.bad[data-focus]").wait_for()


def _half_a_closing(page: Page) -> None:
    """Close a case that ran without an outcome."""
    page.locator("details:has(#summary) > summary").click()
    page.locator("#summary").fill("Half typed")
    page.locator("form[action$='/close'] button.primary").click()
    page.locator(".notice.bad[data-focus]").wait_for()


SCREENS: Final = (
    Screen("sign-in", "", "/sign-in"),
    Screen("sign-in-code", "", "/sign-in", lambda page: enter(page, "tuti")),
    Screen("sign-in-refused", "", "/sign-in", lambda page: enter(page, "siti", "wrong")),
    Screen("queue", "siti", "/alerts"),
    Screen("queue-empty", "siti", "/alerts?port=SUB"),
    Screen("alert-new", "siti", "/alerts/{new}"),
    Screen("alert-keys", "siti", "/alerts/{new}", lambda page: page.keyboard.press("?")),
    Screen("alert-taken", "siti", "/alerts/{taken}"),
    Screen("alert-incomplete", "siti", "/alerts/{taken}", _half_an_opinion),
    Screen("alert-blind-second", "budi", "/alerts/{decided}"),
    Screen("alert-settled", "budi", "/alerts/{settled}"),
    Screen("alert-refer", "budi", "/alerts/{settled}/refer"),
    Screen("alert-referred", "budi", "/alerts/{referred}"),
    Screen("alert-closed", "budi", "/alerts/{closed}"),
    Screen("alert-correct", "budi", "/alerts/{closed}/correct"),
    Screen("known-lookalike", "budi", "/alerts/{closed}/known-lookalike"),
    Screen("alert-report", "budi", "/alerts/{closed}/report"),
    Screen("search", "siti", "/search"),
    Screen("search-found", "siti", "/searches/{search}"),
    Screen("compare", "siti", "/compare"),
    Screen("compare-done", "siti", "/compare", _compare),
    Screen("tips", "siti", "/tips"),
    Screen("tip-new", "siti", "/tips/new"),
    Screen("tip", "siti", "/tips/{tip}"),
    Screen("tip-source-erase", "budi", "/tips/{tip}/source/erase"),
    Screen("tip-refer", "siti", "/tips/{tip}/refer"),
    Screen("tip-enrol", "lina", "/tips/{tip}/enrol"),
    Screen("stays", "siti", "/stays"),
    Screen("stay-new", "siti", "/stays/new"),
    Screen("stay-file", "siti", "/stays/file", _send_guests),
    Screen("stay", "siti", "/stays/{stay}"),
    Screen("processing", "budi", "/processing"),
    Screen("referrals", "budi", "/referrals"),
    Screen("referrals-sent", "budi", "/referrals?box=out"),
    Screen("referral", "budi", "/referrals/{referral}"),
    Screen("cases", "budi", "/cases"),
    Screen("case-new", "budi", "/cases/new"),
    Screen("case", "budi", "/cases/{case}"),
    Screen("case-refused", "budi", "/cases/{case}", _half_a_closing),
    Screen("case-of-others", "agus", "/cases/{case}"),
    Screen("case-invitation", "agus", "/cases/{invitation}"),
    Screen("case-closed", "budi", "/cases/{ended}"),
    Screen("case-choose", "siti", "/cases/add/tip/{tip}"),
    Screen("case-give", "siti", "/cases/add/tip/{tip}?case={case}"),
    Screen("presets", "budi", "/referrals/presets"),
    Screen("preset-new", "budi", "/referrals/presets/new"),
    Screen("preset-edit", "budi", "/referrals/presets/{preset}/edit"),
    Screen("map", "budi", "/map?period=2026-03"),
    Screen("map-all", "kris", "/totals/map"),
    Screen("map-province", "budi", "/map?period=2026-03&within=36"),
    Screen("guide", "budi", "/help"),
    Screen("guide-page", "budi", "/help/supervisor"),
    Screen("teams", "kris", "/teams"),
    Screen("team-new", "kris", "/teams/new"),
    Screen("team-edit", "kris", "/teams/{team}/edit"),
    Screen("offices", "hadi", "/teams/offices"),
    Screen("office-new", "hadi", "/teams/offices/new"),
    Screen("office-edit", "hadi", "/teams/offices/{office}/edit"),
    Screen("areas", "hadi", "/teams/areas"),
    Screen("areas-regency", "siti", "/teams/areas?in=21.71"),
    Screen("duty", "budi", "/duty"),
    Screen("duty-new", "budi", "/duty/new"),
    Screen("duty-edit", "budi", "/duty/{shift}/edit"),
    Screen("watchlists", "lina", "/watchlists"),
    Screen("watchlist", "lina", "/watchlists/{list}"),
    Screen("watchlist-new", "lina", "/watchlists/new"),
    Screen("watchlist-edit", "lina", "/watchlists/{list}/edit"),
    Screen("imports", "lina", "/imports"),
    Screen("import-new", "lina", "/watchlists/{list}/import"),
    Screen("import", "lina", "/imports/{import}"),
    Screen("subjects", "lina", "/subjects"),
    Screen("subject", "lina", "/subjects/{subject}"),
    Screen("subject-new", "lina", "/subjects/new"),
    Screen("subject-edit", "lina", "/subjects/{subject}/edit"),
    Screen("subject-erase", "lina", "/subjects/{subject}/erase"),
    Screen("merge", "lina", "/subjects/{subject}/merge"),
    Screen("watchlist-off", "lina", "/watchlists/{list}/off"),
    Screen("import-cancel", "lina", "/imports/{import}/cancel"),
    Screen("watchlist-remove", "lina", "/watchlists/{list}/remove"),
    Screen("officer-reset", "hadi", "/administration/officers/{officer}/reset"),
    Screen("officer-off", "hadi", "/administration/officers/{officer}/off"),
    Screen("founding-end", "hadi", "/approvals/founded"),
    Screen("agency-off", "hadi", "/administration/agencies/{agency}/off"),
    Screen("key-rotate", "hadi", "/administration/keys/{key}/rotate"),
    Screen("key-revoke", "hadi", "/administration/keys/{key}/revoke"),
    Screen("webhook-off", "hadi", "/administration/webhooks/{webhook}/off"),
    Screen("webhook-rotate", "hadi", "/administration/webhooks/{webhook}/rotate"),
    Screen("webhook-remove", "hadi", "/administration/webhooks/{webhook}/remove"),
    Screen("due", "lina", "/subjects/due"),
    Screen("objections", "budi", "/subjects/{subject}/objections"),
    Screen("residence-new", "siti", "/subjects/{subject}/residences"),
    Screen("residence", "siti", "/residences/{residence}"),
    Screen("residence-remove", "siti", "/residences/{residence}/remove"),
    Screen("overstays", "siti", "/overstays"),
    Screen("overstays-others", "siti", "/overstays/others"),
    Screen("overstay-other", "siti", "/overstays/others/{permit}"),
    Screen("subject-history", "lina", "/subjects/{subject}/history"),
    Screen("overview", "budi", "/overview"),
    Screen("totals", "kris", "/totals"),
    Screen("reports", "budi", "/reports?rows=port&columns=hour&period={month}"),
    Screen("reports-all", "kris", "/reports/all"),
    Screen("monthly", "budi", "/reports/monthly"),
    Screen("monthly-all", "kris", "/reports/all/monthly"),
    Screen("audit", "audi", "/audit"),
    Screen("looks", "audi", "/subjects/{subject}/looks"),
    Screen("approvals", "agus", "/approvals"),
    Screen("approval", "agus", "/approvals/{approval}"),
    Screen("approval-asked", "hadi", "/approvals/{approval}"),
    Screen("officers", "hadi", "/administration/officers"),
    Screen("agencies", "hadi", "/administration/agencies"),
    Screen("codes", "hadi", "/administration/codes"),
    Screen("code-new", "hadi", "/administration/codes/categories/new"),
    Screen("outcome-new", "hadi", "/administration/codes/outcomes/new"),
    Screen("code-edit", "hadi", "/administration/codes/categories/tangkal"),
    Screen("code-off", "hadi", "/administration/codes/outcomes/deported/off"),
    Screen("code-remove", "hadi", "/administration/codes/outcomes/deported/remove"),
    Screen("keys", "hadi", "/administration/keys"),
    Screen("webhooks", "hadi", "/administration/webhooks"),
    Screen("webhook", "hadi", "/administration/webhooks/{webhook}"),
    Screen("account", "siti", "/account"),
    Screen("not-found", "siti", "/alerts/alr_01ARZ3NDEKTSV4RRFFQ69G5FAV", status=404),
    Screen("not-permitted", "siti", "/audit", status=403),
)

# What is asked for by pages, and shows none of its own.
_PARTS: Final = re.compile(
    r"^/(static/|openapi|$)|/photos?\b|/probe|/enrolled|/(events|session|export|faults\.csv|file)$"
)
# Where an answer to a form is asked for again: sends on to a screen.
_BACK: Final = re.compile(
    r"/(take|decide|confirm|close|step|source|search|dismiss)$|\{(form:path|step)\}$"
    r"/(take|decide|confirm|close|step|source|search|dismiss|check-out)$|\{form:path\}$"
)


def unshown(app: FastAPI, ids: Mapping[str, str], screens: Iterable[Screen]) -> set[str]:
    """Return the console's pages that none of the screens shows."""
    routes = [
        route
        for route in app.routes
        if "GET" in (getattr(route, "methods", None) or ())
        and not getattr(route, "include_in_schema", True)
    ]
    pages = {
        path
        for path in (getattr(route, "path", "") for route in routes)
        if path == "/search" or not (_PARTS.search(path) or _BACK.search(path))
    }
    for screen in screens:
        address = screen.address.format_map(ids).partition("?")[0]
        scope = {"type": "http", "method": "GET", "path": address, "root_path": ""}
        matching = (each for each in routes if each.matches(scope)[0] is Match.FULL)
        pages.discard(getattr(next(matching, None), "path", ""))
    return pages


def enter_as(page: Page, login: str, password: str = PASSWORD) -> None:
    """Sign in, if anybody is to be."""
    if login:
        enter(page, login, password)
