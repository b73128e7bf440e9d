"""Data sets of drawn embeddings, and trials of stated scores, for the arithmetic of accuracy."""

from pathlib import Path

import numpy as np

from benchmarks.accuracy.embeddings import Embedded
from benchmarks.accuracy.identities import DataSet
from benchmarks.accuracy.open_set import Trial


def population(
    identities: int,
    photos: int,
    noise: float = 0.5,
    dim: int = 64,
    seed: int = 0,
    alike: np.ndarray | None = None,
) -> tuple[DataSet, Embedded]:
    """Photos scattered around a random direction per identity.

    Args:
        identities: how many.
        photos: of each.
        noise: length of the scatter against the direction's.
        dim: of the embeddings.
        seed: of everything drawn.
        alike: shape (identities,): how much each leans towards one common direction.
    """
    random = np.random.default_rng(seed)
    centres = random.standard_normal((identities, dim)) / np.sqrt(dim)
    if alike is not None:
        centres[:, 0] += alike
    scatter = random.standard_normal((identities, photos, dim)) * noise / np.sqrt(dim)
    vectors = (centres[:, None] + scatter).reshape(-1, dim).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    root = Path("set")
    paths = tuple(root / f"p{who}" / f"{n}.jpg" for who in range(identities) for n in range(photos))
    owners = tuple(who for who in range(identities) for _ in range(photos))
    data = DataSet(root, paths, owners, tuple(f"p{who}" for who in range(identities)))
    return data, Embedded(vectors, ("",) * len(paths), np.ones(len(paths)), 0)


def trial(mated, non_mated) -> tuple[Trial, np.ndarray]:
    """A trial of stated scores, one search per identity; returns also each photo's owner."""
    mated, non_mated = np.asarray(mated, np.float32), np.asarray(non_mated, np.float32)
    probes = np.arange(len(mated))
    strangers = np.arange(len(non_mated)) + len(mated)
    searched = Trial(mated, np.zeros_like(mated), non_mated, probes, probes, strangers)
    return searched, np.arange(len(mated) + len(non_mated))
