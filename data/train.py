#!/usr/bin/env python3
"""Train the small networks that Plica measures: with ReLU, or with GELU or tanh.

Needs Python 3.9 or newer and numpy, nothing else:

    python3 -m venv venv && venv/bin/pip install numpy
    venv/bin/python data/train.py digits --out data/networks

Six shapes share 60 hidden units, from 2 layers of 30 to 10 layers of 6. All
are plain stacks of Linear and ReLU with 10 outputs, and each is written as one
.safetensors file with the names of a PyTorch nn.Sequential (0.weight [out, in],
0.bias, 2.weight, ...).

--activation gelu or tanh trains the same shapes with another function, with the
same settings and seeds. These are written as .onnx, because a .safetensors file
does not say which function it is, and every reader would take ReLU.

How a network is trained, and why:
  - Each hidden layer is standardised over the mini-batch (batch
    normalisation) and folded into a plain Linear layer at the end. Narrow deep
    stacks do not train without it.
  - Images are moved, turned and scaled a little, at random, every epoch.
  - Adam with decoupled weight decay; the step size rises, then falls to 0
    along a cosine.
  - Several seeds are tried and the one with the least loss on the training
    rows is kept.
The test rows serve to report the accuracy and choose nothing. To compare
settings, --hold-out N trains without the last N training rows and reports on
those instead.
"""

import argparse
import gzip
import json
import math
import os
import struct
import sys
import tempfile
import time
import zlib

# One thread, set before numpy loads: the same sums in the same order each time.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

try:
    import numpy as np
except ModuleNotFoundError:
    sys.exit("error: this script needs numpy: python3 -m pip install numpy")

HERE = os.path.dirname(os.path.abspath(__file__))
SHAPES = ("2x30", "3x20", "4x15", "5x12", "6x10", "10x6")
ACTIVATIONS = ("relu", "gelu", "tanh")
CLASSES = 10
DIGITS_TRAIN_ROWS = 1437
DIGITS_EPOCHS, DIGITS_RESTARTS = 1000, 5
MNIST_EPOCHS, MNIST_RESTARTS = 60, 1
EPSILON = 1e-5


class DataError(Exception):
    """The run cannot go on. The message is one line that says what and where."""


# --- Reading data ---------------------------------------------------------------


