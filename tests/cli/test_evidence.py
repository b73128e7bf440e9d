"""`siaga evidence verify`, as an expert runs it in a folder that has nothing else."""

import json
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.cli.conftest import environment
from tests.evidence import in_court


@pytest.fixture
def court(tmp_path_factory):
    with in_court(tmp_path_factory.mktemp("agency")) as made:
        yield made


@pytest.fixture
def expert(tmp_path, court):
    """A folder with a bundle and the agency's key; returns what runs a command there."""
    pem = court.key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "agency.pem").write_bytes(pem)
    (tmp_path / "case.zip").write_bytes(court.bundle.content)

    def run(*arguments):
        command = [sys.executable, "-m", "cli", "evidence", "verify", *arguments]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_bundle_is_checked_without_an_installation(expert, court, tmp_path):
    found = expert("case.zip", "--public-key", "agency.pem")
    assert found.returncode == 0, found.stderr
    assert court.bundle.case_number in found.stdout
    assert "Signed by the key that you gave" in found.stdout
    assert {each.name for each in tmp_path.iterdir()} == {"agency.pem", "case.zip"}
    altered = bytearray(court.bundle.content)
    altered[altered.index(b'"score":')] ^= 1
    (tmp_path / "case.zip").write_bytes(altered)
    found = expert("case.zip", "--public-key", "agency.pem", "--json")
    assert found.returncode == 1
    verdict = json.loads(found.stdout)
    assert not verdict["whole"]
    assert "records/alert.json" in verdict["faults"][0]["message"]
