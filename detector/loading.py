"""From a pack's verified weights to a pipeline that is ready to run."""

from pathlib import Path
from typing import Final

from detector.embed import Embedder, FusedEmbedder, NetworkEmbedder
from detector.errors import NetworkError
from detector.faces import FaceDetector
from detector.limits import Limits
from detector.openvino_session import OpenVinoNetwork
from detector.pipeline import Pipeline
from detector.presentation import PresentationScorer
from detector.runtime_choice import choose, runtime_state
from detector.scrfd import SCRFD
from detector.session import Network, Runnable
from detector.yunet import YuNet
from models.compiled import compiled_path
from models.manifest import Detector, Pack
from models.runtimes import Runtime, RuntimeName
from models.store import ModelStore, VerifiedWeights

COMPILED: Final = "compiled"
"""Folder of compiled networks, beside the weights that they were made from."""


def load_pipeline(
    pack: Pack,
    store: ModelStore,
    *,
    threads: int = 1,
    limits: Limits | None = None,
    runtime: RuntimeName = "onnxruntime",
) -> Pipeline:
    """Verify, compile (or take from the cache) and load a pack's networks.

    Args:
        pack: which networks.
        store: where their weights are.
        threads: threads that one network uses for one photo.
        limits: caps on what is decoded.
        runtime: what runs the recognisers: see `detector.runtime_choice`.

    Raises:
        ModelsError: weights are missing or corrupt, or the pack's licence was not accepted.
        RuntimeRefused: the runtime cannot be used.
        NetworkError: a network does not work as its manifest says.
    """
    weights = store.require(pack)
    detector = load_detector(
        pack.detector,
        compiled_path(weights.detector, pack.detector.sha256, store.root / COMPILED),
        threads,
    )
    files = compiled_recognisers(weights, store.root / COMPILED)
    chosen = Runtime.ONNXRUNTIME
    if runtime != "onnxruntime":
        chosen = choose(runtime, runtime_state(files), pack.reference)
    parts = [
        NetworkEmbedder(
            _network(chosen, path, threads),
            manifest.preprocessing,
            manifest.embedding_dim,
        )
        for manifest, path in zip((pack.recogniser, *pack.companions), files, strict=True)
    ]
    embedder: Embedder = parts[0]
    if pack.companions or pack.mirrored:
        weighted = [1.0, *(each.weight for each in pack.companions)]
        embedder = FusedEmbedder(parts, weighted, mirrored=pack.mirrored)
    return Pipeline(
        detector,
        embedder,
        tuple(pack.detector.input_sizes),
        limits,
        confident_score=pack.detector.confident_score,
        sure_score=pack.detector.sure_score,
        sure_spread=pack.detector.sure_spread,
        recognisable_length=pack.recogniser.recognisable_length,
        runtime=chosen,
    )


def compiled_recognisers(weights: VerifiedWeights, cache: Path) -> tuple[Path, ...]:
    """Return the compiled forms of a pack's recognisers, the first and its companions.

    Raises:
        CompileFailed: one cannot be compiled.
    """
    manifests = (weights.pack.recogniser, *weights.pack.companions)
    paths = (weights.recogniser, *weights.companions)
    return tuple(
        compiled_path(path, manifest.sha256, cache)
        for manifest, path in zip(manifests, paths, strict=True)
    )


def load_presentation(pack: Pack, store: ModelStore) -> PresentationScorer | None:
    """Load a pack's presentation attack detection; None where its manifest has none.

    The network runs as it was published: it is the operator's own, and small.

    Raises:
        ModelsError: weights are missing or corrupt, or the pack's licence was not accepted.
        NetworkError: the network does not load, or is not as its manifest says.
    """
    if pack.presentation is None:
        return None
    path = store.require(pack).presentation
    assert path is not None  # noqa: S101 - for the type checker
    scorer = PresentationScorer(Network(path), pack.presentation)
    scorer.check()
    return scorer


def load_detector(manifest: Detector, path: Path, threads: int = 1) -> FaceDetector:
    """Load a face detector by its architecture.

    Raises:
        NetworkError: no detector of that architecture is known, or the file is not one.
    """
    if manifest.architecture == "yunet":
        network = Network(path, threads)
        return YuNet(network, manifest.score_threshold, manifest.nms_threshold)
    if manifest.architecture == "scrfd":
        return SCRFD(path, manifest.score_threshold, manifest.nms_threshold, threads)
    raise NetworkError(f"there is no detector of architecture '{manifest.architecture}'")


def _network(runtime: Runtime, path: Path, threads: int) -> Runnable:
    if runtime is Runtime.OPENVINO_BF16:
        return OpenVinoNetwork(path)
    return Network(path, threads)
