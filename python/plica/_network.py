"""Networks, and the computations on them."""

from __future__ import annotations

import os
from fractions import Fraction
from typing import Any, Optional, Sequence, Union

import numpy as np

from . import _arguments as arguments
from . import _plica
from ._points import PointLike, PointsLike, _items, check_dimension, matrix, named_data, patterns, point
from ._progress import Progress, shown
from ._report import Report
from ._results import Audit, Bounds, Convexity, EnclosedTrace, Fold, Folding, Regions, SequenceAudit, Trace

Units = Union[str, int, Sequence[int]]
"""The units whose bits are compared: ``"hidden"``, ``"all"`` (the output as last layer), or layers: ``"0,2"``, ``"0-3"``, ``[0, 2]``."""

Box = Union[str, Sequence[Any], np.ndarray]
"""A box: ``(lo, hi)`` for all dimensions, one ``(lo, hi)`` for each (d x 2), or text such as ``"-1..1;0..1/2"``."""


class Network:
    """A ReLU or other piecewise-linear network, or a smooth one, with exact numbers: see `plica.load`.

    >>> net = load("cantor:2")
    >>> net.inputs, net.outputs, net.shape, net.depth
    (2, 1, '2-3-2-3-2-1', 4)
    """

    def __init__(self, handle: _plica.Network):
        self._network = handle

    @property
    def name(self) -> str:
        """The file or built-in name that it was loaded from."""
        return self._network.name

    @property
    def inputs(self) -> int:
        """The dimension of the input space; images are flattened."""
        return self._network.inputs

    @property
    def outputs(self) -> int:
        """The number of outputs."""
        return self._network.outputs

    @property
    def depth(self) -> int:
        """The number of hidden layers."""
        return self._network.depth

    @property
    def shape(self) -> str:
        """The widths from the inputs to the outputs, such as ``2-16-16-1``."""
        return self._network.shape

    @property
    def is_stack(self) -> bool:
        """Whether it is a stack of dense affine layers with ReLU between them, which ``save`` needs for formats other than ``.onnx``."""
        return self._network.is_stack

    @property
    def is_piecewise_affine(self) -> bool:
        """Whether it is piecewise affine, so that it has linear regions; smooth activations and products are not."""
        return self._network.is_piecewise_affine

    @property
    def notes(self) -> list[str]:
        """Notes of its reader, for example that a softmax at the end was left out because it changes no region."""
        return self._network.notes

    def describe(self) -> Report:
        """Its layers: shapes, numbers, and units that are constant, duplicated or parallel; the output of ``plica net``."""
        return Report(*self._network.describe())

    def save(self, path: "str | os.PathLike[str]") -> None:
        """Writes it without loss to a ``.onnx`` file; dense affine layers with ReLU between them also to a ``.json``, ``.npz`` or ``.safetensors`` file.

        Raises ValueError if the format cannot hold the layers or the numbers, and OSError if the file cannot be written.
        """
        self._network.save(os.fspath(path))

    def evaluate(self, x: PointLike) -> list[Fraction]:
        """The exact outputs at a point of `inputs` coordinates.

        >>> load("sawtooth:2").evaluate(["1/3"])
        [Fraction(2, 3)]

        Raises ValueError if the network is smooth, because its outputs are no fractions: see `output_enclosures`.
        """
        return self._network.evaluate(self._point(x, "x"))

    def output_enclosures(self, x: PointLike) -> np.ndarray:
        """Proven enclosures of the outputs at a point of `inputs` coordinates: outputs x 2 doubles, the lower and the upper end.

        >>> ends = load("digits:gelu:3x20").output_enclosures("digits#0")
        >>> ends.shape, bool((ends[:, 0] <= ends[:, 1]).all()), int(ends[:, 0].argmax())
        ((10, 2), True, 0)

        The outputs are computed with balls of 128 bits, so that most enclosures are neighbouring doubles; an end is infinite where the enclosure is too wide for
        doubles. Raises ValueError if the network is smooth and has maxima.
        """
        return self._network.output_enclosures(self._point(x, "x"))

    def trace(
        self,
        a: PointLike,
        b: PointLike,
        *,
        units: Units = "hidden",
        exact: bool = False,
        exact_only: bool = False,
        output_bits: bool = False,
        precision: Optional[int] = None,
    ) -> Trace:
        """The exact trace of the segment from a to b.

        ``a`` and ``b`` are points of `inputs` coordinates. ``exact`` adds the exact time of each crossing; ``exact_only`` takes every decision in integers,
        by other code, which is slow; ``output_bits`` has one bit per unit, whether its output is positive, instead of one per breakpoint. ``precision`` is the largest
        precision for smooth networks in bits, 53 (doubles alone) to 1024, by default 256.

        Raises ValueError, with the name of the argument, if a point has another dimension or a coordinate is not a finite number. For smooth networks also if not
        every crossing is decided: `enclose` gives the windows.

        >>> load("sawtooth:3").trace([0], [1]).regions
        8
        """
        ends = self._point(a, "a"), self._point(b, "b")
        return Trace(
            _plica.trace(self._network, *ends, self._options(units, exact, exact_only, output_bits, precision)),
            (arguments.written(a, ends[0]), arguments.written(b, ends[1])),
        )

    def enclose(
        self, a: PointLike, b: PointLike, *, units: Units = "hidden", output_bits: bool = False, precision: Optional[int] = None
    ) -> EnclosedTrace:
        """The trace of the segment from a to b, with windows where the crossings of a smooth network are not decided with ``precision`` bits.

        Traces of piecewise-linear networks have no windows. Raises ValueError as `trace`, but for windows.

        >>> found = load("digits:tanh:3x20").enclose("digits#0", "digits#17")
        >>> found.certified, found.chi_range[0] == found.chi_range[1] == found.trace.chi
        (True, True)
        """
        ends = self._point(a, "a"), self._point(b, "b")
        return EnclosedTrace(
            _plica.enclose(self._network, *ends, self._options(units, False, False, output_bits, precision)),
            (arguments.written(a, ends[0]), arguments.written(b, ends[1])),
        )

    def traces(
        self,
        starts: PointsLike,
        ends: PointsLike,
        *,
        units: Units = "hidden",
        exact: bool = False,
        exact_only: bool = False,
        output_bits: bool = False,
        precision: Optional[int] = None,
        progress: Progress = None,
    ) -> list[Trace]:
        """The exact traces of many segments, from row i of ``starts`` to row i of ``ends`` (both n x d): faster than one by one.

        >>> [trace.regions for trace in load("sawtooth:3").traces([[0], [0]], [[1], ["1/2"]])]
        [8, 4]
        """
        p, q = self._points(starts, "starts"), self._points(ends, "ends")
        if len(p) != len(q):
            raise ValueError(f"ends: {len(q)} points, expected {len(p)} as in starts")
        options = self._options(units, exact, exact_only, output_bits, precision)
        with shown(progress, self.name) as report:
            found = _plica.traces(self._network, p, q, options, report)
        return [Trace(trace, (f"row {i} of starts", f"row {i} of ends")) for i, trace in enumerate(found)]

    def fold(
        self,
        X: PointsLike,
        y: Any = None,
        *,
        pairs: Optional[str] = None,
        units: Units = "hidden",
        output_bits: bool = False,
        precision: Optional[int] = None,
        paths: bool = False,
        threads: Optional[int] = None,
        checkpoint: "Optional[str | os.PathLike[str]]" = None,
        progress: Progress = None,
    ) -> Fold:
        """The folding of the segments between the points of a data set: all exact traces, tallied by pair of classes.

        ``X`` is n x d, or data by name; ``y`` are n labels (whole numbers). ``pairs`` is ``classes`` (every ordered pair of points, by class; the
        default if there are labels), ``all`` or ``random:N@SEED``. With ``paths`` the result's ``.paths`` has one array per column, with one entry per segment. A ``checkpoint``
        is a file, written every ten seconds, from which the same call continues after Ctrl-C or a crash.

        The result is the same bits for any number of threads, and the same as from ``plica fold``. With ``paths`` a segment and its reverse are traced separately,
        so that ``.decisions`` counts more decisions; everything else is the same.

        Segments of smooth networks may have windows at ``precision`` bits (see `enclose`): ``.windows`` is their number. What they leave open is None, with bounds in
        ``.global_range``, ``.folded_range`` and the ``chi_range`` of each pair; in ``.paths`` they have -1, and NaN for chi and the peak.

        >>> fold = load("digits:6x10").fold("digits", pairs="random:500@1", paths=True)
        >>> fold.segments, int(fold.paths["regions"].max())
        (500, 47)
        """
        task = self.sweep(X, y, pairs=pairs, units=units, output_bits=output_bits, precision=precision)
        threads = arguments.threads(threads)
        columns = None
        with shown(progress, self.name) as report:
            if arguments.flag(paths, "paths"):
                if checkpoint is not None:
                    raise ValueError("checkpoint: expected None with paths=True, which keeps every segment in memory")
                said, columns = task.paths(threads, report)
            else:
                saved = None if checkpoint is None else (os.fspath(checkpoint), 10.0)
                said = task.report(task.run((0, task.chunks), threads, report, saved))
        fold = Fold(said)
        if columns is not None:
            for prefix, name in (("", "chi"), ("peak_", "peak")):
                r1, r2 = columns[f"{prefix}r1"], columns[f"{prefix}r2"]
                columns[name] = np.where(r2 > 0, (r2 - r1) / np.maximum(r2, 1), np.where(r2 < 0, np.nan, 0.0))
            fold.paths = columns
        return fold

    def sweep(
        self,
        X: PointsLike,
        y: Any = None,
        *,
        pairs: Optional[str] = None,
        units: Units = "hidden",
        output_bits: bool = False,
        precision: Optional[int] = None,
    ) -> _plica.Sweep:
        """The sweep that `fold` runs, not yet started, with its numbers of ``segments`` and ``chunks``. `plica.ray` splits it."""
        with_labels = named_data(arguments.flat_rows(X, self.inputs, "X"), y, "X", "y")
        self._check(with_labels._points, with_labels.name)
        labels = None if with_labels.y is None else with_labels.y.tolist()
        options = {"labels": labels, "name": with_labels.name, "pairs": arguments.text(pairs, "pairs"), "units": arguments.units(units)}
        options["output_bits"] = arguments.flag(output_bits, "output_bits")
        options["precision"] = arguments.precision(precision)
        return _plica.Sweep(self._network, with_labels._points, options)

    def regions(
        self,
        box: Optional[Box] = None,
        *,
        space: bool = False,
        decide: Optional[str] = None,
        exact_only: bool = False,
        max_regions: int = 10_000_000,
        max_memory: Union[int, str, None] = None,
        volumes: bool = False,
        force: bool = False,
        threads: Optional[int] = None,
        progress: Progress = None,
    ) -> Regions:
        """All regions of a box, or with ``space=True`` of the whole input space.

        ``decide`` cuts the cells by the decision of the output: ``sign`` (of one output) or ``argmax``. Exact volumes of cells are computed up to 5,000 simplices, and
        with ``volumes=True`` always. More than six dimensions need ``force``.

        Raises plica.LimitError at more than ``max_regions`` regions, or more than ``max_memory`` (bytes, or text such as ``"4G"``; by default half of the available
        memory), ValueError if the box is malformed.

        >>> load("cantor:3").regions((0, 1)).linear_regions
        15
        """
        if (box is None) == (not arguments.flag(space, "space")):
            raise TypeError("regions(): expected either a box or space=True")
        options = arguments.box(box, self.inputs)
        return self._regions(None, options, space, decide, exact_only, max_regions, max_memory, volumes, force, threads, progress)

    def slice(
        self,
        p0: PointLike,
        p1: PointLike,
        p2: PointLike,
        *,
        box: Optional[Box] = None,
        space: bool = False,
        decide: Optional[str] = None,
        exact_only: bool = False,
        max_regions: int = 10_000_000,
        max_memory: Union[int, str, None] = None,
        volumes: bool = False,
        threads: Optional[int] = None,
        progress: Progress = None,
    ) -> Regions:
        """All regions on the plane x = p0 + u (p1 - p0) + v (p2 - p0): in the triangle of the points, in a ``box`` of (u, v), or in the whole plane (``space=True``).

        >>> load("digits:3x20").slice("digits#0", "digits#1", "digits#2").activation_regions
        551
        """
        if box is not None and arguments.flag(space, "space"):
            raise TypeError("slice(): expected a box or space=True, not both")
        plane = self._point(p0, "p0"), self._point(p1, "p1"), self._point(p2, "p2")
        options = {"ranges": None, "text": None} if box is None else arguments.box(box, 2)
        return self._regions(plane, options, space, decide, exact_only, max_regions, max_memory, volumes, False, threads, progress)

    def _regions(
        self,
        plane: Optional[tuple[_plica.Points, _plica.Points, _plica.Points]],
        box: dict,
        space: bool,
        decide: Optional[str],
        exact_only: bool,
        max_regions: int,
        max_memory: Union[int, str, None],
        volumes: bool,
        force: bool,
        threads: Optional[int],
        progress: Progress,
    ) -> Regions:
        options = {
            **box,
            "plane": plane,
            "space": space,
            "decide": arguments.text(decide, "decide"),
            "exact_only": arguments.flag(exact_only, "exact_only"),
            "max_regions": arguments.count(max_regions, "max_regions"),
            "max_memory": arguments.memory(max_memory, "max_memory"),
            "threads": arguments.threads(threads),
            "volumes": arguments.flag(volumes, "volumes"),
            "force": arguments.flag(force, "force"),
        }
        with shown(progress, self.name, "regions") as report:
            return Regions(_plica.complex(self._network, options, report))

    def bounds(self) -> Bounds:
        """Closed-form bounds on regions, facets and simplices of every network of this shape, each with its source.

        >>> load("random:2-16-16-1@0").bounds().units
        32
        """
        return Bounds(*_plica.bounds(self._network, ""))

    def audit(self, X: PointsLike, **options: Any) -> Audit:
        """The same as `plica.audit` with this network."""
        return audit(self, X, **options)

    def convexity(self, sets: Any = None, **options: Any) -> Convexity:
        """The same as `plica.convexity` with this network."""
        return convexity(self, sets, **options)

    def _options(self, units: Units, exact: bool, exact_only: bool, output_bits: bool, precision: Optional[int]) -> dict:
        flags = {name: arguments.flag(value, name) for name, value in {"exact": exact, "exact_only": exact_only, "output_bits": output_bits}.items()}
        return {"units": arguments.units(units), "precision": arguments.precision(precision), **flags}

    def _check(self, points: _plica.Points, name: str) -> None:
        check_dimension(points, self.inputs, name, self.name)

    def _point(self, x: PointLike, name: str) -> _plica.Points:
        exact = point(arguments.flat(x, self.inputs, name), name)
        self._check(exact, name)
        return exact

    def _points(self, x: PointsLike, name: str) -> _plica.Points:
        exact = matrix(arguments.flat_rows(x, self.inputs, name), name)
        self._check(exact, name)
        return exact

    def __repr__(self) -> str:
        return f"<plica.Network {self.name}: {self.shape}>"

    def __str__(self) -> str:
        return str(self.describe())

    def _repr_html_(self) -> str:
        return self.describe()._repr_html_()

    def __reduce__(self) -> Any:
        return _from_state, (*self._network.state(), self.name)


