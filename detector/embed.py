"""Embedding: aligned faces in, unit vectors out."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

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


class Measured(NamedTuple):
    """Embeddings, and how long each was before it was scaled to length 1."""

    rows: npt.NDArray[np.float32]
    """Unit rows, (n, dim)."""
    lengths: npt.NDArray[np.float64]
    """(n,), on the network's own scale: short where it recognises little in a face."""


class Embedder(Protocol):
    """Turns aligned faces into embeddings."""

    @property
    def dim(self) -> int:
        """Numbers in an embedding."""
        ...

    def embed(self, chips: Sequence[Image]) -> npt.NDArray[np.float32]:
        """Return unit rows of shape (len(chips), dim)."""
        ...

    def measure(self, chips: Sequence[Image]) -> Measured:
        """Return the same rows, and their lengths before they were scaled."""
        ...


class NetworkEmbedder:
    """Embeds with a network that takes (N, 3, 112, 112); SFace and ArcFace are both such."""

    def __init__(self, network: Runnable, preprocessing: Preprocessing, dim: int) -> None:
        self._network = network
        self._preprocessing = preprocessing
        self.dim = dim

    def embed(self, chips: Sequence[Image]) -> npt.NDArray[np.float32]:
        """See `measure`."""
        return self.measure(chips).rows

    def measure(self, chips: Sequence[Image]) -> Measured:
        """See `Embedder.measure`.

        Raises:
            NetworkError: the network's answer is not what its manifest promises.
        """
        if not chips:
            return Measured(np.empty((0, self.dim), np.float32), np.empty(0))
        batch = input_batch(chips, self._preprocessing)
        (features,) = self._network(batch)
        if features.shape != (len(chips), self.dim):
            raise NetworkError(
                f"{self._network.path.name} gave {features.shape}, its manifest says "
                f"({len(chips)}, {self.dim})"
            )
        return Measured(unit_rows(features), lengths(features))


class FusedEmbedder:
    """Several recognisers, and a face with its mirror image, as one embedding.

    Unit embeddings are weighted, put one after the other and scaled to length 1: the cosine of two
    such vectors is the weighted mean of the parts' cosines. The length is the first recogniser's.
    """

    def __init__(
        self, parts: Sequence[Embedder], weights: Sequence[float], *, mirrored: bool
    ) -> None:
        self._parts = tuple(zip(parts, weights, strict=True))
        self._mirrored = mirrored
        self.dim = sum(part.dim for part in parts)

    def embed(self, chips: Sequence[Image]) -> npt.NDArray[np.float32]:
        """See `measure`."""
        return self.measure(chips).rows

    def measure(self, chips: Sequence[Image]) -> Measured:
        """See `Embedder.measure`.

        Raises:
            NetworkError: a network's answer is not what its manifest promises.
        """
        told = [self._measure(part, chips) for part, _ in self._parts]
        rows = [weight * each.rows for each, (_, weight) in zip(told, self._parts, strict=True)]
        return Measured(unit_rows(np.concatenate(rows, axis=1)), told[0].lengths)

    def _measure(self, part: Embedder, chips: Sequence[Image]) -> Measured:
        as_seen = part.measure(chips)
        if not self._mirrored:
            return as_seen
        mirror_images = part.measure([mirrored(chip) for chip in chips])
        rows = unit_rows(as_seen.rows + mirror_images.rows)
        return Measured(rows, (as_seen.lengths + mirror_images.lengths) / 2)


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
    norms = lengths(features)[:, None]
    if not np.all(np.isfinite(norms)) or not np.all(norms > 0):
        raise NetworkError("the recogniser gave an embedding without a direction")
    return np.ascontiguousarray(features / norms, np.float32)


def lengths(features: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the length of each row of (n, dim)."""
    return np.asarray(np.linalg.norm(features.astype(np.float64), axis=1), np.float64)
