"""The demo's contact sheet: each probe beside its candidate."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from detector.faces import Image

_CELL: Final = 190
_CAPTION: Final = 64
_GAP: Final = 12
_COLUMNS: Final = 3
_INK: Final = {
    "alert": (40, 40, 200),
    "clear": (60, 130, 40),
    "unsearchable": (20, 120, 190),
    "refused": (110, 110, 110),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """One row of the demo as it is drawn."""

    caption: str
    outcome: str
    detail: str
    probe: bytes
    candidate: bytes | None


def draw(pairs: list[Pair], path: Path) -> None:
    """Write the sheet as PNG; the folder is made if it is missing."""
    rows = -(-len(pairs) // _COLUMNS)
    tile_width, tile_height = 2 * _CELL + _GAP, _CELL + _CAPTION
    sheet = np.full(
        (rows * (tile_height + _GAP) + _GAP, _COLUMNS * (tile_width + 2 * _GAP), 3), 250, np.uint8
    )
    for n, pair in enumerate(pairs):
        top = _GAP + (n // _COLUMNS) * (tile_height + _GAP)
        left = _GAP + (n % _COLUMNS) * (tile_width + 2 * _GAP)
        _tile(sheet[top : top + tile_height, left : left + tile_width], pair)
    path.parent.mkdir(parents=True, exist_ok=True)
    _, content = cv2.imencode(".png", sheet)
    path.write_bytes(content.tobytes())


def _tile(tile: Image, pair: Pair) -> None:
    ink = _INK[pair.outcome]
    tile[:_CELL, :_CELL] = _fitted(pair.probe)
    tile[:_CELL, _CELL + _GAP :] = _fitted(pair.candidate)
    cv2.rectangle(tile, (0, 0), (_CELL - 1, _CELL - 1), ink, 3)
    lines = ((pair.caption, (40, 40, 40)), (pair.outcome.upper(), ink), (pair.detail, (90, 90, 90)))
    for row, (text, colour) in enumerate(lines):
        origin = (0, _CELL + 17 + 19 * row)
        cv2.putText(tile, text, origin, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)


def _fitted(content: bytes | None) -> Image:
    """Return a photo scaled into a square cell; a plain cell where there is none to show."""
    cell = np.full((_CELL, _CELL, 3), 228, np.uint8)
    if not content:
        return cell
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return cell
    factor = _CELL / max(image.shape[:2])
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    small = small[:_CELL, :_CELL]
    top, left = (_CELL - small.shape[0]) // 2, (_CELL - small.shape[1]) // 2
    cell[top : top + small.shape[0], left : left + small.shape[1]] = small
    return cell
