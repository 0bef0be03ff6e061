"""Tests of other tools as cases: rows of a data set (CSV, Inspect, OpenAI Evals, Hugging Face), and promptfoo's.

What is not carried over is listed with its place and the reason.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from harness.authoring.lint import Judging, LintResult
from harness.authoring.make import (
    TITLE_ROWS,
    UnsoundSuiteError,
    as_text,
    refuse_workbook,
    sniffed,
    spoiled,
    write_suite,
)
from harness.errors import ConfigError, SuiteError, found
from harness.files import UnfitFileError, content_of, decoded_text, has_too_many_values, shown_below
from harness.records.case import ID_PATTERN
from harness.records.conversation import unquoted
from harness.suite import case_from
from harness.text import extract_targets
from harness.text.characters import is_cjk
from harness.workbook import as_csv

_NO_DOMAIN = "imported"
KINDS = ("promptfoo", "inspect", "openai-evals", "csv", "hf")
_FILE_LIMIT = 64 << 20


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is not in the cases: where it was, and why."""

    place: str
    reason: str


@dataclass(slots=True)
class ImportedSuite:
    """Lines of cases in the order of the file, what was left out, and what is worth knowing about the others."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    parts: dict[LeftOut, None] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    """Ids of the file that no case can have."""

    @property
    def left_out(self) -> list[LeftOut]:
        """Each once: what all tests share is not carried over once."""
        return list(self.parts)

    def leave(self, place: str, reason: str) -> None:
        """Note what is not carried over."""
        self.parts[LeftOut(place, reason)] = None


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
        content = content_of(path, limit=limit)
        refuse_workbook(path, content)
        if path.suffix.lower() == ".gz":
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
                content = file.read(limit + 1)
            if len(content) > limit:
                raise UnfitFileError(f"longer than {limit:,} bytes")
        return decoded_text(content).text.removeprefix("\ufeff")
    except (OSError, EOFError, zlib.error, UnfitFileError) as error:
        raise ConfigError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


_VALUES_LIMIT = 200_000
"""Values of a YAML document after its aliases: a few lines can stand for millions."""


def foreign_json(text: str) -> Any:
    """JSON of another tool, where NaN is a value that is missing. Raises ValueError."""
    if has_too_many_values(text):
        raise ValueError("too many values")
    try:
        return json.loads(text, parse_constant=lambda name: None)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def plain_yaml(text: str) -> Any:
    """Plain values. Raises ValueError for what is not YAML, or stands for too much."""
    import yaml

    try:
        loader = _yaml_loader()
        events = sum(isinstance(event, yaml.NodeEvent) for event in yaml.parse(text, Loader=loader))
        if events > _VALUES_LIMIT:
            raise ValueError(f"more than {_VALUES_LIMIT:,} values")
        value = yaml.load(text, Loader=loader)  # noqa: S506  # a safe loader: plain values alone
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ValueError(f"not YAML: {' '.join(str(error).split())[:300]}") from None
    if _size(value, {}, 0) > _VALUES_LIMIT:
        raise ValueError(f"stands for more than {_VALUES_LIMIT:,} values, or for itself, by its aliases")
    return value


@cache
def _yaml_loader() -> Any:
    """A safe loader of YAML 1.2, as promptfoo has it: `10:30`, `2026-01-02`, `no` and `0x1g` are texts, 010 is ten."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    def whole(loader: Any, node: Any) -> int:
        written = loader.construct_scalar(node).lower()
        base = 16 if "0x" in written else 8 if "0o" in written else 10
        return int(written.replace("0x", "").replace("0o", ""), base)

    plain = "tag:yaml.org,2002:"
    real = r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN)"
    for kind, pattern, first in (
        ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
        ("null", r"~|null|Null|NULL|", [*"~nN", ""]),
        ("merge", r"<<", ["<"]),
        ("int", r"[-+]?(?:[0-9]{1,400}|0o[0-7]{1,400}|0x[0-9a-fA-F]{1,400})", [*"-+0123456789"]),
        ("float", real, [*"-+0123456789."]),
    ):
        Loader.add_implicit_resolver(f"{plain}{kind}", re.compile(rf"(?:{pattern})\Z"), first)
    Loader.yaml_constructors = {
        tag: make
        for tag, make in Loader.yaml_constructors.items()
        if tag is None or tag.removeprefix(plain) in ("null", "bool", "int", "float", "seq", "map", "str")
    }
    Loader.add_constructor(f"{plain}int", whole)
    return Loader


