"""Checks of arguments, with errors that name the argument."""

from __future__ import annotations

import math
import os
from fractions import Fraction
from typing import Any, Optional

import numpy as np

from . import _plica
from ._points import _array, _is_array, _items, matrix, patterns


def sets(sets: Any) -> list[list[str]]:
    rows = _items(sets, "sets")
    if not rows:
        raise ValueError("sets: no patterns")
    if all(isinstance(row, str) for row in rows):
        return [rows]

    def text(set: Any, name: str) -> list[str]:
        if not _is_array(set) and all(isinstance(row, str) for row in _items(set, name)):
            return list(set)
        return ["".join("1" if bit else "0" for bit in row) for row in patterns(set, name)]

    if _is_array(sets):
        return [text(sets, "sets")]
    return [text(set, f"sets: set {i}") for i, set in enumerate(rows)]


def flat(x: Any, inputs: int, name: str) -> Any:
    """An image as a point."""
    if _is_array(x) and len(x.shape) > 1 and int(np.prod(x.shape)) == inputs:
        return _array(x, name).reshape(-1)
    return x


def flat_rows(x: Any, inputs: int, name: str) -> Any:
    """Images as points, one per row."""
    if _is_array(x) and len(x.shape) > 2 and x.shape[0] > 0 and int(np.prod(x.shape[1:])) == inputs:
        return _array(x, name).reshape(x.shape[0], -1)
    return x


def written(x: Any, exact: _plica.Points) -> str:
    """A point for the heading of a text, at most one line: as the user wrote it, or its nearest doubles."""
    if isinstance(x, str):
        return x.strip()
    values = exact.nearest()[0][:40].tolist()
    # The nearest double of a number that is not 0 may be 0 or infinite.
    far = [i for i, value in enumerate(values) if value == 0 or not math.isfinite(value)]
    fractions = exact.row(0) if far else []
    return ",".join(_power_of_two(fractions[i]) if i in far else f"{value:.12g}" for i, value in enumerate(values))


def _power_of_two(x: Fraction) -> str:
    if x == 0:
        return "0"
    return f"{'-' if x < 0 else ''}2^{abs(x.numerator).bit_length() - x.denominator.bit_length()}.."


def units(units: Any) -> str:
    if isinstance(units, str):
        return units
    layers = [units] if isinstance(units, (int, np.integer)) and not isinstance(units, bool) else units
    if not isinstance(layers, (list, tuple, range, np.ndarray)) or not all(
        isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in layers
    ):
        raise TypeError(f"units: {units!r}, expected 'hidden', 'all', or indices of layers")
    return ",".join(str(layer) for layer in layers)


def box(box: Any, dimension: int) -> dict[str, Any]:
    if box is None or isinstance(box, str):
        return {"ranges": None, "text": box}
    rows = list(_array(box, "box")) if _is_array(box) else _items(box, "box")
    if len(rows) == 2 and all(isinstance(row, str) or np.ndim(row) == 0 for row in rows):
        rows = [rows] * dimension
    ranges = matrix([list(row) if _is_array(row) else row for row in rows], "box")
    if len(ranges) != dimension or ranges.dimension != 2:
        raise ValueError(f"box: {len(ranges)} x {ranges.dimension} numbers, expected {dimension} x 2, or a pair (lo, hi)")
    return {"ranges": ranges, "text": None}


def flag(value: Any, name: str) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: {value!r}, expected True or False")
    return bool(value)


def text(value: Any, name: str) -> Any:
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name}: {value!r}, expected text")
    return value


def threads(threads: Optional[int]) -> int:
    if threads is None:
        return os.cpu_count() or 1 if not hasattr(os, "sched_getaffinity") else len(os.sched_getaffinity(0))
    if isinstance(threads, bool) or not isinstance(threads, (int, np.integer)) or not 1 <= threads <= 1024:
        raise ValueError(f"threads: {threads!r}, expected 1 to 1024")
    return int(threads)


def precision(bits: Any) -> Optional[int]:
    """The largest precision for smooth networks, in bits; the library checks its range."""
    return None if bits is None else count(bits, "precision")


def count(number: Any, name: str) -> int:
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)):
        raise TypeError(f"{name}: {type(number).__name__}, expected a whole number")
    if number < 1 or number >= 2**32:
        raise ValueError(f"{name}: {number}, expected 1 to 2^32 - 1")
    return int(number)


def memory(size: Any, name: str) -> Optional[str]:
    """A number of bytes, as an integer or as text such as 500M or 4G."""
    if size is None or isinstance(size, str):
        return size
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)):
        raise TypeError(f"{name}: {type(size).__name__}, expected a whole number of bytes, or text such as '4G'")
    return str(int(size))
