"""Networks of PyTorch, layer by layer, through the symbolic trace of `torch.fx`.

What a layer computes is taken as exact arithmetic on its parameters. Of batch normalisation, whose square root is irrational, the factor
weight / sqrt(running_var + eps) is used with each operation rounded to the precision of the parameters.
"""

from __future__ import annotations

import copy
import io
import math
from contextlib import contextmanager, redirect_stderr
from typing import Any, Iterator, NamedTuple, Optional, Sequence

import numpy as np

from .._onnx import Writer
from .call import UnknownLayer
from .convert import Converter
from .in_place import check_in_place
from .layers import MODULES
from .names import softmax
from .tracer import tracer

__all__ = ["Converted", "UnknownLayer", "convert"]

CHECKED = 5_000_000
"""Up to so many products the converted network is held against the module at one point."""


LARGEST = 1 << 28
"""The most numbers of an input."""


class Check(NamedTuple):
    """A point, what the module computes there, and the softmax at its end, which the converted network leaves out."""

    point: np.ndarray
    outputs: np.ndarray
    softmax: Optional[str]

    def holds(self, found: np.ndarray) -> bool:
        """Whether a network with these outputs may be the module. No decision rests on this: it catches a module that does what its layers do not say."""
        if found.shape != self.outputs.shape:
            return False
        if self.softmax is not None:
            found = found - found.max()
            found = found - np.log(np.exp(found).sum())
            found = np.exp(found) if self.softmax == "softmax" else found
        return bool(np.allclose(found, self.outputs, rtol=0, atol=1e-3 * (1 + np.abs(self.outputs).max(initial=0))))


class Converted(NamedTuple):
    """An ``.onnx`` file of a module, and where the module is small enough a check of it."""

    onnx: bytes
    check: Optional[Check]


def convert(module: Any, input_shape: Optional[Sequence[int]] = None) -> Converted:
    """A module as it is in evaluation mode."""
    import torch

    if isinstance(module, type):
        raise TypeError(f"x: the class {module.__name__}, and a module is expected: call it")
    _check_hooks(module)
    if not list(module.children()):
        module = torch.nn.Sequential(module)  # a single layer is not looked into
    precision, device = _precision(module)
    shape = _input_shape(module, input_shape)
    with _evaluating(module):
        graph, onnx = _read(module, shape, precision, device)
        if _read(module, shape, precision, device)[1] != onnx:
            raise UnknownLayer(f"{type(module).__name__} is another function each time: it draws random numbers, or counts")
        return Converted(onnx, _at_a_point(module, graph, shape) if _products(graph) <= CHECKED else None)


def _read(module: Any, shape: tuple[int, ...], precision: Any, device: Any) -> tuple[Any, bytes]:
    """A module traced, with the shapes of its values, and the file of it."""
    import torch
    import torch.fx
    from torch.fx.passes.shape_prop import ShapeProp

    try:
        graph = torch.fx.GraphModule(module, tracer().trace(module))
    except Exception as error:
        raise UnknownLayer(f"{type(module).__name__} cannot be traced, because what it does depends on its input: {error}") from error
    _check_layers(graph)
    check_in_place(graph)
    try:
        # What fails there is said below, once.
        with torch.no_grad(), redirect_stderr(io.StringIO()):
            ShapeProp(graph).propagate(torch.zeros((1, *shape), dtype=precision, device=device))
    except Exception as error:
        said = (str(error.__cause__ or error).strip().splitlines() or [""])[0]
        raise ValueError(f"input_shape: {type(module).__name__} fails on an input of shape {tuple(shape)}: {said}") from error
    return graph, Converter(graph, Writer((1, *shape), np.dtype(str(precision).split(".")[1]))).run()


def _at_a_point(module: Any, graph: Any, shape: tuple[int, ...]) -> Check:
    """A point, and what the module itself computes there: in double precision, or in its own where it has numbers of that precision in its code."""
    import torch

    point = torch.rand((1, *shape), generator=torch.Generator().manual_seed(0), dtype=torch.float32) * 2 - 1
    own = copy.deepcopy(module).cpu()
    with torch.no_grad():
        try:
            outputs = copy.deepcopy(own).double()(point.double())
        except Exception:
            outputs = own(point.to(next((tensor.dtype for tensor in own.parameters()), torch.float32)))
    last = next(node for node in reversed(graph.graph.nodes) if node.op == "output").args[0]
    return Check(point.double().numpy().reshape(-1), outputs.double().numpy().reshape(-1), softmax(last, dict(graph.named_modules())))


