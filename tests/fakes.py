"""Honest stand-ins for the networks: fast, deterministic, and in need of real pixels.

A *drawn person* is a magenta frame around a pattern that only the person's number decides.
`FakeDetector` finds the frames, `FakeEmbedder` describes the patterns, so a test can take drawn
photos through the whole service: two photos of one person score above 0.8, of two people below 0.6.

    pipeline = fake_pipeline()
    one, again = pipeline.analyse(photo_of(7)), pipeline.analyse(photo_of(7, brightness=0.8))

Nothing here is patched or scripted unless a test hands `FakeDetector` its faces.
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from detector.align import ARCFACE_TEMPLATE, CHIP_SIZE
from detector.embed import Measured
from detector.faces import Box, Face, Image
from detector.limits import Limits
from detector.pipeline import Pipeline
from tests.data import encoded

MAGENTA: Final = (255, 0, 255)  # patterns keep away from it
_SMALLEST_FOUND: Final = 16  # pixels at the working size, as a real detector has its limit
_GRID: Final = 8
_TILES: Final = 28


def draw_person(
    image: Image, person: int, left: int, top: int, side: int, *, usable: bool = False
) -> None:
    """Draw a person into the picture, in place; the same number gives the same face.

    Args:
        image: the picture.
        person: who it is.
        left: where they are drawn.
        top: the same.
        side: how large.
        usable: so that a photo has no reason to be marginal: it is a little blurred and noisy else.
    """
    rng = np.random.default_rng(person)
    grain = _tiles if usable else _noise
    _draw(image, _colours_of(rng), grain(rng, side - 2 * _rim(side)), left, top, side)


def _colours_of(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return the coarse colours that say who it is."""
    coarse = rng.integers(40, 200, (_GRID, _GRID, 3)).astype(np.float32)
    coarse[..., 1] = np.maximum(coarse[..., 1], 90)
    return coarse