def _size(value: Any, known: dict[int, int], depth: int) -> int:
    """How many values a document stands for when every alias is written out; over the limit for one in itself."""
    if not isinstance(value, dict | list):
        return 1
    if depth > 100:
        return _VALUES_LIMIT + 1
    if id(value) not in known:
        known[id(value)] = _VALUES_LIMIT + 1  # what is met again inside itself
        members = value.values() if isinstance(value, dict) else value
        known[id(value)] = min(_VALUES_LIMIT + 1, 1 + sum(_size(one, known, depth + 1) for one in members))
    return known[id(value)]


NAME = r"""[A-Za-z_][\w.]*(?:\[(?:'[^']+'|"[^"]+"|\d+)\][\w.]*)*"""
"""A name in a template as Nunjucks and Jinja write it: `item.question`, `item["a b"][0]`."""
_STEP = re.compile(r"""\[(?:'([^']+)'|"([^"]+)"|(\d+))\]|([^.\[\]]+)""")


def value_at(variables: Mapping[str, Any], name: str) -> Any:
    """What a NAME stands for. Raises ValueError where no variable has it."""
    one: Any = variables
    for quoted, twice, number, plain in _STEP.findall(name):
        step = quoted or twice or plain
        if step and isinstance(one, Mapping) and step in one:
            one = one[step]
        elif number and isinstance(one, list) and int(number) < len(one):
            one = one[int(number)]
        else:
            raise ValueError(f"the template names {name!r}, which no variable is")
    return one


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
    name: str | None = None,
    said: Mapping[str, Any] | None = None,
) -> None:
    """Add a case, or say why not. Without `targets`, what a check wants and the prompt holds is protected too.

    `said` are fields of the case that its row names, such as its domain.
    """
    text = prompt if isinstance(prompt, str) else "\n".join(str(one.get("content") or "") for one in prompt)
    if targets is None:
        wanted = {str(one["value"]) for one in checks if one["check"] in ("contains", "equals") and "value" in one}
        targets = [target.text for target in extract_targets(text) if target.text in wanted]
    line: dict[str, Any] = {
        "domain": _NO_DOMAIN,
        "language": "zh" if any(map(is_cjk, text)) else "en",
        "task": "json" if any(one["check"].startswith("json_") for one in checks) else "qa",
        **(said or {}),
        **({"prompt": prompt} if isinstance(prompt, str) else {"messages": prompt}),
    }
    if targets:
        line["targets"] = list(dict.fromkeys(map(str, targets)))
    if checks:
        line["checks"] = checks
    if not targets and not checks:
        made.leave(place, "no assertion is carried over, and nothing is left to judge")
        return
    try:
        case_from({"id": "x", **line}, "imported")
    except SuiteError as error:
        made.leave(place, str(error))
        return
    if name and re.fullmatch(ID_PATTERN, name) and name not in made.names:
        made.names.add(name)
        line = {"id": name, **line}
    elif name:
        made.renamed.append(name)
    made.lines.append(line)


def csv_rows(text: str, above: int = 0) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV file by the names of their columns, each with its number; `above` rows of title come first.

    Raises csv.Error where two columns have one name, or a row has more cells than there are columns.
    """
    csv.field_size_limit(_FILE_LIMIT)
    delimiter = sniffed(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    for _ in range(above):
        next(reader)
    names = [name.strip() for name in next(reader, [])]
    twice = next((name for name, times in Counter(names).items() if name and times > 1), None)
    if twice is not None:
        raise csv.Error(f"two columns are named {twice!r}; accepted: one name for each")
    for number, row in enumerate(reader, start=above + 2):
        cells = row if len(names) > 1 else [delimiter.join(row)]  # a list of texts, with commas in them
        if len(cells) > len(names) and any(cells[len(names) :]):
            raise csv.Error(f"row {number} has {len(cells)} cells, and there are {len(names)} columns")
        if any(cell.strip() for cell in cells):
            yield number, {name: as_text(cell) for name, cell in zip(names, cells, strict=False) if name}


def _title_rows(text: str) -> int:
    """Rows above that with the names of the columns: a workbook often begins with its title and its author."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sniffed(text))
    rows = [{_known_as(cell) for cell in row} for row, _ in zip(reader, range(TITLE_ROWS), strict=False)]
    return next((at for at, row in enumerate(rows) if row & {*_PROMPTS} and (at == 0 or len(row & _NAMES) > 1)), 0)


