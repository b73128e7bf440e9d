"""Arrivals: photos submitted as a port system does, each with its answer."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from siaga_client import Client, Refused

from cli.demo import people


@dataclass(frozen=True, slots=True)
class Row:
    """One arrival with its answer."""

    arrival: people.Arrival
    outcome: str
    milliseconds: float
    stages: Mapping[str, float]
    alert_id: str = ""
    candidate: str = ""
    watchlist: str = ""
    score: float | None = None
    threshold: float | None = None
    reason: str = ""
    """Code of the quality reason or of the problem, where there is no candidate."""
    detail: str = ""
    candidate_photo: bytes | None = None
    recapture_advised: bool = False
    """Whether the gate captures the traveller again before it opens."""

    @property
    def as_expected(self) -> bool:
        """Whether the answer is the right one, with the right candidate."""
        named = self.outcome != "alert" or self.candidate == self.arrival.trip.person
        return self.outcome == self.arrival.expected and named


def submit_all(
    ports: Mapping[str, Client],
    officer: Client,
    members: Mapping[str, people.Member],
    progress: Callable[[list[Row]], None],
) -> list[Row]:
    """Submit every arrival at its port.

    Args:
        ports: the port systems, by their port's code.
        officer: somebody who may see every alert, and looks up whom it is about.
        members: everybody, by name.
        progress: gets the rows so far.
    """
    rows: list[Row] = []
    for arrival in people.arrivals(members):
        rows.append(_submit(ports[arrival.trip.port], officer, arrival))
        progress(rows)
    return rows


def _submit(port: Client, officer: Client, arrival: people.Arrival) -> Row:
    trip = arrival.trip
    begun = time.perf_counter()
    try:
        answer = port.screen(
            arrival.photo,
            trip.port,
            trip.direction,
            stage="arrival" if trip.direction == "entry" else "departure",
        )
    except Refused as refusal:
        spent = (time.perf_counter() - begun) * 1000
        code = f"{refusal.status} {refusal.code}"
        return Row(arrival, "refused", spent, {}, reason=code, detail=refusal.detail)
    spent = (time.perf_counter() - begun) * 1000
    if not answer.alerts:
        code = " ".join(reason.code for reason in answer.quality.reasons)
        return Row(
            arrival,
            answer.outcome,
            spent,
            answer.stages_ms,
            reason=code,
            detail=answer.advice,
            recapture_advised=answer.recapture_advised,
        )
    # The port sees what to do, officers whom it is about.
    alert = answer.alerts[0]
    best = officer.alert(alert.id)
    return Row(
        arrival,
        answer.outcome,
        spent,
        answer.stages_ms,
        alert_id=alert.id,
        candidate=best.subject.name if best.subject is not None else "",
        watchlist=best.watchlist.name,
        score=best.score,
        threshold=best.threshold,
        detail=alert.instruction.en,
        candidate_photo=officer.enrolled_photo(alert.id),
    )
