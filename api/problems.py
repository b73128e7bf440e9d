"""Errors as RFC 9457 problem documents. One table says which error is which status."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Protocol

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from api.field_errors import MOST_ERRORS, name_of, text_of
from api.workers import ClientGone, Overloaded
from casework.kernel import errors as casework
from casework.kernel.messages import Message
from casework.watchlists.enrolment import photo_message
from detector import errors as detector

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 1

# The connection is closed: nobody reads this status, but the log tells it from a success.
CLIENT_CLOSED_REQUEST: Final = 499

# As RFC 9110 names statuses, where Python before 3.13 has the names of RFC 2616; and our own.
_TITLES: Final[Mapping[int, str]] = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
    CLIENT_CLOSED_REQUEST: "Client Closed Request",
}


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(BaseModel):
    """An error, for programs (`code`) and for people (`detail` says what to do)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Content",
                    "status": 422,
                    "code": "photo_unreadable",
                    "detail": "The photo is cut short. Capture or transfer it again.",
                    "request_id": "01M7ZYY7HDJHTCS856SBCRH8M1",
                }
            ]
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(description="Stable across releases.")
    detail: str
    request_id: str | None = None
    errors: list[FieldProblem] | None = Field(
        default=None, description="Which fields are wrong, where the code says that any are."
    )


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """How one type of error is answered."""

    status: int
    code: str
    headers: Mapping[str, str] = field(default_factory=dict)


class _HasPages(Protocol):
    """What of `api.state.State` is needed here."""

    page_of_problem: Callable[[Request, Problem, Message | None], Response | None]


class RequestInvalid(Exception):
    """The request is not of the form the route takes."""

    def __init__(
        self,
        detail: str,
        errors: Sequence[FieldProblem] = (),
        sentences: Mapping[str, Message] | None = None,
    ) -> None:
        super().__init__(detail)
        self.errors = list(errors)
        self.sentences = dict(sentences or {})
        """What is wrong with each field, for people."""


class VersionRequired(Exception):
    """The change has to name the version that the caller read."""

    def __init__(self) -> None:
        super().__init__(
            "Read it first, and send its ETag as If-Match: the change would otherwise undo what "
            "somebody else changed meanwhile."
        )


class NotReady(Exception):
    """The service is still starting, or failed to."""


class TooManyStreams(Exception):
    """The reader, or the application, has as many streams open as it may."""


class BodyTooLarge(Exception):
    """The request's body exceeds what any accepted request can need."""


class BodyEncoded(Exception):
    """The request's body is compressed: one of a few bytes could grow to any size."""


class BodyTooSlow(Exception):
    """The request's body did not arrive within its time."""


