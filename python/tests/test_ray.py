"""Sweeps on a Ray cluster of several nodes on this machine, one of which is killed."""

import os
import pathlib
import threading
import time

import numpy as np
import pytest

ray = pytest.importorskip("ray")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")


@pytest.fixture(scope="module")
def cluster():
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": 100 * 2**20})
    for _ in range(3):
        cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20)
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def test_a_sweep_is_the_same_bits_on_a_cluster(cluster):
    import plica.ray

    net = plica.load("digits:3x20")
    digits = plica.data("digits")
    for X, y, options in [
        ("digits", None, {"pairs": "random:50000@3"}),
        (digits.X[:300], digits.y[:300], {}),
        (digits.X[:200], None, {"units": "0-1"}),
        (digits.X[:30], digits.y[:30], {"pairs": "all"}),
        ([["1/3"] * 64, [0.1] * 64, [1] * 64], None, {}),
    ]:
        calls = []
        found = plica.ray.fold(net, X, y, **options, tasks=7, progress=lambda *numbers, calls=calls: calls.append(numbers))
        expected = net.fold(X, y, **options)
        assert found.to_json() == expected.to_json() and str(found) == str(expected)
        assert calls[-1] == (expected.segments, expected.segments)
        assert [done for done, _ in calls] == sorted(done for done, _ in calls)


def test_a_graph_goes_to_the_workers_with_its_numbers(cluster):
    import plica.ray

    graphs = pathlib.Path(__file__).resolve().parents[2] / "tests" / "readers" / "onnx"
    net = plica.load(graphs / "residual-new.onnx")
    X = np.random.default_rng(0).random((20, net.inputs))
    assert plica.ray.fold(net, X, output_bits=True, tasks=3) == net.fold(X, output_bits=True)


def test_a_node_that_is_killed_changes_nothing(cluster):
    import plica.ray

    net = plica.load("digits:4x15")
    victim = cluster.add_node(num_cpus=2, object_store_memory=100 * 2**20)
    before = len([node for node in ray.nodes() if node["Alive"]])
    killed = threading.Event()

    def kill(done, all):
        # In the middle: some parts are merged, others are running on the node.
        if done > 0 and not killed.is_set():
            assert done < all
            killed.set()
            cluster.remove_node(victim, allow_graceful=False)

    found = plica.ray.fold(net, "digits", tasks=60, progress=kill)
    assert killed.is_set()
    deadline = time.monotonic() + 60
    while len([node for node in ray.nodes() if node["Alive"]]) >= before and time.monotonic() < deadline:
        time.sleep(0.5)
    assert len([node for node in ray.nodes() if node["Alive"]]) == before - 1
    assert found.segments == 3_227_412
    assert found.to_json() == net.fold("digits").to_json()


def test_what_is_wrong_is_said_before_anything_is_sent(cluster):
    import plica.ray

    with pytest.raises(ValueError, match="X: dimension 2, but digits:3x20 takes 64 inputs"):
        plica.ray.fold("digits:3x20", np.zeros((3, 2)))
    with pytest.raises(ValueError, match="tasks: 0"):
        plica.ray.fold("digits:3x20", "digits", tasks=0)
    assert plica.ray.fold("digits:3x20", [[0.0] * 64]).segments == 0


def test_workers_of_another_version_are_refused(cluster, monkeypatch):
    import plica.ray

    monkeypatch.setattr(plica.ray, "__version__", "0.0.1")
    with pytest.raises(RuntimeError, match="install the same version everywhere"):
        plica.ray.fold("digits:3x20", "digits", pairs="random:100@0")


def test_an_end_cancels_the_tasks(cluster):
    import plica.ray

    def enough(done, all):
        if done:
            raise ZeroDivisionError("enough")

    with pytest.raises(ZeroDivisionError):
        plica.ray.fold("digits:2x30", "digits", tasks=100, progress=enough)
    assert plica.ray.fold("digits:2x30", "digits", pairs="random:100@0").segments == 100


def test_parts_cover_all_chunks_once(cluster):
    from plica.ray import _split

    for chunks in (0, 1, 5, 1000, 123_457):
        for tasks in (None, 1, 3, 7, 10**6):
            parts = _split(chunks, tasks)
            assert [k for first, end in parts for k in range(first, end)] == list(range(chunks))
