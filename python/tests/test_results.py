"""Results: views in notebooks, pickles, interrupts, checkpoints, threads."""

import os
import pathlib
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
from fractions import Fraction

import numpy as np
import pytest

import plica


def test_a_folding_by_hand():
    path = np.array([[0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]])
    found = plica.folding(path)
    assert (found.r1, found.r2, found.chi, found.peak) == (2, 6, Fraction(2, 3), Fraction(2, 3))
    assert found.prefix_chi == [0, 0, Fraction(2, 3)]
    assert found == plica.folding(path.astype(bool)) == plica.folding(["0000", "1100", "0011"]) == plica.folding(path.tolist())
    assert found.symmetrised_chi == (found.chi + plica.folding(path[::-1]).chi) / 2


def test_networks_and_data_are_pickled():
    graphs = pathlib.Path(__file__).resolve().parents[2] / "tests" / "readers" / "onnx"
    nets = ["cantor:2", "digits:3x20", [([["1/3", 2]], [0.1]), ([[1]], [0])]]
    nets += [graphs / "pooled.onnx", graphs / "residual-new.onnx"]  # the second has its numbers in another file
    for net in map(plica.load, nets):
        again = pickle.loads(pickle.dumps(net))
        assert (again.name, again.shape) == (net.name, net.shape)
        assert again.describe() == net.describe()
        ends = [Fraction(1, 3)] * net.inputs, [1] * net.inputs
        assert again.trace(*ends) == net.trace(*ends)
    for data in [plica.data("digits"), plica.data([["1/3", 2], [3, 4]], y=[1, 0]), plica.data(np.eye(2))]:
        again = pickle.loads(pickle.dumps(data))
        assert (again.name, len(again)) == (data.name, len(data))
        assert all(again.row(i) == data.row(i) for i in range(min(len(data), 5)))
        assert (again.y is None) == (data.y is None) and (data.y is None or np.array_equal(again.y, data.y))


@pytest.mark.parametrize("name", ["pooled", "residual", "maxout"])
def test_any_layers_are_saved_as_onnx_and_audited(name, tmp_path):
    net = plica.load(pathlib.Path(__file__).resolve().parents[2] / "tests" / "readers" / "onnx" / f"{name}.onnx")
    assert not net.is_stack
    net.save(tmp_path / "copy.onnx")
    again = plica.load(tmp_path / "copy.onnx")
    ends = [Fraction(1, 3)] * net.inputs, [-1] * net.inputs
    assert again.evaluate(ends[0]) == net.evaluate(ends[0])
    trace, of_copy = net.trace(*ends, exact=True), again.trace(*ends, exact=True)
    assert [(c.t_exact, c.flips) for c in of_copy.crossings] == [(c.t_exact, c.flips) for c in trace.crossings]
    found = net.audit(list(ends), points=[3], pairs="all")
    assert (found.segments, found.regions) == (2, 2 * trace.regions)
    for end in ("json", "npz", "safetensors"):
        with pytest.raises(ValueError, match="a .onnx file can contain any layers"):
            net.save(tmp_path / f"copy.{end}")
        assert not (tmp_path / f"copy.{end}").exists()
    with pytest.raises(ValueError, match="expected affine layers with ReLU"):
        net.bounds()
    # The bits of maxima are no signs of affine forms; those of a residual network are, and it has many regions.
    error, says = (plica.LimitError, "more than 3 regions") if name == "residual" else (ValueError, "consists of maxima")
    with pytest.raises(error, match=says):
        net.convexity(max_regions=3)


def test_pixels_over_255_stay_exact(tmp_path):
    images = np.arange(3 * 4, dtype=np.uint8).reshape(3, 2, 2) * 17
    header = b"\0\0\x08\x03" + b"".join(int(n).to_bytes(4, "big") for n in images.shape)
    (tmp_path / "some-idx3-ubyte").write_bytes(header + images.tobytes())
    data = plica.data(str(tmp_path / "some-idx3-ubyte"))
    assert data.row(1)[1] == Fraction(5 * 17, 255)
    assert pickle.loads(pickle.dumps(data)).row(2) == data.row(2)


