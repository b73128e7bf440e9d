"""Every route of the API, with a request that does what it is for: the table of `test_authority`.

A new route needs a line here. Each line says how the request is made and whom the object in it, if
any, belongs to; who may send it is not said here: that is the matrix in docs/access.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.testclient import TestClient

from casework.accounts.api_keys import NewKey
from casework.accounts.officers import NewOfficer
from casework.areas.offices import NewOffice
from casework.areas.teams import NewTeam
from casework.cases.entries import NewFile, NewItem, NewTask
from casework.cases.steps import NewCase
from casework.codes.coded import CodedCategory, CodedOutcome
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit.checkpoints import Checkpoints, Signers
from casework.kernel.permissions import Permission
from casework.kernel.vocabulary import (
    CaseItemKind,
    Direction,
    Disposition,
    ReferralKind,
    Role,
    Scope,
)
from casework.kernel.vocabulary import Stage as ArrivalStage
from casework.referrals.presets import NewPreset
from casework.screening.screening import Arrival
from casework.tables import KnownLookalike, Watchlist
from tests.fakes import photo_of
from tests.services import OPERATOR, PASSWORD, Desk, officer

Headers = Mapping[str, str]
Params = dict[str, str]

OWNER, SHARER = "IMI", "SHR"
WORKING = (Role.OFFICER, Role.SUPERVISOR)

# Nobody ever gave these out; each is as long as a real one.
NEVER = "01M7ZYY7HDJHTCS856SBCRH8M1"

PURPOSE = "a report about this traveller"
FINDING = {"opinion": "potential_candidate", "reasons": ["facial_features_agree"]}
OBJECTION = {"objector": "Somebody", "grounds": "Another person of the same name."}
RESIDENCE = {"kind": "visit", "valid_from": "2026-01-01", "valid_until": "2026-02-01"}
DUE = "2027-01-01T00:00:00Z"


@dataclass(slots=True)
class Stage:
    """The application, and things in it that belong to the agency IMI."""

    client: TestClient
    desk: Desk
    owner: Headers
    """A session of somebody of IMI with every role: what they may not, nobody there may."""
    second: Headers
    """A session of another administrator of IMI."""
    numbers: Any
    asked: list[str] = field(default_factory=list)
    """What `approval` made last."""
    cased: dict[str, str] = field(default_factory=dict)
    """What `joint_case` put into the last case."""

    def post(self, path: str, headers: Headers | None = None, **body: Any) -> Any:
        """Make something as its owner; returns the answer."""
        answer = self.client.post(path, headers=headers or self.owner, **body)
        assert answer.status_code < 300, f"{path}: {answer.text}"
        return answer.json()

    def watchlist(self, _: Headers) -> Params:
        """A fresh list, whose alerts SHR sees too."""
        name = f"list {next(self.numbers)}"
        body = {"name": name, "shared_with": [self.desk.agency(SHARER)]}
        return {"watchlist_id": self.post("/v1/watchlists", json=body)["id"]}

    def proved(self, _: Headers) -> Params:
        """A record of IMI's trail that a checkpoint covers."""
        newest = self.client.get("/v1/audit?limit=1", headers=self.owner).json()["items"][0]
        audit = self.desk.service.kernel.audit
        audit.signers = Signers.of(Ed25519PrivateKey.generate(), every=timedelta(hours=1))
        Checkpoints(audit).make()
        return {"seq": str(newest["seq"])}

    def subject(self, _: Headers) -> Params:
        """A fresh subject."""
        person = next(self.numbers)
        subject = self.desk.enrol(person, self.desk.watchlist("quiet", active=False))
        photos = self.desk.service.lists.subjects.get(OPERATOR, subject).photos
        return {"subject_id": subject, "photo_id": photos[0].id}

    def duplicate(self, headers: Headers) -> Params:
        """A fresh subject, and another who is the same person."""
        return {**self.subject(headers), "into": self.subject(headers)["subject_id"]}

    def merged(self, headers: Headers) -> Params:
        """A subject that is merged into another."""
        both = self.duplicate(headers)
        merges = self.desk.service.lists.merges
        merges.merge(OPERATOR, both["subject_id"], both["into"], PURPOSE)
        return both

    def ending(self, headers: Headers) -> Params:
        """A fresh subject whose entry has an end."""
        params = self.subject(headers)
        url = f"/v1/subjects/{params['subject_id']}"
        change = {"valid_until": "2026-12-01"}
        answer = self.client.patch(url, headers=self.owner, json=change)
        assert answer.status_code == 200, answer.text
        return params

    def objection(self, headers: Headers) -> Params:
        """An objection against a fresh entry."""
        subject_id = self.subject(headers)["subject_id"]
        made = self.post(f"/v1/subjects/{subject_id}/objections", json=OBJECTION)
        return {"objection_id": made["id"]}

    def residence(self, headers: Headers) -> Params:
        """A permit of a fresh subject."""
        subject_id = self.subject(headers)["subject_id"]
        made = self.post(f"/v1/subjects/{subject_id}/residences", json=RESIDENCE)
        return {"residence_id": made["id"]}

    def permit(self, _: Headers) -> Params:
        """A permit that is held for IMI, of a traveller on no list."""
        reference, agency = f"T-{next(self.numbers)}", self.desk.agency(OWNER)
        key = Actor(ActorKind.SYSTEM, "key_gate", "gate", agency, frozenset({Role.PORT}))
        arrival = Arrival(
            None,
            "CGK",
            Direction.ENTRY,
            ArrivalStage.ARRIVAL,
            traveller_ref=reference,
            permit_until=self.desk.clock().date(),
        )
        permits = self.desk.service.permits
        with self.desk.service.kernel.database.write_core() as connection:
            permits.follow(arrival, key)(connection)
        return {"permit_id": permits.find(officer(agency, Role.OFFICER), reference).id}

    def look_alike(self, headers: Headers) -> Params:
        """A known look-alike of a fresh subject."""
        subject_id, now = self.subject(headers)["subject_id"], self.desk.clock()
        row = KnownLookalike(
            id=f"lka_{next(self.numbers)}",
            agency_id=self.desk.agency(OWNER),
            subject_id=subject_id,
            alert_id=f"alr_{NEVER}",
            case_number="IMI-00001-M",
            model="a model",
            sealed_vector=b"a template",
            score=0.5,
            asked_by=f"off_{NEVER}",
            asked_at=now,
            decided_at=now,
            valid_until=now,
            spared=0,
        )
        with self.desk.service.kernel.database.write() as session:
            session.add(row)
        return {"lookalike_id": row.id}

    def alert(self, _: Headers) -> Params:
        """A fresh alert, of a list that SHR sees."""
        desk = self.desk
        shared = desk.watchlist(
            "shared", requires_acknowledgement=False, shared_with=(desk.agency(SHARER),)
        )
        if "person 0" not in desk.watchlists:
            desk.watchlists["person 0"] = desk.enrol(0, shared)
            desk.service.gallery.replica.catch_up()
        (alert,) = desk.screen(0, reference=photo_of(0)).encounter.alerts
        return {"alert_id": alert.id}

    def decided(self, headers: Headers) -> Params:
        """An alert with a first opinion."""
        params = self.alert(headers)
        self.post(f"/v1/alerts/{params['alert_id']}/decide", json=FINDING)
        return params

    def closed(self, headers: Headers) -> Params:
        """An alert that has ended."""
        params = self.decided(headers)
        self.post(f"/v1/alerts/{params['alert_id']}/close", json={"disposal": "observed"})
        return params

    def encounter(self, headers: Headers) -> Params:
        """An encounter that the caller submitted, if it may; else one of another system."""
        body: dict[str, Any] = {
            "data": {"port": "CGK", "direction": "entry"},
            "files": {"photo": photo_of()},
        }
        answer = self.client.post("/v1/encounters", headers=headers, **body)
        if answer.status_code < 300:
            return {"encounter_id": answer.json()["id"]}
        return {"encounter_id": self.desk.screen(7).encounter.id}

    def referral(self, headers: Headers) -> Params:
        """An alert that IMI sent to BEA."""
        body = self.handing_over("name", "probe_photo")
        path = f"/v1/alerts/{self.decided(headers)['alert_id']}/refer"
        answer = self.post(path, json=body)
        return {"referral_id": answer["id"], "name": "probe_photo"}

    def handing_over(self, *fields: str) -> dict[str, Any]:
        """Whom to hand something to, and what of it."""
        receiver = self.desk.agency("BEA")
        return {"receiver_id": receiver, "note": "Look.", "due_at": DUE, "fields": list(fields)}

    def joint_case(self, _: Headers) -> Params:
        """A fresh case that IMI leads and SHR takes part in, with a comment, a task and a file."""
        cases, imi = self.desk.service.cases, officer(self.desk.agency(OWNER), *WORKING)
        sharer = self.desk.agency(SHARER)
        row = cases.steps.open(imi, NewCase("Somebody", PURPOSE, "art. 69"))
        cases.steps.invite(imi, row.id, sharer)
        cases.steps.join(officer(sharer, *WORKING), row.id)
        self.cased = {
            "comment": cases.entries.comment(imi, row.id, "Look.").id,
            "task": cases.entries.assign(imi, row.id, NewTask("Look.", sharer)).id,
            "file": cases.entries.attach(imi, row.id, NewFile(b"%PDF-1.7", "x.pdf")).id,
        }
        return {"case_id": row.id}

    def member(self, headers: Headers) -> Params:
        """A case, and an agency that takes part in it."""
        return {**self.joint_case(headers), "agency_id": self.desk.agency(SHARER)}

    def case_comment(self, headers: Headers) -> Params:
        """A case, and a comment in it."""
        params = self.joint_case(headers)
        return {**params, "entry_id": self.cased["comment"]}

    def case_task(self, headers: Headers) -> Params:
        """A case, and a task in it."""
        params = self.joint_case(headers)
        return {**params, "entry_id": self.cased["task"]}

    def case_file(self, headers: Headers) -> Params:
        """A case, and a file in it."""
        params = self.joint_case(headers)
        return {**params, "entry_id": self.cased["file"]}

    def case_photo(self, headers: Headers) -> Params:
        """A case, and an item in it that carries a photo."""
        params, imi = self.joint_case(headers), officer(self.desk.agency(OWNER), *WORKING)
        item = NewItem(CaseItemKind.TIP, self.tip(headers)["tip_id"], ["photo"])
        given = self.desk.service.cases.entries.give(imi, params["case_id"], item)
        return {**params, "entry_id": given.id, "name": "photo"}

    def tip(self, _: Headers) -> Params:
        """A fresh tip with a photo."""
        parts = {
            "text": (None, "Seen."),
            "source": (None, "Somebody."),
            "photo": ("x.jpg", photo_of(next(self.numbers))),
        }
        return {"tip_id": self.post("/v1/tips", files=parts)["id"]}

    def tip_and_subject(self, headers: Headers) -> Params:
        """A fresh tip, and a fresh subject."""
        subject = self.subject(headers)["subject_id"]
        return {**self.tip(headers), "subject_id": subject}

    def linked_tip(self, headers: Headers) -> Params:
        """The same, linked."""
        found = self.tip_and_subject(headers)
        self.desk.service.exchange.triage.link(OPERATOR, found["tip_id"], found["subject_id"])
        return found

    def own_tip(self, headers: Headers) -> Params:
        """A tip that the caller recorded, if it may; else another did."""
        answer = self.client.post(
            "/v1/tips", headers=dict(headers), files={"text": (None, "Seen.")}
        )
        return {"tip_id": answer.json()["id"]} if answer.status_code < 300 else self.tip(headers)

    def stay(self, _: Headers) -> Params:
        """A stay that was reported to IMI."""
        return {"receipt": self.post("/v1/stays", **_stay(self, {}))["receipt"]}

    def search(self, headers: Headers) -> Params:
        """A search with a candidate, made by the caller if it may search; else by another."""
        self.alert(headers)
        body: dict[str, Any] = {"data": {"purpose": PURPOSE}, "files": {"photo": photo_of(0)}}
        answer = self.client.post("/v1/searches", headers=dict(headers), **body)
        made = answer.json() if answer.status_code < 300 else self.post("/v1/searches", **body)
        return {"search_id": made["id"], "rank": "1"}

    def job(self, _: Headers) -> Params:
        """An import of one row."""
        listed = self.desk.watchlist("quiet", active=False)
        files = {"file": ("x.csv", b"reference,name\nR-1,Somebody\n")}
        return {"import_id": self.post(f"/v1/imports?watchlist_id={listed}", files=files)["id"]}

    def webhook(self, _: Headers) -> Params:
        """A fresh webhook, which is told nothing."""
        body = {"url": "https://127.0.0.1:9/siaga", "events": ["referral.changed"]}
        return {"webhook_id": self.post("/v1/webhooks", json=body)["id"]}

    def key(self, _: Headers) -> Params:
        """A fresh key."""
        new = NewKey("x", frozenset({Scope.ENROL}), None, self.desk.agency(OWNER))
        record, _text = self.desk.service.accounts.keys.create(OPERATOR, new)
        return {"key_id": record.id}

    def officer(self, _: Headers) -> Params:
        """A fresh account."""
        login, roles = f"fresh.{next(self.numbers)}", frozenset({Role.OFFICER})
        new = NewOfficer(self.desk.agency(OWNER), login, "Fresh", roles)
        row, _first = self.desk.service.accounts.officers.create(OPERATOR, new)
        return {"officer_id": row.id}

    def shift(self, _: Headers) -> Params:
        """A fresh shift, with an officer of its own."""
        return {"shift_id": self.post("/v1/duty/shifts", json=_shift(self, {})["json"])["id"]}

    def preset(self, _: Headers) -> Params:
        """A fresh preset."""
        keeper = officer(self.desk.agency(OWNER), Role.SUPERVISOR)
        presets = self.desk.service.exchange.referral_presets
        fields = _preset(self, {})["json"] | {"kind": ReferralKind.ALERT}
        return {"preset_id": presets.create(keeper, NewPreset(**fields)).id}

    def approval(self, headers: Headers) -> Params:
        """What the caller asked for, if it may ask; else what the owner did."""
        answer = self.ask_for_account(headers)
        if answer.status_code == 403:
            watchlist_id = self.watchlist(headers)["watchlist_id"]
            url = f"/v1/watchlists/{watchlist_id}"
            tag = self.client.get(url, headers=self.owner).headers["etag"]
            change = {"requires_acknowledgement": False, "reason": PURPOSE}
            shown = {**headers, "If-Match": tag}
            answer = self.client.patch(url, headers=shown, json=change)
        if answer.status_code == 403:
            answer = self.ask_for_reset(headers)
        if answer.status_code != 202:
            answer = self.ask_for_account(self.owner)
        assert answer.status_code == 202, answer.text
        # Only so many may be open: what an earlier case asked for is settled.
        for former in self.asked:
            self.client.post(f"/v1/approvals/{former}/refuse", headers=self.second, json={})
        self.asked[:] = [answer.json()["id"]]
        return {"approval_id": self.asked[0]}

    def ask_for_account(self, headers: Headers) -> Any:
        """Ask for an account of IMI."""
        login = f"asked.{next(self.numbers)}"
        body = {"login": login, "name": "New", "roles": ["officer"], "reason": PURPOSE}
        body["agency_id"] = self.desk.agency(OWNER)
        return self.client.post("/v1/officers", headers=headers, json=body)

    def ask_for_reset(self, headers: Headers) -> Any:
        """Ask to reset the breaker of a list whose threshold was set by hand."""
        watchlist_id = self.watchlist(headers)["watchlist_id"]
        with self.desk.service.kernel.database.write() as session:
            row = session.get_one(Watchlist, watchlist_id)
            row.threshold, row.breaker_tripped_at = 0.99, self.desk.clock()
        url = f"/v1/watchlists/{watchlist_id}/breaker/reset"
        return self.client.post(url, headers=dict(headers), json={"reason": PURPOSE})

    def session(self, headers: Headers) -> Params:
        """The caller's own session, if it has one."""
        answer = self.client.get("/v1/me/sessions", headers=dict(headers))
        own = answer.json()["items"] if answer.status_code < 300 else []
        return {"session_id": own[0]["id"] if own else f"ses_{NEVER}"}

    def category(self, _: Headers) -> Params:
        """A fresh category that nothing has."""
        made = CodedCategory(
            code=f"x-{next(self.numbers)}",
            label={"id": "baru", "en": "new"},
            instruction={"id": "Tahan.", "en": "Hold."},
            priority=2,
        )
        return {"code": self.desk.service.lists.categories.create(OPERATOR, made).code}

    def outcome(self, _: Headers) -> Params:
        """A fresh outcome that nothing ended with."""
        made = CodedOutcome(
            code=f"x-{next(self.numbers)}",
            label={"id": "baru", "en": "new"},
            disposition=Disposition.HELD,
        )
        return {"code": self.desk.service.lists.outcomes.create(OPERATOR, made).code}

    def area(self, _: Headers) -> Params:
        """A province."""
        return {"code": "31"}

    def office(self, _: Headers) -> Params:
        """A fresh office of IMI's."""
        keeper = officer(self.desk.agency(OWNER), Role.ADMIN)
        new = NewOffice(f"office {next(self.numbers)}", "31")
        return {"office_id": self.desk.service.areas.offices.create(keeper, new).id}

    def team(self, _: Headers) -> Params:
        """A fresh team that IMI leads, alone."""
        keeper = officer(self.desk.agency(OWNER), Role.COORDINATOR)
        new = NewTeam(f"team {next(self.numbers)}", "31")
        return {"team_id": self.desk.service.areas.teams.create(keeper, new).id}

    def placed(self, _: Headers) -> Params:
        """A port whose area is built in."""
        return {"port": "CGK"}

    def agency(self, _: Headers) -> Params:
        """The agency IMI."""
        return {"agency_id": self.desk.agency(OWNER)}


