"""A database as years of screening leave it, written in batches.

Screening a million travellers through the service would take hours and measure screening. These
rows are what it would have written: sealed with the same vault, under keys of their own, each with
its record in the audit trail that accounts for its rows.
"""

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, insert
from ulid import ULID

from benchmarks.load.gallery import fill as fill_gallery
from benchmarks.load.gallery import unit_vectors
from casework.gallery.model_key import ModelKey
from casework.kernel import rows
from casework.kernel.actor import Actor, ActorKind
from casework.kernel.audit import changes
from casework.kernel.audit.log import AuditEntry
from casework.kernel.clock import utc_now
from casework.kernel.ids import ALERT, ENCOUNTER
from casework.kernel.key_ring import INSTALLATION
from casework.kernel.permissions import Permission
from casework.kernel.sealed_fields import seal_fields
from casework.kernel.vocabulary import AlertState, Category, Outcome, Role
from casework.records import Records
from casework.review import case_number
from casework.tables import (
    Alert,
    Encounter,
    EnrolledPhoto,
    IdempotencyRecord,
    Subject,
    Table,
    Watchlist,
)
from casework.watchlists.watchlists import NewWatchlist
from models.manifest import load_pack
from models.runtimes import Runtime

ALERTS: Final = 0.1
"""Of a traveller: far more than lists that keep their promise raise."""
OPEN: Final = 0.02
"""Of the alerts, those that are not closed."""
DAYS: Final = 90
SUBJECTS: Final = 2_000
DIM: Final = 128
"""Numbers of an embedding: with fewer, strangers would look alike."""
_KEYS_KEPT: Final = timedelta(days=7)
"""How long a request's key is kept."""
PORTS: Final = ("CGK", "DPS", "SUB", "KNO", "BTH", "UPG", "BPN", "PNK", "YIA", "LOP", "TTE", "SKW")
_LISTS: Final = (
    Category.TANGKAL,
    Category.WANTED,
    Category.OVERSTAY,
    Category.INTERPOL,
    Category.NARCOTICS,
    Category.CEGAH,
)
_BATCH: Final = 1_000
_PORTRAIT_BYTES: Final = 6_000
_FACE_BYTES: Final = 2_500
_QUALITY: Final[dict[str, Any]] = {
    "verdict": "good",
    "reasons": [],
    "measures": [
        {"name": name, "native": 41.27, "score": 87}
        for name in ("sharpness", "luminance", "dynamic_range", "head_size", "inter_eye_distance")
    ],
}
_STAGES: Final = {"decode": 5.1, "detect": 5.3, "assess": 0.6, "embed": 7.4, "search": 0.5}


@dataclass(frozen=True, slots=True)
class _People:
    """Who is on the lists."""

    lists: Sequence[Watchlist]
    subjects: Sequence[tuple[str, str]]
    """Ids of subjects and of their photos."""


def fill(records: Records, encounters: int) -> None:
    """Write so many encounters over the last 90 days, and their alerts."""
    draw = random.Random(encounters)
    people = _people(records)
    begin, apart = utc_now() - timedelta(days=DAYS), timedelta(days=DAYS) / encounters
    for first in range(0, encounters, _BATCH):
        count = min(_BATCH, encounters - first)
        times = [begin + apart * (first + each) for each in range(count)]
        _Batch(records, draw, people).write(times)


def _people(records: Records) -> _People:
    operator = Actor.operator()
    agency = records.accounts.agencies.begin(operator, "IMI", "Immigration")
    lists = [
        records.lists.watchlists.ensure(
            operator, NewWatchlist(category.value.title(), agency.id, category)
        )
        for category in _LISTS
    ]
    fill_gallery(records, str(ModelKey.of(load_pack("open"))), unit_vectors(SUBJECTS, DIM, 1))
    with records.kernel.database.read() as session:
        query = EnrolledPhoto.__table__.select().with_only_columns(
            EnrolledPhoto.subject_id, EnrolledPhoto.id
        )
        subjects = [(row.subject_id, row.id) for row in session.execute(query)]
    _give_faces(records, subjects, agency.id)
    return _People(lists, subjects)


def _give_faces(records: Records, subjects: Sequence[tuple[str, str]], agency: str) -> None:
    """Give each enrolled photo the small face that lists show."""
    face = os.urandom(_FACE_BYTES)
    with records.kernel.database.write() as session:
        for subject_id, photo_id in subjects:
            photo = session.get_one(EnrolledPhoto, photo_id)
            name = rows.photo_face(photo_id, subject_id, agency)
            photo.sealed_face = records.kernel.vault.seal(face, name)
        for subject_id, _ in subjects:
            session.get_one(Subject, subject_id).nationality = "IDN"


