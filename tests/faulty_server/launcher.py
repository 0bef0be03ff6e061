"""Starts recording runs at once: a process that has imported everything forks a child for each run.

Reads a line for each run to start and writes the child's process id; the child runs `pytest` in the project's folder,
with its output in the file `output`. Ends with its standard input, and its children are its own to bury.
"""

import os
import signal
import sys

import aiolimiter  # noqa: F401
import httpx2  # noqa: F401
import openai  # noqa: F401
import pytest


def main() -> None:
    folder = sys.argv[1]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for options in sys.stdin:
        child = os.fork()
        if child == 0:
            os.chdir(folder)
            output = os.open("output", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os._exit(int(pytest.main(["--model=m", "-p", "no:cacheprovider", *options.split()])))
        print(child, flush=True)


if __name__ == "__main__":
    main()
