import json

import pytest
from click.testing import CliRunner

from harness.cli import init as module
from harness.cli.init import init
from harness.records.errors import ConfigError
from tests.examples.echo_endpoint import EchoEndpoint


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return tmp_path


def call(*arguments, answers=None):
    return CliRunner().invoke(init, arguments, input=answers, standalone_mode=False)


def test_options_alone_set_up_a_project_and_the_first_case_is_asked(folder):
    with EchoEndpoint() as endpoint:
        result = call("--base-url", endpoint.base_url, "--model", "Org/M-1", "--ci", "none", "--json")
    told = json.loads(result.stdout)
    assert (result.return_value, told["model"], told["exit"]) == (0, "m-1", 0)
    assert endpoint.asked == 1
    assert (folder / "cassettes/m-1@v1/starter.jsonl").is_file()
    assert not (folder / "ci").exists()


def test_a_missing_key_is_told_and_nothing_is_asked(folder):
    result = call("--provider", "openai", "--model", "gpt-5-mini", "--ci", "cron")
    assert result.return_value == 0
    assert "OPENAI_API_KEY is not set" in result.stdout
    assert "pytest --model=gpt-5-mini --cassette-mode=record" in result.stdout
    assert "extra_body = { max_completion_tokens = 2000 }" in (folder / "pyproject.toml").read_text()


def test_an_endpoint_that_is_not_there_ends_in_one_with_the_command_that_finds_out(folder, monkeypatch):
    monkeypatch.setattr(module, "_first_case", lambda root, choices, quiet: 2)
    result = call("--base-url", "http://127.0.0.1:9/v1", "--model", "m")
    assert result.return_value == 1
    assert "harness models check m" in result.stdout


@pytest.mark.parametrize("arguments", [[], ["--provider", "vllm"]])
def test_without_a_terminal_what_is_missing_is_an_error_and_nothing_is_written(folder, arguments):
    result = call(*arguments)
    assert isinstance(result.exception, ConfigError)
    assert "missing" in str(result.exception)
    assert list(folder.iterdir()) == []


def test_on_a_terminal_what_is_missing_is_asked_for(folder, monkeypatch):
    monkeypatch.setattr(module, "_on_a_terminal", lambda: True)
    answers = "vllm\n\nQwen/Qwen2.5-7B-Instruct\n\n\nen\ncron\n"
    result = call("--no-run", answers=answers)
    assert result.return_value == 0, result.output
    settings = (folder / "pyproject.toml").read_text()
    assert '[tool.harness.models."qwen2.5-7b-instruct"]' in settings
    assert 'base_url = "http://localhost:8000/v1"' in settings
    assert (folder / "ci/verbatim/cron.sh").is_file()
    assert not (folder / ".github").exists()


def test_the_service_in_use_is_the_default(folder):
    (folder / ".gitlab-ci.yml").write_text("stages: [test]\n")
    result = call("--base-url", "http://localhost:1/v1", "--model", "m", "--no-run")
    assert "to do     .gitlab-ci.yml" in result.stdout
    assert (folder / ".gitlab-ci.yml").read_text() == "stages: [test]\n"
    assert not (folder / ".github").exists()
