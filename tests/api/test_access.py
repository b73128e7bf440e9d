"""Sessions, accounts, agencies, officers and keys over HTTP."""

import threading

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from api.app import create_app
from api.dependencies import origin
from api.state import state_of
from casework.accounts.agencies import NewAgency
from casework.accounts.lockout import SignInRules
from casework.accounts.officers import NewOfficer
from casework.accounts.passwords import Passwords
from casework.accounts.totp import code_at
from casework.kernel.audit.chain import check_export
from casework.kernel.vocabulary import AgencyKind, Role, Scope
from casework.records import Records
from casework.service import Service
from tests.api.conftest import problem, settings_for, wait_until_ready
from tests.deadlines import patience
from tests.fakes import fake_pipeline
from tests.services import DATA_KEYS, OPERATOR, PASSWORD, QUICK, drawn_pack, laid, to_the_present

NEW = "another long enough phrase"


@pytest.fixture
def imi_admin(sign_in):
    return sign_in(Role.ADMIN)


def enter(client, login, password=PASSWORD, **more):
    return client.post("/v1/sessions", json={"login": login, "password": password, **more})


def shown(answer):
    return {"Authorization": f"Bearer {answer.json()['token']}"}


# Sessions


def test_signing_in_and_out(client, sign_in):
    sign_in(Role.OFFICER, login="sari")
    answer = enter(client, "Sari")
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["token_type"] == "Bearer"
    assert body["expires_at"] == "2026-03-01T08:30:00Z"
    assert (body["officer"]["login"], body["incomplete"]) == ("sari", None)
    assert "password" not in str(body["officer"].keys() - {"must_change_password"})
    headers = shown(answer)
    assert client.get("/v1/me", headers=headers).json() == {
        **body["officer"],
        "incomplete": None,
        "recovery_codes_left": 0,
    }
    assert client.delete("/v1/sessions/current", headers=headers).status_code == 204
    problem(client.get("/v1/me", headers=headers), 401, "not_authenticated")


def test_a_token_ends_in_time(client, clock, sign_in):
    sign_in(Role.OFFICER, login="sari")
    headers = shown(enter(client, "sari"))
    clock.advance(minutes=30)
    problem(client.get("/v1/me", headers=headers), 401, "not_authenticated")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "login"),
        ({"login": "", "password": "x"}, "login"),
        ({"login": "x", "password": "x" * 257}, "password"),
        ({"login": "x", "password": "x", "code": ""}, "code"),
        ({"login": "x", "password": "x", "remember": True}, "remember"),
    ],
)
def test_a_wrong_form_of_signing_in_is_refused_by_field(client, body, field):
    answer = client.post("/v1/sessions", json=body)
    assert field in [e["field"] for e in problem(answer, 422, "request_invalid")["errors"]]
    assert "x" * 257 not in answer.text


def test_an_account_is_locked_and_says_for_how_long(client, clock, sign_in):
    sign_in(Role.OFFICER, login="sari")
    for _ in range(4):
        problem(enter(client, "sari", "wrong"), 401, "not_authenticated")
    locked = enter(client, "sari", "wrong")
    problem(locked, 429, "too_many_attempts")
    assert locked.headers["retry-after"] == "900"
    clock.advance(minutes=5)
    assert enter(client, "sari").headers["retry-after"] == "600"
    clock.advance(minutes=10)
    assert enter(client, "sari").status_code == 201


def test_known_and_unknown_logins_are_answered_alike(client, sign_in):
    sign_in(Role.OFFICER, login="sari")
    for _ in range(7):
        known, unknown = enter(client, "sari", "wrong"), enter(client, "nobody", "wrong")
        assert known.status_code == unknown.status_code
        for answer in (known, unknown):
            answer.json().pop("request_id")
        assert {**known.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}
        assert known.headers.keys() == unknown.headers.keys()


def test_an_address_is_locked_whatever_logins_it_tries(client, clock, sign_in):
    sign_in(Role.OFFICER, login="sari")
    for guess in range(30):
        problem(enter(client, f"nobody{guess}", "wrong"), 401, "not_authenticated")
    locked = enter(client, "sari")
    problem(locked, 429, "too_many_attempts")
    assert locked.headers["retry-after"] == "900"
    clock.advance(minutes=15)
    assert enter(client, "sari").status_code == 201


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("testclient", "testclient"),
        (None, "unknown"),
    ],
)
def test_what_counts_as_one_address(host, counted):
    scope = {"type": "http", "client": (host, 1) if host is not None else None}
    assert origin(Request(scope)) == counted


