"""How much of a case a model version has met in training."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from harness.records import lean
from harness.records.case import Case, domain_name
from harness.records.run import CaseResult, Exposure, Outcome, SampleResult
from harness.text.characters import blocks_after, blocks_before, is_latin_or_digit


def find_leaks(training_texts: Iterable[str], strings: Iterable[str]) -> set[str]:
    """Those of `strings` that a text holds as a token of their own: whoever learns `ZX-2/B` has not met `2/B`.

    The boundary rule of the checker applies as well: `TCP/IPv6` does not hold `TCP/IP`, nor `C-75` the number `-7`.
    Time is linear in the length of the texts (Aho and Corasick 1975), plus one look at each occurrence.
    """
    return _found(training_texts, strings, _is_whole_token)


def find_mentions(texts: Iterable[str], strings: Iterable[str]) -> set[str]:
    """Those of `strings` that a text mentions, code point for code point, parts of longer tokens included."""
    return _found(texts, strings, _stands_at)


def _found(texts: Iterable[str], strings: Iterable[str], counts: Callable[[str, int, str], bool]) -> set[str]:
    wanted = frozenset(string for string in strings if string)
    if not wanted:
        return set()
    automaton = _automaton(wanted)
    met: set[str] = set()
    for text in texts:
        for start, string in automaton.occurrences(text):
            if string not in met and counts(text, start, string):
                met.add(string)
        if len(met) == len(wanted):
            break
    return met


_JOINS = frozenset("-/_.\\@")
"""With one of these and a Latin letter or digit beyond it, a token goes on. Words of CJK text may be a sentence."""


def _is_whole_token(text: str, start: int, string: str) -> bool:
    end = start + len(string)
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    goes_on = len(after) == 2 and after[0] in _JOINS and is_latin_or_digit(after[1])
    began_before = len(before) == 2 and before[1] in _JOINS and is_latin_or_digit(before[0])
    return not goes_on and not began_before and _stands_at(text, start, string)


def _stands_at(text: str, start: int, string: str) -> bool:
    end = start + len(string)
    return not blocks_before(text, start, string[0]) and not blocks_after(text, end, string[-1])


class _Automaton:
    """A trie of the strings whose failure links lead to the longest proper suffix that is also a prefix."""

    def __init__(self, strings: Iterable[str]) -> None:
        self._next: list[dict[str, int]] = [{}]
        self._ends: list[str | None] = [None]
        for string in strings:
            node = 0
            for char in string:
                if char not in self._next[node]:
                    self._next[node][char] = len(self._next)
                    self._next.append({})
                    self._ends.append(None)
                node = self._next[node][char]
            self._ends[node] = string
        self._fail = [0] * len(self._next)
        self._shorter = [0] * len(self._next)
        self._link()

    def _link(self) -> None:
        queue = deque(self._next[0].values())
        while queue:
            node = queue.popleft()
            fail = self._fail[node]
            self._shorter[node] = fail if self._ends[fail] is not None else self._shorter[fail]
            for char, child in self._next[node].items():
                self._fail[child] = self._step(self._fail[node], char)
                queue.append(child)

    def _step(self, node: int, char: str) -> int:
        while node and char not in self._next[node]:
            node = self._fail[node]
        return self._next[node].get(char, 0)

    def occurrences(self, text: str) -> Iterable[tuple[int, str]]:
        """(start, string) of every occurrence, overlapping ones included, by their ends."""
        node = 0
        for place, char in enumerate(text, start=1):
            node = self._step(node, char)
            hit = node if self._ends[node] is not None else self._shorter[node]
            while hit:
                string = self._ends[hit]
                assert string is not None
                yield place - len(string), string
                hit = self._shorter[hit]


@lru_cache(maxsize=4)
def _automaton(strings: frozenset[str]) -> _Automaton:
    """The same strings are looked for in each sample of a training set; to link 400 of them takes a millisecond."""
    return _Automaton(strings)


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a version was trained on: texts of its files, and the domains and cases that are named beside them."""

    texts: tuple[str, ...] = ()
    domains: frozenset[str] = frozenset()
    cases: frozenset[str] = frozenset()


NOTHING_LEARNT = Learnt()


def exposure(case: Case, learnt: Learnt) -> Exposure:
    """`seen`: the case or a target is in the training. `trained`: its domain is. Else `untrained`."""
    # a run of a selection names its cases `suite.id`
    if learnt.cases and not learnt.cases.isdisjoint((case.key, case.id.replace(".", "/", 1))):
        return "seen"
    text = _joined(learnt.texts)
    # almost no target is there: a plain search says so at the speed of C, the boundary rule is for the rest
    if find_leaks((text,), [target for target in case.targets if target in text]):
        return "seen"
    return "trained" if domain_name(case.domain) in learnt.domains else "untrained"


@lru_cache(maxsize=8)
def _joined(training_texts: tuple[str, ...]) -> str:
    return "\n".join(training_texts)


def pending(case: Case, exposure: Exposure = "untrained") -> CaseResult:
    """The case without samples and `unscored`: for curtailment, and for planning before a first run."""
    return judged(case, exposure, messages=case.messages, outcome="unscored", samples=())


def judged(
    case: Case,
    exposure: Exposure,
    *,
    messages: tuple[dict[str, Any], ...],
    outcome: Outcome,
    samples: tuple[SampleResult, ...],
) -> CaseResult:
    """The case with what became of it; `messages` are those that were sent."""
    return lean(
        CaseResult(
            suite=case.suite,
            id=case.id,
            domain=case.domain,
            language=case.language,
            task=case.task,
            tags=case.tags,
            symbols=case.symbols,
            exposure=exposure,
            digest=case.digest,
            messages=messages,
            targets=case.targets,
            required=case.required,
            channel=case.channel,
            outcome=outcome,
            samples=samples,
        ),
        messages=messages,
        targets=case.targets,
        required=case.required,
    )
