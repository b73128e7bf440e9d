"""Plots of demographic differentials. Needs matplotlib."""

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from benchmarks.accuracy.labels import Grouping
from benchmarks.accuracy.open_set import STATED_RATE
from benchmarks.accuracy.open_set_report import percent
from benchmarks.accuracy.plot_style import (
    BLUE,
    GREY,
    ORANGE,
    error_bars,
    legend,
    new_figure,
    percent_axis,
)
from benchmarks.fairness.cross_match import CrossMatch
from benchmarks.fairness.demographics import Rates

_INCHES_PER_GROUP: Final = 0.34
_LEAST_HEIGHT: Final = 3.2
_LIGHT: Final = 0.5
"""Luma of a cell above which black reads better than white."""


def group_rates(grouping: Grouping, alarms: Rates, misses: Rates) -> Figure:
    """Draw each group's FPIR and FNIR; groups too small to judge are drawn hollow."""
    height = max(_LEAST_HEIGHT, 1.8 + _INCHES_PER_GROUP * len(grouping.groups))
    title = f"Error rates by {grouping.name}, at one threshold (FPIR {percent(STATED_RATE)})"
    figure, panels = new_figure(title, columns=2, width=10, height=height)
    for panel, rates, colour in zip(panels, (alarms, misses), (ORANGE, BLUE), strict=True):
        _bars(panel, grouping, rates, colour)
    panels[1].tick_params(labelleft=False)
    return figure


def _bars(panel: Axes, grouping: Grouping, rates: Rates, colour: str) -> None:
    places = np.arange(len(grouping.groups))
    shown = np.nan_to_num(rates.shares.rate)
    lengths = error_bars(shown, np.nan_to_num(rates.shares.low), np.nan_to_num(rates.shares.high))
    fills = [colour if fine else "white" for fine in rates.large_enough]
    panel.barh(places, shown, color=fills, edgecolor=colour, height=0.62, alpha=0.75)
    panel.errorbar(shown, places, xerr=lengths, fmt="none", ecolor="black", capsize=3, lw=1.1)
    panel.axvline(rates.overall, color=GREY, ls="--", lw=1.2, label=f"all: {rates.overall:.2%}")
    if not rates.large_enough.all():
        panel.barh([0], [0], color="white", edgecolor=colour, label="hollow: too small to judge")
    panel.set_yticks(
        places,
        [f"{g} ({n:,})" for g, n in zip(grouping.groups, grouping.sizes, strict=True)],
    )
    panel.invert_yaxis()
    panel.set_xlabel(f"{rates.name}, with 95 % interval")
    panel.set_xlim(left=0)
    percent_axis(panel.xaxis)
    legend(panel, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)


def group_matrix(grouping: Grouping, matrix: CrossMatch) -> Figure:
    """Draw the false match rate of group against group; darker is more."""
    width = len(grouping.groups)
    side = 2.6 + 0.95 * width
    title = f"False matches by {grouping.name}, at the same threshold"
    figure, (axes,) = new_figure(title, width=max(5.6, side + 1.2), height=max(4.4, side))
    known = np.isfinite(matrix.rate) & (matrix.rate > 0)
    shown = np.where(known, matrix.rate, np.nan)
    low, high = (float(np.nanmin(shown)), float(np.nanmax(shown))) if known.any() else (1e-6, 1e-5)
    image = axes.imshow(shown, cmap="Blues", norm=LogNorm(low * 0.7, high * 1.1))
    axes.grid(visible=False)
    for one in range(width):
        for other in range(width):
            rate = matrix.rate[one, other]
            text = f"{rate:.1e}" if np.isfinite(rate) else "-"
            text += "" if matrix.enough[one, other] else "\ntoo few"
            red, green, blue = image.to_rgba(rate)[:3] if known[one, other] else (1, 1, 1)
            light = 0.2126 * red + 0.7152 * green + 0.0722 * blue  # ITU-R BT.709
            colour = "black" if light > _LIGHT else "white"
            axes.text(other, one, text, ha="center", va="center", color=colour, fontsize=9)
    axes.set_xticks(range(width), grouping.groups, rotation=30, ha="right")
    axes.set_yticks(range(width), grouping.groups)
    figure.colorbar(image, ax=axes, label="false match rate, one photo against one", shrink=0.85)
    return figure
