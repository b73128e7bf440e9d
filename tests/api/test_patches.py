"""PATCH of every resource, with any of its optional fields: what was sent has changed, no more."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.app import create_app
from api.v1.officers.schemas import SERVICE_NUMBER_PATTERN, Language, PersonRole
from casework.codes.built_in import CATEGORIES
from casework.codes.instructions import complete, own_words
from casework.kernel.vocabulary import (
    Category,
    Direction,
    EventKind,
    Role,
    Sex,
    Stage,
    SubjectStatus,
    Weekday,
)
from casework.referrals.fields import AlertField
from tests.api.conftest import problem, settings_for, wait_until_ready
from tests.fakes import photo_of
from tests.services import open_service

PURPOSE = "case 2026/114, missing documents"

PATHS = {
    path
    for path, methods in create_app(settings_for(Path("unused"))).openapi()["paths"].items()
    if "patch" in methods
}


def schema_of(document: dict[str, Any], path: str) -> dict[str, Any]:
    """The schema of what a path's PATCH takes."""
    body = document["paths"][path]["patch"]["requestBody"]["content"]["application/json"]
    named = body["schema"]["$ref"].rpartition("/")[2]
    found: dict[str, Any] = document["components"]["schemas"][named]
    return found


@dataclass(frozen=True)
class Resource:
    """One thing that is changed, by whom, to what, and where it is seen."""

    url: str
    headers: dict[str, str]
    values: dict[str, st.SearchStrategy[Any]]
    """What each field can be, but for null."""
    shown: tuple[Callable[[], Any], ...]
    """Requests whose answers show it, besides itself."""


WORDS = st.text("abc é,:;'\"", max_size=8)
NAMES = WORDS.map(lambda words: f"n {words}".strip())
DAYS = st.dates().map(lambda day: f"2000{day.isoformat()[4:]}")
"""Days of a year that has them all."""


def some(values: Any, least: int = 0) -> st.SearchStrategy[list[Any]]:
    """Some of these, in any order, some of them twice."""
    return st.lists(st.sampled_from(list(values)), min_size=least, max_size=4)


