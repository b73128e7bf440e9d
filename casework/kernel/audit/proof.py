"""Proofs of one record: that a signed checkpoint covers it, without any other record. Pure.

A proof shows the fields it names, and of the others their digests; docs/access.md checks one in a
few lines.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from casework.kernel.audit import merkle
from casework.kernel.audit.chain import (
    ACTOR,
    FIELDS,
    NODE,
    Salted,
    encode,
    field_digest,
    joined,
    salts,
)
from casework.kernel.audit.checkpoints import Checkpoint, Signers

FORMAT: Final = "siaga-proof-1"


@dataclass(frozen=True, slots=True)
class RecordProof:
    """What is handed to those who are to believe it."""

    content: Mapping[str, Any]

    @property
    def text(self) -> str:
        """It as a file."""
        return json.dumps(self.content, indent=1, sort_keys=True) + "\n"


def made(
    fields: Mapping[str, Any],
    salt: bytes,
    texts: Mapping[str, Salted],
    digests: Sequence[bytes],
    checkpoint: Checkpoint,
    shown: Sequence[str] | None,
) -> RecordProof:
    """Prove one record.

    Args:
        fields: of the record, as `chain.plain` returns them.
        salt: the record's.
        texts: what stands beside it, by name.
        digests: of all records that the checkpoint's tree covers.
        checkpoint: the checkpoint.
        shown: fields and texts to show; None means all.
    """
    show = set(shown) if shown is not None else {*FIELDS, *texts}
    # A text is proved by the field that has its digest, and its place by node and number.
    show |= {"node", "seq"}
    show |= {"actor_card"} if ACTOR in show else set()
    show |= {"texts"} if show & (set(texts) - {ACTOR}) else set()
    own = dict(zip(FIELDS, salts(salt), strict=True))
    end = checkpoint.fields["nodes"][NODE]
    index = fields["seq"] - end["first"]
    content = {
        "format": FORMAT,
        "shown": {n: [own[n].hex(), encode(fields[n])] for n in FIELDS if n in show},
        "hidden": {
            n: field_digest(own[n], n, encode(fields[n])).hex() for n in FIELDS if n not in show
        },
        "texts": {n: [each.salt.hex(), each.text] for n, each in texts.items() if n in show},
        "path": [each.hex() for each in merkle.path(digests, index)],
        "checkpoint": checkpoint.text,
        "signature": checkpoint.signature.hex(),
    }
    return RecordProof(content)


def check(content: Mapping[str, Any], signers: Signers) -> dict[str, Any] | None:
    """Return the fields and texts that a proof proves, None where it proves nothing.

    Args:
        content: what was handed over.
        signers: whose signatures count.
    """
    try:
        return _checked(content, signers)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError):
        return None


def _checked(content: Mapping[str, Any], signers: Signers) -> dict[str, Any] | None:
    checkpoint = Checkpoint(content["checkpoint"], bytes.fromhex(content["signature"]))
    if content["format"] != FORMAT or not signers.signed(checkpoint):
        return None
    shown, hidden = content["shown"], content["hidden"]
    if set(shown) | set(hidden) != set(FIELDS) or set(shown) & set(hidden):
        return None
    digests = [
        field_digest(bytes.fromhex(shown[name][0]), name, shown[name][1])
        if name in shown
        else bytes.fromhex(hidden[name])
        for name in FIELDS
    ]
    fields = {name: json.loads(text) for name, (_, text) in shown.items()}
    # Salts and digests have one length each, so that none can stand for another.
    lengths = {len(salt) for salt, _ in shown.values()}, {len(each) for each in hidden.values()}
    if lengths[0] - {32} or lengths[1] - {64}:
        return None
    end = checkpoint.fields["nodes"][fields["node"]]
    size = end["last"] - end["first"] + 1
    siblings = [bytes.fromhex(each) for each in content["path"]]
    root = merkle.root_by_path(joined(digests), fields["seq"] - end["first"], size, siblings)
    if root is None or root.hex() != end["root"]:
        return None
    texts = {}
    for name, (salt, text) in content["texts"].items():
        digest = Salted(bytes.fromhex(salt), text).digest(name)
        expected = fields["actor_card"] if name == ACTOR else fields["texts"][name]
        if digest != expected:
            return None
        texts[name] = text
    return fields | {"shown": texts}
