"""`siaga screen`: screen photos on this machine, without HTTP."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from api.v1.alerts.schemas import rounded
from api.v1.encounters.schemas import EncounterOut
from casework.kernel.actor import Actor
from casework.kernel.vocabulary import Direction, Stage
from casework.review.disposition import at_first
from casework.screening.screening import Arrival
from cli.danger import Yes, confirm
from cli.options import AsJson
from cli.output import Exit, out, print_json, quantity
from config.opening import open_service
from config.settings import Settings
from detector.errors import PhotoError


def screen(
    photos: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="Photos of travellers.")
    ],
    port: Annotated[str, typer.Option(help="Port the travellers are at.")] = "ZZZ",
    direction: Annotated[Direction, typer.Option(help="Which way they go.")] = Direction.ENTRY,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Screen photos against every watchlist and record the encounters.

    They count as travellers, and one who matches raises an alert that officers see: it asks first.
    Exit 1 if any of them is no photo.
    """
    says = [
        "Each counts as a traveller of today, in figures and in the calibration.",
        "One who matches raises an alert that the lists' officers have to close.",
    ]
    photographed = quantity(len(photos), "traveller")
    confirm(f"Screen {photographed} at {port}, {direction}, for real?", says, yes=yes)
    results: list[dict[str, Any]] = []
    operator = Actor.operator()
    with open_service(Settings()) as service:
        for path in photos:
            arrival = Arrival(path.read_bytes(), port, direction, Stage.ARRIVAL)
            try:
                encounter = service.screening.encounters.screen(arrival, operator).encounter
            except PhotoError as error:
                results.append({"photo": str(path), "error": error.code, "detail": str(error)})
                continue
            screened = EncounterOut.of(
                encounter, at_first(encounter.outcome), practice=service.kernel.practice
            )
            answer = screened.model_dump(mode="json")
            candidates = [
                {
                    "alert": alert.id,
                    "name": service.lists.subjects.get(operator, alert.subject_id).name,
                    "watchlist": alert.watchlist_name,
                    "matched_by": alert.matched_by,
                    "score": rounded(alert.score),
                    "threshold": rounded(alert.threshold),
                    "one_in": alert.one_in,
                }
                for alert in encounter.alerts
            ]
            results.append({"photo": str(path), **answer, "candidates": candidates})
    if as_json:
        print_json(results)
    else:
        out.print(_table(results))
    if any("error" in result for result in results):
        raise typer.Exit(Exit.REFUSED)


def _table(results: list[dict[str, Any]]) -> Table:
    table = Table(
        "photo", "outcome", "candidate", "watchlist", "score", "threshold", "by chance", "ms"
    )
    for result in results:
        name = Path(result["photo"]).name
        if "error" in result:
            table.add_row(name, "[red]refused[/]", result["detail"])
            continue
        spent = f"{sum(result['stages_ms'].values()):.0f}"
        if not result["candidates"]:
            shown = " ".join(reason["advice"] for reason in result["recapture_reasons"])
            table.add_row(name, result["outcome"], shown, "", "", "", "", spent)
        for candidate in result["candidates"]:
            table.add_row(
                name,
                "[bold red]alert[/]",
                candidate["name"],
                candidate["watchlist"],
                f"{candidate['score']:.3f}",
                f"{candidate['threshold']:.3f}",
                f"1 in {candidate['one_in']:,.0f}",
                spent,
            )
    return table
