"""The administrator of the operating agency reads nothing of another agency's work.

A machine tries: it sends any request of the API and opens any page, in any order, with every id
that exists, with everything that it is handed on the way (keys, first passwords, sessions), and
with time passing. Whatever belongs to another agency has a name planted in it, and every answer is
searched for those.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlalchemy import select
from starlette.testclient import TestClient

from api import cookies
from api.app import create_app
from api.state import state_of
from casework.accounts.api_keys import NewKey
from casework.accounts.officers import NewOfficer
from casework.accounts.sign_in import Credentials
from casework.kernel.vocabulary import (
    AgencyKind,
    EventKind,
    Role,
    Scope,
    SessionKind,
    TipOrigin,
)
from casework.referrals.steps import Handover
from casework.screening.searches import SearchRequest
from casework.tables import AuditHead, Table
from casework.tips.reports import NewTip
from casework.watchlists.subjects import NewSubject
from casework.webhooks.webhooks import NewWebhook
from tests.api.authority_cases import CASES, Case, Params, Stage, numbers
from tests.api.conftest import settings_for, wait_until_ready
from tests.api.test_authority import PEOPLE, ROUTES
from tests.casework.referrals.scenes import FIELDS
from tests.fakes import photo_of
from tests.services import (
    OPERATOR,
    PASSWORD,
    Desk,
    FakeClock,
    officer,
    open_service,
    photo_file,
)

PLANTED: Final = "zzplanted"
WHY: Final = "a reason of my own"

# Of an id, its prefix says what it is the id of.
PARAMETERS: Final = {
    "agy": "agency_id",
    "alr": "alert_id",
    "apr": "approval_id",
    "cal": "calibration_id",
    "enc": "encounter_id",
    "imp": "import_id",
    "key": "key_id",
    "off": "officer_id",
    "pho": "photo_id",
    "ref": "referral_id",
    "sea": "search_id",
    "sub": "subject_id",
    "tip": "tip_id",
    "whk": "webhook_id",
    "wl": "watchlist_id",
}
_ID: Final = re.compile(rf"\b({'|'.join(PARAMETERS)})_[0-9A-HJKMNP-TV-Z]{{26}}\b")
PAGES: Final = sorted(
    address
    for method, address in (route.split() for route in ROUTES)
    if method == "GET"
    and not address.startswith(("/v1/", "/static/", "/openapi", "/favicon"))
    # These go on for ever.
    and not address.endswith("/events")
)


@dataclass(slots=True)
class Attack:
    """The application, what is planted in it, and what its attacker holds."""

    stage: Stage
    officer_id: str
    """The attacker's own account."""
    ids: dict[str, set[str]]
    """By parameter."""
    bearers: list[str] = field(default_factory=lambda: [""])
    """The attacker's own session, and every key and session that was handed out since."""
    page_session: str = ""
    logins: dict[str, str] = field(default_factory=dict)
    """First passwords that were handed out."""

    def enter(self) -> None:
        """Sign the attacker in: what the attacker did to their own account is no way out."""
        accounts = self.stage.desk.service.accounts
        accounts.officers.edit(OPERATOR, self.officer_id, {"active": True}, None)
        begun = {kind: accounts.sessions.begin_for(self.officer_id, kind) for kind in SessionKind}
        self.bearers[0] = begun[SessionKind.PROGRAM].text
        self.page_session = begun[SessionKind.CONSOLE].text

    def note(self, answer: Any) -> None:
        """Look for what is planted, and keep what can be used later."""
        shown = answer.text + str(answer.headers)
        assert PLANTED not in shown.lower(), f"{answer.request.url}: {shown[:2000]}"
        for found in _ID.finditer(shown):
            self.ids[PARAMETERS[found[1]]].add(found[0])
        kind = answer.headers.get("content-type", "")
        if not answer.content or not kind.startswith("application/json"):
            return
        body = answer.json()
        if isinstance(body, dict):
            self.bearers += [body[name] for name in ("key", "token") if body.get(name)]
            if body.get("first_password"):
                named = re.search(r"\(([\w.-]+)\)|account ([\w.-]+)", body.get("summary", ""))
                login = body.get("login") or (named and (named[1] or named[2])) or "nobody"
                self.logins[login] = body["first_password"]


