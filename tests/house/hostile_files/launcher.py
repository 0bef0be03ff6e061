"""Runs commands one after another, each in a forked child, and says what each took.

Reads a JSON line `{"program": "harness" or "pytest", "arguments": [...], "folder": ...}`, answers with a line
`{"code", "cpu_s", "megabytes"}`. The output of both kinds lies in the file `output` of the folder. A child that goes
beyond the limits here is killed by the kernel, so that a test that fails cannot take the machine with it.
"""

import json
import os
import resource
import sys

import openai  # noqa: F401
import pydantic  # noqa: F401
import pytest
import yaml  # type: ignore[import-untyped]  # noqa: F401

import harness.cli
import harness.cli.cassettes
import harness.cli.gate
import harness.pytest_plugin.gating
import harness.pytest_plugin.session
import harness.runs.inventory

_MOST_CPU_S = 20
_MOST_MEMORY = 3_000_000_000


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(order)
        _, status, used = os.wait4(child, 0)
        told = {"code": os.waitstatus_to_exitcode(status), "cpu_s": used.ru_utime + used.ru_stime}
        print(json.dumps(told | {"megabytes": used.ru_maxrss / 1000}), flush=True)


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
            code = int(pytest.main(["-p", "no:cacheprovider", *arguments]))
        else:
            code = harness.cli.run(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
