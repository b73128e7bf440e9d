"""Arrivals: photos submitted as a port system does, each with its answer."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx2

from cli.demo import cast
from cli.demo.office import checked


@dataclass(frozen=True, slots=True)
class Row:
    """One arrival with its answer."""

    arrival: cast.Arrival
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

    @property
    def as_expected(self) -> bool:
        """Whether the answer is the right one, with the right candidate."""
        named = self.outcome != "alert" or self.candidate == self.arrival.trip.person
        return self.outcome == self.arrival.expected and named


def submit_all(
    ports: Mapping[str, httpx2.Client],
    officer: httpx2.Client,
    members: Mapping[str, cast.Member],
    progress: Callable[[list[Row]], None],
) -> list[Row]:
    """Submit every arrival at its port.

    Args:
        ports: the port systems, by their port's code.
        officer: somebody who may see every alert, and looks up whom it is about.
        members: everybody, by name.
        progress: is told the rows so far.
    """
    rows: list[Row] = []
    for arrival in cast.arrivals(members):
        rows.append(_submit(ports[arrival.trip.port], officer, arrival))
        progress(rows)
    return rows


def _submit(port: httpx2.Client, officer: httpx2.Client, arrival: cast.Arrival) -> Row:
    trip = arrival.trip
    stage = "arrival" if trip.direction == "entry" else "departure"
    begun = time.perf_counter()
    response = port.post(
        "/v1/encounters",
        data={"port": trip.port, "direction": trip.direction, "stage": stage},
        files={"photo": ("arrival.jpg", arrival.photo, "image/jpeg")},
    )
    spent = (time.perf_counter() - begun) * 1000
    answer = response.json()
    if 400 <= response.status_code < 500:
        code = f"{response.status_code} {answer['code']}"
        return Row(arrival, "refused", spent, {}, reason=code, detail=answer["detail"])
    checked(response)
    stages = {
        part.split(";dur=")[0]: float(part.split(";dur=")[1])
        for part in response.headers["server-timing"].split(", ")
    }
    if not answer["alerts"]:
        reasons = answer["quality"]["reasons"]
        code = " ".join(reason["code"] for reason in reasons)
        advice = " ".join(reason["advice"] for reason in reasons)
        return Row(arrival, answer["outcome"], spent, stages, reason=code, detail=advice)
    # The port is told what to do, officers whom it is about.
    told = answer["alerts"][0]
    best = checked(officer.get(f"/v1/alerts/{told['id']}"))
    return Row(
        arrival,
        answer["outcome"],
        spent,
        stages,
        alert_id=told["id"],
        candidate=best["subject"]["name"],
        watchlist=best["watchlist"]["name"],
        score=best["score"],
        threshold=best["threshold"],
        detail=told["instruction"]["en"],
        candidate_photo=officer.get(f"/v1/alerts/{told['id']}/enrolled").content,
    )
