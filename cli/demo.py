"""`siaga demo`: the main job, shown on this machine in a minute."""

import json
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import httpx2
import typer
from rich import box
from rich.live import Live
from rich.table import Table

from api.settings import Settings
from casework.access.actors import Actor
from casework.access.keys import NewKey
from casework.vocabulary import Scope
from cli import cast, opened, sheet
from cli.background import free_port, running
from cli.options import AsJson
from cli.output import Exit, err, out, print_json

_TARGET_FPIR: Final = 1e-5
# Columns of the stages' times are left out of narrower terminals.
_WIDE_TERMINAL: Final = 150
_STAGES: Final = ("decode", "detect", "align", "assess", "embed", "search", "record")
_COLOURS: Final = {"alert": "bold red", "clear": "green", "unsearchable": "yellow"}


@dataclass(frozen=True, slots=True)
class Row:
    """One arrival with its answer."""

    arrival: cast.Arrival
    outcome: str
    candidate: str
    score: float | None
    threshold: float | None
    milliseconds: float
    stages: dict[str, float]
    reason: str
    """Code of the quality reason or of the problem, where there is no candidate."""
    detail: str
    candidate_photo: bytes | None

    @property
    def as_expected(self) -> bool:
        """Whether the answer is the right one, with the right candidate."""
        named = self.arrival.person is None or self.candidate == self.arrival.person
        return self.outcome == self.arrival.expected and named


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the service running and say how to reach it.")
    ] = False,
    out_dir: Annotated[Path, typer.Option("--out", help="Folder of the contact sheet.")] = Path(
        "out/demo"
    ),
    as_json: AsJson = False,
) -> None:
    """Start the real service, enrol a watchlist, screen arrivals over HTTP and show the matches.

    Exit 1 if any answer is not the one expected.
    """
    # However it is stopped, the service it started stops with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="siaga-demo-") as folder:
        settings = Settings(data_dir=Path(folder), port=free_port())
        enrolled, strangers = cast.gather(opened.pipeline(settings))
        with opened.records(settings) as records:
            operator = Actor.operator()
            owner = records.agencies.only(operator)
            port = NewKey("Demo port", frozenset({Scope.SCREEN}))
            office = NewKey("Demo office", frozenset({Scope.ENROL}), agency_id=owner.id)
            _, port_key = records.keys.create(operator, port)
            _, office_key = records.keys.create(operator, office)
        with running(settings) as service:
            address = service.address
            rows = _play(address, port_key, office_key, enrolled, strangers, quiet=as_json)
            path = out_dir / "contact-sheet.png"
            sheet.draw([_pair(row) for row in rows], path)
            _tell(rows, path, as_json=as_json)
            if keep:
                _wait(address, port_key, office_key)
    if not all(row.as_expected for row in rows):
        raise typer.Exit(Exit.REFUSED)


def _play(
    address: str,
    port_key: str,
    office_key: str,
    enrolled: list[cast.Member],
    strangers: list[cast.Member],
    *,
    quiet: bool,
) -> list[Row]:
    """Enrol, then submit every arrival, showing the table as it grows."""
    rows: list[Row] = []
    with (
        httpx2.Client(base_url=address, headers=_bearer(office_key), timeout=60) as office,
        httpx2.Client(base_url=address, headers=_bearer(port_key), timeout=60) as port,
        Live(_table(rows), console=err, auto_refresh=False, transient=True) as live,
    ):
        _enrol(office, enrolled)
        for arrival in cast.arrivals(enrolled, strangers):
            rows.append(_submit(port, office, arrival))
            if not quiet:
                live.update(_table(rows), refresh=True)
    return rows


def _enrol(office: httpx2.Client, members: list[cast.Member]) -> None:
    """Put people on a watchlist through HTTP."""
    watchlist = _checked(
        office.post(
            "/v1/watchlists",
            json={
                "name": "Demo watchlist",
                "category": "tangkal",
                "direction": "entry",
                # Six of the people come from one photo: the same light and lens make strangers more
                # alike than travellers are, so the demo's list is stricter than the default.
                "target_fpir": _TARGET_FPIR,
                "instruction": {"en": "Ask the traveller to wait and call the duty officer."},
            },
        )
    )
    for member in members:
        subject = {"name": member.name, "watchlist_ids": [watchlist["id"]]}
        _checked(
            office.post(
                "/v1/subjects",
                data={"subject": json.dumps(subject)},
                files={"photos": ("portrait.jpg", cast.as_jpeg(member.portrait), "image/jpeg")},
            )
        )


