"""A suite from a team's own strings: each gets a prompt, tasks and languages in equal shares, the same for one seed."""

import codecs
import csv
import io
import json
import random
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from harness.authoring.findings import Finding, Placed
from harness.authoring.lint import Judging, LintResult, lint, unfit_checks, unfit_targets
from harness.errors import ConfigError, SuiteError, as_word, found, nearest
from harness.files import OLD_WORKBOOK, WORKBOOK, UnfitFileError, decoded_text, reading
from harness.new_folder import new_folder
from harness.records import Record
from harness.suite import case_from
from harness.text import DEFAULT_SYMBOLS, SymbolTable, extract_targets
from harness.text.characters import is_cjk, is_latin_or_digit
from harness.workbook import UNSOLVED, as_csv

LONGEST = 200
"""Characters of a term. A longer cell is a description and not a name."""
_DELIMITERS = ",;\t|"
_SNIFFED_ROWS = 50
_PROSE, _CHINESE_PROSE = frozenset(",.;:!?()"), frozenset("，。；：！？、（）")
SpacedSymbols = Literal["ask", "keep", "skip"]


@dataclass(frozen=True, slots=True)
class Term:
    """A string to test; `row` is 1-based and counts the header."""

    text: str
    domain: str
    row: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A cell that makes no case, and why."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a file gave."""

    terms: tuple[Term, ...]
    skipped: tuple[Skipped, ...]
    delimiter: str
    encoding: str = "utf-8"
    """What it was read as."""


def read_catalogue(
    path: Path,
    *,
    domain: str,
    column: str | None = None,
    domain_column: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
    header: bool = True,
    symbols: SymbolTable = DEFAULT_SYMBOLS,
    spaced: SpacedSymbols = "ask",
) -> Catalogue:
    """The terms of one column, each string once.

    `column` is a name of the header or a number from 1; a file of one column needs none. `domain` is for rows
    without one of their own. `spaced` is what becomes of strings with a blank beside a symbol: a catalogue that a
    damaging model has been through is full of them, and each would make the damage the right answer.

    Raises:
        ConfigError: file, encoding, delimiter or column is wrong, or `spaced` asks; it says what is accepted.
    """
    text, encoding = decoded(path, encoding, sheet)
    if _is_json(text):
        raise ConfigError(
            f"{path}: JSON; accepted: a CSV file, or one string a line. Damaged rows of a log become cases with: "
            f"harness score {as_word(path)} --to-suite suites/from-logs"
        )
    delimiter = delimiter or sniffed(text)
    rows = list(_rows(path, text, delimiter))
    width = max(map(len, rows), default=0)
    blank = next((place for place, row in enumerate(rows) if any(map(str.strip, row))), None)
    if blank is None:
        raise ConfigError(f"{path}: empty; accepted: a CSV file, or one string a line")
    first = rows[blank][0]
    if width == 1 and _DIGIT.search(first) and not _unfit(first.strip(), symbols):
        header = False  # one string a line: `A-1` is not a title
    titles = [one for one in (column, domain_column) if one and not one.isdecimal()]
    above = _title_rows(rows, titles) or blank if header else 0
    names = rows[above] if header and rows else []
    wanted = _place(path, "--column", column, names, width)
    place = _place(path, "--domain-column", domain_column, names, width) if domain_column is not None else None
    terms: list[Term] = []
    skipped: list[Skipped] = []
    blanks: list[Skipped] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        cell = as_text(row[wanted]).strip() if wanted < len(row) else ""
        if number <= above:
            skipped.append(Skipped(number, "is above the names of the columns"))
            continue
        reason = spoiled(cell) or ("a formula" if _FORMULA.fullmatch(cell) else _unfit(cell, symbols))
        if header and number == above + 1:
            if not reason:  # `sku_code` is a title, `TCP/IP` may be none
                skipped.append(Skipped(number, "is taken for a header (--no-header)"))
            continue
        if not reason and spaced != "keep" and _has_spaced_symbol(cell, symbols):
            blanks.append(Skipped(number, cell))
            reason = "has a blank beside a symbol (--spaced-symbols=skip)"
        if not reason and cell in seen:
            reason = f"repeats row {seen[cell]}"
        if reason:
            skipped.append(Skipped(number, reason))
            continue
        seen[cell] = number
        own = row[place].strip() if place is not None and place < len(row) else ""
        terms.append(Term(cell, own if own and own.isprintable() else domain, number))
    if blanks and spaced == "ask":
        raise ConfigError(
            f"{path}, row {blanks[0].row}: {found(blanks[0].reason)} has a blank beside a symbol, as "
            f"{len(blanks)} of {len(terms) + len(blanks)} strings have; is it part of the name, or damage? Add "
            "--spaced-symbols=keep if it is part of it, or --spaced-symbols=skip to leave them out"
        )
    return Catalogue(tuple(terms), tuple(skipped), delimiter, encoding)


