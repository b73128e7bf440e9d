"""Open-set search as a table: misses and thresholds at each false positive identification rate."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.bootstrap import Values, draw_identities, interval, widened
from benchmarks.accuracy.det import OperatingPoints, searches_wanted, supported
from benchmarks.accuracy.open_set import RATES, Trial
from benchmarks.report import Grid, Report

_COLUMNS = (
    "FPIR",
    "FNIR, mean",
    "95 % interval",
    "s.d. over trials",
    "threshold, mean",
    "95 % interval",
    "s.d.",
)


def stated_rates(trials: Sequence[Trial]) -> tuple[float, ...]:
    """Return the rates that the non-mated searches of every trial support."""
    searches = min(len(trial.non_mated) for trial in trials)
    return tuple(rate for rate in RATES if supported(rate, searches))


def add_to(
    report: Report,
    trials: Sequence[Trial],
    owners: npt.NDArray[np.int64],
    points: OperatingPoints,
    seed: int = 0,
) -> None:
    """Put miss rates at every rate into a report.

    Args:
        report: what is added to.
        trials: the draws.
        owners: shape (photos,), the identity of each photo.
        points: at `stated_rates`.
        seed: of the resamples behind the interval of rank 1.
    """
    searches = min(len(trial.non_mated) for trial in trials)
    rows: list[tuple[Any, ...]] = []
    for rate in RATES:
        if rate in points.rates:
            rows.append(_row(points, points.rates.index(rate)))
        else:
            rows.append((percent(rate), f"too few: {searches_wanted(rate):,} needed", *[""] * 5))
    ranked, low, high = _rank_one(trials, owners, seed)
    rows.append(
        (
            "rank 1",
            f"{ranked.mean():.2%}",
            f"{low:.2%} - {high:.2%}",
            f"{spread(ranked):.2%}",
            *[""] * 3,
        )
    )
    mated = f"{counted([len(t.mated) for t in trials])} mated searches"
    strangers = f"{counted([len(t.non_mated) for t in trials])} non-mated"
    title = f"Open-set search: {len(trials)} trials, {mated}, {strangers}"
    report.grids.append(Grid(title, _COLUMNS, tuple(rows)))
    report.note(
        "Intervals: 95 %, identities drawn again with all their searches, mated and non-mated. "
        "A rate is stated where at least 3 of the non-mated searches may reach the threshold "
        f"(rule of 3); here there are {searches:,} a trial."
    )
    _add_figures(report, points)
    report.figures["rank-1 miss rate"] = ranked.tolist()
    report.figures["rank-1 miss rate, interval"] = [low, high]


def _row(points: OperatingPoints, at: int) -> tuple[Any, ...]:
    misses, bars = points.fnir[:, at], points.thresholds[:, at]
    low, high = (ends[at] for ends in points.fnir_interval())
    bar_low, bar_high = (ends[at] for ends in points.threshold_interval())
    return (
        percent(points.rates[at]),
        f"{misses.mean():.2%}",
        f"{low:.2%} - {high:.2%}",
        f"{spread(misses):.2%}",
        f"{bars.mean():.4f}",
        f"{bar_low:.4f} - {bar_high:.4f}",
        f"{spread(bars):.4f}",
    )


def _add_figures(report: Report, points: OperatingPoints) -> None:
    ends = np.stack(points.fnir_interval(), axis=1)
    for at, rate in enumerate(points.rates):
        report.figures[f"fnir at fpir {rate:g}"] = points.fnir[:, at].tolist()
        report.figures[f"fnir at fpir {rate:g}, interval"] = ends[at].tolist()
        report.figures[f"threshold at fpir {rate:g}"] = points.thresholds[:, at].tolist()


def _rank_one(
    trials: Sequence[Trial], owners: npt.NDArray[np.int64], seed: int
) -> tuple[Values, float, float]:
    """Return the share of mated searches beaten by somebody else, per trial, and its interval."""
    counts = draw_identities(int(owners.max()) + 1, seed)
    rates, resampled = [], np.zeros(len(counts))
    for trial in trials:
        beaten = ~(np.nan_to_num(trial.mated, nan=-2) > np.nan_to_num(trial.impostor))
        weights = counts[:, owners[trial.probes]]
        rates.append(beaten.mean())
        with np.errstate(invalid="ignore", divide="ignore"):
            resampled += weights @ beaten / weights.sum(axis=1) / len(trials)
    measured, people = np.array(rates), np.concatenate([owners[t.probes] for t in trials])
    low, high = widened(*interval(resampled), measured.mean(), len(np.unique(people)))
    return measured, float(low), float(high)


def percent(rate: float) -> str:
    """Write a rate without needless zeros: 10 %, 0.3 %."""
    return f"{100 * rate:g} %"


def spread(values: Values) -> float:
    """Return the standard deviation over trials; 0 of a single one."""
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def counted(counts: Sequence[int]) -> str:
    """Write how many there were, as a range where trials differ."""
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,}-{high:,}"
