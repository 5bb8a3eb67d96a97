"""Normalisation, roots and attention of PyTorch, as arithmetic: they have no units.

An epsilon, and the scale 1 / sqrt(d) of an attention, are rounded to the precision of the module, and everything else is exact.
"""

from __future__ import annotations

import math
from typing import Any, Callable, Optional

import numpy as np

from . import smooth
from .call import Call, shape_of


def power(call: Call, x: str, exponent: float) -> str:
    if not exponent.is_integer():
        call.writer.operators.add(smooth.IRRATIONAL)
    return call.emit("Pow", [x, call.constant(exponent)])


def _root(exponent: float) -> Callable[..., str]:
    def convert(call: Call, x: Any) -> str:
        return power(call, call.value(x), exponent)

    return convert


def _exponential(call: Call, x: Any) -> str:
    return call.emit("Exp", [call.value(x)])


def _normalised(call: Call, x: Any, axes: int, eps: Optional[float], weight: Any, bias: Any, centred: bool) -> str:
    over = call.whole(list(range(len(shape_of(x)) - axes, len(shape_of(x)))))
    y = call.value(x)
    if centred:
        y = call.emit("Sub", [y, call.emit("ReduceMean", [y, over], keepdims=1)])
    mean = call.emit("ReduceMean", [call.emit("Mul", [y, y]), over], keepdims=1)
    epsilon = float(np.finfo(call.writer.dtype).eps) if eps is None else float(eps)
    y = call.emit("Mul", [y, power(call, call.emit("Add", [mean, call.constant(epsilon)]), -0.5)])
    y = y if weight is None else call.emit("Mul", [y, call.constant(call.fixed(weight, "weight"))])
    return y if bias is None else call.emit("Add", [y, call.constant(call.fixed(bias, "bias"))])


def _layer_norm(call: Call, x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> str:
    return _normalised(call, x, len(tuple(normalized_shape)), eps, weight, bias, centred=True)


def _rms_norm(call: Call, x: Any, normalized_shape: Any, weight: Any = None, eps: Optional[float] = None) -> str:
    return _normalised(call, x, len(tuple(normalized_shape)), eps, weight, None, centred=False)


def _attention(
    call: Call,
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: Optional[float] = None,
    enable_gqa: bool = False,
) -> str:
    if attn_mask is not None or is_causal or enable_gqa:
        raise call.refuse("a mask or groups of queries, expected none")
    if dropout_p:
        raise call.refuse(f"a dropout of {dropout_p}, expected 0")
    rank, width = len(shape_of(key)), shape_of(query)[-1]
    turned = call.emit("Transpose", [call.value(key)], perm=[*range(rank - 2), rank - 1, rank - 2])
    factor = 1 / math.sqrt(width) if scale is None else float(scale)
    scores = call.emit("Mul", [call.emit("MatMul", [call.value(query), turned]), call.constant(factor)])
    call.writer.operators.add(smooth.IRRATIONAL)
    weights = call.emit("Softmax", [scores], axis=-1)
    return call.emit("MatMul", [weights, call.value(value)])


MODULES: dict[str, Callable[..., Any]] = {
    "LayerNorm": lambda call, x, layer: _layer_norm(call, x, layer.normalized_shape, layer.weight, layer.bias, layer.eps),
    "RMSNorm": lambda call, x, layer: _rms_norm(call, x, layer.normalized_shape, layer.weight, layer.eps),
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": _exponential,
    "sqrt": _root(0.5),
    "rsqrt": _root(-0.5),
    "reciprocal": _root(-1.0),
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "scaled_dot_product_attention": _attention,
}