def _from_state(constructor: str, content: bytes, name: str) -> Network:
    return Network(getattr(_plica.Network, constructor)(name, bytes(content)))


def load(x: Any, *, input_shape: Optional[Sequence[int]] = None, name: Optional[str] = None) -> Network:
    """Loads a network.

    ``x`` is a ``.onnx``, ``.npz``, ``.safetensors`` or ``.json`` file; a built-in name such as ``"cantor:3"``, ``"digits:3x20"``, ``"digits:gelu:3x20"`` or ``"random:2-16-16-1@7"``;
    a ``torch.nn.Module`` of layers that Plica knows, taken in evaluation mode; or a list of ``(W, b)`` with W outputs x inputs, ReLU between them,
    where ``(W,)`` and ``(W, None)`` have no bias.
    ``input_shape`` is the shape of one input of a module, without the batch, such as ``(1, 28, 28)``; it is not needed if the module begins with a linear layer.

    Weights are exact: a float is the fraction that its bits denote.

    Raises ValueError if the text names no network, a file is malformed, or a layer is unknown, with the layer's name.

    >>> load([([[1, -1]], [0]), ([["1/3"]], [0.5])])
    <plica.Network layers: 2-1-1>
    """
    if isinstance(x, Network):
        return x
    if name is not None and not isinstance(name, str):
        raise TypeError(f"name: {name!r}, expected text")
    if isinstance(x, (str, os.PathLike)):
        return Network(_plica.Network.load(os.fsdecode(x)))
    if hasattr(x, "named_modules") and hasattr(x, "state_dict"):
        return _of_module(x, input_shape, name)
    if isinstance(x, (list, tuple)):
        layers = []
        for i, layer in enumerate(x):
            if not isinstance(layer, (list, tuple)) or not 1 <= len(layer) <= 2:
                raise TypeError(f"layer {i}: expected a pair (W, b), or (W,)")
            weights, bias = matrix(layer[0], f"layer {i}: W"), layer[1] if len(layer) == 2 else None
            layers.append((weights, point([0] * len(weights) if bias is None else bias, f"layer {i}: b")))
        for i, (weights, bias) in enumerate(layers):
            if len(weights) != bias.dimension:
                raise ValueError(f"layer {i}: W has {len(weights)} rows, b {bias.dimension} entries")
        return Network(_plica.Network.from_layers(name or "layers", layers))
    raise TypeError(f"x: {type(x).__name__}, expected a path, a name, a torch.nn.Module or a list of (W, b)")


