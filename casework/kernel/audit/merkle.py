"""Merkle trees as in RFC 9162, section 2.1: roots, and the path of one leaf. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

EMPTY: Final = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf(content: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\0" + content).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of what two subtrees are joined in."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """A tree that grows to the right; it remembers one hash for each power of two."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def add(self, content: bytes) -> None:
        """Add a leaf."""
        found, size = leaf(content), self.size
        while size & 1:
            found = node(self._edge.pop(), found)
            size >>= 1
        self._edge.append(found)
        self.size += 1

    def root(self) -> bytes:
        """Return the hash of the whole tree."""
        if not self._edge:
            return EMPTY
        found = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            found = node(left, found)
        return found


def root_of(contents: Iterable[bytes]) -> bytes:
    """Return the root of a tree over these leaves."""
    tree = Tree()
    for content in contents:
        tree.add(content)
    return tree.root()


def path(contents: Sequence[bytes], index: int) -> list[bytes]:
    """Return the siblings between a leaf and the root, the leaf's own first."""
    size = len(contents)
    if size <= 1:
        return []
    split = 1 << ((size - 1).bit_length() - 1)
    if index < split:
        return [*path(contents[:split], index), root_of(contents[split:])]
    return [*path(contents[split:], index - split), root_of(contents[:split])]


def root_by_path(content: bytes, index: int, size: int, siblings: Sequence[bytes]) -> bytes | None:
    """Return the root that a leaf's path leads to, None for a path that such a tree cannot have."""
    if not 0 <= index < size:
        return None
    found, last = leaf(content), size - 1
    for sibling in siblings:
        if last == 0:
            return None
        if index & 1 or index == last:
            found = node(sibling, found)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            found = node(found, sibling)
        index, last = index >> 1, last >> 1
    return found if last == 0 else None
