"""The symbolic trace of `torch.fx`, with in-place operators such as `+=`: `torch.fx` takes ``y += x`` for ``y = y + x``, which does not change the old y."""

from __future__ import annotations

import operator
from typing import Any, Callable


def tracer() -> Any:
    """A tracer whose values record that they are changed in place."""
    import torch.fx

    class Value(torch.fx.Proxy):
        pass

    def in_place(function: Callable[..., Any]) -> Callable[..., Any]:
        def method(self: Any, other: Any) -> Any:
            return self.tracer.create_proxy("call_function", function, (self, other), {})

        return method

    for name in ("iadd", "isub", "imul", "itruediv", "ifloordiv", "imatmul", "ipow"):
        setattr(Value, f"__{name}__", in_place(getattr(operator, name)))

    class Tracer(torch.fx.Tracer):
        def proxy(self, node: Any) -> Any:
            return Value(node, self)

    return Tracer()