def read_bytes(path):
    """The content of a file, decompressed where it is gzip."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"{path}: damaged gzip file: {error}") from None


def read_idx(path, dimensions):
    """An IDX file of unsigned bytes with the given number of dimensions."""
    content = read_bytes(path)
    header = 4 + 4 * dimensions
    if len(content) < 4:
        raise DataError(f"{path}: {len(content)} bytes, too short for an IDX file")
    magic = struct.unpack(">I", content[:4])[0]
    expected = 0x00000800 + dimensions
    if magic != expected:
        raise DataError(f"{path}: IDX magic number is {magic}, expected {expected}")
    if len(content) < header:
        raise DataError(f"{path}: the file ends inside its IDX header")
    shape = struct.unpack(f">{dimensions}I", content[4:header])
    size = math.prod(shape)
    if len(content) - header != size:
        relation = "truncated" if len(content) - header < size else "too long"
        raise DataError(
            f"{path}: {relation}: {size} data bytes expected, {len(content) - header} found"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def read_mnist(image_path, label_path):
    """Images as rows of n/255, and their labels."""
    images = read_idx(image_path, 3)
    labels = read_idx(label_path, 1)
    if len(images) != len(labels):
        raise DataError(
            f"{image_path} has {len(images)} images, but {label_path} has {len(labels)} labels"
        )
    if images.size == 0:
        raise DataError(f"{image_path}: no images")
    if images.shape[1] != images.shape[2]:
        raise DataError(f"{image_path}: images must be square, not {images.shape[1:]}")
    if labels.max() >= CLASSES:
        row = int(np.argmax(labels >= CLASSES))
        raise DataError(f"{label_path}: label {labels[row]} at row {row} is not a digit")
    return images.reshape(len(images), -1) / 255.0, labels.astype(np.int64)


def read_digits(path):
    """Rows of 64 pixels as n/16, and their labels."""
    try:
        lines = read_bytes(path).decode("ascii").splitlines()
        table = [[int(field) for field in line.split(",")] for line in lines]
    except ValueError:
        raise DataError(f"{path}: not a table of whole numbers") from None
    for number, row in enumerate(table):
        if len(row) != 65:
            raise DataError(f"{path}: row {number} has {len(row)} columns, expected 65")
        if not (all(0 <= n <= 16 for n in row[:64]) and 0 <= row[64] < CLASSES):
            raise DataError(f"{path}: row {number} has a value out of range")
    if len(table) <= DIGITS_TRAIN_ROWS:
        raise DataError(f"{path}: {len(table)} rows, more than {DIGITS_TRAIN_ROWS} expected")
    table = np.array(table, dtype=np.int64)
    return table[:, :64] / 16.0, table[:, 64]


# --- Random small movements of the images ---------------------------------------


def moved_images(images, rng, shift, turn, scale):
    """Each image under its own small affine map, with bilinear interpolation.

    shift is in pixels, turn in radians, scale and shear relative: the largest of each.
    """
    count, pixels = images.shape
    side = math.isqrt(pixels)
    angle = rng.uniform(-turn, turn, count)
    stretch = np.exp(rng.uniform(-scale, scale, (2, count)))
    shear = rng.uniform(-scale, scale, count)
    offset = rng.uniform(-shift, shift, (2, count))

    centre = (side - 1) / 2
    y, x = (axis.ravel() - centre for axis in np.mgrid[0:side, 0:side].astype(np.float32))
    cos, sin = np.cos(angle), np.sin(angle)
    rows = [
        (cos * stretch[0], -sin * stretch[0] + shear, offset[0]),
        (sin * stretch[1], cos * stretch[1], offset[1]),
    ]
    (from_y, from_x) = (
        (a[:, None] * y + b[:, None] * x + (c + centre)[:, None]).astype(np.float32)
        for a, b, c in rows
    )

    # A border of zeros on each side, so that every neighbour exists.
    bordered = np.pad(images.reshape(count, side, side), ((0, 0), (1, 1), (1, 1)))
    flat = bordered.ravel()
    width = side + 2
    from_y = np.clip(from_y + 1, 0, side + 0.999)
    from_x = np.clip(from_x + 1, 0, side + 0.999)
    top, left = from_y.astype(np.int64), from_x.astype(np.int64)
    down, right = from_y - top, from_x - left
    at = (np.arange(count) * width * width)[:, None] + top * width + left
    return (
        (1 - down) * ((1 - right) * flat[at] + right * flat[at + 1])
        + down * ((1 - right) * flat[at + width] + right * flat[at + width + 1])
    )


# --- Activations ----------------------------------------------------------------

ERF = np.vectorize(math.erf, otypes=[np.float64])


def normal_distribution(x):
    """The share of a normal variable below x. In float32, during the training, by formula
    7.1.26 of Abramowitz and Stegun, which is off by at most 1e-7; in float64 to rounding."""
    if x.dtype == np.float64:
        return 0.5 * (1 + ERF(x / math.sqrt(2)))
    size = np.abs(x) * np.float32(math.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * size)
    series = np.zeros_like(t)
    for factor in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = (series + np.float32(factor)) * t
    tail = np.float32(0.5) * series * np.exp(-size * size)
    return np.where(x > 0, 1 - tail, tail)


def activated(kind, x):
    """The function, element by element."""
    if kind == "tanh":
        return np.tanh(x)
    return x * normal_distribution(x) if kind == "gelu" else np.maximum(x, 0)


def slope_of(kind, x, outputs):
    """Its slope at x, where it gives these outputs."""
    if kind == "tanh":
        return 1 - outputs * outputs
    if kind == "gelu":
        density = np.exp(x * x * x.dtype.type(-0.5)) * x.dtype.type(1 / math.sqrt(2 * math.pi))
        return normal_distribution(x) + x * density
    return outputs > 0


# --- The network while it is trained --------------------------------------------


def softmax(logits):
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


class TrainingNetwork:
    """Linear, standardise, activation; ...; Linear. Parameters are float32 arrays.

    A hidden layer holds (weight, gain, shift), the output layer (weight, bias).
    """

    def __init__(self, widths, rng, activation="relu"):
        self.activation = activation
        self.parameters = []
        last = len(widths) - 2
        for layer, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
            # Kaiming uniform for ReLU, PyTorch's default before the output. Sums are standardised, so
            # the size does not matter to a hidden layer.
            bound = math.sqrt((6 if layer < last else 1) / inputs)
            self.parameters.append(rng.uniform(-bound, bound, (outputs, inputs)))
            if layer < last:
                self.parameters += [np.ones(outputs), np.zeros(outputs)]
            else:
                self.parameters.append(rng.uniform(-bound, bound, outputs))
        self.parameters = [p.astype(np.float32) for p in self.parameters]

    def hidden_layers(self):
        p = self.parameters
        return [p[i : i + 3] for i in range(0, len(p) - 2, 3)]

    def gradients(self, images, targets):
        """Cross-entropy against target probabilities: its mean, and its gradient."""
        count = np.float32(len(images))
        kept = []
        values = images
        for weight, gain, shift in self.hidden_layers():
            sums = values @ weight.T
            centred = sums - sums.mean(axis=0)
            scale = 1 / np.sqrt((centred * centred).mean(axis=0) + np.float32(EPSILON))
            standard = centred * scale
            shifted = standard * gain + shift
            outputs = activated(self.activation, shifted)
            kept.append((values, scale, standard, shifted, outputs))
            values = outputs
        weight, bias = self.parameters[-2:]
        guess = softmax(values @ weight.T + bias)
        loss = -(targets * np.log(guess + np.float32(1e-12))).sum() / count

        slope = (guess - targets) / count
        gradients = [slope.sum(axis=0), slope.T @ values]
        slope = slope @ weight
        for (weight, gain, _), saved in zip(self.hidden_layers()[::-1], kept[::-1]):
            inputs, scale, standard, shifted, outputs = saved
            slope = slope * slope_of(self.activation, shifted, outputs)
            gain_slope = (slope * standard).sum(axis=0)
            shift_slope = slope.sum(axis=0)
            slope = (gain * scale) * (
                slope - shift_slope / count - standard * (gain_slope / count)
            )
            gradients += [shift_slope, gain_slope, slope.T @ inputs]
            slope = slope @ weight
        return loss, gradients[::-1]

    def folded(self, images):
        """The plain network [(weight, bias), ...]: means and deviations of these images
        become part of the weights. Float32 values, as they will be stored."""
        layers = []
        values = images.astype(np.float64)
        for weight, gain, shift in self.hidden_layers():
            sums = values @ weight.T.astype(np.float64)
            factor = gain / np.sqrt(sums.var(axis=0) + EPSILON)
            bias = shift - factor * sums.mean(axis=0)
            layers.append(
                ((weight * factor[:, None]).astype(np.float32), bias.astype(np.float32))
            )
            values = activated(self.activation, values @ layers[-1][0].T.astype(np.float64) + layers[-1][1])
        layers.append(tuple(self.parameters[-2:]))
        return layers


def logits(layers, images, activation="relu"):
    """The outputs of a plain network."""
    values = images
    for number, (weight, bias) in enumerate(layers):
        values = values @ weight.T + bias
        if number + 1 < len(layers):
            values = activated(activation, values)
    return values


def accuracy(layers, images, labels, activation="relu"):
    exact_weights = [(w.astype(np.float64), b.astype(np.float64)) for w, b in layers]
    return float((logits(exact_weights, images, activation).argmax(axis=1) == labels).mean())


class Adam:
    """Adam with decoupled weight decay on the matrices."""

    def __init__(self, parameters, decay):
        self.parameters = parameters
        self.decay = decay
        self.first = [np.zeros_like(p) for p in parameters]
        self.second = [np.zeros_like(p) for p in parameters]
        self.steps = 0

    def step(self, gradients, rate):
        self.steps += 1
        a, b = 0.9, 0.999
        rate_now = np.float32(rate * math.sqrt(1 - b**self.steps) / (1 - a**self.steps))
        for p, g, m, v in zip(self.parameters, gradients, self.first, self.second):
            m += np.float32(1 - a) * (g - m)
            v += np.float32(1 - b) * (g * g - v)
            if p.ndim == 2:
                p *= np.float32(1 - rate * self.decay)
            p -= rate_now * m / (np.sqrt(v) + np.float32(1e-8))


def rate_at(progress, peak):
    """Up to the peak in the first 5 %, then down to 0 along a cosine."""
    if progress < 0.05:
        return peak * progress / 0.05
    return peak * 0.5 * (1 + math.cos(math.pi * (progress - 0.05) / 0.95))


def train(name, hidden, images, labels, rng, settings):
    """A plain network with these hidden widths, trained on all rows given."""
    network = TrainingNetwork([images.shape[1], *hidden, CLASSES], rng, settings.activation)
    adam = Adam(network.parameters, settings.decay)
    images = images.astype(np.float32)
    truth = np.eye(CLASSES, dtype=np.float32)[labels]
    batches = max(1, len(images) // settings.batch)
    block = max(1, settings.epochs // 5)
    start = time.monotonic()
    for epoch in range(settings.epochs):
        total = 0.0
        for number, rows in enumerate(np.array_split(rng.permutation(len(images)), batches)):
            inputs = moved_images(images[rows], rng, settings.shift, settings.turn, settings.scale)
            loss, gradients = network.gradients(inputs, truth[rows])
            adam.step(gradients, rate_at((epoch + number / batches) / settings.epochs, settings.rate))
            total += float(loss)
        if (epoch + 1) % block == 0 or epoch + 1 == settings.epochs:
            print(
                f"{name}: epoch {epoch + 1}/{settings.epochs}, loss {total / batches:.4f}, "
                f"{time.monotonic() - start:.1f} s",
                file=sys.stderr,
                flush=True,
            )
    return network.folded(images)


def train_best(name, hidden, images, labels, settings):
    """The best of several restarts, with its seed: the one with the least loss on the
    training rows, moved at random once more. No other rows are looked at."""
    best = None
    for seed in range(settings.seed, settings.seed + settings.restarts):
        layers = train(
            f"{name} seed {seed}", hidden, images, labels, np.random.default_rng(seed), settings
        )
        loss = loss_on_moved(layers, images, labels, settings)
        if not math.isfinite(loss):
            raise DataError(f"{name}: the training with seed {seed} diverged")
        if best is None or loss < best[0]:
            best = (loss, seed, layers)
    return best[1], best[2]


def loss_on_moved(layers, images, labels, settings):
    """Mean cross-entropy over five moved copies of the images, the same for each restart."""
    rng = np.random.default_rng(settings.seed)
    total = 0.0
    for _ in range(5):
        for first in range(0, len(images), 1000):
            rows = slice(first, first + 1000)
            moved = moved_images(images[rows], rng, settings.shift, settings.turn, settings.scale)
            guess = softmax(logits(layers, moved, settings.activation))
            likely = guess[np.arange(len(guess)), labels[rows]]
            total -= float(np.log(likely + 1e-12).sum())
    return total / (5 * len(images))


# --- Files ----------------------------------------------------------------------


def safetensors_bytes(layers, metadata):
    """A plain network as the names of an nn.Sequential of Linear, ReLU, ..., Linear."""
    header = {"__metadata__": metadata}
    data = b""
    for number, pair in enumerate(layers):
        for kind, array in zip(("weight", "bias"), pair):
            raw = np.ascontiguousarray(array, dtype="<f4").tobytes()
            header[f"{2 * number}.{kind}"] = {
                "dtype": "F32",
                "shape": list(array.shape),
                "data_offsets": [len(data), len(data) + len(raw)],
            }
            data += raw
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def read_safetensors(path):
    """The layers and the metadata of a file that safetensors_bytes made."""
    content = read_bytes(path)
    try:
        (length,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + length])
        metadata = header.pop("__metadata__", {})
        data = content[8 + length :]
        arrays = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            arrays[name] = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"])
        layers = [
            (arrays[f"{2 * number}.weight"], arrays[f"{2 * number}.bias"])
            for number in range(len(arrays) // 2)
        ]
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: not a network in safetensors form: {error}") from None
    return layers, metadata


def varint(n):
    """A whole number in protobuf's form: 7 bits a byte, the last one below 128."""
    parts = bytearray()
    while n > 127:
        parts.append(n & 127 | 128)
        n >>= 7
    return bytes([*parts, n])