def _sound(row: Mapping[str, str]) -> Mapping[str, str] | ValueError:
    """The row, or what is wrong with a cell that a case would be made of."""
    wrong = (f"{name}: {reason}" for name, cell in row.items() if _is_used(name) and (reason := spoiled(cell)))
    return next(map(ValueError, wrong), row)


_CHINESE = {
    **dict.fromkeys(("提示词", "提示", "问题", "题目", "指令", "输入", "原文", "提问"), "prompt"),
    **dict.fromkeys(("用户输入", "用户提问", "用户问题", "用户提示词"), "prompt"),
    **dict.fromkeys(("答案", "参考答案", "标准答案", "期望", "期望输出", "预期", "预期输出", "输出"), "expected"),
    **dict.fromkeys(("系统", "系统提示", "系统提示词"), "system"),
    **dict.fromkeys(("目标", "目标字符串"), "targets"),
    **dict.fromkeys(("编号", "用例编号", "用例id"), "id"),
    **dict.fromkeys(("领域", "类别", "分类", "专业", "category"), "domain"),
    **dict.fromkeys(("标签",), "tags"),
}
_PROMPTS = (
    *("prompt", "question", "instruction", "query", "input", "source", "text", "problem", "messages"),
    "conversations",
)
ANSWERS = (
    *("expected", "ideal", "target", "answer", "answers", "answerkey", "reference"),
    *("ground_truth", "groundtruth", "expected_output", "expected_answer"),
    *("correct_answer", "reference_answer", "correct_label"),
    *("output", "completion", "label", "solution", "gold"),
)
_LONGEST_ANSWER = 200
"""Characters. A longer answer is an example of one; no model gives the same back."""
_WORKED = re.compile(r"\n#### *(\S.*)\Z")
"""GSM8K: what is behind the steps is the answer."""


def row_case(place: str, row: Mapping[str, Any], made: ImportedSuite) -> None:
    """The case of a row, or why there is none; its columns are known by their usual names."""
    row = {str(name).strip().lower(): value for name, value in row.items()}
    row = {_CHINESE.get(name, name): value for name, value in row.items() if value is not None and str(value).strip()}
    name = next((one for one in _PROMPTS if one in row), None)
    if name is None:
        names = ", ".join(sorted(row)) or "none"
        made.leave(place, f"no prompt; its fields: {names}; accepted: one of {', '.join(_PROMPTS)}, 问题, 提示词")
        return
    answer = next((one for one in ANSWERS if one in row and one != name), None)
    prompt, wanted = row[name], row[answer] if answer else None
    if answer == "label" and isinstance(wanted, int):
        made.leave(place, "label: a class by its number, which no answer names; accepted: its name")
        return
    if name == "instruction" and isinstance(row.get("input"), str):
        prompt = f"{prompt}\n{row['input']}"
    if isinstance(prompt, str) and isinstance(row.get("context"), str):
        prompt = f"{row['context']}\n\n{prompt}"  # SQuAD and its kin
    if isinstance(prompt, str) and prompt.lstrip().startswith("[{"):
        prompt = unquoted(prompt)
    try:
        if isinstance(prompt, list):
            prompt, wanted = messages_of(prompt, wanted)
        if not prompt or not isinstance(prompt, str | list):
            raise ValueError(f"{name}: found {found(row[name])}; accepted: a text, or chat messages of text")
        if isinstance(row.get("system"), str):
            said = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
            prompt = [{"role": "system", "content": row["system"]}, *said]
        case_name = str(row["id"]) if isinstance(row.get("id"), str | int) else None
        said_of_it = _said(row)
        letters, choices = _choices(row)
        if choices and isinstance(prompt, str):
            prompt, wanted_check = _choice(prompt, letters, choices, wanted)
            add_case(made, place, prompt, [wanted_check], name=case_name, said=said_of_it)
            return
    except ValueError as error:
        made.leave(place, str(error))
        return
    text = prompt if isinstance(prompt, str) else "\n".join(one["content"] for one in prompt)
    targets = _targets_of(row.get("targets"), text)
    checks = _wanted_checks(place, wanted, made)
    if targets is None and not checks:
        # of an example of an answer, what it takes from the prompt
        targets = [one.text for one in extract_targets(text) if not isinstance(wanted, str) or one.text in wanted]
    add_case(made, place, prompt, checks, targets=targets, name=case_name, said=said_of_it)