def plant(desk: Desk) -> None:
    """Let an agency work, with a name in everything that it writes."""
    records, agency = desk.service, desk.agency("IMI")
    listed = desk.watchlist(f"{PLANTED} list", legal_basis=f"{PLANTED} decree")
    new = NewSubject(
        f"{PLANTED} subject",
        (listed,),
        f"{PLANTED}-1",
        aliases=[f"{PLANTED} alias"],
        reason=f"{PLANTED} reason",
        decision_number=f"{PLANTED} 7",
        documents=[{"kind": "passport", "number": f"{PLANTED}1", "country": "IDN"}],
    )
    records.enrolment.enrol(OPERATOR, new, [photo_file(1)])
    records.gallery.replica.catch_up()
    (alert,) = desk.screen(1, traveller_ref=f"{PLANTED} traveller").encounter.alerts
    first = officer(agency, Role.OFFICER, Role.ANALYST, name="first")
    records.review.decisions.acknowledge(first, alert.id)
    to = Handover(desk.agency("POL"), f"{PLANTED} note", desk.clock() + timedelta(days=2))
    records.exchange.referral_steps.refer_alert(first, alert.id, to, FIELDS)
    tip = NewTip(f"{PLANTED} tip", TipOrigin.PUBLIC, source=f"{PLANTED} source")
    records.tip_steps.record(first, tip, photo_of(3))
    search = SearchRequest(photo_of(1, brightness=0.9), f"{PLANTED} purpose")
    records.screening.searches.search(first, search)
    key = NewKey(f"{PLANTED} key", frozenset({Scope.ENROL}), None, agency)
    records.accounts.keys.create(OPERATOR, key)
    events = frozenset({EventKind.REFERRAL_CHANGED})
    hook = NewWebhook(f"https://127.0.0.1:9/{PLANTED}", events, f"{PLANTED} webhook", agency)
    records.exchange.webhooks.create(OPERATOR, hook)


def ids_of(desk: Desk) -> dict[str, set[str]]:
    """Every id that the database has, by parameter."""
    found: dict[str, set[str]] = {name: set() for name in PARAMETERS.values()}
    with desk.service.kernel.database.read() as session:
        for mapper in Table.registry.mappers:
            if "id" in mapper.columns and mapper.class_ is not AuditHead:
                for key in session.scalars(select(mapper.columns["id"])):
                    prefix = str(key).partition("_")[0]
                    if prefix in PARAMETERS:
                        found[PARAMETERS[prefix]].add(key)
    return found


def session_of(desk: Desk, agency: str, kind: SessionKind, *roles: Role) -> str:
    """Sign somebody new in; returns what they show."""
    accounts = desk.service.accounts
    login = f"{agency}.{'.'.join(roles)}.{kind}.{len(ids_of(desk)['officer_id'])}".lower()
    new = NewOfficer(desk.agency(agency), login, "Somebody", frozenset(roles))
    _, first = accounts.officers.create(OPERATOR, new)
    assert first is not None
    session = accounts.sessions.sign_in(Credentials(login, first), kind)
    accounts.account.change_password(session.actor, first, PASSWORD)
    return session.text


@pytest.fixture
def attack(tmp_path: Path) -> Iterator[Attack]:
    clock = FakeClock()
    made = settings_for(tmp_path, webhook_private_targets=True)
    app = create_app(
        made, lambda _: open_service(tmp_path / "siaga.db", clock, private_targets=True)
    )
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        wait_until_ready(client)
        desk = Desk(state_of(app).opened, clock)
        desk.agency("OPS", AgencyKind.OPERATOR)
        program = SessionKind.PROGRAM
        owner = session_of(desk, "IMI", program, Role.ADMIN, Role.SUPERVISOR)
        session_of(desk, "IMI", program, Role.ADMIN)
        session_of(desk, "OPS", program, Role.ADMIN)
        session_of(desk, "OPS", program, Role.ADMIN)  # ends the founding period
        plant(desk)
        shown = {"Authorization": f"Bearer {owner}"}
        stage = Stage(client, desk, shown, shown, numbers())
        accounts = desk.service.accounts.officers.page(OPERATOR, None, None)
        mine = next(each.id for each in accounts if each.login.startswith("ops.admin"))
        yield Attack(stage, mine, ids_of(desk))


def one_of(data: st.DataObject, known: Sequence[str]) -> str | None:
    """One of some; what is drawn does not depend on how many there are by now."""
    number = data.draw(st.integers(0, 9999))
    return known[number % len(known)] if known else None


