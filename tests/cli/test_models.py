import json

import pytest
from click.testing import CliRunner

from harness.cli import run
from harness.cli.models import models
from harness.errors import ConfigError
from tests.examples.echo_endpoint import EchoEndpoint


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    suite = tmp_path / "suites/one"
    suite.mkdir(parents=True)
    (suite / "suite.toml").write_text("")
    case = {"id": "a", "domain": "d", "language": "en", "task": "copy", "prompt": "Say A-1.", "targets": ["A-1"]}
    (suite / "cases.jsonl").write_text(json.dumps(case) + "\n")
    with EchoEndpoint() as endpoint:
        entries = {
            "good": f'base_url = "{endpoint.base_url}"\n',
            "keyless": f'base_url = "{endpoint.base_url}"\napi_key_env = "NO_SUCH_KEY"\n',
        }
        text = "".join(f'[tool.harness.models.{name}]\nmodel = "m"\n{rest}' for name, rest in entries.items())
        (tmp_path / "pyproject.toml").write_text(text)
        yield tmp_path


def call(*arguments):
    return CliRunner().invoke(models, arguments, standalone_mode=False)


def test_without_a_name_every_model_is_looked_at(project):
    result = call("check", "--json")
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert {one["model"] for one in told} == {"good", "keyless"}
    assert result.return_value == 1


def test_a_remedy_that_the_finding_says_is_not_said_twice(project):
    result = call("check", "keyless")
    assert result.stdout.count("export NO_SUCH_KEY=") == 1


def test_missing_recordings_are_counted_with_the_command_that_makes_them(project):
    result = call("check", "good")
    assert "1 of 1 answers are missing" in result.stdout
    assert "pytest --model=good --cassette-mode=record" in result.stdout


def test_a_project_without_models_is_told_what_makes_one(project):
    (project / "pyproject.toml").write_text("")
    result = call("check")
    assert isinstance(result.exception, ConfigError)
    assert "harness init" in str(result.exception)


@pytest.mark.parametrize("arguments", [("--port", "99999"), ("--parallel", "0")])
def test_a_server_that_cannot_be_is_refused(project, arguments):
    assert run(["models", "serve", "smollm2", *arguments]) == 3


def test_check_sends_the_very_body_of_a_case_and_says_what_it_would_meet(project):
    from tests.endpoints.oddities import answers, error
    from tests.faulty_server.server import FaultyServer

    with FaultyServer() as server:
        text = (
            f'[tool.harness.models.odd]\nbase_url = "{server.base_url}"\nmodel = "m"\nsystem = "Be brief."\n'
            "stream = true\nseed = 7\nextra_body = { enable_thinking = true }\n"
        )
        (project / "pyproject.toml").write_text(text)
        server.reply = error("parameter.enable_thinking must be set to false", 400)
        result = call("check", "odd")
        (body,) = server.bodies
        assert body["extra_body" if "extra_body" in body else "enable_thinking"] is True
        assert (body["stream"], body["seed"], body["max_tokens"]) == (True, 7, 512)
        assert body["messages"][0] == {"role": "system", "content": "Be brief."}
        assert body["messages"][1]["content"] == "Say A-1."
        assert "the answer to one/a cannot be judged (http_400); it says: parameter.enable_thinking" in result.stdout
        assert "set extra_body = { enable_thinking = false }, or stream = true" in result.stdout
        assert result.return_value == 1
        server.reply = answers("", reasoning_content="A-1")
        assert "cannot be judged (only_reasoning)" in call("check", "odd").stdout
        server.reply = answers("A-1")
        assert "the endpoint answers one/a as m" in call("check", "odd").stdout
