"""Every rate of the product as counts over cases. One definition each; faces and verdicts only read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from harness.records.case import NOT_IN_HEADLINE
from harness.records.run import CaseResult, Outcome, SampleResult

if TYPE_CHECKING:
    import sqlite3


_FOUND = "SELECT :target = :mention OR :target LIKE '%' || :mention || '%'"
"""By name: numbered places with a sequence are an error in Python 3.14."""


@lru_cache(maxsize=4096)
def finds(mention: str, target: str) -> bool:
    """Whether SQLite finds the row of `target` by `mention`, with `=` or with `LIKE '%mention%'`.

    https://www.sqlite.org/lang_expr.html#like: it ignores the case of ASCII letters, and `_` and `%` match others,
    as in most search fields that were built on it.
    """
    if not mention:
        return False
    if mention == target:
        return True
    import sqlite3  # here, since a replay needs all other metrics and never this one

    try:
        row = _database().execute(_FOUND, {"target": target, "mention": mention}).fetchone()
    except (sqlite3.Error, UnicodeEncodeError):  # too long a pattern, a lone surrogate: no search field takes it
        return False
    return bool(row[0])


@cache
def _database() -> sqlite3.Connection:
    import sqlite3

    return sqlite3.connect(":memory:", check_same_thread=False)


Cases = Iterable[CaseResult]


class WithOutcome(Protocol):
    """A case as the headline counts it."""

    @property
    def targets(self) -> tuple[str, ...]: ...

    @property
    def outcome(self) -> Outcome: ...


class Count(NamedTuple):
    """k of n. `n == 0` is "no data", never 0 % or 100 %."""

    k: int
    n: int

    @property
    def rate(self) -> float | None:
        """k / n, or None without data."""
        return self.k / self.n if self.n else None


def alignment_rate(cases: Iterable[WithOutcome]) -> Count:
    """aligned / (aligned + damaged + omitted + failed), over cases with targets."""
    scored = [case.outcome for case in cases if case.targets and case.outcome != "unscored"]
    return Count(scored.count("aligned"), len(scored))


def fidelity(cases: Cases) -> Count:
    """Among scored cases with a mention, those whose mentions are all verbatim."""
    k = n = 0
    for case in cases:
        if not case.targets or case.outcome == "unscored":
            continue
        verdicts = [verdict for sample in case.samples for verdict in sample.verdicts.values()]
        mentioned = [verdict for verdict in verdicts if verdict != "absent"]
        if mentioned:
            n += 1
            k += all(verdict == "verbatim" for verdict in mentioned)
    return Count(k, n)


def mention_rate(cases: Cases) -> Count:
    """Share of required targets that are mentioned in all scored samples of their case, which are one cluster."""
    counts = mention_counts(cases)
    return Count(sum(one.k for one in counts), sum(one.n for one in counts))


def mention_counts(cases: Cases) -> list[Count]:
    """`mention_rate` case by case: the targets of one case tend to be mentioned or left out together."""
    found = []
    for case in cases:
        scored = [sample for sample in case.samples if sample.outcome != "unscored"]
        if scored:
            k = sum(all(_is_mentioned(sample, one) for sample in scored) for one in case.required)
            found.append(Count(k, len(case.required)))
    return found


def _is_mentioned(sample: SampleResult, target: str) -> bool:
    return sample.verdicts.get(target, "absent") != "absent" or target in sample.within


def over_correction_rate(cases: Cases) -> Count:
    """Over scored cases whose targets hold legitimate spaces, the share with `closed-up` damage."""
    k = n = 0
    for case in cases:
        spaced = [target for target in case.targets if any(map(str.isspace, target))]
        if not spaced or case.outcome == "unscored":
            continue
        n += 1
        k += any(
            mention.is_damage and "closed-up" in mention.damage
            for sample in case.samples
            for target in spaced
            for mention in sample.mentions.get(target, ())
        )
    return Count(k, n)


def search_hit_rate(cases: Cases) -> Count:
    """Over scored cases with a mention, those whose targets all come up when any of their mentions is searched for."""
    k = n = 0
    for case in cases:
        pasted = [
            (mention.text, target)
            for sample in case.samples
            if sample.outcome != "unscored"
            for target, mentions in sample.mentions.items()
            for mention in mentions
            if not mention.is_note
        ]
        if pasted and case.outcome != "unscored":
            n += 1
            k += all(finds(mention, target) for mention, target in pasted)
    return Count(k, n)


def check_rate(cases: Cases) -> Count:
    """passed / (passed + failed), over cases without targets (see `in_headline`)."""
    scored = [case.outcome for case in in_headline("check_rate", cases) if case.outcome != "unscored"]
    return Count(scored.count("passed"), len(scored))


def in_headline(metric: str, cases: Cases) -> list[CaseResult]:
    """The cases that a metric is about: for the check rate those without targets, else all.

    Cases of suites with `headline = false` count for the check rate only where there are no others, as in a slice or
    a run of their own: they ask something else, such as the form of a tale.
    """
    if metric != "check_rate":
        return list(cases)
    checked = [case for case in cases if not case.targets]
    return [case for case in checked if NOT_IN_HEADLINE not in case.tags] or checked


LEAST_OF_LANGUAGE = 40
"""Cases. Below it a rate of one language says more about which few cases there are than about the language."""


def small_languages(cases: Iterable[CaseResult]) -> frozenset[str]:
    """Languages that are not a slice of their own, where another language has `LEAST_OF_LANGUAGE` cases or more.

    A run without any such language is small as a whole, and its intervals say so.
    """
    sizes = Counter(case.language for case in cases)
    small = frozenset(name for name, size in sizes.items() if size < LEAST_OF_LANGUAGE)
    return small if len(small) < len(sizes) else frozenset()


def delivered_rate(cases: Cases) -> Count:
    """Over scored cases with tools, those whose server returned a call each time: one written as text is not one.

    Whether the strings in the call are right is the alignment rate's to say, however the call came.
    """
    called = [
        all(sample.tool_calls and not sample.call_in_text for sample in case.samples)
        for case in cases
        if case.channel == "tool" and case.outcome != "unscored"
    ]
    return Count(sum(called), len(called))


def unscored_rate(cases: Cases) -> Count:
    """Cases without a usable answer, over the cases that were asked; one that was never asked is not unscored."""
    outcomes = [case.outcome for case in cases if case.samples]
    return Count(outcomes.count("unscored"), len(outcomes))


def answered_rate(cases: Cases) -> Count:
    """Cases with targets that have a usable answer, over those that were asked: shown beside every headline."""
    outcomes = [case.outcome for case in cases if case.targets and case.samples]
    return Count(len(outcomes) - outcomes.count("unscored"), len(outcomes))


MOST_UNSCORED = 0.05
"""With a larger share of cases unscored, rates are not comparable: what is not answered may not raise them."""


METRICS: dict[str, Callable[[Cases], Count]] = {
    "alignment_rate": alignment_rate,
    "fidelity": fidelity,
    "mention_rate": mention_rate,
    "over_correction_rate": over_correction_rate,
    "search_hit_rate": search_hit_rate,
    "check_rate": check_rate,
    "delivered_rate": delivered_rate,
    "unscored_rate": unscored_rate,
}
"""Registry: a policy names its metrics by these names."""
