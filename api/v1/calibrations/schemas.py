"""Calibrations: how high strangers score by chance, and the thresholds that follow."""

from datetime import datetime
from typing import Self

from pydantic import Field

from api.v1.common import Answer
from casework.calibration.views import CalibrationAtSize, CalibrationView
from casework.kernel.vocabulary import CalibrationSource


class CalibrationOut(Answer):
    """A calibration."""

    id: str
    model: str = Field(description="Pack, version and digest of the weights it belongs to.")
    runtimes: list[str] = Field(
        description="What ran the model in the searches it was made from: `onnxruntime`, "
        "`openvino-bf16`, or both."
    )
    source: CalibrationSource
    detail: str
    searches: int = Field(description="Non-mated searches it was made from.")
    gallery_size: int = Field(description="Templates in the gallery when it was made.")
    created_at: datetime
    made_by: str
    in_force: bool = Field(description="Whether thresholds follow from it now.")

    @classmethod
    def of(cls, calibration: CalibrationView) -> Self:
        """Make the answer from the record."""
        return cls.model_validate(calibration)


class ThresholdOut(Answer):
    """The score for one FPIR."""

    fpir: float
    score: float
    low: float = Field(
        description="Lower end of the 95 % interval of the score that the searches ask for."
    )
    high: float
    fpir_low: float = Field(
        description="Lower end of the 95 % interval of the share of strangers that reaches `score`."
    )
    fpir_high: float


class CalibrationReading(CalibrationOut):
    """A calibration, and what it says at the gallery's present size."""

    present_gallery_size: int
    extrapolated: bool = Field(description="Whether that is far from the size it was made at.")
    runtime: str = Field(description="What runs the model here, now.")
    other_runtime: bool = Field(
        description="Whether none of its searches ran on that: calibrate again at your leisure."
    )
    thresholds: list[ThresholdOut]

    @classmethod
    def reading(cls, reading: CalibrationAtSize) -> Self:
        """Make the answer from what was read."""
        return cls(
            **CalibrationOut.of(reading.calibration).model_dump(),
            present_gallery_size=reading.gallery_size,
            extrapolated=reading.extrapolated,
            runtime=reading.runtime,
            other_runtime=reading.other_runtime,
            thresholds=[
                ThresholdOut(
                    fpir=each.fpir,
                    score=round(each.score, 4),
                    low=round(each.low, 4),
                    high=round(each.high, 4),
                    fpir_low=float(f"{each.fpir_low:.2g}"),
                    fpir_high=float(f"{each.fpir_high:.2g}"),
                )
                for each in reading.thresholds
            ],
        )
