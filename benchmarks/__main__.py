"""`python -m benchmarks`: see the package's docstring for the commands.

Exits with 0 whether targets were met or not (a busy machine is no fault), and with 2 where a folder
is not what a command needs.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks import (
    compiled,
    compiled_report,
    load,
    load_report,
    open_set,
    photos,
    prior,
    profile,
    realised,
    search,
    search_report,
    speed,
    speed_cores,
    speed_library,
    speed_report,
    verification,
)
from benchmarks.embeddings import CodeChanged, Embedded, embed_data_set
from benchmarks.identities import DataSet, DataSetInvalid, read_clashes, read_data_set
from benchmarks.load_service import Cpus
from benchmarks.machine import facts, one_cpu
from benchmarks.packaged import people
from benchmarks.report import Report, print_summary
from detector.loading import load_pipeline
from detector.threads import use_threads
from models import ModelsError, ModelStore, default_root, load_pack

app = typer.Typer(add_completion=False, help=(sys.modules["benchmarks"].__doc__ or ""))
console = Console()

PackName = Annotated[str, typer.Option("--pack", help="Pack to measure.")]
Json = Annotated[Path | None, typer.Option("--json", help="Where to write the figures as JSON.")]
Seed = Annotated[int, typer.Option(help="The same seed draws the same.")]
Folder = Annotated[Path, typer.Argument(help="One sub-folder per identity (LFW layout).")]
Clashes = Annotated[
    Path | None,
    typer.Option(help="Folders that hold one person under two names: a pair a line."),
]


@app.callback(invoke_without_command=True)
def everything(context: typer.Context) -> None:
    """Run everything that needs no data set."""
    if context.invoked_subcommand is None:
        print_summary(
            console, [measure_compile(), measure_speed(), measure_search(), measure_load()]
        )


@app.command("speed")
def measure_speed(
    folder: Annotated[
        Path | None, typer.Option("--photos", help="Real photos instead of composed ones.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Counted turns a photo.")] = speed.REPEATS,
    scrfd: Annotated[
        list[Path] | None,
        typer.Option(help="SCRFD networks for the insightface library's turn (repeatable)."),
    ] = None,
    seed: Seed = 0,
    pack_name: PackName = "open",
    json: Json = None,
) -> Report:
    """Time photo bytes to answer, beside stock OpenCV 4 and the insightface library."""
    report = _report("speed")
    with _explained(), one_cpu() as cpu, TemporaryDirectory() as scratch:
        pack, store = load_pack(pack_name), ModelStore(default_root())
        pipeline = load_pipeline(pack, store)
        chosen = (
            photos.read_folder(folder) if folder else photos.compose_all(people(pipeline), seed)
        )
        ours = speed.Contestant(pipeline, pack, seed)
        recogniser = compiled.dequantised(store.require(pack).recogniser, Path(scratch))
        libraries = speed_library.load(scrfd or speed_library.given_files(), recogniser)
        run = speed.compare(chosen, ours, pack, store, repeats, others=libraries)
    report.facts["threads"] = f"1 for each side, on CPU {cpu}"
    scaling = speed_cores.measure([photo.data for photo in chosen], pipeline.analyse)
    speed_report.add_to(report, run, scaling)
    return _publish(report, json)


@app.command("compile")
def measure_compile(
    repeats: Annotated[int, typer.Option(min=1, help="Counted turns.")] = compiled.REPEATS,
    pack_name: PackName = "open",
    json: Json = None,
) -> Report:
    """Time compiled networks beside the same weights as shipped."""
    report = _report("compile")
    with _explained(), one_cpu() as cpu:
        pack, store = load_pack(pack_name), ModelStore(default_root())
        faces = compiled.recogniser_inputs(load_pipeline(pack, store), pack)
        pairs = compiled.compare_all(pack, store, faces, repeats)
    report.facts["threads"] = f"1, on CPU {cpu}"
    compiled_report.add_to(report, pairs, len(faces))
    return _publish(report, json)


@app.command("profile")
def measure_profile(pack_name: PackName = "open", json: Json = None) -> Report:
    """Show which functions the time of a photo goes to."""
    report = _report("profile")
    with _explained(), one_cpu() as cpu:
        pipeline = load_pipeline(load_pack(pack_name), ModelStore(default_root()))
        use_threads(1)
        chosen = [photo.data for photo in photos.compose_all(people(pipeline), 0)]
        profile.add_to(report, profile.measure(chosen, pipeline.analyse), len(chosen))
    report.facts["threads"] = f"1, on CPU {cpu}"
    return _publish(report, json)


@app.command("search")
def measure_search(
    rows: Annotated[
        list[int] | None, typer.Option(min=search.BATCH, help="Templates; repeat for several.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Counted turns.")] = 7,
    json: Json = None,
) -> Report:
    """Time exact search beside FAISS's own index and the memory's speed."""
    report = _report("search")
    sizes = sorted(rows or [10_000, 100_000, search_report.TARGET_ROWS])
    with one_cpu() as cpu:
        for size in sizes:
            search_report.add_to(report, search.measure(size, repeats))
        search_report.add_approximation(report, search.approximate(sizes[-1]))
    report.facts["threads"] = f"1, on CPU {cpu}"
    report.note(f"Random unit vectors; 1 turn of warm-up, {repeats} counted, in turns; medians.")
    return _publish(report, json)


@app.command("accuracy")
def measure_accuracy(
    folder: Folder,
    clashes: Clashes = None,
    pairs: Annotated[
        Path | None, typer.Option(help="List of pairs for verification, as LFW has it.")
    ] = None,
    gallery: Annotated[int, typer.Option(min=1, help="Enrolled.")] = open_set.GALLERY,
    trials: Annotated[int, typer.Option(min=1, help="Galleries drawn.")] = open_set.TRIALS,
    seed: Seed = 0,
    pack_name: PackName = "open",
    json: Json = None,
) -> Report:
    """Measure open-set misses and refusals on a data set; with pairs, verification too."""
    report = _report("accuracy")
    with _explained():
        data, embedded = _embedded(report, folder, clashes, pack_name)
        if pairs is not None:
            listed = verification.read_pairs(pairs, data)
            curve, _ = prior.measure_curve(data, embedded, seed=seed)
            verification.add_to(report, verification.verify(data, embedded, listed, curve, seed))
        drawn = open_set.run_trials(data, embedded, gallery, trials, seed)
    report.note(f"A gallery of {gallery}, one photo each; seed {seed}.")
    open_set.add_to(report, data, embedded, drawn)
    return _publish(report, json)


@app.command("prior")
def measure_prior(
    folder: Folder,
    clashes: Clashes = None,
    draws: Annotated[int, typer.Option(min=1, help="Draws of a photo each.")] = prior.DRAWS,
    seed: Seed = 0,
    data_name: Annotated[
        str, typer.Option("--name", help="The data set in words, for the table's `source`.")
    ] = "a data set",
    pack_name: PackName = "open",
    json: Json = None,
) -> Report:
    """Measure a pack's false match curve and print its manifest's table."""
    report = _report("prior")
    with _explained():
        data, embedded = _embedded(report, folder, clashes, pack_name)
        curve, pairs = prior.measure_curve(data, embedded, draws, seed)
        table = prior.toml_table(prior.to_prior(curve, prior.describe(curve, data, data_name)))
    prior.add_to(report, curve, pairs, table)
    _publish(report, json)
    console.print(table, markup=False, highlight=False, soft_wrap=True)
    return report


@app.command("calibration")
def measure_calibration(
    folder: Folder,
    clashes: Clashes = None,
    trials: Annotated[int, typer.Option(min=1, help="Splits drawn.")] = realised.TRIALS,
    seed: Seed = 0,
    pack_name: PackName = "open",
    json: Json = None,
) -> Report:
    """Calibrate on half of a data set's identities and check the rate on the other half."""
    report = _report("calibration")
    with _explained():
        data, embedded = _embedded(report, folder, clashes, pack_name)
        realised.add_to(report, realised.run(data, embedded, trials, seed))
    return _publish(report, json)


