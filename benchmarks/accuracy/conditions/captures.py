"""What cameras, light, distance and file formats do to a photo.

Lengths are in eye distances, so that a condition is equally hard at every size of photo.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.conditions.scene import Condition, Random, Scene, as_png
from detector.faces import Image

Pixels = npt.NDArray[np.float32]

_CHIP: Final = (416, 536)
"""Width and height of a passport chip's portrait."""
_CHIP_EYES: Final = 90.0
"""Pixels between the eyes of such a portrait."""


def as_jpeg(image: Image, quality: int) -> bytes:
    """Encode as JPEG of this quality setting."""
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def jpeg(quality: int) -> Condition:
    """Compress as JPEG of this quality setting."""
    return Condition(f"JPEG Q{quality}", "file", lambda s, _: as_jpeg(s.image, quality))


def chip(kilobytes: int) -> Condition:
    """Store as a passport chip does: JPEG 2000 of a fixed size in bytes."""

    def draw(scene: Scene, _: Random) -> bytes:
        large = scene.scaled(_CHIP_EYES / scene.eyes)
        x, y = large.middle
        width, height = _CHIP
        left, top = round(x - width / 2), round(y - 0.42 * height)
        matrix = np.array([[1, 0, -left], [0, 1, -top]], np.float64)
        portrait = cv2.warpAffine(large.image, matrix, _CHIP, borderMode=cv2.BORDER_REFLECT)
        share = 1000 * kilobytes * 1024 // portrait.size
        options = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, share]
        return cv2.imencode(".jp2", portrait, options)[1].tobytes()

    return Condition(f"chip image, JPEG 2000 of {kilobytes} KB", "file", draw)


def distance(eyes: int) -> Condition:
    """Stand so far away that only so many pixels lie between the eyes."""

    def draw(scene: Scene, _: Random) -> bytes:
        return as_png(scene.scaled(eyes / scene.eyes).image)

    return Condition(f"{eyes} px between the eyes", "distance", draw)


def noise(sigma: float) -> Condition:
    """Add a sensor's noise in bad light, to each colour for itself."""

    def draw(scene: Scene, random: Random) -> bytes:
        return as_png(scene.image + random.normal(0, sigma, scene.image.shape))

    return Condition(f"sensor noise, s.d. {sigma:g}", "camera", draw)


def motion(length: float) -> Condition:
    """Move along a straight line in a random direction."""

    def draw(scene: Scene, random: Random) -> bytes:
        reach = length * scene.eyes
        size = int(np.ceil(reach)) | 1
        kernel, angle = np.zeros((size, size), np.float32), random.uniform(0, np.pi)
        for t in np.linspace(-reach / 2, reach / 2, 4 * size):
            x, y = (round(size // 2 + t * f) for f in (np.cos(angle), np.sin(angle)))
            kernel[min(y, size - 1), min(x, size - 1)] += 1
        return as_png(cv2.filter2D(scene.image, -1, kernel / kernel.sum()))

    return Condition(f"motion by {length:g} eye distances", "camera", draw)


def defocus(radius: float) -> Condition:
    """Defocus: every point becomes a disc."""

    def draw(scene: Scene, _: Random) -> bytes:
        reach = radius * scene.eyes
        side = np.arange(-np.ceil(reach), np.ceil(reach) + 1)
        away = np.hypot(*np.meshgrid(side, side))
        disc = np.clip(reach + 0.5 - away, 0, 1).astype(np.float32)
        return as_png(cv2.filter2D(scene.image, -1, disc / disc.sum()))

    return Condition(f"defocus, disc of {radius:g} eye distances", "camera", draw)


def light(gain: float, name: str) -> Condition:
    """Give more or less light, with the noise of a sensor that reads little."""

    def draw(scene: Scene, random: Random) -> bytes:
        lit = scene.image.astype(np.float32) * gain
        return as_png(lit + random.normal(0, 1.5, lit.shape))

    return Condition(f"{name}, {gain:g} of the light", "light", draw)


def back_light(scene: Scene, random: Random) -> bytes:
    """Put a window behind: a dark face before white, and some of its light in the lens."""
    height, width = scene.image.shape[:2]
    outline = np.zeros((height, width), np.float32)
    x, y = scene.at((0, 0.5))[0]
    axes = (round(1.25 * scene.eyes), round(1.75 * scene.eyes))
    cv2.ellipse(outline, (round(x), round(y)), axes, 0, 0, 360, (1.0,), -1)
    shoulders = scene.at((-2.2, 4), (-1.6, 2.4), (-0.6, 2), (0.6, 2), (1.6, 2.4), (2.2, 4))
    cv2.fillPoly(outline, [np.rint(shoulders).astype(np.int32)], (1.0,))
    head = np.asarray(cv2.GaussianBlur(outline, (0, 0), 0.12 * scene.eyes))[..., None]
    face = scene.image.astype(np.float32) * 0.18
    lit = face * head + 262 * (1 - head) + 18
    return as_png(lit + random.normal(0, 2, lit.shape))


def side_light(scene: Scene, random: Random) -> bytes:
    """Light from one side: the far half of the face gets a twelfth of it."""
    height, width = scene.image.shape[:2]
    x = (np.arange(width, dtype=np.float32) - scene.middle[0]) / scene.eyes
    falls = 1 / (1 + np.exp(6 * x * random.choice([-1, 1])))
    gain = 0.08 + 1.1 * falls
    lit = scene.image.astype(np.float32) * gain[None, :, None].astype(np.float32)
    return as_png(lit + random.normal(0, 1.5, (height, width, 3)))


def haze(left: float) -> Condition:
    """Leave only a share of the contrast, as haze or a dirty pane does."""

    def draw(scene: Scene, random: Random) -> bytes:
        seen = left * scene.image.astype(np.float32) + 180 * (1 - left)
        return as_png(seen + random.normal(0, 1, seen.shape))

    return Condition(f"haze, {left:g} of the contrast", "light", draw)


def cast(name: str, blue: float, green: float, red: float) -> Condition:
    """Cast a colour: lamps that a camera's white balance does not know."""

    def draw(scene: Scene, _: Random) -> bytes:
        return as_png(scene.image.astype(np.float32) * np.array([blue, green, red], np.float32))

    return Condition(f"colour cast, {name}", "light", draw)


def roll(degrees: float) -> Condition:
    """Tilt the camera, or the head, to either side."""

    def draw(scene: Scene, random: Random) -> bytes:
        height, width = scene.image.shape[:2]
        side = round(float(np.hypot(width, height)))
        turn = degrees * random.choice([-1, 1])
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), float(turn), 1)
        matrix[:, 2] += [(side - width) / 2, (side - height) / 2]
        return as_png(cv2.warpAffine(scene.image, matrix, (side, side)))

    return Condition(f"roll of {degrees:g} degrees", "pose", draw)


