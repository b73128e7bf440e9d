"""Dangerous acts ask first, on a page that works without scripts; none is forgotten."""

import re
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts
from typer.main import get_command

from api.app import create_app
from api.console.danger import DANGERS
from casework.accounts.officers import NewOfficer
from casework.kernel.errors import ReasonMissing
from casework.kernel.vocabulary import EventKind, Role
from casework.webhooks.webhooks import NewWebhook
from cli.lazy import LazyCommand
from cli.main import app as siaga
from tests.api.conftest import settings_for
from tests.services import OPERATOR, photo_file

TEMPLATES = Path(__file__).parents[3] / "api" / "console" / "templates"

# What changes something and is not dangerous: why, and by what. It stops no screening and no alert,
# loses no data and no access, or is taken back as easily as it is done.
HARMLESS = {
    "one's own browser, session and account; a password is asked for where it matters": (
        *("/preferences", "/sign-in", "/sign-out", "/account/password"),
        *("/account/second-factor", "/account/second-factor/confirm", "/account/recovery-codes"),
        *("/account/sessions/{session_id}/end", "/account/sessions/end-others"),
        *("POST /v1/sessions", "DELETE /v1/sessions/current", "PATCH /v1/me"),
        *("POST /v1/me/password", "POST /v1/me/recovery-codes", "POST /v1/me/second-factor"),
        *("POST /v1/me/second-factor/confirm", "DELETE /v1/me/sessions"),
        "DELETE /v1/me/sessions/{session_id}",
    ),
    "a step of the work, in a history, of a form with its reasons; a closed alert is corrected": (
        *("/alerts/{alert_id}/take", "/alerts/{alert_id}/decide", "/alerts/{alert_id}/confirm"),
        *("/alerts/{alert_id}/refer", "/alerts/{alert_id}/close", "/alerts/{alert_id}/correct"),
        *("POST /v1/alerts/{alert_id}/acknowledge", "POST /v1/alerts/{alert_id}/decide"),
        *("POST /v1/alerts/{alert_id}/confirm", "POST /v1/alerts/{alert_id}/refer"),
        *("POST /v1/alerts/{alert_id}/close", "POST /v1/alerts/{alert_id}/correct"),
        *("/alerts/{alert_id}/withdraw", "POST /v1/alerts/{alert_id}/withdraw"),
        "/referrals/{referral_id}/step",
        *(
            f"POST /v1/referrals/{{referral_id}}/{step}"
            for step in ("accept", "answer", "ask", "close", "decline")
        ),
        *("/tips/new", "/tips/{tip_id}/dismiss", "/tips/{tip_id}/enrol", "/tips/{tip_id}/refer"),
        *("POST /v1/tips", "POST /v1/tips/{tip_id}/dismiss", "POST /v1/tips/{tip_id}/enrol"),
        "POST /v1/tips/{tip_id}/refer",
        *("/tips/{tip_id}/triage", "POST /v1/tips/{tip_id}/triage", "/tips/{tip_id}/subjects"),
        "/tips/{tip_id}/subjects/{subject_id}/remove",
        *(f"{verb} /v1/tips/{{tip_id}}/subjects/{{subject_id}}" for verb in ("PUT", "DELETE")),
        *("/stays/new", "/stays/file", "/stays/{receipt}/check-out", "POST /v1/stays"),
        *("POST /v1/stays/file", "PUT /v1/stays/{receipt}/check-out"),
        *("/subjects/{subject_id}/residences", "/residences/{residence_id}"),
        *("/overstays/others", "PUT /v1/permits", "POST /v1/permits/departure"),
        "POST /v1/permits/find",
        *("POST /v1/subjects/{subject_id}/residences", "PUT /v1/residences/{residence_id}"),
    ),
    "a step of a joint case, in its history; what is withdrawn was a copy, and is given again": (
        *("/cases/new", "/cases/add/{kind}/{object_id}", "POST /v1/cases"),
        "PUT /v1/cases/{case_id}",
        *(
            f"/cases/{{case_id}}/{step}"
            for step in (
                *("start", "close", "invite", "remove", "join", "decline", "leave", "comment"),
                *("task", "files", "share", "withdraw", "take", "done", "edit"),
            )
        ),
        *(
            f"POST /v1/cases/{{case_id}}/{step}"
            for step in (
                *("start", "close", "members", "members/{agency_id}/remove", "join", "decline"),
                *("leave", "items", "comments", "tasks", "files"),
            )
        ),
        *(
            f"POST /v1/cases/{{case_id}}/entries/{{entry_id}}/{step}"
            for step in ("share", "withdraw", "take", "done")
        ),
    ),
    "looks, and changes nothing but the audit trail": (
        *("/search", "/compare", "/audit/verify", "/photos/check"),
        "/alerts/{alert_id}/evidence",
        *("/tips/{tip_id}/search", "/tips/{tip_id}/source", "POST /v1/tips/{tip_id}/search"),
        *("POST /v1/searches", "POST /v1/compare"),
    ),
    "screens": ("POST /v1/encounters",),
    "an entry counts longer; what the law says a person may say, kept as they said it": (
        *("/subjects/{subject_id}/extend", "POST /v1/subjects/{subject_id}/extend"),
        *("/subjects/{subject_id}/objections", "POST /v1/subjects/{subject_id}/objections"),
        *("/objections/{objection_id}/answer", "POST /v1/objections/{objection_id}/answer"),
    ),
    "makes something": (
        *("/subjects/new", "/subjects/{subject_id}/photos", "/watchlists/new"),
        *("/administration/agencies", "/administration/officers", "/administration/keys"),
        *("/administration/codes/{kind}/new", "POST /v1/categories", "POST /v1/outcomes"),
        "/administration/webhooks",
        *("POST /v1/subjects", "POST /v1/subjects/{subject_id}/photos", "POST /v1/watchlists"),
        *("POST /v1/agencies", "POST /v1/officers", "POST /v1/keys", "POST /v1/webhooks"),
    ),
    "a file that somebody chose, tried first; each changed subject is in its history": (
        *("/watchlists/{watchlist_id}/import", "POST /v1/imports"),
    ),
    "a form with what was there before, or names the fields; what lessens control takes two": (
        *("/subjects/{subject_id}/edit", "/watchlists/{watchlist_id}/edit"),
        *("/administration/agencies/{agency_id}", "/administration/officers/{officer_id}"),
        "/administration/codes/{kind}/{code}",
        "PATCH /v1/subjects/{subject_id}",
    ),
    "tightens, or takes a sentence of its own on a page that says what it does": (
        "/watchlists/{watchlist_id}/breaker/reset",
        "POST /v1/watchlists/{watchlist_id}/breaker/reset",
    ),
    "the password stays: nobody gets in who could not": (
        *("/administration/officers/{officer_id}/unlock", "POST /v1/officers/{officer_id}/unlock"),
    ),
    "what a second person says to a request, on the page that names it and its reason": (
        *(f"/approvals/{{approval_id}}/{act}" for act in ("accept", "refuse", "withdraw")),
        *(f"POST /v1/approvals/{{approval_id}}/{act}" for act in ("accept", "refuse", "withdraw")),
    ),
    "takes effect only when a second supervisor has accepted it, and can be revoked at once": (
        *("/alerts/{alert_id}/known-lookalike", "POST /v1/alerts/{alert_id}/known-lookalike"),
    ),
    "measured, never chosen; the service does the same by itself": ("POST /v1/calibrations",),
    "sends what was sent before once more, or a test": (
        "/administration/webhooks/{webhook_id}/test",
        *("POST /v1/webhooks/{webhook_id}/ping", "POST /v1/webhooks/{webhook_id}/replay"),
    ),
    "a shift is written down again in a minute, and without any everybody is called": (
        *("/duty/new", "/duty/{shift_id}/edit", "/duty/{shift_id}/remove"),
        *("POST /v1/duty/shifts", "PATCH /v1/duty/shifts/{shift_id}"),
        "POST /v1/duty/shifts/{shift_id}/remove",
    ),
    "a preset sends nothing, and is written down again in a minute": (
        *("/referrals/presets/new", "/referrals/presets/{preset_id}/edit"),
        "/referrals/presets/{preset_id}/remove",
        *("POST /v1/referral-presets", "PATCH /v1/referral-presets/{preset_id}"),
        "POST /v1/referral-presets/{preset_id}/remove",
    ),
    "an area is renamed again, a port put back, an office or a team written down again": (
        *("/teams/areas", "/teams/areas/import", "/teams/areas/ports"),
        *("/teams/new", "/teams/{team_id}/edit", "/teams/{team_id}/remove"),
        *("/teams/offices/new", "/teams/offices/{office_id}/edit"),
        "/teams/offices/{office_id}/remove",
        *("POST /v1/areas", "PUT /v1/areas/{code}", "PUT /v1/port-areas/{port}"),
        *("POST /v1/offices", "PATCH /v1/offices/{office_id}"),
        *("POST /v1/teams", "PATCH /v1/teams/{team_id}"),
        *("POST /v1/offices/{office_id}/remove", "POST /v1/teams/{team_id}/remove"),
    ),
    "takes a dangerous act back": (
        *("/subjects/{subject_id}/restore", "/subjects/{subject_id}/photos/{photo_id}/restore"),
        *("/administration/keys/{key_id}/restore", "/administration/agencies/{agency_id}/on"),
        *("/administration/officers/{officer_id}/on", "/administration/webhooks/{webhook_id}/on"),
        *("/watchlists/{watchlist_id}/on", "POST /v1/subjects/{subject_id}/restore"),
        *("/subjects/{subject_id}/unmerge", "POST /v1/subjects/{subject_id}/unmerge"),
        "/administration/codes/{kind}/{code}/on",
        "POST /v1/subjects/{subject_id}/photos/{photo_id}/restore",
        "POST /v1/keys/{key_id}/restore",
    ),
}

