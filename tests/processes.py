"""Commands as processes of their own, without the seconds of processor time that their imports take.

`run("harness", "gate", ..., cwd=folder)` is `subprocess.run` of that command: a process with its own folder,
environment, input and output. It is forked from one that has imported what the commands import, one for each worker of
pytest; this file, run as a script, is that one. Windows cannot fork: there the command is started as usual. Tests of
the start itself (what is imported, the console's encoding) use `subprocess`.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import IO, Any, Literal, NoReturn

ROOT = Path(__file__).parents[1]
Program = Literal["harness", "pytest"]
FORKS = hasattr(os, "fork")


@dataclass
class Command:
    """A command that was started; `process` is its id."""

    arguments: Sequence[str]
    pid: int
    reply: socket.socket
    out: IO[bytes]
    error: IO[bytes] | None
    used: dict[str, float] = field(default_factory=dict)
    """When it has ended: `cpu_s`, and `megabytes` of memory beyond what it was forked with."""
    returncode: int | None = None
    _line: bytes = b""
    _said: tuple[str, str] = ("", "")

    def poll(self) -> int | None:
        """Its exit code, or None while it runs; a signal is negative, as with `subprocess`."""
        return self._end(0)

    def wait(self, timeout: float = 300) -> int:
        code = self._end(timeout)
        if code is None:
            self.kill()
            raise subprocess.TimeoutExpired(list(self.arguments), timeout, self.out_so_far())
        return code

    def communicate(self, timeout: float = 300) -> tuple[str, str]:
        """Both outputs, once it has ended."""
        self.wait(timeout)
        return self.out_so_far(), self._said[1]

    def out_so_far(self) -> str:
        return _read(self.out) if self.returncode is None else self._said[0]

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _end(self, timeout: float) -> int | None:
        deadline = time.monotonic() + timeout
        while self.returncode is None:
            if not select.select([self.reply], [], [], max(0.0, deadline - time.monotonic()))[0]:
                return None
            part = self.reply.recv(4096)
            assert part, "the process that forks has ended"
            self._line += part
            if self._line.endswith(b"\n"):
                ended = json.loads(self._line)
                self.returncode = int(ended.pop("code"))
                self.used = ended
                self.reply.close()
                self._said = (_read(self.out), "" if self.error is None else _read(self.error))
                for file in (self.out, self.error):
                    if file is not None:
                        file.close()
        return self.returncode


def _read(file: IO[bytes]) -> str:
    size = os.fstat(file.fileno()).st_size
    text = os.pread(file.fileno(), size, 0).decode("utf-8", "backslashreplace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def start(
    program: Program,
    *arguments: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    input: str = "",
    apart: bool = False,
    limited: bool = False,
) -> Command:
    """Start `harness ...` or `python -m pytest ...`; without `apart`, both outputs are in one.

    `limited`: the kernel ends it beyond some seconds of processor time and gigabytes of memory.
    """
    if not FORKS:
        import pytest

        pytest.skip("needs os.fork")
    out = tempfile.TemporaryFile()  # noqa: SIM115  (closed when it was read)
    error = tempfile.TemporaryFile() if apart else None  # noqa: SIM115
    order = {
        "program": program,
        "arguments": arguments,
        "cwd": str(cwd),
        "env": dict(os.environ if env is None else env),
        "limited": limited,
    }
    with tempfile.TemporaryFile() as given:
        given.write(input.encode("utf-8", "surrogatepass"))
        given.seek(0)
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(_forking())
        socket.send_fds(connection, [b"!"], [given.fileno(), out.fileno(), (error or out).fileno()])
        connection.sendall(json.dumps(order).encode())
        connection.shutdown(socket.SHUT_WR)
        line = b""
        while not line.endswith(b"\n"):
            part = connection.recv(1)
            assert part, "the process that forks has ended"
            line += part
    return Command((program, *arguments), int(line), connection, out, error)


def run(
    program: Program,
    *arguments: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    input: str = "",
    apart: bool = True,
    timeout: float = 300,
) -> subprocess.CompletedProcess[str]:
    """Run it to its end; `stdout` and `stderr`, or with `apart=False` both in `stdout`."""
    if not FORKS:
        return subprocess.run(
            [sys.executable, "-m", program, *arguments],
            cwd=cwd,
            env=env,
            input=input,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if apart else subprocess.STDOUT,
            encoding="utf-8",
            errors="backslashreplace",
            timeout=timeout,
            check=False,
        )
    command = start(program, *arguments, cwd=cwd, env=env, input=input, apart=apart)
    out, error = command.communicate(timeout)
    assert command.returncode is not None
    return subprocess.CompletedProcess(list(command.arguments), command.returncode, out, error)


@cache
def _forking() -> str:
    """Where the process listens that forks; it ends with this one."""
    folder = tempfile.mkdtemp(prefix="commands-")  # a socket's path may have a hundred characters
    address = f"{folder}/socket"
    process = subprocess.Popen(
        [sys.executable, __file__, address], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def end() -> None:
        process.communicate()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    assert process.stdout.readline() == b"listening\n"
    return address


_STUB = """#!{python} -IS
import json, os, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect({address!r})
socket.send_fds(connection, [b"!"], [0, 1, 2])
order = {{"program": {program!r}, "arguments": sys.argv[1:], "cwd": os.getcwd(), "env": dict(os.environ)}}
connection.sendall(json.dumps(order).encode())
connection.shutdown(socket.SHUT_WR)
_, ended = connection.makefile().readlines()
code = json.loads(ended)["code"]
sys.exit(code if code >= 0 else 128 - code)
"""


def write_stubs(folder: Path) -> None:
    """Files that a shell runs in the place of the commands, when `folder` comes first in its PATH."""
    folder.mkdir(exist_ok=True)
    for program in ("harness", "pytest") if FORKS else ():
        path = folder / program
        path.write_text(_STUB.format(python=sys.executable, address=_forking(), program=program))
        path.chmod(0o755)


# The process that forks.

_MOST_CPU_S = 20
_MOST_MEMORY = 3_000_000_000
_LIBRARIES = (
    *("aiolimiter", "filelock", "httpx", "hypothesis", "jinja2", "jsonschema", "numpy", "openai", "pydantic"),
    *("pytest", "re2", "rich.console", "rich.table", "scipy.special", "scipy.stats", "vcr", "xdist.dsession", "yaml"),
)


def main() -> None:
    """Fork a child for each order that comes, until standard input ends."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(64)
    print("listening", flush=True)
    shared = _preload()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait
    while True:
        ready, _, _ = select.select([listener.fileno(), 0], [], [])
        if 0 in ready:
            return
        connection, _ = listener.accept()
        with connection:
            if os.fork() == 0:
                listener.close()
                _watch(connection, shared)