def test_notebooks_show_pictures_and_tables():
    net = plica.load("digits:6x10")
    shown = {
        "network": (net, 0),
        "trace": (net.trace("digits#0", "digits#1"), 1),
        "fold": (net.fold("digits", pairs="random:50@0"), 1),
        "classes": (net.fold(plica.data("digits").X[:30], plica.data("digits").y[:30]), 2),
        "slice": (net.slice("digits#0", "digits#1", "digits#2"), 1),
        "line": (plica.load("sawtooth:2").regions((0, 1)), 0),
        "audit": (net.audit("digits", pairs="random:5@0"), 1),
        "bounds": (net.bounds(), 0),
        "convexity": (plica.convexity("sawtooth:2"), 0),
    }
    import xml.etree.ElementTree as tree

    for name, (result, pictures) in shown.items():
        html = result._repr_html_()
        assert html.count("<svg") == pictures and "<pre" in html, name
        tree.fromstring(f"<div>{html}</div>".replace("&nbsp;", " "))
        assert all(len(line) <= 80 for line in str(result).splitlines()), name
        assert repr(result).startswith("<plica.")


def test_fields_are_found_and_listed():
    fold = plica.load("digits:6x10").fold("digits", pairs="random:50@0")
    assert {"mean", "sup", "pairs", "decisions"} <= set(dir(fold))
    assert fold.pairs[0].from_ is None and fold.pairs[0]["from"] is None and "tally" in list(fold.pairs[0])
    assert fold.pair().paths == 50
    with pytest.raises(AttributeError, match="expected one of"):
        getattr(fold, "nothing")  # noqa: B009
    with pytest.raises(AttributeError, match="expected one of"):
        getattr(fold.pairs[0], "nothing")  # noqa: B009
    assert pickle.loads(pickle.dumps(fold.pairs[0])) == fold.pairs[0]
    assert pickle.loads(pickle.dumps(fold)) == fold


def test_progress_is_called_and_can_end_it():
    net, calls = plica.load("digits:3x20"), []
    net.fold("digits", progress=lambda done, all: calls.append((done, all)))
    assert calls[-1] == (3227412, 3227412) and [done for done, _ in calls] == sorted(done for done, _ in calls)

    calls.clear()
    net = plica.load("random:2-200-200-200-1@0")
    found = net.regions((-10, 10), progress=lambda done, all: calls.append(done))
    assert any(0 < done < found.activation_regions for done in calls) and calls[-1] == found.activation_regions
    net = plica.load("digits:3x20")

    def enough(done, all):
        raise ZeroDivisionError("enough")

    with pytest.raises(ZeroDivisionError, match="enough"):
        net.fold("digits", progress=enough)


INTERRUPTED = {
    "fold": 'plica.load("digits:3x20").fold("digits", threads=1, checkpoint={file!r})',
    "regions": 'plica.load("random:2-512-512-512-1@0").regions((-10, 10))',
    "convexity": 'plica.convexity("random:3-14-14-1@0", max_regions=10**6)',
    "audit": 'plica.load("digits:3x20").audit("digits", pairs="all", threads=1)',
    "traces": 'plica.load("random:64-300-300-300-10@0").traces(X[:1000].repeat(100, axis=0), X[-1000:].repeat(100, axis=0))',
    "exact": 'plica.load("random:784-600-600-10@0").trace([0.0] * 784, [1.0] * 784, exact_only=True)',
}


