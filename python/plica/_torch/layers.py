"""The operators for each layer and function of PyTorch, in the order of the list at the end."""

from __future__ import annotations

import operator
from typing import Any, Callable, Optional

import numpy as np

from . import attention, smooth
from .call import Call, shape_of
from .names import function_name

Attributes = dict[str, Any]


def _pair(value: Any, count: int) -> list[int]:
    values = [int(value)] * count if isinstance(value, int) else [int(n) for n in value]
    return values * count if len(values) == 1 and count > 1 else values


# Layers with parameters.


def _linear(call: Call, x: Any, weight: Any, bias: Any = None) -> str:
    weight, bias = call.fixed(weight, "weight"), call.fixed(bias, "bias")
    if len(shape_of(x)) == 2:
        inputs = [call.value(x), call.constant(weight)] + ([] if bias is None else [call.constant(bias)])
        return call.emit("Gemm", inputs, transB=1)
    y = call.emit("MatMul", [call.value(x), call.constant(call.number(weight).T)])
    return y if bias is None else call.emit("Add", [y, call.constant(bias)])


def _convolution(call: Call, x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> str:
    weight, bias = call.fixed(weight, "weight"), call.fixed(bias, "bias")
    count = weight.dim() - 2
    kernel, dilation, stride = list(weight.shape[2:]), _pair(dilation, count), _pair(stride, count)
    if padding == "valid":
        pads = [0] * (2 * count)
    elif padding == "same":
        totals = [d * (k - 1) for d, k in zip(dilation, kernel)]
        pads = [t // 2 for t in totals] + [t - t // 2 for t in totals]
    else:
        pads = _pair(padding, count) * 2
    inputs = [call.value(x), call.constant(weight)] + ([] if bias is None else [call.constant(bias)])
    return call.emit("Conv", inputs, strides=stride, pads=pads, dilations=dilation, kernel_shape=kernel, group=int(groups))


def _convolution_layer(call: Call, x: Any, layer: Any) -> str:
    if layer.padding_mode != "zeros":
        raise call.refuse(f"padding by {layer.padding_mode}, expected zeros")
    return _convolution(call, x, layer.weight, layer.bias, layer.stride, layer.padding, layer.dilation, layer.groups)


def _batch_norm(call: Call, x: Any, layer: Any) -> str:
    channels = layer.running_var.shape[0]
    form = (1, channels) + (1,) * (len(call.shape) - 2)
    number = call.number
    with np.errstate(all="ignore"):
        factor = np.ones(channels, call.writer.dtype) if layer.weight is None else number(layer.weight)
        factor = (factor / np.sqrt(number(layer.running_var) + number(layer.eps))).astype(call.writer.dtype)
    if not np.all(np.isfinite(factor)):
        raise call.refuse("a variance is not positive")
    y = call.emit("Sub", [call.value(x), call.constant(number(layer.running_mean).reshape(form))])
    y = call.emit("Mul", [y, call.constant(factor.reshape(form))])
    return y if layer.bias is None else call.emit("Add", [y, call.constant(number(layer.bias).reshape(form))])


# Piecewise-linear functions.


def _relu(call: Call, x: Any, *_: Any, **__: Any) -> str:
    return call.emit("Relu", [call.value(x)])


def _leaky_relu(call: Call, x: Any, slope: Any = 0.01, inplace: bool = False, *, negative_slope: Any = None) -> str:
    # Written as a PRelu, whose slope has the precision of the module; an attribute of the format has single precision.
    return call.emit("PRelu", [call.value(x), call.constant(slope if negative_slope is None else negative_slope)])


def _prelu(call: Call, x: Any, weight: Any) -> str:
    slope = call.number(call.fixed(weight, "weight"))
    form = slope.shape if slope.size == 1 or len(call.shape) < 3 else (slope.size,) + (1,) * (len(call.shape) - 2)
    return call.emit("PRelu", [call.value(x), call.constant(slope.reshape(form))])


def _clip(call: Call, x: Any, min: Any = None, max: Any = None, *_: Any, min_val: Any = None, max_val: Any = None, inplace: bool = False) -> str:
    low, high = call.fixed(min if min_val is None else min_val, "bound"), call.fixed(max if max_val is None else max_val, "bound")
    bounds = [None if bound is None else call.constant(bound) for bound in (low, high)]
    if any(bound is not None and np.size(call.number(bound)) != 1 for bound in (low, high)):
        raise call.refuse("a bound has several numbers, expected one")
    return call.emit("Clip", [call.value(x), *bounds])


def _hardtanh(call: Call, x: Any, min_val: Any = -1.0, max_val: Any = 1.0, inplace: bool = False) -> str:
    return _clip(call, x, min_val, max_val)


def _relu6(call: Call, x: Any, inplace: bool = False) -> str:
    return _clip(call, x, 0.0, 6.0)


def _hardsigmoid(call: Call, x: Any, inplace: bool = False) -> str:
    y = call.emit("Clip", [call.emit("Add", [call.value(x), call.constant(3.0)]), call.constant(0.0), call.constant(6.0)])
    return call.emit("Div", [y, call.constant(6.0)])


def _extreme(operator_name: str, reduction: Optional[str]) -> Callable[..., Any]:
    def convert(call: Call, x: Any, other: Any = None, keepdim: bool = False, *, dim: Any = None) -> Any:
        if dim is None and isinstance(other, (int, tuple, list)) and not hasattr(other, "meta"):
            dim = other
        if dim is not None:
            if reduction is None:
                raise call.refuse("a minimum along an axis, expected a maximum")
            rank = len(shape_of(x))
            axes = [d % rank for d in ([dim] if isinstance(dim, int) else list(dim))]
            y = call.emit(reduction, [call.value(x), call.whole(axes)], keepdims=int(bool(keepdim)))
            # torch.max also returns the indices of the maxima, which must not be used.
            return y if function_name(call.node) == "amax" else [y, None]
        if other is None:
            raise call.refuse("the extreme of a whole tensor, expected one along an axis")
        return call.emit(operator_name, [call.value(x), call.value(other)])

    return convert


# Pooling.


def _pool(operator_name: str, count: int) -> Callable[..., str]:
    def convert(
        call: Call,
        x: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
        count_include_pad: bool = True,
        divisor_override: Any = None,
    ) -> str:
        kernel = _pair(kernel_size, count)
        stride = kernel if stride is None or stride == [] else _pair(stride, count)
        padding, dilation = _pair(padding, count), _pair(dilation, count)
        if return_indices or divisor_override is not None:
            raise call.refuse("indices of maxima, or another divisor, are not supported")
        sizes = shape_of(x)[-count:]
        floor = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, p, d, k, s in zip(sizes, padding, dilation, kernel, stride)]
        ceil = list(call.shape[-count:]) != floor
        attributes: Attributes = {"kernel_shape": kernel, "strides": stride, "pads": padding * 2}
        if operator_name == "AveragePool":
            if ceil:
                raise call.refuse("ceil_mode with windows that reach beyond the padding is not supported")
            attributes["count_include_pad"] = int(count_include_pad)
        else:
            attributes.update(dilations=dilation, ceil_mode=int(ceil))
        return call.emit(operator_name, [call.value(x)], **attributes)

    return convert


def _average_pool(count: int) -> Callable[..., str]:
    pool = _pool("AveragePool", count)

    def convert(
        call: Call,
        x: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: Any = None,
    ) -> str:
        divisor = None if count == 1 else divisor_override
        return pool(call, x, kernel_size, stride, padding, 1, ceil_mode, False, count_include_pad, divisor)

    return convert


def _adaptive(operator_name: str, count: int) -> Callable[..., str]:
    pool = _pool(operator_name, count)

    def convert(call: Call, x: Any, output_size: Any, return_indices: bool = False) -> str:
        sizes, outputs = shape_of(x)[-count:], call.shape[-count:]
        if any(n % m for n, m in zip(sizes, outputs)):
            raise call.refuse(f"windows of different sizes, {sizes} to {outputs}: expected multiples")
        kernel = [n // m for n, m in zip(sizes, outputs)]
        return pool(call, x, kernel, kernel, 0, 1, False, return_indices)

    return convert


# Arithmetic.


def _binary(operator_name: str, swapped: bool = False) -> Callable[..., Any]:
    compute = {"Add": operator.add, "Sub": operator.sub, "Mul": operator.mul, "Div": operator.truediv}[operator_name]

    def convert(call: Call, x: Any, y: Any, *, alpha: Any = 1, rounding_mode: Any = None) -> Any:
        if alpha != 1 or rounding_mode is not None:
            raise call.refuse("alpha and rounding_mode are not supported")
        left, right = (y, x) if swapped else (x, y)
        known = call.known(left), call.known(right)
        if known[0] is not None and known[1] is not None:
            return compute(*known)
        return call.emit(operator_name, [call.value(left), call.value(right)])

    return convert


def _square(call: Call, x: Any) -> str:
    return call.emit("Mul", [call.value(x), call.value(x)])


def _power(call: Call, x: Any, exponent: Any) -> Any:
    number = call.fixed(exponent, "exponent")
    if call.known(x) is not None:
        return call.known(x) ** number
    if np.size(call.number(number)) != 1 or not np.isfinite(float(number)):
        raise call.refuse(f"its exponent is {number}, expected one finite number")
    return attention.power(call, call.value(x), float(number))


def _negative(call: Call, x: Any) -> str:
    return call.emit("Neg", [call.value(x)])


def _absolute(call: Call, x: Any) -> str:
    return call.emit("Abs", [call.value(x)])


def _matmul(call: Call, x: Any, y: Any) -> str:
    return call.emit("MatMul", [call.value(x), call.value(y)])


def _reduced(operator_name: str, what: str) -> Callable[..., str]:
    def convert(call: Call, x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> str:
        rank = len(shape_of(x))
        axes = [d % rank for d in (range(1, rank) if dim is None else [dim] if isinstance(dim, int) else dim)]
        if dim is None or 0 in axes or dtype is not None:
            raise call.refuse(f"a {what} over the batch, or in another precision, is not supported")
        return call.emit(operator_name, [call.value(x), call.whole(axes)], keepdims=int(bool(keepdim)))

    return convert


_mean = _reduced("ReduceMean", "mean")
_sum = _reduced("ReduceSum", "sum")


# Shapes; all shapes are known from a run with zeros.


def _same(call: Call, x: Any, *_: Any, **__: Any) -> Any:
    return call.values[x] if hasattr(x, "meta") else x


def _dropout(call: Call, x: Any, *arguments: Any, **keywords: Any) -> Any:
    # The function drops elements unless training is false.
    if keywords.get("training", keywords.get("train", arguments[1] if len(arguments) > 1 else True)):
        raise call.refuse("it drops in evaluation mode too, expected training=self.training")
    return _same(call, x)


def _reshaped(call: Call, x: Any, *sizes: Any, **named: Any) -> Any:
    if "dtype" in named or any("dtype" in type(size).__name__ for size in sizes):
        raise call.refuse("a view in another dtype is not supported")
    known = call.known(x)
    if known is not None:
        return known.reshape(call.shape)
    return call.reshape(call.value(x), call.shape)


def _permuted(call: Call, x: Any, *order: Any, dims: Any = None) -> str:
    order = dims if dims is not None else order[0] if len(order) == 1 else order
    rank = len(shape_of(x))
    return call.emit("Transpose", [call.value(x)], perm=[d % rank for d in order])


def _transposed(call: Call, x: Any, first: int, second: int) -> str:
    order = list(range(len(shape_of(x))))
    order[first], order[second] = order[second], order[first]
    return call.emit("Transpose", [call.value(x)], perm=order)


def _joined(call: Call, parts: Any, dim: int = 0) -> str:
    return call.emit("Concat", [call.value(part) for part in parts], axis=dim % len(call.shape))


def _parts(call: Call, x: Any, _sizes: Any, dim: int = 0) -> list[str]:
    parts = call.node.meta["tensor_meta"]
    axis, start, found = dim % len(shape_of(x)), 0, []
    for part in parts:
        end = start + int(part.shape[axis])
        found.append(call.emit("Slice", [call.value(x), call.whole([start]), call.whole([end]), call.whole([axis])]))
        start = end
    return found


def _item(call: Call, x: Any, key: Any) -> Any:
    if not hasattr(x, "meta"):
        return x[key]
    value = call.values[x]
    if isinstance(value, list):
        if value[key] is None:
            raise call.refuse("indices of maxima are not supported")
        return value[key]
    if not isinstance(value, str):
        return value[key]
    keys = list(key) if isinstance(key, tuple) else [key]
    rank = len(shape_of(x))
    if Ellipsis in keys:
        at = keys.index(Ellipsis)
        keys[at : at + 1] = [slice(None)] * (rank - sum(k is not None for k in keys) + 1)
    cuts: list[tuple[int, int, int, int]] = []
    for axis, k in enumerate(k for k in keys if k is not None):
        if isinstance(k, int) and not isinstance(k, bool):
            k = slice(k, k + 1 if k != -1 else None)
        if not isinstance(k, slice) or any(not (part is None or isinstance(part, int)) for part in (k.start, k.stop, k.step)):
            raise call.refuse("another index, expected whole numbers or slices")
        start, end, step = k.indices(shape_of(x)[axis])
        cuts.append((start, end, axis, step))
    y = call.emit("Slice", [value, *(call.whole(numbers) for numbers in zip(*cuts))])
    return call.reshape(y, call.shape)


def _softmax(operator_name: str) -> Callable[..., str]:
    def convert(call: Call, x: Any, dim: Any = None, *_: Any, **__: Any) -> str:
        if dim is None or int(dim) % len(call.shape) == 0:
            raise call.refuse("its axis is that of the batch or missing, expected an axis of the outputs")
        at_the_end = all(user.op == "output" for user in call.node.users) and call.shape[int(dim)] == int(np.prod(call.shape))
        if not at_the_end and operator_name == "LogSoftmax":
            raise call.refuse("it is not at the end, or taken over a part of the outputs: expected all of them")
        if not at_the_end:
            call.writer.operators.add(smooth.IRRATIONAL)
        return call.emit(operator_name, [call.value(x)], axis=int(dim) % len(call.shape))

    return convert


def _size(call: Call, x: Any, dim: Optional[int] = None) -> Any:
    return shape_of(x) if dim is None else shape_of(x)[dim]


def _getattr(call: Call, x: Any, name: str) -> Any:
    if name == "shape":
        return shape_of(x)
    if name == "values" and isinstance(call.values[x], list):
        return call.values[x][0]
    raise call.refuse(f"the attribute {name} is not supported")


MODULES: dict[str, Callable[..., Any]] = {
    "Linear": lambda call, x, layer: _linear(call, x, layer.weight, layer.bias),
    "Conv1d": _convolution_layer,
    "Conv2d": _convolution_layer,
    "BatchNorm1d": _batch_norm,
    "BatchNorm2d": _batch_norm,
    "ReLU": _relu,
    "ReLU6": lambda call, x, layer: _relu6(call, x),
    "LeakyReLU": lambda call, x, layer: _leaky_relu(call, x, layer.negative_slope),
    "PReLU": lambda call, x, layer: _prelu(call, x, layer.weight),
    "Hardtanh": lambda call, x, layer: _clip(call, x, layer.min_val, layer.max_val),
    "Hardsigmoid": lambda call, x, layer: _hardsigmoid(call, x),
    "MaxPool1d": lambda call, x, layer: _pooled_by(call, x, layer, "MaxPool", 1),
    "MaxPool2d": lambda call, x, layer: _pooled_by(call, x, layer, "MaxPool", 2),
    "AvgPool1d": lambda call, x, layer: _pooled_by(call, x, layer, "AveragePool", 1),
    "AvgPool2d": lambda call, x, layer: _pooled_by(call, x, layer, "AveragePool", 2),
    "AdaptiveAvgPool1d": lambda call, x, layer: _adaptive("AveragePool", 1)(call, x, layer.output_size),
    "AdaptiveAvgPool2d": lambda call, x, layer: _adaptive("AveragePool", 2)(call, x, layer.output_size),
    "AdaptiveMaxPool1d": lambda call, x, layer: _adaptive("MaxPool", 1)(call, x, layer.output_size, layer.return_indices),
    "AdaptiveMaxPool2d": lambda call, x, layer: _adaptive("MaxPool", 2)(call, x, layer.output_size, layer.return_indices),
    "Identity": _same,
    "Dropout": _same,
    "Dropout1d": _same,
    "Dropout2d": _same,
    "Flatten": _reshaped,
    "Unflatten": _reshaped,
    "Softmax": lambda call, x, layer: _softmax("Softmax")(call, x, layer.dim),
    "LogSoftmax": lambda call, x, layer: _softmax("LogSoftmax")(call, x, layer.dim),
    **attention.MODULES,
    **smooth.MODULES,
}


def _pooled_by(call: Call, x: Any, layer: Any, operator_name: str, count: int) -> str:
    get = lambda name, default: getattr(layer, name, default)  # noqa: E731
    return _pool(operator_name, count)(
        call,
        x,
        layer.kernel_size,
        layer.stride,
        layer.padding,
        get("dilation", 1),
        layer.ceil_mode,
        get("return_indices", False),
        get("count_include_pad", True),
        get("divisor_override", None),
    )


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "linear": _linear,
    "conv1d": _convolution,
    "conv2d": _convolution,
    "relu": _relu,
    "relu6": _relu6,
    "leaky_relu": _leaky_relu,
    "prelu": _prelu,
    "hardtanh": _hardtanh,
    "hardsigmoid": _hardsigmoid,
    "clamp": _clip,
    "clip": _clip,
    "abs": _absolute,
    "maximum": _extreme("Max", None),
    "minimum": _extreme("Min", None),
    "max": _extreme("Max", "ReduceMax"),
    "min": _extreme("Min", None),
    "amax": _extreme("Max", "ReduceMax"),
    "max_pool1d": _pool("MaxPool", 1),
    "max_pool2d": _pool("MaxPool", 2),
    "avg_pool1d": _average_pool(1),
    "avg_pool2d": _average_pool(2),
    "adaptive_avg_pool1d": _adaptive("AveragePool", 1),
    "adaptive_avg_pool2d": _adaptive("AveragePool", 2),
    "add": _binary("Add"),
    "iadd": _binary("Add"),
    "itruediv": _binary("Div"),
    "sub": _binary("Sub"),
    "isub": _binary("Sub"),
    "rsub": _binary("Sub", swapped=True),
    "mul": _binary("Mul"),
    "imul": _binary("Mul"),
    "square": _square,
    "pow": _power,
    "ipow": _power,
    "div": _binary("Div"),
    "truediv": _binary("Div"),
    "neg": _negative,
    "matmul": _matmul,
    "mean": _mean,
    "flatten": _reshaped,
    "reshape": _reshaped,
    "view": _reshaped,
    "squeeze": _reshaped,
    "unsqueeze": _reshaped,
    "permute": _permuted,
    "transpose": _transposed,
    "contiguous": _same,
    "clone": _same,
    "dropout": _dropout,
    "cat": _joined,
    "concat": _joined,
    "split": _parts,
    "chunk": _parts,
    "getitem": _item,
    "softmax": _softmax("Softmax"),
    "log_softmax": _softmax("LogSoftmax"),
    "size": _size,
    "getattr": _getattr,
    "sum": _sum,
    **attention.FUNCTIONS,
    **smooth.FUNCTIONS,
}