def number_field(number, value):
    """A field of a protobuf message that is a whole number."""
    return varint(number << 3) + varint(value)


def field(number, content):
    """A field that is a text, bytes or another message."""
    content = content.encode("utf-8") if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def onnx_bytes(layers, metadata, activation):
    """A plain network as an .onnx file: Gemm, activation, ..., Gemm, for one image. The same bytes each time."""
    operator = {"gelu": "Gelu", "tanh": "Tanh", "relu": "Relu"}[activation]

    def value(name, size):
        sides = b"".join(field(1, number_field(1, n)) for n in (1, size))
        return field(1, name) + field(2, field(1, number_field(1, 1) + field(2, sides)))

    def node(operator, inputs, output, attributes=b""):
        named = b"".join(field(1, name) for name in inputs) + field(2, output)
        return field(1, named + field(3, output) + field(4, operator) + attributes)

    transposed = field(5, field(1, "transB") + number_field(3, 1) + number_field(20, 2))
    nodes, arrays, last = b"", b"", "x"
    for number, pair in enumerate(layers):
        names = [f"{2 * number}.{kind}" for kind in ("weight", "bias")]
        for name, array in zip(names, pair):
            shape = b"".join(number_field(1, n) for n in array.shape)
            raw = np.ascontiguousarray(array, dtype="<f4").tobytes()
            arrays += field(5, shape + number_field(2, 1) + field(8, name) + field(9, raw))
        is_last = number + 1 == len(layers)
        nodes += node("Gemm", [last, *names], "y" if is_last else f"z{number}", transposed)
        if not is_last:
            nodes += node(operator, [f"z{number}"], f"h{number}")
            last = f"h{number}"
    ends = field(11, value("x", layers[0][0].shape[1])) + field(12, value("y", layers[-1][0].shape[0]))
    graph = nodes + field(2, "network") + arrays + ends
    said = b"".join(field(14, field(1, key) + field(2, text)) for key, text in metadata.items())
    # Gelu is an operator since version 20.
    return number_field(1, 9) + field(7, graph) + field(8, number_field(2, 20)) + said