def test_one_password_is_hashed_at_a_time_and_a_flood_is_refused(tmp_path, clock):
    """Sign-ins wait for a place before they get a thread, so that other routes go on."""
    release, lock, busy, most = threading.Event(), threading.Lock(), [0], [0]

    class Slow(Passwords):
        def check(self, password, kept):
            with lock:
                busy[0] += 1
                most[0] = max(most[0], busy[0])
            assert release.wait(patience(20))
            with lock:
                busy[0] -= 1
            return super().check(password, kept)

    def opened(_settings):
        passwords = Slow(QUICK._hasher)
        records = Records.open(
            laid(tmp_path / "siaga.db"),
            DATA_KEYS,
            clock,
            SignInRules(attempts_per_address=10_000),
            passwords,
        )
        service = Service.over(records, drawn_pack(), fake_pipeline(None))
        service.start()
        return service

    with TestClient(create_app(settings_for(tmp_path), opened)) as client:
        wait_until_ready(client)
        answers = []

        def attempt(number):
            answers.append(enter(client, f"nobody{number}").status_code)

        threads = [threading.Thread(target=attempt, args=(n,)) for n in range(45)]
        for thread in threads:
            thread.start()
        while answers.count(503) < 45 - 9:
            threads[0].join(0.01)
        assert client.get("/readyz").status_code == 200
        problem(
            client.get("/v1/me", headers={"Authorization": "Bearer x"}), 401, "not_authenticated"
        )
        release.set()
        for thread in threads:
            thread.join()
    assert most[0] == 1
    assert sorted(answers) == [401] * 9 + [503] * 36


# One's own account


def test_a_new_officer_comes_in_step_by_step(client, imi_admin, clock):
    made = client.post(
        "/v1/officers",
        headers=imi_admin,
        json={"login": "Budi", "name": "Budi", "roles": ["officer", "analyst"]},
    )
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    first = made.json()["first_password"]
    answer = enter(client, "budi", first)
    assert answer.json()["incomplete"].startswith("Choose a new password")
    headers = shown(answer)
    problem(client.get("/v1/watchlists", headers=headers), 403, "account_incomplete")
    assert client.get("/v1/me", headers=headers).json()["must_change_password"] is True

    change = {"present": first, "new": "budi"}
    problem(client.post("/v1/me/password", headers=headers, json=change), 422, "weak_password")
    change = {"present": "wrong", "new": NEW}
    problem(client.post("/v1/me/password", headers=headers, json=change), 422, "not_confirmed")
    change = {"present": first, "new": NEW}
    assert client.post("/v1/me/password", headers=headers, json=change).status_code == 204
    assert client.get("/v1/watchlists", headers=headers).status_code == 200

    asked = {"password": "wrong"}
    factor = "/v1/me/second-factor"
    problem(client.post(factor, headers=headers, json=asked), 422, "not_confirmed")
    offered = client.post(factor, headers=headers, json={"password": NEW})
    assert offered.status_code == 201
    assert offered.headers["cache-control"] == "no-store"
    secret = offered.json()["secret"]
    assert offered.json()["uri"].startswith("otpauth://totp/")
    wrong = client.post(f"{factor}/confirm", headers=headers, json={"code": "000000"})
    problem(wrong, 422, "not_confirmed")
    code = {"code": code_at(secret, clock())}
    confirmed = client.post(f"{factor}/confirm", headers=headers, json=code)
    assert (confirmed.status_code, confirmed.headers["cache-control"]) == (200, "no-store")
    codes = confirmed.json()["recovery_codes"]
    assert client.get("/v1/me", headers=headers).json()["recovery_codes_left"] == len(codes) == 10
    problem(client.post(f"{factor}/confirm", headers=headers, json=code), 409, "illegal_transition")
    assert client.get("/v1/me", headers=headers).json()["second_factor"] is True

    problem(enter(client, "budi", NEW), 401, "second_factor_needed")
    clock.advance(seconds=30)
    now = code_at(secret, clock())
    assert enter(client, "budi", NEW, code=now).status_code == 201
    problem(enter(client, "budi", NEW, code=now), 401, "not_authenticated")

    assert enter(client, "budi", NEW, code=codes[0]).status_code == 201
    problem(enter(client, "budi", NEW, code=codes[0]), 401, "not_authenticated")
    wrong = client.post("/v1/me/recovery-codes", headers=headers, json={"password": "wrong"})
    problem(wrong, 422, "not_confirmed")
    fresh = client.post("/v1/me/recovery-codes", headers=headers, json={"password": NEW})
    assert fresh.status_code == 201
    problem(enter(client, "budi", NEW, code=codes[1]), 401, "not_authenticated")
    assert enter(client, "budi", NEW, code=fresh.json()["recovery_codes"][0]).status_code == 201


