import numpy as np

from index.blocks import Blocks
from tests.index.vectors import unit


def test_growing_never_copies_what_is_there(small_blocks):
    rows: Blocks[np.float32] = Blocks(4, np.float32)
    rows.append(unit(1, 10, 4))
    first = rows[0]
    rows.append(unit(2, 100, 4))
    assert np.shares_memory(first, rows[0])
    rows.truncate(5)
    assert len(rows) == 5
    assert [first for first, _ in rows.tiles(2)] == [0, 2, 4]
