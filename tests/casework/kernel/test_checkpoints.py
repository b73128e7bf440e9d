"""Checkpoints: made when they are due, handed out, compared; and one record proved by them."""

import json
import re
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError
from sqlalchemy import text

from casework.kernel.audit import proof
from casework.kernel.audit.checkpoints import Checkpoint, Checkpoints, Signers
from casework.kernel.audit.log import AuditEntry
from casework.kernel.audit.sinks import FileSink, SyslogSink, WebSink, read_checkpoints, sink_for
from casework.kernel.errors import AuditBroken, NotFound, SetUpError
from config.checkpoints import make_key, read_keys, signers
from config.settings import Settings
from tests.services import OPERATOR

ROOT = Path(__file__).parents[3]
EVERY = timedelta(minutes=10)


@pytest.fixture
def checkpoints(desk):
    audit = desk.service.kernel.audit
    audit.signers = Signers.of(Ed25519PrivateKey.generate(), every=EVERY, records=20)
    note(desk, 3)
    return Checkpoints(audit)


def note(desk, count):
    for number in range(count):
        entry = AuditEntry(OPERATOR, "x.y", f"obj_{number}", purpose=f"purpose {number}")
        desk.service.kernel.audit.note(entry)


class Broken:
    """A place that takes nothing."""

    def send(self, checkpoint):
        raise OSError("the disk is full")

    def received(self):
        return ()


def test_one_is_made_when_it_is_due_and_not_before(desk, checkpoints, tmp_path):
    sink = FileSink(tmp_path / "checkpoints")
    assert checkpoints.tend(sink).age == timedelta(0)
    desk.clock.advance(minutes=9)
    assert checkpoints.tend(sink).age == timedelta(minutes=9)
    desk.clock.advance(minutes=1)
    checkpoints.tend(sink)
    note(desk, 20)  # after so many records it comes sooner
    assert not checkpoints.tend(sink).alarm
    made = read_checkpoints(tmp_path / "checkpoints")
    assert [each.fields["number"] for each in made] == [1, 2, 3]
    assert (tmp_path / "checkpoints").stat().st_mode & 0o777 == 0o600
    verdict = desk.service.kernel.audit.verify(elsewhere=sink.received())
    assert verdict.whole, verdict.fault
    assert (verdict.proved.checkpoints, verdict.proved.elsewhere) == (3, 3)
    assert verdict.proved.signed_to == verdict.records


def test_what_is_not_handed_out_waits_and_is_an_alarm(checkpoints, desk, tmp_path):
    failed = checkpoints.tend(Broken())
    assert (failed.unsent, failed.alarm) == (1, True)
    assert "the disk is full" in str(failed.problem)
    desk.clock.advance(minutes=10)
    sink = FileSink(tmp_path / "checkpoints")
    assert checkpoints.tend(sink).unsent == 0
    assert [each.fields["number"] for each in sink.received()] == [1, 2]


def test_a_late_one_is_an_alarm_and_a_fault(desk, checkpoints):
    checkpoints.make()
    note(desk, 1)
    desk.clock.advance(minutes=40)
    verdict = desk.service.kernel.audit.verify()
    assert verdict.message.code == "checkpoint_late"
    assert not checkpoints.tend(None).alarm  # it was made at once
    assert desk.service.kernel.audit.verify().whole


def test_one_that_waits_too_long_to_be_handed_out_is_a_fault(desk, checkpoints, tmp_path):
    verify, signers = desk.service.kernel.audit.verify, desk.service.kernel.audit.signers
    checkpoints.make()
    desk.clock.advance(minutes=31)
    assert verify().whole  # they go nowhere here
    sink = FileSink(tmp_path / "checkpoints")
    desk.service.kernel.audit.signers = replace(signers, elsewhere=sink.received)
    verdict = verify()
    assert (verdict.message.code, verdict.message.params) == ("checkpoint_waits", {"number": 1})
    checkpoints.tend(sink)
    assert verify().whole


def test_nothing_is_signed_of_a_broken_trail(desk, checkpoints):
    with desk.service.kernel.database.write_core() as connection:
        connection.execute(text("UPDATE audit SET actor_id = 'x' WHERE seq = 2"))
    with pytest.raises(AuditBroken):
        checkpoints.make()
    condition = checkpoints.tend(None)
    assert (condition.alarm, type(condition.problem)) == (True, AuditBroken)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_checkpoint_that_was_altered_removed_or_forged_is_found(desk, checkpoints, number):
    for _ in range(3):
        note(desk, 2)
        checkpoints.make()
    verify, database = desk.service.kernel.audit.verify, desk.service.kernel.database
    kept = checkpoints.unsent()
    with database.write_core() as connection:
        change = "UPDATE audit_checkpoint SET text = replace(text, '\"first\"', '\"First\"')"
        connection.execute(text(f"{change} WHERE number = {number}"))
    assert verify().message.code == "checkpoint_altered"
    with database.write_core() as connection:
        connection.execute(text(f"DELETE FROM audit_checkpoint WHERE number = {number}"))
    outside = [each for _, each in kept]
    assert verify(elsewhere=outside).message.code == "checkpoint_missing"
    forger = Signers.of(Ed25519PrivateKey.generate())
    desk.service.kernel.audit.signers = forger
    assert verify(elsewhere=outside).message.code in ("checkpoint_unsigned", "checkpoint_missing")


