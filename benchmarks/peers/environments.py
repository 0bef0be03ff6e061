"""An environment for each tool, in a cache folder outside the project; made once, and kept.

    HARNESS_CACHE/peers/<tool>-<version>      (by default under the user's cache folder)

Nothing is ever installed into the project's own environment. To make one again, delete its folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from harness.files import cache_folder

NODE = "22.23.3"
"""promptfoo wants 22.22 or newer; the npm package `node` carries the program itself."""
OPENAI = "openai==3.51.0"
_READY = "benchmark-ready.json"


class CannotBeMadeError(Exception):
    """Why a tool cannot be installed here, in one line."""


def python_environment(tool: str, version: str, packages: tuple[str, ...]) -> Path:
    """The python of an environment that holds the tool and the packages, at their pinned versions."""
    folder = cache_folder() / "peers" / f"{tool}-{version}"
    python = folder / "bin" / "python"
    wanted = [f"{tool}=={version}", *packages]
    if _is_ready(folder, wanted):
        return python
    uv = shutil.which("uv")
    if uv:
        _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)])
        _run([uv, "pip", "install", "--quiet", "--python", str(python), *wanted])
    else:
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted])
    _set_ready(folder, wanted)
    return python


def node_environment(tool: str, version: str) -> tuple[Path, Path]:
    """Node itself and the folder of a tool's programs."""
    node_folder = cache_folder() / "peers" / f"node-{NODE}"
    folder = cache_folder() / "peers" / f"{tool}-{version}"
    node = node_folder / "node_modules" / "node" / "bin" / "node"
    if shutil.which("npm") is None:
        raise CannotBeMadeError("npm is not on this machine")
    for place, package in ((node_folder, f"node@{NODE}"), (folder, f"{tool}@{version}")):
        if not _is_ready(place, [package]):
            place.mkdir(parents=True, exist_ok=True)
            # parts of the tool are compiled for the node that installs it, so it must be the one that runs it
            path = {"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"} if place == folder else {}
            _run(
                ["npm", "install", "--prefix", str(place), "--no-audit", "--no-fund", "--loglevel=error", package], path
            )
            _set_ready(place, [package])
    return node, folder / "node_modules"


def _run(command: list[str], more: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **(more or {})})
    if done.returncode != 0:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise CannotBeMadeError(f"{Path(command[0]).name} failed: {last}")


def _is_ready(folder: Path, wanted: list[str]) -> bool:
    mark = folder / _READY
    return mark.is_file() and json.loads(mark.read_text()) == wanted


def _set_ready(folder: Path, wanted: list[str]) -> None:
    (folder / _READY).write_text(json.dumps(wanted))
