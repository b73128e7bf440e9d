"""Every pass on small graphs, against ONNX Runtime (or ONNX's reference) on the graph before it."""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper, reference

from detector.compiled_check import packaged_chips, verify_compiled
from detector.embed import input_batch, unit_rows
from detector.session import open_session, session_options, zeros_for_unread_inputs
from models import compile as compiler
from models import compiled as cache_module
from models import passes
from models.compile import compile_model
from models.compiled import compiled_path
from models.errors import CompileFailed
from models.graph import Graph
from models.passes import PASSES
from tests.data import image_of
from tests.deadlines import patience

SEEDS = st.integers(0, 2**32 - 1)
CHANNELS = st.integers(2, 5)
LIGHT = settings(max_examples=20, deadline=None)


def model_of(nodes, inputs, outputs, constants=None, opset=21):
    """A model from nodes; inputs and outputs map a name to its shape, constants to an array."""
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs.items()],
        [numpy_helper.from_array(np.asarray(v), n) for n, v in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    onnx.checker.check_model(model)
    return model


def run(model, feed):
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), session_options(1), providers=["CPUExecutionProvider"]
    )
    return session.run(None, feed)


def by_definition(model, feed) -> Any:
    """The first output, by ONNX's own slow reference."""
    outputs: Any = reference.ReferenceEvaluator(model).run(None, feed)
    return outputs[0]


def after(model, *passes):
    """The model after these passes, and nothing else."""
    graph = Graph.from_model(model)
    for each in passes:
        each(graph)
    changed = graph.to_model()
    onnx.checker.check_model(changed, full_check=True)
    return changed


def operators(model):
    return sorted(node.op_type for node in model.graph.node)


def f32(values) -> np.ndarray:
    return np.array(values, np.float32)


def i64(values) -> np.ndarray:
    return np.array(values, np.int64)


def floats(rng: np.random.Generator, *shape: int):
    return rng.normal(0, 1, shape).astype(np.float32)


def normalisation(rng, channels, name):
    """Constants of a BatchNormalization, as training leaves them."""
    return {
        f"{name}_gamma": floats(rng, channels),
        f"{name}_beta": floats(rng, channels),
        f"{name}_mean": floats(rng, channels),
        f"{name}_variance": rng.uniform(0.01, 4, channels).astype(np.float32),
    }


def batch_norm(name, x, y, **attributes):
    parameters = [f"{name}_{part}" for part in ("gamma", "beta", "mean", "variance")]
    return helper.make_node("BatchNormalization", [x, *parameters], [y], **attributes)


# -- drop_dangling_inputs


def test_weights_listed_as_inputs_are_asked_for_no_longer():
    weight = np.ones((2, 1, 1, 1), np.float32)
    model = model_of(
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        {"unread": [7], "x": [1, 1, 2, 2], "w": [2, 1, 1, 1]},
        {"y": [1, 2, 2, 2]},
        {"w": weight, "orphan": weight},
    )
    lean = after(model, passes.drop_dangling_inputs)
    assert [value.name for value in lean.graph.input] == ["x"]
    assert [value.name for value in lean.graph.initializer] == ["w"]
    assert [value.name for value in model.graph.input] == ["unread", "x", "w"], "left as it was"


# -- fold_constants


@LIGHT
@given(
    layout=st.sampled_from(["tensor", "axis", "block"]),
    dtype=st.sampled_from([np.int8, np.uint8]),
    zero_point=st.booleans(),
    seed=SEEDS,
)
def test_quantised_weights_become_the_floats_they_stand_for(layout, dtype, zero_point, seed):
    rng = np.random.default_rng(seed)
    limits = np.iinfo(dtype)
    quantised = rng.integers(limits.min, limits.max, (4, 6), dtype, endpoint=True)
    shape = {"tensor": (), "axis": (6,), "block": (4, 3)}[layout]
    blocks: Any = {"tensor": {}, "axis": {"axis": 1}, "block": {"axis": 1, "block_size": 2}}
    constants = {"q": quantised, "scale": rng.uniform(0.01, 2, shape).astype(np.float32)}
    if zero_point:
        constants["zero"] = rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)
    model = model_of(
        [
            helper.make_node("DequantizeLinear", list(constants), ["w"], **blocks[layout]),
            helper.make_node("MatMul", ["x", "w"], ["y"]),
        ],
        {"x": [2, 4]},
        {"y": [2, 6]},
        constants,
    )
    folded = after(model, passes.fold_constants)
    assert operators(folded) == ["MatMul"]
    assert [value.name for value in folded.graph.initializer] == ["w"]
    feed = {"x": floats(rng, 2, 4)}
    # Not the runtime: it would quantise x too, to multiply integers.
    expected = by_definition(model, feed)
    np.testing.assert_allclose(run(folded, feed)[0], expected, rtol=1e-5, atol=1e-3)


