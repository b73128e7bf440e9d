"""`python -m benchmarks growth`: the options of the measurement."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer

from benchmarks.command import Json, explained, new_report, publish
from benchmarks.growth import erasure, pages, report, scene, trail
from benchmarks.growth.databases import POSTGRESQL, SQLITE, database
from benchmarks.growth.fill import ALERTS, DAYS, DIM, OPEN
from benchmarks.growth.report import Grown
from benchmarks.load.mock import mock_pipeline
from benchmarks.report import Report
from casework.service import Service
from models.manifest import load_pack

_SIZES: Final = (10_000, 100_000, 1_000_000)
_ERASE_SECONDS: Final = 600.0
_PAGE_ROWS: Final = 50


def measure_growth(
    encounters: Annotated[
        list[int] | None, typer.Option(min=1000, help="Encounters; repeat for several.")
    ] = None,
    on: Annotated[
        list[str] | None, typer.Option(help=f"{SQLITE} or {POSTGRESQL}; both unless given.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Counted times of each page.")] = 5,
    erase_seconds: Annotated[
        float, typer.Option(min=0, help="Most of an erasure; 0 leaves it out.")
    ] = _ERASE_SECONDS,
    keep: Annotated[
        Path | None,
        typer.Option(help="Folder of filled SQLite files, used again; nothing is erased of them."),
    ] = None,
    json: Json = None,
) -> Report:
    """Fill databases, and measure pages, reports, erasure and the audit trail."""
    made = new_report("growth")
    kinds = on or [SQLITE, POSTGRESQL]
    if unknown := set(kinds) - {SQLITE, POSTGRESQL}:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: {SQLITE} or {POSTGRESQL}")
    grown = []
    with explained():
        for kind in kinds:
            for size in sorted(encounters or _SIZES):
                with _place(kind, size, keep) as (folder, url):
                    made_here = scene.prepare(folder, url, size)
                    kept = keep is not None and kind == SQLITE
                    grown.append(_measured(kind, made_here, repeats, 0 if kept else erase_seconds))
                report.add_to(made, grown[-1])
    report.judge(made, grown)
    made.note(
        f"Encounters of the last {DAYS} days, an alert for each {1 / ALERTS:g}th, {OPEN:.0%} of "
        "the alerts open; written in batches, sealed and recorded as the service does. Pages are "
        "called in process, as a signed-in officer; the first time is not counted, medians. CPU is "
        "of this process; that of a database server stands beside it."
    )
    return publish(made, json)


@contextmanager
def _place(kind: str, encounters: int, keep: Path | None) -> Iterator[tuple[Path, str]]:
    """Give the folder and the URL of a database, which may have been filled before."""
    with TemporaryDirectory(prefix="siaga-growth-") as name:
        folder = Path(name)
        if keep is not None and kind == SQLITE:
            folder = keep / str(encounters)
            folder.mkdir(parents=True, exist_ok=True)
        with database(kind, folder) as url:
            yield folder, url


def _measured(kind: str, made: scene.Installation, repeats: int, erase_seconds: float) -> Grown:
    open_alerts = int(made.encounters * ALERTS * OPEN)
    with scene.served(made) as browsers:
        answered = pages.measure(browsers, pages.every_page(open_alerts, _PAGE_ROWS), repeats)
    records = made.open()
    try:
        checked = trail.measure(records)
    finally:
        records.close()
    return Grown(kind, made, answered, checked, _erased(made, erase_seconds))


def _erased(made: scene.Installation, most_s: float) -> erasure.Erasure | None:
    if not most_s:
        return None
    with Service.over(made.open(), load_pack("open"), mock_pipeline(DIM)) as service:
        service.start()
        return erasure.measure(service, most_s)
