"""`harness cassettes`, on a small project with real recordings of a test server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness import cli
from harness.config import load, model
from harness.errors import ConfigError
from harness.recording import Recorder
from harness.runs.requests import body_for
from harness.suite import load_suite
from tests.factory import exchange

PYPROJECT = """
[tool.harness.models.m]
version = "v1"
base_url = "http://127.0.0.1:9/v1"
api_key_env = "CANARY_KEY"
[tool.harness.models.derived]
version = "v1"
base = "m"
repair = "restore"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two models, three cases, and an answer of `m` to the first two."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CANARY_KEY", "topsecretkey1")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    suite = tmp_path / "suites" / "s"
    suite.mkdir(parents=True)
    (suite / "suite.toml").write_text('title = "s"\n[defaults]\ndomain = "d"\nlanguage = "en"\ntask = "copy"\n')
    cases = [{"id": f"c-{n}", "prompt": f"{n} Repeat: A-{n}", "targets": [f"A-{n}"]} for n in range(3)]
    (suite / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    record(tmp_path, 0)
    record(tmp_path, 1)
    return tmp_path


def record(project: Path, number: int, *, prompt: str | None = None, answer: str = "ok", day: int = 1) -> None:
    case = load_suite(project / "suites" / "s")[number]
    body = body_for(case, model(load(project), "m"))
    if prompt is not None:
        body["messages"] = [{"role": "user", "content": prompt}]
    made = exchange(
        request_body=json.dumps(body).encode(),
        response_body=json.dumps({"choices": [{"message": {"content": answer}}]}).encode(),
        recorded_at=f"2026-01-0{day}T10:00:00Z",
    )
    recorder = Recorder(cassette(project))
    recorder.append(made, sample=0, model="m-2026", runtime="r 1")
    recorder.close()


def cassette(project: Path) -> Path:
    return project / "cassettes" / "m@v1" / "s.jsonl"


def harness(*arguments: str) -> Result:
    result = CliRunner().invoke(cli.harness, ["cassettes", *arguments], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def status(name: str) -> dict[str, Any]:
    (line,) = harness("status", name, "--json").stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def test_status_counts_what_is_recorded_missing_and_unused(project: Path) -> None:
    record(project, 0, prompt="an older wording", day=3)
    record(project, 1, answer="newer", day=2)
    found = status("m")
    assert (found["recorded"], found["missing"], found["unused"], found["superseded"]) == (3, 1, 1, 1)
    assert (found["oldest"], found["newest"]) == ("2026-01-01T10:00:00Z", "2026-01-03T10:00:00Z")
    assert (found["resolved_models"], found["runtimes"]) == (["m-2026"], ["r 1"])
    result = harness("status", "m")
    assert result.return_value == 1
    assert "run: pytest --model=m --cassette-mode=record" in result.stdout


def test_a_derived_model_misses_only_what_its_base_has_not(project: Path) -> None:
    found = status("derived")
    assert (found["recorded"], found["missing"]) == (0, 1)


def test_what_verify_finds_is_said_in_the_language_of_the_screen(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(project, 1)
    cassette(project).write_text("<<<<<<< HEAD\n" + cassette(project).read_text("utf-8"), "utf-8")
    assert cli.run(["cassettes", "verify", "--lang", "zh"]) == 1
    captured = capsys.readouterr()
    assert "留有合并冲突；请保留双方的全部行" in captured.out
    assert captured.err == "1 个录制文件，1 个问题\n"


def test_status_of_a_model_that_is_none_names_those_that_are(project: Path) -> None:
    with pytest.raises(Exception, match="'derivd': no such model"):
        harness("status", "derivd")


def test_prune_takes_out_what_nobody_asks_for_and_keeps_the_rest_byte_for_byte(project: Path) -> None:
    before = cassette(project).read_bytes()
    record(project, 0, prompt="an older wording")
    assert "took out 1 lines" in harness("prune", "--delete").stdout
    assert cassette(project).read_bytes() == before


@pytest.mark.parametrize("words", [(), ("--dry-run",), ("m",), ("m@v1", "--json")])
def test_prune_without_delete_only_says_what_would_go(words: tuple[str, ...], project: Path) -> None:
    """Answers cost money and cannot be had again: one word typed without thought may not take them."""
    record(project, 0, prompt="an older wording")
    before = cassette(project).read_bytes()
    result = harness("prune", *words)
    assert result.return_value == 0
    assert "would take out 1 lines" in result.stdout or '"lines": 1, "dry_run": true' in result.stdout
    assert "nothing was taken out; the same with --delete does it" in result.stderr
    assert cassette(project).read_bytes() == before


def test_prune_cannot_delete_and_not_delete(project: Path) -> None:
    record(project, 0, prompt="an older wording")
    before = cassette(project).read_bytes()
    with pytest.raises(ConfigError, match="--dry-run"):
        harness("prune", "--delete", "--dry-run")
    assert cassette(project).read_bytes() == before


def test_prune_touches_nothing_that_it_cannot_read(project: Path) -> None:
    cassette(project).write_bytes(b'{"key": broken}\n' + cassette(project).read_bytes())
    before = cassette(project).read_bytes()
    with pytest.raises(Exception, match=r"s\.jsonl:1: .*; nothing was taken out of it"):
        harness("prune", "--delete")
    assert cassette(project).read_bytes() == before


def test_prune_keeps_versions_that_are_no_longer_configured_unless_they_are_named(project: Path) -> None:
    old = project / "cassettes" / "m@v0"
    cassette(project).parent.rename(old)
    harness("prune", "--delete")
    assert (old / "s.jsonl").read_bytes().count(b"\n") == 2
    harness("prune", "m@v0", "--delete")
    assert (old / "s.jsonl").read_bytes() == b""


def test_verify_is_quiet_about_sound_cassettes(project: Path) -> None:
    result = harness("verify")
    assert (result.return_value, result.stdout) == (0, "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("topsecretkey1", "holds the value of a key of this environment"),
        ("sk-proj-abcdefghij0123456789ABCD", "holds what looks like a secret (OpenAI-style key)"),
    ],
)
def test_verify_fails_on_an_old_cassette_with_a_secret_and_does_not_show_it(
    text: str, words: str, project: Path
) -> None:
    cassette(project).write_text(cassette(project).read_text().replace("ok", text))
    result = harness("verify")
    assert result.return_value == 1
    assert f"cassettes/m@v1/s.jsonl:1: {words}" in result.stdout
    assert text not in result.output


def test_verify_names_every_bad_line(project: Path) -> None:
    with cassette(project).open("a") as file:
        file.write('{"a": 1}\n[[\n{"key":"0')
    result = harness("verify", str(cassette(project)))
    assert result.return_value == 1
    assert [line.split(":")[1] for line in result.stdout.splitlines()] == ["3", "4", "5"]


def test_of_many_problems_alike_some_are_shown_and_none_hides_another_kind(project: Path) -> None:
    secret = cassette(project).read_text().replace("ok", "topsecretkey1")
    cassette(project).write_text('{"a": 1}\n' * 200 + secret)
    result = harness("verify", str(cassette(project)))
    lines = result.stdout.splitlines()
    assert (len([line for line in lines if "not an interaction" in line]), result.return_value) == (50, 1)
    assert "\n150 further problems of the same kinds; all of them: --json\n" in result.stdout
    assert any("holds the value of a key" in line for line in lines)
    assert len(harness("verify", "--json", str(cassette(project))).stdout.splitlines()) == 204
    assert len(status("m")["problems"]) >= 200
    assert harness("status", "m").stdout.count("not an interaction") == 50


def test_of_many_cassettes_with_the_same_problem_some_are_shown(project: Path) -> None:
    for number in range(520):
        (cassette(project).parent / f"c{number}.jsonl").write_text('{"a": 1}\n')
    for command in ("verify", "status"):
        lines = harness(command).stdout.splitlines()
        assert len([line for line in lines if "not an interaction" in line]) == 500
        assert "20 further problems of the same kinds; all of them: --json" in lines


def test_a_stock_cassette_is_imported_once(project: Path) -> None:
    first = json.loads(cassette(project).read_text().splitlines()[0])
    stock = {"version": 1, "interactions": [{"request": first["request"], "response": first["response"]}]}
    (project / "stock.json").write_text(json.dumps(stock))
    cassette(project).unlink()
    arguments = ("import", "stock.json", "--model=m", "--suite=s")
    assert "1 imported, 0 skipped" in harness(*arguments).stdout
    assert "0 imported, 1 skipped" in harness(*arguments).stdout
    found = status("m")
    assert (found["recorded"], found["missing"], found["oldest"]) == (1, 2, "1970-01-01T00:00:00Z")


@pytest.mark.parametrize("suite", ["../../outside", "/etc", "a/b", "s\n", ""])
def test_an_import_cannot_leave_the_cassettes(suite: str, project: Path) -> None:
    (project / "stock.json").write_text('{"interactions": []}')
    with pytest.raises(Exception, match="accepted: the name of a suite's folder"):
        harness("import", "stock.json", "--model=m", f"--suite={suite}")
