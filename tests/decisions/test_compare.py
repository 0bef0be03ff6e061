"""What repair left damaged, and what clean answers it changed."""

import pytest

from harness.decisions.compare import compare, in_the_way, options, shared_alignment, telling_slices
from harness.decisions.concentration import selected_by_outcome
from harness.decisions.gate import judge
from harness.decisions.metrics import Count, mention_rate
from harness.decisions.run_summary import collateral_rate, residual_rate
from harness.records.policy import GatePolicy, Rule
from harness.records.run import SampleResult
from harness.show.comparison import compare_lines
from harness.show.run import run_lines
from tests.factory import sample_result


def found(comparison, metric):
    return next(change for change in comparison.changes if change.metric == metric)


def test_flips_come_newly_damaged_first_with_both_texts(case, run):
    old = run([case("a"), case("b"), case("c"), case("d", "damaged"), case("e", "damaged"), case("f")])
    new = run(
        [case("a", "omitted"), case("b", "unscored"), case("c", "damaged"), case("d"), case("e", "omitted"), case("f")]
    )
    flips = compare(old, new).flips
    assert [(flip.key, flip.kind) for flip in flips] == [
        ("symbols/c", "newly damaged"),
        ("symbols/a", "newly omitted"),
        ("symbols/b", "newly unscored"),
        ("symbols/e", "changed"),
        ("symbols/d", "fixed"),
    ]
    assert (flips[0].target, flips[0].old_text, flips[0].new_text) == ("AB-1", "AB-1", "AB - 1")
    assert (flips[4].old_text, flips[4].new_text) == ("AB - 1", "AB-1")
    assert (flips[1].target, flips[1].new_text) == ("AB-1", "")


def test_the_difference_goes_from_the_first_to_the_second(cases, run):
    comparison = compare(run(cases(100)), run(cases(100, 10)))
    change = found(comparison, "alignment_rate")
    assert (change.old.k, change.new.k, change.pairs) == (100, 90, 100)
    assert change.difference == pytest.approx(-0.1)
    assert change.low < -0.1 < change.high < 0
    assert change.p_value == pytest.approx(2 * 0.5**10)
    back = found(compare(run(cases(100, 10)), run(cases(100))), "alignment_rate")
    assert (back.low, back.high) == pytest.approx((-change.high, -change.low))


def test_an_interval_that_leaves_out_0_beside_a_p_above_5_percent_is_known_as_too_narrow(cases, run):
    worse = found(compare(run(cases(4)), run(cases(4, 4))), "alignment_rate")
    assert (worse.high < 0, worse.p_value, worse.few_changed, worse.by_domains) == (True, 0.125, True, False)
    better = found(compare(run(cases(4, 4)), run(cases(4))), "alignment_rate")
    assert (better.low > 0, better.few_changed) == (True, True)
    for bad in (0, 3, 6, 40):
        agreed = found(compare(run(cases(100)), run(cases(100, bad))), "alignment_rate")
        assert (agreed.few_changed, agreed.by_domains) == (False, False)
    assert found(compare(run(cases(0)), run(cases(0))), "alignment_rate").few_changed is False


def test_a_small_p_beside_an_interval_that_holds_0_comes_from_domains_that_change_together(case, run):
    def answers(bad):
        cases = [("d0", n) for n in range(24)] + [(f"d{d}", n) for d in range(1, 25) for n in range(2)]
        return run([case(f"{d}-{n}", "damaged" if d == "d0" and n < bad else "aligned", domain=d) for d, n in cases])

    change = found(compare(answers(0), answers(7)), "alignment_rate")
    assert (change.low < 0 < change.high, change.p_value < 0.05) == (True, True)
    assert (change.by_domains, change.few_changed) == (True, False)


def test_omissions_show_in_the_mention_rate_and_not_in_fidelity(cases, run):
    comparison = compare(run(cases(100)), run(cases(100, 10, outcome="omitted")))
    assert found(comparison, "mention_rate").difference == pytest.approx(-0.1)
    assert found(comparison, "fidelity").difference == 0.0
    assert found(comparison, "fidelity").pairs == 90


