"""The records. Times are UTC; blobs named `sealed_*` are encrypted by `casework.vault`.

One module a subject; importing the package declares every table, as migrations need.
"""

from casework.tables.access import ApiKey
from casework.tables.base import Serial, Table, UtcDateTime
from casework.tables.calibration import CalibrationRecord, ChanceScore
from casework.tables.encounters import Alert, Encounter, IdempotencyRecord
from casework.tables.lists import (
    EnrolledPhoto,
    GalleryChange,
    Membership,
    Subject,
    Template,
    Watchlist,
)

__all__ = [
    "Alert",
    "ApiKey",
    "CalibrationRecord",
    "ChanceScore",
    "Encounter",
    "EnrolledPhoto",
    "GalleryChange",
    "IdempotencyRecord",
    "Membership",
    "Serial",
    "Subject",
    "Table",
    "Template",
    "UtcDateTime",
    "Watchlist",
]
