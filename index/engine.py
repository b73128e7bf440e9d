"""What a gallery needs of a search engine, and the default one: exact search in FAISS."""

from typing import Protocol

import faiss
import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""Shape (N, dim), C-contiguous, rows of length 1."""

Rows = npt.NDArray[np.int64]
"""Shape (N,): row numbers of an engine."""

Scores = npt.NDArray[np.float32]
"""Shape (N,): cosines."""


class SearchEngine(Protocol):
    """Rows of vectors, numbered from 0, that can be compared with a probe.

    The gallery above it serialises writes and keeps them apart from searches; an engine only has
    to allow several searches at once.
    """

    def __len__(self) -> int:
        """Rows held."""
        ...

    def append(self, vectors: Vectors) -> None:
        """Add rows after the last."""
        ...

    def overwrite(self, row: int, vector: Vectors) -> None:
        """Replace one row by a vector of shape (dim,)."""
        ...

    def row(self, row: int) -> Vectors:
        """Return a copy of one row, shape (dim,)."""
        ...

    def truncate(self, rows: int) -> None:
        """Keep the first `rows` rows only."""
        ...

    def above(self, probe: Vectors, threshold: float) -> tuple[Rows, Scores]:
        """Return every row whose cosine with the probe, shape (dim,), is at least `threshold`."""
        ...

    def nearest(self, probe: Vectors, k: int) -> tuple[Rows, Scores]:
        """Return the `k` rows of highest cosine, or all rows if there are fewer, best first."""
        ...


class FlatEngine:
    """Exact search over float32 rows: FAISS's IndexFlatIP."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._index = faiss.IndexFlatIP(dim)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def append(self, vectors: Vectors) -> None:
        """See `SearchEngine.append`."""
        self._index.add(np.ascontiguousarray(vectors, np.float32))

    def overwrite(self, row: int, vector: Vectors) -> None:
        """See `SearchEngine.overwrite`."""
        self._view()[row] = vector

    def row(self, row: int) -> Vectors:
        """See `SearchEngine.row`."""
        return np.array(self._view()[row], np.float32)

    def truncate(self, rows: int) -> None:
        """See `SearchEngine.truncate`."""
        # remove_ids() would visit every row to drop the last one: 4 ms at 100,000.
        self._index.codes.resize(rows * self._dim * np.dtype(np.float32).itemsize)
        self._index.ntotal = rows

    def above(self, probe: Vectors, threshold: float) -> tuple[Rows, Scores]:
        """See `SearchEngine.above`."""
        # FAISS keeps what is strictly greater; a score equal to the threshold is a candidate too.
        radius = float(np.nextafter(np.float32(threshold), np.float32(-np.inf)))
        _, scores, rows = self._index.range_search(probe[np.newaxis], radius)
        return np.asarray(rows, np.int64), np.asarray(scores, np.float32)

    def nearest(self, probe: Vectors, k: int) -> tuple[Rows, Scores]:
        """See `SearchEngine.nearest`."""
        k = min(k, len(self))
        if k <= 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        scores, rows = self._index.search(probe[np.newaxis], k)
        return np.asarray(rows[0], np.int64), np.asarray(scores[0], np.float32)

    def _view(self) -> Vectors:
        """Return FAISS's own memory as an array; valid until the next append or truncate."""
        size = len(self) * self._dim
        flat: Vectors = faiss.rev_swig_ptr(self._index.get_xb(), size)
        return flat.reshape(-1, self._dim)


def use_threads(count: int) -> None:
    """Let FAISS use `count` threads for searches started by the calling thread.

    OpenMP keeps this number per calling thread, so each worker has to say it once.
    """
    faiss.omp_set_num_threads(count)
