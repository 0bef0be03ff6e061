"""Kind `litellm`: any provider that LiteLLM knows (Anthropic, Gemini, Bedrock ...), asked in this process.

https://docs.litellm.ai/docs/completion/input. An extra: `pip install 'pytest-verbatim[litellm]'`.
"""

import asyncio
import json
import os
import re
import time
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from harness.addresses import host_of
from harness.endpoints.access import Access, check_key
from harness.endpoints.pace import Pace
from harness.endpoints.parse import RECORDABLE, Answer, Attempt, in_process, parse
from harness.endpoints.refusals import AdaptingEndpoint, Refusals
from harness.endpoints.retry import Retrying
from harness.errors import ConfigError, EndpointError
from harness.files import now
from harness.records.answer import Completion

_NOT_SENT = ("stream", "stream_options")
_NO_PROVIDER = "LLM Provider NOT provided"
"""A 400 of LiteLLM's own: the name of the model does not begin with that of a provider."""
_NO_KEY = "not-needed"
_HOSTS = {
    "openai": "api.openai.com",
    "anthropic": "api.anthropic.com",
    "gemini": "generativelanguage.googleapis.com",
    "vertex_ai": "aiplatform.googleapis.com",
    "cohere": "api.cohere.com",
    "cohere_chat": "api.cohere.com",
    "volcengine": "ark.cn-beijing.volces.com",
    "huggingface": "router.huggingface.co",
    "replicate": "api.replicate.com",
}
"""Of providers whose address LiteLLM does not tell before it asks."""
_REFUSED_SETTINGS = {
    "query": "what a provider needs goes into extra_body, such as extra_body = { api_version = '...' } for Azure",
    "api_key_header": "LiteLLM knows in which header each provider wants its key",
    "ca_bundle": "LiteLLM trusts the file that the environment variable SSL_CERT_FILE names",
    "client_certificate": "ask a gateway with kind openai for that",
    "client_key": "ask a gateway with kind openai for that",
}
_ELSEWHERE = frozenset(
    {
        "api_base",
        "base_url",
        "api_key",
        "azure_ad_token",
        "callbacks",
        "client",
        "content_policy_fallbacks",
        "context_window_fallbacks",
        "custom_llm_provider",
        "extra_headers",
        "fallbacks",
        "headers",
        "mock_response",
        "mock_timeout",
        "mock_tool_calls",
        "model_list",
        "organization",
        "shared_session",
        "ssl_verify",
        "use_litellm_proxy",
    }
)
"""Arguments of LiteLLM's that decide where a request and its key go, or answer in the place of a model."""
_LIKE_THESE = re.compile(
    r"^litellm_|^ssl_|endpoint|(?:^|_)(?:url|host)$|prox(?:y|ies)|credential|callback|secret|(?:^|_)(?:api_key|access_key|token)$"
    r"|(?:^|_)token_provider$|role_name$|profile_name$|access_key_id$"
)
"""So are arguments of single providers called, such as `aws_bedrock_runtime_endpoint`, which gets a session's token."""
_FROM_ENVIRONMENT = "os.environ/"
"""With this before a name LiteLLM reads a variable of the environment."""


def decides_where(name: str, value: object) -> bool:
    """Whether an argument may send a request, or what is in the environment, elsewhere."""
    taken = isinstance(value, str) and value.strip().startswith(_FROM_ENVIRONMENT)
    return taken or name in _ELSEWHERE or _LIKE_THESE.search(name.lower()) is not None


