"""A fake endpoint and a small project, for tests of the plugin itself. No answer of it is ever shipped."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests import processes

Reply = Callable[[str], str]


@dataclass
class FakeEndpoint:
    """Answers chat completions with what `reply` makes of the last message. Counts what it is asked."""

    reply: Reply = lambda prompt: prompt
    delay_s: float = 0.0
    status: int = 200
    raw: bytes | None = None
    """What it sends in place of an answer."""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    base_url: str = ""
    running: int = 0
    most_running: int = 0

    @property
    def asked(self) -> int:
        """How many requests came in."""
        return len(self.bodies)


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    """A fake endpoint on this machine."""
    fake = FakeEndpoint()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                fake.bodies.append(body)
                fake.headers.append(dict(self.headers))
                fake.running += 1
                fake.most_running = max(fake.most_running, fake.running)
            time.sleep(fake.delay_s)
            with lock:
                fake.running -= 1
            text = fake.reply(body["messages"][-1]["content"])
            answer = {
                "id": "x",
                "object": "chat.completion",
                "created": 0,
                "model": body["model"],
                "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
                "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
            }
            if fake.status != 200:
                answer = {"error": {"message": "no", "type": "fake"}}
            data = json.dumps(answer).encode() if fake.raw is None else fake.raw
            self.send_response(fake.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    fake.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    yield fake
    server.shutdown()
    server.server_close()


CASES = [
    {"id": "a-1", "domain": "codes", "language": "en", "task": "copy",
     "prompt": "Repeat: Sikalastic-609", "targets": ["Sikalastic-609"]},
    {"id": "a-2", "domain": "codes", "language": "zh", "task": "copy",
     "prompt": "请重复：水吧台/岛台区域", "targets": ["水吧台/岛台区域"], "tags": ["area"]},
    {"id": "a-3", "domain": "rooms", "language": "en", "task": "copy",
     "prompt": "Repeat: TCP/IP and F/A-18", "targets": ["TCP/IP", "F/A-18"]},
]  # fmt: skip


@pytest.fixture
def project(pytester: pytest.Pytester, endpoint: FakeEndpoint) -> Path:
    """A foreign project with a suite of three cases and a model `fake` at the fake endpoint."""
    write_suite(pytester.path / "suites" / "mine", CASES)
    pytester.makepyprojecttoml(
        f"""
        [tool.harness.models.fake]
        base_url = "{endpoint.base_url}"
        version = "v1"
        """
    )
    return pytester.path


def run_apart(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    """`pytest` as a process of its own, for what one process cannot show twice."""
    done = processes.run("pytest", *options, cwd=pytester.path)
    return pytest.RunResult(done.returncode, done.stdout.splitlines(), done.stderr.splitlines(), 0.0)


def write_suite(folder: Path, cases: list[dict[str, Any]], name: str = "cases.jsonl") -> None:
    """A suite folder with one file of cases."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "suite.toml").write_text('title = "Mine"\n', encoding="utf-8")
    lines = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)
    (folder / name).write_text(lines, encoding="utf-8")
