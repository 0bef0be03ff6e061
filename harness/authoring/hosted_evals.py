"""What OpenAI's hosted Evals give by their API, as cases: evals with their graders, runs, and the items of runs.

The service ends on 30 November 2026; the files that were saved before are read. Nothing is asked or run: a grader that
is a model or a program is left out with its place and the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.authoring.importing import (
    ANSWERS,
    NAME,
    ImportedSuite,
    add_case,
    escaped,
    messages_of,
    row_case,
    rows_of_file,
    value_at,
)
from harness.errors import found

_LISTS = ("data", "evals", "runs", "output_items", "outputItems", "items")
_SINGLE = ("eval", "run")
_TEMPLATE = re.compile(rf"\{{\{{\s*({NAME})\s*\}}\}}")
_GRADED = "sample.output_text"


@dataclass(slots=True)
class _Hosted:
    """The objects of an export by their kinds, what is made of them, and which cases there are."""

    made: ImportedSuite
    evals: list[dict[str, Any]] = field(default_factory=list)
    runs: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    items: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    """Of the file that was uploaded for the runs, where it is beside them: `{"item": ...}` a line."""
    seen: set[str] = field(default_factory=set)

    def is_new(self, *parts: Any) -> bool:
        """Whether a case of these parts is not there yet: each run of an eval asks the same."""
        known = json.dumps(parts, sort_keys=True)
        new = known not in self.seen
        self.seen.add(known)
        return new


def read_hosted(path: Path, made: ImportedSuite) -> bool:
    """Add the cases of an export; False if the file holds no object of hosted Evals."""
    hosted = _Hosted(made)
    for place, row in rows_of_file(path):
        if isinstance(row, dict) and isinstance(row.get("item"), dict):
            hosted.rows.append(row)
        for at, value in _objects(place, row):
            kind = value["object"]
            if kind == "eval":
                hosted.evals.append(value)
            else:
                (hosted.runs if kind == "eval.run" else hosted.items).append((at, value))
    if not (hosted.evals or hosted.runs or hosted.items):
        return False
    _add_all(hosted)
    return True


def _objects(place: str, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Objects of the API: alone, in its lists, or in a document that holds several under their names."""
    if not isinstance(value, dict):
        return
    if value.get("object") in ("eval", "eval.run", "eval.run.output_item"):
        yield place, value
    for name in _SINGLE:
        yield from _objects(place, value.get(name))
    for name in _LISTS:
        inside = value.get(name)
        for number, one in enumerate(inside if isinstance(inside, list) else [], start=1):
            yield from _objects(f"{place}, {name} {number}", one)


def _add_all(hosted: _Hosted) -> None:
    for place, item in hosted.items:
        graders = _graders(hosted.evals, item.get("eval_id"))
        sample = item.get("sample")
        asked = sample.get("input") if isinstance(sample, dict) else None
        if not asked:
            hosted.made.leave(place, "no input of its sample: what was asked is not in the export")
            continue
        data = item.get("datasource_item")
        _add(hosted, place, asked, data if isinstance(data, dict) else {}, graders)
    for place, run in hosted.runs:
        _add_run(hosted, place, run)
    if not hosted.evals:
        hosted.made.notes.append(
            "graders: they are in the eval, which is not in the export; an answer beside is looked for"
        )
    elif not hosted.items and not hosted.runs:
        hosted.made.leave("eval", "it has graders and no data: save its runs, or their output items, beside it")


def _graders(evals: list[dict[str, Any]], eval_id: Any) -> list[Any] | None:
    """The graders of an eval; None where the export does not hold it."""
    found_evals = [one for one in evals if one.get("id") == eval_id] or (evals if len(evals) == 1 else [])
    graders = found_evals[0].get("testing_criteria") if found_evals else None
    return graders if isinstance(graders, list) else None


