"""How many requests the hunt needs to find, shrink and name a known defect, and that a sound model is left in peace.

    python -m benchmarks.hunt.hidden_rules [SEEDS]

Each rule of `benchmarks.hunt.oracles` is hunted once a seed with a budget of 300. "requests" counts until the
smallest failing string was believed. 15 seeds take about two minutes.
"""

import asyncio
import sys
from itertools import islice
from statistics import median

from benchmarks.hunt.oracles import RULES, HiddenRule, HiddenRuleOracle
from harness.hunt.probe import Probe
from harness.hunt.report import report_of
from harness.hunt.search import Hunt, HuntSettings
from harness.hunt.strategies import questions

BUDGET = 300


def hunted(rule: HiddenRule | None, seed: int, probes: list[Probe]) -> Hunt:
    """One hunt. Fails if it sends one request too many."""
    oracle = HiddenRuleOracle(rule, seed)
    hunt = Hunt(oracle, iter(probes), HuntSettings(BUDGET, most_finds=1))
    asyncio.run(hunt.run())
    assert oracle.asked == hunt.asker.spent <= BUDGET
    return hunt


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
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
