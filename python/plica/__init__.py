"""The exact geometry of ReLU and other piecewise-linear networks, and certified traces of smooth ones: no sampling, no tolerance.

>>> import plica
>>> net = plica.load("cantor:2")
>>> trace = net.trace(["0", "3/4"], ["1", "3/4"])
>>> trace.regions, trace.r1, trace.r2, trace.chi
(7, 4, 12, Fraction(2, 3))

`load` makes a `Network` from a file, a built-in name, a PyTorch module or weights. Its methods: `Network.trace` traces one segment, `Network.enclose` too, with windows
where a smooth network is not decided; `Network.fold` traces all segments between points; `Network.regions` finds all regions of a box, `Network.slice` those of a plane; `Network.bounds` gives the bounds for its shape. `folding`
measures any list of patterns, `audit` compares sampling with exact traces, `convexity` decides convexity for sets of patterns.

A float is the fraction that its bits denote, a text like ``"1/3"`` or ``"0.1"`` is that rational; exact results are ``fractions.Fraction``. Every
result has what the command line prints: ``to_dict()`` is its JSON, ``str()`` its text.
"""

from ._network import Network, audit, audit_sequence, bounds, convexity, folding, load
from ._plica import InternalError, LimitError, __version__
from ._points import Data, data
from ._report import Record, Report
from ._results import Audit, Bounds, Convexity, Crossing, EnclosedTrace, Fold, Folding, Regions, SequenceAudit, Trace, Window

__all__ = [
    "Audit",
    "Bounds",
    "Convexity",
    "Crossing",
    "Data",
    "EnclosedTrace",
    "Fold",
    "Folding",
    "InternalError",
    "LimitError",
    "Network",
    "Record",
    "Regions",
    "Report",
    "SequenceAudit",
    "Trace",
    "Window",
    "__version__",
    "audit",
    "audit_sequence",
    "bounds",
    "convexity",
    "data",
    "folding",
    "load",
]
