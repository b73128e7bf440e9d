"""Networks on ONNX Runtime: every runtime option of the project is here, with its reason."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

# From 1.29 the official Linux builds report every session (file and graph names, hashes) to their
# publisher unless this is set before the library is loaded. A border service calls nobody.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from detector.errors import NetworkError

# 0 verbose .. 4 fatal. Warnings are about graph details that an operator cannot act on.
_LOG_ERRORS_ONLY = 3


def session_options(threads: int) -> onnxruntime.SessionOptions:
    """Options for a session that runs on `threads` threads of the calling process."""
    options = onnxruntime.SessionOptions()
    # The service runs one request per worker thread; parallelism inside a network is explicit.
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _LOG_ERRORS_ONLY
    # A spinning pool thread burns a core that another request could use.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Not set: `session.set_denormal_as_zero`. It switches the processor's arithmetic for whichever
    # thread happens to create the process's first session, and for Python's own floats there too.
    # `models.compile` removes the weights that would lead to subnormal numbers instead.
    return options


def open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """Create a CPU session from a verified (and usually compiled) ONNX file.

    Raises:
        NetworkError: the runtime cannot load the file.
    """
    try:
        return onnxruntime.InferenceSession(
            str(path), session_options(threads), providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # the runtime's exceptions have no common base but Exception
        raise NetworkError(f"ONNX Runtime cannot load {path.name}: {error}") from error


def zeros_for_unread_inputs(
    session: onnxruntime.InferenceSession,
) -> dict[str, npt.NDArray[np.float32]]:
    """Return what a published graph must be fed besides the image, its first input.

    Some list weights as inputs that no node reads; the runtime insists on them all the same.
    """
    return {each.name: np.zeros(each.shape, np.float32) for each in session.get_inputs()[1:]}


class Runnable(Protocol):
    """A network of one input, whatever runs it. Safe to call from several threads."""

    @property
    def path(self) -> Path:
        """Its file."""
        ...

    def __call__(self, batch: npt.NDArray[np.float32], /) -> Sequence[npt.NDArray[Any]]:
        """Run the network on float32 (N, C, H, W); returns its outputs in the graph's order."""
        ...


class Network:
    """A session with one input, called like a function. Safe to call from several threads."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.path = path
        self.session = open_session(path, threads)
        inputs = self.session.get_inputs()
        if len(inputs) != 1:
            names = ", ".join(each.name for each in inputs[:4])
            raise NetworkError(f"{path.name} wants {len(inputs)} inputs ({names}, ...), not one")
        self._input: str = inputs[0].name
        self.output_names: tuple[str, ...] = tuple(o.name for o in self.session.get_outputs())

    def __call__(self, batch: npt.NDArray[np.float32]) -> Sequence[npt.NDArray[Any]]:
        """Run the network on float32 (N, C, H, W); returns its outputs in the graph's order."""
        outputs: Sequence[npt.NDArray[Any]] = self.session.run(None, {self._input: batch})
        return outputs
