"""What changed from one run to another, on the cases that both have; and several versions side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.decisions.latency import LatencyComparison
from harness.decisions.metrics import METRICS, Count, alignment_rate, small_languages
from harness.decisions.run_summary import Resources, RunSummary
from harness.decisions.standing import (
    Pairing,
    by_key,
    pair,
    renamed,
    same_run,
    shared_by_all,
    standings,
    under_own_suites,
)
from harness.records.case import HELD_OUT
from harness.records.policy import METRIC_DIRECTIONS
from harness.records.run import GOOD, CaseResult, MentionRecord, RunRecord
from harness.statistics.paired import Gain, GapTest, gap_test, mcnemar_exact, tango
from harness.statistics.rates import (
    ASSUMED_CORRELATION,
    LEAST_DOMAINS,
    Answers,
    Size,
    benjamini_hochberg,
    informative_changes,
    pooled_correlation,
    size_of,
)

_SEVERITY = ("damaged", "omitted", "failed", "unscored")
"""Newly damaged cases come first: they are what a promotion would break."""

SIGNIFICANT = 0.05
"""q-value up to which a slice is pointed out."""
MOST_FALLEN = 3
MOST_SURE = 6

_RANK = ("verbatim", "spaced", "lookalike", "altered", "corrupted")


@dataclass(frozen=True, slots=True)
class Flip:
    """A case that changed. `target` and the texts are those of its worst mention; empty where nothing was said, and for
    a case that is held out of training, whose strings no page shows.

    Texts are model output as it came: faces must make them visible before they print them.
    """

    key: str
    kind: str
    """`newly damaged`, `newly omitted` ..., `fixed`, or `changed` from one failure to another."""
    old: str
    new: str
    exposure: str
    domain: str
    target: str = ""
    old_text: str = ""
    new_text: str = ""
    damage: tuple[str, ...] = ()

    @property
    def worse(self) -> bool:
        return self.kind.startswith("newly")


def flips(before: Sequence[CaseResult], after: Sequence[CaseResult]) -> tuple[Flip, ...]:
    """All changes of outcome among paired cases in the same order; worst first, then by key."""
    found = [_flip(old, new) for old, new in zip(before, after, strict=True) if old.outcome != new.outcome]
    return tuple(sorted(found, key=lambda flip: (_order(flip), flip.key)))


def _order(flip: Flip) -> int:
    if flip.kind == "fixed":
        return 2 * len(_SEVERITY)
    return _SEVERITY.index(flip.new) + (0 if flip.worse else len(_SEVERITY))


def _flip(old: CaseResult, new: CaseResult) -> Flip:
    if new.outcome in GOOD:
        kind = "fixed"
    elif old.outcome in GOOD:
        kind = f"newly {new.outcome}"
    else:
        kind = "changed"
    if HELD_OUT in new.tags:
        return Flip(new.key, kind, old.outcome, new.outcome, new.exposure, new.domain)
    shown = old if kind == "fixed" else new
    target, mention = _worst(shown)
    other = _mention_of(new if kind == "fixed" else old, target)
    texts = (mention, other) if kind == "fixed" else (other, mention)
    return Flip(
        key=new.key,
        kind=kind,
        old=old.outcome,
        new=new.outcome,
        exposure=new.exposure,
        domain=new.domain,
        target=target,
        old_text=texts[0].text if texts[0] else "",
        new_text=texts[1].text if texts[1] else "",
        damage=mention.damage if mention else (),
    )


def _worst(case: CaseResult) -> tuple[str, MentionRecord | None]:
    """The target that fails worst with the mention that shows it; an absent one has none."""
    worst: tuple[int, str, MentionRecord | None] = (-1, "", None)
    for sample in case.samples:
        for target in case.targets:
            if sample.verdicts.get(target) == "absent" and target in case.required and worst[0] < 1:
                worst = (0, target, None)
            for mention in sample.mentions.get(target, ()):
                rank = _rank(mention)
                if rank > worst[0] and rank > 0:
                    worst = (rank, target, mention)
    return worst[1], worst[2]


def _mention_of(case: CaseResult, target: str) -> MentionRecord | None:
    found = [mention for sample in case.samples for mention in sample.mentions.get(target, ())]
    return max(found, key=_rank, default=None)


def _rank(mention: MentionRecord) -> int:
    return _RANK.index(mention.verdict) if mention.is_damage and mention.verdict in _RANK else 0


COMPARED = ("alignment_rate", "fidelity", "search_hit_rate", "mention_rate", "over_correction_rate", "check_rate")


@dataclass(frozen=True, slots=True)
class Change:
    """One metric over the cases that have a part in it in both runs, so that `new` - `old` is the difference.

    Without such a case `old` and `new` are what the metric counts in each. The difference, its Tango 95 % interval and
    the exact McNemar p-value are over pairs of cases: `better` and `worse` of `pairs`. None without a pair. The
    interval is taken at the effective number of pairs by domain where there are twenty domains (`size`), the p-value is
    over cases alone.
    """

    metric: str
    old: Count
    new: Count
    pairs: int
    better: int
    worse: int
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    size: Size | None = None

    @property
    def few_changed(self) -> bool:
        """Whether the interval leaves out 0 and the exact p does not: four pairs, all worse, have p 0.125.

        The score interval is an approximation; where few cases changed it is too narrow.
        """
        return self._apart is True

    @property
    def by_domains(self) -> bool:
        """Whether the interval holds 0 and the p-value is small: the cases of few domains changed together."""
        return self._apart is False

    @property
    def _apart(self) -> bool | None:
        """Whether the interval alone leaves out 0; None where interval and p-value agree."""
        if self.low is None or self.high is None or self.p_value is None:
            return None
        outside = self.low > 0 or self.high < 0
        return outside if outside == (self.p_value > SIGNIFICANT) else None


@dataclass(frozen=True, slots=True)
class SliceChange:
    """The alignment rate of one slice. `q_value` is the p-value adjusted for all the slices shown."""

    dimension: str
    value: str
    change: Change
    q_value: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """From `old` to `new`. All rates are over `answered`, the cases of `pairing.keys` that both answered."""

    old: RunSummary
    new: RunSummary
    pairing: Pairing
    answered: tuple[str, ...]
    changes: tuple[Change, ...]
    slices: tuple[SliceChange, ...]
    flips: tuple[Flip, ...]
    old_resources: Resources
    new_resources: Resources
    latency: LatencyComparison | None = None
    """Put in by whoever has measurements of both versions at hand: they are runs of their own."""
    same: str = ""
    """Why nothing can differ, as a sentence; empty for two runs."""
    renamed: int = 0
    """Cases that had another name in the old run, and pair by what they ask."""


def compare(old: RunRecord, new: RunRecord) -> Comparison:
    """Compare two runs, on the cases that both answered.

    A case of a selection pairs with the same case of its suite, and one that was renamed by its content. Cases that
    only one has, or that changed, are left out and listed in `pairing`.
    """
    as_it_was = old
    old, new = under_own_suites([old, new])
    pairing = pair(new, old)
    theirs, ours = by_key(old), by_key(new)
    before = [theirs[key] for key in pairing.keys]
    after = [ours[key] for key in pairing.keys]
    answered = answered_by_all([old, new], pairing.keys)
    both_before, both_after = [theirs[key] for key in answered], [ours[key] for key in answered]
    return Comparison(
        old=RunSummary.of(old),
        new=RunSummary.of(new),
        pairing=pairing,
        answered=answered,
        changes=tuple(change(metric, both_before, both_after) for metric in COMPARED),
        slices=_slices(both_before, both_after),
        flips=flips(before, after),
        old_resources=Resources.of(before, old.currency),
        new_resources=Resources.of(after, new.currency),
        same=same_run(old, new),
        renamed=renamed(as_it_was, old),
    )


def answered_by_all(runs: Sequence[RunRecord], keys: Iterable[str]) -> tuple[str, ...]:
    """Those of the keys whose case is scored in every run.

    Rates side by side count these alone: a version that leaves its hard cases unanswered must not look better for it.
    """
    tables = [by_key(run) for run in runs]
    return tuple(key for key in keys if all(table[key].outcome != "unscored" for table in tables))


def change(metric: str, before: Sequence[CaseResult], after: Sequence[CaseResult]) -> Change:
    """One metric on paired cases, given in the same order."""
    old, new = standings(metric, before), standings(metric, after)
    shared = [key for key in new if key in old and "unscored" not in (new[key], old[key])]
    better = sum((old[key], new[key]) == ("bad", "good") for key in shared)
    worse = sum((old[key], new[key]) == ("good", "bad") for key in shared)
    if not shared:
        return Change(metric, METRICS[metric](before), METRICS[metric](after), 0, 0, 0, None, None, None, None)
    counted = "bad" if METRIC_DIRECTIONS[metric] == "lower" else "good"
    was, now = (Count(sum(each[key] == counted for key in shared), len(shared)) for each in (old, new))
    domains = {case.key: case.domain for case in after}
    gains = [(float((new[key] == "good") - (old[key] == "good")), domains[key]) for key in shared]
    size = _size(gains)
    share = size.effective / len(shared)
    interval = tango(better * share, worse * share, size.effective)
    assert interval is not None, "there are pairs"
    estimate, low, high = (better - worse) / len(shared), interval.low, interval.high
    if METRIC_DIRECTIONS[metric] == "lower":
        estimate, low, high = -estimate, -high, -low
    p_value = mcnemar_exact(better, worse)
    return Change(metric, was, now, len(shared), better, worse, estimate, low, high, p_value, size)


def _size(gains: Answers) -> Size:
    """By domain where there are twenty; the correlation is that of these differences, or 0.05 where they are few."""
    by_domain = len({domain for _, domain in gains}) >= LEAST_DOMAINS
    found = pooled_correlation([gains]) if by_domain and informative_changes(gains) else None
    correlation = ASSUMED_CORRELATION if found is None else found
    return size_of([(1, domain) for _, domain in gains], correlation, by_domain=by_domain)


def _slices(before: Sequence[CaseResult], after: Sequence[CaseResult]) -> tuple[SliceChange, ...]:
    old = {case.key: case for case in before}
    found = [
        SliceChange(dimension, value, change("alignment_rate", [old[case.key] for case in cases], cases), None)
        for (dimension, value), cases in sorted(_groups(after).items())
    ]
    found = [one for one in found if one.change.pairs]
    tested = [one.change.p_value for one in found if one.change.p_value is not None]
    return tuple(replace(one, q_value=q) for one, q in zip(found, benjamini_hochberg(tested), strict=True))


def telling_slices(slices: Sequence[SliceChange]) -> tuple[SliceChange, ...]:
    """The slices that a reader decides by: trained against untrained, the most fallen, the surest changes.

    With a hundred domains most slices hold a few cases and say nothing. Shown are all exposures, then the MOST_FALLEN
    whose rate fell most, then of those with a q-value of at most SIGNIFICANT the MOST_SURE that changed most.
    """
    exposures = [one for one in slices if one.dimension == "exposure"]
    others = [(one.change.difference or 0.0, one) for one in slices if one.dimension != "exposure"]
    by_change = sorted((pair for pair in others if pair[0]), key=lambda pair: pair[0])
    fallen = [one for difference, one in by_change if difference < 0][:MOST_FALLEN]
    by_size = sorted(by_change, key=lambda pair: -abs(pair[0]))
    sure = [one for _, one in by_size if one.q_value is not None and one.q_value <= SIGNIFICANT][:MOST_SURE]
    return tuple(dict.fromkeys([*exposures, *fallen, *sure]))


def _groups(cases: Sequence[CaseResult]) -> Mapping[tuple[str, str], list[CaseResult]]:
    groups: dict[tuple[str, str], list[CaseResult]] = {}
    for case in cases:
        for place in _places(case):
            groups.setdefault(place, []).append(case)
    for language in small_languages(cases):
        del groups["language", language]
    # a dimension with one value repeats the headline, and would only weaken the adjustment
    values = Counter(dimension for dimension, _ in groups)
    return {place: group for place, group in groups.items() if values[place[0]] > 1}


def _places(case: CaseResult) -> Iterator[tuple[str, str]]:
    yield "exposure", case.exposure
    yield "suite", case.suite
    yield "domain", case.domain
    yield "language", case.language
    yield "task", case.task
    yield "symbol", case.symbols


@dataclass(frozen=True, slots=True)
class Gap:
    """Alignment on trained minus untrained cases, by the exposure of one version."""

    trained: Count
    untrained: Count

    @property
    def difference(self) -> float | None:
        """None unless there are cases of both kinds."""
        if self.trained.rate is None or self.untrained.rate is None:
            return None
        return self.trained.rate - self.untrained.rate


@dataclass(frozen=True, slots=True)
class Option:
    """One column of the table. All rates are over the cases that every option has and answered."""

    run: RunSummary
    """With the version's own counts over everything that it was asked: its share answered, its own n."""
    answered: int
    """Cases that all options answered, those without targets included."""
    alignment: Count
    gap: Gap
    base: str | None
    base_gap: Gap | None
    """The same split of the same cases for the model this one is derived from, to see what is mere difficulty."""
    gain: GapTest | None
    """What was gained over the base on trained cases minus on untrained ones, within the suites that hold both.

    None without a base or without cases of both kinds.
    """
    rates: dict[str, Count]
    resources: Resources


