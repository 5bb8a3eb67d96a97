#!/usr/bin/env python3
"""Random small ONNX files, and what ONNX Runtime computes for some inputs of each: what the reader is held against.

    python3 data/random_onnx.py DIRECTORY [--count 1000] [--seed 0]

`make onnx` runs it, and then the test that reads the directory. It needs numpy, onnx and onnxruntime.
"""

import argparse
import json
import pathlib

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

onnxruntime.set_default_logger_severity(4)


class Refused(Exception):
    """This operator does not fit here."""


class File:
    """A file that grows operator by operator."""

    def __init__(self, rng):
        self.rng = rng
        self.opset = int(rng.choice([11, 12, 13, 15, 17, 18, 20]))
        self.nodes, self.constants = [], []
        spatial = [[self.one_of(3, 7), self.one_of(3, 7)], [self.one_of(4, 9)], []][self.one_of(0, 2)]
        self.input_shape = [1, self.one_of(1, 3), *spatial] if spatial else [1, self.one_of(2, 8)]
        self.value, self.shape = "x", list(self.input_shape)
        self.may_be_smooth = self.sometimes(0.4)
        if self.may_be_smooth and self.sometimes(0.5):
            self.opset = 20  # Gelu is an operator since then.

    def one_of(self, low, high):
        return int(self.rng.integers(low, high + 1))

    def sometimes(self, share):
        return self.rng.random() < share

    def numbers(self, *shape):
        return self.rng.normal(size=shape).astype(numpy.float32)

    def number(self):
        return float(self.numbers(1)[0])

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def integers(self, values):
        return self.constant(numpy.array(values, dtype=numpy.int64))

    def node(self, operator, inputs, outputs=1, **attributes):
        names = [f"v{len(self.nodes)}_{k}" for k in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, name=f"n{len(self.nodes)}", **attributes))
        return names if outputs > 1 else names[0]

    def with_axes(self, operator, axes, since, **attributes):
        """An operator whose axes became an input in some version."""
        if self.opset >= since:
            return self.node(operator, [self.value, self.integers(axes)], **attributes)
        return self.node(operator, [self.value], axes=axes, **attributes)

    def broadcast_shape(self):
        """A shape that is broadcast to the value's."""
        shape = [size if self.sometimes(0.6) else 1 for size in self.shape]
        return shape[self.one_of(0, len(shape) - 1):]

    def axis(self):
        return self.one_of(1, len(self.shape) - 1)

    def model(self):
        value = helper.make_tensor_value_info
        inputs = [value("x", TensorProto.FLOAT, self.input_shape)]
        outputs = [value(self.value, TensorProto.FLOAT, None)]
        graph = helper.make_graph(self.nodes, "random", inputs, outputs, self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)


def arithmetic(file, operator):
    constant = file.numbers(*file.broadcast_shape())
    constant = numpy.where(numpy.abs(constant) < 0.1, numpy.float32(0.5), constant).astype(numpy.float32)
    inputs = [file.value, file.constant(constant)]
    if file.sometimes(0.3) and operator != "Div":
        inputs.reverse()
    return file.node(operator, inputs)


def plain(file, operator):
    return file.node(operator, [file.value])


def leaky(file, operator):
    return file.node(operator, [file.value], **({} if file.sometimes(0.3) else {"alpha": file.number()}))


def prelu(file, operator):
    return file.node(operator, [file.value, file.constant(file.numbers(*file.broadcast_shape()))])


def clip(file, operator):
    bounds = sorted([file.number(), file.number()])
    inputs = [file.constant(numpy.array(bound, dtype=numpy.float32)) if file.sometimes(0.7) else "" for bound in bounds]
    while inputs and not inputs[-1]:
        inputs.pop()
    return file.node(operator, [file.value, *inputs])


def hard_sigmoid(file, operator):
    options = {} if file.sometimes(0.4) else {"alpha": abs(file.number()) + 0.1, "beta": file.number()}
    return file.node(operator, [file.value], **options)


def extreme(file, operator):
    inputs = [file.value] + [file.constant(file.numbers(*file.broadcast_shape())) for _ in range(file.one_of(0, 2))]
    if file.sometimes(0.5):
        inputs.append(file.node("Neg", [file.value]))
    return file.node(operator, inputs)


