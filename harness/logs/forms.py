"""What was asked and what was answered, in the forms that tools write them: bodies, responses, streams."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from harness.records.conversation import ANSWERERS, MESSAGES, answer_parts, source_texts, unquoted

Rows = Iterator[dict[str, Any]]


def first(value: Any, *names: str) -> Any:
    """The first of the fields that is there and not null."""
    if not isinstance(value, dict):
        return None
    return next((value[name] for name in names if value.get(name) is not None), None)


def at(value: Any, *steps: str) -> Any:
    """What is at the end of the steps; None where one of them is missing."""
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def plain_names(value: dict[str, Any]) -> dict[str, Any]:
    """The fields by their names in small letters without any sign: startTime, start_time and "Start Time" are one."""
    return {_plain(name) if len(name) < _LONGEST_NAME else name: field for name, field in value.items()}


_LONGEST_NAME = 100
"""Code points: names of columns are kept once they are known, and no hostile one is."""


@lru_cache(maxsize=1024)
def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def row_of(value: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """The row. An answer that is an object of the application's own is judged as JSON."""
    row = {name: field for name, field in value.items() if name != "channel"}
    row |= {name: field for name, field in fields.items() if field is not None or name in ("source", "output")}
    if isinstance(row["output"], dict | list) and row["output"] and answer_parts(row["output"]) is None:
        row["channel"] = "json"
    return row


def given_to(value: Any) -> Any:
    """What the model was given, in a form of a source: any object of the application's own is all its texts."""
    value = of_request(unquoted(value))
    inside = at(value, "input")
    if isinstance(inside, dict) and ("messages" in inside or "prompt" in inside):  # DashScope
        value = inside if "messages" in inside else inside["prompt"]
    if isinstance(value, dict) and any(name in value for name in MESSAGES):
        named = ("system", "instructions", "systemInstruction", "system_instruction", *MESSAGES)
        value = {name: value[name] for name in named if value.get(name) is not None}
    elif isinstance(value, dict) and ("content" in value or "parts" in value):
        value = [value]
    if value is None or source_texts(value) is not None:
        return value
    return list(texts_in(value))


def of_request(asked: Any) -> Any:
    """The requests of Hunyuan and Spark as those of others; any other as it is."""
    said = at(asked, "payload", "message", "text")
    if isinstance(said, list):
        return {"messages": said}
    return of_tencent(asked) if isinstance(at(asked, "Messages"), list) else asked


def texts_in(value: Any) -> Iterator[str]:
    """All texts of a value, in order."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            pending += reversed(one.values())
        elif isinstance(one, list):
            pending += reversed(one)


def said_in(answer: Any) -> Any:
    """What the model said in a response of a chat API; other answers as they are."""
    answer = of_platform(unquoted(answer))
    for name in ("choices", "output", "candidates"):
        if isinstance(answer, dict) and isinstance(answer.get(name), list):
            return {name: answer[name]}
    if isinstance(answer, dict):
        results = answer.get("results")  # of Bedrock's Titan
        if isinstance(results, list) and results and isinstance(at(results[0], "outputText"), str):
            return [{"content": at(one, "outputText")} for one in results]
        alone = next((answer[name] for name in _ONE_TEXT if isinstance(answer.get(name), str)), None)
        if alone is not None and not any(answer.get(name) for name in ("content", "message", "tool_calls", "text")):
            return alone
    return answer


_ONE_TEXT = ("generation", "completion", "response", "generated_text", "result")
"""Where older and smaller interfaces have the text: Llama on Bedrock, Claude 2, Ollama, TGI, Baidu."""


def of_platform(answer: Any) -> Any:
    """The responses of Hunyuan, Spark and MiniMax's older interface as those of others; any other as it is."""
    if not isinstance(answer, dict):
        return answer
    said = at(answer, "payload", "choices", "text")
    if isinstance(said, list) and said:
        status = at(answer, "header", "status")
        return {"choices": [{"message": one, "finish_reason": "error" if status in (0, 1) else None} for one in said]}
    inside = answer.get("Response")
    if isinstance(inside, dict) or isinstance(answer.get("Choices"), list):
        return of_tencent(inside if isinstance(inside, dict) else answer)
    if isinstance(answer.get("reply"), str) and isinstance(answer.get("choices"), list):
        choices = answer["choices"]
        reason = first(choices[0], "finish_reason") if choices else None
        message = {"role": "assistant", "content": answer["reply"]}
        return {**answer, "choices": [{"message": message, "finish_reason": reason}]}
    return answer