def test_only_what_is_known_small_and_reproducible_is_folded(monkeypatch):
    nodes = [
        helper.make_node("Add", ["a", "a"], ["twice"]),
        helper.make_node("Mul", ["x", "twice"], ["z"]),
        helper.make_node("RandomNormal", [], ["noise"], shape=[2]),
        helper.make_node("Add", ["z", "noise"], ["y"]),
        helper.make_node("Identity", ["a"], ["copy"]),
    ]
    model = model_of(nodes, {"x": [2]}, {"y": [2], "copy": [2]}, {"a": f32([1, 2])})
    kept = ["Add", "Identity", "Mul", "RandomNormal"]
    assert operators(after(model, passes.fold_constants)) == kept
    monkeypatch.setattr(passes, "_MAX_FOLDED_BYTES", 7)
    assert operators(after(model, passes.fold_constants)) == ["Add", *kept]


def test_a_node_that_only_the_runtime_knows_is_left_to_it():
    gelu = helper.make_node("Gelu", ["a"], ["b"], domain="com.microsoft")
    graph = helper.make_graph(
        [gelu, helper.make_node("Add", ["x", "b"], ["y"])],
        "contributed",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])],
        [numpy_helper.from_array(f32([1, -1]), "a")],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    compiled = compile_model(model)
    assert operators(compiled) == ["Add", "Gelu"]
    feed = {"x": f32([0.5, 3])}
    np.testing.assert_array_equal(run(compiled, feed)[0], run(model, feed)[0])


# -- drop_identities


def test_chains_of_idle_nodes_go_and_outputs_keep_their_names():
    model = model_of(
        [
            helper.make_node("Identity", ["x"], ["a"]),
            helper.make_node("Dropout", ["a"], ["b"]),
            helper.make_node("Relu", ["b"], ["c"]),
            helper.make_node("Identity", ["c"], ["y"]),
        ],
        {"x": [3]},
        {"y": [3]},
    )
    lean = after(model, passes.drop_identities)
    assert operators(lean) == ["Identity", "Relu"]
    feed = {"x": f32([-1, 0, 2])}
    np.testing.assert_array_equal(run(lean, feed)[0], [0, 0, 2])


