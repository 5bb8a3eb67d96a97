"""Modules of PyTorch against their own forward pass."""

import math

import numpy as np
import pytest

import plica

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 4, 3, padding="same", groups=2)
        self.skip = nn.Conv2d(2, 4, 1)
        self.drop = nn.Dropout2d(0.5)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        y = functional.relu(self.norm(self.first(x)))
        y = self.drop(functional.relu(self.second(y) + self.skip(x)))
        y = functional.adaptive_avg_pool2d(y, 1)
        return self.head(torch.flatten(y, 1))


class Arithmetic(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.head = nn.Linear(6, 8), nn.Linear(4, 2, bias=False)
        self.register_buffer("mean", torch.linspace(0, 1, 6))
        self.register_buffer("mix", torch.tensor([[1.0, 2.0], [0.0, -1.0]]))

    def forward(self, x):
        y = self.first((x - self.mean) / 0.25)
        left, right = torch.split(y, 4, dim=1)
        y = torch.abs(torch.maximum(left, right)[:, ::2]) * 2.0
        z = functional.hardsigmoid(-right[:, 1:3])
        return self.head(torch.cat([y, 1.0 - z], dim=1)) @ self.mix


class Views(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.head = nn.Linear(3, 12), nn.Linear(4, 2)

    def forward(self, x):
        y = self.first(x).view(x.size(0), 4, 3)
        y = y.permute(0, 2, 1).transpose(1, 2).max(dim=2)[0]
        return self.head(functional.dropout(y, 0.3, self.training).unsqueeze(1).squeeze(1)) - y.mean(dim=1, keepdim=True)


class Dense(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 2, 3, stride=2, padding=1)
        self.second = nn.Conv2d(3, 2, 3, dilation=2, padding=2)
        self.head = nn.Linear(5 * 4, 2)

    def forward(self, x):
        y = functional.leaky_relu(self.first(x), 0.1)
        y = torch.cat([functional.avg_pool2d(x, 2), y], dim=1)
        y = torch.cat([y, functional.relu6(self.second(y))], dim=1)
        y = functional.avg_pool2d(y, 3, stride=2, padding=1)
        return self.head(y.reshape(x.shape[0], -1))


MODULES = [
    ("mlp", lambda: nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Dropout(), nn.Linear(7, 6, bias=False), nn.ReLU(), nn.Linear(6, 2)), (5,)),
    ("flat", lambda: nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 2), nn.LogSoftmax(dim=1)), (3, 4)),
    ("norm", lambda: nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.LeakyReLU(0.01), nn.Linear(6, 3), nn.PReLU(3)), (4,)),
    ("hard", lambda: nn.Sequential(nn.Linear(4, 6), nn.Hardtanh(-0.3, 0.7), nn.Linear(6, 6), nn.ReLU6(), nn.Linear(6, 2), nn.Hardsigmoid()), (4,)),
    (
        "signal",
        lambda: nn.Sequential(
            nn.Conv1d(2, 3, 3, padding=1), nn.PReLU(), nn.MaxPool1d(2), nn.Conv1d(3, 4, 2, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2)
        ),
        (2, 8),
    ),
    (
        "pool",
        lambda: nn.Sequential(
            nn.Conv2d(1, 3, 3),
            nn.ReLU(),
            nn.MaxPool2d(2, ceil_mode=True),
            nn.Conv2d(3, 4, 2),
            nn.ReLU(),
            nn.AdaptiveMaxPool2d(1),
            nn.Flatten(),
            nn.Linear(4, 3),
        ),
        (1, 7, 7),
    ),
    (
        "average",
        lambda: nn.Sequential(
            nn.Conv2d(1, 2, 3, padding=1),
            nn.ReLU(),
            nn.AvgPool2d(2, padding=1, count_include_pad=False),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(8, 3),
        ),
        (1, 6, 6),
    ),
    ("residual", Residual, (2, 5, 5)),
    ("arithmetic", Arithmetic, (6,)),
    ("views", Views, (3,)),
    ("dense", Dense, (1, 8, 8)),
]


def made(build, dtype=torch.float32, seed=0):
    torch.manual_seed(seed)
    module = build()
    for layer in module.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.running_mean.uniform_(-1, 1)
            layer.running_var.uniform_(0.5, 2)
    return module.to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name, build, shape", MODULES, ids=[name for name, _, _ in MODULES])
