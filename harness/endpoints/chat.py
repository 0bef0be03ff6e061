"""Any chat-completions endpoint, over HTTP. A local server is asked the same way.

A request is what the openai client sends, but for the name of who asks and what it says of its platform. That client is
imported for batches alone: to import it takes half a second of each run, and 13 MB.
"""

import asyncio
import json
import logging
import os
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from harness import __version__
from harness.endpoints.access import Access, HttpProxy, check_key, proxy_for, transports
from harness.endpoints.pace import Pace
from harness.endpoints.parse import RECORDABLE, Answer, Attempt, is_stream, parse
from harness.endpoints.reaching import obstacle, wants_login
from harness.endpoints.refusals import AdaptingEndpoint, Refusals
from harness.endpoints.retry import Retrying
from harness.endpoints.stream import first_content_end
from harness.errors import EndpointError, set_variable
from harness.records.answer import Completion, Exchange

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

    from harness.endpoints.transport import RequestForm, Wire


_LOCAL_KEY = "not-needed"
_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": f"pytest-verbatim/{__version__}",
    "Accept-Encoding": "identity",
}
_NAMED_BY = {"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"}
"""Variables of the openai client that name who pays."""
_CHATTY = ("httpx", "httpcore", "httpx2", "httpcore2", "openai")


