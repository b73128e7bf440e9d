"""The recognisers on OpenVINO: equal enough, safe between threads, silent; and a service on it.

Skipped where OpenVINO is not installed (`make openvino`), or the processor has no bfloat16.
"""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from config.opening import open_service
from config.settings import Settings
from detector.compiled_check import packaged_chips
from detector.embed import NetworkEmbedder, input_batch
from detector.errors import NetworkError, RuntimeRefused
from detector.loading import load_pipeline
from detector.openvino_session import OpenVinoNetwork, installed_version
from detector.processor import bf16_instructions
from detector.runtime_check import chips_of, least_cosine, prove_openvino
from detector.runtime_choice import runtime_state
from detector.session import Network
from models.compiled import compiled_path
from models.root import default_root
from models.runtimes import LEAST_COSINE, Runtime, write_proof
from models.store import ModelStore
from tests.cli.conftest import begin
from tests.data import encoded, image_of
from tests.deadlines import patience
from tests.detector.test_compiled_check import changed_copy
from tests.models.test_runtimes import proof

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.more,
    pytest.mark.skipif(installed_version() is None, reason="needs OpenVINO: make openvino"),
    pytest.mark.skipif(bf16_instructions() is None, reason="needs a processor with bfloat16"),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A models folder of its own, on the same weights: proofs of these tests stay here."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "weights").symlink_to(default_root() / "weights")
    return folder


@pytest.fixture(scope="module")
def compiled(root, weights, pack):
    return compiled_path(weights.recogniser, pack.recogniser.sha256, root / "compiled")


@pytest.fixture(scope="module")
def chips(pipeline):
    return packaged_chips(pipeline)


@pytest.fixture(scope="module")
def network(compiled):
    return OpenVinoNetwork(compiled)


@pytest.fixture
def batches(chips, pack):
    return [input_batch([chip], pack.recogniser.preprocessing) for chip in chips]


def test_the_default_pack_is_equal_enough(compiled, network, chips, pack):
    cosine = least_cosine(Network(compiled), network, chips, pack.recogniser)
    assert LEAST_COSINE <= cosine < 0.99999  # and it is another precision


def test_a_face_does_not_depend_on_its_neighbours(network, chips, pack):
    embedder = NetworkEmbedder(network, pack.recogniser.preprocessing, 128)
    together = embedder.embed(chips)
    alone = np.concatenate([embedder.embed([chip]) for chip in chips])
    assert np.array_equal(together, alone)


def test_threads_do_not_get_each_other_s_faces(network, batches):
    expected = [network(batch)[0].copy() for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: (n, network(batches[n % 6])[0]), range(120)))
    for number, row in found:
        assert np.array_equal(row, expected[number % 6])


def test_it_works_on_the_caller_s_thread_and_leaves_it_where_it_may_run(network, batches):
    before = os.sched_getaffinity(0)
    process, thread = time.process_time(), time.thread_time()
    for _ in range(10):
        network(batches[0])
    thread, process = time.thread_time() - thread, time.process_time() - process
    assert thread > 0.9 * process, "others worked too"
    assert os.sched_getaffinity(0) == before


def test_what_is_no_network_or_no_batch_of_it_is_a_typed_error(network, tmp_path):
    (tmp_path / "none.onnx").write_bytes(b"not a network")
    with pytest.raises(NetworkError, match=r"none\.onnx"):
        OpenVinoNetwork(tmp_path / "none.onnx")
    with pytest.raises(NetworkError, match="does not take"):
        network(np.zeros((1, 3, 64, 64), np.float32))
    assert network(np.zeros((1, 3, 112, 112), np.float32))[0].shape == (1, 128)


def test_a_network_that_computes_something_else_is_refused(compiled, tmp_path, chips, pack):
    other = changed_copy(compiled, tmp_path / "other.onnx", 0.2)
    cosine = least_cosine(Network(compiled), OpenVinoNetwork(other), chips, pack.recogniser)
    assert cosine < LEAST_COSINE


