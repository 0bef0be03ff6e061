"""The server, and a model and cases to ask it with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.config import HarnessConfig, ModelConfig
from harness.endpoints.retry import Retrying
from harness.errors import HarnessError
from harness.records.answer import Completion
from harness.records.case import Case
from harness.runs.answers import Answers
from harness.runs.judge import Judge
from tests.factory import suite_case
from tests.faulty_server.server import FaultyServer

TARGET = "Sikalastic-609"
FAST = Retrying(first_delay_s=0.01, longest_delay_s=0.02)


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        yield running


@pytest.fixture
def make_model(server: FaultyServer) -> Callable[..., ModelConfig]:
    def make(**settings: object) -> ModelConfig:
        return ModelConfig.model_validate(
            {"name": "m", "version": "v1", "base_url": server.base_url, "timeout_s": 20.0, **settings}
        )

    return make


@pytest.fixture
def ask_all(tmp_path: Path) -> Callable[..., list[Completion | Exception]]:
    """Asks for cases in a run of its own and waits for all; what each got, in order."""

    def ask(
        model: ModelConfig, cases: list[Case], *, mode: str = "record", samples: int = 1, **settings: object
    ) -> list[Completion | Exception]:
        config = HarnessConfig(root=tmp_path)
        answers = Answers(
            config,
            model,
            mode,
            live_file=tmp_path / "live.jsonl",
            **{"retrying": FAST, **settings},  # type: ignore[arg-type]
        )
        got: list[Completion | Exception] = []
        try:
            answers.start(answers.missing(cases, samples))
            for case in cases:
                for sample in range(samples):
                    try:
                        completion = answers.completion(case, sample, lambda future: future.result(timeout=60))
                    except HarnessError as error:
                        got.append(error)
                    else:
                        got.append(completion or answers.no_recording(case, sample))
        finally:
            answers.close()
        return got

    return ask


def case(prompt: str, number: int = 0) -> Case:
    """A case whose answer must hold the target."""
    return suite_case(prompt, TARGET, id=f"c-{number}", suite="s")


def outcome(model: ModelConfig, prompt: str, completion: Completion) -> str:
    """`aligned`, `damaged` ..., or `unscored(reason)`."""
    sample = Judge(model).sample(case(prompt), completion, 0)
    return f"unscored({sample.reason})" if sample.outcome == "unscored" else sample.outcome
