"""One function per plot, from what was measured to a figure. Needs matplotlib."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.accuracy.bootstrap import Shares, Values
from benchmarks.accuracy.by_quality import MEASURES, MissesByQuality
from benchmarks.accuracy.det import OperatingPoints, supported
from benchmarks.accuracy.enrolments import FUSIONS, Enrolments
from benchmarks.accuracy.galleries import CALIBRATED_AT, Gallery, Predicted
from benchmarks.accuracy.open_set import STATED_RATE, Trial, threshold_at
from benchmarks.accuracy.open_set_report import percent
from benchmarks.accuracy.plot_style import (
    BAND,
    BLUE,
    GREY,
    ORANGE,
    SERIES,
    error_bars,
    legend,
    new_figure,
    percent_axis,
)
from benchmarks.accuracy.realised_fpir import RealisedFpir

_BINS: Final = 90
_LOWEST_SHOWN: Final = 1e-4
"""Least FNIR on a logarithmic axis; a curve that reaches 0 ends there."""


def det_curve(curve: OperatingPoints, stated: OperatingPoints) -> Figure:
    """Draw FNIR against FPIR, both logarithmic, with the stated points marked."""
    figure, (axes,) = new_figure("Detection error trade-off")
    low, high = (np.maximum(end, _LOWEST_SHOWN) for end in curve.fnir_interval())
    mean = np.maximum(curve.fnir.mean(axis=0), _LOWEST_SHOWN)
    axes.fill_between(curve.rates, low, high, color=BLUE, alpha=BAND, lw=0, label="95 % interval")
    axes.plot(curve.rates, mean, color=BLUE, label=f"mean of {len(curve.fnir)} trials")
    for rate, fnir in zip(stated.rates, stated.fnir.mean(axis=0), strict=True):
        axes.plot([rate], [max(fnir, _LOWEST_SHOWN)], "o", color=BLUE, ms=6)
        axes.annotate(
            f"{100 * fnir:.2f} % at {percent(rate)}",
            (rate, max(fnir, _LOWEST_SHOWN)),
            xytext=(8, 6),
            textcoords="offset points",
            fontsize=9,
        )
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="FPIR: non-mated searches with a false alarm",
        ylabel="FNIR: mated searches that miss",
    )
    percent_axis(axes.xaxis)
    percent_axis(axes.yaxis)
    legend(axes, loc="lower left")
    return figure


def score_histogram(trials: Sequence[Trial]) -> Figure:
    """Draw mated scores and the strangers' highest scores, all trials together."""
    figure, (axes,) = new_figure("Scores of mated and non-mated searches", width=7.6)
    mated = np.concatenate([trial.mated for trial in trials])
    mated = mated[~np.isnan(mated)]
    others = np.concatenate([trial.non_mated for trial in trials])
    bins = np.linspace(min(mated.min(), others.min()), max(mated.max(), others.max()), _BINS)
    for values, name, colour, hatch in (
        (others, "non-mated: highest score in the gallery", ORANGE, "///"),
        (mated, "mated: score of the own identity", BLUE, ""),
    ):
        share = np.histogram(values, bins)[0] / len(values)
        axes.stairs(share, bins, fill=True, color=colour, alpha=0.35, hatch=hatch, label=name)
        axes.stairs(share, bins, color=colour, lw=1.2)
    if supported(STATED_RATE, min(len(trial.non_mated) for trial in trials)):
        bar = float(np.mean([threshold_at(trial.non_mated, STATED_RATE) for trial in trials]))
        name = f"threshold {bar:.3f} (FPIR {percent(STATED_RATE)})"
        axes.axvline(bar, color=GREY, ls="--", label=name)
    axes.set(xlabel="score (cosine)", ylabel="share of the searches of each kind")
    percent_axis(axes.yaxis)
    axes.set_ylim(0, axes.get_ylim()[1] * 1.22)
    legend(axes, loc="upper right")
    return figure


