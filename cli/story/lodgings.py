"""Lodgings in a story: they report their foreign guests, of whom a few are on lists."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final

from casework.kernel.actor import Actor
from casework.screening.travel_document import TravelDocument
from casework.service import Service
from casework.stays.reports import NewStay
from casework.tables import Encounter
from cli.story.agenda import Agenda
from cli.story.cast import LODGINGS, Invented, invent

_UNREPORTED_SHARE: Final = 0.05
"""Of guests, those whose check-out nobody reports."""


@dataclass(slots=True)
class Lodgings:
    """Reports guests, and has the service look them up as its worker does."""

    service: Service
    agenda: Agenda
    listed: Sequence[Invented]
    keys: Mapping[str, Actor]
    """By the lodging's code."""
    drawn: random.Random
    listed_share: float
    on_alert: Callable[[Encounter], None]
    done: Counter[str] = field(default_factory=Counter)
    _number: int = 8_000_000

    def plan(self, number: int) -> None:
        """Plan so many check-ins, spread over the story's days."""
        seconds = (self.agenda.end - self.agenda.now).total_seconds()
        for _ in range(number):
            self.agenda.after(timedelta(seconds=self.drawn.uniform(0, seconds)), self._check_in)

    def _check_in(self) -> None:
        code, (name, area) = self.drawn.choice([*LODGINGS.items()])
        guest = self._guest()
        nights = timedelta(days=self.drawn.randint(1, 9))
        new = NewStay(
            code,
            name,
            TravelDocument(
                name=guest.name,
                birth=guest.birth.isoformat(),
                sex=guest.sex,
                nationality=guest.nationality,
                number=guest.number,
                country=guest.nationality,
            ),
            self.agenda(),
            area,
            expected_out_at=self.agenda() + nights,
        )
        receipt = self.service.stays.reports.report(self.keys[code], new).receipt
        self.done["stays"] += 1
        if self.drawn.random() >= _UNREPORTED_SHARE:
            self.agenda.after(nights, partial(self._check_out, self.keys[code], receipt))
        self._screen()

    def _check_out(self, key: Actor, receipt: str) -> None:
        self.service.stays.reports.check_out(key, receipt, self.agenda())

    def _screen(self) -> None:
        while (claim := self.service.stays.screening.claim()) is not None:
            encounter = self.service.stays.screening.screen(claim)
            if encounter is not None and encounter.alerts:
                self.done["listed guests"] += 1
                self.on_alert(encounter)

    def _guest(self) -> Invented:
        if self.drawn.random() < self.listed_share:
            return self.drawn.choice(self.listed)
        self._number += 1
        return invent(self.drawn, self._number)
