"""Every photo of a data set through the pipeline, once: a second run reads the cache.

A cached embedding belongs to a photo's content and to everything that made it: the weights, the
manifest's settings, the code of `detector` and of the compiler, the versions of the libraries, and
the quality measures kept beside it. Code counts by its syntax tree, so that a reworded comment
costs nothing.
"""

import ast
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from platformdirs import user_cache_path
from rich.progress import Progress

import detector
from benchmarks.accuracy.identities import DataSet
from benchmarks.weights import model_store
from detector.errors import PhotoError
from detector.loading import load_pipeline
from detector.pipeline import Pipeline
from detector.quality import Quality, bounds
from detector.threads import use_threads
from models.atomic import replacing
from models.manifest import Pack

_LIBRARIES: Final = ("onnxruntime", "opencv-python", "numpy", "insightface")
# What a manifest says in words. All else, also what a later version adds, decides embeddings and
# tells two packs' caches apart.
_WORDS: Final = {"name", "version", "title", "notes", "licence", "prior", "folder"}
_COLUMNS: Final = ("digests", "vectors", "refusals", "spent", "measures")
_CACHES_KEPT: Final = 4
"""Files of embeddings; each change of the detector's code begins another."""

MEASURES: Final = tuple(dict.fromkeys(bound.measure for bound in bounds(0)))
"""Quality measures kept with each embedding: those that a photo is judged by."""

