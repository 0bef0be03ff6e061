"""What a log is, by its first rows: the tool that wrote it, or the columns of an application's own."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

from harness.errors import ConfigError, found
from harness.logs.files import InputFile
from harness.logs.forms import (
    PERSONS,
    at,
    first,
    is_chat,
    is_error,
    is_response,
    message_of,
    of_platform,
    plain_names,
    speaker_of,
)
from harness.logs.presets import LISTS, REQUESTS, RESPONSES, batch_side, is_of_evals
from harness.logs.read import Block, Decoded, decoded, pieces
from harness.logs.rows import MISSING, Columns, RowError, lookup, rows_at, steps_of
from harness.logs.spans import is_of_model, is_of_spans, is_run
from harness.records.conversation import last_answer, unquoted

_LOOKED_AT = 50  # rows


class Recognised(NamedTuple):
    """How a log is read. `rows` is the path to the list that holds the rows of a document, or empty.

    `answers` are further columns that have the name of an answer, `given` those of what the model may have been given.
    """

    columns: Columns
    preset: str | None = None
    rows: str = ""
    answers: tuple[str, ...] = ()
    given: tuple[str, ...] = ()

    def options(self, before: Columns) -> str:
        """The options that say the same, for a person; empty if nothing differs from `before`."""
        said = [f"--preset {self.preset}"] if self.preset else []
        said += [f"--rows {_quoted(self.rows)}"] if self.rows else []
        for name in ("source", "output", *_KNOWN):
            new = getattr(self.columns, name)
            if new != getattr(before, name):
                said += [f"--{name} {_quoted(one)}" for one in ([new] if isinstance(new, str) else new)]
        return " ".join(said)


def _quoted(name: str) -> str:
    """As a shell takes it. A log may name a column `a|sh`; a name in Han needs no quotes."""
    return name if all(char.isalnum() or char in "_.-" for char in name) else shlex.quote(name)


def _names(before: str, stems: str, behind: str) -> tuple[str, ...]:
    """Names in small letters without signs, the likeliest first: a stem, perhaps with a word before it and behind."""
    words = [("", *text.split()) for text in (before, behind)]
    return tuple(f"{one}{stem}{other}" for stem in stems.split() for one in words[0] for other in words[1])


_SOURCES = (
    *_names("user input full 用户", "prompt question query instruction", "text content 内容"),
    *("userinput", "usermessage", "inputtext", "requesttext", "requestprompt", "sysquery"),
    *_names("用户 客户 测试", "提示词 问题 提问 输入 指令 提示 题目 查询 消息 咨询", "内容 文本"),
    *(
        "输入内容",
        "原文",
        "请求内容",
        "请求文本",
        "请求",
        "source",
        "messages",
        "contents",
        "input",
        "request",
        "original",
    ),
    *("human", "user", "用户", "问"),
)
_OUTPUTS = (
    *_names(
        "model llm ai bot actual assistant", "output response reply prediction predict generation", "text content 内容"
    ),
    *(
        "modelanswer",
        "llmanswer",
        "aianswer",
        "botanswer",
        "actualanswer",
        "assistantanswer",
        "completion",
        "completiontext",
        "generatedtext",
    ),
    *("generated", "assistantmessage", "botmessage", "responsemessage"),
    *_names("模型 大模型 ai 机器人 助手 智能体 系统 实际", "输出 回答 回复 答复 响应 生成 返回", "内容 文本 结果"),
    *("模型答案", "大模型答案", "ai答案", "机器人答案", "实际答案"),
    *("生成结果", "生成内容", "译文", "translation", "choices"),
    *("answer", "answertext", "assistant", "bot", "ai", "gpt", "result", "actual", "结果", "助手", "答案", "答"),
)
"""Those that also name the right answer come last: `answer` beside `prediction`."""
_NEXT_TO_SOURCE = (
    *("context", "contexts", "documents", "system", "systemprompt", "history", "retrievedcontexts"),
    *("上下文", "背景", "参考资料", "系统提示词", "系统提示"),
)
"""Columns that the model may have been given too: said, since only a person knows."""
_KNOWN: dict[str, tuple[str, ...]] = {
    "targets": ("targets", "目标", "目标字符串", "保护字符串"),
    "id": ("id", "requestid", "messageid", "编号", "序号", "请求id", "消息id"),
    "model": ("model", "modelname", "modelid", "模型", "模型名称", "模型名"),
    "version": ("version", "modelversion", "版本", "模型版本"),
    "time": (
        *("time", "timestamp", "createdat", "created", "datetime", "date", "starttime", "ts"),
        *("时间", "创建时间", "请求时间", "日期"),
    ),
    "finish": ("finishreason", "stopreason", "结束原因", "停止原因"),
}
_ROWS = (
    *(
        "data",
        "records",
        "rows",
        "items",
        "list",
        "results",
        "logs",
        "entries",
        "log",
        "hits",
        "samples",
        "testCases",
        "conversationalTestCases",
        "runs",
        "spans",
    ),
    "数据",
)
"""Where an interface that answers with a document has its rows, perhaps one in the other: `data.list`."""
_DEEPEST = 3
"""Objects in each other that are looked into for a row or a column."""


def recognise(
    file: InputFile,
    columns: Columns,
    named: Collection[str],
    *,
    longest: int,
    delimiter: str | None,
    encoding: str | None,
) -> Recognised:
    """How to read a log, by its first rows. What the user `named` stays.

    Raises ConfigError where no column is known as the source or the output, with the columns that there are.
    """
    piece = next(pieces(file.beginning, None, longest, delimiter, encoding), None)
    rows = list(islice(decoded(piece), _LOOKED_AT)) if piece else []
    if piece:
        _refuse_text(file.name, piece, rows)
    values = [row.value for row in rows if row.error is None and isinstance(row.value, dict)]
    if not values or "rows" in named:
        return Recognised(columns)
    free = not {"source", "output"} & set(named)
    if free:
        _refuse_columns(file.name, values)
        _refuse_chunks(file.name, values)
    listed = _list_of_rows(values[0]) if len(values) == 1 else ""
    paths = ["", listed] if listed else [""]
    deeper = _deeper(values, listed) if free and not _has_pair(values) else ()
    for path in (*paths, *deeper):
        inside = _rows_at(values, path)
        preset = recognised_preset(inside) if free and not _has_pair(inside) else None
        if preset:
            return Recognised(columns, preset, path)
        found_names, missing, there = _matched(inside, columns, named)
        if path not in paths[:-1] and not missing:
            return _of_columns(replace(columns, **found_names), path, there)
    if free and not listed and all(message_of(value) is not None for value in values):
        return Recognised(columns, "messages")
    if free and (apart := _apart(values, columns)):
        return Recognised(apart)
    inside = _rows_at(values, paths[-1])
    if free:
        _refuse_pieces(file.name, inside)
    found_names, missing, there = _matched(inside, columns, named)
    # a header names all columns, and so do a few rows; of many rows later ones may have others
    if missing and piece is not None and (piece.format != "jsonl" or len(inside) < _LOOKED_AT):
        raise ConfigError(
            f"{file.name}: no column is known as the {missing[0]}; its columns: {found(', '.join(there))}; name "
            f"them: --source COLUMN --output COLUMN, or a --preset"
        )
    return _of_columns(replace(columns, **found_names), paths[-1], there)


def _has_pair(values: Sequence[dict[str, Any]]) -> bool:
    return any("source" in value and "output" in value for value in values)


def _rows_at(values: Sequence[Any], path: str) -> list[dict[str, Any]]:
    if not path:
        return list(values)
    try:
        inside = [row for value in values for row in rows_at(value, path)]
    except RowError:
        return []
    return [row for row in inside[:_LOOKED_AT] if isinstance(row, dict)]


def _deeper(values: Sequence[dict[str, Any]], listed: str) -> Iterator[str]:
    """Paths to objects that may be the rows: in each member of a list (`hits.hits.*._source`), or in each value."""
    members = _rows_at(values, listed) if listed else []
    yield from (f"{listed}.*.{path}" for path in _objects(members) if path != "*")
    yield from _objects(values)


def _objects(values: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Paths to objects that each of the values has, the shallowest first; `*` where every field is a row."""
    if not values:
        return
    if len(values) == 1 and len(values[0]) > 1 and all(isinstance(one, dict) for one in values[0].values()):
        fields = [set(one) for one in values[0].values()]
        if all(one == fields[0] for one in fields):
            yield "*"
    for path, inside in _inside(values[0]):
        if isinstance(inside, dict) and all(isinstance(unquoted(lookup(value, path)), dict) for value in values):
            yield path