def test_own_sessions_are_listed_and_ended(client, sign_in):
    headers = sign_in(Role.OFFICER)
    login = client.get("/v1/me", headers=headers).json()["login"]
    agent = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/130.0"
    body = {"login": login, "password": PASSWORD}
    others = [
        shown(client.post("/v1/sessions", json=body, headers={"User-Agent": agent}))
        for _ in range(2)
    ]
    items = client.get("/v1/me/sessions", headers=headers).json()["items"]
    assert [each["present"] for each in items] == [False, False, True]
    assert items[0]["device"] == "Firefox, Linux"
    ended = client.delete(f"/v1/me/sessions/{items[0]['id']}", headers=headers)
    assert ended.status_code == 204
    problem(client.get("/v1/me", headers=others[1]), 401, "not_authenticated")
    gone = client.delete(f"/v1/me/sessions/{items[0]['id']}", headers=headers)
    problem(gone, 404, "not_found")
    assert client.delete("/v1/me/sessions", headers=headers).status_code == 204
    problem(client.get("/v1/me", headers=others[0]), 401, "not_authenticated")
    assert client.get("/v1/me", headers=headers).status_code == 200


def test_a_first_password_that_is_too_old_says_whom_to_ask(client, desk, clock):
    new = NewOfficer(desk.agency(), "late", "Late", frozenset({Role.ANALYST}))
    _, first = desk.service.accounts.officers.create(OPERATOR, new)
    clock.advance(hours=72)
    refused = problem(enter(client, "late", first), 401, "first_password_expired")
    assert "administrator" in refused["detail"]


def test_a_required_second_factor_comes_first(tmp_path, clock):
    def opened(settings):
        records = Records.open(
            laid(tmp_path / "siaga.db"),
            DATA_KEYS,
            clock,
            settings.sign_in_rules,
            QUICK,
        )
        service = Service.over(records, drawn_pack(), fake_pipeline(None))
        service.start()
        return service

    settings = settings_for(
        tmp_path,
        second_factor_required=True,
        session_minutes=7,
        sign_in_attempts=2,
        sign_in_lock_minutes=1,
    )
    app = create_app(settings, opened)
    with TestClient(app) as client:
        wait_until_ready(client)
        records = state_of(app).opened
        agency = records.accounts.agencies.create(OPERATOR, NewAgency("IMI", "x"))
        new = NewOfficer(agency.id, "sari", "Sari", frozenset({Role.ANALYST}))
        _, first = records.accounts.officers.create(OPERATOR, new)
        answer = enter(client, "sari", first)
        assert answer.json()["expires_at"] == "2026-03-01T08:07:00Z"
        headers = shown(answer)
        change = {"present": first, "new": PASSWORD}
        assert client.post("/v1/me/password", headers=headers, json=change).status_code == 204
        body = problem(client.get("/v1/watchlists", headers=headers), 403, "account_incomplete")
        assert "second factor" in body["detail"]
        offered = client.post(
            "/v1/me/second-factor", headers=headers, json={"password": PASSWORD}
        ).json()
        code = {"code": code_at(offered["secret"], clock())}
        confirmed = client.post("/v1/me/second-factor/confirm", headers=headers, json=code)
        assert confirmed.status_code == 200
        assert client.get("/v1/watchlists", headers=headers).status_code == 200
        problem(enter(client, "sari", "wrong"), 401, "not_authenticated")
        assert enter(client, "sari", "wrong").headers["retry-after"] == "60"


