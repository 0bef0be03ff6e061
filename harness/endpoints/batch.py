"""The Batch API, through the openai client: files of requests that are answered within a day, at a lower price.

Two forms. OpenAI's (and that of Azure, DashScope, SiliconFlow): upload a file, make a batch of it, look until it has
ended, fetch the files of answers and of errors. https://developers.openai.com/api/docs/guides/batch
Ark's: chat completions at a path of their own that are answered when there is room; they need nothing of this module.
https://www.volcengine.com/docs/82379/1399517
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from harness.addresses import host_of
from harness.endpoints.message import json_object
from harness.errors import EndpointError

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Batch

BatchForm = Literal["openai", "ark"]

ARK_PATH = "/batch/chat/completions"
ARK_TIMEOUT_S = 86_400.0
ARK_CONCURRENCY = 200
"""Of Ark's form, which wants many requests at one time and long deadlines. Its own client waits as long."""
_ENDED = ("completed", "failed", "expired", "cancelled")
_NOT_READY = ("pending", "running")
"""Of an uploaded file at Azure, which refuses a batch of it until it has looked at it."""
_MARK = "harness_submission"
_FIRST_LOOK_S, _LONGEST_LOOK_S = 1.0, 60.0
_ASKED_AGAIN = 5
_LONGEST_LINE = 64_000_000
_PASSING = (408, 409, 425, 429)
_GONE = (404, 410)
T = TypeVar("T")


def form_at(base_url: str | None) -> BatchForm:
    """The form of an address: Ark's own hosts have Ark's. None means OPENAI_BASE_URL, or else OpenAI."""
    host = host_of(base_url or os.environ.get("OPENAI_BASE_URL", ""))
    return "ark" if host.startswith("ark.") and host.endswith((".volces.com", ".bytepluses.com")) else "openai"


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """What one file of OpenAI's form may hold. `size`: bytes, with some room below what is published."""

    requests: int = 50_000
    size: int = 190_000_000


_LIMITS = {
    # https://docs.siliconflow.cn/cn/userguide/guides/batch
    "siliconflow": BatchLimits(requests=5_000),
    # https://docs.together.ai/docs/inference/batch/overview
    "together": BatchLimits(size=95_000_000),
}


def limits_at(base_url: str) -> BatchLimits:
    """The limits of the provider at an address; OpenAI's where no others are known."""
    labels = host_of(base_url).split(".")
    return next((limits for name, limits in _LIMITS.items() if name in labels), BatchLimits())


