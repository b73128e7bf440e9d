"""Faces that are not a living person's: drawings, statues, posters and cards held up.

Made from photos of the same people, so that it is measured whether they are found and searched, and
whom they match. Real ones differ more; nothing here says whether a living person stands there.
"""

from typing import Final

import cv2
import numpy as np

from benchmarks.accuracy.conditions.captures import as_jpeg
from benchmarks.accuracy.conditions.scene import Condition, Random, Scene, as_png
from detector.faces import Image


def pencil(scene: Scene, _: Random) -> bytes:
    """Draw in pencil: what differs from its own blurred negative."""
    grey = cv2.cvtColor(scene.image, cv2.COLOR_BGR2GRAY).astype(np.float32)
    soft = cv2.GaussianBlur(grey, (0, 0), 0.1 * scene.eyes)
    drawn = np.clip(255 * (grey + 1) / (soft + 1), 0, 255)
    return as_png(np.repeat(drawn[..., None], 3, axis=2))


def cartoon(scene: Scene, _: Random) -> bytes:
    """Draw in colours: few flat tones between black outlines."""
    flat = scene.image
    for _round in range(4):
        flat = np.asarray(cv2.bilateralFilter(flat, 7, 40, 7), np.uint8)
    tones = np.rint(flat / 42.0) * 42
    grey = cv2.medianBlur(cv2.cvtColor(scene.image, cv2.COLOR_BGR2GRAY), 5)
    lines = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 9, 5
    ).astype(np.float32)
    return as_png(tones * lines[..., None] / 255)


def statue(scene: Scene, random: Random) -> bytes:
    """Cut in stone: the relief lit from one side, nothing of colour, hair and iris left."""
    grey = cv2.cvtColor(scene.image, cv2.COLOR_BGR2GRAY)
    relief = np.asarray(cv2.bilateralFilter(grey, 9, 35, 9), np.float32)
    slope = cv2.GaussianBlur(relief, (0, 0), 0.02 * scene.eyes + 0.5)
    shade = cv2.Sobel(slope, cv2.CV_32F, 1, 0) + cv2.Sobel(slope, cv2.CV_32F, 0, 1)
    stone = 150 + 0.25 * (relief - 128) + 0.55 * shade + random.normal(0, 4, grey.shape)
    return as_png(stone[..., None] * np.array([0.95, 1.0, 1.02]))


def poster(scene: Scene, random: Random) -> bytes:
    """Print a poster and photograph it: dots, less contrast, seen from the side."""
    large = scene.scaled(2).image.astype(np.float32)
    height, width = large.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    dots = np.cos(2 * np.pi * (x + y) / 7) + np.cos(2 * np.pi * (x - y) / 7)
    printed = 40 + 0.7 * large + 14 * dots[..., None]
    return as_jpeg(_hung(np.clip(printed, 0, 255).astype(np.uint8), random), 85)


def card(scene: Scene, random: Random) -> bytes:
    """Hold up an identity card: a small portrait beside lines of text, with a gloss."""
    portrait = scene.scaled(28 / scene.eyes).head()
    height, width = 170, 270
    sheet = np.full((height, width, 3), (215, 205, 190), np.float32)
    rows, columns = min(120, portrait.shape[0]), min(95, portrait.shape[1])
    sheet[30 : 30 + rows, 12 : 12 + columns] = portrait[:rows, :columns]
    for line in range(7):
        length = int(random.integers(50, 130))
        sheet[40 + 16 * line : 46 + 16 * line, 125 : 125 + length] = 70
    x = np.arange(width, dtype=np.float32)
    gloss = 60 * np.exp(-(((x - random.uniform(0, width)) / 40) ** 2))
    shown = np.clip(sheet + gloss[None, :, None], 0, 255).astype(np.uint8)
    return as_jpeg(_hung(shown, random), 85)


def _hung(sheet: Image, random: Random) -> Image:
    """Show a sheet a little from the side before a wall."""
    height, width = sheet.shape[:2]
    room = (round(1.3 * width), round(1.3 * height))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + random.uniform(-0.05, 0.05, (4, 2)).astype(np.float32) * (width, height)
    moved += (0.15 * width, 0.15 * height)
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    hung = cv2.warpPerspective(
        sheet, matrix, room, flags=cv2.INTER_AREA, borderValue=(150, 155, 160)
    )
    return np.asarray(hung, np.uint8)


PRESENTATIONS: Final = (
    Condition("pencil drawing", "not a living face", pencil),
    Condition("coloured drawing", "not a living face", cartoon),
    Condition("statue", "not a living face", statue),
    Condition("poster", "not a living face", poster),
    Condition("identity card held up", "not a living face", card),
)