def test_guessing_with_a_stolen_session_ends_it(client, sign_in):
    headers = sign_in(Role.OFFICER)
    change = {"present": "guess", "new": NEW}
    for _ in range(4):
        problem(client.post("/v1/me/password", headers=headers, json=change), 422, "not_confirmed")
    locked = client.post("/v1/me/password", headers=headers, json=change)
    problem(locked, 429, "too_many_attempts")
    assert locked.headers["retry-after"] == "900"
    problem(client.get("/v1/me", headers=headers), 401, "not_authenticated")


def test_language(client, sign_in):
    headers = sign_in(Role.OFFICER)
    assert client.get("/v1/me", headers=headers).json()["language"] == "id"
    changed = client.patch("/v1/me", headers=headers, json={"language": "en"})
    assert changed.json()["language"] == "en"
    assert client.patch("/v1/me", headers=headers, json={}).json()["language"] == "en"
    for wrong in ({"language": "fr"}, {"language": None}, {"roles": ["admin"]}):
        problem(client.patch("/v1/me", headers=headers, json=wrong), 422, "request_invalid")


def test_a_key_has_no_account(client, key):
    headers = key(Scope.ENROL)
    problem(client.get("/v1/me", headers=headers), 403, "not_permitted")
    problem(client.delete("/v1/sessions/current", headers=headers), 403, "not_permitted")


# Agencies


def test_the_life_of_an_agency(client, admin, sign_in):
    made = client.post("/v1/agencies", headers=admin, json={"code": "polri", "name": "Police"})
    assert made.status_code == 201
    agency = made.json()
    assert (agency["code"], agency["kind"], agency["active"]) == ("POLRI", "member", True)
    url = f"/v1/agencies/{agency['id']}"
    assert made.headers["location"] == url
    again = client.post("/v1/agencies", headers=admin, json={"code": "POLRI", "name": "x"})
    problem(again, 409, "already_exists")
    read = client.get(url, headers=admin)
    assert (read.json(), read.headers["etag"]) == (agency, '"1"')
    edited = client.patch(url, headers={**admin, "If-Match": '"1"'}, json={"name": "National"})
    assert (edited.json()["name"], edited.headers["etag"]) == ("National", '"2"')
    stale = client.patch(url, headers={**admin, "If-Match": '"1"'}, json={"name": "x"})
    problem(stale, 412, "stale_version")

    officer = sign_in(Role.OFFICER)
    seen, after = [], None
    while True:
        query = {"limit": 1, **({"after": after} if after else {})}
        page = client.get("/v1/agencies", headers=officer, params=query).json()
        seen += [each["code"] for each in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == ["OPS", "POLRI", "IMI"]


def test_an_agency_that_is_switched_off_is_out_at_once(client, desk, admin, sign_in, office):
    officer = sign_in(Role.ANALYST)
    url = f"/v1/agencies/{desk.agency()}"
    problem(client.patch(url, headers=admin, json={"active": False}), 422, "reason_missing")
    off = {"active": False, "reason": "no longer takes part"}
    assert client.patch(url, headers=admin, json=off).json()["active"] is False
    for headers in (officer, office):
        problem(client.get("/v1/watchlists", headers=headers), 401, "not_authenticated")
    problem(enter(client, "imi.analyst"), 401, "not_authenticated")
    own = client.patch(f"/v1/agencies/{desk.agency('OPS')}", headers=admin, json=off)
    problem(own, 409, "illegal_transition")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x"}, "code"),
        ({"code": "with space", "name": "x"}, "code"),
        ({"code": "X" * 21, "name": "x"}, "code"),
        ({"code": "AB", "name": " "}, "name"),
        ({"code": "AB", "name": "x", "kind": "owner"}, "kind"),
    ],
)
def test_a_wrong_agency_is_refused_by_field(client, admin, body, field):
    answer = client.post("/v1/agencies", headers=admin, json=body)
    assert [e["field"] for e in problem(answer, 422, "request_invalid")["errors"]] == [field]


# Officers


