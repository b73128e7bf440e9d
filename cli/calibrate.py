"""`siaga calibrate`: measure how high strangers score, so that thresholds keep their promise."""

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
import typer
from rich.table import Table

from casework.calibration.priors import PriorSource, measured_curve
from casework.calibration.views import CalibrationAtSize, CalibrationView
from casework.kernel.actor import Actor
from casework.kernel.errors import TooFewScores
from casework.service import Service
from casework.watchlists.enrolment import PhotoFile
from cli.options import As, AsJson, UsePack, Why, machine_owner, with_pack
from cli.output import Exit, err, item_progress, out, print_json
from config.opening import open_service
from config.settings import Settings
from detector.containers.base import PHOTO_SUFFIXES
from detector.embed import Embedding
from index.outliers import plausible_non_mated_limit
from index.threads import use_threads
from index.threshold import FalseMatchCurve

# Like encounters of the command line, calibrations of it carry this name instead of a key's.
_SHOWN = 20
_PRIORS: Final = {
    PriorSource.MEASURED: "its prior, measured here on {}",
    PriorSource.MANIFEST: "its prior, measured on {}",
    PriorSource.GENERIC: "{}, as nothing is known of it: run `siaga calibrate FOLDER`",
}


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One reference photo's face."""

    photo: str
    embedding: Embedding | None
    """None if it was refused."""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Searched:
    """One reference photo's highest score."""

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
    keep: Annotated[
        bool,
        typer.Option(
            "--keep",
            help="Keep the photos' templates, sealed: they are searched again when the gallery "
            "has grown. Not the photos, nor their names.",
        ),
    ] = False,
    erase_kept: Annotated[
        bool, typer.Option("--erase-kept", help="Only erase the templates that are kept.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the thresholds as they would be; keep nothing.")
    ] = False,
    pack: UsePack = None,
    owner: As = None,
    reason: Why = None,
    as_json: AsJson = False,
) -> None:
    """Set the thresholds by how high strangers score against the gallery as it is.

    FOLDER holds photos of people who are known to be on no list, in any sub-folders; best one photo
    a person, taken as at the port. Nothing of them is stored but the fit, unless --keep asks for
    more. Without FOLDER the service's own searches are used. Of a pack whose manifest has no
    [prior], they are compared with each other first, and how high they score becomes its prior;
    with --pack that can be done before the pack is in use. Exit 1 if there are too few, or if a
    photo was refused.
    """
    if wrong := _misused(folder, show=show, keep=keep, erase_kept=erase_kept, dry_run=dry_run):
        err.print(wrong)
        raise typer.Exit(Exit.USAGE)
    operator = Actor.operator() if show or dry_run else machine_owner(owner, reason)
    settings = with_pack(Settings(), pack)
    seen: list[Seen] = []
    with open_service(settings, start=False) as service:
        if show:
            service.gallery.replica.load()
            _show(service, as_json=as_json)
            return
        if not dry_run:
            service.approvals.commands.begin(operator, "calibrate")
        if erase_kept:
            _erase_kept(service, operator, as_json=as_json)
            return
        try:
            if folder is not None:
                seen = list(_look_at_all(service, _photos(folder), settings.workers))
            prior = _measure_prior(service, operator, seen, keep=not dry_run)
            if _anybody_to_search_for(service) or prior is None:
                searched = _against_gallery(service, seen)
                made_from = None if folder is None else searched
                found = _calibrate(service, operator, made_from, keep=not dry_run)
                _tell(found, searched, as_json=as_json)
            else:
                _tell_prior(service, prior, seen, kept=not dry_run, as_json=as_json)
            if keep:
                service.calibration.calibrations.keep_reference(operator, _templates(seen))
        except TooFewScores as error:
            _tell_refused([Searched(each.photo, None, each.refusal) for each in seen])
            err.print(str(error), markup=False)
            raise typer.Exit(Exit.REFUSED) from None
    if any(each.refusal for each in seen):
        raise typer.Exit(Exit.REFUSED)


