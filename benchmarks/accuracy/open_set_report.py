"""Open-set search as a table: misses and thresholds at each false positive identification rate."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.bootstrap import Values, draw_identities, interval, widened
from benchmarks.accuracy.det import OperatingPoints, searches_wanted, supported
from benchmarks.accuracy.open_set import RATES, Trial, person_weights
from benchmarks.report import Grid, Report

_MISSES = ("FPIR", "FNIR, mean", "95 % interval", "s.d. over trials")
_COLUMNS = (*_MISSES, "threshold, mean", "95 % interval", "s.d.")


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
    ranked = _rank_one(trials, owners, seed)
    by_photo: list[tuple[Any, ...]] = []
    by_person: list[tuple[Any, ...]] = []
    for rate in RATES:
        if rate in points.rates:
            at = points.rates.index(rate)
            by_photo.append((percent(rate), *_misses(points, at), *_bars(points, at)))
            by_person.append((percent(rate), *_person_misses(points, at)))
        else:
            missing = f"too few: {searches_wanted(rate):,} needed"
            by_photo.append((percent(rate), missing, *[""] * 5))
            by_person.append((percent(rate), missing, *[""] * 2))
    for rows, (share, low, high) in zip((by_photo, by_person), ranked, strict=True):
        rows.append(("rank 1", *_cells(share, low, high)))
    by_photo[-1] += ("",) * 3
    mated = f"{counted([len(t.mated) for t in trials])} mated searches"
    strangers = f"{counted([len(t.non_mated) for t in trials])} non-mated"
    title = f"Open-set search, per photo: {len(trials)} trials, {mated}, {strangers}"
    report.grids.append(Grid(title, _COLUMNS, tuple(by_photo)))
    title = "Open-set search, per person: the same searches, everybody counted once"
    report.grids.append(Grid(title, _MISSES, tuple(by_person)))
    report.note(
        "Intervals: 95 %, identities drawn again with all their searches, mated and non-mated. "
        "A rate is stated where at least 3 of the non-mated searches may reach the threshold "
        f"(rule of 3); here there are {searches:,} a trial."
    )
    _add_figures(report, points)
    for name, (share, low, high) in zip(("", " per person"), ranked, strict=True):
        report.figures[f"rank-1 miss rate{name}"] = share.tolist()
        report.figures[f"rank-1 miss rate{name}, interval"] = [low, high]


def _misses(points: OperatingPoints, at: int) -> tuple[str, str, str]:
    low, high = (float(ends[at]) for ends in points.fnir_interval())
    return _cells(points.fnir[:, at], low, high)


def _person_misses(points: OperatingPoints, at: int) -> tuple[str, str, str]:
    low, high = (float(ends[at]) for ends in points.person_fnir_interval())
    return _cells(points.person_fnir[:, at], low, high)


def _bars(points: OperatingPoints, at: int) -> tuple[str, str, str]:
    bars = points.thresholds[:, at]
    low, high = (ends[at] for ends in points.threshold_interval())
    return f"{bars.mean():.4f}", f"{low:.4f} - {high:.4f}", f"{spread(bars):.4f}"


def _cells(rates: Values, low: float, high: float) -> tuple[str, str, str]:
    return f"{rates.mean():.2%}", f"{low:.2%} - {high:.2%}", f"{spread(rates):.2%}"


def _add_figures(report: Report, points: OperatingPoints) -> None:
    ends = np.stack(points.fnir_interval(), axis=1)
    person_ends = np.stack(points.person_fnir_interval(), axis=1)
    for at, rate in enumerate(points.rates):
        report.figures[f"fnir at fpir {rate:g}"] = points.fnir[:, at].tolist()
        report.figures[f"fnir at fpir {rate:g}, interval"] = ends[at].tolist()
        report.figures[f"fnir per person at fpir {rate:g}"] = points.person_fnir[:, at].tolist()
        report.figures[f"fnir per person at fpir {rate:g}, interval"] = person_ends[at].tolist()
        report.figures[f"threshold at fpir {rate:g}"] = points.thresholds[:, at].tolist()


def _rank_one(
    trials: Sequence[Trial], owners: npt.NDArray[np.int64], seed: int
) -> list[tuple[Values, float, float]]:
    """Return the share of mated searches beaten by somebody else, per trial, and its interval.

    Per photo, then per person.
    """
    identities = int(owners.max()) + 1
    counts = draw_identities(identities, seed)
    people = len(np.unique(np.concatenate([owners[trial.probes] for trial in trials])))
    found = []
    for by_person in (False, True):
        rates, resampled = [], np.zeros(len(counts))
        for trial in trials:
            beaten = ~(np.nan_to_num(trial.mated, nan=-2) > np.nan_to_num(trial.impostor))
            who = owners[trial.probes]
            weights = person_weights(trial, owners) if by_person else np.ones(len(who))
            rates.append(np.average(beaten, weights=weights))
            events = counts @ np.bincount(who, weights * beaten, identities)
            with np.errstate(invalid="ignore", divide="ignore"):
                resampled += events / (counts @ np.bincount(who, weights, identities))
        measured = np.array(rates)
        low, high = widened(*interval(resampled / len(trials)), measured.mean(), people)
        found.append((measured, float(low), float(high)))
    return found


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
