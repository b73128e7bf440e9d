"""Embedding: aligned faces in, unit vectors out."""

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from detector.align import CHIP_SIZE
from detector.errors import NetworkError
from detector.faces import Image, mirrored
from detector.session import Runnable
from models.manifest import Preprocessing

Embedding = npt.NDArray[np.float32]
"""Shape (dim,), length 1: the dot product of two is their cosine."""


class Embedder(Protocol):
    """Turns aligned faces into embeddings."""

    @property
    def dim(self) -> int:
        """Numbers in an embedding."""
        ...

    def embed(self, chips: Sequence[Image]) -> npt.NDArray[np.float32]:
        """Return unit rows of shape (len(chips), dim)."""
        ...


class NetworkEmbedder:
    """Embeds with a network that takes (N, 3, 112, 112); SFace and ArcFace are both such."""

    def __init__(self, network: Runnable, preprocessing: Preprocessing, dim: int) -> None:
        self._network = network
        self._preprocessing = preprocessing
        self.dim = dim

    def embed(self, chips: Sequence[Image]) -> npt.NDArray[np.float32]:
        """See `Embedder.embed`.

        Raises:
            NetworkError: the network's answer is not what its manifest promises.
        """
        if not chips:
            return np.empty((0, self.dim), np.float32)
        batch = input_batch(chips, self._preprocessing)
        (features,) = self._network(batch)
        if features.shape != (len(chips), self.dim):
            raise NetworkError(
                f"{self._network.path.name} gave {features.shape}, its manifest says "
                f"({len(chips)}, {self.dim})"
            )
        return unit_rows(features)


class FusedEmbedder:
    """Several recognisers, and a face with its mirror image, as one embedding.

    Unit embeddings are weighted, put one after the other and scaled to length 1: the cosine of two
    such vectors is the weighted mean of the parts' cosines.
    """

    def __init__(
        self, parts: Sequence[Embedder], weights: Sequence[float], *, mirrored: bool
    ) -> None:
        self._parts = tuple(zip(parts, weights, strict=True))
        self._mirrored = mirrored
        self.dim = sum(part.dim for part in parts)

    def embed(self, chips: Sequence[Image]) -> npt.NDArray[np.float32]:
        """See `Embedder.embed`.

        Raises:
            NetworkError: a network's answer is not what its manifest promises.
        """
        rows = [weight * self._embed(part, chips) for part, weight in self._parts]
        return unit_rows(np.concatenate(rows, axis=1))

    def _embed(self, part: Embedder, chips: Sequence[Image]) -> npt.NDArray[np.float32]:
        if not self._mirrored:
            return part.embed(chips)
        mirror_images = [mirrored(chip) for chip in chips]
        return unit_rows(part.embed(chips) + part.embed(mirror_images))


def input_batch(chips: Sequence[Image], preprocessing: Preprocessing) -> npt.NDArray[np.float32]:
    """Return chips as a network takes them: float32 of shape (N, 3, 112, 112)."""
    batch = cv2.dnn.blobFromImages(
        list(chips),
        scalefactor=1 / preprocessing.std,
        size=(CHIP_SIZE, CHIP_SIZE),
        mean=(preprocessing.mean,) * 3,
        swapRB=preprocessing.colour == "RGB",
    )
    return np.asarray(batch, np.float32)


def unit_rows(features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Scale each row to length 1.

    Raises:
        NetworkError: a row is zero or not finite, so that no direction can be compared.
    """
    if not len(features):
        return features
    norms = np.linalg.norm(features.astype(np.float64), axis=1, keepdims=True)
    if not np.all(np.isfinite(norms)) or not np.all(norms > 0):
        raise NetworkError("the recogniser gave an embedding without a direction")
    return np.ascontiguousarray(features / norms, np.float32)
