"""What screens and enrols: the records, the networks and the gallery, put together."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from casework.calibration.breaker import Breaker
from casework.calibration.breaker_rules import BreakerRules
from casework.calibration.calibrations import Calibrations
from casework.calibration.monitoring import Monitoring
from casework.calibration.priors import PackPrior, Priors
from casework.calibration.thresholds import FalseMatchModel
from casework.gallery.model_key import ModelKey
from casework.gallery.reembedding import ReEmbedding
from casework.gallery.replica import GalleryReplica
from casework.gallery.templates import TemplateMaker
from casework.imports.queue import ImportQueue
from casework.imports.run import ImportRunner
from casework.imports.store import ImportStore
from casework.kernel.errors import TemplatesMissing
from casework.kernel.processing import Grounds
from casework.overstay.permits import Permits
from casework.records import Records
from casework.review.comparison import Comparison
from casework.review.faces import SmallFaces
from casework.review.known_lookalikes import KnownLookalikes
from casework.screening.document_matching import DocumentMatching
from casework.screening.duplicates import Lookalikes
from casework.screening.matching import Matching
from casework.screening.screening import Screening
from casework.screening.searches import Searches
from casework.screening.verification import ReferenceComparer
from casework.screening.verification_rules import DEFAULT_FMR
from casework.stays.reports import StayReports
from casework.stays.screening import StayScreening
from casework.stays.stays import Stays
from casework.tips.steps import TipSteps
from casework.watchlists.enrolment import Enrolment
from casework.watchlists.watchlists import Watchlists
from detector.align import CHIP_SIZE
from detector.pipeline import Pipeline
from detector.presentation import PresentationScorer
from index.engine import ENGINES, EngineName
from index.memory import MemoryGallery
from models.manifest import Pack


@dataclass(frozen=True, slots=True)
class GalleryUseCases:
    """The templates that are searched."""

    replica: GalleryReplica
    re_embedding: ReEmbedding


@dataclass(frozen=True, slots=True)
class ScreeningUseCases:
    """Faces against lists, and against each other."""

    encounters: Screening
    searches: Searches
    matching: Matching
    lookalikes: Lookalikes
    comparison: Comparison
    faces: SmallFaces
    known: KnownLookalikes


@dataclass(frozen=True, slots=True)
class CalibrationUseCases:
    """How rare a score is by chance, and whether alarms keep to it."""

    calibrations: Calibrations
    monitoring: Monitoring
    breaker: Breaker
    priors: Priors
    prior: PackPrior
    """The one in force when the service was put together."""


@dataclass(frozen=True, slots=True)
class StayUseCases:
    """Foreign guests of lodgings."""

    reports: StayReports
    stays: Stays
    screening: StayScreening


@dataclass(frozen=True, slots=True)
class Service(Records):
    """What screens and enrols: the records, one pack's networks, and the gallery."""

    pack: Pack
    model: ModelKey
    pipeline: Pipeline
    gallery: GalleryUseCases
    screening: ScreeningUseCases
    calibration: CalibrationUseCases
    enrolment: Enrolment
    import_runner: ImportRunner
    tip_steps: TipSteps
    stays: StayUseCases
    permits: Permits
    grounds: Grounds
    """What screens people on no list, and by what right."""

    @classmethod
    def over(
        cls,
        records: Records,
        pack: Pack,
        pipeline: Pipeline,
        engine: EngineName = "auto",
        breaker: BreakerRules | None = None,
        verification_fmr: float = DEFAULT_FMR,
        presentation: PresentationScorer | None = None,
        grounds: Grounds | None = None,
    ) -> Self:
        """Put the parts together; the gallery is empty until `start`."""
        model = ModelKey.of(pack)
        kernel, dim = records.kernel, pipeline.embedder.dim
        priors = Priors(kernel, pack, pipeline.runtime)
        prior = priors.in_force()
        replica = GalleryReplica(kernel, MemoryGallery(dim, ENGINES[engine](dim)), model)
        templates = TemplateMaker(kernel, model)
        calibrations = Calibrations(kernel, replica, model, prior, pipeline.runtime)
        matching = Matching(kernel, replica, calibrations)
        documents = DocumentMatching(kernel)
        enrolment = Enrolment(kernel, pipeline, templates)
        searches = Searches(kernel, pipeline, matching, model)
        lookalikes = Lookalikes(kernel, matching)
        known = KnownLookalikes(kernel, records.approvals.requests, pipeline, model, prior.curve)
        chance = FalseMatchModel(pack.name, prior.curve)
        references = ReferenceComparer(pipeline, chance, verification_fmr)
        encounters = Screening(
            kernel,
            records.commits,
            pipeline,
            matching,
            documents,
            references,
            known,
            presentation,
        )
        grounds = grounds or Grounds()
        return cls(
            kernel=kernel,
            commits=records.commits,
            approvals=records.approvals,
            accounts=records.accounts,
            areas=records.areas,
            lists=replace(
                records.lists,
                watchlists=Watchlists(kernel, records.approvals.requests, calibrations),
            ),
            review=records.review,
            exchange=records.exchange,
            cases=records.cases,
            oversight=records.oversight,
            reports=replace(records.reports, places=records.reports.places.where(grounds)),
            zone=records.zone,
            pack=pack,
            model=model,
            pipeline=pipeline,
            gallery=GalleryUseCases(
                replica=replica, re_embedding=ReEmbedding(kernel, pipeline, templates)
            ),
            screening=ScreeningUseCases(
                encounters=encounters,
                searches=searches,
                matching=matching,
                lookalikes=lookalikes,
                comparison=Comparison(records.review.alerts, pipeline),
                faces=SmallFaces(kernel, pipeline),
                known=known,
            ),
            calibration=CalibrationUseCases(
                calibrations=calibrations,
                monitoring=Monitoring(kernel),
                breaker=Breaker(kernel, records.approvals.requests, breaker or BreakerRules()),
                priors=priors,
                prior=prior,
            ),
            enrolment=enrolment,
            import_runner=ImportRunner(
                kernel,
                ImportQueue(kernel, records.lists.watchlists),
                records.lists.watchlists,
                enrolment,
                ImportStore(kernel, enrolment, records.approvals.requests),
                lookalikes,
            ),
            tip_steps=TipSteps(
                kernel,
                pipeline,
                records.exchange.tip_reports,
                enrolment,
                searches,
                records.exchange.referral_steps,
            ),
            stays=StayUseCases(
                reports=StayReports(kernel, grounds, pipeline.limits),
                stays=Stays(kernel, grounds),
                screening=StayScreening(kernel, encounters, grounds),
            ),
            permits=Permits(kernel, grounds, records.zone),
            grounds=grounds,
        )

    def start(self) -> None:
        """Load the gallery and run the networks once, so that the first traveller need not wait.

        Raises:
            TemplatesMissing: photos were enrolled with another pack and not embedded with this one.
        """
        self.gallery.replica.load()
        self.gallery.replica.follow()
        missing = self.gallery.re_embedding.waiting()
        if missing:
            raise TemplatesMissing("templates_missing", photos=missing, pack=self.pack.name)
        blank = np.zeros((CHIP_SIZE, CHIP_SIZE, 3), np.uint8)
        self.pipeline.embedder.embed([blank])
        for size in self.pipeline.detection_sizes:
            self.pipeline.detector.detect(np.zeros((480, 640, 3), np.uint8), size)