def fields_of(message):
    """The fields of a protobuf message: number and content."""
    at = 0

    def number():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = message[at]
            at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    while at < len(message):
        tag = number()
        content = number()
        if tag & 7 == 2:
            content, at = message[at : at + content], at + content
        yield tag >> 3, content


def read_onnx(path):
    """The layers, the metadata and the activation of a file that onnx_bytes made."""
    model = list(fields_of(read_bytes(path)))
    graph = list(fields_of(dict(model)[7]))
    layers, arrays = [], []
    for number, content in graph:
        if number == 5:
            tensor = list(fields_of(content))
            shape = [n for key, n in tensor if key == 1]
            arrays.append(np.frombuffer(dict(tensor)[9], "<f4").reshape(shape))
    layers = list(zip(arrays[::2], arrays[1::2]))
    operators = {dict(fields_of(content))[4].decode() for number, content in graph if number == 1}
    (operator,) = operators - {"Gemm"}
    pairs = [dict(fields_of(content)) for number, content in model if number == 14]
    return layers, {pair[1].decode(): pair[2].decode() for pair in pairs}, operator.lower()


def write_whole(path, content):
    """Write a file so that it is there whole or not at all."""
    folder, name = os.path.split(path)
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=folder or ".")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        if isinstance(error, OSError):
            raise DataError(f"{path}: cannot write: {error.strerror}") from None
        raise