def _of_module(module: Any, input_shape: Optional[Sequence[int]], name: Optional[str]) -> Network:
    from ._torch import convert

    try:
        converted = convert(module, input_shape)
    except ValueError as error:
        raise ValueError(f"x: {error}") from error
    net = Network(_plica.Network.from_onnx(name or type(module).__name__, converted.onnx))
    if converted.check is not None:
        found = _outputs_at(net, converted.check.point, converted.check.rational)
        is_softmax_left_out = any(note.startswith("the last operator") for note in net.notes)
        if found is not None and not converted.check.holds(found, is_softmax_left_out):
            expected = converted.check.outputs
            raise ValueError(
                f"x: {type(module).__name__} computes something else than its layers: {expected[:4]} at a point where they give {found[:4]}"
            )
    return net


def _outputs_at(net: Network, x: np.ndarray, rational: bool) -> Optional[np.ndarray]:
    """The outputs to rounding; None where a smooth network is not evaluated (it has maxima), or not to rounding."""
    if rational:
        return np.array([float(output) for output in net.evaluate(x)])
    try:
        lower, upper = net.output_enclosures(x).T
    except ValueError:
        return None
    return lower / 2 + upper / 2 if (upper - lower <= 1e-12 * (1 + np.abs(upper))).all() else None