@dataclass(frozen=True, slots=True)
class BatchState:
    """How far a batch is. `files`: ids of the files of answers and of errors, where there are such."""

    id: str
    status: str
    files: tuple[str, ...]
    done: int
    total: int
    reason: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come."""
        return self.status.lower() in _ENDED


class BatchRefusedError(EndpointError):
    """No batch was made."""


class BatchGoneError(EndpointError):
    """The endpoint does not know a batch, or a file of its answers, any more."""


class BatchApi:
    """OpenAI's form, at one endpoint.

    Args:
        client: opens the client of the endpoint.
        redact: takes secrets out of the endpoint's own words.
    """

    def __init__(self, client: AsyncOpenAI, *, label: str, redact: Callable[[str], str] = str) -> None:
        self._client = client.with_options(max_retries=_ASKED_AGAIN)
        self._label = label
        self._redact = redact

    async def upload(self, path: Path) -> str:
        """The id of an uploaded file of requests. To upload one twice costs nothing."""
        with path.open("rb") as file:
            made = await self._asked(self._client.files.create(file=(f"{path.stem}.jsonl", file), purpose="batch"))
        pause_s = _FIRST_LOOK_S
        while made.status in _NOT_READY:
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _LONGEST_LOOK_S)
            made = await self._asked(self._client.files.retrieve(made.id))
        return made.id

    async def create(self, file_id: str, submission: str) -> str:
        """The id of the batch of a submission, made now or, by a run that was killed before it knew, made before.

        Raises:
            EndpointError: it is refused, or nobody can say whether it was made.
        """
        import openai

        found_id = await self._made_before(file_id, submission)
        if found_id is not None:
            return found_id
        try:
            made = await self._client.with_options(max_retries=0).batches.create(
                input_file_id=file_id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={_MARK: submission},
                extra_headers={"Idempotency-Key": submission},
            )
        except (openai.APIConnectionError, openai.InternalServerError) as error:
            # it may have been made all the same: what is paid for is looked for before it is asked for again
            found_id = await self._made_before(file_id, submission)
            if found_id is None:
                raise EndpointError(
                    f"model {self._label}: the batch could not be made ({type(error).__name__}); nothing was paid for. "
                    "Run the same command again"
                ) from error
            return found_id
        except openai.APIStatusError as error:
            raise BatchRefusedError(str(self._refused(error))) from error
        return made.id

    async def _made_before(self, file_id: str, submission: str) -> str | None:
        async def look() -> str | None:
            async for batch in self._client.batches.list(limit=100):
                # not every provider keeps the metadata; a file is uploaded for one batch alone
                if (batch.metadata or {}).get(_MARK) == submission or batch.input_file_id == file_id:
                    return batch.id
            return None

        return await self._asked(look())

    async def state(self, batch_id: str) -> BatchState:
        """Where a batch is now."""
        return _state_of(await self._asked(self._client.batches.retrieve(batch_id)), self._redact)

    async def ended(self, batch_id: str, tell: Callable[[BatchState], None]) -> BatchState:
        """Look until a batch has ended, ever more seldom. An endpoint that is away for a while ends nothing."""
        import openai

        pause_s = _FIRST_LOOK_S
        while True:
            try:
                state = _state_of(await self._client.batches.retrieve(batch_id), self._redact)
                tell(state)
                if state.has_ended:
                    return state
            except openai.APIStatusError as error:
                if error.status_code in _GONE:
                    raise BatchGoneError(str(self._refused(error, what=f"the batch {batch_id}"))) from error
                if error.status_code < 500 and error.status_code not in _PASSING:
                    raise self._refused(error) from error
            except openai.APIConnectionError:
                pass
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _LONGEST_LOOK_S)

    async def lines(self, file_id: str) -> AsyncIterator[dict[str, Any]]:
        """The objects of a file of answers or errors, in whatever order; a line that is none is left out."""
        import openai

        try:
            async with self._client.files.with_streaming_response.content(file_id) as response:
                async for line in _lines(response.iter_bytes()):
                    if (value := json_object(line)) is not None:
                        yield value
        except openai.APIStatusError as error:
            if error.status_code in _GONE:
                raise BatchGoneError(str(self._refused(error, what=f"the file {file_id}"))) from error
            raise self._refused(error) from error
        except (openai.APIConnectionError, OSError) as error:
            raise self._broken(error) from error
        except Exception as error:  # the client lets errors of its transport out while a body is read
            if type(error).__module__.startswith(("httpx", "httpcore")):
                raise self._broken(error) from error
            raise

    async def _asked(self, request: Awaitable[T]) -> T:
        import openai

        try:
            return await request
        except openai.APIStatusError as error:
            raise self._refused(error) from error
        except openai.APIConnectionError as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> EndpointError:
        return EndpointError(
            f"model {self._label}: the Batch API cannot be reached ({type(error).__name__}); what is submitted goes on "
            "there. Run the same command again"
        )

    def _refused(self, error: Any, *, what: str = "") -> EndpointError:
        body = error.body if isinstance(error.body, dict) else {}
        said = self._redact(str(body.get("message") or ""))[:300]
        hint = "; the endpoint seems to have no Batch API" if error.status_code in (404, 405) else ""
        hint = f"; it does not know {what}" if what else hint
        words = f". It says: {' '.join(said.split())}" if said else ""
        return EndpointError(f"model {self._label}: the Batch API refuses ({error.status_code}){hint}{words}")


def _state_of(batch: Batch, redact: Callable[[str], str]) -> BatchState:
    counts = batch.request_counts
    problems = (batch.errors.data if batch.errors else None) or []
    reason = "; ".join(dict.fromkeys(f"{problem.message or problem.code}" for problem in problems[:5]))
    files = tuple(name for name in (batch.output_file_id, batch.error_file_id) if name)
    done = (counts.completed or 0) + (counts.failed or 0) if counts else 0
    total = (counts.total or 0) if counts else 0
    return BatchState(batch.id, str(batch.status), files, done, total, redact(reason)[:500])


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """One line of a file of answers: the body of a chat completion, or why there is none."""

    custom_id: str
    body: bytes | None
    created: float | None
    reason: str = ""


def answer_of(line: dict[str, Any]) -> BatchAnswer | None:
    """What a line says; None if it names no request."""
    custom_id = line.get("custom_id")
    if not isinstance(custom_id, str):
        return None
    response, error = line.get("response"), line.get("error")
    response = response if isinstance(response, dict) else {}
    body = response.get("body")
    if response.get("status_code", 200) == 200 and isinstance(body, dict):
        try:
            content = json.dumps(body, ensure_ascii=False).encode("utf-8")
        except UnicodeEncodeError:
            return BatchAnswer(custom_id, None, None, "invalid_unicode")
        return BatchAnswer(custom_id, content, _moment(body.get("created")))
    if isinstance(error, dict) and error:
        return BatchAnswer(custom_id, None, None, _word(error.get("code")) or "batch_error")
    status = response.get("status_code")
    return BatchAnswer(custom_id, None, None, f"http_{status}" if isinstance(status, int) else "batch_error")


def _moment(value: Any) -> float | None:
    """Seconds since 1970, where they can be the time of an answer."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 1_600_000_000 < value <= time.time() + 60 else None


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable() or len(value) > 60:
        return ""
    return value.replace(" ", "_")


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """At line feeds alone: the client's own lines also end at U+2028, which an answer may hold."""
    rest: list[bytes] = []
    size = 0
    async for piece in pieces:
        first, *others = piece.split(b"\n")
        rest.append(first)
        size += len(first)
        for other in others:
            yield b"".join(rest)
            rest, size = [other], len(other)
        if size > _LONGEST_LINE:
            rest, size = [], 0  # of a line without an end, which is not an answer
    if size:
        yield b"".join(rest)
