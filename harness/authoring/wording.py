"""How a case is put: what makes its verdict a matter of taste, or primes the defect that it is to find."""

import json
import re
from collections.abc import Iterator

from harness.authoring.findings import Finding, Placed
from harness.records.case import Case, texts_of

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
        message = f"{target!r} may stand in any field; add a check with its field, so that two exchanged fail"
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
