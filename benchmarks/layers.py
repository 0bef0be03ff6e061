"""What the time of one replayed case is made of: `python -m benchmarks.layers [--rounds 5]`.

Processes that each do one thing more than another, in turn, with none of the plugins of this environment but those that
are named. The best of the rounds counts, in seconds of the processor.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.limits import took
from benchmarks.replay.__main__ import make_project
from harness.show.figures import markdown_table

_PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
_THEIRS = tuple(
    word
    for name in ("anyio.pytest_plugin", "_hypothesis_pytestplugin", "pytest_benchmark.plugin")
    for word in ("-p", name)
)
"""The plugins that come with what an install needs."""
_OURS = ("-p", "harness.pytest_plugin")
BASE = "pytest says its version"
LAYERS: dict[str, tuple[str, ...]] = {
    "`python -c pass`": ("-c", "pass"),
    BASE: ("-m", "pytest", "--version"),
    "an empty item, no plugins": (*_PYTEST, "empty"),
    "an empty item, the plugins of the dependencies": (*_PYTEST, *_THEIRS, "empty"),
    "an empty item, ours too": (*_PYTEST, *_THEIRS, *_OURS, "empty"),
    "one case, our plugin alone": (*_PYTEST, *_OURS, "--model=fake"),
    "one case, the plugins of the dependencies too": (*_PYTEST, *_THEIRS, *_OURS, "--model=fake"),
}


def measured(folder: Path, rounds: int) -> dict[str, float]:
    """Processor seconds of each layer, the best of the rounds; the first round compiles modules and does not count."""
    make_project(folder, 1)
    best: dict[str, float] = {}
    for number in range(rounds + 1):
        for name, arguments in LAYERS.items():
            one = took(folder, "env", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1", sys.executable, *arguments, rounds=1)
            if number:
                best[name] = min(one.cpu, best.get(name, one.cpu))
    return best


def lines_of(seconds: Mapping[str, float]) -> list[str]:
    """A row for each layer: its seconds, and how many times those of a pytest that says its version."""
    rows = [[name, f"{taken:.3f} s", f"{taken / seconds[BASE]:.2f}"] for name, taken in seconds.items()]
    return markdown_table([["what runs", "processor", "times pytest's version"], *rows])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print("\n".join(lines_of(measured(Path(folder), options.rounds))))


if __name__ == "__main__":
    main()
