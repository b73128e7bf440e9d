"""`siaga models`: which networks there are, and getting them onto this machine."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import TaskID
from rich.table import Table

from cli.options import AsJson, Quiet
from cli.output import Exit, download_progress, err, out, print_json
from config.settings import Settings
from models.manifest import MANIFEST_NAME, Architecture, Pack, builtin_packs, load_pack
from models.runtimes import RuntimeProof
from models.store import FileState, ModelStore

app = typer.Typer(help="List, fetch, verify, import and compile model packs.", no_args_is_help=True)

PackName = Annotated[
    str, typer.Argument(metavar="PACK", help="A built-in pack, or a folder with a manifest.")
]

# Least cosine between the compiled and the published network, on real faces.
LEAST_COSINE = 0.9999


@app.command("list")
def list_packs(as_json: AsJson = False) -> None:
    """Show the built-in packs and what of them is on this machine."""
    store = _store()
    rows = [_described(pack, store) for pack in builtin_packs().values()]
    if as_json:
        print_json(rows)
        return
    table = Table("pack", "detector", "recogniser", "dim", "licence", "weights")
    for row in rows:
        table.add_row(
            row["name"],
            row["detector"],
            row["recogniser"],
            str(row["embedding_dim"]),
            row["licence"] + (" (accept first)" if row["acceptance_required"] else ""),
            row["state"],
        )
    out.print(table)


@app.command("fetch")
def fetch_pack(
    pack: PackName = "open",
    accept_license: Annotated[
        bool,
        typer.Option(
            "--accept-license",
            "--accept-licence",
            help="Accept the weights' licence; who and when is recorded.",
        ),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Fetch a pack's weights, verify them and keep them."""
    from models.fetch import fetch  # noqa: PLC0415 - the one command that needs HTTP

    found, store = load_pack(pack), _store()
    tasks: dict[str, TaskID] = {}
    with download_progress() as progress:

        def show(file: str, done: int, total: int | None) -> None:
            if file not in tasks:
                tasks[file] = progress.add_task(file, total=total)
            progress.update(tasks[file], completed=done, total=total)

        fetch(found, store, progress=show, accept_licence=accept_license)
    if tasks or not quiet:
        err.print(f"Pack {found.name} is here and verified.")


