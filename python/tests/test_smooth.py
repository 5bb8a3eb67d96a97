"""Smooth networks: certified traces, traces with windows, and enclosures of outputs."""

import math
import pickle
from fractions import Fraction

import numpy as np
import pytest

import plica
from plica._onnx import Writer


def written(path, build):
    """A network of one input, from the operators that a function adds."""
    writer = Writer((1, 1), np.dtype("float64"))
    path.write_bytes(writer.finish(build(writer), (1, 1)))
    return plica.load(path)


@pytest.fixture
def touching(tmp_path):
    """tanh(x - 1/2), and the tanh of its square, which touches 0 at 1/2."""

    def build(writer):
        y = writer.node("Add", [writer.input, writer.constant(np.array([-0.5]), "half")], "shift")
        y = writer.node("Tanh", [y], "first")
        return writer.node("Tanh", [writer.node("Mul", [y, y], "square")], "second")

    return written(tmp_path / "touching.onnx", build)


@pytest.mark.parametrize("network", ["digits:gelu:3x20", "digits:tanh:10x6"])
@pytest.mark.parametrize("units", ["hidden", "all", "1"])
def test_certified_traces_are_those_of_the_command_line(command_line, network, units):
    net = plica.load(network)
    ends = "digits#0", "digits#17"
    (said,) = command_line("trace", network, "--from", ends[0], "--to", ends[1], "--units", units)
    trace, found = net.trace(*ends, units=units), net.enclose(*ends, units=units)
    assert trace.to_dict() == found.to_dict() == said
    assert (trace.certified, trace.windows, trace.pieces) == (True, [], None)
    assert found.certified and found.windows == [] and found.trace == trace
    text = command_line.text("trace", network, "--from", ends[0], "--to", ends[1], "--units", units)
    assert str(trace) + "\n" in (text, text + "\n") and str(found) == str(trace)
    for field in ("r1", "r2", "chi", "regions", "start", "end"):
        assert getattr(found, field) == getattr(trace, field), field
    assert found.r1_range == (trace.r1, trace.r1) and found.r2_range == (trace.r2, trace.r2) and found.chi_range == (trace.chi, trace.chi)
    assert found.crossings == trace.crossings and len(trace.crossings) == trace.regions - 1
    assert all(lo <= hi for lo, hi in trace.times) and all(crossing.t_exact is None for crossing in trace.crossings)
    assert plica.folding(trace.patterns)[:3] == (trace.r1, trace.r2, trace.chi)
    assert repr(found) == f"<plica.EnclosedTrace: certified, {trace.regions} regions, chi = {trace.chi}>"
    assert found._repr_html_() == trace._repr_html_() and "<svg" in trace._repr_html_()
    assert net.traces([plica.data("digits").X[0]], [plica.data("digits").X[17]], units=units) == [trace]


def test_a_unit_that_touches_zero_gives_a_window(command_line, touching, tmp_path):
    found = touching.enclose([0], [1])
    (said,) = command_line("trace", tmp_path / "touching.onnx", "--from", "0", "--to", "1")
    assert found.to_dict() == said
    assert (found.certified, found.trace) == (False, None)
    (window,) = found.windows
    assert window.units == [(0, 0), (1, 0)] and window.t[0] <= 0.5 <= window.t[1] and window.t[1] - window.t[0] < 1e-12
    assert (found.r1_range, found.r2_range, found.chi_range) == ((1, 2), (1, None), (0, 1))
    assert all(isinstance(chi, Fraction) for chi in found.chi_range)
    assert (found.r1, found.r2, found.chi, found.regions, found.pieces, found.crossings) == (None, None, None, None, None, [])
    assert (found.start, found.end) == ("01", "11")
    text = command_line.text("trace", tmp_path / "touching.onnx", "--from", "0", "--to", "1")
    assert str(found).splitlines()[3:] == text.splitlines()[3:] and "undecided" in str(found)
    assert repr(found) == "<plica.EnclosedTrace: 1 window, chi from 0 to 1>"
    assert "undecided" in found._repr_html_()
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(found)


def test_a_window_is_an_error_of_trace_that_names_enclose(touching):
    for call in (lambda: touching.trace([0], [1]), lambda: touching.traces([[0], [0]], [["1/4"], [1]])):
        with pytest.raises(ValueError, match=r"in the window \[0.4.* not certified; enclose\(\) gives its windows"):
            call()
    assert touching.trace([0], ["1/4"]).certified and touching.enclose([0], ["1/4"]).r2_range == (0, 0)


def test_piecewise_linear_networks_have_no_windows():
    net = plica.load("cantor:2")
    found, trace = net.enclose("0,3/4", "1,3/4"), net.trace("0,3/4", "1,3/4")
    assert found.certified and found.windows == [] and found.trace == trace and str(found) == str(trace)
    assert found.to_dict() == {**trace.to_dict(), "certified": True, "windows": []}
    assert found.chi_range == (trace.chi, trace.chi)
    layer = net.enclose("0,3/4", "1,3/4", units="0")
    assert layer.trace == net.trace("0,3/4", "1,3/4", units="0") and layer.r2_range == (layer.trace.r2,) * 2
    assert net.is_piecewise_affine and not plica.load("digits:gelu:2x30").is_piecewise_affine


def test_wrong_arguments_are_named(touching):
    with pytest.raises(ValueError, match="b: dimension 2, but .* takes 1 input"):
        touching.enclose([0], [1, 2])
    with pytest.raises(ValueError, match="x: dimension 2"):
        touching.output_enclosures([1, 2])
    with pytest.raises(ValueError, match="units"):
        touching.enclose([0], [1], units="7")
    for options in ({"exact": True}, {"exact_only": True}):
        with pytest.raises(ValueError, match="no rational times"):
            touching.trace([0], [1], **options)


def test_outputs_are_enclosed(touching):
    for x in (0, 0.3, "1/3", 5, -40):
        ((lo, hi),) = touching.output_enclosures([x])
        y = math.tanh(math.tanh(float(Fraction(x)) - 0.5) ** 2)
        assert lo <= hi and hi - lo <= 1e-15 and lo - 1e-15 <= y <= hi + 1e-15
    ends = plica.load("digits:3x20").output_enclosures("digits#5")
    exact = plica.load("digits:3x20").evaluate("digits#5")
    assert ends.shape == (10, 2) and all(Fraction(lo) <= y <= Fraction(hi) for (lo, hi), y in zip(ends, exact))
    with pytest.raises(ValueError, match="smooth function"):
        touching.evaluate([0])


def test_maxima_in_smooth_networks_are_refused(tmp_path):
    def build(writer):
        y = writer.node("Tanh", [writer.input], "first")
        return writer.node("Max", [y, writer.node("Neg", [y], "minus")], "largest")

    net = written(tmp_path / "maximum.onnx", build)
    for call in (lambda: net.enclose([0], [1]), lambda: net.trace([0], [1]), lambda: net.output_enclosures([0])):
        with pytest.raises(ValueError, match="maxim"):
            call()


@pytest.mark.parametrize("name", ["digits:gelu:3x20", "digits:tanh:2x30"])
def test_built_in_smooth_networks_are_pickled_and_saved(name, tmp_path):
    net = plica.load(name)
    net.save(tmp_path / "copy.onnx")
    ends = "digits#3", "digits#40"
    for again in (pickle.loads(pickle.dumps(net)), plica.load(tmp_path / "copy.onnx")):
        assert again.trace(*ends).to_dict() == net.trace(*ends).to_dict()
        assert np.array_equal(again.output_enclosures(ends[0]), net.output_enclosures(ends[0]))
    assert pickle.loads(pickle.dumps(net)).name == name


