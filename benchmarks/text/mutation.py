"""Mutation testing of the text layer: mutmut's mutants, and one fork of a warmed-up test process for each.

    uv pip install mutmut
    python benchmarks/text/mutation.py gaps sieve

Prints each mutant that no test of tests/text kills, and a summary a module. mutmut is not a dependency of the project.
Its own runner starts the tests again for each mutant and leaves cached functions out; here the tests are collected
once, run vectors first, and caches are put round the mutated functions again. Runs on POSIX only.
"""

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).resolve().parents[2]
MODULE = "MUTATED_TEXT_MODULE"
SECONDS = 30
"""Processor time for one mutant. One that needs more counts as killed: a loop without end."""
_CACHE = re.compile(r"^@lru_cache\((maxsize=\d+)\)\n(def (\w+))", re.MULTILINE)
_MUTANT = re.compile(r"\['(x[^']*__mutmut_\d+)'\] =")
_ORDER = ("test_vectors", "test_damage_decisions", "", "test_shortcuts", "test_properties")


def build(tree: Path, module: str) -> None:
    """A copy of what the tests need, with all mutants of one module in it and their names beside it."""
    for folder in ("harness", "tests/text", "benchmarks/text"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("tests/__init__.py", "benchmarks/__init__.py", "conftest.py"):
        shutil.copy(ROOT / file, tree / file)
    (tree / "pyproject.toml").write_text(
        '[tool.mutmut]\nsource_paths = ["harness/text/"]\n'
        '[tool.pytest.ini_options]\naddopts = ["-p", "pytester", "--import-mode=importlib"]\n'
    )
    os.chdir(tree)  # mutmut reads its settings where it is imported
    from mutmut.mutation.file_mutation import mutate_file_contents

    path = tree / "harness" / "text" / f"{module}.py"
    code = path.read_text("utf-8")
    mutated = mutate_file_contents(str(path), _CACHE.sub(r"\2", code)).code
    caches = [f"{name} = __import__('functools').lru_cache({size})({name})" for size, _, name in _CACHE.findall(code)]
    path.write_text("\n".join((mutated, *caches, "")), "utf-8")
    (tree / "mutants.json").write_text(json.dumps(sorted(set(_MUTANT.findall(mutated)))))


def rank(item: Any) -> int:
    names = [place for place, name in enumerate(_ORDER) if name and name in item.nodeid]
    return names[0] if names else _ORDER.index("")


class Failures:
    def __init__(self) -> None:
        self.seen = False

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seen = self.seen or report.failed


def run_all(session: Any, items: list[Any], mutant: str) -> None:
    """In a process of its own. Ends it with 1 at the first test that fails."""
    from mutmut.mutation.trampoline import set_mutant_under_test

    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    set_mutant_under_test(mutant)
    failures = Failures()
    session.config.pluginmanager.register(failures)
    for item in items:
        runtestprotocol(item, log=True, nextitem=None)
        if failures.seen:
            os._exit(1)
    os._exit(0)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: Any) -> bool:
    module = os.environ[MODULE]
    items = sorted(session.items, key=rank)
    ends: dict[str, int] = {}
    for name in ["", *json.loads(Path("mutants.json").read_text())]:
        child = os.fork()
        if child == 0:
            try:
                run_all(session, items, f"harness.text.{module}.{name}")
            finally:
                os._exit(2)
        ends[name] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if not name and ends[name]:
            pytest.exit("the tests fail without a mutant", returncode=3)
    alive = [name for name, end in ends.items() if name and not end]
    timed_out = sum(end < 0 for end in ends.values())
    Path("result.json").write_text(json.dumps({"tried": len(ends) - 1, "timed out": timed_out, "alive": alive}))
    return True


def main(modules: list[str]) -> None:
    for module in modules:
        with tempfile.TemporaryDirectory() as folder:
            tree = Path(folder)
            build(tree, module)
            paths = os.pathsep.join((str(tree), str(Path(__file__).parent)))
            environment = os.environ | {"PYTHONPATH": paths, MODULE: module, "PYTHONDONTWRITEBYTECODE": "1"}
            command = [sys.executable, "-m", "pytest", "tests/text", "-q", "-p", "mutation", "-p", "no:cacheprovider"]
            command += ["-p", "no:xdist", "--hypothesis-profile=quick"]
            subprocess.run(command, cwd=tree, env=environment, stdout=subprocess.DEVNULL, check=False)
            result = json.loads((tree / "result.json").read_text())
        for name in result["alive"]:
            print(f"{module}: {name} is alive")
        print(f"{module}: {result['tried']} tried, {len(result['alive'])} alive, {result['timed out']} timed out")


if __name__ == "__main__":
    main(sys.argv[1:])
