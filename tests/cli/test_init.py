import json
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

from harness.cli import init as module
from harness.cli import run
from harness.cli.init import init
from harness.cli.models import models
from harness.config import ModelConfig
from harness.endpoints.local import ServerSettings
from harness.errors import ConfigError, EndpointError
from harness.history import History
from harness.pytest_plugin.progress import announced
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
    assert "next" not in result.stdout


@pytest.mark.parametrize("arguments", [[], ["--provider", "vllm"]])
def test_without_a_terminal_what_is_missing_is_an_error_and_nothing_is_written(folder, arguments):
    result = call(*arguments)
    assert isinstance(result.exception, ConfigError)
    assert "missing" in str(result.exception)
    assert list(folder.iterdir()) == []


@pytest.fixture
def terminal(folder, monkeypatch):
    monkeypatch.setattr(module, "on_a_terminal", lambda: True)
    return folder


def test_on_a_terminal_what_is_missing_is_asked_for(terminal):
    result = call("--no-run", answers="vllm\n\n\nQwen/Qwen2.5-7B-Instruct\n\nen\ncron\n")
    assert result.return_value == 0, result.output
    settings = (terminal / "pyproject.toml").read_text()
    assert '[tool.harness.models."qwen2.5-7b-instruct"]' in settings
    assert 'base_url = "http://localhost:8000/v1"' in settings
    assert (terminal / "ci/verbatim/cron.sh").is_file()
    assert not (terminal / ".github").exists()


def test_an_address_is_an_endpoint_and_its_models_are_offered(terminal):
    with EchoEndpoint() as endpoint:
        endpoint.models = ["org/only\x1b[31m", "org/other"]
        result = call("--no-run", "--ci", "none", answers=f"{endpoint.base_url}\n\norg/other\n\n\n")
    assert result.return_value == 0, result.output
    assert "The endpoint knows org/only<U+001B>[31m, org/other" in result.output
    assert 'model = "org/other"' in (terminal / "pyproject.toml").read_text()


def test_the_only_model_of_an_endpoint_is_the_default(terminal):
    with EchoEndpoint() as endpoint:
        endpoint.models = ["only"]
        result = call("--no-run", "--ci", "none", answers=f"{endpoint.base_url}\n\n\n\n\n")
    assert result.return_value == 0, result.output
    assert 'model = "only"' in (terminal / "pyproject.toml").read_text()


def test_an_answer_that_cannot_work_is_told_and_asked_again(terminal):
    answers = "\nlocalhost\nhttp://u:pw-secret@h/v1\nhttp://127.0.0.1:9/v1\n\n\nm\n\n\n"
    result = call("--no-run", "--ci", "none", answers=answers)
    assert result.return_value == 0, result.output
    assert result.output.count("accepted: openai, ark") == 2
    assert "not the place for secrets" in result.output
    assert "Nothing answers there now" in result.output
    assert "the endpoint wants a model name, such as my-model" in result.output


def test_an_end_of_the_answers_leaves_nothing_behind(terminal):
    result = call(answers="vllm\n")
    assert isinstance(result.exception, click.Abort)
    assert "nothing was written" in result.output
    assert list(terminal.iterdir()) == []


def test_a_question_takes_no_answer_that_an_option_gave(terminal):
    given = ("--provider", "vllm", "--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--key-env", "")
    result = call("--no-run", *given, "--ci", "none", answers="\nen\n")
    assert result.return_value == 0, result.output
    assert "api_key_env" not in (terminal / "pyproject.toml").read_text()


def test_many_files_are_told_as_one_line_and_the_first_suite_comes_first(folder):
    result = call("--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--ci", "cron", "--no-run")
    told = result.stdout.splitlines()
    assert len([line for line in told if line.startswith("created")]) < 20
    assert "created   suites/symbols/  (22 files)" in told
    first = told.index("next") + 1
    assert told[first] == "  pytest --model=m --cassette-mode=record --suites=suites/starter   # the first suite"
    assert " cases; then commit cassettes/" in told[first + 1]


def test_the_command_of_the_first_case_can_be_pasted(folder):
    with EchoEndpoint() as endpoint:
        result = call("--base-url", endpoint.base_url, "--model", "m", "--ci", "none")
    assert "$ pytest --model=m 'suites/starter/cases.jsonl::first-001[m]' --cassette-mode=record" in result.stdout


def test_a_model_that_is_there_for_another_endpoint_is_refused_and_nothing_is_written(folder):
    call("--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--ci", "none", "--no-run")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = call("--base-url", "http://127.0.0.1:8/v1", "--model", "m", "--ci", "cron", "--no-run")
    assert isinstance(result.exception, ConfigError)
    assert "models.m] is there already, with another base_url; change it there" in str(result.exception)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_the_service_in_use_is_the_default(folder):
    (folder / ".gitlab-ci.yml").write_text("stages: [test]\n")
    result = call("--base-url", "http://localhost:1/v1", "--model", "m", "--no-run")
    assert "to do     .gitlab-ci.yml" in result.stdout
    assert (folder / ".gitlab-ci.yml").read_text() == "stages: [test]\n"
    assert not (folder / ".github").exists()


