"""Oddities of whole answers and of refusals; see `oddities`."""

from __future__ import annotations

from tests.endpoints.oddities import (
    GITHUB,
    SYSTEM,
    Body,
    Oddity,
    Reply,
    always,
    answers,
    error,
    has,
    has_system,
    refuses,
    reply,
    whole,
)
from tests.faulty_server.conftest import TARGET

_MAX_TOKENS = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
)
_TEMPERATURE = (
    "Unsupported value: 'temperature' does not support {} with this model. Only the default (1) value is supported."
)
_ALTERNATE = "Conversation roles must alternate user/assistant/user/assistant/..."
_THINKING = "parameter.enable_thinking must be set to false for non-streaming calls"


_ROLE = "Unsupported value: 'messages[0].role' does not support 'system' with this model."
_FORBIDDEN = "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), 'msg': 'Extra inputs are not permitted'}]"
_DOCS_RS = "https://docs.rs/openai-interface/0.12.0/openai_interface/chat/enum.FinishReason.html"
_FIREBASE = "https://firebase.google.com/docs/reference/swift/firebaseai/api/reference/Structs/FinishReason.html"


def _all_at_once(body: Body) -> Reply:
    """A model that refuses `max_tokens`, `temperature` and the system role, one after the other."""
    for part, words, param in (
        (has("max_tokens"), _MAX_TOKENS, "max_tokens"),
        (has("temperature"), _TEMPERATURE.format(0), "temperature"),
        (has_system, _ROLE, "messages[0].role"),
    ):
        if part(body):
            return reply({"error": {"message": words, "param": param, "code": "unsupported_value"}}, 400)
    assert body["max_completion_tokens"] == 512
    assert body["messages"][0]["content"].startswith("Answer in English.\n\nRepeat: ")
    return reply(whole())


def _validation(body: Body) -> Reply:
    if "stream_options" in body:
        return reply(
            {"object": "error", "message": _FORBIDDEN, "type": "BadRequestError", "param": None, "code": 400}, 400
        )
    return reply(whole())


LEARNT = [
    Oddity("max_tokens is refused", GITHUB + "griptape-ai/ComfyUI-Griptape/issues/312",
           refuses(_MAX_TOKENS, has("max_tokens"), param="max_tokens", code="unsupported_parameter"),
           words="sent max_tokens as max_completion_tokens. Set max_tokens = ", requests=2),
    Oddity("max_tokens is refused without a name of the parameter", GITHUB + "caozhiyuan/copilot-api/issues/164",
           refuses(_MAX_TOKENS, has("max_tokens"), code="invalid_request_body"),
           words="sent max_tokens as max_completion_tokens", requests=2),
    Oddity("temperature 0 is refused", GITHUB + "QwenLM/qwen-code/issues/921",
           refuses(_TEMPERATURE.format(0), has("temperature"), param="temperature", code="unsupported_value"),
           words='sent without temperature. Set temperature = "default"', requests=2),
    Oddity("temperature 0.0 is refused", GITHUB + "OpenHands/OpenHands/issues/4131",
           refuses(_TEMPERATURE.format("0.0"), has("temperature"), param="temperature", code="unsupported_value"),
           words="sent without temperature", requests=2),
    Oddity("max_tokens, temperature and the system role are refused", GITHUB + "lobehub/lobehub/issues/5704",
           _all_at_once, settings=SYSTEM, requests=4,
           words="max_completion_tokens, the system message as a part of the first user message, without temperature"),
    Oddity("a system message is not enabled", GITHUB + "QuantumNous/new-api/issues/989",
           refuses("Developer instruction is not enabled for models/gemini-2.0-flash-exp", has_system, code=400),
           settings=SYSTEM, words="sent the system message as a part", requests=2),
    Oddity("the role system is refused", GITHUB + "anthropics/claude-code/issues/61412",
           refuses("role 'system' is not supported on this model", has_system), settings=SYSTEM, requests=2),
    Oddity("the role system is refused in Chinese", GITHUB + "CherryHQ/cherry-studio/issues/8589",
           refuses("模型不支持的 message role: system", has_system), settings=SYSTEM, requests=2),
    Oddity("a template that wants users and assistants in turn", GITHUB + "microsoft/autogen/issues/1037",
           lambda body: reply({"object": "error", "message": _ALTERNATE, "type": "invalid_request_error", "param": None,
                               "code": None}, 400) if has_system(body) else reply(whole()),
           settings=SYSTEM, requests=2),
    Oddity("the same with its words twice", GITHUB + "suitenumerique/conversations/issues/197",
           refuses(f"{_ALTERNATE} {_ALTERNATE}", has_system, code=400), settings=SYSTEM, requests=2),
    Oddity("stream_options are forbidden", GITHUB + "modelscope/ms-agent/issues/489", _validation,
           settings={"stream": True}, words="sent without stream_options", requests=2),
    Oddity("stream_options are forbidden, in other words", GITHUB + "FlowiseAI/Flowise/issues/2866",
           refuses("Extra inputs are not permitted, field: 'stream_options'", has("stream_options")),
           settings={"stream": True}, words="sent without stream_options", requests=2),
]  # fmt: skip

