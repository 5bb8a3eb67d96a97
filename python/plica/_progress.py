"""Progress of long computations, on a terminal or in a notebook."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import Any, Callable, Iterator, Optional, Union

Progress = Union[None, bool, Callable[[int, int], Any]]
"""None shows progress in notebooks and on terminals, True always, False never; or a function of (done, all)."""

SHOW_AFTER = 0.5


@contextmanager
def shown(progress: Progress, what: str, unit: str = "segments") -> Iterator[Optional[Callable[[int, int], Any]]]:
    """The function that a computation calls with (done, all), or None."""
    if progress is not None and not isinstance(progress, bool) and not callable(progress):
        raise TypeError(f"progress: {progress!r}, expected None, True, False or a function of (done, all)")
    if callable(progress):
        yield progress
    elif progress is False or (progress is None and not _is_watched()):
        yield None
    else:
        bar = _Bar(what, unit)
        try:
            yield bar.at
        finally:
            bar.close()


def _is_watched() -> bool:
    return _in_notebook() or bool(getattr(sys.stderr, "isatty", lambda: False)())


def _in_notebook() -> bool:
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return shell is not None and shell.__class__.__name__ == "ZMQInteractiveShell"


class _Bar:
    """A bar of tqdm if it is installed, else a line of text; nothing for short computations."""

    def __init__(self, what: str, unit: str):
        self.what, self.unit = what, unit
        self.begun = time.monotonic()
        self.bar: Any = None
        self.written = False

    def at(self, done: int, all: int) -> None:
        if time.monotonic() - self.begun < SHOW_AFTER or not (done or all):
            return
        if self.bar is None and not self.written:
            try:
                from tqdm.auto import tqdm  # the widget in notebooks

                self.bar = tqdm(desc=self.what, total=all or None, unit=f" {self.unit}", leave=False)
            except ImportError:
                pass
        if self.bar is not None:
            self.bar.update(done - self.bar.n)
        else:
            share = f"{100 * done / all:.1f} % of {all:,} {self.unit}" if all else f"{done:,} {self.unit}"
            print(f"\r{self.what}: {share}   ", end="", file=sys.stderr, flush=True)
            self.written = True

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
        elif self.written:
            print("\r" + " " * 79 + "\r", end="", file=sys.stderr, flush=True)
