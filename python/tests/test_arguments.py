"""Wrong arguments: exceptions that name them, never a panic."""

import decimal
import math
from fractions import Fraction

import numpy as np
import pytest

import plica

NET = plica.load("cantor:2")
ONE = plica.load("sawtooth:3")


def raises(error, words, call):
    with pytest.raises(error) as caught:
        call()
    assert not isinstance(caught.value, plica.InternalError)
    for word in words if isinstance(words, tuple) else (words,):
        assert word in str(caught.value), str(caught.value)


@pytest.mark.parametrize(
    "b, error, words",
    [
        ([0], ValueError, "b: dimension 1, but cantor:2 takes 2 inputs"),
        ([0, 1, 2], ValueError, "b: dimension 3"),
        ([0, math.nan], ValueError, "b: coordinate 1 is nan"),
        ([0, math.inf], ValueError, "b: coordinate 1 is inf"),
        (np.array([0, np.nan], dtype=np.float32), ValueError, "b: coordinate 1 is nan"),
        ([0, decimal.Decimal("NaN")], ValueError, "b: coordinate 1"),
        ([0, "x"], ValueError, "b: coordinate 1: `x` is not a number"),
        ([0, "1/0"], ValueError, "b: coordinate 1"),
        ([0, None], TypeError, "b: coordinate 1: NoneType"),
        ([0, True], TypeError, "b: coordinate 1: a truth value"),
        ([0, 1j], TypeError, "b: coordinate 1: complex"),
        ([0, [1]], TypeError, "b: coordinate 1: list"),
        ([], ValueError, "b: a point without coordinates"),
        (np.zeros((2, 1)), ValueError, "b: dimension 1"),  # an image with the wrong number of pixels
        (np.zeros((2, 2)), ValueError, "b: an array of shape 2 x 2"),
        (np.zeros(2, dtype=complex), TypeError, "b: an array of complex128"),
        (np.zeros(2, dtype="datetime64[s]"), TypeError, "b: an array of datetime64"),
        (np.zeros(2, dtype=bool), TypeError, "b: an array of bool"),
        (None, TypeError, "b: NoneType"),
        (3.0, TypeError, "b: float"),
        ({1, 2}, TypeError, "b: set"),
        ("0,3/4,1", ValueError, "b: dimension 3"),
        ("nonsense", ValueError, "b: `nonsense` is not a point"),
        ("digits#2000", ValueError, "b: digits: there is no row 2000"),
    ],
)
def test_points(b, error, words):
    if isinstance(b, np.ndarray) and b.shape == (2, 1):
        assert NET.trace([0, "3/4"], b).regions >= 1  # as many numbers as inputs: flattened
        return
    if isinstance(b, str) and b.startswith("digits#"):
        with pytest.raises(error):
            NET.trace([0, "3/4"], b)
        return
    raises(error, words, lambda: NET.trace([0, "3/4"], b))


def test_numbers_are_exact():
    tenth = ONE.trace(["1/10"], [1]).start
    assert ONE.evaluate([0.1]) != ONE.evaluate(["0.1"]) and tenth
    third = Fraction(1, 3)
    for x in (third, "1/3", np.array([third], dtype=object)[0]):
        assert ONE.evaluate([x]) == ONE.evaluate([third])
    large = 2**60 + 1
    values = {
        "int": ([large, 0.5], [Fraction(large), Fraction(1, 2)]),
        "int64": (np.array([large, 1]), [Fraction(large), Fraction(1)]),
        "uint64": (np.array([2**64 - 1, 1], dtype=np.uint64), [Fraction(2**64 - 1), Fraction(1)]),
        "decimal": ([decimal.Decimal("0.1"), 0], [Fraction(1, 10), Fraction(0)]),
        "float16": (np.array([0.1, 1], dtype=np.float16), [Fraction(float(np.float16(0.1))), Fraction(1)]),
        "scalars": ([np.float32(0.1), np.int8(-3)], [Fraction(float(np.float32(0.1))), Fraction(-3)]),
        "huge": ([10**5000, Fraction(1, 10**5000)], [Fraction(10**5000), Fraction(1, 10**5000)]),
    }
    for given, expected in values.values():
        assert plica.data([given]).row(0) == expected
    if np.finfo(np.longdouble).nmant > 52:
        x = np.longdouble(1) + np.longdouble(2) ** -60
        assert plica.data(np.array([[x]])).row(0) == [1 + Fraction(1, 2**60)]


