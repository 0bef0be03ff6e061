"""Python's garbage collector in a run of many cases: what lives until the end is not looked through again and again.

A run keeps every case and every result. The collector's rounds over them found nothing and took a third of the
processor time of 10,000 replayed cases; `gc.freeze` and a higher threshold are the interpreter's own means against it.
"""

import atexit
import contextlib
import gc
from collections.abc import Callable
from pathlib import Path

_YOUNG = 50_000
"""New objects before a round over the young ones; a judged case is some hundred."""


def spare_long_lived() -> None:
    """Leave out of the rounds whatever is there now. Garbage in it waits until `restored` is called."""
    gc.freeze()


def fewer_rounds() -> Callable[[], None]:
    """Raise the threshold; the function given back undoes it and `spare_long_lived`."""
    # when the process ends, Python looks through everything once more before it throws it all away: a fifth of the
    # processor time of 5,000 replayed cases
    atexit.register(gc.freeze)
    before = gc.get_threshold()
    if before[0]:  # 0: somebody has switched the collector off
        gc.set_threshold(max(before[0], _YOUNG), *before[1:])

    def restored() -> None:
        gc.set_threshold(*before)
        gc.unfreeze()

    return restored


_BENCHMARKS = ".benchmarks"
"""pytest-benchmark makes it in every session, whether anything is measured or not."""


def removes_empty_folder(start: Path) -> Callable[[], None]:
    """What takes the folder away again if it is new and empty."""
    folder = start / _BENCHMARKS
    if folder.exists():
        return lambda: None

    def remove() -> None:
        with contextlib.suppress(OSError):  # it was never made, or holds something now
            folder.rmdir()

    return remove
