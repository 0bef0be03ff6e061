"""The embedded llama.cpp server, as a process of its own, so that a crash or Ctrl-C leaves nothing behind.

The child exits when its standard input closes, which the operating system does even if the parent is killed.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from harness.records.errors import ConfigError, EndpointError


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What the server is started with. `threads` 0 means one per core, at most 8."""

    weights: str
    adapters: tuple[str, ...]
    alias: str
    context_length: int
    host: str = "127.0.0.1"
    port: int = 0
    parallel: int = 1
    threads: int = 0


class LocalServer:
    """A running server; use it as a context manager, or call `stop`."""

    def __init__(self, settings: ServerSettings, log: Path | None = None) -> None:
        import importlib.util

        if importlib.util.find_spec("xllamacpp") is None:
            raise ConfigError(
                'models of kind "local" need the extra "local"; run: pip install "pytest-verbatim[local]" '
                "(in a checkout: pip install -e '.[local]')"
            )
        with contextlib.ExitStack() as stack:
            errors = stack.enter_context(log.open("ab")) if log else subprocess.DEVNULL
            self._process = subprocess.Popen(
                [sys.executable, "-m", "harness.endpoints.local_server", json.dumps(asdict(settings))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C reaches the parent alone, which then stops the server
            )
        ready = self._read_ready()
        self.base_url: str = ready["base_url"]
        self.runtime: str = ready["runtime"]

    def _read_ready(self) -> dict[str, str]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(b'{"base_url"'):
                ready: dict[str, str] = json.loads(line)
                return ready
            if line.startswith(b'{"error"'):
                self.stop()
                raise EndpointError(f"the local server did not start: {json.loads(line)['error']}")
        code = self._process.wait()
        raise EndpointError(f"the local server did not start (exit code {code}); run: harness models check")

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the server; harmless if it has ended already."""
        process = self._process
        if process.stdin:
            with contextlib.suppress(OSError):
                process.stdin.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def serve(settings: ServerSettings) -> tuple[object, str, str]:
    """Start the server inside this process.

    Returns:
        The server (it lives as long as the object), its base URL for openai clients, and the runtime's name.
    """
    import os
    from importlib.metadata import version

    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = settings.weights
    params.model_alias = {settings.alias}
    params.hostnames = [settings.host]
    params.port = settings.port
    params.n_parallel = settings.parallel
    params.n_ctx = settings.context_length * settings.parallel
    # with the prompt cache on, one prompt in five gave two different answers at temperature 0
    params.cache_prompt = False
    params.warmup = False
    params.ui = False
    params.verbosity = 0
    threads = settings.threads or min(os.cpu_count() or 1, 8)
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(path, 1.0) for path in settings.adapters]
    server = xllamacpp.Server(params)
    return server, f"{server.listening_address}/v1", f"xllamacpp {version('xllamacpp')}"


def settings_from(arguments: Sequence[str]) -> ServerSettings:
    """Settings from the one JSON argument of the child process."""
    fields = json.loads(arguments[0])
    return ServerSettings(**{**fields, "adapters": tuple(fields["adapters"])})


def _main() -> None:
    try:
        server, base_url, runtime = serve(settings_from(sys.argv[1:]))
    except Exception as error:
        sys.stdout.write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")
        sys.stdout.flush()
        sys.exit(1)
    sys.stdout.write(json.dumps({"base_url": base_url, "runtime": runtime}) + "\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()  # until the parent closes it or dies
    del server
    import os

    os._exit(0)  # the server's own threads would hold the process up for seconds


if __name__ == "__main__":
    _main()