def test_the_proof_opens_the_way_and_a_bad_one_closes_it(root, compiled, pack, chips):
    store = ModelStore(root)
    with pytest.raises(RuntimeRefused, match="siaga models compile open"):
        load_pipeline(pack, store, runtime="openvino")
    assert load_pipeline(pack, store, runtime="auto").runtime is Runtime.ONNXRUNTIME
    made = prove_openvino([(pack.recogniser, compiled)], chips, runtime_state([compiled]))
    assert (made.passed, made.faces) == (True, 6)
    for name in ("auto", "openvino"):
        pipeline = load_pipeline(pack, store, runtime=name)
        assert pipeline.runtime is Runtime.OPENVINO_BF16
        assert pipeline.analyse(encoded(image_of("astronaut"))).embedding is not None
    write_proof(compiled, proof(0.9, made.version, made.instructions))
    with pytest.raises(RuntimeRefused, match=r"least cosine 0\.9000"):
        load_pipeline(pack, store, runtime="openvino")
    assert load_pipeline(pack, store, runtime="auto").runtime is Runtime.ONNXRUNTIME


def test_photos_of_one_s_own_are_proof_too(pipeline, tmp_path):
    (tmp_path / "face.jpg").write_bytes(encoded(image_of("astronaut")))
    (tmp_path / "none.jpg").write_bytes(encoded(image_of("coffee")))
    (tmp_path / "text.jpg").write_bytes(b"no photo")
    found = chips_of(pipeline, sorted(tmp_path.iterdir()))
    assert [chip.shape for chip in found] == [(112, 112, 3)]


_REPORTER = """
from pathlib import Path
Path(__file__).with_name("called").touch()
class Telemetry:
    def __init__(self, *_, **__): pass
    def send_event(self, *_, **__): pass
"""


def test_nothing_is_reported_to_its_maker(tmp_path, compiled):
    package = tmp_path / "openvino_telemetry"
    package.mkdir()
    (package / "__init__.py").write_text(_REPORTER)
    (package / "backend.py").write_text("backend_ga4 = None")
    variables = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, (tmp_path, ROOT, ROOT / "client")))
    }

    def run(code):
        subprocess.run(
            [sys.executable, "-c", code], env=variables, check=True, timeout=patience(60)
        )
        return (package / "called").exists()

    ours = (
        "from pathlib import Path; from detector.openvino_session import OpenVinoNetwork;"
        f"OpenVinoNetwork(Path({str(compiled)!r}))"
    )
    assert not run(ours)
    assert run("import openvino"), "as it comes, importing it reports the import"


def test_the_command_proves_and_a_service_runs_on_it(root, compiled, tmp_path):
    variables = os.environ | {
        "SIAGA_MODELS_DIR": str(root),
        "SIAGA_RUNTIME": "openvino",
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "client"))),
    }
    for path in compiled.parent.glob("*.json"):
        path.unlink()

    def siaga(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "cli", "models", *arguments],
            env=variables,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=patience(60),
            check=False,
        )

    assert siaga("status", "--json").returncode == 1
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "face.jpg").write_bytes(encoded(image_of("astronaut")))
    told = siaga("compile", "open", "--faces", str(photos), "--json")
    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout)["openvino"]["faces"] == 7
    status = json.loads(siaga("status", "--json").stdout)
    assert (status["runtime"], status["obstacle"]) == ("openvino-bf16", None)
    assert siaga("compile", "open").returncode == 0
    kept = json.loads(siaga("status", "--json").stdout)["proof"]
    assert kept == status["proof"], "a proof on more faces is not replaced by one on fewer"
    begin(tmp_path / "var")
    settings = Settings(data_dir=tmp_path / "var", models_dir=root, runtime="openvino", workers=2)
    with open_service(settings) as service:
        assert service.pipeline.runtime is Runtime.OPENVINO_BF16