_BESIDE = ("system", "context", "targets", "id", "domain", "tags", "choices", "options", *"abcdefgh")

_NAMES = {*_PROMPTS, *ANSWERS, *_BESIDE}
_LONGEST_DOMAIN = 80


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    """The domain and the tags of a row: rates are given, and bounds are taken, by domain."""
    tags = unquoted(row.get("tags"))
    listed = _BETWEEN.split(tags) if isinstance(tags, str) else tags if isinstance(tags, list) else []
    kept = list(dict.fromkeys(one.strip() for one in listed if isinstance(one, str) and one.strip()))
    domain = row.get("domain")
    named = " ".join(str(domain).split()) if isinstance(domain, str | int) and not isinstance(domain, bool) else ""
    fits = named.isprintable() and 0 < len(named) <= _LONGEST_DOMAIN  # another one is a text, and the case has none
    return {**({"domain": named} if fits else {}), **({"tags": kept} if kept else {})}


def _is_used(name: str) -> bool:
    return _known_as(name) in _NAMES


def _known_as(name: str) -> str:
    plain = name.strip().lower()
    return _CHINESE.get(plain, plain)


def _choices(row: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
    """Letters and texts to choose from: of Inspect, MMLU, ARC (`text` and `label`) and C-Eval (columns A to D)."""
    given = unquoted(row.get("choices", row.get("options")))
    if isinstance(given, dict) and isinstance(given.get("text"), list):
        return [str(one) for one in given.get("label") or ()], given["text"]
    if isinstance(given, dict):
        return [str(one) for one in given], list(given.values())
    if given is None and all(letter in row for letter in "ab"):
        letters = [letter for letter in "abcdefgh" if letter in row]
        return [letter.upper() for letter in letters], [row[letter] for letter in letters]
    listed = given if isinstance(given, list) else []
    return [chr(ord("A") + number) for number in range(min(26, len(listed)))], listed


_BETWEEN = re.compile(r"[,;|\n、，；]")


def _targets_of(value: Any, prompt: str) -> list[str] | None:
    """The targets of a row; a cell that lists strings of the prompt is all of them, unless it is there as it is."""
    value = unquoted(value)
    if isinstance(value, str):
        listed = [one.strip() for one in _BETWEEN.split(value) if one.strip()]
        return listed if value not in prompt and listed and all(one in prompt for one in listed) else [value]
    return [str(one) for one in value] if isinstance(value, list) else None


_SPEAKERS = {"human": "user", "gpt": "assistant", "developer": "system"}


def messages_of(given: list[Any], wanted: Any) -> tuple[list[dict[str, str]], Any]:
    """Messages of text, and the answer at their end where none was given beside them.

    Raises ValueError for a message that is not text, such as a tool call or an image.
    """
    messages: list[dict[str, str]] = []
    for one in given:
        role = (one.get("role") or one.get("from")) if isinstance(one, dict) else None
        role = _SPEAKERS.get(str(role), role)
        content = _text_of_content(one.get("content", one.get("value"))) if isinstance(one, dict) else None
        if role not in ("system", "user", "assistant") or content is None or one.get("tool_calls"):
            raise ValueError(f"a message: found {found(one)}; accepted: texts of system, user and assistant")
        messages.append({"role": role, "content": content})
    if messages and messages[-1]["role"] == "assistant":
        answer = messages.pop()["content"]
        wanted = answer if wanted is None else wanted
    return messages, wanted


def _text_of_content(content: Any) -> str | None:
    """A text, or the texts of content parts; None where one is an image or another thing."""
    if isinstance(content, list):
        texts = [one.get("text") if isinstance(one, dict) else one for one in content]
        return "\n".join(map(str, texts)) if all(isinstance(one, str) for one in texts) else None
    return content if isinstance(content, str) else None


def _choice(prompt: str, letters: list[str], choices: list[Any], wanted: Any) -> tuple[str, dict[str, Any]]:
    """The question with its choices, and the check of the letter. Raises ValueError where not one of them is right."""
    listed = "\n".join(f"{letter}) {choice}" for letter, choice in zip(letters, choices, strict=False))
    wanted = wanted[0] if isinstance(wanted, list) and len(wanted) == 1 else wanted
    if isinstance(wanted, list):
        raise ValueError(f"several of its choices are right: {found(wanted)}; accepted: one")
    if isinstance(wanted, int) and not isinstance(wanted, bool) and 0 <= wanted < len(letters):
        wanted = letters[wanted]
    if wanted not in letters:
        wanted = next((one for one, choice in zip(letters, choices, strict=False) if str(choice) == str(wanted)), None)
    if wanted is None:
        raise ValueError("its target is none of its choices")
    check = {"check": "choice", "options": letters, "value": wanted}
    return f"{prompt}\n{listed}\nAnswer with the letter alone.", check


def _wanted_checks(place: str, wanted: Any, made: ImportedSuite) -> list[dict[str, Any]]:
    if wanted is None:
        return []
    if isinstance(wanted, dict) and isinstance(wanted.get("text"), list):
        wanted = list(dict.fromkeys(map(str, wanted["text"])))  # SQuAD's answers
    worked = _WORKED.search(wanted) if isinstance(wanted, str) else None
    wanted = worked[1] if worked else wanted
    if isinstance(wanted, str) and (len(wanted) > _LONGEST_ANSWER or "\n" in wanted.strip()):
        made.leave(place, f"its answer of {len(wanted):,} characters is an example; no check wants all of it back")
        return []
    listed = wanted if isinstance(wanted, list) else [wanted]
    texts = [str(one) for one in listed if isinstance(one, str | int | float) and str(one).strip()]
    if len(texts) != len(listed) or not texts:
        made.leave(place, f"its answer: found {found(wanted)}; accepted: a text, or a list of texts")
        return []
    if len(texts) == 1:
        return [{"check": "contains", "value": texts[0].strip()}]
    return [{"check": "regex", "pattern": f"(?:{'|'.join(escaped(one.strip()) for one in texts)})"}]


_FILES = (".parquet", ".pq", ".arrow", ".jsonl", ".json", ".ndjson", ".csv", ".tsv", ".txt", ".gz")
_METADATA = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")
_ELSEWHERE = {
    ".eval": "run: inspect log convert FILE --to json --output-dir logs; then name the JSON log",
    ".yaml": "a registry of OpenAI Evals names its data as samples_jsonl; name that file",
    ".yml": "a registry of OpenAI Evals names its data as samples_jsonl; name that file",
    ".zip": "unpack it and name the file, or for hf the folder",
}


def rows_of_file(path: Path, notes: list[str] | None = None, sheet: str | None = None) -> Iterator[tuple[str, Any]]:
    """Rows of JSON lines, of a JSON list or document, of CSV, a workbook, Parquet or Arrow, each with its place.

    A folder, such as a data set of Hugging Face on disk, is all of its files. In the place of a row that cannot be used
    is the ValueError that says why.
    """
    if path.is_dir():
        files = [one for one in shown_below(path, "*") if one.suffix.lower() in _FILES and one.name not in _METADATA]
        if not files:
            raise ConfigError(f"{path}: no file of a data set; accepted: {', '.join(_FILES)}")
        for file in files:
            yield from ((f"{file.relative_to(path)}, {place}", row) for place, row in rows_of_file(file, notes))
        return
    suffix = path.suffix.lower()
    if suffix in _ELSEWHERE:
        raise ConfigError(f"{path}: not a file of rows; {_ELSEWHERE[suffix]}")
    if suffix in (".parquet", ".pq", ".arrow"):
        yield from ((f"row {number}", row) for number, row in enumerate(_of_columns(path, suffix), start=1))
        return
    of_sheet = as_csv(path, sheet)
    text = text_of(path) if of_sheet is None else of_sheet
    kind = ".csv" if of_sheet is not None else Path(path.stem).suffix.lower() if suffix == ".gz" else suffix
    if kind in (".csv", ".tsv", ".txt", ".xls", ".xlsx"):  # many a program names its CSV file so
        try:
            above = _title_rows(text)
            if above and notes is not None:
                notes.append(f"row {above + 1} holds the names of the columns; what is above it is not read")
            yield from ((f"row {number}", _sound(row)) for number, row in csv_rows(text, above))
        except csv.Error as error:
            raise ConfigError(f"{path}: not CSV: {error}") from None
        return
    try:
        value = foreign_json(text)
    except ValueError:
        yield from _json_rows(text)
        return
    for name in ("samples", "rows", "data", "items"):
        if isinstance(value, dict) and isinstance(value.get(name), list):
            value = value[name]
    listed = value if isinstance(value, list) else [value]
    yield from ((f"row {number}", row) for number, row in enumerate(listed, start=1))


_ROWS_LIMIT = 1_000_000
_TABLE_LIMIT = _FILE_LIMIT
"""Bytes of all columns once they are unpacked."""


def _of_columns(path: Path, suffix: str) -> Iterator[Any]:
    """Rows of Parquet, or of the Arrow files that `datasets` saves."""
    try:
        import pyarrow as arrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise ConfigError("Parquet and Arrow need pyarrow; run: pip install 'pytest-verbatim[parquet]'") from None
    try:
        with arrow.memory_map(str(path)) if suffix == ".arrow" else ParquetFile(path) as file:
            columns = arrow.ipc.open_stream(file) if suffix == ".arrow" else file.iter_batches(4, use_threads=False)
            rows, size = 0, 0
            for batch in columns:  # a few bytes of a dictionary can stand for gigabytes
                plain = [one.dictionary_decode() if isinstance(one, arrow.DictionaryArray) else one for one in batch]
                rows, size = rows + batch.num_rows, size + sum(one.nbytes for one in plain)
                if rows > _ROWS_LIMIT or size > _TABLE_LIMIT:
                    raise ConfigError(
                        f"{path}: more than {_ROWS_LIMIT:,} rows or {_TABLE_LIMIT:,} bytes; accepted: a part of them"
                    )
                yield from batch.to_pylist()
    except (OSError, arrow.ArrowException) as error:
        raise ConfigError(f"{path}: cannot be read as {suffix[1:]}: {error}") from None


def _json_rows(text: str) -> Iterator[tuple[str, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield f"line {number}", foreign_json(line)
            except ValueError as error:
                yield f"line {number}", ValueError(f"not JSON: {error}")


def read_rows(path: Path, made: ImportedSuite, sheet: str | None = None) -> None:
    """CSV, Inspect's samples and logs, OpenAI Evals' samples and items, rows of Hugging Face."""
    place = ""
    unused: dict[str, None] = {}
    for place, row in rows_of_file(path, made.notes, sheet):
        inner = row
        for name in ("row", "item"):
            if isinstance(inner, dict) and isinstance(inner.get(name), dict):
                inner = inner[name]
        if isinstance(inner, dict):
            row_case(place, inner, made)
            unused |= dict.fromkeys(name for name in map(str, inner) if not _is_used(name))
        else:
            made.leave(place, str(row) if isinstance(row, ValueError) else f"found {found(row)}, no object")
    if made.renamed:
        first = f"{len(made.renamed):,}, the first {made.renamed[0]!r}"
        made.notes.append(f"ids that are not used: {first}; accepted: ASCII letters, digits and . _ -, each id once")
    without = sum(line["domain"] == _NO_DOMAIN for line in made.lines)
    if 0 < without < len(made.lines):
        counted = f"{without:,} of {len(made.lines):,} cases, which count as {_NO_DOMAIN}"
        made.notes.append(f"no domain in {counted}; where cells are merged, fill them down")
    if unused:
        made.notes.append(f"columns that are not used: {', '.join(list(unused)[:20])}")
    if not place:
        made.leave(str(path), "no row; the first line of a CSV file holds the names of its columns")
