"""Verdicts of a log where people look at it: OpenTelemetry events and Langfuse scores.

Sources: the events of the semantic conventions for generative AI (`gen_ai.evaluation.result`), and Langfuse's public
API (`POST /api/public/scores`, an id makes a second run replace the first).
"""

from __future__ import annotations

import json
import logging
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.addresses import shown_address
from harness.errors import ConfigError, HarnessError

NAME = "verbatim"
_SCORED = ("aligned", "damaged", "omitted")
_TRIES = 5


def scored_rows(out: Path) -> Iterator[dict[str, Any]]:
    """The verdicts of rows that were judged, in order. Raises ConfigError where they are Parquet."""
    files = sorted((out / "verdicts").glob("*.jsonl"))
    if not files and any((out / "verdicts").iterdir()):
        raise ConfigError("--publish: accepted: verdicts in JSON lines (--format jsonl)")
    for path in files:
        with path.open(encoding="utf-8") as file:
            yield from (row for row in map(json.loads, file) if row["outcome"] in _SCORED)


_RANK = {"aligned": 0, "omitted": 1, "damaged": 2}


def _one_of_each(out: Path) -> Iterator[dict[str, Any]]:
    """The rows that are sent: of those that share an id, such as several answers to one request, the worst."""
    worst: dict[bytes, int] = {}
    for row in scored_rows(out):
        if row["id"] and (rank := _RANK[row["outcome"]]):
            key = _plain_text(row["id"]).encode()
            worst[key] = max(rank, worst.get(key, 0))
    sent: set[bytes] = set()
    before = b""
    for row in scored_rows(out):
        if not row["id"]:
            continue
        key = _plain_text(row["id"]).encode()
        wanted = worst.get(key, 0)
        if _RANK[row["outcome"]] != wanted or key == before or key in sent:
            continue
        before = key
        if wanted:
            sent.add(key)
        yield row


def _plain_text(text: Any) -> str:
    """Without what no protocol takes: lone surrogates, and NUL."""
    return str(text).encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _value(row: Mapping[str, Any]) -> float:
    return 0.0 if row["outcome"] == "damaged" else 1.0


def _explanation(row: Mapping[str, Any]) -> str:
    """Codes and numbers alone: what the log holds stays in the log."""
    damaged = sum(one["verdict"] not in ("verbatim", "absent") for one in row["targets"])
    codes = f" ({', '.join(row['damage'])})" if row["damage"] else ""
    return f"{damaged} of {len(row['targets'])} protected strings damaged{codes}"


def to_otel(out: Path, provider: Any = None) -> int:
    """One event `gen_ai.evaluation.result` a row, on the span of the row if its id is `trace/span`. Gives their number.

    Without `provider` they go where the OTEL_EXPORTER_OTLP_* variables say.

    Raises:
        ConfigError: OpenTelemetry is not installed.
        HarnessError: nobody takes the events there.
    """
    try:
        from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context
    except ImportError:
        raise ConfigError("--publish otel: run: pip install 'pytest-verbatim[otel]'") from None
    failed: list[int] = []
    made = provider or _exporting(failed)
    logger = made.get_logger("pytest-verbatim")
    count = 0
    for row in scored_rows(out):
        context = None
        trace, _, span = _plain_text(row["id"] or "").partition("/")
        if _is_hex(trace, 32) and _is_hex(span, 16):
            of_span = SpanContext(int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(1))
            context = set_span_in_context(NonRecordingSpan(of_span))
        attributes = {
            "gen_ai.evaluation.name": NAME,
            "gen_ai.evaluation.score.value": _value(row),
            "gen_ai.evaluation.score.label": row["outcome"],
            "gen_ai.evaluation.explanation": _explanation(row),
        }
        if context is None and row["id"]:
            attributes["gen_ai.response.id"] = _plain_text(row["id"])[:_LONGEST_ID]
        logger.emit(
            timestamp=time.time_ns(), context=context, event_name="gen_ai.evaluation.result", attributes=attributes
        )
        count += 1
        if count % _FLUSHED == 0:  # the queue drops what is too much for it
            made.force_flush()
            _taken(failed, count)
    made.force_flush()
    if provider is None:
        made.shutdown()
    _taken(failed, count)
    return count


_LONGEST_ID = 1000
"""Characters."""
_FLUSHED = 512
"""Events that are sent at once."""


def _taken(failed: list[int], count: int) -> None:
    """Raises HarnessError where a batch was not taken."""
    if not failed:
        return
    named = ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    address = next((os.environ[name] for name in named if os.environ.get(name)), "http://localhost:4318")
    raise HarnessError(
        f"--publish otel: {sum(failed)} of {count} results were not taken at {shown_address(address)}; accepted: a "
        f"collector that takes OTLP over HTTP, named by {named[1]}; run it again when it answers"
    )


