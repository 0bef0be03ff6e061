"""Any chat-completions endpoint, through the openai client. A local server is asked the same way."""

import asyncio
import json
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import uuid4

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
_HEADERS = {"Accept-Encoding": "identity"}
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
        self._client: AsyncOpenAI | None = None
        self._http: httpx2.AsyncClient | None = None
        """What the client sends through."""
        self._form: RequestForm | None = None
        # a key of its own for each request, as the client would draw one; drawing took a tenth of the asking's time
        self._run = uuid4().hex
        self._numbers = count()

    def load(self) -> None:
        """Import what asking takes, and make its loggers, on the thread that calls. pytest goes through all loggers
        before each test, and breaks off where another thread adds one meanwhile.
        """
        from harness.endpoints.transport import httpx2, import_client

        import_client()
        import_module(httpx2.__name__.replace("httpx", "httpcore"))
        for name in _CHATTY:
            # at lower levels they log addresses and headers, and those hold keys
            if logging.getLogger(name).level == logging.NOTSET:
                logging.getLogger(name).setLevel(logging.WARNING)

    def _open(self) -> "AsyncOpenAI":
        self.load()
        from openai import AsyncOpenAI

        from harness.endpoints.transport import NotingTransport, httpx2

        access = self._access
        # a client with a transport of its own does not look at the variables of proxies itself
        self._proxy = proxy_for(access.address)
        noting = NotingTransport(transports(access, self._proxy))
        timeout = httpx2.Timeout(self._timeout_s, connect=min(10.0, self._timeout_s))
        client = self._http = httpx2.AsyncClient(transport=noting, timeout=timeout, follow_redirects=False)
        if access.api_key_header is not None:
            client.event_hooks = {"request": [_without_bearer]}
        return AsyncOpenAI(
            api_key=self._key or _LOCAL_KEY,
            base_url=access.address,
            default_query=access.parameters or None,
            max_retries=0,  # retries are counted and paced here
            timeout=timeout,
            http_client=client,
        )

    @property
    def where(self) -> str:
        """The address, as messages and files may show it."""
        return self._where

    def client(self) -> "AsyncOpenAI":
        """The client, for what is not a chat completion; the model's headers go with each request."""
        self._client = self._client or self._open()
        headers, name = dict(self._access.headers), self._access.api_key_header
        if name is not None and self._key is not None:
            headers[name] = self._key
        return self._client.with_options(default_headers=headers)

    def _headers(self) -> dict[str, Any]:
        import openai

        headers: dict[str, Any] = dict(self._access.headers)
        if self._access.api_key_header is not None and self._key is not None:
            headers["Authorization"] = openai.Omit()
            headers[self._access.api_key_header] = self._key
        return headers

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
        import openai

        from harness.endpoints.transport import AnswerTooLongError, EncodingError, RequestForm, Wire, exchange_slot

        wire = Wire()
        sent = self._capability.applied(body)
        token = exchange_slot.set(wire)
        try:
            client = self._client = self._client or self._open()
            async with asyncio.timeout(self._timeout_s):
                response = await self._post(client, sent)
        except openai.APIStatusError as error:
            self._reached = True
            if error.status_code == 407:
                raise EndpointError(f"model {self._label}: {wants_login(self._proxy).sentence}") from None
            return self._refused(error.response, sent)
        except (AnswerTooLongError, EncodingError) as error:
            return self._broken(error)
        except (openai.APIConnectionError, TimeoutError) as error:  # a time-out of the client is one of them
            self._reached = self._reached or wire.status > 0
            return self._not_connected(error)
        finally:
            exchange_slot.reset(token)
        self._reached = True
        self._form = self._form or RequestForm.of(wire.request, sent)
        return self._read(response, wire, body)

    async def _post(self, client: "AsyncOpenAI", body: dict[str, Any]) -> "httpx2.Response":
        """Through the openai client until it has shown once what it sends, then as it did.

        Raises:
            openai.APIStatusError: any status but 2xx.
            openai.APIConnectionError: no answer came; `APITimeoutError` is one.
        """
        from harness.endpoints.transport import httpx2

        http = self._http
        if self._form is None or http is None or len(http.cookies.jar):  # the client sends cookies back
            key = f"{self._run}-{next(self._numbers)}"
            options: Any = {"headers": {**_HEADERS, **self._headers()}, "idempotency_key": key}
            return await client.post(self._path, body=body, cast_to=httpx2.Response, options=options)
        return await _sent(http, self._form.new(body))

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
        import openai

        if ended := self._ended():
            raise EndpointError(f"model {self._label}: {ended}")
        met = obstacle(error, self._access, self._proxy)
        if met is not None:
            said = self._redact(met.sentence)
            if met.lasting:
                raise EndpointError(f"model {self._label}: {said}") from None
            return Attempt(Completion(unusable=met.reason), retry=True, unreachable=True, said=said)
        if isinstance(error, openai.APITimeoutError | TimeoutError):
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
        """Close the client's connections."""
        if self._client is not None:
            await self._client.close()


async def _sent(http: "httpx2.AsyncClient", request: "httpx2.Request") -> "httpx2.Response":
    """The answer to a request; what goes wrong is raised as the openai client raises it."""
    import ssl

    import anyio
    import openai

    from harness.endpoints.transport import httpx2

    try:
        response = await http.send(request)
    except httpx2.TimeoutException as error:
        raise openai.APITimeoutError(request=request) from error
    except (httpx2.RequestError, ssl.SSLError, anyio.EndOfStream) as error:
        raise openai.APIConnectionError(request=request) from error
    if not response.is_success:
        raise openai.APIStatusError(f"status {response.status_code}", response=response, body=None)
    return response


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
    # cmd.exe (`set NAME="..."`) and `docker --env-file` keep the quotation marks as a part of the value
    if not key.isascii() or not key.isprintable() or " " in key or '"' in key or "'" in key:
        raise EndpointError(
            f"model {label}: the environment variable {variable} holds characters that no key has (a blank, a line "
            "break, a quotation mark ...); copy the key again"
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
