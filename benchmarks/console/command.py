"""`python -m benchmarks console`: the options of the measurement in a browser."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from benchmarks.command import Json, explained, new_report, publish
from benchmarks.console import scene
from benchmarks.report import Report


def measure_console(
    rate: Annotated[float, typer.Option(min=0.1, help="Arrivals a second.")] = scene.RATE,
    seconds: Annotated[float, typer.Option(min=0.1, help="Of each measurement.")] = scene.SECONDS,
    open_alerts: Annotated[
        int, typer.Option("--open", min=0, help="Alerts that are open before.")
    ] = scene.OPEN_ALERTS,
    people: Annotated[int, typer.Option(min=1, help="On the list.")] = scene.PEOPLE,
    json: Json = None,
) -> Report:
    """Time alerts from a port's request until both faces are seen in an open queue."""
    made = new_report("console")
    with explained(), TemporaryDirectory(prefix="siaga-console-") as folder:
        # A browser's driver is no part of what the other commands need.
        try:
            from benchmarks.console import queue, report  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise ValueError(
                f"{error.name} is missing: it is among the development tools"
            ) from error
        set_up = scene.prepare(Path(folder), open_alerts, people)
        measured = queue.measure(set_up, rate, seconds)
    report.add_to(made, measured, rate, open_alerts)
    made.note(
        f"Real networks, photos of {scene.MEGAPIXELS:g} megapixel, an alert for each of {people} "
        f"people in turn, each at a port of its own; {scene.WARM_UP} arrivals of warm-up, then "
        f"{seconds:g} s without and {seconds:g} s with the queue open, the latest first. Headless "
        "Chromium without a GPU; service, browser and gate share this machine's processors."
    )
    return publish(made, json)
