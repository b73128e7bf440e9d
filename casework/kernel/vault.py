"""Encryption at rest: what is personal is stored under AES-256-GCM (NIST SP 800-38D).

A value of a record that has its own key is `version byte 3 | 12-byte nonce | ciphertext and tag`;
others are `version byte 2 | 8-byte key id | nonce | ciphertext and tag`, under the key of the
agency or the installation. Each is bound to its kind and row, the subject it is about and the
agency it belongs to: in another place it does not open. Values of version 1 have no key id and are
bound to kind and row alone.
"""

import hmac
import os
from typing import Final, Self

from cryptography.exceptions import InvalidTag

from casework.kernel.errors import ErasedMeanwhile, WrongDataKey
from casework.kernel.key_holders import KeyHolders
from casework.kernel.key_ring import INSTALLATION, KeyRing
from casework.kernel.own_keys import OwnKeys, RecordKey

ANY_AGENCY: Final = "*"
"""Opens under the key of whichever agency a value was sealed for: where only the row is at hand."""

_NONCE_BYTES: Final = 12
FIRST_FORMAT: Final = b"\x01"
SHARED_KEY: Final = b"\x02"
OWN_KEY: Final = b"\x03"
_ID_END: Final = 9
_NONCE_END: Final = _ID_END + _NONCE_BYTES
_BARE_NONCE_END: Final = 1 + _NONCE_BYTES


class RowName(str):
    """What a value is sealed for, kind and row; `casework.kernel.rows` names each kind."""

    __slots__ = ("agency", "owner", "subject")

    agency: str
    """Under whose key."""
    subject: str
    """Whom it is about, where that is not the row itself."""
    owner: str
    """The record that it is erased with, by whose own key it is sealed if it has one."""

    def __new__(
        cls, name: str, agency: str = INSTALLATION, subject: str = "", owner: str = ""
    ) -> Self:
        """Name a row."""
        row = super().__new__(cls, name)
        row.agency, row.subject, row.owner = agency, subject, owner
        return row


class Vault:
    """Seals and opens values under the keys of one database."""

    def __init__(self, keys: KeyRing) -> None:
        self.keys = keys
        self.own_keys = OwnKeys(keys)
        self.holders = KeyHolders(keys)

    def derived(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for something else than sealing: a digest, a signature.

        It is the same for as long as the database exists, whatever keys are renewed.
        """
        return self.keys.derived(purpose)

    def digest(self, kind: str, scope: str, value: str) -> str:
        """Return HMAC-SHA-256 of a value, hexadecimal: equal values of a kind and scope are found.

        Without the key nobody can test a guess.
        """
        text = f"{kind}\0{scope}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.digest(self.derived("siaga digests"), text, "sha256").hex()

    def seal(self, content: bytes, row: RowName) -> bytes:
        """Encrypt `content` for the row called `row`.

        Raises:
            WrongDataKey: the row is of a record of another agency.
        """
        nonce = os.urandom(_NONCE_BYTES)
        own = self.own_keys.of(row.owner)
        if own is not None:
            if row.agency not in (own.scope, INSTALLATION):
                raise WrongDataKey("data_key_wrong", row=row)
            return OWN_KEY + nonce + own.cipher.encrypt(nonce, content, _bound_to(row, own.scope))
        key = self.keys.in_force(row.agency)
        head = SHARED_KEY + key.id + nonce
        return head + key.cipher.encrypt(nonce, content, _bound_to(row, key.scope))

    def open(self, sealed: bytes, row: RowName, own: RecordKey | None = None) -> bytes:
        """Decrypt what was sealed for the same row.

        Args:
            sealed: what `seal` returned.
            row: its row.
            own: the key of the row's owner, where the caller has read it.

        Raises:
            WrongDataKey: another key, another row, subject or agency, or altered content.
            ErasedMeanwhile: the record that the row belongs to is gone, and its key with it.
        """
        try:
            if sealed[:1] == OWN_KEY:
                own = own or self.own_keys.of(row.owner)
                if own is None and self.own_keys.is_gone(row.owner):
                    raise ErasedMeanwhile("erased_meanwhile")
                if own is not None and row.agency in (own.scope, INSTALLATION, ANY_AGENCY):
                    nonce, body = sealed[1:_BARE_NONCE_END], sealed[_BARE_NONCE_END:]
                    return own.cipher.decrypt(nonce, body, _bound_to(row, own.scope))
            elif sealed[:1] == SHARED_KEY:
                key = self.keys.by_id(sealed[1:_ID_END])
                if key is not None and row.agency in (key.scope, ANY_AGENCY):
                    nonce, body = sealed[_ID_END:_NONCE_END], sealed[_NONCE_END:]
                    return key.cipher.decrypt(nonce, body, _bound_to(row, key.scope))
            elif sealed[:1] == FIRST_FORMAT and (first := self.keys.first_format) is not None:
                nonce, body = sealed[1:_BARE_NONCE_END], sealed[_BARE_NONCE_END:]
                return first.decrypt(nonce, body, row.encode())
        except (InvalidTag, ValueError):
            pass  # raised below, without what the library would add
        raise WrongDataKey("data_key_wrong", row=row)


def _bound_to(row: RowName, agency: str) -> bytes:
    return f"{row}\0{row.subject}\0{agency}".encode("utf-8", "surrogatepass")
