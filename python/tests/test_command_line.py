"""Python returns what the command line prints, field by field, for the built-in networks."""

import json
from fractions import Fraction

import numpy as np
import pytest

import plica

SEGMENTS = [
    ("cantor:1", "0,3/4", "1,3/4"),
    ("cantor:3", "0,3/4", "1,3/4"),
    ("cantor-b:2", "0,3/4", "1,3/4"),
    ("cantor-c:2", "-1/3,0.1", "2,3/4"),
    ("sawtooth:4", "0", "1"),
    ("zigzag:2:3:2", "0,0", "1,1/7"),
    ("random:5-8-8-2@3", "-1,0,2,0.5,1e-3", "1,1,1,1,1"),
    ("random-kaiming:4-9-9-3@1", "0,0,0,0", "1,-1,1/3,2"),
    ("digits:2x30", "digits#0", "digits#1"),
    ("digits:10x6", "digits#3", "digits#1796"),
]
CHAINS = ["cantor:2", "cantor-b:2", "cantor-c:2", "sawtooth:3", "zigzag:2:3:2", "random:2-6-6-1@7", "random-kaiming:3-5-2@1"]


def check_exact(report, fields):
    """Attributes equal the JSON, with fractions for exact numbers."""
    for key, value in fields.items():
        if key == "crossings":
            continue
        found = getattr(report, key)
        if isinstance(value, dict) and value.keys() == {"exact", "value"}:
            assert found == Fraction(value["exact"]) and float(found) == value["value"]
        elif isinstance(value, (int, float, str, bool)) or value is None:
            assert found == value, key


@pytest.mark.parametrize("network, a, b", SEGMENTS)
@pytest.mark.parametrize("units", ["hidden", "all", "0"])
def test_traces(command_line, network, a, b, units):
    for exact, exact_only in ((False, False), (True, False), (True, True)):
        options = ["--exact"] * exact + ["--exact-only"] * exact_only
        (said,) = command_line("trace", network, f"--from={a}", f"--to={b}", "--units", units, *options)
        trace = plica.load(network).trace(a, b, units=units, exact=exact, exact_only=exact_only)
        assert trace.to_dict() == said
        check_exact(trace, said)
        assert len(trace.crossings) == len(said["crossings"]) == trace.regions - 1
        for crossing, fields in zip(trace.crossings, said["crossings"]):
            assert list(crossing.t) == fields["t"] and [list(flip) for flip in crossing.flips] == fields["flips"]
            assert (crossing.t_exact is None) == (not exact)
            if exact:
                assert crossing.t_exact == Fraction(fields["t_exact"])
                assert Fraction(crossing.t[0]) <= crossing.t_exact <= Fraction(crossing.t[1])
        rows = ["".join("01"[int(bit)] for bit in row) for row in trace.patterns]
        assert (rows[0], rows[-1], len(rows)) == (said["start"], said["end"], said["regions"])
        steps = [np.flatnonzero(p != q).size for p, q in zip(trace.patterns, trace.patterns[1:])]
        assert sum(steps) == trace.r2 and all(steps)
        assert plica.folding(trace.patterns)[:3] == (trace.r1, trace.r2, trace.chi)
    text = command_line.text("trace", network, f"--from={a}", f"--to={b}", "--units", units)
    assert str(plica.load(network).trace(a, b, units=units)) + "\n" in (text, text + "\n")


def test_points_are_the_same_in_every_form(command_line):
    (said,) = command_line("trace", "cantor:2", "--from", "0,3/4", "--to", "1,3/4")
    net = plica.load("cantor:2")
    for a, b in [
        ("0,3/4", "1,3/4"),
        (["0", "3/4"], [1, "0.75"]),
        ([0, 0.75], (1, Fraction(3, 4))),
        (np.array([0, 0.75]), np.array([1, 0.75], dtype=np.float32)),
        (np.array(["0", "3/4"]), np.array([1, Fraction(3, 4)], dtype=object)),
        (np.array([[0, 0.75]]), np.array([1.0, 0.75], dtype=np.longdouble)),
    ]:
        assert net.trace(a, b).to_dict() == said


def test_many_segments(command_line, tmp_path):
    rng = np.random.default_rng(0)
    p, q = rng.random((200, 64)), rng.random((200, 64))
    np.savez(tmp_path / "ends.npz", P=p, Q=q)
    said = command_line("trace", "digits:3x20", "--segments", tmp_path / "ends.npz", "--exact")
    assert [trace.to_dict() for trace in plica.load("digits:3x20").traces(p, q, exact=True)] == said


