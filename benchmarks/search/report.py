"""The search benchmark's tables and targets."""

from benchmarks.report import Grid, Report, Target
from benchmarks.search.search import BATCH, PEER, STREAM, Approximation, SearchReport, many, one
from index.engine import ENGINES

# What issue-level promises ask of the largest gallery.
TARGET_ROWS = 1_000_000


def add_to(report: Report, run: SearchReport) -> None:
    """Add one gallery size."""
    stream, peer = run.timings[STREAM].middle, run.timings[many(PEER)].middle
    rows = []
    for name in (PEER, *ENGINES):
        single, batch = run.timings[one(name)].middle, run.timings[many(name)].middle
        rows.append(
            (
                name,
                f"{single:.2f}",
                f"{single / stream:.2f}x",
                f"{batch:.1f}",
                f"{1000 * BATCH / batch:,.0f}",
                f"{peer / batch:.1f}x",
            )
        )
    report.grids.append(
        Grid(
            f"{run.rows:,} templates of 128 numbers; reading them once takes {stream:.2f} ms",
            (
                "engine",
                "1 probe, ms",
                "of reading once",
                f"{BATCH} probes, ms",
                "probes/s",
                f"x {PEER}",
            ),
            tuple(rows),
        )
    )
    report.note(
        f"{run.rows:,}: alerts of both engines are {'' if run.identical else 'NOT '}identical; the "
        f"slowest of 50 adds is searchable after {run.add_visible_ms:.2f} ms, the slowest of 50 "
        f"removals done after {run.remove_ms:.2f} ms."
    )
    report.figures[str(run.rows)] = {
        timing.name: list(timing.times) for timing in run.timings.values()
    }
    if run.rows >= TARGET_ROWS:
        best = min(ENGINES, key=lambda name: run.timings[one(name)].middle)
        flat = run.timings[one("flat")].middle / stream
        report.targets += [
            Target("1 probe: time of reading the gallery once (flat)", flat, "<=", 1.3),
            Target(
                f"1 probe: the same with {best}", run.timings[one(best)].middle / stream, "<=", 1.3
            ),
            *(
                Target(
                    f"{BATCH} probes: times {PEER} ({name})",
                    peer / run.timings[many(name)].middle,
                    ">=",
                    8,
                )
                for name in ENGINES
            ),
            Target("alerts identical to exact search", float(run.identical), ">=", 1, 0),
            Target("an add is visible to the next search, ms", run.add_visible_ms, "<=", 10),
        ]


def add_approximation(report: Report, results: list[Approximation]) -> None:
    """Add what an approximate index would save and lose."""
    report.grids.append(
        Grid(
            "FAISS IndexIVFFlat on the largest gallery, for comparison: not used",
            ("lists probed", "1 probe, ms", "mates missed"),
            tuple(
                (f"{each.probed} of {each.lists}", f"{each.milliseconds:.2f}", f"{each.missed:.1%}")
                for each in results
            ),
        )
    )
    report.figures["approximate"] = [
        {"probed": r.probed, "ms": r.milliseconds, "missed": r.missed} for r in results
    ]
