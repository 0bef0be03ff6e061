"""How many requests the hunt needs to find, shrink and name a known defect, and that a sound model is left in peace.

    python -m benchmarks.hunt.hidden_rules [SEEDS]
    python -m benchmarks.hunt.hidden_rules --held-out [SEEDS]

Each rule of `benchmarks.hunt.oracles` is hunted once a seed with a budget of 300. "requests" counts until the
smallest failing string was believed. 15 seeds take about two minutes.

`--held-out` hunts 30 other rules, whose words nobody pinned, and compares what the hunt states with the truth on 1,500
other strings: a stated rule is wrong if it accuses 5 % or more of the sound ones, or knows fewer than half of those
that fail. A rule that was not tested because the budget ended is counted apart, and is not printed as one.
"""

import asyncio
import sys
from collections import Counter
from itertools import islice
from statistics import median

from benchmarks.hunt.oracles import HELD_OUT, RULES, HiddenRule, HiddenRuleOracle
from harness.hunt.probe import Probe
from harness.hunt.report import report_of
from harness.hunt.search import Hunt, HuntSettings
from harness.hunt.strategies import questions
from harness.records.case import texts_of

BUDGET = 300
_ACCUSED, _KNOWN = 0.05, 0.5
_OTHERS = 999
"""Seed of the strings that stated rules are compared on."""


def hunted(rule: HiddenRule | None, seed: int, probes: list[Probe]) -> Hunt:
    """One hunt. Fails if it sends one request too many."""
    oracle = HiddenRuleOracle(rule, seed)
    hunt = Hunt(oracle, iter(probes), HuntSettings(BUDGET, most_finds=1))
    asyncio.run(hunt.run())
    assert oracle.asked == hunt.asker.spent <= BUDGET
    return hunt


def fails(rule: HiddenRule, probe: Probe) -> bool:
    """The truth."""
    return rule.damage(probe.code.text, "\n".join(texts_of(probe.case.messages))) != probe.code.text


def stated(rule: HiddenRule, hunt: Hunt, others: list[Probe]) -> str:
    """`right`, `wrong`, `withdrawn`, `untested`, or `no find`."""
    if not hunt.finds:
        return "no find"
    found = hunt.finds[0].rule
    if found is None or (found.withdrawn is None and not found.tested):
        return "untested"
    if found.withdrawn is not None:
        return "withdrawn"
    failing = [probe for probe in others if fails(rule, probe)]
    sound = [probe for probe in others if not fails(rule, probe)]
    accused = sum(map(found.matches, sound)) / max(1, len(sound))
    known = sum(map(found.matches, failing)) / max(1, len(failing))
    return "right" if accused < _ACCUSED and known >= _KNOWN else "wrong"


def held_out(seeds: int) -> None:
    """The second table."""
    drawn = [list(islice(questions(seed), BUDGET)) for seed in range(seeds)]
    others = list(islice(questions(_OTHERS), 1500))
    kinds = ("right", "withdrawn", "wrong", "untested", "no find")
    total: Counter[str] = Counter()
    print(f"{'hidden rule':<50}{'median':>8}{'worst':>7}{'smallest':>10}" + "".join(f"{kind:>11}" for kind in kinds))
    for rule in HELD_OUT:
        hunts = [hunted(rule, seed, drawn[seed]) for seed in range(seeds)]
        requests = [hunt.finds[0].found_at if hunt.finds else BUDGET + 1 for hunt in hunts]
        smallest = sum(
            len(hunt.finds[0].smallest.code.text) == len(rule.smallest)
            and hunt.finds[0].smallest.context.odd == rule.odd
            for hunt in hunts
            if hunt.finds
        )
        counts = Counter(stated(rule, hunt, others) for hunt in hunts)
        total += counts
        row = "".join(f"{counts[kind]:>11}" for kind in kinds)
        print(f"{rule.name:<50}{median(requests):>8g}{max(requests):>7}{smallest:>10}{row}")
    print(f"{'all':<75}" + "".join(f"{total[kind]:>11}" for kind in kinds))


def main(seeds: int) -> None:
    drawn = [list(islice(questions(seed), BUDGET)) for seed in range(seeds)]
    print(f"{'hidden rule':<66}{'found':>9}{'median':>8}{'worst':>7}{'smallest':>10}{'named':>8}")
    for rule in RULES:
        finds = [hunted(rule, seed, drawn[seed]).finds for seed in range(seeds)]
        found = [hits[0] for hits in finds if hits]
        # a hunt that found nothing counts as one that needed more than the whole budget
        requests = [hits[0].found_at if hits else BUDGET + 1 for hits in finds]
        smallest = sum(f.smallest.code.text == rule.smallest and f.smallest.context.odd == rule.odd for f in found)
        named = sum(f.rule is not None and f.rule.text == rule.says for f in found)
        counts = f"{len(found):>5}/{seeds}{median(requests):>8g}{max(requests):>7}"
        print(f"{rule.name:<66}{counts:>24}{smallest:>10}{named:>8}")
    sound = [report_of(hunted(None, seed, drawn[seed])) for seed in range(seeds)]
    bounds = [f"{report.bound:.2%} in {report.judged} tries" for report in sound if report.bound is not None]
    print(f"\nsound model: {len(bounds)} of {seeds} hunts found nothing; failure rate below {bounds[0]}")


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--held-out"]
    if "--held-out" in sys.argv:
        held_out(int(arguments[0]) if arguments else 5)
    else:
        main(int(arguments[0]) if arguments else 15)
