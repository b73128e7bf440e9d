"""What an installation gets: the wheel, built as a release would be.

Paths of Python modules are left out, because modules move; so is the object that the command
`siaga` leads to.
"""

import email
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from tests.contract.source import ROOT

_TOLD: Final = (
    "Name",
    "Version",
    "Requires-Python",
    "License-Expression",
    "Requires-Dist",
    "Provides-Extra",
)


def picture() -> list[str]:
    """Return top-level packages, files that are no modules, commands and dependencies."""
    with TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        (built,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(built) as wheel:
            return sorted({*_contents(wheel), *_metadata(wheel)})


def _contents(wheel: zipfile.ZipFile) -> set[str]:
    paths = [PurePosixPath(name) for name in wheel.namelist()]
    packages = {f"package {path.parts[0]}" for path in paths if path.suffix == ".py"}
    return packages | {f"file {path}" for path in paths if path.suffix != ".py"}


def _metadata(wheel: zipfile.ZipFile) -> set[str]:
    (about,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = email.message_from_bytes(wheel.read(about))
    lines = {f"{name}: {value}" for name, value in metadata.items() if name in _TOLD}
    entries = wheel.read(about.replace("METADATA", "entry_points.txt")).decode()
    return lines | {f"entry {line.partition(' = ')[0]}" for line in entries.splitlines() if line}
