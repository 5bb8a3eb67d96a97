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
    assert net.is_stack == (name in ("mlp", "flat"))
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
        (nn.Sequential(nn.Linear(2, 3), nn.LogSigmoid()), None, "layer 1 (LogSigmoid)"),
        (nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Tanhshrink())), None, "layer 1.1 (Tanhshrink)"),
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

    for module, words in [(Branching(), "depends on its input"), (Two(), "input")]:
        with pytest.raises(ValueError, match=words):
            plica.load(module, input_shape=(2,))


def test_weights_that_are_not_finite_are_named():
    module = nn.Sequential(nn.Linear(2, 3))
    with torch.no_grad():
        module[0].weight[1, 1] = float("nan")
    with pytest.raises(ValueError, match="0.weight holds a number that is not finite"):
        plica.load(module)


class SkipInPlace(nn.Module):
    """The skip connection reads the tensor after a change in place."""

    def __init__(self, inplace):
        super().__init__()
        self.first, self.relu = nn.Linear(3, 3), nn.ReLU(inplace=inplace)

    def forward(self, x):
        y = self.first(x)
        return self.relu(y) + y


class ViewInPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)

    def forward(self, x):
        y = self.first(x)
        part = y[:, :2]
        part += 1.0
        return y


class Buffered(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.zeros(2))

    def forward(self, x):
        self.count += 1.0
        return x + self.count


class AlwaysDropping(nn.Module):
    def forward(self, x):
        return functional.dropout(x, 0.5)


def own(function):
    """A module with one function."""

    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(4, 4)

        def forward(self, x):
            return function(self.first(x))

    return Own()


def test_what_is_changed_in_place_and_seen_again_is_refused():
    for module, size in [(SkipInPlace(True), 3), (ViewInPlace(), 4), (Buffered(), 2)]:
        with pytest.raises(ValueError, match="in place|another function each time"):
            plica.load(module, input_shape=(size,))
        assert not any(buffer.any() for buffer in module.buffers()), "the module is left as it was"
    check(SkipInPlace(False), (3,))
    check(nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Linear(4, 2), nn.Hardtanh(inplace=True)), (3,))

    relu, drop = nn.ReLU(inplace=True), nn.Dropout()

    def views(y):
        part = y[:, 1:3]
        part.mul_(5)
        return y

    def chunks(y):
        first, _ = y.chunk(2, 1)
        first.relu_()
        return y

    def alias(y):
        i = y
        i += 1
        return y + i

    def dropped(y):
        functional.relu(drop.eval()(y), inplace=True)
        return y

    def method(y):
        y.relu_()
        return y

    def contiguous(y):
        g = y.contiguous()
        g += 1
        return y

    def residual(y):
        return functional.relu(y, True) + y

    for function in (views, chunks, alias, dropped, method, contiguous, residual, lambda y: (functional.relu(y, inplace=True), y)[1]):
        with pytest.raises(ValueError, match="in place|cannot be traced|another function|something else"):
            plica.load(own(function))
    assert relu(torch.tensor([-1.0])).item() == 0

    def chain(y):
        y = y.view(1, 2, 2)
        y += 1.0
        y = functional.relu(y, inplace=True)
        return y.flatten(1).abs_()

    check(own(chain), (4,))


def check(module, shape):
    """Checks that a module computes the same as Plica, in double precision."""
    module = module.double()
    net = plica.load(module, input_shape=shape)
    module.eval()
    for x in torch.rand((5, *shape), dtype=torch.float64) * 4 - 2:
        with torch.no_grad():
            expected = module(x.clone()[None])[0].numpy().reshape(-1)
        found = np.array([float(y) for y in net.evaluate(x)])
        assert np.allclose(found, expected, rtol=1e-9, atol=1e-9)


