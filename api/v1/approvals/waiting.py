"""The answer to a request whose act waits for a second person: 202, and where to follow it."""

from typing import Any, Final
from urllib.parse import quote

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.console.urls import is_page
from api.v1.approvals.schemas import WaitingOut
from casework.approvals.approvals import ActWaits
from casework.kernel import errors

_ACCEPTED: Final = 202
_SEE_OTHER: Final = 303

WAITING: Final[dict[int | str, dict[str, Any]]] = {
    _ACCEPTED: {
        "model": WaitingOut,
        "description": "Accepted: it waits for a second person, and was not done yet.",
        "headers": {"Location": {"schema": {"type": "string"}, "description": "The request."}},
    }
}
"""Of the `responses=` of a route whose act may wait."""

MAY_WAIT: Final = (errors.NoSecondPerson, errors.ReasonMissing, errors.IllegalTransition)
"""How such a route may refuse, beside its own ways."""


def install(app: FastAPI) -> None:
    """Answer every act that waits."""
    app.add_exception_handler(ActWaits, _answer)


def _answer(request: Request, waits: Exception) -> Response:
    assert isinstance(waits, ActWaits)  # noqa: S101 - registered for this type only
    if is_page(request.url.path):
        return RedirectResponse(f"/approvals/{quote(waits.approval_id)}", _SEE_OTHER)
    return JSONResponse(
        WaitingOut.of_act(waits).model_dump(mode="json"),
        _ACCEPTED,
        headers={"Location": f"/v1/approvals/{waits.approval_id}"},
    )
