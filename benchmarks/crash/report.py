"""What `benchmarks.crash.crash` found, as a report."""

from collections.abc import Sequence
from dataclasses import asdict

from benchmarks.crash.crash import CLIENTS, Round
from benchmarks.report import Grid, Report, Target


def add_to(report: Report, rounds: Sequence[Round]) -> None:
    """Add one row a crash, the totals as targets, and every sentence about what is wrong."""
    report.grids.append(
        Grid(
            "Crashes",
            (
                "seed",
                "killed after s",
                "screenings",
                "decisions",
                "in flight",
                "of these recorded",
                "restart s",
                "audit records",
                "wrong",
            ),
            tuple(_row(each) for each in rounds),
        )
    )
    wrong = [sentence for each in rounds for sentence in each.wrong]
    report.targets.append(
        Target(f"{len(rounds)} crashes: things that should not be", len(wrong), "<=", 0, digits=0)
    )
    kept = sum(each.screenings + each.decisions for each in rounds)
    report.note(
        f"{CLIENTS} clients; {kept} acknowledged screenings and decisions, looked for in the "
        "database as the crash left it and asked for again after the restart; the audit chain "
        "verified after each crash and again after the retries."
    )
    report.notes += wrong[:20]
    report.figures["rounds"] = [asdict(each) for each in rounds]


def _row(each: Round) -> tuple[object, ...]:
    return (
        each.seed,
        f"{each.killed_after_s:.2f}",
        each.screenings,
        each.decisions,
        each.in_flight,
        each.recovered,
        f"{each.restart_s:.2f}",
        each.audit_records,
        len(each.wrong),
    )