def of_tencent(value: Any) -> Any:
    """An object of Tencent's interfaces, whose names are `FinishReason`, with the names of others: `finish_reason`."""
    if isinstance(value, dict):
        return {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(): of_tencent(one) for name, one in value.items()}
    return [of_tencent(one) for one in value] if isinstance(value, list) else value


def whole_answer(answer: Any) -> Any:
    """A streamed answer, as a list of its chunks or as the text of its events, is what it adds up to."""
    answer = of_platform(answer)
    if isinstance(answer, str) and answer.lstrip()[:6].startswith(("data:", "event:")):
        return _of_events(answer)
    if not isinstance(answer, list) or not answer or not all(isinstance(one, dict) for one in answer):
        return answer
    if any("delta" in one or str(one.get("object")).endswith(".chunk") for one in (*answer, *_choices(answer))):
        return _of_anthropic(answer) or _of_events(
            "".join(f"data: {json.dumps(one)}\n\n" for one in answer) + "data: [DONE]\n\n"
        )
    return _of_gemini(answer) if all("candidates" in one for one in answer) else answer


def _of_events(text: str) -> Any:
    from harness.endpoints.parse import parse
    from harness.endpoints.stream import events

    if '"candidates"' in text or '"content_block' in text:
        chunks = [chunk for event in events(text) if isinstance(chunk := unquoted(event.data), dict)]
        found = _of_anthropic(chunks) or (_of_gemini(chunks) if all("candidates" in one for one in chunks) else None)
        if found:
            return found
    completion = parse(text, "text/event-stream")
    calls = [{"function": {"name": call.name, "arguments": call.arguments}} for call in completion.tool_calls]
    reason = "error" if completion.unusable else completion.finish_reason
    message = {"role": "assistant", "content": completion.text, "tool_calls": calls}
    return {"model": completion.model, "choices": [{"message": message, "finish_reason": reason}]}


def _choices(chunks: list[Any]) -> Iterator[dict[str, Any]]:
    for one in chunks:
        choices = one.get("choices")
        yield from (choice for choice in choices if isinstance(choice, dict)) if isinstance(choices, list) else ()


