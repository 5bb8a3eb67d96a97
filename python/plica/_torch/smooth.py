"""Smooth functions of PyTorch, each as one operator, which is one layer of units.

A parameter such as the alpha of an ELU becomes an attribute of single precision. This is exact for modules of single precision, which compute
with the single nearest to it; a module of double precision is refused if its parameter is no single.
"""

from __future__ import annotations

import math
from typing import Any, Callable

import numpy as np

from .call import Call

SELU = {"alpha": 1.6732632423543772848170429916717, "gamma": 1.0507009873554804934193349852946}

LINEAR_FROM = 20
"""The threshold of PyTorch's softplus, above which it returns its argument. There it differs from ln(1 + exp(beta z)) / beta by less than
3e-9 / beta, which is less than its rounding in single precision. Plica takes the function without a threshold."""

IRRATIONAL = "irrational values"
"""Added to the operators of a file where an operator has rational values in some cases only, as powers do."""

OPERATORS = frozenset(
    ("Tanh", "Sigmoid", "Erf", "Softplus", "Gelu", "Swish", "Elu", "Celu", "Selu", "Mish", "Softsign", "HardSwish", "Exp", "Sqrt", IRRATIONAL)
)
"""The operators whose values Plica does not compute as fractions."""


def _above_0(call: Call, x: Any, what: str) -> float:
    number = float(call.fixed(x, what))
    if not 0 < number < math.inf:
        raise call.refuse(f"its {what} is {number}, expected a number above 0")
    return number


def _single(call: Call, x: Any, what: str) -> float:
    """A parameter as an attribute."""
    number = _above_0(call, x, what)
    if call.writer.dtype == np.float64 and float(np.float32(number)) != number:
        raise call.refuse(f"its {what} is {number}, expected a number of single precision: convert the module by module.float()")
    return number


def _plain(operator_name: str) -> Callable[..., str]:
    def convert(call: Call, x: Any, *_: Any, **__: Any) -> str:
        return call.emit(operator_name, [call.value(x)])

    return convert


def _with_alpha(operator_name: str) -> Callable[..., str]:
    def convert(call: Call, x: Any, alpha: Any = 1.0, inplace: bool = False) -> str:
        return call.emit(operator_name, [call.value(x)], alpha=_single(call, alpha, "alpha"))

    return convert


def _selu(call: Call, x: Any, inplace: bool = False) -> str:
    return call.emit("Selu", [call.value(x)], **{name: _single(call, number, name) for name, number in SELU.items()})


def _silu(call: Call, x: Any, inplace: bool = False) -> str:
    return call.emit("Swish", [call.value(x)], alpha=1.0)


def _gelu(call: Call, x: Any, *, approximate: str = "none") -> str:
    return call.emit("Gelu", [call.value(x)], approximate=approximate)


def _softplus(call: Call, x: Any, beta: Any = 1.0, threshold: Any = LINEAR_FROM) -> str:
    if float(call.fixed(threshold, "threshold")) < LINEAR_FROM:
        raise call.refuse(f"its threshold is {float(threshold)}, expected {LINEAR_FROM} or more: below it the function is another one")
    if _above_0(call, beta, "beta") == 1:
        return call.emit("Softplus", [call.value(x)])
    # The operator has no gain.
    z = call.emit("Mul", [call.value(x), call.constant(beta)])
    return call.emit("Div", [call.emit("Softplus", [z]), call.constant(beta)])


MODULES: dict[str, Callable[..., Any]] = {
    "Tanh": _plain("Tanh"),
    "Sigmoid": _plain("Sigmoid"),
    "Softplus": lambda call, x, layer: _softplus(call, x, layer.beta, layer.threshold),
    "GELU": lambda call, x, layer: _gelu(call, x, approximate=layer.approximate),
    "SiLU": lambda call, x, layer: _silu(call, x),
    "ELU": lambda call, x, layer: _with_alpha("Elu")(call, x, layer.alpha),
    "CELU": lambda call, x, layer: _with_alpha("Celu")(call, x, layer.alpha),
    "SELU": lambda call, x, layer: _selu(call, x),
    "Mish": _plain("Mish"),
    "Softsign": _plain("Softsign"),
    "Hardswish": _plain("HardSwish"),
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "tanh": _plain("Tanh"),
    "sigmoid": _plain("Sigmoid"),
    "erf": _plain("Erf"),
    "softplus": _softplus,
    "gelu": _gelu,
    "silu": _silu,
    "elu": _with_alpha("Elu"),
    "celu": _with_alpha("Celu"),
    "selu": _selu,
    "mish": _plain("Mish"),
    "softsign": _plain("Softsign"),
    "hardswish": _plain("HardSwish"),
}
