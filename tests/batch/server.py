"""A server that follows OpenAI's published Batch and Files API, and Ark's batch path; it counts what is paid for.

Published at https://developers.openai.com/api/docs/guides/batch: an uploaded file of requests (purpose `batch`), a
batch made of it, states from `validating` to `completed`, `failed`, `expired` or `cancelled`, and two files of lines in
any order: answers with a status of 200, and errors.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections import Counter
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.faulty_server.server import answer_to


class BatchServer:
    """`paid` counts answers by prompt. Set the faults before a run.

    Attributes:
        looks: how often a batch must be looked at before it has ended.
        fail: prompts that get an error of their own; `expire`: how many of the last requests expire.
        ends: the status in which batches end.
        slow_create_s, slow_download_s: how long the answer to these takes once the work is done.
        refuse: status with which the creation of a batch is refused.
        flaky: every second look gets a 503.
        keeps_metadata: whether the list of batches shows what a client marked them with.
        repeats: files of answers hold each line twice, some with an id of nobody, and a line that is not JSON.
        pending: how often an uploaded file must be looked at before it can be used, as at Azure.
        gone: batches and files that the endpoint does not know any more.
    """

    def __init__(self) -> None:
        self.paid: Counter[str] = Counter()
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.looks = 2
        self.fail: set[str] = set()
        self.expire = 0
        self.ends = "completed"
        self.slow_create_s = 0.0
        self.slow_download_s = 0.0
        self.refuse = 0
        self.flaky = False
        self.keeps_metadata = True
        self.repeats = False
        self.pending = 0
        self.gone: set[str] = set()
        self.downloads = self.looked = 0
        self.keys: set[str] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def make(self, body: dict[str, Any]) -> dict[str, Any]:
        """A new batch. It is paid for from here on."""
        name = f"batch_{len(self.batches)}"
        lines = [json.loads(line) for line in self.files[body["input_file_id"]].splitlines()]
        assert len({line["custom_id"] for line in lines}) == len(lines), "custom ids are unique"
        self.batches[name] = {
            "id": name,
            "object": "batch",
            "endpoint": body["endpoint"],
            "completion_window": body["completion_window"],
            "input_file_id": body["input_file_id"],
            "metadata": body.get("metadata") if self.keeps_metadata else None,
            "status": "validating",
            "created_at": int(time.time()),
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
            "looks": 0,
        }
        return self.batches[name]

    def file(self, name: str) -> dict[str, Any]:
        """What is said of an uploaded file."""
        made = {"id": name, "object": "file", "bytes": len(self.files[name]), "created_at": 1}
        return {**made, "filename": "f", "purpose": "batch"}

    def look(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The batch one state further."""
        self.looked += 1
        batch["looks"] += 1
        if batch["looks"] < self.looks:
            batch["status"] = "in_progress"
        elif batch["status"] in ("validating", "in_progress"):
            self._end(batch)
        return batch

    def _end(self, batch: dict[str, Any]) -> None:
        batch["status"] = self.ends
        if self.ends == "failed":
            batch["errors"] = {"object": "list", "data": [{"code": "invalid_json_line", "message": "line 3 is bad"}]}
            return
        lines = [json.loads(line) for line in self.files[batch["input_file_id"]].splitlines()]
        good, bad = [], []
        for number, line in enumerate(lines):
            prompt = line["body"]["messages"][-1]["content"]
            head = {"id": f"batch_req_{number}", "custom_id": line["custom_id"]}
            if number >= len(lines) - self.expire:
                error = {
                    "code": "batch_expired",
                    "message": "It could not be executed in time.",
                }
                bad.append({**head, "response": None, "error": error})
            elif prompt in self.fail:
                body = {"error": {"message": "bad", "type": "invalid_request_error"}}
                bad.append({**head, "response": {"status_code": 400, "request_id": "r", "body": body}, "error": None})
            else:
                self.paid[prompt] += 1
                response = {"status_code": 200, "request_id": "r", "body": completion(line["body"])}
                good.append({**head, "response": response, "error": None})
        if self.repeats:
            good = [*good, *good, {**good[0], "custom_id": "nobody"}, {"custom_id": None}]
        random.Random(1).shuffle(good)
        for name, content in (("output_file_id", good), ("error_file_id", bad)):
            if content:
                batch[name] = f"file-{name}-{batch['id']}"
                text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in content)
                text = f"{{torn\n\n{text}" if self.repeats else text
                self.files[batch[name]] = text.encode()


def completion(body: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": answer_to(body["messages"][-1]["content"])}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    made = {"id": "c", "object": "chat.completion", "created": int(time.time()) - 60, "model": body["model"]}
    return {**made, "choices": [choice], "usage": usage}


def _handler(server: BatchServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def _send(self, value: Any, status: int = 200) -> None:
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            server.keys.add(self.headers["Authorization"])
            data = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/files":
                self._send(self._uploaded(data))
            elif self.path == "/v1/batches" and server.refuse:
                self._send({"error": {"message": "token limit of the queue", "code": "limit"}}, server.refuse)
            elif self.path == "/v1/batches":
                asked = json.loads(data)
                if server.pending:
                    self._send({"error": {"message": "the file is not ready"}}, 400)
                    return
                made = server.make(asked)
                time.sleep(server.slow_create_s)
                self._send(made)
            elif self.path == "/v1/batch/chat/completions":
                body = json.loads(data)
                assert not body.get("stream")
                server.paid[body["messages"][-1]["content"]] += 1
                self._send(completion(body))
            else:
                self._send({"error": {"message": "no such path"}}, 404)

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if server.gone & set(path.split("/")):
                self._send({"error": {"message": "no such object"}}, 404)
                return
            if path == "/v1/batches":
                self._send({"object": "list", "data": list(server.batches.values()), "has_more": False})
            elif found := re.fullmatch(r"/v1/batches/(\w+)", path):
                state = server.look(server.batches[found[1]])
                if server.flaky and server.looked % 2:
                    self._send({"error": {"message": "busy"}}, 503)
                else:
                    self._send(state)
            elif found := re.fullmatch(r"/v1/files/([\w-]+)", path):
                server.pending = max(0, server.pending - 1)
                self._send({**server.file(found[1]), "status": "running" if server.pending else "processed"})
            elif found := re.fullmatch(r"/v1/files/([\w-]+)/content", path):
                server.downloads += 1
                content = server.files[found[1]]
                self.send_response(200)
                self.send_header("Content-Type", "application/octet-stream")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                half = content.index(b"\n", len(content) // 2) + 1 if server.slow_download_s else 0
                self.wfile.write(content[:half])
                self.wfile.flush()
                time.sleep(server.slow_download_s)
                self.wfile.write(content[half:])
            else:
                self._send({"error": {"message": "no such path"}}, 404)

        def _uploaded(self, data: bytes) -> dict[str, Any]:
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            parts = {
                part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
                for part in BytesParser().parsebytes(head + data).get_payload()  # type: ignore[union-attr]
            }
            assert parts["purpose"] == b"batch"
            name = f"file-{len(server.files)}"
            server.files[name] = parts["file"]  # type: ignore[assignment]
            return {**server.file(name), "status": "pending" if server.pending else "processed"}

    return Handler
