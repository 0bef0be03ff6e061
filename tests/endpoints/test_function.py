"""A Python function in the place of an endpoint."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from harness.endpoints.callable import FunctionEndpoint, OutputsFile
from harness.endpoints.parse import Answer
from harness.errors import ConfigError

SOURCE = """
import asyncio, sys, time

def leave(body):
    sys.exit(3)

async def leave_async(body):
    sys.exit(3)

def echo(body):
    return body["messages"][-1]["content"]

async def echo_async(body):
    return echo(body)

def hang(body):
    time.sleep(60)

def fail(body):
    raise KeyError("sk-secret")

def stop(body):
    raise StopIteration

def half(body):
    return "a\\ud83d"

def number(body):
    return 5
"""
BODY = {"model": "m", "messages": [{"role": "user", "content": "水吧台/岛台"}]}


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "functions_under_test.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def ask(folder: Path, name: str) -> Answer:
    endpoint = FunctionEndpoint(f"functions_under_test:{name}", folder, "m", timeout_s=0.3)
    return asyncio.run(endpoint.ask(BODY))


@pytest.mark.parametrize("name", ["echo", "echo_async"])
def test_the_text_of_a_function_is_recorded_as_a_completion(name: str, module: Path) -> None:
    answer = ask(module, name)
    assert answer.completion.text == "水吧台/岛台"
    assert answer.exchange is not None
    assert (answer.exchange.status, answer.requests) == (200, 1)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fail", "function_raised_KeyError"),
        ("stop", "function_raised_RuntimeError"),
        ("leave", "function_raised_SystemExit"),
        ("leave_async", "function_raised_SystemExit"),
        ("half", "invalid_unicode"),
        ("hang", "timeout"),
    ],
)
def test_what_is_no_answer_is_unusable_and_not_recorded(name: str, reason: str, module: Path) -> None:
    started = time.monotonic()
    answer = ask(module, name)
    assert (answer.completion.unusable, answer.exchange) == (reason, None)
    assert time.monotonic() - started < 20, "nobody waits for a function that hangs"


def test_a_function_that_returns_no_text_is_told(module: Path) -> None:
    with pytest.raises(ConfigError, match="functions_under_test:number returned int; accepted: str"):
        ask(module, "number")


@pytest.mark.parametrize("source", ["raise ValueError('no licence')", "import sys; sys.exit('no licence')"])
def test_a_module_that_fails_on_import_is_told(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"failing_{abs(hash(source))}"
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=r"model m: function: .* cannot be imported: (Value|System).*: no licence"):
        FunctionEndpoint(f"{name}:answer", tmp_path, "m")


# Answers that lie in a file already.


def written(folder: Path, *lines: object) -> Path:
    path = folder / "o.jsonl"
    path.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return path


def test_an_answer_is_found_by_suite_and_case_before_case_alone(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {"id": "c-1", "output": "of any suite"},
        "",
        {"id": "s/c-1", "output": "of this suite"},
        {"id": "c-1", "output": "again", "sample": 1, "note": {"kept": "by the user"}},
    )
    outputs = OutputsFile(path, "m")
    texts = [outputs.get(*place) for place in (("s", "c-1", 0), ("t", "c-1", 0), ("s", "c-1", 1))]
    assert [found.text for found in texts if found] == ["of this suite", "of any suite", "again"]
    assert outputs.get("s", "c-2", 0) is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"o\.jsonl:2: not JSON: .*; accepted: \{"),
        ("[" * 100_000, r"o\.jsonl:2: nested too deeply"),
        ("[]", r"o\.jsonl:2: found \[\]; accepted: "),
        ({"id": 5, "output": "x"}, r"o\.jsonl:2: found "),
        ({"id": "c", "output": None}, r"o\.jsonl:2: found "),
        ({"id": "c", "output": "x", "sample": "1"}, r"o\.jsonl:2: found "),
        ('{"id": "c", "output": "x", "output": "y"}', r"o\.jsonl:2: 'output': is twice in one object"),
        ('{"id": "c", "output": "x", "cost": NaN}', r"o\.jsonl:2: NaN is not JSON"),
        ('{"id": "c", "output": "\\ud800"}', r"o\.jsonl:2: holds a lone surrogate"),
        ({"id": "c-1", "output": "y"}, r"o\.jsonl:2: id 'c-1', sample 0 is in the file twice; keep one"),
    ],
)
def test_a_line_that_is_no_answer_is_told_with_its_place(line: object, message: str, tmp_path: Path) -> None:
    path = written(tmp_path, {"id": "c-1", "output": "x"}, line)
    with pytest.raises(ConfigError, match=message):
        OutputsFile(path, "m")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    message = r"gone\.jsonl: cannot be read: No such file or directory; outputs of model m; accepted: "
    with pytest.raises(ConfigError, match=message):
        OutputsFile(tmp_path / "gone.jsonl", "m")
