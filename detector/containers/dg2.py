"""ICAO 9303-10 data group 2, as it is read from a chip: records of the holder's face.

The file is a template (tag 75) of biometric information, in which each template has a header of the
Common Biometric Exchange Formats Framework (CBEFF) and a record of ISO/IEC 19794-5 or 39794-5. The
outer templates may have been taken off. Of several faces the first is read; templates of something
else than a face, and what stands between these tags, are passed over.
"""

from dataclasses import replace
from typing import Final

from detector.containers.base import Header, PhotoFormat, accept, malformed
from detector.containers.capture import moment_text
from detector.containers.iso19794 import MAGIC, read_19794
from detector.containers.iso39794 import FACE_BLOCK, read_39794
from detector.containers.tlv import Node, child, integer, nodes

__all__ = ["read_dg2"]

KIND: Final = PhotoFormat.DG2

FILE, GROUP, TEMPLATE = 0x75, 0x7F61, 0x7F60
HEADER: Final = 0xA1
BIOMETRIC_TYPE, CREATED = 0x81, 0x83
FACE: Final = 0x02  # of the biometric types
RECORD, RECORD_OF_NODES = 0x5F2E, 0x7F2E
WRAPPED: Final = 0xA1  # around a record of nodes


def read_dg2(data: bytes) -> Header:
    """Read down to the first record of a face."""
    node = next(nodes(data, 0, len(data), KIND), None)
    if node is not None and node.tag == FILE:
        node = child(data, node, KIND, GROUP)
    if node is None:
        raise malformed(KIND)
    templates = [node]
    if node.tag == GROUP:
        templates = [each for each in nodes(data, *node[1:], KIND) if each.tag == TEMPLATE]
    if not templates:
        raise malformed(KIND)
    faces = [each for each in templates if _type_of(data, each) in (None, FACE)]
    accept(bool(faces), KIND, "biometric data other than a face")
    first = faces[0]
    header = child(data, first, KIND, HEADER)
    read = _read_record(data, first)
    capture = read.capture
    if capture is None:
        raise malformed(KIND)
    created = child(data, header, KIND, CREATED)
    return replace(
        read,
        capture=replace(
            capture,
            captured_at=capture.captured_at or _moment(data, created),
            faces=max(len(faces), capture.faces),
        ),
    )


def _type_of(data: bytes, template: Node) -> int | None:
    return integer(data, child(data, template, KIND, HEADER, BIOMETRIC_TYPE))


def _read_record(data: bytes, template: Node) -> Header:
    for node in nodes(data, template.start, template.stop, KIND):
        if node.tag not in (RECORD, RECORD_OF_NODES):
            continue
        if data[node.start : node.start + len(MAGIC)] == MAGIC:
            return read_19794(data, node.start, node.stop, KIND)
        held = node
        first = next(nodes(data, node.start, node.stop, KIND), None)
        if first is not None and first.tag == RECORD:
            return read_19794(data, first.start, first.stop, KIND)
        if first is not None and first.tag == WRAPPED:
            held, first = first, next(nodes(data, first.start, first.stop, KIND), None)
        if first is not None and first.tag == FACE_BLOCK:
            return read_39794(data, held.start, held.stop, KIND)
    raise malformed(KIND)


def _moment(data: bytes, node: Node | None) -> str | None:
    """Return a moment in decimal digits, two a byte: four of the year, two of each other part."""
    digits = data[node.start : node.stop].hex() if node is not None else ""
    if not digits.isdecimal() or len(digits) < 8:
        return None
    parts = [int(digits[:4]), *(int(digits[at : at + 2]) for at in range(4, len(digits) - 1, 2))]
    return moment_text(parts)
