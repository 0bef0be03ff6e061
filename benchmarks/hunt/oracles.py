"""A test endpoint: an in-process oracle that damages strings by a known rule, so that the hunt itself can be judged.

It sees what a model sees, the text of the prompt, and its answers go through the real checker.
"""

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from harness.hunt.asking import Sighting
from harness.records.case import Case, texts_of
from harness.text import check

_HAN = "[\u4e00-\u9fff]"
_SYMBOL = re.compile("[-/]")


@dataclass(frozen=True, slots=True)
class HiddenRule:
    """`damage` gives what becomes of a string in a prompt; `smallest` and `says` are what a hunt should find."""

    name: str
    damage: Callable[[str, str], str]
    smallest: str
    says: str
    odd: tuple[str, ...] = ()
    """Factors of the prompt that must stay odd."""
    chance: float = 1.0
    """In what share of calls the rule strikes."""


def _spaced(pattern: str) -> Callable[[str, str], str]:
    compiled = re.compile(pattern)
    return lambda target, prompt: compiled.sub(lambda match: f" {match[0]} ", target)


def _if(test: Callable[[str, str], bool]) -> Callable[[str, str], str]:
    return lambda target, prompt: _SYMBOL.sub(r" \g<0> ", target) if test(target, prompt) else target


def _second(target: str, prompt: str) -> str:
    places = [match.start() for match in _SYMBOL.finditer(target)]
    if len(places) < 2:
        return target
    return f"{target[: places[1]]} {target[places[1] :]}"


RULES = (
    HiddenRule(
        "three digits after the hyphen",
        _spaced(r"-(?=\d{3})"),
        "a-111",
        "fails when the symbol is '-' and at least 3 digits follow the symbol",
    ),
    HiddenRule(
        "between Chinese characters",
        _spaced(f"(?<={_HAN})[-/](?={_HAN})"),
        "一-一",
        "fails when Chinese characters precede the symbol and Chinese characters follow the symbol",
    ),
    HiddenRule(
        "the second symbol",
        _second,
        "a-a-a",
        "fails when the string has at least 2 symbols and only the second symbol is hit",
    ),
    HiddenRule(
        "over 20 characters",
        _if(lambda target, prompt: len(target) > 20),
        "a-" + "a" * 19,
        "fails when the string has at least 21 characters",
    ),
    HiddenRule(
        "in tables",
        _if(lambda target, prompt: "Markdown table" in prompt or "表格" in prompt),
        "a-a",
        "fails when the task is table",
        odd=("task",),
    ),
    HiddenRule(
        "in 30 % of calls",
        _if(lambda target, prompt: True),
        "a-a",
        "fails whatever the string and the prompt",
        chance=0.3,
    ),
    HiddenRule(
        "a Chinese character right before the string",
        _if(lambda target, prompt: re.search(_HAN + re.escape(target), prompt) is not None),
        "a-a",
        "fails when nothing frames the string and the string touches other text (han before or han on both sides)",
        odd=("touching",),
    ),
    HiddenRule(
        "a slash behind a capital letter",
        _spaced("(?<=[A-Z])/"),
        "A/a",
        "fails when the symbol is '/' and capital letters precede the symbol",
    ),
    HiddenRule(
        "a leading zero behind the symbol",
        _spaced(r"[-/](?=0\d)"),
        "a-01",
        "fails when at least 2 digits with a leading zero follow the symbol",
    ),
    HiddenRule(
        "a string that is said twice",
        _if(lambda target, prompt: prompt.count(target) > 1),
        "a-a",
        "fails when the string is twice in the prompt",
        odd=("times",),
    ),
    HiddenRule(
        "legitimate spaces are closed up",
        lambda target, prompt: re.sub(" ([-/]) ", r"\1", target),
        "a - a",
        "fails when the symbol has spaces of its own",
    ),
    HiddenRule(
        "a Chinese character before the hyphen and three digits behind it",
        _spaced(rf"(?<={_HAN})-(?=\d{{3}})"),
        "一-111",
        "fails when the symbol is '-' and Chinese characters precede the symbol "
        "and at least 3 digits follow the symbol",
    ),
)


class HiddenRuleOracle:
    """Answers by a rule, or cleanly with None. `asked` counts the calls, to prove that a budget is kept."""

    most_requests = 1

    def __init__(self, rule: HiddenRule | None, seed: int = 0) -> None:
        self.asked = 0
        self._rule = rule
        self._seed = seed

    async def ask(self, case: Case, sample: int) -> Sighting:
        """One answer."""
        self.asked += 1
        target = case.targets[0]
        sources = texts_of(case.messages)
        answer = target
        rule = self._rule
        drawn = random.Random(f"{self._seed} {case.digest} {sample}").random()
        if rule is not None and drawn < rule.chance:
            answer = rule.damage(target, "\n".join(sources))
        output = json.dumps({"label": answer}, ensure_ascii=False) if case.channel != "text" else f"It reads {answer} ."
        found = check(sources, output, case.targets, channel=case.channel)
        verdict = found.verdicts[target]
        outcome = {"verbatim": "aligned", "absent": "omitted"}.get(verdict, "damaged")
        worst = next((m for m in found.mentions[target] if m.verdict == verdict), None)
        return Sighting(
            outcome=outcome,  # type: ignore[arg-type]
            verdict=verdict,
            damage=worst.damage if worst else (),
            mention=worst.text if worst else "",
            output=output,
        )
