"""Exact points from lists, arrays, tensors and files, without rounding."""

from __future__ import annotations

import decimal
import numbers
import os
from fractions import Fraction
from typing import Any, Optional, Sequence, Union

import numpy as np

from . import _plica

Number = Union[int, float, Fraction, str]
"""A number: a float is the fraction that its bits denote, a text like ``"1/3"`` or ``"0.1"`` is that rational."""

PointLike = Union[Sequence[Number], np.ndarray, str]
"""A point: numbers, an array, or text as on the command line (``"0,3/4"``, ``"digits#17"``, a ``.npy`` file)."""

PointsLike = Union["Data", Sequence[Sequence[Number]], np.ndarray, str]
"""Points, one per row: an array, lists of numbers, a `Data`, or text as on the command line (``"digits"``, a file)."""

LARGEST_WHOLE_DOUBLE = 2**53

LARGEST_EXPONENT = 20_000
LARGEST_BITS = 66_439
"""The limit for a numerator or a denominator: 20,000 digits, as for numbers in text."""


class Data:
    """Points with exact coordinates, and their labels if they have any.

    ``X`` (n x d, doubles) are the coordinates as nearest doubles, ``y`` (n integers) the labels or None. `row` gives exact
    coordinates: pixels of an IDX file are n/255, which is not a double.

    >>> digits = data("digits")
    >>> len(digits), digits.X.shape, digits.classes
    (1797, (1797, 64), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    >>> digits.row(0)[2]
    Fraction(5, 16)
    """

    def __init__(self, points: _plica.Points, y: Optional[np.ndarray], name: str):
        self._points = points
        self.y = y
        self.name = name
        self._X: Optional[np.ndarray] = None

    @property
    def X(self) -> np.ndarray:
        """The nearest doubles of the coordinates, n x d, read-only."""
        if self._X is None:
            self._X = self._points.nearest()
            self._X.flags.writeable = False
        return self._X

    @property
    def classes(self) -> list[int]:
        """The labels that occur, ascending."""
        return [] if self.y is None else [int(label) for label in np.unique(self.y)]

    def row(self, index: int) -> list[Fraction]:
        """The exact coordinates of the point with this index, from 0. Raises IndexError if there is none."""
        if not 0 <= index < len(self):
            raise IndexError(f"no row {index}: expected 0 to {len(self) - 1}")
        return self._points.row(index)

    def __len__(self) -> int:
        return len(self._points)

    def __repr__(self) -> str:
        classes = f", {len(self.classes)} classes" if self.y is not None else ""
        return f"<plica.Data {self.name}: {len(self)} points of {self._points.dimension} coordinates{classes}>"

    def __reduce__(self) -> Any:
        return _data_from_state, (*self._points.state(), self.y, self.name)


def _data_from_state(constructor: str, arguments: tuple, y: Optional[np.ndarray], name: str) -> Data:
    return Data(getattr(_plica.Points, constructor)(*arguments), y, name)


def data(spec: Union[str, PointsLike], y: Any = None, *, labels: Optional[str] = None, pixels: str = "exact") -> Data:
    """Loads points by their name on the command line, or makes them from an array.

    ``spec`` is a ``.npz`` (``X`` n x d, optional ``y``), ``.npy``, ``.csv`` or IDX file (``.gz`` too), the built-in ``"digits"``, or points.
    ``labels`` names a file or a column of a ``.csv``; ``pixels`` is the number for a byte n of an image: ``exact`` (n/255), ``f64``, ``f32`` or ``raw``.

    Raises ValueError if the text names no data or a file is malformed, FileNotFoundError if it is missing.

    >>> data([["1/3", 0], [0.5, 1]], y=[0, 1])
    <plica.Data X: 2 points of 2 coordinates, 2 classes>
    """
    return named_data(spec, y, "X", "y", labels, pixels)


def named_data(spec: Any, y: Any, name: str, y_name: str, labels: Optional[str] = None, pixels: str = "exact") -> Data:
    """The same, with the names of the arguments for messages."""
    if isinstance(spec, Data):
        return spec if y is None else Data(spec._points, _labels(y, len(spec), y_name), spec.name)
    if isinstance(spec, (str, os.PathLike)):
        text = os.fspath(spec)
        try:
            points, found = _plica.load_data(text, labels, pixels)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        own = None if found is None else np.asarray(found, dtype=np.int64)
        return Data(points, own if y is None else _labels(y, len(points), y_name), text)
    if labels is not None:
        raise TypeError("labels: only for data from a file, expected y")
    points = matrix(spec, name)
    return Data(points, None if y is None else _labels(y, len(points), y_name), name)


def matrix(x: Any, name: str) -> _plica.Points:
    """Exact points from the rows of a two-dimensional argument."""
    if isinstance(x, Data):
        return x._points
    if isinstance(x, (str, os.PathLike)):
        return named_data(x, None, name, "y")._points
    if _is_array(x):
        return _of_array(_array(x, name), name, rows=True)
    rows = _items(x, name)
    return _of_rows([_items(row, f"{name}: row {i}") for i, row in enumerate(rows)], name)


