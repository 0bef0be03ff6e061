"""An endpoint that answers with its own prompt, so that every string comes back; or with blanks put in."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs


class EchoEndpoint:
    """A server on this machine.

    `damage` puts blanks round every `-` and `/`; a `status` other than 200 refuses; `posted` is what else was sent;
    `models` are the names that it lists.
    """

    def __init__(self) -> None:
        self.damage = False
        self.status = 200
        self.asked = 0
        self.models = ["mine", "base"]
        self.posted: list[tuple[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self.base_url = f"{self.address}/v1"

    def __enter__(self) -> EchoEndpoint:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.respond({"object": "list", "data": [{"id": name} for name in endpoint.models]})

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["content-length"])).decode()
                if self.path == "/v1/chat/completions":
                    answer = endpoint.answer(json.loads(content))
                    refusal = {"error": {"message": "no", "type": "refused"}}
                    self.respond(answer if endpoint.status == 200 else refusal)
                else:
                    is_json = self.headers["content-type"] == "application/json"
                    endpoint.posted.append((self.path, json.loads(content) if is_json else parse_qs(content)))
                    self.respond({})

            def respond(self, content: dict[str, Any]) -> None:
                data = json.dumps(content).encode()
                self.send_response(endpoint.status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        return Handler

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """A chat completion."""
        self.asked += 1
        text = body["messages"][-1]["content"]
        if self.damage:
            text = text.replace("-", " - ").replace("/", " / ")
        return {
            "id": "echo",
            "object": "chat.completion",
            "created": 0,
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }
