"""ONNX files that plica writes, held against those that it read them from: both in ONNX Runtime, on the same inputs.

    python3 data/written_onnx.py PLICA DIRECTORY [NET ...]

For each .onnx file of the directory, and each built-in network by its name. `make onnx` runs it. It needs numpy, onnx and onnxruntime.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator

onnxruntime.set_default_logger_severity(4)

# Outputs are sums in another order, of floats of 4 bytes.
TOLERANCE = 1e-4


def taken(model):
    """The input: older files list their constants among the inputs too."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return next(value for value in model.graph.input if value.name not in constants)


def outputs(model, points):
    """The outputs at some points by ONNX Runtime, or by the reference evaluator where the runtime lacks an operator for doubles."""
    value = taken(model)
    shape = [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]
    inputs = [x.astype(kind(model)).reshape(shape) for x in points]
    # Some of the runtime's rewritings fail with doubles.
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return True, [session.run(None, {value.name: x})[0] for x in inputs]
    except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented:
        evaluator = ReferenceEvaluator(model)
        return False, [evaluator.run(None, {value.name: x})[0] for x in inputs]


def kind(model):
    return numpy.float64 if taken(model).type.tensor_type.elem_type == onnx.TensorProto.DOUBLE else numpy.float32


def same(name, read, written, rng):
    """Compares both at three points, and says whether the second ran in ONNX Runtime. A stack of dense layers is written for vectors, whatever
    the shape of its input was."""
    size = numpy.prod([d.dim_value or 1 for d in taken(read).type.tensor_type.shape.dim])
    points = [2 * rng.normal(size=size).astype(numpy.float32) for _ in range(3)]
    _, expected = outputs(read, points)
    in_runtime, found = outputs(written, points)
    for x, y in zip(expected, found):
        x, y = x.ravel(), y.ravel()
        if x.shape != y.shape or not numpy.abs(x - y).max() <= TOLERANCE * max(1, numpy.abs(x).max()):
            sys.exit(f"{name}: {x} and {y}")
    return in_runtime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("plica")
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("networks", nargs="*")
    arguments = parser.parse_args()
    rng = numpy.random.default_rng(0)
    counts = dict.fromkeys(["written", "in doubles", "compared", "of these by the reference evaluator", "refused", "not read"], 0)
    with tempfile.TemporaryDirectory() as there:
        out = pathlib.Path(there) / "net.onnx"
        for net in [*sorted(map(str, arguments.directory.glob("*.onnx"))), *arguments.networks]:
            done = subprocess.run([arguments.plica, "net", net, "--to", out], capture_output=True, text=True)
            if done.returncode:
                print(done.stderr, end="")
                counts["refused" if str(out) in done.stderr else "not read"] += 1
                continue
            written = onnx.load(out)
            onnx.checker.check_model(written, full_check=True)
            counts["written"] += 1
            counts["in doubles"] += kind(written) is numpy.float64
            if net.endswith(".onnx") and "is left out" not in done.stderr:
                in_runtime = same(net, onnx.load(net), written, rng)
                counts["compared"] += 1
                counts["of these by the reference evaluator"] += not in_runtime
    print(", ".join(f"{count} {what}" for what, count in counts.items()))


if __name__ == "__main__":
    main()
