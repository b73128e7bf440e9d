"""The demo's people: faces that installed packages carry, and photos a camera might take of them.

Six faces come from the sample photo of the `insightface` package, one each from `scikit-image` and
`insightface`. Nothing is downloaded and no photo lies in this repository.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

import cv2
import numpy as np

from detector.faces import Face, Image
from detector.pipeline import Pipeline
from detector.timing import Stopwatch

# How much of a photo is kept around a face found in it, in widths of the face.
_MARGIN: Final = 0.55
_PORTRAIT_HEIGHT: Final = 840
_FRAME: Final = (1280, 960)  # height and width of an arrival photo: 1.2 megapixels


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the demo."""

    name: str
    portrait: Image


@dataclass(frozen=True, slots=True)
class Trip:
    """Somebody at a port, and the expected outcome."""

    person: str
    port: str
    direction: Literal["entry", "exit"]
    expected: str
    """`alert` or `clear`."""
    why: str = ""
    """Why it is clear although the person is on a list."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One photo that the demo submits, and the expected outcome."""

    label: str
    photo: bytes
    trip: Trip
    expected: str
    """`alert`, `clear`, `unsearchable` or `refused`."""


TRIPS: Final = (
    Trip("Traveller A", "CGK", "entry", "alert"),
    Trip("Traveller A", "IDBTM", "entry", "alert"),
    Trip("Traveller B", "CGK", "entry", "alert"),
    Trip("Traveller B", "IDBTM", "exit", "clear", "Tangkal looks at entries"),
    Trip("Traveller C", "CGK", "entry", "alert"),
    Trip("Traveller C", "IDBTM", "exit", "alert"),
    Trip("Astronaut", "IDBTM", "entry", "alert"),
    Trip("Astronaut", "CGK", "exit", "alert"),
    Trip("Traveller D", "IDBTM", "entry", "clear", "Cegah looks at exits"),
    Trip("Traveller D", "CGK", "exit", "alert"),
    Trip("Traveller E", "CGK", "entry", "clear", "the entry has lapsed"),
    Trip("Traveller E", "IDBTM", "entry", "clear", "the entry has lapsed"),
    Trip("Traveller F", "CGK", "entry", "clear"),
    Trip("Traveller F", "IDBTM", "entry", "clear"),
    Trip("Actor", "IDBTM", "entry", "clear"),
    Trip("Actor", "CGK", "exit", "clear"),
)
"""Two ports, both ways; who is on which list: see `cli.demo.watchlists`."""

_NOBODY: Final = Trip("", "CGK", "entry", "")


def load_people(pipeline: Pipeline) -> dict[str, Member]:
    """Return everybody, by name."""
    group = [
        Member(f"Traveller {chr(ord('A') + n)}", portrait)
        for n, portrait in enumerate(_faces_of(pipeline, "insightface", "data/images/t1.jpg"))
    ]
    (astronaut,) = _faces_of(pipeline, "skimage", "data/astronaut.png")
    (actor,) = _faces_of(pipeline, "insightface", "data/images/Tom_Hanks_54745.png")
    everybody = [*group, Member("Astronaut", astronaut), Member("Actor", actor)]
    return {member.name: member for member in everybody}


