"""The folder where weights lie once they were verified.

    <root>/weights/<sha256>.onnx     one file per content, so packs share what they have in common
    <root>/licences/<pack>-*.json    who accepted a pack's licence, when, and which words
    <root>/partial/                  interrupted downloads, waiting to be resumed

Every file appears under its name complete and verified, or not at all.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import AwareDatetime, ValidationError

from models.archive import ArchiveFile, Readable, base_name, candidates_in, likely
from models.atomic import replacing
from models.errors import (
    ArchiveInvalid,
    Attempt,
    LicenceNotAccepted,
    ModelsError,
    WeightsCorrupt,
    WeightsMissing,
)
from models.manifest import Pack, WeightsFile
from models.sources import LARGEST_FILE_BYTES, Frozen

__all__ = [
    "FileReport",
    "FileState",
    "ImportReport",
    "LicenceRecord",
    "ModelStore",
    "VerifiedWeights",
]

CHUNK_BYTES = 1024 * 1024


class FileState(StrEnum):
    """What verifying one file found."""

    OK = "ok"
    MISSING = "missing"
    CORRUPT = "corrupt"


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file of a pack as it lies on disk; size in bytes, None for what could not be read."""

    file: WeightsFile
    path: Path
    state: FileState
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Names of the files an import placed, of those that were there already, and what it lacks."""

    placed: tuple[str, ...]
    present: tuple[str, ...]
    missing: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class VerifiedWeights:
    """The files of a pack, checked against its manifest a moment ago, and free to be used."""

    pack: Pack
    detector: Path
    recogniser: Path
    companions: tuple[Path, ...] = ()
    presentation: Path | None = None


class LicenceRecord(Frozen):
    """That somebody accepted a pack's licence; `licence_sha256` is the digest of its terms."""

    pack: str
    licence: str
    licence_sha256: str
    accepted_by: str
    accepted_at: AwareDatetime


