"""How high strangers score by chance: single numbers, and what was concluded from them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from casework.tables.base import Protected, Serial, Table


class ChanceScore(Table):
    """The highest score of one clear encounter, and nothing that leads back to it.

    The id is random: one that counted up would put the numbers in the order of the encounters.
    There is no index: they are written with every traveller, and read once in an hour or a month.
    """

    __tablename__ = "chance_score"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=False)
    model: Mapped[str]
    runtime: Mapped[str] = mapped_column(String(20), server_default="onnxruntime")
    """What ran it: see `models.runtimes.Runtime`."""
    score: Mapped[float]
    gallery_size: Mapped[int]
    noted_on: Mapped[date]


class ReferenceSet(Table):
    """Templates of people known to be on no list, kept to calibrate again: one set at most.

    Nothing says of whom they are, and their order is drawn.
    """

    __tablename__ = "reference_set"

    model: Mapped[str] = mapped_column(primary_key=True)
    photos: Mapped[int]
    kept_at: Mapped[datetime]
    sealed_vectors: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """All of them: float32, little-endian, one after the other."""


class CalibrationRecord(Protected, Table):
    """A calibration. Rows are never changed; the newest of a model is in force."""

    __tablename__ = "calibration"
    __table_args__ = (Index("ix_calibration_model_id", "model", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str]
    runtimes: Mapped[str] = mapped_column(String(60), server_default="onnxruntime")
    """What ran it in the searches it was made from, by name, with a space between several."""
    source: Mapped[str]
    """`reference` (photos of people who are on no list) or `encounters` (the service's own)."""
    detail: Mapped[str] = mapped_column(Text)
    searches: Mapped[int]
    gallery_size: Mapped[int]
    parameters: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    """Fitted tail, body, tails of the resamples: see `casework.calibration.thresholds`."""
    created_at: Mapped[datetime]
    made_by: Mapped[str]


class MeasuredPrior(Protected, Table):
    """A false match curve that was measured here; the newest of a model is its prior."""

    __tablename__ = "measured_prior"
    __table_args__ = (Index("ix_measured_prior_model_id", "model", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str]
    runtime: Mapped[str] = mapped_column(String(20))
    """What ran it: see `models.runtimes.Runtime`."""
    photos: Mapped[int]
    """One a person, each compared with every other."""
    curve: Mapped[dict[str, Any]]
    """`fmr` and `score`, as `index.threshold.FalseMatchCurve` has them."""
    created_at: Mapped[datetime]
    made_by: Mapped[str]