def _exporting(failed: list[int]) -> Any:
    """A provider that sends where the variables say; what is not taken is counted in `failed`."""
    try:
        from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    except ImportError:
        raise ConfigError("--publish otel: run: pip install 'pytest-verbatim[otel]'") from None

    class Counted(OTLPLogExporter):  # type: ignore[misc]  # the library only logs what is lost
        def export(self, batch: Any) -> Any:
            result = super().export(batch)
            if result.name != "SUCCESS":
                failed.append(len(batch))
            return result

    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # the error says it once
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(Counted(), max_export_batch_size=_FLUSHED))
    return provider


def _is_hex(text: str, length: int) -> bool:
    return len(text) == length and set(text) <= set("0123456789abcdef") and set(text) != {"0"}


def to_langfuse(out: Path, environ: Mapping[str, str]) -> int:
    """One score an id that is `trace/observation`, or a trace: of its rows the worst. Gives their number.

    A score that is refused for itself does not hold up the others.

    Raises:
        ConfigError: LANGFUSE_HOST, LANGFUSE_PUBLIC_KEY or LANGFUSE_SECRET_KEY is not set, the address is wrong, or the
            ids of the log are not of traces: a score would make a trace of each.
        HarnessError: Langfuse refuses, or cannot be reached.
    """
    from harness.endpoints.transport import httpx2

    address = (environ.get("LANGFUSE_BASE_URL") or environ.get("LANGFUSE_HOST") or "").rstrip("/")
    keys = environ.get("LANGFUSE_PUBLIC_KEY", ""), environ.get("LANGFUSE_SECRET_KEY", "")
    parts = urlsplit(address)
    if not all(keys) or parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ConfigError(
            "--publish langfuse: set LANGFUSE_BASE_URL (http or https, without a password), LANGFUSE_PUBLIC_KEY and "
            "LANGFUSE_SECRET_KEY"
        )
    _refuse_other_ids(out)
    count, refused = 0, 0
    with httpx2.Client(base_url=address, auth=keys, timeout=30, follow_redirects=False) as client:
        for row in _one_of_each(out):
            trace, _, observation = _plain_text(row["id"]).partition("/")
            if not trace:
                continue
            try:
                _post(client, _score(row, trace, observation))
                count += 1
            except _RefusedError as error:
                refused += 1
                if refused >= _MOST_REFUSED and refused > count:
                    raise HarnessError(str(error)) from None
                last = str(error)
    if refused:
        raise HarnessError(f"{last}; {count} were taken, and {refused} were not")
    if not count:
        raise HarnessError("--publish langfuse: no judged row has an id; accepted: a log whose rows have their trace")
    return count


_MOST_REFUSED = 20
"""Scores, after which it is not the rows."""


class _RefusedError(Exception):
    """One score is refused for itself."""


def _refuse_other_ids(out: Path) -> None:
    try:
        options = json.loads((out / "run.json").read_bytes())["options"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if options.get("preset") not in ("langfuse", "otel") and "trace" not in str(options.get("id")).lower():
        raise ConfigError(
            "--publish langfuse: the ids of this log are not of Langfuse's traces; accepted: a log that --preset "
            "langfuse or otel reads, or --id COLUMN, a column with trace in its name that holds trace or "
            "trace/observation"
        )


def _score(row: Mapping[str, Any], trace: str, observation: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{NAME}:{trace}/{observation}")),
        "traceId": trace,
        "name": NAME,
        "value": _value(row),
        "dataType": "NUMERIC",
        "comment": _explanation(row),
    }
    return {**body, "observationId": observation} if observation else body


def _post(client: Any, body: dict[str, Any]) -> None:
    from harness.endpoints.transport import httpx2

    status = 0
    for attempt in range(_TRIES):
        try:
            response = client.post(
                "/api/public/scores", content=json.dumps(body), headers={"Content-Type": "application/json"}
            )
            status = response.status_code
        except httpx2.HTTPError as error:
            status, reason = 0, type(error).__name__
        else:
            if status < 300:
                return
            reason = f"status {status}"
        if status in (400, 413, 422):
            raise _RefusedError(f"--publish langfuse: {reason} for a score")
        if status in range(300, 500) and status != 429:
            break
        time.sleep(min(2.0**attempt, 10) * 0.25)
    raise HarnessError(
        f"--publish langfuse: {reason} for a score; what was sent before is kept, and a second run replaces it"
    )
