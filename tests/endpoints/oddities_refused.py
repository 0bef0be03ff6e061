"""Oddities of whole answers and of refusals; see `oddities`."""

from __future__ import annotations

from collections.abc import Callable

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
    Oddity("temperature 0 is out of range, in Chinese", GITHUB + "songquanpeng/one-api/issues/1141",
           refuses("temperature参数非法。请检查文档。", has("temperature"), code="1214"),
           words="sent without temperature", requests=2),
    Oddity("temperature 0 is out of range, flat and with 422", GITHUB + "ai-forever/gigachain/issues/237",
           lambda body: reply({"status": 422, "message": "Invalid params: temperature must be in range (0, +inf)"}, 422)
           if "temperature" in body else reply(whole()), words="sent without temperature", requests=2),
    Oddity("temperature is refused by a gateway that names no parameter", GITHUB + "BerriAI/litellm/issues/2348",
           refuses("litellm.UnsupportedParamsError: bedrock does not support parameters: {'temperature': 0}. To drop "
                   "these, set `litellm.drop_params=True`", has("temperature"), type="None", param="None", code="400"),
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
    Oddity("tools are refused with a 404", GITHUB + "pydantic/pydantic-ai/issues/2896",
           error("No endpoints found that support tool use. To learn more about provider routing, visit: "
                 "https://openrouter.ai/docs/provider-routing", 404, code=404), "unscored(http_404)",
           "No endpoints found that support tool use.*; set a model that takes tools",
           settings={"extra_body": {"tools": [{"type": "function", "function": {"name": "f"}}]}}),
    Oddity("too little memory for a model", GITHUB + "continuedev/continue/issues/11715",
           error("model requires more system memory (5.0 GiB) than is available (3.9 GiB)", 400),
           "unscored(http_400)", r"is available \(3.9 GiB\)(?!; set)"),
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
    Oddity("no credit: a free trial that is used up", "https://www.volcengine.com/docs/82379/1299023",
           error("Your account 2100 has exhausted its free trial quota for the m model. If you want to continue using "
                 "model service, please enable the service.", 429, type="TooManyRequests", code="QuotaExceeded"),
           "stops", r"has no credit left \(429\)", requests=1),
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

_NOT_READY = {"code": 503, "message": "Loading model", "type": "unavailable_error"}
_PARALLEL = "Unsupported parameter: 'parallel_tool_calls' is not supported with this model."
_DROP = (
    "litellm.UnsupportedParamsError: ollama does not support parameters: ['parallel_tool_calls'], for model=phi4-mini. "
    "To drop these, set litellm.drop_params=True"
)
_NESTED = (
    'Error from provider:\n {"error":{"code":"invalid_parameter_error","param":null,"message":"<400> InternalError.'
    'Algo.InvalidParameter: Range of max_tokens should be [1,\n 8192]"}}'
)
_AZURE = (
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify "
    "your prompt and retry."
)
_NOT_OPEN = "Your account 2106993666 has not activated the model doubao-pro. Please activate it in the Ark Console."
_PAUSED = (
    "Your account [21003] has reached the set inference limit for the [doubao] model, and the model service has been "
    "paused."
)
_OVERLOADED = '{\n "error": {\n "code": 503,\n "message": "The model is overloaded. Please try again later."\n }\n}\n'
_GROQ = "'messages.1' : for 'role:user' this must be satisfied[('messages.1' : property 'tool_calls' is unsupported)]"
_TERMINATED = "llama-server process has terminated: exit status 1: error loading model: failed to load model"


def _loading(times: int) -> Callable[[Body], Reply]:
    """Answers once it has been asked so often."""
    asked: list[int] = []

    def answer(body: Body) -> Reply:
        asked.append(1)
        return reply({"error": _NOT_READY}, 503) if len(asked) <= times else reply(whole())

    return answer


DECLINED = [
    Oddity("a model that is still loaded", GITHUB + "mindverse/Second-Me/issues/20", _loading(3), requests=4),
    Oddity("a page of nginx, for /v1 is missing", GITHUB + "tsundereraws/aisub-translator/issues/2",
           always("<html>\n<head><title>404 Not Found</title></head>\n<body>nginx</body></html>", 404), "stops",
           r"has no chat completions there \(404\).*It says: 404 Not Found", requests=1),
    Oddity("an unknown model with a code of SiliconFlow's", GITHUB + "anyme123/Any-code/issues/1",
           always({"code": 20012, "message": "Model does not exist. Please check it carefully.", "data": None}, 400),
           "stops", "does not know 'm'.*It says: Model does not exist. Please check it carefully."),
    Oddity("a wrong key, said in a JSON text", GITHUB + "chatboxai/chatbox/issues/2573", always('"Invalid token"', 401),
           "stops", r"refuses the request without a key \(401\).*It says: Invalid token"),
    Oddity("an overload in plain text", GITHUB + "cline/cline/issues/440", always("503 server is overloaded.", 503),
           "unscored(http_503)", "http_503: the endpoint says: 503 server is overloaded."),
    Oddity("max_tokens out of range", GITHUB + "anomalyco/opencode/issues/16971",
           error("<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 8192]", 400),
           "unscored(http_400)", r"\[1, 8192\]; set a max_tokens that it takes", requests=1),
    Oddity("the same within words within words", GITHUB + "musistudio/claude-code-router/issues/184",
           error(_NESTED, 400, type="api_error", code="provider_response_error"), "unscored(http_400)",
           "set a max_tokens that it takes"),
    Oddity("max_tokens out of range at DeepSeek", GITHUB + "we0-dev/we0/issues/56",
           error("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", 400), "unscored(http_400)",
           "set a max_tokens that it takes"),
    Oddity("content filter of Azure", GITHUB + "compl-ai/compl-ai/issues/20",
           error(_AZURE, 400, type=None, param="prompt", code="content_filter",
                 innererror={"code": "ResponsibleAIPolicyViolation"}),
           "unscored(content_filter)", "content_filter: the endpoint says: The response was filtered"),
    Oddity("the same through LiteLLM, with the code 400", GITHUB + "BerriAI/litellm/pull/16231",
           error(f"litellm.BadRequestError: litellm.ContentPolicyViolationError: AzureException - {_AZURE}", 400,
                 type=None, param=None, code="400"), "unscored(content_filter)", "content management policy"),
    Oddity("a model of Ark's that is not activated", GITHUB + "xinnan-tech/xiaozhi-esp32-server/issues/1234",
           error(_NOT_OPEN, 404, code="ModelNotOpen"), "stops", "has not activated the model", requests=1),
    Oddity("an unknown endpoint of Ark's, flat", GITHUB + "cloudwego/eino/issues/107",
           always({"code": "InvalidEndpointOrModel.NotFound", "type": "NotFound", "param": "",
                   "message": "The model or endpoint doubao does not exist or you do not have access to it."}, 404),
           "stops", "or you do not have access to it", requests=1),
    Oddity("the limit of an account of Ark's", GITHUB + "volcengine/MineContext/issues/328",
           error(_PAUSED, 429, code="SetLimitExceeded"), "stops", "no credit left .*has been paused", requests=1),
    Oddity("the limit of a session of Ollama's", GITHUB + "continuedev/continue/issues/11444",
           always({"error": "you (x) have reached your session usage limit, upgrade for higher limits"}, 429), "stops",
           "no credit left .*reached your session usage limit", requests=1),
    Oddity("a function that Ark cannot read", GITHUB + "agno-agi/agno/issues/3004",
           error("Invalid function format: unhashable type: 'list'", 400, code="InvalidParameter"),
           "unscored(http_400)", "http_400: the endpoint says: Invalid function format", requests=1),
    Oddity("a parameter of extra_body is refused", GITHUB + "evalstate/fast-agent/issues/279",
           error(_PARALLEL, 400, param="parallel_tool_calls", code="unsupported_parameter"), "unscored(http_400)",
           "; set extra_body without parallel_tool_calls", settings={"extra_body": {"parallel_tool_calls": False}}),
    Oddity("the same in the words of LiteLLM", GITHUB + "arbs-io/github-copilot-llm-gateway/issues/79",
           error(_DROP, 400, type="None", param=None, code="400"), "unscored(http_400)",
           "; set extra_body without parallel_tool_calls", settings={"extra_body": {"parallel_tool_calls": False}}),
    Oddity("a message that is refused by its place", GITHUB + "julep-ai/julep/issues/885", error(_GROQ, 400),
           "unscored(http_400)", "property 'tool_calls' is unsupported"),
    Oddity("too many at one time, by Zhipu's code", GITHUB + "kaitranntt/ccs/issues/402",
           error("High concurrency usage of this API, please reduce concurrency", 429, code="1302"),
           "unscored(http_429)", "please reduce concurrency", requests=5),
    Oddity("too many at one time, in Chinese", GITHUB + "anomalyco/opencode/issues/9789",
           error("您当前使用该API的并发数过高，请降低并发，或联系客服增加限额。", 429, code="1302"),
           "unscored(http_429)", "请降低并发", requests=5),
    Oddity("tokens a minute, without a Retry-After", GITHUB + "continuedev/continue/issues/9800",
           error("Tokens per minute limit exceeded - too many tokens processed.", 429), "unscored(http_429)",
           "Tokens per minute limit exceeded", requests=5),
    Oddity("an overload whose words are JSON", GITHUB + "Kilo-Org/kilocode/issues/2262",
           error(_OVERLOADED, 503, type="Service Unavailable"), "unscored(http_503)", "The model is overloaded"),
    Oddity("an overload within an error of DashScope's", GITHUB + "QwenLM/qwen-code/issues/1641",
           error('<5000202> InternalError.Algo.ModelServingError: [{"status_message":"Too many requests."}]', 500),
           "unscored(http_500)", "Too many requests.", requests=5),
    Oddity("a model that Ollama has not pulled", GITHUB + "continuedev/continue/issues/10611",
           error('model "llama3.1:8b" not found, try pulling it first', 404, type="api_error"), "stops",
           "try pulling it first", requests=1),
    Oddity("a model that cannot be loaded", GITHUB + "continuedev/continue/issues/12713",
           error(_TERMINATED, 500, type="api_error"), "unscored(http_500)", "llama-server process has terminated"),
    Oddity("an error that is a text", GITHUB + "tensorzero/tensorzero/issues/2805",
           always({"error": "All variants failed with errors: a: Timeout"}, 502), "unscored(http_502)",
           "All variants failed with errors", requests=5),
    Oddity("an upstream error without a reason", GITHUB + "lobehub/lobehub/issues/18885",
           error("Upstream error: 400", 400, param="", code=None), "unscored(http_400)", "Upstream error: 400"),
    Oddity("parameters that are not named", GITHUB + "cline/cline/issues/1426",
           error("One or more parameters specified in the request are not valid.", 400, code="InvalidParameter"),
           "unscored(http_400)", "One or more parameters"),
    Oddity("a field that is missing, by a code of SiliconFlow's", GITHUB + "coze-dev/coze-studio/issues/326",
           always({"code": 20015, "message": "Field required", "data": None}, 400), "unscored(http_400)",
           "http_400: the endpoint says: Field required"),
]  # fmt: skip
