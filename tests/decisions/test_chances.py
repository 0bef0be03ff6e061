"""The chances that the planner gives are those of the gate itself."""

import tracemalloc
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import xlogy
from scipy.stats import beta, norm, t

from harness.decisions.gate import can_still_change, judge
from harness.decisions.plan import Truth, chances, plan, with_samples
from harness.records.policy import DEFAULT_POLICY, GatePolicy, Rule
from harness.records.run import Looks
from harness.show.verdicts import gate_lines
from harness.statistics.noninferiority import bound_level
from harness.statistics.sequential import looks, stratified_order

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


@pytest.mark.parametrize("at_once", [1, 700, 10**9])
@pytest.mark.parametrize("sequential", [False, True])
def test_they_are_the_same_however_many_runs_are_drawn_at_once(monkeypatch, case, sequential, at_once):
    cases = [case(f"c{i:03}", domain=f"d{i % 44}", targets=("A-1",) if i % 5 else ()) for i in range(230)]
    given = {"cases": cases, "policy": DEFAULT_POLICY, "truth": Truth(0.98, 0.98, 0.01, 0.05), "runs": 300}
    usual = chances(**given, sequential=sequential)
    monkeypatch.setattr("harness.decisions.plan._DRAWN_AT_ONCE", at_once)
    assert chances(**given, sequential=sequential) == usual


def test_a_suite_of_five_thousand_cases_is_planned_in_little_memory(cases):
    given = cases(5000)
    tracemalloc.start()
    chances(given, BOTH, Truth(0.98, 0.98, 0.01, 0.05))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60_000_000


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


# A run whose verdict may come early: settled at a planned look, complete when it stops there.


@pytest.fixture
def sequential(case, run):
    """A run that was asked in random order and stopped after `asked` of 594 cases; the named share fails."""

    def build(asked, failing=0, **fields):
        whole = {f"symbols/c{i:03}": f"d{i % 44:02}" for i in range(594)}
        order = stratified_order(whole, 5)[:asked]
        bad = set(order[::-1][:failing] if failing < 0 else order[:failing])
        cases = [
            case(key.partition("/")[2], "damaged" if key in bad else "aligned", domain=whole[key]) for key in order
        ]
        told = Looks(seed=5, planned=594, sizes=looks(594), asked=order)
        return run(cases, looks=told, **fields)

    return build


@pytest.fixture
def baseline(case, run):
    return run([case(f"c{i:03}", domain=f"d{i % 44:02}") for i in range(594)], model="base")


def test_a_flawless_run_is_a_go_long_before_the_end(sequential, baseline, now):
    first = judge(sequential(100), baseline, BOTH, now)
    assert first.verdict == "INCONCLUSIVE"
    second = judge(sequential(160), baseline, BOTH, now)
    assert second.verdict == "GO"
    assert (second.looks, second.planned) == ((100, 160), 594)
    assert [rule.reading.look for rule in second.rules] == [100, 160]


def test_a_run_that_was_interrupted_before_its_first_look_says_so(sequential, baseline, now):
    verdict = judge(sequential(50, partial=True), baseline, BOTH, now)
    assert verdict.verdict == "INCONCLUSIVE"
    assert verdict.rules[0].reasons == ("the run stopped before its first look",)
    text = " ".join(gate_lines(verdict))
    assert "sequential: 50 of 594 cases asked; stopped before the first look" in text


def test_a_lost_run_is_a_no_go_at_its_first_look(sequential, baseline, now):
    assert judge(sequential(100, 15), baseline, BOTH, now).verdict == "NO-GO"


def test_what_a_look_settled_stays(sequential, baseline, now):
    record = sequential(594)
    late = set(record.looks.asked[300:340])
    cases = tuple(one.model_copy(update={"outcome": "damaged"}) if one.key in late else one for one in record.cases)
    assert judge(record.model_copy(update={"cases": cases}), baseline, BOTH, now).verdict == "GO"


def test_bounds_are_stricter_than_those_of_a_single_look(sequential, baseline, run, now):
    record = sequential(594, 20)
    plain = judge(run(record.cases), baseline, BOTH, now).rules[0]
    looked = judge(record, baseline, BOTH, now).rules[0]
    assert plain.reading.alpha == 0.05
    assert looked.reading.alpha < 0.025
    assert looked.reading.low < plain.reading.low