def test_a_key_that_signed_before_still_counts(desk, checkpoints):
    checkpoints.make()
    former, audit = checkpoints.signers, desk.service.kernel.audit
    note(desk, 2)
    audit.signers = Signers.of(Ed25519PrivateKey.generate(), former.public.values())
    Checkpoints(audit).make()
    assert audit.verify().whole
    audit.signers = Signers.of(audit.signers.private)
    assert audit.verify().message.code == "checkpoint_unsigned"


def test_a_proof_is_checked_by_the_lines_in_the_documentation(desk, checkpoints, tmp_path):
    note(desk, 4)
    trail = desk.service.oversight.trail
    with pytest.raises(NotFound, match="no checkpoint"):
        trail.prove(OPERATOR, 3)
    checkpoints.make()
    with pytest.raises(NotFound):
        trail.prove(OPERATOR, 10_000)
    with pytest.raises(NotFound, match="no field or text of that name"):
        trail.prove(OPERATOR, 3, ["actoin", "at"])
    made = trail.prove(OPERATOR, 3, ["action", "at", "purpose"])
    found = proof.check(json.loads(made.text), checkpoints.signers) or {}
    assert found["action"] == "x.y"
    assert found["shown"] == {"purpose": "purpose 2"}
    assert "actor_id" not in found
    files = tmp_path / "proof.json", tmp_path / "key.pem"
    files[0].write_text(made.text)
    (key,) = checkpoints.signers.public.values()
    files[1].write_bytes(_pem(key))
    lines = (ROOT / "docs" / "access.md").read_text(encoding="utf-8")
    program = re.search(r"```python\n(.*?)```", lines, re.DOTALL)
    assert program is not None
    command = [sys.executable, "-c", program[1], *map(str, files)]
    assert (
        "'action': 'x.y'"
        in subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
    files[0].write_text(made.text.replace("x.y", "x.z"))
    assert subprocess.run(command, check=False, capture_output=True).returncode == 1


def _pem(key):
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        PublicFormat,
    )

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


# Where they go


def test_they_go_to_a_log_server(checkpoints):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        sink = sink_for(f"syslog:127.0.0.1:{server.getsockname()[1]}")
        assert isinstance(sink, SyslogSink)
        checkpoints.make()
        assert checkpoints.tend(sink).unsent == 0
        message = server.recv(65536).decode().rstrip("\0")
    assert Checkpoint.of_line(message[message.index("{") :]).fields["number"] == 1
    with pytest.raises(OSError, match=r"no message|No such file"):
        SyslogSink("/nowhere/log").send(checkpoints.make())


def test_they_go_to_an_address(checkpoints):
    bodies, answers = [], [500, 204]

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(answers.pop(0))
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        sink = sink_for(f"http://127.0.0.1:{server.server_port}/checkpoints")
        assert isinstance(sink, WebSink)
        checkpoints.make()
        assert checkpoints.tend(sink).alarm
        assert not checkpoints.tend(sink).alarm
        server.shutdown()
    assert bodies[0] == bodies[1]
    assert Checkpoint.of_line(bodies[0].decode()).fields["number"] == 1


@pytest.mark.parametrize("line", ["", "x", "{}", "[]", '{"checkpoint": "{}", "signature": ""}'])
def test_what_is_no_checkpoint_is_refused(line):
    with pytest.raises(ValueError):  # noqa: PT011 - json's own among them
        Checkpoint.of_line(line)


@pytest.mark.parametrize("place", ["file:///var/checkpoints", "s3://x/y", "http://example.com/"])
def test_a_place_that_takes_no_checkpoints_is_refused(place):
    with pytest.raises(ValidationError, match="https address"):
        Settings(checkpoint_to=place)


# The key


def test_a_key_is_made_once_and_outside_the_data_folder(tmp_path):
    settings = Settings(data_dir=tmp_path / "var")
    path = tmp_path / "keys" / "signing.pem"
    public = make_key(path, settings)
    assert path.stat().st_mode & 0o777 == 0o400
    with pytest.raises(SetUpError, match="already"):
        make_key(path, settings)
    with pytest.raises(SetUpError, match="inside the data folder"):
        make_key(tmp_path / "var" / "signing.pem", settings)
    found = signers(Settings(data_dir=tmp_path / "var", checkpoint_key_file=path))
    (tmp_path / "public.pem").write_bytes(public)
    assert Signers.of(*read_keys(tmp_path / "public.pem")).public.keys() == {found.key}
    with pytest.raises(SetUpError, match="no private key"):
        signers(Settings(data_dir=tmp_path / "var", checkpoint_key_file=tmp_path / "public.pem"))


@pytest.mark.parametrize(
    "content", [b"", b"x", b"-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----"]
)
def test_a_file_that_holds_no_key_is_named(tmp_path, content):
    (tmp_path / "key.pem").write_bytes(content)
    with pytest.raises(SetUpError, match="holds no Ed25519 key"):
        read_keys(tmp_path / "key.pem")
