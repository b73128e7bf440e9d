"""Vectors that tests search among."""

import numpy as np

DIM = 16


def unit(seed: int, count: int = 1, dim: int = DIM) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def clustered(seed: int, count: int, dim: int) -> np.ndarray:
    """Unit rows around a few centres: many scores near any threshold."""
    centres = unit(seed, 4, dim)
    rows = centres[np.arange(count) % 4] + 0.6 * unit(seed + 1, count, dim)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
