"""Checks of a module before conversion: its layers are known, and it is a function of its input alone."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import Any, Iterator, Optional, Sequence

import numpy as np

from .call import UnknownLayer
from .layers import MODULES

LARGEST = 1 << 28
"""The largest number of elements of an input."""


def check_hooks(module: Any) -> None:
    for name, layer in module.named_modules():
        what = f"layer {name or '(the module)'} ({type(layer).__name__})"
        if layer._forward_hooks or layer._forward_pre_hooks:
            raise UnknownLayer(f"{what} has hooks, which may change its outputs: remove them")
        if "forward" in vars(layer):
            raise UnknownLayer(f"{what} has a forward pass of its own, expected that of its class")


def check_layers(graph: Any) -> None:
    """Refuses unknown layers. This comes before the module runs, so that the error names the layer."""
    import torch.nn as nn

    modules = dict(graph.named_modules())
    for node in graph.graph.nodes:
        if node.op == "call_module":
            layer = modules[node.target]
            what = type(layer).__name__
            name = f"layer {node.target} ({what})"
            if what not in MODULES or getattr(nn, what, None) is not type(layer):
                raise UnknownLayer(f"{name}: Plica does not know this layer, expected one of {', '.join(sorted(MODULES))}")
            if getattr(layer, "running_var", layer) is None:
                raise UnknownLayer(f"{name}: it has no running statistics, so its outputs depend on the other inputs of a batch")


def precision_of(module: Any) -> tuple[Any, Any]:
    """The precision of all parameters, and their device."""
    import torch

    found: dict[Any, str] = {}
    devices: dict[Any, str] = {}
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        devices.setdefault(tensor.device, name)
        if tensor.device.type == "meta" or isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin):
            raise ValueError(f"{name} has no numbers yet")
        if tensor.is_sparse or tensor.is_quantized:
            raise ValueError(f"{name} is sparse or quantised, expected dense numbers")
        if tensor.dtype.is_complex:
            raise ValueError(f"{name} is complex, expected real numbers")
        if tensor.dtype.is_floating_point:
            found.setdefault(tensor.dtype, name)
            if not bool(torch.isfinite(tensor).all()):
                raise ValueError(f"{name} holds a number that is not finite")
    if len(found) > 1:
        kinds = ", ".join(f"{name} is {dtype}" for dtype, name in found.items())
        raise ValueError(f"parameters of several precisions, {kinds}: expected one precision, as from module.double()")
    if len(devices) > 1:
        raise ValueError(f"the module is on {len(devices)} devices, expected one, as from module.cpu()")
    precision = next(iter(found), torch.float32)
    if precision not in (torch.float32, torch.float64):
        raise ValueError(f"{found[precision]} is {precision}: convert the module by module.float(), which is exact")
    return precision, next(iter(devices), torch.device("cpu"))


def shape_of_input(module: Any, shape: Optional[Sequence[int]]) -> tuple[int, ...]:
    import torch.nn as nn

    if shape is not None:
        numbers: list[Any] = list(shape) if isinstance(shape, (tuple, list)) else [shape]
        whole = all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in numbers)
        sizes = tuple(int(n) for n in numbers) if whole else ()
        if not sizes or any(n < 1 for n in sizes) or math.prod(sizes) > LARGEST:
            raise ValueError(f"input_shape: {shape!r}, expected the shape of one input, such as (1, 28, 28)")
        return sizes
    leaves = [layer for layer in module.modules() if not list(layer.children())]
    transparent = (nn.Flatten, nn.Identity, nn.Dropout, nn.ReLU)
    first = next((layer for layer in leaves if not isinstance(layer, transparent)), None)
    if isinstance(first, nn.Linear):
        return (first.in_features,)
    raise ValueError("input_shape: expected the shape of one input, such as (1, 28, 28); only a module that begins with a linear layer needs none")


@contextmanager
def evaluating(module: Any) -> Iterator[None]:
    """Puts the module into evaluation mode, and restores it afterwards. A module that its own forward pass changes is refused."""
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
        raise UnknownLayer(f"the forward pass changes {changed[0]} in place, so the module is another function after each input")
