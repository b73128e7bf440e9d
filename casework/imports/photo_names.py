r"""Finding what a list calls a photo among files whose names were written by other systems.

A name can be the same to a reader, and have other bytes: accents are composed or not, folders are
divided by `/` or `\`, capitals differ, and archives of older programs name no code page at all.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import PurePosixPath
from typing import Final, Generic, TypeVar

from detector.containers.base import PHOTO_SUFFIXES

File = TypeVar("File")

_CODE_PAGES: Final = (
    *("cp437", "cp850", "cp1252"),  # DOS and Windows, the west
    *("cp852", "cp1250", "cp855", "cp866", "cp1251"),  # central and eastern Europe
    *("cp737", "cp1253", "cp857", "cp1254", "cp862", "cp1255", "cp864", "cp720", "cp1256"),
    *("cp932", "gb18030", "cp949", "cp950", "cp874", "cp1258", "euc_jp"),  # Asia
    *("mac_roman", "mac_latin2", "mac_greek", "mac_cyrillic", "mac_turkish"),
    *("koi8_r", "koi8_u"),
)
_MOST_NEIGHBOURS: Final = 5_000
"""Files among which a mistyped name is looked for."""
_MOST_NEAR: Final = 3
_NUMBERED: Final = re.compile(r"(.+)-(\d{1,4})", re.ASCII)
_SHORTEST_GUESS: Final = 3
"""Letters of a name below which one mistyped letter makes another name."""


def spelt(name: str) -> str:
    """Return a name as equal ones are compared: accents composed, folders divided by `/`."""
    return unicodedata.normalize("NFC", name).replace("\\", "/").removeprefix("./")


class PhotoNames(Generic[File]):
    """Names of files, by which each is found. Made to be asked from many threads at once."""

    def __init__(self, files: Iterable[tuple[str | bytes, File]], *folders: str) -> None:
        """Take in the names.

        Args:
            files: each with its name; as bytes where nothing says what they mean. A file may have
                several names, of which the first counts most.
            folders: in which a name is looked for first, such as `export/`; then it is taken as it
                is.
        """
        self._known: dict[str, File] = {}
        self._raw: dict[bytes, File] = {}
        for name, file in files:
            if isinstance(name, bytes):
                self._raw.setdefault(name, file)
            else:
                self._known.setdefault(spelt(name), file)
        self._folders = (*folders, "")

    def find(self, name: str) -> File | None:
        """Return the file that a list calls so, None where there is none, or more than one."""
        wanted = spelt(name)
        for folder in self._folders:
            for look in (self._known.get, self._of_code_page, self._of_any_case):
                if (found := look(folder + wanted)) is not None:
                    return found
        return None

    def near(self, name: str) -> tuple[str, ...]:
        """Return names that may be meant instead, the likeliest first."""
        stem = _stem(name)
        if not stem:
            return ()
        found = list(self._stems.get(stem, ()))
        if not found and len(stem) >= _SHORTEST_GUESS:
            for shorter in (stem, *_shortened(stem)):
                found += self._mistyped.get(shorter, ())
        return tuple(dict.fromkeys(found))[:_MOST_NEAR]

    def beside(self, stem: str) -> Sequence[tuple[str | None, str]]:
        """Return the photos called so, or so with a number, as `photos_beside` reads names.

        Args:
            stem: a caseless name without number and suffix.

        Returns:
            numbers as they are written, None without one, and names; in order.
        """
        return self._beside.get(stem, ())

    @cached_property
    def _beside(self) -> dict[str, list[tuple[str | None, str]]]:
        found: dict[str, list[tuple[str | None, str]]] = {}
        for name in self._known:
            folder, _, own = name.rpartition("/")
            stem, dot, suffix = own.rpartition(".")
            if f"{folder}/".removeprefix("/") not in self._beside_folders:
                continue
            if f".{suffix}".lower() not in PHOTO_SUFFIXES:
                # What has no suffix is judged by its content; another suffix makes it no photo.
                if dot:
                    continue
                stem = own
            found.setdefault(caseless(stem), []).append((None, name))
            if numbered := _NUMBERED.fullmatch(stem):
                found.setdefault(caseless(numbered[1]), []).append((numbered[2], name))
        for names in found.values():
            names.sort(key=lambda each: (int(each[0] or 0), each[1]))
        return found

    @cached_property
    def _beside_folders(self) -> frozenset[str]:
        return frozenset(folder + more for folder in self._folders for more in ("", "photos/"))

    def _of_code_page(self, name: str) -> File | None:
        """Return the one file whose bytes can mean this name."""
        if not self._raw or name.isascii():
            return None
        forms = {unicodedata.normalize(form, name) for form in ("NFC", "NFD")}
        found = {
            id(file): file
            for form in forms | {form.replace("/", "\\") for form in forms}
            for page in _CODE_PAGES
            if (file := self._raw.get(_encoded(form, page))) is not None
        }
        return next(iter(found.values())) if len(found) == 1 else None

    def _of_any_case(self, name: str) -> File | None:
        alike = self._caseless.get(caseless(name), ())
        return alike[0] if len(alike) == 1 else None

    @cached_property
    def _caseless(self) -> dict[str, list[File]]:
        found: dict[str, list[File]] = {}
        for name, file in self._known.items():
            alike = found.setdefault(caseless(name), [])
            if not any(each is file for each in alike):
                alike.append(file)
        return found

    @cached_property
    def _stems(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        # A code page that nobody names is shown as ZIP's own.
        for name in (*self._known, *(raw.decode("cp437") for raw in self._raw)):
            found.setdefault(_stem(name), []).append(name)
        return found

    @cached_property
    def _mistyped(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        if len(self._stems) <= _MOST_NEIGHBOURS:
            for stem, names in self._stems.items():
                for shorter in (stem, *_shortened(stem)):
                    found.setdefault(shorter, []).extend(names)
        return found


def _encoded(name: str, page: str) -> bytes:
    try:
        return name.encode(page)
    except UnicodeEncodeError:
        return b""


def caseless(name: str) -> str:
    """Return a name as it is in any case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _stem(name: str) -> str:
    """Return the letters and digits of a file's own name, without accents, case and suffix."""
    stem = PurePosixPath(spelt(name)).stem
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", stem).casefold())
    return "".join(filter(str.isalnum, plain))


def _shortened(stem: str) -> Iterable[str]:
    """Yield what is left of a stem without each of its letters: two that differ by one meet."""
    return (stem[:place] + stem[place + 1 :] for place in range(len(stem)))
