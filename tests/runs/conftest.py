"""Cases, models and recordings without a server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.config import HarnessConfig, ModelConfig
from harness.recording import Recorder
from harness.records.case import Case
from harness.runs.answers import cassette_path
from harness.runs.requests import body_for
from tests.factory import exchange, suite_case

MakeCase = Callable[..., Case]
Record = Callable[..., Path]


@pytest.fixture
def make_case() -> MakeCase:
    """`make_case(number, **fields)`."""

    def make(number: int = 0, **fields: Any) -> Case:
        return suite_case(f"{number} Repeat: A-1", "A-1", **({"id": f"c-{number}", "suite": "s"} | fields))

    return make


@pytest.fixture
def config(tmp_path: Path) -> HarnessConfig:
    """A project in a folder of its own."""
    return HarnessConfig(root=tmp_path, models={"m": {}})


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """`record(model, case, text)` puts an answer into the model's cassette."""

    def put(model: ModelConfig, case: Case, text: str, *, sample: int = 0, body: str | None = None) -> Path:
        message = {"role": "assistant", "content": text}
        answer = {"model": "resolved", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
        path = cassette_path(tmp_path / "cassettes", model.label, case.suite)
        recorder = Recorder(path)
        recorder.append(
            exchange(
                request_body=json.dumps(body_for(case, model)).encode(),
                response_body=(body or json.dumps(answer)).encode(),
                latency_s=0.25,
            ),
            sample=sample,
            model="resolved",
            runtime="r 1",
        )
        recorder.close()
        return path

    return put