def yaw(degrees: float) -> Condition:
    """Turn the head to either side: an elliptic cylinder with the photo on it.

    What the photo did not show is the mirror image of what it did. A nose does not stand out, so
    this is kinder than a real turn.
    """

    def draw(scene: Scene, random: Random) -> bytes:
        height, width = scene.image.shape[:2]
        turn = np.radians(degrees) * random.choice([-1, 1])
        reach = 1.25 * scene.eyes
        seen = (np.arange(width) - scene.middle[0]) / reach
        around = np.arcsin(np.clip(seen, -1, 1)) - turn
        around = np.where(around > np.pi / 2, np.pi - around, around)
        around = np.where(around < -np.pi / 2, -np.pi - around, around)
        source = np.where(np.abs(seen) < 1, np.sin(around), seen) * reach + scene.middle[0]
        across = np.broadcast_to(source.astype(np.float32), (height, width))
        down = np.broadcast_to(np.arange(height, dtype=np.float32)[:, None], (height, width))
        turned = cv2.remap(
            scene.image,
            np.ascontiguousarray(across),
            np.ascontiguousarray(down),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return as_png(turned)

    return Condition(f"yaw of {degrees:g} degrees, drawn", "pose", draw)


def cropped(name: str, side: str, edge: float) -> Condition:
    """Cut off part of the face; `edge` in eye distances from the middle of the eyes."""

    def draw(scene: Scene, _: Random) -> bytes:
        x, y = scene.middle
        if side == "bottom":
            return as_png(scene.image[: max(8, round(y + edge * scene.eyes))])
        if side == "top":
            return as_png(scene.image[max(0, round(y + edge * scene.eyes)) :])
        return as_png(scene.image[:, max(0, round(x + edge * scene.eyes)) :])

    return Condition(f"crop, {name}", "frame", draw)


def beside(scene: Scene, random: Random) -> bytes:
    """Put a second person beside the traveller, as near to the camera."""
    return as_png(_together(scene, 0.95, random))


def in_front(scene: Scene, random: Random) -> bytes:
    """Put a second person nearer to the camera: the wrong face may be searched."""
    return as_png(_together(scene, 1.35, random))


def _together(scene: Scene, size: float, random: Random) -> Image:
    other = scene.stranger
    if other is None:
        raise ValueError("a second face needs a second person")
    height = scene.image.shape[0]
    near = other.scaled(size * scene.eyes / other.eyes).head()
    panel = np.full((height, near.shape[1], 3), 128, np.uint8)
    rows = min(height, near.shape[0])
    panel[height - rows :] = near[:rows]
    pair = [scene.image, panel]
    return np.hstack(pair if random.random() < 0.5 else pair[::-1])


CAPTURES: Final = (
    chip(20),
    chip(12),
    jpeg(30),
    jpeg(20),
    jpeg(10),
    distance(30),
    distance(20),
    noise(12),
    noise(25),
    motion(0.2),
    motion(0.4),
    defocus(0.08),
    defocus(0.14),
    light(0.12, "dark"),
    light(2.5, "over-exposed"),
    Condition("back light", "light", back_light),
    Condition("side light", "light", side_light),
    haze(0.2),
    cast("warm", 0.35, 0.75, 1.1),
    cast("blue", 1.1, 0.7, 0.3),
    roll(45),
    yaw(30),
    yaw(45),
    cropped("chin and mouth", "bottom", 0.95),
    cropped("forehead and brows", "top", -0.3),
    cropped("one cheek and half an eye", "side", -0.5),
    Condition("second face as near", "frame", beside),
    Condition("second face nearer", "frame", in_front),
)
