"""Against a real MLflow server with SQLite, where mlflow is installed."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness.cli.runs import publish_run
from harness.history import History
from harness.publish.mlflow import Destination, PublishError, figures, settings
from harness.records.run import Outcome, RunRecord
from tests.factory import case_result, run_record

pytestmark = pytest.mark.xdist_group("mlflow")  # what they set up is costly, and shared

needs_mlflow = pytest.mark.skipif(
    find_spec("mlflow") is None or find_spec("flask") is None,  # mlflow-skinny, the extra, has no server
    reason="mlflow is not installed",
)


def record(version: str, outcome: Outcome, cases: int = 120, **fields: Any) -> RunRecord:
    now = datetime.now(UTC) - timedelta(hours=1)
    values: dict[str, Any] = {
        "run_id": f"{now:%Y%m%d}-{version}{outcome}",
        "version": version,
        "configuration": {"model": "ep-1", "extra_body": {"a": 1}, "system": "s" * 7000},
        "recipe": {"samples": 42},
        "made": now.isoformat(timespec="seconds"),
    }
    results = [case_result(f"c-{number}", outcome, targets=("A-1",)) for number in range(cases)]
    return run_record(results, **(values | fields))


def test_a_rate_without_data_is_left_out_and_every_other_has_its_interval() -> None:
    found = dict(figures(record("v1", "aligned")))
    assert found["alignment_rate"] == 1
    assert 0.9 < found["alignment_rate.low"] < found["alignment_rate.high"] == 1
    assert found["alignment_rate.cases"] == 120
    assert "check_rate" not in found


def test_settings_are_text_that_mlflow_takes() -> None:
    found = dict(settings(record("v1", "aligned")))
    assert found["model.extra_body"] == '{"a": 1}'
    assert found["recipe.samples"] == "42"
    assert max(map(len, found.values())) <= 6000


def test_settings_of_any_name_and_text_are_what_mlflow_takes() -> None:
    odd = {"k" * 300: "v", "a b": "first", "a_b": "second", "名": "\ud800", "nul": "a\0b", "long": "x" * 10_000}
    found = list(settings(record("v1", "aligned", configuration=odd)))
    names = [name for name, _ in found]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) == 250
    assert dict(found)["model.a_b"] == "first"
    for _, text in found:
        assert "\0" not in text.encode("utf-8").decode()


@pytest.mark.parametrize(
    "address", ["https://me:pw-secret@host", "https://host?token=pw-secret", "ftp://host/pw-secret"]
)
def test_an_address_that_cannot_be_used_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(PublishError) as caught:
        Destination(address)
    assert "pw-secret" not in str(caught.value)


def test_a_missing_library_is_told_with_the_command_that_brings_it(project: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    History(project / "reports").write(record("v1", "aligned"))
    result = call("tuned", "--mlflow", "http://127.0.0.1:9")
    assert isinstance(result.exception, PublishError)
    assert "pip install 'pytest-verbatim[mlflow]'" in str(result.exception)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rule = '[[tool.harness.gate.rules]]\nmetric = "alignment_rate"\nmin = 0.9\n'
    (tmp_path / "pyproject.toml").write_text(rule)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(publish_run, arguments, standalone_mode=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", f"{folder}/files"]
    quiet = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=quiet, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"{address}/health", timeout=2):
                    break
            except OSError:
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.2)
        yield address
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)


@needs_mlflow
@pytest.mark.filterwarnings("default")
@pytest.mark.timeout(900)
def test_a_go_moves_the_alias_a_no_go_leaves_it_and_publishing_again_adds_nothing(project: Path, server: str) -> None:
    import mlflow

    history = History(project / "reports")
    history.write(record("v1", "aligned"))
    history.write(record("v2", "damaged"))
    client = mlflow.MlflowClient(server, server)

    first = call("tuned@v1", "--mlflow", server, "--json")
    assert first.exception is None, first.output
    told = json.loads(first.stdout)
    assert (told["verdict"], told["alias_moved"]) == ("GO", True)
    assert client.get_model_version_by_alias("tuned", "champion").version == told["version"]

    second = json.loads(call("tuned@v2", "--mlflow", server, "--json").stdout)
    assert (second["verdict"], second["alias_moved"]) == ("NO-GO", False)
    assert second["version"] != told["version"]
    assert client.get_model_version_by_alias("tuned", "champion").version == told["version"]

    again = json.loads(call("tuned@v1", "--mlflow", server, "--json").stdout)
    assert again == told
    place = client.get_experiment_by_name("verbatim").experiment_id
    assert len(client.search_runs([place])) == 2
    assert len(client.get_metric_history(told["mlflow_run"], "alignment_rate")) == 1

    run = client.get_run(told["mlflow_run"])
    assert run.info.status == "FINISHED"
    assert run.data.metrics["alignment_rate"] == 1
    assert run.data.params["model.model"] == "ep-1"
    assert run.data.tags["verbatim.verdict"] == "GO"
    assert {file.path for file in client.list_artifacts(run.info.run_id)} == {"report", "verdict.md", "verdict.json"}
    (page,) = client.list_artifacts(run.info.run_id, "report")
    assert page.path.endswith(".html")


@needs_mlflow
@pytest.mark.filterwarnings("default")
def test_a_server_that_is_gone_is_told_in_one_sentence(project: Path) -> None:
    History(project / "reports").write(record("v1", "aligned"))
    result = call("tuned", "--mlflow", "http://127.0.0.1:9")
    assert isinstance(result.exception, PublishError)
    assert "the tracking server cannot be reached; see --mlflow" in str(result.exception)
