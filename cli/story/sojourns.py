"""Sojourns in a story: who leaves in time, who stays on, and who travels by another document."""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final

from casework.kernel.actor import Actor
from casework.kernel.period import day_of
from casework.kernel.processing import Processing
from casework.kernel.vocabulary import Direction, PermitKind
from casework.service import Service
from casework.watchlists.residences import NewResidence
from cli.story.agenda import Agenda
from cli.story.cast import STRANGERS, invent
from cli.story.travellers import ZONE, Travellers

STAYS_ON_SHARE: Final = 0.1
"""Of travellers on no list whose permits are held, those who do not leave."""
_PERMIT_DAYS: Final = 5
"""Days of a permit in a story: few, for a short one."""


@dataclass(slots=True)
class Sojourns:
    """Plans permits, and how people keep to them."""

    service: Service
    agenda: Agenda
    travellers: Travellers
    drawn: random.Random
    done: Counter[str] = field(default_factory=Counter)
    _number: int = 9_000_000

    def plan(self, number: int) -> None:
        """Plan so many arrivals with a permit, of people on no list, where those are held."""
        if not self.service.grounds.is_on(Processing.OVERSTAY):
            return
        seconds = (self.agenda.end - self.agenda.now).total_seconds()
        for _ in range(number):
            wait = timedelta(seconds=self.drawn.uniform(0, seconds))
            self.agenda.after(wait, self._arrive)

    def record(self, analyst: Actor, stays_on: str, leaves: str) -> None:
        """Record the permits of two people on a list: one stays on, one leaves in time."""
        residences, today = self.service.lists.residences, day_of(self.agenda(), ZONE)
        until = today + timedelta(days=_PERMIT_DAYS)
        for subject_id, departed_on in ((stays_on, None), (leaves, until)):
            new = NewResidence(
                PermitKind.VISIT,
                today,
                until,
                permit_number=f"2C11-{self.drawn.randint(1000, 9999)}",
                sponsor="PT Contoh Penjamin",
                employer="PT Contoh Wisata",
                address="Jalan Contoh 1",
                area="51.91.01",
            )
            row = residences.record(analyst, subject_id, new, ZONE)
            if departed_on is not None:
                wait = timedelta(days=_PERMIT_DAYS + 1)
                leave = partial(self._leave, analyst, row.id, new)
                self.agenda.after(wait, leave)
        self.done["permits recorded"] += 2

    def another_document(self, face: str) -> None:
        """Let somebody on a list come by a document that is on none."""
        self._number += 1
        person = invent(self.drawn, self._number)
        photo = self.drawn.choice(self.travellers.photos.of[face])
        port = self.drawn.choice([*self.travellers.keys])
        self.travellers.screen(port, Direction.ENTRY, person, photo)
        self.done["wanted with another document"] += 1

    def _leave(self, analyst: Actor, residence_id: str, new: NewResidence) -> None:
        left = NewResidence(
            new.kind,
            new.valid_from,
            new.valid_until,
            new.permit_number,
            new.sponsor,
            new.employer,
            new.address,
            new.area,
            departed_on=new.valid_until,
        )
        self.service.lists.residences.replace(analyst, residence_id, left, ZONE)

    def _arrive(self) -> None:
        self._number += 1
        go = partial(
            self.travellers.screen,
            self.drawn.choice([*self.travellers.keys]),
            person=invent(self.drawn, self._number),
            photo=self.drawn.choice(self.travellers.photos.of[self.drawn.choice(STRANGERS)]),
            reference=f"T{self._number}",
        )
        days = self.drawn.randint(1, _PERMIT_DAYS)
        until = day_of(self.agenda(), ZONE) + timedelta(days=days)
        go(Direction.ENTRY, permit_until=until)
        self.done["arrivals with a permit"] += 1
        if self.drawn.random() >= STAYS_ON_SHARE:
            self.agenda.after(timedelta(days=days), partial(go, Direction.EXIT))
