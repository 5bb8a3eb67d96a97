"""Checks of operations that change a tensor in place: no other operation may read the tensor before and after.

A traced module is read as a function of values. This is correct as long as a tensor that was changed in place, or a view of it, is not
read again. Otherwise the module is refused.
"""

from __future__ import annotations

from typing import Any

from .call import UnknownLayer
from .names import function_name

VIEWS = {
    *("reshape", "view", "flatten", "squeeze", "unsqueeze", "permute", "transpose", "getitem", "split", "chunk", "contiguous", "dropout", "getattr"),
    *("Identity", "Flatten", "Unflatten", "Dropout", "Dropout1d", "Dropout2d"),
}
"""Operations whose result may be their argument itself, or a part of it."""

MAY_BE_IN_PLACE = {"relu", "relu6", "leaky_relu", "hardtanh", "hardsigmoid", "elu", "celu", "selu", "silu", "mish", "hardswish"}
"""Functions with an argument that says whether they work in place."""

IN_PLACE_OPERATORS = {"iadd", "isub", "imul", "itruediv", "imatmul", "ifloordiv", "ipow"}


def check_in_place(graph: Any) -> None:
    """Refuses a traced module in which another operation reads a tensor that was changed in place."""
    modules = dict(graph.named_modules())
    nodes = list(graph.graph.nodes)
    place = {node: i for i, node in enumerate(nodes)}
    root: dict[Any, Any] = {}
    for i, node in enumerate(nodes):
        name = _name(node, modules)
        changed = _is_in_place(node, name, modules)
        first = node.args[0] if node.args and hasattr(node.args[0], "users") else None
        root[node] = root[first] if first is not None and (changed or name.strip("_") in VIEWS) else node
        if not changed or first is None:
            continue
        if root[node].op == "get_attr":
            raise UnknownLayer(f"{node.name} ({name}) changes {root[node].target} in place, so the module is another function after each input")
        for other in nodes[:i]:
            if root[other] is root[node] and any(place[user] > i for user in other.users):
                raise UnknownLayer(f"{node.name} ({name}) changes {other.name} in place, and {other.name} is used again later: expected a copy")


def _name(node: Any, modules: dict[str, Any]) -> str:
    if node.op == "call_module":
        return type(modules[node.target]).__name__
    return function_name(node) if node.op in ("call_function", "call_method") else ""


def _is_in_place(node: Any, name: str, modules: dict[str, Any]) -> bool:
    if node.op == "call_module":
        return bool(getattr(modules[node.target], "inplace", False)) and not name.startswith("Dropout")
    if name in IN_PLACE_OPERATORS or (name.endswith("_") and not name.endswith("__")):
        return True
    return name in MAY_BE_IN_PLACE and (node.kwargs.get("inplace") is True or any(argument is True for argument in node.args[1:]))
