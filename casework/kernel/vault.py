"""Encryption at rest: photos and templates are stored under AES-256-GCM (NIST SP 800-38D).

A sealed value is `version byte | 12-byte nonce | ciphertext and tag`, bound to the row it belongs
to: moved to another row, it does not open.
"""

import os
from typing import Final, NewType

from cryptography.exceptions import InvalidTag

from casework.kernel.errors import WrongDataKey
from casework.kernel.key_ring import KeyRing

_NONCE_BYTES: Final = 12
_VERSION: Final = b"\x01"

RowName = NewType("RowName", str)
"""What a value is sealed for; `casework.kernel.rows` names each kind."""


class Vault:
    """Seals and opens values under the keys of one database."""

    def __init__(self, keys: KeyRing) -> None:
        self.keys = keys

    def derived(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for something else than sealing: a digest, a signature.

        It is the same for as long as the database exists, whatever keys are renewed.
        """
        return self.keys.derived(purpose)

    def seal(self, content: bytes, row: RowName) -> bytes:
        """Encrypt `content` for the row called `row`."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self.keys.first_format.encrypt(nonce, content, row.encode())

    def open(self, sealed: bytes, row: RowName) -> bytes:
        """Decrypt what was sealed for the same row.

        Raises:
            WrongDataKey: another key, another row, or altered content.
        """
        version, nonce, body = sealed[:1], sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if version == _VERSION:
                return self.keys.first_format.decrypt(nonce, body, row.encode())
        except (InvalidTag, ValueError):
            pass  # raised below, without what the library would add
        raise WrongDataKey("data_key_wrong", row=row)
