"""Requests and answers as plain values: what both clients share, and nothing that waits."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from siaga_client.errors import Refused, Waits

# Overload is answered at once and passes soon; a lost request may have reached the service, which
# is why only what can safely come twice is sent again.
RETRIED_STATUSES: Final = frozenset({429, 502, 503, 504})
_ACCEPTED: Final = 202
_APPROVALS: Final = "/v1/approvals/"
_LONGEST_PAUSE_S: Final = 10.0
_FIRST_PAUSE_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    fields: Mapping[str, str] | None = None
    files: Sequence[tuple[str, tuple[str, bytes, str]]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def repeatable(self) -> bool:
        """Whether the service takes the request twice for one."""
        return self.method in ("GET", "PUT", "DELETE") or "Idempotency-Key" in self.headers

    @property
    def arguments(self) -> dict[str, Any]:
        """Everything that the HTTP client's `request` takes."""
        given: dict[str, Any] = {"params": dict(self.query), "headers": dict(self.headers)}
        if self.json is not None:
            given["json"] = self.json
        if self.files:
            given["data"], given["files"] = dict(self.fields or {}), list(self.files)
        elif self.fields is not None:
            # As parts without a file name: the service takes forms as multipart alone.
            given["files"] = [(name, (None, text)) for name, text in self.fields.items()]
        return given


def photos(name: str, contents: Iterable[bytes]) -> list[tuple[str, tuple[str, bytes, str]]]:
    """Return file fields of one name."""
    return [
        (name, (f"{number}", content, "application/octet-stream"))
        for number, content in enumerate(contents, start=1)
    ]


def checked(response: httpx2.Response) -> httpx2.Response:
    """Return the answer; raises Refused for a problem, Waits for an act that was not done yet."""
    if response.status_code == _ACCEPTED and _APPROVALS in response.headers.get("location", ""):
        raise Waits(response.json())
    if response.is_success:
        return response
    try:
        problem = response.json()
    except ValueError:
        problem = {"code": "no_problem_document", "detail": response.text[:200]}
    raise Refused(problem if isinstance(problem, dict) else {}, response.status_code)


def pause(attempt: int, response: httpx2.Response | None) -> float:
    """Return the seconds until the next attempt: `Retry-After`, else growing, with jitter."""
    retry_after = response.headers.get("retry-after", "") if response is not None else ""
    seconds = float(retry_after) if retry_after.isdigit() else _FIRST_PAUSE_S * 2**attempt
    # Jitter keeps a row of gates from asking in step.
    return min(seconds, _LONGEST_PAUSE_S) * random.uniform(0.8, 1.2)  # noqa: S311
