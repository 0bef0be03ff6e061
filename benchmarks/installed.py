"""What the base install brings, its size on disk, and which of it is imported when; `--times` adds seconds.

    python -m benchmarks.installed [--times]

The base dependencies are those of `pyproject.toml`, what they bring is in the metadata of this environment. Sizes are
those of the files that a package installed, without compiled copies; a package that several bring is counted with the
first. Times are processor seconds, the best of five new interpreters; those of packages are less an empty one.
"""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from harness.show.figures import markdown_table

ROOT = Path(__file__).parents[1]
ROUNDS = 5
MODULES = {
    **{"pyyaml": "yaml", "google-re2": "re2", "vcrpy": "vcr"},
    **{"mlflow-skinny": "mlflow", "bc-detect-secrets": "detect_secrets"},
    **{"opentelemetry-sdk": "opentelemetry", "opentelemetry-exporter-otlp-proto-http": "opentelemetry"},
}
"""Where the module has another name than its package."""
CHECKED = 'import harness; harness.check("Use A-1/B", "A - 1/B")'
COMMAND = "import sys; from harness.cli import run; sys.stdout = open(__import__('os').devnull, 'w'); run({!r})"
COLLECTED = """import os, sys, tempfile
import pytest
sys.stdout = open(os.devnull, "w")
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    open("test_one.py", "w").write("def test_one(): pass")
    pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", *{!r}])
    os.chdir("/")
"""
CASES = """import os, sys
import pytest
sys.stdout = open(os.devnull, "w")
pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "--model=tuned"])
"""
ENTRIES = {
    "`python -c pass`": "pass",
    "`import harness`": "import harness",
    "`from harness.text import check`": "from harness.text import check",
    "`from harness import check`, one answer": CHECKED,
    "`pytest --collect-only` of one test, `-p no:verbatim`": COLLECTED.format(["-p", "no:verbatim"]),
    "`pytest --collect-only` of one test": COLLECTED.format([]),
    "`pytest --collect-only --model=tuned`": CASES,
    "`harness --help`": COMMAND.format(["--help"]),
    "`harness compare spaced tuned`": COMMAND.format(["compare", "spaced", "tuned"]),
    "`harness models list`": COMMAND.format(["models", "list"]),
}


def requires(name: str) -> list[str]:
    """Names of what a package needs here, without extras."""
    wanted = [Requirement(line) for line in distribution(name).requires or ()]
    return [one.name for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]


def closure(name: str, known: set[str]) -> Iterator[str]:
    """The package and all that it brings, without those that are known already."""
    if canonicalize_name(name) in known:
        return
    known.add(canonicalize_name(name))
    try:
        below = requires(name)
    except PackageNotFoundError:
        return
    yield name
    for one in below:
        yield from closure(one, known)


def size(name: str) -> int:
    """Bytes that a package installed."""
    paths = [Path(str(file.locate())) for file in distribution(name).files or () if file.suffix != ".pyc"]
    return sum(path.stat().st_size for path in paths if path.is_file())


def seconds(code: str) -> float:
    """Processor seconds, the best of some new interpreters: on a busy machine the clock says nothing."""
    took = []
    for _ in range(ROUNDS + 1):  # the first may compile
        before = os.times()
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
        after = os.times()
        took.append(sum(after[2:4]) - sum(before[2:4]))
    return min(took)


def imported(code: str, modules: dict[str, str]) -> list[str]:
    """Which of the base packages are loaded at the end."""
    ask = f"{code}\nimport sys; sys.__stderr__.write(chr(10).join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, check=True, capture_output=True, text=True)
    loaded = {line.partition(".")[0] for line in done.stderr.splitlines()}
    return sorted(package for package, module in modules.items() if module in loaded)


def main(arguments: list[str]) -> None:
    """Print both tables, with seconds if they are asked for."""
    timed = "--times" in arguments
    empty = seconds("pass") if timed else 0.0
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    direct = [Requirement(line).name for line in project["dependencies"]]
    modules = {name: MODULES.get(name, name.replace("-", "_")) for name in direct}
    rows = [["package", "with it", "MB", *(["import, s"] if timed else [])]]
    known: set[str] = set()
    total = count = 0
    for name in direct:
        brings = list(closure(name, known))
        weight = sum(map(size, brings))
        total, count = total + weight, count + len(brings)
        took = [f"{seconds(f'import {modules[name]}') - empty:.2f}"] if timed else []
        rows.append([name, ", ".join(sorted(brings[1:])), f"{weight / 1e6:.1f}", *took])
    rows.append(["together", f"{count} packages", f"{total / 1e6:.1f}", *([""] if timed else [])])
    print("\n".join(markdown_table(rows)), end="\n\n")
    uses = [["command", "base packages that it imports", *(["s"] if timed else [])]]
    for entry, code in ENTRIES.items():
        took = [f"{seconds(code):.2f}"] if timed else []
        uses.append([entry, ", ".join(imported(code, modules)) or "none", *took])
    print("\n".join(markdown_table(uses)))


if __name__ == "__main__":
    main(sys.argv[1:])
