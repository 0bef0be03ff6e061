import http.server
import threading
from contextlib import contextmanager

import pytest

from harness.authoring.init.choices import ModelList, models_at


@contextmanager
def server(status=200, content=b"{}", location=None):
    """Yields the address and the headers of the requests that came."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, self.headers.get("authorization")))
            self.send_response(status)
            if location:
                self.send_header("location", location)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format, *args):
            pass

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{running.server_port}/v1", seen
    finally:
        running.shutdown()
        running.server_close()


def test_names_come_in_the_order_of_the_endpoint_and_the_key_goes_along():
    with server(content=b'{"data": [{"id": "b"}, {"id": "a"}]}') as (address, seen):
        assert models_at(f"{address}/", "secret") == ModelList(("b", "a"))
    assert seen == [("/v1/models", "Bearer secret")]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"data": 1}', b'{"data": [{"id": 1}]}', b"\xff", b"[" * 100_000])
def test_an_answer_of_another_form_is_no_list(content):
    with server(content=content) as (address, _):
        assert models_at(address) == ModelList()


@pytest.mark.parametrize(("status", "said"), [(401, "wants a key"), (403, "wants a key"), (404, "end in /v1")])
def test_a_refusal_is_told(status, said):
    with server(status) as (address, _):
        assert said in models_at(address).problem


def test_a_redirect_does_not_take_the_key_along():
    with server() as (other, seen), server(302, location=f"{other}/models") as (address, _):
        assert models_at(address, "secret").models == ()
        assert seen == []


def test_no_server_is_a_line_and_no_error():
    assert "Nothing answers" in models_at("http://127.0.0.1:9/v1").problem


def test_without_an_address_nobody_is_asked():
    assert models_at(None) == ModelList()