def test_sampled_patterns_are_compared_with_a_certified_trace():
    net, digits = plica.load("digits:gelu:3x20"), plica.data("digits")
    trace = net.trace(digits.X[0], digits.X[17])
    assert plica.audit_sequence(trace, trace.patterns) == (0, 0, [])
    assert plica.audit_sequence(trace, trace.patterns[::2]).missed == trace.regions // 2


def test_a_fold_bounds_what_windows_leave_open(touching, command_line, tmp_path):
    points = [[0], ["1/3"], [1]]
    fold = touching.fold(points, pairs="all", paths=True)
    assert (fold.segments, fold.windows, fold.folded, fold.folded_range) == (6, 4, None, (0, 4))
    assert fold.mean is None and fold.global_range[0].mean == 0 and fold.global_range[1].mean == Fraction(2, 3)
    assert fold.pairs[0].chi_range[1].max == 1
    assert "4 with windows" in repr(fold)
    assert fold.paths["r1"].tolist() == [0, -1, 0, -1, -1, -1]
    assert np.isnan(fold.paths["chi"]).tolist() == (fold.paths["r2"] < 0).tolist() == [False, True, False, True, True, True]
    again = pickle.loads(pickle.dumps(fold))
    assert (again.windows, again.folded_range, again.to_json()) == (4, (0, 4), fold.to_json())
    data = tmp_path / "points.csv"
    data.write_text("0\n1/3\n1\n")
    (said,) = command_line("fold", str(tmp_path / "touching.onnx"), str(data), "--pairs", "all")
    plain = touching.fold(points, pairs="all")
    assert plain.to_dict()["pairs"] == said["pairs"] and plain.to_dict()["global_range"] == said["global_range"]


def test_an_audit_counts_windows(touching):
    found = touching.audit([[0], ["1/3"], [1]], points=[11], pairs="all")
    assert (found.segments, found.windows) == (2, 4)
    certified = plica.load("digits:tanh:3x20").audit("digits", points=[101], pairs="random:50@0")
    assert certified.segments == 50 and certified.samplers[0].missed > 0


def test_the_precision_is_an_option(tmp_path):
    def build(writer):
        y = writer.node("Tanh", [writer.input], "first")
        square = writer.node("Mul", [y, y], "square")
        low = writer.node("Sub", [square, writer.constant(np.array([2.0**-200]), "tiny")], "low")
        return writer.node("Tanh", [low], "second")

    net = written(tmp_path / "close.onnx", build)
    assert [net.enclose([-1], [1], precision=bits).certified for bits in (53, 128, 256, None)] == [False, False, True, True]
    assert net.trace([-1], [1]).r2 == 3 and len(net.traces([[-1]], [[1]], precision=512)) == 1
    with pytest.raises(ValueError, match=r"^row 1: .*enclose"):
        net.traces([[1], [-1]], [[2], [1]], precision=53)
    assert [net.fold([[-1], [1]], pairs="all", precision=bits).windows for bits in (53, 256)] == [2, 0]
    assert net.audit([[-1], [1]], pairs="all", points=[3], precision=53).windows == 2
    with pytest.raises(ValueError, match="precision: 52, expected 53 to 1024"):
        net.enclose([-1], [1], precision=52)
    with pytest.raises(TypeError, match="precision"):
        net.enclose([-1], [1], precision=1.5)
    with pytest.raises(ValueError, match="expected a smooth network"):
        plica.load("cantor:1").trace([0, 0], [1, 1], precision=128)


def test_a_segment_on_which_the_network_is_not_defined_is_named(tmp_path):
    net = written(tmp_path / "inverse.onnx", lambda writer: writer.node("Tanh", [writer.node("Reciprocal", [writer.input], "below")], "above"))
    assert net.trace([1], [2]).regions == 1
    starts, ends = [[1]] * 70, [[2]] * 69 + [[-1]]
    with pytest.raises(ValueError, match=r"^row 69: .*\(below\).*divisor may be 0"):
        net.traces(starts, ends)
    with pytest.raises(ValueError, match="from row [01] to row [01]: .*divisor may be 0"):
        net.fold([[1], [-1]], pairs="all")
