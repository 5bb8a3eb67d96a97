"""The names of the functions of a traced module, and which of them are PyTorch's own."""

from __future__ import annotations

import builtins
import operator
from typing import Any, Optional


def function_name(node: Any) -> str:
    """The name of a function or method, without its module."""
    if isinstance(node.target, str):
        return node.target
    import torch.nn.functional as functional

    for name in ("max_pool1d", "max_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d"):
        if node.target is getattr(functional, name):  # their __name__ is that of a dispatcher
            return name
    return str(getattr(node.target, "__name__", node.target))


def is_of_torch(node: Any) -> bool:
    """Whether a function is the one with this name in PyTorch or Python, and not a user's function."""
    import torch

    if node.op == "call_method":
        return True
    places = (torch, torch.nn.functional, torch.Tensor, operator, builtins)
    return any(getattr(place, function_name(node), None) is node.target for place in places)


def softmax(node: Any, modules: dict[str, Any]) -> Optional[str]:
    """``softmax`` or ``log_softmax`` if a node is one, else None."""
    name = type(modules[node.target]).__name__ if node.op == "call_module" else function_name(node)
    return {"Softmax": "softmax", "LogSoftmax": "log_softmax"}.get(name, name if name in ("softmax", "log_softmax") else None)
