"""What `benchmarks.load.load` measured, as tables and targets."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from benchmarks.load.beside import CLIENTS, ROUNDS, Beside
from benchmarks.load.client import Answer
from benchmarks.load.load import WARM_UP_REQUESTS, Memory, Mocked, Real, stage_times
from benchmarks.load.peer_server import NAME
from benchmarks.report import Grid, Report, Target

LATENCY_TARGET_MS: Final = 500.0

CPU_MS: Final = 3.5
CPU_MS_AT: Final = 10_000
"""Subjects at which a screening's processor time is judged."""
WANTED_PEER: Final = {False: 3.0, True: 12.0}
"""Times our processor time that InsightFace Server should take: its key check off, and on."""


def add_real(report: Report, real: Real) -> None:
    """Add real networks and overload."""
    report.figures["real"] = {
        "in_process_per_second": real.in_process_per_second,
        "start_seconds": real.start_seconds,
        "loops": real.loops,
        "offered_per_second": real.offered_per_second,
        "admitted_ms": [a.ms for a in real.admitted],
        "refused_ms": [a.ms for a in real.refused],
    }
    rows = [("pipeline in process", "-", f"{real.in_process_per_second:.1f}", "-", "-", "-", "-")]
    rows += [
        (
            "HTTP",
            str(loop.clients),
            f"{loop.per_second:.1f}",
            f"{loop.percentile(0.5):.1f}",
            f"{loop.percentile(0.99):.1f}",
            f"{np.median(loop.added_ms):.2f}",
            f"{loop.cpu_ms:.1f}",
        )
        for loop in real.loops
    ]
    columns = ("real networks", "clients", "photos/s", "p50 ms", "p99 ms", "added p50 ms", "CPU ms")
    report.grids.append(Grid("Over HTTP and in process, one CPU", columns, tuple(rows)))
    best = max(loop.per_second for loop in real.loops)
    admitted, refused = [a.ms for a in real.admitted], [a.ms for a in real.refused]
    share = len(refused) / max(1, len(refused) + len(admitted))
    hints = sum("retry-after" in a.headers for a in real.refused)
    report.note(
        f"Overload: {real.offered_per_second:.0f} photos/s offered, {share:.1%} refused, "
        f"{hints} of {len(refused)} refusals with Retry-After."
    )
    report.grids.append(
        Grid(
            "Ten times the load it can answer",
            ("requests", "number", "p50 ms", "p99 ms"),
            (("admitted", *_summary(admitted)), ("refused", *_summary(refused))),
        )
    )
    _add_slo(report, real.admitted)
    report.targets += [
        Target(
            "HTTP throughput / pipeline in process", best / real.in_process_per_second, ">=", 0.9
        ),
        Target("added by HTTP, key and commit, p50 ms", _added(real), "<=", 3.0),
        Target("start to ready, s", real.start_seconds, "<=", 3.0),
        Target("overload: admitted p99, ms", _percentile(admitted, 99), "<=", LATENCY_TARGET_MS, 1),
        Target("overload: refused p50, ms", _percentile(refused, 50), "<=", 20.0, 1),
        Target("overload: refused p99, ms", _percentile(refused, 99), "<=", 20.0, 1),
    ]


def add_mocked(report: Report, runs: Sequence[Mocked], dim: int) -> None:
    """Add the service alone, over galleries of several sizes."""
    report.figures["mocked"] = list(runs)
    rows = []
    for run in runs:
        one, four = run.loops[0], run.loops[-1]
        rows.append(
            (
                f"{run.subjects:,}",
                f"{one.per_second:.0f}",
                f"{one.percentile(0.5):.1f} / {one.percentile(0.99):.1f}",
                f"{four.per_second:.0f}",
                f"{four.percentile(0.5):.1f} / {four.percentile(0.99):.1f}",
                f"{four.cpu_ms:.2f}",
                f"{run.enrolled_per_second:.0f}",
                f"{run.health_ms:.2f}",
                f"{run.first_answer_seconds:.2f}",
                f"{run.rss_mib:.0f}",
            )
        )
        if run.subjects == CPU_MS_AT:
            name = f"{run.subjects:,} subjects, 4 clients: CPU a screening, ms"
            report.targets.append(Target(name, four.cpu_ms, "<=", CPU_MS))
    columns = (
        "subjects",
        "1 client /s",
        "p50 / p99 ms",
        "4 clients /s",
        "p50 / p99 ms",
        "CPU ms",
        "enrolled/s",
        "health ms",
        "restart s",
        "RSS MiB",
    )
    title = f"Networks mocked, embeddings of {dim} numbers, one CPU"
    report.grids.append(Grid(title, columns, tuple(rows)))
    last, first = runs[-1], runs[0]
    size = f"{last.subjects:,} subjects"
    report.targets += [
        Target("authentication, ms", last.authentication_ms, "<=", 0.2, 3),
        Target(f"health probe at {size}, ms", last.health_ms, "<=", 2.0),
        Target(f"restart to first answer at {size}, s", last.first_answer_seconds, "<=", 1.2),
        Target(
            f"enrolment at {size} / at {first.subjects:,}",
            last.enrolled_per_second / first.enrolled_per_second,
            ">=",
            0.95,
        ),
    ]