def _misused(
    folder: Path | None, *, show: bool, keep: bool, erase_kept: bool, dry_run: bool
) -> str | None:
    """Say which options do not go together."""
    if show and folder is not None:
        return "--show only reads: leave FOLDER out."
    if keep and (folder is None or dry_run):
        return "--keep goes with FOLDER, and not with --dry-run."
    if erase_kept and (folder is not None or show or dry_run):
        return "--erase-kept only erases: leave the rest out."
    return None


def _erase_kept(service: Service, operator: Actor, *, as_json: bool) -> None:
    erased = service.calibration.calibrations.erase_reference(operator)
    if as_json:
        print_json({"erased": erased})
    else:
        out.print(f"The kept templates of {erased} reference photos were erased.")


def _templates(seen: Sequence[Seen]) -> npt.NDArray[np.float32]:
    """Return the templates of photos that were not refused, shape (photos, dim)."""
    return np.stack([each.embedding for each in seen if each.embedding is not None])


def _photos(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.suffix.lower() in PHOTO_SUFFIXES)
    return sorted(path for path in found if path.is_file())


def _look_at_all(service: Service, photos: Sequence[Path], workers: int) -> Iterator[Seen]:
    """Embed every photo's face, spread over the processors."""
    with (
        item_progress("photos") as progress,
        ThreadPoolExecutor(workers, "siaga-calibrate", use_threads, (1,)) as pool,
    ):
        task, started = (
            progress.add_task("Looking", total=len(photos), rate=""),
            time.perf_counter(),
        )
        waiting = [pool.submit(_look_at, service, path) for path in photos]
        # As each is done, whichever it is: in order, one slow photo would hold the bar.
        for done, _ in enumerate(as_completed(waiting), 1):
            rate = f"{done / (time.perf_counter() - started):.0f} photos/s"
            progress.update(task, completed=done, rate=rate)
        yield from (each.result() for each in waiting)


def _look_at(service: Service, path: Path) -> Seen:
    try:
        content = path.read_bytes()
    except OSError as error:
        return Seen(str(path), None, f"The file cannot be read: {error.strerror}.")
    examined = service.enrolment.examine(PhotoFile(path.name, content))
    if examined.analysis is None or examined.analysis.embedding is None:
        return Seen(str(path), None, examined.report.detail)
    return Seen(str(path), examined.analysis.embedding)


def _measure_prior(
    service: Service, operator: Actor, seen: Sequence[Seen], *, keep: bool
) -> FalseMatchCurve | None:
    """Compare the photos with each other, if the pack's manifest says nothing of that."""
    if service.pack.prior is not None or not seen:
        return None
    embeddings = [each.embedding for each in seen if each.embedding is not None]
    if keep:
        return service.calibration.priors.measure(operator, embeddings).curve
    return measured_curve(embeddings)


def _anybody_to_search_for(service: Service) -> bool:
    """Whether the gallery of this pack is complete, and holds anybody."""
    if service.gallery.re_embedding.waiting():
        return False
    service.start()
    return service.calibration.calibrations.gallery_size() > 0


def _calibrate(
    service: Service, operator: Actor, searched: Sequence[Searched] | None, *, keep: bool
) -> CalibrationAtSize:
    calibrations = service.calibration.calibrations
    scores = None
    if searched is not None:
        scores = [each.score for each in searched if each.score is not None]
    if not keep:
        return calibrations.trial(operator, scores)
    if scores is None:
        made = calibrations.make_from_encounters(operator)
    else:
        made = calibrations.make_from_reference(operator, scores)
    return calibrations.get(operator, made.id)


def _against_gallery(service: Service, seen: Sequence[Seen]) -> list[Searched]:
    found = [each.embedding for each in seen if each.embedding is not None]
    return _scored(seen, service.calibration.calibrations.top_scores(found))


def against_each_other(seen: Sequence[Seen]) -> list[Searched]:
    """Return each photo's highest score among the others: who is there twice stands out."""
    rows = _templates(seen)
    tops = []
    for row, probe in enumerate(rows):
        scores = rows @ probe
        scores[row] = -1
        tops.append(float(scores.max()))
    return _scored(seen, tops)