def test_the_points_of_a_row_are_the_difference_of_its_rates(case, run):
    """A case that one run leaves out has no part in fidelity, and would raise one rate and not the points."""
    old = run([case(f"c{n}", "omitted" if n < 20 else "damaged" if n < 50 else "aligned") for n in range(100)])
    new = run([case(f"c{n}", "omitted" if n >= 70 else "damaged" if n < 10 else "aligned") for n in range(100)])
    for change in compare(old, new).changes:
        if change.pairs:
            assert (change.old.n, change.new.n) == (change.pairs, change.pairs)
            assert change.new.rate - change.old.rate == pytest.approx(change.difference)
    fidelity = found(compare(old, new), "fidelity")
    assert (fidelity.old, fidelity.new) == (Count(20, 50), Count(50, 50))


def test_the_same_answer_three_times_names_its_strings_once(case):
    """Samples are one cluster: more of them are no more evidence."""
    once, thrice = ([case(f"c{n}", samples=samples) for n in range(10)] for samples in (1, 3))
    assert mention_rate(once) == mention_rate(thrice) == Count(10, 10)
    samples = [sample_result(outcome, sample=n) for n, outcome in enumerate(["aligned", "omitted", "unscored"])]
    assert mention_rate([case("a", "omitted", samples=samples)]) == Count(0, 1)
    assert mention_rate([case("a", samples=[samples[0], samples[2]])]) == Count(1, 1)
    assert mention_rate([case("a", "unscored", samples=[samples[2]])]) == Count(0, 0)


def test_a_metric_without_a_case_has_no_data(cases, run):
    change = found(compare(run(cases(5)), run(cases(5))), "check_rate")
    assert (change.pairs, change.difference, change.p_value) == (0, None, None)


def test_unscored_cases_are_no_pairs(cases, run):
    comparison = compare(run(cases(10, 2, outcome="unscored")), run(cases(10)))
    change = found(comparison, "alignment_rate")
    assert (change.pairs, change.better, change.worse) == (8, 0, 0)


def test_what_does_not_pair_is_left_out_and_told(cases, run):
    comparison = compare(run(cases(10)), run(cases(12)))
    assert found(comparison, "alignment_rate").pairs == 10
    assert "2 cases only in the candidate" in comparison.pairing.reason


def test_slices_are_adjusted_for_their_number(cases, run):
    def by_domain(bad):
        parts = [cases(40, bad if d == 3 else 0, first=100 * d, domain=f"domain-{d}") for d in range(8)]
        return run([case for part in parts for case in part])

    slices = compare(by_domain(0), by_domain(8)).slices
    assert [one.value for one in slices] == [f"domain-{d}" for d in range(8)]
    assert [one.value for one in slices if one.q_value < 0.1] == ["domain-3"]
    worst = slices[3]
    assert worst.q_value == pytest.approx(worst.change.p_value * 8)


def test_of_many_slices_the_fallen_and_the_sure_are_shown(cases, run):
    changed = {3: -3, 4: -1, 5: -2, 6: -4, 9: 30}

    def by_domain(version):
        parts = []
        for d in range(40):
            gain = changed.get(d, 0) * version
            bad = 10 - gain if d != 9 else 35 - gain
            parts.append(
                cases(40, bad, first=100 * d, domain=f"domain-{d:02}", exposure="trained" if d % 2 else "untrained")
            )
        return run([case for part in parts for case in part])

    shown = telling_slices(compare(by_domain(0), by_domain(1)).slices)
    assert [one.value for one in shown] == ["trained", "untrained", "domain-06", "domain-03", "domain-05", "domain-09"]


def test_a_dimension_with_one_value_is_no_slice(cases, run):
    assert compare(run(cases(10)), run(cases(10, 1))).slices == ()