def bounds(x: Any) -> Bounds:
    """Closed-form bounds for a network, or for widths such as ``"2-16-16-1"``.

    >>> bounds("2-3-1").bounds[0].value
    Fraction(8, 1)
    """
    if isinstance(x, str) and "-" in x and all(c.isdigit() or c == "-" for c in x):
        return Bounds(*_plica.bounds(None, x))
    return load(x).bounds()


def folding(path: Any) -> Folding:
    """The folding measures of any list of activation patterns, for example sampled ones: r1, r2, chi and others.

    ``path`` is an array, patterns x units, of 0 and 1, or a list of texts. (Lewandowski et al., arXiv 2502.09954, Eq. 4.)

    >>> folding(["0000", "1100", "0011"]).chi
    Fraction(2, 3)
    """
    return Folding(*_plica.folding(patterns(path, "path")))


def audit(
    net: Any,
    X: PointsLike,
    *,
    points: Sequence[int] = (11, 101, 1001),
    pairs: str = "random:1000@0",
    threads: Optional[int] = None,
    precision: Optional[int] = None,
    progress: Progress = None,
) -> Audit:
    """Samples segments at ``points`` points each, in single and double precision, and compares with the exact traces: what sampling misses.

    The segments of smooth networks that have windows at ``precision`` bits are counted in ``.windows``, and not compared.

    >>> found = audit("sawtooth:3", [[0], [1]], points=[5], pairs="all")
    >>> found.regions, found.samplers[0].sampler, found.samplers[0].missed
    (16, '5 points', Fraction(3, 4))
    """
    net = load(net)
    with_labels = named_data(arguments.flat_rows(X, net.inputs, "X"), None, "X", "y")
    net._check(with_labels._points, with_labels.name)
    counts = [arguments.count(n, "points") for n in _items(points, "points")]
    options = {"name": with_labels.name, "counts": counts, "pairs": arguments.text(pairs or "", "pairs"), "threads": arguments.threads(threads)}
    options["precision"] = arguments.precision(precision)
    with shown(progress, net.name) as report:
        text_of_json, text, picture = _plica.audit(net._network, with_labels._points, options, report)
    return Audit(text_of_json, text, (picture,))


