"""Finding the subject of a photo, whichever way up it is.

Looks go from cheap to dear, and end where a face is found that the detector does not doubt: the
photo as it is, at each detection size; the aligned face turned; the photo in other directions; a
far look at more of its pixels. What was found is shown with the photo turned so that it is upright.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from math import inf, sqrt
from typing import Final, Self

from detector.align import align
from detector.decode import Photo, Pixels
from detector.faces import Face, FaceDetector, Image
from detector.landmark_refinement import refine, tilt
from detector.negative import looks_negative
from detector.orientation import (
    DIAGONALS,
    HALF,
    QUARTER,
    QUARTERS,
    detect_tilted,
    quarters,
    tilt_in_chip,
)
from detector.subject import choose_subject, second_face
from detector.timing import Stopwatch

# Between the eyes of a 112-pixel chip lie 35 px: a face with fewer would be enlarged, so it is
# fetched from the photo's full resolution instead where the photo was reduced.
CHIP_EYE_DISTANCE: Final = 36.0

# A face as large as the frame, or larger, is too large for the first detection size: at half that
# size it is found (measured on faces cropped to 0.6 of their box: 72 % at 320 pixels, 99 % at 160).
# Sides that the detectors take are multiples of 32.
_DETECTION_STEP: Final = 32

# A far face is looked for in as many pixels, in this order. That is 1280 x 960 and 1920 x 1440 of
# an ordinary photo and more of a panorama's long side, and takes as long whatever the photo.
# The first of them is looked at from the sides and from above as well.
FAR_LOOKS: Final = ((1280 * 960, (0, *QUARTERS)), (1920 * 1440, (0,)))

# Of the score of a face that is searched. What is found below may be no face: of upright faces, one
# in several hundred is. Then the whole photo is looked at from other directions.
_HARDLY_A_FACE: Final = 0.9

# Degrees. A face tilted further is found better in a photo turned back.
_TILTED: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A photo's faces and its subject, in pixels of the photo turned upright."""

    photo: Photo
    pixels: Pixels
    faces: tuple[Face, ...]
    subject: Face
    """With the landmarks and the confidence of the last close-up."""
    first_score: float
    """The detector's confidence when it first saw the subject."""
    second_face: float
    """See `detector.subject.second_face`."""
    chip: Image
    """The subject aligned for the recogniser, (112, 112, 3)."""
    spread: float = inf
    """See `detector.landmark_refinement.Refined`."""
    turn: int = 0
    """Quarters by which the photo was turned, anticlockwise."""
    undecided: bool = False
    """Whether another way up, or the negative, is as likely."""

    @property
    def score(self) -> float:
        """Mean confidence of the first look and the last: on its head, a face lacks in one."""
        return (self.first_score + self.subject.confidence) / 2


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """A picture and faces in it, which are turned together."""

    photo: Photo
    pixels: Pixels
    faces: tuple[Face, ...]
    """In pixels of the photo."""
    subject: Face
    """In pixels of the photo."""
    turn: int = 0

    def upright(self) -> Self:
        """Turn by the quarters that bring the subject nearest to upright."""
        turn = quarters(tilt(self.subject.landmarks))
        if not turn:
            return self
        size = self.photo.width, self.photo.height
        return replace(
            self,
            photo=self.photo.turned(turn),
            pixels=self.pixels.turned(turn),
            faces=tuple(face.turned(turn, *size) for face in self.faces),
            subject=self.subject.turned(turn, *size),
            turn=(self.turn + turn) % 4,
        )


