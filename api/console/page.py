"""Requests for pages: by whom, in which language; the dependencies of every screen.

    Reader = Annotated[OfficerRequest, Depends(RequirePermission(Permission.READ_ALERT))]

    @router.get("/alerts/{alert_id}")
    def show(alert_id: str, visit: Reader) -> Response:
        return visit.page("alert.html", view=visit.service.review.alerts.get(visit.actor, alert_id))

Every change comes from one of our own forms: `RequirePermission` refuses any other before
the screen sees it, and hands the fields on as `visit.posted`.
"""

import asyncio
import re
import secrets
from dataclasses import dataclass, field
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api import cookies
from api.callers import CALLER
from api.console import labels, messages
from api.console.forms import SAFE_METHODS, FormData, csrf_token, read_verified
from api.console.i18n import DEFAULT_LANGUAGE, LANGUAGES, Locale, preferred
from api.console.navigation import MenuItem as MenuEntry
from api.console.navigation import current_of, menu_for
from api.console.templating import Console
from api.console.urls import safe_redirect
from api.problems import NotReady
from api.state import State, state_of
from casework.approvals.approvals import ApprovalNotice
from casework.calibration.policy import Policy
from casework.codes.lists import CodeLists, known
from casework.kernel.actor import Actor
from casework.kernel.audit.log import REFUSED, AuditEntry
from casework.kernel.errors import NotAuthenticated, NotPermitted
from casework.kernel.installation import PRACTICE_MARK
from casework.kernel.permissions import Permission, PermissionScope, extends_to, require, scope_of
from casework.kernel.vocabulary import Requirement, SessionKind
from casework.records import Records
from casework.referrals.referrals import ReferralsWaiting
from casework.service import Service
from casework.tables import Officer
from casework.watchlists.requirements import OF_ENTRIES

THEMES: Final = ("auto", "light", "dark")
UNDO: Final = "undo"
"""The part of an address that names the alert whose opinion was recorded."""
_ID: Final = re.compile(r"\w{1,64}", re.ASCII)
_VISITOR_BYTES: Final = 32
_SEE_OTHER: Final = 303


