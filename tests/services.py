"""A whole service over drawn people: real database, real gallery, real vault, fake networks."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from argon2 import PasswordHasher

from casework.accounts.agencies import NewAgency
from casework.accounts.passwords import Passwords
from casework.calibration.breaker_rules import BreakerRules
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.clock import utc_now
from casework.kernel.data_key import KEY_BYTES, DataKeys, FileKeys, GivenKeys
from casework.kernel.processing import Ground, Grounds, Processing
from casework.kernel.vocabulary import AgencyKind, Direction, Role, Stage
from casework.records import Records
from casework.screening.screening import Arrival, Screened
from casework.service import Service
from casework.watchlists.enrolment import PhotoFile
from casework.watchlists.subjects import NewSubject
from casework.watchlists.watchlists import NewWatchlist
from detector.limits import Limits
from detector.pipeline import Pipeline
from detector.presentation import PresentationScorer
from models.manifest import Pack, Prior, load_pack
from tests.fakes import fake_pipeline, photo_of

DATA_KEY = bytes(range(KEY_BYTES))
DATA_KEYS = GivenKeys.of(DATA_KEY)
OPERATOR = Actor(ActorKind.OPERATOR, "operator/test", "test")

PASSWORD = "a long enough pass phrase"

# Real hashes, made weak: a suite signs in a thousand times.
QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)

STAYS_GROUND = Ground("UU 6/2011, article 72", "Finding listed persons in lodgings.", 90)
OVERSTAY_GROUND = Ground("UU 6/2011, article 78", "Knowing who stays on after a permit.", 14)
ALL_ON = Grounds({Processing.STAYS: STAYS_GROUND, Processing.OVERSTAY: OVERSTAY_GROUND})

# Two photos of one drawn person score above 0.8, of two people below 0.6 (tests/fakes.py).
DRAWN_PRIOR = Prior(fmr=(0.1, 1e-6), score=(0.62, 0.78), source="drawn people")


@cache
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


def to_the_present(clock: FakeClock) -> None:
    """Let a clock show what that of another process shows."""
    clock.advance(seconds=(utc_now() - clock()).total_seconds())


def url_of(database: Path | str) -> str:
    """The URL of a SQLite file; an URL as it is."""
    return f"sqlite:///{database}" if isinstance(database, Path) else database


def laid(database: Path | str) -> str:
    """The URL of a database; a SQLite file that is not there yet gets today's schema.

    For whoever opens it with DATA_KEYS: migrating takes longer than most tests do.
    """
    if isinstance(database, Path) and not database.exists():
        database.write_bytes(_empty_database())
    return url_of(database)


def lay(folder: Path) -> FileKeys:
    """Make an installation of nobody yet, quicker than its first opening; returns its key file."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    laid(folder / "siaga.db")
    keys = FileKeys(folder / "siaga.key")
    keys.path.write_text(f"{DATA_KEY.hex()}\n", "ascii")
    keys.path.chmod(0o600)
    return keys


def open_service(
    database: Path | str,
    clock: FakeClock | None = None,
    limits: Limits | None = None,
    *,
    practice: bool = False,
    private_targets: bool = False,
    breaker: BreakerRules | None = None,
    data_keys: DataKeys = DATA_KEYS,
    presentation: PresentationScorer | None = None,
    pipeline: Pipeline | None = None,
    grounds: Grounds = ALL_ON,
) -> Service:
    """Open and start a service over a database file, or an URL; call again for a restart.

    It sees drawn people, or with a `pipeline` of the default pack, real ones.
    """
    clock = clock or FakeClock()
    records = Records.open(
        laid(database),
        data_keys,
        clock,
        passwords=QUICK,
        practice=practice,
        private_targets=private_targets,
    )
    service = Service.over(
        records,
        load_pack("open") if pipeline else drawn_pack(),
        pipeline or fake_pipeline(limits),
        breaker=breaker,
        presentation=presentation,
        grounds=grounds,
    )
    try:
        service.start()
    except BaseException:
        service.close()
        raise
    return service


@cache
def _empty_database() -> bytes:
    """A SQLite file with today's schema."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "siaga.db"
        Records.open(url_of(path), DATA_KEYS, passwords=QUICK).close()
        return path.read_bytes()


def port_system(key_id: str = "key_port", ports: frozenset[str] | None = None) -> Actor:
    """A port system, without the database."""
    return Actor(ActorKind.SYSTEM, key_id, "port", None, frozenset({Role.PORT}), ports)


def officer(agency_id: str, *roles: Role, name: str = "officer") -> Actor:
    """Somebody of an agency, without the database."""
    return Actor(ActorKind.OFFICER, f"off_{name}", name, agency_id, frozenset(roles))


@dataclass(slots=True)
class Desk:
    """Short words for what tests do all the time."""

    service: Service
    clock: FakeClock
    watchlists: dict[str, str] = field(default_factory=dict)
    agencies: dict[str, str] = field(default_factory=dict)

    def agency(self, code: str = "IMI", kind: AgencyKind = AgencyKind.MEMBER) -> str:
        """Make an agency once; returns its id."""
        if code not in self.agencies:
            new = NewAgency(code, f"Agency {code}", kind)
            self.agencies[code] = self.service.accounts.agencies.create(OPERATOR, new).id
        return self.agencies[code]

    def watchlist(self, name: str = "wanted", **policy: object) -> str:
        """Make a watchlist once; returns its id."""
        if name not in self.watchlists:
            policy.setdefault("agency_id", self.agency())
            new = NewWatchlist(name=name, **policy)  # type: ignore[arg-type]
            self.watchlists[name] = self.service.lists.watchlists.create(OPERATOR, new).id
        return self.watchlists[name]

    def enrol(
        self, person: int, *watchlists: str, brightness: float = 1.0, **fields: object
    ) -> str:
        """Enrol a photo of a drawn person as a new subject; returns the subject's id."""
        ids = tuple(watchlists) or (self.watchlist(),)
        new = NewSubject(name=f"Person {person}", watchlist_ids=ids, **fields)  # type: ignore[arg-type]
        enrolled = self.service.enrolment.enrol(
            OPERATOR, new, [photo_file(person, brightness=brightness)]
        )
        assert enrolled.subject_id is not None
        return enrolled.subject_id

    def screen(self, *people: int, key: Actor | None = None, **fields: object) -> Screened:
        """Screen a photo of drawn people, a little darker than they were enrolled."""
        values: dict[str, object] = {
            "photo": photo_of(*people, brightness=0.9),
            "port": "CGK",
            "direction": Direction.ENTRY,
            "stage": Stage.ARRIVAL,
            "captured_at": self.clock(),
            **fields,
        }
        return self.service.screening.encounters.screen(Arrival(**values), key or port_system())  # type: ignore[arg-type]


def photo_file(person: int, **how: float) -> PhotoFile:
    """A photo of one drawn person, as enrolment takes it."""
    return PhotoFile(f"{person}.jpg", photo_of(person, **how))  # type: ignore[arg-type]
