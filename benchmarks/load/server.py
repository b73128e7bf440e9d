"""The service that `benchmarks.load.load` measures, in a process of its own.

    python -m benchmarks.load.server DATA_DIR PORT CPU WORKERS DIM

Everything is the real thing: application, server, database. With a DIM other than 0 the two
networks alone are mocked (`benchmarks.load.mock`), with embeddings of that many numbers.
"""

import os
import sys
from pathlib import Path
from typing import Final

from api.app import create_app
from api.logging import configure
from api.server import make_server
from benchmarks.load.mock import mock_pipeline
from casework.service import Service
from config.opening import open_service
from config.records import open_records
from config.settings import Settings
from models.manifest import load_pack

REAL: Final = 0


def open_mocked(settings: Settings, dim: int) -> Service:
    """Open the service as `config.opening.open_service` does, over mocked networks."""
    records = open_records(settings)
    service = Service.over(records, load_pack(settings.pack), mock_pipeline(dim))
    service.start()
    return service


def main(data_dir: Path, port: int, cpu: int, workers: int, dim: int) -> None:
    """Serve until stopped."""
    os.sched_setaffinity(0, {cpu})
    settings = Settings(data_dir=data_dir, port=port, workers=workers, log_level="warning")
    configure(settings.log_level)
    app = create_app(settings, open_service if dim == REAL else lambda s: open_mocked(s, dim))
    make_server(app, settings).run()


if __name__ == "__main__":
    folder, *numbers = sys.argv[1:]
    main(Path(folder), *map(int, numbers))
