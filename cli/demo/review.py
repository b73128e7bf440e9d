"""One alert from its arrival to its end, through the hands of three officers of two agencies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from cli.demo.arrivals import Row

_AGREES: Final = {
    "opinion": "potential_candidate",
    "reasons": ["facial_features_agree", "permanent_marks_agree"],
}


@dataclass(frozen=True, slots=True)
class Step:
    """What an officer did, and the result."""

    officer: str
    """Login."""
    act: str
    answer: str
    """The alert's state as this officer sees it, or the problem's status and code."""
    expected: str

    @property
    def as_expected(self) -> bool:
        """Whether the service answered as it should."""
        return self.answer == self.expected


def play(desks: Mapping[str, httpx2.Client], rows: Sequence[Row]) -> tuple[Row, list[Step]]:
    """Take the first alert of the shared list through its review.

    Returns:
        The arrival that raised it, and the steps.
    """
    row = next(row for row in rows if row.watchlist == "DPO" and row.arrival.trip.port == "IDBTM")
    others = next(row for row in rows if row.watchlist == "Tangkal")
    alert = f"/v1/alerts/{row.alert_id}"
    first = desks["rina"].get(alert).headers["etag"]

    def post(login: str, act: str, body: dict[str, Any] | None, read: str | None = None) -> str:
        headers = {"If-Match": read} if read is not None else {}
        return _state(desks[login].post(f"{alert}/{act}", json=body, headers=headers))

    def get(login: str, path: str) -> str:
        return _state(desks[login].get(path))

    return row, [
        Step("rina", "takes the alert", post("rina", "acknowledge", None, first), "acknowledged"),
        Step(
            "budi",
            "takes it, a moment later",
            post("budi", "acknowledge", None, first),
            "412 stale_version",
        ),
        Step(
            "rina",
            "compares the faces: potential candidate",
            post("rina", "decide", _AGREES),
            "potential_candidate",
        ),
        Step(
            "rina",
            "closes it alone",
            post("rina", "close", {"disposal": "handed_over"}),
            "409 illegal_transition",
        ),
        Step("agus", "reads it, without her opinion", get("agus", alert), "under_review"),
        Step(
            "agus",
            "compares the faces: potential candidate",
            post("agus", "confirm", _AGREES),
            "confirmed",
        ),
        Step(
            "agus",
            "closes it: handed over",
            post("agus", "close", {"disposal": "handed_over"}),
            "closed",
        ),
        Step(
            "agus",
            "reads an alert of Tangkal, not shared with him",
            get("agus", f"/v1/alerts/{others.alert_id}"),
            "404 not_found",
        ),
    ]


def _state(response: httpx2.Response) -> str:
    answer = response.json()
    if response.is_error:
        return f"{response.status_code} {answer['code']}"
    return str(answer["state"])