@dataclass(frozen=True, slots=True)
class Case:
    """One route."""

    route: str
    """Method and path, as the application has them."""
    of: Callable[[Stage, Headers], Params] | None = None
    """Makes the object, which belongs to IMI; None where the route is about none in particular."""
    send: Callable[[Stage, Params], dict[str, Any]] = lambda _stage, _params: {}
    """The request beside its path."""
    shareable: bool = False
    """Whether the object is among those that another agency may be let see."""
    mine: bool = False
    """Whether only the one who made the object has it, whoever else is in the same agency."""
    takes: Permission | None = None
    """A second act that the object takes, besides the route's own."""
    lets_in: tuple[str, ...] = ("illegal_transition",)
    """Problems that only those meet who may."""
    fresh: bool = False
    """Whether the request changes the session itself, so that it takes one of its own."""

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.route.split()[0]

    @property
    def path(self) -> str:
        """The path, with its parameters."""
        return self.route.split()[1]


def body(**fields: Any) -> Callable[[Stage, Params], dict[str, Any]]:
    """A JSON body that is always the same."""
    return lambda _stage, _params: {"json": fields}


WHY = body(reason="entered by mistake")


def _policy(_stage: Stage, _params: Params) -> dict[str, Any]:
    return {"json": {"active": True}, "headers": {"If-Match": "*"}}


def _photo(stage: Stage, _params: Params) -> dict[str, Any]:
    return {"files": {"photos": photo_of(next(stage.numbers))}}


def _arrival(_stage: Stage, _params: Params) -> dict[str, Any]:
    data = {"port": "CGK", "direction": "entry", "pad_result": "pass"}
    return {"data": data, "files": {"photo": photo_of(7)}}


def _comparison(_stage: Stage, _params: Params) -> dict[str, Any]:
    return {"files": {"first": photo_of(1), "second": photo_of(1, brightness=0.9)}}


def _search(_stage: Stage, _params: Params) -> dict[str, Any]:
    return {"data": {"purpose": PURPOSE}, "files": {"photo": photo_of(7)}}


def _tip(_stage: Stage, _params: Params) -> dict[str, Any]:
    return {"files": {"text": (None, "Seen at the harbour.")}}


def _stay(_stage: Stage, _params: Params) -> dict[str, Any]:
    fields = {
        "lodging": "HTL-0042",
        "lodging_name": "Hotel Melati",
        "document_name": "DOE, JOHN",
        "document_nationality": "AUS",
        "document_number": "N1234567",
        "checked_in": "2026-03-01",
    }
    return {"files": {name: (None, text) for name, text in fields.items()}}


def _guests(_stage: Stage, _params: Params) -> dict[str, Any]:
    heading = b"lodging,lodging_name,checked_in\n"
    return {"files": {"file": ("x.csv", heading + b"HTL-0042,Hotel Melati,2026-03-01\n")}}


