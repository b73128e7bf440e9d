"""An installation of before, with many subjects and a long trail, opened by this version.

`make test-more` measures ten thousand subjects and a hundred thousand records: see
docs/encryption.md.
"""

import hmac
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from casework.kernel.audit import earlier
from tests.contract.record import RECORDED
from tests.contract.test_old_database import loaded
from tests.deadlines import patience
from tests.fakes import photo_of
from tests.services import DATA_KEY

DUMP: Final = RECORDED / "database-0011.sql"
PLANTED: Final = (
    "Plantedname",
    "Plantedalias",
    "PLANTEDREF",
    "PLANTEDDOC",
    "Plantedreason",
    "PLANTEDNO",
    "Plantedofficer",
    "Plantedpurpose",
)
AT: Final = "2026-03-01 08:00:00.000000"
MOST_MEMORY_MB: Final = 200
"""Beside what a process has that opens an empty database."""

# What a process of its own does: what it says is about itself alone.
OPENED: Final = """
import json, resource, sys, time
from pathlib import Path
from tests.services import Desk, FakeClock, open_service, port_system

def peak():
    try:
        # Of this program alone: what resource says begins with what its parent had.
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

path, clock = Path(sys.argv[1]), FakeClock()
open_service(path.with_name("empty.db")).close()
clock.advance(days=1)
before, wall, cpu = peak(), time.perf_counter(), time.process_time()
service = open_service(path, clock)
said = {
    "open: wall s": time.perf_counter() - wall,
    "open: processor s": time.process_time() - cpu,
    "open: memory MB": peak() - before,
}
cpu = time.process_time()
verdict = service.kernel.audit.verify()
said |= {
    "verify: processor s": time.process_time() - cpu,
    "verify: records": verdict.records,
    "whole": verdict.whole,
    "alerts": len(Desk(service, clock).screen(1, key=port_system()).encounter.alerts),
    "memory MB": peak() - before,
}
service.close()
print(json.dumps(said))
"""


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("subjects", "records", "kills"),
    [(40, 200, 0), pytest.param(10_000, 100_000, 3, marks=pytest.mark.more)],
)
def test_nothing_clear_is_left_and_everything_is_there(
    subjects, records, kills, tmp_path, record_property
):
    path = tmp_path / "siaga.db"
    grown(path, subjects, records)
    assert set(readable(path)) == set(PLANTED)
    for number in range(kills):
        with suppress(subprocess.TimeoutExpired), opening(path) as process:
            process.wait(timeout=2 + 2 * number)
    with opening(path) as process:
        out, _ = process.communicate(timeout=patience(500))
    said = json.loads(out.splitlines()[-1])
    for name, figure in said.items():
        record_property(f"{subjects} subjects, {name}", round(figure, 1))
    assert said["whole"]
    assert said["verify: records"] > records
    assert said["alerts"]
    assert said["memory MB"] < MOST_MEMORY_MB
    assert readable(path) == []
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM subject").fetchone() == (subjects + 1,)


