"""The rewrites that make a published graph run fast on a CPU, each changing nothing else.

1. `drop_dangling_inputs`: weights listed as graph inputs make the runtime ask for them.
2. `fold_constants`: int8 weights are dequantised once here rather than at every start.
3. `drop_identities`: Dropout and Identity do nothing at inference.
4. `fold_batch_normalisation`: into the convolution or matrix product before it.
5. `rewrite_prelu`: the runtime's PRelu kernel is scalar and leaves the blocked layout;
   a*x + Relu((1-a)*x), written as two depthwise 1x1 convolutions, is fast and stays in it.
6. `flush_denormals`: a subnormal number can be a hundred times slower to multiply by.
7. `free_batch`: a batch dimension fixed at 1 forbids embedding several faces at once.
"""

from collections.abc import Callable

import numpy as np
import onnx
from onnx import helper, reference

from models.graph import Array, Graph, attributes

# Fold only what is small to keep: dequantised weights are, a generated constant of 1 GB is not.
_MAX_FOLDED_BYTES = 512 * 1024 * 1024

# Weight decay leaves dead channels with weights of 1e-20 and far less. Beside weights that matter
# (SFace's smallest is 1e-10) they are lost in float32's rounding; their products are subnormal.
# Compared by their bits, which for one sign rise with the number: where the processor is set to
# take subnormals for zero, a comparison of numbers does not see them.
_MAGNITUDE = np.uint32(0x7FFF_FFFF)
_NEGLIGIBLE = np.float32(1e-20).view(np.uint32)

# Nodes whose answer differs from run to run, although nothing that varies goes in.
_RANDOM = frozenset({"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike"})


def drop_dangling_inputs(graph: Graph) -> None:
    """Keep as inputs only what nodes read and no constant provides."""
    read = {name for node in graph.nodes for name in node.input}
    graph.inputs = [i for i in graph.inputs if i.name in read and i.name not in graph.constants]


def fold_constants(graph: Graph) -> None:
    """Evaluate every node whose inputs are all known, with ONNX's own reference implementation."""
    kept = []
    for node in graph.nodes:
        known = all(name in graph.constants for name in node.input if name)
        if not known or any(output.name in node.output for output in graph.outputs):
            kept.append(node)
            continue
        values = None if node.op_type in _RANDOM else _evaluate(node, graph)
        if values is None or sum(value.nbytes for value in values.values()) > _MAX_FOLDED_BYTES:
            kept.append(node)
        else:
            graph.constants.update(values)
    graph.nodes = kept


def drop_identities(graph: Graph) -> None:
    """Remove Dropout and Identity, unless one carries a graph output's name or makes a mask."""
    outputs = {output.name for output in graph.outputs}
    reads = graph.consumers()
    renamed: dict[str, str] = {}
    kept = []
    for node in graph.nodes:
        idle = node.op_type in {"Dropout", "Identity"} and not reads.keys() & set(node.output[1:])
        if idle and node.output[0] not in outputs:
            renamed[node.output[0]] = node.input[0]
        else:
            kept.append(node)
    graph.nodes = kept
    graph.rename_uses(renamed)


def fold_batch_normalisation(graph: Graph) -> None:
    """Scale and shift the weights of the Conv or Gemm before each BatchNormalization instead."""
    reads = graph.consumers()
    producers = {name: node for node in graph.nodes for name in node.output}
    kept = []
    for node in graph.nodes:
        source = producers.get(node.input[0]) if node.op_type == "BatchNormalization" else None
        if (
            source is None
            or reads[node.input[0]] != 1
            or not _all_constant(graph, list(node.input[1:5]))
            or not _absorbs_scale(graph, source)
        ):
            kept.append(node)
            continue
        gamma, beta, mean, variance = (
            graph.constants[name].astype(np.float64) for name in node.input[1:5]
        )
        scale = gamma / np.sqrt(variance + attributes(node).get("epsilon", 1e-5))
        _scale_outputs(graph, source, scale, beta - mean * scale)
        # The producer now makes what the normalisation made, so it takes over its name.
        source.output[0] = node.output[0]
        producers[node.output[0]] = source
    graph.nodes = kept


def rewrite_prelu(graph: Graph) -> None:
    """Write PRelu(x) as a*x + Relu((1-a)*x), with depthwise 1x1 convolutions as the products.

    The runtime fuses the Relu into the one before it and the sum into the other: two passes over
    the data. Where a slope exceeds 1 it takes a third, a*x + (1-a)*Relu(x).
    """
    rewritten: list[onnx.NodeProto] = []
    for node in graph.nodes:
        slope = graph.constants.get(node.input[1]) if node.op_type == "PRelu" else None
        # Only one slope per channel of an NCHW tensor, shape (C, 1, 1), can be a 1x1 convolution.
        if slope is None or slope.ndim != 3 or slope.shape[1:] != (1, 1) or slope.size == 1:
            rewritten.append(node)
            continue
        x, y = node.input[0], node.output[0]
        channels = slope.shape[0]
        kernel = slope.reshape(channels, 1, 1, 1).astype(np.float32)
        below = graph.constant(kernel, f"{y}_slope")
        above = graph.constant((1 - kernel).astype(np.float32), f"{y}_rest")
        depthwise = {"group": channels, "kernel_shape": [1, 1]}
        relu, linear, bent = (graph.fresh(f"{y}_{part}") for part in ("relu", "linear", "bent"))
        if (kernel <= 1).all():
            rewritten += [
                helper.make_node("Conv", [x, above], [relu], **depthwise),
                helper.make_node("Relu", [relu], [bent]),
            ]
        else:
            rewritten += [
                helper.make_node("Relu", [x], [relu]),
                helper.make_node("Conv", [relu, above], [bent], **depthwise),
            ]
        rewritten += [
            helper.make_node("Conv", [x, below], [linear], **depthwise),
            helper.make_node("Add", [linear, bent], [y]),
        ]
    graph.nodes = rewritten


