#!/usr/bin/env python3
"""Draws the pictures of the book: python3 docs/gallery.py target/release/plica"""

import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent / "src" / "pictures"
PICTURES = {
    "cantor.svg": ["regions", "cantor:4", "--box", "0,1"],
    "depth.svg": ["regions", "random:2-16-16-16-1@3", "--box", "-2,2", "--color", "depth"],
    "gradient.svg": ["regions", "random-kaiming:2-12-12-1@5", "--box", "-3,3", "--color", "gradient"],
    "space.svg": ["regions", "random:2-8-8-1@2", "--space", "--color", "region"],
    "sign.svg": ["regions", "random-kaiming:2-16-16-1@11", "--box", "-3,3", "--decide", "sign"],
    "digits.png": ["regions", "digits:3x20", "--plane", "digits#3", "digits#7", "digits#9", "--decide", "argmax", "--points", "digits"],
    "missed.svg": ["audit", "digits:3x20", "digits"],
}


def main():
    plica = sys.argv[1]
    for name, call in PICTURES.items():
        subprocess.run([plica, *call, "--plot", str(HERE / name)], check=True, stdout=subprocess.DEVNULL)
    folder = HERE / "fold"
    networks = [f"digits:{shape}" for shape in ("2x30", "3x20", "4x15", "5x12", "6x10", "10x6")]
    subprocess.run([plica, "fold", *networks, "digits", "--out", str(folder), "--quiet"], check=True, stdout=subprocess.DEVNULL)
    for name in ("chi-by-class-1.svg", "chi-distribution.svg", "chi-by-depth.svg"):
        (folder / name).replace(HERE / name)
    for left in folder.iterdir():
        left.unlink()
    folder.rmdir()
    for name in [*PICTURES, "chi-by-class-1.svg", "chi-distribution.svg", "chi-by-depth.svg"]:
        print(f"{(HERE / name).stat().st_size:9,} {name}")


if __name__ == "__main__":
    main()
