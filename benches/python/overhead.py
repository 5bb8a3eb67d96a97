#!/usr/bin/env python3
"""The time of a sweep from Python against the same sweep in Rust, alternating in the same run.

    python3 benches/python/overhead.py target/release/sweep_times

Needs the package plica installed. Python's time is that of `net.fold(X, y)` from a NumPy array to the result with all its numbers, Rust's from the points
in memory to the report.
"""

import statistics
import subprocess
import sys
import time

import plica

ROUNDS = 9
CASES = [
    ("digits:3x20", "classes", 1),
    ("digits:3x20", "classes", 2),
    ("digits:2x30", "classes", 2),
    ("digits:10x6", "classes", 2),
    ("digits:3x20", "random:100000@0", 2),
    ("digits:3x20", "random:10000@0", 1),
]


def main():
    rust = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    digits = plica.data("digits")
    X, y = digits.X.copy(), digits.y.copy()
    print(f"medians of {ROUNDS} rounds\n\n{'network':12} {'pairs':16} threads {'Rust':>9} {'Python':>9} ratio")
    for network, pairs, threads in CASES:
        net, times = plica.load(network), ([], [])
        for _ in range(ROUNDS):
            rust.stdin.write(f"{network} {pairs} {threads}\n")
            rust.stdin.flush()
            seconds, segments = rust.stdout.readline().split()
            times[0].append(float(seconds))
            begun = time.perf_counter()
            fold = net.fold(X, y, pairs=pairs, threads=threads)
            mean, found = fold.mean, fold.segments
            times[1].append(time.perf_counter() - begun)
            assert found == int(segments) and 0 < mean < 1
        ours, theirs = statistics.median(times[1]), statistics.median(times[0])
        ratio = statistics.median(p / r for r, p in zip(*times))
        print(f"{network:12} {pairs:16} {threads:7} {theirs * 1e3:6.0f} ms {ours * 1e3:6.0f} ms {ratio:5.3f}")


if __name__ == "__main__":
    main()