def test_resources_are_per_answer(case, run):
    def priced(name, cost, latency):
        one = case(name)
        return one.model_copy(
            update={"samples": (one.samples[0].model_copy(update={"cost": cost, "latency_s": latency}),)}
        )

    new = run([priced("a", 0.002, 1.0), priced("b", 0.004, 3.0)], currency="CNY")
    resources = compare(run([case("a"), case("b")]), new).new_resources
    assert resources.cost_per_1000 == pytest.approx(3.0)
    assert resources.median_latency_s == pytest.approx(2.0)
    assert resources.p95_latency_s == 3.0
    assert (resources.prompt_tokens, resources.currency) == (20, "CNY")


def test_no_samples_have_no_resources(run):
    resources = compare(run([]), run([])).new_resources
    assert (resources.samples, resources.cost_per_1000, resources.median_latency_s) == (0, None, None)


def test_options_show_the_gap_beside_the_base_models_on_the_same_cases(cases, run):
    def version(model, trained_bad, untrained_bad, exposure, **fields):
        trained = cases(100, trained_bad, exposure=exposure)
        untrained = cases(100, untrained_bad, first=500, exposure="untrained")
        return run(trained + untrained, model=model, **fields)

    stock = version("stock", 40, 50, "untrained")
    tuned = version("tuned", 0, 20, "trained", lineage=("stock@v1",))
    column = options([stock, tuned])
    assert [one.run.label for one in column] == ["stock@v1", "tuned@v1"]
    assert column[0].gap.difference is None
    assert column[0].gain is None
    assert column[1].gap.difference == pytest.approx(0.2)
    assert column[1].base_gap.difference == pytest.approx(0.1)
    assert column[1].base == "stock@v1"
    assert column[1].gain is None  # one domain holds both kinds: nothing can change places


def test_options_count_the_cases_that_all_have(cases, run):
    column = options([run(cases(10)), run(cases(12, 3), model="b"), run(cases(8), model="c")])
    assert [one.alignment.n for one in column] == [8, 8, 8]


def test_a_leaked_string_leaves_the_untrained_figure(case, run):
    one = run([case("a", exposure="seen"), case("b", "damaged", exposure="untrained")])
    gap = options([one])[0].gap
    assert (gap.trained, gap.untrained) == ((1, 1), (0, 1))


def test_versions_side_by_side_count_the_cases_that_all_answered(cases, run):
    """312 hard cases that one version left unanswered must not make it look better than the other."""
    hard, easy = cases(300, 300), cases(294, first=300)
    other = run([*hard, *easy], model="tuned")
    silent = run([*(one.model_copy(update={"outcome": "unscored"}) for one in hard), *easy], model="silent")
    columns = options([other, silent])
    assert [(one.answered, one.alignment) for one in columns] == [(294, (294, 294))] * 2
    assert [one.run.answered for one in columns] == [(594, 594), (294, 594)]
    assert [one.run.comparable for one in columns] == [True, False]
    comparison = compare(other, silent)
    change = found(comparison, "alignment_rate")
    assert (len(comparison.answered), change.old, change.new) == (294, (294, 294), (294, 294))


def test_five_percent_unscored_still_compare(cases, run):
    for unscored, comparable in ((5, True), (6, False)):
        holes = cases(unscored, unscored, outcome="unscored") + cases(100 - unscored, first=50)
        assert compare(run(holes), run(holes)).old.comparable is comparable


def test_a_case_that_was_never_asked_is_not_unscored(cases, run):
    left = [one.model_copy(update={"samples": ()}) for one in cases(40, 40, outcome="unscored", first=100)]
    summary = compare(run(cases(60) + left), run(cases(60))).old
    assert (summary.unscored, summary.answered, summary.not_asked) == ((0, 60), (60, 60), 40)


def test_the_interval_is_wider_where_cases_of_a_domain_flip_together(case, run):
    def version(flip):
        return run([case(f"c{i:03}", "damaged" if flip(i) else "aligned", domain=f"d{i // 10:02}") for i in range(300)])

    together = found(compare(version(lambda i: False), version(lambda i: i < 30)), "alignment_rate")
    spread = found(compare(version(lambda i: False), version(lambda i: i % 10 == 0)), "alignment_rate")
    assert together.difference == spread.difference == pytest.approx(-0.1)
    assert spread.size.design_effect == 1.0
    assert together.size.design_effect > 8
    assert together.low < spread.low < spread.high < together.high