_DIGIT = re.compile("[0-9]")
_KEPT_AS_TEXT = re.compile(r'="((?:[^"]|"")*)"')
_FORMULA = re.compile(r"=[A-Z][A-Z0-9.]*\(.*\)", re.DOTALL)
_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!)|#{3,}")
_SHORTENED = re.compile(r"-?\d(?:\.\d+)?E\+\d{2,3}")
TITLE_ROWS = 10


def as_text(cell: str) -> str:
    """What `="00123"` shows: so spreadsheets keep the zeros of a number that is a text."""
    kept = _KEPT_AS_TEXT.fullmatch(cell.strip())
    return kept[1].replace('""', '"') if kept else cell


def spoiled(cell: str) -> str | None:
    """Why a cell does not hold what was once typed into a spreadsheet: an error, or a number that lost its digits."""
    if _ERROR.fullmatch(cell.strip()):
        return f"{cell.strip()}, an error of the spreadsheet"
    if cell.strip() == UNSOLVED:
        return "a formula that no spreadsheet has worked out (open the file in one and save it)"
    if _SHORTENED.fullmatch(cell.strip()):
        return "a number that the spreadsheet has shortened (format its column as text and save it again)"
    return None


def _title_rows(rows: Sequence[Sequence[str]], wanted: Sequence[str]) -> int:
    """How many rows with a title are above that with the names of the columns, where all that is wanted is there."""
    named = [bool(wanted) and {cell.strip() for cell in row}.issuperset(wanted) for row in rows[:TITLE_ROWS]]
    return named.index(True) if True in named else 0


def refuse_workbook(path: Path, content: bytes) -> None:
    """Raises ConfigError where the bytes are those of a workbook, whatever the file is called."""
    if content.startswith((WORKBOOK, OLD_WORKBOOK)) or (path.suffix.lower() == ".xlsx" and content.startswith(b"PK")):
        raise ConfigError(f"{path}: not a file of rows; save the sheet as CSV UTF-8 and name that file")
    if re.match(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|\?xml|table|meta)\b", content[:200], re.IGNORECASE):
        raise ConfigError(
            f"{path}: a page, which a spreadsheet opens as a table; save the sheet as CSV UTF-8 and name that file"
        )


def _is_json(text: str) -> bool:
    """Whether it is JSON or JSON lines; a string of a catalogue may be `{name}` or `[a-z]`."""
    start = text.lstrip()
    first = start if start.startswith("[") else start.partition("\n")[0]
    try:
        return isinstance(json.loads(first), dict | list)
    except (ValueError, RecursionError):
        return False


def sniffed(text: str) -> str:
    """The delimiter that cuts the first rows into one number of columns, the more the better; a comma if none does."""
    best, columns = ",", 1
    for delimiter in _DELIMITERS:
        try:
            rows = [row for row, _ in zip(_parsed(text, delimiter), range(_SNIFFED_ROWS), strict=False) if row]
        except csv.Error:
            continue
        widths = {len(row) for row in rows}
        if len(widths) == 1 and max(widths) > columns:
            best, columns = delimiter, max(widths)
    return best


