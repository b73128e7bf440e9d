"""Proof that a compiled recogniser still computes what its published graph does, on real faces."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from detector.align import align
from detector.decode import open_photo
from detector.embed import NetworkEmbedder, input_batch, unit_rows
from detector.errors import NetworkError
from detector.faces import Image, plausible
from detector.limits import Limits
from detector.pipeline import Pipeline
from detector.session import Network, open_session, zeros_for_unread_inputs
from models.manifest import Recogniser

_PHOTO = Path("data", "images", "t1.jpg")  # six people, in the insightface package


def packaged_chips(pipeline: Pipeline) -> tuple[Image, ...]:
    """Return aligned faces, (112, 112, 3) each, of a photo that an installed package carries.

    Raises:
        NetworkError: the pipeline's detector finds no face in it.
    """
    # The file is enough: importing the package would load a second's worth of libraries.
    spec = find_spec("insightface")
    if spec is None or spec.origin is None:
        raise NetworkError("the insightface package, whose photo serves as proof, is not installed")
    photo = open_photo((Path(spec.origin).parent / _PHOTO).read_bytes(), Limits())
    image = photo.pixels().image
    faces = pipeline.detector.detect(image, pipeline.detection_sizes[-1])
    chips = tuple(align(image, face.landmarks) for face in faces if plausible(face))
    if not chips:
        raise NetworkError("the detector finds no face in a photo of six people")
    return chips


def verify_compiled(
    uncompiled: Path, compiled: Path, chips: Sequence[Image], recogniser: Recogniser
) -> float:
    """Embed faces with both graphs and return the least cosine between a face's two embeddings.

    Args:
        uncompiled: the published ONNX file; inputs that only list weights are fed zeros.
        compiled: what `models.compile` made of it.
        chips: aligned faces, (112, 112, 3) each; at least one.
        recogniser: the manifest that says how faces are fed.

    Raises:
        NetworkError: one of the graphs cannot be used as the manifest says.
    """
    session = open_session(uncompiled, threads=1)
    image = session.get_inputs()[0].name
    unread = zeros_for_unread_inputs(session)
    # One at a time: published graphs fix the batch at 1.
    before = [
        session.run(None, {**unread, image: input_batch([chip], recogniser.preprocessing)})[0]
        for chip in chips
    ]
    embedder = NetworkEmbedder(
        Network(compiled), recogniser.preprocessing, recogniser.embedding_dim
    )
    after = embedder.embed(chips)
    cosines = np.sum(unit_rows(np.concatenate(before)) * after, axis=1, dtype=np.float64)
    return float(cosines.min())
