"""Consoles of other encodings: an escape where a character is missing, and never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_COMMANDS = {
    "compare": ["-m", "harness", "compare", "spaced", "tuned"],
    "show": ["-m", "harness", "runs", "show", "spaced"],
    "lint": ["-m", "harness", "suites", "lint", "suites/symbols"],
    "gate": ["-m", "harness", "gate", "--candidate", "tuned", "--baseline", "spaced"],
    "error": ["-m", "harness", "runs", "show", "没有这个"],
    "pytest": ["-m", "pytest", "-p", "no:cacheprovider", "--model=spaced", "suites/symbols/interior.jsonl"],
}


@pytest.mark.parametrize("encoding", ["gbk", "cp1252", "ascii", "utf-8"])
@pytest.mark.parametrize("name", _COMMANDS)
def test_no_command_dies_of_the_encoding(name: str, encoding: str, tmp_path: Path) -> None:
    command = [sys.executable, *_COMMANDS[name]]
    if name == "pytest":
        command.append(f"--report-dir={tmp_path}")
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode(encoding, "replace")
    assert done.returncode in (0, 1, 2, 3), said[-3000:]
    assert "UnicodeEncodeError" not in said
    assert "a bug of ours" not in said