def decoded(path: Path, encoding: str | None, sheet: str | None = None) -> tuple[str, str]:
    """The text of a file without a byte order mark, and its encoding; UTF-8, UTF-16 with a mark and GBK are recognised.

    Of a workbook it is the sheet as CSV.

    Raises:
        ConfigError: no such encoding, or the file is in another; it names --encoding.
    """
    name = None if encoding is None else _text_encoding(encoding)
    if (of_sheet := as_csv(path, sheet)) is not None:
        return of_sheet, "utf-8"
    with reading(path, ConfigError, hint="accepted: a CSV file"):
        data = path.read_bytes()
    refuse_workbook(path, data)
    try:
        if name is None:
            recognised = decoded_text(data)
            return recognised.text, recognised.encoding
        return data.decode("utf-8-sig" if name == "utf-8" else name), name
    except UnfitFileError as error:
        why = str(error)
    except UnicodeError as error:
        why = f"not {encoding}" + (f" at byte {error.start + 1}" if isinstance(error, UnicodeDecodeError) else "")
    raise ConfigError(f"{path}: {why}; say which it is with --encoding")


def _text_encoding(encoding: str) -> str:
    try:
        info = codecs.lookup(encoding)
        if not info._is_text_encoding:
            raise LookupError
    except (LookupError, ValueError):
        accepted = "a name that Python knows, such as utf-8, gb18030, utf-16, cp1252, shift_jis"
        raise ConfigError(f"--encoding: found {found(encoding)}; accepted: {accepted}") from None
    return info.name