class LitellmEndpoint(AdaptingEndpoint):
    """Asks through `litellm.acompletion`; answers are kept as the chat completions that it makes of them.

    Proxies are those of the usual variables, which LiteLLM reads itself.

    Args:
        access: as the model configures it; `base_url` is LiteLLM's `api_base`, for providers that have one. Without
            one, and without a key, LiteLLM finds the provider's key in its own variables (ANTHROPIC_API_KEY ...).
        key: of the provider.
        key_variables: names of the variables from which key and headers come.
        model: as LiteLLM calls it, `anthropic/...`.

    Raises:
        ConfigError: LiteLLM is not installed, or it cannot do what a setting asks for.
        EndpointError: the key does not belong where it would go.
    """

    def __init__(
        self,
        *,
        access: Access,
        key: str | None,
        key_variables: Sequence[str] = (),
        model: str,
        timeout_s: float,
        model_label: str,
        redact: Callable[[str], str] = str,
        retrying: Retrying | None = None,
    ) -> None:
        for name, instead in _REFUSED_SETTINGS.items():
            if getattr(access, name):
                raise ConfigError(f"model {model_label}: {name}: not accepted for kind litellm; {instead}")
        if not access.verify:
            raise ConfigError(f"model {model_label}: verify = false: not accepted for kind litellm")
        litellm = _imported(model_label)
        from importlib.metadata import version

        self.runtime: str | None = f"litellm {version('litellm')}"
        self._complete = litellm.acompletion
        where = access.shown if access.base_url else address_of(litellm, model)
        super().__init__(label=model_label, where=where, timeout_s=timeout_s, retrying=retrying)
        for variable in key_variables if self._where else ():
            check_key(variable, Access(base_url=self._where), model_label)
        # without a key of its own, LiteLLM would send the provider's key from the environment to any `api_base`
        key = key or (_NO_KEY if access.base_url else None)
        self._given: dict[str, Any] = {
            **({"api_key": key} if key else {}),
            **({"api_base": access.address} if access.base_url else {}),
            **({"extra_headers": dict(access.headers)} if access.headers else {}),
        }
        self._refusals = Refusals(
            label=model_label, where=self._where or model, api_key_env=access.api_key_env, redact=redact
        )

    async def ask(self, body: dict[str, Any], pace: Pace | None = None) -> Answer:
        """One answer, asked for again where that may help.

        Raises:
            ConfigError: the body holds what would send it elsewhere.
            EndpointError: the provider refuses the key or the model: asking on is useless.
            SpentError: `pace` lets no more requests out.
        """
        elsewhere = next((name for name, value in body.items() if decides_where(name, value)), None)
        if elsewhere is not None:
            raise ConfigError(
                f"model {self._label}: extra_body: found {elsewhere!r}, which would decide where LiteLLM asks and with "
                "which key; accepted: base_url, api_key_env and headers of the model for that"
            )
        return await self._ask(self._attempt, body, pace, lambda: self._reached)

    async def _attempt(self, body: dict[str, Any]) -> Attempt:
        started = time.perf_counter()
        # a stream gives no other text, and LiteLLM would make pieces of its own of it
        asked = {name: value for name, value in self._capability.applied(body).items() if name not in _NOT_SENT}
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._complete(**asked, **self._given, timeout=self._timeout_s, num_retries=0)
        except TimeoutError:
            said = f"no answer within {self._timeout_s:g} s (timeout_s)"
            return Attempt(Completion(unusable="timeout"), retry=True, said=said)
        except Exception as error:  # LiteLLM gives the errors of a hundred providers a `status_code`
            return self._refused(error, asked)
        self._reached = True
        latency = time.perf_counter() - started
        content = json.dumps(answer.model_dump(mode="json", exclude_none=True), ensure_ascii=False)
        try:
            encoded = content.encode("utf-8")
        except UnicodeEncodeError:
            return Attempt(Completion(unusable="invalid_unicode"), retry=True)
        completion = parse(encoded, "application/json")
        recorded_at = now()
        changes = self._capability.changes
        runtime = "; ".join([self.runtime or "", f"sent {', '.join(changes)}"]) if changes else self.runtime
        update = {"latency_s": round(latency, 4), "recorded_at": recorded_at, "runtime": runtime}
        completion = completion.model_copy(update=update)
        if completion.unusable not in RECORDABLE:
            said = self._refusals.words_of_answer(completion, encoded)
            return Attempt(Completion(unusable=completion.unusable), retry=True, said=said)
        self._answered = True
        exchange = in_process(f"litellm:{body['model']}", body, encoded, latency_s=latency, recorded_at=recorded_at)
        return Attempt(completion, exchange)

    def _refused(self, error: Exception, sent: dict[str, Any]) -> Attempt:
        import httpx2

        status = getattr(error, "status_code", None)
        message = str(getattr(error, "message", error))
        said = self._refusals.one_line(message)
        if not isinstance(status, int) or not 400 <= status < 600 or _NO_PROVIDER in message:
            raise EndpointError(f"model {self._label}: LiteLLM: {type(error).__name__}: {said}") from None
        if type(error).__name__ == "APIConnectionError":
            return Attempt(Completion(unusable="connection"), retry=True, unreachable=True, said=said)
        self._reached = True
        if type(error).__name__ == "Timeout":
            return Attempt(Completion(unusable="timeout"), retry=True, said=said)
        names = ("code", "type", "param")
        fields = {"message": message, **{name: value for name in names if (value := getattr(error, name, None))}}
        if self._capability.learn(status, fields, message, sent):
            return Attempt(Completion(unusable=f"http_{status}"), retry=True, said=said, learnt=True)
        headers = dict(getattr(getattr(error, "response", None), "headers", None) or {})
        kept = {name: value for name, value in headers.items() if name.lower().startswith("retry-after")}
        # read as an answer over HTTP is, so that both say and do the same
        response = httpx2.Response(status, headers=kept, content=json.dumps({"error": fields}, default=str).encode())
        return self._refusals.of_status(response, sent, has_answered=self._answered)

    async def aclose(self) -> None:
        """LiteLLM keeps its clients itself."""


def _imported(label: str) -> ModuleType:
    # otherwise the import asks a server of theirs for a table of prices
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    try:
        import litellm
    except ImportError:
        raise ConfigError(
            f"model {label}: kind litellm needs LiteLLM; run: pip install 'pytest-verbatim[litellm]'"
        ) from None
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    module: ModuleType = litellm
    return module


def address_of(litellm: ModuleType, model: str) -> str:
    """Where LiteLLM sends a model's requests without a `base_url`; empty for a name without a provider."""
    try:
        _, provider, _, base = litellm.get_llm_provider(model=model)
    except Exception:  # its own kind of error, which the first request meets with words
        return ""
    if isinstance(base, str) and host_of(base):
        return Access(base_url=base).shown
    # a host that nobody has, for providers that are not known here: their keys are remembered apart
    return f"https://{_HOSTS.get(provider, f'{provider}.litellm')}"
