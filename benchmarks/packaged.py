"""Pictures that installed packages carry: no photo of a face lies in this repository."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from detector.faces import Face, Image
from detector.pipeline import Pipeline
from detector.timing import Stopwatch

GROUP: Final = ("insightface", "data/images/t1.jpg")
"""Six people of a TV series, 1280 x 886."""
ASTRONAUT: Final = ("skimage", "data/astronaut.png")
"""One person, 512 x 512, public domain."""
SCENES: Final = (
    ("skimage", "data/motorcycle_left.png"),
    ("skimage", "data/motorcycle_right.png"),
)
"""Colour photographs of a room without people, 741 x 497."""


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One face in a packaged picture."""

    name: str
    picture: Image
    face: Face


def read_picture(package: str, name: str) -> Image:
    """Decode a packaged picture, (height, width, 3) BGR."""
    image = cv2.imread(str(packaged_path(package, name)), cv2.IMREAD_COLOR)
    if image is None:
        raise FileNotFoundError(f"the package {package} no longer carries {name}")
    return np.asarray(image, np.uint8)


def packaged_path(package: str, name: str) -> Path:
    """Find a file of an installed package without importing the package."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the package {package} is not installed")
    return Path(spec.origin).parent / name


def people(pipeline: Pipeline) -> list[Person]:
    """Find the people in the packaged pictures, in a fixed order.

    Landmarks are the pipeline's own, after its second look where a face is its picture's subject.
    """
    found = []
    for title, source in (("group", GROUP), ("astronaut", ASTRONAUT)):
        picture = read_picture(*source)
        located = pipeline.locate(packaged_path(*source).read_bytes(), Stopwatch())
        faces = sorted(located.faces, key=lambda face: face.box.left)
        found += [Person(f"{title} {n}", picture, face) for n, face in enumerate(faces, start=1)]
    return found
