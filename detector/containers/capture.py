"""What a record around a picture says about how it was taken."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

__all__ = ["FEATURES", "SOURCES", "Capture", "Pose", "RecordStandard", "moment_text"]


class RecordStandard(StrEnum):
    """The standards of records that hold a picture."""

    ISO_19794_5_2005 = "ISO/IEC 19794-5:2005"
    ISO_19794_5_2011 = "ISO/IEC 19794-5:2011"
    ISO_39794_5 = "ISO/IEC 39794-5"
    ANSI_NIST = "ANSI/NIST-ITL Type-10"


class Pose(NamedTuple):
    """Degrees as the record states them; None where it does not."""

    yaw: int | None
    pitch: int | None
    roll: int | None


@dataclass(frozen=True, slots=True)
class Capture:
    """What the record says; nothing of it is checked, and nothing is decided by it.

    captured_at is ISO 8601 text without a zone, as far as it is known: a year, a date, a moment.
    device_vendor and device_type are the numbers of the standard's registry. features are words of
    `FEATURES`, source is one of `SOURCES`, image_type is a word of the record's standard.
    faces counts the pictures in the file, of which the first is read (in ANSI/NIST-ITL files, the
    first that can be).
    """

    standard: RecordStandard
    captured_at: str | None = None
    device_vendor: int | None = None
    device_type: int | None = None
    source: str | None = None
    image_type: str | None = None
    pose: Pose | None = None
    features: tuple[str, ...] = ()
    faces: int = 1

    def as_record(self) -> dict[str, Any]:
        """Return plain data, as it is recorded and answered."""
        pose = None if self.pose is None else self.pose._asdict()
        return asdict(self) | {"pose": pose, "features": list(self.features)}


# In the order of the bits of ISO/IEC 19794-5's property mask, from its second on.
FEATURES: Final = (
    "glasses",
    "moustache",
    "beard",
    "teeth_visible",
    "eyes_not_visible",
    "mouth_open",
    "left_eye_patch",
    "right_eye_patch",
    "dark_glasses",
    "medical_condition",
    "head_covering",
)

# By the codes that ISO/IEC 19794-5 and 39794-5 share; 0 says nothing.
SOURCES: Final = {
    1: "photo",
    2: "digital_camera",
    3: "scanner",
    4: "video",
    5: "analogue_video",
    6: "digital_video",
}

MOST: Final = (9999, 12, 31, 23, 59, 59)


def moment_text(parts: Sequence[int | None]) -> str | None:
    """Return year, month, day, hour, minute, second as text, up to the first that is not known."""
    known: list[int] = []
    for part, most in zip(parts, MOST, strict=False):
        least = 1 if len(known) < 3 else 0
        if part is None or not least <= part <= most:
            break
        known.append(part)
    if len(known) in (4, 5):  # an hour alone is no time of the day
        known = known[:3] if len(known) == 4 else [*known, 0]
    if not known:
        return None
    date = "-".join(f"{part:0{4 if place == 0 else 2}}" for place, part in enumerate(known[:3]))
    return date if len(known) < 6 else f"{date}T{':'.join(f'{part:02}' for part in known[3:])}"
