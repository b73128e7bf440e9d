"""What screens and enrols: the records, the networks and the gallery, put together."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from casework.calibration.calibrations import Calibrations
from casework.calibration.monitoring import Monitoring
from casework.gallery.model_key import ModelKey
from casework.gallery.reembedding import ReEmbedding
from casework.gallery.replica import GalleryReplica
from casework.gallery.templates import TemplateMaker
from casework.imports.queue import ImportQueue
from casework.imports.run import ImportRunner
from casework.imports.store import ImportStore
from casework.kernel.errors import SetUpError, TemplatesMissing
from casework.records import Records
from casework.review.comparison import Comparison
from casework.screening.duplicates import Lookalikes
from casework.screening.matching import Matching
from casework.screening.screening import Screening
from casework.screening.searches import Searches
from casework.tips.steps import TipSteps
from casework.watchlists.enrolment import Enrolment
from detector.align import CHIP_SIZE
from detector.pipeline import Pipeline
from index.engine import ENGINES, EngineName
from index.memory import MemoryGallery
from index.threshold import FalseMatchCurve
from models.manifest import Pack


@dataclass(frozen=True, slots=True)
class Service:
    """What screens and enrols: the records, one pack's networks, and the gallery."""

    records: Records
    pack: Pack
    model: ModelKey
    pipeline: Pipeline
    enrolment: Enrolment
    import_runner: ImportRunner
    tip_desk: TipSteps
    re_embedding: ReEmbedding
    mirror: GalleryReplica
    matching: Matching
    screening: Screening
    searches: Searches
    lookalikes: Lookalikes
    calibrations: Calibrations
    monitoring: Monitoring
    comparison: Comparison
    curve: FalseMatchCurve

    @classmethod
    def over(
        cls,
        records: Records,
        pack: Pack,
        pipeline: Pipeline,
        engine: EngineName = "flat",
    ) -> Self:
        """Put the parts together; the gallery is empty until `start`.

        Raises:
            SetUpError: the pack's manifest says nothing about false matches.
        """
        if pack.prior is None:
            raise SetUpError("prior_missing", pack=pack.name)
        curve = FalseMatchCurve(pack.prior.fmr, pack.prior.score)
        model = ModelKey.of(pack)
        kernel, dim = records.kernel, pipeline.embedder.dim
        mirror = GalleryReplica(kernel, MemoryGallery(dim, ENGINES[engine](dim)), model)
        templates = TemplateMaker(kernel, model)
        calibrations = Calibrations(kernel, mirror, model, curve)
        matching = Matching(kernel, mirror, calibrations)
        enrolment = Enrolment(kernel, pipeline, templates)
        searches = Searches(kernel, pipeline, matching, model)
        return cls(
            records,
            pack,
            model,
            pipeline,
            enrolment,
            ImportRunner(kernel, ImportQueue(kernel), enrolment, ImportStore(kernel, enrolment)),
            TipSteps(kernel, pipeline, enrolment, searches, records.correspondence),
            ReEmbedding(kernel, pipeline, templates),
            mirror,
            matching,
            Screening(kernel, records.commits, pipeline, matching),
            searches,
            Lookalikes(kernel, matching),
            calibrations,
            Monitoring(kernel),
            Comparison(records.alerts, pipeline),
            curve,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the records."""
        self.records.close()

    def start(self) -> None:
        """Load the gallery and run the networks once, so that the first traveller need not wait.

        Raises:
            TemplatesMissing: photos were enrolled with another pack and not embedded with this one.
        """
        self.mirror.load()
        self.mirror.follow()
        missing = self.re_embedding.waiting()
        if missing:
            raise TemplatesMissing("templates_missing", photos=missing, pack=self.pack.name)
        blank = np.zeros((CHIP_SIZE, CHIP_SIZE, 3), np.uint8)
        self.pipeline.embedder.embed([blank])
        for size in self.pipeline.detection_sizes:
            self.pipeline.detector.detect(np.zeros((480, 640, 3), np.uint8), size)
