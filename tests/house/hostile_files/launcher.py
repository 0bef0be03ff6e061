"""Runs commands one after another, each in a forked child, and says what each took.

Reads a JSON line `{"program": "harness" or "pytest", "arguments": [...], "folder": ...}`, answers with a line
`{"code", "cpu_s", "megabytes"}`. The output of both kinds lies in the file `output` of the folder. A child that goes
beyond the limits here is killed by the kernel, so that a test that fails cannot take the machine with it.
"""

import gc
import importlib
import json
import os
import pkgutil
import resource
import sys
from importlib.metadata import entry_points

import openai  # noqa: F401
import pydantic  # noqa: F401
import pytest
import yaml  # type: ignore[import-untyped]  # noqa: F401

import harness.cli
import harness.pytest_plugin.session

_MOST_CPU_S = 20
_MOST_MEMORY = 3_000_000_000
_LAZY = ("numpy", "scipy.special", "jinja2", "jsonschema", "re2", "rich.console", "altair")


def _preload() -> float:
    """Import once what every child would import for itself; the megabytes that this takes and no child does."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a process with threads should not fork
    before = _resident()
    # the hunt imports hypothesis, and pytest does more where that is imported
    left_alone = ("harness.__main__", "harness.hunt")
    ours = [one.name for one in pkgutil.walk_packages(harness.__path__, "harness.")]
    ours = [name for name in ours if not name.startswith(left_alone)]
    plugins = [one.module for one in entry_points(group="pytest11")]
    for name in [*ours, *plugins, *_LAZY]:
        try:
            importlib.import_module(name)
        except ImportError:  # of an extra that is not installed
            continue
    gc.collect()
    gc.freeze()  # a collection in a child would copy all that they share
    return _resident() - before


def _resident() -> float:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) / 1000


def main() -> None:
    shared = _preload()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(order)
        _, status, used = os.wait4(child, 0)
        told = {"code": os.waitstatus_to_exitcode(status), "cpu_s": used.ru_utime + used.ru_stime}
        print(json.dumps(told | {"megabytes": used.ru_maxrss / 1000 - shared}), flush=True)


def _run(order: dict[str, str]) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_CPU_S, _MOST_CPU_S))
    resource.setrlimit(resource.RLIMIT_DATA, (_MOST_MEMORY, _MOST_MEMORY))
    os.chdir(order["folder"])
    output = os.open("output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    code = 99
    try:
        arguments = list(order["arguments"])
        if order["program"] == "pytest":
            # the plugins are imported already
            quiet = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
            code = int(pytest.main(["-p", "no:cacheprovider", *quiet, *arguments]))
        else:
            code = harness.cli.run(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