def _scored(seen: Sequence[Seen], scores: Iterable[float]) -> list[Searched]:
    """Give the scores to the photos that were not refused, in their order, as far as they go."""
    left = iter(scores)
    return [
        Searched(each.photo, None if each.embedding is None else next(left, None), each.refusal)
        for each in seen
    ]


def _tell_prior(
    service: Service, curve: FalseMatchCurve, seen: Sequence[Seen], *, kept: bool, as_json: bool
) -> None:
    searched = against_each_other(seen)
    conspicuous = conspicuous_among(searched)
    if as_json:
        print_json({"prior": asdict(curve), **_photos_named(searched, conspicuous)})
        return
    _tell_refused(searched)
    for each in conspicuous[:_SHOWN]:
        err.print(
            f"scores {each.score:.3f} against another photo, higher than chance explains: "
            f"{each.photo}. If one person is there twice, take a photo out and calibrate again.",
            markup=False,
        )
    table = Table("false matches", "score", title=f"Prior of pack {service.pack.name}")
    for rate, score in zip(curve.fmr, curve.score, strict=True):
        table.add_row(f"1 in {1 / rate:,.0f}", f"{score:.4f}")
    out.print(table)
    if not kept:
        out.print("Not kept.")
    elif service.gallery.re_embedding.waiting():
        out.print(f"Kept. Next: siaga reembed --pack {service.pack.reference}", markup=False)
    else:
        out.print("Kept. It counts from the service's next start on.")


def _show(service: Service, *, as_json: bool) -> None:
    current = service.calibration.calibrations.current()
    if current is not None:
        _tell(
            service.calibration.calibrations.get(Actor.operator(), current.id), (), as_json=as_json
        )
        if not as_json:
            _tell_kept(service)
    elif as_json:
        print_json(None)
    else:
        prior = service.calibration.prior
        out.print(
            f"There is no calibration of pack {service.pack.name}: thresholds follow from "
            f"{_PRIORS[prior.source].format(prior.detail)}.",
            markup=False,
        )


def _tell_kept(service: Service) -> None:
    kept = service.calibration.calibrations.kept_reference()
    if kept is not None:
        out.print(
            f"The templates of {kept.photos} reference photos are kept, since "
            f"{kept.kept_at:%Y-%m-%d}, and searched again when the gallery has grown: "
            "--erase-kept erases them."
        )


def _tell(reading: CalibrationAtSize, searched: Sequence[Searched], *, as_json: bool) -> None:
    conspicuous = conspicuous_among(searched)
    if as_json:
        print_json({**asdict(reading), **_photos_named(searched, conspicuous)})
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
        "realised, 95 % interval",
        title=f"At {reading.gallery_size} templates",
        title_justify="left",
    )
    for each in reading.thresholds:
        table.add_row(
            f"{each.fpir:.1%} (1 in {1 / each.fpir:.0f})",
            f"{each.score:.4f}",
            f"{each.low:.4f} - {each.high:.4f}",
            f"{each.fpir_low:.2%} - {each.fpir_high:.2%}",
        )
    return table


def _photos_named(
    searched: Sequence[Searched], conspicuous: Sequence[Searched]
) -> dict[str, list[dict[str, Any]]]:
    """Return the photos that somebody should look at, as plain data."""
    return {
        "refused": [asdict(each) for each in searched if each.refusal],
        "conspicuous": [asdict(each) for each in conspicuous],
    }


def _tell_refused(searched: Sequence[Searched]) -> None:
    refused = [each for each in searched if each.refusal]
    for each in refused[:_SHOWN]:
        err.print(f"refused: {each.photo}: {each.refusal}", markup=False)
    if len(refused) > _SHOWN:
        err.print(f"... and {len(refused) - _SHOWN} more; --json lists them all", markup=False)


def conspicuous_among(searched: Sequence[Searched]) -> list[Searched]:
    """Return the photos that resemble somebody enrolled more than chance explains."""
    scores = [each.score for each in searched if each.score is not None]
    limit = plausible_non_mated_limit(scores)
    return [each for each in searched if each.score is not None and each.score > limit]