def transpose(file, operator):
    order = [0] + [1 + int(k) for k in file.rng.permutation(len(file.shape) - 1)]
    return file.node(operator, [file.value], perm=order)


def reshape(file, operator):
    total = int(numpy.prod(file.shape))
    part = int(file.rng.choice([k for k in range(1, total + 1) if total % k == 0]))
    shapes = [[1, part, total // part], [1, part, -1], [0, -1], [1, 1, part, total // part]]
    return file.node(operator, [file.value, file.integers(shapes[file.one_of(0, 3)])])


def flatten(file, operator):
    return file.node(operator, [file.value], axis=file.one_of(1, len(file.shape)))


def unsqueeze(file, operator):
    return file.with_axes(operator, [file.one_of(1, len(file.shape))] if file.sometimes(0.6) else [-1], 13)


def squeeze(file, operator):
    ones = [k for k in range(1, len(file.shape)) if file.shape[k] == 1]
    if not ones:
        raise Refused
    return file.with_axes(operator, ones[:1], 13)


def concat(file, operator):
    axis = file.axis()
    shape = list(file.shape)
    shape[axis] = file.one_of(1, 2)
    other = file.constant(file.numbers(*shape)) if file.sometimes(0.5) else file.node("Relu", [file.value])
    return file.node(operator, [file.value, other], axis=axis if file.sometimes(0.7) else axis - len(shape))


def split(file, operator):
    axis = file.axis()
    if file.shape[axis] < 2:
        raise Refused
    first = file.one_of(1, file.shape[axis] - 1)
    parts = [first, file.shape[axis] - first]
    if file.opset >= 13:
        both = file.node(operator, [file.value, file.integers(parts)], 2, axis=axis)
    else:
        both = file.node(operator, [file.value], 2, axis=axis, split=parts)
    return both[file.one_of(0, 1)]


def slices(file, operator):
    axis = file.axis()
    size, step = file.shape[axis], int(file.rng.choice([1, 1, 2, -1, -2]))
    start, end = (file.one_of(-size, size - 1), file.one_of(-size, 2 * size))
    if step < 0:
        start, end = file.one_of(-size, 2 * size), int(file.rng.choice([-(10**6), 0, -size - 1]))
    return file.node(operator, [file.value, *(file.integers([k]) for k in (start, end, axis, step))])


def mean(file, operator):
    return file.with_axes(operator, [file.axis()], 18, keepdims=file.one_of(0, 1))


def largest(file, operator):
    return file.with_axes(operator, [file.axis()], 18, keepdims=file.one_of(0, 1))


def gather(file, operator):
    axis = file.axis()
    size = file.shape[axis]
    indices = [file.one_of(-size, size - 1) for _ in range(file.one_of(1, 3))]
    return file.node(operator, [file.value, file.integers(indices)], axis=axis)


def power(file, operator):
    return file.node(operator, [file.value, file.constant(numpy.float32(file.one_of(2, 3)).reshape([[], [1]][file.one_of(0, 1)]))])


def product(file, operator):
    return file.node(operator, [file.value, file.value if file.sometimes(0.3) else file.node("Relu", [file.value])])


def elu(file, operator):
    names = {"Elu": ["alpha"], "Celu": ["alpha"], "Selu": ["alpha", "gamma"]}[operator]
    return file.node(operator, [file.value], **{name: abs(file.number()) + 0.1 for name in names if file.sometimes(0.5)})


def gelu(file, operator):
    return file.node(operator, [file.value], **({"approximate": "tanh"} if file.sometimes(0.5) else {}))


def gate(file, operator):
    """Products of two tensors, as in SiLU and in gated layers."""
    gated = file.node(["Sigmoid", "Tanh", "Softsign"][file.one_of(0, 2)], [file.value])
    return file.node(operator, [file.value, gated] if file.sometimes(0.5) else [gated, file.value])


def above_zero(file):
    """A tensor of numbers above 0: of squares, or of exponentials."""
    if file.sometimes(0.3):
        return file.node("Exp", [file.node("Tanh", [file.value])])
    square = file.node("Mul", [file.value, file.value])
    return file.node("Add", [square, file.constant(numpy.float32([0.5]))])


def of_positive(file, operator):
    return file.node(operator, [above_zero(file)])


def exponential(file, operator):
    return file.node(operator, [file.node("Tanh", [file.value])])


def root(file, operator):
    exponent = [0.5, -0.5, 1.5, -1.0, -2.0, 0.3][file.one_of(0, 5)]
    return file.node(operator, [above_zero(file), file.constant(numpy.float32(exponent).reshape([[], [1]][file.one_of(0, 1)]))])


def quotient(file, operator):
    return file.node(operator, [file.value, above_zero(file)])


def softmax(file, operator):
    """Times constants, since a softmax at the end is left out."""
    axis = file.axis()
    shares = file.node(operator, [file.value], axis=axis if file.sometimes(0.6) else axis - len(file.shape))
    return file.node("Mul", [shares, file.constant(file.numbers(*file.broadcast_shape()))])


def layer_norm(file, operator):
    if file.opset < 17:
        raise Refused
    axis = file.axis()
    scale = [file.numbers(*file.shape[axis:]) for _ in range(file.one_of(1, 2))]
    options = {} if file.sometimes(0.4) else {"epsilon": abs(file.number()) / 100 + 1e-4}
    return file.node(operator, [file.value, *map(file.constant, scale)], axis=axis - (len(file.shape) if file.sometimes(0.5) else 0), **options)


def matrices(file, operator):
    """The product of a tensor with its transpose, or the other way round."""
    order = [*range(len(file.shape) - 2), len(file.shape) - 1, len(file.shape) - 2]
    both = [file.value, file.node("Transpose", [file.value], perm=order)]
    return file.node(operator, both if file.sometimes(0.5) or len(file.shape) == 2 else both[::-1])


def total(file, operator):
    return file.with_axes(operator, [file.axis()], 13, keepdims=file.one_of(0, 1))


def residual(file, operator):
    scaled = file.node("Mul", [file.value, file.constant(file.numbers(1))])
    return file.node(operator, [file.value, file.node("Relu", [scaled])])


def window(file, operator):
    axes = len(file.shape) - 2
    kernel = [file.one_of(1, 3) for _ in range(axes)]
    options = {}
    if file.sometimes(0.6):
        options["strides"] = [file.one_of(1, 3) for _ in range(axes)]
    if (operator != "AveragePool" or file.opset >= 19) and file.sometimes(0.4):
        options["dilations"] = [file.one_of(1, 2) for _ in range(axes)]
    padding = file.rng.random()
    if padding < 0.5:
        options["pads"] = [file.one_of(0, size - 1) for size in kernel * 2]
    elif padding < 0.7:
        options["auto_pad"] = str(file.rng.choice(["SAME_UPPER", "SAME_LOWER", "VALID"]))
    return kernel, options


def pool(file, operator):
    kernel, options = window(file, operator)
    if file.sometimes(0.4):
        options["ceil_mode"] = 1
    if operator == "AveragePool" and file.sometimes(0.5):
        options["count_include_pad"] = 1
    return file.node(operator, [file.value], kernel_shape=kernel, **options)


def convolution(file, operator):
    kernel, options = window(file, operator)
    channels = file.shape[1]
    groups = int(file.rng.choice([k for k in range(1, channels + 1) if channels % k == 0]))
    outputs = groups * file.one_of(1, 2)
    if groups > 1:
        options["group"] = groups
    if file.sometimes(0.5):
        options["kernel_shape"] = kernel
    inputs = [file.value, file.constant(file.numbers(outputs, channels // groups, *kernel))]
    if file.sometimes(0.6):
        inputs.append(file.constant(file.numbers(outputs)))
    return file.node(operator, inputs, **options)


def normalisation(file, operator):
    channels = file.shape[1]
    constants = [file.numbers(channels) for _ in range(3)] + [numpy.abs(file.numbers(channels)) + numpy.float32(0.1)]
    options = {} if file.sometimes(0.5) else {"epsilon": abs(file.number()) / 100 + 1e-4}
    return file.node(operator, [file.value, *(file.constant(array) for array in constants)], **options)


def gemm(file, operator):
    outputs, transposed = file.one_of(1, 5), file.one_of(0, 1)
    weights = file.numbers(outputs, file.shape[1]) if transposed else file.numbers(file.shape[1], outputs)
    options = {"transB": 1} if transposed else {}
    for name in ("alpha", "beta"):
        if file.sometimes(0.5):
            options[name] = file.number()
    inputs = [file.value, file.constant(weights)]
    if file.sometimes(0.7):
        inputs.append(file.constant(file.numbers(*[[outputs], [1, outputs], [1]][file.one_of(0, 2)])))
    return file.node(operator, inputs, **options)


def matmul(file, operator):
    return file.node(operator, [file.value, file.constant(file.numbers(file.shape[-1], file.one_of(1, 4)))])


ANYWHERE = {
    "Add": arithmetic, "Sub": arithmetic, "Mul": arithmetic, "Div": arithmetic, "Relu": plain, "Abs": plain, "Neg": plain,
    "Identity": plain, "Dropout": plain, "LeakyRelu": leaky, "PRelu": prelu, "Clip": clip, "HardSigmoid": hard_sigmoid,
    "Max": extreme, "Min": extreme, "Transpose": transpose, "Reshape": reshape, "Flatten": flatten, "Unsqueeze": unsqueeze,
    "Squeeze": squeeze, "Concat": concat, "Split": split, "Slice": slices, "ReduceMean": mean, "ReduceMax": largest,
    "Gather": gather, "MatMul": matmul, "Pow": power,
}
SMOOTH = {
    "Tanh": plain, "Sigmoid": plain, "Softplus": plain, "Gelu": gelu, "Elu": elu, "Selu": elu, "Celu": elu, "Mish": plain,
    "HardSwish": plain, "Softsign": plain, "Erf": plain, "Mul": gate, "Exp": exponential, "Sqrt": of_positive, "Reciprocal": of_positive,
    "Pow": root, "Div": quotient, "Softmax": softmax, "LayerNormalization": layer_norm, "MatMul": matrices, "ReduceSum": total,
}
IMAGES = {
    "Conv": convolution, "AveragePool": pool, "MaxPool": pool, "GlobalAveragePool": plain, "GlobalMaxPool": plain,
    "BatchNormalization": normalisation,
}
VECTORS = {"Gemm": gemm, "MatMul": matmul, "BatchNormalization": normalisation}


def grow(file):
    """One operator more, if a random one fits."""
    before = (len(file.nodes), len(file.constants), file.value, file.shape)
    special = IMAGES if len(file.shape) in (3, 4) else VECTORS if len(file.shape) == 2 else {}
    choices = list(ANYWHERE.items()) + [("Add", residual), ("Mul", product)] + 2 * list(special.items())
    choices += 2 * list(SMOOTH.items()) if file.may_be_smooth else []
    operator, build = choices[file.one_of(0, len(choices) - 1)]
    try:
        file.value = build(file, operator)
        result = ReferenceEvaluator(file.model()).run(None, {"x": file.numbers(*file.input_shape)})[0]
        if result.ndim < 2 or result.shape[0] != 1 or not 0 < result.size <= 400 or not numpy.isfinite(result).all():
            raise Refused
        file.shape = list(result.shape)
    except Exception:  # Any error means that the operator does not fit.
        del file.nodes[before[0]:], file.constants[before[1]:]
        file.value, file.shape = before[2:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.directory.mkdir(parents=True, exist_ok=True)
    cases = {}
    for k in range(arguments.count):
        file = File(numpy.random.default_rng([arguments.seed, k]))
        for _ in range(file.one_of(1, 6)):
            grow(file)
        model = file.model()
        try:
            session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
            inputs = [2 * file.numbers(*file.input_shape) for _ in range(3)]
            outputs = [session.run(None, {"x": x})[0] for x in inputs]
        except Exception:  # The runtime refuses some files that the evaluator takes, and those without an operator.
            continue
        onnx.save(model, arguments.directory / f"random-{k}.onnx")
        cases[f"random-{k}"] = [{"x": x.ravel().tolist(), "y": y.ravel().tolist()} for x, y in zip(inputs, outputs)]
    (arguments.directory / "cases.json").write_text(json.dumps(cases))
    print(f"{len(cases)} files in {arguments.directory}")


if __name__ == "__main__":
    main()
