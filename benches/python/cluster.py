#!/usr/bin/env python3
"""The costs of a sweep on a cluster beyond its segments: bytes sent and returned, and the set-up time of a task.

    python3 benches/python/cluster.py

Needs the package plica with its extra `ray`. Ray runs on this machine, so the network between machines is not measured, only the number of bytes for it.
"""

import pickle
import statistics
import time

import numpy as np
import plica
import plica.ray
import ray
from plica import _plica

ROUNDS = 7


def median(work, rounds=ROUNDS):
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


@ray.remote(num_cpus=1)
def nothing():
    return b""


def measure(name, net, X, y, pairs):
    net = plica.load(net)
    data = plica.data(X, y)
    sent = len(pickle.dumps((net, data), protocol=5))
    options = {"pairs": pairs, "units": "hidden", "output_bits": False}
    content = pickle.dumps((net, data), protocol=5)

    def set_up():
        again = pickle.loads(content)
        return again[0].sweep(again[1], **options)

    sweep = set_up()
    chunk = min(sweep.chunks - 1, 3)
    first = median(lambda: sweep.run((chunk, chunk + 1), 1, None, None))
    several = min(sweep.chunks, 20)
    begun = time.perf_counter()
    state = sweep.run((0, several), 1, None, None)
    each = (time.perf_counter() - begun) / several
    back = state.to_bytes()
    merged = sweep.run((0, 0), 1, None, None)
    parse = median(lambda: _plica.SweepState.from_bytes(back))
    merged.merge(_plica.SweepState.from_bytes(back))
    print(
        f"{name:28} {sweep.segments:12,} {sweep.chunks:8,} {sent / 2**20:9.2f} {median(set_up) * 1e3:9.1f} {first * 1e3:9.1f} {each * 1e3:9.1f} "
        f"{len(back) / 2**10:9.1f} {parse * 1e3:9.2f}"
    )


def main():
    head = ("sent, MiB", "set-up ms", "1 chunk", "a chunk", "back KiB", "merge ms")
    print(f"{'sweep':28} {'segments':>12} {'chunks':>8} " + " ".join(f"{word:>9}" for word in head))
    digits = plica.data("digits")
    measure("digits:3x20, classes", "digits:3x20", digits.X, digits.y, "classes")
    rng = np.random.default_rng(0)
    X, y = rng.random((10_000, 784)), rng.integers(0, 10, 10_000)
    measure("784-60 in 3, classes", "random-kaiming:784-20-20-20-10@0", X, y, "classes")
    measure("784-256 in 3, classes", "random-kaiming:784-256-256-256-10@0", X, y, "classes")

    ray.init(num_cpus=2, log_to_driver=False)
    ray.get([nothing.remote() for _ in range(4)])
    print(f"\nan empty task: {median(lambda: ray.get(nothing.remote())) * 1e3:.1f} ms, of 200 at once {median(lambda: ray.get([nothing.remote() for _ in range(200)])) / 200 * 1e3:.2f} ms each")
    net = plica.load("digits:4x15")
    net.fold("digits", threads=2)
    plica.ray.fold(net, "digits", pairs="random:1000@0")  # the workers begin
    alone = median(lambda: net.fold("digits", threads=2), 5)
    for tasks in (2, 16, 64):
        on_ray = median(lambda tasks=tasks: plica.ray.fold(net, "digits", tasks=tasks), 5)
        print(f"digits:4x15, 2 processors, {tasks:3} tasks: {on_ray:.2f} s on Ray, {alone:.2f} s without: {on_ray / alone:.3f}")


if __name__ == "__main__":
    main()