class SubjectFinder:
    """Finds the subject with one detector. Safe to call from several threads at once."""

    def __init__(
        self,
        detector: FaceDetector,
        detection_sizes: Sequence[int],
        confident_score: float,
        sure_score: float,
        sure_spread: float,
    ) -> None:
        first, *larger = detection_sizes
        close_up = -(-first // (2 * _DETECTION_STEP)) * _DETECTION_STEP
        self._detector = detector
        self._sizes = tuple(dict.fromkeys((first, close_up, *larger)))
        self._confident_score = confident_score
        self._sure_score = sure_score
        self._sure_spread = sure_spread

    def find(
        self, photo: Photo, pixels: Pixels, watch: Stopwatch
    ) -> tuple[Sighting | None, Pixels]:
        """Return the subject, or None, and the pixels that were looked at last."""
        first = pixels
        seen, pixels = self._any_way_up(photo, first, watch)
        if seen is not None and self._looks_negative(seen, watch):
            positive, _ = self._any_way_up(photo.inverted(), first.inverted(), watch)
            if positive is None or positive.subject.confidence <= seen.subject.confidence:
                return replace(seen, photo=seen.photo.inverted(), undecided=True), pixels
            return positive, positive.pixels
        if seen is None or not self._confident(seen):
            # A negative that is turned, too, shows no face, or hardly one.
            looks = self._tilted(
                photo.inverted(), first.inverted(), (0, *QUARTERS), self._sizes[:1], watch
            )
            if positive := next(filter(self._confident, looks), None):
                return positive, positive.pixels
        return seen, pixels

    def _looks_negative(self, seen: Sighting, watch: Stopwatch) -> bool:
        with watch.stage("detect"):
            return looks_negative(self._detector, seen.chip, doubted=not self._sure(seen))

    def _any_way_up(
        self, photo: Photo, pixels: Pixels, watch: Stopwatch
    ) -> tuple[Sighting | None, Pixels]:
        found, pixels = self._search(photo, pixels, watch)
        seen = self._closer(photo, pixels, found, watch)
        if seen is None:
            seen = self._turned(photo, pixels, watch) or self._far(photo, pixels, watch)
        elif not self._sure(seen):
            seen = self._upright(photo, pixels, seen, watch)
        return seen, pixels if seen is None else seen.pixels

    def _search(
        self, photo: Photo, pixels: Pixels, watch: Stopwatch
    ) -> tuple[tuple[Face, ...], Pixels]:
        """Try each detection size until one shows a face; return also the pixels it is seen in."""
        for size in self._sizes:
            if pixels.scale < 1 and max(pixels.image.shape[:2]) < size:
                with watch.stage("decode"):
                    pixels = photo.pixels(size)
            if faces := self._detect(pixels, size, 0, watch):
                return faces, pixels
        return (), pixels

    def _upright(self, photo: Photo, pixels: Pixels, seen: Sighting, watch: Stopwatch) -> Sighting:
        """Look at the face of a sighting the right way up; return the more confident sighting."""
        confident = self._confident(seen)
        with watch.stage("detect"):
            turn = tilt_in_chip(self._detector, seen.chip, (HALF,) if confident else QUARTERS)
        if turn is None or seen.subject.confidence < _HARDLY_A_FACE * self._confident_score:
            other = self._turned(photo, pixels, watch) or self._far(photo, pixels, watch)
            return other or seen
        tilted = tilt(seen.subject.landmarks) + QUARTER * seen.turn + turn
        # The box of a face that was found lying does not fit: a look from its direction does.
        if not turn and (confident or abs(tilted) < _TILTED):
            return seen
        other = next(self._tilted(photo, pixels, (tilted,), self._sizes, watch), None)
        if other is not None and other.subject.confidence > seen.subject.confidence:
            return other
        return replace(seen, undecided=turn != 0)

    def _turned(self, photo: Photo, pixels: Pixels, watch: Stopwatch) -> Sighting | None:
        """Look from the sides and from above for a face that the detector does not doubt."""
        looks = chain(
            self._tilted(photo, pixels, QUARTERS, self._sizes, watch),
            # Larger sizes cost most, and diagonals are rare.
            self._tilted(photo, pixels, DIAGONALS, self._sizes[:2], watch),
        )
        return next(filter(self._confident, looks), None)

    def _far(self, photo: Photo, pixels: Pixels, watch: Stopwatch) -> Sighting | None:
        """Look at more of the photo's pixels for a face that the detector does not doubt."""
        looked_at = self._sizes[-1]
        for most, tilts in FAR_LOOKS:
            long_side = max(photo.width, photo.height)
            bounded = sqrt(most * long_side / min(photo.width, photo.height))
            size = int(min(long_side, bounded)) // _DETECTION_STEP * _DETECTION_STEP
            if size <= looked_at:
                continue
            looked_at = size
            if max(pixels.image.shape[:2]) < size:
                with watch.stage("decode"):
                    pixels = photo.pixels(size)
            for way in tilts:  # as it is first: it is rarely turned, too
                looks = self._tilted(photo, pixels, (way,), (size,), watch)
                if seen := next(filter(self._confident, looks), None):
                    return seen
        return None

    def _tilted(
        self,
        photo: Photo,
        pixels: Pixels,
        tilts: Sequence[float],
        sizes: Sequence[int],
        watch: Stopwatch,
    ) -> Iterator[Sighting]:
        """Look at the whole photo as if all in it were tilted; at each size, the surest first."""
        for size in sizes:
            looks = [self._detect(pixels, size, tilt, watch) for tilt in tilts]
            for faces in sorted(filter(None, looks), key=lambda faces: -faces[0].confidence):
                if seen := self._closer(photo, pixels, faces, watch):
                    yield seen

    def _detect(self, pixels: Pixels, size: int, tilt: float, watch: Stopwatch) -> tuple[Face, ...]:
        with watch.stage("detect"):
            return detect_tilted(self._detector, pixels.image, size, tilt)

    def _confident(self, seen: Sighting) -> bool:
        return seen.subject.confidence >= self._confident_score

    def _sure(self, seen: Sighting) -> bool:
        """Whether the detector can be taken at its word that this is the way up."""
        agreed = seen.spread <= self._sure_spread
        return seen.score >= self._sure_score or (
            agreed and min(seen.score, seen.subject.confidence) >= self._confident_score
        )

    def _closer(
        self, photo: Photo, pixels: Pixels, found: tuple[Face, ...], watch: Stopwatch
    ) -> Sighting | None:
        """Choose the subject and look at it again; None where nothing was found."""
        height, width = pixels.image.shape[:2]
        subject = choose_subject(found, width, height)
        if subject is None:
            return None
        first_score = subject.confidence
        eyes = subject.inter_eye_distance
        faces = tuple(face.scaled(1 / pixels.scale) for face in found)
        subject = subject.scaled(1 / pixels.scale)
        if pixels.scale < 1 and eyes < CHIP_EYE_DISTANCE:
            with watch.stage("decode"):
                pixels = photo.pixels()
        scene = _Scene(photo, pixels, faces, subject).upright()
        with watch.stage("detect"):
            subject, spread = refine(
                self._detector, scene.pixels.image, scene.subject.scaled(scene.pixels.scale)
            )
        with watch.stage("align"):
            chip = align(scene.pixels.image, subject.landmarks)
        scene = replace(scene, subject=subject.scaled(1 / scene.pixels.scale)).upright()
        return Sighting(
            scene.photo,
            scene.pixels,
            scene.faces,
            scene.subject,
            first_score,
            second_face(found),
            chip,
            spread,
            scene.turn,
        )
