"""Compiled networks, kept: made when they are first asked for, and checked whenever they are.

The ONNX library is imported only where a network is not compiled yet.
"""

import hashlib
from importlib.metadata import version
from pathlib import Path

from models.atomic import replacing

# Raise whenever a pass changes what it produces: old cached files are then left unused.
COMPILER_VERSION = 4


def compiled_path(source: Path, sha256: str, cache: Path) -> Path:
    """Return the compiled form of a verified weights file, compiling it if the cache lacks it.

    Args:
        source: the verified ONNX file.
        sha256: its digest, hexadecimal; part of the cache key together with the versions of this
            compiler and of ONNX Runtime, so that an upgrade of either compiles afresh.
        cache: folder for compiled files; created if missing. Each has a `.sha256` beside it,
            checked here, so that a damaged cache is rebuilt and never loaded.

    Raises:
        CompileFailed: the source cannot be parsed, or its rewritten graph is not valid.
    """
    key = f"{sha256[:32]}-c{COMPILER_VERSION}-ort{version('onnxruntime')}"
    target = cache / f"{key}.onnx"
    seal = target.with_suffix(".sha256")
    if _is_intact(target, seal):
        return target
    from models.compile import compile_file  # noqa: PLC0415 - most starts compile nothing

    content = compile_file(source)
    with replacing(target) as file:
        file.write(content)
    with replacing(seal) as file:
        file.write(hashlib.sha256(content).hexdigest().encode() + b"\n")
    return target


def _is_intact(target: Path, seal: Path) -> bool:
    """Whether a cached file is there and is what its seal says; a damaged seal is no seal."""
    try:
        with target.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return seal.read_bytes().strip() == digest.encode()
    except FileNotFoundError:
        return False