def _submit(port: httpx2.Client, office: httpx2.Client, arrival: cast.Arrival) -> Row:
    """Submit one arrival as a port system would."""
    begun = time.perf_counter()
    response = port.post(
        "/v1/encounters",
        data={"port": "CGK", "direction": "entry"},
        files={"photo": ("arrival.jpg", arrival.photo, "image/jpeg")},
    )
    spent = (time.perf_counter() - begun) * 1000
    answer = response.json()
    if 400 <= response.status_code < 500:
        reason = f"{response.status_code} {answer['code']}"
        return Row(arrival, "refused", "", None, None, spent, {}, reason, answer["detail"], None)
    _checked(response)
    stages = {
        part.split(";dur=")[0]: float(part.split(";dur=")[1])
        for part in response.headers["server-timing"].split(", ")
    }
    if not answer["alerts"]:
        reasons = answer["quality"]["reasons"]
        code = " ".join(reason["code"] for reason in reasons)
        advice = " ".join(reason["advice"] for reason in reasons)
        return Row(arrival, answer["outcome"], "", None, None, spent, stages, code, advice, None)
    # The port is told what to do, the office whom it is about.
    told = answer["alerts"][0]
    best = _checked(office.get(f"/v1/alerts/{told['id']}"))
    photo = office.get(f"/v1/alerts/{told['id']}/enrolled")
    return Row(
        arrival,
        answer["outcome"],
        best["subject"]["name"],
        best["score"],
        best["threshold"],
        spent,
        stages,
        "",
        told["instruction"]["en"],
        photo.content,
    )


def _table(rows: list[Row], stages: Sequence[str] = ()) -> Table:
    table = Table(
        title="Arrivals" + (", milliseconds by stage" if stages else ""),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for column in ("arrival", "outcome", "candidate"):
        table.add_column(column, no_wrap=True)
    for column in ("score", "threshold", "ms", *stages):
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        colour = _COLOURS.get(row.outcome, "dim")
        table.add_row(
            row.arrival.label,
            f"[{colour}]{row.outcome}[/]" + ("" if row.as_expected else " [reverse]unexpected[/]"),
            row.candidate or ("" if row.outcome == "clear" else f"({row.reason})"),
            "" if row.score is None else f"{row.score:.3f}",
            "" if row.threshold is None else f"{row.threshold:.3f}",
            f"{row.milliseconds:.0f}",
            *(f"{row.stages[name]:.1f}" if name in row.stages else "" for name in stages),
        )
    return table


def _pair(row: Row) -> sheet.Pair:
    detail = row.detail
    if row.score is not None:
        detail = f"{row.candidate}: {row.score:.3f} (threshold {row.threshold:.3f})"
    return sheet.Pair(
        row.arrival.label, row.outcome, detail[:48], row.arrival.photo, row.candidate_photo
    )


def _tell(rows: list[Row], path: Path, *, as_json: bool) -> None:
    right = sum(row.as_expected for row in rows)
    if as_json:
        print_json(
            {
                "as_expected": right,
                "arrivals": [
                    {
                        "arrival": row.arrival.label,
                        "expected": row.arrival.expected,
                        "outcome": row.outcome,
                        "candidate": row.candidate or None,
                        "score": row.score,
                        "threshold": row.threshold,
                        "milliseconds": round(row.milliseconds, 1),
                        "stages": row.stages,
                    }
                    for row in rows
                ],
                "contact_sheet": str(path),
            }
        )
        return
    out.print(_table(rows, _STAGES if out.width >= _WIDE_TERMINAL else ()))
    out.print(
        f"{right} of {len(rows)} answers as expected. Probes beside candidates: {path}",
        soft_wrap=True,
    )


def _wait(address: str, port_key: str, office_key: str) -> None:
    """Say how to reach the service, and leave it running until Ctrl-C."""
    out.print(
        f"\nThe service runs at {address} (its interface: {address}/openapi.json). Try:\n",
        soft_wrap=True,
    )
    out.print(
        f"  curl -H 'Authorization: Bearer {port_key}' \\\n"
        f"       -F photo=@photo.jpg -F port=CGK -F direction=entry {address}/v1/encounters\n",
        soft_wrap=True,
    )
    out.print(f"Key of the office (scope enrol): {office_key}\n", soft_wrap=True)
    out.print("Press Ctrl-C to stop it; its database is then removed.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        out.print("Stopped.")


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _checked(response: httpx2.Response) -> dict[str, Any]:
    """Return the answer's JSON; stop the demo with the problem's own words if it is an error."""
    answer: dict[str, Any] = response.json()
    if response.is_error:
        err.print(f"[red]{response.status_code}[/] {answer}")
        raise typer.Exit(Exit.REFUSED)
    return answer