def _of_anthropic(events: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """The message of Anthropic's events; None if they are of another vendor. A stream that broke off is an error."""
    message: dict[str, Any] = {}
    blocks: dict[Any, dict[str, Any]] = {}
    ended = False
    for event in events:
        kind = event.get("type")
        if kind == "message_start":
            message = dict(at(event, "message") or {})
        elif kind == "content_block_start":
            blocks[event.get("index")] = dict(at(event, "content_block") or {})
        elif kind == "content_block_delta":
            block = blocks.setdefault(event.get("index"), {"type": "text"})
            for name, field in (("text", "text"), ("partial_json", "input"), ("thinking", "thinking")):
                piece = at(event, "delta", name)
                if isinstance(piece, str):
                    block[field] = (block[field] if isinstance(block.get(field), str) else "") + piece
        elif kind == "message_delta":
            message |= {"stop_reason": at(event, "delta", "stop_reason")}
        ended = ended or kind == "message_stop"
    if not blocks and not message:
        return None
    reason = message.get("stop_reason") if ended or message.get("stop_reason") else "error"
    return {**message, "role": "assistant", "content": list(blocks.values()), "stop_reason": reason}


def _of_gemini(chunks: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """One response of Gemini's: the pieces of one text that follow each other are put together."""
    parts: list[dict[str, Any]] = []
    whole: dict[str, Any] = {}
    reason = None
    for chunk in chunks:
        whole |= {name: field for name, field in chunk.items() if name != "candidates"}
        candidates = chunk.get("candidates")
        candidate = candidates[0] if isinstance(candidates, list) and candidates else {}
        reason = at(candidate, "finishReason") or reason
        for part in at(candidate, "content", "parts") or ():
            if not isinstance(part, dict):
                continue
            last = parts[-1] if parts else {}
            if "text" in part and "text" in last and part.get("thought") == last.get("thought"):
                last["text"] = f"{last['text']}{part['text']}"
            else:
                parts.append(dict(part))
    content = {"role": "model", "parts": parts}
    return {**whole, "candidates": [{"content": content, "finishReason": reason or "error"}]}


def each_choice(row: dict[str, Any]) -> Rows:
    """A row for each of several answers to one request (`n`), with the id that they share."""
    for name in ("choices", "candidates"):
        given = at(row["output"], name)
        if isinstance(given, list) and len(given) > 1 and all(isinstance(one, dict) for one in given):
            for place, one in enumerate(given):
                chosen = {name: [None] * place + [one]}  # so that what is found has its place in the response
                reason = first(one, "finish_reason", "finishReason")
                yield {**row, "output": chosen, **({"finish_reason": reason} if reason else {})}
            return
    yield row


def is_response(answer: Any) -> bool:
    """Whether it has the form of a chat API's response."""
    answer = unquoted(answer)
    lists = [at(answer, name) for name in ("choices", "candidates", "output", "content", "results")]
    return any(isinstance(one, list) for one in lists) or isinstance(at(answer, "output"), dict)


def is_only_error(answer: Any) -> bool:
    """Whether it is an error and nothing else: an application's own answer may have a field `error` too."""
    return is_error(answer) and _OF_ERRORS.issuperset(answer)


def is_error(answer: Any) -> bool:
    """Whether it is what an endpoint says instead of an answer, be it with the status 200."""
    if not isinstance(answer, dict) or not answer:
        return False
    codes = (at(answer, "base_resp", "status_code"), at(answer, "header", "code") if at(answer, "header", "sid") else 0)
    if any(code not in (None, 0, "0", "") for code in codes):  # MiniMax, Spark
        return True
    if any(answer.get(name) for name in _ANSWERED_IN):
        return False
    if answer.get("error") or answer.get("error_code") or (answer.get("error_msg") and "error_code" not in answer):
        return True
    if not _OF_ERRORS.issuperset(answer) or answer.get("data"):
        return False
    if not isinstance(first(answer, "message", "msg", "detail"), str):
        return False
    code = first(answer, "code", "status_code", "statusCode", "status")
    if isinstance(code, int) or str(code).isdigit():
        return int(code) not in (0, 1, 200) and not isinstance(code, bool)
    return _CODE.search(str(code if code is not None else answer.get("detail") or "")) is not None


_ANSWERED_IN = ("choices", "output", "content", "candidates", "result", "results", "generated_text", "completion")
_OF_ERRORS = frozenset(
    (
        *("code", "message", "msg", "detail", "status", "status_code", "statusCode", "error", "error_code"),
        *("error_msg", "request_id", "requestId", "id", "type", "param", "object", "success", "timestamp", "path"),
        *("data", "usage", "name", "contentFilter", "base_resp"),
        *_ANSWERED_IN,  # empty
    )
)
"""All that an error of DashScope, of a gateway or of a web framework holds; an answer has other fields beside."""
_CODE = re.compile(
    r"(?i)error|invalid|exceed|fail|denied|not.?found|limit|unauthori|forbidden|throttl|unavailable|time.?out|inspection|"
    r"arrear|overdue|bad.?request|exception|too.?many|blocked|refused|expired|quota"
)


def finish_of(answer: Any) -> Any:
    """Why a response ended."""
    for name in ("choices", "candidates"):
        choices = at(answer, name)
        if isinstance(choices, list) and choices:
            return first(choices[0], "finish_reason", "finishReason")
    if at(answer, "is_truncated") is True:  # Qianfan
        return "length"
    reason = first(answer, "finish_reason", "stop_reason", "stopReason", "done_reason")
    results = at(answer, "results")
    if isinstance(results, list) and results:
        reason = at(results[0], "completionReason") or reason
    reason = at(answer, "incomplete_details", "reason") or reason or at(answer, "output", "finish_reason")
    return "not_finished" if reason == "null" else reason  # DashScope's word, in a piece of a stream


class Turn(NamedTuple):
    """One message of a conversation. `said` is an answer in a form that can be judged."""

    is_answer: bool
    texts: list[str]
    said: Any
    model: Any
    time: Any
    id: Any


def is_chat(value: Any) -> bool:
    """Whether a value is a conversation as chat tools export it, or a document that holds some."""
    if turns_of(value) or conversations_of(value):
        return True
    for name in ("data", "list", "items"):
        inside = value.get(name) if isinstance(value, dict) else None
        if isinstance(inside, dict) or (isinstance(inside, list) and inside):
            return is_chat(inside if isinstance(inside, dict) else inside[0])
    return False


def conversations_of(value: Any) -> list[dict[str, Any]]:
    """The conversations in one value: a document of LobeChat, Cherry Studio or Chatbox; Chatbot Arena has two a row."""
    listed = at(value, "indexedDB", "topics") or at(value, "chat-sessions")
    if isinstance(listed, list):
        return [{"id": at(one, "id"), "conversation": at(one, "messages")} for one in listed]
    said = at(value, "state", "messages")
    if isinstance(said, list) and any(first(one, "topicId", "sessionId") for one in said):
        topics: dict[str, list[Any]] = {}
        for one in said:
            topics.setdefault(str(first(one, "topicId", "sessionId")), []).append(one)
        return [{"id": name, "conversation": topic} for name, topic in topics.items()]
    sides = [(at(value, f"conversation_{side}"), at(value, f"model_{side}")) for side in "ab"]
    if all(isinstance(said, list) for said, _ in sides):
        name = first(value, "question_id", "id")
        return [{"id": name, "model": model, "conversation": said} for said, model in sides]
    return []


def _in_pairs(chat: dict[str, Any]) -> list[Any] | None:
    """Questions and answers in pairs as messages: MOSS, its forerunner, UltraChat."""
    said = chat.get("chat") if "meta_instruction" in chat else None
    if isinstance(said, dict):
        turns = [one for name, one in said.items() if name.startswith("turn_")]
        pairs = [[first(one, "Human"), first(one, "MOSS")] for one in turns]
    elif (
        isinstance(said := chat.get("conversation"), list) and said and {"human", "assistant"} <= set(at(said[0]) or ())
    ):
        pairs = [[first(one, "human"), first(one, "assistant")] for one in said]
    elif set(chat) == {"id", "data"} and isinstance(said := chat["data"], list) and len(said) > 1:
        pairs = [said[place : place + 2] for place in range(0, len(said), 2)]
    else:
        return None
    if not all(isinstance(text, str) for pair in pairs for text in pair):
        return None
    roles = ("user", "assistant")
    return [
        {"role": role, "content": _OF_MOSS.sub("", text)}
        for pair in pairs
        for role, text in zip(roles, pair, strict=False)
    ]


_OF_MOSS = re.compile(r"\A<\|(?:Human|MOSS)\|>:\s*|<eo[hm]>\s*\Z")


def turns_of(value: Any) -> list[Turn]:
    """The messages of a conversation in order: ShareGPT, Open WebUI, ChatGPT, FastGPT, Coze, RAGFlow, DeepEval,
    Claude, LibreChat, MOSS, UltraChat.

    None of a request's own `messages`: these are one question with what was before it.
    """
    chat = value if isinstance(value, dict) else {}
    listed: Any = chat.get("conversations") or chat.get("conversation") or chat.get("turns")
    details = unquoted(first(chat, "对话详情", "chatDetails", "chat_messages"))
    if (pairs := _in_pairs(chat)) is not None:
        listed = pairs
    elif isinstance(details, list):
        listed = details
    elif isinstance(at(chat, "mapping"), dict):
        listed = [at(one, "message") for one in _branch(chat["mapping"], chat.get("current_node"), "parent")]
    elif isinstance(at(chat, "chat"), dict):
        history = at(chat, "chat", "history")
        listed = at(chat, "chat", "messages") or _branch(
            at(history, "messages") or {}, at(history, "currentId"), "parentId"
        )
    elif isinstance(chat.get("history"), list) and all(isinstance(at(one, "obj"), str) for one in chat["history"]):
        listed = chat["history"]
    elif isinstance(chat.get("messages"), list) and (
        not {"chat", "agent_id"}.isdisjoint(chat)
        or any(isinstance(one, dict) and _BY_USER in one for one in chat["messages"])
    ):  # not of a log whose history grows row by row
        listed = chat["messages"]
    elif any(isinstance(chat.get(name), list) and chat[name] and _is_turn(chat[name][0]) for name in ("data", "list")):
        listed = chat["data"] if isinstance(chat.get("data"), list) else chat["list"]
        when = [first(one, "created_at", "time") for one in listed]
        if all(isinstance(one, int | float) for one in when):  # Coze gives the newest first
            listed = [one for _, one in sorted(zip(when, listed, strict=True), key=lambda pair: pair[0])]
    if not isinstance(listed, list):
        return []
    turns = [_turn(one) for one in listed if isinstance(one, dict) and one.get("type") not in _NO_TURNS]
    return [turn for turn in turns if turn] if any(turn and turn.is_answer for turn in turns) else []


_NO_TURNS = ("verbose", "follow_up", "function_call", "tool_output", "tool_response", "knowledge")
"""Types of Coze's messages that are neither question nor answer."""


def _is_turn(value: Any) -> bool:
    return isinstance(at(value, "obj"), str) or (
        isinstance(at(value, "role"), str) and "content" in value and "messages" not in value
    )


def _branch(nodes: dict[str, Any], last: Any, parent: str) -> list[Any]:
    """The nodes of a tree that lead to the last one, from the root on."""
    found: list[Any] = []
    while isinstance(last, str) and last in nodes and len(found) < len(nodes):
        found.append(nodes[last])
        last = at(nodes[last], parent)
    return found[::-1]


def _turn(message: dict[str, Any]) -> Turn | None:
    role = first(message, "role", "from", "obj") or at(message, "author", "role") or message.get("type")
    if _BY_USER in message or role is None:
        role = first(message, "sender") if _BY_USER not in message else "user" if message[_BY_USER] else "assistant"
    given = first(message, "content", "value", "text", "contentParts")
    if isinstance(given, dict):  # ChatGPT
        given = [one for one in given.get("parts") or () if isinstance(one, str)]
    if isinstance(given, list):  # FastGPT: [{"text": {"content": ...}}]
        given = [at(one, "text", "content") or one for one in given]
        given = given[0] if len(given) == 1 and isinstance(given[0], str) else given
    is_answer = str(role).lower() in _ANSWER_ROLES
    if is_answer and (message.get("tool_calls") or message.get("function_call")):
        given = message
    if given is None or role is None:
        return None
    said = [one for one in given if isinstance(one, str)] if isinstance(given, list) else given
    return Turn(
        is_answer,
        [] if is_answer else list(texts_in(source_texts(given) or given)),
        "\n".join(said) if isinstance(said, list) and said else given,
        _name_of(first(message, "model", "modelName"))
        or at(message, "metadata", "model_slug")
        or at(message, "extra", "fromModel"),
        first(message, "timestamp", "create_time", "created_at", "createdAt", "time"),
        first(message, "id", "dataId"),
    )


_BY_USER = "isCreatedByUser"
"""Of LibreChat's messages."""


def _name_of(model: Any) -> Any:
    return first(model, "id", "name") if isinstance(model, dict) else model


_ANSWER_ROLES = (*ANSWERERS, "gpt", "chatgpt", "bot", "bing", "bard")


class ChatRow(NamedTuple):
    """A message that is a row of its own. `moment`: seconds since 1970, None where no time is there to read."""

    conversation: str
    is_answer: bool
    said: Any
    moment: float | None


SPEAKERS = (
    *("role", "obj", "sender", "sendertype", "senderrole", "author", "speaker", "from", "messagetype", "msgtype"),
    *("direction", "type", "角色", "发送者", "发送方", "发送人", "消息类型", "说话人"),
)
"""Plain names of columns that say who spoke; in a log it may be a person on either side, which nobody can tell."""
_ASKERS = frozenset(
    (
        *(
            "user",
            "human",
            "customer",
            "client",
            "system",
            "developer",
            "tool",
            "question",
            "in",
            "inbound",
            "incoming",
        ),
        *("用户", "客户", "系统", "提问"),
    )
)
_REPLIERS = frozenset(
    (
        *("assistant", "ai", "bot", "model", "gpt", "answer", "out", "outbound", "outgoing"),
        *("助手", "机器人", "模型", "智能体", "回答"),
    )
)
PERSONS = frozenset(("agent", "客服", "坐席"))
_CONVERSATIONS = (
    *("conversationid", "sessionid", "chatid", "threadid", "dialogid", "dialogueid", "conversation", "session"),
    *("chatsessionid", "roomid", "会话id", "对话id", "会话编号", "对话编号", "会话", "会话标识"),
)
_TEXTS = (
    "content",
    "text",
    "message",
    "body",
    "value",
    "messagetext",
    "messagecontent",
    "内容",
    "消息",
    "消息内容",
    "文本",
)
TIMES_OF_MESSAGES = (
    *("createdat", "createtime", "timestamp", "time", "sentat", "created", "datetime", "ts", "date"),
    *("时间", "发送时间", "创建时间", "消息时间"),
)


def speaker_of(row: dict[str, Any]) -> str:
    """Who spoke, in small letters; empty where no column says it."""
    fields = _fields_of_message(row)
    return next((str(fields[name]).strip().lower() for name in SPEAKERS if isinstance(fields.get(name), str)), "")


def message_of(row: Any) -> ChatRow | None:
    """A row as a message of a conversation; None where it lacks the id, the text, or who spoke, or that is a person."""
    if not isinstance(row, dict):
        return None
    fields, who = _fields_of_message(row), speaker_of(row)
    conversation, said = first(fields, *_CONVERSATIONS), first(fields, *_TEXTS)
    if who not in _ASKERS | _REPLIERS or not isinstance(conversation, str | int):
        return None
    calls = unquoted(fields.get("toolcalls"))
    parts = unquoted(said)
    if isinstance(parts, list) and all(isinstance(one, dict) and "type" in one for one in parts):
        said = parts
    if isinstance(calls, list) and calls:
        said = {"role": "assistant", "content": said, "tool_calls": calls}
    if said is None:
        return None
    return ChatRow(str(conversation), who in _REPLIERS, said, _moment(first(fields, *TIMES_OF_MESSAGES)))


def _fields_of_message(row: dict[str, Any]) -> dict[str, Any]:
    """By plain names; LangChain's stores have the message as JSON in a column."""
    inside = unquoted(row.get("message"))
    fields = plain_names(row)
    if isinstance(inside, dict):
        fields |= plain_names(inside) | plain_names(inside["data"] if isinstance(inside.get("data"), dict) else {})
    return fields


def _moment(value: Any) -> float | None:
    """A time without a zone is UTC. Numbers count from 1970, in any unit."""
    try:
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                moment = datetime.fromisoformat(value.strip().replace("/", "-"))
                return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
    except (ValueError, OverflowError):
        return None
