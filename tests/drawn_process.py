"""The service and the import command over drawn people, as processes that a test can kill.

    python -m tests.drawn_process serve DATA_DIR PORT
    python -m tests.drawn_process import DATA_DIR FILE PHOTOS

Everything is the real thing but for the two networks (tests/fakes.py), which take milliseconds.
"""

import sys
from pathlib import Path

from api.app import create_app
from api.server import make_server
from casework.kernel.data_key import FileKeys
from casework.records import Records
from casework.service import Service
from casework.watchlists.watchlists import NewWatchlist
from cli.imports import ImportRequest, run_import
from config.settings import Settings
from tests.fakes import fake_pipeline
from tests.services import OPERATOR, drawn_pack


def opened(settings: Settings) -> Service:
    """Open the service as `config.opening.open_service` does, over fake networks."""
    key = FileKeys(settings.resolved_data_key_file)
    records = Records.open(settings.resolved_database_url, key)
    service = Service.over(records, drawn_pack(), fake_pipeline(settings.limits))
    service.start()
    return service


def main(what: str, data_dir: str, *rest: str) -> None:
    """Serve until stopped, or import a file into the list `wanted`."""
    if what == "serve":
        settings = Settings(data_dir=Path(data_dir), port=int(rest[0]), workers=2)
        make_server(create_app(settings, opened), settings).run()
        return
    settings = Settings(data_dir=Path(data_dir))
    file, photos = map(Path, rest)
    service = opened(settings)
    new = NewWatchlist("wanted")
    brought = ImportRequest(file, photos, new, None, dry_run=False, strict=False, by=OPERATOR)
    run_import(service, brought, settings.import_limits, workers=2, zone=settings.zone)
    service.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