def flush_denormals(graph: Graph) -> None:
    """Set to zero the weights of dead channels, which lead to subnormal weights and activations."""
    for name, value in graph.constants.items():
        if value.dtype == np.float32:
            tiny = (np.asarray(value, order="C").view(np.uint32) & _MAGNITUDE) < _NEGLIGIBLE
            if tiny.any():
                graph.constants[name] = np.where(tiny, np.float32(0), value)


def free_batch(graph: Graph) -> None:
    """Let the first dimension of images vary, and height and width where nothing ties them down."""
    leading = _leading_dimensions(graph)  # before anything is freed
    for value in graph.inputs:
        dims = value.type.tensor_type.shape.dim
        if len(dims) != 4:
            continue
        dims[0].dim_param = "batch"
        if not _has_fixed_size_head(graph):
            dims[2].dim_param, dims[3].dim_param = "height", "width"
    for node in graph.nodes:
        shape = graph.constants.get(node.input[1]) if node.op_type == "Reshape" else None
        if shape is None or shape.size < 2 or shape[0] != 1 or attributes(node).get("allowzero"):
            continue
        if leading.get(node.input[0]) == 1:
            # 0 means "as the input has it", which is 1 here too: the batch passes through.
            passing = np.concatenate([[0], shape[1:]]).astype(np.int64)
            node.input[1] = graph.constant(passing, node.input[1])
    for value in graph.outputs:
        # Only the last dimension, what one row holds, stays promised; the rest follows the input.
        for dim in value.type.tensor_type.shape.dim[:-1]:
            dim.Clear()


PASSES: tuple[Callable[[Graph], None], ...] = (
    drop_dangling_inputs,
    fold_constants,
    drop_identities,
    fold_batch_normalisation,
    rewrite_prelu,
    flush_denormals,
    free_batch,
)


def _all_constant(graph: Graph, names: list[str]) -> bool:
    return all(name in graph.constants for name in names)


def _evaluate(node: onnx.NodeProto, graph: Graph) -> dict[str, Array] | None:
    """Run one node on its constant inputs; None if the reference implementation cannot."""
    names = [name for name in node.input if name]
    single = helper.make_graph(
        [node],
        "single",
        [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(graph.constants[name].dtype), None
            )
            for name in names
        ],
        [helper.make_empty_tensor_value_info(name) for name in node.output],
    )
    model = helper.make_model(single, opset_imports=graph.opsets, ir_version=graph.ir_version)
    try:
        evaluator = reference.ReferenceEvaluator(model)
        results = evaluator.run(None, {name: graph.constants[name] for name in names})
    except Exception:  # noqa: BLE001 - any failure means the same: leave the node to the runtime
        return None
    return dict(zip(node.output, (np.asarray(result) for result in results), strict=True))


def _leading_dimensions(graph: Graph) -> dict[str, int]:
    """First dimension of every value for which the graph as it stands fixes one."""
    inferred = onnx.shape_inference.infer_shapes(graph.to_model()).graph
    leading = {}
    for value in (*inferred.input, *inferred.value_info):
        dims = value.type.tensor_type.shape.dim
        if dims and dims[0].HasField("dim_value"):
            leading[value.name] = dims[0].dim_value
    return leading


def _absorbs_scale(graph: Graph, node: onnx.NodeProto) -> bool:
    """Whether a per-output-channel scale can be multiplied into this node's weights."""
    weights = list(node.input[1:])
    if not _all_constant(graph, weights):
        return False
    if any(graph.constants[name].dtype != np.float32 for name in weights):
        return False
    if node.op_type == "Conv":
        return True
    given = attributes(node)
    plain = given.get("alpha", 1.0) == 1.0 and given.get("beta", 1.0) == 1.0
    return node.op_type == "Gemm" and plain


def _scale_outputs(graph: Graph, node: onnx.NodeProto, scale: Array, shift: Array) -> None:
    """Change a Conv's or Gemm's weights so that it yields scale * old + shift, per channel."""
    weight = graph.constants[node.input[1]].astype(np.float64)
    bias = graph.constants[node.input[2]].astype(np.float64) if len(node.input) > 2 else 0.0
    # Conv weights are (out, in, h, w); Gemm's are (out, in) when transposed, else (in, out).
    rows_are_outputs = node.op_type == "Conv" or attributes(node).get("transB", 0) == 1
    factor = scale.reshape(-1, *[1] * (weight.ndim - 1)) if rows_are_outputs else scale
    name = node.output[0]
    folded = [
        graph.constant((weight * factor).astype(np.float32), f"{name}_weight"),
        graph.constant((bias * scale + shift).astype(np.float32), f"{name}_bias"),
    ]
    del node.input[1:]
    node.input.extend(folded)


def _has_fixed_size_head(graph: Graph) -> bool:
    """Whether a fully connected layer ties the network to one input height and width."""
    tied = {"Gemm", "MatMul", "Flatten"}
    return any(node.op_type in tied for node in graph.nodes)