@app.command("load")
def measure_load(
    seconds: Annotated[float, typer.Option(min=0.1, help="Of each measurement.")] = load.SECONDS,
    subjects: Annotated[
        list[int] | None, typer.Option(help="Gallery sizes with mocked networks (repeatable).")
    ] = None,
    requests: Annotated[int, typer.Option(min=0, help="Over which memory is followed.")] = 5000,
    dim: Annotated[int, typer.Option(min=8, help="Numbers of a mocked embedding.")] = 128,
    json: Json = None,
) -> Report:
    """Time the running service over HTTP: throughput, overload, galleries, memory."""
    report, cpus = _report("load"), Cpus.choose()
    report.facts["threads"] = f"1 worker, 1 thread. {cpus.sentence}"
    with _explained(), TemporaryDirectory(prefix="siaga-load-") as folder:
        pack = load_pack("open")
        pipeline = load_pipeline(pack, ModelStore(default_root()))
        chosen = [photo.data for photo in photos.compose_all(people(pipeline), 0)]
        use_threads(1)
        root = Path(folder)
        real = load.measure_real(root / "real", pipeline, chosen, cpus, seconds)
        load_report.add_real(report, real)
        mocked = [
            load.measure_mocked(root / f"mocked-{size}", size, dim, cpus, seconds)
            for size in subjects or load.SUBJECTS
        ]
        load_report.add_mocked(report, mocked, dim)
        if requests:
            memory = load.measure_memory(root / "memory", dim, cpus, requests)
            load_report.add_memory(report, memory)
    report.note(
        f"Warm-up {load.WARM_UP_SECONDS:g} s, then {seconds:g} s a figure; the pipeline in process "
        "takes turns with HTTP on the same CPU. Commits are flushed to disk (synchronous=FULL)."
    )
    return _publish(report, json)


def _report(name: str) -> Report:
    return Report(name, " ".join(["python -m benchmarks", *sys.argv[1:]]), facts())


def _embedded(
    report: Report, folder: Path, clashes: Path | None, pack_name: str
) -> tuple[DataSet, Embedded]:
    data = read_data_set(folder, read_clashes(clashes) if clashes else ())
    with Progress(console=Console(stderr=True), transient=True) as progress:
        embedded = embed_data_set(data, load_pack(pack_name), progress)
    report.facts["threads"] = "1 for each photo, as many photos at once as there are cores"
    report.note(
        f"{embedded.fresh:,} of {len(data.photos):,} photos were embedded in this run, the others "
        "taken from the cache."
    )
    for first, second in data.merged:
        report.note(f"One identity by the list of clashes: {first}, {second}.")
    return data, embedded


def _publish(report: Report, path: Path | None) -> Report:
    report.print(console)
    console.print(f"[dim]figures in {report.write(path)}[/dim]\n")
    return report


@contextmanager
def _explained() -> Iterator[None]:
    """Say in one line what a person can put right, instead of a traceback."""
    try:
        yield
    except (
        CodeChanged,
        DataSetInvalid,
        FileNotFoundError,
        ModelsError,
        open_set.TooFewIdentities,
        ValueError,
    ) as error:
        Console(stderr=True).print(f"[red]{error}[/red]", highlight=False)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    app()