# Commands that ask nothing: they make, show or change what can be changed back.
PLAIN_COMMANDS = frozenset(
    {
        *("demo", "serve", "enrol", "import", "export", "screen", "compare", "reembed"),
        *("simulate", "story", "calibrate", "bench", "keys create", "keys list", "keys restore"),
        *("agencies create", "agencies list", "areas import", "areas list", "reports monthly"),
        *("officers create", "officers list", "officers unlock"),
        *("data-key show", "data-key rotate"),  # the former key opens what is sealed until done
        *("watchlists list", "watchlists create", "subjects find", "subjects restore"),
        *("init", "audit signing-key", "audit checkpoint", "audit prove"),
        *("audit list", "audit verify", "audit export", "evidence verify", "retention due"),
        *("models list", "models fetch", "models verify", "models compile", "models import"),
        *("models status", "models new"),
    }
)

PAGES = [
    (danger.page, danger.route)
    for danger in DANGERS
    if danger.page is not None and danger.route is not None
]
READING = {"GET", "HEAD"}


def routes():
    app = create_app(settings_for(Path("unused")))
    for route in iter_route_contexts(app.routes):
        for method in sorted(route.methods or ()):
            yield method, route.path


def test_every_operation_that_changes_something_is_dangerous_or_says_why_not():
    changing = {(method, path) for method, path in routes() if method not in READING}
    programs = {f"{method} {path}" for method, path in changing if path.startswith("/v1/")}
    forms = {path for _, path in changing if not path.startswith("/v1/")}
    harmless = [each for found in HARMLESS.values() for each in found]
    assert len(harmless) == len(set(harmless))
    dangerous = {each for both in PAGES for each in both}
    assert programs | forms == dangerous | set(harmless)
    assert not dangerous & set(harmless)


