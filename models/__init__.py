"""Which networks exist, where their weights come from, and how they are verified.

    pack = load_pack("open")
    store = ModelStore(default_root())
    fetch(pack, store)
    weights = store.require(pack)   # paths, verified against the manifest just now

`models.compile` turns a verified network into its optimised form; it is imported on its own,
because it alone needs the ONNX library.
"""

from models.errors import (
    ArchiveInvalid,
    Attempt,
    CompileFailed,
    FetchFailed,
    LicenceNotAccepted,
    ManifestInvalid,
    ModelsError,
    SourceFailed,
    UnknownPack,
    WeightsCorrupt,
    WeightsMissing,
)
from models.fetch import Progress, fetch
from models.manifest import (
    Companion,
    Detector,
    Licence,
    Pack,
    Preprocessing,
    Prior,
    Recogniser,
    WeightsFile,
    builtin_packs,
    load_pack,
    load_prior,
    parse_pack,
)
from models.sources import NpmSource, Source, UrlSource, WheelSource, ZipSource
from models.store import (
    FileReport,
    FileState,
    ImportReport,
    LicenceRecord,
    ModelStore,
    VerifiedWeights,
    default_root,
)

__all__ = [
    "ArchiveInvalid",
    "Attempt",
    "Companion",
    "CompileFailed",
    "Detector",
    "FetchFailed",
    "FileReport",
    "FileState",
    "ImportReport",
    "Licence",
    "LicenceNotAccepted",
    "LicenceRecord",
    "ManifestInvalid",
    "ModelStore",
    "ModelsError",
    "NpmSource",
    "Pack",
    "Preprocessing",
    "Prior",
    "Progress",
    "Recogniser",
    "Source",
    "SourceFailed",
    "UnknownPack",
    "UrlSource",
    "VerifiedWeights",
    "WeightsCorrupt",
    "WeightsFile",
    "WeightsMissing",
    "WheelSource",
    "ZipSource",
    "builtin_packs",
    "default_root",
    "fetch",
    "load_pack",
    "load_prior",
    "parse_pack",
]