def test_the_gain_is_a_difference_in_differences_over_whole_domains(case, run):
    def version(model, good, exposure, **fields):
        cases = [
            case(
                f"c{d}-{i}",
                "aligned" if i < good[d < 4] else "damaged",
                domain=f"d{d}",
                exposure="trained" if d < 4 and exposure else "untrained",
            )
            for d in range(8)
            for i in range(10)
        ]
        return run(cases, model=model, **fields)

    base = version("base", {True: 2, False: 5}, exposure=False)
    tuned = version("tuned", {True: 9, False: 8}, exposure=True, lineage=("base@v1",))
    gain = options([base, tuned])[1].gain
    assert gain.difference == pytest.approx(0.7 - 0.3)
    assert gain.p_value == pytest.approx(1 / 70)  # one way of 8 choose 4


def test_an_index_counts_the_cases_that_all_versions_answered(cases, run):
    hard, easy = cases(30, 30), cases(60, first=30)
    other = run([*hard, *easy], model="tuned")
    silent = run([*(one.model_copy(update={"outcome": "unscored"}) for one in hard), *easy], model="silent")
    assert shared_alignment([other, silent]) == {"tuned@v1": (60, 60), "silent@v1": (60, 60)}
    assert shared_alignment([other]) == {}


REPAIR = {"configuration": {"repair": "restore"}}


@pytest.fixture
def changed(case):
    """A case whose answer came as `raw` and was changed by repair."""

    def build(name, raw, output="AB-1", outcome="aligned"):
        sample = SampleResult(sample=0, outcome=outcome, output=output, raw_output=raw, verdicts={"AB-1": "verbatim"})
        return case(name, outcome).model_copy(update={"samples": (sample,)})

    return build


def test_without_repair_there_is_no_data(case, run):
    plain = run([case("a", "damaged")])
    assert residual_rate(plain) == collateral_rate(plain) == Count(0, 0)
    assert "residual_rate" not in "\n".join(run_lines(plain))


def test_residual_is_what_is_damaged_still(case, run):
    repaired = run([case("a"), case("b", "damaged"), case("c", "unscored"), case("d", targets=())], **REPAIR)
    assert residual_rate(repaired) == Count(1, 2)


def test_a_damaged_answer_that_was_mended_is_no_collateral(run, case, changed):
    repaired = run([changed("a", "AB - 1"), case("b")], **REPAIR)
    assert collateral_rate(repaired) == Count(0, 1)


def test_a_clean_answer_that_was_changed_is(run, case, changed):
    repaired = run([changed("a", "AB-1 and Mon - Fri", "AB-1 and Mon-Fri"), case("b"), case("c", "omitted")], **REPAIR)
    assert collateral_rate(repaired) == Count(1, 3)


def test_what_stays_damaged_was_not_clean(run, case):
    assert collateral_rate(run([case("a", "damaged", output="AB - 1"), case("b", "unscored")], **REPAIR)) == Count(0, 0)


def test_the_run_in_words_tells_both(run, case):
    words = "\n".join(run_lines(run([case("a"), case("b", "damaged")], **REPAIR)))
    assert "residual_rate" in words
    assert "collateral_rate" in words


# Where new failures are is reported, also when the verdict is GO.

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


def test_a_case_of_a_selection_pairs_with_the_same_case_of_its_suite(case, run):
    whole = run([case("a-1", digest="1"), case("a-2", "damaged", digest="2"), case("a-3", digest="3")])
    kept = [case("symbols.a-2", suite="canary", digest="2"), case("symbols.a-3", suite="canary", digest="3")]
    canaries = run(kept, model="tuned")
    comparison = compare(whole, canaries)
    assert comparison.answered == ("symbols/a-2", "symbols/a-3")
    assert [(flip.key, flip.kind) for flip in comparison.flips] == [("symbols/a-2", "fixed")]
    assert comparison.pairing.only_old == ("symbols/a-1",)
    table = options([whole, canaries, run([case("symbols.a-3", suite="other", digest="3")], model="third")])
    assert [(one.answered, one.alignment.k) for one in table] == [(1, 1)] * 3


