"""The standing of one case on one metric: the unit that every verdict counts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from harness.decisions.metrics import METRICS, in_headline
from harness.records.policy import METRIC_DIRECTIONS, Rule
from harness.records.run import CaseResult, RunRecord

Standing = Literal["good", "bad", "unscored"]


_BEARS: dict[str, Callable[[CaseResult], bool]] = {
    "unscored_rate": lambda case: True,
    "check_rate": lambda case: not case.targets,
    "mention_rate": lambda case: bool(case.required),
    "delivered_rate": lambda case: case.channel == "tool",
    "over_correction_rate": lambda case: any(any(map(str.isspace, target)) for target in case.targets),
}
"""Whether a case would count for the metric if it had a usable answer; for all others, one with targets would."""


def standing(metric: str, case: CaseResult) -> Standing | None:
    """Good or bad, over all samples of the case together; None when the case has no part in the metric.

    A metric that counts several things in a case (required targets) is good only if all of them are: the
    case is the unit of evidence, and its targets and samples are one cluster.
    """
    bears = _BEARS.get(metric)
    if not (case.targets if bears is None else bears(case)):
        return None
    if case.outcome == "unscored" and (metric != "unscored_rate" or not case.samples):
        return "unscored"
    k, n = METRICS[metric]((case,))
    if n == 0:
        return None
    good = k == n if METRIC_DIRECTIONS[metric] == "higher" else k == 0
    return "good" if good else "bad"


def in_slice(rule: Rule, case: CaseResult) -> bool:
    """Whether the rule looks at this case. Exposure is that of the candidate, whose case this is."""
    return (
        (rule.exposure is None or case.exposure == rule.exposure)
        and (rule.domain is None or case.domain == rule.domain)
        and (rule.suite is None or case.suite == rule.suite)
        and (rule.tag is None or rule.tag in case.tags)
        and (rule.language is None or case.language == rule.language)
    )


def standings(metric: str, cases: Iterable[CaseResult]) -> dict[str, Standing]:
    """Standing by case key, of the cases that have a part in the metric."""
    return standings_by_name(metric, {case.key: case for case in cases})


def standings_by_name(metric: str, cases: Mapping[str, CaseResult]) -> dict[str, Standing]:
    """The same of cases under the names that they are given here."""
    counted = {id(case) for case in in_headline(metric, cases.values())}
    return {
        name: value
        for name, case in cases.items()
        if id(case) in counted and (value := standing(metric, case)) is not None
    }


@dataclass(frozen=True, slots=True)
class Pairing:
    """The cases of two runs by key: those that pair, and why the others do not."""

    keys: tuple[str, ...]
    only_new: tuple[str, ...]
    only_old: tuple[str, ...]
    changed: tuple[str, ...]
    """The same id with another prompt, other targets or other checks."""
    resampled: tuple[str, ...]
    """The same case with another number of samples: pass^n of unequal n does not compare."""

    @property
    def complete(self) -> bool:
        return not (self.only_new or self.only_old or self.changed or self.resampled)

    @property
    def reason(self) -> str:
        """Why the runs do not pair as a whole, in words; nothing when they do."""
        parts = [
            (self.only_new, "only in the candidate"),
            (self.only_old, "only in the baseline"),
            (self.changed, "with other content"),
            (self.resampled, "with another number of samples"),
        ]
        return ", ".join(f"{len(keys)} case{'s' * (len(keys) != 1)} {text} ({keys[0]})" for keys, text in parts if keys)


def pair(new: RunRecord, old: RunRecord) -> Pairing:
    """Match the cases of two runs by suite, id and content."""
    ours, theirs = by_key(new), by_key(old)
    shared = [key for key in ours if key in theirs]
    changed = [key for key in shared if ours[key].digest != theirs[key].digest]
    same = [key for key in shared if ours[key].digest == theirs[key].digest]
    resampled = [key for key in same if _unequal(ours[key], theirs[key])]
    return Pairing(
        keys=tuple(key for key in same if not _unequal(ours[key], theirs[key])),
        only_new=tuple(key for key in ours if key not in theirs),
        only_old=tuple(key for key in theirs if key not in ours),
        changed=tuple(changed),
        resampled=tuple(resampled),
    )


def under_own_suites(runs: Sequence[RunRecord]) -> list[RunRecord]:
    """The runs with each case of a selection, `NAME/suite.id`, under the key that it has in its suite, `suite/id`,
    where another of the runs asked the same case under another name; and any other case under the name that it has in
    the last of them, where its content tells which that is.
    """
    known: list[set[tuple[str, str]]] = []
    for run in runs:
        under_any = ((name, case.digest) for case in run.cases for name in (case.key, _own_name(case)) if name)
        known.append(set(under_any))
    everywhere = set(shared_by_all(runs))
    *others, last = (_renamed(run, everywhere, known[:at] + known[at + 1 :]) for at, run in enumerate(runs))
    return [*(_by_content(last, run) for run in others), last]


def _own_name(case: CaseResult) -> str:
    """`suite/id` of a case that is called `NAME/suite.id`; empty for others."""
    suite, dot, rest = case.id.partition(".")
    return f"{suite}/{rest}" if dot and suite and rest else ""


def _renamed(run: RunRecord, as_they_are: Collection[str], others: Sequence[Collection[tuple[str, str]]]) -> RunRecord:
    taken = {case.key for case in run.cases}

    def named(case: CaseResult) -> CaseResult:
        own = _own_name(case)
        if (
            not own
            or own in taken
            or case.key in as_they_are
            or not any((own, case.digest) in known for known in others)
        ):
            return case
        suite, _, rest = own.partition("/")
        return case.model_copy(update={"suite": suite, "id": rest})

    return run.model_copy(update={"cases": tuple(map(named, run.cases))})


def shared_by_all(runs: Sequence[RunRecord]) -> list[str]:
    """The keys of the cases (same id and content) that every run has."""
    first, *others = [by_key(run) for run in runs]
    return [
        key for key, case in first.items() if all(key in table and table[key].digest == case.digest for table in others)
    ]


def under_names_of(candidate: RunRecord, other: RunRecord) -> RunRecord:
    """The other run with the cases that pair with the candidate's under the candidate's names.

    A gate judges the candidate: its rules and slices speak of the suites that the candidate's cases are called by.
    """
    ours, theirs = under_own_suites([candidate, other])
    asked = {(own.key, own.digest): case for own, case in zip(ours.cases, candidate.cases, strict=True)}
    taken = {case.key for case in other.cases}

    def named(case: CaseResult) -> CaseResult:
        called = asked.get((case.key, case.digest))
        if called is None or called.key == case.key or called.key in taken:
            return case
        return case.model_copy(update={"suite": called.suite, "id": called.id})

    return _by_content(candidate, theirs.model_copy(update={"cases": tuple(map(named, theirs.cases))}))


def _by_content(reference: RunRecord, other: RunRecord) -> RunRecord:
    """The other run with the cases that the reference asks under another name under that name.

    Whoever renames a suite or a case, moves it to another suite, or gives cases other numbers, asks them all the
    same. Content that several cases without a partner of their own name have tells nothing. A case that another one
    took the name of is called after its run.
    """
    ours, theirs = ({(case.key, case.digest) for case in run.cases} for run in (reference, other))
    if ours == theirs:
        return other
    free = _once(case for case in reference.cases if (case.key, case.digest) not in theirs)
    moved = _once(case for case in other.cases if (case.key, case.digest) not in ours)
    names = {case.key: free[digest] for digest, case in moved.items() if digest in free}
    taken = {case.key for case in names.values()}

    def named(case: CaseResult) -> CaseResult:
        if (case.key, case.digest) in ours:
            return case
        if called := names.get(case.key):
            return case.model_copy(update={"suite": called.suite, "id": called.id})
        return case.model_copy(update={"id": f"{case.id} of {other.label}"}) if case.key in taken else case

    return other.model_copy(update={"cases": tuple(map(named, other.cases))}) if names else other


def _once(cases: Iterable[CaseResult]) -> dict[str, CaseResult]:
    """By content, those whose content no other of them has."""
    found: dict[str, list[CaseResult]] = {}
    for case in cases:
        found.setdefault(case.digest, []).append(case)
    return {digest: alike[0] for digest, alike in found.items() if len(alike) == 1}


def renamed(run: RunRecord, named: RunRecord) -> int:
    """How many cases of a run have another name here, one that a selection gives apart."""
    return sum(
        case.key not in (other.key, _own_name(other)) and not case.id.endswith(f" of {run.label}")
        for other, case in zip(run.cases, named.cases, strict=True)
    )


def by_key(run: RunRecord) -> Mapping[str, CaseResult]:
    """The cases of a run by `suite/id`."""
    return {case.key: case for case in run.cases}


def _unequal(ours: CaseResult, theirs: CaseResult) -> bool:
    # a case that was never asked has no samples, and is unscored whatever their number
    return bool(ours.samples and theirs.samples) and len(ours.samples) != len(theirs.samples)


def same_run(old: RunRecord, new: RunRecord) -> str:
    """Why two records cannot differ: they are one, or hold the very same answers. Empty for two runs."""
    if (old.label, old.run_id) == (new.label, new.run_id):
        return f"Both are the same run, {old.run_id}: nothing can differ."
    before, after = _answers_of(old), _answers_of(new)
    if before and before == after:
        return f"{old.label} and {new.label} hold the same answers, made at the same moments: nothing can differ."
    return ""


def _answers_of(run: RunRecord) -> list[tuple[str, int, str, str, float]]:
    """Those that carry a moment. Two runs of a model that always answers alike have moments and latencies of their own:
    answers of a fast endpoint may all fall into one second."""
    return sorted(
        (case.digest, sample.sample, sample.output, sample.recorded_at, sample.latency_s or 0.0)
        for case in run.cases
        for sample in case.samples
        if sample.recorded_at is not None
    )
