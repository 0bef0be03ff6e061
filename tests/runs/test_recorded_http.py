"""An application whose HTTP is recorded by vcrpy and replayed offline: a search, then a model, in several clients."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.cli import run as harness
from harness.config import HarnessConfig, ModelConfig
from harness.errors import CassetteError, ConfigError, EndpointError, HarnessError
from harness.records.answer import Completion
from harness.records.case import Case
from harness.runs.answers import Answers
from tests.faulty_server.connection import Connection
from tests.faulty_server.project import Project
from tests.proxy.upstream import Seen, Upstream, completion

KEY = "sk-applicationskey0123456789"
SOURCE = """
import asyncio, json, os, socket, threading, urllib.request
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

BASE = {base!r}

def _search(words):
    # a key in the address, as some search services want it
    key = os.environ.get("SEARCH_API_KEY", "")
    request = urllib.request.Request(BASE + "/search?q=" + words + "&api_key=" + key)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())["found"]

def _ask(prompt):
    import openai
    with openai.OpenAI(base_url=BASE, api_key=os.environ.get("OPENAI_API_KEY", "none"), max_retries=0) as client:
        messages = [{{"role": "user", "content": prompt}}]
        answer = client.chat.completions.create(model="m", messages=messages, temperature=0)
        return answer.choices[0].message.content

def answer(body):
    return _ask(_search("a") + body["messages"][-1]["content"])

async def answer_async(body):
    import httpx2, openai
    async with httpx2.AsyncClient() as http:
        found = (await http.get(BASE + "/search", params={{"q": "a"}})).json()["found"]
    async with openai.AsyncOpenAI(base_url=BASE, api_key="none", max_retries=0) as client:
        prompt = found + body["messages"][-1]["content"]
        made = await client.chat.completions.create(model="m", messages=[{{"role": "user", "content": prompt}}])
        return made.choices[0].message.content

def with_threads(body):
    # the first search looks its host up, vcrpy's patches away meanwhile, until the second has its answer
    looking, answered, lookup = threading.Event(), threading.Event(), socket.getaddrinfo
    def slow(*given, **named):
        if not looking.is_set():
            looking.set()
            answered.wait(20)
        return lookup(*given, **named)
    with mock.patch.object(socket, "getaddrinfo", slow), ThreadPoolExecutor(2) as pool:
        first = pool.submit(_search, "a")
        looking.wait(20)
        second = pool.submit(_search, "b")
        second.add_done_callback(lambda _: answered.set())
        found = first.result() + second.result()
    return _ask(found + body["messages"][-1]["content"])

def httpx_threads(body):
    import httpx2
    def search(words):
        with httpx2.Client() as http:
            return http.get(BASE + "/search", params={{"q": words, "api_key": "k"}}).json()["found"]
    with ThreadPoolExecutor(4) as pool:
        found = "".join(pool.map(search, "abcd"))
    return _ask(found + body["messages"][-1]["content"])

def with_requests(body):
    import requests
    session = requests.Session()
    found = session.get(BASE + "/search", params={{"q": "a"}}, headers={{"X-Api-Key": "{key}"}}).json()["found"]
    messages = [{{"role": "user", "content": found + body["messages"][-1]["content"]}}]
    sent = {{"model": "m", "api_key": os.environ.get("OPENAI_API_KEY", ""), "messages": messages}}
    made = session.post(BASE + "/chat/completions", json=sent).json()
    return made["choices"][0]["message"]["content"]

def swallows(body):
    try:
        return answer(body)
    except Exception:
        return "Sorry."

def connects(body):
    try:
        socket.create_connection(("127.0.0.1", {port}), timeout=2).close()
    except OSError:
        return "no connection"
    return "connected"

def raises(body):
    _search("a")
    raise ValueError("x")

def binary(body):
    request = urllib.request.Request(BASE + "/binary", data=bytes(range(256)))
    with urllib.request.urlopen(request) as answer:
        return str(sum(answer.read()))

def none(body):
    return "no HTTP"
