"""The one pattern of dangerous acts: a page asks first.

It names the object and what depends on it, takes a reason, and does nothing by itself.

    @router.get("/subjects/{subject_id}/erase")
    def ask_erase(subject_id: str, visit: Editor) -> Response:
        return danger.ask(visit, _erasure(visit, subject_id))

    @router.post("/subjects/{subject_id}/erase")
    def erase(subject_id: str, visit: Editor) -> Response:
        return danger.answered(visit, lambda: _erasure(visit, subject_id), act)

The page is a page, not a script: it works everywhere. The focus is on the way back, and Esc takes
it (`static/js/danger.js`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from api.console.forms import Form, FormData
from api.console.i18n import msg
from api.console.page import OfficerRequest
from api.problems import RequestInvalid
from api.v1.common import ReasonIn
from casework.kernel.errors import CaseworkError


@dataclass(frozen=True, slots=True)
class Danger:
    """One dangerous act, wherever it can be done; a test finds those that are not here."""

    page: str | None
    """Address of the console, which asks with GET and acts with POST; None if it has none."""
    route: str | None
    """Operation of the interface for programs, which takes a reason; None if it has none."""
    command: str | None = None
    """Words of the command line, whose command asks, or takes `--yes`."""


DANGERS: Final = (
    Danger(
        "/subjects/{subject_id}/erase", "POST /v1/subjects/{subject_id}/erase", "subjects erase"
    ),
    Danger(
        "/subjects/{subject_id}/photos/{photo_id}/erase",
        "POST /v1/subjects/{subject_id}/photos/{photo_id}/erase",
    ),
    Danger(
        "/subjects/{subject_id}/merge", "POST /v1/subjects/{subject_id}/merge", "subjects merge"
    ),
    Danger(
        "/watchlists/{watchlist_id}/off",
        "PATCH /v1/watchlists/{watchlist_id}",
        "watchlists edit",
    ),
    Danger("/watchlists/{watchlist_id}/remove", "POST /v1/watchlists/{watchlist_id}/remove"),
    Danger(
        "/subjects/{subject_id}/known-lookalikes/{lookalike_id}/revoke",
        "POST /v1/known-lookalikes/{lookalike_id}/revoke",
    ),
    Danger("/residences/{residence_id}/remove", "POST /v1/residences/{residence_id}/remove"),
    Danger("/administration/keys/{key_id}/rotate", "POST /v1/keys/{key_id}/rotate", "keys rotate"),
    Danger("/administration/keys/{key_id}/revoke", "POST /v1/keys/{key_id}/revoke", "keys revoke"),
    Danger("/imports/{import_id}/cancel", "POST /v1/imports/{import_id}/cancel"),
    Danger("/administration/webhooks/{webhook_id}/rotate", "POST /v1/webhooks/{webhook_id}/rotate"),
    Danger("/administration/webhooks/{webhook_id}/off", "PATCH /v1/webhooks/{webhook_id}"),
    Danger("/administration/webhooks/{webhook_id}/remove", "POST /v1/webhooks/{webhook_id}/remove"),
    Danger(
        "/administration/officers/{officer_id}/off",
        "PATCH /v1/officers/{officer_id}",
        "officers edit",
    ),
    Danger(
        "/administration/officers/{officer_id}/reset",
        "POST /v1/officers/{officer_id}/reset",
        "officers reset",
    ),
    Danger(
        "/administration/agencies/{agency_id}/off",
        "PATCH /v1/agencies/{agency_id}",
        "agencies edit",
    ),
    *(
        Danger(f"/administration/codes/{{kind}}/{{code}}/{act}", route)
        for act, route in (
            ("off", "PATCH /v1/categories/{code}"),
            ("off", "PATCH /v1/outcomes/{code}"),
            ("remove", "POST /v1/categories/{code}/remove"),
            ("remove", "POST /v1/outcomes/{code}/remove"),
        )
    ),
    Danger("/tips/{tip_id}/source/erase", "POST /v1/tips/{tip_id}/source/erase"),
    Danger("/approvals/founded", "POST /v1/agencies/{agency_id}/founded"),
    Danger(None, None, "retention run"),
    Danger(None, None, "watchlists move"),
    Danger(None, None, "watchlists merge"),
    Danger(None, None, "subjects move"),
)

_NO_REASON: Final = msg("Say why: it stands in the audit trail.")


@dataclass(frozen=True, slots=True)
class Question:
    """What a dangerous act is asked about, in the reader's language."""

    title: str
    """What is about to be done, and to what kind of thing."""
    name: str
    """The object, as people call it."""
    consequences: tuple[str, ...]
    """What happens, and what depends on it."""
    action: str
    """What the button says that does it."""
    back: str
    """Address of the way back, where nothing has happened."""
    version: int | str | None = None
    """The version that the question is about, where the act takes one."""


def ask(
    visit: OfficerRequest,
    question: Question,
    form: Form[ReasonIn] | None = None,
    template: str = "danger.html",
) -> Response:
    """Show the question; a template of its own adds fields."""
    form = form or Form(ReasonIn)
    return visit.page(template, status=form.status, question=question, form=form)


def answered(
    visit: OfficerRequest,
    question: Callable[[], Question],
    act: Callable[[str], Response],
    template: str = "danger.html",
) -> Response:
    """Do what was asked about, if there is a reason; otherwise ask again, and say what is wrong.

    Args:
        visit: the request with the form.
        question: makes the question once more.
        act: does it for a reason, and answers.
        template: as for `ask`.
    """
    form = Form(ReasonIn, visit.posted, _read, {"reason": _NO_REASON})
    try:
        return act(form.parse().reason)
    except (RequestInvalid, CaseworkError) as error:
        return ask(visit, question(), form.refused(error, visit.speech), template)


def _read(typed: FormData, model: type[ReasonIn]) -> dict[str, object]:
    """Return the reason alone: what else the form has is the act's own."""
    del model
    return {"reason": typed.text("reason")}
