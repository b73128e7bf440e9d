"""The commands that need a data set: `accuracy`, `prior`, `calibration` and what follows them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.accuracy import (
    lookalikes,
    open_set,
    orientation,
    plots,
    prior,
    projections,
    realised_fpir,
    runtimes,
    verification,
)
from benchmarks.accuracy.embeddings import Embedded, embed_data_set
from benchmarks.accuracy.evaluation import evaluate
from benchmarks.accuracy.identities import DataSet, read_clashes, read_data_set
from benchmarks.accuracy.labels import read_labels
from benchmarks.command import Json, PackName, Seed, console, explained, new_report, publish
from benchmarks.machine import one_cpu
from benchmarks.packaged import people
from benchmarks.report import Report
from benchmarks.speed import photos
from benchmarks.weights import model_store
from casework.review.known_lookalikes import bar_over
from detector.loading import load_pipeline
from detector.threads import use_threads
from index.threshold import FalseMatchCurve, threshold_for
from models.manifest import Pack, load_pack

Folder = Annotated[Path, typer.Argument(help="One sub-folder per identity (LFW layout).")]
Clashes = Annotated[
    Path | None,
    typer.Option(help="Folders that hold one person under two names: a pair a line."),
]
DataName = Annotated[
    str | None, typer.Option("--name", help="The data set in words, for captions and sources.")
]


def measure_accuracy(  # noqa: PLR0913, PLR0917 - a command's options are its parameters
    folder: Folder,
    clashes: Clashes = None,
    pairs: Annotated[
        Path | None, typer.Option(help="List of pairs for verification, as LFW has it.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="CSV of what is known of the people: identity, and a column per label."),
    ] = None,
    gallery: Annotated[int, typer.Option(min=1, help="Enrolled.")] = open_set.GALLERY,
    trials: Annotated[int, typer.Option(min=1, help="Galleries drawn.")] = open_set.TRIALS,
    seed: Seed = 0,
    pack_name: PackName = "open",
    data_name: DataName = None,
    json: Json = None,
) -> Report:
    """Measure misses and false alarms on a data set, by quality, gallery and group; with plots."""
    report = new_report("accuracy")
    with explained():
        pack = load_pack(pack_name)
        data = _data_set(folder, clashes)
        groupings = read_labels(labels, data) if labels else []
        listed = verification.read_pairs(pairs, data) if pairs else []
        embedded = _embedded(report, data, pack)
        report.note(f"A gallery of {gallery}, one photo each; seed {seed}.")
        if pairs is not None:
            curve, _ = prior.measure_curve(data, embedded, seed=seed)
            verification.add_to(report, verification.verify(data, embedded, listed, curve, seed))
        measured = evaluate(report, data, embedded, pack.prior, groupings, gallery, trials, seed)
        caption = _caption(data, data_name, pack)
        plots.draw_evaluation(report, report.place(json), measured, caption)
    return publish(report, json)


def measure_prior(
    folder: Folder,
    clashes: Clashes = None,
    draws: Annotated[int, typer.Option(min=1, help="Draws of a photo each.")] = prior.DRAWS,
    seed: Seed = 0,
    data_name: DataName = None,
    pack_name: PackName = "open",
    json: Json = None,
) -> Report:
    """Measure a pack's false match curve and print its manifest's table."""
    report = new_report("prior")
    with explained():
        data = _data_set(folder, clashes)
        embedded = _embedded(report, data, load_pack(pack_name))
        curve, pairs = prior.measure_curve(data, embedded, draws, seed)
        source = prior.describe(curve, data, data_name or "a data set")
        table = prior.toml_table(prior.to_prior(curve, source))
    prior.add_to(report, curve, pairs, table)
    publish(report, json)
    console.print(table, markup=False, highlight=False, soft_wrap=True)
    return report


def measure_calibration(
    folder: Folder,
    clashes: Clashes = None,
    trials: Annotated[int, typer.Option(min=1, help="Splits drawn.")] = open_set.TRIALS,
    seed: Seed = 0,
    pack_name: PackName = "open",
    data_name: DataName = None,
    json: Json = None,
) -> Report:
    """Calibrate on half of the strangers and check rate and interval on the other half."""
    report = new_report("calibration")
    with explained():
        pack, data = load_pack(pack_name), _data_set(folder, clashes)
        if pack.prior is None:
            raise ValueError(f"{pack.name} has no false match curve, which its thresholds rest on")
        embedded = _embedded(report, data, pack)
        results = realised_fpir.run(data, embedded, pack.prior, trials, seed)
        realised_fpir.add_to(report, results)
        caption = _caption(data, data_name, pack)
        plots.draw_calibration(report, report.place(json), results, caption)
    return publish(report, json)


def measure_projections(
    folder: Folder,
    clashes: Clashes = None,
    gallery: Annotated[int, typer.Option(min=1, help="Enrolled.")] = open_set.GALLERY // 2,
    trials: Annotated[int, typer.Option(min=1, help="Galleries drawn.")] = open_set.TRIALS,
    seed: Seed = 0,
    pack_name: PackName = "open",
    json: Json = None,
) -> Report:
    """Search embeddings less a mean, and in fewer numbers: fitted on half, judged on the other."""
    report = new_report("projections")
    with explained():
        data = _data_set(folder, clashes)
        embedded = _embedded(report, data, load_pack(pack_name))
        judged = projections.measure_projections(data, embedded, gallery, trials, seed)
        projections.add_to(report, judged)
    report.note(
        f"{trials} galleries of {gallery} on each half, one photo each; seed {seed}. Points are "
        "paired with plain embeddings: the same galleries, searches and resamples of identities."
    )
    return publish(report, json)


def measure_orientation(
    folder: Folder,
    clashes: Clashes = None,
    people: Annotated[int, typer.Option(min=1, help="Searched.")] = orientation.PEOPLE,
    photos: Annotated[
        int, typer.Option(min=1, help="Upright ones, looked at for false turns and timed.")
    ] = orientation.PHOTOS,
    scrfd: Annotated[
        list[Path] | None,
        typer.Option(help="SCRFD networks to measure beside the pack's detector (repeatable)."),
    ] = None,
    seed: Seed = 0,
    pack_name: PackName = "open",
    json: Json = None,
) -> Report:
    """Search photos turned by every angle, and time what finding the way up costs upright ones."""
    report = new_report("orientation")
    with explained(), one_cpu() as cpu:
        pack, data = load_pack(pack_name), _data_set(folder, clashes)
        if pack.prior is None:
            raise ValueError(f"{pack.name} has no false match curve, so nothing says what a hit is")
        curve = FalseMatchCurve(pack.prior.fmr, pack.prior.score)
        threshold = threshold_for(orientation.TARGET_FPIR, people, curve)
        for name, ways in orientation.pipelines(pack, scrfd or ()):
            angles = orientation.measure_angles(data, ways.checking, people, threshold, seed)
            distant = min(people, orientation.FAR_PEOPLE)
            far = orientation.measure_far(data, ways.checking, distant, threshold, seed)
            upright = orientation.measure_upright(data, ways, photos, seed)
            orientation.add_to(report, name, angles, far, upright)
    report.facts["threads"] = f"1, on CPU {cpu}"
    report.note(
        f"Enrolled {people}, one photo each; hit: at least {threshold:.4f}, the pack's threshold "
        f"for FPIR {orientation.TARGET_FPIR:.0%}; seed {seed}. Time is beside the same pipeline "
        "without the looks at doubtful faces, photo by photo in turns."
    )
    return publish(report, json)


def measure_lookalikes(
    folder: Folder,
    clashes: Clashes = None,
    gallery: Annotated[int, typer.Option(min=1, help="Enrolled.")] = open_set.GALLERY,
    trials: Annotated[int, typer.Option(min=1, help="Galleries drawn.")] = lookalikes.TRIALS,
    fpir: Annotated[float, typer.Option(help="What the threshold is set for.")] = 0.01,
    seed: Seed = 0,
    pack_name: PackName = "open",
    json: Json = None,
) -> Report:
    """Count whom known look-alikes spare: themselves, the person on the list, and others."""
    report = new_report("lookalikes")
    with explained():
        pack, data = load_pack(pack_name), _data_set(folder, clashes)
        if pack.prior is None:
            raise ValueError(f"{pack.name} has no false match curve, so nothing says what a hit is")
        curve = FalseMatchCurve(pack.prior.fmr, pack.prior.score)
        threshold = threshold_for(fpir, gallery, curve)
        rule = lookalikes.Rule(threshold, bar_over(curve, threshold))
        photos = lookalikes.Photos.of(data, _embedded(report, data, pack))
        random = np.random.default_rng(seed)
        lookalikes.add_to(report, lookalikes.measure(photos, rule, gallery, trials, random))
    report.note(
        f"{trials} galleries of {gallery}, one photo each, from {rule.threshold:.4f} (FPIR "
        f"{fpir:g}); a face is taken for another's from {rule.bar:.4f} (false match rate "
        f"{curve.fmr_at(rule.bar):.2g}); seed {seed}."
    )
    return publish(report, json)


def measure_runtimes(
    folder: Annotated[
        Path | None,
        typer.Argument(help="One sub-folder per identity; composed photos without, and times."),
    ] = None,
    clashes: Clashes = None,
    gallery: Annotated[int, typer.Option(min=1, help="Enrolled.")] = open_set.GALLERY,
    trials: Annotated[int, typer.Option(min=1, help="Galleries drawn.")] = open_set.TRIALS,
    seed: Seed = 0,
    pack_name: PackName = "open",
    json: Json = None,
) -> Report:
    """Embed photos on ONNX Runtime and on OpenVINO: time, agreement, and a data set's misses."""
    report = new_report("runtimes")
    with explained(), Progress(console=Console(stderr=True), transient=True) as progress:
        pack, store = load_pack(pack_name), model_store()
        data = _data_set(folder, clashes) if folder is not None else None
        use_threads(1)
        pipeline = load_pipeline(pack, store)
        other = load_pipeline(pack, store, runtime="openvino").embedder
        if data is None:
            composed = [each.data for each in photos.compose_all(people(pipeline), seed)]
            chosen: Sequence[bytes | Path] = composed * runtimes.TURNS
            report.note(f"{len(composed)} composed photos, {runtimes.TURNS} turns.")
        else:
            chosen = data.photos
        both = runtimes.embed_both(chosen, pipeline, other, progress)
        runtimes.add_times(report, both)
        if data is not None:
            searches = runtimes.search_all(data, both, gallery, trials, seed)
            runtimes.add_misses(report, searches)
            report.note(
                f"{trials} galleries of {gallery}, one photo each; seed {seed}. Points of FNIR are "
                "paired with ONNX Runtime's: the same galleries, searches, resamples of identities."
            )
    report.facts["threads"] = "1"
    return publish(report, json)


def _data_set(folder: Path, clashes: Path | None) -> DataSet:
    return read_data_set(folder, read_clashes(clashes) if clashes else ())


def _embedded(report: Report, data: DataSet, pack: Pack) -> Embedded:
    with Progress(console=Console(stderr=True), transient=True) as progress:
        embedded = embed_data_set(data, pack, progress)
    report.facts["threads"] = "1 for each photo, as many photos at once as there are cores"
    report.note(
        f"{embedded.fresh:,} of {len(data.photos):,} photos were embedded in this run, the others "
        "taken from the cache."
    )
    for first, second in data.merged:
        report.note(f"One identity by the list of clashes: {first}, {second}.")
    return embedded


def _caption(data: DataSet, data_name: str | None, pack: Pack) -> str:
    name = data_name or data.root.resolve().name
    return f"{name} ({len(data.names):,} identities), pack {pack.name} {pack.version}"