def arrivals(members: Mapping[str, Member]) -> Iterator[Arrival]:
    """Make the stream of arrivals, in a fixed order."""
    rng = np.random.default_rng(20_260_301)
    captures = list(_CAPTURES.items())
    for n, trip in enumerate(TRIPS):
        # Two trips of a person are taken under conditions as different as possible.
        how, capture = captures[(n // 2 + 3 * (n % 2)) % len(captures)]
        photo = capture(_in_frame(members[trip.person].portrait, rng), rng)
        yield Arrival(f"{trip.person}, {how}", _jpeg(photo), trip, trip.expected)
    yield Arrival("No face at all", no_face(), _NOBODY, "unsearchable")
    broken = _jpeg(_in_frame(members["Traveller A"].portrait, rng))[:20_000]
    yield Arrival("A broken file", broken, _NOBODY, "refused")


def as_jpeg(image: Image) -> bytes:
    """Return an enrolment photo as a camera would store it."""
    return _jpeg(image)


def captured(member: Member, rng: np.random.Generator, number: int) -> bytes:
    """Return an arrival photo of somebody; the number says under which conditions."""
    captures = list(_CAPTURES.values())
    return _jpeg(captures[number % len(captures)](_in_frame(member.portrait, rng), rng))


def no_face() -> bytes:
    """Return a photo of nobody."""
    return _jpeg(_read(_packaged("skimage", "data/coffee.png")))


def _darker(photo: Image, _rng: np.random.Generator) -> Image:
    return _gamma(photo, 2.0)


def _brighter(photo: Image, _rng: np.random.Generator) -> Image:
    return _gamma(photo, 0.55)


def _blurred(photo: Image, _rng: np.random.Generator) -> Image:
    return np.asarray(cv2.GaussianBlur(photo, (0, 0), 3.0), np.uint8)


def _compressed(photo: Image, _rng: np.random.Generator) -> Image:
    return _decoded(_jpeg(photo, quality=18))


def _small(photo: Image, _rng: np.random.Generator) -> Image:
    return np.asarray(cv2.resize(photo, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA))


def _tilted(photo: Image, rng: np.random.Generator) -> Image:
    height, width = photo.shape[:2]
    angle = float(rng.choice([-14, 14]))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turned = cv2.warpAffine(photo, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


_CAPTURES: Final[dict[str, Callable[[Image, np.random.Generator], Image]]] = {
    "dim light": _darker,
    "head tilted": _tilted,
    "harsh light": _brighter,
    "out of focus": _blurred,
    "heavy compression": _compressed,
    "far from the camera": _small,
}


def _faces_of(pipeline: Pipeline, package: str, name: str) -> list[Image]:
    """Cut a portrait around each face of a packaged photo, left to right."""
    path = _packaged(package, name)
    image = _read(path)
    faces = sorted(
        pipeline.locate(path.read_bytes(), Stopwatch()).faces, key=lambda face: face.box.left
    )
    return [_portrait(image, face) for face in faces]


def _portrait(image: Image, face: Face) -> Image:
    """Cut out one face with some surroundings, and enlarge it to a usual portrait's size."""
    box = face.box
    margin = _MARGIN * box.width
    left, top = max(0, int(box.left - margin)), max(0, int(box.top - margin))
    right, bottom = int(box.left + box.width + margin), int(box.top + box.height + margin)
    crop = image[top:bottom, left:right]
    factor = _PORTRAIT_HEIGHT / crop.shape[0]
    return np.asarray(
        cv2.resize(crop, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), np.uint8
    )


def _in_frame(portrait: Image, rng: np.random.Generator) -> Image:
    """Put a portrait into a larger frame, somewhere near its middle, before a plain wall."""
    height, width = _FRAME
    wall = np.linspace(150, 190, height)[:, None, None] + rng.normal(0, 3, (height, width, 3))
    frame = np.clip(wall, 0, 255).astype(np.uint8)
    top = (height - portrait.shape[0]) // 2 + int(rng.integers(-100, 100))
    left = max(0, (width - portrait.shape[1]) // 2 + int(rng.integers(-60, 60)))
    part = portrait[: height - top, : width - left]
    frame[top : top + part.shape[0], left : left + part.shape[1]] = part
    return frame


def _gamma(photo: Image, exponent: float) -> Image:
    table = (255 * (np.arange(256) / 255) ** exponent).astype(np.uint8)
    return np.asarray(cv2.LUT(photo, table), np.uint8)


def _jpeg(image: Image, quality: int = 92) -> bytes:
    _, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return content.tobytes()


def _decoded(content: bytes) -> Image:
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def _read(path: Path) -> Image:
    return _decoded(path.read_bytes())


def _packaged(package: str, name: str) -> Path:
    """Return the path of a package's file without importing the package."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"the package {package}, which carries {name}, is not installed")
    return Path(next(iter(spec.submodule_search_locations))) / name
