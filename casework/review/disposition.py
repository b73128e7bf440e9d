"""Dispositions: what a port does with a traveller whose alerts officers are looking at.

The port learns whether the traveller goes on, never who that is or why: of several alerts it hears
the gravest answer alone, and nothing of a first opinion that the second officer must not know yet.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from casework.kernel.vocabulary import AlertState, Disposition, MatchedBy, Outcome
from casework.review import findings
from casework.tables import Alert, Encounter

_BY_STATE: Final[Mapping[AlertState, Disposition]] = {
    AlertState.NEW: Disposition.PENDING,
    AlertState.ACKNOWLEDGED: Disposition.PENDING,
    AlertState.UNDER_REVIEW: Disposition.PENDING,
    AlertState.INCONCLUSIVE: Disposition.PENDING,
    # The opinion of the only officer that the list asks for: otherwise it is shown as under review.
    AlertState.POTENTIAL_CANDIDATE: Disposition.HELD,
    AlertState.NOT_CANDIDATE: Disposition.RELEASED,
    AlertState.CONFIRMED: Disposition.HELD,
    AlertState.REJECTED: Disposition.RELEASED,
    AlertState.REFERRED: Disposition.REFERRED,
    # Without an outcome, which the first releases did not ask for.
    AlertState.CLOSED: Disposition.HELD,
}
_GRAVITY: Final = (
    Disposition.RELEASED,
    Disposition.PENDING,
    Disposition.REFERRED,
    Disposition.HELD,
)

INSTRUCTIONS: Final[Mapping[Disposition, Mapping[str, str]]] = {
    Disposition.PENDING: {
        "id": "Petugas sedang memeriksa. Mintalah pelintas menunggu dan ikuti petunjuk pada "
        "peringatan.",
        "en": "Officers are looking at it. Ask the traveller to wait, and follow the alert's "
        "instruction.",
    },
    Disposition.RELEASED: {
        "id": "Pelintas boleh melanjutkan perjalanan.",
        "en": "The traveller may go on.",
    },
    Disposition.HELD: {
        "id": "Pelintas tidak boleh melanjutkan perjalanan. Serahkan kepada petugas yang "
        "berwenang.",
        "en": "The traveller may not go on. Hand them over to the officers in charge.",
    },
    Disposition.REFERRED: {
        "id": "Instansi lain sedang menangani. Mintalah pelintas menunggu sampai petugasnya tiba.",
        "en": "Another agency has it in hand. Ask the traveller to wait until its officers come.",
    },
}
"""What the port's staff does, by language."""


def at_first(outcome: str) -> Disposition | None:
    """Return the disposition that an encounter begins with; None where it raised no alert."""
    return Disposition.PENDING if outcome == Outcome.ALERT else None


def of_alerts(alerts: Iterable[Alert]) -> Disposition | None:
    """Return the disposition of an encounter by its alerts, as they stand; None without any."""
    found = {_of(alert) for alert in alerts}
    return max(found, key=_GRAVITY.index) if found else None


def of_encounter(encounter: Encounter) -> Disposition | None:
    """Return what the port of an encounter reads now; None where it raised no alert."""
    found = of_alerts(encounter.alerts)
    # Who is let through is gone: for so long as the opinion can be taken back, nobody is.
    if found is Disposition.RELEASED and encounter.pending_release is not None:
        return Disposition.PENDING
    return found


def _of(alert: Alert) -> Disposition:
    if alert.released is not None:
        return Disposition.RELEASED if alert.released else Disposition.HELD
    state = AlertState(findings.shown_to(alert, None))
    somebody_else = findings.result_of(state) is findings.AdjudicationResult.FALSE_ALARM
    if somebody_else and alert.matched_by != MatchedBy.FACE:
        # Another person with a listed document: officers have still to say what becomes of them.
        return Disposition.PENDING
    return _BY_STATE[state]