@pytest.mark.parametrize(
    "X, y, error, words",
    [
        ([[0, 1], [1]], None, ValueError, "X: row 1 has 1 coordinates, row 0 has 2"),
        ([[0, 1], [1, math.nan]], None, ValueError, "X: row 1, coordinate 1 is nan"),
        (np.array([[0, 1], [np.inf, 1]]), None, ValueError, "X: row 1, coordinate 0 is inf"),
        (np.zeros(4), None, ValueError, "X: an array of shape 4"),
        (np.zeros((0, 2)), None, ValueError, "X: no points"),
        ([], None, ValueError, "X: no points"),
        (np.zeros((3, 5)), None, ValueError, "X: dimension 5, but cantor:2 takes 2 inputs"),
        (np.zeros((3, 2)), [0, 1], ValueError, "y: 2 labels for 3 points"),
        (np.zeros((3, 2)), [0, 1, 0.5], ValueError, "y: label 2 is 0.5"),
        (np.zeros((3, 2)), ["a", "b", "c"], TypeError, "y: label 0 is 'a', not a whole number"),
        (np.zeros((3, 2)), np.zeros((3, 1)), ValueError, "y: an array of shape 3 x 1"),
        (np.zeros((3, 2)), 5, TypeError, "y: int"),
        ("missing.npz", None, FileNotFoundError, "missing.npz"),
        ("points.txt", None, ValueError, "`points.txt` is not data"),
        ({"a": 1}, None, TypeError, "X: dict"),
    ],
)
def test_data(X, y, error, words):
    raises(error, words, lambda: NET.fold(X, y))


def test_tables_are_refused_and_their_numbers_taken():
    class Table:
        dtypes = ["float64", "int64"]

        def __iter__(self):
            return iter(["a", "b"])

    raises(TypeError, "X: a table, expected an array", lambda: NET.fold(Table()))


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: NET.fold([[0, 0], [1, 1]], pairs="some"), ValueError, "pairs: "),
        (lambda: NET.fold([[0, 0], [1, 1]], pairs="classes"), ValueError, "pairs by class need labels"),
        (lambda: NET.fold([[0, 0]], pairs="random:5@0"), ValueError, ""),
        (lambda: NET.fold([[0, 0], [1, 1]], units="9"), ValueError, "units: cantor:2"),
        (lambda: NET.fold([[0, 0], [1, 1]], units="x"), ValueError, "units: "),
        (lambda: NET.fold([[0, 0], [1, 1]], threads=0), ValueError, "threads: 0"),
        (lambda: NET.fold([[0, 0], [1, 1]], threads="2"), ValueError, "threads: '2'"),
        (lambda: NET.fold([[0, 0], [1, 1]], paths=True, checkpoint="x"), ValueError, "checkpoint"),
        (lambda: NET.regions(), TypeError, "space=True"),
        (lambda: NET.regions((0, 1), space=True), TypeError, "space=True"),
        (lambda: NET.regions((1, 0)), ValueError, "box: "),
        (lambda: NET.regions([(0, 1)] * 3), ValueError, "box: 3 x 2 numbers, expected 2 x 2"),
        (lambda: NET.regions((0, math.inf)), ValueError, "box: row 0, coordinate 1 is inf"),
        (lambda: NET.regions("0;1"), ValueError, "box: "),
        (lambda: NET.regions((0, 1), decide="argmax"), ValueError, "decide: "),
        (lambda: NET.regions((0, 1), decide="best"), ValueError, "decide: "),
        (lambda: NET.regions((0, 1), max_regions=3), plica.LimitError, "more than 3 regions"),
        (lambda: NET.regions((0, 1), max_regions=0), ValueError, "max_regions: 0"),
        (lambda: NET.regions((0, 1), max_memory=1000), plica.LimitError, "expected at most 1000 bytes"),
        (lambda: NET.regions((0, 1), max_memory="4X"), ValueError, "max_memory: `4X`"),
        (lambda: NET.regions((0, 1), max_memory=4.5), TypeError, "max_memory: float"),
        (lambda: NET.slice([0, 0], [1, 1], [2, 2]), ValueError, "plane: "),
        (lambda: NET.slice([0, 0], [1, 1], [2]), ValueError, "p2: dimension 1"),
        (lambda: plica.load("digits:3x20").regions((0, 1)), ValueError, ("64 dimensions are too many", "slice()")),
        (lambda: NET.regions((0, 1)).plot("picture.gif"), ValueError, "picture.gif"),
        (lambda: NET.regions((0, 1)).plot(color="red"), ValueError, "color: "),
        (lambda: NET.regions((0, 1)).plot(points=[[1, 2, 3]]), ValueError, "points: "),
        (lambda: ONE.regions((0, 1)).plot(), ValueError, "dimension"),
        (lambda: NET.regions((0, 1)).cells_with([0]), ValueError, "x: dimension 1"),
        (lambda: NET.regions((0, 1)).vertex(99), IndexError, "99"),
        (lambda: plica.load(5), TypeError, "x: int"),
        (lambda: plica.load([1]), TypeError, "layer 0"),
        (lambda: plica.load([([[1]], [1], 0)]), TypeError, "layer 0: expected a pair (W, b), or (W,)"),
        (lambda: plica.load([([[1]], [1, 2])]), ValueError, "layer 0: W has 1 rows, b 2 entries"),
        (lambda: plica.load([([[1], [2]], [1, 2]), ([[1]], [0])]), ValueError, "layers: "),
        (lambda: plica.load([([[math.nan]], [1])]), ValueError, "layer 0: W: row 0, coordinate 0 is nan"),
        (lambda: plica.load([]), ValueError, "layers: "),
        (lambda: plica.folding([[0, 2]]), ValueError, "path: pattern 0, bit 1 is 2"),
        (lambda: plica.folding(["01", "0"]), ValueError, "path: pattern 1 has 1 bits"),
        (lambda: plica.folding([0, 1]), TypeError, "path: pattern 0: int"),
        (lambda: plica.folding(np.array([[0.5]])), ValueError, "path: pattern 0, bit 0 is 0.5"),
        (lambda: plica.folding(5), TypeError, "path: int"),
        (lambda: plica.audit(ONE, [[0], [1]], points=[1]), ValueError, "points: "),
        (lambda: plica.audit(ONE, [[0], [1]], points=["a"]), TypeError, "points: str"),
        (lambda: plica.audit(ONE, [[0], [1]], pairs="classes"), ValueError, "pairs: "),
        (lambda: plica.audit_sequence(ONE.trace([0], [1]), ["0"]), ValueError, "path: patterns of 1 bits"),
        (lambda: plica.convexity(ONE, ["01"]), ValueError, "sets: set 0, pattern 0"),
        (lambda: plica.convexity(ONE, []), ValueError, "sets: no patterns"),
        (lambda: plica.convexity(ONE, ["x"]), ValueError, "sets: set 0, pattern 0"),
        (lambda: plica.convexity(ONE, ["0"], random=3), TypeError, "sets or random"),
        (lambda: plica.bounds("2-0-1"), ValueError, "0"),
        (lambda: plica.data([[1]], labels="y"), TypeError, "labels"),
        (lambda: plica.data("digits", pixels="huge"), ValueError, "pixels: "),
    ],
)
def test_calls(call, error, words):
    raises(error, words, call)


