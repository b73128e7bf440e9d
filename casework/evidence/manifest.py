"""A bundle's manifest: every file with its SHA-256, signed by the key of the checkpoints. Pure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from casework.kernel.audit.checkpoints import Signers

FORMAT: Final = "siaga-evidence-1"
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
KEYS: Final = "public-keys.pem"


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as the manifest names it."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle holds, of what, by whom, and who signed for it."""

    about: Mapping[str, Any]
    """The alert, who made the bundle, when and why."""
    files: tuple[ListedFile, ...]
    """In the order in which they stand in the bundle."""
    key: str | None
    """Fingerprint of the key that signed it; None where nobody signs."""

    @classmethod
    def of(cls, about: Mapping[str, Any], files: Mapping[str, bytes], key: str | None) -> Self:
        """List files."""
        listed = tuple(ListedFile(name, sha256(content)) for name, content in files.items())
        return cls(about, listed, key)

    @property
    def content(self) -> bytes:
        """It as a file."""
        files = [{"name": each.name, "sha256": each.sha256} for each in self.files]
        fields = {"format": FORMAT, "about": dict(self.about), "files": files, "key": self.key}
        return (json.dumps(fields, indent=1, sort_keys=True) + "\n").encode()

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Read what `content` gave; raises ValueError."""
        try:
            fields = json.loads(content)
            files = tuple(ListedFile(each["name"], each["sha256"]) for each in fields["files"])
            found = cls(fields["about"], files, fields["key"])
            texts: list[object] = [text for each in files for text in (each.name, each.sha256)]
            whole = (
                fields["format"] == FORMAT
                and all(isinstance(text, str) for text in texts)
                and isinstance(fields["key"], str | None)
                and isinstance(fields["about"], dict)
            )
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError("no manifest") from error
        if not whole or len({each.name for each in files}) < len(files):
            raise ValueError("no manifest")
        return found


def sha256(content: bytes) -> str:
    """Return the digest that the manifest names a file by."""
    return hashlib.sha256(content).hexdigest()


def signed(manifest: Manifest, signers: Signers) -> bytes | None:
    """Return the signature of the key that signs here, None where none does."""
    return signers.private.sign(manifest.content) if signers.private is not None else None


def verified(content: bytes, signature: bytes, key: Ed25519PublicKey) -> bool:
    """Whether a key signed a manifest."""
    try:
        key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def order(manifest: Manifest) -> Sequence[str]:
    """Return the names of all members in the order in which they stand in the bundle."""
    first = (MANIFEST, SIGNATURE) if manifest.key is not None else (MANIFEST,)
    return (*first, *(each.name for each in manifest.files))
