"""Any chat-completions endpoint, through the openai client. A local server is asked the same way."""

import asyncio
import os
from typing import TYPE_CHECKING, Any

from harness.endpoints.answer import Answer
from harness.endpoints.parse import parse
from harness.records.completion import Completion
from harness.records.errors import EndpointError
from harness.records.exchange import Exchange
from harness.records.explain import found

if TYPE_CHECKING:
    import openai
    from openai import AsyncOpenAI

    from harness.endpoints.transport import Wire

RETRIES = 4
_LOCAL_KEY = "not-needed"
_OK = 200


class ChatEndpoint:
    """Asks one endpoint.

    Args:
        base_url: None means the client's default (OpenAI, or OPENAI_BASE_URL).
        api_key_env: name of the environment variable that holds the key; None for an endpoint without keys.
        timeout_s: of one attempt, and of the silence within one.
        runtime: what serves the model, where that is known; kept with every answer.
        model_label: name of the model in messages.
    """

    def __init__(
        self,
        *,
        base_url: str | None,
        api_key_env: str | None,
        timeout_s: float,
        max_concurrency: int,
        model_label: str,
        runtime: str | None = None,
    ) -> None:
        self.runtime = runtime
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._max_concurrency = max_concurrency
        self._label = model_label
        self._api_key_env = api_key_env
        self._key = key_from(api_key_env, model_label)
        self._client: AsyncOpenAI | None = None

    def _open(self) -> "AsyncOpenAI":
        import httpx2
        from openai import AsyncOpenAI

        from harness.endpoints.transport import KeepingTransport

        limits = httpx2.Limits(max_connections=self._max_concurrency, max_keepalive_connections=self._max_concurrency)
        transport = KeepingTransport(httpx2.AsyncHTTPTransport(limits=limits))
        timeout = httpx2.Timeout(self._timeout_s, connect=min(10.0, self._timeout_s))
        return AsyncOpenAI(
            api_key=self._key or _LOCAL_KEY,
            base_url=self._base_url,
            max_retries=RETRIES,
            timeout=timeout,
            http_client=httpx2.AsyncClient(transport=transport, timeout=timeout),
        )

    async def ask(self, body: dict[str, Any]) -> Answer:
        """One answer.

        Raises:
            EndpointError: the endpoint refuses the key, the model or the address: asking on is useless.
        """
        import httpx2
        import openai

        from harness.endpoints.transport import AnswerTooLongError, Wire, exchange_slot

        client = self._client = self._client or self._open()
        wire = Wire()
        token = exchange_slot.set(wire)
        try:
            async with asyncio.timeout(self._timeout_s * (RETRIES + 1)):
                response = await client.post(
                    "/chat/completions", body=body, cast_to=httpx2.Response, options={"headers": _HEADERS}
                )
        except (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError) as error:
            raise EndpointError(self._refusal(error, body)) from None
        except openai.APIStatusError as error:
            return _failed(f"http_{error.status_code}", wire)
        except (openai.APITimeoutError, TimeoutError):
            return _failed("timeout", wire)
        except AnswerTooLongError:
            return _failed("too_long", wire)
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, AnswerTooLongError):
                return _failed("too_long", wire)
            if isinstance(error.__cause__, httpx2.ConnectError):
                raise EndpointError(self._unreachable()) from None
            return _failed("connection", wire)
        finally:
            exchange_slot.reset(token)
        return self._answer(response, wire)

    def _answer(self, response: Any, wire: "Wire") -> Answer:
        content: bytes = response.content
        ended = wire.ended or wire.started
        first = wire.first_data if wire.first_data is not None else wire.first_byte
        completion = parse(content, response.headers.get("content-type", ""))
        streamed = "text/event-stream" in response.headers.get("content-type", "")
        latency = ended - wire.started
        first_token = first - wire.started if streamed and first is not None else None
        completion = completion.model_copy(
            update={
                "latency_s": round(latency, 4),
                "first_token_s": None if first_token is None else round(first_token, 4),
                "recorded_at": wire.recorded_at,
                "runtime": self.runtime,
            }
        )
        exchange = Exchange(
            uri=wire.uri,
            request_headers=wire.request_headers,
            request_body=wire.request_body,
            status=wire.status,
            response_headers=wire.response_headers,
            response_body=content,
            latency_s=latency,
            first_token_s=first_token,
            recorded_at=wire.recorded_at,
        )
        keep = wire.status == _OK and completion.unusable in (None, "length", "content_filter")
        return Answer(completion, exchange if keep else None, wire.requests)

    def _refusal(self, error: "openai.APIStatusError", body: dict[str, Any]) -> str:
        where = self._base_url or "the default address"
        if error.status_code == 404:
            return (
                f"model {self._label}: {where} does not know {found(body.get('model'))} or has no chat completions "
                "there (404); set model and base_url, then run: harness models check"
            )
        key = f"the key in ${self._api_key_env}" if self._api_key_env else "the request without a key"
        hint = "" if self._api_key_env else "; set api_key_env to the name of the variable that holds one"
        return f"model {self._label}: {where} refuses {key} ({error.status_code}){hint}"

    def _unreachable(self) -> str:
        return (
            f"model {self._label}: nothing answers at {self._base_url or 'the default address'}; "
            "is the server running, is base_url right? run: harness models check"
        )

    async def aclose(self) -> None:
        """Close the client's connections."""
        if self._client is not None:
            await self._client.close()


_HEADERS = {"Accept-Encoding": "identity"}


def key_from(variable: str | None, label: str) -> str | None:
    """The key that an environment variable holds.

    Raises:
        EndpointError: the variable is named in the configuration, and is not set.
    """
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise EndpointError(
            f"model {label}: the environment variable {variable} is not set; run: export {variable}=..."
        )
    return key


def _failed(reason: str, wire: "Wire") -> Answer:
    return Answer(Completion(unusable=reason), None, max(wire.requests, 1))