def test_a_dropout_whose_mask_is_read_stays():
    nodes = [
        helper.make_node("Dropout", ["x"], ["a", "mask"]),
        helper.make_node("Cast", ["mask"], ["m"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["a", "m"], ["y"]),
    ]
    model = model_of(nodes, {"x": [3]}, {"y": [3]})
    assert operators(after(model, passes.drop_identities)) == ["Add", "Cast", "Dropout"]


# -- fold_batch_normalisation


@LIGHT
@given(channels=CHANNELS, bias=st.booleans(), groups=st.booleans(), seed=SEEDS)
def test_normalisation_folds_into_the_convolution_before_it(channels, bias, groups, seed):
    rng = np.random.default_rng(seed)
    inputs = channels if groups else 3
    constants = {"w": floats(rng, channels, 1 if groups else 3, 3, 3)}
    constants |= {"b": floats(rng, channels)} if bias else {}
    model = model_of(
        [
            helper.make_node("Conv", ["x", *constants], ["c"], group=channels if groups else 1),
            batch_norm("n", "c", "d", epsilon=1e-3),
            helper.make_node("Relu", ["d"], ["y"]),
        ],
        {"x": [1, inputs, 5, 6]},
        {"y": [1, channels, 3, 4]},
        constants | normalisation(rng, channels, "n"),
    )
    folded = after(model, passes.fold_batch_normalisation)
    assert operators(folded) == ["Conv", "Relu"]
    feed = {"x": floats(rng, 1, inputs, 5, 6)}
    np.testing.assert_allclose(run(folded, feed)[0], run(model, feed)[0], rtol=1e-3, atol=1e-3)


@LIGHT
@given(
    transposed=st.booleans(),
    bias=st.sampled_from([None, (), (1,), (4,), (1, 4), (2, 1)]),
    seed=SEEDS,
)
def test_normalisation_folds_into_the_matrix_product_before_it(transposed, bias, seed):
    rng = np.random.default_rng(seed)
    constants = {"w": floats(rng, 4, 3) if transposed else floats(rng, 3, 4)}
    constants |= {} if bias is None else {"b": floats(rng, *bias)}
    model = model_of(
        [
            helper.make_node("Gemm", ["x", *constants], ["c"], transB=int(transposed)),
            batch_norm("n", "c", "y"),
        ],
        {"x": [2, 3]},
        {"y": [2, 4]},
        constants | normalisation(rng, 4, "n"),
    )
    folded = after(model, passes.fold_batch_normalisation)
    assert operators(folded) == ["Gemm"]
    feed = {"x": floats(rng, 2, 3)}
    np.testing.assert_allclose(run(folded, feed)[0], run(model, feed)[0], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("why", ["second reader", "graph output", "scaled product", "half floats"])
def test_normalisation_stays_where_folding_would_change_something_else(why):
    rng = np.random.default_rng(1)
    constants = {"w": floats(rng, 3, 4)} | normalisation(rng, 4, "n")
    product = helper.make_node("Gemm", ["x", "w"], ["c"])
    nodes, outputs = [product, batch_norm("n", "c", "y")], {"y": [2, 4]}
    if why == "second reader":
        nodes.append(helper.make_node("Relu", ["c"], ["z"]))
        outputs["z"] = [2, 4]
    elif why == "graph output":
        outputs["c"] = [2, 4]
    elif why == "scaled product":
        product.attribute.append(helper.make_attribute("alpha", 0.5))
    else:
        constants["half"] = constants.pop("w").astype(np.float16)
        nodes.insert(0, helper.make_node("Cast", ["x"], ["h"], to=TensorProto.FLOAT16))
        nodes[1] = helper.make_node("Gemm", ["h", "half"], ["g"])
        nodes.insert(2, helper.make_node("Cast", ["g"], ["c"], to=TensorProto.FLOAT))
    model = model_of(nodes, {"x": [2, 3]}, outputs, constants)
    folded = after(model, passes.fold_batch_normalisation)
    assert operators(folded) == operators(model)
    feed = {"x": floats(rng, 2, 3)}
    for mine, theirs in zip(run(folded, feed), run(model, feed), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_one_weight_used_by_two_convolutions_is_scaled_for_one_only():
    rng = np.random.default_rng(2)
    model = model_of(
        [
            helper.make_node("Conv", ["x", "w"], ["c"]),
            batch_norm("n", "c", "d"),
            helper.make_node("Conv", ["d", "w"], ["y"]),
        ],
        {"x": [1, 3, 2, 2]},
        {"y": [1, 3, 2, 2]},
        {"w": floats(rng, 3, 3, 1, 1)} | normalisation(rng, 3, "n"),
    )
    folded = after(model, passes.fold_batch_normalisation)
    assert operators(folded) == ["Conv", "Conv"]
    feed = {"x": floats(rng, 1, 3, 2, 2)}
    np.testing.assert_allclose(run(folded, feed)[0], run(model, feed)[0], rtol=1e-4, atol=1e-4)


# -- rewrite_prelu


@LIGHT
@given(
    slopes=st.lists(st.floats(-8, 8, width=32, allow_subnormal=False), min_size=2, max_size=6),
    seed=SEEDS,
)
def test_prelu_per_channel_is_rewritten_without_loss(slopes, seed):
    rng = np.random.default_rng(seed)
    slope = f32(slopes).reshape(-1, 1, 1)
    shape = [1, len(slopes), 3, 4]
    model = model_of(
        [helper.make_node("PRelu", ["x", "a"], ["y"])], {"x": shape}, {"y": shape}, {"a": slope}
    )
    rewritten = after(model, passes.rewrite_prelu)
    assert operators(rewritten) == ["Add", "Conv", "Conv", "Relu"]
    x = floats(rng, *shape) * 100
    expected = by_definition(model, {"x": x})
    # Where x > 0 the slope cancels out of a*x + (1-a)*x: its rounding stays.
    bound = 4 * np.finfo(np.float32).eps * (1 + np.abs(slope)) * np.abs(x)
    assert np.all(np.abs(run(rewritten, {"x": x})[0] - expected) <= bound + 1e-30)


@pytest.mark.parametrize("shape", [(1,), (1, 1, 1), (4,), (3, 1, 4)])
def test_prelu_with_other_slopes_is_left_alone(shape):
    slope = np.linspace(-0.5, 2, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    nodes = [helper.make_node("PRelu", ["x", "a"], ["y"])]
    model = model_of(nodes, {"x": [1, 3, 2, 4]}, {"y": [1, 3, 2, 4]}, {"a": slope})
    assert operators(after(model, passes.rewrite_prelu)) == ["PRelu"]


def test_prelu_with_a_computed_slope_is_left_alone():
    nodes = [helper.make_node("PRelu", ["x", "a"], ["y"])]
    model = model_of(nodes, {"x": [1, 3, 2, 4], "a": [3, 1, 1]}, {"y": [1, 3, 2, 4]})
    assert operators(after(model, passes.rewrite_prelu)) == ["PRelu"]


def test_rewritten_prelu_does_not_take_a_name_that_is_in_use():
    nodes = [
        helper.make_node("PRelu", ["x", "a"], ["v"]),
        helper.make_node("Sigmoid", ["v"], ["v_relu"]),
        helper.make_node("Mul", ["v", "v_relu"], ["y"]),
    ]
    slope = f32([0.1, 2]).reshape(2, 1, 1)
    model = model_of(nodes, {"x": [1, 2, 1, 2]}, {"y": [1, 2, 1, 2]}, {"a": slope})
    feed = {"x": f32([-1, 1, -2, 2]).reshape(1, 2, 1, 2)}
    rewritten = after(model, passes.rewrite_prelu)
    np.testing.assert_allclose(run(rewritten, feed)[0], run(model, feed)[0], rtol=1e-6)


# -- flush_denormals


@pytest.mark.parametrize("processor_sees_them", [True, False])
def test_negligible_weights_become_zero_and_no_others(processor_sees_them):
    script = """
import sys
import numpy as np
import onnxruntime
from onnx import numpy_helper
from models.passes import flush_denormals
from tests.models.test_compile import after, helper, model_of

subnormal = np.uint32([1, 0x80000001, 0x7FFFFF]).view("f4")
rest = np.float32([0, 1e-38, -9e-21, 1.1e-20, -1.1e-20, 1, np.inf, -3e38])
weights = np.concatenate([subnormal, rest])
shape = {"x": [11]}
model = model_of([helper.make_node("Add", ["x", "w"], ["y"])], shape, {"y": [11]}, {"w": weights})
if sys.argv[1] == "False":  # another library may have changed the processor's arithmetic
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    onnxruntime.InferenceSession(model.SerializeToString(), options)
    assert not subnormal[2] > 0
flushed = numpy_helper.to_array(after(model, flush_denormals).graph.initializer[0])
print((flushed.view("u4") == weights.view("u4")).astype(int), *flushed.view("u4")[:3])
"""
    done = python(script, str(processor_sees_them))
    assert (done.stdout, done.stderr) == ("[0 0 0 1 0 0 1 1 1 1 1] 0 0 0\n", "")


def test_integers_are_not_touched_by_flushing():
    nodes = [helper.make_node("Reshape", ["x", "s"], ["y"])]
    model = model_of(nodes, {"x": [2, 3]}, {"y": [3, 2]}, {"s": i64([3, 2])})
    shape = numpy_helper.to_array(after(model, passes.flush_denormals).graph.initializer[0])
    np.testing.assert_array_equal(shape, [3, 2])


# -- free_batch


def recogniser_like(rng, reshape):
    """A convolution, a reshape and a matrix product: batch and size fixed as published."""
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("Reshape", ["c", "s"], ["r"]),
        helper.make_node("Gemm", ["r", "v"], ["y"]),
    ]
    constants = {"w": floats(rng, 2, 3, 1, 1), "s": i64(reshape), "v": floats(rng, 32, 5)}
    return model_of(nodes, {"x": [1, 3, 4, 4]}, {"y": [1, 5]}, constants)


@pytest.mark.parametrize("reshape", [[1, -1], [1, 32]])
@pytest.mark.parametrize("count", [1, 3])
def test_a_recogniser_takes_several_images_at_once(reshape, count):
    rng = np.random.default_rng(3)
    model = recogniser_like(rng, reshape)
    batch = floats(rng, count, 3, 4, 4)
    one_by_one = np.concatenate([run(model, {"x": each[np.newaxis]})[0] for each in batch])
    freed = after(model, passes.free_batch)
    np.testing.assert_allclose(run(freed, {"x": batch})[0], one_by_one, rtol=1e-5, atol=1e-5)
    height, width = freed.graph.input[0].type.tensor_type.shape.dim[2:]
    assert (height.dim_value, width.dim_value) == (4, 4), "the matrix product fixes the size"
    assert freed.graph.output[0].type.tensor_type.shape.dim[-1].dim_value == 5


def test_a_reshape_whose_first_dimension_is_no_batch_keeps_its_meaning():
    """Detectors transpose to (height, width, batch, channels) before they flatten."""
    rng = np.random.default_rng(4)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("Transpose", ["c"], ["t"], perm=[2, 3, 0, 1]),
        helper.make_node("Reshape", ["t", "s"], ["y"]),
    ]
    constants = {"w": floats(rng, 2, 3, 1, 1), "s": i64([1, -1, 2])}
    model = model_of(nodes, {"x": [1, 3, 4, 4]}, {"y": [1, 16, 2]}, constants)
    feed = {"x": floats(rng, 1, 3, 4, 4)}
    freed = after(model, passes.free_batch)
    np.testing.assert_array_equal(run(freed, feed)[0], run(model, feed)[0])


def test_a_fully_convolutional_network_takes_any_size():
    rng = np.random.default_rng(5)
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"])]
    model = model_of(
        nodes, {"x": [1, 3, 4, 4]}, {"y": [1, 2, 4, 4]}, {"w": floats(rng, 2, 3, 1, 1)}
    )
    assert run(after(model, passes.free_batch), {"x": floats(rng, 2, 3, 6, 8)})[0].shape == (
        2, 2, 6, 8,
    )  # fmt: skip


# -- all passes together


def test_all_passes_together_on_a_block_as_face_networks_have_it():
    rng = np.random.default_rng(6)
    constants = {
        "q": rng.integers(-128, 127, (4, 3, 3, 3), np.int8),
        "scale": np.float32(0.02),
        "a": rng.uniform(-1, 3, (4, 1, 1)).astype(np.float32),
        "s": i64([1, -1]),
        "v": floats(rng, 144, 5),
        "tiny": f32([1e-42]),
    } | normalisation(rng, 4, "n")
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "scale"], ["w"]),
        helper.make_node("Conv", ["x", "w"], ["c"]),
        batch_norm("n", "c", "d"),
        helper.make_node("PRelu", ["d", "a"], ["p"]),
        helper.make_node("Dropout", ["p"], ["u"]),
        helper.make_node("Reshape", ["u", "s"], ["f"]),
        helper.make_node("Gemm", ["f", "v"], ["g"]),
        helper.make_node("Add", ["g", "tiny"], ["y"]),
    ]
    inputs = {"x": [1, 3, 8, 8], "unread": [2]}
    model = model_of(nodes, inputs, {"y": [1, 5]}, constants)
    before = model.SerializeToString()
    compiled = compile_model(model)
    assert model.SerializeToString() == before
    assert operators(compiled) == ["Add", "Add", "Conv", "Conv", "Conv", "Gemm", "Relu", "Reshape"]
    batch = floats(rng, 3, 3, 8, 8)
    unread = np.zeros(2, np.float32)
    expected = [run(model, {"x": x[np.newaxis], "unread": unread})[0] for x in batch]
    np.testing.assert_allclose(
        run(compiled, {"x": batch})[0], np.concatenate(expected), rtol=1e-3, atol=1e-3
    )


