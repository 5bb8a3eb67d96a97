"""Writes ONNX files: the messages of the format that a converted module needs, with their published field numbers."""

from __future__ import annotations

import struct
from typing import Any, Optional, Sequence, Union

import numpy as np

OPERATOR_SET = 24
IR_VERSION = 12
DATA_TYPES = {"float32": 1, "int64": 7, "float16": 10, "float64": 11}


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    parts = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        parts.append(low | (0x80 if value else 0))
        if not value:
            return bytes(parts)


def _bytes(field: int, content: Union[bytes, str]) -> bytes:
    content = content.encode() if isinstance(content, str) else content
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


class Writer:
    """A graph, written node by node; values are named in order."""

    def __init__(self, input_shape: tuple[int, ...], dtype: np.dtype):
        self.dtype = dtype
        self.nodes: list[bytes] = []
        self.constants: list[bytes] = []
        self.values = 0
        #: The operators that were added.
        self.operators: set[str] = set()
        self.input = "input"
        self._input = self._value("input", input_shape)

    def node(self, operator: str, inputs: Sequence[Optional[str]], name: str, outputs: int = 1, **attributes: Any) -> str:
        """Adds an operator, and returns the name of its first output."""
        produced = [f"v{self.values + i}" for i in range(outputs)]
        self.values += outputs
        self.operators.add(operator)
        message = b"".join(_bytes(1, value or "") for value in inputs) + b"".join(_bytes(2, value) for value in produced)
        message += _bytes(3, name) + _bytes(4, operator)
        message += b"".join(_bytes(5, _attribute(key, value)) for key, value in attributes.items())
        self.nodes.append(message)
        return produced[0]

    def constant(self, array: Any, name: str) -> str:
        """Adds an array; integers become 64-bit integers, floats keep their type."""
        array = np.asarray(array)
        if array.dtype.kind in "iu":
            array = array.astype(np.int64)
        label = f"{name}#{len(self.constants)}"
        little = array.astype(array.dtype.newbyteorder("<"))
        message = b"".join(_integer(1, n) for n in array.shape) + _integer(2, DATA_TYPES[array.dtype.name])
        self.constants.append(message + _bytes(8, label) + _bytes(9, little.tobytes()))
        return label

    def finish(self, output: str, shape: tuple[int, ...]) -> bytes:
        """The bytes of the file."""
        graph = b"".join(_bytes(1, node) for node in self.nodes) + _bytes(2, "module")
        graph += b"".join(_bytes(5, constant) for constant in self.constants)
        graph += _bytes(11, self._input) + _bytes(12, self._value(output, shape))
        return _integer(1, IR_VERSION) + _bytes(8, _integer(2, OPERATOR_SET)) + _bytes(7, graph)

    def _value(self, name: str, shape: tuple[int, ...]) -> bytes:
        dimensions = b"".join(_bytes(1, _integer(1, n)) for n in shape)
        tensor = _integer(1, DATA_TYPES[self.dtype.name]) + _bytes(2, dimensions)
        return _bytes(1, name) + _bytes(2, _bytes(1, tensor))


def _attribute(name: str, value: Any) -> bytes:
    message = _bytes(1, name)
    if isinstance(value, int):
        return message + _integer(3, value) + _integer(20, 2)
    if isinstance(value, float):
        return message + _varint(2 << 3 | 5) + struct.pack("<f", value) + _integer(20, 1)
    if isinstance(value, str):
        return message + _bytes(4, value) + _integer(20, 3)
    return message + b"".join(_integer(8, n) for n in value) + _integer(20, 7)
