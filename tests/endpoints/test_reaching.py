"""Proxies of the usual variables, certificates, and a sentence for each way in which no connection comes about."""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections.abc import AsyncIterator, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from harness.addresses import is_loopback
from harness.config import ModelConfig
from harness.endpoints.access import Access, HttpProxy, proxy_for, ssl_context, transports
from harness.endpoints.transport import NotingTransport, Wire, exchange_slot, httpx2
from harness.errors import ConfigError, EndpointError
from harness.records.answer import Completion
from tests.endpoints.conftest import HOST, Certificates
from tests.endpoints.connect_proxy import ConnectProxy
from tests.faulty_server.conftest import TARGET, case
from tests.faulty_server.server import FaultyServer
from tests.faulty_server.server_thread import ServerThread

AskAll = Callable[..., list[Completion | Exception]]
MakeModel = Callable[..., ModelConfig]
VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUEST_METHOD")
ASK = [case(f"Repeat: {TARGET}")]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def only(got: list[Completion | Exception]) -> Completion:
    (completion,) = got
    assert isinstance(completion, Completion), completion
    return completion


def sentence(got: list[Completion | Exception]) -> str:
    (error,) = got
    assert isinstance(error, EndpointError | ConfigError), error
    return str(error)


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_https_goes_through_the_proxy_of_the_usual_variables(
    variable: str, certificates: Certificates, make_model: MakeModel, ask_all: AskAll, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultyServer(tls=certificates.context()) as server, ConnectProxy(server.port) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        model = make_model(base_url=f"https://{HOST}/v1", ca_bundle=str(certificates.authority))
        assert only(ask_all(model, ASK)).text == TARGET
        assert proxy.asked == [f"CONNECT {HOST}:443 HTTP/1.1"]
        assert server.total == 1


def test_plain_http_goes_through_the_proxy(
    server: FaultyServer, make_model: MakeModel, ask_all: AskAll, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ConnectProxy(server.port, credentials="ann:s3cret") as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("//", "//ann:s3cret@"))
        assert only(ask_all(make_model(base_url=f"http://{HOST}/v1"), ASK)).text == TARGET
        assert proxy.asked == [f"POST http://{HOST}/v1/chat/completions HTTP/1.1"]


@pytest.mark.parametrize("no_proxy", ["", HOST, "*", "example"])
def test_no_proxy_and_this_machine_are_reached_directly(
    no_proxy: str, server: FaultyServer, make_model: MakeModel, ask_all: AskAll, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert only(ask_all(make_model(), ASK)).text == TARGET
    if no_proxy:
        said = sentence(ask_all(make_model(base_url=f"http://{HOST}/v1"), [case("another")]))
        assert f"the host name '{HOST}' cannot be resolved" in said


@pytest.mark.parametrize(
    ("address", "no_proxy", "is_direct"),
    [
        ("https://a.example/v1", "", False),
        ("https://a.example/v1", "example", True),
        ("https://a.example/v1", ".example", True),
        ("https://a.example/v1", "*.example", True),
        ("https://a.example/v1", "a.example:443", False),
        ("https://a.example:8443/v1", "a.example:8443", True),
        ("https://notexample/v1", "example", False),
        ("https://A.EXAMPLE./v1", "b, a.example ,c", True),
        ("https://10.2.3.4/v1", "10.0.0.0/8", True),
        ("https://11.2.3.4/v1", "10.0.0.0/8", False),
        ("https://10.2.3.4/v1", "10.2.3.4", True),
        ("https://[fd00::1]/v1", "fd00::/8", True),
        ("https://[fd00::1]/v1", "[fd00::1]", True),
        ("http://127.0.0.9:1/v1", "", True),
        ("http://[::1]:1/v1", "", True),
        ("http://localhost:1/v1", "", True),
        ("http://localhost.example/v1", "", False),
    ],
)
def test_which_addresses_are_exempt(
    address: str, no_proxy: str, is_direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    proxy = proxy_for(address)
    assert (proxy is None) == is_direct
    assert proxy is None or proxy.url == "http://proxy.example:3128"


def test_a_web_server_that_runs_us_cannot_name_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """CVE-2016-5385: a request header `Proxy` becomes HTTP_PROXY in a CGI script."""
    monkeypatch.setenv("HTTP_PROXY", "http://evil.example")
    monkeypatch.setenv("REQUEST_METHOD", "GET")
    assert proxy_for("http://model.example/v1") is None


@pytest.mark.parametrize("value", ["ftp://proxy.example", "http://", "://", "user:s3cret@"])
def test_a_proxy_that_is_none_is_named_without_its_password(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    with pytest.raises(ConfigError, match=r"HTTPS_PROXY: found .* accepted: http://HOST:PORT") as raised:
        proxy_for("https://model.example/v1")
    assert "s3cret" not in str(raised.value)


def test_obstacles_of_a_proxy_have_sentences_of_their_own(
    server: FaultyServer, make_model: MakeModel, ask_all: AskAll, monkeypatch: pytest.MonkeyPatch
) -> None:
    for scheme, variable in (("https", "HTTPS_PROXY"), ("http", "HTTP_PROXY")):
        model = make_model(base_url=f"{scheme}://{HOST}/v1")
        with ConnectProxy(server.port, credentials="ann:s3cret") as proxy:
            monkeypatch.setenv(variable, proxy.url.replace("//", "//bob:hunter2@"))
            said = sentence(ask_all(model, ASK))
            assert f"the proxy {proxy.url} (from {variable}) wants a user name and a password (407)" in said
            assert "hunter2" not in said
        said = sentence(ask_all(model, ASK))
        assert f"nothing answers at the proxy {proxy.url} (from {variable})" in said
        monkeypatch.setenv(variable, "http://no-such-proxy.example:3128")
        said = sentence(ask_all(model, ASK))
        assert "the name of the proxy http://no-such-proxy.example:3128" in said
    with ConnectProxy(server.port, refusal=403) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        said = sentence(ask_all(make_model(base_url=f"https://{HOST}/v1"), ASK))
        assert f"opens no way to {HOST} (403 Refused); name {HOST} in NO_PROXY" in said
        assert len(proxy.asked) == 1


def test_a_socks_proxy_without_its_package_is_told(
    make_model: MakeModel, ask_all: AskAll, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    monkeypatch.setitem(__import__("sys").modules, "socksio", None)
    said = sentence(ask_all(make_model(base_url=f"https://{HOST}/v1"), ASK))
    assert said == "socks5://127.0.0.1:9 (from ALL_PROXY) is a SOCKS proxy; run: pip install socksio"


def test_each_obstacle_of_tls_has_a_sentence_of_its_own(
    certificates: Certificates, make_model: MakeModel, ask_all: AskAll
) -> None:
    trusted = {"ca_bundle": str(certificates.authority)}
    with FaultyServer(tls=certificates.context()) as tls:
        # the certificate holds no address of this machine
        said = sentence(ask_all(make_model(base_url=tls.base_url, **trusted), ASK))
        assert "is for another host name (" in said
        assert "127.0.0.1" in said
        said = sentence(ask_all(make_model(base_url=tls.base_url), ASK))
        assert "is not trusted (unable to get local issuer certificate); set ca_bundle" in said
        assert tls.total == 0
    with FaultyServer(tls=certificates.context("expired")) as tls, ConnectProxy(tls.port) as proxy:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HTTPS_PROXY", proxy.url)
            said = sentence(ask_all(make_model(base_url=f"https://{HOST}/v1", **trusted), ASK))
        assert "is out of date (certificate has expired)" in said
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as plain:
        threading.Thread(target=plain.serve_forever, args=(0.02,), daemon=True).start()
        said = sentence(ask_all(make_model(base_url=f"https://127.0.0.1:{plain.server_port}/v1"), ASK))
        plain.shutdown()
    assert "does not speak TLS; set base_url to http://" in said


class PlainHttpRefused(ServerThread):
    """What servers of TLS do when plain http comes in."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self._answer = answer

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(re.findall(rb"(?i)content-length: (\d+)", head)[0]))
        writer.write(self._answer)
        writer.close()


GO = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
NGINX = b"HTTP/1.1 400 Bad Request\r\n\r\n<center>The plain HTTP request was sent to HTTPS port</center>\r\n"
ALERT = bytes.fromhex("15030100020246")


@pytest.mark.parametrize("answer", [GO, NGINX, ALERT])
def test_plain_http_to_a_port_for_tls_is_told(answer: bytes, make_model: MakeModel, ask_all: AskAll) -> None:
    with PlainHttpRefused(answer) as server:
        said = sentence(ask_all(make_model(base_url=server.base_url), ASK))
    assert f"{server.base_url} " in said
    assert re.search("speaks? TLS, set base_url to https://|speaks TLS; set base_url to https://", said)


def test_a_server_that_wants_a_client_certificate_is_told(make_model: MakeModel, ask_all: AskAll) -> None:
    nginx = b"HTTP/1.1 400 Bad Request\r\n\r\n<center>No required SSL certificate was sent</center>\r\n"
    with PlainHttpRefused(nginx) as server:
        said = sentence(ask_all(make_model(base_url=server.base_url), ASK))
    assert "wants to know who asks; set client_certificate and client_key" in said


def test_a_client_certificate_is_shown_to_servers_that_want_one(
    certificates: Certificates, make_model: MakeModel, ask_all: AskAll, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = certificates.context(wants_client=True)
    with FaultyServer(tls=context) as server, ConnectProxy(server.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        settings = {"base_url": f"https://{HOST}/v1", "ca_bundle": str(certificates.authority)}
        assert only(ask_all(make_model(**settings, client_certificate=str(certificates.client)), ASK)).text == TARGET
        assert only(ask_all(make_model(**settings), [case("another")])).unusable == "connection"
        locked = {"client_certificate": str(certificates.client), "client_key": str(certificates.locked_key)}
        assert "wants a password; accepted: a key without one" in sentence(
            ask_all(make_model(**settings, **locked), [case("a third")])
        )


def test_ssl_cert_file_is_trusted_and_a_wrong_one_is_told(
    certificates: Certificates,
    make_model: MakeModel,
    ask_all: AskAll,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    with FaultyServer(tls=certificates.context()) as server, ConnectProxy(server.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        model = make_model(base_url=f"https://{HOST}/v1")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
        assert only(ask_all(model, ASK)).text == TARGET
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
        assert "SSL_CERT_FILE: no file " in sentence(ask_all(model, [case("a")]))
        (tmp_path / "none.pem").write_text("not a certificate")
        assert "SSL_CERT_FILE: holds no certificates that can be read" in sentence(ask_all(model, [case("a")]))
        monkeypatch.delenv("SSL_CERT_FILE")
        for content in ("nothing", ""):
            (tmp_path / "none.pem").write_text(content)
            said = sentence(ask_all(make_model(base_url=f"https://{HOST}/v1", ca_bundle="none.pem"), [case("a")]))
            assert "none.pem cannot be read as certificates" in said
        said = sentence(ask_all(make_model(base_url=f"https://{HOST}/v1", ca_bundle="absent.pem"), [case("a")]))
        assert "absent.pem cannot be read as certificates (No such file or directory)" in said


def test_a_host_that_nobody_knows(make_model: MakeModel, ask_all: AskAll) -> None:
    said = sentence(ask_all(make_model(base_url="https://no-such-host.invalid/v1"), ASK))
    assert "the host name 'no-such-host.invalid' cannot be resolved; is base_url right" in said


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "app.localhost", "::ffff:127.0.0.1"])
def test_names_of_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "localhost.example", "127.0.0.1.example", "10.0.0.1", "0.0.0.0", "1271"])
def test_names_of_other_machines(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "given", ["https://h/v1", "https://h/v1/", " https://h/v1/chat/completions ", "https://h/v1/responses?a=b"]
)
def test_an_operation_in_the_address_is_understood(given: str) -> None:
    assert Access(base_url=given).address == "https://h/v1"


def test_the_store_of_the_system_is_read_where_tls_may_be_spoken(
    monkeypatch: pytest.MonkeyPatch, certificates: Certificates
) -> None:
    proxy = HttpProxy("https://proxy.example:8080", "HTTP_PROXY")
    read: list[Access] = []

    def noted(access: Access) -> ssl.SSLContext:
        read.append(access)
        return ssl_context(access)

    monkeypatch.setattr("harness.endpoints.access.ssl_context", noted)
    plain, secure = Access(base_url="http://127.0.0.1:8000/v1"), Access(base_url="https://127.0.0.1:8000/v1")
    transports(plain, None)
    assert read == []
    named = Access(base_url="http://127.0.0.1:8000/v1", ca_bundle=certificates.authority)
    transports(secure, None)
    transports(plain, proxy)
    transports(named, None)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    transports(plain, None)
    assert read == [secure, plain, named, plain]


def test_without_tls_no_certificate_is_trusted() -> None:
    from harness.endpoints.access import _without_authorities

    context = _without_authorities()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.get_ca_certs() == []


def test_tls_contexts_are_not_weakened() -> None:
    context = ssl_context(Access())
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


class OneAtATime(httpx2.AsyncBaseTransport):
    """A transport that has one connection, and notes how many requests it was given at one time."""

    def __init__(self) -> None:
        self.under_way = self.most = self.requests = self.closed = 0
        self.given_up = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        assert not self.given_up
        assert not self.closed
        self.requests += 1
        self.given_up = True
        if "refused" in str(request.url):
            raise httpx2.ConnectError("refused")
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0.001)
        return httpx2.Response(200, stream=self.Body(self))

    async def aclose(self) -> None:
        self.closed += 1

    class Body(httpx2.AsyncByteStream):
        def __init__(self, owner: OneAtATime) -> None:
            self._owner = owner

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"{"
            yield b"}"
            self._owner.given_up = False

        async def aclose(self) -> None:
            self._owner.under_way -= 1


@pytest.fixture
def made() -> list[OneAtATime]:
    return []


@pytest.fixture
def noting(made: list[OneAtATime]) -> NotingTransport:
    def make() -> OneAtATime:
        made.append(OneAtATime())
        return made[-1]

    return NotingTransport(make)


def test_each_request_has_a_connection_of_its_own_and_the_last_used_one_is_taken_again(
    noting: NotingTransport, made: list[OneAtATime]
) -> None:
    async def ask() -> None:
        async with httpx2.AsyncClient(transport=noting) as client:
            for _ in range(3):
                await client.get("http://a/")
                exchange_slot.set(Wire())
                await asyncio.gather(*(client.get("http://a/") for _ in range(4)))
                exchange_slot.set(None)
            for _ in range(3):
                await client.get("http://a/")

    asyncio.run(ask())
    assert [(one.most, one.closed) for one in made] == [(1, 1)] * 4
    assert sum(one.requests for one in made) == 3 * 5 + 3
    assert max(one.requests for one in made) > sum(one.requests for one in made) / 4 + 1


@pytest.mark.parametrize("wire", [None, Wire()], ids=["plain", "noted"])
@pytest.mark.parametrize("how", ["refused", "cancelled", "abandoned"])
def test_a_connection_whose_request_was_given_up_is_closed_and_not_used_again(
    how: str, wire: Wire | None, noting: NotingTransport, made: list[OneAtATime]
) -> None:
    """httpcore 1.0.9, which openai 2 brings, may hold a connection for taken after a request that was cancelled: it was
    the first to be taken again, and each request after it waited for nothing until its time was up."""

    async def give_up(client: httpx2.AsyncClient) -> None:
        if how == "refused":
            with pytest.raises(httpx2.ConnectError):
                await client.get("http://a/refused")
        elif how == "cancelled":
            task = asyncio.create_task(client.get("http://a/"))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
        else:
            async with client.stream("GET", "http://a/") as response:
                async for _ in response.aiter_raw():
                    break

    async def ask() -> None:
        exchange_slot.set(wire)
        async with httpx2.AsyncClient(transport=noting) as client:
            for _ in range(3):
                await give_up(client)
                await client.get("http://a/")
            assert [one.closed for one in made] == [1, 1, 1, 0]

    asyncio.run(ask())
    assert [one.closed for one in made] == [1] * 4