def _import(_stage: Stage, params: Params) -> dict[str, Any]:
    files = {"file": ("x.csv", b"reference,name\nR-1,Somebody\n")}
    return {"params": {"watchlist_id": params.get("watchlist_id", "")}, "files": files}


def _enrolment(stage: Stage, params: Params) -> dict[str, Any]:
    subject = '{"name": "Somebody", "watchlist_ids": ["' + params.get("watchlist_id", "") + '"]}'
    return {"data": {"subject": subject}, **_photo(stage, params)}


def _watchlist(stage: Stage, _params: Params) -> dict[str, Any]:
    return {"json": {"name": f"new {next(stage.numbers)}"}}


def _tip_subject(stage: Stage, _params: Params) -> dict[str, Any]:
    quiet = stage.desk.watchlist("quiet", active=False)
    return {"json": {"name": "Somebody", "watchlist_ids": [quiet]}}


def _into(_stage: Stage, params: Params) -> dict[str, Any]:
    return {"json": {"into": params.get("into", NEVER), "reason": PURPOSE}}


def _code(number: int) -> dict[str, Any]:
    return {"code": f"x-{number}", "label": {"id": "baru", "en": "new"}}


def _new_category(stage: Stage, _params: Params) -> dict[str, Any]:
    order = {"id": "Tahan.", "en": "Hold."}
    return {"json": {**_code(next(stage.numbers)), "instruction": order}}


