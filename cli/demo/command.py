"""`siaga demo`, in order."""

import signal
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.live import Live
from siaga_client import Client

from casework.kernel.installation import PRACTICE_MARK
from cli.background import free_port, running
from cli.demo import (
    audit_check,
    contact_sheet,
    load,
    people,
    quarter,
    report,
    review,
    staff,
    watchlists,
)
from cli.demo.arrivals import Row, submit_all
from cli.demo.report import DemoResult
from cli.demo.staff import Office
from cli.options import AsJson
from cli.output import Exit, err, out, print_json
from config.opening import open_pipeline
from config.settings import Settings


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the service running and say how to reach it.")
    ] = False,
    out_dir: Annotated[Path, typer.Option("--out", help="Folder of what it leaves.")] = Path(
        "out/demo"
    ),
    as_json: AsJson = False,
) -> None:
    """Start the real service and play a day of two agencies at two ports over HTTP.

    Enrols three watchlists, screens arrivals, takes an alert through its review, and checks the
    audit trail. Then a small quarter: alerts by province and month, and a monthly report. Exit 1 if
    anything does not come out as it should.
    """
    # However it is stopped, the service it started stops with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="siaga-demo-") as folder:
        settings = _settings(Path(folder))
        members = people.load_people(open_pipeline(settings))
        firsts = staff.begin(settings)
        with running(settings) as service:
            staffed = staff.staff(service.address, firsts)
            path = out_dir / "contact-sheet.png"
            result = _play(settings, service.address, staffed, members, path, quiet=as_json)
            contact_sheet.draw([_pair(row) for row in result.rows], path)
            if not as_json:
                report.print_result(result)
            told = quarter.play(_settings(Path(folder) / "quarter"), out_dir)
            if as_json:
                print_json(report.as_json(result) | {"quarter": quarter.as_json(told)})
            else:
                quarter.print_quarter(told)
            if keep:
                _wait(service.address, staffed)
    if not (result.as_expected and told.as_expected):
        raise typer.Exit(Exit.REFUSED)


def _settings(folder: Path) -> Settings:
    """Return settings that touch nothing but the folder, whatever the environment says."""
    return Settings(
        data_dir=folder,
        practice=True,  # nobody shall take its alerts for real ones
        database_url=f"sqlite:///{folder / 'siaga.db'}",
        data_key_file=folder / "siaga.key",
        port=free_port(),
        stays_legal_basis="UU 6/2011, pasal 72",
        stays_purpose="practice",
        keep_stays_days=365,
        cookie_secure=False,  # a browser on this machine speaks plain HTTP to it
    )


def _play(
    settings: Settings,
    address: str,
    of: Office,
    members: dict[str, people.Member],
    path: Path,
    *,
    quiet: bool,
) -> DemoResult:
    """Play the day, showing the arrivals as they come."""
    with (
        staff.connected(address, of.sessions) as desks,
        staff.systems(address, of.port_keys) as ports,
        Client(address, of.sessions["rina"]) as officer,
        Live(report.arrivals([]), console=err, auto_refresh=False, transient=True) as live,
    ):
        lapsed_at = max(
            watchlists.enrol(listing, desks[listing.analyst], of.agencies, members)
            for listing in watchlists.LISTS
        )
        time.sleep(max(0.0, (lapsed_at - datetime.now(UTC)).total_seconds()))

        def progress(rows: list[Row]) -> None:
            if not quiet:
                live.update(report.arrivals(rows), refresh=True)

        rows = submit_all(ports, officer, members, progress)
        reviewed, steps = review.play(desks, rows)
    crowd = load.play(address, of.port_keys["CGK"], rows)
    return DemoResult(rows, reviewed, steps, crowd, audit_check.check_audit(settings), path)


def _pair(row: Row) -> contact_sheet.Pair:
    detail = row.arrival.trip.why or row.detail
    if row.score is not None:
        detail = f"{row.candidate}: {row.score:.3f} (threshold {row.threshold:.3f})"
    trip = row.arrival.trip
    caption = f"{row.arrival.label} ({trip.port} {trip.direction})"
    return contact_sheet.Pair(
        caption, row.outcome, detail[:48], row.arrival.photo, row.candidate_photo
    )


def _wait(address: str, of: Office) -> None:
    """Say how to reach the service, and leave it running until Ctrl-C."""
    out.print(
        f"\nThe console is at {address}/, for the people below; what programs can ask is described "
        f"at {address}/openapi.json. Try:\n",
        soft_wrap=True,
    )
    out.print(
        f"  curl -H 'Authorization: Bearer {of.port_keys['CGK']}' \\\n"
        f"       -F photo=@photo.jpg -F port=CGK -F direction=entry {address}/v1/encounters\n",
        soft_wrap=True,
    )
    out.print(report.accounts(of.password, of.factors))
    out.print(f"It is a practice installation: {PRACTICE_MARK} stands on all that it shows.")
    out.print("Press Ctrl-C to stop it; its database is then removed.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        out.print("Stopped.")