FUNCTIONS = {
    "scalars": lambda y: 2 - (1.5 * y - 0.25) / 3 + y * -1,
    "swapped": lambda y: torch.sub(torch.tensor(1.0), y),
    "keywords": lambda y: functional.leaky_relu(input=y, negative_slope=-0.5),
    "steep": lambda y: functional.leaky_relu(y, 3.0),
    "bounds": lambda y: functional.hardtanh(y, -0.25, 0.5) + functional.hardtanh(y, min_val=0.0),
    "clamps": lambda y: y.clamp(min=-0.5) - torch.clamp(y, max=0.25) + y.clamp(0.5, -0.5),
    "slices": lambda y: torch.cat([y[..., -2:], y[:, None, 1:4:2].squeeze(1), y[:, -1:]], dim=-1),
    "maxima": lambda y: (
        torch.max(y, torch.zeros(4, dtype=torch.float64)) - torch.minimum(y, y.neg()) + y.view(-1, 2, 2).amax(-1).max(1, keepdim=True).values
    ),
    "means": lambda y: y.view(1, 2, 2).mean(dim=-1, keepdim=True).flatten(1) - y.view(1, 2, 2).mean((1, 2)).unsqueeze(-1),
    "chunks": lambda y: torch.chunk(y, 3, dim=1)[1] * 2 - y.split([1, 3], 1)[0],
    "moved": lambda y: y.reshape(1, 2, 2).permute(0, -1, 1).transpose(-2, -1).contiguous().flatten(1),
    "shapes": lambda y: y.view(y.size(0), y.shape[1] // 2, -1).reshape(y.size()),
    "relu6": lambda y: functional.relu6(y * 10) - functional.hardsigmoid(y * 3),
    "products": lambda y: y * y - y * y[:, :1] + torch.mul(y, torch.relu(y)) * y,
    "powers": lambda y: y**2 - y.pow(3) / 4 + torch.pow(y, 2.0) + torch.square(y) * y.square(),
}


@pytest.mark.parametrize("what", FUNCTIONS)
def test_functions(what):
    module = own(FUNCTIONS[what])
    if what == "shapes":
        with pytest.raises(ValueError, match="floordiv"):
            plica.load(module)
        return
    check(module, (4,))


IMAGES = {
    "pads": lambda: nn.Conv2d(2, 3, (3, 2), padding=(2, 1), stride=(2, 1), dilation=(1, 2)),
    "same": lambda: nn.Conv2d(2, 4, (2, 3), padding="same", groups=2),
    "ceil": lambda: nn.MaxPool2d(2, stride=3, padding=1, ceil_mode=True),
    "dilated": lambda: nn.MaxPool2d(2, stride=1, dilation=3),
    "average": lambda: nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=True),
    "average without": lambda: nn.AvgPool2d((2, 3), stride=(1, 2), padding=(1, 0), count_include_pad=False),
    "norm": lambda: nn.BatchNorm2d(2, affine=False, momentum=None),
    "prelu": lambda: nn.Sequential(nn.Conv2d(2, 3, 1), nn.PReLU(3, init=-0.3)),
    "adaptive": lambda: nn.AdaptiveAvgPool2d((3, None)),
    "unflatten": lambda: nn.Sequential(nn.Flatten(2), nn.Unflatten(2, (2, 18)), nn.AdaptiveMaxPool2d((1, 6))),
}


@pytest.mark.parametrize("what", IMAGES)
def test_layers_of_images(what):
    torch.manual_seed(3)
    check(made(lambda: nn.Sequential(IMAGES[what](), nn.ReLU(), nn.Flatten())), (2, 6, 6))


def test_layers_that_are_shared_are_the_same_layer():
    shared = nn.Linear(3, 3)
    check(nn.Sequential(shared, nn.ReLU(), shared, nn.ReLU(), shared), (3,))


