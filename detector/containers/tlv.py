"""Tag, length, value: the encoding of chips' files and of ASN.1's distinguished rules (X.690).

Nothing is copied, a length never leads out of what holds it, and each level has a cap.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from detector.containers.base import PhotoFormat, check, check_within, malformed, unpack

__all__ = ["Node", "child", "integer", "nodes"]

MAX_NODES: Final = 4_096  # of one level
MAX_INTEGER_BYTES: Final = 8
CONSTRUCTED: Final = 0x20  # of a tag's first byte: what it holds are nodes


class Node(NamedTuple):
    """One value: its tag with all its bytes, and where its content is."""

    tag: int
    start: int
    stop: int


def nodes(data: bytes, start: int, stop: int, kind: PhotoFormat) -> Iterator[Node]:
    """Yield the values in data[start:stop]; raises UnreadablePhoto where they do not fill it."""
    at = start
    for _ in range(MAX_NODES):
        if at >= stop:
            return
        tag, at = _tag(data, at)
        (length,) = unpack("B", data, at)
        at += 1
        if length & 0x80:
            size = length & 0x7F
            check(1 <= size <= 4, kind)
            check_within(at + size, stop)
            length = int.from_bytes(data[at : at + size])
            at += size
        check_within(at + length, stop)
        yield Node(tag, at, at + length)
        at += length
    raise malformed(kind)


def child(data: bytes, node: Node | None, kind: PhotoFormat, *path: int) -> Node | None:
    """Return what stands at `path`, the tags of one node inside the other; the first of each."""
    for tag in path:
        if node is None:
            return None
        node = next(
            (each for each in nodes(data, node.start, node.stop, kind) if each.tag == tag), None
        )
    return node


def integer(data: bytes, node: Node | None) -> int | None:
    """Return the node's content as a signed integer; None where it is none."""
    if node is None or not 0 < node.stop - node.start <= MAX_INTEGER_BYTES:
        return None
    return int.from_bytes(data[node.start : node.stop], signed=True)


def _tag(data: bytes, at: int) -> tuple[int, int]:
    """Return a tag and where it stops; one of more than three bytes is cut."""
    (tag,) = unpack("B", data, at)
    at += 1
    if tag & 0x1F == 0x1F:
        for _ in range(2):
            (more,) = unpack("B", data, at)
            tag, at = tag << 8 | more, at + 1
            if not more & 0x80:
                break
    return tag, at
