"""Tests of mnist_sample.py. They need nothing but Python.

    python data/test_mnist_sample.py
"""

import contextlib
import io
import json
import os
import struct
import sys
import tempfile
import unittest
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import mnist_sample  # noqa: E402

COUNTS = (6, 5, 1, 1, 1, 1, 1, 1, 1, 1)


def image(digit, row):
    """784 bytes, other ones for each image."""
    return bytes((digit + 10 * row + 7 * place) % 256 for place in range(784))


class Sample(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.digits = os.path.join(folder.name, "digits")
        self.out = os.path.join(folder.name, "out")
        os.mkdir(self.digits)
        for digit, count in enumerate(COUNTS):
            self.put(digit, [n for row in range(count) for n in image(digit, row)])

    def put(self, digit, pixels):
        with open(os.path.join(self.digits, f"{digit}.json"), "w", encoding="utf-8") as file:
            json.dump({"data": [round(n / 255, 3) for n in pixels]}, file)

    def run_script(self):
        out, err = io.StringIO(), io.StringIO()
        arguments = ["mnist_sample.py", self.digits, "--out", self.out]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            with mock.patch.object(mnist_sample, "COUNTS", COUNTS), mock.patch("sys.argv", arguments):
                status = mnist_sample.main()
        return status, err.getvalue()

    def read(self, name):
        with open(os.path.join(self.out, name), "rb") as file:
            return file.read()

    def test_every_byte_comes_back(self):
        self.assertEqual(self.run_script(), (0, ""))
        rows = [(digit, row) for digit, count in enumerate(COUNTS) for row in range(count)]
        parts = {
            "sample": rows,
            "train": [(digit, row) for digit, row in rows if row % 5 != 4],
            "test": [(digit, row) for digit, row in rows if row % 5 == 4],
        }
        self.assertEqual(parts["test"], [(0, 4), (1, 4)])
        for name, part in parts.items():
            images = struct.pack(">4I", 0x803, len(part), 28, 28) + b"".join(image(*row) for row in part)
            labels = struct.pack(">2I", 0x801, len(part)) + bytes(digit for digit, _ in part)
            self.assertEqual(self.read(f"{name}-images-idx3-ubyte"), images)
            self.assertEqual(self.read(f"{name}-labels-idx1-ubyte"), labels)

    def assert_refused(self, message):
        status, error = self.run_script()
        self.assertEqual(status, 1)
        self.assertRegex(error, message)
        self.assertFalse(os.path.exists(self.out))

    def test_other_files_are_refused(self):
        self.put(2, list(image(2, 0)) + [0])
        self.assert_refused(r"2\.json: 785 values, expected 1 x 784")
        self.put(2, [0.5 * 255] + list(image(2, 0))[1:])
        self.assert_refused(r"2\.json: value 0 is 0\.5, not n/255 to three decimals")
        self.put(2, list(image(3, 0)))
        self.assert_refused(r"an image occurs twice")
        os.remove(os.path.join(self.digits, "2.json"))
        self.assert_refused(r"2\.json: No such file")


if __name__ == "__main__":
    unittest.main()
