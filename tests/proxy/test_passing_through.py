"""What the proxy does not know, errors, slow and hostile upstreams, many clients, and who may come in."""

from __future__ import annotations

import asyncio
import gzip
import json
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from harness.cli import run
from tests import processes
from tests.faulty_server.connection import Connection
from tests.proxy.conftest import Started
from tests.proxy.upstream import RunningProxy, Seen, Upstream, chunk, completion, says

PROMPT: list[Any] = [{"role": "user", "content": "Which primer goes on Sikalastic-609?"}]


def test_other_paths_go_through_with_method_query_and_body(start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        await connection.respond(b"\x00\xff Sikalastic - 609", "application/octet-stream", {"X-Own": "1"}, 201)

    _, upstream, client = start(answer)
    with httpx2.Client() as http:
        response = http.put(f"{client.base_url}files/a%2Fb?x=1&y=%20", content=b"\x00raw", headers={"X-Mine": "2"})
    assert (response.status_code, response.content) == (201, b"\x00\xff Sikalastic - 609")
    assert response.headers["x-own"] == "1"
    (seen,) = upstream.seen
    assert (seen.method, seen.path, seen.body) == ("PUT", "/v1/files/a%2Fb?x=1&y=%20", b"\x00raw")
    assert seen.headers["x-mine"] == "2"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "DELETE", "PATCH"])
