"""The lint: every rule over some case files."""

import json
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from harness import checks
from harness.authoring.findings import Finding, Level, Placed, files_under, read
from harness.authoring.right_answers import EMPTY_HANDED, AnswersTried, alone, answers, of_text, unfit_answers
from harness.decisions.exposure import Learnt, find_leaks, find_mentions
from harness.records.answer import Completion
from harness.records.case import Case, CheckCall, domain_name, texts_of
from harness.records.run import GOOD, SampleResult
from harness.show.figures import table as aligned
from harness.show.words import Name, phrase
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
        # in JSON a target may be escaped, so that a check of the raw text need not see it
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
    standing = find_mentions(texts_of(case.messages), case.targets)
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


def leaks(shelf: Sequence[Placed], training: Mapping[str, Learnt]) -> Iterator[Finding]:
    """`leaked`, once a case and string; `training` is what each training file teaches, by its name.

    A case that became a sample on purpose is named beside the file, and counts as seen wherever it is judged.
    """
    leaked: dict[tuple[str, str, str], str] = {}
    for name, learnt in training.items():
        kept = [case for case in (placed.case for placed in shelf) if case.key not in learnt.cases]
        found = frozenset(find_leaks(learnt.texts, {target for case in kept for target in case.targets}))
        for case in kept:
            for target in found.intersection(case.targets):
                leaked.setdefault((case.suite, case.id, target), name)
    for placed in shelf:
        case = placed.case
        for target in case.targets:
            if source := leaked.get((case.suite, case.id, target)):
                message = f"{target!r} is in the training file {source}; take another string"
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
    counts = Counter((one.suite, domain_name(one.domain), one.symbols, one.language, one.task) for one in cases)
    return [Cell(*key, cases=number) for key, number in sorted(counts.items())]


def table(found: Sequence[Cell]) -> list[str]:
    """One line a domain, under a line for its suite: cases, then by symbol, by language, by task."""
    languages = _by_size(found, "language")
    rows: list[list[str]] = [["", "cases", *SYMBOLS, *map(Name, languages), "tasks"]]
    for suite, inside in _grouped(found, "suite").items():
        rows.append(_row(suite, inside, languages))
        rows += [_row(f"  {domain}", cells_, languages) for domain, cells_ in _grouped(inside, "domain").items()]
    return aligned(rows, "", left=(0, len(rows[0]) - 1), cut=False)