def options(runs: Sequence[RunRecord]) -> tuple[Option, ...]:
    """The table, in the order given. Rates count the cases (same id and content) that all runs have and answered."""
    runs = under_own_suites(runs)
    shared = shared_by_all(runs)
    answered = answered_by_all(runs, shared)
    return tuple(_option(run, runs, shared, answered) for run in runs)


def in_the_way(runs: Sequence[RunRecord]) -> tuple[str, int] | None:
    """Where no case was answered by all: the run without which most cases were, by its label, and how many those are.

    None where some case was answered by all, and where no single run is in the way.
    """
    runs = under_own_suites(runs)
    if len(runs) < 3 or answered_by_all(runs, shared_by_all(runs)):
        return None
    left = []
    for number, run in enumerate(runs):
        others = [*runs[:number], *runs[number + 1 :]]
        left.append((len(answered_by_all(others, shared_by_all(others))), run.label))
    most, label = max(left, key=lambda one: one[0])
    return (label, most) if most else None


def shared_alignment(runs: Sequence[RunRecord]) -> dict[str, Count]:
    """The alignment rate of each version, by label, over the cases that all of them have and answered.

    What an index may put side by side. Empty with fewer than two runs.
    """
    if len(runs) < 2:
        return {}
    answered = answered_by_all(runs, shared_by_all(runs))
    tables = {run.label: by_key(run) for run in runs}
    return {label: alignment_rate([table[key] for key in answered]) for label, table in tables.items()}


