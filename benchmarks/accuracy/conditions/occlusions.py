"""What covers a face, each thing drawn twice by different means.

The first drawing is flat shapes with straight outlines; the second has curves, shading and texture.
A rule that was fitted to one is tested on the other, so that it does not learn the drawing.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.conditions.scene import Condition, Point, Random, Scene, as_png

Cover = npt.NDArray[np.float32]
"""(height, width), how much of each pixel is covered, 0 to 1."""
Paint = npt.NDArray[np.float32]
"""(height, width, 3), what covers it."""

_SMOOTH: Final = 4
"""Outlines are drawn at so many times the size, and averaged."""


def _polygon(scene: Scene, points: Point) -> Cover:
    height, width = scene.image.shape[:2]
    drawn = np.zeros((height * _SMOOTH, width * _SMOOTH), np.uint8)
    cv2.fillPoly(drawn, [np.rint(points * _SMOOTH).astype(np.int32)], (255,))
    small = cv2.resize(drawn, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small / np.float32(255), np.float32)


def _frame(scene: Scene) -> tuple[Cover, Cover]:
    """Every pixel in the face's own frame (see `Scene.at`): across and down, (height, width)."""
    origin, across, down = scene.at((0, 0), (1, 0), (0, 1))
    height, width = scene.image.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    back = np.linalg.inv(np.stack([across - origin, down - origin], axis=1))
    dx, dy = x - origin[0], y - origin[1]
    return (
        np.asarray(back[0, 0] * dx + back[0, 1] * dy, np.float32),
        np.asarray(back[1, 0] * dx + back[1, 1] * dy, np.float32),
    )


def _ellipse(
    scene: Scene, x: float, y: float, wide: float, high: float, square: float = 2
) -> Cover:
    """Cover a (super-)ellipse of the face's frame, its edge one pixel soft."""
    across, down = _frame(scene)
    away = (np.abs((across - x) / wide) ** square + np.abs((down - y) / high) ** square) ** (
        1 / square
    )
    soft = (1 - away) * min(wide, high) * scene.eyes + 0.5
    return np.asarray(np.clip(soft, 0, 1), np.float32)


def _over(scene: Scene, cover: Cover, paint: Paint | tuple[float, float, float]) -> bytes:
    share = cover[..., None]
    return as_png(scene.image * (1 - share) + np.asarray(paint, np.float32) * share)


def _cloth(scene: Scene, colour: tuple[float, float, float], random: Random, depth: float) -> Paint:
    """Lay smooth folds and a weave over a colour."""
    across, down = _frame(scene)
    phase, slope = random.uniform(0, 6), random.uniform(-0.6, 0.6)
    folds = np.sin(7 * (across + slope * down) + phase + 1.5 * np.sin(3 * down))
    weave = random.normal(0, 5, folds.shape)
    shade = 1 + depth * folds
    return np.asarray(np.array(colour) * shade[..., None] + weave[..., None], np.float32)


def mask_flat(scene: Scene, random: Random) -> bytes:
    """Put on a surgical mask: one flat polygon with pleats."""
    top = random.uniform(0.42, 0.55)
    outline = scene.at(
        (-0.95, top + 0.15),
        (-0.35, top),
        (0, top - 0.1),
        (0.35, top),
        (0.95, top + 0.15),
        (0.85, 1.35),
        (0.45, 1.9),
        (-0.45, 1.9),
        (-0.85, 1.35),
    )
    cover = _polygon(scene, outline)
    _, down = _frame(scene)
    pleats = np.where(np.abs((down * 5) % 1 - 0.5) < 0.08, 0.85, 1.0)
    colour = np.array([225, 205, 170]) * random.uniform(0.8, 1.05)
    return _over(scene, cover, np.asarray(colour * pleats[..., None], np.float32))


def mask_shaded(scene: Scene, random: Random) -> bytes:
    """Put on a moulded mask, dark or white: a shaded bulge of cloth."""
    cover = np.maximum(
        _ellipse(scene, 0, 1.22, 0.92, 0.78, 2.6), _ellipse(scene, 0, 0.62, 0.3, 0.3)
    )
    across, down = _frame(scene)
    bulge = np.clip(1.15 - 0.5 * np.hypot(across, down - 1.0), 0.3, 1.2)
    tone = random.choice([35.0, 90.0, 225.0])
    paint = _cloth(scene, (tone, tone, tone), random, 0.06) * bulge[..., None]
    return _over(scene, cover, paint)


def glasses_flat(scene: Scene, random: Random) -> bytes:
    """Put on sunglasses: two black polygons and a bridge."""
    height = random.uniform(0.28, 0.36)
    cover = np.zeros(scene.image.shape[:2], np.float32)
    for side in (-1, 1):
        lens = scene.at(
            (side * 0.12, -0.18),
            (side * 0.9, -0.22),
            (side * 0.88, height),
            (side * 0.6, height + 0.08),
            (side * 0.25, height),
        )
        cover = np.maximum(cover, _polygon(scene, lens))
    bridge = scene.at((-0.95, -0.2), (0.95, -0.2), (0.95, -0.1), (-0.95, -0.1))
    cover = np.maximum(cover, _polygon(scene, bridge))
    tone = random.uniform(8, 35)
    return _over(scene, cover, (tone, tone, tone))


