"""Photos to measure with: composed from packaged pictures, or read from a folder.

A composed photo is a portrait of 1 to 3.1 megapixels: a person with some surroundings, enlarged so
that the face takes 20 to 60 % of the photo's height, softly set into a scene, with a camera's noise
over all of it (an enlarged picture alone is so smooth that it would decode too fast).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from random import Random
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.packaged import SCENES, Person, read_picture
from detector.faces import Box, Image

MEGAPIXELS: Final = (1.0, 1.6, 2.1, 3.1)
_ASPECT: Final = 4 / 3
_FACE_HEIGHT: Final = (0.2, 0.6)  # of the photo's height
_MARGIN: Final = 0.7  # surroundings kept on each side of a face, in widths of the face
# Standard deviation in grey levels: a small sensor in indoor light. It brings the file to about
# a quarter of a megabyte a megapixel; without it, the photo would decode faster than a real one.
_NOISE: Final = 6.0
_JPEG_QUALITY: Final = 90
_SCENE_BLUR: Final = 0.004  # of the photo's width: the background is out of focus
_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp"})


@dataclass(frozen=True, slots=True)
class TestPhoto:
    """A photo's bytes, and what is known of it."""

    __test__ = False  # its name says photo for a test, which pytest takes for a test

    name: str
    data: bytes
    megapixels: float
    face: Box | None = None
    """Where the face was put; None for a photo from a folder."""


def compose_all(people: Sequence[Person], seed: int = 0) -> list[TestPhoto]:
    """Compose one photo of each person at each size, portrait and landscape in turn."""
    photos = []
    for number, person in enumerate(people):
        for step, megapixels in enumerate(MEGAPIXELS):
            random = np.random.default_rng([seed, number, step])
            upright = (number + step) % 2 == 0
            photos.append(compose(person, megapixels, random, portrait=upright))
    return photos


def compose(
    person: Person,
    megapixels: float,
    random: np.random.Generator,
    *,
    portrait: bool = True,
) -> TestPhoto:
    """Compose one photo; the same generator state gives the same bytes."""
    long_side = round(sqrt(megapixels * 1e6 * _ASPECT))
    short_side = round(long_side / _ASPECT)
    width, height = (short_side, long_side) if portrait else (long_side, short_side)
    canvas = _scene(width, height, random)
    box = person.face.box
    factor = random.uniform(*_FACE_HEIGHT) * height / box.height
    cut, left, top = _cut(person, factor)
    face_width, face_height = box.width * factor, box.height * factor
    x = random.uniform(0.35, 0.65) * width - face_width / 2
    y = random.uniform(0.2, 0.8) * (height - face_height)
    _blend(canvas, cut, round(x - left), round(y - top), (left, top, face_width, face_height))
    noisy = canvas.astype(np.float32) + random.normal(0, _NOISE, canvas.shape).astype(np.float32)
    image = np.clip(noisy, 0, 255).astype(np.uint8)
    done, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise ValueError("the photo could not be encoded")
    return TestPhoto(
        f"{person.name}, {megapixels} MP {'portrait' if portrait else 'landscape'}",
        content.tobytes(),
        width * height / 1e6,
        Box(round(x - left) + left, round(y - top) + top, face_width, face_height),
    )


def draw(folder: Path, most: int, seed: int) -> list[Path]:
    """Draw photos of a folder and its sub-folders.

    Raises:
        FileNotFoundError: there are none.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _SUFFIXES]
    if not paths:
        raise FileNotFoundError(f"{folder} holds no photos")
    return Random(seed).sample(paths, min(most, len(paths)))


def read_folder(folder: Path) -> list[TestPhoto]:
    """Read the photos of a folder and its sub-folders.

    Raises:
        FileNotFoundError: there are none.
    """
    photos = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in _SUFFIXES:
            data = path.read_bytes()
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            if image is not None:
                size = image.shape[0] * image.shape[1] / 1e6
                photos.append(TestPhoto(path.relative_to(folder).as_posix(), data, size))
    if not photos:
        raise FileNotFoundError(f"{folder} holds no photos")
    return photos


def _scene(width: int, height: int, random: np.random.Generator) -> Image:
    """Return a random part of a scene, enlarged to fill the photo, out of focus."""
    picture = read_picture(*SCENES[int(random.integers(len(SCENES)))])
    if random.random() < 0.5:
        picture = np.ascontiguousarray(picture[:, ::-1])
    factor = random.uniform(1, 1.6) * max(width / picture.shape[1], height / picture.shape[0])
    size = (
        max(width, round(picture.shape[1] * factor)),
        max(height, round(picture.shape[0] * factor)),
    )
    large = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
    left = int(random.integers(size[0] - width + 1))
    top = int(random.integers(size[1] - height + 1))
    part = large[top : top + height, left : left + width]
    return np.asarray(cv2.GaussianBlur(part, (0, 0), _SCENE_BLUR * width), np.uint8)


def _cut(person: Person, factor: float) -> tuple[Image, float, float]:
    """Enlarge a person and some surroundings; returns also where the face's box begins in it."""
    box, picture = person.face.box, person.picture
    margin = _MARGIN * box.width
    left, top = max(0, int(box.left - margin)), max(0, int(box.top - margin))
    right, bottom = int(box.left + box.width + margin), int(box.top + box.height + margin)
    part = picture[top:bottom, left:right]
    size = (max(1, round(part.shape[1] * factor)), max(1, round(part.shape[0] * factor)))
    large = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    return large, (box.left - left) * factor, (box.top - top) * factor


def _blend(
    canvas: Image, cut: Image, x: int, y: int, face: tuple[float, float, float, float]
) -> None:
    """Lay `cut` onto `canvas` at (x, y), opaque over the face and fading out around it."""
    mask = _soft_ellipse(cut.shape[0], cut.shape[1], face)[..., np.newaxis]
    left, top = max(0, x), max(0, y)
    right, bottom = min(canvas.shape[1], x + cut.shape[1]), min(canvas.shape[0], y + cut.shape[0])
    inside = slice(top - y, bottom - y), slice(left - x, right - x)
    under = canvas[top:bottom, left:right].astype(np.float32)
    mixed = mask[inside] * cut[inside] + (1 - mask[inside]) * under
    canvas[top:bottom, left:right] = mixed.astype(np.uint8)


def _soft_ellipse(
    height: int, width: int, face: tuple[float, float, float, float]
) -> npt.NDArray[np.float32]:
    """Return weights, (height, width): 1 within the face's box, 0 from the cut's edge on."""
    left, top, face_width, face_height = face
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    across = (xs - left - face_width / 2) / (face_width / 2)
    down = (ys - top - face_height / 2) / (face_height / 2)
    # 1 on the ellipse through the box's corners (radius sqrt 2); it fades out to radius 2.
    radius = np.sqrt(across**2 + down**2)
    return np.asarray(np.clip((2.0 - radius) / (2.0 - np.sqrt(2)), 0, 1), np.float32)
