"""A pack's prior: how high strangers score before anything was calibrated here.

It is measured of one photo each of people, all compared with each other, and kept; else the pack's
manifest states one; else, until one is measured, what is cautious for any network stands in.
"""

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.gallery.model_key import ModelKey
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import TooFewScores
from casework.kernel.ids import PRIOR, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require
from casework.tables import MeasuredPrior
from detector.embed import Embedding
from index import false_matches
from index.threshold import FalseMatchCurve, envelope
from models.manifest import Pack, builtin_packs
from models.runtimes import Runtime

_DIGITS: Final = 4


class PriorSource(StrEnum):
    """Where a prior comes from."""

    MEASURED = "measured"
    """Here, of photos that an operator had."""
    MANIFEST = "manifest"
    """By who made the pack."""
    GENERIC = "generic"
    """Of other packs: nothing is known of this one."""


@dataclass(frozen=True, slots=True)
class PackPrior:
    """The curve that thresholds follow from without a calibration, and where it comes from."""

    curve: FalseMatchCurve
    source: PriorSource
    detail: str


@lru_cache
def generic_curve() -> FalseMatchCurve:
    """Return what is cautious for a pack of which nothing is known.

    At each rate it is the highest score that a built-in pack's strangers reach. Networks that tell
    people apart better have lower ones, so that it raises too few alerts rather than too many.
    """
    priors = [pack.prior for pack in builtin_packs().values() if pack.prior is not None]
    return envelope([FalseMatchCurve(prior.fmr, prior.score) for prior in priors])


class Priors:
    """Measures, keeps and finds the prior of one pack."""

    def __init__(self, kernel: Kernel, pack: Pack, runtime: Runtime) -> None:
        self._database = kernel.database
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._pack = pack
        self._model = str(ModelKey.of(pack))
        self._runtime = runtime

    def in_force(self) -> PackPrior:
        """Return the newest measured one, else the manifest's, else the generic one."""
        with self._database.read() as session:
            measured = self._newest(session)
        if measured is not None:
            curve = FalseMatchCurve(tuple(measured.curve["fmr"]), tuple(measured.curve["score"]))
            detail = f"{measured.photos} photos, {measured.created_at:%Y-%m-%d}"
            return PackPrior(curve, PriorSource.MEASURED, detail)
        if (stated := self._pack.prior) is not None:
            curve = FalseMatchCurve(stated.fmr, stated.score)
            return PackPrior(curve, PriorSource.MANIFEST, stated.source)
        return PackPrior(generic_curve(), PriorSource.GENERIC, "the built-in packs' priors")

    def measure(self, actor: Actor, embeddings: list[Embedding]) -> PackPrior:
        """Measure the prior of one photo each of different people, and keep it.

        A process that runs takes it up when it is started again.

        Raises:
            NotPermitted, TooFewScores: nothing was kept.
        """
        require(actor, Permission.CALIBRATE)
        curve = measured_curve(embeddings)
        row = MeasuredPrior(
            id=new_id(PRIOR),
            model=self._model,
            runtime=self._runtime.value,
            photos=len(embeddings),
            curve={"fmr": list(curve.fmr), "score": list(curve.score)},
            created_at=self._clock(),
            made_by=actor.id,
        )
        with self._database.write() as session:
            session.add(row)
            session.flush()
            recorded = {"source": "prior", "photos": row.photos, "runtimes": row.runtime}
            self._audit.append(
                session, AuditEntry(actor, Permission.CALIBRATE, row.id, detail=recorded)
            )
        return self.in_force()

    def _newest(self, session: Session) -> MeasuredPrior | None:
        return session.scalar(
            select(MeasuredPrior)
            .where(MeasuredPrior.model == self._model)
            .order_by(MeasuredPrior.id.desc())
            .limit(1)
        )


def measured_curve(embeddings: list[Embedding]) -> FalseMatchCurve:
    """Return the curve of one photo each of different people.

    Raises:
        TooFewScores: there are too few photos, or all are one.
    """
    least = false_matches.least_photos()
    if len(embeddings) < least:
        raise TooFewScores("prior_too_few", photos=len(embeddings), least=least)
    found = None
    with suppress(false_matches.TooFewPhotos):
        found = false_matches.measure(np.stack(embeddings))
    scores = () if found is None else tuple(round(score, _DIGITS) for score in found.score)
    if found is None or any(later <= earlier for earlier, later in pairwise(scores)):
        raise TooFewScores("prior_all_alike", photos=len(embeddings))
    return FalseMatchCurve(found.fmr, scores)
