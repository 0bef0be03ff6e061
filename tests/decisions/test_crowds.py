"""Where new failures are is reported, also when the verdict is GO."""

import pytest

from harness.decisions.concentration import selected_by_outcome
from harness.decisions.gate import judge
from harness.records.policy import GatePolicy, Rule

NO_WORSE = (Rule(metric="alignment_rate", max_drop=0.03),)
DOMAINS = {"finance": 19, "law": 60, "office": 100, "places": 415}


@pytest.fixture
def release(case):
    """594 cases in four domains; the named cases are damaged."""

    def build(damaged=(), outcome="damaged"):
        return [
            case(f"{domain}-{i:03}", outcome if f"{domain}-{i:03}" in damaged else "aligned", domain=domain)
            for domain, size in DOMAINS.items()
            for i in range(size)
        ]

    return build


def verdict_on(release, run, now, damaged, **fields):
    return judge(run(release(damaged)), run(release(), model="base"), GatePolicy(rules=NO_WORSE, **fields), now)


def test_ten_of_nineteen_broken_in_one_domain_are_told_with_the_go(release, run, now):
    verdict = verdict_on(release, run, now, [f"finance-{i:03}" for i in range(10)])
    crowd = verdict.concentration.crowd
    assert (verdict.verdict, verdict.crowded) == ("GO", True)
    assert (crowd.slice, crowd.marked, crowd.size) == ("domain=finance", 10, 19)
    assert verdict.concentration.worst[0].slice == "domain=finance"
    assert verdict.concentration.worst[0].cases[0] == "symbols/finance-000"


def test_three_flips_of_three_in_a_domain_of_nineteen_are_told(release, run, now):
    assert verdict_on(release, run, now, ["finance-000", "finance-007", "finance-018"]).crowded


def test_failures_all_over_are_no_crowd(release, run, now):
    damaged = ["finance-000", "law-010", "office-020", "office-080", *(f"places-{i:03}" for i in range(0, 400, 50))]
    verdict = verdict_on(release, run, now, damaged)
    assert not verdict.crowded
    assert len(verdict.concentration.broken) == 12


def test_a_policy_may_make_it_critical(release, run, now):
    damaged = [f"finance-{i:03}" for i in range(10)]
    verdict = verdict_on(release, run, now, damaged, concentration="critical")
    assert verdict.verdict == "INCONCLUSIVE"
    assert "10 of 19 cases of domain=finance are newly broken" in verdict.reasons[0]


def test_what_failed_before_and_what_is_unscored_is_not_newly_broken(release, run, now):
    damaged = [f"finance-{i:03}" for i in range(10)]
    same = judge(run(release(damaged)), run(release(damaged), model="base"), GatePolicy(rules=NO_WORSE), now)
    assert same.concentration.broken == ()
    silent = judge(run(release(damaged, "unscored")), run(release(), model="base"), GatePolicy(rules=NO_WORSE), now)
    assert silent.concentration.broken == ()


def test_each_broken_case_is_in_one_of_the_worst_slices_only(release, run, now):
    damaged = [f"finance-{i:03}" for i in range(5)] + [f"law-{i:03}" for i in range(5)]
    worst = verdict_on(release, run, now, damaged).concentration.worst
    told = [key for broken in worst for key in broken.cases]
    assert len(told) == len(set(told)) == 10
    assert {broken.slice for broken in worst} == {"domain=finance", "domain=law"}


@pytest.fixture
def trained_on(case, run):
    """A base with every fourth case damaged, and a candidate trained on chosen cases of it."""

    def build(choose):
        base, tuned = [], []
        for domain in ("a", "b", "c", "d"):
            for i in range(40):
                bad = i % 4 == 0
                base.append(case(f"{domain}-{i}", "damaged" if bad else "aligned", domain=domain))
                exposure = "trained" if choose(domain, i, bad) else "untrained"
                tuned.append(case(f"{domain}-{i}", domain=domain, exposure=exposure))
        return run(tuned), run(base, model="base", age_days=5)

    return build


def test_training_on_the_failing_cases_is_a_choice_by_outcome(trained_on, now):
    candidate, base = trained_on(lambda domain, i, bad: bad)
    assert selected_by_outcome(candidate, [base]) == "base@v1"
    policy = GatePolicy(rules=(Rule(metric="alignment_rate", exposure="untrained", max_drop=0.05),))
    verdict = judge(candidate, base, policy, now)
    assert verdict.verdict == "INCONCLUSIVE"
    assert "chosen by its outcome" in verdict.rules[0].reasons[0]


def test_training_on_whole_domains_or_on_any_cases_is_none(trained_on):
    for choose in (lambda domain, i, bad: domain in "ab", lambda domain, i, bad: i % 3 == 0):
        candidate, base = trained_on(choose)
        assert selected_by_outcome(candidate, [base]) is None


def test_an_untrained_rule_is_judged_on_the_cases_held_out(case, run, now):
    held = [case(f"held-{i}", tags=("held-out",)) for i in range(60)]
    left = [case(f"left-{i}", "damaged") for i in range(60)]
    policy = GatePolicy(rules=(Rule(metric="alignment_rate", exposure="untrained", min=0.9),))
    verdict = judge(run([*held, *left]), None, policy, now)
    assert (verdict.verdict, verdict.rules[0].reading.cases) == ("GO", 60)
