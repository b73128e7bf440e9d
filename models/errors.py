"""What can go wrong with models, as types.

    ModelsError
    ├── UnknownPack          no built-in pack and no folder has that name
    ├── ManifestInvalid      a manifest that cannot be read or contradicts itself
    ├── LicenceNotAccepted   the pack's licence needs an acceptance that is not on record
    ├── WeightsMissing       a file of the pack is not in the store
    ├── WeightsCorrupt       a file is there, but its size or SHA-256 is not the manifest's
    ├── ArchiveInvalid       a zip or folder offered for import that cannot be read
    ├── FetchFailed          no source could deliver a file
    ├── SourceFailed         one source did not deliver (`fetch` collects these into `FetchFailed`)
    └── CompileFailed        a verified network could not be turned into its optimised form

Every message is a sentence for the person at the keyboard and says what to do next.
"""

from dataclasses import dataclass

__all__ = [
    "ArchiveInvalid",
    "Attempt",
    "CompileFailed",
    "FetchFailed",
    "LicenceNotAccepted",
    "ManifestInvalid",
    "ModelsError",
    "SourceFailed",
    "UnknownPack",
    "WeightsCorrupt",
    "WeightsMissing",
]


class ModelsError(Exception):
    """The base of every error this package raises on purpose."""


class UnknownPack(ModelsError):
    """No built-in pack and no folder with a manifest has the name given."""


class ManifestInvalid(ModelsError):
    """A manifest cannot be read, or a field of it is wrong; names the file and the fields."""


class LicenceNotAccepted(ModelsError):
    """The pack may only be used once its licence was accepted, and no acceptance is on record."""


class WeightsMissing(ModelsError):
    """One or more files of the pack are neither in the store nor in the pack's folder."""


class WeightsCorrupt(ModelsError):
    """A file's size or SHA-256 differs from the manifest's; it is never loaded."""


class ArchiveInvalid(ModelsError):
    """A zip or folder that was offered as a source of weights cannot be read."""


class SourceFailed(ModelsError):
    """One source of one file did not deliver; says why."""


class CompileFailed(ModelsError):
    """A verified network could not be compiled, or its compiled form computes something else."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One source that was tried for one file, and why it did not deliver."""

    file: str
    source: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file} from {self.source}: {self.reason}"


class FetchFailed(ModelsError):
    """At least one file that no source could deliver.

    `files` are the names of the files still missing, `attempts` everything that was tried.
    """

    def __init__(self, pack: str, files: tuple[str, ...], attempts: tuple[Attempt, ...]) -> None:
        self.pack = pack
        self.files = files
        self.attempts = attempts
        tried = "".join(f"\n  - {attempt}" for attempt in attempts)
        super().__init__(
            f"pack {pack!r}: {', '.join(files)} could not be fetched. "
            + (f"Tried:{tried}\n" if attempts else "Its manifest names no source. ")
            + "Without a network, obtain the archive or the files on another machine and run "
            f"`siaga models import {pack} ZIP_OR_FOLDER`."
        )
