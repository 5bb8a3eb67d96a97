"""Tests of train.py and of the networks it left in networks/.

    python data/test_train.py
"""

import contextlib
import gzip
import io
import json
import math
import os
import re
import struct
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import train  # noqa: E402

import numpy as np  # noqa: E402


def idx(array):
    dimensions = struct.pack(f">{array.ndim}I", *array.shape)
    return struct.pack(">I", 0x0800 + array.ndim) + dimensions + array.tobytes()


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def run_script(self, *arguments):
        """Exit status, standard output and standard error of one call."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = train.main(list(arguments))
            except SystemExit as exit:
                status = exit.code
        return status, out.getvalue(), err.getvalue()


class Idx(InFolder):
    images = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    labels = np.array([7, 0], dtype=np.uint8)

    def assert_refused(self, message, call, *arguments):
        with self.assertRaises(train.DataError) as caught:
            call(*arguments)
        self.assertIn(message, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_plain_and_gzip_are_read_alike(self):
        for pack in (bytes, gzip.compress):
            path = self.file("images", pack(idx(self.images)))
            np.testing.assert_array_equal(train.read_idx(path, 3), self.images)

    def test_pixels_are_n_over_255(self):
        images, labels = train.read_mnist(
            self.file("images", idx(self.images)), self.file("labels", idx(self.labels))
        )
        np.testing.assert_array_equal(images, self.images.reshape(2, 9) / 255.0)
        self.assertEqual(labels.tolist(), [7, 0])

    def test_missing_file(self):
        path = os.path.join(self.folder, "none")
        self.assert_refused(f"{path}: No such file", train.read_idx, path, 3)

    def test_wrong_magic_number(self):
        path = self.file("labels", idx(self.labels))
        self.assert_refused("magic number is 2049, expected 2051", train.read_idx, path, 3)

    def test_every_truncation_is_refused(self):
        content = idx(self.images)
        for length in range(len(content)):
            path = self.file("images", content[:length])
            self.assert_refused(path, train.read_idx, path, 3)

    def test_truncated_gzip(self):
        path = self.file("images.gz", gzip.compress(idx(self.images))[:-9])
        self.assert_refused("damaged gzip file", train.read_idx, path, 3)

    def test_data_beyond_the_end(self):
        path = self.file("images", idx(self.images) + b"\0")
        self.assert_refused("too long", train.read_idx, path, 3)

    def test_counts_that_differ(self):
        images = self.file("images", idx(self.images))
        labels = self.file("labels", idx(self.labels[:1]))
        self.assert_refused("has 2 images", train.read_mnist, images, labels)

    def test_label_out_of_range(self):
        images = self.file("images", idx(self.images))
        labels = self.file("labels", idx(np.array([1, 10], dtype=np.uint8)))
        self.assert_refused("label 10 at row 1", train.read_mnist, images, labels)

    def test_no_images(self):
        images = self.file("images", idx(self.images[:0]))
        labels = self.file("labels", idx(self.labels[:0]))
        self.assert_refused("no images", train.read_mnist, images, labels)


class Safetensors(InFolder):
    def test_round_trip(self):
        rng = np.random.default_rng(0)
        layers = [
            (rng.normal(size=(o, i)).astype(np.float32), rng.normal(size=o).astype(np.float32))
            for i, o in ((4, 3), (3, 5), (5, 2))
        ]
        content = train.safetensors_bytes(layers, {"seed": "0"})
        (length,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + length])
        self.assertEqual(length % 8, 0)
        self.assertEqual(header["2.weight"]["shape"], [5, 3])
        self.assertEqual(header["4.bias"]["data_offsets"][1], len(content) - 8 - length)

        path = os.path.join(self.folder, "network.safetensors")
        train.write_whole(path, content)
        self.assertEqual(os.listdir(self.folder), ["network.safetensors"])
        read, metadata = train.read_safetensors(path)
        self.assertEqual(metadata, {"seed": "0"})
        self.assertEqual(len(read), 3)
        for (weight, bias), (weight_read, bias_read) in zip(layers, read):
            np.testing.assert_array_equal(weight, weight_read)
            np.testing.assert_array_equal(bias, bias_read)

    def test_onnx_round_trip(self):
        rng = np.random.default_rng(5)
        layers = [
            (rng.normal(size=(o, i)).astype(np.float32), rng.normal(size=o).astype(np.float32))
            for i, o in ((300, 3), (3, 5), (5, 2))
        ]
        path = os.path.join(self.folder, "network.onnx")
        train.write_whole(path, train.onnx_bytes(layers, {"seed": "0", "epochs": "1000"}, "gelu"))
        read, metadata, activation = train.read_onnx(path)
        self.assertEqual((metadata, activation), ({"seed": "0", "epochs": "1000"}, "gelu"))
        self.assertEqual(len(read), 3)
        for (weight, bias), (weight_read, bias_read) in zip(layers, read):
            np.testing.assert_array_equal(weight, weight_read)
            np.testing.assert_array_equal(bias, bias_read)

    def test_damaged_file(self):
        with self.assertRaises(train.DataError):
            train.read_safetensors(self.file("network", b"\x40\0\0\0\0\0\0\0{"))


class Training(InFolder):
    def test_gradients_are_those_of_the_loss(self):
        for activation in train.ACTIVATIONS:
            with self.subTest(activation):
                self.check_gradients(activation)

    def test_activations(self):
        x = np.linspace(-12, 12, 4001)
        expected = np.array([x * 0.5 * math.erfc(-x / math.sqrt(2)) for x in x])
        np.testing.assert_allclose(train.activated("gelu", x), expected, rtol=0, atol=1e-14)
        single = x.astype(np.float32)
        self.assertEqual(train.activated("gelu", single).dtype, np.float32)
        np.testing.assert_allclose(train.activated("gelu", single), expected, rtol=0, atol=2e-6)
        np.testing.assert_allclose(
            train.slope_of("gelu", single, None), train.slope_of("gelu", x, None), rtol=0, atol=1e-6
        )
        np.testing.assert_array_equal(train.activated("tanh", x), np.tanh(x))
        np.testing.assert_array_equal(train.activated("relu", x), np.maximum(x, 0))

    def check_gradients(self, activation):
        rng = np.random.default_rng(1)
        network = train.TrainingNetwork([5, 4, 3, train.CLASSES], rng, activation)
        network.parameters = [p.astype(np.float64) for p in network.parameters]
        images = rng.normal(size=(8, 5))
        targets = np.eye(train.CLASSES)[rng.integers(0, 10, 8)]
        _, gradients = network.gradients(images, targets)
        step = 1e-6
        for parameter, gradient in zip(network.parameters, gradients):
            flat = parameter.reshape(-1)
            for at in range(flat.size):
                losses = []
                for sign in (step, -step):
                    flat[at] += sign
                    losses.append(network.gradients(images, targets)[0])
                    flat[at] -= sign
                slope = (losses[0] - losses[1]) / (2 * step)
                self.assertAlmostEqual(slope, gradient.reshape(-1)[at], delta=1e-4)

    def test_no_movement_leaves_the_images(self):
        images = np.random.default_rng(2).random((3, 64)).astype(np.float32)
        moved = train.moved_images(images, np.random.default_rng(3), 0, 0, 0)
        np.testing.assert_array_equal(moved, images)

    def test_two_runs_write_the_same_bytes(self):
        for activation, written in (("relu", "digits-3x4.safetensors"), ("gelu", "digits-gelu-3x4.onnx")):
            files = []
            for name in ("a", "b"):
                out = os.path.join(self.folder, name)
                status, _, _ = self.run_script(
                    "digits", "--out", out, "--shapes", "3x4", "--epochs", "2", "--restarts", "2",
                    "--activation", activation,
                )
                self.assertEqual(status, 0)
                with open(os.path.join(out, written), "rb") as file:
                    files.append(file.read())
            self.assertEqual(files[0], files[1])

    def test_mnist_from_idx_files(self):
        rng = np.random.default_rng(4)
        images = self.file("images", idx(rng.integers(0, 256, (200, 6, 6), dtype=np.uint8)))
        labels = self.file("labels.gz", gzip.compress(idx(rng.integers(0, 10, 200, dtype=np.uint8))))
        call = ["mnist", "--images", images, "--labels", labels, "--test-images", images,
                "--test-labels", labels, "--out", self.folder, "--shapes", "2x5", "--epochs", "1"]
        status, _, _ = self.run_script(*call)
        self.assertEqual(status, 0)
        layers, metadata = train.read_safetensors(
            os.path.join(self.folder, "mnist-2x5.safetensors")
        )
        self.assertEqual([w.shape for w, _ in layers], [(5, 36), (5, 5), (10, 5)])
        self.assertEqual(metadata["train_rows"], "200")


class CommandLine(InFolder):
    def assert_one_line_error(self, *arguments):
        status, out, err = self.run_script(*arguments)
        self.assertEqual((status, out, err.count("\n")), (1, "", 1))
        self.assertTrue(err.startswith("error: "), err)

    def test_data_errors_are_one_line(self):
        out = os.path.join(self.folder, "out")
        missing = os.path.join(self.folder, "none")
        a_file = self.file("file", b"")
        table = self.file("digits.csv", b"1,2,x\n")
        self.assert_one_line_error("digits", "--data", missing, "--out", out)
        self.assert_one_line_error("digits", "--data", table, "--out", out)
        self.assert_one_line_error("digits", "--data", a_file, "--out", out)
        self.assert_one_line_error("digits", "--out", a_file)
        self.assert_one_line_error("digits", "--out", os.path.join(a_file, "below"))
        self.assert_one_line_error("digits", "--out", out, "--hold-out", "1437")
        self.assertFalse(os.path.exists(out))

    def test_wrong_calls_exit_with_2(self):
        for arguments in ((), ("digits",), ("digits", "--out", "x", "--shapes", "3y20"),
                          ("digits", "--out", "x", "--epochs", "0"),
                          ("digits", "--out", "x", "--activation", "silu")):
            self.assertEqual(self.run_script(*arguments)[0], 2)


class Stored(unittest.TestCase):
    """The files in this folder are what README.md says."""

    def test_digits(self):
        images, labels = train.read_digits(os.path.join(HERE, "digits.csv.gz"))
        self.assertEqual(images.shape, (1797, 64))
        self.assertEqual(np.bincount(labels).tolist(),
                         [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])

    def stated(self, heading, row):
        """The rows of the table under a heading of README.md."""
        with open(os.path.join(HERE, "README.md"), encoding="utf-8") as file:
            _, _, below = file.read().partition(f"\n## {heading}\n")
        return re.findall(row + r" (\d+) \| ([\d.]+) % \| ([\d.]+) % \|$", below.split("\n## ")[0], re.M)

    def assert_reached(self, name, stated, network, activation="relu"):
        """A network of 60 hidden units has the figures of its row, which its metadata repeat."""
        layers, metadata = network
        seed, *stated = stated
        hidden = train.shape(name)
        widths = [64, *hidden, 10]
        self.assertEqual([w.shape for w, _ in layers], list(zip(widths[1:], widths)))
        self.assertEqual(sum(hidden), 60)
        self.assertEqual(metadata["seed"], seed)
        images, labels = train.read_digits(os.path.join(HERE, "digits.csv.gz"))
        cut = train.DIGITS_TRAIN_ROWS
        for kind, part, figure in zip(("train", "test"), (slice(0, cut), slice(cut, None)), stated):
            reached = train.accuracy(layers, images[part], labels[part], activation)
            self.assertEqual(f"{100 * reached:.1f}", figure)
            self.assertEqual(metadata[f"{kind}_accuracy"], f"{reached:.4f}")

    def test_networks_reach_the_stated_accuracies(self):
        rows = self.stated("networks/", r"^\| (\d+x\d+) \|")
        self.assertEqual([row[0] for row in rows], list(train.SHAPES))
        for name, *stated in rows:
            with self.subTest(name):
                path = os.path.join(HERE, "networks", f"digits-{name}.safetensors")
                self.assert_reached(name, stated, train.read_safetensors(path))

    def test_smooth_networks_reach_the_stated_accuracies(self):
        rows = self.stated("networks/digits-gelu-*, digits-tanh-*", r"^\| (\w+) \| (\d+x\d+) \|")
        self.assertEqual([row[:2] for row in rows], [(a, s) for a in ("gelu", "tanh") for s in train.SHAPES])
        for activation, name, *stated in rows:
            with self.subTest(activation=activation, shape=name):
                path = os.path.join(HERE, "networks", f"digits-{activation}-{name}.onnx")
                layers, metadata, found = train.read_onnx(path)
                self.assertEqual(found, activation)
                self.assert_reached(name, stated, (layers, metadata), activation)

    def test_networks_for_mnist_state_what_the_table_does(self):
        rows = self.stated("networks/mnist-*", r"^\| (\d+x\d+) \|")
        self.assertEqual([row[0] for row in rows], list(train.SHAPES))
        for name, seed, *stated in rows:
            with self.subTest(name):
                path = os.path.join(HERE, "networks", f"mnist-{name}.safetensors")
                layers, metadata = train.read_safetensors(path)
                self.assertEqual(layers[0][0].shape, (train.shape(name)[0], 784))
                figures = []
                for kind in ("train", "test"):
                    # The metadata have four places; the table rounds the number of right rows.
                    rows_of_kind = int(metadata[f"{kind}_rows"])
                    right = round(float(metadata[f"{kind}_accuracy"]) * rows_of_kind)
                    figures.append(f"{100 * right / rows_of_kind:.1f}")
                self.assertEqual([metadata["seed"], *figures], [seed, *stated])


if __name__ == "__main__":
    unittest.main()