@pytest.mark.skipif(os.name != "posix", reason="signals of a terminal")
@pytest.mark.parametrize("what", INTERRUPTED)
def test_an_interrupt_ends_what_takes_long(what, tmp_path):
    file = str(tmp_path / "checkpoint.json")
    code = f"""
        import numpy as np, plica, signal, time
        signal.signal(signal.SIGINT, signal.default_int_handler)  # which a job in the background ignores
        X = plica.data("digits").X
        print("begun", flush=True)
        try:
            {INTERRUPTED[what].format(file=file)}
            print("done")
        except KeyboardInterrupt:
            print("interrupted")
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begun\n"
    time.sleep(0.6)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    try:
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert said == "interrupted\n" and process.returncode == 0
    assert time.monotonic() - begun < 10
    if what == "fold":
        net = plica.load("digits:3x20")
        assert os.path.getsize(file) > 1000
        assert net.fold("digits", checkpoint=file) == net.fold("digits")
        with pytest.raises(ValueError, match="other pairs"):
            net.fold("digits", pairs="random:5@0", checkpoint=file)


def test_other_threads_run_meanwhile():
    counted, stop = [0], threading.Event()

    def count():
        while not stop.is_set():
            counted[0] += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    plica.load("digits:3x20").fold("digits", threads=1)
    stop.set()
    thread.join()
    assert counted[0] > 100


def test_results_of_threads_are_the_same():
    net, found = plica.load("digits:6x10"), {}

    def work(seed):
        found[seed] = net.fold("digits", pairs=f"random:2000@{seed % 2}").to_json()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[2] == found[4] != found[1] == found[3] == found[5]


def test_what_stays_in_its_process_says_so():
    net = plica.load("cantor:2")
    for result in (net.trace([0, 0], [1, 1]), net.regions((0, 1))):
        with pytest.raises(TypeError, match="to_dict"):
            pickle.dumps(result)


def test_a_softmax_over_all_outputs_is_left_out():
    from plica import _plica
    from plica._onnx import Writer

    def network(shape, axis):
        writer = Writer(shape, np.dtype(np.float32))
        return _plica.Network.from_onnx("net", writer.finish(writer.node("Softmax", [writer.input], "last", axis=axis), shape))

    for shape, axis in [((1, 4), 1), ((1, 4), -1), ((1, 1, 4), 2), ((1, 1), 0)]:
        assert "left out" in network(shape, axis).notes[0]
    for shape, axis in [((1, 2, 2), 1), ((1, 2, 2), -1), ((1, 4), 0)]:
        assert not network(shape, axis).notes
    for axis in (2, -3):
        with pytest.raises(ValueError, match=rf"last.*axis {axis} of a tensor of 2 axes: expected -2 to 1"):
            network((1, 4), axis)


def test_the_state_of_another_process_is_taken_as_it_was_written_or_not_at_all():
    def sweep(last):
        return plica.load("cantor:2").sweep([[0, 0], [1, "1/2"], ["1/4", 1], [0, last]], pairs="all")

    one, other = sweep("3/4"), sweep("2/3")
    state = one.run((0, one.chunks), 1, None, None)
    raw = bytes(one.to_bytes(state))
    assert one.report(one.from_bytes(raw)).to_json() == one.report(state).to_json()
    with pytest.raises(ValueError, match="other data"):
        other.from_bytes(raw)
    for at in range(len(raw)):
        broken = bytearray(raw)
        broken[at] ^= 1
        for wrong in (bytes(broken), raw[:at]):
            with pytest.raises(ValueError, match="a part of the sweep"):
                one.from_bytes(wrong)


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
def test_a_picture_replaces_a_link_and_not_what_it_leads_to(tmp_path):
    victim, picture = tmp_path / "victim", tmp_path / "a.svg"
    victim.write_text("mine")
    picture.symlink_to(victim)
    regions = plica.load("zigzag:2:3:1").regions((0, 1))
    regions.plot(picture)
    assert victim.read_text() == "mine" and picture.read_text() == regions.plot() and not picture.is_symlink()
    with pytest.raises(FileNotFoundError, match="missing"):
        regions.plot(tmp_path / "missing" / "a.svg")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.svg", "victim"]
