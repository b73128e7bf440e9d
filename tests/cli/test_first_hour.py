"""A newcomer with the README alone: its commands, in its order, against real processes."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from casework.accounts.totp import code_at
from casework.kernel.clock import utc_now
from cli.background import free_port
from tests.cli.conftest import ROOT, environment
from tests.data import PACKAGED, encoded, image_of
from tests.deadlines import patience, wait_until

MOST_COMMANDS = 15
STAND_IN = "#!/bin/sh\n"
ADDRESS = "http://127.0.0.1:8000"


def blocks() -> list[list[str]]:
    """Return the commands of each block of README's way to an installation."""
    text = (ROOT / "README.md").read_text("utf-8")
    (part,) = re.findall(r"^## Set it up for real\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    found = re.findall(r"```sh\n(.*?)```", part, re.DOTALL)
    return [block.replace("\\\n", " ").splitlines() for block in found]


class Newcomer:
    """Somebody with a checkout, two photos, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        # Set-up itself needs a network: what it leaves, the command and its environment, is here.
        programs = folder / "programs"
        (folder / ".venv" / "bin").mkdir(parents=True)
        (folder / ".venv" / "bin" / "activate").touch()
        programs.mkdir()
        for name, body in (
            ("make", "exit 0"),
            ("siaga", f'exec "{sys.executable}" -m cli "$@"'),
        ):
            (programs / name).write_text(f"{STAND_IN}{body}\n")
            (programs / name).chmod(0o755)
        self._environment = {
            **environment(folder),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'client'}",
            "SIAGA_PORT": str(self.port),
            "SIAGA_MANAGEMENT": "false",
        }
        del self._environment["SIAGA_DATA_DIR"], self._environment["SIAGA_AS"]
        (folder / "people").mkdir()
        shutil.copy(PACKAGED["astronaut"], folder / "people" / "Siti Rahma.png")
        (folder / "arrival.jpg").write_bytes(encoded(image_of("astronaut"), quality=80))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def shell(self, *commands: str) -> "subprocess.Popen[str]":
        """Type commands into a terminal of their own."""
        typed = "\n".join(["set -e", *commands]).replace(ADDRESS, self.address)
        return subprocess.Popen(
            ["bash", "-c", typed],
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *commands: str) -> str:
        with self.shell(*commands) as process:
            said, complained = process.communicate(timeout=patience(60))
        assert process.returncode == 0, complained
        return said

    def answers(self, client: httpx2.Client) -> bool:
        try:
            return client.get("/readyz").is_success
        except httpx2.TransportError:
            return False


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    return Newcomer(tmp_path)


def signed_in(address: str, login: str, first: str) -> httpx2.Client:
    """Do what the console asks for at a first sign-in: a new password and a second factor."""
    client = httpx2.Client(base_url=address, timeout=patience(30))

    def post(path: str, **body: str) -> httpx2.Response:
        answer = client.post(path, json=body)
        assert answer.is_success, answer.text
        return answer

    token = post("/v1/sessions", login=login, password=first).json()["token"]
    client.headers["Authorization"] = f"Bearer {token}"
    chosen = "a quiet harbour at dawn"
    post("/v1/me/password", present=first, new=chosen)
    secret = post("/v1/me/second-factor", password=chosen).json()["secret"]
    post("/v1/me/second-factor/confirm", code=code_at(secret, utc_now()))
    return client


def test_readme_alone_leads_to_an_installation_and_a_decided_alert(newcomer):
    at_the_machine, at_the_port = blocks()
    assert at_the_machine[-1] == "siaga serve"
    assert len(at_the_machine) + len(at_the_port) <= MOST_COMMANDS

    said = newcomer.run(*at_the_machine[:-1])
    (key,) = re.findall(r"siaga\.key_\S+", said)
    (first,) = re.findall(r"rina .*?(\w{5}(?:-\w{5}){3})", said)
    with newcomer.shell(f"exec {at_the_machine[-1]}") as service:
        try:
            with httpx2.Client(base_url=newcomer.address, timeout=patience(5)) as client:
                wait_until(lambda: newcomer.answers(client), 60)
            answer = json.loads(
                newcomer.run(*(each.replace("siaga.key_...", key) for each in at_the_port))
            )
            assert answer["outcome"] == "alert"
            (alert,) = answer["alerts"]

            with closing(signed_in(newcomer.address, "rina", first)) as rina:
                (queued,) = rina.get("/v1/alerts").json()["items"]
                assert queued["id"] == alert["id"]
                path = f"/v1/alerts/{alert['id']}"
                opinion = {"opinion": "potential_candidate", "reasons": ["facial_features_agree"]}
                steps = (
                    ("acknowledge", None, "acknowledged"),
                    ("decide", opinion, "potential_candidate"),
                    ("close", {"disposal": "handed_over"}, "closed"),
                )
                for act, body, state in steps:
                    done = rina.post(f"{path}/{act}", json=body)
                    assert done.is_success, done.text
                    assert done.json()["state"] == state
        finally:
            os.killpg(service.pid, signal.SIGTERM)
            service.communicate()
    (agency,) = json.loads(newcomer.run("siaga agencies list --json"))
    assert (agency["code"], agency["kind"]) == ("IMI", "operator")