def _rim(side: int) -> int:
    return max(3, side // 16)


def _noise(rng: np.random.Generator, inner: int) -> npt.NDArray[np.float64]:
    """Return fine grain, which gives the quality measures something sharp to see."""
    return rng.normal(0, 12, (inner, inner, 1))


def _tiles(rng: np.random.Generator, inner: int) -> npt.NDArray[np.float64]:
    """Return tiles: sharp, no noise, and most of it across, as a mouth is."""
    tiles = rng.normal(0, 12, (_TILES, _TILES // 2))
    tiled = cv2.resize(tiles, (inner, inner), interpolation=cv2.INTER_NEAREST)
    return np.asarray(tiled, np.float64)[..., None]


def _draw(
    image: Image,
    coarse: npt.NDArray[np.float32],
    grain: npt.NDArray[np.float64],
    left: int,
    top: int,
    side: int,
) -> None:
    rim = _rim(side)
    image[top : top + side, left : left + side] = MAGENTA
    inner = side - 2 * rim
    pattern = cv2.resize(coarse, (inner, inner), interpolation=cv2.INTER_LINEAR) + grain
    image[top + rim : top + rim + inner, left + rim : left + rim + inner] = np.clip(pattern, 0, 255)


def photo_of(
    *people: int,
    side: int = 160,
    brightness: float = 1.0,
    quality: int = 95,
    suffix: str = ".jpg",
    usable: bool = False,
) -> bytes:
    """Return an encoded photo of drawn people in a row; without people, one of nobody.

    It is marginal, unless `usable`: see `draw_person`.
    """
    gap = side // 4
    columns = max(1, len(people))
    image = np.full((side + 2 * gap, columns * (side + gap) + gap, 3), 120, np.uint8)
    for place, person in enumerate(people):
        draw_person(image, person, gap + place * (side + gap), gap, side, usable=usable)
    lit = np.clip(image * brightness, 0, 255).astype(np.uint8)
    return encoded(lit, suffix, quality)


def photo_between(
    one: int, other: int, share: float = 0.53, *, side: int = 160, brightness: float = 1.0
) -> bytes:
    """Return an encoded photo of somebody who resembles two drawn people, the first a bit more.

    With the usual share they score about 0.75 with the first and 0.68 with the second.
    """
    gap = side // 4
    image = np.full((side + 2 * gap, side + 2 * gap, 3), 120, np.uint8)
    first, second = (_colours_of(np.random.default_rng(each)) for each in (one, other))
    grain = _noise(np.random.default_rng((one, other)), side - 2 * _rim(side))
    _draw(image, share * first + (1 - share) * second, grain, gap, gap, side)
    lit = np.clip(image * brightness, 0, 255).astype(np.uint8)
    return encoded(lit, ".jpg", 95)


class FakeDetector:
    """Finds drawn people; or, given faces, always finds exactly those."""

    def __init__(self, scripted: Sequence[Face] | None = None) -> None:
        self.scripted = scripted
        self.calls: list[tuple[int, int, int]] = []
        """Height, width and working size of every image looked at."""

    def detect(self, image: Image, long_side: int) -> tuple[Face, ...]:
        """See `detector.faces.FaceDetector.detect`."""
        height, width = image.shape[:2]
        self.calls.append((height, width, long_side))
        if self.scripted is not None:
            return tuple(self.scripted)
        factor = long_side / max(height, width)
        blue, green, red = (image[..., channel].astype(np.int16) for channel in range(3))
        # Far from green, whatever the light: blurred JPEG chroma is still told from a pattern.
        framed = (np.minimum(blue, red) > 90) & (np.minimum(blue, red) > 2 * green)
        if not framed.any():
            return ()
        _, _, stats, _ = cv2.connectedComponentsWithStats(framed.astype(np.uint8), connectivity=8)
        faces = []
        for left, top, across, down, _ in stats[1:]:
            side = min(across, down)
            square = side > 0.8 * max(across, down)
            inside = framed[top : top + down, left : left + across]
            if square and side * factor >= _SMALLEST_FOUND and _is_frame(inside):
                faces.append(_face(float(left), float(top), float(side)))
        return tuple(sorted(faces, key=lambda face: -face.box.area))


class FakeEmbedder:
    """Describes a chip by the colours of an 8 x 8 grid, without regard to overall brightness."""

    dim: int = _GRID * _GRID * 3

    def embed(self, chips: Sequence[Image]) -> npt.NDArray[np.float32]:
        """See `detector.embed.Embedder.embed`."""
        rows = np.zeros((len(chips), self.dim), np.float32)
        for row, chip in enumerate(chips):
            grid = cv2.resize(chip, (_GRID, _GRID), interpolation=cv2.INTER_AREA).astype(np.float32)
            described = (grid - grid.mean(axis=(0, 1))).ravel()
            if not described.any():  # one flat colour: any direction, if always the same
                described[0] = 1
            rows[row] = described / np.linalg.norm(described)
        return rows

    def measure(self, chips: Sequence[Image]) -> Measured:
        """See `detector.embed.Embedder.measure`."""
        rows = self.embed(chips)
        return Measured(rows, np.ones(len(rows)))


def fake_pipeline(limits: Limits | None = None) -> Pipeline:
    """Return a pipeline of fakes, with detection sizes as the default pack has them."""
    return Pipeline(FakeDetector(), FakeEmbedder(), (320, 640), limits)


def _is_frame(framed: npt.NDArray[np.bool_]) -> bool:
    """Whether all four sides are drawn: a pattern's negative may have a spot of magenta."""
    sides = (framed[:2], framed[-2:], framed[:, :2], framed[:, -2:])
    return bool(framed.mean() < 0.6) and all(side.mean() > 0.7 for side in sides)


def _face(left: float, top: float, side: float) -> Face:
    """Place landmarks so that the aligned chip shows the pattern inside the frame."""
    rim = max(3.0, side // 16)
    inner = (side - 2 * rim) / CHIP_SIZE
    landmarks = ARCFACE_TEMPLATE * np.float32(inner) + np.array([left + rim, top + rim], np.float32)
    return Face(Box(left, top, side, side), landmarks.astype(np.float32), 0.95)
