"""The scene of `benchmarks.crash`: an agency, its officers, two lists with one face on both."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from benchmarks.packaged import ASTRONAUT, GROUP, SCENES, read_picture
from casework.accounts.agencies import NewAgency
from casework.accounts.api_keys import NewKey
from casework.accounts.officers import NewOfficer
from casework.accounts.sign_in import Credentials
from casework.kernel.actor import Actor
from casework.kernel.vocabulary import AgencyKind, Category, Role, Scope, SessionKind
from casework.records import Records
from casework.watchlists.watchlists import NewWatchlist
from cli.background import free_port
from config.records import open_records
from config.settings import Settings
from detector.faces import Image

SHADES: Final = 10
"""Different arrival photos of the one who is on the lists."""

_OFFICERS: Final = 4
_PASSWORD: Final = "correct horse battery staple"  # noqa: S105 - of accounts that live for a minute
_FACE: Final = (slice(0, 300), slice(80, 380))

# Everything is admitted: what is refused leaves nothing behind that a crash could lose.
_MAX_WAITING: Final = 500
_PATIENCE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Scene:
    """One installation, before and after every crash."""

    settings: Settings
    port_key: str = field(repr=False)
    office_key: str = field(repr=False)
    watchlist_ids: tuple[str, ...]
    officers: tuple[str, ...]
    """Logins; each may give first and second opinions."""

    @contextmanager
    def records(self) -> Iterator[Records]:
        """Open the database in this process."""
        with open_records(self.settings) as records:
            yield records

    def sign_in(self) -> list[str]:
        """Begin a session for each officer: they last half an hour, a campaign may take longer."""
        with self.records() as records:
            return [
                records.accounts.sessions.sign_in(
                    Credentials(login, _PASSWORD), SessionKind.PROGRAM
                ).text
                for login in self.officers
            ]


def prepare(folder: Path) -> Scene:
    """Make the installation; nobody is enrolled yet."""
    settings = Settings(
        data_dir=folder,
        port=free_port(),
        max_waiting=_MAX_WAITING,
        latency_target_ms=_PATIENCE_MS,
        # Each round signs in again at once, and a code counts once.
        second_factor_required=False,
    )
    operator = Actor.operator()
    with open_records(settings) as records:
        agency = records.accounts.agencies.create(
            operator, NewAgency("IMI", "Immigration", AgencyKind.OPERATOR)
        )
        lists = [
            NewWatchlist("Tangkal", agency.id, Category.TANGKAL),
            NewWatchlist(
                "Wanted",
                agency.id,
                Category.WANTED,
                requires_acknowledgement=False,
                requires_second_officer=True,
            ),
        ]
        made = [records.lists.watchlists.create(operator, each).id for each in lists]
        _, port_key = records.accounts.keys.create(
            operator, NewKey("port", frozenset({Scope.SCREEN}))
        )
        enrols = NewKey("office", frozenset({Scope.ENROL}), agency_id=agency.id)
        _, office_key = records.accounts.keys.create(operator, enrols)
        logins = [_officer(records, agency.id, number) for number in range(_OFFICERS)]
    return Scene(settings, port_key, office_key, tuple(made), tuple(logins))


def enrolment_photo() -> bytes:
    """Return the photo of the one who is on the lists."""
    return _jpeg(read_picture(*ASTRONAUT)[_FACE])


def arrival_photos() -> list[bytes]:
    """Return what ports send: mostly the wanted face, some others, and one without a face."""
    face = read_picture(*ASTRONAUT)[_FACE]
    shades = [
        _jpeg(np.asarray(cv2.convertScaleAbs(face, alpha=0.75 + 0.04 * n), np.uint8))
        for n in range(SHADES)
    ]
    others = [cv2.resize(read_picture(*each), None, fx=0.5, fy=0.5) for each in (GROUP, SCENES[0])]
    return [*shades, *(_jpeg(np.asarray(other, np.uint8)) for other in others)]


def _officer(records: Records, agency_id: str, number: int) -> str:
    login = f"imi.{number}"
    roles = frozenset({Role.OFFICER, Role.SUPERVISOR})
    _, first = records.accounts.officers.create(
        Actor.operator(), NewOfficer(agency_id, login, f"Petugas {number}", roles)
    )
    assert first is not None  # noqa: S101 - no identity provider: there is a first password
    signed_in = records.accounts.sessions.sign_in(Credentials(login, first), SessionKind.PROGRAM)
    records.accounts.account.change_password(signed_in.actor, first, _PASSWORD)
    return login


def _jpeg(image: Image) -> bytes:
    written, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert written  # noqa: S101 - a picture of a sane size can always be written
    return content.tobytes()
