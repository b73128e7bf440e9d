"""Which runtime is chosen, for every setting and everything that may speak against OpenVINO."""

import pytest

from detector.errors import RuntimeRefused
from detector.processor import bf16_instructions
from detector.runtime_choice import RuntimeState, choose, runtime_state
from models.runtimes import Runtime
from tests.models.test_runtimes import proof

PROVEN = RuntimeState("2026.4.1", "avx512_bf16", proof())
OBSTACLES = {
    "is not installed": RuntimeState(None, "avx512_bf16", None),
    "does not compute in bfloat16": RuntimeState("2026.4.1", None, None),
    "siaga models compile open": RuntimeState("2026.4.1", "avx512_bf16", None),
    "least cosine 0.9970 on 6 faces": RuntimeState("2026.4.1", "avx512_bf16", proof(0.997)),
}


def test_onnx_runtime_is_chosen_whatever_is_here():
    for state in (PROVEN, *OBSTACLES.values()):
        assert choose("onnxruntime", state, "open") is Runtime.ONNXRUNTIME


@pytest.mark.parametrize("name", ["auto", "openvino"])
def test_openvino_is_chosen_where_nothing_speaks_against_it(name):
    assert PROVEN.obstacle("open") is None
    assert choose(name, PROVEN, "open") is Runtime.OPENVINO_BF16


@pytest.mark.parametrize("why", OBSTACLES)
def test_what_speaks_against_it_is_said_or_leaves_onnx_runtime(why):
    state = OBSTACLES[why]
    assert why in str(state.obstacle("open"))
    assert choose("auto", state, "open") is Runtime.ONNXRUNTIME
    with pytest.raises(RuntimeRefused, match=why):
        choose("openvino", state, "open")


def test_no_proof_of_one_network_is_no_proof_of_a_pack(tmp_path):
    assert runtime_state([tmp_path / "first.onnx", tmp_path / "second.onnx"]).proof is None


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        (["fpu avx512f"], None),
        (["fpu avx512f avx512_bf16"], "avx512_bf16"),
        (["avx512_bf16 amx_bf16 amx_tile"], "amx_bf16"),
        (["avx512_bf16", "fpu"], None),  # cores of two kinds: a thread may run on either
        (["amx_bf16 avx512_bf16", "avx512_bf16"], "avx512_bf16"),
        (["xavx512_bf16x"], None),
    ],
)
def test_every_processor_has_to_have_the_instructions(tmp_path, flags, found):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(
        "".join(f"processor\t: {n}\nflags\t\t: {f}\n\n" for n, f in enumerate(flags))
    )
    assert bf16_instructions(cpuinfo) == found


def test_an_unknown_processor_has_none(tmp_path):
    assert bf16_instructions(tmp_path / "absent") is None
    (tmp_path / "arm").write_text("processor\t: 0\nFeatures\t: fp asimd bf16\n")
    assert bf16_instructions(tmp_path / "arm") is None
