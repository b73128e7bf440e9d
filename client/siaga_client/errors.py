"""What can go wrong.

SiagaError
├── Unreachable    no answer, however often it was tried
├── Waits          the act was not done: it waits for a second person
└── Refused        the service answered with a problem document (RFC 9457)
"""

from collections.abc import Mapping, Sequence
from typing import Any


class SiagaError(Exception):
    """Base of this package's errors."""


class Unreachable(SiagaError):
    """The service did not answer; the request can be sent again."""


class Waits(SiagaError):
    """An act was not done: it was asked for, and waits for a second person to accept it."""

    def __init__(self, approval: Mapping[str, Any]) -> None:
        self.approval_id = str(approval["id"])
        """The request, for `Client.approval`."""
        self.summary = str(approval["summary"])
        super().__init__(f"{self.approval_id} waits for a second person: {self.summary}")


class Refused(SiagaError):
    """The service refused the request; `detail` says what to do."""

    def __init__(self, problem: Mapping[str, Any], status: int) -> None:
        self.status = status
        self.code = str(problem.get("code", "unknown"))
        self.detail = str(problem.get("detail", ""))
        self.request_id = problem.get("request_id")
        self.errors: Sequence[Mapping[str, str]] = problem.get("errors") or ()
        fields = "".join(f"; {each['field']}: {each['message']}" for each in self.errors)
        super().__init__(f"{status} {self.code}: {self.detail}{fields}")