REFUSED = [
    Oddity("thinking only in streams", GITHUB + "infiniflow/ragflow/issues/8972",
           error(_THINKING, 400, code="invalid_parameter_error"), "unscored(http_400)",
           r"must be set to false .*; set extra_body = \{ enable_thinking = false \}, or stream = true"),
    Oddity("the same in Chinese", GITHUB + "alibaba/spring-ai-alibaba/issues/867",
           error("parameter.enable_thinking必须设置为false才能进行非流式调用", 400), "unscored(http_400)",
           r"必须设置为false.*; set extra_body = \{ enable_thinking = false \}"),
    Oddity("the same by a gateway that quotes", GITHUB + "musistudio/claude-code-router/issues/948",
           error('Error from provider(modelscope: 400): {"error":{"message":"enable thinking can not be support when '
                 '`stream=False`."}}', 400), "unscored(http_400)", "or stream = true"),
    Oddity("no credit: 402", "https://api-docs.deepseek.com/quick_start/error_codes",
           error("Insufficient Balance", 402), "stops", r"has no credit left \(402\). It says: Insufficient Balance"),
    Oddity("no credit: 429 insufficient_quota", GITHUB + "raznem/parsera/issues/5",
           error("You exceeded your current quota, please check your plan", 429, type="insufficient_quota",
                 code="insufficient_quota"), "stops", r"has no credit left \(429\)", requests=1),
    Oddity("no credit: 500 with an error of another form", GITHUB + "MiniMax-AI/MiniMax-M2/issues/62",
           always({"type": "error", "error": {"type": "api_error", "message": "insufficient balance (1008)"}}, 500),
           "stops", r"has no credit left \(500\)", requests=1),
    Oddity("no credit: 429 with a type of its own", GITHUB + "modelscope/modelscope/issues/1691",
           error("insufficient balance (1008)", 429, type="insufficient_balance_error", http_code="429"), "stops",
           r"has no credit left \(429\)", requests=1),
    Oddity("no credit: a flat 403", GITHUB + "Wei-Shaw/sub2api/issues/890",
           always({"code": "INSUFFICIENT_BALANCE", "message": "Insufficient account balance"}, 403), "stops",
           r"has no credit left \(403\). It says: Insufficient account balance"),
    Oddity("content filter: 400 Content Exists Risk", GITHUB + "666ghj/BettaFish/issues/108",
           error("Content Exists Risk", 400, type="invalid_request_error", code="invalid_request_error"),
           "unscored(content_filter)", "content_filter: the endpoint says: Content Exists Risk", requests=1),
    Oddity("content filter: the words in detail", GITHUB + "deepseek-ai/DeepSeek-V2/issues/30",
           always({"detail": "Content Exists Risk"}, 400), "unscored(content_filter)", "Content Exists Risk"),
    Oddity("content filter: the code in the words", GITHUB + "QwenLM/qwen-code/issues/2905",
           error("<400> InternalError.Algo.DataInspectionFailed: Input text data may contain inappropriate content.",
                 400),
           "unscored(content_filter)", "inappropriate content"),
    Oddity("a refusal in a list", GITHUB + "TheAgenticAI/TheAgenticBrowser/issues/4",
           always([{"error": {"code": 400, "message": "Parallel tool calls are not supported.",
                              "status": "INVALID_ARGUMENT"}}], 400), "unscored(http_400)",
           "http_400: the endpoint says: Parallel tool calls are not supported."),
    Oddity("a role that is refused for good", GITHUB + "QuantumNous/new-api/issues/5330",
           error("invalid parameter 'messages[0].role': invalid role, must be one of: system, user", 400,
                 type="gateway_error", param="", code="400002"), "unscored(http_400)", "invalid role"),
    Oddity("parameters are invalid: 422", "https://platform.deepseek.com/api-docs/quick_start/error_codes",
           always({"detail": [{"loc": ["body", "seed"], "msg": "value is not a valid integer"}]}, 422),
           "unscored(http_422)", "seed: value is not a valid integer"),
    Oddity("a refusal without a body", GITHUB + "huggingface/chat-ui/issues/1343", always("", 400),
           "unscored(http_400)", requests=1),
    Oddity("an operation that is not there", GITHUB + "vllm-project/vllm/issues/5082",
           always({"detail": "Not Found"}, 404), "stops", r"has no chat completions there \(404\).*It says: Not Found"),
]  # fmt: skip

FINISHED = [
    Oddity(f"finish_reason {finish}", report, answers(content, finish), outcome)
    for finish, report, content, outcome in (
        ("model_context_window_exceeded", GITHUB + "anomalyco/opencode/issues/18813", "Sika", "unscored(length)"),
        ("network_error", GITHUB + "promptfoo/promptfoo/pull/9905", "Sika", "unscored(interrupted)"),
        ("sensitive", GITHUB + "promptfoo/promptfoo/pull/9905", "", "unscored(content_filter)"),
        ("insufficient_system_resource", _DOCS_RS, "Sika", "unscored(interrupted)"),
        ("eos", _DOCS_RS, TARGET, "aligned"),
        ("MAX_TOKENS", _FIREBASE, "Sika", "unscored(length)"),
        ("SAFETY", _FIREBASE, "", "unscored(content_filter)"),
    )
]  # fmt: skip
