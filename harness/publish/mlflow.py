"""A run as MLflow keeps it: params, metrics with intervals, the page, and a version of the registered model."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.decisions.gate import GateVerdict
from harness.decisions.metrics import METRICS
from harness.decisions.run_summary import utc
from harness.errors import HarnessError
from harness.records.run import RunRecord
from harness.statistics.rates import wilson

_SCHEMES = ("http", "https", "sqlite", "file", "databricks")
_LONGEST_PARAM, _LONGEST_KEY, _MOST_PARAMS = 6000, 250, 100
"""MLflow's own limits: characters of a value and of its name, and how many in one call."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]*\Z")
"""Names that MLflow's search filter can hold, which has no way to escape a quote."""


class PublishError(HarnessError):
    """The tracking server cannot be used."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a run goes.

    Raises:
        PublishError: the address holds a password or query, or is of a kind that MLflow does not take.
    """

    address: str
    experiment: str = "verbatim"
    registered_model: str | None = None
    """None for the name of the model that was run."""
    alias: str = "champion"

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        if parts.scheme not in _SCHEMES:
            raise PublishError(f"--mlflow: no address of a tracking server; accepted: {', '.join(_SCHEMES)}")
        if parts.password or parts.query:
            raise PublishError(
                "--mlflow: a password or query is in the address, and would be kept; set MLFLOW_TRACKING_USERNAME "
                "and MLFLOW_TRACKING_PASSWORD in its place"
            )


@dataclass(frozen=True, slots=True)
class Published:
    """What is on the server now. `alias_moved` is true after a GO alone."""

    experiment: str
    mlflow_run: str
    registered_model: str
    version: str
    alias_moved: bool


def publish(record: RunRecord, verdict: GateVerdict, texts: dict[str, str], page: Path, to: Destination) -> Published:
    """Put a run on the server. A run that is there already, by its run id, is brought up to date.

    Args:
        texts: further artifacts, by file name.
        page: the page of the run.

    Raises:
        PublishError: mlflow is not installed, or the server refuses or cannot be reached.
    """
    for name in (record.run_id, record.label, to.registered_model or record.model, to.alias):
        if not _PLAIN.match(name):
            raise PublishError(f"{name!r} cannot be published; accepted: letters, digits and ._@+-")
    # its default of seven retries, each later than the last, keeps a job hanging for minutes
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    try:
        mlflow: Any = import_module("mlflow")
    except ModuleNotFoundError as error:
        raise PublishError("mlflow is not installed; run: pip install 'pytest-verbatim[mlflow]'") from error
    try:
        client = mlflow.MlflowClient(tracking_uri=to.address, registry_uri=to.address)
        # mlflow prints links with small pictures, and standard output is for results
        with contextlib.redirect_stdout(sys.stderr):
            run_id = _run(client, record, verdict, to.experiment)
            _values(client, mlflow.entities, run_id, record)
            client.log_artifact(run_id, str(page), "report")
            for name, text in texts.items():
                client.log_text(run_id, _plain(text), name)
            client.set_terminated(run_id, "FINISHED", _milliseconds(record.ended))
            version = _version(client, record, verdict, run_id, to)
            if verdict.verdict == "GO":
                client.set_registered_model_alias(to.registered_model or record.model, to.alias, version)
    except mlflow.exceptions.MlflowException as error:
        said = str(error).splitlines()[0]
        if "Max retries exceeded" in said:
            said = "the tracking server cannot be reached"
        raise PublishError(f"MLflow: {said[:300]}; see --mlflow, MLFLOW_TRACKING_USERNAME and _PASSWORD") from None
    return Published(
        experiment=to.experiment,
        mlflow_run=run_id,
        registered_model=to.registered_model or record.model,
        version=version,
        alias_moved=verdict.verdict == "GO",
    )