def test_a_missing_bias_is_zero():
    layers = [([[1, -1]], [0]), ([["1/3"], [2]], [0, 0])]
    for without in ([(layers[0][0],), (layers[1][0], None)], [[layers[0][0]], layers[1]]):
        assert plica.load(without).evaluate([1, "1/7"]) == plica.load(layers).evaluate([1, "1/7"])


def test_degenerate_calls_are_answered():
    assert NET.trace([0, 0], [0, 0]).regions == 1 and NET.trace([0, 0], [0, 0]).chi == 0
    assert plica.folding([]).chi == 0 and plica.folding(np.zeros((0, 5), dtype=bool)).r2 == 0
    assert NET.fold([[0, 0]]).segments == 0
    assert plica.load([([[1]], [0])]).trace([0], [1]).patterns.shape == (1, 0)
    assert plica.audit_sequence(ONE.trace([0], [1]), []).missed == 8


def test_images_are_flattened():
    digits, net = plica.data("digits"), plica.load("digits:3x20")
    images = digits.X[:3].reshape(3, 8, 8)
    assert net.trace(images[0], images[1]) == net.trace(digits.X[0], digits.X[1])
    assert net.fold(images, digits.y[:3]) == net.fold(digits.X[:3], digits.y[:3])


def test_labels_are_not_rounded():
    Z = [[0], ["1/3"], [1], ["1/2"]]
    for y in ([2**53, 2**53 + 1, 5.0, 5], [np.uint64(2**53), np.int64(2**53 + 1), 5, 5], np.array([2**53, 2**53 + 1, 5, 5], dtype=object)):
        assert ONE.fold(Z, y).classes == [5, 2**53, 2**53 + 1]
    for y, words in [
        ([0, 1, 2, math.nan], "label 3 is nan"),
        ([0, 1, 2, 2**63], "label 3 is 9223372036854775808"),
        (np.array([0, 1, 2, 2**63], dtype=np.uint64), "label 3"),
        ([0, 1, 2, True], "label 3"),
    ]:
        with pytest.raises((ValueError, TypeError), match=words):
            ONE.fold(Z, y)


