"""Who signs checkpoints and where they go, as the settings describe it."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from casework.kernel.audit.checkpoints import Signers
from casework.kernel.audit.sinks import Sink, sink_for
from casework.kernel.errors import SetUpError
from config.settings import Settings

_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----", re.DOTALL)


def signers(settings: Settings) -> Signers:
    """Return the key that signs, with those that have signed before.

    Raises:
        SetUpError: the file holds something else, or is in the data folder.
    """
    path, sink = settings.checkpoint_key_file, sink_of(settings)
    every = timedelta(seconds=settings.checkpoint_every_s)
    elsewhere = sink.received if sink is not None else None
    if path is None:
        return Signers(every=every, elsewhere=elsewhere)
    _require_apart(path, settings)
    private, public = read_keys(path)
    if private is None:
        raise SetUpError("checkpoint_key_unreadable", path=path, error="no private key")
    return Signers.of(private, public, every, settings.checkpoint_every_records, elsewhere)


def sink_of(settings: Settings) -> Sink | None:
    """Return where checkpoints go; None means that they stay in the database."""
    return sink_for(settings.checkpoint_to) if settings.checkpoint_to is not None else None


def read_keys(path: Path) -> tuple[Ed25519PrivateKey | None, list[Ed25519PublicKey]]:
    """Read a file of PEM blocks: at most one private key, and any number of public ones.

    Raises:
        SetUpError: the file holds something else.
    """
    try:
        found = [_key(block) for block in _BLOCK.finditer(path.read_bytes())]
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SetUpError("checkpoint_key_unreadable", path=path, error=error) from error
    private = [each for each in found if isinstance(each, Ed25519PrivateKey)]
    public = [each for each in found if isinstance(each, Ed25519PublicKey)]
    if len(private) + len(public) != len(found) or len(private) > 1 or not found:
        kinds = f"{len(private)} private keys, {len(public)} public ones, of {len(found)} keys"
        raise SetUpError("checkpoint_key_unreadable", path=path, error=kinds)
    return next(iter(private), None), public


def _key(block: re.Match[bytes]) -> object:
    if block[1] == b"PUBLIC KEY":
        return load_pem_public_key(block[0])
    return load_pem_private_key(block[0], None)


def make_key(path: Path, settings: Settings) -> bytes:
    """Make a signing key, readable by its owner only; returns the public key in PEM.

    Raises:
        SetUpError: the file is there already, or would be in the data folder.
    """
    _require_apart(path, settings)
    private = Ed25519PrivateKey.generate()
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    except FileExistsError as error:
        raise SetUpError("checkpoint_key_exists", path=path) from error
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _require_apart(path: Path, settings: Settings) -> None:
    folder = settings.data_dir.resolve()
    if path.resolve().is_relative_to(folder):
        raise SetUpError("checkpoint_key_beside_data", path=path, folder=folder)