@contextmanager
def opening(path: Path) -> "Iterator[subprocess.Popen[str]]":
    """A process that opens a database; killed if its block is left before it has ended."""
    command = [sys.executable, "-c", OPENED, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def readable(path: Path) -> list[str]:
    """Return what can be read in a database's files."""
    files = b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    return [each for each in PLANTED if each.encode() in files]


def grown(path: Path, subjects: int, records: int) -> None:
    """Make the recorded database larger, as its version would have written it."""
    known = loaded(DUMP.read_text(encoding="utf-8"), path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        _add_subjects(connection, known["subject"], subjects)
        _add_records(connection, known, records)
        connection.execute("COMMIT")


def _add_subjects(connection: sqlite3.Connection, like: str, count: int) -> None:
    cipher = AESGCM(DATA_KEY)

    def sealed(content: bytes, name: str, number: int) -> bytes:
        nonce = number.to_bytes(12, "big")
        return b"\x01" + nonce + cipher.encrypt(nonce, content, name.encode())

    def first(table: str, where: str) -> dict[str, Any]:
        return dict(
            connection.execute(f"SELECT * FROM {table} WHERE {where} = ?", (like,)).fetchone()
        )

    subject, photo, template, entry = (
        first(table, column)
        for table, column in (
            ("subject", "id"),
            ("photo", "subject_id"),
            ("template", "subject_id"),
            ("membership", "subject_id"),
        )
    )
    vector = _opened(cipher, template)
    face = photo_of(1, side=64)
    rows: dict[str, list[dict[str, Any]]] = {
        "subject": [],
        "photo": [],
        "template": [],
        "membership": [],
    }
    for n in range(count):
        subject_id, photo_id = f"sub_{n:026}", f"pho_{n:026}"
        documents = [{"kind": "passport", "number": f"PLANTEDDOC{n}", "country": "IDN"}]
        rows["subject"].append(
            subject
            | {
                "id": subject_id,
                "reference": f"PLANTEDREF{n}",
                "name": f"Plantedname {n}",
                "aliases": json.dumps([f"Plantedalias {n}"]),
                "documents": json.dumps(documents),
                "reason": f"Plantedreason {n}",
                "decision_number": f"PLANTEDNO{n}",
            }
        )
        content = sealed(face, f"photo/{photo_id}", 2 * n)
        rows["photo"].append(
            photo
            | {
                "id": photo_id,
                "subject_id": subject_id,
                "sha256": f"{n:064x}",
                "sealed_content": content,
            }
        )
        name = f"template/{photo_id}/{template['model']}"
        rows["template"].append(
            template
            | {
                "id": 1000 + n,
                "photo_id": photo_id,
                "subject_id": subject_id,
                "sealed_vector": sealed(vector, name, 2 * n + 1),
            }
        )
        rows["membership"].append(entry | {"subject_id": subject_id})
    for table, new in rows.items():
        _insert(connection, table, new)


def _opened(cipher: AESGCM, template: Mapping[str, Any]) -> bytes:
    sealed, name = template["sealed_vector"], f"template/{template['photo_id']}/{template['model']}"
    return cipher.decrypt(sealed[1:13], sealed[13:], name.encode())


def _add_records(connection: sqlite3.Connection, known: Mapping[str, str], count: int) -> None:
    seq, before = connection.execute("SELECT seq, hash FROM audit_head").fetchone()
    written = []
    for n in range(count):
        seq += 1
        record = dict.fromkeys(earlier.FIELDS) | {
            "seq": seq,
            "at": f"{AT.replace(' ', 'T')}+00:00",
            "actor_kind": "officer",
            "actor_id": f"off_{n % 30}",
            "actor_name": f"Plantedofficer {n % 30}",
            "agency_id": known["agency"],
            "action": "subject.read",
            "object_id": f"sub_{n:026}",
            "owner_id": known["agency"],
            "outcome": "done",
            "purpose": f"Plantedpurpose {n}" if n % 10 == 0 else None,
            "detail": {"n": n} if n % 2 else None,
        }
        before = earlier.chained(before, earlier.text(record))
        detail = json.dumps(record["detail"]) if record["detail"] else None
        written.append(record | {"at": AT, "detail": detail, "hash": before})
    _insert(connection, "audit", written)
    key = HKDF(SHA256(), 32, salt=None, info=b"siaga audit seal").derive(DATA_KEY)
    seal = hmac.digest(key, f"{seq}:{before}".encode(), "sha256")
    connection.execute("UPDATE audit_head SET seq = ?, hash = ?, seal = ?", (seq, before, seal))


def _insert(connection: sqlite3.Connection, table: str, new: Iterable[Mapping[str, Any]]) -> None:
    rows = list(new)
    marks = ", ".join("?" * len(rows[0]))
    statement = f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES ({marks})"
    connection.executemany(statement, [tuple(row.values()) for row in rows])
