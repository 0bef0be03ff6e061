"""What an endpoint says when it gives no answer, in one line, and what to do about it.

What it refuses is kept for the run: no list of model names can be up to date."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.addresses import shown_address
from harness.endpoints import retry
from harness.endpoints.message import MESSAGE_FIELDS
from harness.endpoints.pace import Pace
from harness.endpoints.parse import Answer, Attempt
from harness.endpoints.retry import Outage, Retrying, retry_after_s
from harness.errors import EndpointError, found
from harness.records.answer import Completion

if TYPE_CHECKING:
    import httpx2


_AGAIN = (408, 409, 425, 429)
_OVERLOADED = (503, 529)
_OUTAGE = (502, 503, 504, 529)
"""A server that restarts, or a gateway without one: it may last longer than a few attempts."""
_CODES: dict[str, str] = {
    "no_credit": (
        "insufficient_quota insufficient_balance insufficient_balance_error insufficient_user_quota arrearage "
        "billing_hard_limit_reached accountoverdueerror exceeded_current_quota_error setlimitexceeded quotaexceeded "
        "1113 30001 1008"
    ),
    "content_filter": (
        "content_filter content_policy_violation data_inspection_failed datainspectionfailed "
        "sensitivecontentdetected inputtextsensitivecontentdetected outputtextsensitivecontentdetected "
        "inputtextriskdetection prompt_blocked 1301 1026 1027 336104"
    ),
    "no_key": "invalid_api_key invalid_authentication_error authenticationerror api_key_invalid",
    "no_model": "model_not_found model_not_exist modelnotfound invalidendpointormodel.notfound 1211",
}
"""Codes (or types) of OpenAI, Azure, Ark, DashScope, Zhipu, Moonshot, SiliconFlow, MiniMax, Baidu and one-api."""
_KIND_OF_CODE = {code: kind for kind, codes in _CODES.items() for code in codes.split()}
_WORDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("content_filter", re.compile(r"content exists risk|content management policy|inappropriate content|敏感", re.I)),
    (
        "no_credit",
        re.compile(
            r"insufficient balance|credit balance is too low|balance is insufficient|overdue|欠费|余额"
            r"|(session|daily|weekly|monthly) usage limit|reached the set inference limit"
            r"|exhausted (its|your) free|free tier of the model has been exhausted",
            re.I,
        ),
    ),
    ("no_key", re.compile(r"api key not valid|incorrect api key|invalid api[ -]key", re.I)),
    (
        "no_model",
        re.compile(r"model[^.]{0,120}(does not exist|not exist|not found)|no such model|模型不存在|无可用渠道", re.I),
    ),
)
_SETTINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"enable_thinking|enable thinking", re.I),
        "extra_body = {{ enable_thinking = false }}, or stream = true",
    ),
    (
        re.compile(r"only support[^.]{0,20}stream|stream[^.]{0,30}(must|should) be (set to )?true", re.I),
        "stream = true",
    ),
    (re.compile(r"max_tokens|max_completion_tokens|maximum value", re.I), "a max_tokens that it takes"),
    (
        re.compile(r"context[ _](length|window|size)|maximum context|too long|too many tokens", re.I),
        "a lower max_tokens",
    ),
    (re.compile(r"temperature|top_p", re.I), 'temperature = "default"'),
    (re.compile(r"contain the word .{0,3}json", re.I), "the word json in the prompts of these cases"),
    (re.compile(r"response_format|json_schema", re.I), "a model that takes response_format, or leave these cases out"),
    (re.compile(r"tool", re.I), "a model that takes tools (vLLM: --enable-auto-tool-choice), or leave these cases out"),
    (re.compile(r"logprobs", re.I), "logprobs = false"),
    (re.compile(r"system(?! memory)", re.I), "no system prompt"),
    (re.compile(r"api-version|api version", re.I), 'query = {{ api-version = "..." }}'),
    (re.compile(r"verified to stream", re.I), "stream = false"),
    (re.compile(r"stream", re.I), "stream = true or false"),
)
"""What the words of a refusal are about, and the setting that fixes it."""
_OUR_FIELDS = (
    *("model", "messages", "temperature", "max_tokens", "seed", "tools", "response_format", "stream", "stream_options"),
    *("logprobs", "input", "store", "text", "include", "max_output_tokens"),
)
"""Of a request, those that do not come from `extra_body`."""
_TITLE = re.compile(rb"<title>([^<]{1,200})</title>", re.I)
_LONGEST_WORDS = 300
_NO_CERTIFICATE = re.compile(r"No required SSL certificate was sent", re.IGNORECASE)
_TLS_ONLY = re.compile(r"(plain )?HTTP request (was sent )?to (an )?HTTPS (port|server)", re.IGNORECASE)
"""What nginx, Apache's and Go's servers say to plain http at a port for TLS."""


class Refusals:
    """Reads errors of one endpoint.

    Args:
        label: the model's name in messages.
        where: the address in messages.
        api_key_env: name of the variable that holds the key, or None.
        redact: takes secrets out of a text; endpoints repeat keys in their messages.
    """

    def __init__(self, *, label: str, where: str, api_key_env: str | None, redact: Callable[[str], str]) -> None:
        self._label = label
        self._where = where
        self._api_key_env = api_key_env
        self._redact = redact

    def of_status(self, response: "httpx2.Response", body: dict[str, Any], *, has_answered: bool) -> Attempt:
        """A status that is not 200.

        Raises:
            EndpointError: key, model name, address or account are refused.
        """
        status = response.status_code
        error, said = self.error_of(response)
        kind = self._kind(error, said) if status != 404 else ""
        if status == 404 and "tools" in body and _NO_TOOLS.search(said):
            # OpenRouter has the model, and answers the cases without tools
            return Attempt(Completion(unusable="http_404"), said=said, refused=True, setting=_setting_of(said))
        stop = self._reason_to_stop(response, body, kind, has_answered=has_answered)
        if stop:
            raise EndpointError(f"model {self._label}: {stop}" + (f". It says: {said}" if said else ""))
        if kind == "content_filter" and status < 500:
            return Attempt(Completion(unusable="content_filter"), said=said)
        after_s = retry_after_s(response.headers)
        retry = (status in _AGAIN or status >= 500) and response.headers.get("x-should-retry") != "false"
        throttled = status == 429 or (status in _OVERLOADED and after_s is not None)
        return Attempt(
            Completion(unusable=f"http_{status}"),
            retry=retry,
            retry_after_s=after_s,
            throttled=throttled,
            said=said,
            outage=retry and status in _OUTAGE,
            refused=not retry and 400 <= status < 500,
            setting="" if retry else self.setting(said, error, body),
        )

    def error_of(self, response: "httpx2.Response") -> tuple[dict[str, Any], str]:
        """The error object of a refusal, and its words."""
        error = error_in(_decoded(response.content)) or _plain_error(response.content)
        return error, self.words(error)

    @staticmethod
    def _kind(error: dict[str, Any], said: str) -> str:
        inner = error.get("innererror")
        codes = [error.get("code"), error.get("type"), inner.get("code") if isinstance(inner, dict) else None]
        for code in codes:
            name = str(code).lower()
            # Ark adds a suffix: SensitiveContentDetected.SevereViolation
            kind = _KIND_OF_CODE.get(name) or _KIND_OF_CODE.get(name.partition(".")[0])
            if kind:
                return kind
        return next((kind for kind, words in _WORDS if words.search(said)), "")

    def setting(self, said: str, error: dict[str, Any], body: dict[str, Any]) -> str:
        """The setting of the model that avoids a refusal of `body`, by its words; empty if none is known."""
        first = _setting_of(said)
        named = next((name for name in body if name not in _OUR_FIELDS and _names(said, error, name)), None)
        unsupported = _UNSUPPORTED.search(said) is not None  # then no other value of it helps either
        if named is not None and (unsupported or named not in first):
            return f"extra_body without {named}"
        return first

    def _reason_to_stop(
        self, response: "httpx2.Response", body: dict[str, Any], kind: str, *, has_answered: bool
    ) -> str | None:
        status = response.status_code
        if status == 400 and _TLS_ONLY.search(response.text[:1000]):
            return f"{self._where} speaks TLS; set base_url to https://..."
        if status == 400 and _NO_CERTIFICATE.search(response.text[:1000]):
            return f"{self._where} wants to know who asks; set client_certificate and client_key"
        if 300 <= status < 400:
            target = shown_address(response.headers.get("location", "")) or "nowhere"
            return (
                f"{self._where} answers with a redirect ({status}) to {found(target)}, which is not followed, for "
                "the key would go there too; set base_url to the address that answers"
            )
        if status in (404, 405, 410) or kind == "no_model":
            return (
                f"{self._where} does not know {found(body.get('model'))} or has no chat completions there "
                f"({status}); set model and base_url{self._address_hint()}, then run: harness models check"
            )
        if status == 402 or kind == "no_credit":
            return f"the account at {self._where} has no credit left ({status})"
        # gateways answer 403 to single prompts that they take for an attack: only a first 403 is about the key
        if status == 401 or kind == "no_key" or (status == 403 and not has_answered and kind != "content_filter"):
            key = f"the key in ${self._api_key_env}" if self._api_key_env else "the request without a key"
            hint = "" if self._api_key_env else "; set api_key_env to the name of the variable that holds one"
            return f"{self._where} refuses {key} ({status}){hint}"
        return None

    def _address_hint(self) -> str:
        if urlsplit(self._where).path in ("", "/"):
            return f" (most servers answer at {self._where.rstrip('/')}/v1)"
        return ""

    def words(self, error: dict[str, Any]) -> str:
        """The endpoint's own message: one line, short, without control characters and secrets."""
        for field in MESSAGE_FIELDS:
            message = error.get(field)
            if isinstance(message, list) and message:
                # FastAPI: [{"loc": ["body", "seed"], "msg": "..."}]
                message = "; ".join(_item_words(item) for item in message[:3])
            if isinstance(message, dict):
                message = message.get("message") or json.dumps(message, ensure_ascii=False)
            if isinstance(message, str) and message.strip():
                return self.one_line(message)
        return ""

    def one_line(self, text: str) -> str:
        """Foreign text in a message of ours: short, without line breaks, control characters and secrets."""
        # redacted before it is cut: a key that a cut goes through is not found, and its first half is shown
        line = " ".join(self._redact(text)[: 10 * _LONGEST_WORDS].split())
        line = "".join(char for char in line if char.isprintable())
        return line if len(line) <= _LONGEST_WORDS else line[: _LONGEST_WORDS - 1] + "…"

    def words_of_answer(self, completion: Completion, content: bytes) -> str:
        """Why an answer with a good status cannot be judged, in the endpoint's words where it has some."""
        words = self._words_of_body(content)
        if completion.unusable in ("interrupted", "unknown_end"):
            reason = completion.finish_reason
            ended = f"finish_reason {self.one_line(reason)!r}" if reason else "a stream without a finish reason"
            return f"{ended}; {words}" if words else ended
        if completion.unusable == "not_json" and not words:
            return f"a body that is not JSON: {self.one_line(content[:200].decode('utf-8', 'replace'))!r}"
        if completion.unusable == "content_not_text" and not words:
            return "an answer whose content is not text"
        if completion.unusable in ("no_choices", "no_message") and not words:
            return f"a body that holds no answer: {self.one_line(content[:200].decode('utf-8', 'replace'))!r}"
        return words

    def _words_of_body(self, content: bytes) -> str:
        """The message of an error that came with a good status, plain or as an event of a stream."""
        whole = _decoded(content)
        if whole is not None:
            return self._words_beside_choices(whole)
        for line in content.splitlines():
            if line.startswith(b"data:"):
                words = self._words_beside_choices(_decoded(line.removeprefix(b"data:")))
                if words:
                    return words
        return ""

    def _words_beside_choices(self, value: Any) -> str:
        if not isinstance(value, dict):
            return ""
        status = value.get("base_resp")
        if isinstance(status, dict) and isinstance(status.get("status_msg"), str) and status.get("status_code"):
            return self.one_line(status["status_msg"])
        if value.get("choices") and not value.get("error"):
            return ""
        return self.words(error_in(value))


