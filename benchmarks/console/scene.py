"""The scene of `benchmarks.console.queue`: a list of people, and alerts that stand open already."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.console.server import open_service, settings_of
from benchmarks.packaged import people
from benchmarks.speed.photos import compose
from casework.accounts.agencies import NewAgency
from casework.accounts.api_keys import NewKey
from casework.accounts.officers import NewOfficer
from casework.accounts.sign_in import Credentials
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.clock import utc_now
from casework.kernel.vocabulary import (
    AgencyKind,
    Category,
    Direction,
    Role,
    Scope,
    SessionKind,
    Stage,
)
from casework.screening.screening import Arrival
from casework.service import Service
from casework.watchlists.enrolment import PhotoFile
from casework.watchlists.subjects import NewSubject
from casework.watchlists.watchlists import NewWatchlist
from config.opening import open_pipeline

LOGIN: Final = "desk"
PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - of an account of some minutes
PEOPLE: Final = 100
OPEN_ALERTS: Final = 500
RATE: Final = 20.0
"""Arrivals a second, of which each raises an alert."""
SECONDS: Final = 15.0
WARM_UP: Final = 40
"""Arrivals before anything is counted."""
MEGAPIXELS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Scene:
    """An installation with alerts that stand open."""

    folder: Path
    key: str = field(repr=False)
    photos: tuple[bytes, ...] = field(repr=False)
    """One of each person on the list, both enrolled and what a gate sends."""
    open_alerts: int


def port_code(number: int) -> str:
    """Return the code of a port: a person who arrives at another has a row of their own."""
    letters = (chr(ord("A") + number // 26**place % 26) for place in (3, 2, 1, 0))
    return "Q" + "".join(letters)


def prepare(folder: Path, open_alerts: int, subjects: int = PEOPLE) -> Scene:
    """Make the installation."""
    settings, operator = settings_of(folder), Actor.operator()
    faces = people(open_pipeline(settings))
    photos = tuple(
        compose(faces[each % len(faces)], MEGAPIXELS, np.random.default_rng(each)).data
        for each in range(subjects)
    )
    with open_service(settings) as service:
        agency = service.accounts.agencies.create(
            operator, NewAgency("IMI", "Immigration", AgencyKind.OPERATOR)
        )
        watchlist = service.lists.watchlists.create(
            operator, NewWatchlist("Tangkal", agency.id, Category.TANGKAL)
        )
        for number, photo in enumerate(photos):
            new = NewSubject(name=f"Person {number}", watchlist_ids=(watchlist.id,))
            service.enrolment.enrol(operator, new, [PhotoFile("photo.jpg", photo)])
        key, text = service.accounts.keys.create(
            operator, NewKey("gate", frozenset({Scope.SCREEN}))
        )
        _hire(service, agency.id)
        gate = Actor(ActorKind.SYSTEM, key.id, "gate", None, frozenset({Role.PORT}))
        for number in range(open_alerts):
            arrival = Arrival(
                photo=photos[number % subjects],
                port=port_code(number),
                direction=Direction.ENTRY,
                stage=Stage.ARRIVAL,
                captured_at=utc_now(),
            )
            service.screening.encounters.screen(arrival, gate)
    return Scene(folder, text, photos, open_alerts)


def _hire(service: Service, agency_id: str) -> None:
    new = NewOfficer(agency_id, LOGIN, "Officer at the desk", frozenset({Role.OFFICER}), "en")
    _, first = service.accounts.officers.create(Actor.operator(), new)
    assert first is not None  # noqa: S101 - no identity provider: there is a first password
    session = service.accounts.sessions.sign_in(Credentials(LOGIN, first), SessionKind.PROGRAM)
    service.accounts.account.change_password(session.actor, first, PASSWORD)
