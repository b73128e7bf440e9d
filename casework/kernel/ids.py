"""Public identifiers: a prefix that tells the kind, and a ULID that tells nothing else."""

from typing import Final

from ulid import ULID

WATCHLIST: Final = "wl"
SUBJECT: Final = "sub"
PHOTO: Final = "pho"
ENCOUNTER: Final = "enc"
ALERT: Final = "alr"
KEY: Final = "key"
AGENCY: Final = "agy"
OFFICER: Final = "off"
SESSION: Final = "ses"
SEARCH: Final = "sea"
CALIBRATION: Final = "cal"
PRIOR: Final = "pri"
EVENT: Final = "evt"
WEBHOOK: Final = "whk"
DELIVERY: Final = "dlv"
REFERRAL: Final = "ref"
TIP: Final = "tip"
STAY: Final = "sty"
STAY_PHOTO: Final = "sph"
IMPORT: Final = "imp"
APPROVAL: Final = "apr"
DUTY_SHIFT: Final = "dut"
OBJECTION: Final = "obj"
RESIDENCE: Final = "rsd"
HELD_PERMIT: Final = "prm"
KNOWN_LOOKALIKE: Final = "lka"
REFERRAL_PRESET: Final = "pre"
CASE: Final = "cas"
CASE_ENTRY: Final = "cen"
OFFICE: Final = "ofi"
TEAM: Final = "tea"
RECOVERY_CODE: Final = "rec"


def new_id(kind: str) -> str:
    """Return a new id, sortable by time of making, such as `enc_01ARZ3NDEKTSV4RRFFQ69G5FAV`."""
    return f"{kind}_{ULID()}"
