import asyncio
import re
from statistics import median

import pytest

from benchmarks.hunt.oracles import RULES, HiddenRule, HiddenRuleOracle
from harness.hunt.asking import Sighting
from harness.hunt.report import report_of
from harness.hunt.search import Hunt, HuntSettings

EASY = [rule for rule in RULES if "before the hyphen and three" not in rule.name]
SEEDS = (1, 2, 3)


@pytest.mark.parametrize("rule", EASY, ids=[rule.name for rule in EASY])
def test_a_hidden_rule_is_found_made_small_and_named(hunt_for, rule):
    requests = []
    for seed in SEEDS:
        hunt, oracle = hunt_for(rule, seed)
        find = hunt.finds[0]
        assert find.smallest.code.text == rule.smallest
        assert find.smallest.context.odd == rule.odd
        assert find.rule.text == rule.says
        assert find.rule.matches(find.smallest)
        assert oracle.asked == hunt.asker.spent <= 300
        requests.append(find.found_at)
    assert median(requests) <= 100


@pytest.mark.parametrize("budget", [1, 2, 7, 30, 61, 150])
@pytest.mark.parametrize("rule", [None, RULES[0], RULES[5]], ids=["sound", "steady", "unsteady"])
def test_the_budget_is_spent_and_never_exceeded(hunt_for, rule, budget):
    hunt, oracle = hunt_for(rule, budget=budget)
    assert oracle.asked == hunt.asker.spent <= budget
    assert hunt.ended == "budget"


def test_retries_count_and_never_exceed_the_budget(wide):
    class Retrying:
        most_requests = 3

        def __init__(self):
            self.sent = 0

        async def ask(self, case, sample):
            requests = 1 + (self.sent % 3)
            self.sent += requests
            await asyncio.sleep(0)
            return Sighting("aligned", "verbatim", requests=requests)

    oracle = Retrying()
    hunt = Hunt(oracle, wide(1), HuntSettings(50))
    asyncio.run(hunt.run())
    assert 48 <= oracle.sent == hunt.asker.spent <= 50


def test_a_sound_model_yields_a_bound_and_no_find(hunt_for):
    hunt, _ = hunt_for(None)
    report = report_of(hunt)
    assert report.finds == ()
    assert report.judged > 200
    assert report.bound == pytest.approx(1 - 0.05 ** (1 / report.judged))


def test_a_failure_that_cannot_be_had_again_is_not_believed(wide):
    class Once(HiddenRuleOracle):
        async def ask(self, case, sample):
            sighting = await super().ask(case, sample)
            broken = self.asked == 3
            return Sighting("damaged", "spaced", mention="a - a") if broken else sighting

    hunt = Hunt(Once(None), wide(1), HuntSettings(100))
    asyncio.run(hunt.run())
    assert hunt.finds == []
    assert len(hunt.dismissed) == 1
    report = report_of(hunt)
    assert report.failed == 1
    assert report.bound is None


def test_the_failure_rate_comes_from_fresh_answers(hunt_for):
    hunt, _ = hunt_for(RULES[5])
    find = hunt.finds[0]
    assert not find.steady
    assert find.asks == 20
    asked = [told for told in hunt.asker.ledger if told.probe == find.smallest and told.phase == "rate"][-20:]
    assert sum(told.sighting.outcome == "damaged" for told in asked) == find.failures
    assert min(told.sample for told in asked) > 0


def test_a_stop_keeps_the_best_so_far(wide):
    class Stopped(HiddenRuleOracle):
        async def ask(self, case, sample):
            if self.asked == 25:
                raise KeyboardInterrupt
            return await super().ask(case, sample)

    hunt = Hunt(Stopped(RULES[0]), wide(1), HuntSettings(300, max_concurrency=1))
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(hunt.run())
    report = report_of(hunt)
    assert report.ended == "interrupted"
    assert report.finds[0][0].smallest.size < report.finds[0][0].first.size


def test_the_time_limit_ends_the_hunt(wide):
    class Slow(HiddenRuleOracle):
        async def ask(self, case, sample):
            await asyncio.sleep(0.02)
            return await super().ask(case, sample)

    hunt = Hunt(Slow(None), wide(1), HuntSettings(300, time_limit_s=0.3))
    asyncio.run(hunt.run())
    assert hunt.ended == "time limit"
    assert hunt.wide


def test_two_defects_of_different_kinds_are_both_found(hunt_for):
    def both(target, prompt):
        return target.replace("-", "–") if "/" not in target else target.replace("/", " / ")

    hunt, _ = hunt_for(HiddenRule("both", both, "", ""), most_finds=3)
    assert {find.verdict for find in hunt.finds} == {"spaced", "lookalike"}


def test_what_a_rule_explains_is_not_hunted_twice(hunt_for):
    hunt, _ = hunt_for(RULES[0], most_finds=3)
    assert len(hunt.finds) == 1
    fit = report_of(hunt).finds[0][1]
    assert fit.failing_matched == fit.failing > 1
    assert fit.sound_matched == 0


def test_left_out_strings_are_failures_only_on_request(hunt_for):
    gone = HiddenRule("left out", lambda target, prompt: "something", "", "")
    assert report_of(hunt_for(gone)[0]).bound is None
    hunt, _ = hunt_for(gone, omissions=True)
    assert hunt.finds[0].verdict == "absent"
    assert hunt.finds[0].smallest.code.text == "a-a"


def test_factors_that_go_with_failing_are_named_over_all_wide_strings(hunt_for):
    hunt, _ = hunt_for(RULES[1])
    features = report_of(hunt).features
    assert features[0].feature == "han on both sides of a symbol"
    assert features[0].matters
    assert not next(f for f in features if f.feature == "care: unsaid").matters


def test_a_level_at_which_the_string_is_left_out_is_no_part_of_the_rule(hunt_for):
    def spaced_or_silent(target, prompt):
        return "something" if "标签" in prompt else re.sub(r"-(?=\d{3})", " - ", target)

    hunt, _ = hunt_for(HiddenRule("silent in Chinese", spaced_or_silent, "", ""))
    assert hunt.finds[0].rule.text == RULES[0].says


def test_a_failure_that_comes_down_to_a_known_string_is_no_second_find(hunt_for):
    def spaced_in_two_ways(target, prompt):
        # one string is its own smallest; both rules have it in common
        return re.sub("-(?=[a-z])|(?<=[0-9])-", " - ", target)

    hunt, _ = hunt_for(HiddenRule("two ways", spaced_in_two_ways, "", ""), most_finds=3)
    smallest = [find.smallest for find in hunt.finds]
    assert len(set(smallest)) == len(smallest)