def _setting_of(said: str) -> str:
    setting = next((setting for words, setting in _SETTINGS if words.search(said)), "")
    return setting.replace("{{", "{").replace("}}", "}")


def _names(said: str, error: dict[str, Any], name: str) -> bool:
    """Whether an error is about the parameter of this name, which Chinese words may touch (`temperature参数非法`)."""
    if error.get("param") == name:
        return True
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", said, re.ASCII) is not None


def _plain_error(content: bytes) -> dict[str, Any]:
    """An error that is not JSON: a text in a line or two, or the title of a page of another server."""
    head = content[: 10 * _LONGEST_WORDS]
    title = _TITLE.search(head)
    text = (title[1] if title else b"" if b"<" in head[:1] else head).decode("utf-8", "replace").strip()
    return {"message": text} if text and not text.startswith(("{", "[", "<")) else {}


def _item_words(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    place = ".".join(str(part) for part in item.get("loc", ()) if part != "body")
    return f"{place}: {item.get('msg', '')}" if place else str(item.get("msg", ""))


def error_in(content: Any) -> dict[str, Any]:
    """The `error` of a decoded body, in the forms that endpoints give it; empty if there is none."""
    if isinstance(content, list) and content:
        content = content[0]  # Gemini's gateway
    if isinstance(content, str):
        return {"message": content}
    if not isinstance(content, dict):
        return {}
    error = content.get("error", content)
    if isinstance(error, str):
        return {"message": error}
    return error if isinstance(error, dict) else {}


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


_UNSUPPORTED = re.compile(
    r"unsupported|not support|n't support|not (?:allowed|permitted|enabled)|unknown|unrecognized|unexpected|deprecated"
    r"|only the default|only [\d.]+ is allowed|strictly positive|must be (?:greater|strictly)|extra inputs|no longer"
    r"|must alternate|roles? are supported|不支持|不被支持|不支援"
    r"|対応していません|サポートされていません|지원하지 않|지원되지 않",
    re.IGNORECASE,
)
_OUT_OF_RANGE = re.compile(
    r"temperature\b.{0,60}?(?:must|should|range|between|invalid|not valid|at least|greater|非法|无效|不合法|取值|范围)"
    r"|(?:invalid|非法|无效).{0,20}?temperature\b",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
"""Of a temperature of 0, which the model's own stands for as well as any other: some take what is above it alone."""
_NO_TOOLS = re.compile(r"no endpoints found that support.{0,20}\btool", re.IGNORECASE)
_SYSTEM = re.compile(
    r"system[\W_]{1,3}(?:role|message|prompt|instruction)|role\W{1,3}(?:of\W{1,3})?system|messages\W*0\W*\.?role"
    r"|developer instruction|roles? must alternate|only user and assistant"
    r"|system ?(?:角色|消息|提示|ロール|メッセージ|역할|메시지)|系统(?:角色|消息|提示)",
    re.IGNORECASE,
)
_DROPPED = ("temperature", "seed", "stream_options")
_STATUSES = (400, 404, 422, 500)
"""500: llama.cpp's server, when a chat template raises."""


class Capability:
    """What one endpoint has refused so far.

    The recording keeps the request that was asked for; `changes` says how it was sent.
    """

    def __init__(self) -> None:
        self._renames = False
        self._folds_system = False
        self._left_out: dict[str, None] = {}

    @property
    def changes(self) -> tuple[str, ...]:
        """How requests differ from what was asked for, in words."""
        return (
            *(("max_tokens as max_completion_tokens",) if self._renames else ()),
            *(("the system message as a part of the first user message",) if self._folds_system else ()),
            *(f"without {name}" for name in self._left_out),
        )

    @property
    def settings(self) -> tuple[str, ...]:
        """What to set so that requests are sent so from the start."""
        return (
            *(('max_tokens = "default" and extra_body = { max_completion_tokens = ... }',) if self._renames else ()),
            *(f'{name} = "default"' for name in self._left_out if name == "temperature"),
        )

    def applied(self, body: dict[str, Any]) -> dict[str, Any]:
        """The request as this endpoint takes it."""
        if not self.changes:
            return body
        sent = {name: value for name, value in body.items() if name not in self._left_out}
        if self._renames and "max_tokens" in sent:
            limit = sent.pop("max_tokens")
            sent.setdefault("max_completion_tokens", limit)
        if self._folds_system and is_system_first(sent):
            sent["messages"] = _folded(sent["messages"])
        return sent

    def learn(self, status: int, error: dict[str, Any], words: str, sent: dict[str, Any]) -> bool:
        """Whether the refusal of `sent` is about something that can be sent otherwise; then `applied` does so.

        Args:
            error: the endpoint's error object; `param` names the parameter at OpenAI and its like.
            words: its message.
        """
        if status not in _STATUSES:
            return False
        if not sent.get("temperature", 1) and _OUT_OF_RANGE.search(words):
            self._left_out["temperature"] = None
            return True
        if not _UNSUPPORTED.search(words):
            return False
        param = error.get("param")
        param = param.removeprefix("body.") if isinstance(param, str) else ""
        if re.split(r"\W", param)[0] not in sent:
            param = ""  # LiteLLM gives the word "None"
        if "max_tokens" in sent and (param == "max_tokens" or (not param and "max_tokens" in words)):
            self._renames = True
            return True
        for name in _DROPPED:
            if name in sent and (param == name or (not param and _names(words, {}, name))):
                self._left_out[name] = None
                return True
        if is_system_first(sent) and (_SYSTEM.search(words) or param == "messages[0].role"):
            self._folds_system = True
            return True
        return False


def is_system_first(body: dict[str, Any]) -> bool:
    """Whether the conversation begins with a system message in plain text, followed by a message in plain text."""
    messages = body.get("messages") or []
    return (
        len(messages) > 1
        and messages[0].get("role") == "system"
        and messages[1].get("role") == "user"
        and all(isinstance(message.get("content"), str) for message in messages[:2])
    )


def _folded(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    system, user, *rest = messages
    return [{**user, "content": f"{system['content']}\n\n{user['content']}"}, *rest]


_TOTAL = 3
"""Requests and pauses for one answer together take at most so many times the time of one request."""


class AdaptingEndpoint:
    """Asks again where that may help, and sends otherwise what was refused: what endpoints of a chat share.

    Args:
        where: the address, as messages may show it.
        timeout_s: of one request.
    """

    def __init__(self, *, label: str, where: str, timeout_s: float, retrying: Retrying | None) -> None:
        self._label = label
        self._where = where
        self._timeout_s = timeout_s
        self._retrying = retrying or Retrying()
        self._total_s = max(timeout_s * _TOTAL, self._retrying.patience_s + timeout_s)
        self._capability = Capability()
        self._outage = Outage()
        self._reached = self._answered = False

    @property
    def waiting(self) -> str:
        """What is waited for while the endpoint is away; empty while it answers."""
        return self._outage.waiting(self._where, self._retrying.patience_s)

    @property
    def changes(self) -> tuple[str, ...]:
        """How requests were sent otherwise than asked for, because the endpoint refused them."""
        return self._capability.changes

    @property
    def settings(self) -> tuple[str, ...]:
        """What to set so that they are sent so from the start."""
        return self._capability.settings

    async def _ask(
        self,
        attempt: Callable[[dict[str, Any]], Awaitable[Attempt]],
        body: dict[str, Any],
        pace: Pace | None,
        reached: Callable[[], bool],
    ) -> Answer:
        answer = await retry.ask(
            attempt,
            body,
            pace=pace or Pace(),
            retrying=self._retrying,
            total_s=self._total_s,
            reached=reached,
            outage=self._outage,
        )
        return self._outage.check(
            answer,
            label=self._label,
            where=self._where,
            reached=self._reached,
            patience_s=self._retrying.patience_s,
        )
