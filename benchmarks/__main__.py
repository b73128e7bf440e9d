"""`python -m benchmarks`: see the package's docstring for the commands.

Exits with 0 whether targets were met or not (a busy machine is no fault), and with 2 where a folder
is not what a command needs.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer

from benchmarks.accuracy import accuracy, pad, shrunk
from benchmarks.accuracy.conditions.command import measure_conditions
from benchmarks.attack import attack
from benchmarks.attack import report as attack_report
from benchmarks.attack.attackers import ATTACKS
from benchmarks.command import Json, PackName, Seed, console, explained, new_report, publish
from benchmarks.console.command import measure_console
from benchmarks.crash import crash
from benchmarks.crash import report as crash_report
from benchmarks.growth.command import measure_growth
from benchmarks.load import beside as beside_peer
from benchmarks.load import load
from benchmarks.load import report as load_report
from benchmarks.load.peer_server import NAME, find
from benchmarks.load.service import Cpus
from benchmarks.machine import one_cpu
from benchmarks.packaged import people
from benchmarks.public import beside
from benchmarks.public import report as public_report
from benchmarks.report import Report, print_summary
from benchmarks.search import report as search_report
from benchmarks.search import search
from benchmarks.speed import (
    between,
    compiled,
    compiled_report,
    cores,
    library,
    peer,
    photos,
    profile,
    speed,
    startup,
)
from benchmarks.speed import report as speed_report
from benchmarks.weights import model_store
from detector.loading import COMPILED, compiled_recognisers, load_pipeline
from detector.runtime_choice import runtime_state
from detector.threads import use_threads
from models.manifest import load_pack
from models.runtimes import Runtime, RuntimeName

GROWTH: Final = 100_000
"""Encounters of the databases that `everything` fills; a million take a quarter of an hour each."""

app = typer.Typer(add_completion=False, help=(sys.modules["benchmarks"].__doc__ or ""))


PeerServers = Annotated[
    list[str] | None,
    typer.Option(help=f"Address of an {NAME} that runs here with its mock engine (repeatable)."),
]
PeerKey = Annotated[str | None, typer.Option(help="API key of those that check one.")]


@app.callback(invoke_without_command=True)
def everything(
    context: typer.Context, peer_server: PeerServers = None, peer_key: PeerKey = None
) -> None:
    """Run everything that needs no data set."""
    if context.invoked_subcommand is None:
        print_summary(
            console,
            [
                measure_compile(),
                *measure_speeds(),
                measure_search(),
                measure_load(peer_server=peer_server, peer_key=peer_key),
                measure_growth([GROWTH], erase_seconds=30),
                measure_crash(rounds=5),
                measure_startup(),
            ],
        )


def measure_speeds() -> list[Report]:
    """Run `speed`, and once more with OpenVINO where it may be used here."""
    plain = measure_speed()
    pack, store = load_pack("open"), model_store()
    state = runtime_state(compiled_recognisers(store.require(pack), store.root / COMPILED))
    if (obstacle := state.obstacle(pack.reference)) is None:
        return [plain, measure_speed(runtime="openvino")]
    # Promised where the processor allows it: the table says why it is not measured here.
    name = speed_report.times_faster("stock OpenCV", Runtime.OPENVINO_BF16)
    plain.unmeasured[name] = obstacle
    return [plain]


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
    runtime: Annotated[
        RuntimeName, typer.Option(help="What runs our recogniser, as the setting has it.")
    ] = "onnxruntime",
    seed: Seed = 0,
    pack_name: PackName = "open",
    json: Json = None,
) -> Report:
    """Time photo bytes to answer, beside stock OpenCV 4, the insightface library and dlib."""
    report = new_report("speed" if runtime == "onnxruntime" else f"speed-{runtime}")
    with explained(), one_cpu() as cpu, TemporaryDirectory() as scratch:
        pack, store = load_pack(pack_name), model_store()
        pipeline = load_pipeline(pack, store, runtime=runtime)
        chosen = (
            photos.read_folder(folder) if folder else photos.compose_all(people(pipeline), seed)
        )
        ours = speed.Contestant(pipeline, pack, seed)
        recogniser = compiled.dequantised(store.require(pack).recogniser, Path(scratch))
        libraries = library.load(scrfd or library.given_files(), recogniser)
        with dlib(report, Path(scratch)) as others:
            run = speed.compare(chosen, ours, pack, store, repeats, others=[*libraries, *others])
    report.facts["threads"] = f"1 for each side, on CPU {cpu}"
    report.facts["runtime"] = pipeline.runtime.value
    scaling = cores.measure([photo.data for photo in chosen], pipeline.analyse)
    speed_report.add_to(report, run, scaling, pipeline.runtime)
    return publish(report, json)


@contextmanager
def dlib(report: Report, scratch: Path) -> Iterator[list[speed.Elsewhere]]:
    """Start dlib as a peer, or say in the report why it is left out."""
    with ExitStack() as stack:
        try:
            started = stack.enter_context(peer.running("dlib20", [], peer.cache_folder()))
        except peer.PeerUnavailable as reason:
            report.note(f"No dlib: {reason}")
            yield []
        else:
            yield [speed.Elsewhere("dlib", started, scratch)]


@app.command("photo")
def measure_photo(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Photos.")],
    against: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Another checkout.")],
    most: Annotated[int, typer.Option("--photos", min=1, help="Photos, drawn.")] = 300,
    repeats: Annotated[int, typer.Option(min=1, help="Counted turns.")] = between.REPEATS,
    seed: Seed = 0,
    pack_name: PackName = "open",
    json: Json = None,
) -> Report:
    """Time photo bytes to answer in this checkout and another, photo by photo in turns."""
    report, other = new_report("photo"), against.resolve()
    with explained(), one_cpu() as cpu:
        paths = photos.draw(folder, most, seed)
        spent = between.measure([startup.HERE, other], paths, pack_name, repeats)
    between.add_to(report, spent, other)
    report.facts["threads"] = f"1 for each side, on CPU {cpu}"
    report.note(f"{len(paths)} photos, 1 turn of warm-up, {repeats} counted.")
    return publish(report, json)


@app.command("compile")
def measure_compile(
    repeats: Annotated[int, typer.Option(min=1, help="Counted turns.")] = compiled.REPEATS,
    pack_name: PackName = "open",
    json: Json = None,
) -> Report:
    """Time compiled networks beside the same weights as shipped."""
    report = new_report("compile")
    with explained(), one_cpu() as cpu:
        pack, store = load_pack(pack_name), model_store()
        faces = compiled.recogniser_inputs(load_pipeline(pack, store), pack)
        pairs = compiled.compare_all(pack, store, faces, repeats)
    report.facts["threads"] = f"1, on CPU {cpu}"
    compiled_report.add_to(report, pairs, len(faces))
    return publish(report, json)


@app.command("profile")
def measure_profile(pack_name: PackName = "open", json: Json = None) -> Report:
    """Show which functions the time of a photo goes to."""
    report = new_report("profile")
    with explained(), one_cpu() as cpu:
        pipeline = load_pipeline(load_pack(pack_name), model_store())
        use_threads(1)
        chosen = [photo.data for photo in photos.compose_all(people(pipeline), 0)]
        profile.add_to(report, profile.measure(chosen, pipeline.analyse), len(chosen))
    report.facts["threads"] = f"1, on CPU {cpu}"
    return publish(report, json)


@app.command("search")
def measure_search(
    rows: Annotated[
        list[int] | None, typer.Option(min=search.BATCH, help="Templates; repeat for several.")
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Counted turns.")] = 7,
    json: Json = None,
) -> Report:
    """Time exact search beside FAISS's own index and the memory's speed."""
    report = new_report("search")
    sizes = sorted(rows or [10_000, 100_000, search_report.TARGET_ROWS])
    with one_cpu() as cpu:
        for size in sizes:
            search_report.add_to(report, search.measure(size, repeats))
        search_report.add_approximation(report, search.approximate(sizes[-1]))
    report.facts["threads"] = f"1, on CPU {cpu}"
    report.note(f"Random unit vectors; 1 turn of warm-up, {repeats} counted, in turns; medians.")
    return publish(report, json)


@app.command("startup")
def measure_startup(
    against: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Another checkout, in turns with this."),
    ] = None,
    repeats: Annotated[int, typer.Option(min=1, help="Counted turns.")] = startup.REPEATS,
    json: Json = None,
) -> Report:
    """Time short commands as whole processes: what starting costs."""
    report = new_report("startup")
    with explained(), one_cpu() as cpu, TemporaryDirectory(prefix="siaga-startup-") as folder:
        other = against.resolve() if against is not None else None
        checkouts = [startup.HERE, *([other] if other is not None else [])]
        startup.add_to(report, startup.measure(checkouts, Path(folder), repeats), other)
    report.facts["threads"] = f"all processes on CPU {cpu}"
    report.note(f"1 turn of warm-up, {repeats} counted, in turns; medians.")
    return publish(report, json)


app.command("accuracy")(accuracy.measure_accuracy)
app.command("prior")(accuracy.measure_prior)
app.command("calibration")(accuracy.measure_calibration)
app.command("conditions")(measure_conditions)
app.command("projections")(accuracy.measure_projections)
app.command("orientation")(accuracy.measure_orientation)
app.command("lookalikes")(accuracy.measure_lookalikes)
app.command("runtimes")(accuracy.measure_runtimes)
app.command("pad")(pad.measure_pad)
app.command("shrink")(shrunk.measure_shrunk)
app.command("console")(measure_console)
app.command("growth")(measure_growth)


@app.command("load")
def measure_load(
    seconds: Annotated[float, typer.Option(min=0.1, help="Of each measurement.")] = load.SECONDS,
    subjects: Annotated[
        list[int] | None, typer.Option(help="Gallery sizes with mocked networks (repeatable).")
    ] = None,
    requests: Annotated[int, typer.Option(min=0, help="Over which memory is followed.")] = 5000,
    dim: Annotated[int, typer.Option(min=8, help="Numbers of a mocked embedding.")] = 128,
    peer_server: PeerServers = None,
    peer_key: PeerKey = None,
    json: Json = None,
) -> Report:
    """Time the running service over HTTP: throughput, overload, galleries, memory, a peer."""
    report, cpus = new_report("load"), Cpus.choose()
    report.facts["threads"] = f"1 worker, 1 thread. {cpus.sentence}"
    with explained(), TemporaryDirectory(prefix="siaga-load-") as folder:
        pack = load_pack("open")
        pipeline = load_pipeline(pack, model_store())
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
        if peers := [find(url, peer_key) for url in peer_server or ()]:
            run = beside_peer.measure(root / "peer", peers, load_report.CPU_MS_AT, cpus, seconds)
            load_report.add_beside(report, run)
    load_report.add_missing(report, [peer.key is not None for peer in peers])
    report.note(
        f"Warm-up {load.WARM_UP_SECONDS:g} s, then {seconds:g} s a figure; the pipeline in process "
        "takes turns with HTTP on the same CPU. Commits are flushed to disk (synchronous=FULL)."
    )
    return publish(report, json)


@app.command("attack")
def measure_attack(
    against: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="Another checkout, attacked first."),
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Of each attack.")] = attack.SECONDS,
    only: Annotated[
        list[str] | None, typer.Option(help="Names of attacks (repeatable); all unless given.")
    ] = None,
    json: Json = None,
) -> Report:
    """Attack the running service over loopback while a port screens."""
    report, names = new_report("attack"), only or list(ATTACKS)
    if unknown := set(names) - set(ATTACKS):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(ATTACKS)}")
    with explained():
        pipeline = load_pipeline(load_pack("open"), model_store())
        photo = photos.compose_all(people(pipeline), 0)[0].data
        if against is not None:
            before = attack.measure(against.resolve(), photo, seconds, names)
            attack_report.add_to(report, f"Before: {against}", before)
        scenes = attack.measure(attack.HERE, photo, seconds, names)
    attack_report.add_to(report, "Attacks", scenes)
    attack_report.judge(report, scenes)
    report.note(
        f"`siaga serve` with {attack.WORKERS} workers, started anew for each attack of "
        f"{seconds:g} s; a port screens 4 photos a second meanwhile, the attackers are a process "
        "of their own, and everything shares this machine's processors."
    )
    return publish(report, json)


@app.command("public")
def measure_public(
    seconds: Annotated[float, typer.Option(min=0.5, help="Of each turn.")] = beside.SECONDS,
    repeats: Annotated[int, typer.Option(min=1, help="Turns of each kind.")] = beside.REPEATS,
    json: Json = None,
) -> Report:
    """Time screening alone and while the public form is flooded, over one installation."""
    report, cpus = new_report("public"), Cpus.choose()
    report.facts["threads"] = (
        f"1 worker. Both services on CPU {cpus.service}, port and flood on CPU {cpus.load}."
    )
    with explained(), TemporaryDirectory(prefix="siaga-public-") as folder:
        pipeline = load_pipeline(load_pack("open"), model_store())
        photo = photos.compose_all(people(pipeline), 0)[0].data
        runs = [
            beside.measure(Path(folder) / str(number), photo, cpus, seconds, repeats, per_hour)
            for number, per_hour in enumerate((None, beside.NO_BOUND))
        ]
    public_report.add_to(report, runs)
    report.note(
        f"{repeats} turns of {seconds:g} s alone and as many flooded, one after the other; ratios "
        "are medians over the pairs. The port sends a photo when the last is answered; the flood "
        f"has {beside.LINES} connections, and an address of its own for every request."
    )
    return publish(report, json)


@app.command("crash")
def measure_crash(
    rounds: Annotated[int, typer.Option(min=1, help="Crashes.")] = 20,
    seed: Seed = 0,
    json: Json = None,
) -> Report:
    """Kill the working service again and again, and look for what it had acknowledged."""
    report = new_report("crash")
    with explained(), TemporaryDirectory(prefix="siaga-crash-") as folder:
        crash_report.add_to(report, list(crash.campaign(Path(folder), rounds, seed)))
    return publish(report, json)


if __name__ == "__main__":
    app()