def test_the_life_of_an_officers_account(client, desk, imi_admin):
    body = {"login": "budi", "name": "Budi", "roles": ["officer"], "language": "en"}
    made = client.post("/v1/officers", headers=imi_admin, json=body)
    officer = made.json()
    first = officer.pop("first_password")
    assert officer["agency_id"] == desk.agency()
    url = f"/v1/officers/{officer['id']}"
    assert made.headers["location"] == url
    read = client.get(url, headers=imi_admin)
    assert read.json() == officer
    assert first not in read.text
    problem(client.post("/v1/officers", headers=imi_admin, json=body), 409, "already_exists")
    etag = read.headers["etag"]
    change = {"roles": ["officer", "supervisor"]}
    edited = client.patch(url, headers={**imi_admin, "If-Match": etag}, json=change)
    assert edited.json()["roles"] == ["officer", "supervisor"]
    stale = client.patch(url, headers={**imi_admin, "If-Match": etag}, json=change)
    problem(stale, 412, "stale_version")

    headers = shown(enter(client, "budi", first))
    reset = client.post(f"{url}/reset", headers=imi_admin, json={})
    assert reset.status_code == 200
    problem(client.get("/v1/me", headers=headers), 401, "not_authenticated")
    problem(enter(client, "budi", first), 401, "not_authenticated")
    headers = shown(enter(client, "budi", reset.json()["first_password"]))
    client.patch(url, headers=imi_admin, json={"active": False, "reason": "left"})
    problem(client.get("/v1/me", headers=headers), 401, "not_authenticated")
    logins = [
        each["login"] for each in client.get("/v1/officers", headers=imi_admin).json()["items"]
    ]
    assert logins == ["imi.admin", "budi"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"login": "with space"}, "login"),
        ({"login": "x"}, "login"),
        ({"name": ""}, "name"),
        ({"roles": []}, "roles"),
        ({"roles": ["port"]}, "roles.0"),
        ({"roles": ["king"]}, "roles.0"),
        ({"language": "fr"}, "language"),
        ({"password": "of my choice"}, "password"),
    ],
)
def test_a_wrong_officer_is_refused_by_field(client, imi_admin, change, field):
    body = {"login": "budi", "name": "Budi", "roles": ["officer"], **change}
    answer = client.post("/v1/officers", headers=imi_admin, json=body)
    assert [e["field"] for e in problem(answer, 422, "request_invalid")["errors"]] == [field]


def test_nobody_rises_by_themselves(client, desk, imi_admin, admin, sign_in):
    mine = client.get("/v1/me", headers=imi_admin).json()["id"]
    change = {"roles": ["admin", "analyst"]}
    own = client.patch(f"/v1/officers/{mine}", headers=imi_admin, json=change)
    problem(own, 403, "not_permitted")
    body = {"login": "budi", "name": "Budi", "roles": ["coordinator"]}
    problem(client.post("/v1/officers", headers=imi_admin, json=body), 403, "not_permitted")
    elsewhere = {**body, "roles": ["admin"], "agency_id": desk.agency("OPS")}
    problem(client.post("/v1/officers", headers=imi_admin, json=elsewhere), 404, "not_found")
    elsewhere = {**body, "agency_id": desk.agency(), "reason": "for the totals"}
    given = client.post("/v1/officers", headers=admin, json=elsewhere)
    assert given.status_code == 202  # their own administrator decides it


# Keys


def test_the_life_of_a_key(client, desk, clock, sign_in, imi_admin, admin):
    made = client.post("/v1/keys", headers=imi_admin, json={"name": "ours", "scopes": ["enrol"]})
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    key = made.json()
    headers = {"Authorization": f"Bearer {key.pop('key')}"}
    assert key["agency_id"] == desk.agency()
    assert client.get("/v1/watchlists", headers=headers).status_code == 200
    assert client.get("/v1/keys", headers=imi_admin).json() == {"items": [key], "next": None}
    url, why = f"/v1/keys/{key['id']}", {"reason": "lost"}
    assert client.post(f"{url}/revoke", headers=imi_admin, json=why).json()["revoked_at"]
    problem(client.get("/v1/watchlists", headers=headers), 401, "not_authenticated")
    assert client.post(f"{url}/restore", headers=imi_admin).json() == key
    assert client.get("/v1/watchlists", headers=headers).status_code == 200
    assert client.post(f"{url}/revoke", headers=imi_admin, json=why).status_code == 200
    assert client.post(f"{url}/revoke", headers=imi_admin, json=why).status_code == 200
    assert client.get("/v1/keys", headers=imi_admin).json()["items"][0]["revoked_at"]
    assert client.get("/v1/keys", headers=admin).json()["items"] == []
    clock.advance(hours=24)
    later = sign_in(Role.ADMIN, login="later")
    problem(client.post(f"{url}/restore", headers=later), 409, "illegal_transition")