def point(x: Any, name: str) -> _plica.Points:
    """One exact point."""
    if isinstance(x, Data) and len(x) == 1:
        return x._points
    if isinstance(x, str):
        try:
            return _plica.Points.load(x, "exact")
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    if _is_array(x):
        return _of_array(_array(x, name), name, rows=False)
    return _of_rows([_items(x, name)], name, single=True)


def _of_rows(rows: list, name: str, single: bool = False) -> _plica.Points:
    if not rows or not rows[0]:
        raise ValueError(f"{name}: no points" if not single else f"{name}: a point without coordinates")
    dimension = len(rows[0])
    for i, row in enumerate(rows):
        if len(row) != dimension:
            raise ValueError(f"{name}: row {i} has {len(row)} coordinates, row 0 has {dimension}")
    if all(type(value) is float for row in rows for value in row):
        return _of_doubles(np.array(rows, dtype=np.float64), name, single)

    def where(i: int, j: int) -> str:
        return f"{name}: coordinate {j}" if single else f"{name}: row {i}, coordinate {j}"

    texts = [_ratio(value, i, j, where) for i, row in enumerate(rows) for j, value in enumerate(row)]
    return _plica.Points.from_ratios(texts, dimension)


def _of_doubles(array: np.ndarray, name: str, single: bool) -> _plica.Points:
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        i, j = (int(k) for k in bad[0])
        place = f"coordinate {j}" if single else f"row {i}, coordinate {j}"
        raise ValueError(f"{name}: {place} is {array[i, j]}, not a finite number")
    return _plica.Points.from_doubles(np.ascontiguousarray(array, dtype=np.float64))


def _of_array(array: np.ndarray, name: str, rows: bool) -> _plica.Points:
    expected = 2 if rows else 1
    if not rows and array.ndim == 2 and array.shape[0] == 1:
        array = array[0]
    if array.ndim != expected:
        form = "n x d" if rows else "d"
        raise ValueError(f"{name}: an array of shape {_shape(array.shape)}, expected {form}")
    if array.size == 0:
        raise ValueError(f"{name}: no points" if rows else f"{name}: a point without coordinates")
    if not rows:
        array = array[np.newaxis]
    kind = array.dtype.kind
    if kind == "f" and array.dtype.itemsize <= 8:
        return _of_doubles(array.astype(np.float64), name, not rows)
    if kind in "iu" and np.all(array <= LARGEST_WHOLE_DOUBLE) and np.all(array >= -LARGEST_WHOLE_DOUBLE):
        return _of_doubles(array.astype(np.float64), name, not rows)
    if kind in "iufOUS":
        # tolist() rounds long doubles; the elements of the array keep their bits.
        values = [list(row) for row in array] if kind == "f" else array.tolist()
        return _of_rows(values, name, single=not rows)
    raise TypeError(f"{name}: an array of {array.dtype}, expected numbers")


class _TooLong(Exception):
    """A number with too many digits."""


