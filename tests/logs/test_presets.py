"""Logs as tools write them are scored with one option: shapes from the tools' references, of several versions."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from harness.cli.score import PRESETS as OFFERED
from harness.cli.score import score
from harness.logs.presets import PRESETS
from tests.logs.conftest import rejected, verdicts

ASKED = "Which primer goes on Sikalastic-609?"
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": ASKED}]}]
RIGHT, WRONG = "The one for Sikalastic-609.", "The one for Sikalastic - 609."
CALL: dict[str, Any] = {
    "id": "c1",
    "type": "function",
    "function": {"name": "find", "arguments": '{"name": "Sikalastic –609"}'},
}


def message(text: str | None, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **more}


def completion(said: dict[str, Any], finish: str = "stop") -> dict[str, Any]:
    choice = {"index": 0, "message": said, "finish_reason": finish}
    return {"id": "x", "object": "chat.completion", "created": 1764000000, "model": "m-1", "choices": [choice]}


SAID = (message(RIGHT), message(WRONG), message(None, tool_calls=[CALL]))
OUTCOMES = ["aligned", "damaged", "damaged"]


def response(number: int) -> dict[str, Any]:
    """An object of the Responses API, with all that it has beside the output."""
    item: dict[str, Any] = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": RIGHT}]}
    if number == 1:
        item["content"][0]["text"] = WRONG
    if number == 2:
        item = {"type": "function_call", "call_id": "c", "name": "find", "arguments": CALL["function"]["arguments"]}
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Sikalastic - 609"}]}
    beside = {
        "text": {"format": {"type": "text"}},
        "instructions": None,
        "incomplete_details": None,
        "status": "completed",
    }
    return {"object": "response", "created_at": 1764000000, "model": "m-1", **beside, "output": [thought, item]}


def otlp(spans: list[dict[str, Any]], scopes: str = "scopeSpans") -> dict[str, Any]:
    return {"resourceSpans": [{"resource": {"attributes": []}, scopes: [{"scope": {"name": "x"}, "spans": spans}]}]}


def span(name: str, attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    def typed(value: Any) -> dict[str, Any]:
        if isinstance(value, list):
            return {"arrayValue": {"values": [typed(one) for one in value]}}
        return {"stringValue": value}

    listed = [{"key": key, "value": typed(value)} for key, value in attributes.items()]
    return {"spanId": "s1", "name": name, "startTimeUnixNano": "1764000000000000000", "attributes": listed, **more}


def parts(said: dict[str, Any]) -> str:
    inside: list[dict[str, Any]] = [{"type": "reasoning", "content": "Sikalastic - 609"}]
    if said["content"]:
        inside.append({"type": "text", "content": said["content"]})
    for call in said.get("tool_calls", ()):
        arguments = json.loads(call["function"]["arguments"])
        inside.append({"type": "tool_call", "id": "c1", "name": "find", "arguments": arguments})
    return json.dumps([{"role": "assistant", "parts": inside, "finish_reason": "stop"}], ensure_ascii=False)


def semantic_span(said: dict[str, Any]) -> dict[str, Any]:
    asked = json.dumps([{"role": "user", "parts": [{"type": "text", "content": ASKED}]}])
    attributes = {"gen_ai.request.model": "m-1", "gen_ai.response.finish_reasons": ["stop"]}
    return span("chat m-1", {**attributes, "gen_ai.input.messages": asked, "gen_ai.output.messages": parts(said)})


def numbered_span(said: dict[str, Any], before: tuple[str, str], message_of: str) -> dict[str, Any]:
    asked, answered = before
    attributes = {f"{asked}.0.{message_of}role": "user", f"{asked}.0.{message_of}content": ASKED}
    if said["content"]:
        attributes[f"{answered}.0.{message_of}content"] = said["content"]
    for call in said.get("tool_calls", ()):
        name = "tool_calls.0.tool_call.function.arguments" if message_of else "tool_calls.0.arguments"
        attributes[f"{answered}.0.{message_of}{name}"] = call["function"]["arguments"]
    return span("openai.chat", {"gen_ai.request.model" if not message_of else "llm.model_name": "m-1", **attributes})


def event_span(said: dict[str, Any]) -> dict[str, Any]:
    asked = span("gen_ai.user.message", {"content": ASKED})
    answered = span("gen_ai.choice", {"message": json.dumps(said, ensure_ascii=False), "index": "0"})
    return span("chat", {"gen_ai.request.model": "m-1"}, events=[asked, answered])


def observation(said: dict[str, Any], **names: Any) -> dict[str, Any]:
    return {"id": "o1", "type": "GENERATION", "name": "llm", "input": MESSAGES, "output": said, **names}


def lines(values: list[Any]) -> str:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def csv_text(values: list[dict[str, Any]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(values[0]))
    writer.writeheader()
    for value in values:
        writer.writerow({k: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for k, v in value.items()})
    return file.getvalue()


def batch_lines() -> list[dict[str, Any]]:
    body = {"model": "m-1", "messages": MESSAGES}
    asked = [{"custom_id": f"r{n}", "method": "POST", "url": "/v1/chat/completions", "body": body} for n in range(3)]
    answered = [
        {"id": f"b{n}", "custom_id": f"r{n}", "response": {"status_code": 200, "body": completion(said)}, "error": None}
        for n, said in enumerate(SAID)
    ]
    return [*asked, *answered]


def promptfoo_document() -> dict[str, Any]:
    results = [
        {"id": f"t{n}", "promptIdx": 0, "testIdx": n, "prompt": {"raw": json.dumps(MESSAGES), "label": "p"}, "vars": {},
         "provider": {"id": "openai:chat:m-1", "label": "m-1"}, "response": {"output": text}, "success": True}
        for n, text in enumerate((RIGHT, WRONG, [CALL]))
    ]  # fmt: skip
    return {"evalId": "e", "results": {"version": 3, "timestamp": "2026-11-25T00:00:00Z", "results": results}}


GIVEN = json.loads(CALL["function"]["arguments"])


def of_anthropic(number: int) -> dict[str, Any]:
    said: dict[str, Any] = {"type": "text", "text": (RIGHT, WRONG)[number % 2]}
    if number == 2:
        said = {"type": "tool_use", "id": "c", "name": "find", "input": GIVEN}
    thought = {"type": "thinking", "thinking": "Sikalastic - 609"}
    return {"role": "assistant", "model": "m-1", "content": [thought, said], "stop_reason": "end_turn"}


def of_gemini(number: int) -> dict[str, Any]:
    part: dict[str, Any] = {"text": (RIGHT, WRONG)[number % 2]}
    if number == 2:
        part = {"functionCall": {"name": "find", "args": GIVEN}}
    return {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}


def serialized(kind: str, **fields: Any) -> dict[str, Any]:
    """A message as LangChain writes it."""
    return {"lc": 1, "type": "constructor", "id": ["langchain", "messages", kind], "kwargs": {"type": kind, **fields}}


span_of_other_things = span("HTTP GET", {"http.route": "/"})
# fmt: off
LOGS: dict[tuple[str, str], str] = {
    ("openai", "pairs.jsonl"): lines(
        [{"request": {"model": "m-1", "messages": MESSAGES}, "response": completion(one)} for one in SAID]
    ),
    ("openai", "stored.json"): json.dumps(
        {"object": "list", "data": [{**completion(one), "messages": MESSAGES} for one in SAID], "has_more": False},
        indent=2,
    ),
    ("openai", "conversations.jsonl"): lines(
        [{"messages": [*MESSAGES, one], "model": "m-1", "timestamp": "2025-11-24T00:00:00Z"} for one in SAID]
    ),
    ("openai", "responses.jsonl"): lines([{**response(number), "input": ASKED} for number in range(3)]),
    ("openai", "pairs-of-responses.json"): json.dumps(
        [{"request": {"input": ASKED, "model": "m-1"}, "response": response(number)} for number in range(3)]
    ),
    ("litellm", "payloads.jsonl"): lines(
        [
            {
                "id": "1",
                "call_type": "acompletion",
                "messages": MESSAGES,
                "response": completion(one),
                "model": "m-1",
                "startTime": 1764000000.5,
                "status": "success",
            }
            for one in SAID
        ]
    ),
    ("litellm", "spend.json"): json.dumps(
        [
            {
                "request_id": "1",
                "messages": {},
                "response": json.dumps(completion(one)),
                "model": "m-1",
                "proxy_server_request": json.dumps({"messages": MESSAGES, "model": "m-1"}),
                "startTime": "2025-11-24T16:00:00.000Z",
            }
            for one in SAID
        ],
        indent=1,
    ),
    ("langfuse", "api.json"): json.dumps(
        {"data": [observation(one, startTime="2025-11-24T16:00:00.000Z", model="m-1") for one in SAID], "meta": {}}
    ),
    ("langfuse", "blob.jsonl"): lines(
        [{"id": "span", "type": "SPAN", "input": ASKED, "output": WRONG, "start_time": "2025-11-24 16:00:00.000000"}]
        + [
            {
                **observation({}),
                "input": json.dumps(MESSAGES),
                "output": json.dumps(one, ensure_ascii=False),
                "provided_model_name": "m-1",
                "start_time": "2025-11-24 16:00:00.000000",
            }
            for one in SAID
        ]
    ),
    ("langfuse", "export.csv"): csv_text(
        [observation(one, startTime="2025-11-24T16:00:00.000Z", providedModelName="m-1") for one in SAID]
    ),
    ("langfuse", "traces.json"): json.dumps(
        [
            {
                "id": "t",
                "timestamp": "2025-11-24T16:00:00Z",
                "input": {"question": ASKED},
                "output": "",
                "observations": [observation(one, startTime="2025-11-24T16:00:00Z", model="m-1")],
            }
            for one in SAID
        ],
        indent=4,
    ),
    ("otel", "spans.jsonl"): lines([otlp([span_of_other_things, semantic_span(one)]) for one in SAID]),
    ("otel", "old.json"): json.dumps(
        otlp(
            [numbered_span(one, ("gen_ai.prompt", "gen_ai.completion"), "") for one in SAID],
            "instrumentationLibrarySpans",
        ),
        indent=2,
    ),
    ("otel", "inference.jsonl"): lines(
        [otlp([numbered_span(one, ("llm.input_messages", "llm.output_messages"), "message.") for one in SAID])]
    ),
    ("otel", "events.jsonl"): lines([otlp([event_span(one)]) for one in SAID]),
    ("otel", "console.json"): "".join(
        json.dumps(
            {
                "name": "chat",
                "context": {"span_id": "0x1"},
                "start_time": "2025-11-24T16:00:00.000000Z",
                "attributes": {
                    "gen_ai.request.model": "m-1",
                    "gen_ai.output.messages": parts(one),
                    "gen_ai.input.messages": json.dumps([{"role": "user", "content": ASKED}]),
                },
            },
            indent=4,
        )
        + "\n"
        for one in SAID
    ),
    ("openai-batch", "batch.jsonl"): lines(batch_lines()),
    ("ark-batch", "batch.jsonl"): lines(batch_lines()),
    ("anthropic-batch", "batch.jsonl"): lines([
        *[{"custom_id": f"r{n}", "params": {"model": "m-1", "messages": MESSAGES[1:]}} for n in range(3)],
        *[{"custom_id": f"r{n}", "result": {"type": "succeeded", "message": {**of_anthropic(n), "created": 1764000000}}}
          for n in range(3)],
    ]),
    ("gemini-batch", "batch.jsonl"): lines([
        *[{"key": f"r{n}", "request": {"contents": [{"role": "user", "parts": [{"text": ASKED}]}]}} for n in range(3)],
        *[{"key": f"r{n}", "response": {"candidates": [of_gemini(n)], "modelVersion": "m-1", "created": 1764000000}}
          for n in range(3)],
    ]),
    ("traces", "langsmith.jsonl"): lines([
        {"id": "c", "run_type": "chain", "inputs": {"question": ASKED}, "outputs": {"answer": WRONG}},
        *[{"id": f"r{n}", "run_type": "llm", "start_time": "2025-11-24T16:00:00", "error": None,
           "inputs": {"messages": [[serialized("human", content=ASKED)]]},
           "outputs": {"generations": [[{"text": text, "message": serialized("ai", content=text, tool_calls=calls)}]]},
           "extra": {"metadata": {"ls_model_name": "m-1"}}}
          for n, (text, calls) in enumerate(((RIGHT, []), (WRONG, []), ("", [{"name": "find", "args": GIVEN}])))],
    ]),
    ("traces", "opik.json"): json.dumps([
        {"id": f"s{n}", "trace_id": "t", "type": "llm", "start_time": "2025-11-24T16:00:00Z", "model": "m-1",
         "input": {"messages": MESSAGES}, "output": {"choices": [{"message": said}]}}
        for n, said in enumerate(SAID)
    ]),
    ("chats", "sessions.jsonl"): lines([
        {"id": "s", "model": "m-1", "create_time": 1764000000000, "chat": "c",
         "messages": [one for said in SAID for one in (*MESSAGES, said)]},
    ]),
    ("chats", "sharegpt.json"): json.dumps([
        {"model": "m-1", "time": 1764000000, "conversations": [
            {"from": "human", "value": ASKED}, {"from": "gpt", "value": RIGHT}, {"from": "human", "value": ASKED},
            {"from": "gpt", "value": WRONG}, {"from": "human", "value": ASKED}, {"from": "gpt", "value": WRONG}]},
    ]),
    ("evals", "predictions.jsonl"): lines([
        {"index": number, "origin_prompt": {"data": [ASKED], "system_prompt": None}, "raw_input": {"answer": WRONG},
         **completion(said)}
        for number, said in enumerate(SAID)
    ]),
    ("messages", "table.jsonl"): lines([
        {"session_id": number, "model": "m-1", "created_at": f"2025-11-24T16:00:0{place}Z", **one}
        for number, said in enumerate(SAID)
        for place, one in enumerate(({"role": "user", "content": ASKED}, said))
    ]),
    ("promptfoo", "output.json"): json.dumps(promptfoo_document(), indent=2),
    ("promptfoo", "output.jsonl"): lines(promptfoo_document()["results"]["results"]),
}
# fmt: on


def scored(*arguments: str | Path) -> Result:
    return CliRunner().invoke(score, [str(one) for one in arguments], catch_exceptions=False, standalone_mode=False)


def test_every_preset_is_offered_and_has_a_log_here() -> None:
    assert tuple(PRESETS) == OFFERED
    assert {preset for preset, _ in LOGS} == set(OFFERED)


@pytest.mark.parametrize(("preset", "name"), LOGS)
def test_one_option_scores_the_log_of_a_tool(preset: str, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(LOGS[preset, name], encoding="utf-8")
    result = scored(tmp_path / name, "--preset", preset, "--out", tmp_path / "out")
    assert rejected(tmp_path / "out") == []
    rows = verdicts(tmp_path / "out")
    assert [row["outcome"] for row in rows] == OUTCOMES, result.output
    assert {row["model"] for row in rows} == {"m-1"}
    assert {row["day"] for row in rows} == {"2025-11-24" if preset != "promptfoo" else None}
    assert rows[1]["targets"][0]["mentions"][0]["text"] == "Sikalastic - 609"


def test_the_parts_of_a_batch_may_be_in_two_files_and_an_answer_without_request_is_rejected(tmp_path: Path) -> None:
    both = batch_lines()
    (tmp_path / "in.jsonl").write_text(lines(both[1:3]), encoding="utf-8")
    failed = {"custom_id": "r2", "response": {"status_code": 429, "body": {"error": {"message": "no"}}}, "error": None}
    (tmp_path / "out.jsonl").write_text(lines([*both[3:5], failed]), encoding="utf-8")
    scored(tmp_path / "out.jsonl", tmp_path / "in.jsonl", "--preset", "openai-batch", "--out", tmp_path / "o")
    assert [(row["id"], row["outcome"], row["unusable"]) for row in verdicts(tmp_path / "o")] == [
        ("r1", "damaged", None),
        ("r2", "unscored", "interrupted"),
    ]
    (row,) = rejected(tmp_path / "o")
    assert "custom_id 'r0': no such request; name the batch's input file" in row["reason"]


def chunks(*texts: str) -> list[dict[str, Any]]:
    deltas = [{"role": "assistant", "content": ""}, *({"content": text} for text in texts)]
    made = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    last = {"index": 0, "delta": {}, "finish_reason": "stop"}
    return [{"object": "chat.completion.chunk", "model": "m-1", "choices": [one]} for one in (*made, last)]


ASKING = {"model": "m-1", "messages": MESSAGES}
REFUSED = {"error": {"message": "Sikalastic - 609 is too much", "code": 429}}
FAILED_TEST = {
    "id": "t", "prompt": {"raw": ASKED}, "response": {"output": WRONG}, "success": False, "failureReason": 1,
    "error": "Expected output to contain Sikalastic-609",
}  # fmt: skip
SPAN_ERROR = span("chat", {"gen_ai.input.messages": json.dumps(MESSAGES), "error.type": "429"})
STREAM = chunks("The one for Sika", "lastic", " - 609.")
EVENTS = "".join(f"data: {json.dumps(one)}\n\n" for one in STREAM) + "data: [DONE]\n\n"
ODD: list[tuple[str, dict[str, Any], str | None]] = [
    ("openai", {"request": ASKING, "response": STREAM}, "damaged"),
    ("openai", {"request": ASKING, "response": EVENTS}, "damaged"),
    ("openai", {"request": ASKING, "response": STREAM[:-1]}, "unscored"),  # cut off
    ("openai", {"request": ASKING, "response": REFUSED}, "unscored"),
    ("openai", {"request": ASKING, "response": None, "error": "timeout"}, "unscored"),
    ("openai", {"request": ASKING, "response": {**completion(message(WRONG)), "error": None}}, "damaged"),
    ("litellm", {"messages": MESSAGES, "response": REFUSED, "status": "failure"}, "unscored"),
    ("langfuse", observation({}, model="m-1") | {"output": STREAM}, "damaged"),
    ("promptfoo", FAILED_TEST, "damaged"),
    ("promptfoo", {**FAILED_TEST, "response": {"error": "429"}, "failureReason": 2}, "unscored"),
    ("otel", SPAN_ERROR, "unscored"),
]


@pytest.mark.parametrize(("preset", "value", "outcome"), ODD)
def test_streams_errors_and_failed_tests_are_what_they_are(
    preset: str, value: dict[str, Any], outcome: str, tmp_path: Path
) -> None:
    (tmp_path / "log.jsonl").write_text(lines([value]), encoding="utf-8")
    scored(tmp_path / "log.jsonl", "--preset", preset, "--out", tmp_path / "out")
    (row,) = verdicts(tmp_path / "out")
    assert row["outcome"] == outcome
    assert row["unusable"] == ("interrupted" if outcome == "unscored" else None)


def gemini(*answers: dict[str, Any], finish: str = "STOP") -> list[dict[str, Any]]:
    last = len(answers) - 1
    ends = [{"finishReason": finish} if number == last else {} for number in range(len(answers))]
    return [
        {"modelVersion": "m-1", "candidates": [{"content": {"role": "model", "parts": [part]}, **end}]}
        for part, end in zip(answers, ends, strict=True)
    ]


def anthropic(*pieces: dict[str, Any]) -> list[dict[str, Any]]:
    deltas = [{"type": "content_block_delta", "index": 0, "delta": piece} for piece in pieces]
    start = {"type": "message_start", "message": {"model": "m-1", "role": "assistant", "content": []}}
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "name": "f", "input": {}}}
    reason = {"type": "message_delta", "delta": {"stop_reason": "tool_use"}}
    return [start, block, *deltas, reason, {"type": "message_stop"}]


CONTENTS = {"systemInstruction": {"parts": [{"text": "Be brief."}]}, "contents": [{"parts": [{"text": ASKED}]}]}
THOUGHT = {"text": "Sikalastic - 609", "thought": True}
GEMINI_CALL = {"functionCall": {"name": "find", "args": {"name": "Sikalastic - 609"}}}
TOOL_JSON = ('{"name": "Sika', 'lastic - 609"}')
CALLED = anthropic(*({"type": "input_json_delta", "partial_json": piece} for piece in TOOL_JSON))
CALLED_EVENTS = "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in CALLED)
LANGCHAIN = {"type": "ai", "content": "", "tool_calls": [], "additional_kwargs": {"tool_calls": [CALL]}}
LEGACY = message(None, function_call={"name": "find", "arguments": CALL["function"]["arguments"]})
BEDROCK = {"output": {"message": message(None) | {"content": [{"toolUse": {"name": "f", "input": {"a": WRONG}}}]}}}


def record(name: str, body: dict[str, Any]) -> dict[str, Any]:
    typed = {"kvlistValue": {"values": span("", body)["attributes"]}}
    return {"traceId": "t", "spanId": "s", "timeUnixNano": "1764000000000000000", "eventName": name, "body": typed}


RECORDS = [record("gen_ai.user.message", {"content": ASKED}), record("gen_ai.choice", {"message": WRONG})]
CHOICE = {"event.name": "gen_ai.choice", "message": message(WRONG)}
LOGFIRE = json.dumps([{"event.name": "gen_ai.user.message", "content": ASKED}, CHOICE])
VERCEL = {"ai.prompt.messages": json.dumps(MESSAGES), "ai.model.id": "m-1"}
VERCEL_CALLS = json.dumps([{"toolCallId": "c", "toolName": "f", "input": {"a": WRONG}}])
GATEWAY = {"backendRequestBody": ASKING, "responseBody": completion(message(WRONG))}
PARTS = json.dumps([{"type": "text", "text": f"请看：{ASKED}"}])
PHOENIX = {"input_messages": [{"message": {"content": ASKED}}], "output_messages": [{"message": {"content": WRONG}}]}
TAGS = [{"key": "gen_ai.prompt", "value": ASKED}, {"key": "gen_ai.completion", "value": WRONG}]
VENDORS: list[tuple[str, Any]] = [
    ("openai", {"request": CONTENTS, "response": gemini(THOUGHT, {"text": "Sika"}, {"text": "lastic - 609"})}),
    ("openai", {"request": CONTENTS, "response": gemini(THOUGHT, GEMINI_CALL)[1]}),
    ("openai", {"contents": [*CONTENTS["contents"], {"role": "model", "parts": [{"text": WRONG}]}]}),
    ("openai", {"request": ASKING, "response": CALLED}),
    ("openai", {"request": ASKING, "response": CALLED_EVENTS}),
    ("openai", {"request": ASKING, "response": completion(LEGACY)}),
    ("openai", {"request_body": json.dumps(ASKING), "response_body": json.dumps(completion(message(WRONG)))}),
    ("openai", {"records": [{"properties": GATEWAY}]}),
    ("openai", {"properties": {"requestMessages": MESSAGES, "responseMessages": [message(WRONG)]}}),
    ("openai", {"modelId": "m-1", "input": {"inputBodyJson": ASKING}, "output": {"outputBodyJson": BEDROCK}}),
    ("openai", {"request": ASKED, "response": WRONG}),
    ("langfuse", observation(LANGCHAIN)),
    ("otel", {"resourceLogs": [{"scopeLogs": [{"logRecords": RECORDS}]}]}),
    ("otel", span("c", {"gen_ai.prompt.0.content": PARTS, "gen_ai.completion.0.content": WRONG})),
    ("otel", span("c", VERCEL | {"ai.response.text": WRONG})),
    ("otel", span("c", VERCEL | {"ai.response.toolCalls": VERCEL_CALLS})),
    ("otel", span("c", {"events": LOGFIRE})),
    ("otel", {"attributes": {"llm": PHOENIX}}),
    ("otel", {f"attributes.llm.{name}": value for name, value in PHOENIX.items()}),
    ("otel", {"data": [{"spans": [{"traceID": "t", "startTime": 1764000000000000, "tags": TAGS}]}]}),
    ("otel", {"trace": {"batches": otlp([semantic_span(message(WRONG))])["resourceSpans"]}}),
]  # fmt: skip


@pytest.mark.parametrize(("preset", "value"), VENDORS)
def test_each_vendor_s_form_of_a_conversation_is_judged(preset: str, value: Any, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(lines([value]), encoding="utf-8")
    scored(tmp_path / "log.jsonl", "--preset", preset, "--out", tmp_path / "out")
    (row,) = verdicts(tmp_path / "out")
    assert (row["outcome"], [one["target"] for one in row["targets"]]) == ("damaged", ["Sikalastic-609"])
    (found,) = row["targets"][0]["mentions"]  # the reasoning is not among them
    assert found["damage"]


@pytest.mark.parametrize(
    ("preset", "value", "unusable"),
    [
        ("openai", {"request": CONTENTS, "response": gemini({"text": "Sika"}, finish="MAX_TOKENS")[0]}, "length"),
        ("openai", {"request": CONTENTS, "response": gemini({"text": "A"}, {"text": "B"})[:1]}, "interrupted"),
        ("openai", {"request": ASKING, "response": CALLED[:3]}, "interrupted"),
    ],
)  # fmt: skip
def test_an_answer_that_broke_off_allows_no_verdict(
    preset: str, value: dict[str, Any], unusable: str, tmp_path: Path
) -> None:
    (tmp_path / "log.jsonl").write_text(lines([value]), encoding="utf-8")
    scored(tmp_path / "log.jsonl", "--preset", preset, "--out", tmp_path / "out")
    (row,) = verdicts(tmp_path / "out")
    assert (row["outcome"], row["unusable"]) == ("unscored", unusable)


def test_a_provider_without_a_label_is_named_by_its_id_and_embeddings_of_a_batch_are_no_rows(tmp_path: Path) -> None:
    result = FAILED_TEST | {"provider": {"id": "openai:m-1", "label": ""}}
    (tmp_path / "log.jsonl").write_text(lines([result]), encoding="utf-8")
    scored(tmp_path / "log.jsonl", "--preset", "promptfoo", "--out", tmp_path / "out")
    assert [row["model"] for row in verdicts(tmp_path / "out")] == ["openai:m-1"]
    asked = {"custom_id": "e", "url": "/v1/embeddings", "body": {"input": ASKED}}
    answered = {"custom_id": "e", "response": {"status_code": 200, "body": {"data": [{"embedding": [0.1]}]}}}
    (tmp_path / "batch.jsonl").write_text(lines([*batch_lines(), asked, answered]), encoding="utf-8")
    scored(tmp_path / "batch.jsonl", "--preset", "openai-batch", "--out", tmp_path / "o")
    assert [row["outcome"] for row in verdicts(tmp_path / "o")] == OUTCOMES


def test_what_litellm_logs_without_text_is_not_a_row_or_rejected(tmp_path: Path) -> None:
    embedding = {"call_type": "aembedding", "messages": ASKED, "response": {"data": [{"embedding": [0.1]}]}}
    unstored = {"call_type": "acompletion", "messages": {}, "response": {}}
    redacted = {"messages": [message("redacted-by-litellm")], "response": completion(message("redacted-by-litellm"))}
    good = {"messages": MESSAGES, "response": completion(message(RIGHT)), "status": "success"}
    (tmp_path / "log.jsonl").write_text(lines([good, embedding, redacted, unstored]), encoding="utf-8")
    scored(tmp_path / "log.jsonl", "--preset", "litellm", "--out", tmp_path / "out")
    assert [row["outcome"] for row in verdicts(tmp_path / "out")] == ["aligned"]
    (one, other) = rejected(tmp_path / "out")
    assert "redacted-by-litellm" in one["reason"]
    assert "store_prompts_in_spend_logs: true" in other["reason"]


def test_a_log_of_another_tool_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(lines([otlp([span_of_other_things])]), encoding="utf-8")
    result = scored(tmp_path / "log.jsonl", "--preset", "otel", "--out", tmp_path / "out")
    assert "nothing there has the form of --preset otel" in result.output
    assert result.return_value == 2


@pytest.mark.parametrize("preset", OFFERED)
@pytest.mark.parametrize(
    "value",
    [[], "text", {}, {"data": 3}, {"data": [3, None, {}]}, {"input": {"a": [1]}, "output": {"b": None}},
     {"resourceSpans": [3, {"scopeSpans": 3}, {"scopeSpans": [{"spans": [{"attributes": 3, "events": [3]}]}]}]},
     {"request": "x", "response": [1]}, {"custom_id": 3, "response": []}, {"messages": 3, "choices": [3]},
     {"results": {"results": [{"prompt": 3, "response": {"output": {"a": 1}}}]}},
     {"doc": 3, "resps": 3, "arguments": 3}, {"arguments": {"a": 3}, "filtered_resps": [[3]]},
     {"origin_prompt": 3, "prediction": [3]}, {"origin_prompt": [3], "prediction": [{}]}, {"0": 3},
     {"details": {"0": 3}},
     {"data": {"spans": [{"attributes": {"mlflow.spanInputs": "[", "mlflow.spanType": 3}}]}}, {"op_name": "a"},
     {"request": {"Messages": [3]}, "response": {"Response": {"Choices": 3}}}, {"span_attributes": [3], "input": {}},
     {"request": {"payload": {"message": {"text": [3]}}}, "response": {"payload": {"choices": {"text": [3]}}}},
     {"request": {"messages": []}, "response": {"reply": "a", "choices": [3]}}]
)  # fmt: skip
def test_a_strange_value_is_at_most_a_rejected_row(preset: str, value: Any, tmp_path: Path) -> None:
    good = next(text for (name, file), text in LOGS.items() if name == preset and file.endswith(".jsonl"))
    (tmp_path / "log.jsonl").write_text(good + lines([value]), encoding="utf-8")
    scored(tmp_path / "log.jsonl", "--preset", preset, "--out", tmp_path / "out", "--max-rejected", "1")
    assert [row["outcome"] for row in verdicts(tmp_path / "out")][:3] == OUTCOMES
    assert not any("bug" in row["reason"] for row in rejected(tmp_path / "out"))
