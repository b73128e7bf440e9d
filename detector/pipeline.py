"""The way of a photo: bytes -> decode -> detect -> choose -> align -> assess -> embed."""

from dataclasses import dataclass, field
from typing import Any, Final

from detector.align import align
from detector.decode import Photo, Pixels, open_photo
from detector.embed import Embedder, Embedding
from detector.faces import Face, FaceDetector, Image, plausible
from detector.landmark_refinement import refine
from detector.limits import Limits
from detector.measures import Setting
from detector.quality import NO_FACE, Quality, Verdict, assess
from detector.subject import choose_subject, second_face
from detector.timing import Stopwatch

# A JPEG is decoded at a reduced scale no smaller than this, in pixels of its long side, so that a
# face found there usually has the pixels its chip needs. A photo of 1 megapixel, 1155 x 866, is
# still halved, one of 3, 2048 x 1536, not yet quartered: too many would have to be decoded again.
WORKING_LONG_SIDE: Final = 544

# Between the eyes of a 112-pixel chip lie 35 px: a face with fewer would be enlarged, so it is
# fetched from the photo's full resolution instead where the photo was reduced.
CHIP_EYE_DISTANCE: Final = 36.0

# A face as large as the frame, or larger, is too large for the first detection size: at half that
# size it is found (measured on faces cropped to 0.6 of their box: 72 % at 320 pixels, 99 % at 160).
# Sides that the detectors take are multiples of 32.
_DETECTION_STEP: Final = 32


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What is known of one photo."""

    photo: Photo
    faces: tuple[Face, ...]
    """Every face found, in pixels of the upright photo."""
    subject: Face | None
    quality: Quality
    chip: Image | None
    """The subject aligned for the recogniser, (112, 112, 3)."""
    embedding: Embedding | None
    """Unit vector; None if and only if the quality's verdict is `unsearchable`."""
    pixels: Pixels
    stages: dict[str, float] = field(default_factory=dict)
    """Milliseconds by stage."""

    def quality_record(self) -> dict[str, Any]:
        """Return the quality as it is recorded, with what the photo's container says of it."""
        capture = self.photo.header.capture
        stated = {} if capture is None else {"capture": capture.as_record()}
        return self.quality.as_record() | stated


class Pipeline:
    """Analyses photos with one pack's networks. Safe to call from several threads at once."""

    def __init__(
        self,
        detector: FaceDetector,
        embedder: Embedder,
        detection_sizes: tuple[int, ...],
        limits: Limits | None = None,
        *,
        confident_score: float = 0.0,
    ) -> None:
        """Take the networks as they are.

        Args:
            detector: finds the faces.
            embedder: embeds the chosen one.
            detection_sizes: long sides to detect at, tried in order until a face is found; half
                the first is tried after it, for faces that exceed the frame.
            limits: caps on what is decoded.
            confident_score: on the detector's own scale; a face below it is not searched.
        """
        self.detector = detector
        self.embedder = embedder
        self.detection_sizes = detection_sizes
        self.limits = limits or Limits()
        self.confident_score = confident_score

    def analyse(self, data: bytes, watch: Stopwatch | None = None) -> Analysis:
        """Analyse one photo.

        Raises:
            PhotoError: the bytes are not a photo this service takes, or exceed its limits.
        """
        watch = watch or Stopwatch()
        located = self.locate(data, watch)
        if located.embedding is not None or located.chip is None:
            return located
        if located.quality.verdict is Verdict.UNSEARCHABLE:
            return located
        with watch.stage("embed"):
            embedding = self.embedder.embed([located.chip])[0]
        return with_embedding(located, embedding)

    def locate(self, data: bytes, watch: Stopwatch) -> Analysis:
        """Do everything but embed: bulk enrolment embeds many faces at once."""
        with watch.stage("decode"):
            photo = open_photo(data, self.limits)
            pixels = photo.pixels(WORKING_LONG_SIDE)
        found, pixels = self._search(photo, pixels, watch)
        height, width = pixels.image.shape[:2]
        subject = choose_subject(found, width, height)
        faces = tuple(face.scaled(1 / pixels.scale) for face in found)
        if subject is None:
            return Analysis(photo, faces, None, NO_FACE, None, None, pixels, watch.stages)
        setting = Setting(photo.width, photo.height, second_face(found))
        if pixels.scale < 1 and subject.inter_eye_distance < CHIP_EYE_DISTANCE:
            with watch.stage("decode"):
                full = photo.pixels()
            subject, pixels = subject.scaled(full.scale / pixels.scale), full
        with watch.stage("detect"):
            subject = refine(self.detector, pixels.image, subject)
        with watch.stage("align"):
            chip = align(pixels.image, subject.landmarks)
        subject = subject.scaled(1 / pixels.scale)
        with watch.stage("assess"):
            quality = assess(subject, chip, setting, self.confident_score)
        return Analysis(photo, faces, subject, quality, chip, None, pixels, watch.stages)

    def _search(
        self, photo: Photo, pixels: Pixels, watch: Stopwatch
    ) -> tuple[tuple[Face, ...], Pixels]:
        """Try each detection size until one shows a face; return also the pixels it is seen in."""
        first, *larger = self.detection_sizes
        close_up = -(-first // (2 * _DETECTION_STEP)) * _DETECTION_STEP
        for size in dict.fromkeys((first, close_up, *larger)):
            if pixels.scale < 1 and max(pixels.image.shape[:2]) < size:
                with watch.stage("decode"):
                    pixels = photo.pixels(size)
            with watch.stage("detect"):
                found = self.detector.detect(pixels.image, size)
                faces = tuple(face for face in found if plausible(face))
            if faces:
                return faces, pixels
        return (), pixels


def with_embedding(analysis: Analysis, embedding: Embedding) -> Analysis:
    """Return the analysis completed by its subject's embedding."""
    return Analysis(
        analysis.photo,
        analysis.faces,
        analysis.subject,
        analysis.quality,
        analysis.chip,
        embedding,
        analysis.pixels,
        analysis.stages,
    )