@dataclass(slots=True)
class PageRequest:
    """A request for a page, signed in or not."""

    request: Request
    console: Console
    speech: Locale
    secret: str
    """What this browser's forms are bound to: its session, or else its visitor's cookie."""
    posted: FormData = field(default_factory=FormData)
    _codes: CodeLists | None = field(default=None, init=False)

    @property
    def codes(self) -> CodeLists:
        """The code lists, read once for a page."""
        if self._codes is None:
            self._codes = self.service.lists.codes.now()
        return self._codes

    def read_codes_again(self) -> None:
        """Let the code lists be read again: a request that goes on for long outlives changes."""
        self._codes = None

    def category(self, code: str) -> str:
        """Return what a category is called in the reader's language."""
        return self.codes.category(code, self.speech.language)

    def required(self, category: str) -> str:
        """Return what a category requires of entries, in the reader's language."""
        requires = known(self.codes.categories, category).requires
        needed = [each for each in Requirement if each in requires & OF_ENTRIES]
        return ", ".join(self.speech(labels.of(each)) for each in needed)

    def outcome(self, code: str) -> str:
        """Return what an outcome is called in the reader's language."""
        return self.codes.outcome(code, self.speech.language)

    @property
    def state(self) -> State:
        """What the application holds."""
        return state_of(self.request.app)

    @property
    def practice_mark(self) -> str:
        """What marks every page of a practice installation; empty on a real one."""
        return PRACTICE_MARK if self.state.settings.practice else ""

    @property
    def service(self) -> Service:
        """The service; raises NotReady while it is starting."""
        return self.state.opened

    @property
    def request_id(self) -> str:
        """What this request is called in the log and on error pages."""
        found: str = self.request.scope["siaga.request_id"]
        return found

    @property
    def theme(self) -> str:
        """The theme this browser remembers."""
        kept = cookies.read(self.request, cookies.THEME) or ""
        return kept if kept in THEMES else THEMES[0]

    @property
    def here(self) -> str:
        """The address of this page, to come back to."""
        url = self.request.url
        return safe_redirect(url.path + (f"?{url.query}" if url.query else ""))

    @property
    def undo(self) -> str | None:
        """Where the opinion that has just been recorded can be taken back, for some seconds.

        It leads on by the filter and order of the queue that this page has.
        """
        asked = self.request.query_params
        alert_id = asked.get(UNDO, "")
        # It stands in a form that carries the session's proof: nothing but an id may.
        if asked.get("done") not in messages.OPINIONS or not _ID.fullmatch(alert_id):
            return None
        queue = [pair for pair in asked.multi_items() if pair[0] not in ("done", UNDO)]
        return f"/alerts/{alert_id}/withdraw" + (f"?{urlencode(queue)}" if queue else "")

    @property
    def actor_known(self) -> Actor | None:
        """The actor, if somebody is signed in."""
        return None

    @property
    def officer_known(self) -> Officer | None:
        """The officer's account, if somebody is signed in."""
        return None

    @property
    def tripped(self) -> list[Policy]:
        """The watchlists within reach whose breaker has tripped: every page says so."""
        return []

    @property
    def menu(self) -> list[MenuEntry]:
        """The menu's entries for the actor."""
        actor = self.actor_known
        return menu_for(actor, self.service.grounds) if actor is not None else []

    @property
    def menu_place(self) -> MenuEntry | None:
        """The menu's entry that this page belongs to."""
        return current_of(self.menu, self.request.url.path)

    @property
    def approval_notice(self) -> ApprovalNotice | None:
        """What every page shows of acts that take a second person, to those who read them."""
        return None

    @property
    def referrals_waiting(self) -> ReferralsWaiting | None:
        """What every page shows of referrals, to those who handle them."""
        return None

    def render(self, template: str, **values: Any) -> str:  # noqa: ANN401 - a template's own
        """Return a template's text; for parts of pages that are sent later."""
        found = self.console.template(template, self.speech.language)
        return found.render(visit=self, csrf=csrf_token(self.secret), **values)

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:  # noqa: ANN401
        """Answer with a page.

        Args:
            template: its name under `templates/`.
            status: HTTP status.
            values: the template's variables, in addition to `visit` and `csrf`.
        """
        # The log shows a name of `HTTPStatus` in place of its number.
        answer = HTMLResponse(self.render(template, **values), int(status))
        if _held(self.request) != self.secret:
            cookies.keep_visitor(answer, self.secret, secure=self.console.secure)
        return answer

    def go(self, address: str, *, done: str | None = None, **query: str) -> RedirectResponse:
        """Redirect the browser after a form, to a page that can be reloaded.

        Args:
            address: an address of the console.
            done: a code of `messages.NOTICES`, to be shown there.
            query: more of the address.
        """
        parameters = {**query, **({"done": done} if done is not None else {})}
        if parameters:
            address += ("&" if "?" in address else "?") + urlencode(parameters)
        return RedirectResponse(address, _SEE_OTHER)


@dataclass(slots=True)
class OfficerRequest(PageRequest):
    """A request for a page by an officer who is signed in and may see it."""

    actor: Actor = field(kw_only=True)
    officer: Officer = field(kw_only=True)

    @property
    def actor_known(self) -> Actor | None:
        """Who asks."""
        return self.actor

    @property
    def officer_known(self) -> Officer | None:
        """Their account."""
        return self.officer

    @property
    def tripped(self) -> list[Policy]:
        """The watchlists within reach whose breaker has tripped."""
        return [
            policy
            for policy in self.service.screening.matching.policies().values()
            if policy.tripped_at is not None
            and extends_to(
                self.actor, Permission.READ_WATCHLIST, policy.owner_id, policy.shared_with
            )
        ]

    @property
    def approval_notice(self) -> ApprovalNotice | None:
        """What every page shows of acts that take a second person, to those who read them."""
        return self.service.approvals.requests.notice(self.actor)

    @property
    def referrals_waiting(self) -> ReferralsWaiting | None:
        """What every page shows of referrals, to those who handle them."""
        return self.service.exchange.referrals.waiting(self.actor)

    def may(self, act: Permission) -> bool:
        """Whether the officer may do this to anything at all: what to offer on a page."""
        return scope_of(self.actor, act) is not PermissionScope.NOTHING


