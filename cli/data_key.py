"""`siaga data-key`: the key that everything personal in the database is sealed under."""

import typer

from casework.kernel.actor import Actor
from casework.kernel.audit.log import AuditEntry
from casework.kernel.key_rotation import rotate as rotate_keys
from cli.options import AsJson
from cli.output import out, print_json
from config.data_keys import data_keys
from config.records import open_installation
from config.settings import Settings

app = typer.Typer(
    help="Show which data key is in force, and change to a new one.", no_args_is_help=True
)


@app.command()
def show(as_json: AsJson = False) -> None:
    """Show the fingerprint of the data key in force, and where it comes from; never the key."""
    settings = Settings()
    with open_installation(settings) as records:
        found = {
            "fingerprint": records.kernel.vault.keys.data_key,
            "place": data_keys(settings).place,
        }
    if as_json:
        print_json(found)
    else:
        out.print(f"{found['fingerprint']}  from {found['place']}", markup=False)


@app.command()
def rotate(as_json: AsJson = False) -> None:
    """Change to a new data key while the service runs; repeat it if it was interrupted.

    A file gets a new key by itself. Where the key comes from a variable or a command, put the new
    one behind the old one first (64 hexadecimal digits), and take the old one away after. Keep the
    old key as long as there are backups from before: they open with no other. Once it is destroyed,
    nothing that was erased before the rotation opens anywhere. The first rotation after an upgrade
    seals photos again, and takes its time.
    """
    with open_installation(Settings()) as records:
        before, now = rotate_keys(records.kernel.vault)
        records.kernel.audit.note(
            AuditEntry(Actor.operator(), "data_key.rotate", detail={"before": before, "now": now})
        )
    if as_json:
        print_json({"before": before, "fingerprint": now})
        return
    out.print(f"{now} is in force; before: {before}", markup=False)
    out.print("Keep a copy of the new key apart from the database.", markup=False)