Embeddings = npt.NDArray[np.float32]
"""Shape (photos, dim); a row of NaN where the photo was refused."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """A data set's embeddings, row by row with its photos."""

    vectors: Embeddings
    refusals: tuple[str, ...]
    """Why each photo was refused; empty where it was not."""
    milliseconds: npt.NDArray[np.float64]
    """Time each photo took when it was embedded, which may be an earlier run."""
    fresh: int
    """How many were embedded in this run."""
    measures: Mapping[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    """Per name in `MEASURES`, shape (photos,); NaN where no face was found to be measured."""

    @property
    def usable(self) -> npt.NDArray[np.bool_]:
        """Which photos have an embedding."""
        return np.array([not reason for reason in self.refusals], np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class _Entry:
    vector: npt.NDArray[np.float32]
    refusal: str
    milliseconds: float
    measures: npt.NDArray[np.float64]
    """Shape (len(MEASURES),)."""


class CodeChanged(Exception):
    """Somebody edited the code while it ran: nobody could say what its results belong to."""


def embed_data_set(
    data: DataSet, pack: Pack, progress: Progress | None = None, folder: Path | None = None
) -> Embedded:
    """Embed all photos of a data set, on all usable CPUs, reusing what was embedded before.

    Args:
        data: the photos.
        pack: the networks.
        progress: shows how far it is.
        folder: where embeddings are kept; in the user's cache folder if None.

    Raises:
        CodeChanged: nothing was kept; a second run will do.
    """
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in data.photos]
    folder = folder or user_cache_path("siaga", appauthor=False) / "bench"
    cache = folder / cache_name(pack)
    entries = _read(cache)
    photos = dict(zip(digests, data.photos, strict=True))
    missing = {digest: path for digest, path in photos.items() if digest not in entries}
    if missing:
        use_threads(1)
        pipeline = load_pipeline(pack, model_store())
        task = progress.add_task("embedding", total=len(missing)) if progress else None
        for digest, entry in _embed(pipeline, missing):
            entries[digest] = entry
            if progress and task is not None:
                progress.advance(task)
        if folder / cache_name(pack) != cache:
            raise CodeChanged("the detector's code changed during this run: start it again")
        _write(cache, entries)
        _forget_old(folder)
    rows = [entries[digest] for digest in digests]
    measures = np.stack([row.measures for row in rows])
    return Embedded(
        vectors=np.stack([row.vector for row in rows]),
        refusals=tuple(row.refusal for row in rows),
        milliseconds=np.array([row.milliseconds for row in rows]),
        fresh=len(missing),
        measures=dict(zip(MEASURES, measures.T, strict=True)),
    )


def cache_name(pack: Pack) -> str:
    """Name the cache file of a pack under the code and libraries of this moment."""
    key = pipeline_key(pack, [*detector_code(), _compiler()], {"measures": MEASURES})
    return f"embeddings-{key}.npz"


def pipeline_key(pack: Pack, code: Iterable[Path], more: Mapping[str, Any]) -> str:
    """Digest all that decides what comes out: the manifest, code, libraries, and what is named."""
    identity = {
        "manifest": pack.model_dump(mode="json", exclude=_WORDS),
        "code": _code_digest(code),
        "libraries": {name: metadata.version(name) for name in _LIBRARIES},
        **more,
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:32]


def detector_code() -> list[Path]:
    """Files of the package `detector`, in a fixed order."""
    return sorted(Path(str(detector.__file__)).parent.glob("*.py"))


def _embed(pipeline: Pipeline, photos: dict[str, Path]) -> Iterator[tuple[str, _Entry]]:
    """Yield an entry per photo, as they are done; networks and OpenCV release the GIL."""

    def one(item: tuple[str, Path]) -> tuple[str, _Entry]:
        digest, path = item
        nothing = np.full(pipeline.embedder.dim, np.nan, np.float32)
        try:
            analysis = pipeline.analyse(path.read_bytes())
        except PhotoError as error:
            return digest, _Entry(nothing, str(error), 0.0, np.full(len(MEASURES), np.nan))
        spent = sum(analysis.stages.values())
        measured = _measured(analysis.quality)
        if analysis.embedding is None:
            reasons = ", ".join(reason.value for reason in analysis.quality.reasons)
            measures = ", ".join(f"{m.name} {m.value:.3g}" for m in analysis.quality.measures)
            refusal = f"{reasons} ({measures or 'nothing found'})"
            return digest, _Entry(nothing, refusal, spent, measured)
        return digest, _Entry(analysis.embedding, "", spent, measured)

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        yield from pool.map(one, photos.items())


def _measured(quality: Quality) -> npt.NDArray[np.float64]:
    values = {measure.name: measure.value for measure in quality.measures}
    return np.array([values.get(name, np.nan) for name in MEASURES])


def _compiler() -> Path:
    return Path(str(import_module("models.compile").__file__))


def _code_digest(code: Iterable[Path]) -> str:
    """Digest files of code, without docstrings and comments."""
    digest = hashlib.sha256()
    for path in code:
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list):
                node.body = [each for each in body if not _is_text(each)]  # type: ignore[attr-defined]
        digest.update(path.name.encode() + ast.dump(tree).encode())
    return digest.hexdigest()


def _is_text(statement: ast.stmt) -> bool:
    """Whether a statement is a bare string: a docstring, of whatever it describes."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _read(path: Path) -> dict[str, _Entry]:
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as held:
        return {
            str(digest): _Entry(vector, str(refusal), float(spent), measures)
            for digest, vector, refusal, spent, measures in zip(
                *(held[name] for name in _COLUMNS), strict=True
            )
        }


def _write(path: Path, entries: dict[str, _Entry]) -> None:
    with replacing(path) as file:
        np.savez(
            file,
            digests=np.array(list(entries)),
            vectors=np.stack([entry.vector for entry in entries.values()]),
            refusals=np.array([entry.refusal for entry in entries.values()]),
            spent=np.array([entry.milliseconds for entry in entries.values()]),
            measures=np.stack([entry.measures for entry in entries.values()]),
        )


def _forget_old(folder: Path) -> None:
    """Keep the newest caches only."""
    held = sorted(folder.glob("embeddings-*.npz"), key=lambda path: path.stat().st_mtime)
    for path in held[:-_CACHES_KEPT]:
        path.unlink(missing_ok=True)
