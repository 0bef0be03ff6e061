"""Tests of other tools as cases: rows of a data set (CSV, Inspect, OpenAI Evals, Hugging Face), and promptfoo's.

What is not carried over is listed with its place and the reason.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.authoring.lint import Judging, LintResult
from harness.authoring.make import UnsoundSuiteError, sniffed, write_suite
from harness.errors import ConfigError, SuiteError, found
from harness.files import UnfitFileError, content_of, decoded_text
from harness.records.conversation import unquoted
from harness.suite import case_from
from harness.text import extract_targets
from harness.text.characters import is_cjk

KINDS = ("promptfoo", "inspect", "openai-evals", "csv", "hf")
_FILE_LIMIT = 64 << 20


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is not in the cases: where it was, and why."""

    place: str
    reason: str


@dataclass(slots=True)
class ImportedSuite:
    """Lines of cases in the order of the file, and what was left out."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def leave(self, place: str, reason: str) -> None:
        """Note what is not carried over."""
        self.left_out.append(LeftOut(place, reason))


def write_imported(made: ImportedSuite, out: Path, title: str, judging: Judging) -> LintResult:
    """The suite folder, without the cases that the lint refuses: these are left out too.

    Raises:
        ConfigError: no case is left, or `out` is there already or cannot be written.
    """
    while made.lines:
        try:
            return write_suite(out, title, made.lines, judging, description="Made by `harness suites import`.")
        except UnsoundSuiteError as error:
            refused = {finding.line: finding.message for finding in error.findings}
            if not any(1 <= line <= len(made.lines) for line in refused):
                raise
            for line, message in sorted(refused.items()):
                if 1 <= line <= len(made.lines):
                    made.leave(str(made.lines[line - 1]["id"]), message)
            made.lines = [one for line, one in enumerate(made.lines, start=1) if line not in refused]
    first = f"; the first, {made.left_out[0].place}: {made.left_out[0].reason}" if made.left_out else ""
    raise ConfigError(f"nothing of it can be carried over{first}")


def text_of(path: Path, limit: int = _FILE_LIMIT) -> str:
    try:
        return decoded_text(content_of(path, limit=limit)).text.removeprefix("\ufeff")
    except (OSError, UnfitFileError) as error:
        raise ConfigError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


def escaped(text: str) -> str:
    """For a pattern of RE2."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text)


def add_case(
    made: ImportedSuite,
    place: str,
    prompt: str | list[dict[str, Any]],
    checks: list[dict[str, Any]],
    *,
    targets: Sequence[str] | None = None,
    tags: Sequence[str] = (),
) -> None:
    """Add a case, or say why not. Without `targets`, what a check wants and the prompt holds is protected too."""
    text = prompt if isinstance(prompt, str) else "\n".join(str(one.get("content") or "") for one in prompt)
    if targets is None:
        wanted = {str(one["value"]) for one in checks if one["check"] in ("contains", "equals") and "value" in one}
        targets = [target.text for target in extract_targets(text) if target.text in wanted]
    line: dict[str, Any] = {
        "domain": "imported",
        "language": "zh" if any(map(is_cjk, text)) else "en",
        "task": "json" if any(one["check"].startswith("json_") for one in checks) else "qa",
        **({"prompt": prompt} if isinstance(prompt, str) else {"messages": prompt}),
    }
    if targets:
        line["targets"] = list(dict.fromkeys(map(str, targets)))
    if checks:
        line["checks"] = checks
    if tags:
        line["tags"] = list(tags)
    if not targets and not checks:
        made.leave(place, "no assertion is carried over, and nothing is left to judge")
        return
    try:
        case_from({"id": "x", **line}, "imported")
    except SuiteError as error:
        made.leave(place, str(error))
        return
    made.lines.append(line)


_PROMPTS = ("prompt", "question", "instruction", "query", "input", "source", "text", "problem", "messages")
_ANSWERS = (
    "expected",
    "ideal",
    "target",
    "answer",
    "answers",
    "reference",
    "output",
    "completion",
    "label",
    "solution",
)


def _row_case(place: str, row: Mapping[str, Any], made: ImportedSuite) -> None:
    row = {str(name).strip().lower(): value for name, value in row.items() if value is not None and value != ""}
    name = next((one for one in _PROMPTS if one in row), None)
    if name is None:
        names = ", ".join(sorted(row)) or "none"
        made.leave(place, f"no prompt; its fields: {names}; accepted: one of {', '.join(_PROMPTS)}")
        return
    prompt, wanted = row[name], next((row[one] for one in _ANSWERS if one in row and one != name), None)
    if name == "instruction" and isinstance(row.get("input"), str):
        prompt = f"{prompt}\n{row['input']}"
    if isinstance(prompt, str) and prompt.lstrip().startswith("[{"):
        prompt = unquoted(prompt)
    if isinstance(prompt, list):
        prompt, wanted = _of_messages(prompt, wanted)
    if not prompt or not isinstance(prompt, str | list):
        made.leave(place, f"{name}: found {found(row[name])}; accepted: a text, or chat messages of text")
        return
    if isinstance(row.get("system"), str):
        said = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
        prompt = [{"role": "system", "content": row["system"]}, *said]
    targets = _targets_of(row.get("targets"))
    choices = unquoted(row.get("choices"))
    if isinstance(choices, list) and choices and isinstance(prompt, str):
        _choice_case(place, prompt, choices, wanted, made)
        return
    checks = _wanted_checks(place, wanted, made)
    if targets is None and not checks:
        text = prompt if isinstance(prompt, str) else "\n".join(one["content"] for one in prompt)
        targets = [target.text for target in extract_targets(text)]
    add_case(made, place, prompt, checks, targets=targets)


