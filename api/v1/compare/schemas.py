"""Comparing two photos."""

from pydantic import Field

from api.v1.common import Answer, QualityOut


class FaceOut(Answer):
    """The face that was used of one photo."""

    faces: int
    quality: QualityOut
    box: list[float] | None = Field(description="Left, top, width, height in pixels.")


class CompareOut(Answer):
    """How alike two faces are."""

    score: float | None = Field(
        description="Cosine similarity; null where either photo cannot be searched."
    )
    false_match_rate: float | None = Field(
        description="Share of pairs of different people that score at least this high, "
        "by the pack's prior."
    )
    match: bool | None = Field(
        description="Whether `false_match_rate` is at most `max_fmr`; null where there is none."
    )
    first: FaceOut
    second: FaceOut
