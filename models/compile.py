"""Verified weights in, an equivalent graph that ONNX Runtime runs fast out.

Published graphs are written for training frameworks. `models.passes` takes out what costs time or
trouble on a CPU; `detector.compiled_check` proves the numbers on real faces; `models.compiled`
keeps the result. Raise its version whenever a pass changes what it produces.
"""

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from models.errors import CompileFailed
from models.graph import Graph
from models.passes import PASSES


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


def compile_file(source: Path) -> bytes:
    """Return the compiled form of an ONNX file.

    Raises:
        CompileFailed: it cannot be parsed, or its rewritten graph is not valid.
    """
    try:
        model = onnx.load(str(source))
    except (DecodeError, OSError) as error:
        raise CompileFailed(f"{source.name} cannot be read as ONNX: {error}") from error
    return compile_model(model).SerializeToString()
