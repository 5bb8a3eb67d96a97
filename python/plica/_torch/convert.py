"""Converts a traced module into a file, node by node."""

from __future__ import annotations

from typing import Any, Callable, Optional

from .._onnx import Writer
from .call import Call, UnknownLayer, shape_of
from .layers import FUNCTIONS, MODULES
from .names import function_name, is_of_torch


class Converter:
    """Converts the nodes of a traced module in order. Each becomes operators with the layer's name."""

    def __init__(self, graph: Any, writer: Writer):
        self.graph = graph
        self.modules = dict(graph.named_modules())
        self.writer = writer
        #: By node: the name of a value that depends on the input, or an array that does not.
        self.values: dict[Any, Any] = {}

    def run(self) -> bytes:
        inputs = 0
        for node in self.graph.graph.nodes:
            if node.op == "placeholder":
                inputs += 1
                if inputs > 1:
                    if node.args:  # an optional argument that is not given
                        self.values[node] = node.args[0]
                        continue
                    raise UnknownLayer(f"the module takes a second input, {node.target}: expected one input")
                self.values[node] = self.writer.input
            elif node.op == "get_attr":
                self.values[node] = attribute_of(self.graph, node.target)
            elif node.op == "output":
                return self._finish(node.args[0])
            else:
                self.values[node] = self._convert(node)
        raise UnknownLayer("the module has no output")

    def _finish(self, output: Any) -> bytes:
        if isinstance(output, (tuple, list, dict)) or not hasattr(output, "meta"):
            raise UnknownLayer("the module has several outputs or none: expected one output")
        if not isinstance(self.values[output], str):
            raise UnknownLayer("the output does not depend on the input")
        return self.writer.finish(self.values[output], shape_of(output))

    def _convert(self, node: Any) -> Any:
        if node.op == "call_module":
            layer = self.modules[node.target]
            name = f"layer {node.target} ({type(layer).__name__})"
            convert: Optional[Callable[..., Any]] = MODULES[type(layer).__name__]
            arguments, keywords = (*node.args, layer), dict(node.kwargs)
        else:
            what = function_name(node)
            name, convert = f"{node.name} ({what})", FUNCTIONS.get(what if what in FUNCTIONS else what.strip("_"))
            arguments, keywords = node.args, dict(node.kwargs)
            keywords = {key: value for key, value in keywords.items() if key != "input"}
            if "input" in node.kwargs:
                arguments = (node.kwargs["input"], *arguments)
            convert = convert if is_of_torch(node) else None
        if convert is None:
            raise UnknownLayer(f"{name}: Plica does not know this function, expected one of {', '.join(sorted(FUNCTIONS))}")
        try:
            return convert(Call(self.values, self.writer, node, name), *arguments, **keywords)
        except UnknownLayer:
            raise
        except Exception as error:
            raise UnknownLayer(f"{name}: its arguments cannot be converted: {error}") from error


def attribute_of(graph: Any, path: str) -> Any:
    found = graph
    for part in path.split("."):
        found = getattr(found, part)
    return found
