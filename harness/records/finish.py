"""Why an answer ended: the words of all providers in one table, for endpoints and for logs.

Sources: the API references of OpenAI, Azure, Anthropic, Gemini, Cohere, Mistral, Bedrock, DeepSeek, Zhipu, Baidu,
watsonx, Ollama, LM Studio, OpenRouter; the source of vLLM, SGLang, TGI and llama.cpp. docs/endpoints.md has the table.
"""

from typing import Literal

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
