"""The search for listed guests: after the lodging has its receipt, and unseen by it.

A report waits in the database until it is screened, and so outlives the process. Encounter, alerts
and the end of the wait are one transaction: each guest is looked up once, whichever process dies.
Of who is on no list, the photo goes with that transaction; no template was ever kept.
"""

import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy import Connection, delete, select

from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.kernel import Kernel
from casework.kernel.lease import Lease
from casework.kernel.processing import Grounds, Processing
from casework.kernel.sealed_fields import seal_fields
from casework.kernel.vocabulary import Direction, Outcome, Stage
from casework.screening.screening import Arrival, Screened, Screening
from casework.screening.travel_document import TravelDocument
from casework.tables import Encounter, Stay, StayPhoto
from detector.errors import PhotoError

_SILENCE: Final = timedelta(seconds=60)
"""How long a process may be silent before another looks the guest up."""
_MOST_ATTEMPTS: Final = 3
"""A photo that ends the process would otherwise end it again at each start: it is left out then."""
_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClaimedStay:
    """A report that this process, and no other, screens now."""

    stay: Stay
    token: str
    photo: bytes | None = field(repr=False)


class StayTaken(Exception):
    """Another process screens the guest now: stop."""


class StayScreening:
    """Screens the guests that were reported. Safe to call from several threads at once."""

    def __init__(self, kernel: Kernel, screening: Screening, grounds: Grounds) -> None:
        self._database = kernel.database
        self._vault = kernel.vault
        self._clock = kernel.clock
        self._screening = screening
        self._grounds = grounds
        self._lease = Lease(Stay, _SILENCE, kernel.clock)

    def claim(self, *, take_over: bool = False) -> ClaimedStay | None:
        """Take the first report that nobody screens; None if there is none.

        Args:
            take_over: whether a claim of another process counts for nothing, as after a restart:
                that process notices, if it is alive.
        """
        query = select(Stay).where(Stay.screened_at.is_(None)).order_by(Stay.id).limit(1)
        if not take_over:
            query = query.where(self._lease.free())
        with self._database.read() as session:
            if session.scalar(query) is None:
                return None
        with self._database.write() as session:
            row = session.scalar(query)
            if row is None:
                return None
            token = self._lease.take_over(session, row.id)
            row.attempts += 1
            photo = session.scalar(select(StayPhoto).where(StayPhoto.stay_id == row.id))
            content = None
            if photo is not None and row.attempts <= _MOST_ATTEMPTS:
                content = self._vault.open(photo.sealed_content, rows.stay_photo(photo.id))
            return ClaimedStay(row, token, content)

    def screen(self, claim: ClaimedStay) -> Encounter | None:
        """Look a guest up; returns the encounter, None where there was nothing to look at.

        Raises:
            StayTaken: another process does it.
        """
        if not self._grounds.is_on(Processing.STAYS):
            # Switched off meanwhile: what waits is not looked at any more.
            self._let_be(claim)
            return None
        arrival = Arrival(
            photo=claim.photo,
            port=claim.stay.lodging,
            direction=Direction.ENTRY,
            stage=Stage.STAY,
            document=TravelDocument(*claim.stay.sent),
        )
        found, arrival = self._examine(arrival)
        encounter = found.encounter
        listed = encounter.outcome == Outcome.ALERT
        if not listed and arrival.photo is None:
            self._let_be(claim)
            return None
        encounter.captured_at = claim.stay.reported_at
        if listed:
            encounter.lane = claim.stay.lodging_name
            encounter.area = claim.stay.area
        done = partial(self._finish, claim, encounter.id if listed else None)
        self._screening.record(found, arrival, Actor.service(), done)
        return encounter

    def _examine(self, arrival: Arrival) -> tuple[Screened, Arrival]:
        try:
            return self._screening.examine(arrival, Actor.service()), arrival
        except PhotoError as error:
            # Its first bytes were those of a photo: the document can still be looked for.
            _log.warning("a guest's photo cannot be read: %s", type(error).__name__)
            without = replace(arrival, photo=None)
            return self._screening.examine(without, Actor.service()), without

    def _let_be(self, claim: ClaimedStay) -> None:
        with self._database.write_core() as connection:
            self._finish(claim, None, connection)

    def _finish(self, claim: ClaimedStay, encounter_id: str | None, connection: Connection) -> None:
        """End the wait, within a transaction: the photo goes, and what was only for the search."""
        row = claim.stay
        row.sent = []
        seal_fields(self._vault, row)
        done = self._lease.give_back(
            connection,
            row.id,
            claim.token,
            screened_at=self._clock(),
            encounter_id=encounter_id,
            sealed_fields=row.sealed_fields,
        )
        if not done:
            raise StayTaken
        connection.execute(delete(StayPhoto).where(StayPhoto.stay_id == row.id))