def test_a_graph_that_cannot_be_rewritten_is_refused():
    with pytest.raises(CompileFailed, match="not valid ONNX"):
        compile_model(onnx.ModelProto())


def test_passes_are_documented_in_their_order():
    documented = [f"`{each.__name__}`" in str(passes.__doc__) for each in PASSES]
    assert all(documented)
    positions = [str(passes.__doc__).index(f"`{each.__name__}`") for each in PASSES]
    assert positions == sorted(positions)


# -- the default pack's own networks


@pytest.fixture(scope="module")
def published_recogniser(weights):
    return open_session(weights.recogniser, 1)


@pytest.fixture(scope="module")
def compiled_recogniser(weights, pack, compiled_folder):
    return compiled_path(weights.recogniser, pack.recogniser.sha256, compiled_folder)


@pytest.fixture(scope="module")
def compiled_detector(weights, pack, compiled_folder):
    return compiled_path(weights.detector, pack.detector.sha256, compiled_folder)


def test_compiled_recogniser_is_proven_on_real_faces(weights, compiled_recogniser, pipeline, pack):
    chips = packaged_chips(pipeline)
    assert len(chips) == 6
    assert (
        verify_compiled(weights.recogniser, compiled_recogniser, chips, pack.recogniser) >= 0.9999
    )