def _new_outcome(stage: Stage, _params: Params) -> dict[str, Any]:
    return {"json": {**_code(next(stage.numbers)), "disposition": "held"}}


def _priority(_stage: Stage, _params: Params) -> dict[str, Any]:
    return {"json": {"priority": 1}, "headers": {"If-Match": "*"}}


def _label(_stage: Stage, _params: Params) -> dict[str, Any]:
    return {"json": {"label": {"en": "other"}}, "headers": {"If-Match": "*"}}


def _areas(_stage: Stage, _params: Params) -> dict[str, Any]:
    return {"files": {"file": ("areas.csv", b"code,name\n31.71,Kota Contoh\n")}}


def _office(stage: Stage, _params: Params) -> dict[str, Any]:
    return {"json": {"name": f"new {next(stage.numbers)}", "area": "31"}}


def _new_agency(stage: Stage, _params: Params) -> dict[str, Any]:
    return {"json": {"code": f"NEW{next(stage.numbers)}", "name": "New"}}


def _new_officer(stage: Stage, _params: Params) -> dict[str, Any]:
    login = f"new.{next(stage.numbers)}"
    body = {"login": login, "name": "New", "roles": ["officer"], "reason": PURPOSE}
    return {"json": body}


def _shift(stage: Stage, _params: Params) -> dict[str, Any]:
    officer_id = stage.officer({})["officer_id"]
    times = {"weekdays": ["mon"], "begins": "07:00", "ends": "15:00"}
    return {"json": {"port": "CGK", "officer_ids": [officer_id], **times}}


def _preset(stage: Stage, _params: Params) -> dict[str, Any]:
    receiver = stage.desk.agency("BEA")
    usual = {"fields": ["name"], "note": "Look.", "days": 3}
    return {"json": {"name": f"p{next(stage.numbers)}", "receiver_id": receiver, **usual}}


def _invitation(stage: Stage, _params: Params) -> dict[str, Any]:
    return {"json": {"agency_id": stage.desk.agency("BEA")}}


def _case_about(_stage: Stage, _params: Params) -> dict[str, Any]:
    return {"json": {"title": "x", "purpose": PURPOSE, "legal_basis": "art. 69"}}


def _task(stage: Stage, _params: Params) -> dict[str, Any]:
    return {"json": {"text": "Look.", "assignee_id": stage.desk.agency(OWNER)}}


def _case_file(_stage: Stage, _params: Params) -> dict[str, Any]:
    return {"files": {"file": ("x.pdf", b"%PDF-1.7")}}


_NOT_YOURS = ("not_permitted",)
"""Who takes part sees it, and is told that it is another agency's."""

S = Stage
_NOTE = body(note="Why?")

