"""Presentation attack detection of our own: optional, by a pack's manifest, and advisory only.

It never refuses a photo and never changes an outcome: how well a network does depends on the
camera, so that its operator measures it there (`siaga bench pad`).
"""

from typing import Final

import cv2
import numpy as np

from detector.errors import NetworkError
from detector.faces import Image
from detector.pipeline import Analysis
from detector.session import Network
from models.manifest import PresentationNetwork

MEASURE: Final = "PresentationBonaFide"
"""Our own name: no standard has this measure."""
_MOST: Final = 100


class PresentationScorer:
    """Tells how likely a face is a person's, not a picture's. Safe to call from several threads."""

    def __init__(self, network: Network, manifest: PresentationNetwork) -> None:
        self._network = network
        self._manifest = manifest

    def score(self, analysis: Analysis) -> float | None:
        """Return a share from 0 (attack) to 1 (bona fide), None where no face was found.

        Raises:
            NetworkError: the network's answer is not what its manifest promises.
        """
        if analysis.subject is None:
            return None
        manifest = self._manifest
        batch = cv2.dnn.blobFromImages(
            [surroundings(analysis, manifest.crop)],
            scalefactor=1 / manifest.preprocessing.std,
            size=(manifest.input_size, manifest.input_size),
            mean=(manifest.preprocessing.mean,) * 3,
            swapRB=manifest.preprocessing.colour == "RGB",
        )
        output = np.asarray(self._network(np.asarray(batch, np.float32))[0], np.float64).ravel()
        if len(output) != manifest.outputs or not np.all(np.isfinite(output)):
            raise NetworkError(
                f"{self._network.path.name} gave {output.shape}, its manifest says "
                f"({manifest.outputs},)"
            )
        if manifest.softmax:
            output = np.exp(output - output.max())
            output /= output.sum()
        return float(np.clip(output[manifest.bona_fide], 0, 1))


def as_measure(score: float) -> dict[str, object]:
    """Return a score as an encounter keeps it, among the measures of its photo."""
    return {
        "name": MEASURE,
        "value": round(score, 4),
        "unit": "share",
        "score": round(_MOST * score),
    }


def surroundings(analysis: Analysis, crop: float) -> Image:
    """Return the square around the face, `crop` times as wide as its box, black beyond the photo.

    Raises:
        ValueError: the analysis has no subject.
    """
    if analysis.subject is None:
        raise ValueError("a photo without a face has no surroundings of one")
    image = analysis.pixels.image
    face = analysis.subject.scaled(analysis.pixels.scale)
    side = max(2, round(max(face.box.width, face.box.height) * crop))
    centre = np.clip(face.box.centre, 0, [image.shape[1] - 1, image.shape[0] - 1])
    middle = (side - 1) / 2
    matrix = np.array([[1, 0, middle - centre[0]], [0, 1, middle - centre[1]]], np.float64)
    return np.asarray(cv2.warpAffine(image, matrix, (side, side)), np.uint8)
