"""The service's own non-mated scores: noted with clear encounters, gathered for a calibration.

A clear encounter's highest score lies below every threshold that concerned it, so clear encounters
alone would show a tail that ends where the threshold stands, and every calibration would lower it
further. The alerts of the same days belong to the same distribution, and are taken in unless people
found them to be true.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, Select, and_, delete, func, insert, or_, select
from sqlalchemy.orm import Session

from casework.kernel.vocabulary import MatchedBy
from casework.review.findings import AdjudicationResult, result_of, visible_state
from casework.tables import Alert, ChanceScore, Encounter
from index.outliers import plausible_non_mated_limit

KEPT: Final = 50_000
"""Scores kept of one model, newest first: more would hardly tell more of the tail."""

SAME_SIZE: Final = 1.25
"""Factor within which two galleries count as of the same size, and beyond which the score
distribution has moved far enough to be measured again."""

_ID_BITS: Final = 63


@dataclass(frozen=True, slots=True)
class Origin:
    """What a score comes from."""

    model: str
    runtime: str
    """What ran it: see `models.runtimes.Runtime`."""
    gallery_size: int


@dataclass(frozen=True, slots=True)
class NonMatedScores:
    """Non-mated scores of the service's own searches."""

    scores: tuple[float, ...]
    detail: str
    """In words: how many, of what, from when to when."""
    runtimes: tuple[str, ...] = ()
    """What ran the model in them."""


def record(connection: Connection, origin: Origin, score: float, on: date) -> None:
    """Write one score, in the transaction that writes its encounter."""
    row = {
        "id": secrets.randbits(_ID_BITS),
        "model": origin.model,
        "runtime": origin.runtime,
        "score": score,
        "gallery_size": origin.gallery_size,
        "noted_on": on,
    }
    connection.execute(_NEW_SCORE, row)


def count(session: Session, model: str, gallery_size: int) -> int:
    """Return how many clear encounters' scores could be used at the gallery's present size."""
    return session.scalar(select(func.count()).where(*_usable(model, gallery_size))) or 0


def collect(session: Session, model: str, gallery_size: int) -> NonMatedScores:
    """Return the scores of searches of a gallery of about this size.

    They are taken as if the gallery had been of this size exactly. Scores that chance cannot
    explain and nobody has looked into are set aside: see `index.outliers`.
    """
    query = select(ChanceScore.score, ChanceScore.noted_on, ChanceScore.runtime).where(
        *_usable(model, gallery_size)
    )
    rows = session.execute(query.order_by(*_NEWEST_FIRST).limit(KEPT)).all()
    if not rows:
        return NonMatedScores((), "no clear encounters at this gallery size")
    clear = np.array([row.score for row in rows])
    begin, end = min(row.noted_on for row in rows), max(row.noted_on for row in rows)
    alerts = session.execute(_first_alerts(model, gallery_size, begin)).all()
    findings = [(result_of(row.state, row.disposal, row.found), row.score) for row in alerts]
    false = np.array(
        [score for found, score in findings if found is AdjudicationResult.FALSE_ALARM]
    )
    undecided = np.array([score for found, score in findings if found is AdjudicationResult.OPEN])
    limit = plausible_non_mated_limit(clear, np.concatenate([false, undecided]))
    explained, open_too = clear[clear <= limit], undecided[undecided <= limit]
    aside = len(clear) + len(undecided) - len(explained) - len(open_too)
    runtimes = {row.runtime for row in rows if row.score <= limit} | {
        row.runtime
        for row, (found, score) in zip(alerts, findings, strict=True)
        if found is AdjudicationResult.FALSE_ALARM
        or (found is AdjudicationResult.OPEN and score <= limit)
    }
    matches = len(findings) - len(false) - len(undecided)
    detail = (
        f"{begin} to {end}: {len(explained)} clear encounters, {len(false)} false alarms, "
        f"{len(open_too)} alerts not decided; left out: {matches} matches, {aside} scores nobody "
        "decided on that chance cannot explain"
    )
    return NonMatedScores(
        tuple(np.concatenate([explained, false, open_too]).tolist()),
        detail,
        tuple(sorted(runtimes)),
    )


def prune(session: Session, model: str) -> None:
    """Keep the newest scores of a model only."""
    mine = ChanceScore.model == model
    last = session.execute(
        select(ChanceScore.noted_on, ChanceScore.id)
        .where(mine)
        .order_by(*_NEWEST_FIRST)
        .offset(KEPT - 1)
        .limit(1)
    ).first()
    if last is not None:
        older = or_(
            ChanceScore.noted_on < last.noted_on,
            and_(ChanceScore.noted_on == last.noted_on, ChanceScore.id > last.id),
        )
        session.execute(delete(ChanceScore).where(mine, older))


def _usable(model: str, gallery_size: int) -> tuple[Any, ...]:
    return (
        ChanceScore.model == model,
        ChanceScore.gallery_size.between(gallery_size / SAME_SIZE, gallery_size * SAME_SIZE),
    )


def _first_alerts(
    model: str, gallery_size: int, begin: date
) -> Select[Any, str, str | None, str | None, str]:
    """Select each alerting encounter's highest-ranking alert since a day."""
    return (
        select(
            Alert.score,
            visible_state().label("state"),
            Alert.disposal,
            Alert.found,
            Encounter.runtime,
        )
        .join(Encounter, Encounter.id == Alert.encounter_id)
        .where(
            Alert.rank == 1,
            Alert.matched_by != MatchedBy.DOCUMENT.value,
            Alert.created_at >= datetime.combine(begin, time.min, UTC),
            Encounter.model == model,
            Encounter.gallery_size.between(gallery_size / SAME_SIZE, gallery_size * SAME_SIZE),
        )
    )


_NEWEST_FIRST: Final = (ChanceScore.noted_on.desc(), ChanceScore.id)
_NEW_SCORE: Final = insert(ChanceScore.__table__)  # type: ignore[arg-type]