def quality_strata(strata: Sequence[MissesByQuality]) -> Figure:
    """Draw FNIR by fifths of each quality measure."""
    columns = 3
    rows = -(-len(strata) // columns)
    title = f"FNIR by quality of the photos, at the threshold for FPIR {percent(STATED_RATE)}"
    figure, panels = new_figure(title, columns=columns, rows=rows, width=11, height=3.6 * rows)
    for unused in panels[len(strata) :]:
        unused.set_visible(False)
    top = max(float(np.nanmax(each.by_probe.high)) for each in strata) * 1.35
    for panel, each in zip(panels, strata, strict=False):
        sides: tuple[tuple[str, Shares], ...] = (
            ("photo searched", each.by_probe),
            ("worse of both photos", each.by_worse),
        )
        for at, (name, shares) in enumerate(sides):
            colour, marker, line = SERIES[at]
            panel.errorbar(
                np.arange(len(each.bounds)) + (at - 0.5) * 0.16,
                shares.rate,
                error_bars(shares.rate, shares.low, shares.high),
                color=colour,
                marker=marker,
                ls=line,
                ms=5,
                lw=1.2,
                capsize=2.5,
                label=name,
            )
        panel.set_xticks(
            np.arange(len(each.bounds)),
            [f"{worse:.3g}-\n{better:.3g}" for worse, better in each.bounds],
            fontsize=8,
        )
        panel.set(xlabel=f"{each.measure}, {MEASURES[each.measure]}: worst to best", ylim=(0, top))
        percent_axis(panel.yaxis)
    for panel in panels[::columns]:
        panel.set_ylabel("FNIR")
    legend(panels[0], loc="upper right")
    return figure


def enrolled_photos(enrolments: Enrolments) -> Figure:
    """Draw FNIR by the number of photos enrolled."""
    title = f"FNIR by photos enrolled of each identity, FPIR {percent(STATED_RATE)}"
    figure, (axes,) = new_figure(title)
    names = {
        "max": "highest score of the templates",
        "mean": "one template: their mean",
        "both": "highest of the templates and their mean",
    }
    for at, fusion in enumerate(FUSIONS):
        colour, marker, line = SERIES[at]
        held = [a for a in enrolments.arrangements if a.photos == 1 or a.fusion == fusion]
        mean = np.array([each.points.fnir.mean() for each in held])
        ends = np.array([each.points.fnir_interval() for each in held])[:, :, 0]
        axes.errorbar(
            np.array([each.photos for each in held]) + (at - 0.5) * 0.08,
            mean,
            error_bars(mean, ends[:, 0], ends[:, 1]),
            color=colour,
            marker=marker,
            ls=line,
            capsize=3,
            label=names[fusion],
        )
    axes.set_xticks(sorted({each.photos for each in enrolments.arrangements}))
    axes.set(xlabel="photos enrolled", ylabel="FNIR, with 95 % interval")
    axes.set_ylim(bottom=0)
    percent_axis(axes.yaxis)
    legend(axes)
    return figure


def gallery_sizes(galleries: Sequence[Gallery]) -> Figure:
    """Draw misses and thresholds by gallery size, beside the extrapolated ones."""
    title = f"The same searches in growing galleries, FPIR {percent(STATED_RATE)}"
    figure, (left, right) = new_figure(title, columns=2, width=11, height=4.8)
    _by_size(left, galleries, lambda points: points.fnir, lambda each: each.fnir)
    _by_size(right, galleries, lambda points: points.thresholds, lambda each: each.thresholds)
    for panel, ends in (
        (left, [each.points.fnir_interval() for each in galleries]),
        (right, [each.points.threshold_interval() for each in galleries]),
    ):
        sizes = [each.size for each in galleries]
        low, high = [float(a[0]) for a, _ in ends], [float(b[0]) for _, b in ends]
        panel.fill_between(sizes, low, high, color=BLUE, alpha=BAND, lw=0, label="95 % interval")
        panel.set(xscale="log", xlabel="identities enrolled")
        panel.set_xticks(sizes, [f"{size:,}" for size in sizes])
        panel.minorticks_off()
    left.set_ylabel("FNIR")
    left.set_ylim(bottom=0)
    percent_axis(left.yaxis)
    right.set_ylabel("threshold (cosine)")
    legend(right, loc="lower right")
    return figure


def _by_size(
    panel: Axes,
    galleries: Sequence[Gallery],
    measured: Callable[[OperatingPoints], Values],
    predicted: Callable[[Predicted], Values],
) -> None:
    """Draw a measured figure by gallery size, and the same as predicted."""
    lines = [
        ("measured", [(each.size, measured(each.points)) for each in galleries]),
        (
            f"calibrated at {CALIBRATED_AT}, extrapolated",
            [(each.size, predicted(each.calibrated)) for each in galleries],
        ),
        (
            "the pack's false match curve",
            [(each.size, predicted(each.curve)) for each in galleries if each.curve],
        ),
    ]
    for (name, held), (colour, marker, line) in zip(lines, SERIES, strict=False):
        if held:
            sizes, values = [size for size, _ in held], [each.mean() for _, each in held]
            panel.plot(sizes, values, color=colour, marker=marker, ls=line, ms=5, label=name)


def calibration_fit(results: Sequence[RealisedFpir]) -> Figure:
    """Draw the realised FPIR against the one that a calibrated threshold was to keep."""
    figure, (axes,) = new_figure("Does a calibrated threshold keep its FPIR?", height=5.4)
    targets = sorted({each.target for each in results})
    ends = np.array([targets[0] / 2, targets[-1] * 2])
    axes.plot(ends, ends, color=GREY, lw=1, label="as stated")
    axes.fill_between(
        ends, ends / 1.5, ends * 1.5, color=GREY, alpha=0.12, lw=0, label="within a factor of 1.5"
    )
    pairs = sorted({(each.grown, each.calibrated_at, each.gallery) for each in results})
    for at, (grown, before, size) in enumerate(pairs):
        held = [e for e in results if (e.calibrated_at, e.gallery) == (before, size)]
        colour, marker, _ = SERIES[at % len(SERIES)]
        mean = np.array([each.mean for each in held])
        spread = np.array([np.std(each.rates, ddof=min(1, len(each.rates) - 1)) for each in held])
        axes.errorbar(
            np.array([each.target for each in held]) * 1.06 ** (at - 1),
            mean,
            error_bars(mean, np.maximum(mean - spread, mean / 10), mean + spread),
            color=colour,
            marker=marker,
            ls="",
            capsize=3,
            label=f"{f'{before} grown to ' if grown else ''}{size} enrolled",
        )
    axes.set(xscale="log", yscale="log", xlabel="target FPIR", ylabel="FPIR realised by others")
    axes.set_xticks(targets)
    axes.set_yticks(targets)
    percent_axis(axes.xaxis)
    percent_axis(axes.yaxis)
    legend(axes, loc="upper left")
    return figure
