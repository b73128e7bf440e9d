"""Records of faces as chips, cameras and police send them, by the few fields that we read."""

import struct
from collections.abc import Sequence

from detector.containers.base import PhotoFormat
from detector.containers.tlv import nodes


def tlv(tag: int, *contents: bytes) -> bytes:
    """Return tag, length and value, the length in as few bytes as it takes (X.690)."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        length = bytes([size])
    else:
        digits = size.to_bytes((size.bit_length() + 7) // 8)
        length = bytes([0x80 | len(digits)]) + digits
    return tag.to_bytes((tag.bit_length() + 7) // 8) + length + content


def left_open(data: bytes) -> bytes:
    """Return nodes with every length that may be left open replaced by an end mark."""
    content = b""
    for tag, start, stop in nodes(data, 0, len(data), PhotoFormat.DG2):
        name = tag.to_bytes((tag.bit_length() + 7) // 8)
        if name[0] & 0x20:
            content += name + b"\x80" + left_open(data[start:stop]) + b"\0\0"
        else:
            content += tlv(tag, data[start:stop])
    return content


def number(tag: int, value: int) -> bytes:
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, signed=True))


def fac_2005(*pictures: bytes, points: int = 0, mask: int = 0, pose: Sequence[int] = (0, 0, 0),
             kind: int = 1, source: int = 2, device: int = 0) -> bytes:  # fmt: skip
    """Return an ISO/IEC 19794-5:2005 record; pose are the bytes as the standard codes them."""
    faces = b""
    for picture in pictures:
        length = 20 + 8 * points + 12 + len(picture)
        faces += struct.pack(">IHBBB", length, points, 2, 0, 0) + mask.to_bytes(3) + bytes(2)
        faces += bytes([*pose, 0, 0, 0]) + bytes(8 * points)
        faces += struct.pack(">BBHHBBHH", kind, 0, 640, 640, 1, source, device, 0) + picture
    return b"FAC\x00010\0" + struct.pack(">IH", 14 + len(faces), len(pictures)) + faces


def fac_2011(*pictures: bytes, points: int = 0, mask: int = 0, pose: Sequence[int] = (0, 0, 0),
             moment: Sequence[int] = (2026, 3, 1, 8, 30, 5), vendor: int = 0, device: int = 0,
             qualities: int = 0, certificates: int | None = None) -> bytes:  # fmt: skip
    """Return an ISO/IEC 19794-5:2011 record."""
    faces = b""
    for picture in pictures:
        body = struct.pack(">H5BH", *moment, 0) + struct.pack(">BHHB", 2, vendor, device, qualities)
        body += bytes(5 * qualities)
        if certificates is not None:
            body += bytes([certificates]) + bytes(3 * certificates)
        body += struct.pack(">HBBBB", points, 1, 0, 0, 0) + mask.to_bytes(3) + bytes(2)
        body += bytes([*pose, 0, 0, 0]) + bytes(8 * points)
        body += struct.pack(">BBHHBHBB", 1, 1, 640, 640, 0, 0, 0, 1)
        body += struct.pack(">I", len(picture)) + picture
        faces += struct.pack(">I", 4 + len(body)) + body
    head = struct.pack(">IHBH", 17 + len(faces), len(pictures), certificates is not None, 0)
    return b"FAC\x00030\0" + head + faces


def iso39794(*pictures: bytes, moment: Sequence[int] = (), model: Sequence[int] = (),
             source: int | None = None, properties: Sequence[bool] = (),
             pose: Sequence[int] = ()) -> bytes:  # fmt: skip
    """Return an ISO/IEC 39794-5 record in its distinguished encoding."""
    faces = b""
    for index, picture in enumerate(pictures):
        block = tlv(0x80, picture) + tlv(0xA1, tlv(0xA0, number(0x80, 2)))
        if source is not None:
            block += tlv(0xA2, tlv(0xA1, tlv(0xA1, number(0x80, source))))
        face = number(0x80, index) + tlv(0xA1, tlv(0xA0, tlv(0xA0, block)))
        if moment:
            parts = (number(0x80 + place, part) for place, part in enumerate(moment))
            face += tlv(0xA2, *parts)
        if model:
            face += tlv(0xA7, tlv(0xA0, number(0x80, model[0]), number(0x81, model[1])))
        flags = (tlv(0x80 + place, b"\xff" if on else b"\0") for place, on in enumerate(properties))
        angles = (tlv(0xA0 + axis, number(0x80, angle)) for axis, angle in enumerate(pose))
        face += tlv(0xA8, tlv(0xA4, *flags), tlv(0xA6, *angles))
        faces += tlv(0x30, face)
    return tlv(0x65, tlv(0xA0, number(0x80, 3), number(0x81, 2019)), tlv(0xA1, faces))


def dg2(*records: bytes, created: bytes = b"", biometric: int = 2) -> bytes:
    """Return a data group 2 of records; those of tags stand in a node of their own."""
    templates = b""
    for record in records:
        header = number(0x81, biometric) + (tlv(0x83, created) if created else b"")
        header += tlv(0x87, b"\1\1") + tlv(0x88, b"\0\x08")
        held = tlv(0x5F2E, record) if record[:1] == b"F" else tlv(0x7F2E, tlv(0xA1, record))
        templates += tlv(0x7F60, tlv(0xA1, header), held)
    return tlv(0x75, tlv(0x7F61, number(0x02, len(records)), templates))


def tagged(kind: int, fields: dict[int, bytes]) -> bytes:
    """Return one record of ANSI/NIST-ITL; its first field, the length, is added."""
    rest = b"".join(b"\x1d%d.%03d:%b" % (kind, name, value) for name, value in fields.items())
    start = b"%d.001:" % kind
    length = len(start) + len(rest) + 1
    for digits in range(1, 10):
        if len(str(length + digits)) == digits:
            return start + str(length + digits).encode() + rest + b"\x1c"
    raise AssertionError(length)


def nist(*pictures: bytes, image_type: bytes = b"FACE", coding: bytes = b"JPEGB",
         about: dict[int, bytes] | None = None, **fields: bytes) -> bytes:  # fmt: skip
    """Return a file of records 1, 2 and one of type 10 for each picture; fields are `f20=b"F"`."""
    others = [(2, 0), *((10, 1 + index) for index in range(len(pictures)))]
    listed = b"\x1e".join(b"%d\x1f%02d" % each for each in [(1, len(others)), *others])
    first = tagged(1, {2: b"0500", 3: listed, 4: b"WANTED", 5: b"20260301", 7: b"ID/POLRI"})
    records = [first, tagged(2, {2: b"00"} | (about or {}))]
    for index, picture in enumerate(pictures):
        named = {int(name[1:]): value for name, value in fields.items()}
        content = {2: b"%02d" % (1 + index), 3: image_type, 11: coding} | named
        records.append(tagged(10, content | {999: picture}))
    return b"".join(records)
