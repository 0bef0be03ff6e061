"""Where new failures are, and whether a slice was made by looking at them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.decisions.metrics import small_languages
from harness.decisions.standing import Pairing, by_key, standings
from harness.records.run import GOOD, CaseResult, RunRecord
from harness.statistics.paired import Crowd, crowding

CROWD_LEVEL = 0.01
"""p-value up to which newly broken cases in one slice are a caution."""

_WORST = 3
_SELECTED = 3.3
"""Standard errors: one chance in two thousand that training touched so many more of the failing cases by itself."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The newly broken cases of one slice: right in the baseline, wrong in the candidate, unscored in neither."""

    slice: str
    cases: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Concentration:
    """All newly broken cases, the slices that hold most of them, and the one in which they crowd most, if any."""

    broken: tuple[str, ...]
    pairs: int
    worst: tuple[Broken, ...]
    crowd: Crowd | None

    @property
    def significant(self) -> bool:
        """Whether the crowd is too large for chance."""
        return self.crowd is not None and self.crowd.p_value <= CROWD_LEVEL


def concentration(candidate: RunRecord, baseline: RunRecord, pairing: Pairing) -> Concentration:
    """Newly broken cases by slice: domain, task, language, kind of symbol, suite."""
    theirs, ours = by_key(baseline), by_key(candidate)
    cases = [ours[key] for key in pairing.keys if "unscored" not in (ours[key].outcome, theirs[key].outcome)]
    marked = [place for place, case in enumerate(cases) if _good(theirs[case.key]) and not _good(case)]
    places = slices_of(cases)
    crowd = crowding(places, marked, len(cases)) if cases else None
    return Concentration(tuple(cases[place].key for place in marked), len(cases), _worst(places, marked, cases), crowd)


def failing(candidate: RunRecord) -> tuple[Broken, ...]:
    """The three slices that hold most of the failing cases, where there is no baseline to be worse than."""
    cases = [case for case in candidate.cases if case.outcome != "unscored"]
    marked = [place for place, case in enumerate(cases) if not _good(case)]
    return _worst(slices_of(cases), marked, cases)


def slices_of(cases: Sequence[CaseResult]) -> dict[str, list[int]]:
    """Positions of the cases by `domain=...`, `task=...`, `language=...`, `kind=...` and `suite=...`."""
    found: dict[str, list[int]] = {}
    for place, case in enumerate(cases):
        for name in _names(case):
            found.setdefault(name, []).append(place)
    for language in small_languages(cases):
        del found[f"language={language}"]
    return found


def _names(case: CaseResult) -> Iterator[str]:
    yield f"domain={case.domain}"
    yield f"task={case.task}"
    yield f"language={case.language}"
    if case.targets:
        yield f"kind={case.symbols}"
    yield f"suite={case.suite}"


def _good(case: CaseResult) -> bool:
    return case.outcome in GOOD


def _worst(
    places: Mapping[str, Sequence[int]], marked: Iterable[int], cases: Sequence[CaseResult]
) -> tuple[Broken, ...]:
    """The three slices with the largest share of newly broken cases for their number; each broken case in one only."""
    left, total = set(marked), len(cases)
    found: list[Broken] = []
    while left and len(found) < _WORST:
        share = len(left) / total

        def excess(name: str, share: float = share) -> float:
            size = len(places[name])
            return (len(left.intersection(places[name])) - size * share) / math.sqrt(size)

        best = max(sorted(places), key=excess)
        hit = sorted(left.intersection(places[best]))
        if not hit:
            break
        found.append(Broken(best, tuple(cases[place].key for place in hit), len(places[best])))
        left.difference_update(hit)
    return tuple(found)


def selected_by_outcome(candidate: RunRecord, versions: Iterable[RunRecord]) -> str | None:
    """The version whose failures chose what the candidate was trained on; None if none did.

    Within domains, were the cases that count as trained failing more often in that version than those left untrained?
    (Mantel–Haenszel: training on whole domains does not show here.) What is left untrained is then no sample of
    anything: every failing case may have been taken out of it.
    """
    trained = {case.key: case.exposure != "untrained" for case in candidate.cases if case.targets}
    for run in versions:
        if run.label == candidate.label or any(case.exposure != "untrained" for case in run.cases):
            continue
        tables: dict[str, list[int]] = {}
        found = standings("alignment_rate", run.cases)
        for case in run.cases:
            if case.key in trained and found.get(case.key, "unscored") != "unscored":
                table = tables.setdefault(case.domain, [0, 0, 0, 0])
                table[2 * (not trained[case.key]) + (found[case.key] == "good")] += 1
        if _mantel_haenszel(tables.values()) > _SELECTED:
            return run.label
    return None


def _mantel_haenszel(tables: Iterable[Sequence[int]]) -> float:
    """Standardised excess of the first cell over all two by two tables."""
    excess = variance = 0.0
    for bad_trained, good_trained, bad_left, good_left in tables:
        n = bad_trained + good_trained + bad_left + good_left
        trained, bad = bad_trained + good_trained, bad_trained + bad_left
        if n > 1:
            excess += bad_trained - trained * bad / n
            variance += trained * (n - trained) * bad * (n - bad) / (n * n * (n - 1))
    return excess / math.sqrt(variance) if variance > 0 else 0.0
