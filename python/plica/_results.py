"""Results with more than the fields of a report: traces, sweeps, complexes."""

from __future__ import annotations

import json
import os
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple, Optional

import numpy as np

from . import _plica
from ._points import Data, PointLike, PointsLike, check_dimension, named_data, point
from ._report import Record, Report, objects, preformatted

MANY_CELLS = 20_000


class Crossing(NamedTuple):
    """A point where a segment passes from one region to the next.

    ``t`` encloses the time by two doubles, ``t_exact`` is the exact time if requested, ``flips`` are the bits that change: ``(layer, unit)``,
    for a unit with several breakpoints ``(layer, unit, bit)``, for a maximum ``(layer, unit, from, to)``.
    """

    t: tuple[float, float]
    t_exact: Optional[Fraction]
    flips: list[tuple[int, ...]]


class Window(NamedTuple):
    """An interval of a segment in which the order of some crossings of a smooth network, or their number, is not decided.

    ``t`` are its ends, ``units`` the units that may flip in it: ``(layer, unit)``.
    """

    t: tuple[float, float]
    units: list[tuple[int, int]]


class Trace(Report):
    """The exact trace of a segment x(t) = (1-t) a + t b: its regions in order, and the flips between them.

    Traces of smooth networks are certified: each crossing is proven. Their regions are the classes of points with one pattern, and their report has the
    fields ``certified`` and ``windows`` too.

    >>> import plica
    >>> trace = plica.load("cantor:2").trace("0,3/4", "1,3/4", exact=True)
    >>> trace.chi, trace.r1, trace.r2, trace.regions, trace.pieces
    (Fraction(2, 3), 4, 12, 7, 7)
    >>> trace.crossings[0].t_exact, trace.crossings[0].flips
    (Fraction(1, 9), [(2, 0), (3, 0)])
    >>> trace.patterns.shape, trace.patterns.dtype
    ((7, 10), dtype('bool'))
    """

    def __init__(self, trace: _plica.Trace, ends: tuple[str, str]):
        super().__init__("", "")
        self._trace = trace
        self._ends = ends

    @property
    def chi(self) -> Fraction:
        """The folding measure 1 - r1/r2, and 0 if r2 = 0 (Lewandowski et al., arXiv 2502.09954, Eq. 4)."""
        return self._trace.chi

    @property
    def r1(self) -> int:
        """The largest Hamming distance of a region's pattern to the first pattern."""
        return self._trace.r1

    @property
    def r2(self) -> int:
        """The sum of the Hamming distances between neighbouring regions."""
        return self._trace.r2

    @property
    def peak(self) -> Fraction:
        """The largest chi of a prefix of the path."""
        return self._trace.peak

    @property
    def symmetrised_chi(self) -> Fraction:
        """The mean of chi of the path and of the reversed path (arXiv 2503.08502)."""
        return self._trace.symmetrised_chi

    @property
    def prefix_chi(self) -> list[Fraction]:
        """chi of every prefix, one for each region."""
        return self._trace.prefix_chi

    @property
    def regions(self) -> int:
        """The number of regions, by the compared bits."""
        return self._trace.regions

    @property
    def pieces(self) -> Optional[int]:
        """The number of linear pieces of the network along the segment; None if they were not counted, as for smooth networks."""
        return self._trace.pieces

    @property
    def start(self) -> str:
        """The pattern of the first region, such as ``"0111"``."""
        return self._trace.start

    @property
    def end(self) -> str:
        """The pattern of the last region."""
        return self._trace.end

    @cached_property
    def times(self) -> np.ndarray:
        """Enclosures of the times of the crossings: (regions - 1) x 2 doubles, in (0, 1), ascending."""
        return self._trace.times()

    @cached_property
    def patterns(self) -> np.ndarray:
        """The patterns of the regions in order: regions x units, bool."""
        return self._trace.patterns()

    @cached_property
    def crossings(self) -> list[Crossing]:
        """The crossings in order, one fewer than regions."""

        return _crossings(self.to_dict())

    def to_json(self) -> str:
        """The output of ``plica trace --format json``, character for character."""
        return self._trace.to_json()

    def __len__(self) -> int:
        return self.regions

    def __reduce__(self) -> Any:
        raise TypeError("a Trace cannot be pickled: send its network and its ends, or to_dict()")

    def __str__(self) -> str:
        return self._trace.text(*self._ends)

    def __repr__(self) -> str:
        return f"<plica.Trace: {self.regions} regions, chi = {self.chi}>"

    def _repr_html_(self) -> str:
        return f"<div>{self._trace.picture()}</div>" + preformatted(str(self))