def _parsed(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _rows(path: Path, text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        yield from reader
    except (csv.Error, TypeError, ValueError) as error:
        raise ConfigError(f"{path}: not CSV with the delimiter {delimiter!r}: {error}") from None


def _place(path: Path, option: str, column: str | None, names: Sequence[str], width: int) -> int:
    stripped = [name.strip() for name in names]
    accepted = ", ".join(map(found, stripped)) if names else f"1 to {width}"
    if column is None:
        if width == 1:
            return 0
        raise ConfigError(f"{option}: missing, and {path} has {width} columns; accepted: {accepted}")
    if column in stripped:
        if stripped.count(column) > 1:
            raise ConfigError(f"{option}: {found(column)} heads two columns of {path}; give its number, 1 to {width}")
        return stripped.index(column)
    if column.isdecimal() and 1 <= int(column[:9]) <= width:
        return int(column) - 1
    raise ConfigError(
        f"{option}: found {found(column)}{nearest(column, stripped)}; accepted: {accepted}, "
        f"or a number from 1 to {width}"
    )


def _unfit(cell: str, symbols: SymbolTable) -> str | None:
    if not cell:
        return "empty"
    if len(cell) > LONGEST:
        return f"longer than {LONGEST} characters"
    if not cell.isprintable():
        return "holds a line break, a control character or an odd blank"
    mixed = any(_meet(one, other) for one, other in pairwise(cell))
    signs = any(_is_sign(cell, place, symbols) for place in range(1, len(cell) - 1)) or _has_spaced_symbol(
        cell, symbols
    )
    if not mixed and not signs and all(target.text != cell for target in extract_targets(cell, symbols=symbols)):
        return "holds no sign that could be damaged, and no CJK text beside Latin letters or digits"
    return None


def _is_sign(cell: str, place: int, symbols: SymbolTable) -> bool:
    """Whether the character there can be dropped, spaced or replaced; sentence punctuation before a blank is prose."""
    char, beside = cell[place], (cell[place - 1], cell[place + 1])
    if char in symbols.by_char:
        return True
    if unicodedata.category(char)[0] not in "PS" or char in _CHINESE_PROSE:
        return False
    spaces = sum(map(str.isspace, beside))
    return spaces == 0 if char in _PROSE else spaces < 2


def _has_spaced_symbol(cell: str, symbols: SymbolTable) -> bool:
    """Whether a blank is beside a symbol or a look-alike of one, or beside an underscore."""
    return any(
        (char in symbols.owners or char in symbols.by_char or char == "_")
        and (cell[place - 1].isspace() or cell[place + 1].isspace())
        for place, char in enumerate(cell[1:-1], start=1)
    )


def _meet(one: str, other: str) -> bool:
    return (is_cjk(one) and is_latin_or_digit(other)) or (is_cjk(other) and is_latin_or_digit(one))


TASKS = ("copy", "qa", "rewrite", "summarise", "translate", "table", "list", "json", "dialogue", "tool")
LANGUAGES = ("zh", "en")
_PLACE = re.compile(r"\{(term|other|third)\}")


class ToolTemplate(Record):
    """A function with one string argument."""

    name: str
    description: str
    argument: str
    says: str


class TemplateMessage(Record):
    """One message of a template."""

    role: Literal["system", "user", "assistant"]
    content: str


class PromptTemplate(Record):
    """One entry of templates.toml."""

    name: str
    task: str
    language: str
    prompt: str | None = None
    messages: tuple[TemplateMessage, ...] = ()
    json_keys: tuple[str, ...] = Field(default=())
    tool: ToolTemplate | None = None

    @property
    def others(self) -> int:
        """How many strings beside the term it needs."""
        text = "".join([self.prompt or "", *(turn.content for turn in self.messages)])
        return len(set(_PLACE.findall(text)) - {"term"})

    def filled(self, names: Mapping[str, str]) -> dict[str, Any]:
        """The fields of a case, but for id and domain. One pass: braces inside a term stay what they are."""

        def fill(text: str) -> str:
            return _PLACE.sub(lambda place: names[place[1]], text)

        fields: dict[str, Any] = {"language": self.language, "task": self.task}
        if self.prompt is not None:
            fields["prompt"] = fill(self.prompt)
        else:
            fields["messages"] = [{"role": turn.role, "content": fill(turn.content)} for turn in self.messages]
        fields["targets"] = [names["term"]]
        if self.json_keys:
            keys = list(self.json_keys)
            fields["checks"] = [{"check": "json_schema", "schema": {"type": "object", "required": keys}}]
        if self.tool is not None:
            fields["tools"] = [_tool(self.tool)]
            fields["checks"] = [{"check": "tool_called", "name": self.tool.name}]
        return fields | {"tags": [f"template:{self.name}"]}


def _tool(tool: ToolTemplate) -> dict[str, Any]:
    parameters = {
        "type": "object",
        "properties": {tool.argument: {"type": "string", "description": tool.says}},
        "required": [tool.argument],
        "additionalProperties": False,
    }
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": parameters},
    }


@cache
def shipped() -> tuple[PromptTemplate, ...]:
    """All templates, in file order."""
    text = (files("harness.authoring") / "templates.toml").read_text(encoding="utf-8")
    return tuple(PromptTemplate.model_validate(entry) for entry in tomllib.loads(text)["template"])


FILE_NAME = "cases.jsonl"
_FEWEST_LETTERS = 3
_TRIES = 200
"""How many random strings of the catalogue are looked at for one that may come beside the term."""


@dataclass(frozen=True, slots=True)
class Made:
    """Lines of a case file, and the terms that no template could carry."""

    lines: tuple[dict[str, Any], ...]
    skipped: tuple[Skipped, ...]


def make_lines(
    terms: Sequence[Term],
    templates: Sequence[PromptTemplate],
    *,
    cases: int,
    per_term: int,
    seed: int,
    judging: Judging,
) -> Made:
    """At most `cases` lines, at most `per_term` for one term. Every line is tried on the judge before it is kept."""
    chance = random.Random(seed)  # noqa: S311  (a draw that can be repeated, no secret)
    shares = _Shares(templates, chance)
    lines: list[dict[str, Any]] = []
    skipped: list[Skipped] = []
    used: Counter[str] = Counter()
    given: dict[str, set[tuple[str, str]]] = {}
    for _ in range(per_term):
        for term in chance.sample(terms, len(terms)):
            if len(lines) >= cases:
                return Made(tuple(lines), tuple(skipped))
            taken = given.setdefault(term.text, set())
            template = shares.next(term.domain, taken)
            names = _names(term, template, terms, chance) if template else None
            if template is None or names is None:
                continue
            kind = (template.task, template.language)
            number = used[f"{template.task}-{template.language}"] + 1
            line = {"id": f"{'-'.join(kind)}-{number:03d}", "domain": term.domain, **template.filled(names)}
            problem = _problem(line, judging)
            if problem:
                skipped.append(Skipped(term.row, problem))
                continue
            used["-".join(kind)] = number
            shares.count(term.domain, template)
            taken.add(kind)
            lines.append(line)
    return Made(tuple(lines), tuple(skipped))


class _Shares:
    """Which template is next: that whose task and language are rarest so far, in the domain first, then over all."""

    def __init__(self, templates: Sequence[PromptTemplate], chance: random.Random) -> None:
        self._templates = chance.sample(templates, len(templates))
        self._kinds: Counter[Any] = Counter()
        self._names: Counter[str] = Counter()

    def next(self, domain: str, taken: set[tuple[str, str]]) -> PromptTemplate | None:
        """None once a term has had every task in every language."""
        free = [one for one in self._templates if (one.task, one.language) not in taken]
        return min(free, key=lambda one: self._rank(domain, one), default=None)

    def _rank(self, domain: str, one: PromptTemplate) -> tuple[int, ...]:
        return (
            self._kinds[domain, one.task, one.language],
            self._kinds[domain, one.language],
            self._kinds[one.task, one.language],
            self._kinds[one.language],
            self._names[one.name],
        )

    def count(self, domain: str, one: PromptTemplate) -> None:
        for kind in ((domain, one.task, one.language), (domain, one.language), (one.task, one.language), one.language):
            self._kinds[kind] += 1
        self._names[one.name] += 1


def _names(
    term: Term, template: PromptTemplate, terms: Sequence[Term], chance: random.Random
) -> Mapping[str, str] | None:
    """The term and strings that may come beside it: none holds or looks like another. None if there are too few."""
    chosen = [term.text]
    for _ in range(_TRIES):
        if len(chosen) > template.others:
            return dict(zip(("term", "other", "third"), chosen, strict=False))
        candidate = chance.choice(terms).text
        if not any(_alike(candidate, one) for one in chosen):
            chosen.append(candidate)
    return None


def _alike(one: str, other: str) -> bool:
    first, second = sorted((_letters(text) for text in (one, other)), key=len)
    # `%s` and `:id` have too few letters to tell anything by
    return one in other or other in one or first == second or (len(first) >= _FEWEST_LETTERS and first in second)


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _problem(line: Mapping[str, Any], judging: Judging) -> str | None:
    try:
        case = case_from(line, "made")
    except SuiteError as error:
        return str(error)
    placed = Placed(case, Path(FILE_NAME), 0)
    findings = [*unfit_targets(placed, judging), *unfit_checks(placed, judging)]
    return next((finding.message for finding in findings), None)


class UnsoundSuiteError(SuiteError):
    """The suite would not be sound, and is not written. `findings` are the errors of the lint."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(f"the suite would not be sound, and is not written: {findings[0].message}")
        self.findings = tuple(findings)


_UNNAMEABLE = "which pytest cannot be asked for or passes over; accepted: a name without [, and no dot before it"


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # TOML has no pairs of escapes, in which JSON writes an emoji


def write_suite(
    out: Path,
    title: str,
    lines: Iterable[Mapping[str, Any]],
    judging: Judging,
    description: str = "Made from a catalogue by `harness suites make`.",
) -> LintResult:
    """Write the suite folder whole or not at all, and lint it.

    Raises:
        ConfigError: something is at `out` already, or it cannot be written.
        UnsoundSuiteError: the lint found an error.
    """
    if "[" in out.name or out.name.startswith("."):
        raise ConfigError(f"--out: found {found(out.name)}, {_UNNAMEABLE}")
    if out.exists() or out.is_symlink():
        raise ConfigError(f"--out: {out} is there already, and nothing is overwritten; accepted: a new folder")
    try:
        with new_folder(out) as folder:
            # a JSON string is a TOML basic string too, so that no title can end it
            toml = f"title = {_toml(title)}\ndescription = {_toml(description)}\n"
            (folder / "suite.toml").write_text(toml, encoding="utf-8", newline="\n")
            text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            (folder / FILE_NAME).write_text(text, encoding="utf-8", newline="\n")
            result = lint([folder], judging)
            # what was found is where it will be
            places = [out / one.path.relative_to(folder) for one in result.findings]
            findings = tuple(
                replace(one, path=place, message=one.message.replace(str(folder), str(out)))
                for one, place in zip(result.findings, places, strict=True)
            )
            errors = [finding for finding in findings if finding.level == "error"]
            if errors:
                raise UnsoundSuiteError(errors)
        return replace(result, files=(out / FILE_NAME,), findings=findings)
    except OSError as error:
        raise ConfigError(f"--out: {out} cannot be written: {error.strerror or error}") from None
