"""Modules of PyTorch with normalisation and attention: arithmetic, which has no units."""

import math

import pytest

import plica

torch = pytest.importorskip("torch")
nn, functional = torch.nn, torch.nn.functional


class Block(nn.Module):
    """A transformer block of width 4 with two heads over three tokens."""

    def __init__(self, attention, norm=nn.LayerNorm):
        super().__init__()
        self.attention, self.first, self.second = attention, norm(4), norm(4)
        self.qkv, self.out, self.up, self.down = nn.Linear(4, 12), nn.Linear(4, 4), nn.Linear(4, 8), nn.Linear(8, 4)

    def forward(self, x):
        parts = self.qkv(self.first(x)).split(4, dim=2)
        q, k, v = (parts[i].view(1, 3, 2, 2).transpose(1, 2) for i in range(3))
        y = self.attention(q, k, v).transpose(1, 2).contiguous().view(1, 3, 4)
        x = x + self.out(y)
        return x + self.down(functional.gelu(self.up(self.second(x))))


def by_hand(q, k, v):
    return torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(2), dim=-1) @ v


def by_exponentials(q, k, v):
    e = torch.exp(torch.matmul(q, k.transpose(-2, -1)) * 0.5)
    return e / e.sum(-1, keepdim=True) @ v


BLOCKS = {
    "functional": lambda: Block(functional.scaled_dot_product_attention),
    "by hand": lambda: Block(by_hand),
    "by exponentials": lambda: Block(by_exponentials),
    "rms": lambda: Block(by_hand, nn.RMSNorm),
}


@pytest.mark.parametrize("name", list(BLOCKS))
@pytest.mark.parametrize("double", [False, True])
def test_bits_belong_to_activations_and_change_where_their_signs_do(name, double):
    torch.manual_seed(2)
    module = BLOCKS[name]().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape))
    module = module.double() if double else module
    net = plica.load(module, input_shape=(3, 4))
    assert (net.inputs, net.depth) == (12, 1)
    a, b = torch.randn(2, 12).double()
    trace = net.trace(a.tolist(), b.tolist())
    times = [0.0, *(sum(crossing.t) / 2 for crossing in trace.crossings), 1.0]
    # Between the crossings the signs are those of PyTorch's forward pass.
    module, seen = module.double(), []
    module.up.register_forward_hook(lambda _layer, _input, output: seen.append((output.reshape(-1) > 0).tolist()))
    for lo, hi in zip(times, times[1:]):
        module(((1 - (lo + hi) / 2) * a + (lo + hi) / 2 * b).view(1, 3, 4))
    assert seen == trace.patterns.tolist() and len(seen) > 3


class Own(nn.Module):
    """A module with one function."""

    def __init__(self, function):
        super().__init__()
        self.first, self.function = nn.Linear(4, 4), function

    def forward(self, x):
        return self.function(self.first(x))


@pytest.mark.parametrize(
    "function, depth",
    [
        (lambda y: torch.sqrt(y * y + 1) + (y * y + 1).rsqrt() - (y.exp() + 1).sqrt(), 0),
        (lambda y: (y * y + 1) ** 0.25 + 1 / (y * y + 2) + torch.reciprocal(y * y + 3), 0),
        (lambda y: y / (1 + torch.sigmoid(y)), 1),
        (lambda y: functional.softmax(y, 1) * functional.layer_norm(y, (4,)), 0),
        (lambda y: functional.softmax(y.view(1, 2, 2), 1), 0),
        (lambda y: functional.rms_norm(y, (4,), eps=0.5) @ torch.ones(4, 2) + y.sum(1, keepdim=True), 0),
    ],
)
def test_functions_without_units(function, depth):
    torch.manual_seed(1)
    net = plica.load(Own(function), input_shape=4)
    assert net.depth == depth
    with pytest.raises(ValueError):
        net.evaluate([0] * 4)


@pytest.mark.parametrize(
    "function, words",
    [
        (lambda y: functional.scaled_dot_product_attention(y, y, y, attn_mask=torch.ones(1, 1)), "a mask"),
        (lambda y: functional.scaled_dot_product_attention(y, y, y, is_causal=True), "a mask"),
        (lambda y: functional.scaled_dot_product_attention(y, y, y, dropout_p=0.5), "another function each time|a dropout of 0.5"),
        (lambda y: y.sum(0), "a sum over the batch"),
        (lambda y: functional.layer_norm(y, (4,), weight=y[0]), "its weight depends on the input"),
    ],
)
def test_other_attention_is_refused(function, words):
    with pytest.raises(ValueError, match=words):
        plica.load(Own(function), input_shape=4)


def test_what_is_not_defined_is_refused_with_the_place():
    net = plica.load(nn.Sequential(Own(lambda y: torch.sqrt(y)), nn.Linear(4, 2), nn.Tanh()), input_shape=4)
    with pytest.raises(ValueError, match=r"is not defined everywhere: its argument may be 0 or below at times in \[.*\], expected numbers above 0"):
        net.trace([-3.0] * 4, [3.0] * 4)
