"""Rows of numbers that grow without ever being copied as a whole."""

from collections.abc import Iterator
from typing import Any, Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Number = TypeVar("Number", bound=np.generic)

# Rows of one block. One more block costs 32 MB at 128 float32 numbers, and no search or write ever
# waits for the copy that growing a single array would take: half a second at a million rows.
BLOCK_ROWS: Final = 65_536


class Blocks(Generic[Number]):
    """A matrix with a fixed number of columns, kept in blocks of `BLOCK_ROWS` rows."""

    def __init__(self, columns: int, dtype: type[Number]) -> None:
        self.columns = columns
        self._dtype = dtype
        self._blocks: list[npt.NDArray[Number]] = []
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def append(self, rows: npt.NDArray[Number]) -> None:
        """Add rows, shape (N, columns), after the last."""
        done = 0
        while done < len(rows):
            block, used = divmod(self._rows, BLOCK_ROWS)
            if block == len(self._blocks):
                self._blocks.append(np.empty((BLOCK_ROWS, self.columns), self._dtype))
            taken = min(BLOCK_ROWS - used, len(rows) - done)
            self._blocks[block][used : used + taken] = rows[done : done + taken]
            self._rows += taken
            done += taken

    def __getitem__(self, row: int) -> npt.NDArray[Number]:
        """Return a view of one row."""
        block, place = divmod(row, BLOCK_ROWS)
        view: npt.NDArray[Number] = self._blocks[block][place]
        return view

    def __setitem__(self, row: int, value: npt.NDArray[Number]) -> None:
        """Replace one row."""
        self[row][:] = value

    def take(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[Number]:
        """Return copies of some rows, shape (len(rows), columns)."""
        found = np.empty((len(rows), self.columns), self._dtype)
        for block in np.unique(rows // BLOCK_ROWS):
            here = rows // BLOCK_ROWS == block
            found[here] = self._blocks[block][rows[here] % BLOCK_ROWS]
        return found

    def truncate(self, rows: int) -> None:
        """Keep the first `rows` rows, and one empty block at most."""
        self._rows = rows
        del self._blocks[rows // BLOCK_ROWS + 1 :]

    def tiles(self, size: int) -> Iterator[tuple[int, npt.NDArray[Any]]]:
        """Yield the number of the first row and a view of up to `size` rows, over all rows."""
        for start in range(0, self._rows, BLOCK_ROWS):
            block = self._blocks[start // BLOCK_ROWS][: self._rows - start]
            for offset in range(0, len(block), size):
                yield start + offset, block[offset : offset + size]