def test_a_port_systems_key_is_made_by_the_operating_agency(client, imi_admin, admin):
    body = {"name": "gate", "scopes": ["screen"], "ports": ["CGK"]}
    problem(client.post("/v1/keys", headers=imi_admin, json=body), 403, "not_permitted")
    made = client.post("/v1/keys", headers=admin, json=body).json()
    assert made["ports"] == ["CGK"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": ["enrol"]}, "name"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["all"]}, "scopes.0"),
        ({"name": "x", "scopes": ["enrol"], "ports": []}, "ports"),
        ({"name": "x", "scopes": ["enrol"], "ports": ["Jakarta"]}, "ports.0"),
    ],
)
def test_a_wrong_key_is_refused_by_field(client, admin, body, field):
    answer = client.post("/v1/keys", headers=admin, json=body)
    assert [e["field"] for e in problem(answer, 422, "request_invalid")["errors"]] == [field]


# The audit trail


def test_auditors_read_what_concerns_their_agency(client, desk, sign_in):
    auditor = sign_in(Role.AUDITOR)
    other = sign_in(Role.ANALYST, agency="POL")
    client.get("/v1/subjects", headers=other)
    analyst = sign_in(Role.ANALYST)
    client.get("/v1/subjects", headers={**analyst, "X-Request-ID": "mine"})
    page = client.get("/v1/audit", headers=auditor).json()
    assert {row["agency_id"] for row in page["items"]} | {None, desk.agency()} == {
        None,
        desk.agency(),
    }
    (row,) = client.get("/v1/audit?action=subject", headers=auditor).json()["items"]
    assert (row["action"], row["request_id"]) == ("subject.list", "mine")


def test_pages_and_filters_of_the_trail(client, desk, sign_in):
    auditor = sign_in(Role.AUDITOR)
    seen, before = [], None
    while True:
        query = {
            "limit": 2,
            "until": "2026-03-01T09:00:00Z",
            **({"before": before} if before else {}),
        }
        page = client.get("/v1/audit", headers=auditor, params=query).json()
        seen += [row["seq"] for row in page["items"]]
        before = page["next"]
        if before is None:
            break
    assert seen == sorted(set(seen), reverse=True)
    refused = client.get("/v1/subjects", headers=auditor)
    problem(refused, 403, "not_permitted")
    (row,) = client.get("/v1/audit?outcome=refused", headers=auditor).json()["items"]
    assert row["action"] == "subject.read"
    assert client.get("/v1/audit?since=2027-01-01T00:00:00Z", headers=auditor).json()["items"] == []
    for wrong in ("before=0", "before=x", "limit=0", "since=yesterday", f"before={2**63}"):
        problem(client.get(f"/v1/audit?{wrong}", headers=auditor), 422, "request_invalid")


def test_the_whole_trail_is_checked_and_exported(client, desk, sign_in, tmp_path):
    to_the_present(desk.clock)
    auditor = sign_in(Role.AUDITOR, agency="OPS", kind=AgencyKind.OPERATOR)
    verdict = client.get("/v1/audit/verify", headers=auditor).json()
    assert (verdict["whole"], verdict["fault"], verdict["seq"]) == (True, None, None)
    exported = client.get("/v1/audit/export", headers=auditor)
    assert exported.headers["content-type"] == "application/x-ndjson"
    checked = check_export(exported.text.splitlines())
    assert checked.whole
    assert checked.records == verdict["records"] + 2  # the check itself, and the export

    one_field = client.get("/v1/audit/2/proof?show=action", headers=auditor)
    problem(one_field, 404, "not_found")  # no checkpoint covers it

    with desk.service.kernel.database.write() as session:
        session.connection().exec_driver_sql("UPDATE audit SET actor_id = 'x' WHERE seq = 3")
    verdict = client.get("/v1/audit/verify", headers=auditor).json()
    assert (verdict["whole"], verdict["after"] >= 3) == (True, True)  # it looked no further back
    verdict = client.get("/v1/audit/verify?all=true", headers=auditor).json()
    assert (verdict["after"], verdict["all_at"]) == (0, None)
    assert (verdict["whole"], verdict["records"], verdict["seq"]) == (False, 2, 3)
    assert "record 3" in verdict["fault"]