@pytest.mark.parametrize("pairs", ["random:3000@5", "classes", "all"])
@pytest.mark.parametrize("network", ["digits:3x20", "digits:10x6"])
def test_folds(command_line, network, pairs, tmp_path):
    digits = plica.data("digits")
    rows = np.arange(0, 1797, 20)
    np.savez(tmp_path / "some.npz", X=digits.X[rows], y=digits.y[rows])
    (said,) = command_line("fold", network, tmp_path / "some.npz", "--pairs", pairs)
    for threads in (1, 3):
        fold = plica.load(network).fold(digits.X[rows], digits.y[rows], pairs=pairs, threads=threads)
        assert fold.to_dict() == said
    check_exact(fold, said["global"])
    assert fold.segments == sum(pair["paths"] for pair in said["pairs"])
    if pairs == "classes":
        assert fold.classes == list(range(10)) and fold.table.shape == (10, 10)
        for pair in said["pairs"]:
            mean = pair["chi"]["mean"]
            found = fold.table[pair["from"], pair["to"]]
            assert np.isnan(found) if mean is None else found == mean["value"]
    by_name = plica.load(network).fold(str(tmp_path / "some.npz"), pairs=pairs)
    assert by_name.to_dict() == said
    assert str(by_name) == command_line.text("fold", network, tmp_path / "some.npz", "--pairs", pairs)


def test_the_rows_of_a_fold_are_its_traces():
    net, digits = plica.load("digits:6x10"), plica.data("digits")
    fold = net.fold(digits.X[:40], digits.y[:40], paths=True)
    assert fold.to_dict() == net.fold(digits.X[:40], digits.y[:40]).to_dict() | {"decisions": fold.to_dict()["decisions"]}
    assert {len(column) for column in fold.paths.values()} == {40 * 39}
    for i in range(0, 1560, 97):
        row = {name: column[i] for name, column in fold.paths.items()}
        trace = net.trace(digits.X[row["from"]], digits.X[row["to"]])
        assert (row["regions"], row["r1"], row["r2"]) == (trace.regions, trace.r1, trace.r2)
        assert row["chi"] == float(trace.chi) and row["peak"] == float(trace.peak)
        assert (digits.y[row["from"]], digits.y[row["to"]]) == (row["from_class"], row["to_class"])


@pytest.mark.parametrize("network", ["cantor:3", "zigzag:2:3:2", "random:2-6-6-1@7", "random:3-5-5-2@1"])
@pytest.mark.parametrize("options", [{}, {"decide": True}, {"exact_only": True}, {"volumes": True}])
def test_regions(command_line, network, options, tmp_path):
    net = plica.load(network)
    rule = "sign" if net.outputs == 1 else "argmax"
    call, arguments = dict(options), []
    if options.get("decide"):
        call["decide"] = rule
        arguments += ["--decide", rule]
    arguments += ["--exact-only"] * bool(options.get("exact_only")) + ["--check"] * bool(options.get("volumes"))
    ranges = [(-1, 2)] + [("1/3", 1.5)] * (net.inputs - 1)
    text = ";".join(["-1..2"] + ["1/3..1.5"] * (net.inputs - 1))
    for box, given in [((0, 1), ["--box", "0,1"]), (ranges, ["--box", text]), (text, ["--box", text]), (None, ["--space"])]:
        (said,) = command_line("regions", network, *given, *arguments, "--cells", tmp_path / "cells.json")
        regions = net.regions(box, space=box is None, **call)
        assert regions.to_dict() == said
        check_exact(regions, said)
        cells = json.loads((tmp_path / "cells.json").read_text())
        assert regions.cells_to_dict() == cells
        assert ["".join("01"[int(bit)] for bit in row) for row in regions.patterns] == [cell["pattern"] for cell in cells["cells"]]
        for number, vertex in enumerate(cells["vertices"]):
            if vertex is not None:
                assert regions.vertex(number) == [Fraction(x["exact"]) for x in vertex]
                assert regions.vertices[number].tolist() == [x["value"] for x in vertex]
            else:
                assert np.isnan(regions.vertices[number]).all()
        for cell in regions.cells[:20]:
            assert cell.index in regions.cells_with(cell.interior_point)