KINDS: Final[dict[type[Exception], ProblemKind]] = {
    RequestInvalid: ProblemKind(422, "request_invalid"),
    BodyTooLarge: ProblemKind(413, "body_too_large"),
    BodyEncoded: ProblemKind(415, "body_encoding_unsupported", {"Accept-Encoding": "identity"}),
    BodyTooSlow: ProblemKind(408, "body_too_slow", {"Connection": "close"}),
    VersionRequired: ProblemKind(428, "version_required"),
    Overloaded: ProblemKind(503, "overloaded", {"Retry-After": str(RETRY_AFTER_SECONDS)}),
    TooManyStreams: ProblemKind(503, "too_many_streams", {"Retry-After": "30"}),
    NotReady: ProblemKind(503, "not_ready", {"Retry-After": str(RETRY_AFTER_SECONDS)}),
    ClientGone: ProblemKind(CLIENT_CLOSED_REQUEST, "client_gone"),
    detector.EmptyPhoto: ProblemKind(422, detector.EmptyPhoto.code),
    detector.UnsupportedFormat: ProblemKind(415, detector.UnsupportedFormat.code),
    detector.PhotoTooLarge: ProblemKind(413, detector.PhotoTooLarge.code),
    detector.TooManyPixels: ProblemKind(413, detector.TooManyPixels.code),
    detector.UnreadablePhoto: ProblemKind(422, detector.UnreadablePhoto.code),
    casework.NotAuthenticated: ProblemKind(
        401, "not_authenticated", {"WWW-Authenticate": "Bearer"}
    ),
    casework.KeyExpired: ProblemKind(401, "key_expired", {"WWW-Authenticate": "Bearer"}),
    casework.FirstPasswordExpired: ProblemKind(
        401, "first_password_expired", {"WWW-Authenticate": "Bearer"}
    ),
    casework.SecondFactorNeeded: ProblemKind(
        401, "second_factor_needed", {"WWW-Authenticate": "Bearer"}
    ),
    casework.SignOnRefused: ProblemKind(401, "sign_on_refused", {"WWW-Authenticate": "Bearer"}),
    casework.ProviderUnavailable: ProblemKind(502, "provider_unavailable"),
    casework.NotConfirmed: ProblemKind(422, "not_confirmed"),
    casework.TooManyAttempts: ProblemKind(429, "too_many_attempts"),
    casework.NotPermitted: ProblemKind(403, "not_permitted"),
    casework.NotSecondPerson: ProblemKind(403, "not_second_person"),
    casework.AccountIncomplete: ProblemKind(403, "account_incomplete"),
    casework.WeakPassword: ProblemKind(422, "weak_password"),
    casework.NotFound: ProblemKind(404, "not_found"),
    casework.ErasedMeanwhile: ProblemKind(404, "erased_meanwhile"),
    casework.AlreadyExists: ProblemKind(409, "already_exists"),
    casework.StillInUse: ProblemKind(409, "still_in_use"),
    casework.IllegalTransition: ProblemKind(409, "illegal_transition"),
    casework.NoSecondPerson: ProblemKind(409, "no_second_person"),
    casework.TooManyImports: ProblemKind(409, "too_many_imports"),
    casework.AuditCheckUnderWay: ProblemKind(409, "audit_check_under_way"),
    casework.AuditCheckUnfinished: ProblemKind(503, "audit_check_unfinished"),
    casework.StaysOff: ProblemKind(409, "stays_off"),
    casework.OverstayOff: ProblemKind(409, "overstay_off"),
    casework.TooFewScores: ProblemKind(409, "too_few_scores"),
    casework.StaleVersion: ProblemKind(412, "stale_version"),
    casework.IdempotencyClash: ProblemKind(422, "idempotency_clash"),
    casework.InvalidPeriod: ProblemKind(422, "invalid_period"),
    casework.ImpossibleBirth: ProblemKind(422, "impossible_birth"),
    casework.CaptureTimeRefused: ProblemKind(422, "capture_time_refused"),
    casework.RecaptureRefused: ProblemKind(422, "recapture_refused"),
    casework.ThresholdTooLow: ProblemKind(422, "threshold_too_low"),
    casework.InvalidKey: ProblemKind(422, "invalid_key"),
    casework.InvalidShift: ProblemKind(422, "invalid_shift"),
    casework.TargetRefused: ProblemKind(422, "target_refused"),
    casework.EnrolmentRefused: ProblemKind(422, "enrolment_refused"),
    casework.CodeRefused: ProblemKind(422, "code_refused"),
    casework.AreaRefused: ProblemKind(422, "area_refused"),
    casework.AreasRefused: ProblemKind(422, "areas_refused"),
    casework.RequirementMissing: ProblemKind(422, "requirement_missing"),
    casework.StayRefused: ProblemKind(422, "stay_refused"),
    casework.InvalidReferral: ProblemKind(422, "invalid_referral"),
    casework.InvalidCase: ProblemKind(422, "invalid_case"),
    casework.ReasonMissing: ProblemKind(422, "reason_missing"),
    casework.ImportRefused: ProblemKind(422, "import_refused"),
}

_DETAILS: Final[dict[type[Exception], str]] = {
    Overloaded: "Every worker is busy. Send the request again after the time in Retry-After.",
    ClientGone: "The client closed the connection before the work began.",
}

INTERNAL: Final = ProblemKind(500, "internal_error")


def install(app: FastAPI) -> None:
    """Answer every foreseen error as a problem document; `api.middleware` answers the others.

    The application's state may turn it into a page, for the people at the console.
    """
    for error, kind in KINDS.items():
        app.add_exception_handler(error, _handler(kind))
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http_error)


