"""A quality verdict as it is recorded and answered."""

from typing import Any

from detector.quality import Quality


def quality_record(quality: Quality) -> dict[str, Any]:
    """Return plain data: the verdict, reasons with advice, and every measure."""
    return {
        "verdict": quality.verdict.value,
        "reasons": [{"code": reason.value, "advice": reason.advice} for reason in quality.reasons],
        "measures": [
            {"name": m.name, "value": m.value, "unit": m.unit, "score": m.score}
            for m in quality.measures
        ],
    }
