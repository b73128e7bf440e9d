"""`siaga bench conditions FOLDER`: photos as ports capture them, against clean enrolment."""

from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.accuracy.conditions import campaign
from benchmarks.accuracy.conditions.campaign import CONDITIONS, Campaign, Observed, make_plan
from benchmarks.accuracy.conditions.results import (
    COLUMNS,
    Result,
    Searched,
    clean_threshold,
    result_of,
)
from benchmarks.accuracy.identities import read_clashes, read_data_set
from benchmarks.accuracy.open_set import STATED_RATE
from benchmarks.command import Json, PackName, Seed, explained, new_report, publish
from benchmarks.report import Grid, Report, Target
from models.manifest import load_pack

_MOST_ALARMS: Final = 2.0
"""Times the stated FPIR that the searches of one condition may realise."""
_MOST_SILENT: Final = 2.0
"""Times the clean FNIR that may be missed without a reason given."""
_HEADINGS: Final = (
    "condition",
    "refused %",
    "marked %",
    "captured again %",
    "FNIR %",
    "unmarked misses %",
    "missed and opened %",
    "FPIR %",
    "nothing refused: FPIR %",
    "reasons",
)
_OFTEN: Final = 0.03
"""Reasons given to a smaller share of the photos are not printed."""


def measure_conditions(  # noqa: PLR0913, PLR0917 - a command's options are its parameters
    folder: Annotated[Path, typer.Argument(help="One sub-folder per identity (LFW layout).")],
    clashes: Annotated[
        Path | None,
        typer.Option(help="Folders that hold one person under two names: a pair a line."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Conditions whose names hold this (repeatable); all unless given."),
    ] = None,
    mated: Annotated[
        int, typer.Option(min=2, help="Enrolled people searched for.")
    ] = campaign.MATED,
    strangers: Annotated[
        int, typer.Option(min=2, help="People searched for who are enrolled nowhere.")
    ] = campaign.STRANGERS,
    gallery: Annotated[int, typer.Option(min=2, help="Enrolled in each gallery.")] = (
        campaign.GALLERY
    ),
    seed: Seed = 0,
    pack_name: PackName = "open",
    json: Json = None,
) -> Report:
    """Measure misses and false alarms of degraded and covered faces, and the reasons given."""
    report = new_report("conditions")
    with explained():
        data = read_data_set(folder, read_clashes(clashes) if clashes else ())
        plan = make_plan(data, gallery, mated, strangers, seed)
        chosen = [c for c in CONDITIONS if not only or any(part in c.name for part in only)]
        looks = Campaign(data, plan, load_pack(pack_name), seed)
        total = len(plan.enrolled) + (1 + len(chosen)) * len(plan.probes)
        with Progress(console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task("looking", total=total)

            def step() -> None:
                progress.advance(task)

            enrolled, clean = looks.enrol(step), looks.clean(step)

            def searched(observed: Observed) -> Searched:
                return Searched(plan, enrolled, observed, looks.bounds)

            unharmed = searched(clean)
            seen = [("clean", "as they are", unharmed)]
            for condition in chosen:
                held = searched(looks.under(condition, clean, step))
                seen.append((condition.name, condition.group, held))
        threshold = clean_threshold(unharmed)
        # By turns, of either kind of people: what is fitted to one half is judged on the other.
        turn = np.concatenate([np.arange(len(plan.mated)), np.arange(len(plan.strangers))])
        for title, rows in (
            ("all people", turn >= 0),
            ("second half of the people", turn % 2 == 1),
        ):
            _add(report, title, [result_of(*each, threshold, rows, seed) for each in seen])
    report.note(
        f"{len(plan.galleries)} galleries of {len(plan.galleries[0])} people, one clean photo "
        f"each. {len(plan.mated)} of the first are searched for in it by another photo, and as "
        f"strangers in the others; {len(plan.strangers)} more people as strangers in all of them. "
        f"One threshold for all rows, {threshold:.4f}: clean strangers reach it in "
        f"{STATED_RATE:.0%} of searches."
    )
    report.note("Intervals are 95 % bootstrap intervals over people.")
    return publish(report, json)


def _add(report: Report, title: str, results: list[Result]) -> None:
    clean = results[0]
    rows: list[tuple[Any, ...]] = []
    for each in results:
        photos = each.refused.searches
        given = ", ".join(name for name, count in each.reasons if count >= _OFTEN * photos)
        rows.append(
            (
                each.condition,
                f"{100 * each.refused.rate:.1f}",
                f"{100 * each.marked.rate:.1f}",
                f"{100 * each.recaptured.rate:.1f}",
                each.missed,
                f"{100 * each.silent.rate:.1f}",
                f"{100 * each.opened.rate:.1f}",
                each.alarmed,
                f"{100 * each.unheeded.rate:.1f}",
                given,
            )
        )
        alarms = f"{title}: {each.condition}: FPIR, times the stated one"
        silent = f"{title}: {each.condition}: unmarked misses, times the clean FNIR"
        share = each.silent.rate / max(clean.missed.rate, 1 / clean.missed.searches)
        report.targets += [
            Target(alarms, each.alarmed.rate / STATED_RATE, "<=", _MOST_ALARMS),
            Target(silent, share, "<=", _MOST_SILENT),
        ]
    report.grids.append(Grid(title, _HEADINGS, tuple(rows)))
    report.figures[title] = {
        each.condition: {
            "group": each.group,
            "reasons": dict(each.reasons),
            **{
                name: {"rate": s.rate, "low": s.low, "high": s.high, "searches": s.searches}
                for name in COLUMNS
                for s in [getattr(each, name)]
            },
        }
        for each in results
    }
