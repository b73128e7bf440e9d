"""The real service in a process of its own, for as long as a block runs."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2
import typer

from cli.output import Exit, err
from config.settings import Settings

_START_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Running:
    """A service that answers."""

    address: str
    process: "subprocess.Popen[bytes]"


@contextmanager
def running(settings: Settings) -> Iterator[Running]:
    """Start `siaga serve` with these settings; stop it in order at the end.

    What is handed on is where its data lie, the port, and how much it admits; the rest it reads
    from the environment and the settings file, as the caller did.
    """
    address = f"http://127.0.0.1:{settings.port}"
    environment = {
        **os.environ,
        "SIAGA_DATA_DIR": str(settings.data_dir),
        "SIAGA_DATABASE_URL": settings.resolved_database_url,
        "SIAGA_DATA_KEY_FILE": str(settings.resolved_data_key_file),
        "SIAGA_PRACTICE": str(settings.practice).lower(),
        "SIAGA_MAX_WAITING": str(settings.max_waiting),
        "SIAGA_LATENCY_TARGET_MS": str(settings.latency_target_ms),
        "SIAGA_COOKIE_SECURE": str(settings.cookie_secure).lower(),
        "SIAGA_SECOND_FACTOR_REQUIRED": str(settings.second_factor_required).lower(),
        "SIAGA_LOG_LEVEL": "warning",
    }
    log = settings.data_dir / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command, nothing from outside
            [sys.executable, "-m", "cli", "serve", "--port", str(settings.port)],
            env=environment,
            stderr=output,
            # Ctrl-C is for the caller, which then stops the service in order.
            start_new_session=True,
        )
    try:
        _until_ready(address, process, log)
        yield Running(address, process)
    finally:
        process.terminate()
        process.wait(timeout=settings.shutdown_grace_s + 10)


def free_port() -> int:
    """Return a TCP port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _until_ready(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    # One client: each reads the machine's certificates, and would keep a processor from the start.
    with httpx2.Client(base_url=address, timeout=5) as client:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if client.get("/readyz").status_code == httpx2.codes.OK:
                    return
            except httpx2.TransportError:
                pass  # not listening yet
            time.sleep(0.1)
    err.print(log.read_text(errors="replace")[-4000:], markup=False)
    err.print("[red]The service did not become ready; its log is above.[/]")
    raise typer.Exit(Exit.SET_UP)
