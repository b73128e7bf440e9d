"""The data key: 32 bytes that are kept apart from the database and wrap every key in it.

Its place may hold several: the database knows by fingerprint which one is in force, so that a new
key can be put beside the old one before it counts, and the old one taken away after.
"""

import hashlib
import os
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from casework.kernel.errors import SetUpError

KEY_BYTES: Final = 32
_FINGERPRINT_BYTES: Final = 8


def fingerprint(key: bytes) -> str:
    """Return 16 hexadecimal digits by which a data key is called; they tell nothing of the key."""
    return hashlib.sha256(b"siaga data key\0" + key).hexdigest()[: 2 * _FINGERPRINT_BYTES]


class DataKeys(Protocol):
    """Where data keys come from."""

    @property
    def place(self) -> str:
        """What an operator calls it: a path, a variable, a command."""

    @property
    def read_anew(self) -> bool:
        """Whether a process at work finds there what was added after its start."""

    def read(self) -> list[bytes]:
        """Return the keys that are there, none where nothing has been set up yet.

        Raises:
            SetUpError: what is there is no key.
        """

    def add(self) -> bytes:
        """Make a key beside those that are there, on disk when this returns.

        Raises:
            SetUpError: this place keeps what others put there.
        """

    def keep(self, key: bytes) -> None:
        """Take away every key but this one, where that is this program's to do."""


@dataclass(frozen=True, slots=True)
class GivenKeys:
    """Keys that the caller holds."""

    keys: tuple[bytes, ...] = field(repr=False)
    place: str = "the caller"
    read_anew: bool = False

    def __post_init__(self) -> None:
        for key in self.keys:
            if len(key) != KEY_BYTES:
                raise SetUpError("data_key_length", required=KEY_BYTES, found=len(key))

    @classmethod
    def of(cls, *keys: bytes) -> "GivenKeys":
        """Return these keys."""
        return cls(keys)

    def read(self) -> list[bytes]:
        """Return the keys."""
        return list(self.keys)

    def add(self) -> bytes:
        """Refuse: the caller makes its keys itself."""
        raise SetUpError("data_key_not_made_here", place=self.place)

    def keep(self, key: bytes) -> None:
        """Leave the keys to the caller."""


@dataclass(frozen=True, slots=True)
class FileKeys:
    """Keys in a file, 64 hexadecimal digits a line; made where there is none.

    Keep a copy of the file apart from the database: neither is of use without the other.
    """

    path: Path
    read_anew: bool = True

    @property
    def place(self) -> str:
        """The file's path."""
        return str(self.path)

    def read(self) -> list[bytes]:
        """Return the keys of the file, none where it is missing."""
        try:
            return parse_keys(self.path.read_text(encoding="ascii"), self.place)
        except FileNotFoundError:
            return []
        except (ValueError, OSError) as error:
            raise SetUpError("data_key_unreadable", path=self.path, error=error) from error

    def add(self) -> bytes:
        """Write a new key behind those that are there."""
        known, key = self.read(), secrets.token_bytes(KEY_BYTES)
        if known:
            self._replace([*known, key])
            return key
        self._create(key)
        return self.read()[0]

    def keep(self, key: bytes) -> None:
        """Write the file again with this key alone."""
        if self.read() != [key]:
            self._replace([key])

    def _create(self, key: bytes) -> None:
        """Write the first key so that it is whole or absent; one made meanwhile counts instead."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = self._written([key])
        try:
            os.link(temporary, self.path)
        except FileExistsError:
            return
        finally:
            temporary.unlink()
        self._flush_folder()

    def _replace(self, keys: Sequence[bytes]) -> None:
        self._written(keys).replace(self.path)
        self._flush_folder()

    def _written(self, keys: Sequence[bytes]) -> Path:
        """Write keys into a file of another name, readable by its owner only."""
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.writelines(f"{key.hex()}\n" for key in keys)
            file.flush()
            os.fsync(file.fileno())
        return Path(temporary)

    def _flush_folder(self) -> None:
        """Have the disk keep the file's new name: a database rests on it from now on."""
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def parse_keys(text: str, place: str) -> list[bytes]:
    """Return the keys of a text: hexadecimal, with white space between them.

    Raises:
        SetUpError: it holds something else, or nothing.
    """
    try:
        keys = [bytes.fromhex(word) for word in text.split()]
    except ValueError:
        keys = []
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        # Without the text: it may be a key with one digit too few.
        raise SetUpError("data_key_digits", path=place, digits=2 * KEY_BYTES)
    return keys
