"""Tag, length, value: the encoding of chips' files and of ASN.1 (X.690, basic rules and stricter).

A length may be left open: what holds other nodes then goes on until an end mark among them. Nothing
is copied, a length never leads out of what holds it, and each level has a cap.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from detector.containers.base import PhotoFormat, check, check_within, unpack

__all__ = ["Node", "child", "integer", "nodes"]

MAX_NODES: Final = 4_096  # of one level, and those that are passed over to find an end mark
OPEN: Final = 0x80  # in place of a length
END: Final = 0  # the tag, and the length, of an end mark
MAX_INTEGER_BYTES: Final = 8
CONSTRUCTED: Final = 0x20  # of a tag's first byte: what it holds are nodes


class Node(NamedTuple):
    """One value: its tag with all its bytes, and where its content is."""

    tag: int
    start: int
    stop: int


def nodes(data: bytes, start: int, stop: int, kind: PhotoFormat) -> Iterator[Node]:
    """Yield the values in data[start:stop]; raises UnreadablePhoto where they do not fill it."""
    at, left = start, MAX_NODES
    while at < stop:
        node, at, passed = _node(data, at, stop, kind, left)
        left -= passed
        yield node


def _node(data: bytes, at: int, stop: int, kind: PhotoFormat, left: int) -> tuple[Node, int, int]:
    """Return the node at `at`, where the next one is, and how many nodes were passed to find out.

    Raises UnreadablePhoto, also where there are more than `left` of them.
    """
    check(left > 0, kind)
    constructed = unpack("B", data, at)[0] & CONSTRUCTED
    tag, at = _tag(data, at)
    (length,) = unpack("B", data, at)
    at += 1
    if length == OPEN:
        check(bool(constructed), kind)
        end, following, passed = _end_mark(data, at, stop, kind, left - 1)
        return Node(tag, at, end), following, 1 + passed
    if length & OPEN:
        size = length & 0x7F
        check(size <= 4, kind)
        check_within(at + size, stop)
        length = int.from_bytes(data[at : at + size])
        at += size
    check_within(at + length, stop)
    return Node(tag, at, at + length), at + length, 1


def _end_mark(
    data: bytes, at: int, stop: int, kind: PhotoFormat, left: int
) -> tuple[int, int, int]:
    """Return where the end mark of what begins at `at` is and stops, and how many nodes go before.

    Levels that are open as well are counted, not called: they may be as many as there are nodes.
    """
    opened, passed = 1, 0
    while True:
        check(passed < left, kind)
        check_within(at + 2, stop)
        begin = at
        passed += 1
        (first,) = unpack("B", data, at)
        tag, at = _tag(data, at)
        if data[at : at + 1] == bytes([OPEN]) and first & CONSTRUCTED:
            opened, at = opened + 1, at + 1
            continue
        node, at, _ = _node(data, begin, stop, kind, 1)
        if tag == END:
            check(node.start == node.stop, kind)
            opened -= 1
            if not opened:
                return begin, at, passed


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