def _crossings(report: dict[str, Any]) -> list[Crossing]:
    def crossing(fields: dict[str, Any]) -> Crossing:
        exact = fields.get("t_exact")
        t = None if exact is None else _plica.reported_fraction(exact)
        return Crossing(tuple(fields["t"]), t, [tuple(flip) for flip in fields["flips"]])

    return [crossing(fields) for fields in report["crossings"]]


class EnclosedTrace(Report):
    """The trace of a segment through any network. Where the crossings of a smooth network are not decided it has windows; everything outside them is proven.

    >>> import plica
    >>> found = plica.load("digits:gelu:3x20").enclose("digits#0", "digits#17")
    >>> found.certified, found.windows, found.trace.r2 == found.r2
    (True, [], True)

    A trace without windows is certified: ``trace`` is then a `Trace`, else None. With windows, what is not the same for all that may happen in them
    (``r1``, ``r2``, ``chi``, ``start``, ``end``, ``regions``) is None, and the ranges have the smallest and the largest values. Where one bit may flip any number
    of times, r2 has no largest value, and 1 is the limit of chi.
    """

    def __init__(self, trace: _plica.Enclosed, ends: tuple[str, str]):
        super().__init__("", "")
        self._trace = trace
        self._ends = ends

    @property
    def certified(self) -> bool:
        """Whether there are no windows. Traces of piecewise-linear networks are always certified."""
        return self._trace.certified

    @cached_property
    def trace(self) -> Optional[Trace]:
        """The trace, if it is certified."""
        found = self._trace.trace
        return None if found is None else Trace(found, self._ends)

    @cached_property
    def windows(self) -> list[Window]:
        """The windows, in order of time."""
        return [Window(tuple(window["t"]), [tuple(unit) for unit in window["units"]]) for window in self.to_dict()["windows"]]

    @cached_property
    def crossings(self) -> list[Crossing]:
        """The crossings outside the windows, in order of time."""
        return _crossings(self.to_dict())

    @property
    def r1_range(self) -> tuple[int, int]:
        """The smallest and the largest r1 over all that may happen in the windows; they are equal if the trace is certified."""
        return self._trace.r1_range

    @property
    def r2_range(self) -> tuple[int, Optional[int]]:
        """The smallest and the largest r2; the latter is None if there is none."""
        return self._trace.r2_range

    @property
    def chi_range(self) -> tuple[Fraction, Fraction]:
        """The smallest and the largest chi; if r2 has no largest value, the latter is the limit 1."""
        return self._trace.chi_range

    def to_json(self) -> str:
        """The output of ``plica trace --format json`` for a smooth network, character for character.

        That of a piecewise-linear network has the fields ``certified`` and ``windows`` here too.
        """
        return self._trace.to_json()

    def __reduce__(self) -> Any:
        raise TypeError("an EnclosedTrace cannot be pickled: send its network and its ends, or to_dict()")

    def __str__(self) -> str:
        return self._trace.text(*self._ends)

    def __repr__(self) -> str:
        if self.trace is not None:
            return f"<plica.EnclosedTrace: certified, {self.trace.regions} regions, chi = {self.trace.chi}>"
        count = self._trace.windows
        least, most = (float(chi) for chi in self.chi_range)
        return f"<plica.EnclosedTrace: {count} window{'s' if count > 1 else ''}, chi from {least:.4g} to {most:.4g}>"

    def _repr_html_(self) -> str:
        return preformatted(str(self)) if self.trace is None else self.trace._repr_html_()


