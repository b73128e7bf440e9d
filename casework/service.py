"""The assembly: everything that answers a request, born together and closed together."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from casework.calibrations import Calibrations
from casework.clock import Clock, utc_now
from casework.database import Database
from casework.enrolment import Enrolment
from casework.errors import SetUpError, TemplatesMissing
from casework.keys import Keys
from casework.matching import Matching
from casework.mirror import GalleryMirror
from casework.model import ModelKey
from casework.monitoring import Monitoring
from casework.screening import Screening
from casework.subjects import Subjects
from casework.vault import Vault
from casework.watchlists import Watchlists
from detector.align import CHIP_SIZE
from detector.pipeline import Pipeline
from index import ENGINES, EngineName, FalseMatchCurve, Gallery
from models.manifest import Pack


@dataclass(frozen=True, slots=True)
class Records:
    """What works on the database alone: enough to manage keys, watchlists and subjects."""

    database: Database
    vault: Vault
    keys: Keys
    watchlists: Watchlists
    subjects: Subjects

    @classmethod
    def open(cls, database_url: str, data_key: bytes, clock: Clock = utc_now) -> Self:
        """Open the database and bring its schema up to date.

        Raises:
            SetUpError: the installation must be put right first.
        """
        database = Database(database_url)
        try:
            database.migrate()
        except BaseException:
            database.close()
            raise
        vault = Vault(data_key)
        return cls(
            database,
            vault,
            Keys(database, clock),
            Watchlists(database, clock),
            Subjects(database, vault, clock),
        )

    def close(self) -> None:
        """Close the database."""
        self.database.close()


@dataclass(frozen=True, slots=True)
class Service:
    """What screens and enrols: the records, one pack's networks, and the gallery."""

    records: Records
    pack: Pack
    model: ModelKey
    pipeline: Pipeline
    enrolment: Enrolment
    mirror: GalleryMirror
    matching: Matching
    screening: Screening
    calibrations: Calibrations
    monitoring: Monitoring
    curve: FalseMatchCurve

    @classmethod
    def over(
        cls,
        records: Records,
        pack: Pack,
        pipeline: Pipeline,
        clock: Clock = utc_now,
        engine: EngineName = "flat",
    ) -> Self:
        """Put the parts together; the gallery is empty until `start`.

        Raises:
            SetUpError: the pack's manifest says nothing about false matches.
        """
        if pack.prior is None:
            raise SetUpError(
                f"pack {pack.name} has no [prior], so no threshold can be set: measure one with "
                f"`python -m benchmarks prior FOLDER --pack {pack.name}` and name its file in the "
                "setting prior_file"
            )
        curve = FalseMatchCurve(pack.prior.fmr, pack.prior.score)
        model = ModelKey.of(pack)
        database, vault = records.database, records.vault
        dim = pipeline.embedder.dim
        mirror = GalleryMirror(database, vault, Gallery(dim, ENGINES[engine](dim)), model)
        calibrations = Calibrations(database, mirror, model, curve, clock)
        matching = Matching(database, mirror, calibrations)
        return cls(
            records,
            pack,
            model,
            pipeline,
            Enrolment(database, vault, pipeline, model, clock),
            mirror,
            matching,
            Screening(database, vault, pipeline, mirror, matching, model, clock),
            calibrations,
            Monitoring(database, clock),
            curve,
        )

    def start(self) -> None:
        """Load the gallery and run the networks once, so that the first traveller need not wait.

        Raises:
            TemplatesMissing: photos were enrolled with another pack and not embedded with this one.
        """
        self.mirror.load()
        missing = self.enrolment.without_template()
        if missing:
            raise TemplatesMissing(
                f"{missing} enrolled photos have no template of pack {self.pack.name}: "
                "run `siaga reembed`, or start with the pack they were enrolled with"
            )
        blank = np.zeros((CHIP_SIZE, CHIP_SIZE, 3), np.uint8)
        self.pipeline.embedder.embed([blank])
        for size in self.pipeline.detection_sizes:
            self.pipeline.detector.detect(np.zeros((480, 640, 3), np.uint8), size)
