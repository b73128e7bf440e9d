"""Verified weights in, an equivalent graph that ONNX Runtime runs fast out.

Published graphs are written for training frameworks. `models.passes` takes out what costs time or
trouble on a CPU; `detector.compiled_check` proves the numbers on real faces; the result is cached.
"""

import hashlib
from importlib.metadata import version
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from models.atomic import replacing
from models.errors import CompileFailed
from models.graph import Graph
from models.passes import PASSES

# Raise whenever a pass changes what it produces: old cached files are then left unused.
COMPILER_VERSION = 4


def compile_model(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return an equivalent model after all passes; the argument is left as it was.

    Raises:
        CompileFailed: the result is not a valid ONNX model.
    """
    graph = Graph.from_model(model)
    for each in PASSES:
        each(graph)
    compiled = graph.to_model()
    try:
        onnx.checker.check_model(compiled)
    except onnx.checker.ValidationError as error:
        raise CompileFailed(f"the rewritten graph is not valid ONNX: {error}") from error
    return compiled


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
    try:
        model = onnx.load(str(source))
    except (DecodeError, OSError) as error:
        raise CompileFailed(f"{source.name} cannot be read as ONNX: {error}") from error
    content = compile_model(model).SerializeToString()
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