def _preload() -> float:
    """Import once what every child would import for itself; the megabytes that this takes and no child does."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a process with threads should not fork
    before = _resident()
    import harness

    ours = [one.name for one in pkgutil.walk_packages(harness.__path__, "harness.") if "__main__" not in one.name]
    plugins = [one.module for one in entry_points(group="pytest11")]
    for name in [*plugins, *ours, *_LIBRARIES]:
        try:
            importlib.import_module(name)
        except ImportError:  # of an extra that is not installed
            continue
    gc.collect()
    gc.freeze()  # a collection in a child would copy all that they share
    return _resident() - before


def _resident() -> float:
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) / 1000
    except OSError:
        return 0.0


def _watch(connection: socket.socket, shared: float) -> NoReturn:
    """Fork the command, say its process id, and when it has ended how."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _, files, _, _ = socket.recv_fds(connection, 1, 3)
        order = json.loads(b"".join(iter(lambda: connection.recv(65536), b"")))
        child = os.fork()
        if child == 0:
            connection.close()
            _become(order, files)
        for file in files:
            os.close(file)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        connection.sendall(f"{child}\n".encode())
        _, status, used = os.wait4(child, 0)
        ended = {"code": os.waitstatus_to_exitcode(status), "cpu_s": used.ru_utime + used.ru_stime}
        connection.sendall(json.dumps(ended | {"megabytes": used.ru_maxrss / 1000 - shared}).encode() + b"\n")
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _become(order: dict[str, Any], files: list[int]) -> NoReturn:
    """Be the command of an order, from the folder to the exit code."""
    code = 1
    try:
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["env"])
        if order.get("limited"):
            import resource

            resource.setrlimit(resource.RLIMIT_CPU, (_MOST_CPU_S, _MOST_CPU_S))
            resource.setrlimit(resource.RLIMIT_DATA, (_MOST_MEMORY, _MOST_MEMORY))
        _open_streams()
        sys.argv = [order["program"], *order["arguments"]]
        sys.path[0:0] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
        try:
            code = _MAINS[order["program"]](order)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else ended.code is not None
        except BaseException:
            traceback.print_exc()
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                code = code or 120
        os._exit(int(code))


def _open_streams() -> None:
    """Those of the process that forks know what kind of file theirs was."""
    encoding, _, errors = os.environ.get("PYTHONIOENCODING", "").partition(":")
    encoding = encoding or sys.stdout.encoding
    errors = errors or "strict"
    sys.stdin, sys.stdout, sys.stderr = (
        open(0, encoding=encoding, errors=errors, closefd=False),  # noqa: SIM115
        open(1, "w", encoding=encoding, errors=errors, closefd=False),  # noqa: SIM115
        open(2, "w", 1, encoding=encoding, errors="backslashreplace", closefd=False),  # noqa: SIM115
    )


def _harness(order: dict[str, Any]) -> int:
    from harness.cli import main as run_harness

    run_harness()
    return 0


def _pytest(order: dict[str, Any]) -> int:
    """As `python -m pytest`; its plugins are imported already, and a worker that it starts lacks that of LangSmith."""
    import pytest

    sys.path.insert(0, order["cwd"])
    quiet = "-W ignore::pytest.PytestAssertRewriteWarning -p no:langsmith_plugin"
    os.environ["PYTEST_ADDOPTS"] = f"{quiet} {os.environ.get('PYTEST_ADDOPTS', '')}"
    return int(pytest.console_main())


_MAINS = {"harness": _harness, "pytest": _pytest}

if __name__ == "__main__":
    sys.path[0:1] = []  # not the folder of the tests
    main()
