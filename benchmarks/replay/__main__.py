"""Print the ratio of a replay to pytest with as many empty items, same plugins, same machine, same minute.

    python -m benchmarks.replay [--cases 10000] [--rounds 3]

The cases and answers are made up here, and go into a temporary folder: this measures the harness, not a model. The
empty run collects items that do nothing from a file of as many lines. Both runs are whole processes; the best of the
rounds counts, and processor seconds (user + system) are printed beside the wall clock, since
a busy machine distorts them less.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness.config import ModelConfig
from harness.recording import Recorder
from harness.records.answer import Exchange
from harness.records.case import Case
from harness.runs.requests import body_for
from harness.suite import load_suite

ROOT = Path(__file__).parent.parent.parent
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:langsmith_plugin")
"""Without a plugin that the tests of this repository bring, and no user: it takes as long to import as all else."""
_EMPTY = """
import pytest

class EmptyItem(pytest.Item):
    def runtest(self):
        pass
    def reportinfo(self):
        return self.path, 0, self.name

class EmptyFile(pytest.File):
    def collect(self):
        with self.path.open() as lines:
            for number, _ in enumerate(lines):
                yield EmptyItem.from_parent(self, name=f"case-{number}[fake]")

def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".empty":
        return EmptyFile.from_parent(parent, path=file_path)
"""


def make_project(folder: Path, number: int) -> None:
    """A suite of `number` cases, a cassette with an answer to each, and an empty file of as many lines."""
    (folder / "pyproject.toml").write_text('[tool.harness.models.fake]\nbase_url = "http://127.0.0.1:9/v1"\n')
    suite = folder / "suites" / "made"
    suite.mkdir(parents=True)
    (suite / "suite.toml").write_text('title = "Made for a benchmark"\n')
    with (suite / "cases.jsonl").open("w", encoding="utf-8") as out:
        for index in range(number):
            target = f"Sikalastic-{index}" if index % 2 else f"水吧台{index}/岛台区域"
            case = {
                "id": f"case-{index}",
                "domain": f"domain-{index % 20}",
                "language": "zh" if index % 2 == 0 else "en",
                "task": "copy",
                "prompt": f"Order {index}: please repeat {target} in one sentence.",
                "targets": [target],
            }
            out.write(json.dumps(case, ensure_ascii=False) + "\n")
    record(folder, load_suite(suite))
    empty = folder / "empty"
    empty.mkdir()
    (empty / "conftest.py").write_text(_EMPTY)
    (empty / "cases.empty").write_text("x\n" * number)


def record(folder: Path, cases: list[Case]) -> None:
    """An answer to each case, in the form in which a real one is kept."""
    model = ModelConfig(name="fake", base_url="http://127.0.0.1:9/v1")
    recorder = Recorder(folder / "cassettes" / model.label / "made.jsonl")
    for case in cases:
        text = f"Here it is: {case.targets[0]} as you asked, and nothing else was changed in it."
        content = {
            "object": "chat.completion",
            "model": "fake",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 20, "completion_tokens": 20, "total_tokens": 40},
        }
        exchange = Exchange(
            uri="http://127.0.0.1:9/v1/chat/completions",
            request_headers=(("content-type", "application/json"),),
            request_body=json.dumps(body_for(case, model), ensure_ascii=False).encode(),
            status=200,
            response_headers=(("content-type", "application/json"),),
            response_body=json.dumps(content, ensure_ascii=False).encode(),
            latency_s=0.1,
            first_token_s=None,
            recorded_at="2026-01-01T00:00:00Z",
        )
        recorder.append(exchange, sample=0, model="fake", runtime=None)
    recorder.close()


def environment(kept: Path) -> dict[str, str]:
    """Of a measured process: its modules are compiled once, into `kept`, as they are on the machine of a user.

    A shell that sets PYTHONDONTWRITEBYTECODE compiles all of them at each start: two seconds that are nobody's work.
    """
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**own, "PYTHONPYCACHEPREFIX": str(kept), "PYTHONPATH": str(ROOT)}


def timed(folder: Path, *arguments: str) -> tuple[float, float]:
    """Wall and processor seconds of one run of pytest in a made project."""
    command = [sys.executable, *PYTEST, *arguments]
    before = os.times()
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, env=environment(folder / "compiled"))
    wall = time.perf_counter() - started
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_project(folder, options.cases)
        for arguments in ("empty", "--collect-only"), ("--model=fake", "-k", "case-1"):
            timed(folder, *arguments)  # modules are compiled now
        empty, replay = [], []
        for _ in range(options.rounds):
            empty.append(timed(folder, "empty"))
            replay.append(timed(folder, "--model=fake"))
    for label, column in (("wall clock", 0), ("processor", 1)):
        base, ours = min(row[column] for row in empty), min(row[column] for row in replay)
        print(
            f"{label:<10}  {options.cases} cases: empty items {base:6.2f} s, replay {ours:6.2f} s, "
            f"ratio {ours / base:.2f}, difference {ours - base:+.2f} s"
        )


if __name__ == "__main__":
    main()