def responses(*errors: type[Exception]) -> dict[int | str, dict[str, Any]]:
    """Return the `responses=` of a route that may answer with these errors."""
    codes: dict[int, list[str]] = {}
    for error in errors:
        kind = KINDS[error]
        codes.setdefault(kind.status, []).append(f"`{kind.code}`")
    return {
        status: {
            "description": f"{_title(status)}: {', '.join(names)}",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, names in sorted(codes.items())
    }


def add_to(operation: dict[str, Any], *errors: type[Exception]) -> None:
    """Add errors to what an operation of the OpenAPI document may answer, beside its own."""
    documented = operation["responses"]
    for status, added in responses(*errors).items():
        present = documented.setdefault(str(status), added)
        codes = added["description"].partition(": ")[2]
        if codes not in present["description"]:
            present["description"] += f", {codes}"


def add_unforeseen(operation: dict[str, Any]) -> None:
    """Add the answer to an error that nobody foresaw, which any operation may give."""
    operation["responses"][str(INTERNAL.status)] = {
        "description": f"{_title(INTERNAL.status)}: `{INTERNAL.code}`",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def field_problems(errors: Sequence[Mapping[str, Any]]) -> list[FieldProblem]:
    """Name the fields of pydantic's first errors; values are left out, they may be personal."""
    return [
        FieldProblem(
            field=name_of(error),
            message=text_of(error),
        )
        for error in errors[:MOST_ERRORS]
    ]


def response(
    request: Request,
    kind: ProblemKind,
    detail: str,
    errors: list[FieldProblem] | None = None,
    message: Message | None = None,
) -> Response:
    """Make the document for one request, or the page where a person reads the answer.

    Args:
        request: what is answered.
        kind: its status and code.
        detail: what to do, in English.
        errors: the fields that are wrong.
        message: what `detail` says, for other languages; None where the code says enough.
    """
    problem = _problem(request, kind, detail, errors)
    state: _HasPages = request.app.state.siaga
    page = state.page_of_problem(request, problem, message)
    if page is not None:
        page.headers.update(kind.headers)
        return page
    return _as_json(problem, kind)


def document(request: Request, kind: ProblemKind, detail: str) -> Response:
    """Make the document for a request that no page answers."""
    return _as_json(_problem(request, kind, detail), kind)


def _problem(
    request: Request, kind: ProblemKind, detail: str, errors: list[FieldProblem] | None = None
) -> Problem:
    return Problem(
        title=_title(kind.status),
        status=kind.status,
        code=kind.code,
        detail=detail,
        request_id=request.scope.get("siaga.request_id"),
        errors=errors,
    )


def _as_json(problem: Problem, kind: ProblemKind) -> Response:
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status_code=kind.status,
        media_type=MEDIA_TYPE,
        headers=dict(kind.headers),
    )


def _handler(kind: ProblemKind) -> Any:  # noqa: ANN401 - Starlette's handler types are looser than ours
    def handle(request: Request, error: Exception) -> Response:
        errors = getattr(error, "errors", None) if isinstance(error, RequestInvalid) else None
        field = getattr(error, "field", None)
        if isinstance(error, casework.CaseworkError) and isinstance(field, str):
            errors = [FieldProblem(field=field, message=str(error))]
        if isinstance(error, casework.AreasRefused):
            errors = [
                FieldProblem(field=f"line {line}", message=str(fault))
                for line, fault in error.faults[:MOST_ERRORS]
            ]
        detail = _DETAILS.get(type(error)) or str(error)
        message = message_of(error)
        answer = response(request, kind, detail, errors or None, message)
        if isinstance(error, casework.TooManyAttempts):
            answer.headers["Retry-After"] = str(error.seconds)
        return answer

    return handle


def message_of(error: Exception) -> Message | None:
    """Return the message of an error that has one: every language can say it."""
    if isinstance(error, casework.CaseworkError):
        return error.message
    return photo_message(error) if isinstance(error, detector.PhotoError) else None


def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only
    errors = field_problems(error.errors())
    detail = "The request is not valid: see `errors` for the fields."
    return response(request, KINDS[RequestInvalid], detail, errors)


def _http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework itself refuses: unknown paths, methods, broken bodies."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    # The framework calls whatever stops it from reading JSON a bad request.
    cause = error.__cause__
    if isinstance(cause, Exception) and type(cause) in KINDS:
        refusal: Response = _handler(KINDS[type(cause)])(request, cause)
        return refusal
    status = error.status_code
    if status == HTTPStatus.BAD_REQUEST:  # a body that is not even text
        detail = "The body cannot be read: send JSON in UTF-8."
        unreadable = [FieldProblem(field="body", message="not JSON in UTF-8")]
        return response(request, KINDS[RequestInvalid], detail, unreadable)
    code = _title(status).lower().replace(" ", "_")
    return response(request, ProblemKind(status, code, error.headers or {}), str(error.detail))


def unforeseen(request: Request) -> Response:
    """Answer an unforeseen error without revealing internals."""
    detail = "Something went wrong on our side. Quote the request_id to the operator."
    return response(request, INTERNAL, detail)


def _title(status: int) -> str:
    return _TITLES.get(status) or HTTPStatus(status).phrase