def _products(graph: Any) -> int:
    """The multiplications by weights, as far as layers have them."""
    modules, count = dict(graph.named_modules()), 0
    for node in graph.graph.nodes:
        weight = getattr(modules.get(node.target), "weight", None) if node.op == "call_module" else None
        shape = getattr(node.meta.get("tensor_meta"), "shape", ())
        if weight is not None and weight.dim() > 1:
            count += int(np.prod(shape)) * weight[0].numel()
        elif node.op != "placeholder":
            count += int(np.prod(shape))
    return count


def _check_hooks(module: Any) -> None:
    for name, layer in module.named_modules():
        what = f"layer {name or '(the module)'} ({type(layer).__name__})"
        if layer._forward_hooks or layer._forward_pre_hooks:
            raise UnknownLayer(f"{what} has hooks, which may change what it computes; remove them")
        if "forward" in vars(layer):
            raise UnknownLayer(f"{what} has a forward pass of its own, put in place of its class's")


def _check_layers(graph: Any) -> None:
    """All layers are known; said before anything is run, so that the words are about the layer."""
    import torch.nn as nn

    modules = dict(graph.named_modules())
    for node in graph.graph.nodes:
        if node.op == "call_module":
            layer = modules[node.target]
            what = type(layer).__name__
            name = f"layer {node.target} ({what})"
            if what not in MODULES or getattr(nn, what, None) is not type(layer):
                raise UnknownLayer(f"{name}: Plica does not know this layer; it knows {', '.join(sorted(MODULES))}")
            if getattr(layer, "running_var", layer) is None:
                raise UnknownLayer(f"{name}: it has no running statistics, so what it computes depends on the other inputs of a batch")


def _precision(module: Any) -> tuple[Any, Any]:
    """The precision of all parameters, and the device that they are on."""
    import torch

    found: dict[Any, str] = {}
    devices: dict[Any, str] = {}
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        devices.setdefault(tensor.device, name)
        if tensor.device.type == "meta" or isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin):
            raise ValueError(f"{name} has no numbers yet")
        if tensor.is_sparse or tensor.is_quantized:
            raise ValueError(f"{name} is sparse or quantised; dense numbers are read")
        if tensor.dtype.is_complex:
            raise ValueError(f"{name} is complex")
        if tensor.dtype.is_floating_point:
            found.setdefault(tensor.dtype, name)
            if not bool(torch.isfinite(tensor).all()):
                raise ValueError(f"{name} holds a number that is not finite")
    if len(found) > 1:
        kinds = ", ".join(f"{name} is {dtype}" for dtype, name in found.items())
        raise ValueError(f"parameters of one precision are expected: {kinds}; convert the module, as by module.double()")
    if len(devices) > 1:
        raise ValueError(f"the module is spread over {len(devices)} devices; bring it to one, as by module.cpu()")
    precision = next(iter(found), torch.float32)
    if precision not in (torch.float32, torch.float64):
        raise ValueError(f"{found[precision]} is {precision}: convert the module by module.float(), which is exact")
    return precision, next(iter(devices), torch.device("cpu"))


def _input_shape(module: Any, shape: Optional[Sequence[int]]) -> tuple[int, ...]:
    import torch.nn as nn

    if shape is not None:
        numbers: list[Any] = list(shape) if isinstance(shape, (tuple, list)) else [shape]
        whole = all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in numbers)
        sizes = tuple(int(n) for n in numbers) if whole else ()
        if not sizes or any(n < 1 for n in sizes) or math.prod(sizes) > LARGEST:
            raise ValueError(f"input_shape: {shape!r}, and the shape of one input is expected, such as (1, 28, 28)")
        return sizes
    leaves = [layer for layer in module.modules() if not list(layer.children())]
    transparent = (nn.Flatten, nn.Identity, nn.Dropout, nn.ReLU)
    first = next((layer for layer in leaves if not isinstance(layer, transparent)), None)
    if isinstance(first, nn.Linear):
        return (first.in_features,)
    raise ValueError("input_shape: give the shape of one input, such as (1, 28, 28); it is known only of modules that begin with a linear layer")


@contextmanager
def _evaluating(module: Any) -> Iterator[None]:
    """The module in evaluation mode, and afterwards as it was; one that its own forward pass changes is refused."""
    import torch

    modes = [(layer, layer.training) for layer in module.modules()]
    tensors = {name: tensor for name, tensor in [*module.named_parameters(), *module.named_buffers()]}
    before = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    module.eval()
    try:
        yield
    finally:
        for layer, training in modes:
            layer.training = training
        changed = [name for name, tensor in tensors.items() if not torch.equal(tensor, before[name])]
        with torch.no_grad():
            for name in changed:
                tensors[name].copy_(before[name])
    if changed:
        raise UnknownLayer(f"the forward pass changes {changed[0]} in place, so that the module is another one after each input")
