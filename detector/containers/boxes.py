"""Boxes of a length and a four-letter name, as JPEG 2000, HEIF and films nest them."""

from collections.abc import Iterator

from detector.containers.base import MAX_SEGMENTS, PhotoFormat, check, check_within, unpack

__all__ = ["boxes", "made"]


def boxes(data: bytes, at: int, end: int, kind: PhotoFormat) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, content start, content stop) of the boxes in data[at:end]."""
    for _ in range(MAX_SEGMENTS):
        if at >= end:
            return
        (length,) = unpack(">I", data, at)
        name, content = data[at + 4 : at + 8], at + 8
        if length == 1:  # too long for 32 bits
            (length,) = unpack(">Q", data, at + 8)
            content = at + 16
        stop = at + length if length else end  # none: to the end
        check(stop >= content, kind)
        check_within(stop, end)
        yield name, content, stop
        at = stop


def made(name: bytes, *contents: bytes) -> bytes:
    """Return a box."""
    content = b"".join(contents)
    return (8 + len(content)).to_bytes(4) + name + content