def lines(least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(NAMES, min_size=least, max_size=3)


@pytest.fixture
def client(tmp_path, clock):
    """The application with webhooks that may lead to this machine."""
    app = create_app(
        settings_for(tmp_path),
        lambda s: open_service(tmp_path / "siaga.db", clock, private_targets=True),
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        wait_until_ready(client)
        yield client


@dataclass
class Scene:
    """Everything that can be changed, and who may."""

    client: TestClient
    desk: Any
    port: dict[str, str]
    reviewer: dict[str, str]
    admin: dict[str, str]
    head: dict[str, str]
    """A coordinator's."""

    def get(self, address: str, headers: dict[str, str], **query: Any) -> Callable[[], Any]:
        """Ask for something later."""
        return lambda: self.client.get(address, headers=headers, params=query)

    def account(self) -> Resource:
        language = st.sampled_from(get_args(Language))
        return Resource("/v1/me", self.reviewer, {"language": language}, ())

    def agency(self) -> Resource:
        url = f"/v1/agencies/{self.desk.agency('POL')}"
        values = {"name": NAMES, "active": st.booleans(), "reason": NAMES}
        return Resource(url, self.admin, values, (self.get("/v1/agencies", self.admin),))

    def officer(self) -> Resource:
        body = {"login": "budi", "name": "Budi", "roles": ["officer"]}
        made = self.client.post("/v1/officers", headers=self.admin, json=body).json()
        # Who reads what is others' takes a second person at the operating agency.
        roles = [role for role in get_args(PersonRole) if role not in ("auditor", "coordinator")]
        values = {
            "name": NAMES,
            "service_number": st.none() | st.from_regex(SERVICE_NUMBER_PATTERN, fullmatch=True),
            "roles": some(roles, 1),
            "language": st.sampled_from(get_args(Language)),
            "active": st.booleans(),
            "reason": NAMES,
        }
        shown = (self.get("/v1/officers", self.admin),)
        return Resource(f"/v1/officers/{made['id']}", self.admin, values, shown)

    def webhook(self) -> Resource:
        body = {"url": "https://127.0.0.1/siaga"}
        made = self.client.post("/v1/webhooks", headers=self.admin, json=body).json()
        values = {
            "url": st.sampled_from(["https://127.0.0.1/one", "https://127.0.0.1/two"]),
            "events": some(EventKind, 1),
            "description": WORDS,
            "active": st.booleans(),
            "reason": NAMES,
        }
        url = f"/v1/webhooks/{made['id']}"
        shown = ("/v1/webhooks", f"{url}/deliveries")
        return Resource(url, self.admin, values, tuple(self.get(a, self.admin) for a in shown))

    def watchlist(self) -> Resource:
        values = {
            "name": NAMES,
            "category": st.sampled_from(Category),
            "direction": st.sampled_from(Direction),
            "stages": some(Stage, 1),
            "ports": some(["CGK", "IDBTM"], 1),
            "target_fpir": st.floats(1e-6, 0.01),
            "threshold": st.floats(0.7, 1),
            "legal_basis": WORDS.map(str.strip),
            "instruction": st.fixed_dictionaries({}, optional={"id": NAMES, "en": NAMES}),
            "priority": st.integers(1, 3),
            "requires_acknowledgement": st.booleans(),
            "requires_second_officer": st.booleans(),
            "requires_person_on_failed_pad": st.booleans(),
            "acknowledge_within_s": st.integers(1, 86_400),
            "active": st.booleans(),
            "reason": NAMES,
            "shared_with": some([self.desk.agency("POL"), self.desk.agency("BNN")]),
        }
        shown = (*self.alerts(), self.get("/v1/watchlists", self.reviewer))
        url = f"/v1/watchlists/{self.desk.watchlist()}"
        return Resource(url, self.reviewer, values, shown)

    def category(self) -> Resource:
        texts = {"id": "Kejaksaan", "en": "Prosecutors"}
        body = {"code": "x-a", "label": texts, "instruction": texts}
        self.client.post("/v1/categories", headers=self.admin, json=body)
        words = st.fixed_dictionaries({}, optional={"id": NAMES, "en": NAMES})
        values = {
            "label": words,
            "instruction": words,
            "priority": st.integers(1, 3),
            "requires": st.sampled_from([[], ["legal_basis", "valid_until"]]),
            "active": st.booleans(),
            "reason": NAMES,
        }
        shown = (self.get("/v1/categories", self.port),)
        return Resource("/v1/categories/x-a", self.admin, values, shown)

    def outcome(self) -> Resource:
        label = {"id": "Karantina", "en": "Quarantine"}
        body = {"code": "x-a", "label": label, "disposition": "held"}
        self.client.post("/v1/outcomes", headers=self.admin, json=body)
        values = {
            "label": st.fixed_dictionaries({}, optional={"id": NAMES, "en": NAMES}),
            "disposition": st.sampled_from(["released", "held"]),
            "directions": st.sampled_from([["entry"], ["exit"]]),
            "stages": st.sampled_from([["arrival"], ["stay", "departure"]]),
            "after": st.just(["same_person"]),
            "active": st.booleans(),
            "reason": NAMES,
        }
        shown = (self.get("/v1/outcomes", self.port),)
        return Resource("/v1/outcomes/x-a", self.admin, values, shown)

    def shift(self) -> Resource:
        people = [
            self.client.post(
                "/v1/officers",
                headers=self.admin,
                json={"login": login, "name": login, "roles": ["officer"]},
            ).json()["id"]
            for login in ("wati", "rudi")
        ]
        body = {"port": "CGK", "weekdays": ["mon"], "begins": "07:00", "ends": "15:00"}
        made = self.client.post(
            "/v1/duty/shifts", headers=self.admin, json={**body, "officer_ids": people}
        ).json()
        times = st.times().map(lambda time: f"{time:%H:%M}")
        values = {
            "port": st.sampled_from(["CGK", "DPS"]),
            "weekdays": some([day.value for day in Weekday], 1),
            "begins": times,
            "ends": times,
            "first_day": DAYS,
            "last_day": DAYS.map(lambda day: f"2030{day[4:-3]}-28"),
            "officer_ids": some(people, 1),
            "next_port": st.sampled_from(["SUB", "IDBTM"]),
        }
        url = f"/v1/duty/shifts/{made['id']}"
        shown = (self.get("/v1/duty/shifts", self.admin), self.get("/v1/duty/now", self.admin))
        return Resource(url, self.admin, values, shown)

    def preset(self) -> Resource:
        receivers = [self.desk.agency(code) for code in ("POL", "BEA")]
        body = {"name": "Usual", "receiver_id": receivers[0], "fields": ["name"], "note": "Look."}
        made = self.client.post("/v1/referral-presets", headers=self.admin, json=body).json()
        values = {
            "name": NAMES,
            "receiver_id": st.sampled_from(receivers),
            "fields": some(sorted(AlertField), 0),
            "note": NAMES,
            "days": st.integers(1, 365),
        }
        shown = (self.get("/v1/referral-presets", self.admin),)
        return Resource(f"/v1/referral-presets/{made['id']}", self.admin, values, shown)

    def office(self) -> Resource:
        return self.placed("/v1/offices", self.admin, {})

    def team(self) -> Resource:
        members = {"agency_ids": some([self.desk.agency(code) for code in ("POL", "BEA")])}
        return self.placed("/v1/teams", self.head, members)

    def placed(
        self, path: str, keeper: dict[str, str], more: dict[str, st.SearchStrategy[Any]]
    ) -> Resource:
        made = self.client.post(path, headers=keeper, json={"name": "Contoh", "area": "31"}).json()
        values = {"name": NAMES, "area": st.sampled_from(["ID", "31", "32"]), **more}
        return Resource(f"{path}/{made['id']}", keeper, values, (self.get(path, keeper),))

    def subject(self) -> Resource:
        lists = [self.desk.watchlist(), self.desk.watchlist("other")]
        document = st.fixed_dictionaries(
            {"kind": NAMES, "number": NAMES},
            optional={"country": st.none() | st.sampled_from(["IDN", "XXA"])},
        )
        values = {
            "name": NAMES,
            "watchlist_ids": some(lists, 1),
            "reference": NAMES,
            "aliases": lines(),
            "sex": st.sampled_from(Sex),
            "birth_date": DAYS,
            "birth_year": st.just(2000),
            "nationality": st.sampled_from(["IDN", "XXB"]),
            "documents": st.lists(document, max_size=3),
            "reason": WORDS.map(str.strip),
            "decision_number": NAMES,
            "change_reason": NAMES,
            "status": st.sampled_from(SubjectStatus),
            "valid_from": DAYS.map(lambda day: f"{day}T00:00:00Z"),
            "valid_until": DAYS.map(lambda day: f"2030{day[4:-3]}-28T23:59:59Z"),
        }
        url = f"/v1/subjects/{self.desk.enrol(1)}"
        shown = (
            *self.alerts(),
            self.get("/v1/subjects", self.reviewer),
            self.get(f"{url}/encounters", self.reviewer),
            self.get(f"{url}/held", self.reviewer, purpose=PURPOSE),
            *(self.get(f"/v1/watchlists/{each}/export", self.reviewer) for each in lists),
        )
        return Resource(url, self.reviewer, values, shown)

    def alerts(self) -> tuple[Callable[[], Any], ...]:
        """What shows an alert of the first person, and what raises or finds another."""
        photo = {"photo": photo_of(1, brightness=0.9)}
        arrival = {"port": "CGK", "direction": "entry"}
        self.desk.enrol(1)
        raised = self.desk.screen(1).encounter.alerts[0].id
        return (
            self.get("/v1/alerts", self.reviewer),
            self.get(f"/v1/alerts/{raised}", self.reviewer),
            lambda: self.client.post(
                "/v1/encounters", headers=self.port, data=arrival, files=photo
            ),
            lambda: self.client.post(
                "/v1/searches", headers=self.reviewer, data={"purpose": PURPOSE}, files=photo
            ),
        )


MADE: dict[str, Callable[[Scene], Resource]] = {
    "/v1/me": Scene.account,
    "/v1/agencies/{agency_id}": Scene.agency,
    "/v1/officers/{officer_id}": Scene.officer,
    "/v1/webhooks/{webhook_id}": Scene.webhook,
    "/v1/duty/shifts/{shift_id}": Scene.shift,
    "/v1/referral-presets/{preset_id}": Scene.preset,
    "/v1/offices/{office_id}": Scene.office,
    "/v1/teams/{team_id}": Scene.team,
    "/v1/watchlists/{watchlist_id}": Scene.watchlist,
    "/v1/subjects/{subject_id}": Scene.subject,
    "/v1/categories/{code}": Scene.category,
    "/v1/outcomes/{code}": Scene.outcome,
}


@pytest.fixture
def scene(client, desk, port, admin, sign_in):
    roles = (Role.OFFICER, Role.SUPERVISOR, Role.ANALYST)
    desk.agency("POL"), desk.agency("BNN")
    return Scene(client, desk, port, sign_in(*roles), admin, sign_in(Role.COORDINATOR))


FOLLOW = ("threshold_in_force", "threshold_basis", "zone")
"""What an answer works out from the fields."""


def nullable(field: dict[str, Any]) -> bool:
    return {"type": "null"} in field.get("anyOf", [])


def kept(field: str, value: Any) -> Any:
    """What is answered where this was sent."""
    if field == "documents":
        return [{"country": None} | each for each in value]
    if field == "weekdays":
        return [day for day in Weekday if day in value]
    if field == "officer_ids":
        return list(dict.fromkeys(value))
    if field in ("agency_ids", "events", "fields", "shared_with", "watchlist_ids"):
        return sorted(set(value))
    return sorted(value) if field == "roles" else value


def test_every_patch_is_drawn():
    assert set(MADE) == PATHS


@pytest.mark.parametrize("examples", [8, pytest.param(40, marks=pytest.mark.more)])
@pytest.mark.parametrize("path", sorted(MADE))
def test_exactly_what_is_sent_changes_and_everything_can_still_be_read(
    client, scene, path, examples
):
    resource = MADE[path](scene)
    url, headers = resource.url, resource.headers
    fields = schema_of(client.app.openapi(), path)["properties"]
    assert set(resource.values) == set(fields)
    # The reason of a change is none of the resource's own.
    of_the_change = {"reason", "change_reason"} - client.get(url, headers=headers).json().keys()
    optional = {
        name: st.none() | values if nullable(fields[name]) else values
        for name, values in resource.values.items()
    }

    # What an example leaves behind is there for the next: a smaller one would tell less.
    @settings(
        max_examples=examples,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )
    @given(body=st.fixed_dictionaries({}, optional=optional))
    def patched(body):
        if body.get("active") is False or "roles" in body:
            body = {"reason": "no longer takes part"} | body
        read = client.get(url, headers=headers)
        before = read.json()
        tag = {"If-Match": read.headers["etag"]} if "etag" in read.headers else {}
        answer = client.patch(url, headers=headers | tag, json=body)
        assert answer.status_code == 200, answer.text
        stamps = {"version", "updated_at", *FOLLOW} & answer.json().keys()
        expected = before | {
            n: kept(n, value) for n, value in body.items() if n not in of_the_change
        }
        # Objects within: their languages are fields like any.
        expected |= {
            name: before[name] | body[name] for name in ("instruction", "label") if name in body
        }
        if "category" in body:  # an instruction in its usual words follows the category
            own = own_words(expected["instruction"], CATEGORIES[before["category"]].instruction)
            expected["instruction"] = complete(own, CATEGORIES[body["category"]].instruction)
        after = client.get(url, headers=headers).json()
        assert after == answer.json() == expected | {name: after[name] for name in stamps}
        for ask in resource.shown:
            found = ask()
            assert found.is_success, (found.url, found.text)

    patched()


def test_a_document_that_was_stored_without_its_country_can_be_read(scene, client, desk):
    """As PATCH stored it at first, and as referrals carried it on."""
    subject = desk.enrol(1, documents=[{"kind": "passport", "number": "X1"}])
    (alert,) = desk.screen(1).encounter.alerts
    read = client.get(f"/v1/subjects/{subject}", headers=scene.reviewer)
    whole = [{"kind": "passport", "number": "X1", "country": None}]
    assert read.json()["documents"] == whole
    for ask in scene.subject().shown:
        found = ask()
        assert found.is_success, (found.url, found.text)
    url = f"/v1/alerts/{alert.id}"
    taken = client.post(f"{url}/acknowledge", headers=scene.reviewer)
    assert taken.json()["subject"]["documents"] == whole
    handover = {
        "receiver_id": desk.agency("POL"),
        "due_at": "2026-03-02T08:00:00Z",
        "note": "Yours.",
        "fields": ["documents"],
    }
    sent = client.post(f"{url}/refer", headers=scene.reviewer, json=handover)
    assert sent.json()["carried"]["documents"][0]["number"] == "X1"


@pytest.mark.parametrize("path", sorted(PATHS))
def test_no_default_of_a_patch_is_published(path):
    """A program that sends the defaults of what its caller left out would change it."""
    schema = schema_of(create_app(settings_for(Path("unused"))).openapi(), path)
    assert [name for name, field in schema["properties"].items() if "default" in field] == []
    assert "required" not in schema


def test_a_new_name_leaves_a_watchlist_s_policy_as_it_is(scene, client):
    strict = {
        "requires_second_officer": True,
        "legal_basis": "Decree 7",
        "target_fpir": 1e-5,
        "threshold": 0.7,
    }
    body = {"name": "old", **strict}
    made = client.post("/v1/watchlists", headers=scene.reviewer, json=body).json()
    url = f"/v1/watchlists/{made['id']}"
    schema = schema_of(client.get("/openapi.json").json(), "/v1/watchlists/{watchlist_id}")
    filled_in = {n: f["default"] for n, f in schema["properties"].items() if "default" in f}
    sent = filled_in | {"name": "new"}
    read = {"If-Match": '"1"'}
    changed = client.patch(url, headers=scene.reviewer | read, json=sent).json()
    assert changed["name"] == "new"
    assert {name: changed[name] for name in strict} == strict


def test_one_language_of_an_instruction_leaves_the_other(scene, client):
    body = {"name": "one", "instruction": {"id": "Tahan.", "en": "Hold."}}
    made = client.post("/v1/watchlists", headers=scene.reviewer, json=body).json()
    url = f"/v1/watchlists/{made['id']}"
    change = {"instruction": {"en": "Ask to wait."}}
    read = {"If-Match": '"1"'}
    changed = client.patch(url, headers=scene.reviewer | read, json=change).json()
    assert changed["instruction"] == {"id": "Tahan.", "en": "Ask to wait."}


def test_a_policy_is_edited_by_who_has_read_it(scene, client):
    url = f"/v1/watchlists/{scene.desk.watchlist()}"
    change = {"requires_second_officer": True}
    problem(client.patch(url, headers=scene.reviewer, json=change), 428, "version_required")
    assert not client.get(url, headers=scene.reviewer).json()["requires_second_officer"]
    stale = scene.reviewer | {"If-Match": '"7"'}
    problem(client.patch(url, headers=stale, json=change), 412, "stale_version")
    whichever = scene.reviewer | {"If-Match": "*"}
    assert client.patch(url, headers=whichever, json=change).is_success