def _add_run(hosted: _Hosted, place: str, run: dict[str, Any]) -> None:
    source = run.get("data_source")
    source = source if isinstance(source, dict) else {}
    data = source.get("source")
    data = data if isinstance(data, dict) else {}
    content = data.get("content") if isinstance(data.get("content"), list) else hosted.rows
    if not content:
        if not hosted.items:
            named = data.get("id") or data.get("type") or "nothing is named"
            reason = f"its data is elsewhere ({named}); accepted: its output items, or the file of its rows, beside it"
            hosted.made.leave(place, reason)
        return
    asked = source.get("input_messages")
    graders = _graders(hosted.evals, run.get("eval_id"))
    for number, one in enumerate(content, start=1):
        at = f"{place}, row {number}"
        item = one.get("item") if isinstance(one, dict) else None
        if not isinstance(item, dict):
            hosted.made.leave(at, f"found {found(one)}; accepted: an object with item")
            continue
        try:
            if not isinstance(asked, dict):
                raise ValueError("no input_messages: the run judged answers that were made elsewhere")
            if asked.get("type") == "item_reference":
                messages = value_at({"item": item}, str(asked.get("item_reference")))
            else:
                messages = [_rendered_message(message, item) for message in asked.get("template") or ()]
        except ValueError as error:
            hosted.made.leave(at, str(error))
            continue
        _add(hosted, at, messages, item, graders)


def _add(hosted: _Hosted, place: str, asked: Any, item: dict[str, Any], graders: list[Any] | None) -> None:
    inner = item.get("item")
    item = inner if isinstance(inner, dict) else item
    try:
        messages, _ = messages_of([asked] if isinstance(asked, dict) else list(asked), None)
    except (ValueError, TypeError) as error:
        hosted.made.leave(place, str(error))
        return
    plain = messages[0]["content"] if len(messages) == 1 and messages[0]["role"] == "user" else messages
    if graders is None:
        beside = {name: value for name, value in item.items() if name in ANSWERS or name == "targets"}
        if hosted.is_new(messages):
            row_case(place, {"prompt": plain, **beside}, hosted.made)
        return
    checks = []
    for number, grader in enumerate(graders):
        try:
            checks.append(_check(grader, item))
        except ValueError as error:
            name = grader.get("name") if isinstance(grader, dict) else None
            hosted.made.leave(f"testing_criteria[{number}]{f' {name}' if name else ''}", str(error))
    if hosted.is_new(messages, checks):
        add_case(hosted.made, place, plain, checks)


def _check(grader: Any, item: dict[str, Any]) -> dict[str, Any]:
    """The named check of a grader. Raises ValueError where there is none."""
    if not isinstance(grader, dict) or grader.get("type") != "string_check":
        kind = grader.get("type") if isinstance(grader, dict) else found(grader)
        raise ValueError(f"{kind}: no named check does the same; write one in Python")
    graded = _TEMPLATE.fullmatch(str(grader.get("input")).strip())
    if graded is None or graded[1] != _GRADED:
        raise ValueError(f"it grades {found(grader.get('input'))}; accepted: {{{{ {_GRADED} }}}}")
    wanted = _rendered(str(grader.get("reference")), item)
    operation = grader.get("operation")
    if operation == "eq":
        return {"check": "equals", "value": wanted, "strip": False}
    if operation == "ne":
        return {"check": "not_regex", "pattern": rf"\A{escaped(wanted)}\z"}
    if operation in ("like", "ilike"):
        return {"check": "contains", "value": wanted, **({"ignore_case": True} if operation == "ilike" else {})}
    raise ValueError(f"operation: found {found(operation)}; accepted: eq, ne, like, ilike")


def _rendered_message(message: Any, item: dict[str, Any]) -> dict[str, Any]:
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, dict):
        content = content.get("text")
    if not isinstance(content, str):
        raise ValueError(f"a message: found {found(message)}; accepted: one whose content is text")
    return {"role": message.get("role"), "content": _rendered(content, item)}


def _rendered(template: str, item: dict[str, Any]) -> str:
    def value(match: re.Match[str]) -> str:
        one = value_at({"item": item}, match[1])
        return one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)

    if "{{" in _TEMPLATE.sub("", template) or "{%" in template:
        raise ValueError(f"a template with logic or a filter: {found(template)}; accepted: {{{{ item.name }}}}")
    return _TEMPLATE.sub(value, template)