def test_a_stopped_run_is_complete_and_an_attempt(sequential, baseline, now):
    stopped = sequential(160, run_id="stopped", age_days=1)
    whole = sequential(594, run_id="whole", age_days=0.5).model_copy(update={"looks": None})
    verdict = judge(whole, baseline, BOTH, now, [stopped])
    assert (verdict.attempts, verdict.rules[0].reading.cases) == (2, 754)


def test_a_sequential_run_after_another_attempt_is_read_on_all_answers(sequential, baseline, now):
    lost = sequential(594, 60, run_id="lost", age_days=2).model_copy(update={"looks": None})
    verdict = judge(sequential(160, run_id="again"), baseline, BOTH, now, [lost])
    assert (verdict.verdict, verdict.alpha) == ("NO-GO", 0.0025)


def test_old_records_have_no_looks_and_are_written_as_before(run, cases):
    assert "looks" not in run(cases(3)).model_dump(mode="json")


# Whatever the cases left turn out to be, a run that was stopped would have come to the same verdict.

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = GatePolicy(
    rules=(
        Rule(metric="alignment_rate", min=0.7, max_drop=0.3),
        Rule(metric="fidelity", min=0.6),
        Rule(metric="mention_rate", min=0.6, tier="supporting"),
        Rule(metric="unscored_rate", max=0.4),
    )
)
OUTCOMES = ("aligned", "damaged", "omitted", "unscored")
likely_bad = st.lists(st.sampled_from(("aligned", "aligned", "damaged", "damaged", "omitted", "unscored")), max_size=20)


@settings(max_examples=120, deadline=None)
@given(likely_bad, st.lists(st.sampled_from(OUTCOMES), max_size=12), st.booleans())
def test_a_settled_verdict_is_the_final_one(factories, done, left, with_baseline):
    case, run = factories
    finished = [case(f"c{i}", outcome) for i, outcome in enumerate(done)]
    rest = [case(f"c{len(done) + i}", outcome) for i, outcome in enumerate(left)]
    pending = [one.model_copy(update={"outcome": "unscored", "samples": ()}) for one in rest]
    size = len(done) + len(left)
    baseline = run([case(f"c{i}", "aligned") for i in range(size)], model="base") if with_baseline else None
    final = judge(run(finished + rest), baseline, POLICY, NOW).verdict
    if not can_still_change(run(finished), pending, baseline, POLICY, NOW):
        as_it_stood = [one.model_copy(update={"outcome": "unscored"}) for one in pending]
        assert final == judge(run(finished + as_it_stood), baseline, POLICY, NOW).verdict
        assert final != "GO"


def test_it_does_stop_sometimes(factories):
    case, run = factories
    done = [case(f"c{i}", "damaged") for i in range(30)]
    pending = [case(f"c{30 + i}", "unscored") for i in range(10)]
    assert not can_still_change(run(done), pending, None, POLICY, NOW)


def loglikelihood(share, difference, better, worse, pairs):
    """Of a table whose worse pairs have this share, and its better ones the difference more."""
    cells = ((better, share + difference), (worse, share), (pairs - better - worse, 1 - 2 * share - difference))
    return sum(xlogy(count, max(chance, 0.0)) for count, chance in cells)


def score(better, worse, pairs, difference):
    """Tango's statistic with the share found by searching the likelihood, not by his formula."""
    low, high = max(0.0, -difference), (1 - difference) / 2
    found = minimize_scalar(
        lambda share: -loglikelihood(share, difference, better, worse, pairs),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-13},
    ).x
    share = max([low, found], key=lambda one: loglikelihood(one, difference, better, worse, pairs))
    spread = pairs * (2 * share + difference - difference**2)
    return (better - worse - pairs * difference) / np.sqrt(spread)


