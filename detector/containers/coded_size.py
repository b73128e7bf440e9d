"""How large a picture of a film codec will be, from its own headers.

A container states a size, and the decoder makes room for what the coded picture says. Read are the
sequence parameter set of HEVC (ITU-T H.265, 7.3.2.2) and the sequence header of AV1 (5.5).
"""

from collections.abc import Iterator
from typing import Final

from detector.containers.base import (
    CUT_SHORT,
    PhotoFormat,
    accept,
    check,
    check_within,
    unpack,
)
from detector.errors import UnreadablePhoto

__all__ = ["av1_sizes", "hevc_picture", "hevc_sizes"]

HEVC_CONFIGURATION: Final = 22  # bytes before the arrays of parameter sets
PARAMETER_SETS: Final = range(32, 35)  # NAL units: video, sequence, picture
SEQUENCE_SET: Final = 33
SLICES: Final = range(32)  # NAL units that hold the picture
SEQUENCE_HEADER: Final = 1  # AV1's unit of that kind
HEADER_BYTES: Final = 256  # of a sequence's header; its size stands in the first few
MAX_UNITS: Final = 65_536
# No unit of HEVC holds it (7.4.2): a 3 is put between zeros. A file that broke off and
# was filled up with zeros does.
NEVER_IN_UNITS: Final = b"\0\0\0"
# AV1 has no such rule; zeros that go on for so long at its end are no picture.
ZEROS: Final = bytes(64)


class _Bits:
    """Bits from the left, as fixed numbers or Exp-Golomb codes."""

    def __init__(self, data: bytes, kind: PhotoFormat) -> None:
        self._number, self._left, self._kind = int.from_bytes(data), 8 * len(data), kind

    def take(self, count: int) -> int:
        check(count <= self._left, self._kind)
        self._left -= count
        return self._number >> self._left & (1 << count) - 1

    def golomb(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
            check(zeros <= 32, self._kind)
        return (1 << zeros) - 1 + self.take(zeros)


def hevc_sizes(data: bytes, start: int, stop: int, kind: PhotoFormat) -> Iterator[tuple[int, int]]:
    """Yield the size in each sequence parameter set of an HEVC configuration record."""
    (arrays,) = unpack("B", data, start + HEVC_CONFIGURATION)
    at = start + HEVC_CONFIGURATION + 1
    for _ in range(arrays):
        unit, count = unpack(">BH", data, at)
        check(unit & 0x3F in PARAMETER_SETS or unit & 0x3F in (39, 40), kind)
        at += 3
        for _ in range(count):
            (length,) = unpack(">H", data, at)
            at += 2
            check_within(at + length, stop)
            check(length > 2 and data[at] >> 1 & 0x3F == unit & 0x3F, kind)
            if unit & 0x3F == SEQUENCE_SET:
                yield _hevc_size(data[at + 2 : at + min(length, HEADER_BYTES)], kind)
            at += length


def _hevc_size(header: bytes, kind: PhotoFormat) -> tuple[int, int]:
    bits = _Bits(header.replace(b"\0\0\3", b"\0\0"), kind)
    bits.take(4)
    layers = bits.take(3)
    bits.take(1 + 96)  # nesting; profile, tier and level
    present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
    bits.take(2 * (8 - layers) if layers else 0)
    for profile, level in present:
        bits.take(88 * profile + 8 * level)
    bits.golomb()
    if bits.golomb() == 3:  # 4:4:4
        bits.take(1)
    return bits.golomb(), bits.golomb()


def hevc_picture(
    data: bytes, extents: list[tuple[int, int]], length_bytes: int, kind: PhotoFormat
) -> list[tuple[int, int]]:
    """Return where the slices are, with their lengths, and nothing else of a coded picture.

    Parameter sets among them would override those that were looked at.
    """
    check(len(extents) == 1, kind)
    at, stop = extents[0]
    found: list[tuple[int, int]] = []
    for _ in range(MAX_UNITS):
        if at >= stop:
            break
        check_within(at + length_bytes, stop)
        length = int.from_bytes(data[at : at + length_bytes])
        end = at + length_bytes + length
        check(length > 2, kind)
        check_within(end, stop)
        if data[at + length_bytes] >> 1 & 0x3F in SLICES:
            if data.find(NEVER_IN_UNITS, at + length_bytes, end) >= 0:
                raise UnreadablePhoto(CUT_SHORT)
            found.append((at, end))
        at = end
    check(bool(found) and at >= stop, kind)
    return found


def av1_sizes(
    data: bytes, extents: list[tuple[int, int]], kind: PhotoFormat
) -> Iterator[tuple[int, int]]:
    """Yield the largest frame of each sequence header in an AV1 picture."""
    check(len(extents) == 1, kind)
    at, stop = extents[0]
    if stop - at > len(ZEROS) and data.endswith(ZEROS, at, stop):
        raise UnreadablePhoto(CUT_SHORT)
    for _ in range(MAX_UNITS):
        if at >= stop:
            return
        (head,) = unpack("B", data, at)
        check(not head & 0x80, kind)
        at += 2 if head & 0x04 else 1
        length = stop - at
        if head & 0x02:
            length, at = _leb128(data, at, kind)
        check_within(at + length, stop)
        if head >> 3 & 15 == SEQUENCE_HEADER:
            yield _av1_size(data[at : at + min(length, HEADER_BYTES)], kind)
        at += length


def _leb128(data: bytes, at: int, kind: PhotoFormat) -> tuple[int, int]:
    value = 0
    for place in range(5):
        (part,) = unpack("B", data, at + place)
        value |= (part & 0x7F) << 7 * place
        if not part & 0x80:
            return value, at + place + 1
    check(condition=False, kind=kind)
    return 0, at


def _av1_size(header: bytes, kind: PhotoFormat) -> tuple[int, int]:
    bits = _Bits(header, kind)
    bits.take(3 + 1)
    if bits.take(1):  # the reduced header of a still picture
        bits.take(5)
    else:
        accept(not bits.take(1), kind, "an unusual coding option")  # timing
        delays = bits.take(1)
        for _ in range(bits.take(5) + 1):
            bits.take(12)
            if bits.take(5) > 7:
                bits.take(1)
            if delays and bits.take(1):
                bits.take(4)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(width_bits) + 1, bits.take(height_bits) + 1
