"""What `benchmarks.console.queue` measured, as a report."""

from typing import Final

import numpy as np

from benchmarks.console.queue import Measured, Run
from benchmarks.report import Grid, Report, Target

CPU_MS: Final = 150.0


def add_to(report: Report, measured: Measured, rate: float, open_alerts: int) -> None:
    """Add latency, processor time and the target."""
    report.figures["queue"] = measured
    columns = ("", "alerts", "POST p50 ms", "p99 ms", "service CPU ms", "browser CPU ms")
    rows = (
        _row("no console open", measured.closed),
        _row("the queue open", measured.live),
    )
    report.grids.append(
        Grid(f"{rate:g} alerts a second, {open_alerts} open; CPU for an alert", columns, rows)
    )
    median, late = (_percentile(measured.seen_ms, share) for share in (50, 99))
    report.grids.append(
        Grid(
            "From the port's POST until both faces are painted in the queue",
            ("seen", "p50 ms", "p99 ms", "not seen", "page errors"),
            (
                (
                    len(measured.seen_ms),
                    f"{median:.0f}",
                    f"{late:.0f}",
                    measured.unseen,
                    len(measured.complaints),
                ),
            ),
        )
    )
    report.note(
        f"An open queue where nothing happens takes {measured.idle_service_ms:.1f} ms of processor "
        f"time a second in the service, and {measured.idle_browser_ms:.1f} ms in the browser."
    )
    report.note(
        "The queue adds "
        f"{measured.live.service_ms - measured.closed.service_ms:.1f} ms of the service's "
        f"processor time to an alert, and {measured.live.browser_ms:.1f} ms of the browser's."
    )
    refused = len(measured.live.sent) - len(measured.live.answered)
    total = measured.live.service_ms + measured.live.browser_ms
    report.targets += [
        Target("CPU of an alert, screened and shown, ms", total, "<=", CPU_MS, 1),
        Target("arrivals that were refused while the queue was open", refused, "<=", 0, 0),
        Target("alerts that were raised but not seen", measured.unseen, "<=", 0, 0),
    ]


def _row(name: str, run: Run) -> tuple[object, ...]:
    times = [each.ms for each in run.sent]
    return (
        name,
        f"{len(run.answered)} of {len(run.sent)}",
        f"{_percentile(times, 50):.0f}",
        f"{_percentile(times, 99):.0f}",
        f"{run.service_ms:.1f}",
        f"{run.browser_ms:.1f}",
    )


def _percentile(times: "tuple[float, ...] | list[float]", share: float) -> float:
    return float(np.percentile(times, share)) if times else float("nan")
