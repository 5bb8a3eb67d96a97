"""Tests of train.py and of the networks it left in networks/.

    python data/test_train.py
"""

import contextlib
import gzip
import io
import json
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

    def test_damaged_file(self):
        with self.assertRaises(train.DataError):
            train.read_safetensors(self.file("network", b"\x40\0\0\0\0\0\0\0{"))


class Training(InFolder):
    def test_gradients_are_those_of_the_loss(self):
        rng = np.random.default_rng(1)
        network = train.TrainingNetwork([5, 4, 3, train.CLASSES], rng)
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
        files = []
        for name in ("a", "b"):
            out = os.path.join(self.folder, name)
            status, _, _ = self.run_script(
                "digits", "--out", out, "--shapes", "3x4", "--epochs", "2", "--restarts", "2"
            )
            self.assertEqual(status, 0)
            with open(os.path.join(out, "digits-3x4.safetensors"), "rb") as file:
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
                          ("digits", "--out", "x", "--epochs", "0")):
            self.assertEqual(self.run_script(*arguments)[0], 2)


class Stored(unittest.TestCase):
    """The files in this folder are what README.md says."""

    def test_digits(self):
        images, labels = train.read_digits(os.path.join(HERE, "digits.csv.gz"))
        self.assertEqual(images.shape, (1797, 64))
        self.assertEqual(np.bincount(labels).tolist(),
                         [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])

    def test_networks_reach_the_stated_accuracies(self):
        images, labels = train.read_digits(os.path.join(HERE, "digits.csv.gz"))
        cut = train.DIGITS_TRAIN_ROWS
        with open(os.path.join(HERE, "README.md"), encoding="utf-8") as file:
            rows = re.findall(r"^\| (\d+x\d+) \| (\d+) \| ([\d.]+) % \| ([\d.]+) % \|", file.read(), re.M)
        self.assertEqual([row[0] for row in rows], list(train.SHAPES))
        for name, seed, stated_train, stated_test in rows:
            with self.subTest(name):
                layers, metadata = train.read_safetensors(
                    os.path.join(HERE, "networks", f"digits-{name}.safetensors")
                )
                hidden = train.shape(name)
                widths = [64, *hidden, 10]
                self.assertEqual([w.shape for w, _ in layers], list(zip(widths[1:], widths)))
                self.assertEqual(sum(hidden), 60)
                self.assertEqual(metadata["seed"], seed)
                for kind, stated, part in (
                    ("train", stated_train, slice(0, cut)),
                    ("test", stated_test, slice(cut, None)),
                ):
                    reached = train.accuracy(layers, images[part], labels[part])
                    self.assertEqual(f"{100 * reached:.1f}", stated)
                    self.assertEqual(metadata[f"{kind}_accuracy"], f"{reached:.4f}")


if __name__ == "__main__":
    unittest.main()
