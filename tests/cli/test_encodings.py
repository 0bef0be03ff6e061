"""Consoles of other encodings: an escape where a character is missing, and never a traceback."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import COMMANDS
from tests import processes

ROOT = Path(__file__).parents[2]
ENCODINGS = ["gbk", "cp1252", "ascii", "utf-16", "utf-8"]
CALLS = [
    ["compare", "spaced", "tuned"],
    ["compare", "spaced", "tuned", "--markdown", "--lang", "zh"],
    ["compare", "spaced", "tuned", "qwen"],
    ["runs", "list"],
    ["run", "--help"],
    ["show", "symbols/interior-003", "--models", "spaced,tuned", "--lang", "zh"],
    ["runs", "show", "spaced"],
    ["runs", "show", "spaced", "--json"],
    ["runs", "verify", "spaced"],
    ["runs", "baseline"],
    ["runs", "prune", "--keep", "0"],
    ["runs", "prune", "没有", "--keep", "0"],
    ["runs", "compact", "没有"],
    ["runs", "schema"],
    ["runs", "show", "没有这个"],
    ["gate", "--candidate", "tuned", "--baseline", "spaced"],
    ["gate", "--candidate", "tuned", "--baseline", "spaced", "--markdown"],
    ["drift", "--model", "tuned"],
    ["report", "spaced", "--markdown", "--lang", "zh"],
    ["report", "spaced", "--csv"],
    ["report", "spaced", "--json"],
    ["suites", "lint", "suites/symbols"],
    ["suites", "schema"],
    ["cassettes", "status", "spaced"],
    ["cassettes", "verify", "没有.jsonl"],
    ["models", "list"],
    ["dataset", "recipe", "--samples", "500"],
    ["dataset", "validate", "没有.jsonl"],
    ["check", "{log}", "--text"],
    ["check", "{log}"],
    ["repair", "{log}"],
    ["score", "{log}", "--out", "{out}", "--workers", "1"],
    ["hunt", "没有"],
    ["init", "--help"],
    ["proxy", "--help"],
    ["train", "--help"],
    ["config", "schema"],
    ["bundle", "symbols/interior-003", "--model", "spaced", "--out", "{zip}"],
    ["finetune", "没有"],
    ["publish-没有"],
]
"""At least one call of every command, with text beyond ASCII in what it prints where it has any."""
DRIVER = """
import json, sys
import harness.cli
for stream in (sys.stdout, sys.stderr):
    stream.reconfigure(errors="backslashreplace")  # as `harness.cli.main` does
codes = []
for call in json.load(open(sys.argv[1], encoding="utf-8")):
    codes.append(harness.cli.run(call))
    sys.stdout.flush()
json.dump(codes, open(sys.argv[2], "w"))
"""


pytestmark = pytest.mark.xdist_group("encodings")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file of the shipped cases, its shipped answers of three versions, and a record of each.

    Whether what is printed can be printed does not depend on how many cases a run has.
    """
    folder = tmp_path_factory.mktemp("project")
    models = {"spaced": "v1", "tuned": "v2", "qwen": "v1"}
    files = ["suites/symbols/suite.toml", "suites/symbols/interior.jsonl", "adapters/qwen-spaced.gguf"]
    files += ["adapters/qwen-cure-v2.gguf"]
    files += [f"cassettes/{model}@{version}/symbols.jsonl" for model, version in models.items()]
    files += [path.relative_to(ROOT).as_posix() for path in (ROOT / "suites" / "training").glob("*.jsonl")]
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    core = (ROOT / "suites" / "core.cases").read_text("utf-8").splitlines()
    asked = "\n".join(one for one in core if one.startswith("symbols/interior-"))
    (folder / "suites" / "core.cases").write_text(asked, "utf-8")
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    begin, end = settings.index("[tool.harness.models."), settings.index("[tool.importlinter]")
    (folder / "pyproject.toml").write_text(settings[begin:end], "utf-8")
    done = processes.run("pytest", "-q", "-p", "no:cacheprovider", f"--model={','.join(models)}", cwd=folder)
    assert done.returncode == 1, done.stdout[-3000:]
    assert len(list(folder.glob("reports/*@v*/*.json"))) == len(models)
    return folder


def test_every_command_is_called() -> None:
    assert {call[0] for call in CALLS} >= set(COMMANDS)


@pytest.mark.parametrize(
    ("encoding", "to"), [*((name, "a pipe") for name in ENCODINGS), ("gbk", "a file"), ("gbk", "a terminal")]
)
def test_no_command_dies_of_the_encoding(encoding: str, to: str, project: Path, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(
        '{"source": "通道 CH-2 给水吧", "output": "通道 CH - 2 给水吧\u200b"}\n', "utf-8"
    )
    places = {"{log}": str(tmp_path / "log.jsonl"), "{out}": str(tmp_path / "out"), "{zip}": str(tmp_path / "b.zip")}
    calls = [[places.get(word, word) for word in call] for call in CALLS]
    (tmp_path / "calls.json").write_text(json.dumps(calls))
    command = [sys.executable, "-c", DRIVER, str(tmp_path / "calls.json"), str(tmp_path / "codes.json")]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "HARNESS_CACHE": str(tmp_path)}
    said = said_by(command, project, environment, to, tmp_path / "said").decode(encoding, "replace")
    codes = json.loads((tmp_path / "codes.json").read_text())
    assert [(call, code) for call, code in zip(CALLS, codes, strict=True) if code not in (0, 1, 2, 3)] == []
    assert codes.count(3) == 9, codes  # what is misspelt on purpose, and nothing that is missing from this project
    assert "UnicodeEncodeError" not in said
    assert "Traceback" not in said, said[said.find("Traceback") - 500 :][:3000]
    assert "a bug of ours" not in said


def said_by(command: list[str], folder: Path, environment: dict[str, str], to: str, path: Path) -> bytes:
    """What a command says to a pipe, a file, or a terminal of its own."""
    if to == "a pipe":
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
        return done.stdout + done.stderr
    if to == "a file":
        with path.open("wb") as file:
            subprocess.run(command, cwd=folder, env=environment, stdout=file, stderr=file, check=False)
        return path.read_bytes()
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:  # how a terminal ends on Linux
            pass
        os.close(ours)
        process.wait()
    return b"".join(parts)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_pytest_does_not_die_of_the_encoding(encoding: str, project: Path, tmp_path: Path) -> None:
    options = ("-p", "no:cacheprovider", "--model=spaced", f"--report-dir={tmp_path}")
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = processes.run("pytest", *options, "suites/symbols/interior.jsonl", cwd=project, env=environment)
    said = (done.stdout + done.stderr).replace("\\x00", "").replace("\0", "")
    assert done.returncode in (0, 1), said[-3000:]
    assert "UnicodeEncodeError" not in said
    assert "INTERNALERROR" not in said
