"""Misses by quality: FNIR at the one threshold of a trial, by fifths of a quality measure.

The fifths are cut among the photos searched. Each stratum is shown twice: for searches whose probe
falls into it, and for those where the worse of probe and enrolled photo does. Beside them stands
how often strangers of that quality reach the same threshold: whether a calibration of its own for
each class of quality would be worth having.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.bootstrap import Shares, draw_identities, shares_of, tally
from benchmarks.accuracy.det import require
from benchmarks.accuracy.embeddings import Embedded
from benchmarks.accuracy.open_set import STATED_RATE, Trial, threshold_at
from benchmarks.accuracy.open_set_report import percent
from benchmarks.report import Grid, Report, json_numbers

MEASURES: Final[dict[str, str]] = {
    "InterEyeDistance": "px",
    "EdgeSteepness": "0-100",
    "ToneEntropy": "bit",
    "DetectionConfidence": "0-1",
    "HeadPoseYaw": "deg",
    "HeadPosePitch": "deg",
}
"""Measures shown, with their units. Exposure is left out: next to no photo of an ordinary set has
any of its faults, so its fifths would all be one."""
_FIFTHS: Final = 5
_ANGLES: Final = "HeadPose"
"""Measures of that name are angles either way: the larger, the worse."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MissesByQuality:
    """Misses by one measure, worst quality first."""

    measure: str
    bounds: tuple[tuple[float, float], ...]
    """From and to, in the measure's unit."""
    by_probe: Shares
    by_worse: Shares
    """By the worse of the probe and the enrolled photo."""
    alarms: Shares
    """False alarms of strangers, by their photo."""


def measure_by_quality(
    trials: Sequence[Trial], owners: npt.NDArray[np.int64], embedded: Embedded, seed: int = 0
) -> list[MissesByQuality]:
    """Pool the trials' mated searches by quality, at each trial's threshold for `STATED_RATE`.

    Searches of photos that could not be measured are left out; the report's refusals name them.

    Raises:
        TooFewIdentities: too few strangers were searched for that rate.
    """
    require(STATED_RATE, trials)
    probes = np.concatenate([trial.probes for trial in trials])
    references = np.concatenate([trial.references for trial in trials])
    missed = np.concatenate([missed_searches(trial) for trial in trials])
    strangers = np.concatenate([trial.strangers for trial in trials])
    alarmed = np.concatenate([alarming_searches(trial) for trial in trials])
    who, people = owners[probes], int(owners.max()) + 1
    counts = draw_identities(people, seed)
    found = []
    for name in MEASURES:
        if name not in embedded.measures:
            continue
        badness = _badness(name, embedded.measures[name])
        if np.isnan(badness[probes]).all():
            continue
        edges = _edges(badness[probes])
        sides = []
        for bad in (badness[probes], np.maximum(badness[probes], badness[references])):
            column = _columns(bad, edges)
            searches = tally(who, people, np.ones(len(who)), column, len(edges) - 1)
            events = tally(who, people, missed, column, len(edges) - 1)
            sides.append(shares_of(events, searches, counts))
        column = _columns(badness[strangers], edges)
        searches = tally(owners[strangers], people, np.ones(len(strangers)), column, len(edges) - 1)
        events = tally(owners[strangers], people, alarmed, column, len(edges) - 1)
        sides.append(shares_of(events, searches, counts))
        bounds = tuple((abs(float(worse)), abs(float(better))) for better, worse in pairwise(edges))
        # Badness rises with the column, so the last comes first.
        found.append(MissesByQuality(name, bounds[::-1], *map(_turned, sides)))
    return found


def missed_searches(trial: Trial, rate: float = STATED_RATE) -> npt.NDArray[np.bool_]:
    """Return which mated searches stay below a trial's threshold; a refused photo does."""
    found = trial.mated >= np.float32(threshold_at(trial.non_mated, rate))
    return np.asarray(~found, np.bool_)


def alarming_searches(trial: Trial, rate: float = STATED_RATE) -> npt.NDArray[np.bool_]:
    """Return which non-mated searches reach a trial's threshold."""
    bar = np.float32(threshold_at(trial.non_mated, rate))
    return np.asarray(trial.non_mated >= bar, np.bool_)


def _badness(name: str, values: Values) -> Values:
    """Turn a measure so that more is worse; its size stays."""
    return np.abs(values) if name.startswith(_ANGLES) else -values


def _edges(bad: Values) -> Values:
    """Cut into fifths, fewer where many photos share a value, rising, from best to worst."""
    edges = np.unique(np.nanquantile(bad, np.linspace(0, 1, _FIFTHS + 1)))
    return edges if len(edges) > 1 else np.repeat(edges, 2)


def _columns(bad: Values, edges: Values) -> npt.NDArray[np.int64]:
    """Return each search's stratum, -1 where it was not measured."""
    inner = np.searchsorted(edges[1:-1], np.nan_to_num(bad), side="left")
    return np.where(np.isnan(bad), -1, inner).astype(np.int64)


def _turned(shares: Shares) -> Shares:
    return Shares(
        shares.rate[::-1],
        shares.low[::-1],
        shares.high[::-1],
        shares.resampled[:, ::-1],
        shares.searches[::-1],
    )


def add_to(report: Report, strata: Sequence[MissesByQuality]) -> None:
    """Put every stratum into a report."""
    rows = []
    for each in strata:
        for at, (worse, better) in enumerate(each.bounds):
            rows.append(
                (
                    _heading(each.measure, at),
                    f"{worse:g} - {better:g}",
                    *_cells(each.by_probe, at),
                    *_cells(each.by_worse, at),
                    *_cells(each.alarms, at)[1:],
                )
            )
        report.figures[f"fnir by {each.measure}"] = {
            "bounds": each.bounds,
            "probe": json_numbers(each.by_probe.rate),
            "worse of both": json_numbers(each.by_worse.rate),
            "alarms of strangers": json_numbers(each.alarms.rate),
        }
    columns = (
        *("measure", "worst first", "searches", "by probe", "95 % interval"),
        *("searches", "by the worse", "95 % interval"),
        *("strangers' FPIR", "95 % interval"),
    )
    title = f"FNIR by quality, at the threshold for FPIR {percent(STATED_RATE)} (trials pooled)"
    report.grids.append(Grid(title, columns, tuple(rows)))


def _heading(measure: str, row: int) -> str:
    """Write the measure beside its first stratum and the unit below: side by side is too wide."""
    return {0: measure, 1: f"({MEASURES[measure]})"}.get(row, "")


def _cells(shares: Shares, at: int) -> tuple[str, str, str]:
    if not shares.searches[at]:
        return "0", "-", "-"
    return (
        f"{shares.searches[at]:,.0f}",
        f"{shares.rate[at]:.2%}",
        f"{shares.low[at]:.2%} - {shares.high[at]:.2%}",
    )
