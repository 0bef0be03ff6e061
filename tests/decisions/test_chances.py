"""The chances that the planner gives are those of the gate itself."""

import numpy as np
import pytest

from harness.decisions.gate import judge
from harness.decisions.plan import Truth, chances, plan, with_samples
from harness.records.policy import DEFAULT_POLICY, GatePolicy, Rule

SUITE = DEFAULT_POLICY.model_copy(update={"population": "suite"})
BOTH = GatePolicy(rules=(Rule(metric="alignment_rate", min=0.95, max_drop=0.03),), population="suite")


@pytest.mark.parametrize(("targets", "others", "expected"), [(100, 60, 0.18), (300, 100, 0.65), (403, 196, 0.91)])
def test_the_joint_chance_of_an_unchanged_model_at_98_percent(cases, checks, targets, others, expected):
    found = chances(cases(targets) + checks(others), SUITE, Truth(0.98, 0.98, 0.01))
    assert found.go == pytest.approx(expected, abs=0.03)
    assert found.go + found.no_go + found.inconclusive == pytest.approx(1)


def test_they_are_what_the_gate_says_of_runs_drawn_by_other_code(case, run, now):
    generator = np.random.default_rng(9)
    cases = [case(f"c{i:03}", domain=f"d{i % 30}") for i in range(240)]
    go = no_go = 0
    for _ in range(150):
        dice = generator.random(240)
        worse, better, wrong = dice < 0.035, (dice >= 0.035) & (dice < 0.045), (dice >= 0.045) & (dice < 0.05)
        new = [
            one.model_copy(update={"outcome": "damaged"}) if w or b else one
            for one, w, b in zip(cases, worse, wrong, strict=True)
        ]
        old = [
            one.model_copy(update={"outcome": "damaged"}) if w or b else one
            for one, w, b in zip(cases, better, wrong, strict=True)
        ]
        policy = GatePolicy(rules=(Rule(metric="alignment_rate", min=0.9, max_drop=0.04),))
        verdict = judge(run(new), run(old, model="base"), policy, now).verdict
        go += verdict == "GO"
        no_go += verdict == "NO-GO"
    found = chances(cases, policy, Truth(0.96, 0.985, 0.01))
    assert found.go == pytest.approx(go / 150, abs=0.11)
    assert found.no_go == pytest.approx(no_go / 150, abs=0.05)


@pytest.mark.parametrize(
    ("truth", "go", "no_go", "requests"),
    [
        ((0.99, 0.99), 1.0, 0.0, 226),
        ((0.98, 0.98), 0.978, 0.0, 302),
        ((0.99, 0.93), 0.0, 0.59, 440),
        ((0.99, 0.90), 0.0, 0.997, 187),
    ],
)
def test_a_sequential_run_asks_as_few_as_planned(case, truth, go, no_go, requests):
    old, new = truth
    cases = [case(f"c{i:03}", domain=f"d{i % 44}") for i in range(594)]
    found = chances(cases, BOTH, Truth(new, old, (1 - old) / 2), sequential=True, runs=4000)
    assert found.go >= go - 0.05 * max(go, 0.2)
    assert found.no_go >= 0.95 * no_go
    assert found.mean_cases <= 1.05 * requests


def test_at_the_limits_a_sequential_run_is_wrong_in_five_percent_at_most(case):
    cases = [case(f"c{i:03}", domain=f"d{i % 44}") for i in range(594)]
    found = chances(cases, BOTH, Truth(0.95, 0.98, 0.01), sequential=True, runs=20_000)
    assert found.go <= 0.05
    assert found.no_go <= 0.05


def test_several_samples_make_a_go_harder(cases):
    truth = Truth(0.99, 0.99, 0.0099)
    found = [chances(cases(300), BOTH, with_samples(truth, samples)).go for samples in (1, 3, 5)]
    assert found[0] > 0.9 > found[1] > found[2]
    assert with_samples(truth, 3).new_rate == pytest.approx(0.99**3)


def test_cells_add_up_and_keep_the_two_rates():
    for truth in (Truth(0.95, 0.98, 0.01), Truth(0.99, 0.9, 0.0), Truth(1.0, 1.0, 0.01), Truth(0.9, 0.99, 0.005)):
        worse, better, wrong, right = truth.cells
        assert min(truth.cells) >= 0
        assert sum(truth.cells) == pytest.approx(1)
        assert (right + better, right + worse) == pytest.approx((truth.new_rate, truth.old_rate))
        assert wrong >= 0


def test_a_plan_tells_what_cases_of_few_domains_are_worth(case, run):
    many = [case(f"c{i:03}", domain=f"d{i % 40:02}") for i in range(400)]
    found = plan(many, BOTH.model_copy(update={"population": "domains"}), runs=500)
    assert found.speaks_for_domains
    assert found.lines[0].size.effective < 300
    assert [prospect.samples for prospect in found.prospects] == [1, 3, 5]
    assert found.sequential.mean_cases < 400
    told = [
        run([one.model_copy(update={"outcome": "damaged"}) if i < 60 else one for i, one in enumerate(many)], version=v)
        for v in ("a", "b")
    ]
    spread = plan(many, BOTH.model_copy(update={"population": "domains"}), versions=told, runs=500)
    assert spread.correlation.versions == ("tuned@a", "tuned@b")


def test_sixty_clean_cases_in_twelve_domains_speak_for_the_suite_alone(case):
    cases = [case(f"c{i}", domain=f"d{i % 12}") for i in range(60)]
    found = plan(cases, GatePolicy(rules=BOTH.rules), runs=200)
    assert not found.speaks_for_domains
    assert found.possible is False  # 60 pairs cannot show a margin of 3 points