def test_slices_and_pictures(command_line, tmp_path):
    net, corners = plica.load("digits:3x20"), ["digits#0", "digits#1", "digits#2"]
    for call, arguments in [({}, []), ({"box": "-1/10,1/10", "decide": "argmax"}, ["--box", "-1/10,1/10", "--decide", "argmax"])]:
        for ending in ("svg", "png", "html"):
            (said,) = command_line("regions", "digits:3x20", "--plane", *corners, *arguments, "--plot", tmp_path / f"a.{ending}")
            regions = net.slice(*corners, **call)
            assert regions.to_dict() == said
            regions.plot(tmp_path / f"b.{ending}")
            assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()
    assert regions.plot() in regions._repr_html_()


def test_pictures_of_all_of_the_plane(command_line, tmp_path):
    command_line("regions", "random:2-6-6-1@7", "--space", "--plot", tmp_path / "a.svg", "--color", "depth")
    plica.load("random:2-6-6-1@7").regions(space=True).plot(tmp_path / "b.svg", color="depth")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_audits(command_line, tmp_path):
    digits = plica.data("digits")
    np.savez(tmp_path / "some.npz", X=digits.X[:50])
    for pairs in ("random:200@1", "all"):
        (said,) = command_line("audit", "digits:3x20", tmp_path / "some.npz", "--pairs", pairs, "--points", "11,101")
        audit = plica.audit("digits:3x20", digits.X[:50], points=[11, 101], pairs=pairs)
        assert audit.to_dict() == said
        assert audit.samplers[0].sampler == "11 points" and 0 < audit.samplers[0].missed < 1


@pytest.mark.parametrize("network", CHAINS)
def test_bounds_convexity_and_layers(command_line, network):
    net = plica.load(network)
    assert [net.bounds().to_dict()] == command_line("bounds", network)
    assert [net.describe().to_dict()] == command_line("net", network)
    assert [net.convexity(random=(20, 3)).to_dict()] == command_line("convexity", network, "--random", "20@3")
    assert [net.convexity().to_dict()] == command_line("convexity", network)
    assert [net.convexity(half_open=True, random=5).to_dict()] == command_line("convexity", network, "--half-open", "--random", "5")


def test_sets_of_patterns(command_line, tmp_path):
    net = plica.load("random:2-6-1@7")
    patterns = [region.pattern for region in net.convexity().patterns]
    sets = [patterns[:3], patterns[2:7]]
    (tmp_path / "sets.json").write_text(json.dumps(sets))
    (said,) = command_line("convexity", "random:2-6-1@7", "--patterns", tmp_path / "sets.json")
    bits = [np.array([[int(bit) for bit in pattern] for pattern in some]) for some in sets]
    for given in (sets, bits):
        assert net.convexity(given).to_dict() == said


def test_shapes(command_line):
    assert [plica.bounds("2-16-16-1").to_dict()] == command_line("bounds", "2-16-16-1")


@pytest.mark.parametrize(
    "arguments, call",
    [
        (["net", "cantor:0"], lambda: plica.load("cantor:0")),
        (["net", "nothing.txt"], lambda: plica.load("nothing.txt")),
        (["net", "missing.npz"], lambda: plica.load("missing.npz")),
        (["fold", "digits:3x20", "digits", "--units", "7"], lambda: plica.load("digits:3x20").fold("digits", units="7")),
        (
            ["regions", "digits:3x20", "--box", "0,1", "--force", "--decide", "sign"],
            lambda: plica.load("digits:3x20").regions("0,1", force=True, decide="sign"),
        ),
        (["regions", "cantor:2", "--box", "1,0"], lambda: plica.load("cantor:2").regions("1,0")),
        (["convexity", "sawtooth:2", "--max-regions", "2"], lambda: plica.convexity("sawtooth:2", max_regions=2)),
    ],
)
def test_errors_have_the_same_words(command_line, arguments, call):
    with pytest.raises(ValueError) as said:
        command_line(*arguments)
    with pytest.raises((ValueError, FileNotFoundError, plica.LimitError)) as found:
        call()

    def strip(text):
        for mark in ("--", "decide: ", "units: "):
            text = text.replace(mark, "")
        return text.replace("max-regions", "max_regions")

    assert strip(str(found.value)) == strip(str(said.value))