def test_any_method_goes_through_with_the_length_of_its_answer(method: str, start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        head = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nAllow: GET\r\n\r\n"
        await connection.write(head.encode() + (b"" if seen.method == "HEAD" else b"answer."))

    _, upstream, client = start(answer)
    with httpx2.Client() as http:
        response = http.request(method, f"{client.base_url}models")
    assert (response.status_code, response.headers["content-length"], response.headers["allow"]) == (200, "7", "GET")
    assert response.content == (b"" if method == "HEAD" else b"answer.")
    assert upstream.seen[0].method == method


def test_uploads_in_chunks_go_through(start: Callable[..., Started]) -> None:
    proxy, upstream, _ = start(says("Sikalastic - 609"))
    chat = json.dumps({"model": "m", "messages": PROMPT}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{proxy.port}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as raw:
        pieces = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (chat[:9], chat[9:]))
        raw.sendall(head.encode() + pieces + b"0\r\n\r\n")
        answer = raw.recv(65536)
        while not answer.endswith(b"\r\n0\r\n\r\n"):
            answer += raw.recv(65536)
    assert b"x-harness-mended: Sikalastic-609=spaced" in answer
    assert b"Sikalastic-609" in answer.partition(b"\r\n\r\n")[2]
    assert upstream.seen[0].body == chat


def test_the_list_of_models_and_other_resources_of_the_client(start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        await connection.json(
            {"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "o"}]}
        )

    _, upstream, client = start(answer)
    assert [model.id for model in client.models.list()] == ["m"]
    assert upstream.seen[0].path == "/v1/models"


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_errors_come_as_the_upstream_gave_them(status: int, start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        error = {"error": {"message": "no: Sikalastic - 609", "type": "t", "code": "c"}}
        await connection.json(error, status=status, headers={"Retry-After": "7"})

    _, _, client = start(answer)
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(model="m", messages=PROMPT)
    assert caught.value.status_code == status
    assert caught.value.body == {"message": "no: Sikalastic - 609", "type": "t", "code": "c"}
    assert caught.value.response.headers["retry-after"] == "7"


def test_nothing_behind_the_proxy_is_a_502_with_words(start: Callable[..., Started]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        upstream = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
    _, _, client = start(says("x"), upstream=upstream)
    with pytest.raises(openai.APIStatusError, match="cannot be reached") as caught:
        client.chat.completions.create(model="m", messages=PROMPT)
    assert caught.value.status_code == 502


def test_a_silent_upstream_is_a_504(start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        await connection.stall()

    _, _, client = start(answer, timeout_s=0.3)
    with pytest.raises(openai.APIStatusError, match="did not answer in time") as caught:
        client.chat.completions.create(model="m", messages=PROMPT)
    assert caught.value.status_code == 504


def test_a_slow_stream_is_passed_on_while_it_comes(start: Callable[..., Started]) -> None:
    read, in_time = threading.Event(), list[bool]()

    async def answer(connection: Connection, seen: Seen) -> None:
        parts = [
            chunk({"content": "A long beginning that holds nothing to be mended. "}),
            chunk({"content": "End."}, "stop"),
        ]
        await connection.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        await connection.chunk(parts[0].encode())
        in_time.append(await asyncio.to_thread(read.wait, 20))
        await connection.chunk(parts[1].encode())
        await connection.write(b"0\r\n\r\n")

    _, _, client = start(answer)
    said = []
    for part in client.chat.completions.create(model="m", messages=PROMPT, stream=True):
        if part.choices[0].delta.content:
            said.append(part.choices[0].delta.content)
            read.set()
    assert (len(said) > 1, in_time) == (True, [True]), "the first part came before the second was sent"


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_stream_that_breaks_off_breaks_off_for_the_client_too(how: str, start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        await connection.stream([chunk({"content": "Take Sikalastic - 609"})], end=False)
        getattr(connection, how)()

    proxy, _, client = start(answer)
    text = ""
    stream = iter(client.chat.completions.create(model="m", messages=PROMPT, stream=True))
    with pytest.raises((httpx2.HTTPError, openai.APIError)):  # noqa: PT012  (which chunk is the last is not known)
        while True:
            text += next(stream).choices[0].delta.content or ""
    assert text in ("Take Sikalastic-609", "Take ", "")
    assert proxy.rows(1)[0]["finish_reason"] == "error"


def test_a_client_that_leaves_ends_the_asking(start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        await connection.stream([chunk({"content": "word "})], end=False)
        for _ in range(500):
            await asyncio.sleep(0.02)
            await connection.chunk(chunk({"content": "word "}).encode())

    _, upstream, client = start(answer)
    stream = client.chat.completions.create(model="m", messages=PROMPT, stream=True)
    next(iter(stream))
    stream.close()
    deadline = time.monotonic() + 60
    while not upstream.gone and time.monotonic() < deadline:
        time.sleep(0.05)
    assert upstream.gone == 1


def test_a_compressed_answer_is_mended_all_the_same(start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        body = gzip.compress(json.dumps(completion("Sikalastic - 609.")).encode())
        await connection.respond(body, "application/json", {"Content-Encoding": "gzip"})

    _, upstream, client = start(answer)
    answer_ = client.chat.completions.create(model="m", messages=PROMPT)
    assert answer_.choices[0].message.content == "Sikalastic-609."
    assert upstream.seen[0].headers["accept-encoding"] == "identity"


def test_two_hundred_clients_at_one_time(start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        await asyncio.sleep(1.0)
        await says(f"{json.loads(seen.body)['user']}: Sikalastic - 609.")(connection, seen)

    proxy, _, client = start(answer)

    async def ask(asking: openai.AsyncOpenAI, number: int) -> str:
        if number % 2:
            whole = await asking.chat.completions.create(model="m", messages=PROMPT, user=str(number))
            return whole.choices[0].message.content or ""
        stream = await asking.chat.completions.create(model="m", messages=PROMPT, user=str(number), stream=True)
        return "".join([part.choices[0].delta.content or "" async for part in stream])

    async def ask_all() -> list[str]:
        limits = httpx2.Limits(max_connections=None)
        async with (
            httpx2.AsyncClient(limits=limits, timeout=60) as http,
            openai.AsyncOpenAI(base_url=client.base_url, api_key="k", max_retries=0, http_client=http) as asking,
        ):
            return list(await asyncio.gather(*(ask(asking, number) for number in range(200))))

    started = time.monotonic()
    assert asyncio.run(ask_all()) == [f"{number}: Sikalastic-609." for number in range(200)]
    assert time.monotonic() - started < 60
    assert len(proxy.rows(200)) == 200


# --- who may come in ---


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "evil.example:8082"},
        {"Host": "[::1"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
    ],
)
def test_a_page_of_another_host_is_refused(headers: dict[str, str], start: Callable[..., Started]) -> None:
    proxy, upstream, _ = start(says("x"))
    head = {"Host": f"127.0.0.1:{proxy.port}", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as raw:
        raw.sendall(f"GET /v1/models HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(4096), b""))
    assert b" 403 " in answer.split(b"\r\n")[0]
    assert upstream.seen == []


def _asked_by_a_page(proxy: RunningProxy, method: str, page: str, **headers: str) -> httpx2.Response:
    head = {"Origin": page, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx2.request(method, f"{proxy.base_url}/chat/completions", headers=head, json={"messages": []})


def test_a_page_of_this_machine_may_ask_and_read(start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        await connection.json(completion("x"), headers={"Access-Control-Allow-Origin": "https://evil.example"})

    proxy, upstream, _ = start(answer)
    page = "http://localhost:3000"
    wanted = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization, content-type"}
    asked = _asked_by_a_page(proxy, "OPTIONS", page, **wanted)
    assert (asked.status_code, upstream.seen) == (204, [])
    assert "POST" in asked.headers["access-control-allow-methods"]
    assert asked.headers["access-control-allow-headers"] == "authorization, content-type"
    read = _asked_by_a_page(proxy, "POST", page)
    assert asked.headers["access-control-allow-origin"] == read.headers["access-control-allow-origin"] == page
    assert "x-harness-mended" in read.headers["access-control-expose-headers"]
    other = _asked_by_a_page(proxy, "OPTIONS", "https://evil.example", **wanted)
    assert other.status_code == 403
    assert not [name for name in other.headers if name.startswith("access-control")]
    plain = httpx2.post(f"{proxy.base_url}/chat/completions", json={"messages": []})
    assert not [name for name in plain.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "target", ["/v1/../secret", "/v1/%2e%2E/secret", "http://evil.example/v1/models", "*", "//evil.example/x"]
)
def test_no_path_leads_to_another_place(target: str, start: Callable[..., Started]) -> None:
    proxy, upstream, _ = start(says("x"))
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as raw:
        raw.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(4096), b""))
    assert b" 400 " in answer.split(b"\r\n")[0] or all(seen.path.startswith("/v1/") for seen in upstream.seen)


def test_a_hostile_upstream_sets_nothing_for_this_machine(start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        headers = {
            "Set-Cookie": "a=b",
            "Strict-Transport-Security": "max-age=1",
            "X-Harness-Mended": "lies",
            "Connection": "keep-alive, X-Hop",
            "X-Hop": "1",
        }
        await connection.json(completion("Sikalastic-609"), headers=headers)

    _, _, client = start(answer)
    raw = client.chat.completions.with_raw_response.create(model="m", messages=PROMPT, extra_headers={"Cookie": "c=d"})
    names = set(raw.headers)
    assert not names & {"set-cookie", "strict-transport-security", "x-harness-mended", "x-hop"}


def test_a_redirect_is_not_followed_and_not_passed_on(start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        await connection.respond(b"", "text/plain", {"Location": "http://evil.example/v1/chat/completions"}, 307)

    _, upstream, client = start(answer)
    with pytest.raises(openai.APIStatusError, match="redirect") as caught:
        client.chat.completions.create(model="m", messages=PROMPT)
    assert caught.value.status_code == 502
    assert len(upstream.seen) == 1


HOSTILE = [
    b'{"choices": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"choices": [{"message": {"content": ["x", null, {"type": "text", "text": 5}], "tool_calls": [1]}}]}',
    b'{"choices": [{"message": {"content": {}, "tool_calls": [{"function": 2}, {"function": {"arguments": {}}}]}}]}',
    b'{"choices": [null, 1, {"message": null}]}',
    b'{"choices": [{"message": {"content": "Sikalastic - 609 \\ud83d"}}]}',
    b"\xff\xfe",
    b"",
    b"null",
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("stream", [False, True])
def test_any_answer_goes_through(body: bytes, stream: bool, start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        if stream:
            await connection.stream([b"data: " + body.replace(b"message", b"delta") + b"\n\n"])
        else:
            await connection.respond(body, "application/json")

    proxy, _, _ = start(answer)
    with httpx2.Client() as http:
        response = http.post(f"{proxy.base_url}/chat/completions", json={"model": "m", "messages": PROMPT})
    assert response.status_code == 200
    if b"609" not in body:
        assert response.content.startswith(b"data: " if stream else body)
    else:
        assert b"Sikalastic-609" in response.content


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[1]", b'{"messages": 5}', b'{"messages": [5, {"content": [5]}]}'])
def test_any_request_goes_through(body: bytes, start: Callable[..., Started]) -> None:
    async def answer(connection: Connection, seen: Seen) -> None:
        await connection.json({"error": {"message": "bad"}}, status=400)

    proxy, upstream, _ = start(answer)
    with httpx2.Client() as http:
        response = http.post(f"{proxy.base_url}/chat/completions", content=body)
    assert response.status_code == 400
    assert upstream.seen[0].body == body


# --- rows and keys ---


def test_rows_are_what_score_reads(start: Callable[..., Started], tmp_path: Path) -> None:
    proxy, _, client = start(says("Take Sikalastic - 609."))
    for _ in range(3):
        client.chat.completions.create(model="m", messages=PROMPT)
    proxy.rows(3)

    def outcomes(column: str) -> dict[str, int]:
        options = ["--output", column, "--out", str(tmp_path / column), "--workers", "1"]
        assert run(["score", str(proxy.log), *options]) == 0
        found: dict[str, int] = json.loads((tmp_path / column / "rates.json").read_text())["all"]["outcomes"]
        return {name: count for name, count in found.items() if count}

    assert outcomes("output") == {"damaged": 3}
    assert outcomes("repaired") == {"aligned": 3}


def test_no_key_is_kept(start: Callable[..., Started]) -> None:
    proxy, _, client = start(says("Your key is sk-clientskey0123456789, ours environment-secret-1. Sikalastic - 609"))
    client.chat.completions.create(model="m", messages=PROMPT)
    streamed = client.chat.completions.create(model="m", messages=PROMPT, stream=True)
    assert "sk-clientskey0123456789" in "".join(part.choices[0].delta.content or "" for part in streamed)
    proxy.rows(2)
    text = proxy.log.read_text()
    assert "sk-clientskey" not in text
    assert "environment-secret" not in text
    assert text.count("[secret removed]") >= 4
    assert (proxy.log.stat().st_mode & 0o077) == 0


def test_a_torn_last_row_stays_alone_on_its_line(tmp_path: Path) -> None:
    from harness.proxy.rows import RowLog

    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n{"b"')
    log = RowLog(path)
    log.write({"c": 1})
    path.rename(tmp_path / "rotated.jsonl")
    log.write({"d": 1})
    assert (tmp_path / "rotated.jsonl").read_bytes() == b'{"a": 1}\n{"b"\n{"c": 1}\n'
    assert path.read_bytes() == b'{"d": 1}\n'


# --- the command ---


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--upstream", "http://h/v1", "--host", "0.0.0.0"], "others could reach the proxy"),
        (["--upstream", "http://h/v1", "--host", "::"], "others could reach the proxy"),
        (["--upstream", "http://h/v1", "--host", "192.168.1.5"], "others could reach the proxy"),
        (["--upstream", "http://h/v1", "--host", "example.com"], "accepted: an IP address"),
        (["--upstream", "h/v1"], "no address of an endpoint"),
        (["--upstream", "ftp://h/v1"], "no address of an endpoint"),
        (["--upstream", "https://u:secretpassword@h/v1"], "clients send their own key"),
        ([], "Missing option '--upstream'"),
    ],
)
def test_what_cannot_work_is_refused_with_words(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["proxy", *options]) == 3
    said = capsys.readouterr().err
    assert words in said
    assert "secretpassword" not in said


def test_a_port_that_is_taken_and_a_proxy_before_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert run(["proxy", "--upstream", "http://h/v1", "--port", port]) == 3
    assert run(["proxy", "--upstream", f"http://localhost:{port}/v1", "--port", port]) == 3
    said = capsys.readouterr().err
    assert "is it taken?" in said
    assert "that is the proxy itself" in said


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_the_command_ends_with_its_rows_whole(how: signal.Signals, code: int, tmp_path: Path) -> None:
    log = tmp_path / "rows.jsonl"
    options = ("--port", "0", "--log", str(log), "--json", "--upstream")
    with Upstream(says("Take Sikalastic - 609.")) as upstream:
        process = processes.start("harness", "proxy", *options, upstream.base_url, cwd=tmp_path, apart=True)
        while not process.out_so_far().endswith("\n") and process.poll() is None:
            time.sleep(0.01)
        base_url = json.loads(process.out_so_far())["base_url"]
        with openai.OpenAI(base_url=base_url, api_key="k", max_retries=0) as client:
            for _ in range(5):
                answer = client.chat.completions.create(model="m", messages=PROMPT)
                assert answer.choices[0].message.content == "Take Sikalastic-609."
        while log.read_text().count("\n") < 5 and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(how)
        assert process.wait() == code
        process.communicate()
    assert [json.loads(line)["output"] for line in log.read_text().splitlines()] == ["Take Sikalastic - 609."] * 5
