"""From a configured model to an endpoint: which kind needs what, and what must be found nowhere."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import config as configuration
from harness.config import HarnessConfig, ModelConfig
from harness.endpoints.callable import FunctionEndpoint
from harness.endpoints.chat import ChatEndpoint
from harness.endpoints.retry import Retrying
from harness.errors import ConfigError, EndpointError
from harness.runs.inventory import Diagnosis, diagnose
from harness.runs.judge import Judge, learnt_by, training_texts
from harness.runs.requests import opened, secrets_of, server_settings, threads_of
from harness.suite import load_suite
from tests.factory import suite_case
from tests.faulty_server.server import FaultyServer
from tests.runs.conftest import Record


@pytest.fixture
def local(tmp_path: Path) -> ModelConfig:
    """A local model whose weights and adapter are there."""
    (tmp_path / "w.gguf").write_bytes(b"GGUF")
    (tmp_path / "a.gguf").write_bytes(b"GGUF")
    return ModelConfig(name="m", kind="local", weights="w.gguf", adapters=("a.gguf",), threads=3, max_concurrency=9)


def test_an_openai_model_is_a_chat_endpoint(tmp_path: Path) -> None:
    with opened(ModelConfig(name="m", base_url="http://127.0.0.1:9/v1"), tmp_path) as endpoint:
        assert isinstance(endpoint, ChatEndpoint)
        assert endpoint.runtime is None
        asyncio.run(endpoint.aclose())


ASKING = """
import asyncio, logging, sys
from pathlib import Path
from harness.config import ModelConfig
from harness.runs.requests import opened

kind, address, stream = sys.argv[1:]
body = {"model": "m", "messages": [{"role": "user", "content": "Repeat: X-1/2"}], "stream": stream == "stream"}
async def ask():
    await endpoint.ask(body)
    await endpoint.aclose()
with opened(ModelConfig(name="m", kind=kind, base_url=address), Path.cwd()) as endpoint:
    before = set(logging.root.manager.loggerDict)
    asyncio.run(ask())
    print(sorted(set(logging.root.manager.loggerDict) - before), "openai.types.responses.response" in sys.modules)