class _Batch:
    """Some encounters, written in one transaction."""

    def __init__(self, records: Records, draw: random.Random, people: _People) -> None:
        self._records = records
        self._vault = records.kernel.vault
        self._draw = draw
        self._people = people
        self._gate = Actor(ActorKind.SYSTEM, "key_growth", "gate", None, frozenset({Role.PORT}))
        self._rows: dict[type[Table], list[dict[str, Any]]] = {
            each: [] for each in (Encounter, Alert, IdempotencyRecord)
        }

    def write(self, times: Sequence[datetime]) -> None:
        """Make and write them."""
        for at in times:
            self._add(at)
        with self._records.kernel.database.write_core() as connection:
            self._number(connection)
            for table, values in self._rows.items():
                for some in _parts(values):
                    connection.execute(insert(table.__table__), some)  # type: ignore[arg-type]
            for encounter in self._rows[Encounter]:
                if encounter["sealed_fields"] is not None:
                    self._vault.own_keys.store(connection, encounter["id"])
            self._record(connection)

    def _add(self, at: datetime) -> None:
        draw, raised = self._draw, self._draw.random() < ALERTS
        encounter_id = f"{ENCOUNTER}_{ULID.from_datetime(at)}"
        if raised:
            self._vault.own_keys.make(encounter_id, INSTALLATION)
        encounter = Encounter(
            id=encounter_id,
            api_key_id=self._gate.id,
            port=draw.choice(PORTS),
            lane=f"A{draw.randrange(12)}",
            direction=draw.choice(("entry", "exit")),
            stage="arrival",
            captured_at=at,
            received_at=at,
            outcome=(Outcome.ALERT if raised else Outcome.CLEAR).value,
            faces=1,
            quality=_QUALITY,
            model="growth",
            runtime=Runtime.ONNXRUNTIME.value,
            gallery_version=1,
            gallery_size=SUBJECTS,
            stages=_STAGES,
            person_required=False,
            traveller_ref=f"ref {draw.randrange(10**9)}" if raised else None,
        )
        if raised:
            seal = self._vault.seal
            noise = draw.randbytes(_PORTRAIT_BYTES)
            encounter.sealed_portrait = seal(noise, rows.encounter(encounter_id))
            encounter.sealed_face = seal(noise[:_FACE_BYTES], rows.encounter_face(encounter_id))
        seal_fields(self._vault, encounter)
        self._rows[Encounter].append(_values(encounter))
        if at > utc_now() - _KEYS_KEPT:
            key = {"api_key_id": self._gate.id, "key": draw.randbytes(32).hex()}
            answer = {"fingerprint": "0" * 64, "encounter_id": encounter_id, "created_at": at}
            self._rows[IdempotencyRecord].append(key | answer)
        if raised:
            self._raise(encounter, at)

    def _raise(self, encounter: Encounter, at: datetime) -> None:
        draw, closed = self._draw, self._draw.random() >= OPEN
        watchlist = draw.choice(self._people.lists)
        subject_id, photo_id = draw.choice(self._people.subjects)
        late = at + timedelta(seconds=draw.expovariate(1 / 60))
        review: dict[str, Any] = {"state": AlertState.NEW.value}
        if closed:
            review = {
                "state": AlertState.CLOSED.value,
                "acknowledged_by": "off_growth",
                "acknowledged_at": late,
                "decided_by": "off_growth",
                "decided_at": late,
                "disposal": "mistaken_identity",
                "found": "different_person",
                "released": True,
                "closed_at": late,
            }
        alert = Alert(
            id=f"{ALERT}_{ULID.from_datetime(at)}",
            encounter_id=encounter.id,
            owner_id=watchlist.agency_id,
            port=encounter.port,
            subject_id=subject_id,
            watchlist_id=watchlist.id,
            watchlist_name=watchlist.name,
            category=watchlist.category,
            instruction=watchlist.instruction,
            requires_acknowledgement=True,
            requires_second_officer=False,
            acknowledge_within_s=300,
            priority=draw.choice((1, 2, 2, 3)),
            due_at=at + timedelta(seconds=300),
            matched_by="face",
            photo_id=photo_id,
            score=0.5 + draw.random() / 2,
            threshold=0.4,
            threshold_basis="prior",
            one_in=10 ** (3 + 3 * draw.random()),
            rank=1,
            version=1,
            created_at=at,
            **review,
        )
        self._rows[Alert].append(_values(alert))

    def _number(self, connection: Connection) -> None:
        alerts = self._rows[Alert]
        owners = [each["owner_id"] for each in alerts]
        numbers = case_number.give(connection, owners, practice=False)
        for alert, number in zip(alerts, numbers, strict=True):
            alert["case_number"] = number

    def _record(self, connection: Connection) -> None:
        """Write a record of each screening, of the rows that it wrote."""
        audit = self._records.kernel.audit
        changed = changes.take(connection, audit.state_key, self._vault.open) or {}
        raised = {each["encounter_id"]: each["id"] for each in self._rows[Alert]}
        entries, states = [], []
        for row in self._rows[Encounter]:
            alert_id = raised.get(row["id"])
            detail = {"port": row["port"], "outcome": row["outcome"], "alerts": int(bool(alert_id))}
            entries.append(AuditEntry(self._gate, Permission.SCREEN, row["id"], detail=detail))
            mine = {"encounter": {row["id"]: changed["encounter"][row["id"]]}}
            if alert_id is not None:
                mine["alert"] = {alert_id: changed["alert"][alert_id]}
            states.append(mine)
        audit.write_all(connection, entries, states)


def _parts(values: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    for first in range(0, len(values), _BATCH):
        yield values[first : first + _BATCH]


def _values(record: Encounter | Alert) -> dict[str, Any]:
    names = (column.key for column in record.__table__.columns if column.key != "state_salt")
    return {name: getattr(record, name) for name in names}
