"""Proof that OpenVINO in bfloat16 embeds faces as ONNX Runtime in float32 does."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from detector.embed import NetworkEmbedder
from detector.errors import PhotoError, RuntimeRefused
from detector.faces import Image
from detector.openvino_session import OpenVinoNetwork
from detector.pipeline import Pipeline
from detector.runtime_choice import RuntimeState
from detector.session import Network, Runnable
from detector.timing import Stopwatch
from models.manifest import Recogniser
from models.runtimes import Runtime, RuntimeProof, least_proof, write_proof


def chips_of(pipeline: Pipeline, photos: Iterable[Path]) -> tuple[Image, ...]:
    """Return the aligned faces of photos, (112, 112, 3) each; those without one are left out.

    Raises:
        OSError: a file cannot be read.
    """
    chips = []
    for path in photos:
        try:
            located = pipeline.locate(path.read_bytes(), Stopwatch())
        except PhotoError:
            continue
        if located.chip is not None:
            chips.append(located.chip)
    return tuple(chips)


def least_cosine(
    reference: Runnable, other: Runnable, chips: Sequence[Image], recogniser: Recogniser
) -> float:
    """Return the least cosine between a face's embeddings by two runtimes; at least one face.

    Raises:
        NetworkError: a network is not as its manifest says.
    """
    first, second = (
        NetworkEmbedder(network, recogniser.preprocessing, recogniser.embedding_dim)
        for network in (reference, other)
    )
    # One at a time: a folder may have any number.
    pairs = ((first.embed([chip])[0], second.embed([chip])[0]) for chip in chips)
    return min(float(np.dot(a.astype(np.float64), b)) for a, b in pairs)


def prove_openvino(
    recognisers: Sequence[tuple[Recogniser, Path]], chips: Sequence[Image], state: RuntimeState
) -> RuntimeProof:
    """Embed faces on both runtimes, keep the proof of each network, and return the worst.

    Args:
        recognisers: each with its compiled file.
        chips: aligned faces, (112, 112, 3) each; at least one.
        state: what is here.

    Raises:
        RuntimeRefused: OpenVINO is not here, or the processor has no bfloat16.
        NetworkError: a network does not run, or is not as its manifest says.
    """
    if state.version is None or state.instructions is None:
        raise RuntimeRefused("OpenVINO is not here, or nothing that it would gain by")
    proofs = []
    for recogniser, path in recognisers:
        cosine = least_cosine(Network(path), OpenVinoNetwork(path), chips, recogniser)
        proof = RuntimeProof(
            runtime=Runtime.OPENVINO_BF16,
            version=state.version,
            instructions=state.instructions,
            faces=len(chips),
            least_cosine=round(cosine, 7),
            proven_at=datetime.now(UTC),
        )
        write_proof(path, proof)
        proofs.append(proof)
    return least_proof(proofs)
