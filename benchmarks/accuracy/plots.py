"""Plots of an accuracy run, written beside its JSON, where matplotlib is installed."""

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.accuracy.evaluation import Evaluation
from benchmarks.accuracy.realised_fpir import RealisedFpir
from benchmarks.fairness.demographics_report import MATRIX_GROUPS
from benchmarks.report import Report

HOW_TO_GET: Final = (
    "No plots: matplotlib is not installed. In a checkout: "
    "python -m pip install --editable '.[benchmarks]'"
)

Draw = Callable[[], Any]
"""Makes a figure; what a figure is, only matplotlib knows."""


def draw_evaluation(report: Report, path: Path, evaluation: Evaluation, name: str) -> None:
    """Draw everything that was measured.

    Args:
        report: gets a note of what was written, or of how to get plots.
        path: of the report's JSON; plots are named after it.
        evaluation: what was measured.
        name: of the data set and the pack, for the caption.
    """
    _draw(report, path, name, lambda: _evaluation_charts(evaluation))


def draw_calibration(report: Report, path: Path, results: list[RealisedFpir], name: str) -> None:
    """Draw the calibration's fit; arguments as for `draw_evaluation`."""
    _draw(report, path, name, lambda: _calibration_charts(results))


def available() -> bool:
    """Whether plots can be drawn here."""
    return importlib.util.find_spec("matplotlib") is not None


def _draw(
    report: Report, path: Path, name: str, charts: Callable[[], Iterator[tuple[str, Draw]]]
) -> None:
    if not available():
        report.note(HOW_TO_GET)
        return
    canvas = importlib.import_module("benchmarks.accuracy.plot_style")
    caption = f"{name}, {datetime.now(UTC):%Y-%m-%d}"
    written = [
        canvas.save(draw(), path.with_name(f"{path.stem}-{what}.png"), caption)
        for what, draw in charts()
    ]
    report.note(f"Plots: {', '.join(str(each) for each in written)}.")


def _evaluation_charts(evaluation: Evaluation) -> Iterator[tuple[str, Draw]]:
    charts = importlib.import_module("benchmarks.accuracy.charts")
    groups = importlib.import_module("benchmarks.fairness.group_charts")
    yield "det", partial(charts.det_curve, evaluation.curve, evaluation.points)
    yield "scores", partial(charts.score_histogram, evaluation.trials)
    if evaluation.strata:
        yield "quality", partial(charts.quality_strata, evaluation.strata)
    if evaluation.enrolments:
        yield "enrolled", partial(charts.enrolled_photos, evaluation.enrolments)
    if evaluation.galleries:
        yield "galleries", partial(charts.gallery_sizes, evaluation.galleries)
    if evaluation.realised:
        yield from _calibration_charts(evaluation.realised)
    for each in evaluation.groups:
        name = "".join(letter if letter.isalnum() else "-" for letter in each.grouping.name)
        yield f"by-{name}", partial(groups.group_rates, each.grouping, each.alarms, each.misses)
        if len(each.grouping.groups) <= MATRIX_GROUPS:
            yield f"by-{name}-matrix", partial(groups.group_matrix, each.grouping, each.matrix)


def _calibration_charts(results: list[RealisedFpir]) -> Iterator[tuple[str, Draw]]:
    charts = importlib.import_module("benchmarks.accuracy.charts")
    yield "calibration", partial(charts.calibration_fit, results)