"""


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    async def answer(connection: Connection, seen: Seen) -> None:
        if seen.path.startswith("/v1/search"):
            await connection.json({"found": f"[{seen.path[13:14]}] ", "echo": KEY}, headers={"Set-Cookie": "s=1"})
        elif seen.path.startswith("/v1/binary"):
            await connection.respond(bytes(range(255, -1, -1)), "application/octet-stream")
        else:
            await connection.json(completion(json.loads(seen.body)["messages"][-1]["content"]))

    with Upstream(answer) as running:
        yield running


@pytest.fixture
def run(tmp_path: Path, upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    name = f"application_{abs(hash(tmp_path))}"
    port = int(upstream.base_url.rpartition(":")[2].partition("/")[0])
    (tmp_path / f"{name}.py").write_text(SOURCE.format(base=upstream.base_url, port=port, key=KEY))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("SEARCH_API_KEY", KEY)

    def ask(function: str, mode: str, cases: int = 3, **settings: Any) -> list[Completion | Exception]:
        model = ModelConfig.model_validate(
            {
                "name": "app",
                "version": "v1",
                "kind": "callable",
                "function": function if ":" in function else f"{name}:{function}",
                "record_http": True,
            }
            | settings
        )
        config = HarnessConfig(root=tmp_path, models={"app": {}})
        answers = Answers(config, model, mode, live_file=tmp_path / "live.jsonl")  # type: ignore[arg-type]
        asked = [case(number) for number in range(cases)]
        got: list[Completion | Exception] = []
        try:
            answers.start(answers.missing(asked, 1))
            for one in asked:
                try:
                    made = answers.completion(one, 0, lambda future: future.result(timeout=60))
                except HarnessError as error:
                    got.append(error)
                else:
                    got.append(made or answers.no_recording(one, 0))
        finally:
            answers.close()
        ask.notes = answers.notes  # type: ignore[attr-defined]
        return got

    return ask


def case(number: int) -> Case:
    content = f"Sikalastic-{600 + number}"
    message = {"role": "user", "content": content}
    return Case(
        suite="s", id=f"c-{number}", domain="d", language="en", task="copy", messages=(message,), targets=(content,)
    )


def texts(got: list[Any]) -> list[str]:
    assert all(isinstance(one, Completion) for one in got), got
    return [one.text for one in got]


@pytest.mark.parametrize("function", ["answer", "answer_async", "httpx_threads", "with_requests", "binary", "none"])
def test_what_was_recorded_is_replayed_offline(
    function: str, run: Callable[..., list[Any]], upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = run(function, "record")
    asked = len(upstream.seen)
    assert asked or function == "none"
    files = sorted((tmp_path / "cassettes" / "app@v1" / "s.http").glob("*.json"))
    assert len(files) == 3, "one a case"
    for variable in ("OPENAI_API_KEY", "SEARCH_API_KEY"):
        monkeypatch.delenv(variable)
    replayed = run(function, "replay")
    assert texts(replayed) == texts(recorded), run.notes
    assert len(upstream.seen) == asked, "a replay asks nobody"
    for path in (tmp_path / "cassettes").rglob("*"):
        if path.is_file():
            content = path.read_text(encoding="utf-8")
            assert KEY not in content
            assert "s=1" not in content
    dates = {json.loads(path.read_text())["metadata"]["recorded_at"] for path in files}
    assert {one.recorded_at for one in replayed} == dates, "an old answer looks old"


def test_a_second_recording_asks_nothing_and_refresh_asks_all(
    run: Callable[..., list[Any]], upstream: Upstream
) -> None:
    run("answer", "record", 2)
    assert len(upstream.seen) == 4
    run("answer", "record", 3)
    assert len(upstream.seen) == 6
    run("answer", "refresh", 3)
    assert len(upstream.seen) == 12
    assert len(texts(run("answer", "replay", 3))) == 3


def test_the_code_of_the_application_runs_again_in_a_replay(run: Callable[..., list[Any]], tmp_path: Path) -> None:
    first = texts(run("answer", "record"))
    (module,) = tmp_path.glob("application_*.py")
    changed = module.with_name("changed_" + module.name)
    changed.write_text(
        module.read_text()
        + textwrap.dedent("""
        old = answer
        def shouting(body):
            return old(body).upper()
        """)
    )
    again = texts(run(f"{changed.stem}:shouting", "replay"))
    assert again == [text.upper() for text in first]


@pytest.mark.parametrize("function", ["answer", "swallows"])
def test_http_that_is_not_recorded_is_no_answer(
    function: str, run: Callable[..., list[Any]], upstream: Upstream
) -> None:
    run("none", "record")
    got = run(function, "replay")
    assert [one.unusable for one in got] == ["http_not_recorded"] * 3
    (note,) = run.notes  # type: ignore[attr-defined]
    assert "/v1/search?q=a, which is not recorded; run: pytest --model=app --cassette-mode=record" in note
    assert KEY not in note
    assert upstream.seen == []


@pytest.mark.parametrize("function", ["connects", "with_threads"])
def test_what_vcrpy_cannot_record_is_refused_with_words(
    function: str, run: Callable[..., list[Any]], tmp_path: Path
) -> None:
    for _ in range(2):
        (error,) = run(function, "record", 1)
        assert isinstance(error, EndpointError)
        assert "that cannot be recorded" in str(error)
        assert "allow_hosts" in str(error)
    assert not list((tmp_path / "cassettes").rglob("*.json"))


def test_a_connection_of_another_kind_does_not_leave_the_machine_in_a_replay(run: Callable[..., list[Any]]) -> None:
    assert texts(run("connects", "record", 1, allow_hosts=["127.0.0.1"])) == ["connected"]
    assert [one.unusable for one in run("connects", "replay", 1)] == ["http_not_recorded"]
    assert texts(run("connects", "replay", 1, allow_hosts=["localhost"])) == ["connected"]


def test_allowed_hosts_are_asked_and_not_recorded(run: Callable[..., list[Any]], upstream: Upstream) -> None:
    run("answer", "record", 1, allow_hosts=["127.0.0.1"])
    run("answer", "replay", 1, allow_hosts=["127.0.0.1"])
    assert len(upstream.seen) == 4


def test_a_call_that_failed_leaves_nothing(run: Callable[..., list[Any]], tmp_path: Path) -> None:
    assert [one.unusable for one in run("raises", "record", 1)] == ["function_raised_ValueError"]
    assert not list((tmp_path / "cassettes").rglob("*.json"))


def test_a_hostile_file_and_a_symlink_are_refused(run: Callable[..., list[Any]], tmp_path: Path) -> None:
    run("answer", "record", 1)
    (path,) = (tmp_path / "cassettes").rglob("*.json")
    for content in ("{", '{"interactions": 5}', "[" * 100_000, '{"interactions": [{"request": {}}]}', "\x00"):
        path.write_text(content)
        (error,) = run("answer", "replay", 1)
        assert isinstance(error, CassetteError)
        assert str(path) in str(error)
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    (error,) = run("answer", "record", 1)
    assert "is a symlink" in str(error)
    assert not (tmp_path / "elsewhere").exists()


def test_verify_looks_into_recorded_http(
    run: Callable[..., list[Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("answer", "record", 2)
    monkeypatch.chdir(tmp_path)
    assert harness(["cassettes", "verify"]) == 0
    one, other = sorted((tmp_path / "cassettes").rglob("*.json"))
    one.write_text(one.read_text().replace("[secret removed]", KEY))
    other.write_text("{}")
    assert harness(["cassettes", "verify"]) == 1
    said = capsys.readouterr()
    assert "holds the value of a key" in said.out
    assert "not recorded HTTP" in said.out
    assert KEY not in said.out + said.err


def test_the_setting_is_for_applications(tmp_path: Path) -> None:
    model = ModelConfig.model_validate({"name": "m", "base_url": "http://127.0.0.1:9/v1", "record_http": True})
    answers = Answers(HarnessConfig(root=tmp_path), model, "live", live_file=tmp_path / "live.jsonl")
    with pytest.raises(ConfigError, match="record_http: accepted for kind callable"):
        answers.start(answers.missing([case(0)], 1))
    answers.close()


def test_pytest_records_and_replays_beside_a_model(tmp_path: Path, upstream: Upstream) -> None:
    """A chat model is asked at the same time, in a thread of its own: no file of the application holds that."""
    project = Project(
        tmp_path, upstream.base_url, [f"Say Sikalastic-{n}" for n in range(8)], "Sikalastic", version="v1"
    )
    (tmp_path / "app_code.py").write_text(SOURCE.format(base=upstream.base_url, port=1, key=KEY))
    with (tmp_path / "pyproject.toml").open("a") as file:
        file.write(
            '[tool.harness.models.app]\nkind = "callable"\nfunction = "app_code:answer"\n'
            'version = "v1"\nrecord_http = true\n'
        )
    process_code, output = project.run("--model=app", "--cassette-mode=record", "--tb=short")
    assert "8 of 8" in output, output
    kept = "".join(path.read_text() for path in (tmp_path / "cassettes" / "app@v1" / "s.http").glob("*.json"))
    assert kept.count("/search") == kept.count('"status"') / 2 == 8
    asked = len(upstream.seen)
    process_code, output = project.run("--model=app", "--tb=short")
    assert (process_code, len(upstream.seen)) == (0, asked), output