def test_compiled_recogniser_has_no_slow_operators_left(compiled_recogniser):
    model = onnx.load(str(compiled_recogniser))
    slow = {"PRelu", "DequantizeLinear", "BatchNormalization", "Dropout", "Identity"}
    left = [node for node in model.graph.node if node.op_type in slow]
    # It follows the last PRelu, which is no convolution yet.
    assert [node.op_type for node in left] in ([], ["BatchNormalization"])
    assert [value.name for value in model.graph.input] == ["data"]


def test_compiled_detector_gives_what_the_published_one_gives(weights, compiled_detector):
    """Against OpenCV: ONNX Runtime refuses the published graph (a block size without blocks)."""
    batch = cv2.dnn.blobFromImage(image_of("t1")[200:840, 400:1040])
    published = cv2.dnn.readNetFromONNX(str(weights.detector))
    published.setInput(batch)
    theirs = published.forward(published.getUnconnectedOutLayersNames())
    compiled = open_session(compiled_detector, 1)
    mine = compiled.run(None, {"input": batch})
    for one, other in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)
    # and it takes sizes that the published graph does not
    assert compiled.run(["cls_32"], {"input": batch[:, :, :320, :256]})[0].shape == (1, 80, 1)


def test_published_recogniser_is_fed_zeros_for_weights_it_does_not_read(
    published_recogniser, compiled_recogniser, pipeline, pack
):
    chip = packaged_chips(pipeline)[0]
    batch = input_batch([chip], pack.recogniser.preprocessing)
    feed = zeros_for_unread_inputs(published_recogniser)
    assert len(feed) == 29
    rows = [
        unit_rows(published_recogniser.run(None, {**feed, "data": batch})[0]),
        unit_rows(open_session(compiled_recogniser, 1).run(None, {"data": batch})[0]),
    ]
    assert float(np.sum(rows[0] * rows[1])) >= 0.9999


