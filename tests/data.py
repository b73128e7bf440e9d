"""Where tests find real photos: some that installed packages carry, more in an optional folder.

`PACKAGED` are paths of pictures that come with the project's own dependencies, so every developer
has them; no photo of a face is in this repository. `TEST_DATA` is an optional folder of more; what
needs it carries the mark `needs_test_data`.
"""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pytest

from detector.faces import Image


def _package(name: str) -> Path:
    """Return an installed package's folder without importing it (some take seconds to import)."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


PACKAGED: Final = {
    "t1": _package("insightface") / "data" / "images" / "t1.jpg",
    "hanks": _package("insightface") / "data" / "images" / "Tom_Hanks_54745.png",
    "astronaut": _package("skimage") / "data" / "astronaut.png",
    "coffee": _package("skimage") / "data" / "coffee.png",
}
"""`t1`: six people of a TV series, 1280 x 886. `hanks`: one face that fills its 112 x 112 picture.
`astronaut`: one person, 512 x 512. `coffee`: a cup, and no face, 600 x 400."""

T1_FACES: Final = 6


def packaged(name: str) -> bytes:
    """Return the file's bytes."""
    return PACKAGED[name].read_bytes()


def image_of(name: str) -> Image:
    """Return the picture's pixels, (height, width, 3) BGR."""
    return decoded(packaged(name))


def decoded(data: bytes) -> Image:
    """Decode an encoded picture with OpenCV alone."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return np.asarray(image, np.uint8)


def encoded(image: Image, suffix: str = ".jpg", quality: int = 95) -> bytes:
    """Encode pixels as JPEG, or losslessly with suffix `.png`."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if suffix == ".jpg" else []
    done, content = cv2.imencode(suffix, image, options)
    assert done
    return content.tobytes()


TEST_DATA: Final = Path(
    os.environ.get("SIAGA_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data"
)
"""Optional: `lfw/NAME/NAME_0001.jpg`, `lfw-pairs.txt`, `photos/`, `scrfd/`."""

needs_test_data = pytest.mark.skipif(
    not TEST_DATA.is_dir(),
    reason=f"no folder of test photos: SIAGA_TEST_DATA is unset and {TEST_DATA} does not exist",
)


def photos_of_people() -> Iterator[tuple[str, Path]]:
    """Name and path of the optional colour photos: 8 people with 5 each."""
    for path in sorted((TEST_DATA / "photos").glob("*/*.png")):
        yield path.parent.name, path


def turned_clockwise(image: Image, degrees: int) -> Image:
    """Turn pixels; in between quarters on a black canvas that holds all of them."""
    if degrees % 90 == 0:
        return np.ascontiguousarray(np.rot90(image, -degrees // 90))
    height, width = image.shape[:2]
    side = round(float(np.hypot(width, height)))
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1)
    matrix[:, 2] += [(side - width) / 2, (side - height) / 2]
    return np.asarray(cv2.warpAffine(image, matrix, (side, side)), np.uint8)
