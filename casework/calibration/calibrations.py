"""Calibrations: made from reference photos or the service's own searches, kept, and renewed.

Rows are never changed. The newest of the model in use is in force: making one is logged as a change
of policy, so that every process on the database reads its thresholds again.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from casework.calibration import non_mated_scores
from casework.calibration.non_mated_scores import NonMatedScores
from casework.calibration.policy import least_threshold
from casework.calibration.priors import PackPrior, PriorSource
from casework.calibration.reference_sets import Embeddings, KeptReference, ReferenceSets
from casework.calibration.thresholds import FalseMatchModel, is_extrapolated, parameters
from casework.calibration.views import CalibrationAtSize, CalibrationView, Threshold, fit_of
from casework.gallery.change_log import log_policy
from casework.gallery.model_key import ModelKey
from casework.gallery.replica import GalleryReplica
from casework.kernel import rows
from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.errors import NotFound, TooFewScores
from casework.kernel.ids import CALIBRATION, new_id
from casework.kernel.kernel import Kernel
from casework.kernel.permissions import Permission, require
from casework.kernel.vocabulary import CalibrationSource
from casework.tables import CalibrationRecord
from detector.embed import Embedding
from index.calibration import LEAST_SCORES, Calibration, calibrate
from models.runtimes import Runtime

# Searches from which one is made unasked: enough for 2 in 1,000, and rarer rates are no laxer than
# the prior. What so many realise is in docs/accuracy.md.
LEAST_UNASKED: Final = 1000
# So many times the searches behind the one in force are worth a new one: half the uncertainty.
_MORE_EVIDENCE: Final = 4

# Faces searched for in one pass over the gallery: the engines read it once for so many.
_AT_ONCE: Final = 64

# FPIRs of the table that people read; a target may be any.
SHOWN_FPIR: Final = (0.1, 0.03, 0.01, 0.003, 0.001)


class Calibrations:
    """Makes, keeps and reads the calibrations of one model."""

    def __init__(
        self,
        kernel: Kernel,
        mirror: GalleryReplica,
        model: ModelKey,
        prior: PackPrior,
        runtime: Runtime = Runtime.ONNXRUNTIME,
    ) -> None:
        self._database = kernel.database
        self._mirror = mirror
        self._model = str(model)
        self._runtime = runtime.value
        self._audit = kernel.audit
        self._clock = kernel.clock
        self._chance = FalseMatchModel(
            model.pack, prior.curve, generic=prior.source is PriorSource.GENERIC
        )
        self._references = ReferenceSets(kernel, self._model)

    def chance(self, session: Session) -> FalseMatchModel:
        """Return what is in force: the newest calibration, or the prior alone."""
        newest, known = self._newest(session), self._chance
        if newest is not None and newest != known.calibration_id:
            # The 400 resamples are read once, not after each enrolment.
            row = session.get_one(
                CalibrationRecord, newest, options=[undefer(CalibrationRecord.parameters)]
            )
            known = self._chance = replace(known, calibration=fit_of(row), calibration_id=newest)
        return known

    def least(self, session: Session, watchlist_id: str | None) -> float:
        """Return how low a list's threshold may be set by hand: see `ThresholdFloor`."""
        sizes = self._mirror.sizes.counts()
        size = sizes.get(watchlist_id, 0) if watchlist_id is not None else 0
        return least_threshold(size, self.chance(session))

    def current(self) -> CalibrationView | None:
        """Return the calibration in force; None means the pack's prior."""
        with self._database.read() as session:
            newest = self._newest(session)
            return (
                CalibrationView.of(session.get_one(CalibrationRecord, newest), newest)
                if newest
                else None
            )

    def get(self, actor: Actor, calibration_id: str) -> CalibrationAtSize:
        """Return one calibration, with its thresholds for the gallery's present size.

        Raises:
            NotPermitted, NotFound: the actor may not, or there is none with this id.
        """
        require(actor, Permission.READ_CALIBRATION)
        with self._database.read() as session:
            options = [undefer(CalibrationRecord.parameters)]
            missing = NotFound("calibration_not_found", calibration=calibration_id)
            row = rows.one(session, CalibrationRecord, calibration_id, missing, options=options)
            shown, fitted = CalibrationView.of(row, self._newest(session)), fit_of(row)
        return self._at_size(shown, fitted)

    def trial(self, actor: Actor, scores: Sequence[float] | None) -> CalibrationAtSize:
        """Return what a calibration would say, without making it; its id is empty.

        Args:
            actor: who asks.
            scores: as `make_from_reference` takes them; None: as `make_from_encounters` finds them.

        Raises:
            NotPermitted, TooFewScores: there is nothing to say.
        """
        require(actor, Permission.CALIBRATE)
        if scores is None:
            source = CalibrationSource.ENCOUNTERS
            own, fitted = self._from_encounters()
        else:
            source, own = CalibrationSource.REFERENCE, self._reference(scores)
            fitted = _fitted(scores, self.gallery_size())
        shown = CalibrationView(
            "",
            self._model,
            own.runtimes,
            source,
            own.detail,
            fitted.searches,
            fitted.gallery_size,
            self._clock(),
            actor.id,
            in_force=False,
        )
        return self._at_size(shown, fitted)

    def _at_size(self, shown: CalibrationView, fitted: Calibration) -> CalibrationAtSize:
        size = max(1, self.gallery_size())
        # The prior of the pack in use bounds nothing of another model's.
        unbounded = self._chance.generic or shown.model != self._model
        model = replace(
            self._chance, calibration=fitted, calibration_id=shown.id, generic=unbounded
        )
        scores = {fpir: model.threshold(fpir, size) for fpir in SHOWN_FPIR}
        thresholds = tuple(
            Threshold(fpir, score, *fitted.interval(fpir, size), *fitted.fpir_interval(score, size))
            for fpir, score in scores.items()
        )
        extrapolated = is_extrapolated(fitted, size)
        return CalibrationAtSize(shown, size, extrapolated, self._runtime, thresholds)

    def page(self, actor: Actor, after: str | None, limit: int) -> list[CalibrationView]:
        """Return up to `limit` calibrations of every model in order of making, after an id."""
        require(actor, Permission.READ_CALIBRATION)
        query = select(CalibrationRecord).order_by(CalibrationRecord.id).limit(limit)
        if after is not None:
            query = query.where(CalibrationRecord.id > after)
        with self._database.read() as session:
            newest = self._newest(session)
            return [CalibrationView.of(row, newest) for row in session.scalars(query)]

    def gallery_size(self) -> int:
        """Return the number of templates searched now."""
        self._mirror.catch_up()
        return len(self._mirror.gallery)

    def top_scores(self, embeddings: Sequence[Embedding]) -> list[float]:
        """Return the highest score of each face against the gallery; nothing if that is empty."""
        self._mirror.catch_up()
        found = [
            each.best
            for start in range(0, len(embeddings), _AT_ONCE)
            for each in self._mirror.gallery.search_many(
                np.stack(embeddings[start : start + _AT_ONCE]), 1.0
            )
        ]
        return [score for score in found if score is not None]

    def make_from_reference(self, actor: Actor, scores: Sequence[float]) -> CalibrationView:
        """Calibrate from the top scores of people who are known to be on no list.

        Raises:
            NotPermitted, TooFewScores: nothing was made.
        """
        require(actor, Permission.CALIBRATE)
        fitted = _fitted(scores, self.gallery_size())
        reference = self._reference(scores)
        with self._database.write() as session:
            row = self._add(session, actor, CalibrationSource.REFERENCE, reference, fitted)
        return CalibrationView.of(row, row.id)

    def keep_reference(self, actor: Actor, templates: Embeddings) -> None:
        """Keep templates of reference photos, to search them again; they replace what was kept.

        Args:
            actor: who asks.
            templates: of people who are known to be on no list.

        Raises:
            NotPermitted: nothing was kept.
        """
        require(actor, Permission.CALIBRATE)
        with self._database.write() as session:
            self._references.keep(session, templates)
            entry = AuditEntry(actor, Permission.CALIBRATE, detail={"kept": len(templates)})
            self._audit.append(session, entry)

    def kept_reference(self) -> KeptReference | None:
        """Return what is kept of the last reference photos of this model."""
        with self._database.read() as session:
            return self._references.held(session)

    def erase_reference(self, actor: Actor) -> int:
        """Erase the kept templates of reference photos; returns of how many photos.

        Raises:
            NotPermitted: nothing was erased.
        """
        require(actor, Permission.CALIBRATE)
        with self._database.write() as session:
            photos = self._references.erase(session)
            if photos:
                entry = AuditEntry(actor, Permission.CALIBRATE, detail={"erased": photos})
                self._audit.append(session, entry)
        return photos

    def make_from_encounters(self, actor: Actor) -> CalibrationView:
        """Calibrate from the service's own clear encounters and alerts.

        Raises:
            NotPermitted, TooFewScores: nothing was made.
        """
        require(actor, Permission.CALIBRATE)
        own, fitted = self._from_encounters()
        with self._database.write() as session:
            row = self._add(session, actor, CalibrationSource.ENCOUNTERS, own, fitted)
            non_mated_scores.prune(session, self._model)
        return CalibrationView.of(row, row.id)

    def renewal_due(self) -> str | None:
        """Return why a calibration should be made from the service's own scores, if one should."""
        size = self.gallery_size()
        with self._database.read() as session:
            held = non_mated_scores.count(session, self._model, size)
            newest = self._newest(session)
            row = session.get_one(CalibrationRecord, newest) if newest else None
        if not size or held < LEAST_UNASKED:
            return None
        if row is None:
            return "there is none of this pack"
        if moved := _moved(row.gallery_size, size):
            return moved
        if min(held, non_mated_scores.KEPT) >= _MORE_EVIDENCE * row.searches:
            return f"{held} searches are known instead of {row.searches}"
        return None

    def renew(self, actor: Actor) -> CalibrationView | None:
        """Make a calibration if one is due and no other process was faster; drop old scores.

        The service's own searches come first; where they are too few since the gallery grew or
        shrank, kept reference photos are searched again.
        """
        with self._database.read() as session:
            seen = self._newest(session)
        source, made = CalibrationSource.ENCOUNTERS, None
        if self.renewal_due() is not None:
            with suppress(TooFewScores):  # without those set aside
                made = self._from_encounters()
        if made is None:
            source, made = CalibrationSource.REFERENCE, self._from_kept_reference(seen)
        with self._database.write() as session:
            non_mated_scores.prune(session, self._model)
            if made is None or self._newest(session) != seen:
                return None
            row = self._add(session, actor, source, *made)
        return CalibrationView.of(row, row.id)

    def _from_kept_reference(self, newest: str | None) -> tuple[NonMatedScores, Calibration] | None:
        """Search kept reference photos, if the gallery moved since the newest calibration.

        Also if there is no calibration, as after a change of pack.
        """
        size = self.gallery_size()
        with self._database.read() as session:
            held = self._references.held(session)
            if held is None or held.photos < LEAST_SCORES or not size:
                return None
            why: str | None = "there was no calibration of this pack"
            if newest is not None:
                why = _moved(session.get_one(CalibrationRecord, newest).gallery_size, size)
            templates = self._references.read(session) if why else None
        if why is None or templates is None:
            return None
        scores = self.top_scores(list(templates))
        detail = f"{len(scores)} kept photos of people known to be on no list: {why}"
        return NonMatedScores(tuple(scores), detail, (self._runtime,)), _fitted(scores, size)

    def _reference(self, scores: Sequence[float]) -> NonMatedScores:
        detail = f"{len(scores)} photos of people known to be on no list"
        return NonMatedScores(tuple(scores), detail, (self._runtime,))

    def _from_encounters(self) -> tuple[NonMatedScores, Calibration]:
        size = self.gallery_size()
        with self._database.read() as session:
            own = non_mated_scores.collect(session, self._model, size)
        return own, _fitted(own.scores, size)

    def _add(
        self,
        session: Session,
        actor: Actor,
        source: CalibrationSource,
        made_from: NonMatedScores,
        fitted: Calibration,
    ) -> CalibrationRecord:
        row = CalibrationRecord(
            id=new_id(CALIBRATION),
            model=self._model,
            runtimes=" ".join(made_from.runtimes),
            source=source.value,
            detail=made_from.detail,
            searches=fitted.searches,
            gallery_size=fitted.gallery_size,
            parameters=parameters(fitted),
            created_at=self._clock(),
            made_by=actor.id,
        )
        session.add(row)
        session.flush()
        log_policy(session, self._clock)
        recorded = {
            "source": source.value,
            "searches": row.searches,
            "size": row.gallery_size,
            "runtimes": row.runtimes,
        }
        self._audit.append(
            session, AuditEntry(actor, Permission.CALIBRATE, row.id, detail=recorded)
        )
        return row

    def _newest(self, session: Session) -> str | None:
        return session.scalar(
            select(CalibrationRecord.id)
            .where(CalibrationRecord.model == self._model)
            .order_by(CalibrationRecord.id.desc())
            .limit(1)
        )


def _moved(before: int, size: int) -> str | None:
    """Say how the gallery went beyond what counts as the same size, None where it did not."""
    same = non_mated_scores.SAME_SIZE
    if 1 / same < size / before < same:
        return None
    return f"the gallery went from {before} to {size} templates"


def _fitted(scores: Sequence[float], gallery_size: int) -> Calibration:
    """Fit, or say what is missing."""
    if gallery_size == 0:
        raise TooFewScores("calibration_empty_gallery")
    if len(scores) < LEAST_SCORES:
        raise TooFewScores(
            "calibration_too_few", searches=len(scores), templates=gallery_size, least=LEAST_SCORES
        )
    return calibrate(scores, gallery_size)
