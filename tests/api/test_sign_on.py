"""Signing in through an identity provider: a real one, over HTTP, with everything that can fail."""

import hmac
import json
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from pydantic import ValidationError
from sqlalchemy import select
from starlette.testclient import TestClient

from api.app import create_app
from api.cookies import SESSION, name_of
from api.state import state_of
from api.v1.sign_on import HELD as HELD_NAME
from casework.accounts.officers import NewOfficer
from casework.kernel.errors import SetUpError, SignOnRefused
from casework.kernel.vocabulary import Role, SessionKind
from casework.records import Records
from casework.service import Service
from casework.tables import AuditRecord, Officer
from config.identity import provider_from_settings
from tests.api.conftest import problem, settings_for, wait_until_ready
from tests.fakes import fake_pipeline
from tests.identity_provider import CLIENT_ID, CLIENT_SECRET, new_key, serving
from tests.services import DATA_KEYS, OPERATOR, QUICK, Desk, drawn_pack, laid

START, CALLBACK = "/v1/sessions/oidc/start", "/v1/sessions/oidc/callback"

HELD = f"__Secure-{HELD_NAME}"


@pytest.fixture
def provider(clock):
    with serving(clock) as provider:
        yield provider


@pytest.fixture
def configured(tmp_path, provider):
    """Settings of an installation with this provider."""
    secret = tmp_path / "secret"
    secret.write_text(f"{CLIENT_SECRET}\n")

    def make(**values):
        given = {
            "oidc_issuer": provider.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret_file": secret,
            "public_url": "https://testserver",
            **values,
        }
        return settings_for(tmp_path, **given)

    return make


@pytest.fixture
def opened(tmp_path, clock, configured):
    """Start an installation; returns its client."""
    running = []

    def start(**values):
        settings = configured(**values)

        def open_service(_settings):
            records = Records.open(
                laid(tmp_path / "siaga.db"),
                DATA_KEYS,
                clock,
                rules=settings.sign_in_rules,
                passwords=QUICK,
                provider=provider_from_settings(settings),
            )
            return Service.over(records, drawn_pack(), fake_pipeline())

        client = TestClient(
            create_app(settings, open_service),
            base_url="https://testserver",
            raise_server_exceptions=False,
            follow_redirects=False,
        )
        client.__enter__()
        running.append(client)
        wait_until_ready(client)
        return client

    yield start
    for client in running:
        client.__exit__(None, None, None)


@pytest.fixture
def client(opened):
    return opened()


@pytest.fixture
def officer(desk, provider):
    """An officer who is tied to the provider's subject."""
    new = NewOfficer(
        desk.agency(),
        "ani",
        "Ani",
        frozenset({Role.OFFICER}),
        oidc_issuer=provider.issuer,
        oidc_subject=provider.subject,
    )
    made, password = desk.service.accounts.officers.create(OPERATOR, new)
    assert password is None
    return made


def depart(client):
    """Go to the provider; returns where it sends the browser back to."""
    answer = client.get(START)
    assert answer.status_code == 303, answer.text
    there = httpx2.get(answer.headers["location"])
    assert there.status_code == 302, there.text
    back = there.headers["location"]
    assert back.startswith(f"https://testserver{CALLBACK}?")
    return back


def sign_on(client, **headers):
    return client.get(depart(client), headers=headers)


def session_of(answer):
    """The session's text in an answer's cookies."""
    for line in answer.headers.get_list("set-cookie"):
        name, _, rest = line.partition("=")
        if name == name_of(SESSION, secure=True):
            assert {"httponly", "secure", "samesite=lax", "path=/"} <= {
                part.strip().lower() for part in rest.split(";")
            }
            return rest.partition(";")[0].strip('"')
    return None


def trail(desk, action="session.begin"):
    with desk.service.kernel.database.read() as session:
        rows = session.scalars(select(AuditRecord).where(AuditRecord.action == action))
        return [(row.outcome, row.actor_id, row.detail) for row in rows]


def refused(answer, why, desk):
    """Check that nobody was let in, and that the trail says why."""
    said = problem(answer, 401, "sign_on_refused")
    assert said["detail"] == str(SignOnRefused(why))
    assert session_of(answer) is None
    outcome, _, detail = trail(desk)[-1]
    assert (outcome, detail) == ("refused", {"by": "provider", "why": why})


# In