def add_beside(report: Report, run: Beside) -> None:
    """Add our service and InsightFace Server, over the same photos."""
    report.figures["beside"] = {side.title: side.loops for side in run.sides}
    rows = [
        (
            side.title,
            f"{side.cpu_ms(clients):.2f}",
            f"{side.cpu_ms(clients) / run.ours.cpu_ms(clients):.2f}x",
            f"{side.per_second(clients):.0f}",
            f"{side.percentile(clients, 0.5):.1f} / {side.percentile(clients, 0.99):.1f}",
        )
        for clients in CLIENTS
        for side in run.sides
    ]
    report.grids.append(
        Grid(
            f"Beside {NAME}: {run.subjects:,} subjects, {run.dim} numbers, networks mocked, "
            f"one CPU; {' and then '.join(str(each) for each in CLIENTS)} clients",
            ("service", "CPU ms", "of ours", "answers/s", "p50 / p99 ms"),
            tuple(rows),
        )
    )
    report.note(
        f"{run.ours.title} assesses, seals and commits each photo with its audit record before it "
        f"answers; {NAME} keeps nothing of a search. {ROUNDS} rounds in turns, medians."
    )
    most = CLIENTS[-1]
    for peer, side in run.peers:
        report.targets.append(
            Target(
                f"CPU a request, {run.subjects:,} subjects: times less than {side.title}",
                side.cpu_ms(most) / run.ours.cpu_ms(most),
                ">=",
                WANTED_PEER[peer.key is not None],
            )
        )


def add_missing(report: Report, checks: Sequence[bool]) -> None:
    """Say which comparison was not made; `checks` are the key checks of the servers asked."""
    for check in set(WANTED_PEER) - set(checks):
        name = f"CPU a request: times less than {NAME}, key check {'on' if check else 'off'}"
        report.unmeasured[name] = "start one and give --peer-server (docs/performance.md)"


def add_memory(report: Report, memory: Memory) -> None:
    """Add memory over many requests."""
    report.figures["memory"] = memory.points
    (_, before), (count, after) = memory.points[0], memory.points[-1]
    report.note(
        f"Memory: {before:.1f} MiB after {WARM_UP_REQUESTS:,} requests of warm-up, {after:.1f} MiB "
        f"after {count:,} more: {memory.kib_per_thousand:.1f} KiB per 1,000 requests."
    )
    report.targets.append(
        Target("memory, KiB per 1,000 requests", memory.kib_per_thousand, "<=", 10.0, 1)
    )


def _add_slo(report: Report, admitted: Sequence[Answer]) -> None:
    """Say how many were within the target at the end of each stage."""
    if not admitted:
        return
    stages = [stage_times(answer) for answer in admitted]
    # What is in no stage (transfer, waiting for a worker) comes before all of them.
    spent = np.array([a.ms - sum(s.values()) for a, s in zip(admitted, stages, strict=True)])
    parts = [f"wait {np.mean(spent <= LATENCY_TARGET_MS):.1%}"]
    for name in stages[0]:
        spent = spent + np.array([each.get(name, 0.0) for each in stages])
        parts.append(f"{name} {np.mean(spent <= LATENCY_TARGET_MS):.1%}")
    report.note(
        f"SLO: share of admitted requests within {LATENCY_TARGET_MS:.0f} ms at the end of each "
        f"stage, under overload: {', '.join(parts)}."
    )


def _added(real: Real) -> float:
    return float(np.median(real.loops[0].added_ms))


def _summary(times: Sequence[float]) -> tuple[str, str, str]:
    return str(len(times)), f"{_percentile(times, 50):.1f}", f"{_percentile(times, 99):.1f}"


def _percentile(times: Sequence[float], percent: float) -> float:
    return float(np.percentile(times, percent)) if times else float("nan")
