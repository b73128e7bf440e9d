"""Dangerous acts ask first, on a page that works without scripts; none is forgotten."""

import re
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts
from typer.main import get_command

from api.app import create_app
from api.console.danger import DANGERS
from casework.kernel.vocabulary import Role
from cli.lazy import LazyCommand
from cli.main import app as siaga
from tests.api.conftest import settings_for
from tests.services import OPERATOR, photo_file

TEMPLATES = Path(__file__).parents[3] / "api" / "console" / "templates"

# Forms of the console that are not dangerous: what they do is made good by doing it again
# otherwise, or asks for words of its own first.
ORDINARY = frozenset(
    {
        # one's own: browser, session, account
        *("/preferences", "/sign-in", "/sign-out", "/account/password"),
        *("/account/second-factor", "/account/second-factor/confirm", "/account/recovery-codes"),
        *("/account/sessions/{session_id}/end", "/account/sessions/end-others"),
        # the work: each step is in a history, and is of a form with its reasons
        *("/alerts/{alert_id}/take", "/alerts/{alert_id}/decide", "/alerts/{alert_id}/confirm"),
        *("/alerts/{alert_id}/refer", "/alerts/{alert_id}/close", "/alerts/{alert_id}/correct"),
        *("/referrals/{referral_id}/step", "/tips/new", "/tips/{tip_id}/dismiss"),
        *("/tips/{tip_id}/enrol", "/tips/{tip_id}/refer", "/tips/{tip_id}/search"),
        "/tips/{tip_id}/source",
        # looking
        *("/search", "/compare", "/audit/verify", "/subjects/photo-check"),
        # what is made or changed, with what it was before in the form
        *("/subjects/new", "/subjects/{subject_id}/edit", "/subjects/{subject_id}/photos"),
        *("/watchlists/new", "/watchlists/{watchlist_id}/edit"),
        "/watchlists/{watchlist_id}/breaker/reset",  # takes its own reason
        *("/watchlists/{watchlist_id}/import", "/imports/{import_id}/cancel"),
        *("/administration/agencies", "/administration/agencies/{agency_id}"),
        *("/administration/officers", "/administration/officers/{officer_id}"),
        "/administration/officers/{officer_id}/unlock",  # the password stays
        # what a second person says to a request, which names what it does
        *(f"/approvals/{{approval_id}}/{act}" for act in ("accept", "refuse", "withdraw")),
        "/approvals/founded",
        *("/administration/keys", "/administration/webhooks"),
        "/administration/keys/{key_id}/rotate",  # the former key works beside it for a while
        *(f"/administration/webhooks/{{webhook_id}}/{act}" for act in ("active", "rotate", "test")),
        # taking a dangerous act back
        *("/subjects/{subject_id}/restore", "/subjects/{subject_id}/photos/{photo_id}/restore"),
        *("/administration/keys/{key_id}/restore", "/administration/agencies/{agency_id}/on"),
    }
)

# Commands that ask nothing: they make, show or change what can be changed back.
PLAIN_COMMANDS = frozenset(
    {
        *("demo", "serve", "enrol", "import", "export", "screen", "compare", "reembed"),
        *("simulate", "calibrate", "bench", "keys create", "keys list", "keys restore"),
        *("agencies create", "agencies list"),
        *("officers create", "officers list", "officers edit", "officers unlock"),
        *("data-key show", "data-key rotate"),  # the former key opens what is sealed until done
        *("init", "keys rotate", "audit signing-key", "audit checkpoint", "audit prove"),
        *("audit list", "audit verify", "audit export", "retention due", "retention run"),
        *("models list", "models fetch", "models verify", "models compile", "models import"),
    }
)

HARMFUL = re.compile(r"/(erase|remove|revoke|delete|purge|off)$")

# What ends by DELETE and is no danger: one's own sessions, and what an import has yet to do.
ENDED = frozenset(
    {
        "DELETE /v1/sessions/current",
        "DELETE /v1/me/sessions",
        "DELETE /v1/me/sessions/{session_id}",
        "DELETE /v1/imports/{import_id}",
    }
)


def routes():
    app = create_app(settings_for(Path("unused")))
    for route in iter_route_contexts(app.routes):
        for method in sorted(route.methods or ()):
            yield method, route.path


def test_every_form_of_the_console_is_dangerous_or_ordinary():
    sent = {path for method, path in routes() if method == "POST" and not path.startswith("/v1/")}
    pages = {danger.page for danger in DANGERS}
    assert sent == pages | ORDINARY
    assert not pages & ORDINARY


def test_every_page_that_acts_asks_first():
    known = set(routes())
    assert {("GET", danger.page) for danger in DANGERS} <= known


def test_programs_give_a_reason_for_every_dangerous_act():
    document = create_app(settings_for(Path("unused"))).openapi()
    known = {danger.route for danger in DANGERS}
    for danger in DANGERS:
        method, path = danger.route.split()
        body = document["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]
        schema = document["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
        assert "reason" in schema["properties"], danger.route
    written = {f"{method} {path}" for method, path in routes() if path.startswith("/v1/")}
    harmful = {each for each in written if each.startswith("DELETE ") or HARMFUL.search(each)}
    assert harmful - ENDED <= known


def test_no_template_goes_round_the_question():
    """A red button is on the page that asks, or in a form that takes its own words."""
    for path in TEMPLATES.glob("*.html"):
        for form in re.findall(r"<form.*?</form>", path.read_text(), re.DOTALL):
            if '<button class="danger"' in form and path.name != "danger.html":
                assert re.search(r'"(reason|note)"', form), path.name
    sources = " ".join(path.read_text() for path in TEMPLATES.glob("*.html"))
    for danger in DANGERS:
        act = danger.page.rpartition("/")[2]
        assert re.search(rf'class="button danger" href="[^"]*/{act}"', sources), danger.page


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


def test_foreign_objects_are_not_asked_about(signed_in, desk):
    desk.enrol(1)
    stranger = signed_in("rudi", Role.ANALYST, Role.ADMIN, agency="POL")
    (subject,) = desk.service.lists.subjects.page(OPERATOR, None, 1)
    for address in (f"/subjects/{subject.id}/erase", f"/watchlists/{desk.watchlist()}/remove"):
        assert stranger.open(address).status_code == 404
