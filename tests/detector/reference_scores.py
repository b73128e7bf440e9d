"""Ask the reference implementation of ISO/IEC 29794-5 which score each value gets.

    python tests/detector/reference_scores.py

writes `reference_scores.json` beside this file. The reference is OFIQ 1.1 as the package `ofiqpy`
carries it, which its makers hold against the C++ original. It pins old versions of NumPy and
OpenCV, so that it runs in an environment of its own, which is made under `out/` and may be deleted.
Nothing of it comes into this project but numbers. Run again only when the reference changes.
"""

import json
import subprocess
import sys
import venv
from importlib import import_module, metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

TABLE = Path(__file__).with_suffix(".json")
ENVIRONMENT = Path(__file__).parents[2] / "out" / "ofiqpy"
REFERENCE = "ofiqpy==0.2.2"
SIDE = 616
"""Width and height of the reference's aligned faces."""
CORNERS = {"left eye": (60, 64), "right eye": (68, 72), "mouth": (90, 94), "chin": (16, 16)}
"""Which of the reference's 98 landmarks are used here."""


def main() -> None:
    """Build the environment where it is missing, and run this file again inside it."""
    if "--inside" in sys.argv:
        write_table()
        return
    python = ENVIRONMENT / "bin" / "python"
    if not python.is_file():
        venv.create(ENVIRONMENT, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", REFERENCE], check=True)
    subprocess.run([python, __file__, "--inside"], check=True)


def write_table() -> None:
    """Ask for every measure over its range."""
    tables: dict[str, Any] = {
        "source": f"ofiqpy {metadata.version('ofiqpy')}, OFIQ 1.1",
        "command": "python tests/detector/reference_scores.py",
        "scores": {**geometry(), **tones(), **colours()},
        "luminance": luminances(),
        "natural_colour": natural_colours(),
    }
    TABLE.write_text(json.dumps(tables, separators=(",", ":")).replace('],"', '],\n"') + "\n")


def landmarks(**places: tuple[float, float]) -> np.ndarray:
    """98 points, of which only those named are anywhere."""
    points = np.zeros((98, 2))
    for name, place in places.items():
        points[list(CORNERS[name.replace("_", " ")])] = place
    return points


def pairs(results: list[Any]) -> dict[str, list[list[float]]]:
    """Value and score of each measure, by name."""
    found: dict[str, list[list[float]]] = {}
    for result in results:
        found.setdefault(result.name, []).append([result.raw, result.scalar])
    return found


def geometry() -> dict[str, list[list[float]]]:
    """Sizes, margins, angles and a second face."""
    of = import_module("ofiqpy.measures.geometry")
    measures = import_module("ofiqpy.measures.core").Measures(None)
    results = []
    for eyes in (1, 2, 5, 10, 16, 20, 24, 30, 40, 50, 60, 69, 70, 71, 80, 90, 120, 200, 800):
        between = landmarks(left_eye=(100, 100), right_eye=(100 + eyes, 100), chin=(100, 200))
        results.append(of.inter_eye_distance(SimpleNamespace(landmarks=between, pitch=0.0)))
    for chin in range(0, 1001, 25):
        head = SimpleNamespace(
            landmarks=landmarks(left_eye=(0, 0), right_eye=(0, 0), chin=(0, chin)),
            image=np.zeros((1000, 1, 3), np.uint8),
        )
        results.append(measures.head_size(head))
    for place in range(100, 320, 5):
        # 100 px between the eyes and 100 from eyes to chin: the place is each margin in percent.
        margins = SimpleNamespace(
            landmarks=landmarks(
                left_eye=(place - 100, place),
                right_eye=(place, place),
                chin=(place - 50, place + 100),
            ),
            image=np.zeros((320, 320, 3), np.uint8),
        )
        results += of.crop_of_face(margins)
    for second in range(0, 101, 4):
        areas = [100.0, float(second)] if second else [100.0]
        results.append(of.single_face_present(SimpleNamespace(face_areas=areas)))
    for angle in range(-180, 181, 6):
        turned = SimpleNamespace(yaw=float(angle), pitch=float(angle), roll=float(angle))
        results += measures.head_pose(turned)
    return pairs(results)


def whole(face: np.ndarray) -> SimpleNamespace:
    """An aligned face all of which is face, with eyes and mouth where alignment puts them."""
    height, width = face.shape[:2]
    return SimpleNamespace(
        aligned_face=face,
        landmarked_region=np.ones((height, width), np.uint8),
        occlusion_mask=np.ones((height, width), np.uint8),
        aligned_landmarks=landmarks(left_eye=(251, 272), right_eye=(364, 272), mouth=(308, 402)),
    )


def grey(rows: np.ndarray) -> np.ndarray:
    """A face whose rows have these tones."""
    return np.repeat(np.repeat(rows.astype(np.uint8)[:, None, None], 8, axis=1), 3, axis=2)


def steps(rows: int, first: int, then: int) -> np.ndarray:
    """A face of two tones, the first for so many of its thousand rows."""
    return grey(np.where(np.arange(1000) < rows, first, then))


def tones() -> dict[str, list[list[float]]]:
    """Mean, variance and range of luminance, exposure."""
    of = import_module("ofiqpy.measures.pixel")
    measures = import_module("ofiqpy.measures.core").Measures(None)
    results = [measures.luminance_mean(whole(grey(np.full(8, tone)))) for tone in range(0, 256, 5)]
    for dark in range(0, 1001, 20):
        two = whole(steps(dark, 0, 255))
        results += [of.luminance_variance(two), of.under_exposure(two), of.over_exposure(two)]
    few = (1, 2, 5, 10, 15, 25, 30, 40, 50, 70, 100)
    results += [of.over_exposure(whole(steps(bright, 255, 100))) for bright in few]
    results += [of.luminance_variance(whole(steps(500, 0, high))) for high in range(10, 256, 7)]
    spreads = (np.linspace(256 - spread, 255, spread) for spread in range(1, 257, 5))
    results += [of.dynamic_range(whole(grey(rows))) for rows in spreads]
    return pairs(results)


def colours() -> dict[str, list[list[float]]]:
    """How far the colour of skin is from natural, and how far the cheeks agree."""
    of = import_module("ofiqpy.measures.pixel")
    results = []
    for blue in range(20, 256, 47):
        for green in range(20, 256, 47):
            for red in range(20, 256, 47):
                face = np.full((SIDE, SIDE, 3), (blue, green, red), np.uint8)
                results.append(of.natural_colour(whole(face)))
    for row in range(337, 371):
        # The left cheek's rows above this one have another tone than all the rest.
        face = np.full((SIDE, SIDE, 3), 150, np.uint8)
        face[:row, : SIDE // 2] = 90
        results.append(of.illumination_uniformity(whole(face)))
    return pairs(results)


def luminances() -> list[list[int]]:
    """Blue, green, red and their luminance."""
    luminance = import_module("ofiqpy.align").luminance
    drawn = np.random.default_rng(0).integers(0, 256, (64, 3), np.uint8)
    return [[*colour.tolist(), int(luminance(colour[None, None])[0, 0])] for colour in drawn]


def natural_colours() -> list[list[float]]:
    """Blue, green, red of a face of one colour and its distance from the colours of skin."""
    natural_colour = import_module("ofiqpy.measures.pixel").natural_colour
    drawn = np.random.default_rng(1).integers(0, 256, (64, 3), np.uint8)
    skin = np.array([[120, 140, 190], [90, 110, 160], [60, 80, 130], [128, 128, 128]], np.uint8)
    rows = []
    for colour in np.concatenate([skin, drawn]):
        face = np.tile(colour, (SIDE, SIDE, 1))
        rows.append([*colour.tolist(), natural_colour(whole(face)).raw])
    return rows


if __name__ == "__main__":
    main()