def _targets_of(value: Any) -> list[str] | None:
    value = unquoted(value)
    if isinstance(value, str):
        return [value]
    return [str(one) for one in value] if isinstance(value, list) else None


def _of_messages(given: list[Any], wanted: Any) -> tuple[list[dict[str, str]], Any]:
    """Messages of text, and the answer at their end where none was given beside them."""
    messages = [
        {"role": str(one.get("role") or one.get("from")), "content": str(one.get("content") or one.get("value") or "")}
        for one in given
        if isinstance(one, dict)
    ]
    names = {"human": "user", "gpt": "assistant", "developer": "system"}
    messages = [{**one, "role": names.get(one["role"], one["role"])} for one in messages]
    if messages and messages[-1]["role"] == "assistant":
        answer = messages.pop()["content"]
        wanted = answer if wanted is None else wanted
    return messages, wanted


def _choice_case(place: str, prompt: str, choices: list[Any], wanted: Any, made: ImportedSuite) -> None:
    letters = [chr(ord("A") + number) for number in range(min(26, len(choices)))]
    listed = "\n".join(f"{letter}) {choice}" for letter, choice in zip(letters, choices, strict=False))
    if isinstance(wanted, int) and not isinstance(wanted, bool) and 0 <= wanted < len(letters):
        wanted = letters[wanted]
    if wanted not in letters:
        wanted = next((one for one, choice in zip(letters, choices, strict=False) if str(choice) == str(wanted)), None)
    if wanted is None:
        made.leave(place, "its target is none of its choices")
        return
    text = f"{prompt}\n{listed}\nAnswer with the letter alone."
    add_case(made, place, text, [{"check": "choice", "options": letters, "value": wanted}])


def _wanted_checks(place: str, wanted: Any, made: ImportedSuite) -> list[dict[str, Any]]:
    if wanted is None:
        return []
    listed = wanted if isinstance(wanted, list) else [wanted]
    texts = [str(one) for one in listed if isinstance(one, str | int | float) and str(one).strip()]
    if len(texts) != len(listed) or not texts:
        made.leave(place, f"its answer: found {found(wanted)}; accepted: a text, or a list of texts")
        return []
    if len(texts) == 1:
        return [{"check": "contains", "value": texts[0].strip()}]
    return [{"check": "regex", "pattern": f"(?:{'|'.join(escaped(one.strip()) for one in texts)})"}]


def _rows(path: Path) -> Iterator[tuple[str, Any]]:
    """Rows of JSON lines, of a JSON list or document, of CSV, or of Parquet, each with its place."""
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".pq"):
        try:
            from pyarrow.parquet import ParquetFile
        except ImportError:
            raise ConfigError("Parquet needs pyarrow; run: pip install 'pytest-verbatim[parquet]'") from None
        table = ParquetFile(path).read(use_threads=False).to_pylist()
        yield from ((f"row {number}", row) for number, row in enumerate(table, start=1))
        return
    text = text_of(path)
    if suffix in (".csv", ".tsv", ".txt"):
        csv.field_size_limit(_FILE_LIMIT)
        try:
            reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=sniffed(text))
            yield from ((f"row {number}", row) for number, row in enumerate(reader, start=2))
        except csv.Error as error:
            raise ConfigError(f"{path}: not CSV: {error}") from None
        return
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        yield from _json_rows(text)
        return
    for name in ("samples", "rows", "data", "items"):
        if isinstance(value, dict) and isinstance(value.get(name), list):
            value = value[name]
    listed = value if isinstance(value, list) else [value]
    yield from ((f"row {number}", row) for number, row in enumerate(listed, start=1))


def _json_rows(text: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield f"line {number}", json.loads(line)
            except (ValueError, RecursionError) as error:
                yield f"line {number}", error


def read_rows(path: Path, made: ImportedSuite) -> None:
    """CSV, Inspect's samples and logs, OpenAI Evals' samples and items, rows of Hugging Face."""
    for place, row in _rows(path):
        inner = row
        for name in ("row", "item"):
            if isinstance(inner, dict) and isinstance(inner.get(name), dict):
                inner = inner[name]
        if isinstance(inner, dict):
            _row_case(place, inner, made)
        else:
            made.leave(place, f"not JSON: {row}" if isinstance(row, Exception) else f"found {found(row)}, no object")
