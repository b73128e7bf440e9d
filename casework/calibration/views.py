"""A calibration as it may be shown, and what it says at a gallery's size."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from casework.calibration.thresholds import restored
from casework.kernel.vocabulary import CalibrationSource
from casework.tables import CalibrationRecord
from index.calibration import Calibration


@dataclass(frozen=True, slots=True)
class CalibrationView:
    """A calibration as it may be shown."""

    id: str
    model: str
    runtimes: tuple[str, ...]
    """What ran the model in the searches it was made from."""
    source: CalibrationSource
    detail: str
    searches: int
    gallery_size: int
    created_at: datetime
    made_by: str
    in_force: bool

    @classmethod
    def of(cls, row: CalibrationRecord, newest: str | None) -> Self:
        """Show a record; `newest` is the id of the one in force."""
        return cls(
            row.id,
            row.model,
            tuple(row.runtimes.split()),
            CalibrationSource(row.source),
            row.detail,
            row.searches,
            row.gallery_size,
            row.created_at,
            row.made_by,
            in_force=row.id == newest,
        )


@dataclass(frozen=True, slots=True)
class Threshold:
    """The score for one FPIR."""

    fpir: float
    score: float
    low: float
    """Lower end of the 95 % interval of the score that the searches ask for."""
    high: float
    fpir_low: float
    """Lower end of the 95 % interval of the rate that the score realises."""
    fpir_high: float


@dataclass(frozen=True, slots=True)
class CalibrationAtSize:
    """What a calibration says at the gallery's present size."""

    calibration: CalibrationView
    gallery_size: int
    extrapolated: bool
    """Whether that is far from the size it was made at."""
    runtime: str
    """What runs the model here, now."""
    thresholds: tuple[Threshold, ...]

    @property
    def other_runtime(self) -> bool:
        """Whether none of its searches ran on what runs the model here."""
        return self.runtime not in self.calibration.runtimes


def fit_of(row: CalibrationRecord) -> Calibration:
    """Return the fit that a record keeps."""
    return restored(row.searches, row.gallery_size, row.parameters)
