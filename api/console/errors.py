"""Errors as pages: a sentence in the reader's language, and the id to quote."""

from typing import Final
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from api import problems
from api.console import messages
from api.console.forms import SAFE_METHODS, Forged
from api.console.page import visit_of, visit_of_anybody
from api.console.urls import ACCOUNT, HOME, SIGN_IN, is_page, referring_page
from api.problems import Problem, ProblemKind
from casework.kernel.messages import Message

_FORGED = ProblemKind(403, "form_refused")
_SEE_OTHER = 303
# Where the service itself is in trouble or busy, the page asks it for nothing.
_KNOWN: Final = frozenset({403, 404, 405, 409, 412, 413, 422})


def install(app: FastAPI) -> None:
    """Answer forged forms, and render problems as pages through the application's state."""
    app.add_exception_handler(Forged, _forged)


def answer(request: Request, problem: Problem, message: Message | None) -> Response | None:
    """Return the page for a problem; None where a program asks, or a script on one of our pages."""
    if not is_page(request.url.path) or "text/html" not in request.headers.get("accept", ""):
        return None
    if problem.code == "not_authenticated" and request.url.path != SIGN_IN:
        return RedirectResponse(f"{SIGN_IN}?{urlencode({'next': _page(request)})}", _SEE_OTHER)
    if problem.code == "account_incomplete":
        return RedirectResponse(ACCOUNT, _SEE_OTHER)
    visit = visit_of_anybody(request) if problem.status in _KNOWN else visit_of(request)
    return visit.page(
        "error.html",
        status=problem.status,
        problem=problem,
        back=_before(request),
        sentence=messages.translated_problem(
            problem.code, message, visit.speech, status=problem.status
        ),
    )


def _before(request: Request) -> str | None:
    """Return the page of the console that the reader came from; None where there is none."""
    before = referring_page(request.headers.get("referer"), request.headers.get("host"))
    return before if before not in (HOME, request.url.path) else None


def _page(request: Request) -> str:
    """Return the page that was requested, or the page that the form was on."""
    if request.method in SAFE_METHODS:
        return visit_of(request).here
    return referring_page(request.headers.get("referer"), request.headers.get("host"))


def _forged(request: Request, _error: Exception) -> Response:
    detail = "This form was not sent from a page of this console, or the page is too old."
    return problems.response(request, _FORGED, detail)
