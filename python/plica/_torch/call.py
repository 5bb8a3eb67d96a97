"""One node of a traced module during conversion: its arguments, and its refusals."""

from __future__ import annotations

from typing import Any, Optional, Sequence

import numpy as np

from .._onnx import Writer


class UnknownLayer(ValueError):
    """A layer that cannot be converted exactly, with its name."""


class Call:
    """One node during conversion."""

    def __init__(self, values: dict[Any, Any], writer: Writer, node: Any, name: str):
        #: By node: the name of a value that depends on the input, an array that does not, or the parts of a split.
        self.values, self.writer, self.node, self.name = values, writer, node, name

    def refuse(self, why: str) -> UnknownLayer:
        return UnknownLayer(f"{self.name}: {why}")

    @property
    def shape(self) -> tuple[int, ...]:
        return shape_of(self.node)

    def number(self, value: Any) -> np.ndarray:
        """Numbers in the precision of the module."""
        if hasattr(value, "detach"):
            if value.dtype.is_floating_point and value.dim() > 0 and str(value.dtype) != f"torch.{self.writer.dtype.name}":
                raise self.refuse(f"it computes with {value.dtype}, expected {self.writer.dtype.name} as in the module")
            value = value.detach().cpu().numpy()
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise self.refuse(f"an array of {array.dtype}, expected numbers")
        return array.astype(self.writer.dtype)

    def constant(self, value: Any) -> str:
        return self.writer.constant(self.number(value), self.name)

    def whole(self, values: Any) -> str:
        return self.writer.constant(np.asarray(values, dtype=np.int64), self.name)

    def fixed(self, x: Any, what: str) -> Any:
        """An argument that may be left out, and may not depend on the input."""
        if x is not None and self.known(x) is None:
            raise self.refuse(f"its {what} depends on the input")
        return self.known(x)

    def known(self, x: Any) -> Any:
        """A value that does not depend on the input, else None."""
        if hasattr(x, "meta"):
            value = self.values[x]
            return None if isinstance(value, (str, list)) else value
        return x

    def value(self, x: Any) -> str:
        """The name of a value, which may be a constant."""
        if hasattr(x, "meta"):
            found = self.values[x]
            if isinstance(found, str):
                return found
            if isinstance(found, list):
                raise self.refuse("an argument is all parts of a split, expected one part")
            return self.constant(found)
        return self.constant(x)

    def emit(self, operator_name: str, inputs: Sequence[Optional[str]], **attributes: Any) -> str:
        return self.writer.node(operator_name, inputs, self.name, **attributes)

    def reshape(self, value: str, shape: tuple[int, ...]) -> str:
        return self.emit("Reshape", [value, self.whole(shape)])


def shape_of(node: Any) -> tuple[int, ...]:
    return tuple(int(n) for n in node.meta["tensor_meta"].shape)
