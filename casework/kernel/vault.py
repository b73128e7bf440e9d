"""Encryption at rest: photos and templates are stored under AES-256-GCM (NIST SP 800-38D).

A sealed value is `version byte | 12-byte nonce | ciphertext and tag`, bound to the row it belongs
to: moved to another row, it does not open.
"""

import os
import secrets
import tempfile
from pathlib import Path
from typing import Final, NewType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from casework.kernel.errors import SetUpError, WrongDataKey

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_VERSION: Final = b"\x01"

RowName = NewType("RowName", str)
"""What a value is sealed for; `casework.kernel.rows` names each kind."""


class Vault:
    """Seals and opens values with one data key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise SetUpError("data_key_length", required=KEY_BYTES, found=len(key))
        self._cipher = AESGCM(key)
        self._key = key

    def derived(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for something else than sealing: a digest, a signature."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode()).derive(self._key)

    def seal(self, content: bytes, row: RowName) -> bytes:
        """Encrypt `content` for the row called `row`."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, content, row.encode())

    def open(self, sealed: bytes, row: RowName) -> bytes:
        """Decrypt what was sealed for the same row.

        Raises:
            WrongDataKey: another key, another row, or altered content.
        """
        version, nonce, body = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if version == _VERSION:
                return self._cipher.decrypt(nonce, body, row.encode())
        except (InvalidTag, ValueError):
            pass  # raised below, without what the library would add
        raise WrongDataKey("data_key_wrong", row=row)


def read_or_create_key(path: Path) -> bytes:
    """Return the data key kept in a file of 64 hexadecimal digits, making one if there is none.

    Keep a copy of the file apart from the database: neither is of use without the other.

    Raises:
        SetUpError: the file does not hold a key.
    """
    if not path.exists():
        _create_key(path)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (ValueError, OSError) as error:
        raise SetUpError("data_key_unreadable", path=path, error=error) from error
    if len(key) != KEY_BYTES:
        raise SetUpError("data_key_digits", path=path, digits=2 * KEY_BYTES)
    return key


def _create_key(path: Path) -> None:
    """Write a new key so that it is whole or absent, and never replaces one made meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # fails where another process was first: its key counts
        except FileExistsError:
            return
    finally:
        Path(temporary).unlink()