def check_writable(folder):
    """Fail before the training, not after it."""
    try:
        os.makedirs(folder, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise DataError(f"{folder}: cannot write there: {error.strerror}") from None


# --- The command line -----------------------------------------------------------


def shape(text):
    """'3x20' as [20, 20, 20]."""
    try:
        layers, width = (int(part) for part in text.split("x"))
        if layers < 1 or width < 1:
            raise ValueError
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a shape; write LAYERSxWIDTH, such as 3x20"
        ) from None
    return [width] * layers


def shapes(text):
    return {name: shape(name) for name in text.split(",")}


def at_least(lowest):
    def whole_number(text):
        try:
            value = int(text)
        except ValueError:
            value = lowest - 1
        if value < lowest:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {lowest} up")
        return value

    return whole_number


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        description="Train small networks on digits and write them as .safetensors, or .onnx if they have no ReLU.",
        epilog="example: python data/train.py digits --out data/networks --shapes 2x30,10x6",
    )
    modes = parser.add_subparsers(dest="mode", required=True)

    digits = modes.add_parser(
        "digits",
        help="the built-in 8x8 digits: the first 1437 rows train, the rest test",
        epilog="example: python data/train.py digits --out data/networks",
    )
    digits.add_argument("--data", default=os.path.join(HERE, "digits.csv.gz"), metavar="FILE",
                        help="default: digits.csv.gz beside this script")
    digits.set_defaults(epochs=DIGITS_EPOCHS, restarts=DIGITS_RESTARTS,
                        rate=0.02, shift=0.7, turn=0.15, scale=0.1)

    mnist = modes.add_parser(
        "mnist",
        help="MNIST from IDX files, plain or gzip",
        epilog="example: python data/train.py mnist --images train-images-idx3-ubyte.gz "
        "--labels train-labels-idx1-ubyte.gz --test-images t10k-images-idx3-ubyte.gz "
        "--test-labels t10k-labels-idx1-ubyte.gz --out networks",
    )
    for name in ("images", "labels", "test-images", "test-labels"):
        mnist.add_argument(f"--{name}", required=True, metavar="FILE")
    mnist.set_defaults(epochs=MNIST_EPOCHS, restarts=MNIST_RESTARTS,
                       rate=0.01, shift=1.0, turn=0.1, scale=0.05)

    for mode in (digits, mnist):
        mode.add_argument("--out", required=True, metavar="DIR", help="made if it is not there")
        mode.add_argument("--activation", choices=ACTIVATIONS, default="relu",
                          help="the function between the layers (default: %(default)s)")
        mode.add_argument("--shapes", type=shapes, default=",".join(SHAPES), metavar="LIST",
                          help="layers x width of the hidden layers (default: %(default)s)")
        mode.add_argument("--seed", type=at_least(0), default=0, metavar="N",
                          help="seed of the first restart (default: %(default)s)")
        mode.add_argument("--restarts", type=at_least(1), metavar="N",
                          help="seeds tried, of which the least training loss is kept "
                          "(default: %(default)s)")
        mode.add_argument("--epochs", type=at_least(1), metavar="N",
                          help="passes over the training rows (default: %(default)s)")
        mode.add_argument("--hold-out", type=at_least(0), default=0, metavar="N",
                          help="test on the last N training rows, and do not train on them; "
                          "the test rows stay unused (default: %(default)s)")
        mode.set_defaults(batch=64, decay=0.1)
    return parser.parse_args(arguments)