def effective(values, domains, population, alpha):
    """From the matrix of all correlations of two answers. `values` holds the answers by case, one an attempt."""
    attempts = max(len(each) for each in values.values())
    between = 1.0
    if attempts > 1:
        table = np.array([*values.values(), [-1] * attempts], dtype=float)  # and one case that always fails
        around = table - table.mean()
        single = (around**2).sum()
        between = min(1.0, max(0.0, ((around.sum(axis=1) ** 2).sum() - single) / (single * (attempts - 1))))
    case = np.repeat(np.arange(len(values)), attempts)
    field = np.array([domains[key] for key in values])[case]
    same_field = 0.05 if population == "domains" else 0.0
    matrix = np.where(case[:, None] == case, between, np.where(field[:, None] == field, same_field, 0.0))
    np.fill_diagonal(matrix, 1.0)
    n = len(case)
    worth = n / max(1.0, matrix.sum() / n)
    if population == "domains":
        worth *= (t.ppf(alpha, n - 1) / t.ppf(alpha, len(set(field)) - 1)) ** 2
    return min(n, worth)


@pytest.mark.parametrize("seed", range(12))
def test_a_verdict_is_what_a_sceptic_works_out_with_scipy_alone(case, run, now, seed):
    """Attempts, unscored answers, domains, both bounds: from the outcomes, without any formula of the package."""
    dice = np.random.default_rng(seed)
    n, fields, attempts = int(dice.integers(60, 140)), int(dice.integers(20, 40)), 1 + seed % 3
    population, alpha = ("domains", "suite")[seed % 2], 0.05 if attempts == 1 else 0.0025
    domains = {f"symbols/c{i}": f"d{i % fields}" for i in range(n)}

    def version(rate, unscored, **changes):
        chances = [rate * (1 - unscored), (1 - rate) * (1 - unscored), unscored]
        outcomes = dice.choice(["aligned", "damaged", "unscored"], size=n, p=chances)
        made = [case(f"c{i}", str(one), domain=f"d{i % fields}") for i, one in enumerate(outcomes)]
        return run(made, **changes), dict(zip(domains, outcomes, strict=True))

    base, old = version(0.97, 0.02, age_days=20, model="base")
    runs = [version(dice.choice([0.93, 0.97, 0.99]), 0.02, age_days=6 - i, run_id=f"r{i}") for i in range(attempts)]
    policy = GatePolicy(population=population, rules=(Rule(metric="alignment_rate", min=0.95, max_drop=0.03),))
    verdict = judge(runs[-1][0], base, policy, now, [one for one, _ in runs[:-1]])
    rate, difference = (rule.reading for rule in verdict.rules)
    told = [outcomes for _, outcomes in runs]
    answers = n * attempts
    good = sum(one == "aligned" for each in told for one in each.values())
    unscored = sum(one == "unscored" for each in told for one in each.values())

    bad = {key: [-(each[key] != "aligned") for each in told] for key in domains}
    worth = effective(bad, domains, population, alpha)
    k = good / answers * worth
    assert rate.size.effective == pytest.approx(worth, abs=1e-8)
    assert rate.low == pytest.approx(beta.ppf(alpha, k, worth - k + 1), abs=1e-8)
    damaged = {key: [-(each[key] == "damaged") for each in told] for key in domains}
    worth = effective(damaged, domains, population, alpha)
    k = (good + unscored) / answers * worth
    expected = 1.0 if k >= worth else beta.ppf(1 - alpha, k + 1, worth - k)
    assert rate.high == pytest.approx(expected, abs=1e-8)

    for bound, sign, ours, theirs in ((difference.low, 1, 0, 1), (difference.high, -1, 1, 0)):
        before = {key: {"aligned": 1, "unscored": theirs}.get(one, 0) for key, one in old.items()}
        pairs = {
            key: [{"aligned": 1, "unscored": ours}.get(each[key], 0) - before[key] for each in told] for key in domains
        }
        worth = effective(pairs, domains, population, alpha)
        flat = [one for each in pairs.values() for one in each]
        better, worse = (flat.count(one) / answers * worth for one in (1, -1))
        critical = norm.ppf((1 + bound_level(int(worth), sign * 0.03, alpha)) / 2)
        if sign > 0:
            assert difference.size.effective == pytest.approx(worth, abs=1e-8)
        result = "PASS" if sign > 0 else "BREACH"
        assert (difference.result == result) == (sign * score(better, worse, worth, -0.03) > critical)
        assert sign * score(better, worse, worth, bound) == pytest.approx(critical, abs=1e-5)
