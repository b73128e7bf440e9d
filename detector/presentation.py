"""Presentation attack detection of our own: optional, by a pack's manifest, and advisory only.

It never refuses a photo and never changes an outcome: how well a network does depends on the
camera, so that its operator measures it there (`siaga bench pad`).
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from detector.errors import NetworkError
from detector.faces import Image
from detector.pipeline import Analysis
from detector.session import Network
from models.manifest import PresentationNetwork

MEASURE: Final = "PresentationBonaFide"
"""Our own name: no standard has this measure."""
_MOST: Final = 100
_LARGEST: Final = 2048
"""Pixels of a side around the face: a large face and a wide `crop` would take a gigabyte."""


class PresentationScorer:
    """Tells how likely a face is a person's, not a picture's. Safe to call from several threads."""

    def __init__(self, network: Network, manifest: PresentationNetwork) -> None:
        self._network = network
        self._manifest = manifest

    def score(self, analysis: Analysis) -> float | None:
        """Return a share from 0 (attack) to 1 (bona fide), None where no face was found.

        Raises:
            NetworkError: the network's answer is not what its manifest promises, or not finite.
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
        output = self._answer(np.asarray(batch, np.float32))
        if not np.all(np.isfinite(output)):
            raise NetworkError(f"{self._network.path.name} gave a number that is not finite")
        if manifest.softmax:
            output = np.exp(output - output.max())
            output /= output.sum()
        return float(np.clip(output[manifest.bona_fide], 0, 1))

    def check(self) -> None:
        """Feed the network once; raises NetworkError where its manifest does not describe it."""
        side = self._manifest.input_size
        self._answer(np.zeros((1, 3, side, side), np.float32))

    def _answer(self, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        name, outputs = self._network.path.name, self._manifest.outputs
        try:
            output = np.asarray(self._network(batch)[0], np.float64).ravel()
        except Exception as error:  # the runtime's exceptions have no common base but Exception
            raise NetworkError(f"{name} does not take {batch.shape}: {error}") from error
        if len(output) != outputs:
            raise NetworkError(f"{name} gave {output.shape}, its manifest says ({outputs},)")
        return output


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

    It is made smaller where a side would be longer than 2048 pixels.

    Raises:
        ValueError: the analysis has no subject.
    """
    if analysis.subject is None:
        raise ValueError("a photo without a face has no surroundings of one")
    image = analysis.pixels.image
    face = analysis.subject.scaled(analysis.pixels.scale)
    side = max(2, round(max(face.box.width, face.box.height) * crop))
    centre = np.clip(face.box.centre, 0, [image.shape[1] - 1, image.shape[0] - 1])
    if side > _LARGEST:
        share = _LARGEST / side
        size = [max(1, round(each * share)) for each in image.shape[1::-1]]
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        centre, side = centre * share, _LARGEST
    middle = (side - 1) / 2
    matrix = np.array([[1, 0, middle - centre[0]], [0, 1, middle - centre[1]]], np.float64)
    return np.asarray(cv2.warpAffine(image, matrix, (side, side)), np.uint8)