class Fold(Report):
    """The folding of many segments: tallies by pair of classes, and the global measure in every definition.

    >>> import plica
    >>> fold = plica.load("digits:3x20").fold("digits", pairs="random:1000@0")
    >>> fold.segments, fold.folded
    (1000, 822)
    >>> fold.sup
    Fraction(3, 7)

    The global measure is ``fold.mean``, ``.sup``, ``.median_of_positive``, ``.folded_fraction``, ``.median_of_pair_maxima`` and
    ``.pair_medians_of_positive_peaks`` (None if undefined). ``fold.pairs`` has for each pair of classes its ``tally`` ([r1, r2, count] ...), ``peaks``,
    ``regions`` and ``chi``.
    """

    #: With ``paths=True`` one array for each column of ``plica fold --paths``, else None.
    paths: Optional[dict[str, np.ndarray]] = None

    def __init__(self, report: _plica.FoldReport):
        super().__init__("", "")
        self._report: Optional[_plica.FoldReport] = report

    def to_json(self) -> str:
        """The output of ``plica fold --format json``, character for character."""
        return self._report.to_json() if self._report else self._json

    @property
    def segments(self) -> int:
        """The number of segments."""
        return self._report.counts()[0] if self._report else sum(pair.paths for pair in self.pairs)

    @property
    def windows(self) -> int:
        """The number of segments with windows, which only segments of smooth networks may have."""
        return self._report.counts()[1] if self._report else sum(pair.get("windows", 0) for pair in self.to_dict()["pairs"])

    @property
    def folded(self) -> Optional[int]:
        """The number of segments with chi > 0; None if windows leave several numbers open, see `folded_range`."""
        least, most = self.folded_range
        return least if least == most else None

    @property
    def folded_range(self) -> tuple[int, int]:
        """The smallest and the largest number of segments with chi > 0; they are equal without windows."""
        if self._report:
            return self._report.counts()[2:]
        ranges = [pair.get("folded_range") or [pair["folded"]] * 2 for pair in self.to_dict()["pairs"]]
        return sum(least for least, _ in ranges), sum(most for _, most in ranges)

    @cached_property
    def readings(self) -> Record:
        """The global folding measure in every definition; each value is an attribute of the result too."""
        return objects(json.loads(self._report.readings()) if self._report else self.to_dict()["global"])

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self.readings:
            return self.readings[name]
        return super().__getattr__(name)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.readings]

    def __str__(self) -> str:
        return self._report.text() if self._report else self._text

    def __repr__(self) -> str:
        windows = f", {self.windows} with windows" if self.windows else ""
        folded = self.folded if self.folded is not None else "{} to {}".format(*self.folded_range)
        return f"<plica.Fold: {self.segments} segments, {folded} folded{windows}>"

    def _repr_html_(self) -> str:
        self._pictures = self._pictures or (tuple(self._report.pictures()) if self._report else ())
        return super()._repr_html_()

    def __getstate__(self) -> dict[str, Any]:
        pictures = self._pictures or (tuple(self._report.pictures()) if self._report else ())
        return {"_json": self.to_json(), "_text": str(self), "_pictures": pictures, "_report": None, "paths": self.paths}

    @property
    def classes(self) -> list[int]:
        """The classes, ascending; empty if the pairs are not by class."""
        return sorted({pair["from"] for pair in self.pairs if pair["from"] is not None})

    @property
    def table(self) -> np.ndarray:
        """Mean chi from the class of the row to the class of the column, classes x classes; NaN if a pair has no segments, or windows leave it open."""
        table = np.full((len(self.classes),) * 2, np.nan)
        place = {label: i for i, label in enumerate(self.classes)}
        for pair in self.pairs:
            if pair["from"] is not None and pair.chi.mean is not None:
                table[place[pair["from"]], place[pair.to]] = float(pair.chi.mean)
        return table

    def pair(self, first: Optional[int] = None, last: Optional[int] = None) -> Record:
        """The results for the segments from one class to another. If the pairs are not by class, call it without arguments."""
        for pair in self.pairs:
            if (pair["from"], pair.to) == (first, last):
                return pair
        raise KeyError(f"no pair of classes {first} and {last}")


class Audit(Report):
    """Sampling compared with exact traces: ``.segments``, ``.regions``, and ``.samplers`` with the share that each misses."""


class Bounds(Report):
    """Bounds for every network of a shape: ``.units`` and ``.bounds``, each with ``quantity``, ``relation``, ``value`` and ``source``."""


class Convexity(Report):
    """Both kinds of convexity: ``.patterns`` with a witness each, and ``.sets``, ``.random`` or ``.smallest`` with verdicts and counter-examples."""


