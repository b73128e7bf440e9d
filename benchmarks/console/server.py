"""The service that `benchmarks.console.queue` measures, in a process of its own.

    python -m benchmarks.console.server DATA_DIR PORT

Everything is the real thing, networks included; only, of what the recogniser has found out, the
photo's own vector is returned, so that each photo is a person of its own.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from api.app import create_app
from api.logging import configure
from api.server import make_server
from benchmarks.load.mock import MockEmbedder
from casework.service import Service
from config.opening import open_pipeline
from config.records import open_records
from config.settings import Settings
from detector.embed import Embedder, Measured
from detector.faces import Image
from models.manifest import load_pack


class OwnVectors:
    """A recogniser that works as ever, and then gives each photo a vector that no other has."""

    def __init__(self, recogniser: Embedder) -> None:
        self._recogniser = recogniser
        self._own = MockEmbedder(recogniser.dim)

    @property
    def dim(self) -> int:
        """See `detector.embed.Embedder.dim`."""
        return self._recogniser.dim

    def embed(self, chips: Sequence[Image]) -> npt.NDArray[np.float32]:
        """See `detector.embed.Embedder.embed`."""
        return self.measure(chips).rows

    def measure(self, chips: Sequence[Image]) -> Measured:
        """See `detector.embed.Embedder.measure`."""
        lengths = self._recogniser.measure(chips).lengths
        return Measured(self._own.embed(chips), lengths)


def settings_of(folder: Path, port: int = 0) -> Settings:
    """Return the settings that the data are made and served with."""
    return Settings(
        data_dir=folder,
        port=port,
        cookie_secure=False,
        second_factor_required=False,
        log_level="error",
        breaker_share=1,  # everybody who arrives is on the list
    )


def open_service(settings: Settings) -> Service:
    """Open the service over people who are told apart by their photo."""
    records = open_records(settings)
    pipeline = open_pipeline(settings)
    pipeline.embedder = OwnVectors(pipeline.embedder)
    service = Service.over(
        records, load_pack(settings.pack), pipeline, breaker=settings.breaker_rules
    )
    service.start()
    return service


def main(folder: Path, port: int) -> None:
    """Serve until stopped."""
    settings = settings_of(folder, port)
    configure(settings.log_level)
    make_server(create_app(settings, open_service), settings).run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
