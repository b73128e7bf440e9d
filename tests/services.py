"""A whole service over drawn people: real database, real gallery, real vault, fake networks."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from casework.enrolment import PhotoFile
from casework.keys import Caller
from casework.screening import Arrival, Screened
from casework.service import Records, Service
from casework.subjects import NewSubject
from casework.vault import KEY_BYTES
from casework.vocabulary import Direction, Scope, Stage
from casework.watchlists import NewWatchlist
from detector.decode import Limits
from models import Pack, Prior, load_pack
from tests.fakes import fake_pipeline, photo_of

DATA_KEY = bytes(range(KEY_BYTES))
BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)

# Two photos of one drawn person score above 0.8, of two people below 0.6 (tests/fakes.py).
DRAWN_PRIOR = Prior(fmr=(0.1, 1e-6), score=(0.62, 0.78), source="drawn people")


def drawn_pack() -> Pack:
    """The default pack's manifest with a prior that fits drawn people."""
    return load_pack("open").model_copy(update={"prior": DRAWN_PRIOR})


@dataclass(slots=True)
class FakeClock:
    """Time that only tests move."""

    now: datetime = BEGIN

    def __call__(self) -> datetime:
        """Return the present."""
        return self.now

    def advance(self, **by: float) -> None:
        """Let time pass: `clock.advance(days=1)`."""
        self.now += timedelta(**by)


def open_service(
    database: Path, clock: FakeClock | None = None, limits: Limits | None = None
) -> Service:
    """Open and start a service over a database file; call again for a restart."""
    clock = clock or FakeClock()
    records = Records.open(f"sqlite:///{database}", DATA_KEY, clock)
    service = Service.over(records, drawn_pack(), fake_pipeline(limits), clock)
    service.start()
    return service


def caller(key_id: str = "key_port", ports: frozenset[str] | None = None) -> Caller:
    """A port system's key, without the database."""
    return Caller(key_id, "port", frozenset({Scope.SCREEN}), ports)


@dataclass(slots=True)
class Desk:
    """Short words for what tests do all the time."""

    service: Service
    clock: FakeClock
    watchlists: dict[str, str] = field(default_factory=dict)

    def watchlist(self, name: str = "wanted", **policy: object) -> str:
        """Make a watchlist once; returns its id."""
        if name not in self.watchlists:
            new = NewWatchlist(name=name, **policy)  # type: ignore[arg-type]
            self.watchlists[name] = self.service.records.watchlists.create(new).id
        return self.watchlists[name]

    def enrol(self, person: int, *watchlists: str, **fields: object) -> str:
        """Enrol a drawn person; returns the subject's id."""
        ids = tuple(watchlists) or (self.watchlist(),)
        new = NewSubject(name=f"Person {person}", watchlist_ids=ids, **fields)  # type: ignore[arg-type]
        enrolled = self.service.enrolment.enrol(new, [photo_file(person)])
        assert enrolled.subject_id is not None
        return enrolled.subject_id

    def screen(self, *people: int, key: Caller | None = None, **fields: object) -> Screened:
        """Screen a photo of drawn people, a little darker than they were enrolled."""
        values: dict[str, object] = {
            "photo": photo_of(*people, brightness=0.9),
            "port": "CGK",
            "direction": Direction.ENTRY,
            "stage": Stage.ARRIVAL,
            "captured_at": self.clock(),
            **fields,
        }
        return self.service.screening.screen(Arrival(**values), key or caller())  # type: ignore[arg-type]


def photo_file(person: int, **how: float) -> PhotoFile:
    """A photo of one drawn person, as enrolment takes it."""
    return PhotoFile(f"{person}.jpg", photo_of(person, **how))  # type: ignore[arg-type]