@pytest.mark.parametrize(
    "module, words",
    [
        (AlwaysDropping(), "training=self.training"),
        (own(lambda y: torch.dropout(y, p=0.5, train=True)), "training=self.training"),
        (own(lambda y: y + torch.randn(4)), "another function each time"),
        (own(lambda y: torch.clamp(y, y)), "its bound depends on the input"),
        (own(lambda y: functional.hardtanh(y, -1, y[0, 0])), "its bound depends on the input"),
        (own(lambda y: functional.linear(y, torch.eye(4), y)), "its bias depends on the input"),
        (own(lambda y: y * (1 + 2j)), "complex128"),
        (own(lambda y: y.view(torch.int32)), "another dtype"),
        (own(lambda y: y.mean(1, dtype=torch.float16)), "mean"),
        (own(lambda y: functional.log_softmax(y.view(1, 2, 2), 1)), "over a part"),
        (own(torch.cos), "cos"),
        (own(lambda y: y.max()), "max"),
        (own(lambda y: y.max(1).indices), "indices"),
        (own(lambda y: functional.softmax(y, 0)), "axis"),
        (own(lambda y: functional.log_softmax(y, 1) * 2), "oftmax"),
        (own(lambda y: y * torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)), "float64"),
        (own(lambda y: (y, y)), "several outputs"),
        (own(lambda y: torch.tensor([1.0])), "does not depend on the input"),
        (own(lambda y: torch.sub(y, y, alpha=2)), "alpha"),
        (own(lambda y: functional.avg_pool1d(y[:, None], 3, stride=2, ceil_mode=True)), "ceil_mode"),
    ],
)
def test_functions_that_are_not_read_are_refused(module, words):
    with pytest.raises(ValueError) as caught:
        plica.load(module, input_shape=(4,))
    assert words in str(caught.value), str(caught.value)


def own_relu(y):
    return y * y


own_relu.__name__ = "relu"
torch.fx.wrap("own_relu")


def test_functions_and_layers_of_the_same_name_are_not_taken_for_pytorchs():
    class Linear(nn.Linear):
        def forward(self, x):
            return super().forward(x) * 2

    check(nn.Sequential(Linear(3, 2)), (3,))
    hooked = nn.Sequential(nn.Linear(3, 2))
    hooked[0].register_forward_hook(lambda layer, x, y: y * 2)
    with pytest.raises(ValueError, match="layer 0 .Linear. has hooks"):
        plica.load(hooked)
    replaced = nn.Sequential(nn.Linear(3, 2))
    replaced.forward = lambda x: x * 7
    with pytest.raises(ValueError, match="a forward pass of its own"):
        plica.load(replaced)
    with pytest.raises(ValueError, match="relu.: Plica does not know this function"):
        plica.load(own(lambda y: own_relu(y)))


def test_a_module_that_computes_something_else_is_refused(monkeypatch):
    """The last check: a layer that is converted wrongly is found at a point."""
    from plica._torch import layers

    monkeypatch.setitem(layers.MODULES, "ReLU", layers.MODULES["Identity"])
    with pytest.raises(ValueError, match="computes something else"):
        plica.load(made(MODULES[0][1]))


@pytest.mark.parametrize("shape", [(4.5,), "4", {4}, (True,), (0,), (), (2**40,)])
def test_shapes_of_inputs(shape):
    with pytest.raises(ValueError, match="x: input_shape: "):
        plica.load(nn.Sequential(nn.ReLU(), nn.Linear(4, 2)), input_shape=shape)


def test_a_shape_may_be_a_number():
    for shape in (4, np.int64(4), [4], torch.Size([4])):
        assert plica.load(nn.Sequential(nn.ReLU(), nn.Linear(4, 2)), input_shape=shape).inputs == 4


def test_tensors_of_all_kinds():
    net = plica.load([([[1, 2]], [0])])
    expected = net.evaluate([1, 0.5])
    for x in (torch.tensor([1, 0.5]), torch.tensor([1, 0.5], requires_grad=True), torch.tensor([[1.0], [0.5]]).T, torch.tensor([1, 0.5]).bfloat16()):
        assert net.evaluate(x) == expected
    assert net.evaluate([torch.tensor(1.0), torch.tensor(0.5, requires_grad=True)]) == expected
    assert net.evaluate(torch.tensor([1 - 1j, 2 - 0.5j]).conj().imag) == expected
    for x in (torch.empty(2, device="meta"), torch.tensor([[1.0, 2.0]]).to_sparse_csr(), torch.tensor([1j, 2])):
        with pytest.raises(TypeError, match="x: "):
            net.evaluate(x)
    assert net.trace([torch.tensor(0.0), torch.tensor(1.0, requires_grad=True)], [1, 1]).regions == 1


def test_numbers_in_the_code_of_a_module_are_of_its_precision():
    net = plica.load(own(lambda y: torch.relu(y @ torch.tensor([[1.0], [0.5], [0.25], [0.1]]))))
    assert net.outputs == 1 and net.depth == 1
