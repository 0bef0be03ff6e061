"""Cassettes of ours under stock vcrpy, and cassettes of stock vcrpy in ours; through the real openai client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
import vcr as stock_vcr

from harness.errors import CassetteError
from harness.recording import Cassette, Recorder, vcr
from harness.recording.vcr import read
from harness.records.answer import request_key
from tests.factory import exchange
from tests.faulty_server.server import FaultyServer

ANSWER = "水吧台/岛台 Sikalastic-609\u2028."
PROMPTS = [f"{number} Repeat: {ANSWER}" for number in range(3)]


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        yield running


def body(prompt: str, *, stream: bool) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": prompt}], **({"stream": True} if stream else {})}


def ask(base_url: str, prompt: str, *, stream: bool) -> str:
    with openai.OpenAI(base_url=base_url, api_key="sk-topsecretkey1", max_retries=0) as client:
        answer = client.chat.completions.create(**body(prompt, stream=stream))
        if not stream:
            return answer.choices[0].message.content or ""
        return "".join(chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices)


async def ask_async(base_url: str, prompt: str, *, stream: bool) -> str:
    async with openai.AsyncOpenAI(base_url=base_url, api_key="sk-topsecretkey1", max_retries=0) as client:
        answer = await client.chat.completions.create(**body(prompt, stream=stream))
        if not stream:
            return answer.choices[0].message.content or ""
        return "".join([chunk.choices[0].delta.content or "" async for chunk in answer if chunk.choices])


def ask_in_either_way(base_url: str, prompt: str, *, stream: bool, asynchronous: bool) -> str:
    if asynchronous:
        return asyncio.run(ask_async(base_url, prompt, stream=stream))
    return ask(base_url, prompt, stream=stream)


def recorded(path: Path, base_url: str, *, stream: bool) -> None:
    """A cassette of ours with an answer to each prompt."""
    recorder = Recorder(path)
    for prompt in PROMPTS:
        chunk = {"object": "chat.completion.chunk", "model": "m"}
        if stream:
            delta = {"index": 0, "delta": {"content": prompt.partition(": ")[2]}, "finish_reason": None}
            end = {"index": 0, "delta": {}, "finish_reason": "stop"}
            events = [{**chunk, "choices": [delta]}, {**chunk, "choices": [end]}]
            answer = "".join(f"data: {json.dumps(e, ensure_ascii=False)}\n\n" for e in events) + "data: [DONE]\n\n"
            kind = "text/event-stream"
        else:
            message = {"role": "assistant", "content": prompt.partition(": ")[2]}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            answer = json.dumps({"object": "chat.completion", "model": "m", "choices": [choice]}, ensure_ascii=False)
            kind = "application/json"
        made = exchange(
            uri=f"{base_url}/chat/completions",
            request_body=json.dumps(body(prompt, stream=stream)).encode(),
            response_headers=(("content-type", kind),),
            response_body=answer.encode(),
        )
        recorder.append(made, sample=0, model="m", runtime="r 1")
    recorder.close()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_stock_vcrpy_replays_our_cassette(stream: bool, asynchronous: bool, tmp_path: Path) -> None:
    base_url = "http://nobody.invalid/v1"
    recorded(tmp_path / "s.jsonl", base_url, stream=stream)
    before = (tmp_path / "s.jsonl").read_bytes()
    stock = stock_vcr.VCR(match_on=["method", "uri", "body"])
    stock.register_serializer("jsonl", vcr)
    with stock.use_cassette(str(tmp_path / "s.jsonl"), serializer="jsonl", record_mode="none") as cassette:
        for prompt in reversed(PROMPTS):
            assert ask_in_either_way(base_url, prompt, stream=stream, asynchronous=asynchronous) == ANSWER
        assert cassette.all_played
    assert (tmp_path / "s.jsonl").read_bytes() == before


@pytest.mark.parametrize("serializer", ["json", "yaml"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_a_stock_cassette_imports_into_ours(
    serializer: str, stream: bool, asynchronous: bool, tmp_path: Path, server: FaultyServer
) -> None:
    stock = stock_vcr.VCR(match_on=["method", "uri", "body"])
    with stock.use_cassette(str(tmp_path / "stock"), serializer=serializer, record_mode="new_episodes"):
        for prompt in PROMPTS:
            assert ask_in_either_way(server.base_url, prompt, stream=stream, asynchronous=asynchronous) == ANSWER
    assert "sk-topsecretkey1" in (tmp_path / "stock").read_text(), "stock vcrpy keeps the key"
    imported = list(read(tmp_path / "stock"))
    recorder = Recorder(tmp_path / "s.jsonl")
    for one in imported:
        assert one.exchange is not None, one.reason
        recorder.append(one.exchange, sample=one.sample, model=None, runtime=None)
    recorder.close()
    assert "sk-topsecretkey1" not in (tmp_path / "s.jsonl").read_text()
    cassette = Cassette(tmp_path / "s.jsonl")
    assert len(cassette) == len(PROMPTS)
    for prompt in PROMPTS:
        found = cassette.get(request_key(body(prompt, stream=stream), 0))
        assert found is not None
        assert found.body.startswith("data: " if stream else "{")


def interaction(**changes: Any) -> dict[str, Any]:
    request = {"method": "POST", "uri": "http://h/v1/chat/completions", "body": '{"model": "m"}', "headers": {}}
    response = {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "{}"}}
    return {"request": request | changes.get("request", {}), "response": response | changes.get("response", {})}


def test_one_request_several_times_gives_several_samples(tmp_path: Path) -> None:
    content = {"version": 1, "interactions": [interaction(), interaction(), interaction()]}
    (tmp_path / "stock").write_text(json.dumps(content))
    assert [one.sample for one in read(tmp_path / "stock")] == [0, 1, 2]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"request": {"uri": "http://h/v1/models"}}, "not a request for /chat/completions"),
        ({"request": {"method": "GET"}}, "not a request for /chat/completions"),
        ({"response": {"status": {"code": 500}}}, "status 500: an error is not an answer"),
        ({"request": {"body": "[1]"}}, "the request is not a JSON object"),
        ({"request": {"body": None}}, "not an interaction of vcrpy's form: TypeError"),
        ({"response": {"body": {}}}, "not an interaction of vcrpy's form: KeyError"),
    ],
)
def test_what_is_no_answer_is_passed_over_with_its_reason(changes: dict[str, Any], reason: str, tmp_path: Path) -> None:
    (tmp_path / "stock").write_text(json.dumps({"version": 1, "interactions": [interaction(**changes)]}))
    (one,) = read(tmp_path / "stock")
    assert (one.exchange, one.reason) == (None, reason)


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['touch OWNED']",
        "interactions: !!python/object/new:type {}",
        "&a [*a]",
        "{",
        "[" * 100_000,
        "interactions: 5",
    ],
)
def test_a_hostile_file_is_an_error_and_runs_nothing(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stock").write_text(text)
    with pytest.raises(CassetteError):
        list(read(tmp_path / "stock"))
    assert not (tmp_path / "OWNED").exists()


def test_a_torn_line_is_told_to_users_of_vcrpy_too() -> None:
    with pytest.raises(CassetteError, match="line 1: not an interaction; run: harness cassettes verify"):
        vcr.deserialize('{"key":"00')


def test_vcrpy_never_rewrites_a_cassette_of_ours() -> None:
    refused: Callable[[dict[str, Any]], str] = vcr.serialize
    with pytest.raises(CassetteError, match="record_mode='none'"):
        refused({})


@pytest.mark.parametrize("serializer", ["json", "yaml"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_stock_vcrpy_replays_what_we_export_and_it_comes_back(serializer: str, stream: bool, tmp_path: Path) -> None:
    base_url = "http://nobody.invalid/v1"
    recorded(tmp_path / "s.jsonl", base_url, stream=stream)
    target = tmp_path / f"out.{serializer}"
    assert vcr.export(tmp_path / "s.jsonl", target) == len(PROMPTS)
    stock = stock_vcr.VCR(match_on=["method", "uri", "body"])
    with stock.use_cassette(str(target), serializer=serializer, record_mode="none"):
        for prompt in reversed(PROMPTS):
            assert ask(base_url, prompt, stream=stream) == ANSWER
    keys = {request_key(json.loads(one.exchange.request_body), one.sample) for one in read(target) if one.exchange}
    assert keys == set(Cassette(tmp_path / "s.jsonl").keys())


def test_an_imported_temperature_of_0_is_ours_of_0_0(tmp_path: Path) -> None:
    for temperature in ("0", "0.0"):
        one = interaction(request={"body": f'{{"model": "m", "temperature": {temperature}, "top_p": 1}}'})
        (tmp_path / "stock").write_text(json.dumps({"version": 1, "interactions": [one]}))
        (imported,) = read(tmp_path / "stock")
        assert imported.exchange is not None
        assert request_key(json.loads(imported.exchange.request_body), 0) == request_key(
            {"model": "m", "temperature": 0.0, "top_p": 1}, 0
        )


def test_a_body_that_vcrpy_kept_as_a_file_is_read(tmp_path: Path) -> None:
    text = """interactions:
- request:
    body: !!python/object/new:_io.BytesIO
      state: !!python/tuple
      - !!binary eyJtb2RlbCI6ICJtIn0=
      - 0
      - null
    headers: {}
    method: POST
    uri: http://h/v1/chat/completions
  response: {body: {string: '{}'}, headers: {}, status: {code: 200, message: OK}}
version: 1
"""
    (tmp_path / "stock").write_text(text)
    (imported,) = read(tmp_path / "stock")
    assert imported.exchange is not None
    assert imported.exchange.request_body == b'{"model": "m"}'


@pytest.mark.parametrize("text", ["[" * 100_000 + "]" * 100_000, "- " * 100_000 + "1", "{a: " * 100 + "1" + "}" * 100])
def test_yaml_that_is_nested_deeply_does_not_crash_the_process(text: str, tmp_path: Path) -> None:
    (tmp_path / "stock").write_text(text)
    with pytest.raises(CassetteError, match=r"nested|ValueError"):
        list(read(tmp_path / "stock"))