class Regions(Report):
    """All regions of a box, a plane slice or the whole space.

    Counts and statistics are attributes: ``activation_regions``, ``affine_maps``, ``linear_regions``, ``f_vector``, ``facets`` (cells by their
    number), ``simplices``, ``volume``, ``volumes``, ``means``, ``decision``, ``bounds``.

    >>> import plica
    >>> regions = plica.load("zigzag:2:3:1").regions((0, 1))
    >>> regions.activation_regions, regions.f_vector, regions.facets, regions.volume
    (9, [16, 24, 9], {4: 9}, Fraction(1, 1))
    >>> regions.cells_with(["1/2", 0])
    [6]
    >>> [(x.numerator, x.denominator) for x in regions.cells[6].centroid]
    [(1, 2), (1, 6)]
    """

    def __init__(self, complex: _plica.Complex):
        super().__init__(complex.to_json(), complex.text())
        self._complex = complex

    @property
    def dimension(self) -> int:
        """The dimension of the domain: 2 for a slice."""
        return self._complex.dimension

    def __len__(self) -> int:
        return self.activation_regions

    def __reduce__(self) -> Any:
        raise TypeError("Regions cannot be pickled: send the network and the domain, or to_dict() and cells_to_dict()")

    @cached_property
    def patterns(self) -> np.ndarray:
        """The activation patterns of the cells: cells x units, bool."""
        return self._complex.patterns()

    @cached_property
    def vertices(self) -> np.ndarray:
        """The vertices as nearest doubles, vertices x dimension: NaN at infinity, infinite if too large for a double; `vertex` is exact."""
        return self._complex.vertices()

    def vertex(self, number: int) -> list[Fraction]:
        """The exact coordinates of a vertex; (u, v) for a slice. Raises IndexError if it does not exist, ValueError if it is at infinity."""
        if not 0 <= number < 2**32:
            raise IndexError(f"no vertex {number}")
        return self._complex.vertex(number)

    def cells_with(self, x: PointLike) -> list[int]:
        """The cells whose closure contains a point; empty if the point is outside of the domain."""
        exact = point(x, "x")
        check_dimension(exact, self.dimension, "x", "the complex")
        return self._complex.cells_with(exact)

    @cached_property
    def _details(self) -> dict:
        return json.loads(self._complex.cells())

    @property
    def cells(self) -> list[Record]:
        """For each cell its ``pattern``, ``facets``, ``neighbours``, ``vertices``, ``volume``, ``centroid``, ``map``, ``interior_point`` and ``classes``."""
        return objects(self._details["cells"])

    @property
    def all_facets(self) -> list[Record]:
        """For each facet its ``index``, the ``cells`` that it bounds, the ``side`` of the domain, ``units`` and ``vertices``."""
        return objects(self._details["facets"])

    def cells_to_dict(self) -> dict:
        """The content of the file of ``plica regions --cells``."""
        return self._details

    def plot(
        self, path: "Optional[str | os.PathLike[str]]" = None, *, color: Optional[str] = None, points: Optional[PointsLike] = None, y: Any = None
    ) -> Optional[str]:
        """Draws a complex of two dimensions: to a ``.svg``, ``.png`` or ``.html`` file, or without ``path`` as the text of an SVG.

        ``color`` is ``pattern``, ``map``, ``region``, ``gradient``, ``depth`` or ``decision``; ``points`` are drawn on top, coloured by their labels ``y``.
        """
        drawn = None
        if points is not None:
            with_labels = named_data(points, y, "points", "y")
            drawn = (with_labels._points, None if with_labels.y is None else with_labels.y.tolist())
        if path is None:
            return self._complex.picture("svg", color, drawn).decode()
        name = os.fspath(path)
        ending = name.rsplit(".", 1)[-1].lower()
        if ending not in ("svg", "png", "html"):
            raise ValueError(f"path: {name}, expected a .svg, .png or .html file")
        _plica.write_file(name, self._complex.picture(ending, color, drawn))
        return None

    def _repr_html_(self) -> str:
        if self.dimension == 2 and self.activation_regions <= MANY_CELLS:
            return f"<div>{self.plot()}</div>" + preformatted(str(self))
        return preformatted(str(self))


class Folding(NamedTuple):
    """The folding measures of one path: see `plica.folding`."""

    r1: int
    r2: int
    chi: Fraction
    peak: Fraction
    symmetrised_chi: Fraction
    prefix_chi: list[Fraction]


class SequenceAudit(NamedTuple):
    """The comparison of a list of patterns with a trace: see `plica.audit_sequence`."""

    missed: int
    boundary: int
    faults: list[tuple[int, str]]

    @property
    def complete(self) -> bool:
        """Whether every region is in the list, and every pattern fits."""
        return self.missed == 0 and not self.faults


__all__ = ["Audit", "Bounds", "Convexity", "Crossing", "Data", "EnclosedTrace", "Fold", "Folding", "Regions", "SequenceAudit", "Trace", "Window"]