@app.command()
def verify(
    pack: Annotated[
        str | None, typer.Argument(metavar="[PACK]", help="Default: all that are here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check every byte of the weights against the manifests; exit 1 if anything is wrong."""
    store = _store()
    packs = [load_pack(pack)] if pack is not None else list(builtin_packs().values())
    rows = [
        {"pack": each.name, "file": report.file.file, "state": report.state.value}
        for each in packs
        for report in store.verify(each)
        # Packs that were never fetched are no fault unless asked for by name.
        if pack is not None or report.state is not FileState.MISSING
    ]
    if as_json:
        print_json(rows)
    else:
        table = Table("pack", "file", "state")
        for row in rows:
            colour = "green" if row["state"] == "ok" else "red"
            table.add_row(row["pack"], row["file"], f"[{colour}]{row['state']}[/]")
        out.print(table)
    if any(row["state"] != "ok" for row in rows):
        err.print("Fetch the pack again (`siaga models fetch`), or import it from a trusted copy.")
        raise typer.Exit(Exit.REFUSED)


@app.command("import")
def import_pack(
    source: Annotated[Path, typer.Argument(exists=True, help="A zip, a wheel or a folder.")],
    pack: Annotated[str, typer.Option(help="Which pack it holds.")] = "open",
) -> None:
    """Take weights from a file or folder: for machines without a network."""
    report = _store().import_from(load_pack(pack), source)
    for name in report.placed:
        err.print(f"{name}: verified and placed")
    for name in report.present:
        err.print(f"{name}: was here already")
    for attempt in report.missing:
        err.print(f"[red]missing:[/] {attempt}")
    if report.missing:
        raise typer.Exit(Exit.REFUSED)


@app.command("new")
def new_pack(
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="Where both files lie.")
    ],
    detector: Annotated[str, typer.Option(metavar="FILE", help="YuNet or SCRFD, as ONNX.")],
    recogniser: Annotated[
        str, typer.Option(metavar="FILE", help="Of faces aligned to 112 x 112 pixels, as ONNX.")
    ],
    licence: Annotated[
        str, typer.Option("--licence", "--license", help="Its SPDX identifier, or its name.")
    ],
    upstream: Annotated[str, typer.Option(metavar="URL", help="Where the files come from.")],
    name: Annotated[
        str | None, typer.Option(help="What the pack is called; else as its folder.")
    ] = None,
    architecture: Annotated[
        Architecture, typer.Option(help="The recogniser's: no file tells it.")
    ] = "arcface",
) -> None:
    """Write the manifest of a pack of your own, from its two files."""
    from models.draft import Terms, draft  # noqa: PLC0415 - reads networks

    terms = Terms(name or folder.resolve().name.lower(), licence, upstream)
    pack = draft(folder, folder / detector, folder / recogniser, terms, architecture)
    err.print(
        f"{folder / MANIFEST_NAME} is written: {pack.detector.architecture}, and "
        f"{pack.embedding_dim} numbers a face. Check what is marked in it, then:",
        markup=False,
    )
    out.print(f"siaga models compile {folder}", markup=False)
    out.print(f"siaga calibrate FOLDER --pack {folder}", markup=False)
    out.print(f"siaga reembed --pack {folder}", markup=False)


@app.command("compile")
def compile_pack(
    pack: PackName = "open",
    faces: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Photos of your own, on whose faces OpenVINO is proven as well.",
        ),
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Compile a pack's networks, and prove on real faces that nothing changed.

    Where OpenVINO is installed and the processor has bfloat16, its embeddings are compared with
    those of ONNX Runtime too, and the least cosine is kept: below 0.998 it is not used. That is
    done once for a version of it and a kind of processor, and again where --faces is given.
    """
    # The one command that runs networks.
    from detector.compiled_check import packaged_chips, verify_compiled  # noqa: PLC0415
    from detector.loading import COMPILED, compiled_recognisers, load_pipeline  # noqa: PLC0415
    from detector.runtime_check import chips_of, prove_openvino  # noqa: PLC0415
    from detector.runtime_choice import runtime_state  # noqa: PLC0415

    found, store = load_pack(pack), _store()
    weights = store.require(found)
    pipeline = load_pipeline(found, store)
    chips = packaged_chips(pipeline)
    manifests = (found.recogniser, *found.companions)
    compiled = compiled_recognisers(weights, store.root / COMPILED)
    published = (weights.recogniser, *weights.companions)
    cosine = min(
        verify_compiled(path, file, chips, part)
        for part, path, file in zip(manifests, published, compiled, strict=True)
    )
    state = runtime_state(compiled)
    possible = state.version is not None and state.instructions is not None
    if possible and (state.proof is None or faces is not None):
        more = chips_of(pipeline, _photos(faces)) if faces is not None else ()
        prove_openvino(list(zip(manifests, compiled, strict=True)), chips + more, state)
        state = runtime_state(compiled)
    if as_json:
        kept = state.proof.model_dump(mode="json") if state.proof is not None else None
        print_json({"pack": found.name, "least_cosine": cosine, "openvino": kept})
    elif not quiet:
        err.print(f"Pack {found.name} is compiled; least cosine to the original {cosine:.7f}.")
        if state.proof is not None:
            err.print(f"OpenVINO {state.version} in bfloat16: {_proven(state.proof)}.")
    if cosine < LEAST_COSINE:
        err.print(f"[red]The compiled network differs (least {LEAST_COSINE}): do not use it.[/]")
        raise typer.Exit(Exit.REFUSED)
    obstacle = state.obstacle(found.reference)
    if obstacle is not None and (state.proof is not None or faces is not None):
        err.print(f"{obstacle}.", markup=False)
    if obstacle is not None and (faces is not None or Settings().runtime == "openvino"):
        raise typer.Exit(Exit.REFUSED)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show the pack in use and what runs its recognisers, by the settings and on this machine.

    Exit 1 if the settings ask for a runtime that cannot be used.
    """
    from detector.loading import COMPILED, compiled_recognisers  # noqa: PLC0415
    from detector.runtime_choice import choose, runtime_state  # noqa: PLC0415

    settings = Settings()
    found, store = load_pack(settings.pack), _store()
    state = runtime_state(compiled_recognisers(store.require(found), store.root / COMPILED))
    obstacle = state.obstacle(found.reference)
    refused = settings.runtime == "openvino" and obstacle is not None
    runtime = None if refused else choose(settings.runtime, state, found.reference).value
    if as_json:
        print_json(
            {
                "pack": found.name,
                "pack_version": found.version,
                "runtime_set": settings.runtime,
                "runtime": runtime,
                "openvino": state.version,
                "instructions": state.instructions,
                "proof": state.proof.model_dump(mode="json") if state.proof is not None else None,
                "obstacle": obstacle,
            }
        )
    else:
        table = Table(show_header=False)
        table.add_row("pack", f"{found.name} {found.version}")
        table.add_row("runtime set", settings.runtime)
        table.add_row("runtime used", runtime or "none: the service would not start")
        table.add_row("OpenVINO", obstacle or f"{state.version}, may be used")
        if state.proof is not None:
            table.add_row(
                "proof",
                f"{_proven(state.proof)}, {state.proof.proven_at:%Y-%m-%d %H:%M} UTC",
            )
        out.print(table)
    if refused:
        raise typer.Exit(Exit.REFUSED)


def _photos(folder: Path) -> list[Path]:
    from detector.containers.base import PHOTO_SUFFIXES  # noqa: PLC0415 - for this alone

    found = (path for path in folder.rglob("*") if path.suffix.lower() in PHOTO_SUFFIXES)
    return sorted(path for path in found if path.is_file())


def _proven(proof: RuntimeProof) -> str:
    return (
        f"least cosine {proof.least_cosine:.7f} on {proof.faces} faces, with {proof.instructions}"
    )


def _store() -> ModelStore:
    return ModelStore(Settings().models_dir)


def _described(pack: Pack, store: ModelStore) -> dict[str, Any]:
    states = {report.state for report in store.verify(pack)}
    if states == {FileState.OK}:
        state = "here"
    elif FileState.CORRUPT in states:
        state = "corrupt"
    else:
        state = "not fetched"
    return {
        "name": pack.name,
        "title": pack.title,
        "detector": pack.detector.architecture,
        "recogniser": " + ".join(each.architecture for each in (pack.recogniser, *pack.companions)),
        "embedding_dim": pack.embedding_dim,
        "licence": pack.licence.name,
        "acceptance_required": pack.licence.acceptance_required,
        "state": state,
    }