def python(code: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )


LOAD = """
import sys
import numpy as np
from detector.session import Network
recogniser, detector = sys.argv[1:]
Network(__import__("pathlib").Path(recogniser))(np.zeros((2, 3, 112, 112), np.float32))
Network(__import__("pathlib").Path(detector))(np.zeros((1, 3, 320, 320), np.float32))
"""


def test_the_runtime_says_nothing_about_compiled_networks(compiled_recogniser, compiled_detector):
    done = python(LOAD, compiled_recogniser, compiled_detector)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# -- the cache


@pytest.fixture
def source(tmp_path):
    rng = np.random.default_rng(8)
    path = tmp_path / "source.onnx"
    onnx.save(recogniser_like(rng, [1, -1]), str(path))
    return path


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_second_call_takes_the_cached_file(source, tmp_path, monkeypatch):
    first = compiled_path(source, digest_of(source), tmp_path / "cache")
    monkeypatch.setattr(compiler, "compile_model", lambda model: pytest.fail("compiled again"))
    assert compiled_path(source, digest_of(source), tmp_path / "cache") == first


@pytest.mark.parametrize("harm", ["flip", "cut", "empty", "seal", "no seal", "no file"])
def test_a_damaged_cache_is_rebuilt(source, tmp_path, harm):
    sha256 = digest_of(source)
    target = compiled_path(source, sha256, tmp_path / "cache")
    seal, good = target.with_suffix(".sha256"), target.read_bytes()
    if harm == "flip":
        content = bytearray(good)
        content[len(content) // 2] ^= 1
        target.write_bytes(content)
    elif harm == "cut":
        target.write_bytes(good[:-10])
    elif harm == "empty":
        target.write_bytes(b"")
    elif harm == "seal":
        seal.write_bytes(b"\xff\xfe not a digest")
    elif harm == "no seal":
        seal.unlink()
    else:
        target.unlink()
    assert compiled_path(source, sha256, tmp_path / "cache") == target
    assert target.read_bytes() == good
    assert seal.read_text().strip() == digest_of(target)


def test_the_key_tells_source_compiler_and_runtime_apart(source, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    keys = [compiled_path(source, "a" * 64, cache), compiled_path(source, "b" * 64, cache)]
    monkeypatch.setattr(cache_module, "COMPILER_VERSION", cache_module.COMPILER_VERSION + 1)
    keys.append(compiled_path(source, "a" * 64, cache))
    monkeypatch.setattr(cache_module, "version", lambda package: "99.0")
    keys.append(compiled_path(source, "a" * 64, cache))
    assert len({key.name for key in keys}) == 4
    assert onnxruntime.__version__ in keys[0].name
    assert "99.0" in keys[3].name


@pytest.mark.parametrize("content", [b"", b"not an onnx file", b"\x08\x0a" * 40])
def test_a_source_that_is_not_onnx_is_refused_and_leaves_nothing(tmp_path, content):
    source = tmp_path / "bad.onnx"
    source.write_bytes(content)
    with pytest.raises(CompileFailed):
        compiled_path(source, "c" * 64, tmp_path / "cache")
    with pytest.raises(CompileFailed):
        compiled_path(tmp_path / "missing.onnx", "c" * 64, tmp_path / "cache")
    assert not list(tmp_path.glob("cache/*"))


COMPILE = """
import sys
from pathlib import Path
from models.compiled import compiled_path
source, sha256, cache = sys.argv[1:]
for _ in range(20):
    target = compiled_path(Path(source), sha256, Path(cache))
    import onnx
    onnx.checker.check_model(str(target))
    target.with_suffix(".sha256").unlink(missing_ok=True)
print(target)
"""


def test_two_processes_may_compile_at_once(source, tmp_path):
    arguments: Sequence[str] = [
        sys.executable, "-c", COMPILE, str(source), digest_of(source), str(tmp_path / "cache"),
    ]  # fmt: skip
    root = Path(__file__).parents[2]
    both = [
        subprocess.Popen(arguments, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=patience(60)) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert answers[0] == answers[1]
    cache = tmp_path / "cache"
    target = compiled_path(source, digest_of(source), cache)
    assert sorted(p.name for p in cache.iterdir()) == [target.name, target.stem + ".sha256"]