class ModelStore:
    """Weights on disk, addressed by their content. Safe to use from several processes at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, file: WeightsFile) -> Path:
        """Return the place in the store that belongs to this content, there or not."""
        return self.root / "weights" / f"{file.sha256}.onnx"

    def locate(self, pack: Pack, file: WeightsFile) -> Path:
        """Where `file` is used from: a custom pack's own folder if it lies there, or the store."""
        if pack.folder is not None and (pack.folder / file.file).is_file():
            return pack.folder / file.file
        return self.path(file)

    def verify(self, pack: Pack) -> tuple[FileReport, ...]:
        """Read every file of the pack through and report what is there; raises nothing."""
        return tuple(_inspect(file, self.locate(pack, file)) for file in pack.files)

    def require(self, pack: Pack) -> VerifiedWeights:
        """Return the pack's files, each checked for size and SHA-256 just now.

        Raises LicenceNotAccepted, WeightsMissing or WeightsCorrupt.
        """
        self.require_licence(pack)
        reports = self.verify(pack)
        missing = [report.file.file for report in reports if report.state is FileState.MISSING]
        if missing:
            raise WeightsMissing(
                f"pack {pack.name!r}: {', '.join(missing)} not found. Run `siaga models fetch "
                f"{pack.reference}`, or offline `siaga models import {pack.reference} "
                "ZIP_OR_FOLDER`."
            )
        for report in reports:
            if report.state is FileState.CORRUPT:
                raise _corrupt(report)
        detector, recogniser, *more = (report.path for report in reports)
        companions = tuple(more[: len(pack.companions)])
        presentation = more[-1] if pack.presentation is not None else None
        return VerifiedWeights(pack, detector, recogniser, companions, presentation)

    def outstanding(self, pack: Pack) -> tuple[WeightsFile, ...]:
        """Return the pack's files that are missing, or are in the store but corrupt.

        Raises WeightsCorrupt for a file in a custom pack's own folder: nobody but its owner may
        replace that.
        """
        reports = [report for report in self.verify(pack) if report.state is not FileState.OK]
        for report in reports:
            if report.path != self.path(report.file):
                raise _corrupt(report)
        return tuple(report.file for report in reports)

    def add(self, file: WeightsFile, stream: Readable) -> Path:
        """Place `file`, read from `stream`, and return its path.

        It is written beside its place, flushed to disk, compared with the manifest and only then
        given its name. Raises WeightsCorrupt, having read at most one chunk more than the
        manifest's size, and OSError where the disk refuses.
        """
        target = self.path(file)
        limit = file.size or LARGEST_FILE_BYTES
        digest = hashlib.sha256()
        size = 0
        with replacing(target) as output:
            while chunk := stream.read(CHUNK_BYTES):
                size += len(chunk)
                if size > limit:
                    raise WeightsCorrupt(f"{file.file} is larger than {limit:,} bytes")
                digest.update(chunk)
                output.write(chunk)
            if file.size is not None and size != file.size:
                raise WeightsCorrupt(f"{file.file} has {size:,} bytes instead of {file.size:,}")
            if digest.hexdigest() != file.sha256:
                raise WeightsCorrupt(
                    f"{file.file} has SHA-256 {digest.hexdigest()} instead of {file.sha256}"
                )
        return target

    def add_from(
        self, file: WeightsFile, candidates: Iterable[ArchiveFile], names: Collection[str] = ()
    ) -> Path:
        """Place `file` from the first candidate that has its content, and return its path.

        Candidates of its name (or of `names`) come first, then those of its size. Raises
        WeightsMissing if none is plausible, else what is wrong with the last namesake.
        """
        namesakes = {file.file, *map(base_name, names)}
        fault: ModelsError = WeightsMissing(f"{file.file} is not in it")
        for candidate in likely(candidates, namesakes, file.size):
            try:
                with candidate.open() as stream:
                    return self.add(file, stream)
            except (ArchiveInvalid, WeightsCorrupt) as error:
                if base_name(candidate.name) in namesakes:
                    fault = error
        raise fault

    def import_from(self, pack: Pack, source: Path) -> ImportReport:
        """Take the pack's files from a zip, a wheel or a folder, by name or by content.

        What is found and right is placed even if something else is not; the report says what is
        still missing and why. Needs no acceptance of the licence: using the pack does. Raises
        ArchiveInvalid when `source` cannot be read at all.
        """
        outstanding = self.outstanding(pack)
        placed, missing = [], []
        with candidates_in(source) as candidates:
            for file in outstanding:
                try:
                    self.add_from(file, candidates)
                    placed.append(file.file)
                except ModelsError as error:
                    missing.append(Attempt(file.file, str(source), str(error)))
        present = tuple(file.file for file in pack.files if file not in outstanding)
        return ImportReport(tuple(placed), present, tuple(missing))

    def licence_record(self, pack: Pack) -> LicenceRecord | None:
        """Return the acceptance on record of exactly the terms in the pack's manifest."""
        try:
            record = LicenceRecord.model_validate_json(self._licence_path(pack).read_bytes())
        except (OSError, ValidationError):
            return None  # what cannot be read was not accepted
        same_terms = record.pack == pack.name and record.licence_sha256 == pack.licence.digest
        return record if same_terms else None

    def licence_accepted(self, pack: Pack) -> bool:
        """Whether the pack may be used: its licence asks for no acceptance, or has one."""
        return not pack.licence.acceptance_required or self.licence_record(pack) is not None

    def accept_licence(self, pack: Pack, by: str) -> LicenceRecord:
        """Put on record that `by` accepts the pack's licence; the first acceptance stands."""
        if not by.strip():
            raise ValueError("an acceptance needs the name of who gives it")
        if record := self.licence_record(pack):
            return record
        record = LicenceRecord(
            pack=pack.name,
            licence=pack.licence.name,
            licence_sha256=pack.licence.digest,
            accepted_by=by.strip(),
            accepted_at=datetime.now(UTC),
        )
        with replacing(self._licence_path(pack)) as output:
            output.write(record.model_dump_json(indent=2).encode() + b"\n")
        return record

    def require_licence(self, pack: Pack) -> None:
        """Raise LicenceNotAccepted unless the pack may be used."""
        if not self.licence_accepted(pack):
            raise LicenceNotAccepted(
                f"pack {pack.name!r} is under the {pack.licence.name}: {pack.licence.summary} Read "
                f"{pack.licence.upstream}, then run `siaga models fetch {pack.reference} "
                "--accept-license` if you may use it."
            )

    def _licence_path(self, pack: Pack) -> Path:
        return self.root / "licences" / f"{pack.name}-{pack.licence.digest[:16]}.json"


def _inspect(file: WeightsFile, path: Path) -> FileReport:
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
    except FileNotFoundError:
        return FileReport(file, path, FileState.MISSING)
    except OSError:  # a folder, or somebody else's file: there, and of no use
        return FileReport(file, path, FileState.CORRUPT)
    intact = digest == file.sha256 and file.size in {None, size}
    return FileReport(file, path, FileState.OK if intact else FileState.CORRUPT, size, digest)


def _corrupt(report: FileReport) -> WeightsCorrupt:
    """Say which file is corrupt and how to replace it."""
    file = report.file
    found = (
        "unreadable" if report.size is None else f"{report.size:,} bytes, SHA-256 {report.sha256}"
    )
    expected = "" if file.size is None else f"{file.size:,} bytes, "
    return WeightsCorrupt(
        f"{report.path} is not {file.file}: {found}, but the manifest says {expected}SHA-256 "
        f"{file.sha256}. It will not be loaded. Delete it and run `siaga models fetch`, or offline "
        "`siaga models import`."
    )
