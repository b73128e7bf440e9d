"""The engine by default: each search goes over floats or over bytes, whichever is faster.

Both passes give the same answers to the last bit, so the choice is of time alone. Bytes are kept
from the first row on, a quarter more memory, so that growing never stops a write to make them.
"""

from typing import Final

import numpy as np

from index.exact import Found, Vectors
from index.flat import FlatEngine
from index.int8 import Int8Engine

# `python -m benchmarks search`, on a processor with 8-bit products (docs/performance.md): floats
# that a cache holds are as fast, and from 512 numbers on the byte kernel computes longer for one
# probe than floats take to be read.
_FROM_NUMBERS: Final = 1 << 23
"""Of all rows together: 65,536 rows of 128."""
_LONGEST: Final = 256
# Several probes are bound by products, of which bytes make more at a time; two take longer
# together than one after the other.
_SEVERAL: Final = 3
_SEVERAL_FROM_NUMBERS: Final = 1 << 22


class AutoEngine(Int8Engine):
    """Exact search that reads floats in small galleries and bytes in large ones."""

    def above(self, probes: Vectors, threshold: float) -> list[Found]:
        """See `SearchEngine.above`."""
        numbers = len(self) * self._dim
        if len(probes) >= _SEVERAL:
            engine = Int8Engine if numbers >= _SEVERAL_FROM_NUMBERS else FlatEngine
            return engine.above(self, probes, threshold)
        pays = numbers >= _FROM_NUMBERS and self._dim <= _LONGEST
        engine = Int8Engine if pays else FlatEngine
        return [engine.above(self, probe[np.newaxis], threshold)[0] for probe in probes]
