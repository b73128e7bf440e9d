"""dlib as face_recognition uses it, on standard input and output: a photo's path in, timings out.

Runs in its own environment (dlib20.txt), so it imports nothing of Siaga. It does what that package
does by default: HOG detector with the photo enlarged once, five landmarks, one look.

    python dlib20.py

First line out: the version. Then one JSON line out for each line in. Ends with its input.
"""

import io
import json
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dlib  # type: ignore[import-not-found]  # of its own environment
import numpy as np
from PIL import Image

ENLARGED = 1


def main() -> None:
    """Load the networks, then answer until the input ends."""
    found = find_spec("face_recognition_models")
    assert found is not None and found.submodule_search_locations  # noqa: S101, PT018 - installed
    weights = Path(found.submodule_search_locations[0]) / "models"
    detector = dlib.get_frontal_face_detector()
    landmarks = dlib.shape_predictor(str(weights / "shape_predictor_5_face_landmarks.dat"))
    recogniser = dlib.face_recognition_model_v1(
        str(weights / "dlib_face_recognition_resnet_model_v1.dat")
    )
    say({"version": dlib.__version__, "threads": 1})
    for line in sys.stdin:
        say(analyse(Path(line.rstrip("\n")).read_bytes(), detector, landmarks, recogniser))


def analyse(
    data: bytes,
    detector: Any,  # noqa: ANN401
    landmarks: Any,  # noqa: ANN401
    recogniser: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """Time the way from a photo's bytes to an embedding; the file was read before."""
    cpu, start = time.process_time(), time.perf_counter()
    image = np.array(Image.open(io.BytesIO(data)).convert("RGB"))
    decoded = time.perf_counter()
    faces = detector(image, ENLARGED)
    detected = time.perf_counter()
    answer: dict[str, Any] = {
        "decode": (decoded - start) * 1000,
        "detect": (detected - decoded) * 1000,
    }
    if not faces:
        spent = (time.process_time() - cpu) * 1000
        return answer | {"total": (detected - start) * 1000, "cpu": spent}
    face = max(faces, key=lambda each: each.area())
    shape = landmarks(image, face)
    aligned = time.perf_counter()
    feature = np.array(recogniser.compute_face_descriptor(image, shape, 1))
    done = time.perf_counter()
    return answer | {
        "align": (aligned - detected) * 1000,
        "embed": (done - aligned) * 1000,
        "total": (done - start) * 1000,
        "cpu": (time.process_time() - cpu) * 1000,
        "box": [float(face.left()), float(face.top()), float(face.width()), float(face.height())],
        "embedding": feature.tolist(),
    }


def say(answer: dict[str, Any]) -> None:
    """Write one line and let go of it at once."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
