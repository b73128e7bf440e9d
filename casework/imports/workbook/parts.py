"""The XML parts of a workbook, read as a stream within bounds.

A part with a document type declaration, the way to entities that expand, is refused.
"""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias
from xml.parsers import expat

from casework.imports.photos import BROKEN
from casework.kernel.errors import ImportRefused

PART_BYTES: Final = 4 << 20
"""Of a part that is no sheet and holds no texts."""
# A sheet of 100,000 subjects has 4 million elements in 60 MB.
_MOST_ELEMENTS: Final = 10_000_000
_PIECE: Final = 1 << 16
# What one tag may be long: its parser holds it whole.
_LONGEST_TAG: Final = 1 << 20

OnBegin: TypeAlias = Callable[[str, dict[str, str]], None]
"""Called with an element's name, without its prefix, and its attributes."""
OnText: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Related:
    """The parts that a part refers to, with what they are to it, by their ids."""

    parts: dict[str, tuple[str, str]]

    def of(self, kind: str) -> str | None:
        """Return the part of this kind, None if there is none."""
        return next((part for each, part in self.parts.values() if each == kind), None)

    def sheet(self, name: str) -> str | None:
        """Return the sheet of this id, None if that is none."""
        kind, part = self.parts.get(name, ("", ""))
        return part if kind == "worksheet" else None


def related(archive: zipfile.ZipFile, part: str, names: set[str]) -> Related:
    """Return what a part refers to, of what there is; the whole package is the part ``."""
    folder, _, name = part.rpartition("/")
    listed = f"{folder}/_rels/{name}.rels".removeprefix("/")
    found: dict[str, tuple[str, str]] = {}

    def begin(element: str, said: dict[str, str]) -> None:
        target = said.get("Target", "")
        path = target[1:] if target.startswith("/") else f"{folder}/{target}".removeprefix("/")
        if element == "Relationship" and path in names:
            found[said.get("Id", "")] = (said.get("Type", "").rpartition("/")[2], path)

    if listed not in names:
        raise damaged()
    parse(archive, listed, PART_BYTES, begin)
    return Related(found)


def parse(
    archive: zipfile.ZipFile,
    part: str,
    most: int,
    begin: OnBegin,
    end: OnText | None = None,
    add: OnText | None = None,
) -> None:
    """Read a part to its end.

    Args:
        archive: the workbook.
        part: its name.
        most: bytes that it may have.
        begin: called with each element.
        end: called with the name of each element that ends.
        add: called with each text.

    Raises:
        ImportRefused: it is damaged, or larger.
    """
    feed = parser(begin, end, add)
    for piece in pieces(archive, part, most):
        feed(piece)


def pieces(archive: zipfile.ZipFile, part: str, most: int) -> Iterator[bytes]:
    """Yield a part's bytes, then nothing, for its end; raises ImportRefused."""
    try:
        info = archive.getinfo(part)
        if info.file_size > most:
            raise ImportRefused("workbook_too_large", field="file")
        with archive.open(info) as member:
            while piece := member.read(_PIECE):
                yield piece
        yield b""
    except (*BROKEN, KeyError) as error:
        raise damaged() from error


def parser(begin: OnBegin, end: OnText | None, add: OnText | None) -> Callable[[bytes], None]:
    """Return what takes in the pieces of a part; see `parse`."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    fed = elements = 0

    def on_begin(name: str, said: dict[str, str]) -> None:
        nonlocal elements
        elements += 1
        if elements > _MOST_ELEMENTS:
            raise ImportRefused("workbook_too_large", field="file")
        begin(name.rpartition(":")[2], said)

    def on_doctype(*_said: object) -> None:
        raise damaged()

    def feed(piece: bytes) -> None:
        nonlocal fed
        fed += len(piece)
        try:
            parser.Parse(piece, not piece)
        except (expat.ExpatError, LookupError, ValueError) as error:
            # Also encodings that nobody knows.
            raise damaged() from error
        if fed - parser.CurrentByteIndex > _LONGEST_TAG:
            raise damaged()

    parser.StartElementHandler = on_begin
    parser.StartDoctypeDeclHandler = on_doctype
    if end is not None:
        ending = end
        parser.EndElementHandler = lambda name: ending(name.rpartition(":")[2])
    if add is not None:
        parser.CharacterDataHandler = add
    return feed


def damaged() -> ImportRefused:
    """Return the refusal of what is no workbook, or not whole."""
    return ImportRefused("workbook_damaged", field="file")
