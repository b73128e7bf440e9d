"""A watchlist of many people who do not exist, written straight into a database.

Enrolling 100,000 subjects through the service would take minutes and measure enrolment; these rows
are what enrolment would have written, sealed with the same vault and followed by the same log.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import insert

from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.clock import utc_now
from casework.kernel.ids import PHOTO, SUBJECT, new_id
from casework.kernel.vocabulary import Change
from casework.records import Records
from casework.tables import (
    EnrolledPhoto,
    GalleryChange,
    Subject,
    Table,
    Template,
    Watchlist,
    WatchlistEntry,
)
from casework.watchlists.watchlists import NewWatchlist

WATCHLIST: Final = "Load test"
AGENCY: Final = "LOAD"
"""Code of the one that it belongs to."""
_CHUNK: Final = 5_000
_PHOTO: Final = b"no photo: a row of a load test"


def unit_vectors(count: int, dim: int, seed: int) -> npt.NDArray[np.float32]:
    """Return random unit vectors, shape (count, dim): the same seed gives the same."""
    vectors = np.random.default_rng(seed).standard_normal((count, dim), np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def load_list(records: Records) -> Watchlist:
    """Return the load test's watchlist, made with its agency if there is none."""
    operator = Actor.operator()
    agencies = records.accounts.agencies
    found = agencies.page(operator, None, 1)
    agency = found[0] if found else agencies.begin(operator, AGENCY, "Load test")
    return records.lists.watchlists.ensure(operator, NewWatchlist(WATCHLIST, agency.id))


def fill(records: Records, model: str, vectors: npt.NDArray[np.float32]) -> str:
    """Put one subject with one photo and one template a vector on a watchlist; returns its id."""
    watchlist = load_list(records)
    for start in range(0, len(vectors), _CHUNK):
        _fill_chunk(records, model, vectors[start : start + _CHUNK], watchlist)
    return watchlist.id


def _fields(subject_id: str) -> bytes:
    return json.dumps({"name": f"Load {subject_id}"}).encode()


def _fill_chunk(
    records: Records, model: str, vectors: npt.NDArray[np.float32], watchlist: Watchlist
) -> None:
    now, seal = utc_now(), records.kernel.vault.seal
    subjects = [new_id(SUBJECT) for _ in vectors]
    photos = [new_id(PHOTO) for _ in vectors]
    agency, own_keys = watchlist.agency_id, records.kernel.vault.own_keys
    for subject_id in subjects:
        own_keys.make(subject_id, agency)
    pairs = list(zip(subjects, photos, strict=True))
    tables: list[tuple[type[Table], Sequence[dict[str, Any]]]] = [
        (
            Subject,
            [
                {"id": s, "agency_id": agency, "status": "active", "version": 1}
                | {"sealed_fields": seal(_fields(s), rows.subject(s, agency))}
                | {"created_at": now, "updated_at": now}
                for s in subjects
            ],
        ),
        (WatchlistEntry, [{"watchlist_id": watchlist.id, "subject_id": s} for s in subjects]),
        (
            EnrolledPhoto,
            [
                {"id": p, "subject_id": s, "digest": p, "format": "png", "width": 1, "height": 1}
                | {
                    "quality": {},
                    "sealed_content": seal(_PHOTO, rows.photo(p, s, agency)),
                    "created_at": now,
                }
                for s, p in pairs
            ],
        ),
    ]
    with records.kernel.database.write() as session:
        for subject_id in subjects:
            own_keys.store(session, subject_id)
        for table, values in tables:
            session.execute(insert(table), values)
        templates = session.scalars(
            insert(Template).returning(Template.id, sort_by_parameter_order=True),
            [
                {"photo_id": p, "subject_id": s, "model": model, "created_at": now}
                | {
                    "sealed_vector": seal(
                        vector.astype("<f4").tobytes(), rows.template(p, model, s, agency)
                    )
                }
                for (s, p), vector in zip(pairs, vectors, strict=True)
            ],
        )
        session.execute(
            insert(GalleryChange),
            [{"kind": Change.ADD, "template_id": each, "created_at": now} for each in templates],
        )