class ChatEndpoint(AdaptingEndpoint):
    """Asks one endpoint.

    Args:
        access: address, key, headers, certificates.
        timeout_s: of one request, from its start to the last byte of its answer. Requests and pauses for one answer
            together take at most three times as long.
        runtime: what serves the model, where that is known; kept with every answer.
        model_label: name of the model in messages.
        redact: takes secrets out of the endpoint's own words before anybody reads them.
        ended: why the server that was started for this run is gone for good; empty while it runs.
    """

    def __init__(
        self,
        *,
        access: Access,
        timeout_s: float,
        model_label: str,
        runtime: str | None = None,
        redact: Callable[[str], str] = str,
        retrying: Retrying | None = None,
        path: str = "/chat/completions",
        ended: Callable[[], str] = str,
    ) -> None:
        super().__init__(label=model_label, where=access.shown, timeout_s=timeout_s, retrying=retrying)
        self._path = path
        self._ended = ended
        self.runtime = runtime
        self._access = access
        self._redact = redact
        self._proxy: HttpProxy | None = None
        self._key = key_from(access.api_key_env, model_label)
        if access.api_key_env is not None:
            check_key(access.api_key_env, access, model_label)
        self._refusals = Refusals(label=model_label, where=access.shown, api_key_env=access.api_key_env, redact=redact)
        self._http: httpx2.AsyncClient | None = None
        self._form: RequestForm | None = None

    def load(self) -> None:
        """Import what asking takes, and make its loggers, on the thread that calls. pytest goes through all loggers
        before each test, and breaks off where another thread adds one meanwhile.
        """
        from harness.endpoints.transport import httpx2

        import_module(httpx2.__name__.replace("httpx", "httpcore"))
        for name in _CHATTY:
            # at lower levels they log addresses and headers, and those hold keys
            if logging.getLogger(name).level == logging.NOTSET:
                logging.getLogger(name).setLevel(logging.WARNING)

    def _connected(self) -> "httpx2.AsyncClient":
        from harness.endpoints.transport import NotingTransport, httpx2

        if self._http is None:
            self.load()
            # a client with a transport of its own does not look at the variables of proxies itself
            self._proxy = proxy_for(self._access.address)
            noting = NotingTransport(transports(self._access, self._proxy))
            timeout = httpx2.Timeout(self._timeout_s, connect=min(10.0, self._timeout_s))
            self._http = httpx2.AsyncClient(transport=noting, timeout=timeout, follow_redirects=False)
        return self._http

    @property
    def where(self) -> str:
        """The address, as messages and files may show it."""
        return self._where

    def client(self) -> "AsyncOpenAI":
        """The openai client, for what is not a chat completion; the model's headers go with each request."""
        from openai import AsyncOpenAI

        http, access = self._connected(), self._access
        headers, name = dict(access.headers), access.api_key_header
        if name is not None:
            http.event_hooks = {"request": [_without_bearer]}
            if self._key is not None:
                headers[name] = self._key
        return AsyncOpenAI(
            api_key=self._key or _LOCAL_KEY,
            base_url=access.address,
            default_headers=headers,
            default_query=access.parameters or None,
            max_retries=0,  # retries are counted and paced here
            timeout=http.timeout,
            http_client=http,
        )

    def _headers(self) -> "httpx2.Headers":
        from harness.endpoints.transport import httpx2

        headers = httpx2.Headers(_HEADERS)
        for variable, name in _NAMED_BY.items():
            if value := os.environ.get(variable):
                headers[name] = value
        own = self._access.api_key_header if self._key is not None else None
        if own is None:
            headers["Authorization"] = f"Bearer {self._key or _LOCAL_KEY}"
        headers.update(self._access.headers)
        if own is not None and self._key is not None:
            headers[own] = self._key
        return headers

    def _request(self, http: "httpx2.AsyncClient", body: dict[str, Any]) -> "httpx2.Request":
        """The parts that are the same for all requests are put together once, as long as there is no cookie."""
        from harness.endpoints.transport import RequestForm

        if self._form is None or len(http.cookies.jar):
            address, query = self._access.address + self._path, self._access.parameters or None
            self._form = RequestForm(http.build_request("POST", address, headers=self._headers(), params=query))
        return self._form.new(body)

    async def ask(self, body: dict[str, Any], pace: Pace | None = None) -> Answer:
        """One answer, asked for again where that may help.

        Raises:
            EndpointError: the endpoint refuses the key, the model or the address: asking on is useless.
            SpentError: `pace` lets no more requests out.
        """
        return await self._ask(self.attempt, body, pace, lambda: self._answered)

    async def attempt(self, body: dict[str, Any]) -> Attempt:
        """One request.

        Raises:
            EndpointError: as above.
        """
        import anyio

        from harness.endpoints.transport import AnswerTooLongError, EncodingError, Wire, exchange_slot, httpx2

        wire = Wire()
        sent = self._capability.applied(body)
        token = exchange_slot.set(wire)
        try:
            http = self._connected()
            async with asyncio.timeout(self._timeout_s):
                response = await http.send(self._request(http, sent))
        except (AnswerTooLongError, EncodingError) as error:
            return self._broken(error)
        except (httpx2.RequestError, httpx2.InvalidURL, ssl.SSLError, anyio.EndOfStream, TimeoutError) as error:
            self._reached = self._reached or wire.status > 0
            return self._not_connected(error)
        finally:
            exchange_slot.reset(token)
        self._reached = True
        if response.status_code == 407:
            raise EndpointError(f"model {self._label}: {wants_login(self._proxy).sentence}")
        if not response.is_success:
            return self._refused(response, sent)
        return self._read(response, wire, body)

    def _refused(self, response: "httpx2.Response", sent: dict[str, Any]) -> Attempt:
        error, words = self._refusals.error_of(response)
        if self._capability.learn(response.status_code, error, words, sent):
            unusable = f"http_{response.status_code}"
            return Attempt(Completion(unusable=unusable), retry=True, said=words, learnt=True)
        attempt = self._refusals.of_status(response, sent, has_answered=self._answered)
        if (attempt.retry_after_s or 0.0) > self._total_s:
            raise EndpointError(
                f"model {self._label}: {self._access.shown} wants to be left alone {_for_long(attempt.retry_after_s)} "
                f"({response.status_code}, Retry-After){_quoted(attempt.said)}. What was answered is kept: run with "
                "--cassette-mode=record then"
            )
        return attempt

    def _broken(self, error: Exception) -> Attempt:
        from harness.endpoints.transport import AnswerTooLongError

        if isinstance(error, AnswerTooLongError):
            return Attempt(Completion(unusable="too_long"))
        return Attempt(Completion(unusable="bad_encoding"), retry=True)

    def _not_connected(self, error: Exception) -> Attempt:
        from harness.endpoints.transport import httpx2

        if ended := self._ended():
            raise EndpointError(f"model {self._label}: {ended}")
        met = obstacle(error, self._access, self._proxy)
        if met is not None:
            said = self._redact(met.sentence)
            if met.lasting:
                raise EndpointError(f"model {self._label}: {said}") from None
            return Attempt(Completion(unusable=met.reason), retry=True, unreachable=True, said=said)
        if isinstance(error, httpx2.TimeoutException | TimeoutError):
            said = f"no answer within {self._timeout_s:g} s (timeout_s)"
            return Attempt(Completion(unusable="timeout"), retry=True, said=said)
        said = f"{self._access.shown} ended the connection without an answer"
        if not self._reached:
            is_tls = self._access.address.startswith("https:")
            said += (
                "; if it wants to know who asks, set client_certificate"
                if is_tls
                else "; if it speaks TLS, set base_url to https://..."
            )
        return Attempt(Completion(unusable="connection"), retry=True, said=said)

    def _read(self, response: "httpx2.Response", wire: "Wire", body: dict[str, Any]) -> Attempt:
        content: bytes = response.content
        content_type = response.headers.get("content-type", "")
        completion = parse(content, content_type)
        if completion.unusable == "too_long":
            return Attempt(completion)
        latency_s = (wire.ended or wire.started) - wire.started
        first_token_s = _first_token_s(content, content_type, wire)
        completion = completion.model_copy(
            update={
                "latency_s": round(latency_s, 4),
                "first_token_s": None if first_token_s is None else round(first_token_s, 4),
                "recorded_at": wire.recorded_at,
                "runtime": self._runtime,
            }
        )
        if wire.status != 200:
            # a part of an answer (206), or one that something on the way has changed (203)
            completion = completion.model_copy(update={"unusable": f"http_{wire.status}"})
        if completion.unusable not in RECORDABLE:
            said = self._refusals.words_of_answer(completion, content)
            return Attempt(Completion(unusable=completion.unusable), retry=True, said=said)
        self._answered = True
        exchange = Exchange(
            uri=wire.uri,
            request_headers=wire.request_headers,
            # the key of a recording is the request that was asked for; `runtime` says how it was sent
            request_body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
            if self._capability.changes
            else wire.request_body,
            status=wire.status,
            response_headers=wire.response_headers,
            response_body=content,
            latency_s=latency_s,
            first_token_s=first_token_s,
            recorded_at=wire.recorded_at,
        )
        return Attempt(completion, exchange)

    @property
    def _runtime(self) -> str | None:
        changes = self._capability.changes
        return (
            "; ".join([*([self.runtime] if self.runtime else []), f"sent {', '.join(changes)}"])
            if changes
            else (self.runtime)
        )

    async def aclose(self) -> None:
        """Close all connections."""
        if self._http is not None:
            await self._http.aclose()


