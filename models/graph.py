"""An ONNX graph in the form that rewriting wants: nodes in order, constants by name."""

from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

Array = npt.NDArray[Any]
Message = TypeVar("Message", onnx.NodeProto, onnx.ValueInfoProto)


@dataclass(slots=True)
class Graph:
    """An ONNX graph as its passes want to see it: nodes in order, constants by name."""

    nodes: list[onnx.NodeProto]
    constants: dict[str, Array]
    inputs: list[onnx.ValueInfoProto]
    outputs: list[onnx.ValueInfoProto]
    opsets: list[onnx.OperatorSetIdProto]
    ir_version: int
    _serial: int = field(default=0)

    @classmethod
    def from_model(cls, model: onnx.ModelProto) -> "Graph":
        """Split a model into nodes and constants."""
        return cls(
            nodes=[_copied(node) for node in model.graph.node],
            constants={i.name: numpy_helper.to_array(i) for i in model.graph.initializer},
            inputs=[_copied(value) for value in model.graph.input],
            outputs=[_copied(value) for value in model.graph.output],
            opsets=list(model.opset_import),
            ir_version=model.ir_version,
        )

    def to_model(self) -> onnx.ModelProto:
        """Put the graph together again, with only the constants that are still used."""
        used = {name for node in self.nodes for name in node.input}
        graph = helper.make_graph(
            self.nodes,
            "siaga",
            self.inputs,
            self.outputs,
            [
                numpy_helper.from_array(np.asarray(value, order="C"), name)
                for name, value in self.constants.items()
                if name in used
            ],
        )
        return helper.make_model(graph, opset_imports=self.opsets, ir_version=self.ir_version)

    def fresh(self, hint: str) -> str:
        """Return a name that no value of the graph has."""
        self._serial += 1
        return f"{hint}__siaga{self._serial}"

    def constant(self, value: Array, hint: str) -> str:
        """Add a constant under a fresh name and return the name."""
        name = self.fresh(hint)
        self.constants[name] = value
        return name

    def rename_uses(self, renamed: dict[str, str]) -> None:
        """Point every use of a value at another one, following chains of renames."""

        def final(name: str) -> str:
            while name in renamed:
                name = renamed[name]
            return name

        for node in self.nodes:
            for position, name in enumerate(node.input):
                node.input[position] = final(name)

    def consumers(self) -> dict[str, int]:
        """How often each value is read; a graph output counts as a read."""
        counts: dict[str, int] = {output.name: 1 for output in self.outputs}
        for node in self.nodes:
            for name in node.input:
                counts[name] = counts.get(name, 0) + 1
        return counts


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """Return a node's attributes by name, as plain values."""
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def _copied(message: Message) -> Message:
    copy = type(message)()
    copy.CopyFrom(message)
    return copy
