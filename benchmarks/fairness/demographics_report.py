"""Demographic differentials as tables, with a warning for every group too small to judge."""

from typing import Any, Final

import numpy as np

from benchmarks.accuracy.labels import Grouping
from benchmarks.accuracy.open_set import STATED_RATE
from benchmarks.accuracy.open_set_report import percent
from benchmarks.fairness.cross_match import CrossMatch
from benchmarks.fairness.demographics import LEAST_EVENTS, LEAST_IDENTITIES, Differential, Rates
from benchmarks.report import Grid, Report, json_numbers

MATRIX_GROUPS: Final = 8
"""Groups up to which the matrix is printed; the JSON always has it."""


def add_to(
    report: Report, grouping: Grouping, alarms: Rates, misses: Rates, matrix: CrossMatch
) -> None:
    """Put one grouping's rates, ratios and cross-group matrix into a report."""
    _add_rates(report, grouping, alarms, misses)
    _add_ratios(report, grouping, alarms, misses)
    if len(grouping.groups) <= MATRIX_GROUPS:
        _add_matrix(report, grouping, matrix)
    else:
        report.note(f"{grouping.name}: the matrix of {len(grouping.groups)} groups is in the JSON.")
    unknown = int((grouping.members < 0).sum())
    if unknown:
        report.note(f"{grouping.name} is not known of {unknown:,} identities: they are left out.")
    report.figures[f"groups by {grouping.name}"] = {
        "groups": grouping.groups,
        "identities": grouping.sizes.tolist(),
        **{rates.name.lower(): _figures(rates) for rates in (alarms, misses)},
        "cross-group false match rate": json_numbers(matrix.rate),
    }


def _add_rates(report: Report, grouping: Grouping, alarms: Rates, misses: Rates) -> None:
    rows = [
        (group, f"{grouping.sizes[at]:,}", *_cells(alarms, at), *_cells(misses, at))
        for at, group in enumerate(grouping.groups)
    ]
    rows.append(("all of them", f"{grouping.sizes.sum():,}", *_overall(alarms), *_overall(misses)))
    report.grids.append(
        Grid(
            f"By {grouping.name}, at everybody's threshold for FPIR {percent(STATED_RATE)} "
            "(searches: of one trial, on average)",
            (
                grouping.name,
                "identities",
                *("non-mated", "FPIR", "95 % interval"),
                *("mated", "FNIR", "95 % interval"),
            ),
            tuple(rows),
        )
    )
    for rates in (alarms, misses):
        small = [g for g, fine in zip(grouping.groups, rates.large_enough, strict=True) if not fine]
        if small:
            report.note(
                f"Warning: too small to say anything of their {rates.name} (*): {', '.join(small)}."
                f" A group wants {LEAST_IDENTITIES} identities searched for, and {LEAST_EVENTS} "
                "events to be expected in a trial at everybody's rate (rule of 3). These take no "
                "part in the ratios."
            )


def _cells(rates: Rates, at: int) -> tuple[str, str, str]:
    if not rates.shares.searches[at]:
        return "0", "-", "-"
    mark = "" if rates.large_enough[at] else " *"
    return (
        f"{rates.per_trial[at]:,.0f}",
        f"{rates.shares.rate[at]:.2%}{mark}",
        f"{rates.shares.low[at]:.2%} - {rates.shares.high[at]:.2%}",
    )


def _overall(rates: Rates) -> tuple[str, str, str]:
    return f"{rates.per_trial.sum():,.0f}", f"{rates.overall:.2%}", ""


def _add_ratios(report: Report, grouping: Grouping, alarms: Rates, misses: Rates) -> None:
    rows: list[tuple[Any, ...]] = []
    for rates in (alarms, misses):
        if rates.worst_over_best is None or rates.worst_over_mean is None:
            report.note(
                f"No ratio of {rates.name} by {grouping.name}: "
                f"{int(rates.large_enough.sum())} group is large enough, and two are needed."
            )
            continue
        rows.append((f"{rates.name}, worst / best", *_ratio(rates.worst_over_best)))
        rows.append((f"{rates.name}, worst / geometric mean", *_ratio(rates.worst_over_mean)))
    if rows:
        report.grids.append(
            Grid(
                f"Differentials by {grouping.name}",
                ("ratio", "measured", "95 % interval", "by chance, up to", "beyond chance"),
                tuple(rows),
            )
        )


def _ratio(each: Differential) -> tuple[str, str, str, str]:
    return (
        f"{each.value:.2f}",
        f"{each.low:.2f} - {each.high:.2f}",
        f"{each.by_chance:.2f}",
        "yes" if each.beyond_chance else "no",
    )


def _add_matrix(report: Report, grouping: Grouping, matrix: CrossMatch) -> None:
    rows = []
    for one, group in enumerate(grouping.groups):
        cells = []
        for other in range(len(grouping.groups)):
            if not np.isfinite(matrix.rate[one, other]):
                cells.append("-")
                continue
            mark = "" if matrix.enough[one, other] else " *"
            cells.append(
                f"{matrix.rate[one, other]:.1e}{mark} "
                f"({matrix.low[one, other]:.1e} - {matrix.high[one, other]:.1e})"
            )
        rows.append((group, *cells))
    report.grids.append(
        Grid(
            f"False match rate by {grouping.name}, group against group, at the same thresholds "
            f"(everybody's: {matrix.overall:.1e}; * less than {LEAST_EVENTS} matches to be "
            "expected in a trial: too few)",
            (grouping.name, *grouping.groups),
            tuple(rows),
        )
    )


def _figures(rates: Rates) -> dict[str, Any]:
    ratios = {"worst / best": rates.worst_over_best, "worst / mean": rates.worst_over_mean}
    return {
        "rates": json_numbers(rates.shares.rate),
        "low": json_numbers(rates.shares.low),
        "high": json_numbers(rates.shares.high),
        "large enough": rates.large_enough.tolist(),
        **{name: _differential(ratio) for name, ratio in ratios.items()},
    }


def _differential(each: Differential | None) -> dict[str, Any] | None:
    if each is None:
        return None
    names = ("value", "low", "high", "by_chance")
    return {name: json_numbers(getattr(each, name)) for name in names}