def test_every_page_that_acts_asks_first():
    known = set(routes())
    assert {("GET", page) for page, _ in PAGES} <= known


def test_programs_give_a_reason_for_every_dangerous_act():
    document = create_app(settings_for(Path("unused"))).openapi()
    for _, route in PAGES:
        method, path = route.split()
        body = document["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]
        schema = document["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
        assert "reason" in schema["properties"], route


def test_no_template_goes_round_the_question():
    """A red button is on the page that asks, or in a form that takes its own words."""
    for path in TEMPLATES.glob("*.html"):
        for form in re.findall(r"<form.*?</form>", path.read_text(), re.DOTALL):
            if '<button class="danger"' in form and path.name != "danger.html":
                assert re.search(r'"(reason|note)"', form), path.name
    sources = " ".join(path.read_text() for path in TEMPLATES.glob("*.html"))
    for page, _ in PAGES:
        act = page.rpartition("/")[2]
        assert re.search(rf'class="button danger" href="[^"]*/{act}"', sources), page


def commands(command, words=()):
    below = getattr(command, "commands", {})
    for name, each in below.items():
        yield from commands(each, (*words, name))
    if not below:
        yield " ".join(words), command.load() if isinstance(command, LazyCommand) else command


def test_every_command_asks_or_is_plain():
    found = dict(commands(get_command(siaga)))
    dangerous = {danger.command for danger in DANGERS if danger.command is not None}
    assert dangerous | PLAIN_COMMANDS == set(found)
    assert not dangerous & PLAIN_COMMANDS
    for name in dangerous:
        options = {option for each in found[name].params for option in each.opts}
        assert {"--yes", "--reason"} <= options, name


@pytest.fixture
def analyst(signed_in):
    return signed_in("lina", Role.ANALYST)


def test_a_subject_s_erasure_says_what_it_means_and_is_taken_back(analyst, desk):
    subject = desk.enrol(1)
    desk.screen(1)
    analyst.open(f"/subjects/{subject}")
    assert f'href="/subjects/{subject}/erase"' in analyst.page.text
    analyst.open(f"/subjects/{subject}/erase")
    for says in ("Person 1", "on: wanted", "templates: 1", "Open alerts about this subject: 1"):
        assert says in analyst.text
    assert re.search(r"<a [^>]*data-no autofocus>", analyst.page.text)
    assert desk.service.lists.subjects.get(OPERATOR, subject).erase_at is None

    analyst.send_here(reason=" ")
    assert analyst.page.status_code == 422
    assert "Say why" in analyst.text
    assert desk.service.lists.subjects.get(OPERATOR, subject).erase_at is None

    analyst.send_here(reason="entered by mistake")
    assert analyst.path == f"/subjects/{subject}?done=erasing"
    assert "Being erased" in analyst.text
    assert desk.screen(1).encounter.outcome == "clear"
    analyst.send(f"/subjects/{subject}/restore")
    assert "Being erased" not in analyst.text
    assert desk.screen(1).encounter.outcome == "alert"


def test_a_photo_s_erasure_is_taken_back(analyst, desk):
    subject = desk.enrol(1)
    desk.service.enrolment.add_photos(OPERATOR, subject, [photo_file(2)])
    photo = desk.service.lists.subjects.get(OPERATOR, subject).photos[1].id
    analyst.open(f"/subjects/{subject}/photos/{photo}/erase")
    assert "Photo 2 of Person 1" in analyst.text
    analyst.send_here(reason="another person")
    assert desk.screen(2).encounter.outcome == "clear"
    analyst.send(f"/subjects/{subject}/photos/{photo}/restore")
    assert desk.screen(2).encounter.outcome == "alert"
    assert analyst.open(f"/subjects/{subject}/photos/ph_none/erase").status_code == 404


def test_a_webhook_s_removal_says_what_is_no_longer_sent(signed_in, desk):
    chief = signed_in("chief", Role.ADMIN)
    chief.open("/administration/webhooks")
    address = "https://93.184.216.34/siaga"
    chief.send("/administration/webhooks", url=address, events=["alert.raised"])
    found = re.search(r'href="(/administration/webhooks/\w+/remove)"', chief.page.text)
    assert found is not None, chief.text
    chief.open(found[1])
    assert address in chief.text
    assert "alert.raised" in chief.text
    chief.send_here(reason="moved")
    assert found[1] not in chief.page.text


def test_a_list_is_switched_off_with_a_reason_and_on_again(analyst, desk):
    desk.enrol(1)
    listed = desk.watchlist()
    desk.screen(1)
    analyst.open(f"/watchlists/{listed}/edit")
    assert f'href="/watchlists/{listed}/off"' in analyst.page.text
    analyst.open(f"/watchlists/{listed}/off")
    for says in ("wanted", "on no other list in force: 1", "which remain: 1"):
        assert says in analyst.text
    analyst.send_here(reason="")
    assert analyst.page.status_code == 422
    assert desk.screen(1).encounter.outcome == "alert"
    analyst.send_here(reason="the decision was annulled")
    assert "Out of force" in analyst.text
    assert desk.screen(1).encounter.outcome == "clear"
    analyst.open(f"/watchlists/{listed}/edit")
    analyst.send(f"/watchlists/{listed}/on")
    assert desk.screen(1).encounter.outcome == "alert"


def test_a_form_that_was_opened_before_somebody_switched_a_list_off_leaves_it_off(analyst, desk):
    listed = desk.watchlist()
    analyst.open(f"/watchlists/{listed}/edit")
    form = analyst.page
    desk.service.lists.watchlists.edit(OPERATOR, listed, {"active": False}, None, "annulled")
    assert 'name="active"' not in form.text
    typed = {"one_in": "1000", "acknowledge_within_s": "60", "direction": "both"}
    analyst.send_here(name="renamed", category="other", **typed)
    row = desk.service.lists.watchlists.get(OPERATOR, listed)
    assert (row.active, row.name) == (False, "wanted")
    assert "has changed since you read it" in analyst.text
    # Sent again as it is, the form would undo what somebody else did: each such field says so.
    assert "Stored now: wanted. What stands here replaces it" in analyst.text
    assert analyst.page.text.count("is stored now") == 1


def test_an_account_is_switched_off_with_a_reason(signed_in, desk):
    chief = signed_in("chief", Role.ADMIN)
    budi = signed_in("budi", Role.OFFICER)
    (row,) = (
        each
        for each in desk.service.accounts.officers.page(OPERATOR, None, None)
        if each.login == "budi"
    )
    chief.open(f"/administration/officers/{row.id}/off")
    for says in ("budi", "Sign-ins that end at once: 2", "A second person may have to accept"):
        assert says in chief.text
    chief.send_here(reason="left the agency")
    assert "Out of force" in chief.text
    assert budi.open("/alerts").status_code in (302, 303, 401) or "sign-in" in budi.path


def test_a_secret_is_not_replaced_twice_by_a_double_click(signed_in, desk):
    chief = signed_in("chief", Role.ADMIN)
    chief.open("/administration/keys")
    chief.send("/administration/keys", name="Gate 4", scopes=["alerts:read"])
    found = re.search(r'href="(/administration/keys/\w+/rotate)"', chief.page.text)
    assert found is not None
    chief.open(found[1])
    question = chief.page
    desk.clock.advance(seconds=1)
    chief.send_here(reason="the year is over")
    assert "it is not shown again" in chief.text
    chief.page = question
    chief.send_here(reason="the year is over")
    assert "Somebody has rotated this key since" in chief.text
    assert "is refused at once" in chief.text


def test_ending_the_founding_period_says_who_is_left(signed_in, desk):
    chief = signed_in("chief", Role.ADMIN)
    chief.open("/approvals/founded")
    assert "second person beside you: 0" in chief.text
    assert "until the owner of the machine" in chief.text
    chief.send_here(reason="all are here")
    assert chief.path == "/approvals?done=founded"


def test_what_takes_effect_as_it_is_accepted_is_not_said_to_wait(signed_in, desk):
    chief, analyst = signed_in("chief", Role.ADMIN), signed_in("ana", Role.ANALYST)
    chief.open("/approvals/founded")
    chief.send_here(reason="all are here")
    subject = desk.enrol(1, desk.watchlist(requires_second_officer=True))
    analyst.open(f"/subjects/{subject}/erase")
    analyst.send_here(reason="the warrant was withdrawn")
    assert "it waits for a second person" in analyst.text
    chief.open("/approvals")
    (asked,) = set(re.findall(r'href="(/approvals/apr_\w+)"', chief.page.text))
    chief.open(asked)
    chief.send(f"{asked}/accept")
    assert "What became of it stands below" in chief.text
    assert "In effect" in chief.text


@pytest.mark.parametrize(
    ("scope", "edit"),
    [
        ("lists", lambda desk: desk.service.lists.watchlists.edit),
        ("webhooks", lambda desk: desk.service.exchange.webhooks.edit),
        ("officers", lambda desk: desk.service.accounts.officers.edit),
    ],
)
def test_nothing_is_switched_off_without_a_reason_by_any_door(desk, scope, edit):
    objects = {
        "lists": desk.watchlist,
        "webhooks": lambda: (
            desk.service.exchange.webhooks.create(
                OPERATOR,
                NewWebhook("https://93.184.216.34/", frozenset(EventKind), agency_id=desk.agency()),
            )[0].id
        ),
        "officers": lambda: (
            desk.service.accounts.officers.create(
                OPERATOR, NewOfficer(desk.agency(), "wati", "Wati", frozenset({Role.AUDITOR}))
            )[0].id
        ),
    }
    with pytest.raises(ReasonMissing):
        edit(desk)(OPERATOR, objects[scope](), {"active": False}, None)


def test_foreign_objects_are_not_asked_about(signed_in, desk):
    desk.enrol(1)
    stranger = signed_in("rudi", Role.ANALYST, Role.ADMIN, agency="POL")
    (subject,) = desk.service.lists.subjects.page(OPERATOR, None, 1)
    for address in (f"/subjects/{subject.id}/erase", f"/watchlists/{desk.watchlist()}/remove"):
        assert stranger.open(address).status_code == 404
