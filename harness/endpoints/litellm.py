"""Kind `litellm`: any provider that LiteLLM knows (Anthropic, Gemini, Bedrock ...), asked in this process.

https://docs.litellm.ai/docs/completion/input. An extra: `pip install 'pytest-verbatim[litellm]'`.
"""

import asyncio
import json
import os
import time
from collections.abc import Callable
from typing import Any

from harness.endpoints import retry
from harness.endpoints.pace import Pace
from harness.endpoints.parse import RECORDABLE, Answer, Attempt, in_process, parse
from harness.endpoints.retry import Retrying
from harness.errors import ConfigError, EndpointError
from harness.files import now
from harness.records.answer import Completion

_TOTAL = 3
_AGAIN = (408, 409, 425, 429)
_STOP = (401, 402, 403, 404)
_NOT_SENT = ("stream", "stream_options")
_NO_PROVIDER = "LLM Provider NOT provided"
"""A 400 of LiteLLM's own: the name of the model does not begin with that of a provider."""
_LONGEST_WORDS = 300


class LitellmEndpoint:
    """Asks through `litellm.acompletion`; answers are kept as the chat completions that it makes of them.

    Args:
        key: of the provider; None to let LiteLLM find it in its own variables (ANTHROPIC_API_KEY ...).
        base_url: LiteLLM's `api_base`, for providers that have one.
    """

    def __init__(
        self,
        *,
        key: str | None,
        base_url: str | None,
        timeout_s: float,
        model_label: str,
        redact: Callable[[str], str] = str,
        retrying: Retrying | None = None,
    ) -> None:
        # otherwise the import asks a server of theirs for a table of prices
        os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        try:
            import litellm
        except ImportError:
            raise ConfigError(
                f"model {model_label}: kind litellm needs LiteLLM; run: pip install 'pytest-verbatim[litellm]'"
            ) from None
        from importlib.metadata import version

        litellm.suppress_debug_info = True
        litellm.telemetry = False
        self.runtime: str | None = f"litellm {version('litellm')}"
        self._complete = litellm.acompletion
        self._given = {name: value for name, value in (("api_key", key), ("api_base", base_url)) if value}
        self._timeout_s = timeout_s
        self._label = model_label
        self._redact = redact
        self._retrying = retrying or Retrying()
        self._answered = False

    async def ask(self, body: dict[str, Any], pace: Pace | None = None) -> Answer:
        """One answer, asked for again where that may help.

        Raises:
            EndpointError: the provider refuses the key or the model: asking on is useless.
            SpentError: `pace` lets no more requests out.
        """
        return await retry.ask(
            self._attempt,
            body,
            pace=pace or Pace(),
            retrying=self._retrying,
            total_s=self._timeout_s * _TOTAL,
            reached=lambda: True,
        )

    async def _attempt(self, body: dict[str, Any]) -> Attempt:
        started = time.perf_counter()
        # a stream gives no other text, and LiteLLM would make pieces of its own of it
        asked = {name: value for name, value in body.items() if name not in _NOT_SENT}
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._complete(**asked, **self._given, timeout=self._timeout_s, num_retries=0)
        except TimeoutError:
            return Attempt(Completion(unusable="timeout"), retry=True)
        except Exception as error:  # LiteLLM gives the errors of a hundred providers a `status_code`
            return self._refused(error)
        latency = time.perf_counter() - started
        content = json.dumps(answer.model_dump(mode="json", exclude_none=True), ensure_ascii=False)
        try:
            encoded = content.encode("utf-8")
        except UnicodeEncodeError:
            return Attempt(Completion(unusable="invalid_unicode"), retry=True)
        completion = parse(encoded, "application/json")
        recorded_at = now()
        update = {"latency_s": round(latency, 4), "recorded_at": recorded_at, "runtime": self.runtime}
        completion = completion.model_copy(update=update)
        if completion.unusable not in RECORDABLE:
            return Attempt(completion.model_copy(update={"text": "", "tool_calls": ()}), retry=True)
        self._answered = True
        exchange = in_process(f"litellm:{body['model']}", body, encoded, latency_s=latency, recorded_at=recorded_at)
        return Attempt(completion, exchange)

    def _refused(self, error: Exception) -> Attempt:
        status = getattr(error, "status_code", None)
        said = " ".join(self._redact(str(getattr(error, "message", error))[: 10 * _LONGEST_WORDS]).split())
        said = "".join(char for char in said if char.isprintable())[:_LONGEST_WORDS]
        if not isinstance(status, int) or _NO_PROVIDER in said:
            raise EndpointError(f"model {self._label}: LiteLLM: {type(error).__name__}: {said}") from None
        if status in _STOP and not self._answered:
            raise EndpointError(f"model {self._label}: the provider refuses ({status}). It says: {said}") from None
        reason = "connection" if type(error).__name__ == "APIConnectionError" else f"http_{status}"
        again = status in _AGAIN or status >= 500
        return Attempt(Completion(unusable=reason), retry=again, throttled=status == 429, said=said)

    async def aclose(self) -> None:
        """LiteLLM keeps its clients itself."""
