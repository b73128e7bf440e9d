"""ISO/IEC 39794-5 records of faces in ASN.1's distinguished encoding, read by tag.

Read are the first representation's picture and a few of its fields. A field that may be extended
later stands in a node of its own, as a code or as an extension with a code to fall back on.
"""

from typing import Final

from detector.containers.base import Header, PhotoFormat, check, malformed
from detector.containers.capture import SOURCES, Capture, Pose, RecordStandard, moment_text
from detector.containers.inner import read_inner
from detector.containers.tlv import Node, child, integer, nodes

__all__ = ["FACE_BLOCK", "read_39794"]

KIND: Final = PhotoFormat.ISO_39794

FACE_BLOCK: Final = 0x65  # the outermost tag: the face image data block
SEQUENCE: Final = 0x30
REPRESENTATIONS: Final = 0xA1
PICTURE_BLOCK: Final = (0xA1, 0xA0, 0xA0)  # inside a representation, down to the 2D picture
PICTURE_DATA: Final = 0x80
PICTURE_KIND: Final = (0xA1, 0xA1)
SOURCE: Final = (0xA2, 0xA1)
MOMENT, MODEL, IDENTITY = 0xA2, (0xA7, 0xA0), 0xA8
CODE, EXTENSION = (0x80,), (0xA1, 0x80)  # a choice: a code, or an extension with its fallback
IMAGE_TYPES: Final = {0: "mrtd", 1: "general"}
# The properties, in the order of their tags.
FEATURES: Final = (
    "glasses",
    "moustache",
    "beard",
    "teeth_visible",
    "eyes_not_visible",
    "mouth_open",
    "left_eye_patch",
    "right_eye_patch",
    "dark_glasses",
    "biometric_absent",
    "head_covering",
)


def read_39794(
    data: bytes, start: int = 0, stop: int | None = None, container: PhotoFormat = KIND
) -> Header:
    """Read the record in data[start:stop] up to its first picture."""
    stop = len(data) if stop is None else stop
    record = next(nodes(data, start, stop, KIND), None)
    check(record is not None and record.tag == FACE_BLOCK, KIND)
    listed = child(data, record, KIND, REPRESENTATIONS)
    if listed is None:
        raise malformed(KIND)
    faces = [each for each in nodes(data, listed.start, listed.stop, KIND) if each.tag == SEQUENCE]
    if not faces:
        raise malformed(KIND)
    first = faces[0]
    block = child(data, first, KIND, *PICTURE_BLOCK)
    picture = child(data, block, KIND, PICTURE_DATA)
    if picture is None:
        raise malformed(KIND)
    capture = _capture(data, first, block, len(faces))
    return read_inner(data, picture.start, picture.stop, container, capture)


def _capture(data: bytes, face: Node, block: Node | None, faces: int) -> Capture:
    moment = child(data, face, KIND, MOMENT)
    model = child(data, face, KIND, *MODEL)
    identity = child(data, face, KIND, IDENTITY)
    properties = child(data, identity, KIND, 0xA4)
    angles = [
        integer(data, child(data, identity, KIND, 0xA6, axis, 0x80)) for axis in (0xA0, 0xA1, 0xA2)
    ]
    return Capture(
        RecordStandard.ISO_39794_5,
        captured_at=moment_text(
            [integer(data, child(data, moment, KIND, tag)) for tag in range(0x80, 0x86)]
        ),
        device_vendor=integer(data, child(data, model, KIND, 0x80)),
        device_type=integer(data, child(data, model, KIND, 0x81)),
        source=SOURCES.get(_choice(data, child(data, block, KIND, *SOURCE))),
        image_type=IMAGE_TYPES.get(_choice(data, child(data, block, KIND, *PICTURE_KIND))),
        pose=None if angles == [None] * 3 else Pose(*angles),
        features=tuple(
            name
            for number, name in enumerate(FEATURES)
            if integer(data, child(data, properties, KIND, 0x80 + number))
        ),
        faces=faces,
    )


def _choice(data: bytes, node: Node | None) -> int:
    """Return a code, or what an extension falls back on; -1 where there is neither."""
    for path in (CODE, EXTENSION):
        if (code := integer(data, child(data, node, KIND, *path))) is not None:
            return code
    return -1
