"""The words of the domain that have a fixed set of values."""

from enum import StrEnum


class Category(StrEnum):
    """Why a watchlist exists."""

    CEGAH = "cegah"
    """Barred from leaving the country (Indonesian immigration law)."""
    TANGKAL = "tangkal"
    """Barred from entering the country."""
    WANTED = "wanted"
    """Wanted by the police or a prosecutor (DPO)."""
    INTERPOL = "interpol"
    """Subject of an INTERPOL notice."""
    OVERSTAY = "overstay"
    PERMIT_MISUSE = "permit_misuse"
    OTHER = "other"


class Direction(StrEnum):
    """Which way a traveller goes, or a watchlist looks."""

    ENTRY = "entry"
    EXIT = "exit"
    BOTH = "both"

    def covers(self, travelled: "Direction") -> bool:
        """Whether a watchlist of this direction concerns a traveller going that way."""
        return self in (Direction.BOTH, travelled)


class Stage(StrEnum):
    """Where in a journey an encounter happens."""

    VISA = "visa"
    ARRIVAL = "arrival"
    STAY = "stay"
    DEPARTURE = "departure"


class Outcome(StrEnum):
    """What a screening answers."""

    CLEAR = "clear"
    ALERT = "alert"
    UNSEARCHABLE = "unsearchable"


class AlertState(StrEnum):
    """How far the review of an alert has come."""

    NEW = "new"


class CalibrationSource(StrEnum):
    """Whose scores a calibration was made from."""

    REFERENCE = "reference"
    """Photos of people who are known to be on no list."""
    ENCOUNTERS = "encounters"
    """The service's own searches."""


class Scope(StrEnum):
    """What an API key may do."""

    SCREEN = "screen"
    """Submit encounters and read those it submitted; compare two photos."""
    ENROL = "enrol"
    """Manage watchlists and subjects."""


class Change(StrEnum):
    """An entry of the gallery's change log."""

    ADD = "add"
    REMOVE = "remove"
    STANDING = "standing"
    """The template's subject stands on other watchlists than before."""
    POLICY = "policy"
    """Watchlists changed: thresholds must be read again."""