def load(settings):
    """Training images and labels, test images and labels, and what to call them."""
    if settings.mode == "digits":
        images, labels = read_digits(settings.data)
        cut = DIGITS_TRAIN_ROWS
        name = "UCI optical recognition of handwritten digits, 8x8, input n/16"
        split = (images[:cut], labels[:cut], images[cut:], labels[cut:])
    else:
        name = "MNIST, input n/255"
        split = (
            *read_mnist(settings.images, settings.labels),
            *read_mnist(settings.test_images, settings.test_labels),
        )
        if split[0].shape[1] != split[2].shape[1]:
            raise DataError(f"{settings.test_images}: other image size than {settings.images}")
    if settings.hold_out:
        cut = len(split[0]) - settings.hold_out
        if cut < 1:
            raise DataError(f"--hold-out {settings.hold_out} leaves no training rows")
        split = (split[0][:cut], split[1][:cut], split[0][cut:], split[1][cut:])
        name += f", last {settings.hold_out} training rows held out as test rows"
    return (*split, name)


def run(settings):
    images, labels, test_images, test_labels, data_set = load(settings)
    check_writable(settings.out)
    for name, hidden in settings.shapes.items():
        start = time.monotonic()
        seed, layers = train_best(name, hidden, images, labels, settings)
        train_accuracy = accuracy(layers, images, labels, settings.activation)
        test_accuracy = accuracy(layers, test_images, test_labels, settings.activation)
        metadata = {
            "data_set": data_set,
            "epochs": str(settings.epochs),
            "restarts": str(settings.restarts),
            "seed": str(seed),
            "test_accuracy": f"{test_accuracy:.4f}",
            "test_rows": str(len(test_labels)),
            "train_accuracy": f"{train_accuracy:.4f}",
            "train_rows": str(len(labels)),
        }
        if settings.activation == "relu":
            path = os.path.join(settings.out, f"{settings.mode}-{name}.safetensors")
            content = safetensors_bytes(layers, metadata)
        else:
            path = os.path.join(settings.out, f"{settings.mode}-{settings.activation}-{name}.onnx")
            content = onnx_bytes(layers, metadata, settings.activation)
        write_whole(path, content)
        print(
            f"{path}: seed {seed}, train {train_accuracy:.4f}, test {test_accuracy:.4f}, "
            f"{time.monotonic() - start:.0f} s",
            flush=True,
        )


def main(arguments=None):
    try:
        run(parse_arguments(arguments))
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
