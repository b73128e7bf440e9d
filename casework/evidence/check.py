"""Checks a bundle: with nothing but the file, and the agency's public key where there is one. Pure.

Every byte counts: the files by the manifest's digests, the manifest by its signature, and the ZIP
around them by being the one that `container.packed` writes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from casework.evidence.container import packed, unpacked
from casework.evidence.manifest import (
    KEYS,
    MANIFEST,
    SIGNATURE,
    Manifest,
    order,
    sha256,
    verified,
)
from casework.kernel.audit import proof
from casework.kernel.audit.checkpoints import Signers, fingerprint
from casework.kernel.messages import Message

PROOFS: Final = "audit/proofs/"
"""Folder of the records of the trail that a signed checkpoint covers."""
_PEM_END: Final = b"-----END PUBLIC KEY-----\n"


@dataclass(frozen=True, slots=True)
class EvidenceVerdict:
    """What checking a bundle found."""

    faults: tuple[Message, ...]
    manifest: Manifest | None = None
    digest: str | None = None
    """SHA-256 of the manifest: the trail's record of the act names it."""
    files: int = 0
    proved: int = 0
    """Records of the trail that a signed checkpoint covers."""
    key_given: bool = False
    """Whether the key that signed is one that the reader brought along."""

    @property
    def whole(self) -> bool:
        """Whether nothing is altered, missing or added."""
        return not self.faults


def check(content: bytes, trusted: Sequence[Ed25519PublicKey] = ()) -> EvidenceVerdict:
    """Check a bundle.

    Args:
        content: the file.
        trusted: the agency's public keys, as the reader has them from elsewhere; without any, the
            keys in the bundle are taken, which prove only that who signed it has them.
    """
    found = unpacked(content)
    if found is None:
        return EvidenceVerdict((Message("evidence_no_bundle"),))
    try:
        text = found.members[MANIFEST]
        manifest = Manifest.read(text)
    except (KeyError, ValueError):
        return EvidenceVerdict((*found.faults, Message("evidence_manifest_unreadable")))
    faults = [*found.faults]
    for fault in _members(found.members, manifest):
        if fault.params not in [each.params for each in faults]:
            faults.append(fault)
    within = _keys(found.members.get(KEYS, b""))
    faults += _signature(found.members, manifest, trusted, within)
    # What the signed manifest lists is vouched for, the keys of former checkpoints among it.
    signers = Signers.of(None, [*trusted, *within])
    proved = 0
    for name, member in found.members.items():
        if name.startswith(PROOFS):
            holds = proof.check(_json(member), signers) is not None
            proved += holds
            if not holds:
                faults.append(Message("evidence_record_unproved", {"name": name}))
    if not faults and packed((name, found.members[name]) for name in order(manifest)) != content:
        faults.append(Message("evidence_container_altered"))
    key_given = manifest.key in {fingerprint(key) for key in trusted}
    files = len(manifest.files)
    return EvidenceVerdict(tuple(faults), manifest, sha256(text), files, proved, key_given)


def _members(members: Mapping[str, bytes], manifest: Manifest) -> Iterator[Message]:
    """Yield what of the files is not as the manifest says."""
    for each in manifest.files:
        if each.name not in members:
            yield Message("evidence_member_missing", {"name": each.name})
        elif sha256(members[each.name]) != each.sha256:
            yield Message("evidence_member_altered", {"name": each.name})
    known = set(order(manifest))
    for name in members:
        if name not in known:
            yield Message("evidence_member_added", {"name": name})


def _signature(
    members: Mapping[str, bytes],
    manifest: Manifest,
    trusted: Sequence[Ed25519PublicKey],
    within: Sequence[Ed25519PublicKey],
) -> Iterator[Message]:
    """Yield what is wrong with the signature."""
    if manifest.key is None:
        if trusted:
            yield Message("evidence_unsigned")
        return
    keys = {fingerprint(key): key for key in (trusted or within)}
    key = keys.get(manifest.key)
    if key is None:
        yield Message("evidence_key_differs", {"key": manifest.key})
    elif not verified(members[MANIFEST], members.get(SIGNATURE, b""), key):
        yield Message("evidence_signature_wrong")


def _keys(content: bytes) -> list[Ed25519PublicKey]:
    """Return the public keys in a bundle; what is none is left out."""
    found = []
    for block in content.split(_PEM_END)[:-1]:
        try:
            key = load_pem_public_key(block + _PEM_END)
        except (ValueError, UnsupportedAlgorithm):
            continue
        if isinstance(key, Ed25519PublicKey):
            found.append(key)
    return found


def _json(content: bytes) -> Any:  # noqa: ANN401 - whatever somebody put there
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return {}
