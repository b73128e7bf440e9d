"""`siaga reembed`: make templates of the pack in use from the stored enrolment photos."""

import time
from typing import Annotated

import typer

from casework.service import Service
from cli.options import UsePack, with_pack
from cli.output import err, item_progress, quantity
from config.opening import open_pipeline
from config.records import open_installation
from config.settings import Settings
from models.manifest import load_pack


def reembed(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count the photos; embed none.")
    ] = False,
    pack: UsePack = None,
) -> None:
    """After a change of pack, embed every enrolled photo that has no template of it yet.

    Safe to stop and run again, and while the service runs with another pack. The other packs'
    templates stay until their photos are removed.
    """
    settings = with_pack(Settings(), pack)
    with open_installation(settings) as records:
        service = Service.over(records, load_pack(settings.pack), open_pipeline(settings))
        work = service.gallery.re_embedding
        waiting = work.waiting()
        if dry_run:
            photos = quantity(waiting, "enrolled photo has", "enrolled photos have")
            err.print(f"{photos} no template of pack {service.pack.name}.", markup=False)
            return
        with item_progress("photos") as progress:
            task, started = (
                progress.add_task("Embedding", total=waiting, rate=""),
                time.perf_counter(),
            )
            for done, total in work.run():
                rate = f"{done / (time.perf_counter() - started):.0f} photos/s"
                progress.update(task, completed=done, total=total, rate=rate)
    err.print("Every enrolled photo that this pack can search has a template of it.")
