"""A run folded."""

from harness.show.rates import slices, summarise


def test_the_counts_of_a_mixed_run(mixed):
    summary = summarise(mixed)
    assert (summary.alignment.k, summary.alignment.n) == (2, 8)
    assert (summary.checks.k, summary.checks.n) == (1, 2)
    assert summary.outcomes == {"aligned": 2, "damaged": 5, "omitted": 1, "unscored": 1, "failed": 1, "passed": 1}
    assert summary.unscored_reasons == (("length", 1),)
    assert [(d.code, d.cases, d.mentions) for d in summary.damage][:2] == [("space-left", 3, 3), ("space-right", 1, 1)]


def test_the_gap_is_of_trained_and_untrained_cases(mixed):
    gap = summarise(mixed).gap
    assert (gap.trained.k, gap.trained.n) == (1, 2)
    assert (gap.untrained.k, gap.untrained.n) == (1, 6)
    assert gap.difference == 1 / 2 - 1 / 6


def test_the_gap_of_one_kind_alone_is_no_data(make_run, mixed):
    untrained = [case for case in mixed.cases if case.exposure == "untrained"]
    assert summarise(make_run(untrained)).gap.difference is None


def test_slices_stand_worst_first_and_those_without_a_rate_last(mixed):
    found = slices(mixed.cases, "task")
    assert [row.name for row in found] == ["qa", "style"]
    assert found[1].rate.value is None
    assert [row.name for row in slices(mixed.cases, "domain")] == ["security", "construction", "medicine"]


def test_an_empty_run_has_no_rates(make_run):
    summary = summarise(make_run([]))
    assert summary.alignment.value is None
    assert summary.resources.median_latency_s is None
