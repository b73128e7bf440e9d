"""`siaga calibrate`: measure how high strangers score, so that thresholds keep their promise."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from casework.calibration.views import CalibrationAtSize, CalibrationView
from casework.kernel.actor import Actor
from casework.kernel.errors import TooFewScores
from casework.service import Service
from casework.watchlists.enrolment import PhotoFile
from cli.options import As, AsJson, Why, machine_owner
from cli.output import Exit, err, item_progress, out, print_json
from config.opening import open_service
from config.settings import Settings
from detector.containers.base import PHOTO_SUFFIXES
from index.outliers import plausible_non_mated_limit
from index.threads import use_threads

# Like encounters of the command line, calibrations of it carry this name instead of a key's.
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Searched:
    """One reference photo's search."""

    photo: str
    score: float | None
    """None if it was refused, or nobody is enrolled."""
    refusal: str = ""


def calibrate(
    folder: Annotated[
        Path | None,
        typer.Argument(
            exists=True, file_okay=False, help="Photos of people who are known to be on no list."
        ),
    ] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Only print the calibration in force.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the thresholds as they would be; keep nothing.")
    ] = False,
    owner: As = None,
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Set the thresholds by how high strangers score against the gallery as it is.

    FOLDER holds photos of people who are known to be on no list, in any sub-folders; best one photo
    a person, taken as at the port. Nothing of them is stored but the fit. Without FOLDER the
    service's own searches are used. Exit 1 if there are too few, or if a photo was refused.
    """
    if show and folder is not None:
        err.print("--show only reads: leave FOLDER out.")
        raise typer.Exit(Exit.USAGE)
    operator = Actor.operator() if show or dry_run else machine_owner(owner, reason)
    settings = Settings()
    searched: list[Searched] = []
    with open_service(settings) as service:
        if show:
            _show(service, as_json=as_json)
            return
        calibrations, scores = service.calibration.calibrations, None
        if not dry_run:
            service.approvals.commands.begin(operator, "calibrate")
        try:
            if folder is not None:
                searched = list(_search_all(service, _photos(folder), settings.workers))
                scores = [each.score for each in searched if each.score is not None]
            if dry_run:
                found = calibrations.trial(operator, scores)
            elif scores is None:
                found = calibrations.get(operator, calibrations.make_from_encounters(operator).id)
            else:
                made = calibrations.make_from_reference(operator, scores)
                found = calibrations.get(operator, made.id)
        except TooFewScores as error:
            _tell_refused(searched)
            err.print(str(error), markup=False)
            raise typer.Exit(Exit.REFUSED) from None
        _tell(found, searched, as_json=as_json)
    if any(each.refusal for each in searched):
        raise typer.Exit(Exit.REFUSED)


def _photos(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.suffix.lower() in PHOTO_SUFFIXES)
    return sorted(path for path in found if path.is_file())


def _search_all(service: Service, photos: Sequence[Path], workers: int) -> Iterator[Searched]:
    """Search every photo, spread over the processors."""
    with (
        item_progress("photos") as progress,
        ThreadPoolExecutor(workers, "siaga-calibrate", use_threads, (1,)) as pool,
    ):
        task, started = (
            progress.add_task("Searching", total=len(photos), rate=""),
            time.perf_counter(),
        )
        waiting = [pool.submit(_search, service, path) for path in photos]
        # As each is done, whichever it is: in order, one slow photo would hold the bar.
        for done, _ in enumerate(as_completed(waiting), 1):
            rate = f"{done / (time.perf_counter() - started):.0f} photos/s"
            progress.update(task, completed=done, rate=rate)
        yield from (each.result() for each in waiting)


def _search(service: Service, path: Path) -> Searched:
    try:
        content = path.read_bytes()
    except OSError as error:
        return Searched(str(path), None, f"The file cannot be read: {error.strerror}.")
    examined = service.enrolment.examine(PhotoFile(path.name, content))
    if examined.analysis is None or examined.analysis.embedding is None:
        return Searched(str(path), None, examined.report.detail)
    return Searched(
        str(path), service.calibration.calibrations.top_score(examined.analysis.embedding)
    )


def _show(service: Service, *, as_json: bool) -> None:
    current = service.calibration.calibrations.current()
    if current is not None:
        _tell(
            service.calibration.calibrations.get(Actor.operator(), current.id), (), as_json=as_json
        )
    elif as_json:
        print_json(None)
    else:
        prior = service.pack.prior
        source = prior.source if prior is not None else ""
        out.print(
            f"There is no calibration of pack {service.pack.name}: thresholds follow from its "
            f"prior, measured on {source}.",
            markup=False,
        )


def _tell(reading: CalibrationAtSize, searched: Sequence[Searched], *, as_json: bool) -> None:
    conspicuous = _conspicuous(searched)
    if as_json:
        print_json(
            {
                **asdict(reading),
                "refused": [asdict(each) for each in searched if each.refusal],
                "conspicuous": [asdict(each) for each in conspicuous],
            }
        )
        return
    _tell_refused(searched)
    for each in conspicuous[:_SHOWN]:
        err.print(
            f"scores {each.score:.3f}, higher than chance explains: {each.photo}. If this person "
            "is on a list after all, take the photo out and calibrate again.",
            markup=False,
        )
    _tell_calibration(reading.calibration)
    out.print(_table(reading))
    if reading.extrapolated:
        out.print("That is far from the size it was made at: calibrate again.")
    if reading.other_runtime:
        out.print(
            f"It was measured with {' and '.join(reading.calibration.runtimes)}, and this runs "
            f"{reading.runtime}: calibrate again."
        )


def _tell_calibration(calibration: CalibrationView) -> None:
    out.print(
        f"{_which(calibration)} of {calibration.created_at:%Y-%m-%d %H:%M} UTC, "
        f"from {calibration.searches} searches of {calibration.gallery_size} templates "
        f"({calibration.detail}).",
        markup=False,
    )


def _which(calibration: CalibrationView) -> str:
    return f"Calibration {calibration.id}" if calibration.id else "Not kept: a calibration"


def _table(reading: CalibrationAtSize) -> Table:
    table = Table(
        "false alarms",
        "threshold",
        "95 % interval",
        title=f"At {reading.gallery_size} templates",
        title_justify="left",
    )
    for each in reading.thresholds:
        table.add_row(
            f"{each.fpir:.1%} (1 in {1 / each.fpir:.0f})",
            f"{each.score:.4f}",
            f"{each.low:.4f} - {each.high:.4f}",
        )
    return table


def _tell_refused(searched: Sequence[Searched]) -> None:
    refused = [each for each in searched if each.refusal]
    for each in refused[:_SHOWN]:
        err.print(f"refused: {each.photo}: {each.refusal}", markup=False)
    if len(refused) > _SHOWN:
        err.print(f"... and {len(refused) - _SHOWN} more; --json lists them all", markup=False)


def _conspicuous(searched: Sequence[Searched]) -> list[Searched]:
    """Return the photos that resemble somebody enrolled more than chance explains."""
    scores = [each.score for each in searched if each.score is not None]
    limit = plausible_non_mated_limit(scores)
    return [each for each in searched if each.score is not None and each.score > limit]