def _run(client: Any, record: RunRecord, verdict: GateVerdict, experiment: str) -> str:
    """The MLflow run of this record, made if it is not there."""
    known = client.get_experiment_by_name(experiment)
    place = known.experiment_id if known is not None else client.create_experiment(experiment)
    wanted = f"tags.`verbatim.run_id` = '{record.run_id}' and tags.`verbatim.label` = '{record.label}'"
    found = client.search_runs([place], wanted, max_results=1)
    if found:
        run_id = str(found[0].info.run_id)
    else:
        name = f"{record.label} {record.run_id}"
        made = client.create_run(place, start_time=_milliseconds(record.started), tags=_tags(record), run_name=name)
        run_id = str(made.info.run_id)
    for key, value in {**_tags(record), "verbatim.verdict": verdict.verdict}.items():
        client.set_tag(run_id, key, value)
    return run_id


def _tags(record: RunRecord) -> dict[str, str]:
    tags = {
        "run_id": record.run_id,
        "label": record.label,
        "mode": record.mode,
        "partial": str(record.partial).lower(),
        "suite_digest": record.suite_digest,
        "harness_version": record.harness_version,
        "evidence_newest": record.evidence.newest or "unknown",
    }
    return {f"verbatim.{key}": value for key, value in tags.items()}


def _values(client: Any, entities: Any, run_id: str, record: RunRecord) -> None:
    """Params and metrics. They carry the time of the answers, so that publishing again adds no point to a chart."""
    moment = _milliseconds(record.evidence.newest or record.started)
    metrics = [entities.Metric(key, value, moment, 0) for key, value in figures(record)]
    params = [entities.Param(key, value) for key, value in settings(record)]
    client.log_batch(run_id, metrics=metrics, params=params[:_MOST_PARAMS])
    for start in range(_MOST_PARAMS, len(params), _MOST_PARAMS):
        client.log_batch(run_id, params=params[start : start + _MOST_PARAMS])


def figures(record: RunRecord) -> Iterator[tuple[str, float]]:
    """Every rate with its Wilson 95 % interval. A rate without data is left out: it is not 0."""
    for name, metric in METRICS.items():
        count = metric(record.cases)
        interval = wilson(count.k, count.n)
        if count.rate is None or interval is None:
            continue
        yield name, count.rate
        yield f"{name}.low", interval.low
        yield f"{name}.high", interval.high
        yield f"{name}.cases", float(count.n)


def settings(record: RunRecord) -> Iterator[tuple[str, str]]:
    """The model's settings and recipe, which hold nothing secret in a run record; of two with one name the first."""
    seen: set[str] = set()
    yield "version", record.version
    yield "lineage", ", ".join(record.lineage) or "none"
    tables: Sequence[tuple[str, dict[str, Any]]] = (("model", record.configuration), ("recipe", record.recipe or {}))
    for prefix, table in tables:
        for key, value in table.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
            name = f"{prefix}.{re.sub(r'[^A-Za-z0-9_.-]', '_', key)}"[:_LONGEST_KEY]
            if name not in seen:
                seen.add(name)
                yield name, _plain(text)[:_LONGEST_PARAM]


def _plain(text: str) -> str:
    """Without what a database and a file in UTF-8 cannot hold: lone surrogates, and NUL."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _version(client: Any, record: RunRecord, verdict: GateVerdict, run_id: str, to: Destination) -> str:
    """The version of the registered model for `NAME@VERSION`, made if it is not there."""
    name = to.registered_model or record.model
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    versions = client.search_model_versions(f"name = '{name}'")
    known = next((one for one in versions if one.tags.get("verbatim.label") == record.label), None)
    if known is None:
        source = f"{client.get_run(run_id).info.artifact_uri}/report"
        known = client.create_model_version(name, source, run_id=run_id, tags={"verbatim.label": record.label})
    version = str(known.version)
    client.set_model_version_tag(name, version, "verbatim.run_id", record.run_id)
    client.set_model_version_tag(name, version, "verbatim.verdict", verdict.verdict)
    return version


def _milliseconds(moment: str) -> int:
    return int(utc(moment).timestamp() * 1000)
