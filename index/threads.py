"""How many threads a search may use."""

import faiss


def use_threads(count: int) -> None:
    """Let FAISS use `count` threads for searches started by the calling thread.

    OpenMP keeps this number per calling thread, so each worker has to say it once.
    """
    faiss.omp_set_num_threads(count)
