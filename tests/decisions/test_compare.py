import pytest

from harness.decisions.compare import compare, options, shared_alignment


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


def test_omissions_show_in_the_mention_rate_and_not_in_fidelity(cases, run):
    comparison = compare(run(cases(100)), run(cases(100, 10, outcome="omitted")))
    assert found(comparison, "mention_rate").difference == pytest.approx(-0.1)
    assert found(comparison, "fidelity").difference == 0.0
    assert found(comparison, "fidelity").pairs == 90


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
