"""The lint: every rule over some case files."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path

from harness import checks
from harness.authoring.answers import EMPTY_HANDED, alone, answers, of_text
from harness.authoring.duplicates import duplicate_prompts, duplicate_targets
from harness.authoring.findings import Finding, Level, Placed, files_under, read
from harness.authoring.right_answers import unfit_answers
from harness.authoring.wording import unfit_wording
from harness.decisions.exposure import find_leaks
from harness.records.answer import Completion
from harness.records.case import Case, CheckCall, texts_of
from harness.records.run import GOOD, SampleResult
from harness.show.figures import cells as measured
from harness.show.figures import pad
from harness.suite import load_info

_ASSERTIONS = ("^", "$", r"\b", r"\B", r"\A", r"\z", "(?")
"""With one of these a pattern that is found in a piece need not be found in a text round it."""
_TOLD_BEFORE = ("not_contains", "equals", "tool_called")
_ONE_VALUE = ("equals", "number", "choice", "ends_with", "json_equals")


def contradictions(case: Case) -> Iterator[str]:
    """What cannot hold at once, in words; nothing if no contradiction is seen (which proves nothing)."""
    by_field: defaultdict[str | None, list[CheckCall]] = defaultdict(list)
    for call in case.checks:
        by_field[call.arguments.get("field")].append(call)
    for field, calls in by_field.items():
        where = f" (field {field})" if field else ""
        for problem in _between(case, field, calls):
            yield problem + where
    called = {call.arguments["name"] for call in case.checks if call.check == "tool_called"}
    offered = {tool["function"]["name"] for tool in case.tools}
    for name in sorted(called - offered):
        yield f"tool_called asks for {name!r}, and the case offers {', '.join(sorted(offered)) or 'no tool'}"


def _between(case: Case, field: str | None, calls: list[CheckCall]) -> Iterator[str]:
    pieces = _pieces(case, field, calls)
    for call in calls:
        for origin, piece in pieces.items():
            if call.check in ("not_contains", "not_regex") and _rules_out(call, piece):
                yield f"{call.check} {_argument(call)!r} rules out {origin} {piece!r}"
    for name in _ONE_VALUE:
        values = [call.arguments["value"] for call in calls if call.check == name]
        for one, other in pairwise(values):
            if one != other and not (name == "ends_with" and (one.endswith(other) or other.endswith(one))):
                yield f"{name} asks for {one!r} and for {other!r}"
    pinned = next((call for call in calls if call.check == "equals" and _exact(call)), None)
    if pinned is not None:
        value = pinned.arguments["value"]
        for call in calls:
            unfielded = {name: value for name, value in call.arguments.items() if name != "field"}
            result = checks.run(call.check, unfielded, value)
            if call is not pinned and call.check not in _TOLD_BEFORE and not result.passed:
                yield f"equals {value!r} fails {call.check}: {result.detail}"


def _pieces(case: Case, field: str | None, calls: list[CheckCall]) -> dict[str, str]:
    """Strings that every right answer holds, by what asks for them."""
    pieces = {
        f"{call.check}[{index}]": call.arguments["value"]
        for index, call in enumerate(calls)
        if call.check in ("contains", "equals", "ends_with") and not call.arguments.get("ignore_case")
    }
    if field is None and case.channel == "text":
        # in JSON a target may stand escaped, so that a check of the raw text need not see it
        pieces |= {f"required[{index}]": target for index, target in enumerate(case.required)}
    return pieces


def _rules_out(call: CheckCall, piece: str) -> bool:
    if call.check == "not_regex" and any(sign in call.arguments["pattern"] for sign in _ASSERTIONS):
        return False
    arguments = {name: value for name, value in call.arguments.items() if name != "field"}
    return not checks.run(call.check, arguments, piece).passed


def _argument(call: CheckCall) -> str:
    return str(call.arguments.get("value", call.arguments.get("pattern")))


def _exact(call: CheckCall) -> bool:
    return not call.arguments.get("ignore_case")


Judging = Callable[[Case, Completion], SampleResult]
"""What a run would say of one answer to a case."""


def unfit_targets(placed: Placed, judging: Judging) -> Iterator[Finding]:
    """`not-in-source`, `edge-blank`, and `never-found`: targets that the rules of the checker can never find."""
    case = placed.case
    standing = find_leaks(texts_of(case.messages), case.targets)
    for target in case.targets:
        if target not in standing:
            message = f"the target {target!r} is not in the prompt as a string of its own"
            yield placed.finding("not-in-source", "error", message)
        elif target != target.strip():
            yield placed.finding("edge-blank", "warning", f"the target {target!r} begins or ends with a blank")
        if not any(judging(case, answer).verdicts.get(target) == "verbatim" for answer in alone(case, target)):
            message = f"the target {target!r} is not found even in an answer that is nothing else"
            yield placed.finding("never-found", "error", message)


def unfit_checks(placed: Placed, judging: Judging) -> Iterator[Finding]:
    """`contradiction`: no answer can pass. `unproved`: none was found that does. `toothless`: a bare excuse passes."""
    case = placed.case
    problems = list(contradictions(case))
    for problem in problems:
        yield placed.finding("contradiction", "error", f"no answer can pass: {problem}")
    if not problems and not any(judging(case, answer).outcome in GOOD for answer in answers(case)):
        message = "no answer was found that passes; try a right one by hand"
        yield placed.finding("unproved", "note", message)
    excuses = chain(map(of_text, EMPTY_HANDED))
    passing = next((answer.text for answer in excuses if judging(case, answer).outcome in GOOD), None)
    if passing is not None:
        yield placed.finding("toothless", "warning", f"the answer {passing!r} passes, so the case proves nothing")


def leaks(shelf: Sequence[Placed], training: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """`leaked`, once a case and string; `training` is the texts of each training file by its name."""
    strings = {target for placed in shelf for target in placed.case.targets}
    leaked: dict[str, str] = {}
    for name, texts in training.items():
        for string in find_leaks(texts, strings):
            leaked.setdefault(string, name)
    for placed in shelf:
        for target in placed.case.targets:
            if target in leaked:
                message = f"{target!r} is in the training file {leaked[target]}; take another string"
                yield placed.finding("leaked", "error", message)


SYMBOLS = ("-", "/", "both", "none")


@dataclass(frozen=True, slots=True)
class Cell:
    """Cases of one domain, kind of symbol, language and task."""

    suite: str
    domain: str
    symbols: str
    language: str
    task: str
    cases: int


def cells(cases: Iterable[Case]) -> list[Cell]:
    """All cells that are not empty, sorted."""
    counts = Counter((one.suite, one.domain, one.symbols, one.language, one.task) for one in cases)
    return [Cell(*key, cases=number) for key, number in sorted(counts.items())]


def table(found: Sequence[Cell]) -> list[str]:
    """One line a domain, under a line for its suite: cases, then by symbol, by language, by task."""
    languages = _by_size(found, "language")
    rows = [["", "cases", *SYMBOLS, *languages, "tasks"]]
    for suite, inside in _grouped(found, "suite").items():
        rows.append(_row(suite, inside, languages))
        rows += [_row(f"  {domain}", cells_, languages) for domain, cells_ in _grouped(inside, "domain").items()]
    widths = [max(measured(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = []
    for first, *counts, tasks in rows:
        aligned = [" " * (width - measured(cell)) + cell for cell, width in zip(counts, widths[1:], strict=True)]
        lines.append("  ".join([pad(first, widths[0]), *aligned, tasks]))
    return lines


def _row(name: str, inside: Sequence[Cell], languages: Sequence[str]) -> list[str]:
    def number(field: str, value: str) -> str:
        count = sum(cell.cases for cell in inside if getattr(cell, field) == value)
        return str(count) if count else "."

    tasks = [f"{task} {number('task', task)}" for task in _by_size(inside, "task")]
    return [
        name,
        str(sum(cell.cases for cell in inside)),
        *(number("symbols", kind) for kind in SYMBOLS),
        *(number("language", language) for language in languages),
        ", ".join(tasks),
    ]


def _by_size(found: Iterable[Cell], field: str) -> list[str]:
    sizes: Counter[str] = Counter()
    for cell in found:
        sizes[getattr(cell, field)] += cell.cases
    return sorted(sizes, key=lambda name: (-sizes[name], name))


def _grouped(found: Iterable[Cell], field: str) -> dict[str, list[Cell]]:
    groups: defaultdict[str, list[Cell]] = defaultdict(list)
    for cell in found:
        groups[getattr(cell, field)].append(cell)
    return dict(groups)


RULES: dict[str, tuple[Level, str]] = {
    "bad-suite": ("error", "suite.toml cannot be read"),
    "bad-line": ("error", "a line is no case; pytest refuses the file"),
    "duplicate-id": ("error", "two cases of a suite have one id"),
    "not-in-source": ("error", "a target is not in the prompt, so that no model could copy it"),
    "never-found": ("error", "a target that the rules of the checker cannot find, even alone"),
    "contradiction": ("error", "checks and targets that no answer can satisfy at once"),
    "duplicate-prompt": ("error", "two cases ask the same"),
    "leaked": ("error", "a target is in a training file"),
    "answers": ("error", "a right answer beside the cases fails, or a broken one does not fail as it should"),
    "duplicate-target": ("warning", "one string is the target of two cases"),
    "near-duplicate-target": ("warning", "two targets are equal but for letter case, signs or blanks"),
    "near-duplicate-prompt": ("warning", "two prompts are nearly equal"),
    "few-answers": ("warning", "a case has fewer than two right answers, where others of its file have them"),
    "unpinned": ("warning", "a target of a call or of JSON that no check looks for in its field"),
    "no-keep-instruction": (
        "warning",
        "a suite with keep_form = true, and a prompt that does not ask to keep the form",
    ),
    "blank-before-punctuation": ("warning", "a blank before a punctuation mark of the prompt primes the defect"),
    "edge-blank": ("warning", "a target begins or ends with a blank"),
    "toothless": ("warning", "an answer that says nothing passes"),
    "unproved": ("note", "no answer built from targets and checks passes; look at the case by eye"),
}
"""Every rule, its level, and what it finds."""


@dataclass(frozen=True, slots=True)
class LintResult:
    """What the lint found. `training_files` are those that were searched for leaks."""

    files: tuple[Path, ...]
    cases: int
    findings: tuple[Finding, ...]
    balance: tuple[Cell, ...]
    training_files: tuple[str, ...]

    def number(self, level: Level) -> int:
        """Findings of one level."""
        return sum(finding.level == level for finding in self.findings)


def lint(paths: Iterable[Path], judging: Judging, training: Mapping[str, Sequence[str]] | None = None) -> LintResult:
    """Run all rules; `training` is the texts of each training file by its name.

    Raises:
        SuiteError: a path holds no case file.
    """
    files = files_under(paths)
    shelf, findings = read(files)
    keeping = {folder for folder in {placed.path.parent for placed in shelf} if load_info(folder).keep_form}
    for placed in shelf:
        findings += unfit_targets(placed, judging)
        findings += unfit_checks(placed, judging)
        findings += unfit_wording(placed, keep_form=placed.path.parent in keeping)
    findings += duplicate_prompts(shelf)
    findings += duplicate_targets(shelf)
    findings += leaks(shelf, training or {})
    findings += unfit_answers(shelf, judging)
    order = {path: number for number, path in enumerate(files)}
    findings.sort(key=lambda finding: (order.get(finding.path, -1), finding.line, finding.rule))
    balance = cells(placed.case for placed in shelf)
    return LintResult(tuple(files), len(shelf), tuple(findings), tuple(balance), tuple(training or ()))
