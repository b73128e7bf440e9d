"""The way of a photo: bytes -> decode -> detect -> choose -> align -> assess -> embed."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from detector.decode import Photo, Pixels, open_photo
from detector.embed import Embedder, Embedding
from detector.faces import Face, FaceDetector, Image
from detector.finder import SubjectFinder
from detector.limits import Limits
from detector.measures import Setting
from detector.orientation import clockwise
from detector.quality import NO_FACE, Quality, Reason, Verdict, assess
from detector.timing import Stopwatch
from models.runtimes import Runtime

# A JPEG is decoded at a reduced scale no smaller than this, in pixels of its long side, so that a
# face found there usually has the pixels its chip needs. A photo of 1 megapixel, 1155 x 866, is
# still halved, one of 3, 2048 x 1536, not yet quartered: too many would have to be decoded again.
WORKING_LONG_SIDE: Final = 544


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

    def __init__(  # noqa: PLR0913 - what a manifest says of both networks
        self,
        detector: FaceDetector,
        embedder: Embedder,
        detection_sizes: tuple[int, ...],
        limits: Limits | None = None,
        *,
        confident_score: float = 0.0,
        sure_score: float = 0.0,
        sure_spread: float = 0.0,
        recognisable_length: float | None = None,
        runtime: Runtime = Runtime.ONNXRUNTIME,
    ) -> None:
        """Take the networks as they are.

        Args:
            detector: finds the faces.
            embedder: embeds the chosen one.
            detection_sizes: long sides to detect at, tried in order until a face is found; half
                the first is tried after it, for faces that exceed the frame.
            limits: caps on what is decoded.
            confident_score: on the detector's own scale; a face below it is not searched.
            sure_score: on the same scale; of a face below it in the mean of the first look and the
                last, which way is up is looked at.
            sure_spread: unless its landmarks lie as close as this in the close-up and its mirror
                image, in eye distances, and it reaches `confident_score`.
            recognisable_length: of an embedding before it is scaled; a shorter one marks its photo.
                None marks none: nothing is known of the network's scale.
            runtime: what runs the embedder.
        """
        self.detector = detector
        self.embedder = embedder
        self.detection_sizes = detection_sizes
        self.limits = limits or Limits()
        self.confident_score = confident_score
        self.recognisable_length = recognisable_length
        self.runtime = runtime
        self._finder = SubjectFinder(
            detector, detection_sizes, confident_score, sure_score, sure_spread
        )

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
            (embedding,), (length,) = self.embedder.measure([located.chip])
        return with_embedding(located, embedding, float(length), self.recognisable_length)

    def locate(self, data: bytes, watch: Stopwatch) -> Analysis:
        """Do everything but embed: bulk enrolment embeds many faces at once."""
        with watch.stage("decode"):
            photo = open_photo(data, self.limits)
            pixels = photo.pixels(WORKING_LONG_SIDE)
        seen, pixels = self._finder.find(photo, pixels, watch)
        if seen is None:
            return Analysis(photo, (), None, NO_FACE, None, None, pixels, watch.stages)
        with watch.stage("assess"):
            setting = Setting(
                seen.photo.width,
                seen.photo.height,
                seen.second_face,
                seen.photo.header.quantization,
            )
            quality = assess(seen.subject, seen.chip, setting, self.confident_score)
            quality = quality.with_turn(clockwise(seen.turn))
            if seen.photo.negative:
                quality = quality.with_reason(Reason.NEGATIVE, refused=seen.undecided)
            if seen.turn or (seen.undecided and not seen.photo.negative):
                quality = quality.with_reason(Reason.TURNED, refused=seen.undecided)
        return Analysis(
            seen.photo,
            seen.faces,
            seen.subject,
            quality,
            seen.chip,
            None,
            seen.pixels,
            watch.stages,
        )


def with_embedding(
    analysis: Analysis, embedding: Embedding, length: float, recognisable_length: float | None
) -> Analysis:
    """Return the analysis completed by its subject's embedding.

    Args:
        analysis: of the photo.
        embedding: unit vector.
        length: of it before it was scaled.
        recognisable_length: see `Pipeline`.
    """
    return replace(
        analysis,
        quality=analysis.quality.with_length(length, recognisable_length),
        embedding=embedding,
    )
