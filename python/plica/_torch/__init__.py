"""Networks of PyTorch, layer by layer, through the symbolic trace of `torch.fx`.

A layer is taken as exact arithmetic on its parameters. The exception is batch normalisation, whose square root is irrational: its factor
weight / sqrt(running_var + eps) is computed with each operation rounded to the precision of the parameters.
"""

from __future__ import annotations

import copy
import io
from contextlib import redirect_stderr
from typing import Any, NamedTuple, Optional, Sequence

import numpy as np

from .._onnx import Writer
from .call import UnknownLayer
from .checks import check_hooks, check_layers, evaluating, precision_of, shape_of_input
from .convert import Converter
from .in_place import check_in_place
from .names import softmax
from .smooth import OPERATORS as SMOOTH
from .tracer import tracer

__all__ = ["Converted", "UnknownLayer", "convert"]

CHECKED = 5_000_000
"""Up to this number of products, the converted network is compared with the module at one point."""


class Check(NamedTuple):
    """A point, the outputs of the module there, the softmax at its end, which the converted network may leave out, and whether the network's values are rational."""

    point: np.ndarray
    outputs: np.ndarray
    softmax: Optional[str]
    rational: bool

    def holds(self, found: np.ndarray, is_softmax_left_out: bool) -> bool:
        """Whether the outputs of the network, with or without a softmax at the end, agree with the module. This finds modules that compute something else than their layers; no exact result uses it."""
        if found.shape != self.outputs.shape:
            return False
        if self.softmax is not None and is_softmax_left_out:
            found = found - found.max()
            found = found - np.log(np.exp(found).sum())
            found = np.exp(found) if self.softmax == "softmax" else found
        return bool(np.allclose(found, self.outputs, rtol=0, atol=1e-3 * (1 + np.abs(self.outputs).max(initial=0))))


class Converted(NamedTuple):
    """An ``.onnx`` file of a module, and a check of it if the module is small enough."""

    onnx: bytes
    check: Optional[Check]


def convert(module: Any, input_shape: Optional[Sequence[int]] = None) -> Converted:
    """Converts a module in evaluation mode."""
    import torch

    if isinstance(module, type):
        raise TypeError(f"x: the class {module.__name__}, expected an instance of it")
    check_hooks(module)
    if not list(module.children()):
        module = torch.nn.Sequential(module)  # so that a single layer is not traced inside
    precision, device = precision_of(module)
    shape = shape_of_input(module, input_shape)
    with evaluating(module):
        graph, onnx, rational = _read(module, shape, precision, device)
        if _read(module, shape, precision, device)[1] != onnx:
            raise UnknownLayer(f"{type(module).__name__} is another function each time: it draws random numbers, or counts its calls")
        return Converted(onnx, _at_a_point(module, graph, shape, rational) if _products(graph) <= CHECKED else None)


def _read(module: Any, shape: tuple[int, ...], precision: Any, device: Any) -> tuple[Any, bytes, bool]:
    """The traced module, with the shapes of its values, its file, and whether its values are rational."""
    import torch
    import torch.fx
    from torch.fx.passes.shape_prop import ShapeProp

    try:
        graph = torch.fx.GraphModule(module, tracer().trace(module))
    except Exception as error:
        raise UnknownLayer(f"{type(module).__name__} cannot be traced, because its control flow depends on its input: {error}") from error
    check_layers(graph)
    check_in_place(graph)
    try:
        # An error is reported once, below.
        with torch.no_grad(), redirect_stderr(io.StringIO()):
            ShapeProp(graph).propagate(torch.zeros((1, *shape), dtype=precision, device=device))
    except Exception as error:
        said = (str(error.__cause__ or error).strip().splitlines() or [""])[0]
        raise ValueError(f"input_shape: {type(module).__name__} fails on an input of shape {tuple(shape)}: {said}") from error
    writer = Writer((1, *shape), np.dtype(str(precision).split(".")[1]))
    return graph, Converter(graph, writer).run(), not writer.operators & SMOOTH


def _at_a_point(module: Any, graph: Any, shape: tuple[int, ...], rational: bool) -> Check:
    """A point, and the outputs of the module there: in double precision, or in its own precision if its code fixes that."""
    import torch

    point = torch.rand((1, *shape), generator=torch.Generator().manual_seed(0), dtype=torch.float32) * 2 - 1
    own = copy.deepcopy(module).cpu()
    with torch.no_grad():
        try:
            outputs = copy.deepcopy(own).double()(point.double())
        except Exception:
            outputs = own(point.to(next((tensor.dtype for tensor in own.parameters()), torch.float32)))
    last = next(node for node in reversed(graph.graph.nodes) if node.op == "output").args[0]
    flat, expected = (found.double().numpy().reshape(-1) for found in (point, outputs))
    return Check(flat, expected, softmax(last, dict(graph.named_modules())), rational)


def _products(graph: Any) -> int:
    """The number of multiplications by weights of layers; other nodes count their elements."""
    modules, count = dict(graph.named_modules()), 0
    for node in graph.graph.nodes:
        weight = getattr(modules.get(node.target), "weight", None) if node.op == "call_module" else None
        shape = getattr(node.meta.get("tensor_meta"), "shape", ())
        if weight is not None and weight.dim() > 1:
            count += int(np.prod(shape)) * weight[0].numel()
        elif node.op != "placeholder":
            count += int(np.prod(shape))
    return count
