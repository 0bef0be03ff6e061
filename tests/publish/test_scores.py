"""Verdicts as OpenTelemetry events and Langfuse scores: what is sent, where to, and without any text of the log."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigError, HarnessError
from harness.publish.scores import to_langfuse, to_otel

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def row(name: str | None, outcome: str) -> dict[str, Any]:
    verdict = "spaced" if outcome == "damaged" else "verbatim"
    targets = [{"target": "SECRET-1", "verdict": verdict}, {"target": "B/2", "verdict": "absent"}]
    damage = ["space-left"] if outcome == "damaged" else []
    return {"id": name, "outcome": outcome, "damage": damage, "targets": targets}


@pytest.fixture
def scored(tmp_path: Path) -> Path:
    (tmp_path / "verdicts").mkdir()
    rows = [
        row(f"{TRACE}/{SPAN}", "damaged"),
        row("only-a-trace", "aligned"),
        row(None, "omitted"),
        row("x", "unscored"),
    ]
    (tmp_path / "verdicts/000000-000000.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows), "utf-8")
    return tmp_path


def test_events_are_on_their_spans_and_hold_no_text_of_the_log(scored: Path) -> None:
    logs = pytest.importorskip("opentelemetry.sdk._logs")
    export = pytest.importorskip("opentelemetry.sdk._logs.export")
    exporter = getattr(export, "InMemoryLogRecordExporter", None) or export.InMemoryLogExporter
    memory, provider = exporter(), logs.LoggerProvider()
    provider.add_log_record_processor(export.SimpleLogRecordProcessor(memory))
    assert to_otel(scored, provider) == 3
    records = [one.log_record for one in memory.get_finished_logs()]
    assert {one.event_name for one in records} == {"gen_ai.evaluation.result"}
    first = records[0]
    assert (f"{first.trace_id:032x}", f"{first.span_id:016x}") == (TRACE, SPAN)
    assert dict(first.attributes) == {
        "gen_ai.evaluation.name": "verbatim",
        "gen_ai.evaluation.score.value": 0.0,
        "gen_ai.evaluation.score.label": "damaged",
        "gen_ai.evaluation.explanation": "1 of 2 protected strings damaged (space-left)",
    }
    assert records[1].attributes["gen_ai.response.id"] == "only-a-trace"
    assert [one.attributes["gen_ai.evaluation.score.value"] for one in records] == [0.0, 1.0, 1.0]
    assert "SECRET" not in repr([dict(one.attributes) for one in records])


class Collector(BaseHTTPRequestHandler):
    """Takes what comes, or is not in the mood."""

    status = 200
    received = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).received += 1
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("status", [200, 400, None])
def test_a_collector_that_does_not_take_the_events_is_an_error(
    status: int | None, scored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library only logs what is lost. None: nobody is there."""
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http._log_exporter")
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Collector,), {"status": status or 200}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://user:secret@127.0.0.1:{server.server_port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    if status is None:
        server.shutdown()
        server.server_close()
    try:
        if status == 200:
            assert to_otel(scored) == 3
            return
        with pytest.raises(HarnessError, match=r"3 of 3 results were not taken at http://.*127\.0\.0\.1") as error:
            to_otel(scored)
        assert "secret" not in str(error.value)
    finally:
        server.shutdown() if status else None
        server.server_close()