class Insider(RuleBasedStateMachine):
    """What the administrator of the operating agency tries."""

    attack: Attack

    def __init__(self) -> None:
        super().__init__()
        self.attack.enter()

    @rule(case=st.sampled_from(CASES), data=st.data())
    def send(self, case: Case, data: st.DataObject) -> None:
        """Send any request, as any of those that can be acted as."""
        if case.route == "GET /v1/alerts/stream":
            return  # for whom it may be opened, it goes on for ever
        params = {name: self._one(data, name) for name in re.findall(r"\{(\w+)\}", case.path)}
        self._ask(data, case.method, case.path, params, case.send(self.attack.stage, params))

    @rule(
        data=st.data(),
        roles=st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True),
    )
    def make_an_account(self, data: st.DataObject, roles: list[Role]) -> None:
        body = {
            "agency_id": self._one(data, "agency_id"),
            "login": f"made.{next(self.attack.stage.numbers)}",
            "name": "Somebody",
            "roles": roles,
            "reason": WHY,
        }
        self._ask(data, "POST", "/v1/officers", {}, {"json": body})

    @rule(data=st.data(), roles=st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3))
    def grant(self, data: st.DataObject, roles: list[Role]) -> None:
        params = {"officer_id": self._one(data, "officer_id")}
        body = {"roles": roles, "active": True, "reason": WHY}
        self._ask(data, "PATCH", "/v1/officers/{officer_id}", params, {"json": body})

    @rule(data=st.data())
    def reset(self, data: st.DataObject) -> None:
        params = {"officer_id": self._one(data, "officer_id")}
        body = {"second_factor": True, "reason": WHY}
        self._ask(data, "POST", "/v1/officers/{officer_id}/reset", params, {"json": body})

    @rule(data=st.data(), scope=st.sampled_from(Scope))
    def make_a_key(self, data: st.DataObject, scope: Scope) -> None:
        body = {"name": "x", "scopes": [scope], "agency_id": self._one(data, "agency_id")}
        self._ask(data, "POST", "/v1/keys", {}, {"json": body})

    @rule(data=st.data(), of=st.sampled_from(["agency_id", "key_id"]))
    def register_a_webhook(self, data: st.DataObject, of: str) -> None:
        body = {"url": "https://127.0.0.1:9/mine", of: self._one(data, of)}
        self._ask(data, "POST", "/v1/webhooks", {}, {"json": body})

    @rule(data=st.data(), step=st.sampled_from(["accept", "refuse", "withdraw"]))
    def decide(self, data: st.DataObject, step: str) -> None:
        params = {"approval_id": self._one(data, "approval_id")}
        sent: dict[str, Any] = {"json": {}} if step == "refuse" else {}
        self._ask(data, "POST", f"/v1/approvals/{{approval_id}}/{step}", params, sent)

    @rule(hours=st.integers(1, 48))
    def wait(self, hours: int) -> None:
        """Let time pass, and what is due take effect."""
        self.attack.stage.desk.clock.advance(hours=hours)
        self.attack.stage.desk.service.approvals.requests.settle()
        self.attack.enter()

    @rule(data=st.data())
    def sign_in_with_what_was_handed_out(self, data: st.DataObject) -> None:
        login = one_of(data, sorted(self.attack.logins))
        if login is None:
            return
        first = self.attack.logins[login]
        client = self.attack.stage.client
        answer = client.post("/v1/sessions", json={"login": login, "password": first})
        self.attack.note(answer)
        if answer.status_code < 300:
            shown = {"Authorization": f"Bearer {answer.json()['token']}"}
            change = {"present": first, "new": PASSWORD}
            self.attack.note(client.post("/v1/me/password", headers=shown, json=change))

    @rule(page=st.sampled_from(PAGES), data=st.data())
    def open_a_page(self, page: str, data: st.DataObject) -> None:
        for name in re.findall(r"\{(\w+)\}", page):
            page = page.replace(f"{{{name}}}", self._one(data, name))
        session = {cookies.SESSION: self.attack.page_session}
        shown = {"Accept": "text/html", "Cookie": "; ".join(f"{k}={v}" for k, v in session.items())}
        self.attack.note(self.attack.stage.client.get(page, headers=shown))

    def _one(self, data: st.DataObject, name: str) -> str:
        return one_of(data, sorted(self.attack.ids.get(name, ()))) or "probe_photo"

    def _ask(
        self, draw: st.DataObject, method: str, path: str, params: Params, request: dict[str, Any]
    ) -> None:
        for name, value in params.items():
            path = path.replace(f"{{{name}}}", value)
        bearer = one_of(draw, self.attack.bearers)
        headers = {"Authorization": f"Bearer {bearer}", "If-Match": "*"}
        headers |= request.pop("headers", {})
        client = self.attack.stage.client
        self.attack.note(client.request(method, path, headers=headers, **request))


def test_by_no_sequence_of_calls_does_the_operator_read_what_another_agency_wrote(attack):
    class Machine(Insider):
        pass

    Machine.attack = attack
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=8,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_machine_would_notice(attack):
    """Its net has no hole where somebody does read: an officer of the agency itself."""
    desk = attack.stage.desk
    reads = session_of(desk, "IMI", SessionKind.PROGRAM, Role.ANALYST, Role.OFFICER)
    shown = {"Authorization": f"Bearer {reads}"}
    for path in ("/v1/watchlists", "/v1/subjects", "/v1/alerts"):
        with pytest.raises(AssertionError, match=PLANTED):
            attack.note(attack.stage.client.get(path, headers=shown))