def _inside(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What objects in each other hold, by path; a text that is JSON is what it holds."""
    pending = deque([("", value, 0)])
    while pending:
        before, outer, depth = pending.popleft()
        for name, field in outer.items():
            path = before + (f'"{name}"' if re.search(r"[.]", name) else name)
            inside = unquoted(field)
            yield path, inside
            if isinstance(inside, dict) and depth < _DEEPEST and '"' not in name:
                pending.append((f"{path}.", inside, depth + 1))


def _matched(
    values: Sequence[dict[str, Any]], columns: Columns, named: Collection[str]
) -> tuple[dict[str, Any], list[str], list[str]]:
    """Columns by their names; which of source and output none is known as; all names that are there."""
    there = list(dict.fromkeys(name for value in values for name in value))
    names = _plain(there)
    found_names: dict[str, Any] = {}
    for column, known in _KNOWN.items():
        if column not in named and getattr(columns, column) not in there:
            name = next((names[one] for one in known if one in names), None)
            found_names |= {column: name} if name else {}
    if _has_pair(values):
        return found_names, [], there
    missing = []
    filled = Counter(name for value in values for name, field in value.items() if field not in (None, "", [], {}))
    often = _plain([name for name in there if 2 * filled[name] >= len(values)])
    sources = list(dict.fromkeys(_known(_SOURCES, (often, names), columns.output)))
    source = next((name for name in sources if not _is_template(name, sources, values)), None)
    outputs = _known(_OUTPUTS, (often, names), () if source is None else (source,))
    output = next((name for name in outputs if not _is_status(name, values)), None)
    for column, name in (("source", source), ("output", output)):
        if column in named:
            continue
        if name is None:
            missing.append(column)
        else:
            found_names[column] = (name,)
    if found_names.get("source") == (names.get("instruction"),) and "input" in names and names["input"] != output:
        found_names["source"] += (names["input"],)
    if "output" in found_names and "toolcalls" in names:
        found_names["output"] += (names["toolcalls"],)
    return found_names, missing, there


def _is_template(name: str, sources: Sequence[str], values: Sequence[dict[str, Any]]) -> bool:
    """Whether a column is the template or the name of a prompt: the same in all rows, while what is asked differs."""
    texts = [value.get(name) for value in values]
    if not isinstance(texts[0], str) or (len(texts[0]) > _LONGEST_NAME and "{" not in texts[0]):
        return False
    others = [[value.get(one) for value in values] for one in sources if one != name]
    differ = any(isinstance(one[0], str) and len(one) > 1 and one.count(one[0]) < len(one) for one in others)
    return differ and texts.count(texts[0]) == len(texts)


_LONGEST_NAME = 40
"""Code points of the name of a prompt, which an application may log beside what was asked."""


_STATUS = re.compile(
    r"success(ful)?|succeeded|ok|true|false|pass(ed)?|fail(ed)?|error|done|complete[d]?|correct|wrong|good|bad|stop|"
    r"成功|失败|正确|错误|完成|满意|不满意|好|差|[\d.%]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    re.IGNORECASE,
)


def _is_status(name: str, values: Sequence[dict[str, Any]]) -> bool:
    """Whether a column with the name of an answer only says how it went, or names a row elsewhere."""
    filled = [value[name] for value in values if value.get(name) not in (None, "")]
    return bool(filled) and all(isinstance(one, str) and _STATUS.fullmatch(one.strip()) for one in filled)


def _known(known: Sequence[str], tables: Sequence[dict[str, str]], used: Collection[str]) -> Iterator[str]:
    """Columns that have one of the known names: first those that most rows have filled."""
    yield from (names[one] for names in tables for one in known if one in names and names[one] not in used)


def _plain(there: Sequence[str]) -> dict[str, str]:
    """Names as they are by their plain forms; of one with a remark behind it, or `inputs.` before it, the name."""
    names: dict[str, str] = {}
    alone = [re.split("[(（]", name)[0] for name in there]
    behind_dot = [re.sub(r"\A(?:inputs?|outputs?|data|fields)\.(?=\w+\Z)", "", name) for name in there]
    for shown in (there, alone, behind_dot):
        names = plain_names(dict(zip(reversed(shown), reversed(there), strict=True))) | names
    return names


def _of_columns(columns: Columns, path: str, there: Sequence[str]) -> Recognised:
    names = _plain(there)
    used = {*columns.source, *columns.output}
    answers = tuple(dict.fromkeys(names[one] for one in _OUTPUTS if one in names and names[one] not in used))
    beside = (*_NEXT_TO_SOURCE, *_SOURCES)
    given = tuple(dict.fromkeys(names[one] for one in beside if one in names and names[one] not in {*used, *answers}))
    return Recognised(columns, None, path, answers, given)


def _apart(values: Sequence[dict[str, Any]], columns: Columns) -> Columns | None:
    """Columns where source and output are in objects of their own: `inputs.question` and `outputs.answer`."""
    paths = {path: inside for path, inside in _inside(values[0]) if isinstance(inside, str | list)}
    ends = {path: next(iter(plain_names({steps_of(path)[-1]: None})), "") for path in paths}
    if not any("." in path for path in paths):
        return None
    chosen: dict[str, str] = {}
    for column, known in (("output", _OUTPUTS), ("source", _SOURCES)):
        fitting = [path for name in known for path, end in ends.items() if end == name and path not in chosen.values()]
        if not fitting:
            return None
        chosen[column] = fitting[0]
    if any(lookup(value, path) is MISSING for value in values for path in chosen.values()):
        return None
    found_names = _matched(values, columns, ())[0]
    return replace(columns, **{**found_names, **{column: (path,) for column, path in chosen.items()}})


def _refuse_text(place: str, piece: Block, rows: Sequence[Decoded]) -> None:
    """A file of which no row is JSON or has columns: the log of a server, or the bytes of a stream."""
    begins = [raw.lstrip() for raw in piece.raws[:_LOOKED_AT]]
    if piece.header and piece.header[0].startswith(_EVENTS_TEXT):
        begins = [piece.header[0].encode()]
    elif piece.format != "jsonl" or any(row.error is None and isinstance(row.value, dict) for row in rows):
        return
    if begins and all(one.startswith(tuple(name.encode() for name in (*_EVENTS_TEXT, ":"))) for one in begins):
        raise ConfigError(_PIECES.format(place=place))
    if not any(row.error and row.error.kind in ("json", "unreadable") for row in rows) or piece.header:
        return
    behind = [one[one.index(b"{") :] for one in begins if b"{" in one]
    if len(behind) > len(begins) / 2 and all(map(_is_json, behind)):
        raise ConfigError(
            f"{place}: its rows have JSON behind other text; accepted: JSON alone; run: "
            f"grep -o '{{.*' {_quoted(place)} | harness score -"
        )
    if begins and not any(one.startswith((b"{", b"[{")) for one in begins):
        raise ConfigError(
            f"{place}: no row of it is JSON, as in the own log of a server; accepted: one question with its answer a "
            "row: have the application or its gateway write both (docs/score.md)"
        )


_EVENTS_TEXT = ("data:", "event:")
_PIECES = (
    "{place}: its rows are pieces of streamed answers; accepted: one whole answer a row, with its prompt: put "
    "together the pieces that have one id"
)


def _is_json(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _refuse_chunks(place: str, values: Sequence[dict[str, Any]]) -> None:
    """Rows that are pieces of streamed answers, as OpenAI, Anthropic, Ollama and the Responses API send them."""
    of_ollama = any(row.get("done") is False and "created_at" in row for row in values)
    if of_ollama or (values and all(map(_is_chunk, values))):
        raise ConfigError(_PIECES.format(place=place))


_EVENT_TYPES = ("content_block_", "message_start", "message_delta", "message_stop", "ping", "response.")


def _is_chunk(row: dict[str, Any]) -> bool:
    kind = str(row.get("type"))
    return str(row.get("object")).endswith(".chunk") or kind.startswith(_EVENT_TYPES)


def _refuse_pieces(place: str, inside: Sequence[dict[str, Any]]) -> None:
    """Logs that hold no row with question and answer: what they hold, and what makes one of it."""
    if inside and all(map(_is_message, inside)):
        raise ConfigError(
            f"{place}: its rows are single messages; accepted: question and answer in one row: put the messages of a "
            'conversation together, one {"messages": [...]} a row'
        )
    if inside and all(any(at(row, *steps) for steps in _INLINE) for row in inside):
        raise ConfigError(
            f"{place}: a batch whose answers are in the order of its requests, without a key in both; accepted: "
            'each answer beside its request, one {"request": ..., "response": ...} a row'
        )


_INLINE = (
    ("response", "inlinedResponses"),
    ("dest", "inlinedResponses"),
    ("dest", "inlined_responses"),
    ("batch", "input_config"),
    ("batch", "inputConfig"),
)
"""Where Gemini's batches that are not files have their answers and requests."""


def _is_message(row: dict[str, Any]) -> bool:
    """Whether a row is one message of a conversation: a column says who spoke."""
    if {"role", "content"} <= row.keys() or {"obj", "value"} <= row.keys():
        return True
    return message_of({"conversation": 0, **row}) is not None or speaker_of(row) in PERSONS


def _refuse_columns(place: str, values: Sequence[dict[str, Any]]) -> None:
    if any({"obj", "out"} <= value.keys() for value in values):
        raise ConfigError(
            f"{place}: the log of SGLang; accepted: one question with its answer a row; run: "
            f"jq -c 'select(.out) | {{source: .obj.text, output: .out.text}}' {_quoted(place)} | harness score -"
        )
    if values and all({"levelname", "message"} <= value.keys() for value in values):
        raise ConfigError(
            f"{place}: the own log of a server; accepted: one question with its answer a row: have the application or "
            "its gateway write both (docs/score.md)"
        )
    fields = list(values[0].values()) if len(values) == 1 else []
    by_column = len(fields) > 1 and (
        (
            all(isinstance(one, list) and len(one) == len(fields[0]) > 1 for one in fields)
            and not any(isinstance(inner, dict | list) for one in fields for inner in one)
        )
        or all(isinstance(one, dict) and one.keys() == fields[0].keys() and "0" in one for one in fields)
        or {"columns", "data"} <= values[0].keys()
    )
    if by_column:
        raise ConfigError(
            f"{place}: a table by columns; accepted: one object a row; with pandas: frame.to_json(FILE, "
            "orient='records', lines=True)"
        )


def _list_of_rows(value: dict[str, Any]) -> str:
    """The path to a list of objects in a document that is not a row itself; empty if there is none."""
    for name in _ROWS:
        inside = value.get(name)
        if isinstance(inside, list) and inside and all(isinstance(one, dict) for one in inside):
            return name
        deeper = _list_of_rows(inside) if isinstance(inside, dict) else ""
        if deeper:
            return f"{name}.{deeper}"
    return ""


def recognised_preset(values: Sequence[Any]) -> str | None:
    """The preset whose form the first values of a log have; None where they are rows of an application's own."""
    objects = [value for value in values if isinstance(value, dict)]
    objects = [value for value in objects if is_of_model(value)] or objects
    return next((name for name, fits in _SIGNS.items() if objects and all(map(fits, objects))), None)


def _is_promptfoo(value: dict[str, Any]) -> bool:
    return isinstance(at(value, "results", "results"), list) or {"promptIdx", "testIdx"} <= value.keys()


def _is_langfuse(value: dict[str, Any]) -> bool:
    inside = value.get("data", value.get("observations"))
    if isinstance(inside, list) and inside and isinstance(inside[0], dict):
        return _is_langfuse(inside[0])
    fields = plain_names(value)
    if isinstance(fields.get("type"), str) and not fields["type"].isupper():  # of another tool
        return False
    if "spantype" in fields:  # Coze
        return False
    beside = ("traceid", "providedmodelname", "internalmodel", "observations", "sessionid")
    return {"input", "output"} <= fields.keys() and any(name in fields for name in beside)


def _is_openai(value: dict[str, Any]) -> bool:
    inside = next((value[name] for name in LISTS if isinstance(value.get(name), list)), None)
    if inside is not None:
        return bool(inside) and isinstance(inside[0], dict) and _is_openai(inside[0])
    fields = plain_names(value) | plain_names(at(value, "properties") or {})
    asked, answered = unquoted(first(fields, *REQUESTS)), unquoted(first(fields, *RESPONSES))
    if isinstance(asked, dict | list) and (answered is not None or value.get("error")):
        return True
    answered = of_platform(answered)
    if (is_response(answered) or is_error(answered)) and isinstance(fields.get("prompt"), str | list):
        return True
    if at(value, "input", "inputBodyJson") or value.get("object") in ("response", "chat.completion"):
        return True
    messages = first(value, "messages", "contents")
    return isinstance(messages, list) and last_answer(messages) > 0


def _is_batch(*ids: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a value is a line of a batch with one of the ids and parts."""
    name, *parts = ids

    def fits(value: dict[str, Any]) -> bool:
        listed = value.get("requests")
        if isinstance(listed, list) and listed and len(value) == 1:
            return isinstance(listed[0], dict) and fits(listed[0])
        return name in value and bool(batch_side(value)) and any(part in value for part in parts)

    return fits


_SIGNS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "otel": is_of_spans,
    "evals": is_of_evals,
    "promptfoo": _is_promptfoo,
    "anthropic-batch": _is_batch("custom_id", "params", "result"),
    "openai-batch": _is_batch("custom_id", "body", "response"),
    "gemini-batch": _is_batch("key", "request", "response"),
    "litellm": lambda value: not {"standard_logging_object", "litellm_call_id", "call_type"}.isdisjoint(value),
    "langfuse": _is_langfuse,
    "chats": is_chat,
    "openai": _is_openai,
    "traces": is_run,
}