def test_a_first_answer_without_a_verdict_ends_in_one_and_says_why(folder):
    from tests.endpoints.oddities import answers
    from tests.faulty_server.server import FaultyServer

    with FaultyServer() as server:
        server.reply = answers("", reasoning_content="so")
        result = call("--base-url", server.base_url, "--model", "m", "--ci", "none")
    assert result.return_value == 1
    assert "the first answer cannot be judged (only_reasoning); run: harness models check m" in result.stderr


@pytest.mark.parametrize(
    ("address", "key", "line"),
    [
        ("https://models.example/v1", "TEAM_KEY", "HARNESS_ALLOW_KEY_HOSTS: models.example"),
        ("https://api.deepseek.com", "DEEPSEEK_API_KEY", None),
        ("http://10.0.0.5:8000/v1", "TEAM_KEY", "HARNESS_ALLOW_KEY_HOSTS: http://10.0.0.5"),
    ],
)
def test_a_workflow_names_the_host_of_a_key_of_ones_own(folder, monkeypatch, address, key, line):
    monkeypatch.delenv("HARNESS_ALLOW_KEY_HOSTS", raising=False)
    call("--base-url", address, "--model", "m", "--key-env", key, "--ci", "github", "--no-run")
    text = (folder / ".github/workflows/verbatim-nightly.yml").read_text()
    assert f"          {key}: ${{{{ secrets.{key} }}}}\n" in text
    assert (f"          {line}\n" in text) if line else "HARNESS_ALLOW_KEY_HOSTS" not in text


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


def call_models(*arguments):
    return CliRunner().invoke(models, arguments, standalone_mode=False)


def test_without_a_name_every_model_is_looked_at(project):
    result = call_models("check", "--json")
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert {one["model"] for one in told} == {"good", "keyless"}
    assert result.return_value == 1


def test_several_models_are_looked_at_in_the_order_given_each_once(project):
    result = call_models("check", "--json", "keyless", "good", "keyless")
    told = [json.loads(line)["model"] for line in result.stdout.splitlines()]
    assert list(dict.fromkeys(told)) == ["keyless", "good"]
    assert len(told) == len(call_models("check", "--json").stdout.splitlines())


def test_a_remedy_that_the_finding_says_is_not_said_twice(project):
    result = call_models("check", "keyless")
    assert result.stdout.count("export NO_SUCH_KEY=") == 1


def test_missing_recordings_are_counted_with_the_command_that_makes_them(project):
    result = call_models("check", "good")
    assert "1 of 1 answers are not recorded yet" in result.stdout
    assert "pytest --model=good --cassette-mode=record" in result.stdout


def test_a_project_without_models_is_told_what_makes_one(project):
    (project / "pyproject.toml").write_text("")
    result = call_models("check")
    assert isinstance(result.exception, ConfigError)
    assert "harness init" in str(result.exception)


@pytest.mark.parametrize("arguments", [("--port", "99999"), ("--parallel", "0")])
def test_a_server_that_cannot_be_is_refused(project, arguments):
    assert run(["models", "serve", "smollm2", *arguments]) == 3


def test_a_local_model_is_announced_before_it_is_loaded(project, monkeypatch, capsys):
    class NeverReady:
        def __init__(self, settings):
            raise EndpointError("the local server did not start")

    monkeypatch.setattr("harness.endpoints.local.LocalServer", NeverReady)
    monkeypatch.setattr("harness.runs.requests.server_settings", lambda *_, **__: ServerSettings("w.gguf", (), "m", 9))
    (project / "pyproject.toml").write_text('[tool.harness.models.m]\nkind = "local"\nweights = "w.gguf"\n')
    assert run(["models", "serve", "m"]) == 3
    said = capsys.readouterr().err
    assert said.index("weights are loaded first") < said.index("did not start")
    local, chat = (ModelConfig(name="m", version="v1", kind=kind) for kind in ("local", "openai"))
    said = [
        announced(SimpleNamespace(model=model), [None] * 3, History(project), most=None, at_once=1)
        for model in (local, chat)
    ]
    assert "weights" in said[0]
    assert "weights" not in said[1]


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
        result = call_models("check", "odd")
        (body,) = server.bodies
        assert body["extra_body" if "extra_body" in body else "enable_thinking"] is True
        assert (body["stream"], body["seed"], body["max_tokens"]) == (True, 7, 512)
        assert body["messages"][0] == {"role": "system", "content": "Be brief."}
        assert body["messages"][1]["content"] == "Say A-1."
        assert "the answer to one/a cannot be judged (http_400); it says: parameter.enable_thinking" in result.stdout
        assert "set extra_body = { enable_thinking = false }, or stream = true" in result.stdout
        assert result.return_value == 1
        server.reply = answers("", reasoning_content="A-1")
        assert "cannot be judged (only_reasoning)" in call_models("check", "odd").stdout
        server.reply = answers("A-1")
        assert "the endpoint answers one/a as m" in call_models("check", "odd").stdout
