"""Modules of PyTorch with smooth activations."""

import numpy as np
import pytest

import plica

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional

LAYERS = {
    "Tanh": nn.Tanh,
    "Sigmoid": nn.Sigmoid,
    "Softplus": nn.Softplus,
    "Softplus of gain 5/2": lambda: nn.Softplus(2.5, threshold=30),
    "GELU": nn.GELU,
    "GELU by tanh": lambda: nn.GELU("tanh"),
    "SiLU": nn.SiLU,
    "ELU": lambda: nn.ELU(0.3),
    "ELU in place": lambda: nn.ELU(inplace=True),
    "CELU": lambda: nn.CELU(0.7),
    "SELU": nn.SELU,
    "Mish": nn.Mish,
    "Softsign": nn.Softsign,
    "Hardswish": nn.Hardswish,
}

FUNCTIONS = {
    "tanh and sigmoid": (lambda y: torch.tanh(y) + y.tanh() - functional.tanh(y) + torch.sigmoid(y) * y.sigmoid(), 5),
    "gelu": (lambda y: functional.gelu(y) - functional.gelu(y * 2, approximate="tanh"), 2),
    "silu and mish": (lambda y: functional.silu(y) * functional.mish(y), 2),
    "elu": (lambda y: functional.elu(y, 0.3) + functional.elu(input=y, alpha=0.25) + torch.celu(y, 2.0) - functional.celu(y), 4),
    "selu": (lambda y: functional.selu(y) + torch.selu(-y), 2),
    "softplus": (lambda y: functional.softplus(y) + functional.softplus(y, 2) * functional.softplus(y, beta=0.5, threshold=30), 3),
    "others": (lambda y: functional.softsign(y) + functional.hardswish(y) + torch.erf(y) * y.erf(), 4),
    "in place": (lambda y: functional.silu(y.clone(), inplace=True).tanh_().mul_(y[:, :1]), 2),
    "with means and maxima": (lambda y: torch.tanh(y.view(1, 2, 2).mean(-1)) * y.view(1, 2, 2).amax(1), 2),
}


class Own(nn.Module):
    """A module with one function."""

    def __init__(self, function):
        super().__init__()
        self.first, self.function = nn.Linear(4, 4), function

    def forward(self, x):
        return self.function(self.first(x))


def modules():
    """Each module with the number of its layers of units."""
    torch.manual_seed(0)
    for name, build in LAYERS.items():
        yield name, nn.Sequential(nn.Linear(4, 5), build(), nn.Linear(5, 2)), 1
    for name, (function, depth) in FUNCTIONS.items():
        yield name, Own(function), depth


@pytest.mark.parametrize("name, module, depth", list(modules()), ids=[name for name, _, _ in modules()])
def test_a_smooth_activation_is_one_layer(name, module, depth, tmp_path):
    net = plica.load(module, input_shape=4)
    assert (net.inputs, net.depth, net.is_stack) == (4, depth, False)
    with pytest.raises(ValueError, match="smooth function"):
        net.evaluate([0] * 4)
    net.save(tmp_path / "net.onnx")
    assert plica.load(tmp_path / "net.onnx").depth == depth


@pytest.mark.parametrize("name, module, depth", list(modules()), ids=[name for name, _, _ in modules()])
def test_what_is_written_computes_what_the_module_does(name, module, depth, tmp_path):
    """Through the reader and the writer of Plica, and another runtime."""
    onnxruntime = pytest.importorskip("onnxruntime")
    plica.load(module, input_shape=4).save(tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    if session.get_inputs()[0].type == "tensor(double)":
        pytest.skip("numbers that are no singles, for which the runtime has few operators")
    for x in torch.rand((5, 1, 4)) * 4 - 2:
        with torch.no_grad():
            expected = module(x.clone()).numpy()
        found = session.run(None, {"input": x.numpy()})[0]
        assert np.allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    "function, words",
    [
        (lambda y: y ** float("inf"), "its exponent is inf, expected one finite number"),
        (lambda y: y**y, "its exponent depends on the input"),
        (lambda y: 2**y, "its exponent depends on the input"),
        (lambda y: torch.pow(y, torch.tensor([2.0, 3.0, 2.0, 3.0])), "its exponent is tensor"),
        (lambda y: functional.softplus(y, threshold=5), "its threshold is 5.0, expected 20 or more"),
        (lambda y: functional.softplus(y, -1), "its beta is -1.0, expected a number above 0"),
        (lambda y: functional.elu(y, -1.0), "its alpha is -1.0, expected a number above 0"),
        (lambda y: (functional.elu(y, 1.0, True), y)[1], "in place"),
    ],
)
def test_what_is_not_smooth_in_this_way_is_refused(function, words):
    with pytest.raises(ValueError, match=words):
        plica.load(Own(function), input_shape=4)


def test_parameters_of_double_precision_are_singles_or_refused():
    """An attribute of the format has single precision."""
    for layer, words in [(nn.ELU(0.1), "its alpha is 0.1"), (nn.CELU(0.7), "its alpha is 0.7"), (nn.SELU(), "its alpha is 1.67")]:
        with pytest.raises(ValueError, match=f"{words}.*, expected a number of single precision: convert the module by module.float"):
            plica.load(nn.Sequential(nn.Linear(2, 3), layer).double())
    assert plica.load(nn.Sequential(nn.Linear(2, 3), nn.ELU(0.5), nn.Softplus(0.1)).double()).depth == 2


def test_a_smooth_module_that_computes_something_else_is_refused(monkeypatch):
    """The last check: a layer that is converted wrongly is found at a point, by an enclosure of the outputs there."""
    from plica._torch import layers

    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3), nn.Softmax(-1))
    assert plica.load(module).depth == 1
    monkeypatch.setitem(layers.MODULES, "Tanh", layers.MODULES["Sigmoid"])
    for wrong in (module, nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))):
        with pytest.raises(ValueError, match="computes something else"):
            plica.load(wrong)


@pytest.mark.parametrize("name, module, depth", list(modules()), ids=[name for name, _, _ in modules()])
def test_the_enclosures_of_the_outputs_hold_what_the_module_computes(name, module, depth):
    if "maxima" in name:
        pytest.skip("smooth networks with maxima are not evaluated")
    net = plica.load(module, input_shape=4)
    for x in torch.rand((5, 1, 4)) * 4 - 2:
        with torch.no_grad():
            expected = module(x.clone()).double().numpy().reshape(-1)
        lower, upper = net.output_enclosures(x).T
        assert (lower <= upper).all() and (upper - lower <= 1e-14 * (1 + abs(upper))).all()
        assert (lower - 1e-5 <= expected).all() and (expected <= upper + 1e-5).all()