def glasses_shaded(scene: Scene, random: Random) -> bytes:
    """Put on sunglasses: round tinted lenses with a gradient and a reflection."""
    across, down = _frame(scene)
    cover = np.zeros(scene.image.shape[:2], np.float32)
    shine = np.zeros_like(cover)
    for side in (-1, 1):
        lens = _ellipse(scene, side * 0.52, 0.07, 0.42, 0.36, 2.4)
        cover = np.maximum(cover, lens)
        glint = np.exp(-(((across - side * 0.52 + 0.12) / 0.08) ** 2) - ((down + 0.05) / 0.16) ** 2)
        shine = np.maximum(shine, glint * lens)
    rim = np.maximum(_ellipse(scene, 0, -0.02, 0.16, 0.05), cover)
    gradient = 25 + 45 * np.clip(down + 0.3, 0, 1)
    colour = np.array([0.9, 0.8, 1.1])[random.permutation(3)]
    paint = gradient[..., None] * colour + 150 * shine[..., None]
    return _over(scene, np.float32(0.93) * rim, np.asarray(paint, np.float32))


def veil_flat(scene: Scene, random: Random) -> bytes:
    """Put on a veil that leaves the eyes: a flat dark cloth around a slit."""
    slit = random.uniform(0.3, 0.42)
    cover = 1 - _polygon(
        scene, scene.at((-1.0, -0.35), (1.0, -0.35), (1.05, slit), (0, slit + 0.08), (-1.05, slit))
    )
    head = _polygon(
        scene,
        scene.at((-1.3, 3.2), (-1.35, -0.2), (-0.8, -1.25), (0.8, -1.25), (1.35, -0.2), (1.3, 3.2)),
    )
    tone = random.uniform(10, 45)
    return _over(scene, cover * head, (tone, tone, tone))


def veil_shaded(scene: Scene, random: Random) -> bytes:
    """Put on a folded veil below the eyes, thin enough to show something through."""
    _, down = _frame(scene)
    edge = np.clip((down - 0.38) * scene.eyes / 2, 0, 1)
    head = _ellipse(scene, 0, 0.9, 1.3, 2.4)
    tone = random.choice([30.0, 110.0, 200.0])
    paint = _cloth(scene, (tone, 0.9 * tone, 0.95 * tone), random, 0.18)
    return _over(scene, (0.9 * edge * head).astype(np.float32), paint)


def hand_flat(scene: Scene, random: Random) -> bytes:
    """Hold fingers before the mouth: bars of one tone."""
    cover = np.zeros(scene.image.shape[:2], np.float32)
    lean = random.uniform(-0.3, 0.3)
    for finger in range(4):
        x = -0.55 + 0.36 * finger
        bar = scene.at(
            (x - 0.15, 0.75 + 0.08 * abs(finger - 1.5)),
            (x + 0.15, 0.75 + 0.08 * abs(finger - 1.5)),
            (x + 0.15 + lean, 2.4),
            (x - 0.15 + lean, 2.4),
        )
        cover = np.maximum(cover, _polygon(scene, bar))
    return _over(scene, cover, np.asarray(_skin(scene) * random.uniform(0.85, 1.1), np.float32))


def hand_shaded(scene: Scene, random: Random) -> bytes:
    """Hold a palm and shaded fingers over one side of the face, an eye with it."""
    across, _ = _frame(scene)
    side = random.choice([-1, 1])
    cover, height = np.zeros(scene.image.shape[:2], np.float32), np.zeros_like(across)
    shapes = [(0.75, 1.1, 0.6, 0.75)] + [
        (0.25 + 0.3 * f, 0.1 - 0.1 * (f % 2), 0.16, 0.75) for f in range(4)
    ]
    for x, y, wide, high in shapes:
        part = _ellipse(scene, side * x, y, wide, high)
        bulge = np.sqrt(np.clip(1 - ((across - side * x) / wide) ** 2, 0, 1))
        height = np.where(part > 0.5, bulge, height)
        cover = np.maximum(cover, part)
    shade = (0.65 + 0.4 * height)[..., None] + random.normal(0, 0.015, (*across.shape, 1))
    return _over(scene, cover, np.asarray(_skin(scene) * shade, np.float32))


def _skin(scene: Scene) -> Point:
    """Tone of the cheeks, shape (3,)."""
    points = np.rint(scene.at((-0.45, 0.65), (0.45, 0.65))).astype(int)
    height, width = scene.image.shape[:2]
    x, y = points[:, 0].clip(0, width - 1), points[:, 1].clip(0, height - 1)
    return np.asarray(scene.image[y, x].mean(axis=0), np.float64)


OCCLUSIONS: Final = (
    Condition("mask, first drawing", "occlusion", mask_flat),
    Condition("mask, second drawing", "occlusion", mask_shaded),
    Condition("sunglasses, first drawing", "occlusion", glasses_flat),
    Condition("sunglasses, second drawing", "occlusion", glasses_shaded),
    Condition("veil, first drawing", "occlusion", veil_flat),
    Condition("veil, second drawing", "occlusion", veil_shaded),
    Condition("hand, first drawing", "occlusion", hand_flat),
    Condition("hand, second drawing", "occlusion", hand_shaded),
)