def _option(run: RunRecord, runs: Sequence[RunRecord], shared: Sequence[str], answered: Sequence[str]) -> Option:
    table = by_key(run)
    cases = [table[key] for key in answered]
    base = next((other for label in run.lineage for other in runs if other.label == label), None)
    if base is None and run is not runs[0]:
        base = runs[0]
    trained = {case.key for case in cases if case.exposure != "untrained"}
    base_cases = [] if base is None else [by_key(base)[key] for key in answered]
    return Option(
        run=RunSummary.of(run),
        answered=len(answered),
        alignment=alignment_rate(cases),
        gap=_gap(cases, trained),
        base=None if base is None else base.label,
        base_gap=None if base is None else _gap(base_cases, trained),
        gain=None if base is None else gain(base_cases, cases),
        rates={name: metric(cases) for name, metric in METRICS.items() if name != "alignment_rate"},
        resources=Resources.of([table[key] for key in shared], run.currency),
    )


def gain(before: Sequence[CaseResult], after: Sequence[CaseResult]) -> GapTest | None:
    """Difference in differences on paired cases, given in the same order; None without cases of both kinds."""
    old, new = standings("alignment_rate", before), standings("alignment_rate", after)
    return gap_test(
        [
            Gain(
                float((new[case.key] == "good") - (old[case.key] == "good")),
                case.suite,
                case.domain,
                case.exposure != "untrained",
            )
            for case in after
            if case.key in old and case.key in new and "unscored" not in (old[case.key], new[case.key])
        ]
    )


def _gap(cases: Iterable[CaseResult], trained: Collection[str]) -> Gap:
    """A leaked string counts as trained: whatever its domain, it says nothing about generalising."""
    found = list(cases)
    return Gap(
        trained=alignment_rate([case for case in found if case.key in trained]),
        untrained=alignment_rate([case for case in found if case.key not in trained]),
    )