def test_a_module_computes_what_its_forward_pass_does(name, build, shape, dtype):
    for seed in range(3):
        module = made(build, dtype, seed)
        assert module.training
        net = plica.load(module, input_shape=shape)
        assert module.training, "the module is left as it was"
        assert net.inputs == math.prod(shape)
        module.eval()
        softmax = isinstance(list(module.modules())[-1], nn.LogSoftmax)
        assert bool(net.notes) == softmax
        for x in torch.rand((4, *shape), dtype=dtype) * 4 - 2:
            with torch.no_grad():
                expected = module.double()(x.double()[None])[0].numpy()
            module.to(dtype)
            found = np.array([float(y) for y in net.evaluate(x)])
            if softmax:
                found = found - np.log(np.exp(found).sum())
            # Batch normalisation rounds its factor to the precision of the module.
            assert np.allclose(found, expected, rtol=1e-5, atol=1e-5 if dtype == torch.float32 else 1e-12), (name, seed)


@pytest.mark.parametrize("name, build, shape", MODULES, ids=[name for name, _, _ in MODULES])
def test_a_converted_module_is_traced_and_cut(name, build, shape):
    net = plica.load(made(build), input_shape=shape)
    assert net.is_chain == (name in ("mlp", "flat"))
    a, b, c = (torch.rand(shape) * 4 - 2 for _ in range(3))
    trace, by_integers = net.trace(a, b, exact=True), net.trace(a, b, exact=True, exact_only=True)
    assert (trace.start, trace.end, trace.regions) == (by_integers.start, by_integers.end, by_integers.regions)
    assert [(c.t_exact, c.flips) for c in trace.crossings] == [(c.t_exact, c.flips) for c in by_integers.crossings]
    corners = net.slice(a, b, c, box="0,1/8")
    assert corners.activation_regions >= 1


def test_a_perceptron_is_the_chain_that_its_file_is(tmp_path):
    module = made(MODULES[0][1])
    net = plica.load(module)
    layers = [layer for layer in module if isinstance(layer, nn.Linear)]
    weights = [(layer.weight, layer.bias if layer.bias is not None else torch.zeros(layer.out_features)) for layer in layers]
    net.save(tmp_path / "saved.json")
    (tmp_path / "other.json").write_text("")
    plica.load([(w, b) for w, b in weights]).save(tmp_path / "other.json")
    assert (tmp_path / "saved.json").read_bytes() == (tmp_path / "other.json").read_bytes()


@pytest.mark.parametrize(
    "module, shape, words",
    [
        (nn.Sequential(nn.Linear(2, 3), nn.Sigmoid()), None, "layer 1 (Sigmoid)"),
        (nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.GELU())), None, "layer 1.1 (GELU)"),
        (nn.LSTM(2, 3), (4, 2), "LSTM"),
        (nn.Sequential(nn.Conv2d(1, 2, 3)), None, "input_shape"),
        (nn.Sequential(nn.Conv2d(1, 2, 3)), (2, 5, 5), "input_shape"),
        (nn.Sequential(nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect")), (1, 5, 5), "padding by reflect"),
        (nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2).double()), None, "one precision"),
        (nn.Sequential(nn.Linear(2, 3)).half(), None, "module.float()"),
        (nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4, 1)), (1, 5, 5), "layer 0 (AdaptiveAvgPool2d)"),
        (nn.BatchNorm1d(3, track_running_stats=False), (3,), "running statistics"),
    ],
)
def test_what_is_not_known_is_refused_by_name(module, shape, words):
    with pytest.raises(ValueError) as caught:
        plica.load(module, input_shape=shape)
    assert str(caught.value).startswith("x: ") and words in str(caught.value), str(caught.value)


def test_modules_that_branch_or_take_two_inputs_are_refused():
    class Branching(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    class Two(nn.Module):
        def forward(self, x, y):
            return x + y

    class Squares(nn.Module):
        def forward(self, x):
            return x * x

    for module, words in [(Branching(), "depends on its input"), (Two(), "input"), (Squares(), "mul")]:
        with pytest.raises(ValueError, match=words):
            plica.load(module, input_shape=(2,))


def test_weights_that_are_not_finite_are_named():
    module = nn.Sequential(nn.Linear(2, 3))
    with torch.no_grad():
        module[0].weight[1, 1] = float("nan")
    with pytest.raises(ValueError, match="0.weight holds a number that is not finite"):
        plica.load(module)
