"""How many requests the hunt needs to find, shrink and name a known defect, and that a sound model is left in peace.

    python -m benchmarks.hunt.hidden_rules [SEEDS]
    python -m benchmarks.hunt.hidden_rules --held-out [SEEDS] [--rules FIRST-LAST]
    python -m benchmarks.hunt.hidden_rules --fresh [SEEDS] [--rules FIRST-LAST]
    python -m benchmarks.hunt.hidden_rules --false-finds [SEEDS]

Each rule of `benchmarks.hunt.oracles` is hunted once a seed with a budget of 300. "requests" counts until the
smallest failing string was believed. 15 seeds take about two minutes. `--rules 1-10` hunts a part of the rules; the
last line says how many hunts the figures are of.

`--held-out` hunts 30 other rules, whose words nobody pinned, and compares what the hunt states with the truth on 1,500
other strings: a stated rule is wrong if it accuses 5 % or more of the sound ones, or knows fewer than half of those
that fail. A rule that was not tested because the budget ended is counted apart, and is not printed as one. `--fresh`
does so with `benchmarks.hunt.fresh_rules`, and `accused` is the largest share of sound strings that a stated rule
accuses.

`--false-finds` hunts sound models and `benchmarks.hunt.oracles.NOISY`, and counts what is false of all that is found.
A find is false if the model is sound, if the interval leaves out the true failure rate of its string, or if the rule
that it states is wrong in the sense above, for failures beyond those that all strings have. A factor is false if it is
of the prompt and the rule is of the string, or the other way round: they are drawn independently.
"""

import argparse
import asyncio
from collections import Counter
from itertools import islice
from statistics import fmean, median

from benchmarks.hunt.fresh_rules import FRESH
from benchmarks.hunt.oracles import HELD_OUT, NOISY, RULES, HiddenRule, HiddenRuleOracle
from harness.hunt.probe import LEVELS, Probe
from harness.hunt.report import report_of
from harness.hunt.search import Find, Hunt, HuntSettings
from harness.hunt.strategies import questions
from harness.records.case import texts_of
from harness.statistics.rates import wilson

BUDGET = 300
_ACCUSED, _KNOWN = 0.05, 0.5
_OTHERS = 999
"""Seed of the strings that stated rules are compared on."""


def hunted(rule: HiddenRule | None, seed: int, probes: list[Probe], most_finds: int = 1) -> Hunt:
    """One hunt. Fails if it sends one request too many."""
    oracle = HiddenRuleOracle(rule, seed)
    hunt = Hunt(oracle, iter(probes), HuntSettings(BUDGET, most_finds=most_finds))
    asyncio.run(hunt.run())
    assert oracle.asked == hunt.asker.spent <= BUDGET
    return hunt


def fails(rule: HiddenRule, probe: Probe) -> bool:
    """The truth: whether one of the strings that are asked for is damaged."""
    prompt = "\n".join(texts_of(probe.case.messages))
    return any(rule.damage(target, prompt) != target for target in probe.case.targets)


def accused(find: Find, sound: list[Probe]) -> float:
    """The share of sound strings that a stated rule accuses."""
    return sum(map(find.rule.matches, sound)) / max(1, len(sound)) if find.rule else 0.0


def stated(hunt: Hunt, failing: list[Probe], sound: list[Probe]) -> str:
    """`right`, `wrong`, `withdrawn`, `untested`, or `no find`."""
    if not hunt.finds:
        return "no find"
    found = hunt.finds[0].rule
    if found is None or (found.withdrawn is None and not found.tested):
        return "untested"
    if found.withdrawn is not None:
        return "withdrawn"
    known = sum(map(found.matches, failing)) / max(1, len(failing))
    return "right" if accused(hunt.finds[0], sound) < _ACCUSED and known >= _KNOWN else "wrong"


def compared(rules: tuple[HiddenRule, ...], part: slice, seeds: int) -> None:
    """The second table, and the third."""
    drawn = [list(islice(questions(seed), BUDGET)) for seed in range(seeds)]
    others = list(islice(questions(_OTHERS), 1500))
    kinds = ("right", "withdrawn", "wrong", "untested", "no find")
    total: Counter[str] = Counter()
    smallest_in_all = 0
    heads = "".join(f"{kind:>11}" for kind in kinds)
    print(f"{'hidden rule':<50}{'median':>8}{'worst':>7}{'smallest':>10}{heads}{'accused':>9}")
    for rule in rules[part]:
        hunts = [hunted(rule, seed, drawn[seed]) for seed in range(seeds)]
        requests = [hunt.finds[0].found_at if hunt.finds else BUDGET + 1 for hunt in hunts]
        smallest = sum(
            len(hunt.finds[0].smallest.code.text) == len(rule.smallest)
            and set(hunt.finds[0].smallest.context.odd) == set(rule.odd)
            for hunt in hunts
            if hunt.finds
        )
        smallest_in_all += smallest
        failing = [probe for probe in others if fails(rule, probe)]
        sound = [probe for probe in others if not fails(rule, probe)]
        verdicts = [stated(hunt, failing, sound) for hunt in hunts]
        total.update(verdicts)
        row = "".join(f"{verdicts.count(kind):>11}" for kind in kinds)
        most = max(
            (accused(h.finds[0], sound) for h, v in zip(hunts, verdicts, strict=True) if v in ("right", "wrong")),
            default=0.0,
        )
        print(f"{rule.name:<50}{median(requests):>8g}{max(requests):>7}{smallest:>10}{row}{most:>8.1%}", flush=True)
    print(f"{'all':<65}{smallest_in_all:>10}" + "".join(f"{total[kind]:>11}" for kind in kinds))
    print(f"{total.total()} hunts: {len(rules[part])} of {len(rules)} rules, {seeds} seeds each")


