"""The command: read photos, make traffic, show it, sum it up."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.live import Live
from siaga_client import AsyncClient

from cli.options import AsJson
from cli.output import Exit, err, out, print_json
from cli.simulate.summary import Summary, dashboard
from cli.simulate.traffic import Direction, Plan, Traffic, run
from detector.containers.base import PHOTO_SUFFIXES

_REDRAW_S: Final = 0.25


def simulate(
    photos: Annotated[
        Path, typer.Argument(exists=True, help="Folder of arrival photos, or one photo.")
    ],
    key: Annotated[str, typer.Option(envvar="SIAGA_KEY", help="API key with scope screen.")],
    address: Annotated[
        str, typer.Option(envvar="SIAGA_ADDRESS", help="Where the service is.")
    ] = "http://127.0.0.1:8000",
    port: Annotated[
        list[str] | None, typer.Option(help="Ports that travellers arrive at; repeat for several.")
    ] = None,
    rate: Annotated[float, typer.Option(min=0.1, help="Arrivals a second.")] = 5.0,
    seconds: Annotated[float, typer.Option(min=1, help="How long travellers arrive.")] = 60.0,
    direction: Annotated[Direction, typer.Option(help="Which way they go.")] = "entry",
    target_ms: Annotated[
        float, typer.Option(min=1, help="Milliseconds within which to be answered.")
    ] = 500.0,
    seed: Annotated[int, typer.Option(help="The same seed draws the same arrivals.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Replay arrival photos as several ports would send them; exit 1 if the target is missed.

    Travellers arrive at random moments, whether or not the one before has been answered. A request
    that the service refuses because it is full is sent again, as a gate would, and its traveller
    waits; all of that counts.
    """
    found = _read(photos)
    if not found:
        err.print(f"There is no photo in {photos}.", markup=False)
        raise typer.Exit(Exit.USAGE)
    plan = Plan(found, port or ["CGK"], rate, seconds, seed, direction)
    traffic = Traffic(plan)
    asyncio.run(_play(address, key, traffic, target_ms, quiet=as_json))
    summary = Summary.of(traffic, target_ms)
    if as_json:
        print_json(summary.plain())
    else:
        out.print(dashboard(traffic, target_ms))
        out.print(summary.counts, soft_wrap=True)
        out.print(summary.sentence)
    if not summary.kept:
        raise typer.Exit(Exit.REFUSED)


def _read(path: Path) -> list[bytes]:
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [
        each.read_bytes()
        for each in files
        if each.is_file() and each.suffix.lower() in PHOTO_SUFFIXES
    ]


async def _play(address: str, key: str, traffic: Traffic, target_ms: float, *, quiet: bool) -> None:
    async with AsyncClient(address, key, attempts=8) as client:
        work = asyncio.create_task(run(client, traffic))
        with Live(console=err, auto_refresh=False, transient=True) as live:
            while not work.done():
                if not quiet:
                    live.update(dashboard(traffic, target_ms), refresh=True)
                await asyncio.wait({work}, timeout=_REDRAW_S)
        await work