def test_what_is_masked_or_has_no_order_is_refused():
    masked = np.ma.masked_array([1e6, 0.5], mask=[True, False])
    raises(ValueError, "x: a masked array", lambda: NET.evaluate(masked))
    raises(ValueError, "X: a masked array", lambda: NET.fold(masked[None].repeat(2, axis=0)))
    assert NET.evaluate(np.ma.masked_array([1, 0.5])) == NET.evaluate([1, 0.5])
    for x in (bytearray(b"12"), memoryview(b"ab"), frozenset([8, 1]), b"12"):
        raises(TypeError, "x: ", lambda x=x: NET.evaluate(x))
        raises(TypeError, "box: ", lambda x=x: NET.regions(x))


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: NET.trace([0, 0], [1, 1], exact=1), TypeError, "exact: 1, expected True or False"),
        (lambda: NET.trace([0, 0], [1, 1], units=None), TypeError, "units: None"),
        (lambda: NET.trace([0, 0], [1, 1], units=b"0"), TypeError, "units: b'0'"),
        (lambda: NET.fold([[0, 0]], pairs=5), TypeError, "pairs: 5"),
        (lambda: NET.fold([[0, 0]], paths="no"), TypeError, "paths: 'no'"),
        (lambda: NET.fold([[0, 0]], progress=5), TypeError, "progress: 5"),
        (lambda: NET.fold([[0, 0], [1, 1]], checkpoint="/nosuch/c.json"), OSError, "/nosuch/c.json"),
        (lambda: NET.fold([[0, 0], [1, 1]], pairs="random:18446744073709551615@0"), ValueError, "pairs: "),
        (lambda: NET.save("/nosuch/n.json"), OSError, "/nosuch/n.json"),
        (lambda: NET.regions(5), TypeError, "box: int"),
        (lambda: NET.regions((0, 1), decide=1), TypeError, "decide: 1"),
        (lambda: NET.regions((0, 1), volumes="x"), TypeError, "volumes: 'x'"),
        (lambda: NET.regions((0, 1)).vertex(-1), IndexError, "-1"),
        (lambda: NET.regions((0, 1)).vertex(2**70), IndexError, "no vertex"),
        (lambda: NET.regions((0, 1)).plot(color="decision"), ValueError, "color: "),
        (lambda: NET.regions((0, 1)).plot(points=[[math.nan, 0]]), ValueError, "points: row 0"),
        (lambda: NET.regions((-(10**400), 10**400)).plot(), ValueError, "do not fit doubles"),
        (lambda: NET.regions((0, Fraction(1, 10**400))).plot(), ValueError, "do not fit doubles"),
        (lambda: plica.data("digits").row(-1), IndexError, "-1"),
        (lambda: plica.data("nosuch"), ValueError, "X: `nosuch`"),
        (lambda: NET.traces("nosuch", [[0, 0]]), ValueError, "starts: `nosuch`"),
        (lambda: plica.load([("a", "b")]), ValueError, "layer 0: W: `a`"),
        (lambda: plica.load("cantor:2", name=5), TypeError, None),
        (lambda: plica.audit(ONE, [[0], [1]], points=5), TypeError, "points: int"),
        (lambda: plica.audit_sequence(None, []), TypeError, "trace: NoneType"),
        (lambda: plica.audit_sequence(ONE.trace([0], [1]), [""]), ValueError, "path: patterns of 0 bits"),
        (lambda: plica.convexity(ONE, 5), TypeError, "sets: int"),
        (lambda: plica.convexity(ONE, [5]), TypeError, "sets: set 0: int"),
        (lambda: plica.convexity(ONE, random=True), TypeError, "random: True"),
        (lambda: plica.convexity(ONE, random=-1), TypeError, "random: -1"),
        (lambda: plica.folding(np.array("01")), ValueError, "path: "),
        (lambda: plica.folding([[np.array([0, 1])]]), ValueError, "path: pattern 0, bit 0"),
    ],
)
def test_words_name_the_argument(call, error, words):
    raises(error, words or "name: 5", call)


def test_boxes_and_points_of_other_kinds_are_taken(tmp_path):
    import pathlib

    expected = NET.regions((0, 1))
    for box in (np.array([0, 1]), (np.array(0.0), np.array(1.0)), [(0, 1), (0, 1)], np.array([[0, 1], [0, 1]]), "0,1", (0, Fraction(1))):
        assert NET.regions(box) == expected
    (tmp_path / "x.csv").write_text("0,0\n1,1\n")
    assert NET.fold(pathlib.Path(tmp_path / "x.csv")).segments == 2
    assert NET.evaluate(plica.data([[1, 2]])) == NET.evaluate([1, 2])
    assert plica.convexity(ONE, random=np.int64(5)) == plica.convexity(ONE, random=(5, 0))
    assert NET.trace((x for x in (0, "3/4")), [1, 0.75]).to_dict() == NET.trace([0, "3/4"], [1, 0.75]).to_dict()
    assert "from 0,0.75" in str(NET.trace((x for x in (0, "3/4")), [1, 0.75]))