def audit_sequence(trace: Trace, path: Any) -> SequenceAudit:
    """Compares a list of patterns along a segment, one for each sampled point, with the exact trace of all hidden units.

    The result has the number of regions that are ``missed``, the number of patterns that belong to a crossing or an end (``boundary``), and the patterns that
    do not fit the trace (``faults``, by index).

    >>> trace = load("sawtooth:1").trace([-1], [1])
    >>> audit_sequence(trace, ["00", "11"]).missed
    1
    """
    if not isinstance(trace, Trace):
        raise TypeError(f"trace: {type(trace).__name__}, expected a Trace")
    rows = patterns(path, "path")
    if len(rows) and rows.shape[1] != trace.patterns.shape[1]:
        raise ValueError(f"path: patterns of {rows.shape[1]} bits, expected {trace.patterns.shape[1]} as in the trace")
    return SequenceAudit(*_plica.audit_sequence(trace._trace, rows))


def convexity(
    net: Any,
    sets: Any = None,
    *,
    random: Union[None, int, tuple[int, int]] = None,
    half_open: bool = False,
    max_regions: int = 100_000,
    progress: Progress = None,
) -> Convexity:
    """Decides which sets of activation patterns, and which unions of their regions, are convex.

    ``sets`` is a list of patterns, for example ``"1010"``, or a list of lists of patterns; ``random`` is a number of random sets, or (number, seed). Without both,
    the result lists the realisable patterns, and for deeper networks the smallest sets on which the two kinds of convexity differ. Networks
    may have any activations and skip connections, but no maxima.

    >>> found = convexity("sawtooth:2", ["1110", "1111"])
    >>> found.sets[0].hamming_convex, found.sets[0].convex
    (True, True)
    """
    net = load(net)
    if sets is not None and random is not None:
        raise TypeError("convexity(): expected sets or random, not both")
    if sets is not None:
        sets = arguments.sets(sets)
    if random is not None:
        numbers = random if isinstance(random, (tuple, list)) else [random, 0]
        if len(numbers) != 2 or not all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) and 0 <= n < 2**64 for n in numbers):
            raise TypeError(f"random: {random!r}, expected a number of sets, or (number, seed)")
        random = (int(numbers[0]), int(numbers[1]))
    options = {
        "sets": sets,
        "random": random,
        "half_open": arguments.flag(half_open, "half_open"),
        "max_regions": arguments.count(max_regions, "max_regions"),
    }
    with shown(progress, net.name, "regions") as report:
        return Convexity(*_plica.convexity(net._network, options, report))
