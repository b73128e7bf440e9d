"""Networks on OpenVINO in bfloat16: every option of that runtime is here, with its reason.

It is an extra (`siaga[openvino]`), imported only where a network is to run on it.
"""

import sys
from collections import deque
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from detector.errors import NetworkError

_REPORTERS: Final = ("openvino_telemetry", "openvino.tools.ovc")
"""Importing OpenVINO imports its converter of models, which we do not use, and that reports the
import to its maker. A border service calls nobody: both count as not installed."""


def installed_version() -> str | None:
    """Return OpenVINO's version without importing it, None where it is not installed."""
    try:
        return version("openvino")
    except PackageNotFoundError:
        return None


def _imported() -> Any:  # noqa: ANN401 - the runtime ships no usable types
    for name in _REPORTERS:
        # For Python, there is then no such module.
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        import openvino  # noqa: PLC0415 - an extra, and a fifth of a second
    except ImportError as error:
        raise NetworkError(f"OpenVINO cannot be loaded: {error}") from error
    return openvino


class OpenVinoNetwork:
    """A network of one input, called like a function. Safe to call from several threads.

    It takes one row at a time, however many it is given: the graph is then fixed in shape, which
    saves 4 % of a single face, the case that counts, and costs 14 % of one among many. And a face's
    embedding does not depend on its neighbours.

    It is compiled as often as threads ever ran it together, whenever none is idle: 0.15 s and 27 MB
    each. Only with a single stream does the runtime work on the caller's own thread, by whose
    processor time the service admits photos; several streams have threads of their own.
    """

    def __init__(self, path: Path) -> None:
        """Load a verified and compiled ONNX file.

        Raises:
            NetworkError: the runtime is not there, or cannot load the file.
        """
        self.path = path
        openvino = _imported()
        try:
            self._core = openvino.Core()
            self._model = self._core.read_model(str(path))
            shapes = [each.partial_shape for each in self._model.inputs]
            if len(shapes) != 1:
                raise NetworkError(f"{path.name} wants {len(shapes)} inputs, not one")
            self._model.reshape([1, *(each.get_length() for each in list(shapes[0])[1:])])
            self._idle: deque[Any] = deque([self._request()])
        except RuntimeError as error:
            raise NetworkError(f"OpenVINO cannot load {path.name}: {error}") from error

    def __call__(self, batch: npt.NDArray[np.float32]) -> Sequence[npt.NDArray[Any]]:
        """Run the network on float32 (N, C, H, W); returns its outputs in the graph's order.

        Raises:
            NetworkError: the batch is not what the network takes.
        """
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._request()
        try:
            rows = [_run(request, batch[i : i + 1]) for i in range(len(batch))]
        except RuntimeError as error:
            raise NetworkError(f"{self.path.name} does not take {batch.shape}: {error}") from error
        finally:
            self._idle.append(request)
        return [np.concatenate(outputs) for outputs in zip(*rows, strict=True)]

    def _request(self) -> Any:  # noqa: ANN401
        return self._core.compile_model(self._model, "CPU", _OPTIONS).create_infer_request()


def _run(request: Any, row: npt.NDArray[np.float32]) -> list[npt.NDArray[Any]]:  # noqa: ANN401
    results = request.infer({0: row}, share_inputs=True)
    # Copied: the next face is written where these are.
    return [np.array(each) for each in results.values()]


_OPTIONS: Final[dict[str, Any]] = {
    "INFERENCE_PRECISION_HINT": "bf16",
    # As with ONNX Runtime: a network runs on its caller's thread and on no other.
    "NUM_STREAMS": 1,
    "INFERENCE_NUM_THREADS": 1,
    # It would bind the caller's thread to a processor of its choice.
    "ENABLE_CPU_PINNING": False,
    "ENABLE_CPU_RESERVATION": False,
}