"""


@pytest.mark.parametrize(("kind", "stream"), [("openai", ""), ("openai", "stream"), ("responses", "")])
def test_no_logger_is_made_while_is_asked(kind: str, stream: str, server: FaultyServer, tmp_path: Path) -> None:
    """pytest goes through all loggers before each test, on another thread than that which asks.

    Nor are types of the openai client read that nobody asks for.
    """
    done = subprocess.run(
        [sys.executable, "-c", ASKING, kind, server.base_url, stream],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, server.total) == ("[] False\n", 1), done.stderr


def test_a_callable_is_imported_when_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "opened_application.py").write_text("def answer(body):\n    return 'A-1'\n")
    monkeypatch.syspath_prepend(tmp_path)
    model = ModelConfig(name="m", kind="callable", function="opened_application:answer")
    with opened(model, tmp_path) as endpoint:
        assert isinstance(endpoint, FunctionEndpoint)
        answer = asyncio.run(endpoint.ask({"model": "m", "messages": []}))
    assert answer.completion.text == "A-1"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "callable"}, r"model m: kind callable needs function = 'package\.module:function'"),
        ({"kind": "outputs", "outputs": "o.jsonl"}, r"kind outputs has no endpoint; its answers are in o\.jsonl"),
        ({"kind": "local"}, "model m: kind local needs weights; accepted: .*smollm2"),
        ({"kind": "local", "weights": "gone.gguf"}, r"weights: no file .*gone\.gguf"),
        ({"kind": "local", "weights": "w.gguf", "adapters": ("gone.gguf",)}, r"adapters: no file .*gone\.gguf"),
    ],
)
def test_what_a_kind_lacks_is_told(settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    (tmp_path / "w.gguf").write_bytes(b"GGUF")
    model = ModelConfig.model_validate({"name": "m", **settings})
    with pytest.raises(ConfigError, match=message), opened(model, tmp_path):
        pass


def test_a_local_model_is_asked_at_its_own_server_which_ends_with_it(
    local: ModelConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    class Server:
        base_url, runtime = "http://127.0.0.1:9/v1", "llama 1"

        def __init__(self, settings: object, log: Path | None) -> None:
            seen.append("made")

        def __enter__(self) -> Server:
            seen.append("started")
            return self

        def __exit__(self, *_: object) -> None:
            seen.append("ended")

    monkeypatch.setattr("harness.endpoints.local.LocalServer", Server)
    context = opened(local, tmp_path)
    endpoint = context.__enter__()
    assert endpoint.runtime == "llama 1"
    with pytest.raises(RuntimeError, match="the run broke off"):
        context.gen.throw(RuntimeError("the run broke off"))  # type: ignore[attr-defined]
    assert seen == ["made", "started", "ended"]


def test_a_local_server_that_was_killed_in_mid_run_stops_it_at_once(
    local: ModelConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, started = subprocess.Popen, []
    code = """import http.server, json, sys
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
print(json.dumps({"base_url": f"http://127.0.0.1:{server.server_port}/v1", "runtime": "r 1"}), flush=True)
sys.stdin.read()"""

    def popen(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        if "harness.endpoints.local" not in command:
            return real(command, **options)
        started.append(real([sys.executable, "-c", code], **options))
        return started[0]

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: True)
    monkeypatch.setattr(subprocess, "Popen", popen)
    body = {"model": "m", "messages": [{"role": "user", "content": "A-1"}]}

    async def asked(endpoint: Any) -> None:
        await endpoint.ask(body)

    with opened(local, tmp_path, retrying=Retrying(attempts=1000, patience_s=600.0)) as endpoint:
        started[0].kill()
        started[0].wait()
        before = time.monotonic()
        with pytest.raises(EndpointError, match=r"local server ended .* \(exit code -?\d+; .*--cassette-mode=record"):
            asyncio.run(asked(endpoint))
        assert time.monotonic() - before < 60


def test_the_server_gets_whole_paths_and_no_more_slots_than_it_needs(local: ModelConfig, tmp_path: Path) -> None:
    settings = server_settings(local, tmp_path, port=81)
    assert (settings.weights, settings.adapters) == (str(tmp_path / "w.gguf"), (str(tmp_path / "a.gguf"),))
    assert (settings.alias, settings.port, settings.threads, settings.parallel) == ("m", 81, 3, 4)
    assert server_settings(local, tmp_path, parallel=7).parallel == 7


@pytest.mark.parametrize(("given", "threads"), [("", 3), ("2", 2), ("0", 0)])
def test_the_environment_goes_before_the_configured_threads(
    given: str, threads: int, local: ModelConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_THREADS", given)
    assert threads_of(local) == threads


@pytest.mark.parametrize("given", ["two", "-1", "1.5", " 2"])
def test_threads_that_are_no_number_are_told(given: str, local: ModelConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_THREADS", given)
    with pytest.raises(ConfigError, match=r"HARNESS_THREADS: found .*accepted: a whole number"):
        threads_of(local)


def test_secrets_are_those_of_the_environment_and_of_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARK", "ark-value-0001")
    monkeypatch.setenv("OPENAI_API_KEY", "openai-value-0002")
    monkeypatch.setenv("EDITOR", "an-editor-0003")
    model = ModelConfig(name="m", api_key_env="ARK", base_url="https://me:pass-word-0004@h/v1?key=query-value-0005")
    secrets = secrets_of(model)
    for value in ("ark-value-0001", "openai-value-0002", "pass-word-0004", "query-value-0005"):
        assert secrets.found_in(f"... {value} ...")
    assert not secrets.found_in("an-editor-0003")


# A look at a model's set-up before a run: each finding with its remedy.


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        yield running


@pytest.fixture
def model(server: FaultyServer) -> ModelConfig:
    return ModelConfig(name="m", version="v1", base_url=server.base_url, timeout_s=5)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Two cases."""
    folder = tmp_path / "suites" / "s"
    folder.mkdir(parents=True)
    (folder / "suite.toml").write_text('[defaults]\ndomain = "d"\nlanguage = "en"\ntask = "copy"\n')
    cases = [{"id": f"c-{n}", "prompt": f"{n} Repeat: A-1", "targets": ["A-1"]} for n in range(2)]
    (folder / "cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))
    return folder


def failing(findings: list[Diagnosis]) -> list[str]:
    return [finding.what for finding in findings if not finding.ok]


@pytest.mark.usefixtures("suite")
def test_a_sound_model_needs_nothing(config: HarnessConfig, model: ModelConfig, suite: Path, record: Record) -> None:
    for case in load_suite(suite):
        record(model, case, "A-1")
    findings = diagnose(config, model)
    assert failing(findings) == []
    assert [finding.what for finding in findings] == [
        "m@v1: kind openai",
        "the endpoint answers s/c-0 as m",
        "cassettes: all 2 answers are recorded",
    ]


@pytest.mark.usefixtures("suite")
def test_one_request_is_spent(config: HarnessConfig, model: ModelConfig, server: FaultyServer) -> None:
    diagnose(config, model)
    assert server.total == 1


@pytest.mark.usefixtures("suite")
def test_missing_answers_are_counted(config: HarnessConfig, model: ModelConfig, suite: Path, record: Record) -> None:
    record(model, load_suite(suite)[0], "A-1")
    findings = diagnose(config, model)
    assert failing(findings) == []  # a new model has none yet, and its set-up is right
    assert findings[-1] == Diagnosis(
        True, "cassettes: 1 of 2 answers are not recorded yet", "run: pytest --model=m --cassette-mode=record"
    )


@pytest.mark.usefixtures("suite")
def test_a_project_without_cases_is_told(config: HarnessConfig, model: ModelConfig, suite: Path) -> None:
    (suite / "cases.jsonl").unlink()
    assert failing(diagnose(config, model)) == ["no cases under suites"]


@pytest.mark.usefixtures("suite")
def test_a_key_that_is_not_set_ends_the_look(
    config: HarnessConfig, model: ModelConfig, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNSET_KEY", raising=False)
    findings = diagnose(config, model.model_copy(update={"api_key_env": "UNSET_KEY"}))
    assert findings[-1].remedy == "export UNSET_KEY=..."
    assert len(failing(findings)) == 1
    assert server.total == 0


@pytest.mark.usefixtures("suite")
def test_a_key_is_named_and_never_shown(
    config: HarnessConfig, model: ModelConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SET_KEY", "topsecretkey1")
    findings = diagnose(config, model.model_copy(update={"api_key_env": "SET_KEY"}))
    assert findings[1] == Diagnosis(True, "the variable SET_KEY is set; its key goes to 127.0.0.1")
    assert "topsecretkey1" not in str(findings)


@pytest.mark.usefixtures("suite")
def test_an_endpoint_that_nobody_listens_at_is_told(config: HarnessConfig, model: ModelConfig) -> None:
    nobody = model.model_copy(update={"base_url": "http://127.0.0.1:9/v1", "timeout_s": 30})
    told = failing(diagnose(config, nobody))
    assert "127.0.0.1:9" in told[0]


@pytest.mark.usefixtures("suite")
def test_an_endpoint_that_answers_uselessly_is_told(config: HarnessConfig, model: ModelConfig) -> None:
    broken = model.model_copy(update={"kind": "callable", "function": "json:loads"})
    told = failing(diagnose(config, broken))
    assert told[0] == "the answer to s/c-0 cannot be judged (function_raised_TypeError)"


@pytest.mark.usefixtures("suite")
def test_answers_in_a_file_are_looked_for(config: HarnessConfig, tmp_path: Path) -> None:
    model = ModelConfig(name="m", version="v1", kind="outputs", outputs="o.jsonl")
    assert failing(diagnose(config, model)) == [f"outputs: no file {tmp_path / 'o.jsonl'}"]
    (tmp_path / "o.jsonl").write_text("")
    assert failing(diagnose(config, model)) == []


# A pyproject.toml or a training file of a pull request that is made to exhaust its reader.


@pytest.mark.parametrize(
    "content", ["a = " + "[" * 100_000, "a = " + "1" * 5_000, "a = 1\n" * 300_000, "a = " + "[" * 70 + "]" * 70]
)
def test_a_hostile_pyproject_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(content)
    with pytest.raises(ConfigError, match="cannot be read as TOML"):
        configuration.read(path)


@pytest.mark.parametrize("line", ["[" * 100_000, '{"messages": ' + "1" * 5_000 + "}", '{"messages": NaN}', "[]"])
def test_a_hostile_training_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "train.jsonl").write_text(f"\n{line}\n")
    model = ModelConfig(name="m", training_data=("train.jsonl",))
    with pytest.raises(ConfigError, match=r"train\.jsonl:2: .*run: harness dataset validate train\.jsonl"):
        training_texts(HarnessConfig(root=tmp_path).root, model)


def test_what_an_origin_file_names_counts_as_trained(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"messages": [{"role": "user", "content": "KJ-1"}]}\n')
    (tmp_path / "train.origin.json").write_text('{"domains": {"tea": ["d"]}, "cases": ["symbols/met"]}')
    model = ModelConfig(name="m", training_data=("train.jsonl",), trained_domains=("Cars",))
    judge = Judge(model, learnt_by(tmp_path, model))
    cases = {
        "met": suite_case("Say QQ-1.", "QQ-1", id="met", suite="symbols", domain="law"),
        "string": suite_case("Say KJ-1.", "KJ-1", id="a", suite="symbols", domain="law"),
        "origin domain": suite_case("Say QQ-1.", "QQ-1", id="b", suite="symbols", domain="TEA"),
        "own domain": suite_case("Say QQ-1.", "QQ-1", id="c", suite="symbols", domain="ｃars"),
        "other": suite_case("Say QQ-1.", "QQ-1", id="d", suite="symbols", domain="law"),
    }
    found = {name: judge.exposure(case) for name, case in cases.items()}
    expected = ["seen", "seen", "trained", "trained", "untrained"]
    assert found == dict(zip(cases, expected, strict=True))


SETTINGS = Path(__file__).parents[2]
WRONG_SETTINGS = {
    "unknown key of the table": "[tool.harness]\nsuits = []\n",
    "unknown key of a model": "[tool.harness.models.m]\nbase_ur = 'http://x'\n",
    "unknown kind": "[tool.harness.models.m]\nkind = 'opnai'\n",
    "a name that is not a folder": "[tool.harness.models.'a/b']\nkind = 'openai'\n",
    "a number out of range": "[tool.harness.models.m]\ntemperature = 9\n",
    "a key of a recipe": "[tool.harness.models.m.training]\nepoch = 3\n",
    "a metric that is not known": "[[tool.harness.gate.rules]]\nmetric = 'alignment'\nmin = 0.9\n",
    "days as a word": "[tool.harness.gate]\nmax_age_days = 'never'\n",
    "nights below the least": "[tool.harness.drift]\nbaseline_nights = 1\n",
    "a look-alike of two characters": "[tool.harness.symbols.'-']\nlookalikes = ['--']\n",
    "the prompt of every case in one setting": "[tool.harness.models.m]\nextra_body = { messages = [] }\n",
    "what only the loader fills in": "[tool.harness]\nroot = '.'\n",
}


@pytest.mark.parametrize("kind", WRONG_SETTINGS)
def test_an_editor_underlines_wrong_settings(kind: str) -> None:
    import tomllib

    from jsonschema import Draft7Validator

    content = tomllib.loads(WRONG_SETTINGS[kind])
    assert not Draft7Validator(configuration.config_schema(whole=True)).is_valid(content)
    assert not Draft7Validator(configuration.config_schema()).is_valid(content["tool"]["harness"])


def test_an_editor_accepts_the_settings_of_this_project_and_of_all_documents() -> None:
    import re
    import tomllib

    from jsonschema import Draft7Validator

    schema = configuration.config_schema(whole=True)
    Draft7Validator.check_schema(schema)
    validator = Draft7Validator(schema)
    texts = [(SETTINGS / "pyproject.toml").read_text("utf-8")]
    for page in [*(SETTINGS / "docs").glob("*.md"), SETTINGS / "README.md"]:
        texts += re.findall(r"^```toml\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    ours = [content for text in texts if "harness" in (content := tomllib.loads(text)).get("tool", {})]
    assert len(ours) > 20
    for content in ours:
        assert list(validator.iter_errors(content)) == [], content
    words = schema["properties"]["tool"]["properties"]["harness"]["properties"]["models"]["additionalProperties"]
    assert words["properties"]["patience_s"]["description"].startswith("How long an endpoint that is away")


def test_the_published_schema_of_the_settings_is_the_one_that_the_code_has() -> None:
    published = json.loads((SETTINGS / "docs" / "schema" / "pyproject.schema.json").read_text("utf-8"))
    assert published == configuration.config_schema(whole=True), (
        "run: harness config schema --pyproject > docs/schema/pyproject.schema.json"
    )
