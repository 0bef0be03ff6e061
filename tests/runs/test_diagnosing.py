"""A look at a model's set-up before a run: each finding with its remedy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.config import HarnessConfig, ModelConfig
from harness.runs.inventory import Diagnosis, diagnose
from harness.suite import load_suite
from tests.faulty_server.server import FaultyServer
from tests.runs.conftest import Record


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        yield running


@pytest.fixture
def model(server: FaultyServer) -> ModelConfig:
    return ModelConfig(name="m", version="v1", base_url=server.base_url, timeout_s=5)


@pytest.fixture(autouse=True)
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


def test_one_request_is_spent(config: HarnessConfig, model: ModelConfig, server: FaultyServer) -> None:
    diagnose(config, model)
    assert server.total == 1


def test_missing_answers_are_counted(config: HarnessConfig, model: ModelConfig, suite: Path, record: Record) -> None:
    record(model, load_suite(suite)[0], "A-1")
    (finding,) = [finding for finding in diagnose(config, model) if not finding.ok]
    assert finding == Diagnosis(
        False, "cassettes: 1 of 2 answers are missing", "run: pytest --model=m --cassette-mode=record"
    )


def test_a_project_without_cases_is_told(config: HarnessConfig, model: ModelConfig, suite: Path) -> None:
    (suite / "cases.jsonl").unlink()
    assert failing(diagnose(config, model)) == ["no cases under suites"]


def test_a_key_that_is_not_set_ends_the_look(
    config: HarnessConfig, model: ModelConfig, server: FaultyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNSET_KEY", raising=False)
    findings = diagnose(config, model.model_copy(update={"api_key_env": "UNSET_KEY"}))
    assert findings[-1].remedy == "export UNSET_KEY=..."
    assert len(failing(findings)) == 1
    assert server.total == 0


def test_a_key_is_named_and_never_shown(
    config: HarnessConfig, model: ModelConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SET_KEY", "topsecretkey1")
    findings = diagnose(config, model.model_copy(update={"api_key_env": "SET_KEY"}))
    assert findings[1] == Diagnosis(True, "the variable SET_KEY is set; its key goes to 127.0.0.1")
    assert "topsecretkey1" not in str(findings)


def test_an_endpoint_that_nobody_listens_at_is_told(config: HarnessConfig, model: ModelConfig) -> None:
    nobody = model.model_copy(update={"base_url": "http://127.0.0.1:9/v1", "timeout_s": 30})
    told = failing(diagnose(config, nobody))
    assert "127.0.0.1:9" in told[0]


def test_an_endpoint_that_answers_uselessly_is_told(config: HarnessConfig, model: ModelConfig) -> None:
    broken = model.model_copy(update={"kind": "callable", "function": "json:loads"})
    told = failing(diagnose(config, broken))
    assert told[0] == "the answer to s/c-0 cannot be judged (function_raised_TypeError)"


def test_answers_in_a_file_are_looked_for(config: HarnessConfig, tmp_path: Path) -> None:
    model = ModelConfig(name="m", version="v1", kind="outputs", outputs="o.jsonl")
    assert failing(diagnose(config, model)) == [f"outputs: no file {tmp_path / 'o.jsonl'}"]
    (tmp_path / "o.jsonl").write_text("")
    assert failing(diagnose(config, model)) == []
