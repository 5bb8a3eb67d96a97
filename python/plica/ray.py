"""Sweeps on a cluster: `plica.Network.fold` as tasks of Ray, on any Ray cluster.

>>> import plica, plica.ray                                         # doctest: +SKIP
>>> fold = plica.ray.fold("digits:3x20", "digits")                  # doctest: +SKIP

Install it with ``pip install plica[ray]``. The workers need the same version of the package.
"""

from __future__ import annotations

import uuid
from typing import Any, Optional

from . import __version__, _plica
from . import _arguments as arguments
from ._network import Network, Units, load
from ._points import PointsLike, named_data
from ._progress import Progress, shown
from ._results import Fold

try:
    import ray as _engine
except ImportError as error:
    raise ImportError("plica.ray needs Ray: pip install plica[ray]") from error

__all__ = ["fold"]

TASKS_A_CPU = 8
"""Tasks per processor: with several, the last ones end at about the same time, and a lost node loses little."""
CHUNKS_A_TASK = 1024
"""The most chunks of the sweep in a task. A chunk takes some tens of milliseconds."""
RETRIES = 10
"""The number of times that a task starts again after its worker or node is lost."""

_sweeps: dict[str, _plica.Sweep] = {}


def fold(
    net: Any,
    X: PointsLike,
    y: Any = None,
    *,
    pairs: Optional[str] = None,
    units: Units = "hidden",
    output_bits: bool = False,
    precision: Optional[int] = None,
    tasks: Optional[int] = None,
    resources: Optional[dict[str, Any]] = None,
    progress: Progress = None,
) -> Fold:
    """The folding of the segments between the points of a data set, computed by a cluster: the same bits as `plica.Network.fold`.

    The arguments are those of `plica.Network.fold`. The network and the points go into Ray's object store once; each of the ``tasks`` takes a part of
    the segments on one processor and returns its tallies, which are merged as they arrive. If a node is lost, its task starts again elsewhere: tasks are
    idempotent, and no part is counted twice. ``resources`` are options of the tasks, for example ``{"num_cpus": 1, "memory": 2**30}``.

    Without a running cluster Ray starts one on this machine. To use your cluster, call ``ray.init("auto")`` first.

    The tallies are integers, so that neither the number of machines nor their failures change them. The number of decisions taken with integers depends on
    the vector instructions of a processor: ``.decisions`` may differ on a cluster with different processors.

    Raises the errors of `plica.Network.fold`, before anything is sent; RuntimeError if a worker has another version of plica; and Ray's own errors, for example
    for a task whose worker was lost too often.
    """
    net = load(net)
    with_labels = named_data(arguments.flat_rows(X, net.inputs, "X"), y, "X", "y")
    sweep = net.sweep(with_labels, pairs=pairs, units=units, output_bits=output_bits, precision=precision)
    if resources is not None and not isinstance(resources, dict):
        raise TypeError(f"resources: {resources!r}, expected a dict of options of Ray's tasks")
    if not _engine.is_initialized():
        _engine.init(log_to_driver=False)
    options = {"pairs": sweep.pairs, "units": arguments.units(units), "output_bits": output_bits, "precision": precision}
    # Inside a list, Ray does not fetch the object with every task: a worker fetches it once, when it needs it.
    shared = [_engine.put((net, with_labels, options))]
    parts = _split(sweep.chunks, tasks)
    part = _engine.remote(_part).options(max_retries=RETRIES, **{"num_cpus": 1, **(resources or {})})
    key = uuid.uuid4().hex
    waiting = [part.remote(__version__, key, shared, first, end) for first, end in parts]
    state = sweep.run((0, 0), 1, None, None)
    try:
        with shown(progress, net.name) as report:
            if report is not None:
                report(0, sweep.segments)
            while waiting:
                done, waiting = _engine.wait(waiting, num_returns=1, timeout=0.5)
                for found in done:
                    state.merge(sweep.from_bytes(_engine.get(found)))
                    if report is not None:
                        report(state.segments, sweep.segments)
    finally:
        for task in waiting:
            _engine.cancel(task, force=True)
    return Fold(sweep.report(state))


def _part(version: str, key: str, shared: list, first: int, end: int) -> bytes:
    """The tallies of some chunks of a sweep. A function of its arguments alone: it may run twice, on any machine."""
    if version != __version__:
        raise RuntimeError(f"this worker has plica {__version__}, expected {version}: install the same version everywhere")
    if key not in _sweeps:
        _sweeps.clear()  # a worker serves one sweep at a time
        net, data, options = _engine.get(shared[0])
        _sweeps[key] = _sweep(net, data, options)
    sweep = _sweeps[key]
    return bytes(sweep.to_bytes(sweep.run((first, end), 1, None, None)))


def _sweep(net: Network, data: Any, options: dict) -> _plica.Sweep:
    return net.sweep(data, **options)


def _split(chunks: int, tasks: Optional[int]) -> list[tuple[int, int]]:
    """The chunks, in parts of about the same size."""
    if tasks is None:
        processors = int(_engine.cluster_resources().get("CPU", 1))
        tasks = max(TASKS_A_CPU * processors, -(-chunks // CHUNKS_A_TASK))
    elif isinstance(tasks, bool) or not isinstance(tasks, int) or tasks < 1:
        raise ValueError(f"tasks: {tasks!r}, expected a whole number, 1 or more")
    tasks = min(tasks, chunks)
    ends = [chunks * k // tasks for k in range(tasks + 1)] if tasks else [0]
    return [(first, end) for first, end in zip(ends, ends[1:]) if first < end]