def _ratio(value: Any, i: int, j: int, where: Any) -> str:
    """A number as numerator/denominator in base 16, to which Python's limit on digits does not apply."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    try:
        if isinstance(value, str):
            value = _plica.parse_fraction(value)
        elif getattr(value, "shape", None) == () and hasattr(value, "item") and not isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, (bool, np.bool_)):
            raise TypeError("a truth value, expected a number")
        if isinstance(value, decimal.Decimal) and value.is_finite() and abs(int(value.as_tuple().exponent)) > LARGEST_EXPONENT:
            raise _TooLong
        if isinstance(value, numbers.Integral):
            pair: tuple[Any, Any] = (value, 1)
        elif isinstance(value, numbers.Rational):
            pair = (value.numerator, value.denominator)
        else:
            pair = value.as_integer_ratio()
        ratio = (int(pair[0]), int(pair[1]))
        if max(part.bit_length() for part in ratio) > LARGEST_BITS:
            raise _TooLong
    except _TooLong:
        raise ValueError(f"{where(i, j)}: a number of more than 20,000 digits, the limit") from None
    except (OverflowError, ValueError) as error:
        said = f": {error}" if isinstance(value, str) else f" is {value}, not a finite number"
        raise ValueError(f"{where(i, j)}{said}") from None
    except AttributeError:
        raise TypeError(f"{where(i, j)}: {type(value).__name__}, expected a number") from None
    except TypeError as error:
        raise TypeError(f"{where(i, j)}: {error}") from None
    return f"{ratio[0]:x}/{ratio[1]:x}"


def _is_array(x: Any) -> bool:
    return hasattr(x, "dtype") and hasattr(x, "shape")


def _array(x: Any, name: str) -> np.ndarray:
    """The same numbers as a NumPy array; tensors of PyTorch may be on any device."""
    if hasattr(x, "detach"):
        try:
            x = x.detach().cpu().resolve_conj().resolve_neg()
            return np.asarray((x.float() if "bfloat16" in str(x.dtype) else x).numpy())  # NumPy has no bfloat16
        except (RuntimeError, TypeError, NotImplementedError) as error:
            raise TypeError(f"{name}: a tensor that NumPy cannot read: {str(error).splitlines()[0]}") from None
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise ValueError(f"{name}: a masked array with masked numbers, expected all of them")
    array = np.asarray(x)
    if array.dtype.kind not in "iufOUSb" and name:
        raise TypeError(f"{name}: an array of {array.dtype}, expected numbers")
    return array


def _items(x: Any, name: str) -> list:
    if isinstance(x, (str, bytes, bytearray, memoryview, dict, set, frozenset)) or not hasattr(x, "__iter__"):
        raise TypeError(f"{name}: {type(x).__name__}, expected a list of numbers or an array")
    if hasattr(x, "dtypes"):  # the columns of a table may have different types: joining them can round
        raise TypeError(f"{name}: a table, expected an array of its numbers, as from to_numpy()")
    if _is_array(x) and len(x.shape) == 0:
        raise TypeError(f"{name}: a single number, expected a list of numbers or an array")
    if isinstance(x, np.ma.MaskedArray):
        return list(_array(x, name))
    return list(x)


def _labels(y: Any, count: int, name: str) -> np.ndarray:
    """Labels as integers, without rounding."""
    if not _is_array(y):
        items = _items(y, name)
        whole = [_whole(label, i, name) for i, label in enumerate(items)]
    else:
        array = _array(y, name)
        if array.ndim != 1:
            raise ValueError(f"{name}: an array of shape {_shape(array.shape)}, expected one label per point")
        if array.dtype.kind not in "iufO":
            raise TypeError(f"{name}: labels of {array.dtype}, expected whole numbers")
        if array.dtype.kind == "i" and len(array) == count:
            return array.astype(np.int64)
        whole = [_whole(label, i, name) for i, label in enumerate(array.tolist() if array.dtype.itemsize <= 8 else list(array))]
    if len(whole) != count:
        raise ValueError(f"{name}: {len(whole)} labels for {count} points")
    return np.array(whole, dtype=np.int64)


def _whole(label: Any, i: int, name: str) -> int:
    if hasattr(label, "item") and getattr(label, "shape", None) == ():
        label = label.item()
    if isinstance(label, (bool, np.bool_)) or not isinstance(label, numbers.Real):
        raise TypeError(f"{name}: label {i} is {label!r}, not a whole number")
    value: Any = label
    if not (isinstance(value, numbers.Integral) or (np.isfinite(float(value)) and value == int(value))):
        raise ValueError(f"{name}: label {i} is {label}, not a whole number")
    if not -(2**63) <= int(value) < 2**63:
        raise ValueError(f"{name}: label {i} is {label}, expected at most 64 bits")
    return int(value)


def patterns(x: Any, name: str) -> np.ndarray:
    """Activation patterns as rows of bits, from an array of 0 and 1, or texts such as "0110"."""
    if _is_array(x) and (len(x.shape) != 1 or _array(x, name).dtype.kind not in "OUS"):
        array = _array(x, name)
        if array.ndim != 2:
            raise ValueError(f"{name}: an array of shape {_shape(array.shape)}, expected patterns x units")
        wrong = np.argwhere((array != 0) & (array != 1))
        if len(wrong):
            i, j = (int(k) for k in wrong[0])
            raise ValueError(f"{name}: pattern {i}, bit {j} is {array[i, j]}, expected 0 or 1")
        return np.ascontiguousarray(array, dtype=bool)
    rows: list[list[bool]] = []
    for i, row in enumerate(_items(x, name)):
        bits = list(row) if isinstance(row, str) else _items(row, f"{name}: pattern {i}")
        rows.append([_bit(bit, f"{name}: pattern {i}, bit {j}") for j, bit in enumerate(bits)])
        if len(rows[i]) != len(rows[0]):
            raise ValueError(f"{name}: pattern {i} has {len(rows[i])} bits, pattern 0 has {len(rows[0])}")
    return np.array(rows, dtype=bool).reshape(len(rows), len(rows[0]) if rows else 0)


def _bit(bit: Any, where: str) -> bool:
    if isinstance(bit, str) and bit in ("0", "1"):
        return bit == "1"
    if isinstance(bit, (numbers.Real, np.bool_)) and bit in (0, 1):
        return bool(bit)
    raise ValueError(f"{where} is {bit!r}, expected 0 or 1")


def check_dimension(points: _plica.Points, inputs: int, name: str, network: str) -> None:
    """Refuses points of another dimension than the network's inputs."""
    if points.dimension != inputs:
        raise ValueError(f"{name}: dimension {points.dimension}, but {network} takes {inputs} inputs")


def _shape(shape: tuple) -> str:
    return " x ".join(str(n) for n in shape) if shape else "()"
