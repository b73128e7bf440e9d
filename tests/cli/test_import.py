"""`siaga import` and `siaga export`, from outside; and imports killed midway."""

import csv
import json
import os
import pty
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from casework.accounts.api_keys import NewKey
from casework.kernel.actor import Actor
from casework.kernel.data_key import FileKeys
from casework.kernel.vocabulary import Scope
from casework.records import Records
from casework.tables import Subject
from casework.watchlists.watchlists import NewWatchlist
from cli.background import free_port
from tests.casework.imports.lists import zip_of
from tests.cli.conftest import begin, environment
from tests.data import PACKAGED
from tests.deadlines import patience, wait_until
from tests.fakes import photo_of
from tests.services import lay

FACES = 40
COLUMNS = ("reference", "name", "nationality", "birth_date", "photos")
WRONG = (
    {"name": ""},
    {"name": " "},
    {"name": "\t"},
    {"photos": ""},
    {"photos": "missing.jpg"},
    {"reference": ""},
)


@dataclass(frozen=True)
class Lists:
    """A file of which every fiftieth row is bad in one way or another, and a ZIP of photos."""

    file: Path
    photos: Path
    rows: int
    bad: list[int]

    @property
    def good(self) -> int:
        return self.rows - len(self.bad)


def write_lists(folder: Path, rows: int) -> Lists:
    bad = sorted(random.Random(6).sample(range(2, rows + 2), rows // 50))
    file = folder / "list.csv"
    with file.open("w", newline="", encoding="utf-8-sig") as out:
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        for row in range(2, rows + 2):
            said = {
                "reference": f"R-{row}",
                "name": f"Person {row}",
                "nationality": "IDN",
                "birth_date": "1980-01-31",
                "photos": f"{row % FACES}.jpg",
            }
            writer.writerow(said | (WRONG[row % len(WRONG)] if row in bad else {}))
    photos = folder / "photos.zip"
    photos.write_bytes(zip_of({f"{n}.jpg": photo_of(n, side=64) for n in range(FACES)}))
    return Lists(file, photos, rows, bad)


def count(database: Path, table: str) -> int:
    """Rows of a table, also while others write; 0 before it is made."""
    if not database.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    except sqlite3.OperationalError:
        return 0
    return int(found)


def check_all_is_there_once(database: Path, lists: Lists) -> None:
    """Exactly the good rows are stored, each once, and exactly the bad ones reported."""
    key = FileKeys(database.with_name("siaga.key"))
    with (
        closing(Records.open(f"sqlite:///{database}", key)) as records,
        records.kernel.database.read() as session,
    ):
        references = [row.reference or "" for row in session.scalars(select(Subject))]
    with closing(sqlite3.connect(database)) as connection:
        faults = connection.execute(
            "SELECT row, row_refused FROM import_fault WHERE code <> 'looks_like'"
        ).fetchall()
        warned = [
            row
            for (row,) in connection.execute(
                "SELECT row FROM import_fault WHERE code = 'looks_like'"
            )
        ]
        (job,) = connection.execute(
            "SELECT state, done, created, updated, unchanged, refused FROM import_job"
        ).fetchall()
    good = {f"R-{row}" for row in range(2, lists.rows + 2) if row not in lists.bad}
    assert sorted(references) == sorted(good)
    assert sorted(faults) == [(row, 1) for row in lists.bad]
    # A few faces stand for all of these people. A warning may be lost with the process, at worst.
    assert len(warned) == len(set(warned)) > 0
    assert job == ("done", lists.rows, lists.good, 0, 0, len(lists.bad))
    for table in ("photo", "template", "membership"):
        assert count(database, table) == lists.good
    assert count(database, "import_part") == 0


def drawn(tmp_path: Path, *arguments: object, **how: object) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.drawn_process", *map(str, arguments)]
    return subprocess.Popen(command, cwd=tmp_path, env=environment(tmp_path), **how)  # type: ignore[call-overload, no-any-return]


@contextmanager
def serving(tmp_path: Path) -> "Iterator[tuple[httpx2.Client, subprocess.Popen[bytes]]]":
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with drawn(tmp_path, "serve", tmp_path / "var", port, stderr=subprocess.DEVNULL) as process:
        try:
            with httpx2.Client(base_url=address, timeout=patience(60)) as client:
                wait_until(lambda: answers(client), 60, every=0.05)
                yield client, process
        finally:
            process.terminate()


def answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx2.TransportError:
        return False


# Five thousand rows, by what others leave of the processors.
@pytest.mark.timeout(400)
@pytest.mark.parametrize("rows", [300, pytest.param(5000, marks=pytest.mark.more)])
def test_an_import_over_http_killed_midway_goes_on_by_itself(rows, tmp_path):
    lists = write_lists(tmp_path, rows)
    database = tmp_path / "var" / "siaga.db"
    records = Records.open(f"sqlite:///{database}", lay(tmp_path / "var"))
    agency = records.accounts.agencies.begin(Actor.operator(), "IMI", "Immigration").id
    watchlist = records.lists.watchlists.create(Actor.operator(), NewWatchlist("wanted", agency)).id
    _, key = records.accounts.keys.create(
        Actor.operator(), NewKey("office", frozenset({Scope.ENROL}), agency_id=agency)
    )
    records.close()
    headers = {"Authorization": f"Bearer {key}"}

    def told(client, path):
        return client.get(path, headers=headers).json()

    with serving(tmp_path) as (client, process):
        sent = client.post(
            "/v1/imports",
            params={"watchlist_id": watchlist},
            headers=headers,
            files={"file": lists.file.read_bytes(), "photos": lists.photos.read_bytes()},
        )
        assert sent.status_code == 202, sent.text
        path = f"/v1/imports/{sent.json()['id']}"
        least = random.randrange(1, lists.rows // 4)
        while (progress := told(client, path))["done"] < least:
            time.sleep(0.02)
        assert progress["state"] == "running"
        assert progress["rows_per_s"] > 0
        process.send_signal(signal.SIGKILL)
        process.wait()
    stored = count(database, "subject")
    assert 0 < stored < lists.good, "the process was not killed midway"

    with serving(tmp_path) as (client, _):
        seen = []
        while (progress := told(client, path))["state"] == "running":
            seen.append(progress["done"])
            time.sleep(0.05)
        assert progress["state"] == "done"
        assert seen == sorted(seen)
        assert len(set(seen)) > 2, "progress is visible"
        report = told(client, f"{path}/errors?format=json")
        assert sorted(fault["row"] for fault in report if fault["row_refused"]) == lists.bad
        wait_until(lambda: not count(database, "import_part"), 20)
    check_all_is_there_once(database, lists)


@pytest.mark.parametrize("rows", [300, pytest.param(1500, marks=pytest.mark.more)])
def test_the_command_killed_midway_and_run_again_goes_on(rows, tmp_path):
    lists = write_lists(tmp_path, rows)
    database = tmp_path / "var" / "siaga.db"
    begin(tmp_path / "var")
    arguments = ("import", tmp_path / "var", lists.file, lists.photos)
    with drawn(tmp_path, *arguments, stdout=subprocess.DEVNULL) as process:
        least = random.randrange(1, lists.rows // 4)
        while count(database, "subject") < least and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    stored = count(database, "subject")
    assert 0 < stored < lists.good, "the process was not killed midway"

    terminal, its_end = pty.openpty()
    with drawn(tmp_path, *arguments, stdout=subprocess.DEVNULL, stderr=its_end) as process:
        os.close(its_end)
        said = bytearray()

        def listen():
            try:
                while piece := os.read(terminal, 4096):
                    said.extend(piece)
            except OSError:
                pass  # the other end is closed

        listener = threading.Thread(target=listen)
        listener.start()
        assert process.wait(timeout=patience(120)) == 0
        listener.join()
    os.close(terminal)
    shown = said.decode()
    done = [int(number) for number in re.findall(rf"(\d+)/{rows}", shown)]
    assert stored <= min(done) < lists.rows, "it goes on where it was"
    assert done[-1] == lists.rows
    assert len(set(done)) > 3
    assert re.search(r"\d+ rows/s", shown)
    check_all_is_there_once(database, lists)


def test_import_then_export_then_import_elsewhere(siaga, tmp_path):
    """With the real networks, on a few people."""
    for name in ("astronaut", "hanks", "coffee"):
        shutil.copy(PACKAGED[name], tmp_path / f"{name}.png")
    rows = [
        ("reference", "name", "nationality", "aliases", "photos"),
        ("1", "Eileen C", "USA", "EC; Collins", "astronaut.png"),
        ("2", "Tom H", "USA", "", "hanks.png"),
        ("3", "A cup", "IDN", "", "coffee.png"),
        ("4", "No photo", "IDN", "", "none.png"),
    ]
    with (tmp_path / "list.csv").open("w", newline="") as out:
        csv.writer(out).writerows(rows)
    trial = siaga("import", "list.csv", "--watchlist", "wanted", "--dry-run")
    assert trial.returncode == 1
    assert "no watchlist wanted yet: it would be made (other, both)" in trial.stderr
    assert "2 would be created" in trial.stdout
    assert siaga("export", "--watchlist", "wanted").returncode == 2

    report = tmp_path / "report.json"
    first = siaga("import", "list.csv", "--watchlist", "wanted", "--report", report, "--json")
    assert first.returncode == 1, first.stderr
    body = json.loads(first.stdout)
    assert (body["state"], body["rows"], body["created"], body["refused"]) == ("done", 4, 2, 2)
    found = [(each["row"], each["code"]) for each in json.loads(report.read_text())]
    assert found == [(4, "unsearchable"), (5, "photo_not_found")]
    assert body["faults"] == json.loads(report.read_text())

    again = siaga("import", "list.csv", "--watchlist", "wanted", "--dry-run")
    assert "2 unchanged, 2 refused" in again.stdout
    assert "row 5: 4 photos: none.png" in again.stderr

    made = siaga("export", "--watchlist", "wanted", "--photos", "--to", "wanted.zip")
    assert made.returncode == 0, made.stderr
    assert "2 subjects, 2 photos" in made.stderr
    assert (tmp_path / "wanted.zip").stat().st_mode & 0o777 == 0o600
    elsewhere = {"SIAGA_DATA_DIR": str(tmp_path / "other")}
    begin(tmp_path / "other")
    back = siaga("import", "wanted.zip", "--watchlist", "wanted", "--json", **elsewhere)
    assert back.returncode == 0, back.stderr
    assert json.loads(back.stdout)["created"] == 2
    lines = siaga("export", "--watchlist", "wanted", "--format", "jsonl").stdout
    assert (
        siaga("export", "--watchlist", "wanted", "--format", "jsonl", **elsewhere).stdout == lines
    )
    assert [json.loads(line)["name"] for line in lines.splitlines()] == ["Eileen C", "Tom H"]
    assert siaga("export", "--watchlist", "none").returncode == 2


def test_what_is_no_list_is_refused(siaga, tmp_path):
    (tmp_path / "list.csv").write_text("name\nx\n")
    refused = siaga("import", "list.csv", "--watchlist", "wanted")
    assert refused.returncode == 1
    assert "`reference` is missing" in refused.stderr
