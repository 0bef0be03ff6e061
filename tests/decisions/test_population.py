"""What a bound speaks for, and how much the cases of a domain are worth together."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import xlogy
from scipy.stats import beta, norm, t

from harness.decisions.gate import judge
from harness.decisions.population import ASSUMED, earlier_versions, rate_correlation
from harness.records.policy import GatePolicy, Rule
from harness.statistics.noninferiority import bound_level

AT_LEAST_95 = GatePolicy(rules=(Rule(metric="alignment_rate", min=0.95),))
NO_WORSE = GatePolicy(rules=(Rule(metric="alignment_rate", max_drop=0.03),))


@pytest.fixture
def suite(case):
    """Cases of `domains` domains of ten; the first `bad` of them fail, domain after domain or spread over all."""

    def build(bad=0, domains=40, *, together=False, **fields):
        places = [(domain, number) for domain in range(domains) for number in range(10)]
        order = places if together else sorted(places, key=lambda place: place[::-1])
        failing = set(order[:bad])
        return [
            case(f"c{d:02}-{n}", "damaged" if (d, n) in failing else "aligned", domain=f"d{d:02}", **fields)
            for d, n in places
        ]

    return build


def test_twenty_domains_make_it_speak_for_domains(suite, run, now):
    few, many = (judge(run(suite(2, n)), None, AT_LEAST_95, now).rules[0] for n in (19, 20))
    assert (few.reading.population, few.reading.size.effective, few.correlation) == ("suite", 190, None)
    assert few.reading.size.domains == 19
    assert many.reading.population == "domains"
    assert many.reading.size.effective < 200
    assert (many.correlation, many.estimated_from) == (0.05, ())


def test_without_a_history_a_correlation_is_assumed(suite, run, now):
    reading = judge(run(suite(4)), None, AT_LEAST_95, now).rules[0].reading
    assert reading.size.design_effect == pytest.approx(1 + 9 * 0.05)


def test_the_design_effect_comes_from_earlier_versions(suite, run, now):
    clustered = [run(suite(40, together=True), age_days=30 + i, version=f"v{i}", run_id=f"r{i}") for i in (2, 3)]
    spread = [run(suite(40), age_days=30 + i, version=f"v{i}", run_id=f"r{i}") for i in (2, 3)]
    candidate = run(suite(8))
    hard = judge(candidate, None, AT_LEAST_95, now, clustered)
    easy = judge(candidate, None, AT_LEAST_95, now, spread)
    assert hard.rules[0].reading.size.design_effect > 5
    assert easy.rules[0].reading.size.design_effect == pytest.approx(1.0)
    assert hard.rules[0].estimated_from == ("tuned@v3", "tuned@v2")
    assert (hard.verdict, easy.verdict) == ("INCONCLUSIVE", "GO")


def test_a_flawless_version_does_not_tell_it_nor_does_a_single_one(suite, run):
    flawless = [run(suite(0), age_days=30 + i, version=f"v{i}") for i in range(2, 5)]
    one = run(suite(40), age_days=40, version="v9")
    assert rate_correlation("alignment_rate", [*flawless, one]) == ASSUMED
    assert rate_correlation("alignment_rate", [one]) == ASSUMED


def test_it_is_fixed_before_the_run(suite, run):
    candidate = run(suite(8), age_days=5)
    later = run(suite(40), age_days=1, version="v2")
    partial = run(suite(40), age_days=30, version="v3", partial=True)
    other = run(suite(10, 10), age_days=30, version="v4")
    before = run(suite(40), age_days=30, version="v5")
    assert earlier_versions(candidate, [later, partial, other, before]) == (before,)


def test_a_policy_may_speak_for_the_suite_alone(suite, run, now):
    policy = GatePolicy(rules=AT_LEAST_95.rules, population="suite")
    reading = judge(run(suite(8)), None, policy, now).rules[0].reading
    assert (reading.population, reading.size.effective) == ("suite", 400)


def test_differences_have_a_design_effect_of_their_own(suite, run, now):
    versions = [
        run(suite(bad, together=True), age_days=40 - i, version=f"v{i}") for i, bad in ((2, 60), (3, 0), (4, 60))
    ]
    base = run(suite(2), age_days=9, model="base")
    candidate = run(suite(4))
    verdict = judge(candidate, base, NO_WORSE, now, versions)
    assert verdict.rules[0].reading.size.design_effect > 3
    assert verdict.rules[0].estimated_from[:2] == ("tuned@v2", "tuned@v3")
    alone = judge(candidate, base, NO_WORSE, now)
    assert alone.rules[0].reading.size.design_effect == pytest.approx(1 + 9 * 0.05)


def test_tasks_and_suites_are_parts_of_the_mix_and_no_clusters(suite, run, now):
    cases = [one.model_copy(update={"task": f"t{i % 3}", "suite": f"s{i % 4}"}) for i, one in enumerate(suite(8))]
    assert judge(run(cases), None, AT_LEAST_95, now).rules[0].reading.size.domains == 40


def test_unscored_cases_are_asked_again_before_cases_are_added(suite, run, now):
    cases = suite(0)
    holes = [one.model_copy(update={"outcome": "unscored"}) if i % 7 == 0 else one for i, one in enumerate(cases)]
    verdict = judge(run(holes), None, AT_LEAST_95, now)
    reading = verdict.rules[0].reading
    assert (verdict.verdict, reading.unscored, reading.reask, reading.further) == ("INCONCLUSIVE", 58, True, None)
    assert verdict.next.requests == 58
    assert "58 unscored" in verdict.next.why


def test_further_cases_settle_it_at_the_level_of_a_second_attempt(suite, run, case, now):
    policy = GatePolicy(rules=AT_LEAST_95.rules, population="suite")
    further = judge(run(suite(14)), None, policy, now).rules[0].reading.further

    def with_more(count):
        more = [case(f"more-{i}", domain=f"e{i}") for i in range(count)]
        return judge(run([*suite(14), *more]), None, policy, now).verdict

    # the run that asks them is usually a second attempt, which is judged at a stricter level than this first one
    assert (with_more(0), with_more(further)) == ("INCONCLUSIVE", "GO")
    least = next(count for count in range(further + 1) if with_more(count) == "GO")
    assert 0 < least < further


def test_no_number_is_given_where_the_estimate_lies_on_the_wrong_side(suite, run, now):
    reading = judge(run(suite(22)), None, AT_LEAST_95, now).rules[0].reading
    assert reading.result == "INSUFFICIENT_EVIDENCE"
    assert (reading.estimate < 0.95, reading.further, reading.reask) == (True, None, False)


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
        critical = norm.ppf(1 - alpha)
        if sign > 0:
            assert difference.size.effective == pytest.approx(worth, abs=1e-8)
            critical = norm.ppf((1 + bound_level(int(worth), 0.03, alpha)) / 2)
            assert (difference.result == "PASS") == (score(better, worse, worth, -0.03) > critical)
        assert sign * score(better, worse, worth, bound) == pytest.approx(critical, abs=1e-5)
