"""The result of a simulation, in figures and as a live table."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from cli.simulate.traffic import SCREENED, Traffic


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of a finished run."""

    asked_per_second: float
    sent: int
    answered: int
    """Travellers screened: `clear`, `alert` or `unsearchable`."""
    given_up: int
    """Travellers who got no outcome: refused to the end, or not answered."""
    outcomes: dict[str, int]
    """All of it, by outcome or by the code of what refused it."""
    captured_twice: int
    """Travellers whom the gate was to capture again."""
    to_officer: int
    """Of these, travellers for whom it called an officer."""
    target_ms: float
    within_target: int
    held_per_second: float
    """Travellers a second who were answered within the target."""
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    slowest_ms: float | None

    @property
    def kept(self) -> bool:
        """Whether every traveller was answered within the target."""
        return self.within_target == self.sent

    @classmethod
    def of(cls, traffic: Traffic, target_ms: float) -> "Summary":
        """Sum up."""
        rising = [seconds * 1000 for seconds in traffic.latencies()]
        within = sum(each <= target_ms for each in rising)
        return cls(
            traffic.plan.rate,
            traffic.sent,
            len(rising),
            len(traffic.seen) - len(rising),
            dict(traffic.outcomes().most_common()),
            sum(each.captured_twice for each in traffic.seen),
            sum(each.to_officer for each in traffic.seen),
            target_ms,
            within,
            round(within / traffic.plan.seconds, 2),
            *(_at(rising, share) for share in (0.5, 0.95, 0.99, 1.0)),
        )

    @property
    def sentence(self) -> str:
        """The result, for a person."""
        if self.kept:
            return (
                f"All {self.sent} travellers were answered within {self.target_ms:.0f} ms "
                f"at {self.asked_per_second:g} a second."
            )
        return (
            f"{self.within_target} of {self.sent} travellers were answered within "
            f"{self.target_ms:.0f} ms: {self.held_per_second:g} a second held, "
            f"of {self.asked_per_second:g} asked for."
        )

    @property
    def counts(self) -> str:
        """Who was screened and who was given up, by outcome and code, for a person."""

        def listed(among: bool) -> str:
            found = (
                f"{outcome} {count:,}"
                for outcome, count in self.outcomes.items()
                if (outcome in SCREENED) is among
            )
            return ", ".join(found) or "nobody"

        screened = f"Screened {self.answered:,}: {listed(True)}."
        again = f"Captured twice {self.captured_twice:,}, {self.to_officer:,} to an officer."
        return f"{screened} {again} Given up {self.given_up:,}: {listed(False)}."

    def plain(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        return asdict(self) | {"kept": self.kept}


def dashboard(traffic: Traffic, target_ms: float) -> Table:
    """Return the table of the moment: a line for each port, and one for all."""
    summary = Summary.of(traffic, target_ms)
    table = Table(
        title=f"{traffic.elapsed:.0f} of {traffic.plan.seconds:.0f} s, "
        f"{traffic.sent} arrived, {len(traffic.seen)} answered",
        title_justify="left",
    )
    for column in ("port", "clear", "alert", "unsearchable", "given up"):
        table.add_column(column, justify="left" if column == "port" else "right")
    for port in (*sorted(set(traffic.plan.ports)), None):
        counted = traffic.outcomes(port)
        given_up = sum(count for outcome, count in counted.items() if outcome not in SCREENED)
        table.add_row(
            port or "all",
            *(str(counted[outcome]) for outcome in ("clear", "alert", "unsearchable")),
            str(given_up),
            style="bold" if port is None else None,
        )
    if summary.p50_ms is not None:
        table.caption = (
            f"ms: p50 {summary.p50_ms:.0f}, p95 {summary.p95_ms:.0f}, p99 {summary.p99_ms:.0f}; "
            f"{summary.within_target} within {target_ms:.0f}"
        )
    return table


def _at(rising: list[float], share: float) -> float | None:
    """Return the value that a share of the answers did not exceed, None without any."""
    if not rising:
        return None
    return round(rising[math.ceil(share * len(rising)) - 1], 1)
