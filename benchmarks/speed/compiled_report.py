"""What a compile run has to say: times, ratios, and how far both forms agree."""

from typing import Final

import numpy as np

from benchmarks.report import Grid, Report, Target
from benchmarks.speed.compiled import (
    DETECTOR_SIDE,
    WARM_UP,
    Pairs,
    largest_difference,
    least_cosine,
)

WANTED_RATIO: Final = 2.0
WANTED_COSINE: Final = 0.9999


def add_to(report: Report, pairs: Pairs, faces: int) -> None:
    """Put both networks' tables, notes and targets into a report."""
    cosine = least_cosine(pairs.recogniser)
    dequantised_cosine = least_cosine(pairs.recogniser_dequantised)
    difference = largest_difference(pairs.detector)
    rows = []
    for name, pair, agreement in (
        ("recogniser, as shipped", pairs.recogniser, f"cosine {cosine:.7f}"),
        (
            "recogniser, dequantised",
            pairs.recogniser_dequantised,
            f"cosine {dequantised_cosine:.7f}",
        ),
        ("detector, dequantised", pairs.detector, f"difference {difference:.1g}"),
    ):
        low, high = pair.spread
        rows.append(
            (
                name,
                f"{np.median(pair.shipped_ms):.2f}",
                f"{np.median(pair.compiled_ms):.2f}",
                f"{pair.ratio:.2f}x",
                f"{low:.2f} - {high:.2f}",
                agreement,
            )
        )
    columns = ("network", "ms", "compiled, ms", "ratio", "quartiles", "agreement, least")
    report.grids.append(Grid("ONNX Runtime, one thread, batch of one", columns, tuple(rows)))
    turns = len(pairs.recogniser.shipped_ms)
    report.note(
        f"{WARM_UP} turns of warm-up, then {turns} counted turns, both forms taking turns on one "
        "CPU; the same session options for both."
    )
    report.note(
        f"Agreement over {faces} aligned faces: those of the packaged pictures, and each mirrored, "
        "tilted both ways, blurred and darkened."
    )
    report.note(
        f"As shipped, the recogniser wants {pairs.recogniser.fed} inputs besides the image that no "
        "node reads: zeros of the right shapes, prepared once."
    )
    report.note(
        f"The detector works at {DETECTOR_SIDE} x {DETECTOR_SIDE}. As shipped, ONNX Runtime "
        "refuses it (for its block-quantised biases), so its counterpart is the same graph with "
        "dequantised weights."
    )
    report.targets += [
        Target("recogniser: times faster compiled", pairs.recogniser.ratio, ">=", WANTED_RATIO),
        Target("recogniser: least cosine to shipped", cosine, ">=", WANTED_COSINE, 7),
    ]
    for name, pair in (
        ("recogniser as shipped", pairs.recogniser),
        ("recogniser dequantised", pairs.recogniser_dequantised),
        ("detector dequantised", pairs.detector),
    ):
        report.figures[name] = {
            "shipped_ms": pair.shipped_ms,
            "compiled_ms": pair.compiled_ms,
            "ratio": pair.ratio,
        }
    report.figures |= {"least cosine": cosine, "largest difference": difference}