class Langfuse(BaseHTTPRequestHandler):
    """The published shape of `POST /api/public/scores`: basic authentication, an id, a trace, a name, a value."""

    scores: dict[str, dict[str, Any]]
    refusals: list[int]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        expected = "Basic " + base64.b64encode(b"pk:sk").decode()
        if self.refusals:
            status = self.refusals.pop(0)
        elif self.headers["Authorization"] != expected or self.path != "/api/public/scores":
            status = 401
        elif not {"id", "traceId", "name", "value"} <= set(body):
            status = 400
        else:
            status = 200
            self.scores[body["id"]] = body
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture
def langfuse() -> Iterator[tuple[type[Langfuse], str]]:
    handler = type("Project", (Langfuse,), {"scores": {}, "refusals": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_scores_are_on_their_generations_and_a_second_run_replaces_them(
    scored: Path, langfuse: tuple[type[Langfuse], str]
) -> None:
    handler, address = langfuse
    environ = {"LANGFUSE_HOST": address, "LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk"}
    handler.refusals[:] = [429, 503]
    assert to_langfuse(scored, environ) == 2
    assert to_langfuse(scored, environ) == 2
    assert len(handler.scores) == 2
    by_trace = {one["traceId"]: one for one in handler.scores.values()}
    assert by_trace[TRACE]["observationId"] == SPAN
    assert (by_trace[TRACE]["value"], by_trace["only-a-trace"]["value"]) == (0.0, 1.0)
    assert "SECRET" not in json.dumps(handler.scores)


def test_what_is_missing_or_refused_is_said_without_the_keys(
    scored: Path, langfuse: tuple[type[Langfuse], str]
) -> None:
    with pytest.raises(ConfigError, match="set LANGFUSE_BASE_URL"):
        to_langfuse(scored, {})
    bad = {"LANGFUSE_HOST": langfuse[1], "LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "wrong-key"}
    with pytest.raises(HarnessError, match="status 401") as raised:
        to_langfuse(scored, bad)
    assert "wrong-key" not in str(raised.value)


def written(folder: Path, rows: list[dict[str, Any]], options: dict[str, Any] | None = None) -> Path:
    (folder / "verdicts").mkdir()
    text = "".join(json.dumps(one) + "\n" for one in rows)
    (folder / "verdicts/000000-000000.jsonl").write_text(text, "utf-8")
    if options is not None:
        (folder / "run.json").write_text(json.dumps({"options": options}), "utf-8")
    return folder


ODD = ["\ud800x", "a\0b", "\x1b[31mred", "<script>", "名" * 5000, "{{7*7}}", "a/b/c"]


def test_of_rows_that_share_an_id_the_worst_is_the_score(tmp_path: Path, langfuse: tuple[type[Langfuse], str]) -> None:
    """Several answers to one request, and a trace whose generations are not named."""
    outcomes = ["damaged", "aligned", "omitted", "aligned"]
    rows = [row("t/1", one) for one in outcomes] + [row("u", "aligned"), row("t/1", "aligned"), row("u", "omitted")]
    handler, address = langfuse
    environ = {"LANGFUSE_HOST": address, "LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk"}
    assert to_langfuse(written(tmp_path, rows), environ) == 2
    assert {one["traceId"]: one["value"] for one in handler.scores.values()} == {"t": 0.0, "u": 1.0}


def test_ids_that_no_protocol_takes_hold_nothing_up(tmp_path: Path, langfuse: tuple[type[Langfuse], str]) -> None:
    handler, address = langfuse
    environ = {"LANGFUSE_HOST": address, "LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk"}
    folder = written(tmp_path, [row(name, "damaged") for name in ODD])
    assert to_langfuse(folder, environ) == len(ODD)
    handler.scores.clear()
    handler.refusals[:] = [400]
    with pytest.raises(HarnessError, match=f"status 400 for a score; {len(ODD) - 1} were taken, and 1 were not"):
        to_langfuse(folder, environ)
    handler.refusals[:] = [400] * 100
    many = tmp_path / "many"
    many.mkdir()
    with pytest.raises(HarnessError, match="status 400"):
        to_langfuse(written(many, [row(f"t{number}", "damaged") for number in range(60)]), environ)
    assert len(handler.refusals) == 80  # after 20 it is not the rows
    logs = pytest.importorskip("opentelemetry.exporter.otlp.proto.http._log_exporter")
    assert logs
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Collector,), {"status": 200}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        assert to_otel(folder) == len(ODD)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("options", "is_sent"),
    [
        ({"preset": "langfuse", "id": "id"}, True),
        ({"preset": "otel", "id": "id"}, True),
        ({"preset": None, "id": "trace_id"}, True),
        ({"preset": None, "id": "id"}, False),
        ({"preset": "openai", "id": "request_id"}, False),
    ],
)
def test_a_log_of_another_tool_makes_no_traces(
    options: dict[str, Any], is_sent: bool, tmp_path: Path, langfuse: tuple[type[Langfuse], str]
) -> None:
    handler, address = langfuse
    environ = {"LANGFUSE_HOST": address, "LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk"}
    folder = written(tmp_path, [row("1", "damaged")], options)
    if is_sent:
        assert to_langfuse(folder, environ) == 1
        return
    with pytest.raises(ConfigError, match="not of Langfuse's traces"):
        to_langfuse(folder, environ)
    assert not handler.scores


def test_rows_without_an_id_are_an_error_and_not_nothing(tmp_path: Path, langfuse: tuple[type[Langfuse], str]) -> None:
    environ = {"LANGFUSE_HOST": langfuse[1], "LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk"}
    with pytest.raises(HarnessError, match="no judged row has an id"):
        to_langfuse(written(tmp_path, [row(None, "damaged")]), environ)
