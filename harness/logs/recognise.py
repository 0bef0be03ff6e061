"""What a log is, by its first rows: the tool that wrote it, or the columns of an application's own."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

from harness.errors import ConfigError, found
from harness.logs.files import STANDARD_INPUT, InputFile
from harness.logs.forms import at, first, plain_names
from harness.logs.presets import LISTS, REQUESTS, RESPONSES
from harness.logs.read import decoded, pieces
from harness.logs.rows import Columns
from harness.logs.spans import is_of_spans
from harness.records.conversation import last_answer, unquoted

_LOOKED_AT = 50  # rows


class Recognised(NamedTuple):
    """How a log is read. `rows` is the path to the list that holds the rows of a document, or empty."""

    columns: Columns
    preset: str | None = None
    rows: str = ""

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


# names in small letters without signs, the likeliest first
_SOURCES = (
    *("prompt", "question", "query", "instruction", "userinput", "userprompt", "userquery", "usermessage", "inputtext"),
    *(
        "提示词",
        "用户提示词",
        "问题",
        "用户问题",
        "提问",
        "用户提问",
        "用户输入",
        "输入内容",
        "输入",
        "指令",
        "提示",
        "题目",
    ),
    *("原文", "请求内容", "请求", "source", "messages", "contents", "input", "request", "original"),
)
_OUTPUTS = (
    *("output", "answer", "response", "completion", "reply", "prediction", "generation", "generatedtext", "outputtext"),
    *("modeloutput", "modelresponse", "modelanswer", "llmoutput", "llmresponse", "botresponse", "assistant", "result"),
    *(
        "模型输出",
        "模型回答",
        "模型回复",
        "模型答案",
        "回答",
        "回复",
        "回答内容",
        "回复内容",
        "输出",
        "输出内容",
        "生成结果",
        "生成内容",
    ),
    *("响应", "响应内容", "译文", "ai回答", "ai回复", "答复", "结果", "答案", "translation"),
)
_KNOWN: dict[str, tuple[str, ...]] = {
    "targets": ("目标", "目标字符串", "保护字符串"),
    "id": ("requestid", "messageid", "编号", "序号", "请求id", "消息id"),
    "model": ("modelname", "modelid", "模型", "模型名称", "模型名"),
    "version": ("modelversion", "版本", "模型版本"),
    "time": ("timestamp", "createdat", "created", "datetime", "date", "时间", "创建时间", "请求时间", "日期"),
    "finish": ("finishreason", "stopreason", "结束原因", "停止原因"),
}
_ROWS = ("data", "records", "rows", "items", "list", "results", "logs", "数据")
"""Where an interface that answers with a document has its rows, perhaps one in the other: `data.list`."""


def recognise(
    file: InputFile,
    columns: Columns,
    named: Collection[str],
    *,
    longest: int,
    delimiter: str | None,
    encoding: str | None,
) -> Recognised:
    """How to read a log, by its first rows. What the user `named` stays; standard input is not looked into.

    Raises ConfigError where no column is known as the source or the output, with the columns that there are.
    """
    if file.location == STANDARD_INPUT:
        return Recognised(columns)
    piece = next(pieces(file, None, longest, delimiter, encoding), None)
    rows = islice(decoded(piece), _LOOKED_AT) if piece else ()
    values = [row.value for row in rows if row.error is None and isinstance(row.value, dict)]
    if not values:
        return Recognised(columns)
    free = not {"source", "output"} & set(named)
    if "rows" in named:
        return Recognised(columns)
    for path in ("", _list_of_rows(values[0]) if len(values) == 1 else ""):
        if path:
            values = at(values[0], *path.split("."))[:_LOOKED_AT]
        preset = recognised_preset(values) if free and not _has_pair(values) else None
        if preset:
            return Recognised(columns, preset, path)
    # a header names all columns, and so do a few rows; of many rows later ones may have others
    every = piece is not None and (piece.format != "jsonl" or len(values) < _LOOKED_AT)
    return Recognised(_columns(file.name if every else "", values, columns, named), None, path)


def _has_pair(values: Sequence[dict[str, Any]]) -> bool:
    return any("source" in value and "output" in value for value in values)


def _columns(place: str, values: Sequence[dict[str, Any]], columns: Columns, named: Collection[str]) -> Columns:
    there = list(dict.fromkeys(name for value in values for name in value))
    names: dict[str, str] = {}  # plain to as it is; of a name with a remark behind it, the name
    for shown in (there, [re.split("[(（]", name)[0] for name in there]):
        names = plain_names(dict(zip(reversed(shown), reversed(there), strict=True))) | names
    found_names: dict[str, Any] = {}
    for column, known in _KNOWN.items():
        if column not in named and getattr(columns, column) not in there:
            name = next((names[one] for one in known if one in names), None)
            found_names |= {column: name} if name else {}
    if not _has_pair(values):
        source = next((names[one] for one in _SOURCES if one in names and names[one] not in columns.output), None)
        output = next((names[one] for one in _OUTPUTS if one in names and names[one] != source), None)
        for column, name in (("source", source), ("output", output)):
            if column not in named:
                if name is None and not place:
                    continue
                if name is None:
                    raise ConfigError(
                        f"{place}: no column is known as the {column}; its columns: {found(', '.join(there))}; name "
                        f"them: --source COLUMN --output COLUMN, or a --preset"
                    )
                found_names[column] = (name,)
        if found_names.get("source") == (names.get("instruction"),) and "input" in names and names["input"] != output:
            found_names["source"] += (names["input"],)
    return replace(columns, **found_names)


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
    return next((name for name, fits in _SIGNS.items() if objects and all(map(fits, objects))), None)


def _is_promptfoo(value: dict[str, Any]) -> bool:
    return isinstance(at(value, "results", "results"), list) or {"promptIdx", "testIdx"} <= value.keys()


def _is_langfuse(value: dict[str, Any]) -> bool:
    inside = value.get("data", value.get("observations"))
    if isinstance(inside, list) and inside and isinstance(inside[0], dict):
        return _is_langfuse(inside[0])
    fields = plain_names(value)
    beside = ("traceid", "providedmodelname", "internalmodel", "observations", "sessionid")
    return {"input", "output"} <= fields.keys() and any(name in fields for name in beside)


def _is_openai(value: dict[str, Any]) -> bool:
    inside = next((value[name] for name in LISTS if isinstance(value.get(name), list)), None)
    if inside is not None:
        return bool(inside) and isinstance(inside[0], dict) and _is_openai(inside[0])
    fields = plain_names(value) | plain_names(at(value, "properties") or {})
    asked, answered = unquoted(first(fields, *REQUESTS)), unquoted(first(fields, *RESPONSES))
    if isinstance(asked, dict | list) and answered is not None:
        return True
    if at(value, "input", "inputBodyJson") or value.get("object") in ("response", "chat.completion"):
        return True
    messages = first(value, "messages", "contents")
    return isinstance(messages, list) and last_answer(messages) > 0


_SIGNS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "otel": is_of_spans,
    "promptfoo": _is_promptfoo,
    "openai-batch": lambda value: "custom_id" in value and ("body" in value or "response" in value),
    "litellm": lambda value: not {"standard_logging_object", "litellm_call_id", "call_type"}.isdisjoint(value),
    "langfuse": _is_langfuse,
    "openai": _is_openai,
}
