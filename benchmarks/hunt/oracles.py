"""A test endpoint: an in-process oracle that damages strings by a known rule, so that the hunt itself can be judged.

It sees what a model sees, the text of the prompt, and its answers go through the real checker.
"""

import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from harness.hunt.asking import Sighting, cut_at_an_edge
from harness.hunt.probe import SYMBOLS
from harness.records.case import Case, texts_of
from harness.text import check

_HAN = "[\u4e00-\u9fff]"
_SIGN = "(?:" + "|".join(map(re.escape, sorted(SYMBOLS, key=len, reverse=True))) + ")"
_CHARS = re.escape("".join(sorted(set("".join(SYMBOLS)))))
_SYMBOL = re.compile(f"(?<=[^{_CHARS}]){_SIGN}(?=[^{_CHARS}])")
"""Between two parts, not at an edge of the string."""


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
    noise: float = 0.0
    """In what share of calls any string is damaged, whatever the rule."""


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
        _spaced(r"(?<!-)-(?=\d{3})"),
        "a-111",
        "fails when the symbol is '-' and at least 3 digits follow the symbol",
    ),
    HiddenRule(
        "between Chinese characters",
        _spaced(f"(?<={_HAN}){_SIGN}(?={_HAN})"),
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
        _spaced("(?<=[A-Z])/(?!/)"),
        "A/a",
        "fails when the symbol is '/' and capital letters precede the symbol",
    ),
    HiddenRule(
        "a leading zero behind the symbol",
        _spaced(_SIGN + r"(?=0\d)"),
        "a-01",
        "fails when at least 2 digits with a leading zero follow the symbol",
    ),
    HiddenRule(
        "a string that is said twice",
        _if(lambda target, prompt: len(re.findall(re.escape(target) + "(?!7)", prompt)) > 1),
        "a-a",
        "fails when the string is twice in the prompt",
        odd=("times",),
    ),
    HiddenRule(
        "a sign at the end of the string",
        lambda target, prompt: f"{target[:-1]} {target[-1]}" if re.search(f"{_SIGN}$", target) else target,
        "a-a-",
        "fails when the string ends with a symbol",
    ),
    HiddenRule(
        "two strings in one prompt",
        _if(lambda target, prompt: "Do the same" in prompt or "照样处理" in prompt),
        "a-a",
        "fails when the string is asked for with a second string",
        odd=("asked",),
    ),
    HiddenRule(
        "legitimate spaces are closed up",
        lambda target, prompt: re.sub(f" ({_SIGN}) ", r"\1", target),
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


def _all(test: Callable[[str], bool]) -> Callable[[str, str], str]:
    return _if(lambda target, prompt: test(target))


def _parts(target: str) -> list[str]:
    return _SYMBOL.split(target)


def _digits(target: str) -> list[str]:
    return re.findall(r"\d", target)


HELD_OUT = tuple(
    HiddenRule(name, damage, smallest, "", odd, chance)
    for name, damage, smallest, odd, chance in (
        ("a vowel before the symbol", _spaced("(?<=[aeiouAEIOU])[-/]"), "a-a", (), 1.0),
        ("a consonant behind the symbol", _spaced("[-/](?=[b-df-hj-np-tv-z])"), "a-b", (), 1.0),
        ("the string begins with a vowel", _all(lambda t: t[0] in "aeiouAEIOU"), "a-a", (), 1.0),
        ("the string begins with a digit", _all(lambda t: t[0].isdigit()), "1-a", (), 1.0),
        (
            "the string ends with a capital letter",
            _all(lambda t: t[-1] in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            "a-A",
            (),
            1.0,
        ),
        ("a repeated digit", _all(lambda t: len(_digits(t)) > len(set(_digits(t)))), "1-1", (), 1.0),
        ("two equal characters in a row", _all(lambda t: re.search(r"([^-/])\1", t) is not None), "a-aa", (), 1.0),
        ("equal parts", _all(lambda t: len(set(_parts(t))) == 1), "a-a", (), 1.0),
        ("an even number of digits", _all(lambda t: bool(_digits(t)) and len(_digits(t)) % 2 == 0), "1-1", (), 1.0),
        ("an odd number of digits", _all(lambda t: len(_digits(t)) % 2 == 1), "1-a", (), 1.0),
        ("no digit anywhere", _all(lambda t: not _digits(t)), "a-a", (), 1.0),
        ("at least four digits in all", _all(lambda t: len(_digits(t)) >= 4), "1-111", (), 1.0),
        ("both symbols", _all(lambda t: {"-", "/"} <= set(_SYMBOL.findall(t))), "a-a/a", (), 1.0),
        ("three symbols", _all(lambda t: len(_SYMBOL.findall(t)) >= 3), "a-a-a-a", (), 1.0),
        (
            "the first symbol of several",
            lambda t, p: _SYMBOL.sub(r" \g<0> ", t, count=1) if len(_parts(t)) > 2 else t,
            "a-a-a",
            (),
            1.0,
        ),
        ("the last symbol is a slash", _spaced("/(?=[^-/]*$)"), "a/a", (), 1.0),
        (
            "a part of one character before the symbol",
            _spaced("(?<![^-/])(?<=[^-/])[-/]|(?<=^[^-/])[-/]|(?<=[-/][^-/])[-/]"),
            "a-a",
            (),
            1.0,
        ),
        ("a capital on both sides", _spaced("(?<=[A-Z])[-/](?=[A-Z])"), "A-A", (), 1.0),
        ("a digit before and a small letter behind", _spaced(r"(?<=\d)[-/](?=[a-z])"), "1-a", (), 1.0),
        (
            "two scripts at the symbol",
            _spaced(f"(?<={_HAN})[-/](?=[A-Za-z0-9])|(?<=[A-Za-z0-9])[-/](?={_HAN})"),
            "a-一",
            (),
            1.0,
        ),
        ("kana at the symbol", _spaced("(?<=[\u30a0-\u30ff])[-/]|[-/](?=[\u30a0-\u30ff])"), "a-ア", (), 1.0),
        ("Hangul before a slash", _spaced("(?<=[\uac00-\ud7a3])/"), "가/a", (), 1.0),
        (
            "small and capital letters in one string",
            _all(lambda t: any(c.islower() for c in t) and any(c.isupper() for c in t)),
            "a-A",
            (),
            1.0,
        ),
        (
            "at least ten characters before the last symbol",
            _all(lambda t: len(t.rpartition((_SYMBOL.findall(t) or ["-"])[-1])[0]) >= 10),
            "aaaaaaaaaa-a",
            (),
            1.0,
        ),
        ("an even length", _all(lambda t: len(t) % 2 == 0), "a-aa", (), 1.0),
        ("a string in brackets", _if(lambda t, p: f"({t})" in p), "a-a", ("frame",), 1.0),
        (
            "the Chinese prompt",
            _if(lambda t, p: re.search(_HAN, p.replace(t, "")) is not None and "label" not in p),
            "a-a",
            ("language",),
            1.0,
        ),
        ("a digit five", _all(lambda t: "5" in t), "a-5", (), 1.0),
        ("in 10 % of calls", _all(lambda t: True), "a-a", (), 0.1),
        ("three digits before a hyphen in half of the calls", _spaced(r"(?<=\d{3})-"), "111-a", (), 0.5),
    )
)
"""Rules that the list above does not have. What is stated of them is compared on other strings; no words are pinned."""


def _never(target: str, prompt: str) -> str:
    return target


NOISY = (
    HiddenRule("1 % of calls, bound to no string", _never, "", "", noise=0.01),
    HiddenRule("5 % of calls, bound to no string", _never, "", "", noise=0.05),
    HiddenRule("30 % of calls, bound to no string", _never, "", "", noise=0.3),
    HiddenRule("in tables", RULES[4].damage, "", "", odd=("task",)),
    HiddenRule("in tables, in half of the calls", RULES[4].damage, "", "", odd=("task",), chance=0.5),
    HiddenRule("in tables, and 3 % of all calls", RULES[4].damage, "", "", odd=("task",), noise=0.03),
    HiddenRule("three digits after the hyphen", RULES[0].damage, "", ""),
    HiddenRule("three digits after the hyphen, in half of the calls", RULES[0].damage, "", "", chance=0.5),
    HiddenRule("a digit 5, and 3 % of all calls", _all(lambda t: "5" in t), "", "", noise=0.03),
    HiddenRule("few strings: Han before the hyphen, three digits behind", RULES[-1].damage, "", ""),
    HiddenRule("few strings, and 1 % of all calls", RULES[-1].damage, "", "", noise=0.01),
)
"""What a hunt could be wrong about: failures that no rule has, rules that strike now and then, rules of few strings.
`odd` is not empty where the rule is about the prompt.
"""


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
        sources = texts_of(case.messages)
        answers = list(case.targets)
        rule = self._rule
        drawn = random.Random(f"{self._seed} {case.digest} {sample}").random()
        if rule is not None and drawn < rule.chance:
            answers = [rule.damage(target, "\n".join(sources)) for target in case.targets]
        if rule is not None and random.Random(f"noise {self._seed} {case.digest} {sample}").random() < rule.noise:
            answers = [_SYMBOL.sub(r" \g<0> ", target) for target in case.targets]
        output = f"It reads {' , and beside it '.join(answers)} ."
        if case.channel != "text":
            output = json.dumps({"labels": answers}, ensure_ascii=False)
        found = check(sources, output, case.targets, channel=case.channel)
        hurt = [target for target in case.targets if found.verdicts[target] not in ("verbatim", "absent")]
        target = hurt[0] if hurt else case.targets[0]
        verdict = found.verdicts[target]
        outcome = {"verbatim": "aligned", "absent": "omitted"}.get(verdict, "damaged")
        worst = next((m for m in found.mentions[target] if m.verdict == verdict), None)
        if outcome == "omitted" and (cut := cut_at_an_edge(target, output)) is not None:
            return Sighting("damaged", "altered", ("dropped",), cut, output=output)
        return Sighting(
            outcome=outcome,  # type: ignore[arg-type]
            verdict=verdict,
            damage=worst.damage if worst else (),
            mention=worst.text if worst else "",
            target="" if target == case.targets[0] else target,
            output=output,
        )
