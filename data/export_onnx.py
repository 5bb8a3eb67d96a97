#!/usr/bin/env python3
"""Exports small PyTorch networks of every layer kind to ONNX, for tests/readers/onnx.

Beside each file stands what ONNX's own reference evaluator computes for some inputs. Run with torch, onnx and onnxscript
installed:

    python3 data/export_onnx.py tests/readers/onnx

The files in the repository were written with torch 2.15.0 and onnx 1.23.2. Weights are random, from fixed seeds.
"""

import json
import pathlib
import sys
import warnings

import numpy
import onnx
import onnx.helper as helper
import torch
import torch.nn as nn
import torch.nn.functional as functional
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator

warnings.filterwarnings("ignore")


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.skip = nn.Conv2d(2, 4, 1)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        y = functional.relu(self.norm(self.first(x)))
        y = functional.relu(self.second(y) + self.skip(x))
        y = functional.adaptive_avg_pool2d(y, 1)
        return self.head(torch.flatten(y, 1))


class Dense(nn.Module):
    """A small dense block: concatenation, average pooling, transposed views."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 2, 3, stride=2, padding=1)
        self.second = nn.Conv2d(3, 2, 3, dilation=2, padding=2)
        self.head = nn.Linear(5 * 4, 2)

    def forward(self, x):
        y = functional.leaky_relu(self.first(x), 0.1)
        small = functional.avg_pool2d(x, 2)
        y = torch.cat([small, y], dim=1)
        y = torch.cat([y, functional.relu6(self.second(y))], dim=1)
        y = functional.avg_pool2d(y, 3, stride=2, padding=1)
        return self.head(y.transpose(1, 2).reshape(1, -1))


class Signal(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(2, 3, 3, padding=1)
        self.prelu = nn.PReLU(3)
        self.second = nn.Conv1d(3, 4, 2, stride=2)
        self.head = nn.Linear(4 * 2, 2)

    def forward(self, x):
        y = functional.max_pool1d(self.prelu(self.first(x)), 2)
        y = functional.hardtanh(self.second(y))
        return functional.log_softmax(self.head(torch.flatten(y, 1)), dim=1)


class Pooled(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 3, 3)
        self.second = nn.Conv2d(3, 4, 2)
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        y = functional.max_pool2d(functional.relu(self.first(x)), 2, ceil_mode=True)
        y = functional.max_pool2d(functional.relu(self.second(y)), 3, stride=1, padding=1)
        return self.head(torch.flatten(y, 1)[:, :16])


class Arithmetic(nn.Module):
    """Constants, slices, splits, negation, maxima and absolute values."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 8)
        self.head = nn.Linear(4, 2, bias=False)

    def forward(self, x):
        y = self.first((x - 0.5) / 0.25)
        left, right = torch.split(y, 4, dim=1)
        largest = torch.maximum(left, right)
        y = torch.abs(largest[:, ::2]) * 2.0
        z = functional.hardsigmoid(-right[:, 1:3])
        return self.head(torch.cat([y, 1.0 - z], dim=1)) @ torch.tensor([[1.0, 2.0], [0.0, -1.0]])


class Maxout(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 12)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.first(x).view(-1, 4, 3).max(dim=2)[0])


def perceptron(dtype):
    return nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Dropout(0.5), nn.Linear(7, 6, bias=False), nn.ReLU(), nn.Linear(6, 2)).to(dtype)


def strip(file):
    """Takes out what the exporter notes about its own run."""
    model = onnx.load(file, load_external_data=False)
    for thing in [model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info]:
        thing.ClearField("metadata_props")
        thing.ClearField("doc_string")
    for node in model.graph.node:
        for attribute in node.attribute:
            attribute.ClearField("doc_string")
    model.graph.ClearField("value_info")
    onnx.save(model, file)
    data = file.with_suffix(".onnx.data")
    if data.exists() and data.stat().st_size == 0:
        data.unlink()


def hand_made(folder):
    """Nodes that torch does not write: typed data, half precision, attributes of older versions."""
    half = numpy.array([[1.5, -0.25], [0.1, 2.0]], dtype=numpy.float16)
    nodes = [
        helper.make_node("Cast", ["half"], ["weights"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["x", "weights"], ["a"]),
        helper.make_node("Unsqueeze", ["a"], ["b"], axes=[0]),
        helper.make_node("Squeeze", ["b"], ["c"], axes=[0]),
        helper.make_node("Clip", ["c"], ["d"], min=-1.0, max=0.5),
        helper.make_node("Max", ["d", "c", "bound"], ["e"]),
        helper.make_node("HardSigmoid", ["e"], ["f"], alpha=0.5, beta=0.25),
        helper.make_node("Gemm", ["f", "g", "h"], ["y"], alpha=0.5, beta=2.0, transA=0, transB=1),
    ]
    tensors = [
        numpy_helper.from_array(half, "half"),
        helper.make_tensor("bound", TensorProto.FLOAT, [1, 2], [0.25, -0.125]),
        helper.make_tensor("g", TensorProto.FLOAT, [2, 2], [1.0, 2.0, -1.0, 0.5]),
        helper.make_tensor("h", TensorProto.FLOAT, [1, 2], [0.125, 3.0]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 2])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])
    graph = helper.make_graph(nodes, "hand", [x], [y], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 10)], ir_version=5)
    onnx.save(model, folder / "hand.onnx")
    return "hand", (1, 2), numpy.float32


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    networks = [
        ("perceptron", perceptron(torch.float32), (1, 5), True),
        ("double", perceptron(torch.float64), (1, 5), False),
        ("residual", Residual(), (1, 2, 5, 5), False),
        ("residual-new", Residual(), (1, 2, 5, 5), True),
        ("dense", Dense(), (1, 1, 8, 8), True),
        ("signal", Signal(), (1, 2, 8), False),
        ("pooled", Pooled(), (1, 1, 9, 9), True),
        ("arithmetic", Arithmetic(), (1, 6), False),
        ("maxout", Maxout(), (1, 3), True),
    ]
    made = []
    for seed, (name, network, shape, dynamo) in enumerate(networks):
        torch.manual_seed(seed)
        for parameter in network.parameters():
            nn.init.normal_(parameter, std=0.6)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2.0)
        dtype = next(network.parameters()).dtype
        file = folder / f"{name}.onnx"
        # Unfolded, so that the normalisation of batches stays one; numbers in another file where the exporter writes them so.
        options = {} if dynamo else {"do_constant_folding": False, "training": torch.onnx.TrainingMode.PRESERVE}
        torch.onnx.export(network.eval(), (torch.zeros(shape, dtype=dtype),), str(file), dynamo=dynamo, **options)
        strip(file)
        made.append((name, shape, numpy.float64 if dtype == torch.float64 else numpy.float32))
    made.append(hand_made(folder))
    random = numpy.random.default_rng(0)
    cases = {}
    for name, shape, dtype in made:
        evaluator = ReferenceEvaluator(str(folder / f"{name}.onnx"))
        rows = []
        for _ in range(5):
            x = random.normal(size=shape).astype(dtype)
            (y,) = evaluator.run(None, {evaluator.input_names[0]: x})
            rows.append({"x": x.reshape(-1).astype(float).tolist(), "y": y.reshape(-1).astype(float).tolist()})
        cases[name] = {"single": dtype == numpy.float32, "rows": rows}
    text = json.dumps(cases, separators=(",", ":")).replace("],", "],\n").replace("},", "},\n")
    (folder / "cases.json").write_text(text + "\n")


main()
