"""Sessions: quiet, typed errors, and no call home."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from detector.errors import NetworkError
from detector.session import Network, session_options

COUNT_THREADS = """
import os, sys
if sys.argv[1] == "ours":
    import detector.session
else:
    import numpy
    if sys.argv[1] == "off":
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime
print(len(os.listdir("/proc/self/task")))
"""


def threads_after_import(which: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", COUNT_THREADS, which],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        # CI variables switch the reports off too, which would make this test say nothing.
        env={"PATH": "/usr/bin:/bin", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    return int(done.stdout)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc")
def test_the_runtime_starts_no_thread_to_report_home():
    assert threads_after_import("ours") == threads_after_import("off")


def test_options_are_what_the_service_relies_on():
    options = session_options(3)
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_running_a_network_leaves_the_processor_s_arithmetic_alone(pipeline):
    """The runtime has an option that does not; property tests over floats then fail at random."""
    pipeline.detector.detect(np.zeros((320, 320, 3), np.uint8), 320)
    subnormal = np.array([1e-40], np.float32)
    assert subnormal[0] > 0
    assert (subnormal * np.float32(2))[0] > subnormal[0]


@pytest.mark.parametrize("content", [b"", b"not a network", b"\x08\x0a" * 100])
def test_a_file_that_is_no_network_is_a_typed_error(tmp_path, content, capfd):
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(NetworkError, match=r"cannot load broken\.onnx"):
        Network(path)
    with pytest.raises(NetworkError, match=r"missing\.onnx"):
        Network(tmp_path / "missing.onnx")
    assert capfd.readouterr().err == ""