def true_rate(rule: HiddenRule, probe: Probe) -> float:
    """How often the string is damaged in truth."""
    return 1 - (1 - rule.noise) * (1 - rule.chance * fails(rule, probe))


def false_find(rule: HiddenRule, find: Find, failing: list[Probe], sound: list[Probe]) -> bool:
    """Whether something that is printed of a find is not so. One interval in twenty is off by its nature."""
    interval = wilson(find.failures, find.asks)
    rate = true_rate(rule, find.smallest)
    if interval is not None and not interval.low - 1e-9 <= rate <= interval.high + 1e-9:
        return True
    stated = find.rule
    if stated is None or stated.withdrawn is not None or not stated.tested:
        return False
    if rule.noise and not failing:
        return any(not stated.matches(probe) for probe in sound)
    accused = sum(map(stated.matches, sound)) / max(1, len(sound))
    known = sum(map(stated.matches, failing)) / max(1, len(failing))
    # what all strings do now and then may be said of all of them
    everywhere = rule.noise > 0 and accused == 1
    return not everywhere and (accused >= _ACCUSED or known < _KNOWN)


def of_the_prompt(feature: str) -> bool:
    return feature.partition(":")[0] in LEVELS


def false_finds(seeds: int) -> None:
    """The fourth table."""
    drawn = [list(islice(questions(seed), BUDGET)) for seed in range(seeds)]
    others = list(islice(questions(_OTHERS), 1500))
    print(f"{'defect':<58}{'hunts':>7}{'finds':>7}{'false':>7}{'factors':>9}{'false':>7}{'mean share false':>18}")
    totals = [0, 0, 0, 0, 0]
    shares: list[float] = []
    for rule in (None, *NOISY):
        row = [seeds, 0, 0, 0, 0]
        own: list[float] = []
        failing = [probe for probe in others if rule is not None and fails(rule, probe)]
        sound = [probe for probe in others if rule is None or not fails(rule, probe)]
        for seed in range(seeds):
            hunt = hunted(rule, seed, drawn[seed], most_finds=3)
            named = [feature.feature for feature in report_of(hunt).features if feature.matters]
            anything = rule is None or rule.damage is NOISY[0].damage
            wrong = [name for name in named if anything or of_the_prompt(name) != bool(rule and rule.odd)]
            row[1] += len(hunt.finds)
            row[2] += sum(rule is None or false_find(rule, find, failing, sound) for find in hunt.finds)
            row[3] += len(named)
            row[4] += len(wrong)
            own.append(len(wrong) / max(1, len(named)))
        totals = [total + value for total, value in zip(totals, row, strict=True)]
        shares += own
        print_row("a sound model" if rule is None else rule.name, row, own)
    print_row("all", totals, shares)


def print_row(name: str, row: list[int], shares: list[float]) -> None:
    widths = (7, 7, 7, 9, 7)
    counts = "".join(f"{value:>{width}}" for value, width in zip(row, widths, strict=True))
    print(f"{name:<58}{counts}{100 * fmean(shares):>16.1f} %", flush=True)


def main(part: slice, seeds: int) -> None:
    """The first table."""
    drawn = [list(islice(questions(seed), BUDGET)) for seed in range(seeds)]
    print(f"{'hidden rule':<66}{'found':>9}{'median':>8}{'worst':>7}{'smallest':>10}{'named':>8}")
    for rule in RULES[part]:
        finds = [hunted(rule, seed, drawn[seed]).finds for seed in range(seeds)]
        found = [hits[0] for hits in finds if hits]
        # a hunt that found nothing counts as one that needed more than the whole budget
        requests = [hits[0].found_at if hits else BUDGET + 1 for hits in finds]
        smallest = sum(f.smallest.code.text == rule.smallest and f.smallest.context.odd == rule.odd for f in found)
        named = sum(f.rule is not None and f.rule.text == rule.says for f in found)
        counts = f"{len(found):>5}/{seeds}{median(requests):>8g}{max(requests):>7}"
        print(f"{rule.name:<66}{counts:>24}{smallest:>10}{named:>8}", flush=True)
    sound = [report_of(hunted(None, seed, drawn[seed])) for seed in range(seeds)]
    bounds = [f"{report.bound:.2%} in {report.judged} tries" for report in sound if report.bound is not None]
    print(f"\nsound model: {len(bounds)} of {seeds} hunts found nothing; failure rate below {bounds[0]}")
    print(f"{(len(RULES[part]) + 1) * seeds} hunts: {len(RULES[part])} of {len(RULES)} rules, {seeds} seeds each")


def part_of(text: str) -> slice:
    """`3-7` as the third to the seventh."""
    first, _, last = text.partition("-")
    return slice(int(first) - 1, int(last or first))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", nargs="?", type=int)
    parser.add_argument("--rules", type=part_of, default=slice(None), metavar="FIRST-LAST")
    which = parser.add_mutually_exclusive_group()
    for name in ("--held-out", "--fresh", "--false-finds"):
        which.add_argument(name, action="store_true")
    given = parser.parse_args()
    if given.held_out or given.fresh:
        compared(HELD_OUT if given.held_out else FRESH, given.rules, given.seeds or 5)
    elif given.false_finds:
        false_finds(given.seeds or 20)
    else:
        main(given.rules, given.seeds or 15)