def _quoted(said: str) -> str:
    return f". It says: {said}" if said else ""


def _for_long(seconds: float | None) -> str:
    seconds = min(seconds or 0.0, 10 * 365 * 86400)
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    span = f"{seconds / 3600:.0f} h" if seconds >= 5400 else f"{seconds / 60:.0f} min"
    return f"for {span}, until {until:%Y-%m-%d %H:%M} UTC"


def key_from(variable: str | None, label: str) -> str | None:
    """The key that an environment variable holds.

    Raises:
        EndpointError: the variable is named in the configuration and is not set, or holds what no header can carry.
    """
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise EndpointError(
            f"model {label}: the environment variable {variable} is not set; run: {set_variable(variable)}"
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise EndpointError(
            f"model {label}: the environment variable {variable} holds characters that no key has (a blank, a line "
            "break, a quotation mark of a word processor ...); copy the key again"
        )
    return key


def _first_token_s(content: bytes, content_type: str, wire: "Wire") -> float | None:
    """Seconds until the first piece of the answer was there; None for an answer that came whole."""
    text = content.decode("utf-8", "replace")
    if not is_stream(text, content_type):
        return None
    end = first_content_end(text)
    return wire.time_of(len(text[:end].encode("utf-8"))) if end is not None else None


async def _without_bearer(request: "httpx2.Request") -> None:
    # openai's client omits the header only for requests that say so one by one, and those of batches do not
    request.headers.pop("Authorization", None)