def _row(name: str, inside: Sequence[Cell], languages: Sequence[str]) -> list[str]:
    def number(field: str, value: str) -> str:
        count = sum(cell.cases for cell in inside if getattr(cell, field) == value)
        return str(count) if count else "."

    tasks = [f"{task} {number('task', task)}" for task in _by_size(inside, "task")]
    return [
        Name(name),
        str(sum(cell.cases for cell in inside)),
        *(number("symbols", kind) for kind in SYMBOLS),
        *(number("language", language) for language in languages),
        Name(phrase("list-comma").join(tasks)),
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


_PINNING = ("equals", "json_equals", "contains", "choice", "ends_with")
_FULL_WIDTH = re.compile(r"\S[ \t]+[，。；：！？、）】》」』]")
_MARKS = ",.;:!?，。；：！？、"
_KEPT = re.compile(
    r"as (?:it|they)(?:'s| is| are| was| were| stands?)|as (?:written|printed|given|shown|typed|spelled|logged|in the)"
    r"|as (?:the|my|a) [a-z]+ (?:has|have|gives?|writes?|wrote|says?)"
    r"|exact(?:ly)?|verbatim|(?:word|letter|character|sign) for (?:word|letter|character|sign)|unchanged|literally"
    r"|the same (?:form|way|spelling|spacing)|do(?:n't| not) (?:change|alter|tidy|touch|reformat)|without chang"
    r"|原样|照抄|照原|原文|原句|一字不|一模一样|逐字|不要改|不改|别改|不变|不要动|不动|写法|如实|保持|保留|完全一致"
    r"|照.{0,8}[抄写报发录样]"
    r"|wörtlich|genauso|(?:genau|so|,) wie |unverändert|слово в слово|дословно|как (?:есть|в )"
    r"|とおり|そのまま|通り|그대로",
    re.IGNORECASE,
)
"""Ways to ask for the form of the source, in the languages of the shipped suites."""


def unfit_wording(placed: Placed, *, keep_form: bool) -> Iterator[Finding]:
    """`unpinned`, `blank-before-punctuation`, and for a suite with `keep_form` also `no-keep-instruction`."""
    case = placed.case
    for target in unpinned(case):
        message = f"{target!r} may be in any field; add a check with its field, so that two exchanged fail"
        yield placed.finding("unpinned", "warning", message)
    for spot in spaced_marks(case):
        message = f"{spot!r}: the blank before the mark makes a blank likelier in the answer"
        yield placed.finding("blank-before-punctuation", "warning", message)
    if keep_form and case.targets and not any(_KEPT.search(text) for text in texts_of(case.messages)):
        message = "the prompt does not ask to keep the form (as written, 照原样), so that a tidied answer is right"
        yield placed.finding("no-keep-instruction", "warning", message)


def unpinned(case: Case) -> list[str]:
    """Required targets of a call or of JSON that no check looks for in a field, where another could take its place."""
    if case.channel == "text" or len(case.required) < _SEVERAL:
        return []
    pinned = [
        json.dumps(call.arguments["value"], ensure_ascii=False)
        for call in case.checks
        if call.check in _PINNING and (call.arguments.get("field") or call.check == "json_equals")
    ]
    # a string may be the name of a field
    fields = [call.arguments.get("field") or "" for call in case.checks]
    pinned += [json.dumps(field.replace("~1", "/").replace("~0", "~"), ensure_ascii=False) for field in fields]
    return [
        target
        for target in case.required
        if not any(json.dumps(target, ensure_ascii=False)[1:-1] in value for value in pinned)
    ]


_SEVERAL = 2


def spaced_marks(case: Case) -> Iterator[str]:
    """Blanks before a full-width mark anywhere, and before any mark that follows a target."""
    for message in case.messages:
        if message["role"] not in ("user", "system", "developer"):
            continue
        for text in texts_of((message,)):
            yield from (match[0] for match in _FULL_WIDTH.finditer(text))
            for target in case.targets:
                yield from _after(target, text)


def _after(target: str, text: str) -> Iterator[str]:
    place = text.find(target)
    while place >= 0:
        end = place + len(target)
        mark = re.compile(rf"[ \t]+[{re.escape(_MARKS)}](?=\s|$)").match(text, end)
        if mark:
            yield target[-10:] + mark[0]
        place = text.find(target, end)


_GRAM = 3
_MOST_ALIKE = 20
"""Texts that one text is reported alike to. A file of a thousand nearly equal cases has half a million pairs."""
_MOST_MEETING = 2_000
"""Texts that one trigram brings together; of more, the later ones are not looked for by it."""
_SHORTEST = 12
"""Characters. A shorter text has too few trigrams for a share of them to mean anything."""


def similar_pairs(texts: Sequence[str], threshold: float) -> Iterator[tuple[int, int, float]]:
    """(i, j, similarity) with i < j for texts whose trigram sets have a Jaccard similarity of at least `threshold`.

    Exact, by the prefix filter of Chaudhuri et al. (2006) and Bayardo et al. (2007): two sets of that similarity share
    one of their few rarest members, so that only texts that meet in those are compared. Of a text with more than
    `_MOST_ALIKE` earlier ones like it, the first of them are given.
    """
    grams = [_grams(text) for text in texts]
    rarity = Counter(gram for one in grams for gram in one)
    meeting: defaultdict[str, list[int]] = defaultdict(list)
    for later, one in enumerate(grams):
        if not one:
            continue
        ordered = sorted(one, key=lambda gram: (rarity[gram], gram))
        alike = 0
        prefix = ordered[: len(one) - math.ceil(threshold * len(one)) + 1]
        for earlier in sorted({other for gram in prefix for other in meeting[gram]}):
            other = grams[earlier]
            if min(len(one), len(other)) < threshold * max(len(one), len(other)):
                continue
            shared = len(one & other)
            similarity = shared / (len(one) + len(other) - shared)
            if similarity >= threshold:
                yield earlier, later, similarity
                alike += 1
                if alike == _MOST_ALIKE:
                    break
        for gram in prefix:
            if len(meeting[gram]) < _MOST_MEETING:
                meeting[gram].append(later)


def _grams(text: str) -> frozenset[str]:
    plain = " ".join(text.casefold().split())
    if len(plain) < _SHORTEST:
        return frozenset()
    return frozenset(plain[start : start + _GRAM] for start in range(len(plain) - _GRAM + 1))


NEAR = 0.6
"""Jaccard similarity of trigrams. Two sentences that differ in one word of six are about there."""
_MASK = "\u2026"
TEMPLATE_TAG = "template:"
"""Cases that `suites make` built from one template are alike by design; their tag says so."""
_SHORTEST_KEY = 4


def duplicate_prompts(shelf: Sequence[Placed]) -> Iterator[Finding]:
    """`duplicate-prompt` and `near-duplicate-prompt`.

    Cases with different system prompts are different questions, and the same prompt streamed and plain is a pair on
    purpose. System prompts themselves are not compared: a suite repeats them.
    """
    groups: defaultdict[str, list[Placed]] = defaultdict(list)
    for placed in shelf:
        groups[_key([message for message in placed.case.messages if _is_system(message)])].append(placed)
    for group in groups.values():
        yield from _among(group)


def _among(group: list[Placed]) -> Iterator[Finding]:
    first_of: dict[str, Placed] = {}
    kept: list[Placed] = []
    pairs: defaultdict[str, list[Placed]] = defaultdict(list)
    for placed in group:
        key = _key([[m for m in placed.case.messages if not _is_system(m)], placed.case.tools])
        first = first_of.setdefault(f"{placed.case.stream} {key}", placed)
        if first is not placed:
            message = f"asks the same as {first.case.key} at {first.path}:{first.line}; keep one"
            yield placed.finding("duplicate-prompt", "error", message)
            continue
        if not pairs[key]:
            kept.append(placed)
        pairs[key].append(placed)
    # two prompts that differ in nothing but their strings are one question, however long the strings are
    alike: defaultdict[int, dict[int, float]] = defaultdict(dict)
    for text_of in (_masked, _asked):
        for one, other, share in similar_pairs([text_of(placed) for placed in kept], NEAR):
            if not (_templates(kept[one]) and _templates(kept[other])):
                alike[other][one] = share
    for other, shares in sorted(alike.items()):
        one = max(shares, key=lambda earlier: (shares[earlier], -earlier))
        first, others = kept[one], len(shares) - 1
        message = f"{shares[one]:.0%} of its text is that of {first.case.key} at {first.path}:{first.line}"
        message += f", and {others} more are like it" if others else ""
        yield kept[other].finding("near-duplicate-prompt", "warning", f"{message}; vary one")


def _masked(placed: Placed) -> str:
    text = _asked(placed)
    for target in sorted(placed.case.targets, key=len, reverse=True):
        text = text.replace(target, _MASK)
    return text


def duplicate_targets(shelf: Sequence[Placed]) -> Iterator[Finding]:
    """`duplicate-target`: one string in two cases. `near-duplicate-target`: but for letter case, signs or blanks."""
    same: dict[str, Placed] = {}
    alike: dict[str, tuple[str, Placed]] = {}
    for placed in shelf:
        for target in placed.case.targets:
            first = same.setdefault(target, placed)
            if first is not placed:
                if not _one_question(first, placed):
                    message = (
                        f"{target!r} is a target of {first.case.key} at {first.path}:{first.line} too; take another"
                    )
                    yield placed.finding("duplicate-target", "warning", message)
                continue
            key = _letters(target)
            other, holder = alike.setdefault(key, (target, placed))
            if other != target and holder is not placed and len(key) >= _SHORTEST_KEY and not key.isdecimal():
                message = f"{target!r} has the letters of {other!r}, {holder.case.key} at {holder.path}:{holder.line}"
                yield placed.finding("near-duplicate-target", "warning", message)


def _one_question(one: Placed, other: Placed) -> bool:
    return one.case.messages == other.case.messages or (_asked(one) == _asked(other) and one.case.stream is not None)


def _letters(target: str) -> str:
    folded = unicodedata.normalize("NFKC", target).casefold()
    return "".join(char for char in folded if char.isalnum())


def _asked(placed: Placed) -> str:
    return "\n".join(texts_of(tuple(message for message in placed.case.messages if not _is_system(message))))


def _is_system(message: dict[str, Any]) -> bool:
    return message["role"] in ("system", "developer")


def _templates(placed: Placed) -> bool:
    return any(tag.startswith(TEMPLATE_TAG) for tag in placed.case.tags)


def _key(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


RULES: dict[str, tuple[Level, str]] = {
    "bad-suite": ("error", "suite.toml cannot be read"),
    "bad-line": ("error", "a line is not a case; pytest refuses the file"),
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
    answers: AnswersTried

    def number(self, level: Level) -> int:
        """Findings of one level."""
        return sum(finding.level == level for finding in self.findings)


def lint(paths: Iterable[Path], judging: Judging, training: Mapping[str, Learnt] | None = None) -> LintResult:
    """Run all rules; `training` is what each training file teaches, by its name.

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
    tried = AnswersTried()
    findings += unfit_answers(shelf, judging, tried)
    order = {path: number for number, path in enumerate(files)}
    findings.sort(key=lambda finding: (order.get(finding.path, -1), finding.line, finding.rule))
    balance = cells(placed.case for placed in shelf)
    return LintResult(tuple(files), len(shelf), tuple(findings), tuple(balance), tuple(training or ()), tried)
