"""How every plot looks: colours, lines, caption. Needs matplotlib (the extra `benchmarks`).

Figures are made without pyplot, so nothing global is opened, and saved by the renderer that needs
no display.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter

# Okabe and Ito 2008, "Color Universal Design": told apart by colour-blind readers too. Lines and
# markers differ as well, so that a grey print can be read.
BLUE: Final = "#0072B2"
ORANGE: Final = "#D55E00"
GREEN: Final = "#009E73"
PURPLE: Final = "#CC79A7"
GREY: Final = "#595959"
SERIES: Final = ((BLUE, "o", "-"), (ORANGE, "s", "--"), (GREEN, "^", "-."), (PURPLE, "D", ":"))
"""Colour, marker and line of each series."""

BAND: Final = 0.18  # opacity
_DPI: Final = 150
_TITLE: Final = 13
_SMALL: Final = 8.5

Values = npt.NDArray[np.float64]


def new_figure(
    title: str, *, columns: int = 1, rows: int = 1, width: float = 7.2, height: float = 5.0
) -> tuple[Figure, list[Axes]]:
    """Return a figure and its axes, row by row; sizes in inches, title and caption included."""
    layout = ConstrainedLayoutEngine(wspace=0.06)
    figure = Figure(figsize=(width, height), dpi=_DPI, facecolor="white", layout=layout)
    figure.suptitle(title, x=0.01, ha="left", fontsize=_TITLE, fontweight="bold")
    axes = [figure.add_subplot(rows, columns, number + 1) for number in range(rows * columns)]
    for each in axes:
        each.grid(visible=True, color="#DDDDDD", linewidth=0.6)
        each.set_axisbelow(True)
        for side in ("top", "right"):
            each.spines[side].set_visible(False)
    return figure, axes


def save(figure: Figure, path: Path, caption: str) -> Path:
    """Write the figure as PNG with its caption below; returns the path."""
    figure.supxlabel(caption, x=0.01, ha="left", fontsize=_SMALL, color=GREY)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png")
    return path


def percent_axis(axis: Any) -> None:  # noqa: ANN401 - matplotlib's XAxis or YAxis
    """Show shares as per cent, without needless zeros."""
    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.4g} %"))
    axis.set_minor_formatter(FuncFormatter(lambda _share, _: ""))


def error_bars(middle: Values, low: Values, high: Values) -> Values:
    """Return the lengths of error bars, shape (2, n), as matplotlib takes them."""
    return np.clip(np.stack([middle - low, high - middle]), 0, None)


def legend(axes: Axes, **where: Any) -> None:  # noqa: ANN401 - passed on to matplotlib
    """Name the series."""
    axes.legend(frameon=False, fontsize=_SMALL + 0.5, **where)