@dataclass(frozen=True, slots=True)
class RequirePermission:
    """A dependency that admits officers with a permission, visible in the screen's signature.

    It is the first of two checks: the use case behind the screen checks the object.
    """

    act: Permission
    counts_as_use: bool = True
    """Whether asking keeps the session alive; what pages ask by themselves must not."""

    async def __call__(self, request: Request) -> OfficerRequest:
        """Return the visit; a refusal goes into the audit trail.

        Raises:
            NotAuthenticated: nobody is signed in; answered with the way to the sign-in page.
            AccountIncomplete, NotPermitted: the officer may not, or not yet.
            Forged: a form that is not ours.
        """
        text = cookies.read(request, cookies.SESSION) or ""
        visit = _visit(request, text)
        records = visit.service
        actor, officer = await asyncio.to_thread(
            self._known, records, text, request.scope["siaga.request_id"]
        )
        request.scope[CALLER] = actor.id
        posted = (
            FormData() if request.method in SAFE_METHODS else await read_verified(request, text)
        )
        try:
            require(actor, self.act)
        except NotPermitted:
            entry = AuditEntry(actor, self.act, outcome=REFUSED)
            await asyncio.to_thread(records.kernel.audit.note, entry)
            raise
        speech = visit.console.speeches.get(officer.language, visit.speech)
        return OfficerRequest(
            request, visit.console, speech, text, posted, actor=actor, officer=officer
        )

    def _known(self, records: Records, text: str, request_id: str) -> tuple[Actor, Officer]:
        actor = records.accounts.sessions.recognise(
            text, used=self.counts_as_use, kind=SessionKind.CONSOLE
        ).asking(request_id)
        return actor, records.accounts.account.get(actor)


async def guest(request: Request) -> PageRequest:
    """Return the request of anybody; a form must still come from one of our pages."""
    visit = visit_of(request)
    if request.method not in SAFE_METHODS:
        visit.posted = await read_verified(request, _held(request))
    return visit


Guest = Annotated[PageRequest, Depends(guest)]
"""For the few pages that are open before sign-in."""


def visit_of(request: Request) -> PageRequest:
    """Return the request of anybody; the page's forms are bound to the browser's cookie."""
    return _visit(request, _held(request) or secrets.token_urlsafe(_VISITOR_BYTES))


def visit_of_anybody(request: Request) -> PageRequest:
    """Return the request of the officer who is signed in, or else of anybody.

    For pages that say why something cannot be shown: they keep the menu, and the way back. It reads
    the database.
    """
    text = cookies.read(request, cookies.SESSION) or ""
    visit = visit_of(request)
    try:
        records = visit.service
        actor = records.accounts.sessions.recognise(text, used=False, kind=SessionKind.CONSOLE)
    except (NotAuthenticated, NotReady):
        return visit
    if actor.incomplete is not None:
        return visit
    actor, officer = actor.asking(visit.request_id), records.accounts.account.get(actor)
    speech = visit.console.speeches.get(officer.language, visit.speech)
    return OfficerRequest(request, visit.console, speech, text, actor=actor, officer=officer)


def _held(request: Request) -> str:
    return cookies.read(request, cookies.SESSION) or (cookies.read(request, cookies.VISITOR) or "")


def _visit(request: Request, secret: str) -> PageRequest:
    console = state_of(request.app).console
    language = cookies.read(request, cookies.LANGUAGE) or ""
    if language not in LANGUAGES:
        accepted = request.headers.get("accept-language", "")
        language = preferred(accepted) if accepted else DEFAULT_LANGUAGE
    return PageRequest(request, console, console.speeches[language], secret)