def test_a_case_whose_id_has_a_dot_or_whose_content_differs_keeps_its_name(case, run):
    one = run([case("symbols.a-1", suite="canary", digest="1"), case("v1.2", digest="1")])
    other = run([case("a-1", digest="2"), case("v1.2", digest="1")], model="tuned")
    assert compare(one, other).answered == ("symbols/v1.2",)
    assert compare(one, other).pairing.only_new == ("symbols/a-1",)
    assert compare(one, one).answered == ("canary/symbols.a-1", "symbols/v1.2")


def test_the_run_without_which_cases_are_shared_is_named(case, run):
    alone = run([case("z", suite="style")], model="styled")
    runs = [run([case("a"), case("b")]), alone, run([case("a")], model="tuned")]
    assert in_the_way(runs) == ("styled@v1", 1)
    assert in_the_way([runs[0], runs[2], runs[0]]) is None
    assert in_the_way([alone, runs[0]]) is None


def test_a_renamed_suite_pairs_by_what_its_cases_ask(case, run):
    old = run([case("a", "damaged", suite="old"), case("b", suite="old")], version="v1")
    new = run([case("a", suite="new"), case("b2", digest="digest of b", suite="new")], version="v2")
    comparison = compare(old, new)
    assert (comparison.pairing.keys, comparison.pairing.complete) == (("new/a", "new/b2"), True)
    assert (comparison.renamed, [flip.key for flip in comparison.flips]) == (2, ["new/a"])
    assert "Cases with another name in the second, paired by what they ask: 2." in " ".join(compare_lines(comparison))
    assert compare(old, old).renamed == 0


def test_cases_that_were_numbered_anew_pair_and_the_one_taken_out_is_named(case, run):
    asked = {"c-1": "A", "c-2": "B", "c-3": "C"}
    old = run([case(name, digest=content) for name, content in asked.items()], version="v1")
    new = run([case("c-1", digest="A"), case("c-2", digest="C"), case("c-3", digest="D")], version="v2")
    pairing = compare(old, new).pairing
    assert pairing.keys == ("symbols/c-1", "symbols/c-2")
    assert (pairing.only_new, pairing.only_old) == (("symbols/c-3",), ("symbols/c-2 of tuned@v1",))
    assert compare(old, new).renamed == 1


def test_content_that_several_cases_have_does_not_tell_which_was_renamed(case, run):
    twice = [case("a", digest="X", suite="old"), case("b", digest="X", suite="old")]
    pairing = compare(run(twice), run([case("a", digest="X", suite="new"), case("b", digest="X", suite="new")])).pairing
    assert (pairing.keys, len(pairing.only_new), len(pairing.only_old)) == ((), 2, 2)
    other = compare(run([case("a", suite="old")]), run([case("a", digest="edited", suite="new")])).pairing
    assert (other.keys, other.only_new) == ((), ("new/a",))


def test_a_gate_judges_a_renamed_suite_against_its_baseline(case, run, now):
    policy = GatePolicy(rules=(Rule(metric="alignment_rate", max_drop=0.05, suite="new", tier="critical"),))
    old = run([case(f"c-{n}", suite="old") for n in range(60)], version="v1")
    new = run([case(f"c-{n}", suite="new") for n in range(60)], version="v2")
    (rule,) = judge(new, old, policy, now).rules
    assert (rule.result.lower(), rule.reading.cases) == ("pass", 60)


def test_many_versions_are_weighed_under_the_names_of_the_last(case, run):
    names = [("old", "a"), ("moved", "a"), ("new", "a1")]
    runs = [
        run([case(name, digest="A", suite=suite)], version=f"v{number}") for number, (suite, name) in enumerate(names)
    ]
    assert [column.answered for column in options(runs)] == [1, 1, 1]