CASES = (
    # port systems
    Case("POST /v1/encounters", send=_arrival),
    Case("GET /v1/encounters/{encounter_id}", S.encounter, mine=True),
    Case("POST /v1/compare", send=_comparison),
    # alerts
    # A stream goes on for ever, so those who may are told that their header is too long.
    Case(
        "GET /v1/alerts/stream",
        send=lambda _stage, _params: {"headers": {"Last-Event-ID": "x" * 200}},
        lets_in=("request_invalid",),
    ),
    Case("GET /v1/alerts"),
    Case("GET /v1/alerts/{alert_id}", S.alert, shareable=True),
    Case("GET /v1/alerts/{alert_id}/probe", S.alert, shareable=True),
    Case("GET /v1/alerts/{alert_id}/reference", S.alert, shareable=True),
    Case("GET /v1/alerts/{alert_id}/enrolled", S.alert, shareable=True),
    Case("GET /v1/alerts/{alert_id}/tips", S.alert, shareable=True),
    Case(
        "GET /v1/alerts/{alert_id}/evidence",
        S.alert,
        lambda _stage, _params: {"params": {"purpose": PURPOSE}},
    ),
    Case("POST /v1/alerts/{alert_id}/acknowledge", S.alert, shareable=True),
    Case("POST /v1/alerts/{alert_id}/decide", S.alert, body(**FINDING), shareable=True),
    Case("POST /v1/alerts/{alert_id}/confirm", S.decided, body(**FINDING), shareable=True),
    Case("POST /v1/alerts/{alert_id}/withdraw", S.decided, shareable=True),
    Case("POST /v1/alerts/{alert_id}/close", S.decided, body(disposal="observed"), shareable=True),
    Case(
        "POST /v1/alerts/{alert_id}/correct",
        S.closed,
        body(reason="another person of the same name"),
        shareable=True,
    ),
    Case(
        "POST /v1/alerts/{alert_id}/refer",
        S.decided,
        lambda stage, _params: {"json": stage.handing_over("port")},
        shareable=True,
    ),
    # who is on duty
    Case("GET /v1/duty/now"),
    Case("POST /v1/duty/shifts", send=_shift, lets_in=("invalid_shift",)),
    Case("GET /v1/duty/shifts"),
    Case("GET /v1/duty/shifts/{shift_id}", S.shift),
    Case("PATCH /v1/duty/shifts/{shift_id}", S.shift, body(begins="08:00")),
    Case("POST /v1/duty/shifts/{shift_id}/remove", S.shift),
    # presets of referrals
    Case("POST /v1/referral-presets", send=_preset),
    Case("GET /v1/referral-presets"),
    Case("GET /v1/referral-presets/{preset_id}", S.preset),
    Case("PATCH /v1/referral-presets/{preset_id}", S.preset, body(days=9)),
    Case("POST /v1/referral-presets/{preset_id}/remove", S.preset),
    # searches
    Case("POST /v1/searches", send=_search),
    Case("GET /v1/searches/{search_id}", S.search, mine=True),
    Case("GET /v1/searches/{search_id}/candidates/{rank}/photo", S.search, mine=True),
    # referrals
    Case("GET /v1/referrals"),
    Case("GET /v1/referrals/{referral_id}", S.referral),
    Case("GET /v1/referrals/{referral_id}/photos/{name}", S.referral),
    Case("POST /v1/referrals/{referral_id}/accept", S.referral, body()),
    Case("POST /v1/referrals/{referral_id}/decline", S.referral, _NOTE),
    Case("POST /v1/referrals/{referral_id}/ask", S.referral, _NOTE),
    Case("POST /v1/referrals/{referral_id}/answer", S.referral, _NOTE),
    Case("POST /v1/referrals/{referral_id}/close", S.referral, body()),
    # joint cases
    Case("POST /v1/cases", send=_case_about),
    Case("GET /v1/cases"),
    Case("GET /v1/cases/{case_id}", S.joint_case, shareable=True),
    Case("PUT /v1/cases/{case_id}", S.joint_case, _case_about),
    Case("POST /v1/cases/{case_id}/start", S.joint_case),
    Case("POST /v1/cases/{case_id}/close", S.joint_case, body(outcomes=[], summary="None.")),
    Case("POST /v1/cases/{case_id}/members", S.joint_case, _invitation),
    Case("POST /v1/cases/{case_id}/members/{agency_id}/remove", S.member),
    Case("POST /v1/cases/{case_id}/join", S.joint_case, shareable=True),
    Case("POST /v1/cases/{case_id}/decline", S.joint_case, shareable=True),
    Case("POST /v1/cases/{case_id}/leave", S.joint_case, body(), shareable=True),
    Case("GET /v1/cases/{case_id}/entries", S.joint_case, shareable=True),
    Case("GET /v1/cases/{case_id}/entries/{entry_id}/photos/{name}", S.case_photo, shareable=True),
    Case("GET /v1/cases/{case_id}/entries/{entry_id}/file", S.case_file, shareable=True),
    Case(
        "POST /v1/cases/{case_id}/items",
        S.joint_case,
        body(kind="tip", object_id=f"tip_{NEVER}", fields=[]),
        shareable=True,
        lets_in=("invalid_case",),
    ),
    Case("POST /v1/cases/{case_id}/comments", S.joint_case, body(text="Seen."), shareable=True),
    Case("POST /v1/cases/{case_id}/tasks", S.joint_case, _task, shareable=True),
    Case("POST /v1/cases/{case_id}/files", S.joint_case, _case_file, shareable=True),
    Case(
        "POST /v1/cases/{case_id}/entries/{entry_id}/share",
        S.case_comment,
        body(to=[]),
        shareable=True,
        lets_in=_NOT_YOURS,
    ),
    Case(
        "POST /v1/cases/{case_id}/entries/{entry_id}/withdraw",
        S.case_comment,
        shareable=True,
        lets_in=_NOT_YOURS,
    ),
    Case(
        "POST /v1/cases/{case_id}/entries/{entry_id}/take",
        S.case_task,
        shareable=True,
        lets_in=_NOT_YOURS,
    ),
    Case(
        "POST /v1/cases/{case_id}/entries/{entry_id}/done",
        S.case_task,
        body(result="Done."),
        shareable=True,
        lets_in=_NOT_YOURS,
    ),
    # tips
    Case("POST /v1/tips", send=_tip),
    Case("GET /v1/tips"),
    Case("GET /v1/tips/{tip_id}", S.tip),
    Case("GET /v1/tips/{tip_id}/receipt", S.own_tip, mine=True),
    Case("GET /v1/tips/{tip_id}/photo", S.tip),
    Case("GET /v1/tips/{tip_id}/source", S.tip, takes=Permission.HANDLE_TIP),
    Case(
        "POST /v1/tips/{tip_id}/search", S.tip, body(purpose=PURPOSE), takes=Permission.HANDLE_TIP
    ),
    Case(
        "POST /v1/tips/{tip_id}/refer",
        S.tip,
        lambda stage, _params: {"json": stage.handing_over("text")},
        takes=Permission.HANDLE_TIP,
    ),
    Case("POST /v1/tips/{tip_id}/enrol", S.tip, _tip_subject, takes=Permission.HANDLE_TIP),
    Case("POST /v1/tips/{tip_id}/source/erase", S.tip, WHY, takes=Permission.HANDLE_TIP),
    Case("POST /v1/tips/{tip_id}/triage", S.tip, body(priority="high", assigned_to=None)),
    Case("GET /v1/tips/{tip_id}/duplicates", S.tip),
    Case("GET /v1/tips/{tip_id}/nearby", S.tip, takes=Permission.READ_ALERT),
    Case("GET /v1/tips/{tip_id}/subjects", S.tip),
    Case("PUT /v1/tips/{tip_id}/subjects/{subject_id}", S.tip_and_subject),
    Case("DELETE /v1/tips/{tip_id}/subjects/{subject_id}", S.linked_tip),
    Case("POST /v1/tips/{tip_id}/dismiss", S.tip, body(reason="Nothing.")),
    # stays
    Case("POST /v1/stays", send=_stay),
    Case("POST /v1/stays/file", send=_guests),
    Case("GET /v1/stays"),
    Case("GET /v1/stays/{receipt}", S.stay),
    Case("GET /v1/stays/{receipt}/guest", S.stay),
    Case("PUT /v1/stays/{receipt}/check-out", S.stay, body(checked_out="2026-03-01")),
    Case("GET /v1/processing"),
    # watchlists and subjects
    Case("POST /v1/watchlists", send=_watchlist),
    Case("GET /v1/watchlists"),
    Case("GET /v1/watchlists/{watchlist_id}", S.watchlist, shareable=True),
    Case("PATCH /v1/watchlists/{watchlist_id}", S.watchlist, _policy),
    Case("POST /v1/watchlists/{watchlist_id}/remove", S.watchlist, WHY),
    Case("GET /v1/watchlists/{watchlist_id}/export", S.watchlist),
    Case("POST /v1/watchlists/{watchlist_id}/breaker/reset", S.watchlist, body(reason=PURPOSE)),
    Case("POST /v1/subjects", S.watchlist, _enrolment),
    Case("GET /v1/subjects"),
    Case("GET /v1/subjects/{subject_id}", S.subject),
    Case("PATCH /v1/subjects/{subject_id}", S.subject, body(reason="Known.")),
    Case("POST /v1/subjects/{subject_id}/erase", S.subject, WHY),
    Case("POST /v1/subjects/{subject_id}/merge", S.duplicate, _into),
    Case("POST /v1/subjects/{subject_id}/unmerge", S.merged),
    Case("POST /v1/subjects/{subject_id}/restore", S.subject, lets_in=("illegal_transition",)),
    Case("POST /v1/subjects/{subject_id}/extend", S.ending, body(valid_until="2027-12-01")),
    Case("POST /v1/subjects/{subject_id}/objections", S.subject, body(**OBJECTION)),
    Case("GET /v1/subjects/{subject_id}/objections", S.subject),
    Case("GET /v1/objections"),
    Case("GET /v1/objections/{objection_id}", S.objection),
    Case(
        "POST /v1/objections/{objection_id}/answer",
        S.objection,
        body(outcome="rejected", answer="The fingerprints agree."),
    ),
    Case("POST /v1/subjects/{subject_id}/residences", S.subject, body(**RESIDENCE)),
    Case("GET /v1/subjects/{subject_id}/residences", S.subject),
    Case("GET /v1/residences/{residence_id}", S.residence),
    Case("PUT /v1/residences/{residence_id}", S.residence, body(**RESIDENCE)),
    Case("POST /v1/residences/{residence_id}/remove", S.residence, WHY),
    Case("GET /v1/subjects/{subject_id}/timeline", S.subject),
    Case("GET /v1/overstays"),
    Case("PUT /v1/permits", send=body(traveller_ref="T", permit_until="2026-03-01", port="CGK")),
    Case("POST /v1/permits/departure", send=body(traveller_ref="T", port="CGK")),
    Case("GET /v1/permits"),
    Case("POST /v1/permits/find", send=body(traveller_ref="T")),
    Case("GET /v1/permits/{permit_id}", S.permit),
    Case("POST /v1/alerts/{alert_id}/known-lookalike", S.closed, WHY),
    Case("GET /v1/subjects/{subject_id}/known-lookalikes", S.subject),
    Case("POST /v1/known-lookalikes/{lookalike_id}/revoke", S.look_alike, WHY),
    Case("GET /v1/subjects/{subject_id}/encounters", S.subject),
    Case("GET /v1/subjects/{subject_id}/looks", S.subject),
    Case(
        "GET /v1/subjects/{subject_id}/held",
        S.subject,
        lambda _stage, _params: {"params": {"purpose": PURPOSE}},
    ),
    Case("POST /v1/subjects/{subject_id}/photos", S.subject, _photo),
    Case("GET /v1/subjects/{subject_id}/photos/{photo_id}", S.subject),
    Case(
        "POST /v1/subjects/{subject_id}/photos/{photo_id}/erase",
        S.subject,
        WHY,
        lets_in=("still_in_use",),
    ),
    Case(
        "POST /v1/subjects/{subject_id}/photos/{photo_id}/restore",
        S.subject,
        lets_in=("illegal_transition",),
    ),
    Case("POST /v1/imports", S.watchlist, _import, lets_in=("too_many_imports",)),
    Case("GET /v1/imports"),
    Case("GET /v1/imports/template"),
    Case("GET /v1/imports/{import_id}", S.job),
    Case("GET /v1/imports/{import_id}/errors", S.job),
    Case("POST /v1/imports/{import_id}/cancel", S.job, WHY),
    # calibration and reports
    Case("POST /v1/calibrations", lets_in=("too_few_scores",)),
    Case("GET /v1/calibrations"),
    Case("GET /v1/calibrations/{calibration_id}"),
    Case("GET /v1/reports/alarms"),
    Case("GET /v1/reports/lanes"),
    Case("GET /v1/reports/review"),
    Case("GET /v1/reports/cases"),
    Case("GET /v1/reports/totals/cases"),
    Case("GET /v1/reports/totals"),
    Case("GET /v1/reports/cuts"),
    Case("GET /v1/reports/totals/cuts"),
    Case("GET /v1/reports/map"),
    Case("GET /v1/reports/totals/map"),
    Case("GET /v1/reports/performance"),
    Case("GET /v1/reports/monthly"),
    Case("GET /v1/reports/totals/monthly"),
    # webhooks
    Case("POST /v1/webhooks", send=body(url="https://127.0.0.1:9/siaga")),
    Case("GET /v1/webhooks"),
    Case("GET /v1/webhooks/{webhook_id}", S.webhook),
    Case("PATCH /v1/webhooks/{webhook_id}", S.webhook, body(active=False, reason="moved")),
    Case("POST /v1/webhooks/{webhook_id}/remove", S.webhook, WHY),
    Case("POST /v1/webhooks/{webhook_id}/rotate", S.webhook, body(overlap_s=60)),
    Case("POST /v1/webhooks/{webhook_id}/ping", S.webhook),
    Case("GET /v1/webhooks/{webhook_id}/deliveries", S.webhook),
    Case("POST /v1/webhooks/{webhook_id}/replay", S.webhook, body()),
    # one's own account
    Case("DELETE /v1/sessions/current", fresh=True),
    Case("GET /v1/me"),
    Case("PATCH /v1/me", send=body(language="en")),
    Case("POST /v1/me/password", send=body(present=PASSWORD, new="quite another one"), fresh=True),
    Case("POST /v1/me/second-factor", send=body(password=PASSWORD), fresh=True),
    Case("POST /v1/me/second-factor/confirm", send=body(code="123456"), fresh=True),
    Case("POST /v1/me/recovery-codes", send=body(password=PASSWORD), fresh=True),
    Case("GET /v1/me/sessions"),
    Case("DELETE /v1/me/sessions"),
    Case("DELETE /v1/me/sessions/{session_id}", S.session, mine=True, fresh=True),
    # code lists
    Case("GET /v1/categories"),
    Case("POST /v1/categories", send=_new_category),
    Case("GET /v1/categories/{code}", S.category),
    Case("PATCH /v1/categories/{code}", S.category, _priority),
    Case("POST /v1/categories/{code}/remove", S.category, WHY),
    Case("GET /v1/areas"),
    Case("POST /v1/areas", send=_areas),
    Case("GET /v1/areas/{code}", S.area),
    Case("PUT /v1/areas/{code}", S.area, body(name="Kota Contoh")),
    Case("GET /v1/offices"),
    Case("POST /v1/offices", send=_office),
    Case("GET /v1/offices/{office_id}", S.office),
    Case("PATCH /v1/offices/{office_id}", S.office, body(area="32")),
    Case("POST /v1/offices/{office_id}/remove", S.office),
    Case("GET /v1/teams"),
    Case("POST /v1/teams", send=_office),
    Case("GET /v1/teams/{team_id}", S.team),
    Case("PATCH /v1/teams/{team_id}", S.team, body(area="32")),
    Case("POST /v1/teams/{team_id}/remove", S.team),
    Case("GET /v1/port-areas"),
    Case("GET /v1/port-areas/{port}", S.placed),
    Case("PUT /v1/port-areas/{port}", S.placed, body(area="31")),
    Case("GET /v1/outcomes"),
    Case("POST /v1/outcomes", send=_new_outcome),
    Case("GET /v1/outcomes/{code}", S.outcome),
    Case("PATCH /v1/outcomes/{code}", S.outcome, _label),
    Case("POST /v1/outcomes/{code}/remove", S.outcome, WHY),
    # agencies, officers, keys
    Case("POST /v1/agencies", send=_new_agency),
    Case("GET /v1/agencies"),
    Case("GET /v1/agencies/{agency_id}", S.agency),
    Case("PATCH /v1/agencies/{agency_id}", S.agency, body(name="Immigration")),
    Case("POST /v1/officers", send=_new_officer),
    Case("GET /v1/officers"),
    Case("GET /v1/officers/{officer_id}", S.officer),
    Case("PATCH /v1/officers/{officer_id}", S.officer, body(active=False, reason="left")),
    Case("POST /v1/officers/{officer_id}/unlock", S.officer),
    Case("POST /v1/officers/{officer_id}/reset", S.officer, body(reason=PURPOSE)),
    Case("POST /v1/keys/{key_id}/rotate", S.key, body()),
    Case("POST /v1/keys", send=body(name="x", scopes=["enrol"])),
    Case("GET /v1/keys"),
    Case("POST /v1/keys/{key_id}/revoke", S.key, WHY),
    Case("POST /v1/keys/{key_id}/restore", S.key, lets_in=("illegal_transition",)),
    # what takes a second person
    Case("POST /v1/agencies/{agency_id}/founded", S.agency, body(reason="complete")),
    Case("GET /v1/approvals"),
    Case("GET /v1/approvals/{approval_id}", S.approval),
    Case("POST /v1/approvals/{approval_id}/accept", S.approval, lets_in=("not_second_person",)),
    Case("POST /v1/approvals/{approval_id}/refuse", S.approval, body(reason="No.")),
    Case("POST /v1/approvals/{approval_id}/withdraw", S.approval, mine=True),
    # the audit trail
    Case("GET /v1/audit"),
    Case("GET /v1/audit/verify"),
    Case("GET /v1/audit/export"),
    Case("GET /v1/audit/{seq}/proof", S.proved),
)

# What anybody may ask, and why.
PUBLIC = frozenset(
    {
        "GET /openapi.json",  # tells nothing but what the documentation does
        "GET /healthz",
        "GET /readyz",
        "GET /.well-known/security.txt",  # who takes reports of weaknesses
        "POST /v1/sessions",  # how one signs in
        "GET /v1/sessions/oidc/start",
        "GET /v1/sessions/oidc/callback",
        # the console's own
        "GET /sign-in",
        "POST /sign-in",
        "POST /preferences",  # theme and language, in the browser's cookies alone
        "GET /static/{digest}/{name:path}",
        "GET /favicon.ico",
    }
)


def numbers() -> Any:
    """Numbers of people, logins and lists, each given once."""
    return count(100)
