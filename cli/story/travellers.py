"""Travellers: when they come, which face and document they have, and their screening."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import Final, Self
from zoneinfo import ZoneInfo

import numpy as np

from casework.kernel.actor import Actor
from casework.kernel.vocabulary import Direction, Stage
from casework.screening.screening import Arrival
from casework.screening.travel_document import TravelDocument
from casework.service import Service
from casework.tables import Encounter
from cli.demo import people
from cli.story.agenda import Agenda
from cli.story.cast import PORTS, STRANGERS, Invented, invent
from detector.pipeline import Analysis, Pipeline
from detector.timing import Stopwatch

ZONE: Final = ZoneInfo("Asia/Jakarta")
"""Whose hours the travellers keep."""

NO_FACE_SHARE: Final = 0.02
"""Of travellers, those whose photo shows no face at first: they are taken again."""

# Travellers by the hour of the day: few at night, most around noon and in the evening.
_HOURS: Final = (2, 1, 1, 1, 2, 4, 6, 7, 7, 8, 9, 10, 10, 9, 8, 8, 9, 10, 11, 10, 8, 7, 5, 3)
_ENTRY_SHARE: Final = 0.55
_VARIANTS: Final = 4
"""Photos of one face, of which each traveller with it has one."""


class OnceAnalysed(Pipeline):
    """A pipeline that analyses equal photos once: a story has few faces and many travellers."""

    _known: dict[bytes, Analysis]

    @classmethod
    def of(cls, pipeline: Pipeline) -> Self:
        """Return one with the networks and limits of another."""
        made = cls.__new__(cls)
        made.__dict__.update(vars(pipeline), _known={})
        return made

    def analyse(self, data: bytes, watch: Stopwatch | None = None) -> Analysis:
        """Analyse a photo, or say again what was found in it."""
        digest = sha256(data).digest()
        if digest not in self._known:
            self._known[digest] = super().analyse(data, watch)
        return self._known[digest]


@dataclass(frozen=True, slots=True)
class Photos:
    """Arrival photos by who is on them, and one of nobody."""

    of: Mapping[str, Sequence[bytes]]
    portraits: Mapping[str, bytes]
    """As they were enrolled."""
    nobody: bytes

    @classmethod
    def take(cls, pipeline: Pipeline) -> Self:
        """Take some photos of everybody whose face installed packages carry."""
        members = people.load_people(pipeline)
        rng = np.random.default_rng(20_260_401)
        return cls(
            {
                name: [people.captured(member, rng, number) for number in range(_VARIANTS)]
                for name, member in members.items()
            },
            {name: people.as_jpeg(member.portrait) for name, member in members.items()},
            people.no_face(),
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody on a list."""

    person: Invented
    direction: Direction
    """Which way the list looks."""
    face: str | None = None
    """Whose photos show them; None of those who are found by their document alone."""


@dataclass(slots=True)
class Travellers:
    """Sends travellers through the ports."""

    service: Service
    photos: Photos
    listed: Sequence[Listed]
    keys: Mapping[str, Actor]
    """Who speaks for each port."""
    drawn: random.Random
    listed_share: float
    """Of travellers, those who are on a list."""
    on_alert: Callable[[Encounter], None]
    outcomes: Counter[str] = field(default_factory=Counter)
    _number: int = 5_000_000

    def plan(self, agenda: Agenda, number: int) -> None:
        """Put so many arrivals and departures onto the agenda, more by day than by night."""
        days = (agenda.end - agenda.now).days
        hours = range(len(_HOURS))
        for _ in range(number):
            (hour,) = self.drawn.choices(hours, weights=_HOURS)
            day = agenda.now.astimezone(ZONE) + timedelta(days=self.drawn.randrange(days))
            minute = timedelta(minutes=self.drawn.uniform(0, 60))
            agenda.at(day.replace(hour=hour, minute=0) + minute, self.pass_one)

    def pass_one(self) -> None:
        """Let one traveller come to a port; a photo that shows no face is taken again."""
        (port,) = self.drawn.choices([*PORTS], weights=[*PORTS.values()])
        direction = Direction.ENTRY if self.drawn.random() < _ENTRY_SHARE else Direction.EXIT
        person, face = self._somebody(direction)
        if self.drawn.random() < NO_FACE_SHARE:
            self.screen(port, direction, person, self.photos.nobody)
        self.screen(port, direction, person, self.drawn.choice(self.photos.of[face]))

    def _somebody(self, direction: Direction) -> tuple[Invented, str]:
        if self.drawn.random() < self.listed_share:
            concerned = [
                each for each in self.listed if each.direction in (direction, Direction.BOTH)
            ]
            found = self.drawn.choice(concerned)
            return found.person, found.face or self.drawn.choice(STRANGERS)
        self._number += 1
        return invent(self.drawn, self._number), self.drawn.choice(STRANGERS)

    def screen(
        self,
        port: str,
        direction: Direction,
        person: Invented,
        photo: bytes,
        reference: str | None = None,
        permit_until: date | None = None,
    ) -> None:
        """Have a port send a traveller's photo, as its gates do."""
        arrival = Arrival(
            photo,
            port,
            direction,
            Stage.ARRIVAL if direction is Direction.ENTRY else Stage.DEPARTURE,
            lane=f"L{self.drawn.randint(1, 8)}",
            traveller_ref=reference,
            permit_until=permit_until,
            document=TravelDocument(
                name=person.name,
                birth=person.birth.isoformat(),
                sex=person.sex,
                nationality=person.nationality,
                number=person.number,
                country=person.nationality,
            ),
        )
        screening, key = self.service.screening.encounters, self.keys[port]
        follow = self.service.permits.follow(arrival, key)
        screened = screening.record(screening.examine(arrival, key), arrival, key, follow)
        self.outcomes[screened.encounter.outcome] += 1
        if screened.encounter.alerts:
            self.on_alert(screened.encounter)
