"""A request, what came back for it, the two together as they are kept, and why an answer ended.

The words of all providers for an end are in one table, for endpoints and for logs. Sources: the API references of
OpenAI, Azure, Anthropic, Gemini, Cohere, Mistral, Bedrock, DeepSeek, Zhipu, Baidu, watsonx, Ollama, LM Studio,
OpenRouter; the source of vLLM, SGLang, TGI and llama.cpp. docs/endpoints.md has the table."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

from harness.records import Record


class ToolCall(Record):
    """One tool call of an answer; `arguments` is JSON text as the model wrote it."""

    name: str
    arguments: str


class Token(Record):
    """One token of an answer and the natural logarithm of the probability that the model gave it.

    A token may be a part of a character, which no JSON string can hold: `spelling` is its bytes in hexadecimal.
    """

    spelling: str
    log_probability: float

    @property
    def text(self) -> bytes:
        """Its bytes."""
        return bytes.fromhex(self.spelling)


class Completion(Record):
    """One answer. Times are seconds, `recorded_at` is ISO 8601 in UTC, token counts are the endpoint's."""

    text: str = ""
    reasoning: str | None = None
    """What the model wrote before its answer, where the endpoint gives it in a field of its own."""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str | None = None
    model: str | None = None
    system_fingerprint: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    latency_s: float | None = None
    first_token_s: float | None = None
    recorded_at: str | None = None
    runtime: str | None = None
    tokens: tuple[Token, ...] = ()
    """With their probabilities, where they were asked for and the endpoint gives them."""
    unusable: str | None = None
    """Why this answer allows no verdict (`length`, `content_filter`, `empty` ...); None if it can."""


canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False).encode
"""A decoded body as its key is made of it. What was decoded from JSON holds no circle."""


class Request(Record):
    """The JSON body of one chat-completions call, and which sample of that call it is (0-based)."""

    body: dict[str, Any]
    sample: int = 0

    @property
    def key(self) -> str:
        """SHA-256 of the body and the sample number. Never of the address or a header."""
        return request_key(self.body, self.sample)


def request_key(body: dict[str, Any], sample: int) -> str:
    """The key of a stored request: what a cassette line can be found by, derivable from the line itself."""
    return key_of(canonical(body), sample)


def key_of(canonical_body: str, sample: int) -> str:
    """The same of what `canonical` made of the body."""
    return hashlib.sha256(f"{sample}\n{canonical_body}".encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Exchange:
    """A finished exchange. Times in seconds, None where nobody measured; `recorded_at` ISO 8601 in UTC.

    Bodies are decoded from any compression.
    """

    uri: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: bytes
    status: int
    response_headers: tuple[tuple[str, str], ...]
    response_body: bytes
    latency_s: float | None
    first_token_s: float | None
    recorded_at: str


Ending = Literal["complete", "length", "content_filter", "refusal", "interrupted", "unknown_end"]

_TABLE: dict[Ending, str] = {
    "complete": (
        "stop stop_sequence stop_sequences end_turn end_of_turn eos eos_token eos_found stop_string_found end_of_text "
        "end complete completed finish finished normal tool_calls tool_call tool_use function_call"
    ),
    "length": (
        "length max_tokens max_output_tokens max_new_tokens max_length model_length token_limit error_limit "
        "max_predicted_tokens_reached context_length_reached context_length context_length_exceeded "
        "model_context_window_exceeded"
    ),
    "content_filter": (
        "content_filter content_filtered sensitive safety image_safety recitation language blocklist "
        "prohibited_content spii error_toxic guardrail_intervened moderation"
    ),
    "refusal": "refusal",
    "interrupted": (
        "error network_error insufficient_system_resource engine_overloaded abort aborted cancelled canceled "
        "user_cancel user_stopped timeout time_limit not_finished load unload model_unloaded failed pause_turn "
        "other malformed_function_call unexpected_tool_call too_many_tool_calls malformed_response "
        "missing_thought_signature"
    ),
}
_ENDINGS = {word: ending for ending, words in _TABLE.items() for word in words.split()}
_COMPACT = {word.replace("_", ""): ending for word, ending in _ENDINGS.items()}
_PREFIXES = ("finishreason", "stopreason")
_NONE = ("", "null", "none", "unspecified")


def ending(reason: str | None) -> Ending | None:
    """How an answer ended; None if nothing was said. Case, `-`, `_` and blanks do not matter: `MAX_TOKENS` is a length.

    `complete`: the model was done. `length`: it was cut off at a limit. `content_filter`, `refusal`: the endpoint or
    the model declined. `interrupted`: a failure on the way. `unknown_end`: a word that is not in the table.
    """
    if reason is None:
        return None
    compact = "".join(char for char in reason.casefold() if char.isalnum())
    for prefix in _PREFIXES:
        compact = compact.removeprefix(prefix)
    if compact in _NONE:
        return None
    return _COMPACT.get(compact, "unknown_end")
