"""Stock OpenCV 4 as a server on standard input and output: a photo's path in, its timings out.

Runs in its own environment (opencv4.txt), so it imports nothing of Siaga. It does what OpenCV's own
face recognition sample does: decode, detect at the photo's size, align and embed the first face.

    python opencv4.py DETECTOR.onnx RECOGNISER.onnx SCORE_THRESHOLD NMS_THRESHOLD

First line out: the version. Then one JSON line out for each line in. Ends with its input.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np


def main() -> None:
    """Load the networks, then answer until the input ends."""
    detector_file, recogniser_file, score, overlap = sys.argv[1:]
    cv2.setNumThreads(1)
    detector = cv2.FaceDetectorYN.create(
        detector_file, "", (320, 320), float(score), float(overlap)
    )
    recogniser = cv2.FaceRecognizerSF.create(recogniser_file, "")
    say({"version": cv2.__version__, "threads": cv2.getNumThreads()})
    for line in sys.stdin:
        say(analyse(Path(line.rstrip("\n")).read_bytes(), detector, recogniser))


def analyse(data: bytes, detector: Any, recogniser: Any) -> dict[str, Any]:  # noqa: ANN401
    """Time the way from a photo's bytes to an embedding; the file was read before."""
    cpu, start = time.process_time(), time.perf_counter()
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    decoded = time.perf_counter()
    if image is None:
        raise ValueError("OpenCV cannot decode this photo")
    detector.setInputSize((image.shape[1], image.shape[0]))
    _, faces = detector.detect(image)
    detected = time.perf_counter()
    answer: dict[str, Any] = {
        "decode": (decoded - start) * 1000,
        "detect": (detected - decoded) * 1000,
    }
    if faces is None:
        spent = (time.process_time() - cpu) * 1000
        return answer | {"total": (detected - start) * 1000, "cpu": spent}
    # The first is the most confident, and what OpenCV's sample takes. The largest would often be a
    # part of a face: at full size this detector splits faces of more than about 450 px.
    face = faces[0]
    chip = recogniser.alignCrop(image, face)
    aligned = time.perf_counter()
    feature = recogniser.feature(chip)
    done = time.perf_counter()
    return answer | {
        "align": (aligned - detected) * 1000,
        "embed": (done - aligned) * 1000,
        "total": (done - start) * 1000,
        "cpu": (time.process_time() - cpu) * 1000,
        "box": [float(value) for value in face[:4]],
        "embedding": [float(value) for value in feature[0]],
    }


def say(answer: dict[str, Any]) -> None:
    """Write one line and let go of it at once."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
