"""A tile map of Indonesia: one square a province, about where it lies.

A province that is large on the ground and one that is a city weigh the same to the eye, and it
needs no borders of anybody's. Where the operator has borders, they are drawn instead:
`api.console.map.borders`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SIZE: Final = 60
"""Width and height of a tile in units of the drawing, with the gap to the next."""

# Rows from north to south, columns from west to east; two digits are a province's code.
_ROWS: Final = (
    "11 .. .. .. .. .. .. .. 65 .. 75 71 .. .. .. .. ..",
    ".. 12 14 21 .. .. 61 .. 64 .. 72 .. 82 96 92 .. 91",
    ".. 13 15 .. 19 .. .. 62 63 76 73 74 .. 81 .. 94 95",
    ".. .. 17 16 .. .. .. .. .. .. .. .. .. .. .. .. 93",
    ".. .. .. 18 .. 31 .. .. .. .. .. .. .. .. .. .. ..",
    ".. .. .. .. 36 32 33 35 51 52 53 .. .. .. .. .. ..",
    ".. .. .. .. .. .. 34 .. .. .. .. .. .. .. .. .. ..",
)

SHORT: Final[Mapping[str, str]] = {
    "11": "Aceh",
    "12": "Sumut",
    "13": "Sumbar",
    "14": "Riau",
    "15": "Jambi",
    "16": "Sumsel",
    "17": "Bengkulu",
    "18": "Lampung",
    "19": "Babel",
    "21": "Kepri",
    "31": "DKI",
    "32": "Jabar",
    "33": "Jateng",
    "34": "DIY",
    "35": "Jatim",
    "36": "Banten",
    "51": "Bali",
    "52": "NTB",
    "53": "NTT",
    "61": "Kalbar",
    "62": "Kalteng",
    "63": "Kalsel",
    "64": "Kaltim",
    "65": "Kaltara",
    "71": "Sulut",
    "72": "Sulteng",
    "73": "Sulsel",
    "74": "Sultra",
    "75": "Gorontalo",
    "76": "Sulbar",
    "81": "Maluku",
    "82": "Malut",
    "91": "Papua",
    "92": "Pabar",
    "93": "Pasel",
    "94": "Pateng",
    "95": "Papeg",
    "96": "PBD",
}
"""The texts of the tiles: the usual short names, the same in both languages."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A province's place in the drawing: of its upper left corner, in the drawing's units."""

    code: str
    short: str
    x: int
    y: int


TILES: Final = tuple(
    Tile(code, SHORT[code], column * SIZE, row * SIZE)
    for row, codes in enumerate(_ROWS)
    for column, code in enumerate(codes.split())
    if code != ".."
)

WIDTH: Final = SIZE * len(_ROWS[0].split())
HEIGHT: Final = SIZE * len(_ROWS)