def test_an_officer_signs_in_through_the_provider(client, desk, officer, provider):
    answer = sign_on(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert answer.headers["cache-control"] == "no-store"
    actor = desk.service.accounts.sessions.recognise(session_of(answer), kind=SessionKind.CONSOLE)
    assert (actor.id, actor.roles, actor.incomplete) == (officer.id, {Role.OFFICER}, None)
    assert trail(desk)[-1] == ("done", officer.id, {"kind": "console"})
    assert provider.asked.count("/token") == 1
    assert desk.service.kernel.audit.verify().whole


def test_the_way_there_says_what_it_should_and_no_more(client):
    answer = client.get(START)
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked.keys() == {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
    }
    assert len({asked[name][0] for name in ("state", "nonce", "code_challenge")}) == 3
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith(f"{HELD}=")
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/v1/sessions/oidc", "Max-Age=600"):
        assert part in cookie
    for secret in (asked["state"][0], asked["nonce"][0]):
        assert secret not in cookie
    assert client.get(START).headers["location"] != answer.headers["location"]


def test_the_officer_goes_on_to_where_they_were_going(client, officer):
    for wanted, shown in (("/alerts?state=new", "/alerts?state=new"), ("//evil.example", "/")):
        there = client.get(START, params={"next": wanted}).headers["location"]
        answer = client.get(httpx2.get(there).headers["location"])
        assert answer.headers["location"] == shown


def test_a_client_without_a_secret_is_known_by_its_id(opened, provider):
    client = opened(oidc_client_secret_file=None)
    provider.token = lambda form, shown: (
        400,
        {"error": "invalid_grant" if (form["client_id"], shown) == (CLIENT_ID, "") else "x"},
    )
    said = problem(sign_on(client), 401, "sign_on_refused")
    assert said["detail"] == str(SignOnRefused("code_refused"))


def test_what_a_provider_publishes_is_read_once_in_a_while(client, officer, provider, clock):
    for _ in range(3):
        assert sign_on(client).status_code == 303
    assert provider.asked.count("/keys") == 1
    clock.advance(minutes=61)
    assert sign_on(client).status_code == 303
    assert provider.asked.count("/keys") == 2


def test_new_keys_of_the_provider_are_fetched_when_they_are_met(client, officer, provider):
    assert sign_on(client).status_code == 303
    provider.keys.append(new_key("second"))
    assert session_of(sign_on(client)) is not None


def test_a_session_of_a_program_is_none_of_the_console(client, desk, officer):
    sessions = desk.service.accounts.sessions
    text = sessions.begin_for(officer.id, SessionKind.PROGRAM).text
    sessions.recognise(text)
    with pytest.raises(Exception, match="not known"):
        sessions.recognise(text, kind=SessionKind.CONSOLE)


# Out


NOT_FOR_THIS_SIGN_IN = [
    {"nonce": "another"},
    {"nonce": None},
    {"aud": "somebody-else"},
    {"aud": ["somebody-else"]},
    {"aud": None},
    {"aud": "somebody-else", "azp": CLIENT_ID},
    {"aud": [CLIENT_ID, "somebody-else"]},  # and not said to be issued to us
    {"aud": [CLIENT_ID, "somebody-else"], "azp": "somebody-else"},
    {"iss": "https://elsewhere.example"},
    {"iss": None},
    {"sub": None},
    {"sub": ""},
    {"sub": 7},
    {"exp": None},
    {"exp": "soon"},
    {"iat": None},
    {"at_hash": "of-another-token"},
]


def test_a_token_that_is_not_for_this_sign_in_is_refused(client, desk, officer, provider):
    for claims in NOT_FOR_THIS_SIGN_IN:
        provider.claims = claims
        refused(sign_on(client), "token_unsound", desk)
    provider.claims = {"aud": [CLIENT_ID, "somebody-else"], "azp": CLIENT_ID}
    assert session_of(sign_on(client)) is not None


def test_a_token_that_has_expired_is_refused(client, desk, officer, provider, clock):
    provider.claims = {"exp": int(clock().timestamp()) - 120}
    refused(sign_on(client), "token_unsound", desk)


def test_an_altered_signature_is_refused(client, desk, officer, provider):
    provider.signer = new_key("first")
    refused(sign_on(client), "token_unsound", desk)


def test_altered_claims_are_refused(client, desk, officer, provider):
    honest = provider.id_token

    def altered(nonce):
        header, _, signature = honest(nonce).split(".")
        claims = json.dumps({**provider.usual_claims(nonce), "sub": "somebody-else"})
        return f"{header}.{urlsafe_b64encode(claims.encode()).rstrip(b'=').decode()}.{signature}"

    provider.id_token = altered
    refused(sign_on(client), "token_unsound", desk)


def forged(algorithm, claims, secret):
    """Write a token without the provider's private key."""
    header = {"alg": algorithm, "kid": "first", "typ": "JWT"}
    parts = [urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in (header, claims)]
    signature = b""
    if algorithm == "HS256":
        signature = hmac.digest(secret, b".".join(parts), "sha256")
    return b".".join([*parts, urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def test_a_token_without_a_key_pair_s_signature_is_refused(client, desk, officer, provider):
    # The public key, taken as a shared secret, is a known confusion.
    public = provider.keys[0].as_pem(private=False)
    for algorithm in ("none", "HS256"):
        provider.id_token = lambda nonce, algorithm=algorithm: forged(
            algorithm, provider.usual_claims(nonce), public
        )
        refused(sign_on(client), "token_unsound", desk)


def test_an_answer_counts_once(client, desk, officer, provider):
    provider.takes_codes_again = True
    answer = client.get(START)
    held = {"cookie": f"{HELD}={client.cookies[HELD]}"}
    back = httpx2.get(answer.headers["location"]).headers["location"]
    first = client.get(back)
    assert session_of(first) is not None
    refused(client.get(back), "begun_elsewhere", desk)  # the browser holds nothing any more
    refused(client.get(back, headers=held), "begun_elsewhere", desk)


def test_a_code_of_another_sign_in_is_refused(client, desk, officer, provider):
    back = parse_qs(urlsplit(depart(client)).query)
    client.get(depart(client))
    again = parse_qs(urlsplit(depart(client)).query)
    swapped = {"state": again["state"][0], "code": back["code"][0]}
    refused(client.get(f"{CALLBACK}?{urlencode(swapped)}"), "code_refused", desk)


def test_an_answer_that_another_browser_asked_for_is_refused(client, desk, officer):
    back = depart(client)
    client.cookies.clear()
    refused(client.get(back), "begun_elsewhere", desk)
    depart(client)
    refused(client.get(back), "begun_elsewhere", desk)


def test_an_answer_that_comes_late_is_refused(client, desk, officer, clock):
    back = depart(client)
    clock.advance(minutes=11)
    refused(client.get(back), "begun_elsewhere", desk)


def test_a_cookie_that_is_not_ours_is_refused(client, desk):
    for held in ("", "x", "!!!!", "AAAA", "AQ==", "é"):
        cookie = f"{HELD}={held}".encode("latin-1")
        answer = client.get(f"{CALLBACK}?state=x&code=y", headers={"cookie": cookie})
        refused(answer, "begun_elsewhere", desk)


def test_an_answer_of_another_issuer_is_refused(client, desk, officer):
    back = depart(client).replace("iss=", "iss=https%3A%2F%2Felsewhere.example&was=")
    refused(client.get(back), "begun_elsewhere", desk)


def test_a_refusal_of_the_provider_is_told(client, desk, officer, provider):
    provider.refuses = "access_denied"
    refused(sign_on(client), "provider_refused", desk)


def test_a_subject_whom_nobody_is_tied_to_is_refused(client, desk, officer, provider):
    provider.subject = "somebody-else"
    refused(sign_on(client), "unknown", desk)


def test_an_officer_who_is_not_active_is_refused(client, desk, officer):
    desk.service.accounts.officers.edit(OPERATOR, officer.id, {"active": False}, None, "left")
    refused(sign_on(client), "inactive", desk)
    assert trail(desk)[-1][1] == officer.id


def test_officers_of_an_agency_that_is_not_active_are_refused(client, desk, officer):
    desk.service.accounts.agencies.edit(
        OPERATOR, officer.agency_id, {"active": False}, None, "over"
    )
    refused(sign_on(client), "inactive", desk)


def test_browsers_are_shown_the_sign_in_page(client, desk, officer, provider):
    provider.refuses = "access_denied"
    answer = sign_on(client, accept="text/html,application/xhtml+xml")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?problem=sign_on_refused"
    assert session_of(answer) is None


# The provider does not answer


def test_without_the_provider_nobody_is_sent_there(client, provider):
    for path in ("/.well-known/openid-configuration", "/keys"):
        provider.broken = {path}
        problem(client.get(START), 502, "provider_unavailable")
    provider.broken = set()
    assert client.get(START).status_code == 303


def test_what_is_no_provider_is_not_believed(client, provider):
    sound = dict(provider.metadata)
    elsewhere, numbered = {"issuer": "https://elsewhere.example"}, {"jwks_uri": 7}
    odd: list[object] = [{}, [], "text", {**sound, **elsewhere}, {**sound, **numbered}]
    for each in odd:
        provider.metadata = each
        problem(client.get(START), 502, "provider_unavailable")
    provider.metadata = sound
    assert client.get(START).status_code == 303


def test_a_provider_that_fails_at_the_end_is_told_from_a_refusal(client, desk, officer, provider):
    back = depart(client)
    provider.broken = {"/token"}
    problem(client.get(back), 502, "provider_unavailable")


def test_a_provider_that_does_not_know_this_installation_is_the_operator_s_concern(
    opened, tmp_path, officer
):
    wrong = tmp_path / "wrong"
    wrong.write_text("not the secret")
    problem(sign_on(opened(oidc_client_secret_file=wrong)), 502, "provider_unavailable")


# Tying accounts


@pytest.fixture
def budi(desk):
    new = NewOfficer(desk.agency(), "budi@agency.example", "Budi", frozenset({Role.OFFICER}))
    made, _ = desk.service.accounts.officers.create(OPERATOR, new)
    return made


class TestTying:
    @pytest.fixture
    def client(self, opened):
        return opened(oidc_login_claim="email", oidc_scope="openid email")

    def test_the_first_sign_in_ties_the_account_that_has_the_login(
        self, client, desk, budi, provider
    ):
        provider.claims = {"email": "Budi@Agency.example", "email_verified": True}
        assert session_of(sign_on(client)) is not None
        assert trail(desk, "officer.tie") == [("done", budi.id, None)]
        provider.claims = {"email": "a-new-address@agency.example", "email_verified": True}
        assert session_of(sign_on(client)) is not None
        with desk.service.kernel.database.read() as session:
            tied = session.get_one(Officer, budi.id)
        assert (tied.oidc_issuer, tied.oidc_subject) == (provider.issuer, provider.subject)
        assert (tied.password_hash, tied.must_change_password) == (None, False)

    def test_nothing_less_than_a_verified_login_ties(self, client, desk, budi, provider):
        for claims in (
            {},
            {"email": "budi@agency.example"},
            {"email": "budi@agency.example", "email_verified": False},
            {"email": "budi@agency.example", "email_verified": "true"},
            {"email": "nobody@agency.example", "email_verified": True},
            {"email": ["budi@agency.example"], "email_verified": True},
            {"email": "  ", "email_verified": True},
        ):
            provider.claims = claims
            refused(sign_on(client), "unknown", desk)

    def test_an_account_that_is_tied_already_stays_with_its_owner(
        self, client, desk, budi, provider
    ):
        provider.claims = {"email": budi.login, "email_verified": True}
        assert session_of(sign_on(client)) is not None
        provider.subject = "somebody-else"
        refused(sign_on(client), "unknown", desk)

    def test_an_account_that_is_not_active_is_not_tied(self, client, desk, budi, provider):
        desk.service.accounts.officers.edit(OPERATOR, budi.id, {"active": False}, None, "left")
        provider.claims = {"email": budi.login, "email_verified": True}
        refused(sign_on(client), "unknown", desk)


# Settings


def test_passwords_can_be_switched_off(opened, clock):
    client = opened(passwords=False)
    desk = Desk(state_of(client.app).opened, clock)
    new = NewOfficer(desk.agency(), "citra", "Citra", frozenset({Role.OFFICER}))
    _, password = desk.service.accounts.officers.create(OPERATOR, new)
    answer = client.post("/v1/sessions", json={"login": "citra", "password": password})
    problem(answer, 401, "sign_on_refused")
    assert trail(desk)[-1][0] == "refused"


def test_without_a_provider_there_is_no_way_there(opened):
    client = opened(oidc_issuer=None)
    problem(client.get(START), 404, "not_found")
    problem(client.get(CALLBACK), 404, "not_found")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"public_url": None}, "public_url"),
        ({"oidc_client_id": None}, "oidc_client_id"),
        ({"oidc_issuer": "http://provider.example"}, "https"),
        ({"public_url": "http://siaga.example"}, "https"),
        ({"public_url": "https://siaga.example/?x=1"}, "after"),
        ({"oidc_scope": "email"}, "openid"),
        ({"oidc_issuer": None, "passwords": False}, "oidc_issuer"),
    ],
)
def test_settings_that_do_not_fit_together_stop_the_start(configured, values, said):
    with pytest.raises(ValidationError, match=said):
        configured(**values)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_secret_that_cannot_be_read_stops_the_start(configured, tmp_path, content):
    file = tmp_path / "other"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SetUpError, match="oidc_client_secret_file"):
        provider_from_settings(configured(oidc_client_secret_file=file))
