"""`siaga reembed`: make templates of the pack in use from the stored enrolment photos."""

from casework.service import Service
from cli.output import err, item_progress
from config.opening import open_pipeline, pack_in_use
from config.records import open_installation
from config.settings import Settings


def reembed() -> None:
    """After a change of pack, embed every enrolled photo that has no template of it yet.

    Safe to stop and run again. The other packs' templates stay until their photos are removed.
    """
    settings = Settings()
    with open_installation(settings) as records, item_progress("photos") as progress:
        service = Service.over(records, pack_in_use(settings), open_pipeline(settings))
        task = progress.add_task("Embedding", total=None, rate="")
        for done, total in service.gallery.re_embedding.run():
            progress.update(task, completed=done, total=total)
    err.print("Every enrolled photo that this pack can search has a template of it.")
